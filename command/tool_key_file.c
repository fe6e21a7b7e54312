/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/tool_refuse.h"
#include "dataplane/base/check.h"
#include "dataplane/host/key_file.h"
#include "dataplane/wire/auth.h"
#include "wirelog/status.h"

#define LINE_BYTES 48u /* a right, a space, 32 digits, the line's end and a zero */
#define TEXT_BYTES (WL_KEYS_HELD_MAX * LINE_BYTES)

_Static_assert(WL_AUTH_SECRET_BYTES == WL_KEY_FILE_SECRET_BYTES,
	       "a file holds what frames are sealed with");

static void add_line(char *text, const char *word, const uint8_t *secret)
{
	size_t at = strlen(text);

	WL_CHECK(at + strlen(word) + 2 * WL_AUTH_SECRET_BYTES + 2 <= TEXT_BYTES);
	at += (size_t)snprintf(text + at, TEXT_BYTES - at, "%s", word);
	for (uint32_t byte = 0; byte < WL_AUTH_SECRET_BYTES; byte++)
		at += (size_t)snprintf(text + at, TEXT_BYTES - at, "%02x", secret[byte]);
	text[at++] = '\n';
	text[at] = '\0';
}

static int write_text(int fd, const char *text)
{
	size_t bytes = strlen(text);

	errno = ENOSPC;
	if (write(fd, text, bytes) != (ssize_t)bytes)
		return -1;
	/* The umask may have taken the owner's right to read. */
	if (fchmod(fd, 0400) != 0 || fsync(fd) != 0)
		return -1;
	return 0;
}

static int make_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	int error;

	if (fd < 0 && errno == EEXIST) {
		fprintf(stderr,
			"wirelog: %s exists; a key is never written over. Name another file, or move "
			"this one away if no node and no client uses it\n",
			path);
		return EX_CANTCREAT;
	}
	if (fd < 0) {
		fprintf(stderr, "wirelog: cannot make %s: %s\n", path, strerror(errno));
		return EX_CANTCREAT;
	}
	error = write_text(fd, text) == 0 ? 0 : errno;
	if (close(fd) != 0 && error == 0)
		error = errno;
	if (error != 0) {
		fprintf(stderr, "wirelog: writing %s failed: %s\n", path, strerror(error));
		unlink(path);
		return EX_IOERR;
	}
	return EX_OK;
}

int wl_tool_key_file_make(const char *path)
{
	uint8_t secret[WL_AUTH_SECRET_BYTES];
	char text[TEXT_BYTES] = "";
	int result;

	if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret))
		return wl_tool_refuse(WIRELOG_INTERNAL, "no random numbers from the kernel: %s",
				      strerror(errno));
	add_line(text, "", secret);
	result = make_file(path, text);
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(text, sizeof(text));
	if (result == EX_OK)
		fprintf(stderr,
			"wrote a new key to %s (mode 0400): every node of the cluster needs this file, and clients one that "
			"`wirelog key give` makes of it, or this one\n",
			path);
	return result;
}

/* Each key of `file` becomes what follows from it. */
static int take_rights(enum wl_right right, struct wl_key_file *file, char *text)
{
	char word[16];

	snprintf(word, sizeof(word), "%s ", wl_keys_right_name(right));
	for (uint32_t at = 0; at < file->count; at++) {
		uint8_t key[WL_AUTH_SECRET_BYTES];
		int status = wl_auth_give(file->secrets[at], right, key);

		if (status != 0)
			return status;
		add_line(text, word, key);
		explicit_bzero(key, sizeof(key));
	}
	return 0;
}

int wl_tool_key_file_give(enum wl_right right, const char *from, const char *path)
{
	char reason[512], text[TEXT_BYTES] = "";
	struct wl_key_file file;
	int status = wl_key_file_read(from, &file, reason, sizeof(reason)), result;

	WL_CHECK(right < WL_RIGHT_CLUSTER);
	if (status != 0)
		return wl_tool_refuse(status, "%s", reason);
	if (file.right != WL_RIGHT_CLUSTER) {
		explicit_bzero(&file, sizeof(file));
		return wl_tool_refuse(WIRELOG_KEY_UNSAFE,
				      "%s holds a client's key: nothing more can be given of it",
				      from);
	}
	status = take_rights(right, &file, text);
	result = status == 0 ? make_file(path, text)
			     : wl_tool_refuse(status, "no memory for the keys");
	explicit_bzero(&file, sizeof(file));
	explicit_bzero(text, sizeof(text));
	if (result == EX_OK)
		fprintf(stderr, "wrote a key that gives the right to %s to %s (mode 0400)\n",
			right == WL_RIGHT_READ ? "read" : "append and to read", path);
	return result;
}
