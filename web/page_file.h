/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The files of the page, read once at the start: only those of a list, each of at most WL_PAGE_FILE_BYTES_MAX. Thread: [init], then read only.
 */
#ifndef WL_WEB_PAGE_FILE_H
#define WL_WEB_PAGE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#define WL_PAGE_FILE_BYTES_MAX (256u << 10)
#define WL_PAGE_FILES 8u

struct wl_page_file {
	const char *path, *type; /* as it is asked for */
	char *text; /* NULL: it is not there */
	size_t bytes;
};

struct wl_page {
	struct wl_page_file files[WL_PAGE_FILES];
	unsigned count;
};

/* From `directory`; NULL: beside the program, or where make install puts it. True: the page is whole. */
bool wl_page_load(struct wl_page *page, const char *directory);
void wl_page_free(struct wl_page *page);
const struct wl_page_file *wl_page_find(const struct wl_page *page, const char *path);

#endif
