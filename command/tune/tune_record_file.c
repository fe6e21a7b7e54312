/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tune/tune_record_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/host/host_read_file.h"
#include "command/tool_replace_file.h"

#define FILE_BYTES_MAX (1u << 20)

static bool fail(struct wl_tune_do *tune, const char *what, const char *why)
{
	snprintf(tune->reason, sizeof(tune->reason), "%.600s: %.300s", what, why);
	return false;
}

/* ---- the record --------------------------------------------------------------------------------- */

static bool is_entry(const json_t *entry)
{
	const char *kind = json_string_value(json_object_get(entry, "kind"));
	bool has_path = json_is_string(json_object_get(entry, "path"));

	if (kind == NULL)
		return false;
	if (strcmp(kind, "run") == 0)
		return json_is_string(json_object_get(entry, "command"));
	if (strcmp(kind, "value") == 0)
		return has_path && json_is_string(json_object_get(entry, "before"));
	if (strcmp(kind, "file") == 0 || strcmp(kind, "owner") == 0)
		return has_path && json_is_integer(json_object_get(entry, "mode"));
	return strcmp(kind, "folder") == 0 && has_path;
}

static bool is_record(const json_t *record)
{
	for (size_t at = 0; at < json_array_size(record); at++)
		if (!is_entry(json_array_get(record, at)))
			return false;
	return json_is_array(record);
}

bool wl_tune_record_load(struct wl_tune_do *tune)
{
	char whole[WL_HOST_PATH_BYTES];
	struct stat file;

	wl_host_path(whole, tune->root, "%s", WL_TUNE_RECORD);
	if (lstat(whole, &file) != 0) {
		tune->record = json_array();
		return errno == ENOENT || fail(tune, WL_TUNE_RECORD, strerror(errno));
	}
	/* It says what root shall run: whoever else could write it would be root. */
	if (!S_ISREG(file.st_mode) || file.st_uid != geteuid() || (file.st_mode & 022) != 0)
		return fail(
			tune, WL_TUNE_RECORD,
			"belongs to somebody else, or may be written by others; it is not believed");
	tune->record = json_load_file(whole, 0, NULL);
	if (tune->record == NULL || !is_record(tune->record))
		return fail(tune, WL_TUNE_RECORD, "is no record of wirelog tune");
	return true;
}

/* The folder is ours alone; it goes with the record. */
static bool make_place(struct wl_tune_do *tune, char *whole)
{
	char *last;

	wl_host_path(whole, tune->root, "%s", WL_TUNE_RECORD);
	last = strrchr(whole, '/');
	*last = '\0';
	if (mkdir(whole, 0700) != 0 && errno != EEXIST)
		return fail(tune, whole, strerror(errno));
	*last = '/';
	return true;
}

bool wl_tune_record_save(struct wl_tune_do *tune)
{
	char whole[WL_HOST_PATH_BYTES], *text;
	int error;

	if (!make_place(tune, whole))
		return false;
	if (json_array_size(tune->record) == 0) {
		if (unlink(whole) != 0 && errno != ENOENT)
			return fail(tune, WL_TUNE_RECORD, strerror(errno));
		*strrchr(whole, '/') = '\0';
		rmdir(whole);
		return true;
	}
	text = json_dumps(tune->record, JSON_INDENT(1));
	if (text == NULL)
		return fail(tune, WL_TUNE_RECORD, "no memory");
	error = wl_tool_replace_file(whole, text, 0600);
	free(text);
	return error == 0 || fail(tune, WL_TUNE_RECORD, strerror(error));
}

bool wl_tune_record_add(struct wl_tune_do *tune, json_t *entry)
{
	if (entry == NULL || json_array_append_new(tune->record, entry) != 0)
		return fail(tune, WL_TUNE_RECORD,
			    "what is there is no text, or there is no memory");
	return wl_tune_record_save(tune);
}

bool wl_tune_record_add_file(struct wl_tune_do *tune, const char *path)
{
	static char text[FILE_BYTES_MAX];
	struct wl_host_owner owner;
	char whole[WL_HOST_PATH_BYTES];
	struct stat file;
	json_t *entry;

	wl_host_path(whole, tune->root, "%s", path);
	if (lstat(whole, &file) != 0)
		return wl_tune_record_add(tune, json_pack("{s:s, s:s, s:n, s:i}", "kind", "file",
							  "path", path, "before", "mode", 0));
	if (!S_ISREG(file.st_mode) || file.st_size >= (off_t)sizeof(text) ||
	    !wl_host_read_text(tune->root, path, text, sizeof(text)) ||
	    (off_t)strlen(text) != file.st_size)
		return fail(tune, path, "is no text that could be restored");
	wl_host_owner_read(tune->root, path, &owner);
	entry = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "kind", "file", "path", path, "before",
			  text, "uid", (json_int_t)owner.uid, "gid", (json_int_t)owner.gid, "mode",
			  (json_int_t)owner.mode);
	return wl_tune_record_add(tune, entry);
}
