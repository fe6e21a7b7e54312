/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/config_position.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX 8u

struct level {
	bool sequence;
	bool key_is_next; /* mapping */
	uint32_t next; /* sequence: number of the next element */
	size_t prefix_bytes; /* of the path of this collection itself */
};

struct walk {
	struct wl_config_positions *positions;
	struct wl_config_problems *problems;
	struct level levels[DEPTH_MAX];
	unsigned depth;
	unsigned documents;
	char path[WL_CONFIG_KEY_BYTES];
	int status;
};

static void blame(struct walk *walk, int status, const yaml_mark_t *mark, const char *text)
{
	struct wl_config_problem *problem =
		wl_config_add_problem(walk->problems, status, walk->path, text);

	walk->status = status;
	problem->line = (uint32_t)mark->line + 1;
	problem->column = (uint32_t)mark->column + 1;
}

static struct wl_config_position *find_exact(const struct wl_config_positions *positions,
					     const char *key)
{
	for (uint32_t at = 0; at < positions->count; at++) {
		if (strcmp(positions->item[at].key, key) == 0)
			return &positions->item[at];
	}
	return NULL;
}

static struct wl_config_position *add(struct walk *walk, const yaml_mark_t *mark)
{
	struct wl_config_positions *positions = walk->positions;
	struct wl_config_position *position;

	if (positions->count == WL_CONFIG_POSITIONS_MAX) {
		blame(walk, WIRELOG_CONFIG_SYNTAX, mark,
		      "too many values; a configuration has far fewer than 4096");
		return NULL;
	}
	position = &positions->item[positions->count++];
	memcpy(position->key, walk->path, sizeof(position->key));
	position->key_line = position->line = (uint32_t)mark->line + 1;
	position->key_column = position->column = (uint32_t)mark->column + 1;
	return position;
}

/* Appends to the path of the innermost collection; false when it does not fit. */
static bool set_path(struct walk *walk, const char *format, const char *name, uint32_t number)
{
	const struct level *level = &walk->levels[walk->depth - 1];
	size_t room = sizeof(walk->path) - level->prefix_bytes;
	char *to = walk->path + level->prefix_bytes;
	int used = name ? snprintf(to, room, format, name) : snprintf(to, room, format, number);

	return used >= 0 && (size_t)used < room;
}

static void take_key(struct walk *walk, const yaml_event_t *event)
{
	struct level *level = &walk->levels[walk->depth - 1];
	const char *name = (const char *)event->data.scalar.value;
	const struct wl_config_position *before;
	char text[160];

	level->key_is_next = false;
	if (strlen(name) != event->data.scalar.length || strlen(name) > 40 ||
	    !set_path(walk, level->prefix_bytes ? ".%s" : "%s", name, 0)) {
		walk->path[level->prefix_bytes] = '\0';
		blame(walk, WIRELOG_CONFIG_UNKNOWN_KEY, &event->start_mark, "no key is that long");
		return;
	}
	before = find_exact(walk->positions, walk->path);
	if (before) {
		snprintf(text, sizeof(text),
			 "stands twice, first on line %u; remove one of the two", before->key_line);
		blame(walk, WIRELOG_CONFIG_UNKNOWN_KEY, &event->start_mark, text);
		return;
	}
	add(walk, &event->start_mark);
}

/* A value begins: completes its key's position, or is the next element of a sequence. */
static void begin_value(struct walk *walk, const yaml_event_t *event)
{
	struct level *level;
	struct wl_config_position *position;

	if (walk->depth == 0)
		return;
	level = &walk->levels[walk->depth - 1];
	if (level->sequence) {
		if (!set_path(walk, "[%u]", NULL, level->next++)) {
			blame(walk, WIRELOG_CONFIG_SYNTAX, &event->start_mark, "lies too deep");
			return;
		}
		add(walk, &event->start_mark);
		return;
	}
	level->key_is_next = true;
	position = find_exact(walk->positions, walk->path);
	if (position) {
		position->line = (uint32_t)event->start_mark.line + 1;
		position->column = (uint32_t)event->start_mark.column + 1;
	}
}

static void end_value(struct walk *walk)
{
	if (walk->depth > 0)
		walk->path[walk->levels[walk->depth - 1].prefix_bytes] = '\0';
}

static bool key_is_next(const struct walk *walk)
{
	return walk->depth > 0 && !walk->levels[walk->depth - 1].sequence &&
	       walk->levels[walk->depth - 1].key_is_next;
}

static void open_collection(struct walk *walk, const yaml_event_t *event, bool sequence)
{
	if (key_is_next(walk)) {
		blame(walk, WIRELOG_CONFIG_SYNTAX, &event->start_mark, "a key is one word");
		return;
	}
	begin_value(walk, event);
	if (walk->status != 0)
		return;
	if (walk->depth == DEPTH_MAX) {
		blame(walk, WIRELOG_CONFIG_SYNTAX, &event->start_mark,
		      "lies too deep; no key is there");
		return;
	}
	walk->levels[walk->depth++] = (struct level){
		.sequence = sequence,
		.key_is_next = !sequence,
		.prefix_bytes = strlen(walk->path),
	};
}

static void take_event(struct walk *walk, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++walk->documents > 1)
			blame(walk, WIRELOG_CONFIG_SYNTAX, &event->start_mark,
			      "a second document; a configuration is one document");
		break;
	case YAML_ALIAS_EVENT:
		blame(walk, WIRELOG_CONFIG_SYNTAX, &event->start_mark,
		      "aliases (*name) are not taken; write the value out");
		break;
	case YAML_SCALAR_EVENT:
		if (key_is_next(walk)) {
			take_key(walk, event);
			break;
		}
		begin_value(walk, event);
		if (memchr(event->data.scalar.value, '\0', event->data.scalar.length))
			blame(walk, WIRELOG_CONFIG_SYNTAX, &event->start_mark, "holds a NUL byte");
		if (walk->status == 0)
			end_value(walk);
		break;
	case YAML_SEQUENCE_START_EVENT:
		open_collection(walk, event, true);
		break;
	case YAML_MAPPING_START_EVENT:
		open_collection(walk, event, false);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		walk->depth--;
		end_value(walk);
		break;
	default:
		break;
	}
}

static void blame_syntax(struct walk *walk, const yaml_parser_t *parser)
{
	const char *what = parser->problem ? parser->problem : "cannot be read";
	yaml_mark_t mark = parser->problem_mark;
	char text[256];

	walk->path[0] = '\0';
	if (parser->error == YAML_READER_ERROR) {
		snprintf(text, sizeof(text), "%s at byte %zu; a configuration is UTF-8 text", what,
			 parser->problem_offset);
		mark = parser->mark;
	} else if (parser->context) {
		snprintf(text, sizeof(text), "not valid YAML: %s, %s", parser->context, what);
	} else {
		snprintf(text, sizeof(text), "not valid YAML: %s", what);
	}
	blame(walk, WIRELOG_CONFIG_SYNTAX, &mark, text);
}

int wl_config_position_read(struct wl_config_positions *positions, const uint8_t *bytes,
			    size_t size, struct wl_config_problems *problems)
{
	struct walk walk = {.positions = positions, .problems = problems};
	yaml_parser_t parser;
	bool ended = false;

	positions->count = 0;
	if (!yaml_parser_initialize(&parser)) {
		wl_config_add_problem(problems, WIRELOG_NO_MEMORY, "",
				      "no memory for the YAML parser");
		return WIRELOG_NO_MEMORY;
	}
	yaml_parser_set_input_string(&parser, bytes, size);
	while (!ended && walk.status == 0) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			blame_syntax(&walk, &parser);
			break;
		}
		ended = event.type == YAML_STREAM_END_EVENT;
		take_event(&walk, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return walk.status;
}

const struct wl_config_position *
wl_config_position_find(const struct wl_config_positions *positions, const char *key, bool *exact)
{
	char path[WL_CONFIG_KEY_BYTES];
	const struct wl_config_position *position;

	snprintf(path, sizeof(path), "%s", key);
	*exact = true;
	for (;;) {
		char *dot, *bracket;

		position = find_exact(positions, path);
		if (position || path[0] == '\0')
			return position;
		*exact = false;
		dot = strrchr(path, '.');
		bracket = strrchr(path, '[');
		if (bracket && (!dot || bracket > dot))
			*bracket = '\0';
		else if (dot)
			*dot = '\0';
		else
			path[0] = '\0';
	}
}
