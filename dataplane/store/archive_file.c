/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/store/archive_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW ".new"
#define NAME_BYTES (WL_ARCHIVE_NAME_BYTES + sizeof(NEW))

void wl_archive_folder_name(char name[WL_ARCHIVE_FOLDER_BYTES], uint32_t journal)
{
	snprintf(name, WL_ARCHIVE_FOLDER_BYTES, "journal-%02u", journal);
}

void wl_archive_writer_init(struct wl_archive_writer *writer)
{
	*writer = (struct wl_archive_writer){.folder = -1, .file = -1};
}

/* ---- folders ------------------------------------------------------------------------------------- */

/* Its name is durable, too: whoever made it may have died before it synced it. */
static int open_folder(int above, const char *name, int *folder)
{
	if (mkdirat(above, name, 0700) != 0 && errno != EEXIST)
		return -errno;
	*folder = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *folder < 0 ? -errno : 0;
}

static int sync_above(int folder)
{
	int above = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;

	if (above < 0 || fsync(above) != 0)
		error = -errno;
	if (above >= 0)
		close(above);
	return error;
}

/* Where locks are not to be had (some network file systems) it goes without. */
static int lock_folder(int folder)
{
	if (flock(folder, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return 0;
	return -EBUSY;
}

static void remove_halves(int folder)
{
	int copy = dup(folder);
	DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *item;

	while (list && (item = readdir(list)) != NULL) {
		size_t length = strlen(item->d_name), tail = sizeof(NEW) - 1;

		if (length > tail && strcmp(item->d_name + length - tail, NEW) == 0 &&
		    strncmp(item->d_name, "entries-", 8) == 0)
			unlinkat(folder, item->d_name, 0);
	}
	if (list)
		closedir(list);
	else if (copy >= 0)
		close(copy);
}

int wl_archive_writer_open(struct wl_archive_writer *writer, const char *directory,
			   uint32_t journal)
{
	char name[WL_ARCHIVE_FOLDER_BYTES];
	int all, folder = -1;
	int error = open_folder(AT_FDCWD, directory, &all);

	if (error != 0)
		return error;
	wl_archive_folder_name(name, journal);
	error = open_folder(all, name, &folder);
	if (error == 0)
		error = lock_folder(folder);
	if (error == 0)
		error = sync_above(folder);
	if (error == 0)
		error = sync_above(all);
	close(all);
	if (error != 0) {
		if (folder >= 0)
			close(folder);
		return error;
	}
	remove_halves(folder);
	writer->folder = folder;
	return 0;
}

static void name_half(char name[NAME_BYTES], uint64_t first_index)
{
	wl_archive_name(name, first_index);
	strcat(name, NEW);
}

void wl_archive_writer_leave(struct wl_archive_writer *writer)
{
	char name[NAME_BYTES];

	if (writer->file < 0)
		return;
	close(writer->file);
	writer->file = -1;
	name_half(name, writer->first_index);
	unlinkat(writer->folder, name, 0);
}

void wl_archive_writer_close(struct wl_archive_writer *writer)
{
	wl_archive_writer_leave(writer);
	if (writer->folder >= 0)
		close(writer->folder);
	writer->folder = -1;
}

/* ---- what is there ------------------------------------------------------------------------------- */

/* False: it is not whole, or cannot be read. */
static bool read_header(int folder, uint64_t first_index, struct wl_archive_range *range)
{
	uint8_t header[WL_ARCHIVE_HEADER_BYTES];
	char name[WL_ARCHIVE_NAME_BYTES];
	struct stat status;
	bool whole;
	int file;

	wl_archive_name(name, first_index);
	file = openat(folder, name, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	whole = pread(file, header, sizeof(header), 0) == (ssize_t)sizeof(header) &&
		wl_archive_decode(header, sizeof(header), range) == WL_ARCHIVE_OK &&
		range->before.position.index + 1 == first_index && fstat(file, &status) == 0 &&
		(uint64_t)status.st_size == wl_archive_file_bytes(range);
	close(file);
	return whole;
}

/* The highest first index below `below`; 0: there is none. */
static int highest(int folder, uint64_t below, uint64_t *found)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *item;

	*found = 0;
	if (!list) {
		int error = -errno;

		if (copy >= 0)
			close(copy);
		return error;
	}
	while ((item = readdir(list)) != NULL) {
		uint64_t index = wl_archive_first_index(item->d_name);

		if (index < below && index > *found)
			*found = index;
	}
	closedir(list);
	return 0;
}

int wl_archive_writer_newest(struct wl_archive_writer *writer, struct wl_archive_range *newest,
			     bool *found)
{
	uint64_t index = UINT64_MAX;

	*found = false;
	do {
		int error = highest(writer->folder, index, &index);

		if (error != 0)
			return error;
		*found = index != 0 && read_header(writer->folder, index, newest);
	} while (index != 0 && !*found);
	return 0;
}

/* ---- writing ------------------------------------------------------------------------------------- */

static int write_all(int file, const uint8_t *bytes, size_t size, uint64_t offset)
{
	while (size != 0) {
		ssize_t done = pwrite(file, bytes, size, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		bytes += done;
		offset += (uint64_t)done;
		size -= (size_t)done;
	}
	return 0;
}

static int begin_file(struct wl_archive_writer *writer, uint64_t first_index)
{
	char name[NAME_BYTES];

	wl_archive_writer_leave(writer);
	name_half(name, first_index);
	writer->first_index = first_index;
	writer->file = openat(writer->folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return writer->file < 0 ? -errno : 0;
}

int wl_archive_writer_write(struct wl_archive_writer *writer, uint64_t first_index,
			    const uint8_t *bytes, size_t size, uint64_t offset)
{
	int error = 0;

	if (offset == WL_ARCHIVE_HEADER_BYTES)
		error = begin_file(writer, first_index);
	else if (writer->file < 0 || writer->first_index != first_index)
		return -EINVAL;
	return error != 0 ? error : write_all(writer->file, bytes, size, offset);
}

int wl_archive_writer_end(struct wl_archive_writer *writer, const struct wl_archive_range *range)
{
	uint8_t header[WL_ARCHIVE_HEADER_BYTES];
	char half[NAME_BYTES], name[WL_ARCHIVE_NAME_BYTES];
	int error;

	if (writer->file < 0 || writer->first_index != range->before.position.index + 1)
		return -EINVAL;
	wl_archive_encode(header, range);
	error = write_all(writer->file, header, sizeof(header), 0);
	if (error == 0 && fsync(writer->file) != 0)
		error = -errno;
	/* Some file systems tell of a full disk when they are asked to close. */
	if (close(writer->file) != 0 && error == 0)
		error = -errno;
	writer->file = -1;
	name_half(half, writer->first_index);
	wl_archive_name(name, writer->first_index);
	if (error == 0 && renameat(writer->folder, half, writer->folder, name) != 0)
		error = -errno;
	if (error != 0)
		unlinkat(writer->folder, half, 0);
	else if (fsync(writer->folder) != 0)
		error = -errno;
	return error;
}
