/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_directory_file.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "wirelog/status.h"

#define MARK ".wirelog-demo"
#define MARK_KEPT ".wirelog-demo-kept"
#define CONFIGURATION_BYTES_MAX (64u << 10)
#define BLOCK_BYTES 4096u
#define PARENTS_MAX 3 /* how far above the command its tree may be: build/, build/asan/ */

__attribute__((format(printf, 3, 4))) static int say(char *reason, int status, const char *format,
						     ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, WL_DEMO_REASON_BYTES, format, arguments);
	va_end(arguments);
	return status;
}

__attribute__((format(printf, 2, 3))) static bool join(char path[WL_WHERE_PATH_BYTES],
						       const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(path, WL_WHERE_PATH_BYTES, format, arguments);
	va_end(arguments);
	return length >= 0 && length < (int)WL_WHERE_PATH_BYTES;
}

/* ---- is a place good? --------------------------------------------------------------------------- */

/* "ext4 on /dev/vda1", from the line of the mount that has this device number. */
static void name_file_system(const char *path, char *name, size_t size)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char line[1024], kind[32], source[64];
	unsigned major_number, minor_number;
	struct stat facts;

	snprintf(name, size, "a file system without a name");
	if (mounts == NULL)
		return;
	while (stat(path, &facts) == 0 && fgets(line, sizeof(line), mounts) != NULL) {
		const char *rest = strstr(line, " - ");

		if (rest == NULL ||
		    sscanf(line, "%*d %*d %u:%u", &major_number, &minor_number) != 2 ||
		    makedev(major_number, minor_number) != facts.st_dev ||
		    sscanf(rest, " - %31s %63s", kind, source) != 2)
			continue;
		snprintf(name, size, "%.20s on %.38s", kind, source);
		break;
	}
	fclose(mounts);
}

static int write_directly(const char *path)
{
	void *block = aligned_alloc(BLOCK_BYTES, BLOCK_BYTES);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_DIRECT | O_DSYNC | O_CLOEXEC, 0600);
	int error = fd < 0 ? errno : 0;

	if (block == NULL)
		error = ENOMEM;
	if (error == 0) {
		memset(block, 0, BLOCK_BYTES);
		if (write(fd, block, BLOCK_BYTES) != (ssize_t)BLOCK_BYTES)
			error = errno;
	}
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	free(block);
	return error;
}

static int check_disk(struct wl_demo_directory *directory, char *reason)
{
	char probe[WL_WHERE_PATH_BYTES + 16];
	struct statfs kind;
	struct statvfs room;
	int error;

	if (statfs(directory->path, &kind) != 0 || statvfs(directory->path, &room) != 0)
		return say(reason, WIRELOG_OUTPUT_FAILED, "%s: %s", directory->path,
			   strerror(errno));
	name_file_system(directory->path, directory->file_system, sizeof(directory->file_system));
	/* Newer kernels let tmpfs say yes to direct I/O; it is memory all the same. */
	if (kind.f_type == TMPFS_MAGIC || kind.f_type == RAMFS_MAGIC)
		return say(reason, WIRELOG_STORE_NO_DIRECT,
			   "%s is %s: memory, nothing on it is durable", directory->path,
			   directory->file_system);
	directory->free_bytes = (uint64_t)room.f_bavail * room.f_frsize;
	if (directory->free_bytes < WL_DEMO_FREE_BYTES)
		return say(reason, WIRELOG_STORE_FULL,
			   "%s has %" PRIu64 " MiB free; %" PRIu64 " MiB are needed",
			   directory->path, directory->free_bytes >> 20,
			   (uint64_t)WL_DEMO_FREE_BYTES >> 20);
	snprintf(probe, sizeof(probe), "%s/.probe", directory->path);
	error = write_directly(probe);
	if (error == EINVAL)
		return say(reason, WIRELOG_STORE_NO_DIRECT, "%s is %s, without direct I/O",
			   directory->path, directory->file_system);
	if (error != 0)
		return say(reason, WIRELOG_OUTPUT_FAILED, "%s cannot be written to: %s",
			   directory->path, strerror(error));
	return 0;
}

static int check_path(const char *path, char *reason)
{
	if (path[strcspn(path, ":,\n\"")] != '\0')
		return say(reason, WIRELOG_INVALID_ARGUMENT,
			   "%s: the path must not hold a colon, a comma or a quote", path);
	if (strlen(path) > WL_DEMO_DIRECTORY_BYTES)
		return say(reason, WIRELOG_INVALID_ARGUMENT,
			   "%s: %zu characters, and sockets in it allow %zu", path, strlen(path),
			   (size_t)WL_DEMO_DIRECTORY_BYTES);
	return 0;
}

/* ---- choosing ----------------------------------------------------------------------------------- */

static int is_a_name(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int count_names(const char *path)
{
	struct dirent **names;
	int count = scandir(path, &names, is_a_name, NULL);

	for (int at = 0; at < count; at++)
		free(names[at]);
	if (count >= 0)
		free(names);
	return count;
}

static int make_directories(const char *path)
{
	char part[WL_WHERE_PATH_BYTES];

	snprintf(part, sizeof(part), "%s", path);
	for (char *at = part + 1;; at++) {
		char was = *at;

		if (was != '/' && was != '\0')
			continue;
		*at = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return -errno;
		*at = was;
		if (was == '\0')
			return 0;
	}
}

static bool has_mark(const char *path, const char *name)
{
	char mark[WL_WHERE_PATH_BYTES + 32];

	snprintf(mark, sizeof(mark), "%s/%s", path, name);
	return access(mark, F_OK) == 0;
}

/* A node holds a lock on its pid file as long as it lives. */
static bool has_running_node(const char *path)
{
	char file[WL_WHERE_PATH_BYTES + 32];

	for (unsigned node = 1; node <= WL_DEMO_NODES_MAX; node++) {
		bool locked;
		int fd;

		snprintf(file, sizeof(file), "%s/node%u/wirelogd.pid", path, node);
		fd = open(file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		locked = flock(fd, LOCK_SH | LOCK_NB) != 0;
		close(fd);
		if (locked)
			return true;
	}
	return false;
}

/* Ours, empty, and nobody else may put something into it. An earlier demo that is over makes room. */
static int take(const char *path, char *reason)
{
	struct stat facts;
	int error = make_directories(path);

	if (error != 0)
		return say(reason, WIRELOG_OUTPUT_FAILED, "%s cannot be made: %s", path,
			   strerror(-error));
	if (lstat(path, &facts) != 0 || !S_ISDIR(facts.st_mode))
		return say(reason, WIRELOG_OUTPUT_FAILED, "%s is not a directory", path);
	if (facts.st_uid != geteuid() || (facts.st_mode & 022) != 0)
		return say(reason, WIRELOG_OUTPUT_FAILED,
			   "%s belongs to another user, or others may write to it", path);
	if (count_names(path) == 0)
		return 0;
	if (has_mark(path, MARK_KEPT))
		return say(
			reason, WIRELOG_STORE_NOT_OURS,
			"%s has the data of an earlier demo, which was kept; remove it when they are not "
			"needed any more",
			path);
	if (!has_mark(path, MARK))
		return say(reason, WIRELOG_STORE_NOT_OURS, "%s is not empty", path);
	if (has_running_node(path))
		return say(reason, WIRELOG_DEMO_RUNNING, "nodes of another demo run in %s", path);
	if (wl_demo_directory_remove(path, reason) != 0)
		return WIRELOG_OUTPUT_FAILED;
	return mkdir(path, 0700) == 0 || errno == EEXIST
		       ? 0
		       : say(reason, WIRELOG_OUTPUT_FAILED, "%s: %s", path, strerror(errno));
}

static int try_place(struct wl_demo_directory *directory, char *reason)
{
	bool was_there = access(directory->path, F_OK) == 0;
	int status = check_path(directory->path, reason);

	if (status == 0)
		status = take(directory->path, reason);
	if (status != 0)
		return status;
	status = check_disk(directory, reason);
	if (status != 0 && !was_there)
		rmdir(directory->path);
	return status;
}

static bool own_directory(char path[WL_WHERE_PATH_BYTES])
{
	ssize_t length = readlink("/proc/self/exe", path, WL_WHERE_PATH_BYTES - 1);

	if (length <= 0)
		return false;
	path[length] = '\0';
	*strrchr(path, '/') = '\0';
	return true;
}

static bool is_a_bin(const char *path)
{
	return strcmp(strrchr(path, '/') != NULL ? strrchr(path, '/') : path, "/bin") == 0;
}

/* False: there is no such place. */
static bool name_place(int which, char path[WL_WHERE_PATH_BYTES], const char **what)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char own[WL_WHERE_PATH_BYTES];

	switch (which) {
	case 0:
		*what = "beside the command";
		/* An installed command stands among others' files. */
		return own_directory(own) && access(own, W_OK) == 0 && !is_a_bin(own) &&
		       join(path, "%s/demo", own);
	case 1:
		*what = "in the user's state directory";
		if (state != NULL && state[0] == '/')
			return join(path, "%s/wirelog/nodes", state);
		return home != NULL && home[0] == '/' &&
		       join(path, "%s/.local/state/wirelog/nodes", home);
	case 2:
		*what = "below /var/tmp";
		return join(path, "/var/tmp/wirelog-%u", (unsigned)geteuid());
	default:
		return false;
	}
}

int wl_demo_directory_choose(struct wl_demo_directory *directory, const char *wish, char *reason)
{
	char refusals[WL_DEMO_REASON_BYTES] = "", refusal[WL_DEMO_REASON_BYTES];
	char here[WL_WHERE_PATH_BYTES] = "";
	const char *what;
	size_t length = 0;
	int first = 0;

	memset(directory, 0, sizeof(*directory));
	if (wish != NULL) {
		if (!join(directory->path, "%s%s%s",
			  wish[0] != '/' && getcwd(here, sizeof(here)) != NULL ? here : "",
			  wish[0] == '/' ? "" : "/", wish))
			return say(reason, WIRELOG_INVALID_ARGUMENT, "--directory is too long");
		snprintf(directory->why, sizeof(directory->why), "as asked");
		return try_place(directory, reason);
	}
	for (int which = 0; which < 3; which++) {
		int status;

		if (!name_place(which, directory->path, &what))
			continue;
		status = try_place(directory, refusal);
		if (status == 0) {
			snprintf(directory->why, sizeof(directory->why), "%s%s%.400s", what,
				 length != 0 ? "; no better place: " : "", refusals);
			return 0;
		}
		if (first == 0)
			first = status;
		if (length < sizeof(refusals))
			length += (size_t)snprintf(refusals + length, sizeof(refusals) - length,
						   "%s%s", length != 0 ? "; " : "", refusal);
	}
	return say(reason, first != 0 ? first : WIRELOG_OUTPUT_FAILED,
		   "no place for the demo: %.1200s; --directory names another", refusals);
}

/* ---- filling ------------------------------------------------------------------------------------ */

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

/* The text with what stands between `from` and the first of `ends` replaced; 0 when that does not fit. */
static size_t replace(const char *text, const char *from, const char *ends, const char *value,
		      char *to, size_t size)
{
	int length = snprintf(to, size, "%.*s %s%s", (int)(from - text), text, value,
			      from + strcspn(from, ends));

	return length > 0 && (size_t)length < size ? (size_t)length : 0;
}

size_t wl_demo_directory_set_cluster(const char *text, const char *cluster, char *to, size_t size)
{
	const char *key = strstr(text, "uuid:");

	return key != NULL ? replace(text, key + strlen("uuid:"), "\n", cluster, to, size) : 0;
}

size_t wl_demo_directory_set_udp_port(const char *text, uint16_t port, char *to, size_t size)
{
	const char *link = strstr(text, "kind: udp"), *key;
	char number[8];

	if (link == NULL || (key = strstr(link, "port:")) == NULL)
		return 0;
	snprintf(number, sizeof(number), "%u", port);
	return replace(text, key + strlen("port:"), ",}\n", number, to, size);
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
		return say(reason, WIRELOG_CONFIG_UNREADABLE, "%s: %s", from, strerror(errno));
	fclose(file);
	text[length] = '\0';
	length = wl_demo_directory_set_cluster(text, cluster, changed, sizeof(changed));
	if (length == 0)
		return say(reason, WIRELOG_CONFIG_VALUE, "%s names no cluster.uuid", from);
	if (*port != 0) {
		size_t with_port =
			wl_demo_directory_set_udp_port(changed, *port, text, sizeof(text));

		final = with_port != 0 ? text : changed;
		length = with_port != 0 ? with_port : length;
		*port = with_port != 0 ? *port : 0;
	}
	error = write_whole(to, 0600, final, length);
	return error == 0 ? 0 : say(reason, WIRELOG_OUTPUT_FAILED, "%s: %s", to, strerror(error));
}

static bool find_configurations(char path[WL_WHERE_PATH_BYTES])
{
	char own[WL_WHERE_PATH_BYTES], probe[WL_WHERE_PATH_BYTES + 16];

	if (!own_directory(own))
		return false;
	for (int up = 0; up <= PARENTS_MAX; up++) {
		for (int kind = 0; kind < 2; kind++) {
			if (!join(path, "%s/%s", own,
				  kind == 0 ? "drivers-config/demo"
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

	if (!join(where->run_directories[node - 1], "%s/node%u", path, node))
		return say(reason, WIRELOG_INVALID_ARGUMENT, "%s: the path is too long", path);
	if (mkdir(where->run_directories[node - 1], 0700) != 0)
		return say(reason, WIRELOG_OUTPUT_FAILED, "%s: %s",
			   where->run_directories[node - 1], strerror(errno));
	snprintf(where->endpoints + length, sizeof(where->endpoints) - length,
		 "%smemif:%s/node%u/clients.sock", length != 0 ? "," : "", path, node);
	where->run_directory_count = node;
	where->pid_count = node;
	return 0;
}

static int name_files(const char *path, const char *configurations, unsigned node, char *from,
		      char *to, char *reason)
{
	if (join(from, "%s/node%u.yaml", configurations, node) &&
	    join(to, "%s/node%u.yaml", path, node))
		return 0;
	return say(reason, WIRELOG_INVALID_ARGUMENT, "%s: the path is too long", path);
}

static int fill_node(const char *path, const char *configurations, unsigned node,
		     struct wl_where *where, char *reason)
{
	char from[WL_WHERE_PATH_BYTES], to[WL_WHERE_PATH_BYTES];
	size_t udp_length = strlen(where->udp_endpoints);
	uint16_t port = find_udp_port();
	int status = name_files(path, configurations, node, from, to, reason);

	if (status == 0)
		status = add_node(path, node, where, reason);
	if (status == 0)
		status = copy_configuration(from, to, where->cluster, &port, reason);
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
	char from[WL_WHERE_PATH_BYTES], to[WL_WHERE_PATH_BYTES];
	uint16_t port = find_udp_port();
	int status = name_files(path, configurations, WL_DEMO_JOINS, from, to, reason);

	if (status != 0 || access(from, R_OK) != 0)
		return status;
	return copy_configuration(from, to, where->cluster, &port, reason);
}

int wl_demo_directory_fill(const struct wl_demo_directory *directory, const char *configurations,
			   struct wl_where *where, char *reason)
{
	char found[WL_WHERE_PATH_BYTES], mark[WL_WHERE_PATH_BYTES + 16];
	uint8_t random[16];
	int status = 0, error;

	memset(where, 0, sizeof(*where));
	memcpy(where->directory, directory->path, sizeof(where->directory));
	if (configurations == NULL && !find_configurations(found))
		return say(
			reason, WIRELOG_CONFIG_UNREADABLE,
			"drivers-config/demo is not where this command was built, nor "
			"share/wirelog/drivers-config/demo where it is installed; --configurations names it");
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return say(reason, WIRELOG_INTERNAL, "no random number: %s", strerror(errno));
	make_uuid(random, where->cluster);
	snprintf(mark, sizeof(mark), "%s/" MARK, directory->path);
	error = write_whole(mark, 0600, "wirelog demo\n", strlen("wirelog demo\n"));
	if (error == 0 && join(where->key_file, "%s/cluster.key", directory->path))
		error = write_key(where->key_file);
	if (error != 0)
		return say(reason, WIRELOG_OUTPUT_FAILED, "%s: %s", directory->path,
			   strerror(error));
	if (configurations == NULL)
		configurations = found;
	for (unsigned node = 1; node <= WL_DEMO_NODES && status == 0; node++)
		status = fill_node(directory->path, configurations, node, where, reason);
	return status == 0 ? fill_newcomer(directory->path, configurations, where, reason) : status;
}

/* ---- growing ------------------------------------------------------------------------------------ */

void wl_demo_directory_uncomment(char *text)
{
	while ((text = strstr(text, "#- {")) != NULL)
		memmove(text, text + 1, strlen(text));
}

/* The file is replaced as a whole: a node may read it at any time. */
static int uncomment_file(const char *path, char *reason)
{
	static char text[CONFIGURATION_BYTES_MAX];
	char next[WL_WHERE_PATH_BYTES];
	FILE *file = fopen(path, "re");
	size_t length = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;
	int error;

	if (file == NULL)
		return say(reason, WIRELOG_CONFIG_UNREADABLE, "%s: %s", path, strerror(errno));
	fclose(file);
	text[length] = '\0';
	if (strstr(text, "#- {") == NULL)
		return say(reason, WIRELOG_CONFIG_VALUE,
			   "%s has no line that begins with \"#- {\": nothing in it leads to node %u",
			   path, WL_DEMO_JOINS);
	wl_demo_directory_uncomment(text);
	if (!join(next, "%s.new", path))
		return say(reason, WIRELOG_INVALID_ARGUMENT, "%s: the path is too long", path);
	unlink(next);
	error = write_whole(next, 0600, text, strlen(text));
	if (error == 0 && rename(next, path) != 0)
		error = errno;
	return error == 0 ? 0 : say(reason, WIRELOG_OUTPUT_FAILED, "%s: %s", path, strerror(error));
}

int wl_demo_directory_grow(struct wl_where *where, char *reason)
{
	char path[WL_WHERE_PATH_BYTES];
	int status = 0;

	if (!join(path, "%s/node%u.yaml", where->directory, WL_DEMO_JOINS) ||
	    access(path, R_OK) != 0)
		return say(reason, WIRELOG_CONFIG_UNREADABLE, "%s/node%u.yaml: %s",
			   where->directory, WL_DEMO_JOINS, strerror(errno));
	for (unsigned node = 1; node <= WL_DEMO_NODES && status == 0; node++) {
		if (!join(path, "%s/node%u.yaml", where->directory, node))
			return say(reason, WIRELOG_INVALID_ARGUMENT, "the path is too long");
		status = uncomment_file(path, reason);
	}
	return status == 0 ? add_node(where->directory, WL_DEMO_JOINS, where, reason) : status;
}

/* ---- removing ----------------------------------------------------------------------------------- */

static int remove_name(const char *path, const struct stat *facts, int kind, struct FTW *walk)
{
	(void)facts;
	/* The mark goes last, so that what an interrupted removal leaves is still known as a demo's. */
	if (strcmp(path + walk->base, MARK) == 0 && walk->level == 1)
		return 0;
	if (walk->level == 0)
		return 0;
	return kind == FTW_DP ? rmdir(path) : unlink(path);
}

int wl_demo_directory_remove(const char *path, char *reason)
{
	char mark[WL_WHERE_PATH_BYTES + 16];

	if (access(path, F_OK) != 0)
		return 0;
	snprintf(mark, sizeof(mark), "%s/" MARK, path);
	if (!has_mark(path, MARK))
		return say(reason, WIRELOG_STORE_NOT_OURS,
			   "%s is not a demo's directory (it has no " MARK "): left as it is",
			   path);
	if (nftw(path, remove_name, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0 ||
	    unlink(mark) != 0 || (rmdir(path) != 0 && errno != EBUSY))
		return say(reason, WIRELOG_OUTPUT_FAILED, "%s cannot be removed: %s", path,
			   strerror(errno));
	return 0;
}

int wl_demo_directory_keep(const char *path, char *reason)
{
	char mark[WL_WHERE_PATH_BYTES + 16], kept[WL_WHERE_PATH_BYTES + 32];

	snprintf(mark, sizeof(mark), "%s/" MARK, path);
	snprintf(kept, sizeof(kept), "%s/" MARK_KEPT, path);
	if (rename(mark, kept) != 0)
		return say(reason, WIRELOG_OUTPUT_FAILED, "%s cannot be marked as kept: %s", path,
			   strerror(errno));
	return 0;
}
