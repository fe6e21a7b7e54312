# SPDX-License-Identifier: BSD-3-Clause
#
# What scripts/lint finds by reading C sources: arrows, purity, sizes, first line.
# Input: scripts/lint.d/arrows, then the sources. Output: file:line: error|warning: why.

BEGIN {
	FILE_LINES_WARN = 700
	FILE_LINES_MAX = 800
	FUNCTION_LINES_WARN = 80
	FUNCTION_LINES_MAX = 120
	# Files that touch the platform say so in their name; the daemon's main puts pure and platform
	# together, check.c stops the process.
	PLATFORM_NAME = "_(dpdk|uring|socket|file|tsc|nvme|block|thread|memory)\\.[ch]$"
	PLATFORM_EXEMPT = "(^|/)(main|check)\\.c$"
	PLATFORM_HEADER = "^<(rte_[a-z0-9_]*|liburing|liburing/.*|unistd|sys/.*|fcntl|pthread|" \
		"sched|stdio|time|signal|poll|threads|netinet/.*|arpa/.*|net/.*|netdb|linux/.*|" \
		"dirent|dlfcn|cap-ng|numa|numaif)\\.h>$"
	PLATFORM_CALL = "(^|[^a-zA-Z0-9_.>])(malloc|calloc|realloc|free|aligned_alloc|" \
		"posix_memalign|strdup|abort|exit|rand|random|getenv|printf|fprintf|system)[ \t]*\\("
}

function tell(kind, line, why) {
	printf "%s:%d: %s: %s\n", FILENAME, line, kind, why
}

# The line of the arrows that a path falls under; 0: none.
function rule_of(path,    i) {
	for (i = 1; i <= rules; i++)
		if (path ~ from[i])
			return i
	return 0
}

function folder_of(path) {
	return substr(path, 1, length(path) - length(base_of(path)))
}

function base_of(path) {
	sub(/.*\//, "", path)
	return path
}

# A shell pattern with * (no slash), ** (anything) and {a,b} as a regular expression.
function pattern(text) {
	gsub(/\./, "\\.", text)
	gsub(/\*\*/, "\001", text)
	gsub(/\*/, "[^/]*", text)
	gsub(/\001/, ".*", text)
	gsub(/\{/, "(", text)
	gsub(/\}/, ")", text)
	gsub(/,/, "|", text)
	return "^" text "$"
}

FILENAME ~ /lint\.d\/arrows$/ {
	if ($0 !~ /^(#|$)/) {
		from[++rules] = pattern($1)
		count[rules] = NF - 1
		for (i = 2; i <= NF; i++)
			to[rules, i - 1] = pattern($i)
	}
	next
}

FNR == 1 {
	finish_file()
	name = FILENAME
	in_comment = 0
	in_function = 0
	pure = name ~ /^(dataplane|control)\// && name !~ PLATFORM_NAME && name !~ PLATFORM_EXEMPT
	rule = rule_of(name)
	if (!rule)
		tell("error", 1, "no line of scripts/lint.d/arrows fits: put it into a room, or make one")
	if ($0 != "/* SPDX-License-Identifier: BSD-3-Clause */")
		tell("error", 1, "the first line is not /* SPDX-License-Identifier: BSD-3-Clause */")
}

function finish_file() {
	if (name == "")
		return
	if (lines > FILE_LINES_MAX)
		printf "%s:%d: error: %d lines, at most %d: look for the seam\n", name, lines,
			lines, FILE_LINES_MAX
	else if (lines > FILE_LINES_WARN)
		printf "%s:%d: warning: %d lines\n", name, lines, lines
}

# The line without comments and without the content of strings.
function code_of(text,    out, at) {
	out = ""
	while (text != "") {
		if (in_comment) {
			at = index(text, "*/")
			if (!at)
				return out
			text = substr(text, at + 2)
			in_comment = 0
		} else if (match(text, /\/\*|\/\/|"([^"\\]|\\.)*"|'([^'\\]|\\.)*'/)) {
			at = substr(text, RSTART, 2)
			out = out substr(text, 1, RSTART - 1)
			if (at == "//")
				return out
			if (at == "/*")
				in_comment = 1
			else
				out = out "\"\""
			text = substr(text, RSTART + RLENGTH)
		} else {
			return out text
		}
	}
	return out
}

function check_include(spelled,    path, i, allowed) {
	if (spelled ~ /^</) {
		if (pure && spelled ~ PLATFORM_HEADER)
			tell("error", FNR, "pure file includes " spelled \
				": move it to a file whose name says so (_dpdk, _uring, _file, ...)")
		return
	}
	path = substr(spelled, 2, length(spelled) - 2)
	if (path !~ /\//) {
		tell("error", FNR, "include " spelled " is not spelled from the repository root")
		return
	}
	if (pure && path ~ PLATFORM_NAME)
		tell("error", FNR, "pure file includes the platform header " spelled)
	for (i = 1; i <= count[rule] && !allowed; i++)
		if (path ~ to[rule, i])
			allowed = 1
	if (!allowed)
		tell("error", FNR, "arrow: this file may not include " spelled \
			" (scripts/lint.d/arrows)")
	else if (rule_of(path) > rule && folder_of(path) != folder_of(name))
		tell("error", FNR, "arrow: " spelled " is of a higher room (scripts/lint.d/arrows)")
}

{
	lines = FNR
	if (!in_comment && match($0, /^#[ \t]*include[ \t]+(<[^>]*>|"[^"]*")/)) {
		text = substr($0, RSTART, RLENGTH)
		sub(/^#[ \t]*include[ \t]+/, "", text)
		check_include(text)
		next
	}
	code = code_of($0)
	if (pure && match(code, PLATFORM_CALL)) {
		text = substr(code, RSTART, RLENGTH)
		gsub(/[^a-z_]/, "", text)
		tell("error", FNR, "pure file calls " text "()")
	}
	if (code ~ /^\{/ && FILENAME ~ /\.c$/) {
		in_function = 1
		function_start = FNR
	} else if (code ~ /^\}/ && in_function) {
		in_function = 0
		size = FNR - function_start - 1
		if (size > FUNCTION_LINES_MAX)
			tell("error", function_start, "function of " size " lines, at most " \
				FUNCTION_LINES_MAX)
		else if (size > FUNCTION_LINES_WARN)
			tell("warning", function_start, "function of " size " lines")
	}
}

END {
	finish_file()
}
