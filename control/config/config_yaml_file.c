/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shape of the configuration file, for libcyaml: which keys there are and which of them are mappings or
 * sequences. All values are taken as text, so that config_check.c alone says what is wrong with one.
 */
#include <cyaml/cyaml.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/config/config_position.h"
#include "control/config/config_value.h"

#define TEXT_MAX 1024u /* of one value */
#define BACKTRACE_MAX 12u

#define FLAGS (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
/* The keys of a list in config_keys.h; TEXT is the struct of their text. */
#define WORD(key, shape, rules, example, sentence) \
	CYAML_FIELD_STRING_PTR(#key, FLAGS, TEXT, key, 0, TEXT_MAX),
#define LIST(name, entry, max) CYAML_FIELD_SEQUENCE(#name, FLAGS, TEXT, name, entry, 0, max)
#define MAPPING(name, fields) CYAML_FIELD_MAPPING(#name, CYAML_FLAG_OPTIONAL, TEXT, name, fields)
#define ELEMENT(type, fields)                                         \
	{                                                             \
		CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, type, fields) \
	}

#define TEXT struct wl_config_node_text
static const cyaml_schema_field_t node_fields[] = {
	WL_CONFIG_NODE_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT
static const cyaml_schema_value_t node_value = ELEMENT(struct wl_config_node_text, node_fields);

#define TEXT struct wl_config_journal_text
static const cyaml_schema_field_t journal_fields[] = {
	WL_CONFIG_JOURNAL_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT
static const cyaml_schema_value_t journal_value =
	ELEMENT(struct wl_config_journal_text, journal_fields);

#define TEXT struct wl_config_link_text
static const cyaml_schema_field_t link_fields[] = {
	WL_CONFIG_LINK_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT
static const cyaml_schema_value_t link_value = ELEMENT(struct wl_config_link_text, link_fields);

#define TEXT struct wl_config_clients_text
static const cyaml_schema_field_t clients_fields[] = {
	WL_CONFIG_CLIENTS_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT

#define TEXT struct wl_config_worker_text
static const cyaml_schema_field_t worker_fields[] = {
	WL_CONFIG_WORKER_KEYS(WORD) LIST(links, &link_value, WL_CONFIG_LINKS_MAX),
	MAPPING(clients, clients_fields),
	CYAML_FIELD_END,
};
#undef TEXT
static const cyaml_schema_value_t worker_value =
	ELEMENT(struct wl_config_worker_text, worker_fields);

#define TEXT struct wl_config_cluster_text
static const cyaml_schema_field_t cluster_fields[] = {
	WL_CONFIG_CLUSTER_KEYS(WORD) LIST(nodes, &node_value, WIRELOG_NODES_MAX),
	CYAML_FIELD_END,
};
#undef TEXT

#define TEXT struct wl_config_storage_text
static const cyaml_schema_field_t storage_fields[] = {
	WL_CONFIG_STORAGE_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT

#define TEXT struct wl_config_log_text
static const cyaml_schema_field_t log_fields[] = {
	WL_CONFIG_LOG_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT

#define TEXT struct wl_config_base_text
static const cyaml_schema_field_t base_fields[] = {
	WL_CONFIG_BASE_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT

#define TEXT struct wl_config_retention_text
static const cyaml_schema_field_t retention_fields[] = {
	WL_CONFIG_RETENTION_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT

#define TEXT struct wl_config_archive_text
static const cyaml_schema_field_t archive_fields[] = {
	WL_CONFIG_ARCHIVE_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT

#define TEXT struct wl_config_memory_text
static const cyaml_schema_field_t memory_fields[] = {
	WL_CONFIG_MEMORY_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT

#define TEXT struct wl_config_network_text
static const cyaml_schema_field_t network_fields[] = {
	WL_CONFIG_NETWORK_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT

#define TEXT struct wl_config_timing_text
static const cyaml_schema_field_t timing_fields[] = {
	WL_CONFIG_TIMING_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT

#define TEXT struct wl_config_idle_text
static const cyaml_schema_field_t idle_fields[] = {
	WL_CONFIG_IDLE_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT

#define TEXT struct wl_config_limits_text
static const cyaml_schema_field_t limits_fields[] = {
	WL_CONFIG_LIMITS_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT

#define TEXT struct wl_config_security_text
static const cyaml_schema_field_t security_fields[] = {
	WL_CONFIG_SECURITY_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT

#define TEXT struct wl_config_logging_text
static const cyaml_schema_field_t logging_fields[] = {
	WL_CONFIG_LOGGING_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT

#define TEXT struct wl_config_text
static const cyaml_schema_field_t top_fields[] = {
	MAPPING(cluster, cluster_fields),
	LIST(journals, &journal_value, WIRELOG_JOURNALS_MAX),
	LIST(workers, &worker_value, WIRELOG_WORKERS_MAX),
	MAPPING(storage, storage_fields),
	MAPPING(log, log_fields),
	MAPPING(base, base_fields),
	MAPPING(retention, retention_fields),
	MAPPING(archive, archive_fields),
	MAPPING(memory, memory_fields),
	MAPPING(network, network_fields),
	MAPPING(timing, timing_fields),
	MAPPING(idle, idle_fields),
	MAPPING(limits, limits_fields),
	MAPPING(security, security_fields),
	MAPPING(logging, logging_fields),
	WL_CONFIG_TOP_KEYS(WORD) CYAML_FIELD_END,
};
#undef TEXT
static const cyaml_schema_value_t top_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct wl_config_text, top_fields)};

/* ---- libcyaml's words into ours ----------------------------------------------------------------- */

struct complaint {
	char what[160]; /* its first line */
	char step[BACKTRACE_MAX][64]; /* innermost first: ".name" or "[n]" */
	unsigned step_count;
};

/* One line at a time: what is wrong, then where, from the inside out. */
static void on_log(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
	struct complaint *complaint = context;
	char line[256], name[48];
	unsigned number;

	(void)level;
	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = '\0';
	if (complaint->step_count < BACKTRACE_MAX) {
		char *step = complaint->step[complaint->step_count];

		if (sscanf(line, "  in mapping field '%47[^']'", name) == 1) {
			snprintf(step, sizeof(complaint->step[0]), ".%s", name);
			complaint->step_count++;
			return;
		}
		if (sscanf(line, "  in sequence entry '%u'", &number) == 1) {
			snprintf(step, sizeof(complaint->step[0]), "[%u]", number - 1);
			complaint->step_count++;
			return;
		}
	}
	if (complaint->what[0] == '\0' && strncmp(line, "Load: Backtrace", 15) != 0) {
		const char *what = strncmp(line, "Load: ", 6) == 0 ? line + 6 : line;

		snprintf(complaint->what, sizeof(complaint->what), "%.*s",
			 (int)sizeof(complaint->what) - 1, what);
	}
}

static void path_of(const struct complaint *complaint, char *path)
{
	size_t used = 0;

	path[0] = '\0';
	for (unsigned at = complaint->step_count; at-- > 0 && used < WL_CONFIG_KEY_BYTES;) {
		const char *step = complaint->step[at];

		if (used == 0 && step[0] == '.')
			step++;
		used += (size_t)snprintf(path + used, WL_CONFIG_KEY_BYTES - used, "%s", step);
	}
}

/* The keys that may stand in the mapping at `path`. */
static const cyaml_schema_field_t *fields_at(const char *path)
{
	const cyaml_schema_field_t *fields = top_fields;

	while (*path != '\0') {
		size_t bytes = strcspn(path, ".[");
		const cyaml_schema_field_t *field = fields;

		while (field->key &&
		       (strlen(field->key) != bytes || strncmp(field->key, path, bytes) != 0))
			field++;
		if (!field->key)
			return NULL;
		if (field->value.type == CYAML_MAPPING)
			fields = field->value.mapping.fields;
		else if (field->value.type == CYAML_SEQUENCE)
			fields = field->value.sequence.entry->mapping.fields;
		else
			return NULL;
		path += bytes;
		if (*path == '[')
			path += strcspn(path, "]") + 1;
		if (*path == '.')
			path++;
	}
	return fields;
}

static void tell_unknown_key(const char *path, const char *name,
			     struct wl_config_problems *problems)
{
	const cyaml_schema_field_t *fields = fields_at(path);
	struct wl_config_scope scope = wl_config_scope_of(problems, path);
	struct wl_config_scope key = wl_config_scope_in(&scope, name);
	char text[320];
	size_t used;

	used = (size_t)snprintf(text, sizeof(text), "there is no such key; keys here are");
	for (; fields && fields->key && used < sizeof(text); fields++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %s%s", fields->key,
					 fields[1].key ? "," : "");
	wl_config_add_problem(problems, WIRELOG_CONFIG_UNKNOWN_KEY, key.path, text);
}

static void tell_complaint(const struct complaint *complaint, struct wl_config_problems *problems)
{
	char path[WL_CONFIG_KEY_BYTES], wanted[32], got[32], text[320];
	unsigned max;

	path_of(complaint, path);
	if (strncmp(complaint->what, "Unexpected key: ", 16) == 0) {
		tell_unknown_key(path, complaint->what + 16, problems);
		return;
	}
	if (sscanf(complaint->what, "Expecting %31[^,], got event: %31s", wanted, got) == 2) {
		snprintf(text, sizeof(text), "is %s; %s would be right",
			 strncmp(got, "SCALAR", 6) == 0	   ? "a single value"
			 : strncmp(got, "MAPPING", 7) == 0 ? "a mapping"
							   : "a list",
			 strcmp(wanted, "MAPPING") == 0 ? "a mapping (`key: value` lines below it)"
			 : strcmp(wanted, "SEQUENCE") == 0 ? "a list (lines that begin with `- `)"
							   : "a single value");
	} else if (sscanf(complaint->what, "Excessive entries (%u max)", &max) == 1) {
		snprintf(text, sizeof(text), "has more elements than there can be; at most %u",
			 max);
	} else if (strncmp(complaint->what, "String length too long", 22) == 0) {
		snprintf(text, sizeof(text), "is too long; at most %u characters", TEXT_MAX);
	} else {
		snprintf(text, sizeof(text), "%s", complaint->what);
	}
	wl_config_add_problem(problems, WIRELOG_CONFIG_VALUE, path, text);
}

/* ---- from bytes and files ----------------------------------------------------------------------- */

static void locate(const struct wl_config_positions *positions, struct wl_config_problems *problems)
{
	for (uint32_t at = 0; at < problems->count; at++) {
		struct wl_config_problem *problem = &problems->item[at];
		const struct wl_config_position *position;
		bool exact;

		if (problem->line != 0)
			continue;
		position = wl_config_position_find(positions, problem->key, &exact);
		if (!position)
			continue;
		if (exact && problem->status != WIRELOG_CONFIG_UNKNOWN_KEY) {
			problem->line = position->line;
			problem->column = position->column;
		} else {
			problem->line = position->key_line;
			problem->column = position->key_column;
		}
	}
}

static int parse_located(const uint8_t *bytes, size_t size, const char *base,
			 struct wl_config *config, struct wl_config_problems *problems)
{
	struct complaint complaint = {.step_count = 0};
	const cyaml_config_t cyaml = {
		.log_fn = on_log,
		.log_ctx = &complaint,
		.log_level = CYAML_LOG_ERROR,
		.mem_fn = cyaml_mem,
		.flags = CYAML_CFG_NO_ALIAS,
	};
	struct wl_config_text *text = NULL;
	cyaml_err_t error =
		cyaml_load_data(bytes, size, &cyaml, &top_value, (cyaml_data_t **)&text, NULL);
	int status;

	if (error != CYAML_OK) {
		if (complaint.what[0] == '\0')
			snprintf(complaint.what, sizeof(complaint.what), "%s",
				 cyaml_strerror(error));
		tell_complaint(&complaint, problems);
		return problems->item[0].status;
	}
	if (!text) {
		wl_config_add_problem(
			problems, WIRELOG_CONFIG_SYNTAX, "",
			"the file is empty; drivers-config/reference.yaml is an example");
		return WIRELOG_CONFIG_SYNTAX;
	}
	status = wl_config_check(text, base, config, problems);
	cyaml_free(&cyaml, &top_value, text, 0);
	return status;
}

int wl_config_parse(const uint8_t *bytes, size_t size, const char *base, struct wl_config *config,
		    struct wl_config_problems *problems)
{
	struct wl_config_positions positions = {.count = 0};
	int status;

	problems->count = 0;
	positions.item = calloc(WL_CONFIG_POSITIONS_MAX, sizeof(*positions.item));
	if (!positions.item) {
		wl_config_add_problem(problems, WIRELOG_NO_MEMORY, "", "no memory to read it");
		return WIRELOG_NO_MEMORY;
	}
	status = wl_config_position_read(&positions, bytes, size, problems);
	if (status == 0) {
		status = parse_located(bytes, size, base, config, problems);
		locate(&positions, problems);
	}
	free(positions.item);
	return status;
}

static int refuse(struct wl_config_problems *problems, const char *what, const char *right)
{
	char text[320];

	snprintf(text, sizeof(text), "%s; %s", what, right);
	wl_config_add_problem(problems, WIRELOG_CONFIG_UNREADABLE, "", text);
	return WIRELOG_CONFIG_UNREADABLE;
}

/* The whole file in memory that the caller frees; NULL with a problem. */
static uint8_t *read_file(const char *path, size_t *size, struct wl_config_problems *problems)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO would hang otherwise */
	uint8_t *bytes = NULL;
	struct stat stat;
	size_t have = 0;

	if (fd < 0) {
		refuse(problems, strerror(errno), "name a file that this user may read");
		return NULL;
	}
	if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
		refuse(problems, "is not a regular file", "name a YAML file");
		goto close_file;
	}
	if (stat.st_size > (off_t)WL_CONFIG_FILE_BYTES_MAX) {
		refuse(problems, "is larger than 1 MiB", "a configuration has a few KiB");
		goto close_file;
	}
	bytes = malloc(WL_CONFIG_FILE_BYTES_MAX + 1);
	while (bytes && have <= WL_CONFIG_FILE_BYTES_MAX) {
		ssize_t got = read(fd, bytes + have, WL_CONFIG_FILE_BYTES_MAX + 1 - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			refuse(problems, strerror(errno), "name a file that can be read");
			free(bytes);
			bytes = NULL;
		}
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	*size = have;
close_file:
	close(fd);
	return bytes;
}

int wl_config_load(const char *path, struct wl_config *config, struct wl_config_problems *problems)
{
	char base[WL_CONFIG_PATH_BYTES] = "";
	char *absolute;
	uint8_t *bytes;
	size_t size = 0;
	int status;

	problems->count = 0;
	bytes = read_file(path, &size, problems);
	if (!bytes)
		return problems->count ? problems->item[0].status : WIRELOG_NO_MEMORY;
	absolute = realpath(path, NULL);
	if (absolute)
		snprintf(base, sizeof(base), "%.*s", (int)(strrchr(absolute, '/') - absolute),
			 absolute);
	status = wl_config_parse(bytes, size, base, config, problems);
	free(bytes);
	if (absolute)
		snprintf(config->file, sizeof(config->file), "%s", absolute);
	free(absolute);
	return status;
}
