#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The dissector for tshark knows each message: all fields of one frame each, made by the encoders. test_veth.sh has traffic that is real.
# beside: others
# timeout: 60
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

if ! command -v tshark >/dev/null; then
	skip each_field_is_decoded "no tshark"
	exit
fi
dissect() { tshark -X "lua_script:$BUILD/wirelog.lua" -r "$work/frames.pcap" "$@" 2>"$work/tshark.err"; }

# "FRAME FIELD VALUE" a line, of all that the dissector shows
fields_of_all() {
	dissect -T json --no-duplicate-keys | jq -r '.[]._source.layers | .frame["frame.number"] as $frame | .wirelog | .. | objects
		| to_entries[] | select(.key | startswith("wirelog.")) | .key as $key | .value | if type == "array" then .[] else . end
		| select(type == "string") | "\($frame) \($key) \(.)"'
}

"$e2e/wire_frames" "$work/frames.pcap" >"$work/wanted"
need frames_are_made test $? -eq 0
fields_of_all | sort -u >"$work/shown"
sort -u "$work/wanted" | comm -23 - "$work/shown" >"$work/missing"
head -n 5 "$work/missing"
claim each_field_of_each_message_is_shown test "$(wc -l <"$work/wanted")" -gt 200 -a ! -s "$work/missing"
claim nothing_else_is_said_of_them test "$(grep -c ' wirelog\.error' "$work/shown")" -eq 0
claim each_message_has_its_name test "$(dissect -T fields -e _ws.col.Info | grep -c '^[A-Z_]*  node 2.0 > node 1.0')" -eq \
	"$(cut -d ' ' -f 1 "$work/wanted" | sort -u | wc -l)"
claim lua_has_no_complaint test "$(grep -ci lua "$work/tshark.err")" -eq 0

# One byte after the other is taken away from the end of each frame: told, and no error of the script.
cut_short() { # BYTES -> how many frames are told to be cut
	editcap -C "-$1" -L "$work/frames.pcap" "$work/cut.pcap" 2>"$work/editcap.err" || return
	tshark -X "lua_script:$BUILD/wirelog.lua" -r "$work/cut.pcap" -Y wirelog -T fields -e _ws.col.Info 2>"$work/tshark.err" | wc -l
}
if command -v editcap >/dev/null; then
	for bytes in 1 5 17 40; do
		cut_short "$bytes" >"$work/cut"
		claim "frames_without_their_last_${bytes}_bytes_do_no_harm" test "$(cat "$work/cut")" -gt 0 -a "$(grep -ci lua "$work/tshark.err")" -eq 0
	done
fi
