/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/actors/refusals.h"

#include "tests/sim/oracle/oracle.h"

void sim_refusals_on_session(struct sim_refusals *refusals, uint64_t session)
{
	if (session == 0)
		return;
	for (; refusals->named < refusals->count; refusals->named++)
		refusals->told[refusals->named % SIM_REFUSALS].session = session;
}

void sim_refusals_add(struct sim_refusals *refusals, const struct sim_refused *refusal)
{
	sim_refusals_on_session(refusals, refusal->session);
	refusals->told[refusals->count++ % SIM_REFUSALS] = *refusal;
	if (refusal->session != 0)
		refusals->named = refusals->count;
	else if (refusals->count - refusals->named > SIM_REFUSALS)
		refusals->named = refusals->count - SIM_REFUSALS;
}

void sim_refusals_end_life(struct sim_refusals *refusals)
{
	refusals->named = refusals->count;
}

static bool is_of(const struct sim_refused *refusal, const struct sim_stored_record *record)
{
	if (refusal->session == record->session && refusal->sequence == record->sequence)
		return true;
	return refusal->bytes >= SIM_UNIQUE_BYTES && refusal->bytes == record->bytes &&
	       refusal->checksum == record->checksum;
}

bool sim_refusals_contain(const struct sim_refusals *refusals,
			  const struct sim_stored_record *record)
{
	uint64_t known = refusals->count < SIM_REFUSALS ? refusals->count : SIM_REFUSALS;

	for (uint64_t at = 0; at < known; at++) {
		if (is_of(&refusals->told[at], record))
			return true;
	}
	return false;
}
