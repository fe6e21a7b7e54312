/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/store/disk_files.h"

#include <string.h>

#include "dataplane/base/check.h"

void wl_disk_files_init(struct wl_disk_files *files)
{
	memset(files, 0, sizeof(*files));
	for (uint32_t place = 0; place < WL_DISK_FILES; place++)
		files->files[place].fd = -1;
}

static bool is_it(const struct wl_disk_file *file, uint32_t journal, uint64_t segment)
{
	return (file->state == WL_DISK_FILE_OPENING || file->state == WL_DISK_FILE_OPEN) &&
	       file->journal == journal && file->segment == segment;
}

uint32_t wl_disk_files_find(struct wl_disk_files *files, uint32_t journal, uint64_t segment)
{
	uint32_t last = files->last[journal];

	if (is_it(&files->files[last], journal, segment))
		return last;
	for (uint32_t place = 0; place < WL_DISK_FILES; place++) {
		if (is_it(&files->files[place], journal, segment)) {
			files->last[journal] = place;
			return place;
		}
	}
	return WL_DISK_FILES_NONE;
}

static bool may_give_way(const struct wl_disk_files *files, const struct wl_disk_file *file)
{
	if (file->state != WL_DISK_FILE_OPEN || file->users != 0)
		return false;
	return !file->for_append || file->segment < files->newest_write[file->journal];
}

uint32_t wl_disk_files_take(struct wl_disk_files *files, uint32_t journal, uint64_t segment,
			    int *fd_to_close)
{
	uint32_t best = WL_DISK_FILES_NONE;

	*fd_to_close = -1;
	for (uint32_t place = 0; place < WL_DISK_FILES; place++) {
		const struct wl_disk_file *file = &files->files[place];

		if (file->state == WL_DISK_FILE_FREE) {
			best = place;
			break;
		}
		if (may_give_way(files, file) &&
		    (best == WL_DISK_FILES_NONE || file->used_at < files->files[best].used_at))
			best = place;
	}
	if (best == WL_DISK_FILES_NONE)
		return best;
	if (files->files[best].state == WL_DISK_FILE_OPEN)
		*fd_to_close = files->files[best].fd;
	files->files[best] = (struct wl_disk_file){
		.journal = journal,
		.segment = segment,
		.fd = -1,
		.state = WL_DISK_FILE_OPENING,
		.used_at = ++files->uses,
	};
	files->last[journal] = best;
	return best;
}

void wl_disk_files_opened(struct wl_disk_files *files, uint32_t place, int fd, uint64_t base)
{
	struct wl_disk_file *file = &files->files[place];

	WL_CHECK(file->state == WL_DISK_FILE_OPENING && fd >= 0);
	file->state = WL_DISK_FILE_OPEN;
	file->fd = fd;
	file->base = base;
}

void wl_disk_files_failed(struct wl_disk_files *files, uint32_t place)
{
	WL_CHECK(files->files[place].state == WL_DISK_FILE_OPENING);
	files->files[place] = (struct wl_disk_file){.fd = -1};
}

void wl_disk_files_enter(struct wl_disk_files *files, uint32_t place, bool write)
{
	struct wl_disk_file *file = &files->files[place];

	WL_CHECK(file->state == WL_DISK_FILE_OPEN);
	file->users++;
	file->used_at = ++files->uses;
	if (!write)
		return;
	file->for_append = true;
	if (file->segment > files->newest_write[file->journal])
		files->newest_write[file->journal] = file->segment;
}

int wl_disk_files_leave(struct wl_disk_files *files, uint32_t place)
{
	struct wl_disk_file *file = &files->files[place];
	int fd = file->fd;

	WL_CHECK(file->users != 0);
	file->users--;
	if (file->state != WL_DISK_FILE_RETIRED || file->users != 0)
		return -1;
	*file = (struct wl_disk_file){.fd = -1};
	return fd;
}

int wl_disk_files_retire(struct wl_disk_files *files, uint32_t journal, uint64_t segment)
{
	uint32_t place = wl_disk_files_find(files, journal, segment);
	struct wl_disk_file *file = &files->files[place == WL_DISK_FILES_NONE ? 0 : place];
	int fd = file->fd;

	if (place == WL_DISK_FILES_NONE || file->state != WL_DISK_FILE_OPEN)
		return -1;
	if (file->users != 0) {
		file->state = WL_DISK_FILE_RETIRED;
		return -1;
	}
	*file = (struct wl_disk_file){.fd = -1};
	return fd;
}
