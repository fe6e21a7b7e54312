/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/store/store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/runner.h"

static void skip_without_direct_io(const struct store_fixture *fixture)
{
	char path[320];
	int fd;

	snprintf(path, sizeof(path), "%s/probe", fixture->directory);
	fd = open(path, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
	if (fd >= 0) {
		close(fd);
		unlink(path);
		return;
	}
	rmdir(fixture->directory);
	wl_skip("needs a file system with direct I/O below the build directory");
}

void store_fixture_init(struct store_fixture *fixture)
{
	char runner[200] = "";
	char *slash;

	memset(fixture, 0, sizeof(*fixture));
	CU_ASSERT_FATAL(readlink("/proc/self/exe", runner, sizeof(runner) - 1) > 0);
	slash = strrchr(runner, '/');
	*slash = '\0';
	snprintf(fixture->directory, sizeof(fixture->directory), "%s/store-XXXXXX", runner);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(fixture->directory));
	skip_without_direct_io(fixture);
	snprintf(fixture->data, sizeof(fixture->data), "%s/data", fixture->directory);
	memset(fixture->cluster, 0x5c, sizeof(fixture->cluster));
	fixture->config = (struct wl_store_config){
		.path = fixture->data,
		.cluster = fixture->cluster,
		.node = 2,
		.journal_count = 2,
		.segment_bytes = STORE_SEGMENT_BYTES,
	};
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status, (void)kind, (void)where;
	return remove(path);
}

void store_fixture_fini(struct store_fixture *fixture)
{
	nftw(fixture->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int store_fixture_open(struct store_fixture *fixture, struct wl_store **store)
{
	return wl_store_open(store, &fixture->config, fixture->reason, sizeof(fixture->reason));
}

struct wl_store *store_fixture_must_open(struct store_fixture *fixture)
{
	struct wl_store *store = NULL;
	int status = store_fixture_open(fixture, &store);

	if (status != 0)
		fprintf(stderr, "%s\n", fixture->reason);
	CU_ASSERT_EQUAL_FATAL(status, 0);
	return store;
}

const char *store_fixture_path(const struct store_fixture *fixture, const char *name)
{
	static char path[400];

	snprintf(path, sizeof(path), "%s/%s", fixture->data, name);
	return path;
}

void store_fixture_overwrite(const char *path, uint64_t at, const void *bytes, size_t count)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(pwrite(fd, bytes, count, (off_t)at), (ssize_t)count);
	CU_ASSERT_EQUAL(fsync(fd), 0);
	close(fd);
}

void store_fixture_fill(const char *path, uint64_t at, uint8_t value, size_t count)
{
	uint8_t *bytes = malloc(count);

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	memset(bytes, value, count);
	store_fixture_overwrite(path, at, bytes, count);
	free(bytes);
}

bool store_fixture_has(const struct store_fixture *fixture, const char *name)
{
	return access(store_fixture_path(fixture, name), F_OK) == 0;
}

void store_fixture_copy(const struct store_fixture *fixture, const char *from, const char *to)
{
	FILE *source = fopen(store_fixture_path(fixture, from), "r"),
	     *target = fopen(store_fixture_path(fixture, to), "w");
	int byte;

	CU_ASSERT_FATAL(source != NULL && target != NULL);
	while ((byte = fgetc(source)) != EOF)
		fputc(byte, target);
	fclose(source);
	fclose(target);
}

/* ---- what is made durable ---- */

#define SYNCS_MAX 64u

static char synced[SYNCS_MAX][320];
static unsigned sync_count = SYNCS_MAX; /* nobody watches */

/*
 * In the place of the C library's. No power goes while unit tests run: a drive is waited for where somebody watches that it is; elsewhere a
 * few thousand times of it would be most of what the tests take. Process tests and those of the drives' own calls wait each time.
 */
static int sync_one(long call, int fd)
{
	char link[64];
	ssize_t length;

	if (sync_count == SYNCS_MAX)
		return fcntl(fd, F_GETFD) < 0 ? -1 : 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, synced[sync_count], sizeof(synced[0]) - 1);
	if (length >= 0)
		synced[sync_count++][length] = '\0';
	return (int)syscall(call, fd);
}

int fsync(int fd)
{
	return sync_one(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return sync_one(SYS_fdatasync, fd);
}

/* Nor is it waited for with each write. */
int openat(int folder, const char *path, int flags, ...)
{
	unsigned mode = 0;
	va_list arguments;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(arguments, flags);
		mode = va_arg(arguments, unsigned);
		va_end(arguments);
	}
	if (sync_count == SYNCS_MAX)
		flags &= ~O_DSYNC;
	return (int)syscall(SYS_openat, folder, path, flags, mode);
}

/* ---- the power goes ---- */

static bool cuts, was_cut;
static unsigned writes_left;
static size_t last_bytes;

/* In the place of the C library's. */
ssize_t pwrite(int fd, const void *from, size_t bytes, off_t at)
{
	if (cuts && writes_left == 0) {
		if (!was_cut && last_bytes != 0 && last_bytes < bytes)
			CU_ASSERT_EQUAL(syscall(SYS_pwrite64, fd, from, last_bytes, at),
					(long)last_bytes);
		was_cut = true;
		errno = EIO;
		return -1;
	}
	writes_left -= cuts;
	return syscall(SYS_pwrite64, fd, from, bytes, at);
}

static bool cannot_zero; /* the drive: it is written to as any other */

/* In the place of the C library's. Zeros that a drive is asked for are a step as a write is, and may come about in part. */
int ioctl(int fd, unsigned long request, ...)
{
	static _Alignas(WL_BLOCK_BYTES) const uint8_t zeros[WL_BLOCK_BYTES];
	uint64_t *range;
	va_list arguments;

	va_start(arguments, request);
	range = va_arg(arguments, uint64_t *);
	va_end(arguments);
	if (request != BLKZEROOUT)
		return (int)syscall(SYS_ioctl, fd, request, range);
	if (cannot_zero) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (cuts && writes_left == 0) {
		if (!was_cut && last_bytes != 0 && last_bytes < sizeof(zeros))
			CU_ASSERT_EQUAL(syscall(SYS_pwrite64, fd, zeros, last_bytes, range[0]),
					(long)last_bytes);
		was_cut = true;
		errno = EIO;
		return -1;
	}
	writes_left -= cuts;
	return (int)syscall(SYS_ioctl, fd, request, range);
}

void store_fixture_drive_cannot_zero(bool cannot)
{
	cannot_zero = cannot;
}

void store_fixture_cut_writes(unsigned writes, size_t bytes)
{
	cuts = true;
	was_cut = false;
	writes_left = writes;
	last_bytes = bytes;
}

bool store_fixture_end_cut(void)
{
	cuts = false;
	return was_cut;
}

void store_fixture_watch_syncs(void)
{
	sync_count = 0;
}

bool store_fixture_was_synced(const char *path)
{
	for (unsigned at = 0; at < sync_count; at++)
		if (strcmp(synced[at], path) == 0)
			return true;
	return false;
}
