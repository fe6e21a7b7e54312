# SPDX-License-Identifier: BSD-3-Clause
#
# Functions of a header that no file but the one that has them calls, tests counted as callers: nobody's, or static.
# Input: all sources. Output: file:line: error: why.

# What a macro calls is called by whoever uses the macro.
/^#/ || macro {
	macro = /\\$/
	text = $0
	while (match(text, /wl_[a-z0-9_]+/)) {
		files[substr(text, RSTART, RLENGTH)] += 2
		if (substr(text, RSTART + RLENGTH, 2) == "##") # the rest of the name comes from a table
			prefixes[substr(text, RSTART, RLENGTH)] = 1
		text = substr(text, RSTART + RLENGTH)
	}
	next
}

# The head of a declaration: at the first column, in a header, up to its parentheses.
FILENAME ~ /\.h$/ && FILENAME !~ /^(tests|perf)\// && !/static|typedef|^[ \t*\/]/ {
	if (match($0, /wl_[a-z0-9_]+\(/)) {
		name = substr($0, RSTART, RLENGTH - 1)
		if (!(name in place))
			place[name] = FILENAME ":" FNR
	}
}

FILENAME ~ /\.c$/ || /static inline/ || inline {
	text = $0
	while (match(text, /wl_[a-z0-9_]+/)) {
		name = substr(text, RSTART, RLENGTH)
		if (!((name, FILENAME) in seen)) {
			seen[name, FILENAME] = 1
			files[name]++
		}
		text = substr(text, RSTART + RLENGTH)
	}
}

# Bodies of inline functions in headers call, too.
FILENAME ~ /\.h$/ { inline = /static inline/ || (inline && !/^}/) }

END {
	for (name in place) {
		for (prefix in prefixes)
			if (index(name, prefix) == 1)
				files[name] = 2
		if (files[name] < 2)
			printf "%s: error: %s() is called by nobody outside of its file: make it static, or remove it\n",
				place[name], name
	}
}
