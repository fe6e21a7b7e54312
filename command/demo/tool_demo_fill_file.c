/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_fill_file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/demo/tool_demo_directory_internal.h"
#include "command/tool_replace_file.h"
#include "wirelog/status.h"

#define CONFIGURATION_BYTES_MAX (64u << 10)
#define PARENTS_MAX 3 /* how far above the command its tree may be: build/, build/asan/ */

/* ---- files -------------------------------------------------------------------------------------- */

static void make_uuid(const uint8_t random[16], char text[37])
{
	uint8_t bytes[16];
	char *to = text;

	memcpy(bytes, random, sizeof(bytes));
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); /* RFC 4122: random */
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
	for (int at = 0; at < 16; at++)
		to += sprintf(to, "%s%02x", at == 4 || at == 6 || at == 8 || at == 10 ? "-" : "",
			      bytes[at]);
}

static int write_whole(const char *path, mode_t mode, const char *text, size_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	int error = 0;

	if (fd < 0)
		return errno;
	errno = ENOSPC;
	if (write(fd, text, length) != (ssize_t)length || fchmod(fd, mode) != 0)
		error = errno;
	if (close(fd) != 0 && error == 0)
		error = errno;
	return error;
}

static int write_key(const char *path)
{
	uint8_t secret[16];
	char text[2 * sizeof(secret) + 2];

	if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret))
		return errno;
	for (size_t at = 0; at < sizeof(secret); at++)
		snprintf(text + 2 * at, 3, "%02x", secret[at]);
	text[2 * sizeof(secret)] = '\n';
	return write_whole(path, 0400, text, 2 * sizeof(secret) + 1);
}

/* What stands behind a key, up to the first of some characters. */
struct old_value {
	const char *begin, *end;
};

static struct old_value value_behind(const char *begin, const char *ends)
{
	return (struct old_value){begin, begin + strcspn(begin, ends)};
}

/* The text with another value; 0 when that does not fit. */
static size_t replace(const char *text, struct old_value old, const char *value, char *to,
		      size_t size)
{
	int length = snprintf(to, size, "%.*s %s%s", (int)(old.begin - text), text, value, old.end);

	return length > 0 && (size_t)length < size ? (size_t)length : 0;
}

size_t wl_demo_fill_set_cluster(const char *text, const char *cluster, char *to, size_t size)
{
	const char *key = strstr(text, "uuid:");

	return key != NULL
		       ? replace(text, value_behind(key + strlen("uuid:"), "\n"), cluster, to, size)
		       : 0;
}

size_t wl_demo_fill_set_udp_port(const char *text, uint16_t port, char *to, size_t size)
{
	const char *link = strstr(text, "kind: udp"), *key;
	char number[8];

	if (link == NULL || (key = strstr(link, "port:")) == NULL)
		return 0;
	snprintf(number, sizeof(number), "%u", port);
	return replace(text, value_behind(key + strlen("port:"), ",}\n"), number, to, size);
}

/* One that is free now, for clients of a node over kernel sockets; 0: none. */
static uint16_t find_udp_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found = fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
		     getsockname(fd, (struct sockaddr *)&address, &size) == 0;

	if (fd >= 0)
		close(fd);
	return found ? ntohs(address.sin_port) : 0;
}

/* `port` 0 afterwards: the configuration has no link for kernel sockets, or no port is free. */
static int copy_configuration(const char *from, const char *to, const char *cluster, uint16_t *port,
			      char *reason)
{
	static char text[CONFIGURATION_BYTES_MAX], changed[CONFIGURATION_BYTES_MAX];
	const char *final = changed;
	FILE *file = fopen(from, "re");
	size_t length = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;
	int error;

	if (file == NULL)
		return wl_demo_directory_say(reason, WIRELOG_CONFIG_UNREADABLE, "%s: %s", from,
					     strerror(errno));
	fclose(file);
	text[length] = '\0';
	length = wl_demo_fill_set_cluster(text, cluster, changed, sizeof(changed));
	if (length == 0)
		return wl_demo_directory_say(reason, WIRELOG_CONFIG_VALUE,
					     "%s names no cluster.uuid", from);
	if (*port != 0) {
		size_t with_port = wl_demo_fill_set_udp_port(changed, *port, text, sizeof(text));

		final = with_port != 0 ? text : changed;
		length = with_port != 0 ? with_port : length;
		*port = with_port != 0 ? *port : 0;
	}
	error = write_whole(to, 0600, final, length);
	return error == 0 ? 0
			  : wl_demo_directory_say(reason, WIRELOG_OUTPUT_FAILED, "%s: %s", to,
						  strerror(error));
}

static bool find_configurations(char path[WL_WHERE_PATH_BYTES])
{
	char own[WL_WHERE_PATH_BYTES], probe[WL_WHERE_PATH_BYTES + 16];

	if (!wl_demo_directory_own(own))
		return false;
	for (int up = 0; up <= PARENTS_MAX; up++) {
		for (int kind = 0; kind < 2; kind++) {
			if (!wl_demo_directory_join(path, "%s/%s", own,
						    kind == 0
							    ? "drivers-config/demo"
							    : "share/wirelog/drivers-config/demo"))
				continue;
			snprintf(probe, sizeof(probe), "%s/node1.yaml", path);
			if (access(probe, R_OK) == 0)
				return true;
		}
		if (strrchr(own, '/') == NULL)
			break;
		*strrchr(own, '/') = '\0';
	}
	return false;
}

/* Its folder, and where its clients meet it. */
static int add_node(const char *path, unsigned node, struct wl_where *where, char *reason)
{
	size_t length = strlen(where->endpoints);

	if (!wl_demo_directory_join(where->run_directories[node - 1], "%s/node%u", path, node))
		return wl_demo_directory_say(reason, WIRELOG_INVALID_ARGUMENT,
					     "%s: the path is too long", path);
	if (mkdir(where->run_directories[node - 1], 0700) != 0)
		return wl_demo_directory_say(reason, WIRELOG_OUTPUT_FAILED, "%s: %s",
					     where->run_directories[node - 1], strerror(errno));
	snprintf(where->endpoints + length, sizeof(where->endpoints) - length,
		 "%smemif:%s/node%u/clients.sock", length != 0 ? "," : "", path, node);
	where->run_directory_count = node;
	where->pid_count = node;
	return 0;
}

struct copy {
	char from[WL_WHERE_PATH_BYTES], to[WL_WHERE_PATH_BYTES];
};

static int name_copy(const char *path, const char *configurations, unsigned node, struct copy *copy,
		     char *reason)
{
	if (wl_demo_directory_join(copy->from, "%s/node%u.yaml", configurations, node) &&
	    wl_demo_directory_join(copy->to, "%s/node%u.yaml", path, node))
		return 0;
	return wl_demo_directory_say(reason, WIRELOG_INVALID_ARGUMENT, "%s: the path is too long",
				     path);
}

static int fill_node(const char *path, const char *configurations, unsigned node,
		     struct wl_where *where, char *reason)
{
	struct copy copy;
	size_t udp_length = strlen(where->udp_endpoints);
	uint16_t port = find_udp_port();
	int status = name_copy(path, configurations, node, &copy, reason);

	if (status == 0)
		status = add_node(path, node, where, reason);
	if (status == 0)
		status = copy_configuration(copy.from, copy.to, where->cluster, &port, reason);
	if (status == 0 && port != 0)
		snprintf(where->udp_endpoints + udp_length,
			 sizeof(where->udp_endpoints) - udp_length, "%sudp:127.0.0.1:%u",
			 udp_length != 0 ? "," : "", port);
	return status;
}

/* For a demo that grows; configurations of one's own need not have it. */
static int fill_newcomer(const char *path, const char *configurations, const struct wl_where *where,
			 char *reason)
{
	struct copy copy;
	uint16_t port = find_udp_port();
	int status = name_copy(path, configurations, WL_DEMO_JOINS, &copy, reason);

	if (status != 0 || access(copy.from, R_OK) != 0)
		return status;
	return copy_configuration(copy.from, copy.to, where->cluster, &port, reason);
}

int wl_demo_fill(const struct wl_demo_directory *directory, const char *configurations,
		 struct wl_where *where, char *reason)
{
	char found[WL_WHERE_PATH_BYTES], mark[WL_WHERE_PATH_BYTES + 16];
	uint8_t random[16];
	int status = 0, error;

	memset(where, 0, sizeof(*where));
	memcpy(where->directory, directory->path, sizeof(where->directory));
	if (configurations == NULL && !find_configurations(found))
		return wl_demo_directory_say(
			reason, WIRELOG_CONFIG_UNREADABLE,
			"drivers-config/demo is not where this command was built, nor "
			"share/wirelog/drivers-config/demo where it is installed; --configurations names it");
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return wl_demo_directory_say(reason, WIRELOG_INTERNAL, "no random number: %s",
					     strerror(errno));
	make_uuid(random, where->cluster);
	snprintf(mark, sizeof(mark), "%s/" WL_DEMO_MARK, directory->path);
	error = write_whole(mark, 0600, "wirelog demo\n", strlen("wirelog demo\n"));
	if (error == 0 &&
	    wl_demo_directory_join(where->key_file, "%s/cluster.key", directory->path))
		error = write_key(where->key_file);
	if (error != 0)
		return wl_demo_directory_say(reason, WIRELOG_OUTPUT_FAILED, "%s: %s",
					     directory->path, strerror(error));
	if (configurations == NULL)
		configurations = found;
	for (unsigned node = 1; node <= WL_DEMO_NODES && status == 0; node++)
		status = fill_node(directory->path, configurations, node, where, reason);
	return status == 0 ? fill_newcomer(directory->path, configurations, where, reason) : status;
}

/* ---- growing ------------------------------------------------------------------------------------ */

void wl_demo_fill_uncomment(char *text)
{
	while ((text = strstr(text, "#- {")) != NULL)
		memmove(text, text + 1, strlen(text));
}

/* The file is replaced as a whole: a node may read it at any time. */
static int uncomment_file(const char *path, char *reason)
{
	static char text[CONFIGURATION_BYTES_MAX];
	FILE *file = fopen(path, "re");
	size_t length = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;
	int error;

	if (file == NULL)
		return wl_demo_directory_say(reason, WIRELOG_CONFIG_UNREADABLE, "%s: %s", path,
					     strerror(errno));
	fclose(file);
	text[length] = '\0';
	if (strstr(text, "#- {") == NULL)
		return wl_demo_directory_say(
			reason, WIRELOG_CONFIG_VALUE,
			"%s has no line that begins with \"#- {\": nothing in it leads to node %u",
			path, WL_DEMO_JOINS);
	wl_demo_fill_uncomment(text);
	error = wl_tool_replace_file(path, text, 0600);
	return error == 0 ? 0
			  : wl_demo_directory_say(reason, WIRELOG_OUTPUT_FAILED, "%s: %s", path,
						  strerror(error));
}

int wl_demo_fill_grow(struct wl_where *where, char *reason)
{
	char path[WL_WHERE_PATH_BYTES];
	int status = 0;

	if (!wl_demo_directory_join(path, "%s/node%u.yaml", where->directory, WL_DEMO_JOINS) ||
	    access(path, R_OK) != 0)
		return wl_demo_directory_say(reason, WIRELOG_CONFIG_UNREADABLE,
					     "%s/node%u.yaml: %s", where->directory, WL_DEMO_JOINS,
					     strerror(errno));
	for (unsigned node = 1; node <= WL_DEMO_NODES && status == 0; node++) {
		if (!wl_demo_directory_join(path, "%s/node%u.yaml", where->directory, node))
			return wl_demo_directory_say(reason, WIRELOG_INVALID_ARGUMENT,
						     "the path is too long");
		status = uncomment_file(path, reason);
	}
	return status == 0 ? add_node(where->directory, WL_DEMO_JOINS, where, reason) : status;
}
