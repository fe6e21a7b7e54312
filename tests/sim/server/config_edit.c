/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mistakes in a configuration file, made line by line, so that the line that must be blamed is known. The file is the
 * writer's (config_file.c): one key a line, blanks for depth.
 */
#include <stdio.h>
#include <string.h>

#include "dataplane/base/check.h"
#include "tests/sim/server/config_file.h"
#include "wirelog/status.h"

#define LINES_MAX 512u

struct line {
	size_t at, size; /* with its end */
};

struct editor {
	struct sim_config_file *file;
	struct sim_random *random;
	struct line lines[LINES_MAX];
	unsigned count;
};

static void split(struct editor *editor)
{
	struct sim_config_file *file = editor->file;
	size_t at = 0;

	editor->count = 0;
	while (at < file->size) {
		const char *end = memchr(file->bytes + at, '\n', file->size - at);
		size_t size = end ? (size_t)(end - file->bytes) + 1 - at : file->size - at;

		WL_CHECK(editor->count < LINES_MAX);
		editor->lines[editor->count++] = (struct line){at, size};
		at += size;
	}
}

static const char *text_of(const struct editor *editor, unsigned line)
{
	return editor->file->bytes + editor->lines[line].at;
}

/* Where its key begins, behind blanks and the dash of a list. */
static size_t key_of(const struct editor *editor, unsigned line)
{
	return strspn(text_of(editor, line), " -");
}

static bool has_key(const struct editor *editor, unsigned line, const char *key)
{
	const char *at = text_of(editor, line) + key_of(editor, line);
	size_t bytes = strlen(key);

	return editor->lines[line].size > key_of(editor, line) + bytes &&
	       memcmp(at, key, bytes) == 0 && at[bytes] == ':';
}

/* "key: value", and not the head of a part or a comment. */
static bool has_value(const struct editor *editor, unsigned line)
{
	const char *colon = memchr(text_of(editor, line), ':', editor->lines[line].size);

	return text_of(editor, line)[0] != '#' && colon && colon[1] == ' ';
}

static bool is_of_list(const struct editor *editor, unsigned line)
{
	return memchr(text_of(editor, line), '-', key_of(editor, line)) != NULL;
}

/* A line that fits, by chance; false: there is none. */
static bool find(struct editor *editor, const char *key, bool of_list, unsigned *found)
{
	unsigned seen = 0;

	for (unsigned line = 0; line < editor->count; line++) {
		if (key ? !has_key(editor, line, key) : !has_value(editor, line))
			continue;
		if (!of_list && is_of_list(editor, line))
			continue;
		if (sim_random_below(editor->random, ++seen) == 0)
			*found = line;
	}
	return seen != 0;
}

/* Lines of one key whose value begins with one of these characters ("": any), in order: the number `which` from 0. */
static bool find_at(const struct editor *editor, const char *key, const char *begins,
		    unsigned which, unsigned *found)
{
	for (unsigned line = 0; line < editor->count; line++) {
		const char *value = text_of(editor, line) + key_of(editor, line) + strlen(key) + 2;

		if (has_key(editor, line, key) && (begins[0] == '\0' || strchr(begins, value[0])) &&
		    which-- == 0) {
			*found = line;
			return true;
		}
	}
	return false;
}

static void replace(struct editor *editor, size_t at, size_t bytes, const char *by)
{
	struct sim_config_file *file = editor->file;
	size_t size = strlen(by);

	WL_CHECK(file->size - bytes + size < sizeof(file->bytes));
	memmove(file->bytes + at + size, file->bytes + at + bytes, file->size - at - bytes);
	memcpy(file->bytes + at, by, size);
	file->size += size - bytes;
	split(editor);
}

static void set_value(struct editor *editor, unsigned line, const char *value)
{
	const char *colon = memchr(text_of(editor, line), ':', editor->lines[line].size);
	size_t at = (size_t)(colon - editor->file->bytes) + 2;

	replace(editor, at, editor->lines[line].at + editor->lines[line].size - 1 - at, value);
}

static void insert(struct editor *editor, unsigned line, const char *text)
{
	replace(editor, editor->lines[line].at, 0, text);
}

static void expect(struct editor *editor, int status, unsigned line)
{
	editor->file->expected = status;
	editor->file->expected_line = line + 1;
}

/* ---- the mistakes ------------------------------------------------------------------------------- */

static bool unknown_key(struct editor *editor)
{
	static const char *const keys[] = {"colour", "Node", "nodes_", "mtus", "id2"};
	char text[64];
	unsigned line;

	if (!find(editor, NULL, false, &line))
		return false;
	snprintf(text, sizeof(text), "%*s%s: 1\n", (int)key_of(editor, line), "",
		 keys[sim_random_below(editor->random, 5)]);
	insert(editor, line, text);
	expect(editor, WIRELOG_CONFIG_UNKNOWN_KEY, line);
	return true;
}

static bool duplicate_key(struct editor *editor)
{
	char text[512];
	unsigned line;

	if (!find(editor, NULL, false, &line) || editor->lines[line].size >= sizeof(text))
		return false;
	memcpy(text, text_of(editor, line), editor->lines[line].size);
	text[editor->lines[line].size] = '\0';
	insert(editor, line, text);
	expect(editor, WIRELOG_CONFIG_UNKNOWN_KEY, line + 1);
	return true;
}

static bool wrong_type(struct editor *editor)
{
	static const char *const values[] = {"[1, 2]", "{a: 1}", "[]", "{}"};
	unsigned line;

	if (!find(editor, NULL, true, &line))
		return false;
	set_value(editor, line, values[sim_random_below(editor->random, 4)]);
	expect(editor, WIRELOG_CONFIG_VALUE, line);
	return true;
}

/* A value that its key never has, wherever that key stands. */
static const struct {
	const char *key, *value;
} wrong_values[] = {
	{"uuid", "00000000-0000-0000-0000-000000000000"},
	{"uuid", "3e1f6d0a-52c4-4b0e-9d38-6a6f1f0c7b2"},
	{"uuid", "3e1f6d0a-52c4-4b0e-9d38_6a6f1f0c7b21"},
	{"uuid", "3e1f6d0a-52c4-4b0e-9d38-6a6f1f0c7bxx"},
	{"node", "0"},
	{"node", "8"},
	{"node", "one"},
	{"id", "65536"},
	{"id", "-1"},
	{"id", "99999999999999999999999"},
	{"address", "10.0.0.256"},
	{"address", "10.0.0"},
	{"address", "0000:0a:00.8"},
	{"address", "10.0.0.1.2"},
	{"port", "0"},
	{"port", "65535"},
	{"client_endpoint", "tcp:10.0.0.1:7700"},
	{"client_endpoint",
	 "udp:"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaa"},
	{"client_endpoint",
	 "memif:"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaa"},
	{"worker", "16"},
	{"core", "1024"},
	{"core", "0x1"},
	{"kind", "ethernet"},
	{"peer", "9"},
	{"role", "boss"},
	{"socket", "''"},
	{"socket", "a,role=server"},
	{"socket", "'@'"},
	{"interface", "averyverylongnameofaninterface"},
	{"queue", "256"},
	{"queues", "17"},
	{"descriptors", "100"},
	{"descriptors", "32"},
	{"device", "''"},
	{"mac", "02:00:00:00:00"},
	{"mac", "02-00-00-00-00-01"},
	{"mac", "02:00:00:00:00:001"},
	{"prefix_length", "33"},
	{"gateway", "none"},
	{"mtu", "1279"},
	{"mtu", "9001"},
	{"ring_slots", "1000"},
	{"ring_slots", "32768"},
	{"slots", "49"},
	{"path", "''"},
	{"segment_bytes", "2GiB"},
	{"segment_bytes", "12MiB"},
	{"segment_bytes", "8MB"},
	{"segment_bytes", "KiB"},
	{"segment_bytes", "18446744073709551615GiB"},
	{"ring_bytes", "1"},
	{"ring_bytes", "5MiB"},
	{"bytes_max", "0"},
	{"bytes_max", "2048GiB"},
	{"registered_buffers", "maybe"},
	{"hugepages", "yes"},
	{"megabytes", "15"},
	{"megabytes", "64MiB"},
	{"election_timeout_ms", "19"},
	{"election_timeout_ms", "0.3"},
	{"heartbeat_ms", "0"},
	{"resend_us", "99"},
	{"disk_stall_ms", "49"},
	{"client_idle_s", "-1"},
	{"reader_idle_s", "86401"},
	{"strategy", "turbo"},
	{"local_pollers", "1025"},
	{"record_bytes", "0"},
	{"record_bytes", "2MiB"},
	{"sessions", "0"},
	{"clients", "100"},
	{"clients", "4"},
	{"readers", "65"},
	{"window_bytes", "65535"},
	{"level", "loud"},
	{"destination", "paper"},
	{"run_directory", "''"},
	{"run_directory",
	 "/a/"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaa"},
};
#define WRONG_VALUES (sizeof(wrong_values) / sizeof(wrong_values[0]))

static bool wrong_value(struct editor *editor)
{
	unsigned first = (unsigned)sim_random_below(editor->random, WRONG_VALUES), line;

	for (unsigned at = 0; at < WRONG_VALUES; at++) {
		unsigned which = (first + at) % WRONG_VALUES;

		if (!find(editor, wrong_values[which].key, true, &line) || !has_value(editor, line))
			continue;
		set_value(editor, line, wrong_values[which].value);
		expect(editor, WIRELOG_CONFIG_VALUE, line);
		return true;
	}
	return false;
}

/* The second of two lines of a key gets the first one's value. */
static bool same_twice(struct editor *editor, const char *key, const char *begins)
{
	char value[64];
	unsigned first, second;
	const char *colon;
	size_t bytes;

	if (!find_at(editor, key, begins, 0, &first) || !find_at(editor, key, begins, 1, &second))
		return false;
	colon = memchr(text_of(editor, first), ':', editor->lines[first].size);
	bytes = strcspn(colon + 2, "\n");
	if (bytes >= sizeof(value))
		return false;
	memcpy(value, colon + 2, bytes);
	value[bytes] = '\0';
	if (memcmp(text_of(editor, second) + key_of(editor, second) + strlen(key) + 2, value,
		   bytes) == 0)
		return false; /* it has it already, and rightly: in another worker */
	set_value(editor, second, value);
	expect(editor, WIRELOG_CONFIG_CONFLICT, second);
	return true;
}

static bool set_known(struct editor *editor, const char *key, const char *value)
{
	unsigned line;

	if (!find(editor, key, true, &line) || !has_value(editor, line) ||
	    memcmp(text_of(editor, line) + key_of(editor, line) + strlen(key) + 2, value,
		   strlen(value)) == 0)
		return false;
	set_value(editor, line, value);
	expect(editor, WIRELOG_CONFIG_CONFLICT, line);
	return true;
}

/* A key that would have no effect on a link of this kind. */
static bool stranger(struct editor *editor)
{
	static const struct {
		const char *kind, *text;
	} strangers[] = {
		{"memif", "        queue: 1\n"},	 {"memif", "        gateway: 10.0.0.9\n"},
		{"af_packet", "        socket: x\n"},	 {"af_packet", "        peer: 1\n"},
		{"af_xdp", "        descriptors: 64\n"}, {"pci", "        interface: eth0\n"},
		{"eal", "        role: server\n"},
	};
	unsigned which = (unsigned)sim_random_below(editor->random, 7), line;
	const char *kind = strangers[which].kind;

	if (!find(editor, "kind", true, &line) ||
	    memcmp(text_of(editor, line) + key_of(editor, line) + 6, kind, strlen(kind)) != 0)
		return false;
	insert(editor, line + 1, strangers[which].text);
	expect(editor, WIRELOG_CONFIG_CONFLICT, line + 1);
	return true;
}

/* The line that begins with this text: the number `which` from 0. */
static bool find_text(const struct editor *editor, const char *text, unsigned which,
		      unsigned *found)
{
	for (unsigned line = 0; line < editor->count; line++) {
		if (editor->lines[line].size > strlen(text) &&
		    memcmp(text_of(editor, line), text, strlen(text)) == 0 && which-- == 0) {
			*found = line;
			return true;
		}
	}
	return false;
}

/* Two nodes, or two journals, of one id: told by how deep they stand. */
static bool same_id(struct editor *editor, const char *head)
{
	char value[32];
	unsigned first, second;

	if (!find_text(editor, head, 0, &first) || !find_text(editor, head, 1, &second))
		return false;
	snprintf(value, sizeof(value), "%.1s", text_of(editor, first) + strlen(head));
	set_value(editor, second, value);
	expect(editor, WIRELOG_CONFIG_CONFLICT, second);
	return true;
}

/* Every journal runs on the first worker: the others have nothing to do. */
static bool idle_workers(struct editor *editor)
{
	unsigned line;

	if (!find_text(editor, "    worker: 1", 0, &line))
		return false;
	for (unsigned which = 0; find_text(editor, "    worker: ", which, &line); which++)
		set_value(editor, line, "0");
	editor->file->expected = WIRELOG_CONFIG_CONFLICT;
	editor->file->expected_line = 0;
	return true;
}

/* Far too small for two segments, of which the smallest size is no longer taken. */
static bool small_log(struct editor *editor)
{
	unsigned line;

	if (!find(editor, "segment_bytes", true, &line))
		return false;
	set_value(editor, line, "512MiB");
	return set_known(editor, "bytes_max", "1023MiB");
}

static bool conflict(struct editor *editor)
{
	switch (sim_random_below(editor->random, 14)) {
	case 8:
		return same_id(editor, "    - id: ");
	case 9:
		return same_id(editor, "  - id: ");
	case 10:
		return idle_workers(editor);
	case 11:
		return small_log(editor);
	case 13: /* no router of this network */
		return set_known(editor, "gateway", "172.16.0.1");
	case 12: /* this node is not one of them */
		if (!find_text(editor, "  node: ", 0, &(unsigned){0}) ||
		    find_text(editor, "    - id: 7", 0, &(unsigned){0}))
			return false;
		return set_known(editor, "node", "7");
	case 0:
		return same_twice(editor, "core", "0123456789");
	case 1: /* of a node; that of a PCI device begins with a zero */
		return same_twice(editor, "address", "1");
	case 2:
		return set_known(editor, "election_timeout_ms", "20") &&
		       set_known(editor, "heartbeat_ms", "10000");
	case 3:
		return stranger(editor);
	case 4:
		return set_known(editor, "ring_bytes", "1GiB");
	case 5:
		return set_known(editor, "queues", "16");
	case 6: /* no such node; or two links to one, and none to another */
		if (!(sim_random_below(editor->random, 2) == 0
			      ? set_known(editor, "peer", "7")
			      : same_twice(editor, "peer", "1234567")))
			return false;
		editor->file->expected_line = 0;
		return true;
	default:
		return stranger(editor);
	}
}

/* The head of an element of a list goes, and the next key gets its dash. */
static bool missing_head(struct editor *editor)
{
	static const char *const heads[] = {"    - id: ", "      - kind: "};
	const char *head = heads[sim_random_below(editor->random, 2)];
	unsigned line;

	if (!find_text(editor, head, (unsigned)sim_random_below(editor->random, 2), &line) ||
	    line + 1 >= editor->count)
		return false;
	replace(editor, editor->lines[line].at, editor->lines[line].size + strspn(head, " ") + 2,
		head[4] == '-' ? "    - " : "      - ");
	editor->file->expected = WIRELOG_CONFIG_VALUE;
	editor->file->expected_line = 0;
	return true;
}

static bool missing(struct editor *editor)
{
	static const char *const keys[] = {"uuid",   "node",	  "address",   "socket",
					   "socket", "interface", "interface", "device"};
	const char *key = keys[sim_random_below(editor->random, 8)];
	unsigned line;

	if (sim_random_below(editor->random, 3) == 0)
		return missing_head(editor);
	/* A memif without a peer; a device of EAL is an Ethernet link then. */
	if (sim_random_below(editor->random, 6) == 0 &&
	    find_text(editor, "      - kind: memif", 0, &line))
		line++;
	else if (!find(editor, key, false, &line))
		return false;
	replace(editor, editor->lines[line].at, editor->lines[line].size, "");
	editor->file->expected = WIRELOG_CONFIG_VALUE;
	editor->file->expected_line = 0;
	return true;
}

static bool garbage(struct editor *editor)
{
	struct sim_config_file *file = editor->file;

	file->size = 1 + sim_random_below(editor->random, 4096);
	for (size_t at = 0; at < file->size; at++)
		file->bytes[at] = (char)sim_random_next(editor->random);
	file->bytes[0] = '\x01';
	file->expected = WIRELOG_CONFIG_SYNTAX;
	return true;
}

static bool empty(struct editor *editor)
{
	static const struct {
		const char *text;
		int status;
	} texts[] = {{"", WIRELOG_CONFIG_SYNTAX},
		     {"\n\n", WIRELOG_CONFIG_SYNTAX},
		     {"# nothing yet\n", WIRELOG_CONFIG_SYNTAX},
		     {"---\n...\n", WIRELOG_CONFIG_VALUE}};
	unsigned which = (unsigned)sim_random_below(editor->random, 4);

	editor->file->size = strlen(texts[which].text);
	memcpy(editor->file->bytes, texts[which].text, editor->file->size);
	editor->file->expected = texts[which].status;
	return true;
}

static bool many(struct editor *editor)
{
	unsigned line;

	if (!find_at(editor, "nodes", "", 0, &line))
		return false;
	for (unsigned more = 0; more < WIRELOG_NODES_MAX; more++)
		insert(editor, line + 1, "    - id: 7\n");
	expect(editor, WIRELOG_CONFIG_VALUE, line);
	editor->file->expected_line = 0;
	return true;
}

static bool cut(struct editor *editor)
{
	editor->file->size = sim_random_below(editor->random, editor->file->size);
	editor->file->unforeseen = true;
	return true;
}

static bool gone(struct editor *editor)
{
	editor->file->expected = WIRELOG_CONFIG_UNREADABLE;
	return true;
}

static bool flipped(struct editor *editor)
{
	struct sim_config_file *file = editor->file;

	for (uint64_t left = 1 + sim_random_below(editor->random, 3); left > 0; left--)
		file->bytes[sim_random_below(editor->random, file->size)] ^=
			(char)(1u << sim_random_below(editor->random, 8));
	file->unforeseen = true;
	return true;
}

void sim_config_file_edit(struct sim_config_file *file, enum sim_config_edit edit,
			  struct sim_random *random)
{
	static bool (*const mistakes[SIM_EDITS])(struct editor *) = {
		[SIM_EDIT_UNKNOWN_KEY] = unknown_key,
		[SIM_EDIT_DUPLICATE_KEY] = duplicate_key,
		[SIM_EDIT_WRONG_TYPE] = wrong_type,
		[SIM_EDIT_WRONG_VALUE] = wrong_value,
		[SIM_EDIT_CONFLICT] = conflict,
		[SIM_EDIT_MISSING] = missing,
		[SIM_EDIT_GARBAGE] = garbage,
		[SIM_EDIT_EMPTY] = empty,
		[SIM_EDIT_MANY] = many,
		[SIM_EDIT_CUT] = cut,
		[SIM_EDIT_FLIPPED] = flipped,
		[SIM_EDIT_GONE] = gone,
	};
	struct editor editor = {.file = file, .random = random};

	if (edit >= SIM_EDITS || !mistakes[edit])
		return;
	split(&editor);
	if (mistakes[edit](&editor)) {
		file->edit = edit;
		file->parsed = false;
	}
}
