/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_backup_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataplane/log/archive_format.h"
#include "dataplane/store/archive_file.h"
#include "wirelog/status.h"

static bool name_folder(char path[PATH_MAX], const char *directory, int journal)
{
	char folder[WL_ARCHIVE_FOLDER_BYTES];

	if (journal == WL_BACKUP_PAGE)
		return snprintf(path, PATH_MAX, "%s", directory) < PATH_MAX;
	wl_archive_folder_name(folder, (uint32_t)journal);
	return snprintf(path, PATH_MAX, "%s/%s", directory, folder) < PATH_MAX;
}

static bool name_file(char path[PATH_MAX], const char *directory, int journal, const char *suffix)
{
	const char *name = journal == WL_BACKUP_PAGE ? "/backup" : "/base";

	if (!name_folder(path, directory, journal) ||
	    strlen(path) + strlen(name) + strlen(suffix) >= PATH_MAX)
		return false;
	strcat(path, name);
	strcat(path, suffix);
	return true;
}

/* Ranges and bases of a try that was given up. */
static void remove_files(const char *folder)
{
	DIR *list = opendir(folder);
	const struct dirent *item;

	while (list && (item = readdir(list)) != NULL)
		if (wl_archive_first_index(item->d_name) != 0 ||
		    strncmp(item->d_name, "base", 4) == 0)
			unlinkat(dirfd(list), item->d_name, 0);
	if (list)
		closedir(list);
}

static bool is_empty(const char *directory)
{
	DIR *list = opendir(directory);
	const struct dirent *item;
	bool empty = list != NULL;

	while (empty && (item = readdir(list)) != NULL)
		empty = strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0;
	if (list)
		closedir(list);
	return empty;
}

int wl_backup_file_empty(const char *directory, bool ours, char *reason, size_t reason_bytes)
{
	char folder[PATH_MAX];

	if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
		snprintf(reason, reason_bytes, "%s: %s", directory, strerror(errno));
		return WIRELOG_OUTPUT_FAILED;
	}
	for (int journal = 0; ours && journal < (int)WIRELOG_JOURNALS_MAX; journal++)
		if (name_folder(folder, directory, journal))
			remove_files(folder);
	if (!ours && !is_empty(directory)) {
		snprintf(reason, reason_bytes,
			 "%s: not an empty directory; a backup is made into one of its own",
			 directory);
		return WIRELOG_OUTPUT_FAILED;
	}
	return 0;
}

FILE *wl_backup_file_begin(const char *directory, int journal)
{
	char path[PATH_MAX];
	int file;

	if (!name_file(path, directory, journal, ".new")) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return file < 0 ? NULL : fdopen(file, "w");
}

static int sync_folder(const char *directory, int journal)
{
	char path[PATH_MAX];
	int folder, error = 0;

	name_folder(path, directory, journal);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || fsync(folder) != 0)
		error = -errno;
	if (folder >= 0)
		close(folder);
	return error;
}

int wl_backup_file_end(FILE *file, const char *directory, int journal)
{
	char from[PATH_MAX], to[PATH_MAX];
	int error = 0;

	if (fflush(file) != 0 || fsync(fileno(file)) != 0)
		error = -errno;
	if (fclose(file) != 0 && error == 0)
		error = -errno;
	name_file(from, directory, journal, ".new");
	name_file(to, directory, journal, "");
	if (error == 0 && rename(from, to) != 0)
		error = -errno;
	return error != 0 ? error : sync_folder(directory, journal);
}

FILE *wl_backup_file_open(const char *directory, int journal)
{
	char path[PATH_MAX];

	if (!name_file(path, directory, journal, "")) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(path, "re");
}

int wl_backup_file_read_page(struct wl_backup *backup, const char *directory, char *reason,
			     size_t reason_bytes)
{
	FILE *file = wl_backup_file_open(directory, WL_BACKUP_PAGE);
	enum wl_archive_verdict verdict;
	uint8_t page[WL_BLOCK_BYTES + 1];
	size_t bytes;

	if (!file) {
		snprintf(reason, reason_bytes,
			 "%s/backup: %s: no backup, or one that was not finished", directory,
			 strerror(errno));
		return WIRELOG_STORE_UNREADABLE;
	}
	bytes = fread(page, 1, sizeof(page), file);
	fclose(file);
	verdict = wl_backup_decode(page, bytes, backup);
	if (verdict == WL_ARCHIVE_OK && bytes != WL_BLOCK_BYTES)
		verdict = WL_ARCHIVE_LONG;
	if (verdict == WL_ARCHIVE_OK)
		return 0;
	snprintf(reason, reason_bytes, "%s/backup: %s [%s]", directory,
		 wl_archive_verdict_text(verdict), wl_archive_verdict_name(verdict));
	return verdict == WL_ARCHIVE_VERSION ? WIRELOG_STORE_VERSION : WIRELOG_STORE_DAMAGED;
}
