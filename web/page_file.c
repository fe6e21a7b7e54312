/* SPDX-License-Identifier: BSD-3-Clause */
#include "web/page_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *path, *name, *type;
} known[] = {
	{"/", "index.html", "text/html; charset=utf-8"},
	{"/page.css", "page.css", "text/css; charset=utf-8"},
	{"/page.js", "page.js", "text/javascript; charset=utf-8"},
	{"/format.js", "format.js", "text/javascript; charset=utf-8"},
	{"/charts.js", "charts.js", "text/javascript; charset=utf-8"},
	{"/tables.js", "tables.js", "text/javascript; charset=utf-8"},
	{"/uplot.js", "uplot.js", "text/javascript; charset=utf-8"},
	{"/uplot.css", "uplot.css", "text/css; charset=utf-8"},
};

_Static_assert(sizeof(known) / sizeof(known[0]) == WL_PAGE_FILES, "one place for each");

static bool load(struct wl_page_file *file, const char *directory, const char *name)
{
	char path[PATH_MAX];
	ssize_t got = 0;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	file->text = malloc(WL_PAGE_FILE_BYTES_MAX);
	for (; file->text != NULL && file->bytes < WL_PAGE_FILE_BYTES_MAX;
	     file->bytes += (size_t)got) {
		got = read(fd, file->text + file->bytes, WL_PAGE_FILE_BYTES_MAX - file->bytes);
		if (got <= 0)
			break;
	}
	close(fd);
	return file->text != NULL && got == 0;
}

static bool load_all(struct wl_page *page, const char *directory)
{
	bool whole = true;

	*page = (struct wl_page){.count = WL_PAGE_FILES};
	for (unsigned at = 0; at < WL_PAGE_FILES; at++) {
		page->files[at] =
			(struct wl_page_file){.path = known[at].path, .type = known[at].type};
		whole &= load(&page->files[at], directory, known[at].name);
	}
	if (!whole)
		wl_page_free(page);
	return whole;
}

bool wl_page_load(struct wl_page *page, const char *directory)
{
	static const char *const places[] = {"web", "../share/wirelog/web"};
	char program[PATH_MAX], place[PATH_MAX + 32];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;

	if (directory != NULL)
		return load_all(page, directory);
	program[length > 0 ? length : 0] = '\0';
	slash = strrchr(program, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	for (unsigned at = 0; at < sizeof(places) / sizeof(places[0]); at++) {
		snprintf(place, sizeof(place), "%s/%s", program, places[at]);
		if (load_all(page, place))
			return true;
	}
	return false;
}

void wl_page_free(struct wl_page *page)
{
	for (unsigned at = 0; at < page->count; at++)
		free(page->files[at].text);
	*page = (struct wl_page){.count = 0};
}

const struct wl_page_file *wl_page_find(const struct wl_page *page, const char *path)
{
	for (unsigned at = 0; at < page->count; at++)
		if (strcmp(page->files[at].path, path) == 0)
			return &page->files[at];
	return NULL;
}
