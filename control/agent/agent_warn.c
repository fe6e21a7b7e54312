/* SPDX-License-Identifier: BSD-3-Clause */
/* What an operator is warned of before it hurts: few terms are left, a clock is astray, an address is there twice. Each once, until it changes. */
#include "control/agent/agent.h"
#include "control/agent/agent_steps.h"
#include "dataplane/base/check.h"

#define TERMS_STEP 1024u /* told again after so many more */
/* A leader may be a second ahead of a majority's clocks, and its follower one behind. */
#define STAMPS_AHEAD_NS 5000000000u
#define STAMPS_AGREE_NS 3000000000u

void wl_agent_say(struct wl_agent *agent, const struct wl_agent_line *line)
{
	WL_CHECK(line->journal < WIRELOG_JOURNALS_MAX);
	if (agent->ops.log)
		agent->ops.log(agent->ops.context, line);
}

void wl_agent_set_terms_left(struct wl_agent *agent, uint32_t journal, uint64_t left)
{
	const struct wl_agent_line line = {
		.kind = WL_AGENT_FEW_TERMS,
		.journal = (uint16_t)journal,
		.node = agent->config.node,
		.ours = left,
		.theirs = WL_LOG_TERMS_MAX,
		.text = left == 0
				? "no election can be won any more: nobody leads this journal once its leader stops"
				: "few terms are left; each election with entries uses one up, for good. Find out why there are so many",
	};
	uint64_t *told = &agent->terms_told[journal];

	WL_CHECK(journal < agent->config.journal_count);
	if (left > WL_LOG_TERMS_LOW || !agent->ops.log)
		return;
	if (*told != 0 && (left != 0 || *told == 1) && left + TERMS_STEP >= *told)
		return;
	*told = left + 1;
	wl_agent_say(agent, &line);
}

/* True when it changed: `told` has a bit for each journal. */
static bool note_change(uint32_t *told, uint32_t journal, bool is)
{
	bool was = (*told & 1u << journal) != 0;

	*told = is ? *told | 1u << journal : *told & ~(1u << journal);
	return is != was;
}

void wl_agent_set_clock(struct wl_agent *agent, uint32_t journal, bool is_astray,
			uint64_t stamps_ahead_ns)
{
	struct wl_agent_line line = {.journal = (uint16_t)journal, .node = agent->config.node};
	bool were_ahead = (agent->stamps_ahead & 1u << journal) != 0;
	bool are_ahead = stamps_ahead_ns > (were_ahead ? STAMPS_AGREE_NS : STAMPS_AHEAD_NS);

	WL_CHECK(journal < agent->config.journal_count);
	line.term = agent->elections[journal].term;
	if (note_change(&agent->clocks_astray, journal, is_astray) && agent->ops.log) {
		line.text =
			is_astray
				? "the wall clock of this node is more than a second off those of a "
				  "majority: stamps do not follow it; set it"
				: "the wall clock of this node agrees with a majority's again";
		wl_agent_say(agent, &line);
	}
	if (note_change(&agent->stamps_ahead, journal, are_ahead) && agent->ops.log) {
		line.text =
			are_ahead
				? "the log's last stamp lies in the future: stamps stand still, and "
				  "not_after is judged by it, until the clocks have caught up"
				: "the clocks have caught up with the log's stamps";
		wl_agent_say(agent, &line);
	}
}

/* `line` says whose address it is; told when `is` is another than the bit of `told` says. */
static void warn_of_address(struct wl_agent *agent, uint64_t *told, uint64_t bit, bool is,
			    struct wl_agent_line *line)
{
	if (is == ((*told & bit) != 0))
		return;
	*told ^= bit;
	line->kind = WL_AGENT_ADDRESS;
	line->error = is;
	if (!is)
		line->other_mac = NULL;
	wl_agent_say(agent, line);
}

static void warn_of_neighbour(struct wl_agent *agent, uint32_t at)
{
	const struct wl_neighbour_entry *entry = &agent->neighbours.entries[at];
	bool is = wl_neighbour_is_twice(entry, agent->now_ns);
	struct wl_agent_line line = {
		.ipv4 = entry->next_hop,
		.mac = entry->mac,
		.other_mac = entry->twice_mac,
		.text = is ? "two machines answer for this address: frames go to the one that was "
			     "known; give one of them another address"
			   : "one machine answers for this address again",
	};

	WL_CHECK(at < agent->neighbours.count);
	warn_of_address(agent, &agent->twice_told, 1ull << at, is, &line);
}

static void warn_of_ours(struct wl_agent *agent, uint16_t link)
{
	const struct wl_neighbour_link *ours = &agent->neighbours.links[link];
	bool is = wl_neighbour_is_ours_twice(&agent->neighbours, link, agent->now_ns);
	struct wl_agent_line line = {
		.ipv4 = ours->ipv4,
		.mac = ours->mac,
		.other_mac = agent->neighbours.ours_twice_mac[link],
		.text = is ? "another machine uses this node's address: peers may send to it instead; "
			     "give one of them another address"
			   : "nobody else is heard with this node's address",
	};

	WL_CHECK(ours->answers || !is);
	warn_of_address(agent, &agent->ours_twice_told, 1ull << link, is, &line);
}

void wl_agent_warn_of_addresses(struct wl_agent *agent)
{
	for (uint32_t at = 0; at < agent->neighbours.count; at++)
		warn_of_neighbour(agent, at);
	for (uint16_t link = 0; link < WL_LINKS_MAX; link++)
		warn_of_ours(agent, link);
}
