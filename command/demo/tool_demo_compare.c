/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_compare.h"

#include <string.h>

void wl_demo_compare_init(struct wl_demo_compare *compare, uint64_t appended, uint64_t session,
			  uint64_t first_sequence)
{
	memset(compare, 0, sizeof(*compare));
	compare->appended = appended;
	compare->session = session;
	compare->first_sequence = first_sequence;
	compare->next_sequence = first_sequence;
}

static void count_wrong(struct wl_demo_compare *compare, uint64_t *counter, uint64_t number)
{
	(*counter)++;
	if (compare->first_wrong == 0)
		compare->first_wrong = number;
}

/* Moves the source over what did not come back. */
static void skip_to(struct wl_demo_compare *compare, uint64_t sequence, uint64_t number)
{
	const uint8_t *bytes;
	size_t size;

	while (compare->next_sequence < sequence &&
	       compare->next_source(compare->context, &bytes, &size)) {
		count_wrong(compare, &compare->lost, number);
		compare->next_sequence++;
	}
}

static void take_stored(struct wl_demo_compare *compare,
			const struct wl_demo_compare_record *record)
{
	const uint8_t *bytes;
	size_t size;

	skip_to(compare, record->sequence, record->number);
	if (compare->next_sequence != record->sequence ||
	    !compare->next_source(compare->context, &bytes, &size)) {
		count_wrong(compare, &compare->unknown, record->number);
		return;
	}
	compare->next_sequence++;
	compare->stored++;
	compare->bytes += record->size;
	if (size != record->size || memcmp(bytes, record->bytes, size) != 0)
		count_wrong(compare, &compare->different, record->number);
}

void wl_demo_compare_take(struct wl_demo_compare *compare,
			  const struct wl_demo_compare_record *record)
{
	if (record->number != compare->last_number + 1)
		count_wrong(compare, &compare->misnumbered, record->number);
	compare->last_number = record->number;
	compare->met++;
	if (compare->session == 0)
		compare->session = record->session;
	if (record->session != compare->session)
		count_wrong(compare, &compare->foreign, record->number);
	else if (record->sequence < compare->first_sequence)
		count_wrong(compare, &compare->unknown, record->number);
	else if (record->sequence < compare->next_sequence)
		count_wrong(compare, &compare->duplicates, record->number);
	else
		take_stored(compare, record);
}

void wl_demo_compare_end(struct wl_demo_compare *compare)
{
	skip_to(compare, UINT64_MAX, compare->last_number + 1);
}

bool wl_demo_compare_holds(const struct wl_demo_compare *compare)
{
	return compare->stored == compare->appended && compare->met == compare->appended &&
	       compare->duplicates == 0 && compare->lost == 0 && compare->different == 0 &&
	       compare->foreign == 0 && compare->unknown == 0 && compare->misnumbered == 0;
}
