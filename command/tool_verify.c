/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_verify.h"

#include <inttypes.h>
#include <string.h>

#define COPIES_TEXT_BYTES 32u

/* ---- looking ------------------------------------------------------------------------------------ */

static void find_range(const struct wl_verify_journal *found,
		       const struct wl_recovery_damage *damage, struct wl_store *store,
		       struct wl_verify_place *begin, struct wl_verify_place *end)
{
	wl_verify_find_place(begin, store, found->journal, found->segment_bytes, damage->begin);
	wl_verify_find_place(end, store, found->journal, found->segment_bytes,
			     damage->end != 0 ? damage->end - 1 : 0);
	end->offset = damage->end;
	end->byte++;
}

void wl_verify_look(struct wl_verify_journal *found, const struct wl_tool_journal *journal,
		    struct wl_store *store)
{
	const struct wl_recovery *recovery = &journal->recovery;
	const struct wl_log *log = &journal->log;
	uint32_t id = journal->source.journal;
	uint64_t segment_bytes = journal->source.segment_bytes;

	*found = (struct wl_verify_journal){
		.journal = id,
		.first_segment = journal->source.first_segment,
		.segments = journal->source.segments,
		.first_index = log->begin.position.index + 1,
		.first_number = log->begin.next_number,
		.opens_at = wl_tool_journal_base(journal),
		.opens_by = journal->load.verdict,
		.nowhere = journal->nowhere,
		.damaged_below = journal->damaged_below,
		.below = journal->below,
		.segment_bytes = segment_bytes,
		.stream_bytes = recovery->last_good_end,
		.last_index = log->tail.index,
		.last_number = log->next_number - 1,
		.last_term = log->tail.term,
		.term_count = log->term_count,
		.known_commit = recovery->known_commit,
		.chain = log->tail_chain,
		.wanted_chain = journal->chain,
		.wanted_chain_known = journal->chain_known,
		.dead_ranges = log->dead_count,
		.damaged = wl_tool_journal_is_damaged(journal),
		.torn_tail = !wl_tool_journal_is_damaged(journal) &&
			     recovery->damage.kind == WL_DAMAGE_TORN_TAIL,
		.damage = recovery->damage,
	};
	find_range(found, &journal->below, store, &found->below_begin, &found->below_end);
	found->commit_chain_known =
		wl_log_chain_at(log, recovery->known_commit, &found->commit_chain) == WL_LOG_KNOWN;
	find_range(found, &recovery->damage, store, &found->begin, &found->end);
}

static int look_at(struct wl_store *store, uint32_t id, uint64_t chain_index,
		   struct wl_verify_journal *found)
{
	const struct wl_superblock *superblock = wl_store_superblock(store);
	struct wl_tool_journal_store of = {store, id};
	struct wl_tool_journal_source source;
	struct wl_tool_journal journal;
	struct wl_tool_bases bases = {0};
	int status;

	wl_tool_journal_of_store(&of, &source);
	source.chain_index = chain_index;
	source.from_begin = true;
	status = wl_tool_journal_open(&journal, &source);
	if (status == 0)
		wl_verify_look(found, &journal, store);
	if (status == 0)
		status = wl_tool_holes_look(&found->holes, &journal, store);
	if (status == 0)
		status = wl_tool_bases_look(&bases, &journal);
	memcpy(found->bases, bases.places, sizeof(found->bases));
	wl_tool_journal_close(&journal);
	found->term = superblock->journals[id].term;
	found->vote = superblock->journals[id].vote;
	return status;
}

int wl_verify_store(struct wl_verify_report *report, const char *path, uint64_t chain_index,
		    char *reason, size_t reason_bytes)
{
	const struct wl_store_config config = {.path = path, .read_only = true};
	const struct wl_superblock *superblock;
	struct wl_store *store;
	int status;

	memset(report, 0, sizeof(*report));
	status = wl_store_open(&store, &config, reason, reason_bytes);
	if (status != 0)
		return status;
	superblock = wl_store_superblock(store);
	memcpy(report->cluster, superblock->cluster, sizeof(report->cluster));
	report->node = superblock->node;
	report->journal_count = superblock->journal_count;
	report->boot_count = superblock->boot_count;
	report->is_block_device = wl_store_is_block_device(store);
	report->damaged_copies = wl_store_damaged_copies(store);
	for (uint32_t id = 0; id < report->journal_count && status == 0; id++)
		status = look_at(store, id, chain_index, &report->journals[id]);
	wl_store_close(store);
	if (status != 0)
		snprintf(reason, reason_bytes, "%s: %s", path, wirelog_status_cause(status));
	return status;
}

/* A base that is not whole is none, as long as a start finds the other one, or the origin: the next one is written there. */
static bool journal_is_damaged(const struct wl_verify_journal *journal)
{
	for (unsigned place = 0; place < WL_BASE_PLACES; place++)
		if (journal->bases[place].state == WL_TOOL_BASE_DIFFERS)
			return true;
	return journal->damaged || journal->damaged_below;
}

bool wl_verify_is_damaged(const struct wl_verify_report *report)
{
	for (uint32_t id = 0; id < report->journal_count; id++)
		if (journal_is_damaged(&report->journals[id]))
			return true;
	return false;
}

/* ---- showing ------------------------------------------------------------------------------------ */

static void format_cluster(const uint8_t cluster[16], char text[37])
{
	char *to = text;

	for (int at = 0; at < 16; at++)
		to += sprintf(to, "%s%02x", at == 4 || at == 6 || at == 8 || at == 10 ? "-" : "",
			      cluster[at]);
}

static void print_range(FILE *out, const struct wl_recovery_damage *damage,
			const struct wl_verify_place *begin, const struct wl_verify_place *end)
{
	fprintf(out,
		"stream offset %" PRIu64 " to %" PRIu64 ", behind entry %" PRIu64 "\n            ",
		damage->begin, damage->end, damage->last_good_index);
	wl_verify_print_place(out, begin);
	fprintf(out, " to ");
	wl_verify_print_place(out, end);
	fprintf(out, "\n");
}

static void print_chains(FILE *out, uint64_t chain_index, const struct wl_verify_journal *journal)
{
	fprintf(out, "  chain     %016" PRIx64 " behind entry %" PRIu64 ", the last\n",
		journal->chain, journal->last_index);
	if (journal->commit_chain_known && journal->known_commit != journal->last_index)
		fprintf(out,
			"            %016" PRIx64 " behind entry %" PRIu64 ", known as committed\n",
			journal->commit_chain, journal->known_commit);
	if (chain_index != 0 && journal->wanted_chain_known)
		fprintf(out, "            %016" PRIx64 " behind entry %" PRIu64 ", asked for\n",
			journal->wanted_chain, chain_index);
	else if (chain_index != 0)
		fprintf(out, "            there is no entry %" PRIu64 "\n", chain_index);
}

static void print_base(FILE *out, unsigned place, const struct wl_tool_base *base)
{
	if (base->verdict == WL_BASE_EMPTY)
		return;
	if (base->verdict != WL_BASE_OK) {
		fprintf(out, "  base %u    %s: the next one is written there\n", place,
			wl_base_verdict_name(base->verdict));
		return;
	}
	fprintf(out, "  base %u    of entry %" PRIu64 ", digest %016" PRIx64 ", ", place,
		base->header.log.position.index, base->header.digest);
	if (base->state == WL_TOOL_BASE_NOT_COMPARED)
		fprintf(out, "whole; what it was made of is not there to compare\n");
	else
		fprintf(out, "%s what the entries behind %" PRIu64 " make\n",
			base->state == WL_TOOL_BASE_SAME ? "is" : "DIFFERS from", base->made_from);
}

static void print_extent(FILE *out, const struct wl_verify_journal *journal)
{
	if (journal->last_index < journal->first_index)
		fprintf(out, "  entries   none\n");
	else
		fprintf(out,
			"  entries   %" PRIu64 " to %" PRIu64 "; %u term%s, the last is %" PRIu64
			"\n",
			journal->first_index, journal->last_index, journal->term_count,
			journal->term_count == 1 ? "" : "s", journal->last_term);
	if (journal->last_number < journal->first_number)
		fprintf(out, "  records   none\n");
	else
		fprintf(out, "  records   %" PRIu64 " to %" PRIu64 "\n", journal->first_number,
			journal->last_number);
	if (journal->first_index > 1)
		fprintf(out,
			"  begins    at segment %" PRIu64 ": what stood before entry %" PRIu64
			" was given up\n",
			journal->first_segment, journal->first_index);
	if (journal->opens_at != 0)
		fprintf(out, "  opens     at the base of entry %" PRIu64 "\n", journal->opens_at);
	for (unsigned place = 0; place < WL_BASE_PLACES; place++)
		print_base(out, place, &journal->bases[place]);
}

static void print_damage(FILE *out, const struct wl_verify_journal *journal)
{
	if (journal->torn_tail) {
		fprintf(out, "  torn-tail ");
		print_range(out, &journal->damage, &journal->begin, &journal->end);
		fprintf(out,
			"            a write that was cut off and never acknowledged: no damage, "
			"the node cuts it away when it starts\n");
	}
	if (journal->damaged_below) {
		fprintf(out, "  DAMAGE    %s: ", wl_recovery_damage_name(journal->below.kind));
		print_range(out, &journal->below, &journal->below_begin, &journal->below_end);
		fprintf(out,
			"            before the base: the node starts without it, readers miss it\n");
	}
	if (journal->nowhere)
		fprintf(out,
			"  DAMAGE    no-base: no whole base of this journal (%s), and its beginning is given up or not its own\n",
			wl_base_verdict_name(journal->opens_by));
	else if (journal->damaged) {
		fprintf(out, "  DAMAGE    %s: ", wl_recovery_damage_name(journal->damage.kind));
		print_range(out, &journal->damage, &journal->begin, &journal->end);
	}
	wl_tool_holes_print(out, &journal->holes);
}

static void print_journal(FILE *out, uint64_t chain_index, const struct wl_verify_journal *journal)
{
	uint64_t segments = journal->segments - journal->first_segment;

	fprintf(out, "journal %u\n", journal->journal);
	print_extent(out, journal);
	print_chains(out, chain_index, journal);
	if (journal->vote != 0)
		fprintf(out, "  promised  term %" PRIu64 ", vote for node %" PRIu64 "\n",
			journal->term, journal->vote);
	else
		fprintf(out, "  promised  term %" PRIu64 ", no vote\n", journal->term);
	fprintf(out,
		"  stream    %" PRIu64 " bytes in use, %" PRIu64 " segment%s of %" PRIu64 " MiB\n",
		journal->stream_bytes, segments, segments == 1 ? "" : "s",
		journal->segment_bytes >> 20);
	if (journal->dead_ranges != 0)
		fprintf(out,
			"  cuts      %u: uncommitted entries that another leader's superseded\n",
			journal->dead_ranges);
	print_damage(out, journal);
}

static void list_copies(unsigned mask, char text[COPIES_TEXT_BYTES])
{
	size_t length = 0;

	text[0] = '\0';
	for (unsigned copy = 0; copy < WL_SUPERBLOCK_COPIES; copy++)
		if ((mask & 1u << copy) != 0)
			length += (size_t)snprintf(text + length, COPIES_TEXT_BYTES - length,
						   "%s%u", length != 0 ? ", " : "", copy);
}

void wl_verify_print(FILE *out, const char *path, uint64_t chain_index,
		     const struct wl_verify_report *report)
{
	char cluster[37], copies[COPIES_TEXT_BYTES];

	format_cluster(report->cluster, cluster);
	fprintf(out, "%s: node %u of cluster %s, a %s, %u journal%s\n", path, report->node, cluster,
		report->is_block_device ? "block device" : "directory", report->journal_count,
		report->journal_count == 1 ? "" : "s");
	if (report->damaged_copies != 0) {
		list_copies(report->damaged_copies, copies);
		fprintf(out,
			"superblock: copy %s of four is damaged; the others are enough, and the next "
			"start writes it anew\n",
			copies);
	}
	for (uint32_t id = 0; id < report->journal_count; id++)
		print_journal(out, chain_index, &report->journals[id]);
	fprintf(out, "%s\n", wl_verify_is_damaged(report) ? "DAMAGED" : "clean");
}

/* 64-bit identities as text: JSON's numbers do not hold them everywhere. */
static json_t *hexadecimal(uint64_t value, bool known)
{
	char text[17];

	if (!known)
		return json_null();
	snprintf(text, sizeof(text), "%016" PRIx64, value);
	return json_string(text);
}

static json_t *range_json(const struct wl_recovery_damage *damage,
			  const struct wl_verify_place *begin, const struct wl_verify_place *end)
{
	return json_pack("{s:s, s:I, s:o, s:o}", "kind", wl_recovery_damage_name(damage->kind),
			 "last_good_index", (json_int_t)damage->last_good_index, "begin",
			 wl_verify_place_json(begin), "end", wl_verify_place_json(end));
}

static json_t *base_json(const struct wl_tool_base *base)
{
	bool whole = base->verdict == WL_BASE_OK;

	return json_pack("{s:s, s:I, s:o, s:s}", "verdict", wl_base_verdict_name(base->verdict),
			 "index", (json_int_t)(whole ? base->header.log.position.index : 0),
			 "digest", hexadecimal(base->header.digest, whole), "state",
			 wl_tool_base_state_name(base->state));
}

static void add_ranges(json_t *object, const struct wl_verify_journal *journal)
{
	json_t *range = range_json(&journal->damage, &journal->begin, &journal->end);

	json_object_set(object, "torn_tail", journal->torn_tail ? range : json_null());
	json_object_set(object, "damage",
			journal->damaged && !journal->nowhere ? range : json_null());
	json_decref(range);
	json_object_set_new(object, "damage_below_base",
			    journal->damaged_below
				    ? range_json(&journal->below, &journal->below_begin,
						 &journal->below_end)
				    : json_null());
	json_object_set_new(object, "holes", wl_tool_holes_json(&journal->holes));
}

static json_t *journal_json(uint64_t chain_index, const struct wl_verify_journal *journal)
{
	json_t *bases = json_array();
	json_t *object = json_pack(
		"{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:I, s:I, s:i, s:I, s:I, s:I}",
		"journal", (int)journal->journal, "first_index", (json_int_t)journal->first_index,
		"first_number", (json_int_t)journal->first_number, "first_segment",
		(json_int_t)journal->first_segment, "opens_at", (json_int_t)journal->opens_at,
		"last_index", (json_int_t)journal->last_index, "last_number",
		(json_int_t)journal->last_number, "last_term", (json_int_t)journal->last_term,
		"terms", (int)journal->term_count, "promised_term", (json_int_t)journal->term,
		"vote", (json_int_t)journal->vote, "cuts", (int)journal->dead_ranges,
		"stream_bytes", (json_int_t)journal->stream_bytes, "segments",
		(json_int_t)journal->segments, "segment_bytes", (json_int_t)journal->segment_bytes);

	json_object_set_new(object, "chain",
			    json_pack("{s:I, s:o}", "index", (json_int_t)journal->last_index,
				      "value", hexadecimal(journal->chain, true)));
	json_object_set_new(
		object, "commit_chain",
		json_pack("{s:I, s:o}", "index", (json_int_t)journal->known_commit, "value",
			  hexadecimal(journal->commit_chain, journal->commit_chain_known)));
	if (chain_index != 0)
		json_object_set_new(
			object, "wanted_chain",
			json_pack("{s:I, s:o}", "index", (json_int_t)chain_index, "value",
				  hexadecimal(journal->wanted_chain, journal->wanted_chain_known)));
	for (unsigned place = 0; place < WL_BASE_PLACES; place++)
		json_array_append_new(bases, base_json(&journal->bases[place]));
	json_object_set_new(object, "bases", bases);
	json_object_set_new(object, "no_base", json_boolean(journal->nowhere));
	add_ranges(object, journal);
	return object;
}

json_t *wl_verify_json(const char *path, uint64_t chain_index,
		       const struct wl_verify_report *report)
{
	json_t *journals = json_array(), *copies = json_array();
	char cluster[37];

	format_cluster(report->cluster, cluster);
	for (uint32_t id = 0; id < report->journal_count; id++)
		json_array_append_new(journals, journal_json(chain_index, &report->journals[id]));
	for (unsigned copy = 0; copy < WL_SUPERBLOCK_COPIES; copy++)
		if ((report->damaged_copies & 1u << copy) != 0)
			json_array_append_new(copies, json_integer((json_int_t)copy));
	return json_pack("{s:s, s:b, s:i, s:s, s:s, s:I, s:o, s:o}", "path", path, "clean",
			 !wl_verify_is_damaged(report), "node", (int)report->node, "cluster",
			 cluster, "kind", report->is_block_device ? "block_device" : "directory",
			 "boot_count", (json_int_t)report->boot_count, "damaged_superblock_copies",
			 copies, "journals", journals);
}
