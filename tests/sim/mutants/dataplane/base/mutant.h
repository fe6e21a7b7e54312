/* SPDX-License-Identifier: BSD-3-Clause */
/* Stands in for dataplane/base/mutant.h in the mutant build (Makefile, GEOMETRY): one bug is switched on at a time. */
#ifndef WL_TESTS_SIM_MUTANTS_DATAPLANE_BASE_MUTANT_H
#define WL_TESTS_SIM_MUTANTS_DATAPLANE_BASE_MUTANT_H

/* One mutant a line: name, what it does. */
/* clang-format off */
#define WL_MUTANT_LIST(item) \
	item(old_term_commit, "commits an entry of an older term by counting copies") \
	item(commit_falls, "commit follows the majority down") \
	item(follower_commit_min, "a follower commits what the leader committed, whether it has it or not") \
	item(stale_vote_counted, "a vote of another term is counted") \
	item(late_append_truncates, "a late append cuts away entries that match") \
	item(previous_always_matches, "the previous entry's term is not compared") \
	item(worker_raises_term, "a worker takes over a newer term by itself") \
	item(restart_commits_tail, "after a restart everything on the medium counts as committed") \
	item(vote_before_durable, "a vote is answered before the record is written") \
	item(vote_not_in_record, "the term is written without the vote") \
	item(vote_forgotten_with_role, "stepping down forgets the vote") \
	item(leader_grants_vote, "a leader grants a vote in its own term") \
	item(pre_vote_changes_state, "a pre-vote makes its receiver take the term over") \
	item(pre_vote_stale_term, "the refusal of a pre-vote does not carry the refuser's term") \
	item(no_pre_vote_stickiness, "a follower that hears its leader grants pre-votes") \
	item(no_check_quorum, "a leader does not notice that nobody answers") \
	item(heartbeats_without_quorum, "a leader that lost its quorum says so and goes on") \
	item(acknowledged_before_durable, "a follower acknowledges as durable what it received") \
	item(leader_disk_not_counted, "the leader counts its own entry before it is durable") \
	item(failed_write_retried, "a failed write counts as done") \
	item(short_write_is_whole, "a short write counts as whole") \
	item(rot_cut_as_torn, "recovery cuts away what is rotten as if it were torn") \
	item(votes_without_history, "a store without history votes") \
	item(held_back_acknowledges, "acknowledgements of data that went back are counted") \
	item(taken_in_before_durable, "caught up without durability: data that went back are taken in when a majority has the entry in memory") \
	item(taken_in_by_any_entry, "caught up by an entry of any term: data that went back are taken in by what was committed before") \
	item(diverged_for_a_view, "a node whose committed records were contradicted takes part again in the next view") \
	item(diverged_serves_readers, "a node whose committed records were contradicted serves readers") \
	item(diverged_not_marked, "that its committed records were contradicted is not made durable") \
	item(one_voice_marks, "one leader's word makes the mark that its committed records were contradicted durable") \
	item(diverged_data_are_started, "data that are marked as diverged are started on") \
	item(digests_not_compared, "nobody stands apart for a table of sessions that is not a majority's") \
	item(minority_accuses, "one voter's table is what a majority has") \
	item(table_not_reviewed, "what nobody touches in a table of sessions rots unseen") \
	item(incarnations_not_durable, "what is learned of a peer's data is not durable at once") \
	item(not_sticky_after_start, "a voter that has just started votes at once") \
	item(old_boot_matches_kept, "a leader keeps the matches of a peer's earlier boot") \
	item(sessions_not_restored, "after a restart the table of sessions begins at the known commit") \
	item(session_not_checked, "a retry is appended again") \
	item(session_of_anybody, "a session takes appends of whoever names it") \
	item(received_by_nobody, "received is told when the leader alone has it") \
	item(everywhere_by_majority, "everywhere is told when a majority has it") \
	item(reader_beyond_commit, "readers are given what is not committed") \
	item(reader_before_time, "a reader from a time begins at the mark before it") \
	item(reader_window_ignored, "more is sent to a reader than it granted") \
	item(session_window_ignored, "a run that the client has not seen is pushed out") \
	item(append_of_any_term, "a leader takes appends that were sent to it in an older term") \
	item(append_floor_not_kept, "a copy in an earlier frame is taken after its record was refused for good") \
	item(leads_before_commit, "appends are taken before the term's first entry committed") \
	item(rejection_moves_match, "a rejection moves the match index") \
	item(fenced_acknowledges, "a fenced follower goes on acknowledging") \
	item(fenced_appends, "a fenced follower goes on appending") \
	item(stale_ack_counted, "an acknowledgement of an older term is counted, whatever its chain value") \
	item(truncated_completion_counted, "a completion is credited to what was written after a cut") \
	item(heartbeat_matches_tail, "a heartbeat's follower calls its whole log matching") \
	item(plane_message_lost, "a plane message is lost when the ring is full") \
	item(received_counts_as_durable, "commit counts received positions") \
	item(replay_word_kept, "the window over a sender's sequences clears one word too few") \
	item(client_replaced_at_once, "another life of a client takes its place while it is heard") \
	item(no_space_never_told, "a full log is told as a pause") \
	item(old_boot_frames, "frames addressed to an earlier boot are taken") \
	item(client_unchallenged, "any frame of a client that was forgotten gives it a place") \
	item(expired_without_tombstone, "an expired record leaves nothing in the log") \
	item(resend_never, "nothing is sent again when there is no progress") \
	item(late_frames_are_life, "a late frame counts as hearing the leader") \
	item(serves_nobody, "a leader keeps on whose medium cannot serve a follower") \
	item(members_not_compared, "data of another list of nodes are opened") \
	item(judged_by_heartbeats, "a leader that commits nothing keeps on while a majority answers") \
	item(path_not_probed, "frames are filled to the link's MTU, whatever the path carries") \
	item(clients_mtu_ignored, "clients are sent full frames, whatever they say that passes") \
	item(greetings_not_compared, "a peer with other limits takes part") \
	item(names_not_synced, "a start uses segments whose names a power cut can take") \
	item(payload_is_watermark, "recovery believes an image of a chunk inside a payload") \
	item(superblock_twin_first, "the whole copy of a damaged pair is written over first") \
	item(kept_room_not_kept, "records are taken into the room that is kept for first entries of terms") \
	item(term_given_up, "a leader that nobody answers gives its term up without asking") \
	item(pause_is_silence, "a follower takes a stop of its own worker for its leader's silence") \
	item(stamps_of_one_clock, "a leader's stamps follow its own wall clock, wherever it goes")
/* clang-format on */

enum wl_mutant {
	WL_MUTANT_none,
#define WL_MUTANT_ITEM(name, text) WL_MUTANT_##name,
	WL_MUTANT_LIST(WL_MUTANT_ITEM)
#undef WL_MUTANT_ITEM
		WL_MUTANTS,
};

extern enum wl_mutant wl_mutant;

#define WL_MUTANT(name) (wl_mutant == WL_MUTANT_##name)

#endif
