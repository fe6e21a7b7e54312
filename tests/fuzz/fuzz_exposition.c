/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any JSON as what a node answers to the exporter: {"catalogue": ..., "metrics": ..., "recent": ...}. What comes out is lines: each is a comment, or a name,
 * labels and a number, whatever the words in the answers are.
 *
 * Input: text.
 */
#include <ctype.h>
#include <stdbool.h>

#include "exporter/exposition.h"
#include "tests/fuzz/input.h"

/* The end of a label's value, behind its closing mark; NULL: it has none on this line. */
static const char *skip_value(const char *at)
{
	for (; *at != '\0' && *at != '\n' && *at != '"'; at++)
		if (*at == '\\' && *++at == '\0')
			return NULL;
	return *at == '"' ? at + 1 : NULL;
}

/* name="value", commas between; behind the brace. */
static const char *skip_labels(const char *at)
{
	for (;;) {
		while (isalnum((unsigned char)*at) || *at == '_')
			at++;
		if (at[0] != '=' || at[1] != '"')
			return NULL;
		at = skip_value(at + 2);
		if (at == NULL || (*at != ',' && *at != '}'))
			return NULL;
		if (*at++ == '}')
			return at;
	}
}

static bool is_sample(const char *line)
{
	char *behind;

	if (strncmp(line, "wirelog_", 8) != 0)
		return false;
	while (isalnum((unsigned char)*line) || *line == '_')
		line++;
	if (*line != '{')
		return false;
	line = skip_labels(line + 1);
	if (line == NULL || *line != ' ')
		return false;
	(void)strtod(line, &behind);
	return behind != line && *behind == '\n';
}

static void check(const char *page)
{
	for (const char *line = page; *line != '\0'; line = strchr(line, '\n') + 1) {
		FUZZ_PROMISE(strchr(line, '\n') != NULL);
		FUZZ_PROMISE(strncmp(line, "# HELP wirelog_", 15) == 0 ||
			     strncmp(line, "# TYPE wirelog_", 15) == 0 ||
			     strcmp(line, "# EOF\n") == 0 || is_sample(line));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *all = json_loadb((const char *)data, size, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
	struct wl_exposition_node nodes[2] = {
		{"/run", json_object_get(all, "catalogue"), json_object_get(all, "metrics"),
		 json_object_get(all, "recent")},
		{"/other", json_object_get(all, "catalogue"), json_object_get(all, "more"), NULL}};

	for (int openmetrics = 0; openmetrics < 2; openmetrics++) {
		char *page = NULL;
		size_t bytes;
		FILE *out = open_memstream(&page, &bytes);

		FUZZ_PROMISE(out != NULL);
		wl_exposition_write(out, nodes, 2, openmetrics != 0);
		fclose(out);
		check(page);
		free(page);
	}
	json_decref(all);
	return 0;
}
