/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/doctor/doctor_report.h"

#include <string.h>

#define COLUMNS 100
#define INDENT 31 /* where what is there stands */

struct counts {
	int unsafe, slow, notes, unknown, good, not_asked;
};

static struct counts count(const struct wl_doctor_answer *answers)
{
	struct counts counts = {0};

	for (size_t at = 0; at < wl_doctor_check_count; at++) {
		bool is_bad = answers[at].state == WL_DOCTOR_STATE_BAD;

		counts.unsafe += is_bad && wl_doctor_checks[at].severity == WL_DOCTOR_UNSAFE;
		counts.slow += is_bad && wl_doctor_checks[at].severity == WL_DOCTOR_SLOW;
		counts.notes += is_bad && wl_doctor_checks[at].severity == WL_DOCTOR_NOTE;
		counts.unknown += answers[at].state == WL_DOCTOR_STATE_UNKNOWN;
		counts.good += answers[at].state == WL_DOCTOR_STATE_GOOD;
		counts.not_asked += answers[at].state == WL_DOCTOR_STATE_NOT_ASKED;
	}
	return counts;
}

static const char *fix_of(size_t at, const struct wl_doctor_answer *answer)
{
	return answer->fix[0] != '\0' ? answer->fix : wl_doctor_checks[at].fix;
}

json_t *wl_doctor_report_json(const struct wl_doctor_answer *answers)
{
	static const char *const levels[] = {"healthy", "degraded", "unsafe"};
	struct counts counts = count(answers);
	json_t *rows = json_array();

	for (size_t at = 0; at < wl_doctor_check_count; at++) {
		const struct wl_doctor_check *check = &wl_doctor_checks[at];

		json_array_append_new(
			rows, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "name",
					check->name, "area", check->area, "severity",
					wl_doctor_severity_name(check->severity), "state",
					wl_doctor_state_name(answers[at].state), "required",
					check->required, "current", answers[at].current, "reads",
					check->reads, "effect", check->effect, "fix",
					fix_of(at, &answers[at])));
	}
	return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:o}", "level",
			 levels[wl_doctor_exit_code(answers)], "unsafe", counts.unsafe, "slow",
			 counts.slow, "notes", counts.notes, "unknown", counts.unknown, "good",
			 counts.good, "not_asked", counts.not_asked, "checks", rows);
}

/* Words of `text`, in lines that end before the last column and begin at `indent`; the cursor stands at `column`. */
static void print_wrapped(FILE *to, const char *text, int column, int indent)
{
	while (*text != '\0') {
		int length = (int)strcspn(text, " ");

		if (column > indent && column + 1 + length > COLUMNS) {
			fprintf(to, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', to);
			column++;
		}
		fprintf(to, "%.*s", length, text);
		column += length;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', to);
}

static void print_row(FILE *to, size_t at, const struct wl_doctor_answer *answer)
{
	static const char *const words[] = {"good", "", "?", "-"};
	const struct wl_doctor_check *check = &wl_doctor_checks[at];
	bool is_bad = answer->state == WL_DOCTOR_STATE_BAD;

	fprintf(to, "  %-7s %-20s ",
		is_bad ? wl_doctor_severity_name(check->severity) : words[answer->state],
		check->name);
	print_wrapped(to, answer->current, INDENT, INDENT);
	if (!is_bad)
		return;
	fprintf(to, "%*s%-9s ", INDENT, "", "required:");
	print_wrapped(to, check->required, INDENT + 10, INDENT + 10);
	fprintf(to, "%*s%-9s ", INDENT, "", "else:");
	print_wrapped(to, check->effect, INDENT + 10, INDENT + 10);
	fprintf(to, "%*s%-9s ", INDENT, "", "fix:");
	print_wrapped(to, fix_of(at, answer), INDENT + 10, INDENT + 10);
}

void wl_doctor_report_print(FILE *to, const struct wl_doctor_answer *answers)
{
	struct counts counts = count(answers);
	const char *area = "";

	for (size_t at = 0; at < wl_doctor_check_count; at++) {
		if (strcmp(area, wl_doctor_checks[at].area) != 0)
			fprintf(to, "%s%s\n", at > 0 ? "\n" : "", wl_doctor_checks[at].area);
		area = wl_doctor_checks[at].area;
		print_row(to, at, &answers[at]);
	}
	fprintf(to,
		"\n%d unsafe, %d slow, %d to note; %d could not be read (?), %d are not asked (-), %d "
		"good\n",
		counts.unsafe, counts.slow, counts.notes, counts.unknown, counts.not_asked,
		counts.good);
}
