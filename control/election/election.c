/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a node in one journal's elections: start, timer, list of members, step-down, end. What a leader's
 * worker complains of is trouble.c's, how leadership is handed over hand_over.c's.
 *
 * Invariants (wl_election_check is this list as code, as far as one machine can see it):
 *  1. `term` and `vote` are what the disk has: they change in on_persisted and nowhere else.
 *  2. `term` never falls; within a term the vote goes from nobody to somebody, once.
 *  3. PERSIST is emitted by on_fenced alone: the tail in the comparison cannot move any more.
 *  4. A granted vote leaves only when it is durable: from on_persisted, or for a vote that
 *     already is.
 *  5. The number grows with every FENCE, LEAD, FOLLOW and RESUME; an answer under an older one
 *     is ignored.
 *  6. CANDIDATE, LEADER and SILENT have voted for themselves in this term; LEADER got a majority of
 *     votes of exactly this term, by the list at the fenced tail. SILENT was LEADER of this term, in this
 *     life of the process: nothing else leads there, so what leads on was elected in this term.
 *  7. One fence or record at a time; what is asked meanwhile is dropped (candidates ask again),
 *     except that the newest term met is remembered.
 */
#include "control/election/election.h"

#include <string.h>

#include "control/election/election_steps.h"
#include "dataplane/base/check.h"

/* A round of questions, and what is told and noted beside it. */
WL_STATIC_CHECK(WIRELOG_NODES_MAX + 8 <= WL_ELECTION_EFFECTS_MAX);

/* splitmix64: one addition of state, so that a stream of its own costs eight bytes. */
static uint64_t draw(struct wl_election *election)
{
	uint64_t z = election->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

struct wl_election_effect *wl_election_emit(struct wl_election_effects *out,
					    enum wl_election_effect_verb verb)
{
	struct wl_election_effect *effect;

	WL_CHECK(out->count < WL_ELECTION_EFFECTS_MAX);
	effect = &out->item[out->count++];
	memset(effect, 0, sizeof(*effect));
	effect->verb = verb;
	return effect;
}

void wl_election_note(const struct wl_election *election, const char *text, uint32_t node,
		      struct wl_election_effects *out)
{
	struct wl_election_effect *effect = wl_election_emit(out, WL_ELECTION_LOG);

	effect->text = text;
	effect->node = node;
	effect->term = election->term;
}

static enum wl_role role_of(const struct wl_election *election)
{
	if (election->state == WL_ELECTION_LEADER)
		return WL_ROLE_LEADER;
	if (wl_election_is_busy(election) || election->state == WL_ELECTION_OUT)
		return WL_ROLE_FENCED;
	return WL_ROLE_FOLLOWER;
}

void wl_election_tell(struct wl_election *election, enum wl_plane_verb verb,
		      struct wl_election_effects *out)
{
	struct wl_plane_message *tell = &wl_election_emit(out, WL_ELECTION_TELL_WORKER)->tell;

	if (verb != WL_PLANE_TRANSFER)
		election->number++;
	tell->verb = verb;
	tell->journal = election->config.journal;
	tell->view.number = election->number;
	tell->view.term = election->term;
	tell->view.role = role_of(election);
	tell->view.leader = election->leader;
	/* What the worker is to do suits the role that it is given. */
	WL_CHECK((tell->view.role == WL_ROLE_FENCED) == (verb == WL_PLANE_FENCE));
	WL_CHECK((tell->view.role == WL_ROLE_FOLLOWER) == (verb == WL_PLANE_FOLLOW));
	WL_CHECK(verb <= WL_PLANE_TRANSFER || verb == WL_PLANE_RESUME);
	WL_CHECK(tell->view.role != WL_ROLE_LEADER || election->leader == election->config.node);
}

/* HOLD_BACK, COUNT: of the data, whatever the view. */
static void tell_data(struct wl_election *election, enum wl_plane_verb verb,
		      struct wl_election_effects *out)
{
	struct wl_plane_message *tell = &wl_election_emit(out, WL_ELECTION_TELL_WORKER)->tell;

	/* Data are held back before the first view, or not at all. */
	WL_CHECK(verb == WL_PLANE_COUNT || election->number == 0);
	WL_CHECK((verb == WL_PLANE_HOLD_BACK) == election->held_back);
	tell->verb = verb;
	tell->journal = election->config.journal;
}

/* How many voters go before us when this leader is lost: by id, from it on, and round. */
static uint32_t rank_of(const struct wl_election *election)
{
	uint32_t rank = 0;

	WL_CHECK(election->leader >= 1 && election->leader <= WIRELOG_NODES_MAX);
	for (uint32_t node = election->leader % WIRELOG_NODES_MAX + 1;
	     node != election->config.node && node != election->leader;
	     node = node % WIRELOG_NODES_MAX + 1)
		rank += wl_election_is_voter(election, node);
	return rank;
}

/* Where nobody led lately each second round takes twice as long, up to the patience: an answer that is slower than a round never counts. */
static uint64_t round_length(const struct wl_election *election)
{
	uint64_t length = election->config.election_timeout_ns << election->rounds_in_vain / 2;

	WL_CHECK(length >= election->config.election_timeout_ns);
	return length < election->config.patience_ns ? length : election->config.patience_ns;
}

/*
 * Voters that lose one leader in one moment must not campaign in one moment: each has a slot of its own, and the first can have won when the
 * second begins. Nobody's turn is known where nobody led; then chance alone tells them apart.
 */
void wl_election_restart_timer(struct wl_election *election, uint64_t from_ns)
{
	uint64_t length = round_length(election), silence, slot;
	unsigned voters = (unsigned)wl_members_count(wl_list_voters(wl_election_list(election)));

	if (election->leader == 0 || voters < 3) {
		election->deadline_ns = from_ns + length + draw(election) % length;
		return;
	}
	silence = wl_suspicion_bound(&election->suspicion);
	slot = silence / (voters - 1);
	WL_CHECK(slot >= 2);
	election->deadline_ns = from_ns + silence + silence / 16 + rank_of(election) * slot +
				draw(election) % (slot / 2);
	WL_CHECK(election->deadline_ns > from_ns);
}

bool wl_election_is_sticky(const struct wl_election *election, uint64_t now_ns)
{
	if (election->state == WL_ELECTION_LEADER)
		return true;
	/* Whom we heard before we started is forgotten. It costs a healthy leader its place, never safety: nothing leans on a lease. */
	if (!wl_election_is_alone(election) &&
	    now_ns - election->started_ns < election->config.election_timeout_ns)
		return true;
	return election->leader != 0 &&
	       now_ns - election->leader_heard_ns < election->config.election_timeout_ns;
}

void wl_election_init(struct wl_election *election, const struct wl_election_config *config,
		      uint64_t term, uint32_t vote)
{
	WL_CHECK(config->election_timeout_ns > 0);
	WL_CHECK(config->node >= 1 && config->node <= WIRELOG_NODES_MAX);
	memset(election, 0, sizeof(*election));
	election->config = *config;
	election->list.voters = config->voters;
	election->state = WL_ELECTION_STARTING;
	election->term = term;
	election->vote = vote;
	election->held_back = config->held_back;
	/* Nodes and journals that share a seed must not share their timeouts. */
	election->random = config->seed ^ (uint64_t)config->node << 56 ^
			   (uint64_t)config->journal << 40;
	election->no_space_patience_ns = WL_ELECTION_NO_SPACE_PATIENCE_NS;
	if (election->config.patience_ns < election->config.election_timeout_ns)
		election->config.patience_ns = election->config.election_timeout_ns;
	wl_suspicion_begin(&election->suspicion, election->config.election_timeout_ns,
			   election->config.patience_ns);
}

void wl_election_start(struct wl_election *election, uint64_t now_ns,
		       struct wl_election_effects *out)
{
	WL_CHECK(election->state == WL_ELECTION_STARTING);
	election->state = WL_ELECTION_FOLLOWER;
	election->last_tick_ns = now_ns;
	election->started_ns = now_ns;
	wl_election_restart_timer(election, now_ns);
	if (election->held_back)
		tell_data(election, WL_PLANE_HOLD_BACK, out);
	wl_election_tell(election, WL_PLANE_FOLLOW, out);
	if (wl_election_is_alone(election) && !election->no_room)
		wl_campaign_begin(election, now_ns, out);
	wl_election_check(election);
}

void wl_election_set_tail(struct wl_election *election, struct wl_position tail)
{
	if (!wl_election_is_busy(election))
		election->tail = tail;
}

void wl_election_set_room(struct wl_election *election, bool has_room)
{
	election->no_room = !has_room;
}

void wl_election_on_list(struct wl_election *election, const struct wl_plane_message *message,
			 uint64_t now_ns, struct wl_election_effects *out)
{
	(void)now_ns;
	(void)out;
	election->list = message->list;
	election->list_before = message->list_before;
}

void wl_election_step_down(struct wl_election *election, uint64_t penalty_ns, uint64_t now_ns,
			   struct wl_election_effects *out)
{
	WL_CHECK(election->state == WL_ELECTION_LEADER || election->state == WL_ELECTION_SILENT);
	election->state = WL_ELECTION_FOLLOWER;
	election->leader = 0;
	election->transfer.active = false;
	election->term_committed = false;
	election->counts.stepped_down++;
	if (!wl_election_is_alone(election) && now_ns + penalty_ns > election->penalty_until_ns)
		election->penalty_until_ns = now_ns + penalty_ns;
	wl_election_restart_timer(election, now_ns);
	wl_election_tell(election, WL_PLANE_FOLLOW, out);
}

static void busy_tick(struct wl_election *election, uint64_t now_ns,
		      struct wl_election_effects *out)
{
	uint64_t timeout = election->config.patience_ns;

	WL_CHECK(wl_election_is_busy(election));
	if (election->busy_told ||
	    now_ns - election->busy_since_ns < WL_ELECTION_PENALTY_TIMEOUTS * timeout)
		return;
	election->busy_told = true;
	wl_election_note(election,
			 election->state == WL_ELECTION_FENCING
				 ? "the worker does not answer FENCE"
				 : "the superblock's write does not complete",
			 0, out);
}

/* Nothing but late ticks has happened to us: what was sent meanwhile still waits to be read. */
static bool was_paused(struct wl_election *election, uint64_t now_ns)
{
	uint64_t gap = now_ns - election->last_tick_ns;

	election->last_tick_ns = now_ns;
	if (gap <= election->config.election_timeout_ns)
		return false;
	election->counts.timer_pauses++;
	wl_election_restart_timer(election, now_ns);
	return true;
}

static bool may_campaign(const struct wl_election *election, uint64_t now_ns)
{
	return wl_election_may_lead(election) && !election->leaving && !election->held_back &&
	       !election->no_room && now_ns >= election->penalty_until_ns &&
	       election->term != UINT64_MAX;
}

void wl_election_on_tick(struct wl_election *election, uint64_t now_ns,
			 struct wl_election_effects *out)
{
	if (now_ns < election->last_tick_ns || was_paused(election, now_ns))
		return;
	if (wl_election_is_busy(election)) {
		busy_tick(election, now_ns, out);
	} else if (election->state == WL_ELECTION_LEADER) {
		wl_hand_over_tick(election, now_ns, out);
	} else if (wl_election_is_open(election)) {
		if (now_ns < election->deadline_ns)
			wl_campaign_resend(election, now_ns, out);
		else if (election->state == WL_ELECTION_SILENT)
			wl_campaign_begin_round(election, now_ns, out);
		else if (may_campaign(election, now_ns))
			wl_campaign_begin(election, now_ns, out);
		else
			wl_election_restart_timer(election, now_ns);
	}
	wl_election_check(election);
}

void wl_election_on_leader_heard(struct wl_election *election,
				 const struct wl_plane_message *message, uint64_t now_ns,
				 struct wl_election_effects *out)
{
	if (message->view.number != election->number || !wl_election_is_open(election) ||
	    election->state == WL_ELECTION_LEADER || election->state == WL_ELECTION_SILENT ||
	    message->node == election->config.node)
		return;
	WL_CHECK(message->node >= 1 && message->node <= WIRELOG_NODES_MAX);
	if (election->leader != 0 && election->leader != message->node) {
		election->counts.two_leaders++;
		wl_election_note(election, "two nodes claim to lead one term", message->node, out);
		return;
	}
	if (election->leader == 0)
		wl_election_note(election, "follows", message->node, out);
	election->state = WL_ELECTION_FOLLOWER;
	election->leader = message->node;
	election->rounds_in_vain = 0;
	election->granted = 0;
	/* The time when it was heard, not when we got to read about it. */
	election->leader_heard_ns = message->now_ns < now_ns ? message->now_ns : now_ns;
	wl_suspicion_heard(&election->suspicion, message->node, message->view.term,
			   election->leader_heard_ns);
	wl_election_restart_timer(election, election->leader_heard_ns);
	wl_election_check(election);
}

void wl_election_on_term_committed(struct wl_election *election,
				   const struct wl_plane_message *message, uint64_t now_ns,
				   struct wl_election_effects *out)
{
	(void)now_ns;
	if (election->state != WL_ELECTION_LEADER || message->view.term != election->term)
		return;
	if (!election->term_committed)
		wl_election_note(election, "leads, its first entry is committed",
				 election->config.node, out);
	election->term_committed = true;
}

void wl_election_on_pause(struct wl_election *election, uint64_t now_ns)
{
	if (!wl_election_is_open(election) || election->state == WL_ELECTION_LEADER ||
	    wl_election_is_alone(election))
		return;
	wl_election_restart_timer(election, now_ns);
	election->resend_ns = now_ns + election->config.election_timeout_ns / 4;
}

void wl_election_count(struct wl_election *election, uint64_t now_ns,
		       struct wl_election_effects *out)
{
	(void)now_ns;
	if (!election->held_back || election->state == WL_ELECTION_OUT)
		return;
	election->held_back = false;
	tell_data(election, WL_PLANE_COUNT, out);
	wl_election_check(election);
}

void wl_election_withdraw(struct wl_election *election, uint64_t now_ns,
			  struct wl_election_effects *out)
{
	(void)now_ns;
	if (election->state == WL_ELECTION_OUT)
		return;
	election->state = WL_ELECTION_OUT;
	election->leader = 0;
	election->transfer.active = false;
	wl_election_tell(election, WL_PLANE_FENCE, out);
	wl_election_check(election);
}

void wl_election_leave(struct wl_election *election, uint64_t now_ns,
		       struct wl_election_effects *out)
{
	election->leaving = true;
	if (election->state == WL_ELECTION_LEADER)
		wl_election_transfer(election, 0, now_ns, out);
	else if (election->state == WL_ELECTION_SILENT)
		wl_election_step_down(election, 0, now_ns, out);
	else if (election->state == WL_ELECTION_PRE_CANDIDATE ||
		 election->state == WL_ELECTION_CANDIDATE)
		election->state = WL_ELECTION_FOLLOWER;
	wl_election_check(election);
}

static uint64_t left_until(uint64_t when_ns, uint64_t now_ns)
{
	return when_ns > now_ns ? when_ns - now_ns : 0;
}

void wl_election_get_status(const struct wl_election *election, uint64_t now_ns,
			    struct wl_election_status *status)
{
	bool runs = wl_election_is_open(election) && election->state != WL_ELECTION_LEADER;

	*status = (struct wl_election_status){
		.state = election->state,
		.term = election->term,
		.number = election->number,
		.vote = election->vote,
		.leader = election->leader,
		.granted = election->granted,
		.list = election->list,
		.term_committed = election->term_committed,
		.handing_over = election->transfer.active,
		.leaving = election->leaving,
		.held_back = election->held_back,
		.timer_ns = runs ? left_until(election->deadline_ns, now_ns) : 0,
		.suspects_ns = wl_suspicion_bound(&election->suspicion),
		.leader_heard_ago_ns = UINT64_MAX,
		.penalty_ns = left_until(election->penalty_until_ns, now_ns),
		.busy_ns = wl_election_is_busy(election) ? now_ns - election->busy_since_ns : 0,
		.counts = election->counts,
	};
	if (election->leader == election->config.node)
		status->leader_heard_ago_ns = 0;
	else if (election->leader != 0)
		status->leader_heard_ago_ns = now_ns - election->leader_heard_ns;
}

void wl_election_check(const struct wl_election *election)
{
	uint32_t self = election->config.node;
	bool leads = election->state == WL_ELECTION_LEADER;

	WL_CHECK((election->state == WL_ELECTION_STARTING) == (election->number == 0));
	if (leads || election->state == WL_ELECTION_CANDIDATE ||
	    election->state == WL_ELECTION_SILENT)
		WL_CHECK(election->vote == self);
	WL_CHECK(leads == (election->leader == self));
	WL_CHECK(election->leader <= WIRELOG_NODES_MAX);
	/* Who asks, or is out, knows no leader. */
	WL_CHECK(election->leader == 0 || leads || election->state == WL_ELECTION_FOLLOWER);
	if (election->state == WL_ELECTION_CANDIDATE || wl_election_asks_first(election))
		WL_CHECK(wl_members_has(election->granted, self));
	/* Invariant 6: votes are asked for in the term that is durable. */
	if (election->state == WL_ELECTION_CANDIDATE) {
		WL_CHECK(election->pending.purpose == WL_PENDING_CAMPAIGN);
		WL_CHECK(election->pending.term == election->term);
	}
	if (wl_election_is_busy(election)) {
		WL_CHECK(election->leader == 0);
		WL_CHECK(election->pending.term >= election->term);
		/* Invariant 2: a second vote in one term is never even asked for. */
		if (election->pending.term == election->term)
			WL_CHECK(election->vote == 0);
	}
	WL_CHECK(!election->transfer.active || leads);
	if (election->held_back)
		WL_CHECK(!leads && election->state != WL_ELECTION_CANDIDATE &&
			 !wl_election_asks_first(election));
}

const char *wl_election_state_name(enum wl_election_state state)
{
	static const char *const names[] = {"starting", "follower",   "pre_candidate",
					    "fencing",	"persisting", "candidate",
					    "leader",	"silent",     "out"};

	WL_STATIC_CHECK(sizeof(names) / sizeof(names[0]) == WL_ELECTION_OUT + 1);
	return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}
