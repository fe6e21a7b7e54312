/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_cursor_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/tool_refuse.h"
#include "command/tool_replace_file.h"

#define MAGIC "wirelog-cursor-1"

int wl_cursor_file_read(const char *path, struct wirelog_cursor *cursor)
{
	FILE *file = fopen(path, "r");
	char end = 0;
	int fields;

	if (!file && errno == ENOENT)
		return 0;
	if (!file)
		return wl_tool_refuse(WIRELOG_INPUT_UNREADABLE, "%s: %s", path, strerror(errno));
	fields = fscanf(file, MAGIC " %16" SCNx64 " %20" SCNu64 " %20" SCNu64 " %16" SCNx64 "%c",
			&cursor->history, &cursor->next_number, &cursor->known_number,
			&cursor->known_chain, &end);
	if (fields == 5 && end == '\n' && fgetc(file) != EOF)
		fields = 0;
	fclose(file);
	if (fields == 5 && end == '\n' && cursor->known_number < cursor->next_number)
		return 1;
	return wl_tool_refuse(WIRELOG_INPUT_MALFORMED, "%s: that is no cursor", path);
}

int wl_cursor_file_write(const char *path, const struct wirelog_cursor *cursor)
{
	char text[160];

	snprintf(text, sizeof(text),
		 MAGIC " %016" PRIx64 " %" PRIu64 " %" PRIu64 " %016" PRIx64 "\n", cursor->history,
		 cursor->next_number, cursor->known_number, cursor->known_chain);
	errno = wl_tool_replace_file(path, text, WL_REPLACE_AS_NEW);
	return errno == 0 ? 0 : WIRELOG_OUTPUT_FAILED;
}
