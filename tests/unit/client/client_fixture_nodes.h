/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the two files of the client's fixture: the network and the nodes. */
#ifndef WL_TESTS_UNIT_CLIENT_CLIENT_FIXTURE_NODES_H
#define WL_TESTS_UNIT_CLIENT_CLIENT_FIXTURE_NODES_H

#include "tests/unit/client/client_fixture.h"

/* node 0: to the client. */
void client_fixture_carry(struct client_fixture *fixture, uint32_t node, const uint8_t *bytes,
			  size_t size);
void client_fixture_node_take(struct client_fixture *fixture, uint32_t node, uint8_t *bytes,
			      size_t size);
void client_fixture_nodes_deliver(struct client_fixture *fixture);

#endif
