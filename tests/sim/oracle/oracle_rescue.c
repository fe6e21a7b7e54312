/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part of the oracle that follows a rescue (O52). It stands for one that has all that is committed: what is known to be lost is not
 * judged here, for the one true history of the oracle would have to be another one behind it.
 */
#include "dataplane/base/check.h"
#include "tests/sim/oracle/oracle_internal.h"

#define LLU(value) (unsigned long long)(value)

void sim_oracle_note_loss(struct sim_oracle *oracle, unsigned node,
			  const struct wl_entry_header *header, const struct wl_control *control)
{
	const struct wl_list list = wl_control_rescued(control, header->index);

	if (control->number != header->first_number ||
	    control->number < oracle->numbers + 1 + WL_LOSS_NUMBERS)
		sim_violation(oracle->cluster, node, "O52",
			      "a loss goes on at number %llu behind %llu", LLU(control->number),
			      LLU(oracle->numbers));
	if (!wl_list_is_alone(&list, node))
		sim_violation(oracle->cluster, node, "O52", "a loss has the voters %x",
			      list.voters);
	WL_CHECK(control->number < oracle->records_max);
	oracle->lost_number = oracle->numbers + 1;
	oracle->goes_on_at = control->number;
	/* None has bytes or a session; stamps do not fall for who looks for a time. */
	while (oracle->numbers + 1 < control->number)
		oracle->records[++oracle->numbers].timestamp_ns = oracle->stamp;
	oracle->list = list;
	oracle->lists++;
}

void sim_oracle_judge_rescued(const struct sim_oracle *oracle, unsigned node,
			      const struct wl_wire_gap *gap)
{
	if (oracle->goes_on_at == 0 || gap->next_number != oracle->goes_on_at ||
	    gap->first_number < oracle->lost_number || gap->first_number >= gap->next_number)
		sim_violation(
			oracle->cluster, node, "O52",
			"tells a reader that %llu to %llu were lost by a rescue, lost are %llu to "
			"%llu",
			LLU(gap->first_number), LLU(gap->next_number), LLU(oracle->lost_number),
			LLU(oracle->goes_on_at));
}
