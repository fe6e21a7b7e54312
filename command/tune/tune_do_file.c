/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tune/tune_do_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/host/host_read_file.h"
#include "command/tool_replace_file.h"
#include "command/tune/tune_record_file.h"

extern char **environ;

#define WORDS_MAX 16

/* ---- commands ----------------------------------------------------------------------------------- */

int wl_tune_do_run_command(void *context, const char *command)
{
	char text[256], *rest = text, *words[WORDS_MAX + 1];
	int count = 0, state, error;
	pid_t pid;

	(void)context;
	snprintf(text, sizeof(text), "%s", command);
	while (count < WORDS_MAX && (words[count] = strsep(&rest, " ")) != NULL)
		count += words[count][0] != '\0';
	words[count] = NULL;
	if (count == 0)
		return 0;
	fflush(NULL);
	error = posix_spawnp(&pid, words[0], NULL, NULL, words, environ);
	if (error != 0)
		return 127;
	while (waitpid(pid, &state, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFEXITED(state) ? WEXITSTATUS(state) : 126;
}

/* "one; two": one after the other, until one fails. */
static bool run_all(struct wl_tune_do *tune, const char *commands)
{
	char text[256], *rest = text, *command;

	snprintf(text, sizeof(text), "%s", commands);
	while ((command = strsep(&rest, ";")) != NULL) {
		int code;

		command += strspn(command, " ");
		if (command[0] == '\0')
			continue;
		if (tune->told != NULL)
			fprintf(tune->told, "run    %s\n", command);
		code = tune->run(tune->context, command);
		if (code == 0)
			continue;
		snprintf(tune->reason, sizeof(tune->reason), "%s ended with %d", command, code);
		return false;
	}
	return true;
}

/* ---- what is there ------------------------------------------------------------------------------ */

/* The word in brackets, where the kernel offers a choice. */
static void read_value(const char *root, const char *path, char *value, size_t value_bytes)
{
	char line[512], *from, *to;

	wl_host_read_line(root, path, line, sizeof(line));
	from = strchr(line, '[');
	to = from != NULL ? strchr(from, ']') : NULL;
	if (to != NULL) {
		*to = '\0';
		snprintf(value, value_bytes, "%s", from + 1);
	} else {
		snprintf(value, value_bytes, "%s", line);
	}
}

/* Numbers and masks alike but for zeros in front and commas between groups. */
static bool is_same_value(const char *a, const char *b)
{
	a += strspn(a, "0,");
	b += strspn(b, "0,");
	return strcmp(a, b) == 0;
}

bool wl_tune_do_is_done(const struct wl_tune_do *tune, const struct wl_tune_action *action)
{
	static char text[WL_TUNE_TEXT_BYTES + 1];
	struct wl_host_owner owner;
	char value[512];

	switch (action->kind) {
	case WL_TUNE_FILE:
		return wl_host_read_text(tune->root, action->path, text, sizeof(text)) &&
		       strcmp(text, action->text) == 0;
	case WL_TUNE_VALUE:
		read_value(tune->root, action->path, value, sizeof(value));
		if (action->is_at_least)
			return strtoll(value, NULL, 10) >= strtoll(action->text, NULL, 10);
		return is_same_value(value, action->text);
	case WL_TUNE_OWNER:
		wl_host_owner_read(tune->root, action->path, &owner);
		return owner.uid == action->uid && owner.gid == action->gid &&
		       owner.mode == action->mode;
	case WL_TUNE_RUN:
		break;
	}
	return false;
}

void wl_tune_do_describe(const struct wl_tune_do *tune, const struct wl_tune_action *action,
			 char *text, size_t text_bytes)
{
	struct wl_host_owner owner;

	text[0] = '\0';
	if (action->kind == WL_TUNE_FILE)
		snprintf(text, text_bytes, "%s",
			 wl_host_is_there(tune->root, action->path) ? "other text" : "absent");
	if (action->kind == WL_TUNE_VALUE)
		read_value(tune->root, action->path, text, text_bytes);
	if (action->kind != WL_TUNE_OWNER)
		return;
	wl_host_owner_read(tune->root, action->path, &owner);
	snprintf(text, text_bytes, "%" PRId64 ":%" PRId64 " %04o", owner.uid, owner.gid,
		 (unsigned)owner.mode);
}

/* ---- changes ------------------------------------------------------------------------------------ */

static bool fail(struct wl_tune_do *tune, const char *what, const char *path, int error)
{
	snprintf(tune->reason, sizeof(tune->reason), "%s %s: %s", what, path, strerror(error));
	return false;
}

/* Every folder that is not there, each in the record. */
static bool make_folders(struct wl_tune_do *tune, const char *path)
{
	char part[512], whole[WL_HOST_PATH_BYTES];

	snprintf(part, sizeof(part), "%s", path);
	for (char *at = strchr(part + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (!wl_host_is_there(tune->root, part)) {
			wl_host_path(whole, tune->root, "%s", part);
			if (!wl_tune_record_add(tune, json_pack("{s:s, s:s}", "kind", "folder",
								"path", part)))
				return false;
			if (mkdir(whole, 0755) != 0)
				return fail(tune, "cannot make", part, errno);
		}
		*at = '/';
	}
	return true;
}

static bool do_file(struct wl_tune_do *tune, const struct wl_tune_action *action)
{
	char whole[WL_HOST_PATH_BYTES];
	int error;

	if (action->run[0] != '\0' &&
	    !wl_tune_record_add(tune,
				json_pack("{s:s, s:s}", "kind", "run", "command", action->run)))
		return false;
	if (!make_folders(tune, action->path) || !wl_tune_record_add_file(tune, action->path))
		return false;
	if (tune->told != NULL)
		fprintf(tune->told, "write  %s\n", action->path);
	wl_host_path(whole, tune->root, "%s", action->path);
	error = wl_tool_replace_file(whole, action->text, 0644);
	if (error != 0)
		return fail(tune, "cannot write", action->path, error);
	return run_all(tune, action->run);
}

/* A value is written where it is: its file is the kernel's. */
static int write_value(const char *root, const char *path, const char *value)
{
	char whole[WL_HOST_PATH_BYTES];
	int fd, error = 0;

	wl_host_path(whole, root, "%s", path);
	fd = open(whole, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (dprintf(fd, "%s\n", value) < 0)
		error = errno;
	if (close(fd) != 0 && error == 0)
		error = errno;
	return error;
}

static bool do_value(struct wl_tune_do *tune, const struct wl_tune_action *action)
{
	char before[512], after[512];
	int error = 0;

	read_value(tune->root, action->path, before, sizeof(before));
	if (!wl_tune_record_add(tune, json_pack("{s:s, s:s, s:s}", "kind", "value", "path",
						action->path, "before", before)))
		return false;
	if (action->run[0] != '\0') {
		if (!run_all(tune, action->run))
			return false;
	} else {
		if (tune->told != NULL)
			fprintf(tune->told, "set    %s = %s\n", action->path, action->text);
		error = write_value(tune->root, action->path, action->text);
	}
	if (error != 0)
		return fail(tune, "cannot set", action->path, error);
	read_value(tune->root, action->path, after, sizeof(after));
	if (wl_tune_do_is_done(tune, action))
		return true;
	snprintf(tune->reason, sizeof(tune->reason),
		 "%.200s is %.40s, not %.40s: the kernel did not take it%s", action->path, after,
		 action->text,
		 action->is_at_least ? " (memory is in use or fragmented: reserve it at boot, "
				       "hugepages= of the kernel's line)"
				     : "");
	return false;
}

static int set_owner(const char *root, const char *path, const struct wl_host_owner *owner)
{
	char whole[WL_HOST_PATH_BYTES];

	wl_host_path(whole, root, "%s", path);
	if (lchown(whole, (uid_t)owner->uid, (gid_t)owner->gid) != 0 ||
	    chmod(whole, (mode_t)owner->mode) != 0)
		return errno;
	return 0;
}

static bool do_owner(struct wl_tune_do *tune, const struct wl_tune_action *action)
{
	struct wl_host_owner before, wanted = {action->uid, action->gid, action->mode};
	int error;

	wl_host_owner_read(tune->root, action->path, &before);
	if (!wl_tune_record_add(tune,
				json_pack("{s:s, s:s, s:I, s:I, s:I}", "kind", "owner", "path",
					  action->path, "uid", (json_int_t)before.uid, "gid",
					  (json_int_t)before.gid, "mode", (json_int_t)before.mode)))
		return false;
	if (tune->told != NULL)
		fprintf(tune->told, "own    %s by %" PRId64 ":%" PRId64 ", mode %04o\n",
			action->path, wanted.uid, wanted.gid, (unsigned)wanted.mode);
	error = set_owner(tune->root, action->path, &wanted);
	return error == 0 || fail(tune, "cannot own", action->path, error);
}

bool wl_tune_do_action(struct wl_tune_do *tune, const struct wl_tune_action *action)
{
	if (wl_tune_do_is_done(tune, action))
		return true;
	switch (action->kind) {
	case WL_TUNE_FILE:
		return do_file(tune, action);
	case WL_TUNE_VALUE:
		return do_value(tune, action);
	case WL_TUNE_OWNER:
		return do_owner(tune, action);
	case WL_TUNE_RUN:
		break;
	}
	/* Recorded first: a command that fails half-way is undone, too. */
	if (action->undo[0] != '\0' &&
	    !wl_tune_record_add(tune,
				json_pack("{s:s, s:s}", "kind", "run", "command", action->undo)))
		return false;
	return run_all(tune, action->run);
}

/* ---- back --------------------------------------------------------------------------------------- */

static bool undo_file(struct wl_tune_do *tune, const json_t *entry, const char *path)
{
	const char *before = json_string_value(json_object_get(entry, "before"));
	char whole[WL_HOST_PATH_BYTES];
	struct wl_host_owner owner = {json_integer_value(json_object_get(entry, "uid")),
				      json_integer_value(json_object_get(entry, "gid")),
				      json_integer_value(json_object_get(entry, "mode"))};
	int error;

	wl_host_path(whole, tune->root, "%s", path);
	if (before == NULL) {
		if (unlink(whole) == 0 || errno == ENOENT)
			return true;
		return fail(tune, "cannot remove", path, errno);
	}
	error = wl_tool_replace_file(whole, before, (mode_t)owner.mode);
	if (error == 0)
		error = set_owner(tune->root, path, &owner);
	return error == 0 || fail(tune, "cannot restore", path, error);
}

/* A folder that somebody else uses meanwhile stays. */
static bool undo_folder(struct wl_tune_do *tune, const char *path)
{
	char whole[WL_HOST_PATH_BYTES];

	wl_host_path(whole, tune->root, "%s", path);
	if (rmdir(whole) == 0 || errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST)
		return true;
	return fail(tune, "cannot remove", path, errno);
}

/* What has gone meanwhile (a module, a NIC) has no value to restore. */
static bool undo_value(struct wl_tune_do *tune, const json_t *entry, const char *path)
{
	int error =
		write_value(tune->root, path, json_string_value(json_object_get(entry, "before")));

	return error == 0 || error == ENOENT || fail(tune, "cannot restore", path, error);
}

static bool undo_owner(struct wl_tune_do *tune, const json_t *entry, const char *path)
{
	struct wl_host_owner owner = {json_integer_value(json_object_get(entry, "uid")),
				      json_integer_value(json_object_get(entry, "gid")),
				      json_integer_value(json_object_get(entry, "mode"))};
	int error = set_owner(tune->root, path, &owner);

	return error == 0 || error == ENOENT || fail(tune, "cannot restore", path, error);
}

static bool undo_entry(struct wl_tune_do *tune, const json_t *entry)
{
	const char *kind = json_string_value(json_object_get(entry, "kind"));
	const char *path = json_string_value(json_object_get(entry, "path"));
	const char *command = json_string_value(json_object_get(entry, "command"));

	if (strcmp(kind, "run") == 0)
		return run_all(tune, command);
	if (tune->told != NULL)
		fprintf(tune->told, "undo   %s %s\n", kind, path);
	if (strcmp(kind, "file") == 0)
		return undo_file(tune, entry, path);
	if (strcmp(kind, "folder") == 0)
		return undo_folder(tune, path);
	if (strcmp(kind, "value") == 0)
		return undo_value(tune, entry, path);
	return undo_owner(tune, entry, path);
}

unsigned wl_tune_do_undo(struct wl_tune_do *tune, size_t keep)
{
	unsigned failed = 0;

	for (size_t at = json_array_size(tune->record); at > keep; at--) {
		if (!undo_entry(tune, json_array_get(tune->record, at - 1))) {
			failed++;
			if (tune->told != NULL)
				fprintf(tune->told, "failed %s\n", tune->reason);
			continue;
		}
		json_array_remove(tune->record, at - 1);
		if (!wl_tune_record_save(tune))
			failed++;
	}
	return failed;
}

bool wl_tune_do_open(struct wl_tune_do *tune)
{
	return wl_tune_record_load(tune);
}

void wl_tune_do_close(struct wl_tune_do *tune)
{
	json_decref(tune->record);
	tune->record = NULL;
}
