/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wirelog/status.h"

int wl_demo_words_find_refusal(char *text, char *reason, size_t reason_bytes)
{
	char *line = NULL, *code, *sentence;
	int status;

	for (char *at = text; (at = strstr(at, "refused code=")) != NULL; at++)
		line = at;
	if (line == NULL)
		return 0;
	code = line + strlen("refused code=");
	line[strcspn(line, "\n")] = '\0';
	sentence = strstr(line, "reason=\"");
	code[strcspn(code, " ")] = '\0';
	status = wirelog_status_by_name(code);
	if (status > 0)
		return 0;
	if (sentence != NULL) {
		sentence += strlen("reason=\"");
		if (strrchr(sentence, '"') != NULL)
			*strrchr(sentence, '"') = '\0';
	}
	snprintf(reason, reason_bytes, "%s",
		 sentence != NULL && *sentence != '\0' ? sentence : wirelog_status_cause(status));
	return status;
}

void wl_demo_words_find_last(const char *text, char *sentence, size_t sentence_bytes)
{
	size_t end = strlen(text), begin;

	while (end > 0 && text[end - 1] == '\n')
		end--;
	for (begin = end; begin > 0 && text[begin - 1] != '\n';)
		begin--;
	if (begin == end)
		snprintf(sentence, sentence_bytes, "it ended without a word");
	else
		snprintf(sentence, sentence_bytes, "%.*s", (int)(end - begin), text + begin);
}

bool wl_demo_words_find_mended(const char *text, uint64_t *fetched, uint64_t *salvaged)
{
	static const char line[] = " mended journal=0 fetched=";
	const char *found = NULL, *own;
	char *end;

	for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
		found = at + strlen(line);
	if (found == NULL)
		return false;
	*fetched = strtoull(found, &end, 10);
	own = " salvaged=";
	if (strncmp(end, own, strlen(own)) != 0)
		return false;
	*salvaged = strtoull(end + strlen(own), NULL, 10);
	return true;
}
