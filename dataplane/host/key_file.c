/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/host/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wirelog/status.h"

#define DIGITS (2 * WL_KEY_FILE_SECRET_BYTES)
#define WORD_BYTES_MAX 7u /* "append " */
#define TEXT_BYTES (WL_KEYS_HELD_MAX * (WORD_BYTES_MAX + DIGITS + 4) + 4)

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static const char *fault_of(const struct stat *stat)
{
	if (!S_ISREG(stat->st_mode))
		return "is not a regular file";
	if (stat->st_mode & 077)
		return "may be used by others than its owner: chmod 0400 it";
	if (stat->st_uid != geteuid() && stat->st_uid != 0)
		return "belongs to another user";
	return NULL;
}

/* The word in front of the digits, if there is one, and how long it is. */
static enum wl_right right_of(const char *text, size_t size, size_t *word_bytes)
{
	for (uint32_t right = 0; right < WL_RIGHT_CLUSTER; right++) {
		const char *name = wl_keys_right_name((enum wl_right)right);
		size_t length = strlen(name);

		*word_bytes = length + 1;
		if (size > length && memcmp(text, name, length) == 0 && text[length] == ' ')
			return (enum wl_right)right;
	}
	*word_bytes = 0;
	return WL_RIGHT_CLUSTER;
}

static bool decode_digits(const char *text, size_t size, uint8_t *secret)
{
	if (size != DIGITS)
		return false;
	for (size_t at = 0; at < WL_KEY_FILE_SECRET_BYTES; at++) {
		int high = digit_of(text[2 * at]), low = digit_of(text[2 * at + 1]);

		if (high < 0 || low < 0)
			return false;
		secret[at] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* All lines give one right. */
static bool decode_line(const char *text, size_t size, struct wl_key_file *file)
{
	size_t word_bytes;
	enum wl_right right = right_of(text, size, &word_bytes);

	if (file->count != 0 && right != file->right)
		return false;
	file->right = right;
	return decode_digits(text + word_bytes, size - word_bytes, file->secrets[file->count++]);
}

static bool is_end(char c)
{
	return c == '\n' || c == '\r';
}

/* One line or two; what ends the last one may be missing, or be there more than once. */
static bool decode(const char *text, size_t size, struct wl_key_file *file)
{
	size_t at = 0;

	file->count = 0;
	while (at < size && file->count < WL_KEYS_HELD_MAX) {
		size_t begin = at;

		while (at < size && !is_end(text[at]))
			at++;
		if (!decode_line(text + begin, at - begin, file))
			return false;
		while (at < size && is_end(text[at]))
			at++;
	}
	return at == size && file->count != 0;
}

int wl_key_file_read(const char *path, struct wl_key_file *file, char *reason, size_t reason_bytes)
{
	char text[TEXT_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *fault = NULL;
	struct stat stat;
	ssize_t got;
	bool ok;

	if (fd < 0) {
		snprintf(reason, reason_bytes, "key file %s: %s", path, strerror(errno));
		return errno == ENOENT ? WIRELOG_KEY_MISSING : WIRELOG_KEY_UNSAFE;
	}
	if (fstat(fd, &stat) != 0)
		fault = strerror(errno);
	else
		fault = fault_of(&stat);
	got = fault ? 0 : read(fd, text, sizeof(text));
	close(fd);
	ok = !fault && got > 0 && (size_t)got < sizeof(text) && decode(text, (size_t)got, file);
	explicit_bzero(text, sizeof(text));
	if (ok)
		return 0;
	explicit_bzero(file, sizeof(*file));
	snprintf(
		reason, reason_bytes, "key file %s: %s", path,
		fault ? fault
		      : "does not hold exactly 32 hexadecimal digits, or two such lines, the older key first (a client's: 'append' or 'read' and a space in front)");
	return WIRELOG_KEY_UNSAFE;
}

bool wl_key_file_is_news(const char *path, struct wl_key_file_mark *mark)
{
	struct stat now;

	if (stat(path, &now) != 0 ||
	    (now.st_ino == mark->inode && now.st_mtim.tv_sec == mark->changed.tv_sec &&
	     now.st_mtim.tv_nsec == mark->changed.tv_nsec))
		return false;
	mark->inode = now.st_ino;
	mark->changed = now.st_mtim;
	return true;
}
