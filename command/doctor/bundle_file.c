/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/doctor/bundle_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "command/doctor/ustar.h"
#include "command/host/host_read_file.h"
#include "command/tool_refuse.h"
#include "command/tool_stats_socket.h"

#define TEXT_BYTES (1u << 20) /* of one file; of a log its end */
#define NAME_BYTES (WL_USTAR_NAME_MAX + 1)
#define LEFT_OUT "(left out)"

struct bundle {
	const struct wl_bundle_ask *ask;
	FILE *out;
	char *text; /* TEXT_BYTES + 1 */
	char missing[1 << 14]; /* a line each */
};

static void miss(struct bundle *bundle, const char *name, const char *why)
{
	size_t used = strlen(bundle->missing);

	snprintf(bundle->missing + used, sizeof(bundle->missing) - used, "%s: %s\n", name, why);
}

static void add(struct bundle *bundle, const char *name, const void *bytes, size_t size)
{
	static const uint8_t zeros[WL_USTAR_BLOCK];
	uint8_t header[WL_USTAR_BLOCK];

	if (!wl_ustar_header(header, name, size, (uint64_t)time(NULL))) {
		miss(bundle, name, "its name is too long");
		return;
	}
	/* What fails shows at the end, by ferror. */
	fwrite(header, 1, sizeof(header), bundle->out);
	fwrite(bytes, 1, size, bundle->out);
	fwrite(zeros, 1, (WL_USTAR_BLOCK - size % WL_USTAR_BLOCK) % WL_USTAR_BLOCK, bundle->out);
}

static void add_json(struct bundle *bundle, const char *name, const json_t *value)
{
	char *text = value ? json_dumps(value, JSON_INDENT(1)) : NULL;

	if (text)
		add(bundle, name, text, strlen(text));
	else
		miss(bundle, name, "could not be made");
	free(text);
}

/* ---- the configuration file --------------------------------------------------------------------- */

/* Where a value begins behind a name that may be a secret's, on one line; NULL: there is none. */
static char *secret_in(char *line)
{
	static const char *const words[] = {"key", "secret", "token", "password"};

	for (unsigned at = 0; at < sizeof(words) / sizeof(words[0]); at++) {
		char *found = strcasestr(line, words[at]),
		     *colon = found ? strchr(found, ':') : NULL;

		if (colon)
			return colon + 1;
	}
	return NULL;
}

void wl_bundle_clean_line(char *line, size_t bytes)
{
	char *value = secret_in(line);

	if (value && (size_t)(value - line) < bytes)
		snprintf(value, bytes - (size_t)(value - line), " " LEFT_OUT);
}

/* A key with its value on lines of their own would slip through line by line: what stands deeper behind it goes, too. */
static void add_config(struct bundle *bundle)
{
	const char *path = bundle->ask->config;
	FILE *file = path ? fopen(path, "re") : NULL;
	char line[4096];
	size_t used = 0, depth = 0;
	bool below = false;

	if (!file) {
		miss(bundle, "node.yaml", path ? strerror(errno) : "no configuration was named");
		return;
	}
	while (fgets(line, sizeof(line) - 32, file)) {
		size_t begin = strspn(line, " -");

		line[strcspn(line, "\r\n")] = '\0';
		if (below && (begin > depth || line[begin] == '\0'))
			continue;
		below = secret_in(line) != NULL;
		depth = begin;
		wl_bundle_clean_line(line, sizeof(line));
		if (used + strlen(line) + 1 > TEXT_BYTES)
			break;
		used += (size_t)sprintf(bundle->text + used, "%s\n", line);
	}
	fclose(file);
	add(bundle, "node.yaml", bundle->text, used);
}

/* ---- the host ----------------------------------------------------------------------------------- */

static void add_host(struct bundle *bundle)
{
	static const char *const files[] = {
		"/proc/version", "/proc/cmdline",	  "/proc/cpuinfo",   "/proc/meminfo",
		"/proc/loadavg", "/proc/uptime",	  "/proc/diskstats", "/proc/interrupts",
		"/proc/net/dev", "/proc/pressure/cpu",	  "/etc/os-release", "/proc/pressure/io",
		"/proc/vmstat",	 "/proc/pressure/memory",
	};
	char name[NAME_BYTES];

	for (unsigned at = 0; at < sizeof(files) / sizeof(files[0]); at++) {
		snprintf(name, sizeof(name), "host%s", files[at]);
		if (wl_host_read_text(bundle->ask->root, files[at], bundle->text, TEXT_BYTES))
			add(bundle, name, bundle->text, strlen(bundle->text));
		else
			miss(bundle, name, "cannot be read");
	}
}

/* ---- nodes -------------------------------------------------------------------------------------- */

/* The end of a file that is one; false: why stands in errno. */
static bool read_end(struct bundle *bundle, const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat file;
	ssize_t got = -1;

	if (fd < 0)
		return false;
	errno = EINVAL;
	if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode))
		got = pread(fd, bundle->text, TEXT_BYTES,
			    file.st_size > (off_t)TEXT_BYTES ? file.st_size - (off_t)TEXT_BYTES
							     : 0);
	close(fd);
	*size = got > 0 ? (size_t)got : 0;
	return got >= 0;
}

static void add_end(struct bundle *bundle, const char *name, const char *path)
{
	size_t size;

	if (read_end(bundle, path, &size))
		add(bundle, name, bundle->text, size);
	else
		miss(bundle, name, errno == EINVAL ? "it is no regular file" : strerror(errno));
}

/* The unit's, from systemd's journal; nothing of the node's own words goes to the shell. */
static void add_journal(struct bundle *bundle)
{
	FILE *pipe = popen("journalctl --unit wirelogd.service --lines 5000 --no-pager "
			   "--output short-iso-precise 2>/dev/null",
			   "re");
	size_t size = pipe ? fread(bundle->text, 1, TEXT_BYTES, pipe) : 0;

	if (pipe && pclose(pipe) == 0 && size > 0)
		add(bundle, "journal.log", bundle->text, size);
	else
		miss(bundle, "journal.log", "systemd's journal says nothing of wirelogd.service");
}

static void add_process(struct bundle *bundle, unsigned number, const json_t *status)
{
	long long pid = json_integer_value(json_object_get(status, "pid"));
	char name[NAME_BYTES], path[64], program[64];

	snprintf(name, sizeof(name), "nodes/%u/log", number);
	snprintf(path, sizeof(path), "/proc/%lld/exe", pid);
	/* Whoever answers says its number: of another program nothing is read. */
	if (!wl_host_read_link("", path, program, sizeof(program)) ||
	    strncmp(program, "wirelogd", 8) != 0) {
		miss(bundle, name, "the process that it names is no wirelogd here");
		return;
	}
	snprintf(path, sizeof(path), "/proc/%lld/fd/2", pid);
	add_end(bundle, name, path);
	for (unsigned at = 0; at < 2; at++) {
		const char *what = at == 0 ? "limits" : "status";

		snprintf(name, sizeof(name), "nodes/%u/process-%s", number, what);
		snprintf(path, sizeof(path), "/proc/%lld/%s", pid, what);
		if (wl_host_read_text("", path, bundle->text, TEXT_BYTES))
			add(bundle, name, bundle->text, strlen(bundle->text));
		else
			miss(bundle, name, "cannot be read");
	}
}

static void add_node(struct bundle *bundle, unsigned number, const char *directory)
{
	static const struct {
		const char *request, *name;
	} asked[] = {
		{"/wirelog/status", "status"},		{"/wirelog/metrics", "metrics"},
		{"/wirelog/counters", "counters"},	{"/wirelog/latency", "latency"},
		{"/wirelog/latency,60", "latency-60s"}, {"/wirelog/latency,3600", "latency-3600s"},
		{"/wirelog/events", "events"},		{"/wirelog/config", "config"},
	};
	char name[NAME_BYTES], path[4096];

	for (unsigned at = 0; at < sizeof(asked) / sizeof(asked[0]); at++) {
		json_t *answer;
		int result = wl_stats_socket_ask(directory, asked[at].request, &answer);

		snprintf(name, sizeof(name), "nodes/%u/%s.json", number, asked[at].name);
		if (json_object_get(answer, "key_file"))
			json_object_set_new(answer, "key_file", json_string(LEFT_OUT));
		if (result == 0)
			add_json(bundle, name, answer);
		else
			miss(bundle, name, wl_stats_socket_reason());
		if (result == 0 && at == 0)
			add_process(bundle, number, answer);
		json_decref(answer);
		if (result != 0)
			break;
	}
	/* The ring of events outlives a crash. */
	snprintf(name, sizeof(name), "nodes/%u/events.ring", number);
	snprintf(path, sizeof(path), "%s/events", directory);
	add_end(bundle, name, path);
}

/* ---- the archive -------------------------------------------------------------------------------- */

static void add_versions(struct bundle *bundle)
{
	const struct wl_tool_cluster *cluster = bundle->ask->cluster;
	json_t *nodes = json_array(), *versions;

	for (uint32_t at = 0; at < cluster->run_directory_count; at++)
		json_array_append_new(nodes, json_string(cluster->run_directories[at]));
	versions = json_pack("{s:s, s:I, s:o}", "wirelog", WIRELOG_VERSION_TEXT, "time",
			     (json_int_t)time(NULL), "run_directories", nodes);
	add_json(bundle, "versions.json", versions);
	json_decref(versions);
}

static void add_all(struct bundle *bundle)
{
	static const uint8_t end[2 * WL_USTAR_BLOCK];
	const struct wl_tool_cluster *cluster = bundle->ask->cluster;

	add_versions(bundle);
	add_json(bundle, "doctor.json", bundle->ask->report);
	add_config(bundle);
	add_host(bundle);
	for (uint32_t at = 0; at < cluster->run_directory_count; at++)
		add_node(bundle, at + 1, cluster->run_directories[at]);
	add_journal(bundle);
	add(bundle, "MISSING", bundle->missing, strlen(bundle->missing));
	fwrite(end, 1, sizeof(end), bundle->out);
}

int wl_bundle_write(const struct wl_bundle_ask *ask)
{
	int fd = open(ask->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct bundle *bundle = calloc(1, sizeof(*bundle));
	bool failed;

	if (fd < 0) {
		free(bundle);
		return wl_tool_refuse(WIRELOG_OUTPUT_FAILED, "%s: %s", ask->path, strerror(errno));
	}
	if (bundle)
		*bundle = (struct bundle){.ask = ask,
					  .out = fdopen(fd, "w"),
					  .text = malloc(TEXT_BYTES + 1)};
	if (!bundle || !bundle->out || !bundle->text) {
		close(fd);
		unlink(ask->path);
		return wl_tool_refuse(WIRELOG_NO_MEMORY, NULL);
	}
	add_all(bundle);
	failed = ferror(bundle->out) != 0;
	failed = fclose(bundle->out) != 0 || failed;
	if (!failed)
		printf("%s: written; look into it before you send it. Not in it:\n%s", ask->path,
		       bundle->missing);
	free(bundle->text);
	free(bundle);
	if (!failed)
		return EX_OK;
	unlink(ask->path);
	return wl_tool_refuse(WIRELOG_OUTPUT_FAILED, "%s cannot be written", ask->path);
}
