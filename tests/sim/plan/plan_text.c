/* SPDX-License-Identifier: BSD-3-Clause */
/* The dialect of plans: read from scenario files, written by shrinking. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/log/recovery.h"
#include "tests/sim/server/damage.h"
#include "tests/sim/network/words.h"
#include "tests/sim/plan/plan.h"

enum kind {
	NONE,
	NODE, /* a number, leader, any */
	NUMBER,
	TIME, /* 120ms, 5us, 2s, 7ns */
	WAY, /* of damage: rot-entry, drop-segment, ... */
	VERDICT, /* of a start: none, rot, cut-short, record, ... */
	SEEN, /* a word: enum sim_seen */
	KIND, /* of frame */
};

static const struct {
	const char *name;
	enum kind kinds[SIM_ARGUMENTS];
} verbs[SIM_VERBS] = {
	[SIM_NOISE] = {"noise", {NUMBER, NUMBER, NUMBER, TIME}},
	[SIM_CUT] = {"cut", {NODE, NODE}},
	[SIM_JOIN] = {"join", {NODE, NODE}},
	[SIM_SLOW_LINK] = {"slow-link", {NODE, NODE, TIME}},
	[SIM_CLIENT_PATH_MTU] = {"client-path-mtu", {NODE, NUMBER, NUMBER}},
	[SIM_PATH_MTU] = {"path-mtu", {NODE, NODE, NUMBER}},
	[SIM_HEAL] = {"heal", {NONE}},
	[SIM_SPLIT] = {"split", {NUMBER}},
	[SIM_LINKS] = {"links", {NUMBER}},
	[SIM_FLAP] = {"flap", {NODE, NODE, TIME}},
	[SIM_HOLD] = {"hold", {KIND, NODE, NODE}},
	[SIM_RELEASE] = {"release", {NONE}},
	[SIM_PASS] = {"pass", {NONE}},
	[SIM_CRASH] = {"crash", {NODE}},
	[SIM_KILL] = {"kill", {NODE}},
	[SIM_START] = {"start", {NODE}},
	[SIM_STALL] = {"stall", {NODE, NUMBER, TIME}},
	[SIM_SLOW] = {"slow-disk", {NODE, TIME}},
	[SIM_HANG] = {"hang-disk", {NODE, NUMBER}},
	[SIM_FULL] = {"full-disk", {NODE, NUMBER}},
	[SIM_FAIL_WRITE] = {"fail-write", {NODE}},
	[SIM_FAIL_READ] = {"fail-reads", {NODE, NUMBER}},
	[SIM_DRIFT] = {"drift", {NODE, NUMBER}},
	[SIM_COUNTER_BACK] = {"counter-back", {NODE, TIME}},
	[SIM_WALL] = {"wall", {NODE, NUMBER}},
	[SIM_REPLAY] = {"replay", {NODE, NUMBER}},
	[SIM_NO_BUFFERS] = {"no-buffers", {NODE, NUMBER}},
	[SIM_EXPIRE] = {"expire", {NODE}},
	[SIM_TRANSFER] = {"transfer", {NODE}},
	[SIM_STOP] = {"stop", {NODE}},
	[SIM_TEAR_TURN] = {"tear-turn", {NODE, NUMBER}},
	[SIM_TEAR_RECORD] = {"tear-record", {NODE}},
	[SIM_CUT_TELLER] = {"cut-teller", {NONE}},
	[SIM_END_ELECTED] = {"end-elected", {NUMBER}},
	[SIM_SNAPSHOT] = {"snapshot", {NODE}},
	[SIM_RESTORE] = {"restore", {NODE}},
	[SIM_WIPE] = {"wipe", {NODE}},
	[SIM_ROT] = {"rot", {NODE, NUMBER, NUMBER}},
	[SIM_NEW_CARD] = {"new-card", {NODE}},
	[SIM_LINK] = {"link", {NODE, NUMBER, NUMBER}},
	[SIM_BUFFERS] = {"buffers", {NODE, NUMBER}},
	[SIM_SENDS] = {"sends-per-ms", {NODE, NUMBER}},
	[SIM_MTU] = {"mtu", {NODE, NUMBER}},
	[SIM_STRANGER] = {"stranger", {NODE, NUMBER, NUMBER, TIME}},
	[SIM_BYSTANDER] = {"bystander", {TIME}},
	[SIM_IMPOSTOR] = {"impostor", {NODE, NUMBER, NUMBER, TIME}},
	[SIM_EXPECT_ANSWERS] = {"expect-answers", {NUMBER}},
	[SIM_EXPECT_TERMS_BELOW] = {"expect-terms-below", {NUMBER}},
	[SIM_DAMAGE] = {"damage", {NODE, WAY, NUMBER}},
	[SIM_LIE] = {"lie", {NODE, NUMBER}},
	[SIM_SHORT_READS] = {"short-reads", {NODE, NUMBER}},
	[SIM_MISREAD] = {"misread", {NODE, NUMBER}},
	[SIM_SLOW_OPEN] = {"slow-open", {NODE, TIME}},
	[SIM_FAIL_OPEN] = {"fail-open", {NODE, NUMBER}},
	[SIM_FAIL_PREPARE] = {"fail-prepare", {NODE, NUMBER}},
	[SIM_HANG_MAKER] = {"hang-maker", {NODE, NUMBER}},
	[SIM_TEAR_START] = {"tear-start", {NODE}},
	[SIM_VERIFY] = {"verify", {NODE}},
	[SIM_LIMIT] = {"limit", {NODE, NUMBER}},
	[SIM_CONFIG] = {"config", {NODE, NUMBER}},
	[SIM_CHECK_CONFIG] = {"check-config", {NODE, NUMBER, NUMBER}},
	[SIM_DPDK] = {"dpdk-fails", {NODE, NUMBER}},
	[SIM_PAGES] = {"hugepages", {NODE, NUMBER, NUMBER}},
	[SIM_CORE] = {"core", {NODE, NUMBER}},
	[SIM_MEMORY] = {"memory", {NODE, NUMBER}},
	[SIM_KEYLESS] = {"keyless", {NODE}},
	[SIM_SESSIONS] = {"sessions", {NODE, NUMBER}},
	[SIM_EXTRA] = {"eal-extra", {NODE, NUMBER}},
	[SIM_NEWER] = {"newer-version", {NODE}},
	[SIM_TRANSFER_TO] = {"transfer-to", {NODE, NUMBER}},
	[SIM_ASK] = {"ask", {NODE}},
	[SIM_WATCH] = {"watch", {TIME}},
	[SIM_CONTRADICT] = {"contradict", {NODE}},
	[SIM_ROT_SESSIONS] = {"rot-sessions", {NODE, NUMBER}},
	[SIM_FAIL_RECORD] = {"fail-record", {NODE}},
	[SIM_COMPARE] = {"compare", {NODE}},
	[SIM_EXPECT_COMPARED] = {"expect-compared", {NUMBER, NUMBER, NUMBER}},
	[SIM_TRIM] = {"trim", {NODE, NUMBER}},
	[SIM_PROPOSE_TRIM] = {"propose-trim", {NODE, NUMBER}},
	[SIM_CONSUMER] = {"consumer", {NODE, NUMBER}},
	[SIM_SET_LIMIT] = {"set-limit", {NODE, NUMBER, NUMBER}},
	[SIM_PROPOSE_LIMIT] = {"propose-limit", {NODE, NUMBER, NUMBER}},
	[SIM_BUILD] = {"build", {NODE, NUMBER}},
	[SIM_FINALIZE] = {"finalize", {NODE}},
	[SIM_EXPECT_FEATURES] = {"expect-features", {NODE, NUMBER}},
	[SIM_KEY_FILE] = {"key-file", {NODE, NUMBER}},
	[SIM_ROTATE] = {"rotate", {NODE}},
	[SIM_CLIENT_KEYS] = {"client-keys", {NUMBER}},
	[SIM_EXPECT_KEYS] = {"expect-keys", {NODE, NUMBER}},
	[SIM_RESCUE] = {"rescue", {NODE}},
	[SIM_EXPECT_STRANGE] = {"expect-strange", {NODE, NODE, NUMBER}},
	[SIM_EXPECT_LIMIT] = {"expect-limit", {NODE, NUMBER, NUMBER}},
	[SIM_FLIP_BASE] = {"flip-base", {NODE}},
	[SIM_MEMBER] = {"member", {NODE, NUMBER, NODE, NUMBER}},
	[SIM_EXPECT_VOTES] = {"expect-votes", {NODE, NUMBER}},
	[SIM_EXPECT_LEARNS] = {"expect-learns", {NODE, NUMBER}},
	[SIM_EXPECT_JOINT] = {"expect-joint", {NUMBER}},
	[SIM_DESTROY] = {"destroy", {NODE, NUMBER}},
	[SIM_MISTAKE] = {"mistake", {NODE, NUMBER}},
	[SIM_EXPECT_BEGINS_LATER] = {"expect-begins-later", {NODE, NUMBER}},
	[SIM_EXPECT_FROM_BASE] = {"expect-from-base", {NODE, NUMBER}},
	[SIM_EXPECT_ARCHIVED] = {"expect-archived", {NODE, NUMBER}},
	[SIM_EXPECT_BASES] = {"expect-bases", {NODE, NUMBER}},
	[SIM_EXPECT_DORMANT] = {"expect-dormant", {NODE, NUMBER}},
	[SIM_EXPECT_MENDED] = {"expect-mended", {NODE, NUMBER}},
	[SIM_EXPECT_HEALED] = {"expect-healed", {NODE, NUMBER}},
	[SIM_EXPECT_LOST] = {"expect-lost", {NODE, NUMBER}},
	[SIM_EXPECT_COUNTS] = {"expect-counts", {NODE, NUMBER}},
	[SIM_EXPECT_SCRUBBED] = {"expect-scrubbed", {NODE, NUMBER, NUMBER}},
	[SIM_EXPECT_STATUS] = {"expect-status", {NODE, NUMBER}},
	[SIM_EXPECT_LEADER] = {"expect-leader", {NODE}},
	[SIM_EXPECT_NO_LEADER] = {"expect-no-leader", {NONE}},
	[SIM_EXPECT_COMMITS] = {"expect-commits", {NONE}},
	[SIM_EXPECT_SILENCE] = {"expect-silence", {NONE}},
	[SIM_EXPECT_FRAMES_BELOW] = {"expect-frames-below", {NUMBER}},
	[SIM_EXPECT_REFUSED] = {"expect-refused", {NODE}},
	[SIM_EXPECT_VERDICT] = {"expect-verdict", {NODE, VERDICT}},
	[SIM_EXPECT_SEEN] = {"expect-seen", {SEEN}},
	[SIM_EXPECT_LEADS] = {"expect-leads", {NODE, NUMBER}},
	[SIM_EXPECT_TERM_RISE_BELOW] = {"expect-term-rise-below", {NUMBER}},
	[SIM_EXPECT_CAUGHT_UP] = {"expect-caught-up", {NODE, NUMBER}},
	[SIM_EXPECT_HAS_TAIL] = {"expect-has-tail", {NODE, NUMBER}},
	[SIM_EXPECT_STREAMS] = {"expect-streams", {NODE, NUMBER}},
	[SIM_EXPECT_APART] = {"expect-apart", {NODE, NUMBER}},
	[SIM_EXPECT_HELD] = {"expect-held", {NUMBER}},
	[SIM_APPENDS] = {"appends", {NUMBER}},
	[SIM_STRAY] = {"stray", {NUMBER}},
};

static const char *const seen_names[SIM_SEENS] = {
	[SIM_SEEN_WEAKER] = "weaker-answer",
	[SIM_SEEN_WEAKER_LOST] = "weaker-lost",
	[SIM_SEEN_EVERYWHERE] = "everywhere",
	[SIM_SEEN_TOLD_AGAIN] = "told-again",
	[SIM_SEEN_TOO_LARGE] = "too-large",
	[SIM_SEEN_BACK_PRESSURE] = "back-pressure",
	[SIM_SEEN_NO_SPACE] = "no-space",
	[SIM_SEEN_DEATHS] = "client-death",
	[SIM_SEEN_RECORD_READ] = "record-read",
	[SIM_SEEN_RESUMED] = "resumed",
	[SIM_SEEN_TIME_START] = "start-at-time",
	[SIM_SEEN_NOW_START] = "start-now",
	[SIM_SEEN_TOO_MANY] = "too-many-readers",
	[SIM_SEEN_LOST] = "lost-record",
	[SIM_SEEN_MISCHIEF] = "mischief",
	[SIM_SEEN_ROGUE_REFUSED] = "rogue-refused",
	[SIM_SEEN_TRIMMED] = "trimmed",
	[SIM_SEEN_RESCUED] = "rescued",
	[SIM_SEEN_DIVERGED] = "diverged",
	[SIM_SEEN_OTHER_HISTORY] = "other-history",
	[SIM_SEEN_DRAWN_AGAIN] = "drawn-again",
	[SIM_SEEN_PATH_MTU] = "path-mtu",
	[SIM_SEEN_TAKEN] = "checkpoint-taken",
	[SIM_SEEN_CONFIRMED] = "checkpoint-confirmed",
	[SIM_SEEN_DROPPED] = "checkpoint-dropped",
	[SIM_SEEN_END] = "end-told",
	[SIM_SEEN_NEVER] = "never-told",
	[SIM_SEEN_FENCED] = "fenced",
};

const char *sim_seen_name(enum sim_seen which)
{
	return seen_names[which];
}

static const struct {
	const char *name;
	size_t offset;
	enum kind kind;
} settings[] = {
	{"seed", offsetof(struct sim_plan, seed), NUMBER},
	{"nodes", offsetof(struct sim_plan, nodes), NUMBER},
	{"joins", offsetof(struct sim_plan, joins), NUMBER},
	{"journals", offsetof(struct sim_plan, journals), NUMBER},
	{"workers", offsetof(struct sim_plan, workers), NUMBER},
	{"clients", offsetof(struct sim_plan, clients), NUMBER},
	{"library", offsetof(struct sim_plan, library), NUMBER},
	{"consumers", offsetof(struct sim_plan, consumers), NUMBER},
	{"asks", offsetof(struct sim_plan, asks), NUMBER},
	{"mtu", offsetof(struct sim_plan, mtu), NUMBER},
	{"sessions", offsetof(struct sim_plan, sessions_max), NUMBER},
	{"segment-bytes", offsetof(struct sim_plan, segment_bytes), NUMBER},
	{"segments", offsetof(struct sim_plan, segments_max), NUMBER},
	{"ring-bytes", offsetof(struct sim_plan, ring_bytes), NUMBER},
	{"faults-for", offsetof(struct sim_plan, fault_ns), TIME},
	{"core", offsetof(struct sim_plan, core), NUMBER},
	{"outstanding", offsetof(struct sim_plan, outstanding_max), NUMBER},
	{"liar", offsetof(struct sim_plan, liar), NUMBER},
	{"wiring", offsetof(struct sim_plan, wiring), NUMBER},
	{"levels", offsetof(struct sim_plan, levels), NUMBER},
	{"edge-sizes", offsetof(struct sim_plan, edge_sizes), NUMBER},
	{"record-bytes", offsetof(struct sim_plan, record_bytes), NUMBER},
	{"session-records", offsetof(struct sim_plan, session_records), NUMBER},
	{"alike", offsetof(struct sim_plan, alike), NUMBER},
	{"deaths", offsetof(struct sim_plan, deaths), NUMBER},
	{"readers", offsetof(struct sim_plan, readers), NUMBER},
	{"slow-readers", offsetof(struct sim_plan, slow_readers), NUMBER},
	{"starts", offsetof(struct sim_plan, starts), NUMBER},
	{"rogues", offsetof(struct sim_plan, rogues), NUMBER},
	{"reply-slots", offsetof(struct sim_plan, reply_slots), NUMBER},
	{"clients-max", offsetof(struct sim_plan, clients_max), NUMBER},
	{"client-idle", offsetof(struct sim_plan, client_idle_ns), TIME},
	{"subscriptions", offsetof(struct sim_plan, subscriptions_max), NUMBER},
	{"read-buffers", offsetof(struct sim_plan, read_buffers), NUMBER},
	{"reader-idle", offsetof(struct sim_plan, reader_idle_ns), TIME},
	{"scrub", offsetof(struct sim_plan, scrub_ns), TIME},
	{"archive", offsetof(struct sim_plan, archive), NUMBER},
	{"archive-fails", offsetof(struct sim_plan, archive_fails), NUMBER},
	{"base-every", offsetof(struct sim_plan, base_every), NUMBER},
	{"retention-bytes", offsetof(struct sim_plan, retention_bytes), NUMBER},
	{"retention-age", offsetof(struct sim_plan, retention_age_ns), TIME},
	{"raw", offsetof(struct sim_plan, raw), NUMBER},
	{"think", offsetof(struct sim_plan, think_ns), TIME},
	{"patience", offsetof(struct sim_plan, patience), NUMBER},
	{"prefers", offsetof(struct sim_plan, prefers), NUMBER},
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static const struct {
	const char *suffix;
	uint64_t ns;
} units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};

static void write_time(uint64_t ns, FILE *file)
{
	unsigned unit = 3;

	while (unit > 0 && ns % units[unit].ns != 0)
		unit--;
	fprintf(file, "%llu%s", (unsigned long long)(ns / units[unit].ns), units[unit].suffix);
}

static const char *name_of_way(uint64_t value)
{
	return sim_damage_name((enum sim_damage_way)value);
}

static const char *name_of_verdict(uint64_t value)
{
	static const char *const refusals[] = {"",    "", "record", "version", "foreign-record",
					       "base"};

	if (value >= SIM_VERDICT_REFUSAL)
		return value < SIM_VERDICT_REFUSAL + sizeof(refusals) / sizeof(refusals[0])
			       ? refusals[value - SIM_VERDICT_REFUSAL]
			       : NULL;
	return value <= WL_DAMAGE_READ_FAILED
		       ? wl_recovery_damage_name((enum wl_recovery_damage_kind)value)
		       : "";
}

/* The number that has this name. */
static bool read_name(const char *word, const char *(*name)(uint64_t), uint64_t *value)
{
	for (*value = 0; name(*value); ++*value) {
		if (strcmp(word, name(*value)) == 0)
			return true;
	}
	return false;
}

static void write_value(uint64_t value, enum kind kind, FILE *file)
{
	if (kind == TIME)
		write_time(value, file);
	else if (kind == WAY)
		fputs(name_of_way(value), file);
	else if (kind == VERDICT)
		fputs(name_of_verdict(value), file);
	else if (kind == KIND)
		fputs(sim_words_name((uint8_t)value), file);
	else if (kind == NODE && value == SIM_NODE_LEADER)
		fputs("leader", file);
	else if (kind == SEEN)
		fputs(seen_names[value], file);
	else if (kind == NODE && value == SIM_NODE_ANY)
		fputs("any", file);
	else
		fprintf(file, "%llu", (unsigned long long)value);
}

void sim_action_write(const struct sim_action *action, FILE *file)
{
	fputs("at ", file);
	write_time(action->at_ns, file);
	fprintf(file, " %s", verbs[action->verb].name);
	for (unsigned at = 0; at < SIM_ARGUMENTS && verbs[action->verb].kinds[at] != NONE; at++) {
		fputc(' ', file);
		write_value(action->argument[at], verbs[action->verb].kinds[at], file);
	}
	fputc('\n', file);
}

void sim_plan_write(const struct sim_plan *plan, FILE *file)
{
	for (unsigned at = 0; at < SETTINGS; at++) {
		uint64_t value = *(const uint64_t *)((const char *)plan + settings[at].offset);

		fprintf(file, "set %s ", settings[at].name);
		write_value(value, settings[at].kind, file);
		fputc('\n', file);
	}
	for (size_t at = 0; at < plan->count; at++)
		sim_action_write(&plan->actions[at], file);
}

static bool read_value(const char *word, enum kind kind, uint64_t *value)
{
	char *end;

	if (!word)
		return false;
	if (kind == SEEN) {
		for (*value = 0; *value < SIM_SEENS; (*value)++) {
			if (strcmp(word, seen_names[*value]) == 0)
				return true;
		}
		return false;
	}
	if (kind == KIND) {
		*value = sim_words_type(word);
		return *value != 0;
	}
	if (kind == NODE && strcmp(word, "leader") == 0) {
		*value = SIM_NODE_LEADER;
		return true;
	}
	if (kind == NODE && strcmp(word, "any") == 0) {
		*value = SIM_NODE_ANY;
		return true;
	}
	if (kind == WAY || kind == VERDICT)
		return read_name(word, kind == WAY ? name_of_way : name_of_verdict, value);
	errno = 0;
	*value = strtoull(word, &end, 0);
	if (end == word || errno != 0)
		return false;
	if (kind != TIME)
		return *end == '\0' && (kind != NODE || (*value >= 1 && *value <= 7));
	for (unsigned unit = 0; unit < 4; unit++) {
		if (strcmp(end, units[unit].suffix) == 0) {
			*value *= units[unit].ns;
			return true;
		}
	}
	return false;
}

static const char *read_setting(struct sim_plan *plan)
{
	const char *name = strtok(NULL, " \t\n");

	for (unsigned at = 0; name && at < SETTINGS; at++) {
		uint64_t *value = (uint64_t *)((char *)plan + settings[at].offset);

		if (strcmp(name, settings[at].name) == 0)
			return read_value(strtok(NULL, " \t\n"), settings[at].kind, value)
				       ? NULL
				       : "not a value";
	}
	return "not a setting";
}

static const char *read_action(struct sim_plan *plan)
{
	struct sim_action action = {0};
	const char *name;

	if (!read_value(strtok(NULL, " \t\n"), TIME, &action.at_ns))
		return "not a time (120ms, 5us, 2s)";
	name = strtok(NULL, " \t\n");
	while (name && action.verb < SIM_VERBS && strcmp(name, verbs[action.verb].name) != 0)
		action.verb++;
	if (!name || action.verb == SIM_VERBS)
		return "not an action";
	for (unsigned at = 0; at < SIM_ARGUMENTS && verbs[action.verb].kinds[at] != NONE; at++) {
		if (!read_value(strtok(NULL, " \t\n"), verbs[action.verb].kinds[at],
				&action.argument[at]))
			return "an argument is missing or wrong";
	}
	sim_plan_add(plan, action.at_ns, action.verb, action.argument[0], action.argument[1],
		     action.argument[2], action.argument[3]);
	return NULL;
}

static const char *read_line(struct sim_plan *plan, char *line)
{
	char *comment = strchr(line, '#');
	const char *word, *wrong;

	if (comment)
		*comment = '\0';
	word = strtok(line, " \t\n");
	if (!word)
		return NULL;
	if (strcmp(word, "set") == 0)
		wrong = read_setting(plan);
	else if (strcmp(word, "at") == 0)
		wrong = read_action(plan);
	else
		return "a line begins with set, at or #";
	if (!wrong && strtok(NULL, " \t\n"))
		return "too many words";
	return wrong;
}

bool sim_plan_read(struct sim_plan *plan, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[512];
	unsigned number = 0;
	bool good = true;

	if (!file) {
		perror(path);
		return false;
	}
	sim_plan_init(plan, 1);
	while (fgets(line, sizeof(line), file)) {
		const char *wrong = read_line(plan, line);

		number++;
		if (wrong) {
			fprintf(stderr, "%s:%u: %s\n", path, number, wrong);
			good = false;
		}
	}
	fclose(file);
	if (plan->wiring > 4 || (plan->wiring != 0 && plan->workers > 1)) {
		fprintf(stderr, "%s: wiring 0..4, and 0 with several workers\n", path);
		good = false;
	}
	if (plan->nodes < 1 || plan->nodes > 7 || plan->clients > 8 || plan->fault_ns == 0 ||
	    plan->journals < 1 || plan->journals > 2 || plan->workers < 1 ||
	    plan->workers > plan->journals) {
		fprintf(stderr,
			"%s: nodes 1..7, journals 1..2, workers 1..journals, clients 0..8, faults-for > 0\n",
			path);
		good = false;
	}
	if (plan->record_bytes < 6000 || plan->record_bytes > 16000 || plan->rogues > 2) {
		fprintf(stderr, "%s: record-bytes 6000..16000, rogues 0..2\n", path);
		good = false;
	}
	sim_plan_sort(plan);
	return good;
}
