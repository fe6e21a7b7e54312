/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/port_memif_dpdk.h"

#include "dataplane/base/check.h"
#include "dataplane/base/limits.h"

static void load(struct rte_mbuf *mbuf, const struct wl_memif_place *place)
{
	memcpy(rte_pktmbuf_mtod(mbuf, void *), place->bytes, place->size);
	rte_pktmbuf_data_len(mbuf) = (uint16_t)place->size;
	rte_pktmbuf_pkt_len(mbuf) = place->size;
}

uint16_t wl_port_memif_rx(struct wl_memif_link *link, struct rte_mempool *pool,
			  struct rte_mbuf **mbufs, uint16_t max, struct wl_memif_counters *counters)
{
	struct wl_memif_place places[WL_BURST];
	unsigned ready = wl_memif_ring_ready(&link->rx), count;
	uint16_t got = 0;

	if (ready > max)
		ready = max;
	/* Without buffers the frames stay where they are. */
	if (ready == 0 || rte_pktmbuf_alloc_bulk(pool, mbufs, ready) != 0)
		return 0;
	count = wl_memif_ring_take(&link->rx, places, ready);
	for (unsigned at = 0; at < count; at++) {
		if (wl_likely(places[at].size != 0))
			load(mbufs[got++], &places[at]);
		else
			counters->dropped++;
	}
	wl_memif_ring_publish(&link->rx);
	if (wl_unlikely(got < ready))
		rte_pktmbuf_free_bulk(mbufs + got, ready - got);
	return got;
}

static uint16_t send_some(struct wl_memif_link *link, struct rte_mbuf **mbufs, uint16_t count)
{
	struct wl_memif_place places[WL_BURST];
	unsigned room = wl_memif_ring_take(&link->tx, places, count < WL_BURST ? count : WL_BURST);
	uint16_t sent = 0;

	while (sent < room && wl_memif_ring_fill(&link->tx, &places[sent],
						 rte_pktmbuf_mtod(mbufs[sent], const uint8_t *),
						 rte_pktmbuf_data_len(mbufs[sent])))
		sent++;
	if (sent != 0) {
		wl_memif_ring_publish(&link->tx);
		rte_pktmbuf_free_bulk(mbufs, sent);
	}
	return sent;
}

uint16_t wl_port_memif_tx(struct wl_memif_link *link, struct rte_mbuf **mbufs, uint16_t count)
{
	uint16_t sent = 0, some;

	do {
		some = send_some(link, mbufs + sent, (uint16_t)(count - sent));
		sent = (uint16_t)(sent + some);
	} while (some == WL_BURST && sent < count);
	return sent;
}
