#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The library as a stranger's project takes it: every C and C++ that is in use compiles its headers without a warning
# and links, an installed copy finds its DPDK transport wherever it stands, and what its messages point to is installed.
# beside: others
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

installed=$work/prefix
need installs make -s install PREFIX="$installed" DESTDIR= BUILD="$BUILD"
# Valid in both languages.
cat >"$work/program.c" <<'PROGRAM'
#include <wirelog/wirelog.h>

#include <stdio.h>

int main(int argc, char **argv)
{
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
	struct wirelog *log;

	options.endpoints = argc > 1 ? argv[1] : "";
	options.insecure = 1;
	options.cluster = "5d5cb4ae-7d6f-4a35-9a53-2f7f3a4c1e90";
	options.connect_timeout_ns = 1;
	printf("%s: %s\n", wirelog_status_name(wirelog_connect(&log, &options)), wirelog_last_reason());
	wirelog_close(log);
	return wirelog_status_exit_code(WIRELOG_OK);
}
PROGRAM
cp "$work/program.c" "$work/program.cc"

builds() { # COMPILER STANDARD SOURCE
	"$1" -std="$2" -Wall -Wextra -Wpedantic -Werror "$work/$3" -o "$work/program" -I"$installed/include" \
		-L"$installed/lib" -lwirelog -Wl,-rpath,"$installed/lib" && "$work/program" | grep -q '^INVALID_ARGUMENT: '
}

for compiler in gcc clang; do
	for standard in c99 c11 c17 c2x; do
		claim "${compiler}_$standard" builds "$compiler" "$standard" program.c
	done
done
for compiler in g++ clang++; do
	for standard in c++11 c++14 c++17 c++20; do
		claim "${compiler//+/x}_${standard//+/x}" builds "$compiler" "$standard" program.cc
	done
done

# Objects of one process: as many as there can be of a node's memif slots.
cat >"$work/many.c" <<'PROGRAM'
#include <wirelog/wirelog.h>

#include <stdio.h>
#include <stdlib.h>

static void on_ack(void *context, const struct wirelog_ack *ack)
{
	*(unsigned *)context += ack->status == WIRELOG_OK;
}

int main(int argc, char **argv)
{
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
	struct wirelog *logs[16];
	int count = atoi(argv[argc - 1]);
	unsigned acknowledged = 0;

	options.endpoints = argv[1];
	options.key_file = argv[2];
	options.cluster = argv[3];
	options.on_ack = on_ack;
	options.context = &acknowledged;
	for (int at = 0; at < count; at++) {
		if (wirelog_connect(&logs[at], &options) != 0) {
			printf("object %d: %s\n", at + 1, wirelog_last_reason());
			return 1;
		}
		wirelog_append(logs[at], "x", 1, NULL);
		while (wirelog_outstanding(logs[at]) != 0)
			wirelog_wait(logs[at], 1000);
	}
	for (int at = 0; at < count; at++)
		wirelog_close(logs[at]);
	printf("%u acknowledged\n", acknowledged);
	return 0;
}
PROGRAM
claim builds_many gcc "$work/many.c" -o "$work/many" -I"$installed/include" -L"$installed/lib" -lwirelog -Wl,-rpath,"$installed/lib"
make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
"$work/many" "$(endpoint "$leader")" "$cluster/cluster.key" "$cluster_uuid" 5 >"$work/said" 2>&1
claim five_objects_in_one_process grep -q '^5 acknowledged' "$work/said" || cat "$work/said"
# One more than there are slots is told so, and not that the key may be wrong when its patience is over.
"$work/many" "$(endpoint "$leader")" "$cluster/cluster.key" "$cluster_uuid" 7 >"$work/said" 2>&1
claim client_without_a_slot_is_told_so grep -q '^object 7: each memif slot for clients ' "$work/said" || cat "$work/said"
stop_all

# Files that messages point to are there, below share/wirelog.
for name in $(strings "$installed/bin/wirelog" "$installed/sbin/wirelogd" |
	grep -oE '\b(docs|drivers-config|scripts)/[A-Za-z0-9_/-]+(\.[a-z]+)?' | sort -u); do
	claim "named_${name//[\/.]/_}_is_installed" test -e "$installed/share/wirelog/$name"
done
claim demo_finds_its_configurations test -e "$installed/share/wirelog/drivers-config/demo/node3.yaml"
claim archive_links gcc "$work/program.c" -o "$work/static" -I"$installed/include" "$installed/lib/libwirelog.a" -lIPSec_MB -lisal -ldl -lm
"$work/program" "memif:@$tag-nobody" >"$work/said" 2>&1
claim installed_copy_finds_its_dpdk_transport grep -q '^NOT_CONNECTED: ' "$work/said" || cat "$work/said"
rm "$installed"/lib/libwirelog-dpdk.so.0
"$work/program" "memif:@$tag-nobody" >"$work/said" 2>&1
claim absent_transport_is_named grep -q 'libwirelog-dpdk.so.0' "$work/said" || cat "$work/said"
"$work/program" udp:127.0.0.1:9 >"$work/said" 2>&1
claim sockets_need_none_of_it grep -q '^NOT_CONNECTED: ' "$work/said" || cat "$work/said"
make -s uninstall PREFIX="$installed" DESTDIR= BUILD="$BUILD" >/dev/null 2>&1
claim uninstall_leaves_no_file test "$(find "$installed" -type f | wc -l)" -eq 0 || find "$installed" -type f
