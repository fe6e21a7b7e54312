# SPDX-License-Identifier: BSD-3-Clause
#
# What scripts/lint finds by reading C sources: arrows, purity, sizes, first line.
# Input: scripts/lint.d/arrows, then the sources. Output: file:line: error|warning: why.

BEGIN {
	# A file and a function of the product, and what differs in tests. A function that is longer for a reason says it in the comment
	# above ("long: why"), and has REASON lines at most.
	FILE_LINES_MAX = 600
	TEST_FILE_LINES_MAX = 820
	FUNCTION_LINES_MAX = 60
	FUNCTION_LINES_REASON = 75
	PARAMETERS_MAX = 5
	TEST_PARAMETERS_MAX = 8
	NESTING_MAX = 3
	# Files that touch the platform say so in their name; the daemon's main puts pure and platform
	# together, check.c stops the process.
	PLATFORM_NAME = "_(dpdk|uring|socket|file|tsc|nvme|block|thread|memory)\\.[ch]$"
	PLATFORM_EXEMPT = "(^|/)(main|check)\\.c$"
	# What a pure file may include, and nothing else: freestanding C, bytes and strings, numbers of errors and of exit codes,
	# and libraries that compute (checksums, ciphers, JSON in memory).
	PURE_HEADER = "^<(stdint|stdbool|stddef|stdalign|stdarg|stdatomic|string|strings|errno|sysexits|" \
		"isa-l/crc|isa-l/crc64|intel-ipsec-mb|jansson)\\.h>$"
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
	most = name ~ /^tests\// ? TEST_FILE_LINES_MAX : FILE_LINES_MAX
	if (lines > most)
		printf "%s:%d: error: %d lines, at most %d: look for the seam\n", name, lines,
			lines, most
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
		if (pure && spelled !~ PURE_HEADER)
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

# What stands between two functions: the comment above the next one, and its head.
function note_head(code) {
	if ($0 ~ /(^|[ *])long: /)
		has_reason = 1
	if ($0 ~ /(^|[ *])wide: /)
		is_prescribed = 1
	head = code ~ /^[a-z]/ ? code : head code
	if (code ~ /;[ \t]*$/)
		head = ""
}

# Commas of the outermost parentheses; those of a parameter that is a pointer to a function do not count, nor does "...", which belongs to
# the format before it. A signature that somebody else prescribes says so: /* wide: whose it is */.
function check_parameters(    text, n, most) {
	text = head
	sub(/^[^(]*\(/, "", text)
	while (gsub(/\([^()]*\)/, "", text) > 0 && text ~ /\(/)
		;
	sub(/\)[^)]*$/, "", text)
	sub(/,[ \t]*\.\.\./, "", text)
	n = gsub(/,/, ",", text) + 1
	if (is_prescribed)
		return
	most = name ~ /^tests\// ? TEST_PARAMETERS_MAX : PARAMETERS_MAX
	if (n > most)
		tell("error", FNR, "function of " n " parameters, at most " most)
}

# Blocks within the function's own. A block's brace stands behind a blank, a compound literal's does not; and all others are
# of initialisers.
function check_nesting(code,    before) {
	while (match(code, /[{}]/)) {
		before = substr(code, 1, RSTART - 1)
		if (substr(code, RSTART, 1) == "{") {
			kind[++braces] = before ~ /(\)|else|do|:) $/ || before ~ /^[ \t]+$/ && !in_braces
			depth += kind[braces]
			if (kind[braces] && depth > NESTING_MAX)
				tell("error", FNR, "blocks " depth " deep, at most " NESTING_MAX)
			in_braces = !kind[braces]
		} else if (braces > 0) {
			depth -= kind[braces--]
			in_braces = braces > 0 && !kind[braces]
		}
		code = substr(code, RSTART + 1)
	}
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
	if (in_function)
		check_nesting(code)
	else
		note_head(code)
	if (code ~ /^\{/ && FILENAME ~ /\.c$/) {
		in_function = 1
		function_start = FNR
		depth = braces = in_braces = 0
		check_parameters()
	} else if (code ~ /^\}/ && in_function) {
		in_function = 0
		size = FNR - function_start - 1
		if (size > (has_reason ? FUNCTION_LINES_REASON : FUNCTION_LINES_MAX))
			tell("error", function_start, "function of " size " lines, at most " \
				FUNCTION_LINES_MAX ", or " FUNCTION_LINES_REASON " with \"long: why\" in the comment above")
		head = ""
		has_reason = is_prescribed = 0
	}
}

END {
	finish_file()
}
