/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog key FILE`: 16 bytes of the kernel's randomness as 32 hexadecimal digits, mode 0400. It never writes
 * over a file: nodes that start again with another key do not hear those that have the old one.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/commands.h"

#define SECRET_BYTES 16

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	const char **path = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "'%s' is one word too many", argument);
		*path = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which file?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int write_key(int fd)
{
	uint8_t secret[SECRET_BYTES];
	char text[2 * SECRET_BYTES + 2];

	if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret))
		return -1;
	for (int at = 0; at < SECRET_BYTES; at++)
		snprintf(text + 2 * at, 3, "%02x", secret[at]);
	text[2 * SECRET_BYTES] = '\n';
	errno = ENOSPC;
	if (write(fd, text, 2 * SECRET_BYTES + 1) != 2 * SECRET_BYTES + 1)
		return -1;
	/* The umask may have taken the owner's right to read. */
	if (fchmod(fd, 0400) != 0 || fsync(fd) != 0)
		return -1;
	return 0;
}

static int make_key(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	int error;

	if (fd < 0 && errno == EEXIST) {
		fprintf(stderr,
			"wirelog: %s exists; a key is never written over. Name another file, or move "
			"this one away if no node uses it\n",
			path);
		return EX_CANTCREAT;
	}
	if (fd < 0) {
		fprintf(stderr, "wirelog: cannot make %s: %s\n", path, strerror(errno));
		return EX_CANTCREAT;
	}
	error = write_key(fd) == 0 ? 0 : errno;
	if (close(fd) != 0 && error == 0)
		error = errno;
	if (error != 0) {
		fprintf(stderr, "wirelog: writing %s failed: %s\n", path, strerror(error));
		unlink(path);
		return EX_IOERR;
	}
	fprintf(stderr,
		"wrote a new key to %s (mode 0400); every node and client of the cluster needs this file\n",
		path);
	return EX_OK;
}

int wl_cmd_key(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "FILE",
		.doc = "Makes a cluster's key: 32 hexadecimal digits in FILE, mode 0400. A file that "
		       "exists is left alone. Copy it, in secret, to every node (security.key_file) and client.",
	};
	static char name[] = "wirelog key";
	const char *path = NULL;

	argv[0] = name;
	argp_err_exit_status = EX_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &path);
	return make_key(path);
}
