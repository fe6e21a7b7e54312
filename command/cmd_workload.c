/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog workload itch`: writes a synthetic ITCH 5.0 day, each message behind
 * its two-byte big-endian length, as NASDAQ's files have them.
 *
 * zlib writes both forms: mode "T" is its way to pass bytes through unpacked.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <zlib.h>

#include "command/commands.h"
#include "command/itch/itch_workload.h"
#include "command/tool_option.h"
#include "dataplane/base/bytes.h"

#define BUFFER_BYTES (256u << 10)
#define SECOND_NS UINT64_C(1000000000)

enum { KEY_GZIP = 0x100 };

struct options {
	uint64_t messages;
	uint64_t seed;
	const char *output;
	bool gzip;
};

struct written {
	uint64_t messages;
	uint64_t bytes; /* before gzip */
	uint64_t first_ns;
	uint64_t last_ns;
};

static const struct argp_option option_table[] = {
	{"messages", 'n', "N", 0, "how many messages, at least 16 (default 1000000)", 0},
	{"seed", 's', "S", 0, "the same seed gives the same bytes (default 1)", 0},
	{"output", 'o', "FILE", 0, "where to write; - is standard output (the default)", 0},
	{"gzip", KEY_GZIP, NULL, 0, "compress what is written", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'n':
		options->messages = wl_tool_option_number(
			state, "--messages", argument, WL_ITCH_WORKLOAD_MESSAGES_MIN, UINT64_MAX);
		return 0;
	case 's':
		options->seed = wl_tool_option_number(state, "--seed", argument, 0, UINT64_MAX);
		return 0;
	case 'o':
		options->output = argument;
		return 0;
	case KEY_GZIP:
		options->gzip = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "'%s' is one word too many", argument);
		if (strcmp(argument, "itch") != 0)
			argp_error(state, "no workload is called '%s'; there is: itch", argument);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which workload? There is: itch");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static gzFile open_output(const struct options *options)
{
	const char *mode = options->gzip ? "wb4" : "wbT";
	bool standard = strcmp(options->output, "-") == 0;
	int fd = standard ? dup(STDOUT_FILENO)
			  : open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	gzFile output = NULL;

	if (fd >= 0) {
		output = gzdopen(fd, mode);
		if (output == NULL) {
			close(fd);
			errno = ENOMEM;
		} else {
			gzbuffer(output, BUFFER_BYTES);
		}
	}
	if (output == NULL)
		fprintf(stderr, "wirelog: cannot write %s: %s\n",
			standard ? "standard output" : options->output, strerror(errno));
	return output;
}

static bool write_day(struct wl_itch_workload *workload, gzFile output, struct written *written)
{
	uint8_t message[2 + WL_ITCH_MESSAGE_BYTES_MAX];
	size_t size;

	while ((size = wl_itch_workload_next(workload, message + 2)) > 0) {
		wl_store_be16(message, (uint16_t)size);
		if (gzwrite(output, message, (unsigned int)(2 + size)) <= 0)
			return false;
		if (written->messages == 0)
			written->first_ns = workload->now_ns;
		written->messages++;
		written->bytes += 2 + size;
		written->last_ns = workload->now_ns;
	}
	return true;
}

/*
 * A file that could not be finished looks like a day and is none: it goes. Only a regular file
 * does: --output may as well name a device or a pipe.
 */
static int give_up(const struct options *options, int error)
{
	bool standard = strcmp(options->output, "-") == 0;
	struct stat status;

	fprintf(stderr, "wirelog: writing %s failed: %s\n",
		standard ? "standard output" : options->output, strerror(error));
	if (!standard && lstat(options->output, &status) == 0 && S_ISREG(status.st_mode))
		unlink(options->output);
	return EX_IOERR;
}

static int run(const struct options *options)
{
	struct wl_itch_workload *workload = malloc(sizeof(*workload));
	struct written written = {0};
	gzFile output;
	bool whole;
	int error;

	if (workload == NULL ||
	    !wl_itch_workload_init(workload, options->messages, options->seed)) {
		free(workload);
		fprintf(stderr, "wirelog: out of memory\n");
		return EX_OSERR;
	}
	output = open_output(options);
	if (output == NULL) {
		free(workload);
		return EX_CANTCREAT;
	}
	errno = 0;
	whole = write_day(workload, output, &written);
	error = errno;
	if (gzclose(output) != Z_OK && whole) {
		whole = false;
		error = errno;
	}
	free(workload);
	if (!whole)
		return give_up(options, error != 0 ? error : EIO);
	fprintf(stderr,
		"wrote %" PRIu64 " messages, %" PRIu64 " bytes%s, %" PRIu64
		" seconds of market time, seed %" PRIu64 "\n",
		written.messages, written.bytes, options->gzip ? " before gzip" : "",
		(written.last_ns - written.first_ns) / SECOND_NS, options->seed);
	return EX_OK;
}

int wl_cmd_workload(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "itch",
		.doc = "Writes a synthetic but well-formed NASDAQ ITCH 5.0 day, each message behind "
		       "its two-byte big-endian length: what `wirelog append --format itch50` reads.",
	};
	struct options options = {.messages = 1000000, .seed = 1, .output = "-"};

	if (argc > 0)
		wl_tool_option_parse(&argp, "wirelog workload", argc, argv, &options);
	if (strcmp(options.output, "-") == 0 && isatty(STDOUT_FILENO)) {
		fprintf(stderr, "wirelog: the day is binary; give --output FILE or a pipe\n");
		return EX_USAGE;
	}
	return run(&options);
}
