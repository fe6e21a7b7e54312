/* SPDX-License-Identifier: BSD-3-Clause */
/* The maker's side of both lanes. */
#include "dataplane/worker/base_lane.h"

#include "dataplane/base/check.h"

static bool find_place(const struct wl_base_serving *serving, const struct wl_base_maker *maker,
		       unsigned *place)
{
	for (unsigned at = 0; at < WL_BASE_PLACES; at++) {
		const struct wl_base_maker_place *one = &maker->places[at];

		if (one->whole && one->index == serving->index && one->digest == serving->digest) {
			*place = at;
			return true;
		}
	}
	return false;
}

static bool tell(struct wl_base_serving *serving, uint32_t bytes)
{
	WL_CHECK(wl_base_lane_state(&serving->state) == WL_BASE_SERVING_ASKED);
	WL_CHECK(bytes <= WL_BASE_LANE_BYTES);
	serving->bytes = bytes;
	wl_base_lane_pass(&serving->state, WL_BASE_SERVING_TOLD);
	return false;
}

static bool is_of_it(const struct wl_base_serving *serving)
{
	return serving->has_header && serving->header.digest == serving->digest &&
	       serving->header.log.position.index == serving->index;
}

bool wl_base_serving_want(struct wl_base_serving *serving, const struct wl_base_maker *maker,
			  struct wl_base_maker_want *want)
{
	if (wl_base_lane_state(&serving->state) != WL_BASE_SERVING_ASKED)
		return false;
	if (!find_place(serving, maker, &serving->place))
		return tell(serving, 0);
	*want = (struct wl_base_maker_want){
		.place = serving->place,
		.buffer = serving->buffer,
		.bytes = WL_BLOCK_BYTES,
	};
	if (!is_of_it(serving)) {
		serving->has_header = false;
		return true;
	}
	if (serving->offset >= serving->header.state_bytes)
		return tell(serving, 0);
	want->bytes = wl_base_part_place(&serving->header, serving->offset, WL_BASE_LANE_BYTES,
					 &want->offset);
	WL_CHECK(want->bytes != 0);
	WL_CHECK(want->bytes <= WL_BASE_LANE_BYTES);
	return true;
}

void wl_base_serving_on_read(struct wl_base_serving *serving, const struct wl_base_maker *maker,
			     bool good)
{
	uint32_t bytes;
	uint64_t at;

	if (!good) {
		tell(serving, 0);
		return;
	}
	if (!serving->has_header) {
		serving->has_header = wl_base_decode_header(serving->buffer,
							    &maker->config.identity,
							    &serving->header) == WL_BASE_OK;
		if (!is_of_it(serving))
			tell(serving, 0);
		return;
	}
	WL_CHECK(serving->offset < serving->header.state_bytes);
	bytes = wl_base_part_place(&serving->header, serving->offset, WL_BASE_LANE_BYTES, &at);
	wl_base_part_offer(&serving->header, &serving->offer);
	tell(serving, wl_base_part_take(&serving->header, serving->offset, serving->buffer, bytes,
					serving->buffer));
}

static enum wl_base_installing_step fail(struct wl_base_installing *installing)
{
	wl_base_lane_pass(&installing->state, WL_BASE_INSTALLING_FAILED);
	return WL_BASE_STEP_ANEW;
}

static enum wl_base_installing_step take(struct wl_base_installing *installing,
					 struct wl_base_maker *maker)
{
	WL_CHECK(installing->bytes <= WL_BASE_LANE_BYTES);
	if (installing->offset == 0 && !wl_base_install_begin(maker, &installing->offer))
		return WL_BASE_STEP_OWN; /* when it has written its own */
	if (!wl_base_install_take(maker, installing->buffer, installing->bytes))
		return fail(installing);
	if (installing->offset + installing->bytes < installing->offer.total) {
		wl_base_lane_pass(&installing->state, WL_BASE_INSTALLING_TAKEN);
		return WL_BASE_STEP_WAIT;
	}
	if (!wl_base_install_is_right(maker))
		return fail(installing);
	wl_base_lane_pass(&installing->state, WL_BASE_INSTALLING_RIGHT);
	return WL_BASE_STEP_WAIT;
}

static enum wl_base_installing_step write(struct wl_base_installing *installing,
					  struct wl_base_maker *maker)
{
	if (wl_base_install_is_ready(maker) &&
	    !wl_base_install_write(maker, installing->walk_offset, installing->first_segment))
		return fail(installing);
	if (!wl_base_install_is_over(maker))
		return WL_BASE_STEP_WRITE;
	if (!wl_base_install_is_written(maker))
		return fail(installing);
	installing->base = maker->encoder.header.log;
	installing->applied = &maker->applied;
	installing->order = maker->order;
	wl_base_lane_pass(&installing->state, WL_BASE_INSTALLING_WRITTEN);
	return WL_BASE_STEP_WAIT;
}

enum wl_base_installing_step wl_base_installing_step(struct wl_base_installing *installing,
						     struct wl_base_maker *maker)
{
	switch ((enum wl_base_installing_state)wl_base_lane_state(&installing->state)) {
	case WL_BASE_INSTALLING_IDLE:
	case WL_BASE_INSTALLING_FAILED:
		break;
	case WL_BASE_INSTALLING_GIVEN:
		return take(installing, maker);
	case WL_BASE_INSTALLING_PLACED:
		return write(installing, maker);
	case WL_BASE_INSTALLING_TAKEN:
	case WL_BASE_INSTALLING_RIGHT:
	case WL_BASE_INSTALLING_WRITTEN:
		return WL_BASE_STEP_WAIT;
	case WL_BASE_INSTALLING_JUMPED:
		wl_base_lane_pass(&installing->state, WL_BASE_INSTALLING_IDLE);
		break;
	case WL_BASE_INSTALLING_ABANDONED:
		wl_base_lane_pass(&installing->state, WL_BASE_INSTALLING_IDLE);
		return WL_BASE_STEP_ANEW;
	}
	return WL_BASE_STEP_OWN;
}
