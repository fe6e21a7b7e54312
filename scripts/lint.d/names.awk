# SPDX-License-Identifier: BSD-3-Clause
#
# External functions of the product say where they stand: behind wl_ comes the name of a file of their folder, that of the folder,
# or how their own file's name begins. A file's name counts without what says that it touches the platform, a command's without
# cmd_ or tool_, one of many without its s.
# Input: the product's sources. Output: file:line: error: why.

function name_of(path) {
	sub(/.*\//, "", path)
	sub(/\.[ch]$/, "", path)
	sub(/_(thread|file|socket|dpdk|uring|memory|tsc|internal|nvme|block)$/, "", path)
	return path
}

function folder_of(path) {
	sub(/\/[^\/]*$/, "", path)
	return path
}

function begins(text, word,    one) {
	one = word
	sub(/s$/, "", one)
	return index(text "_", word "_") == 1 || index(text "_", one "_") == 1
}

FNR == 1 {
	own = name_of(FILENAME)
	bare = own
	sub(/^(cmd|tool)_/, "", bare)
	known[folder_of(FILENAME)] = known[folder_of(FILENAME)] " " own " " bare
}

# What a macro defines has its name from the macro.
/^#/ || macro {
	macro = /\\$/
	next
}

FILENAME ~ /\.c$/ && !/^static/ && !/;[ \t]*$/ && /^[a-z].*[ *]wl_[a-z0-9_]+\(/ {
	match($0, /wl_[a-z0-9_]+\(/)
	functions[++count] = substr($0, RSTART + 3, RLENGTH - 4)
	place[count] = FILENAME ":" FNR
	first[count] = bare
	sub(/_.*/, "", first[count])
	if (own ~ /^cmd_/ && functions[count] ~ /^cmd_/) # a file may have several subcommands
		first[count] = "cmd"
}

END {
	for (i = 1; i <= count; i++) {
		folder = folder_of(place[i])
		room = folder
		sub(/.*\//, "", room)
		fits = begins(functions[i], room) || index(functions[i], first[i]) == 1
		words = split(known[folder], word)
		for (at = 1; at <= words && !fits; at++)
			fits = begins(functions[i], word[at])
		if (!fits)
			printf "%s: error: wl_%s() has a name of nowhere: name it after its file, its module or its folder\n",
				place[i], functions[i]
	}
}
