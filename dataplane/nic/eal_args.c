/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/eal_args.h"

#include <string.h>

#include "dataplane/base/sentence.h"
#include "wirelog/status.h"

#define MEMORY_MB_DEFAULT 64u

/* Arguments that end the process or make it another kind of process. */
static const char *const refused[] = {"-h",	     "--help",		"-v",
				      "--version",   "--proc-type",	"--vdev-help",
				      "--telemetry", "--create-uio-dev"};

static uint32_t memory_mb_of(const struct wl_eal_settings *settings)
{
	return settings->memory_mb != 0 ? settings->memory_mb : MEMORY_MB_DEFAULT;
}

uint32_t wl_eal_args_pages(const struct wl_eal_settings *settings, uint32_t page_kb)
{
	uint64_t memory_kb = (uint64_t)memory_mb_of(settings) * 1024;

	if (settings->hugepages == WL_HUGEPAGES_OFF)
		return UINT32_MAX;
	return (uint32_t)((memory_kb + page_kb - 1) / page_kb);
}

/* False: no room. */
static bool push(struct wl_eal_args *args, const char *word, size_t bytes)
{
	char *to = args->text + args->text_used;

	if (args->argc >= WL_EAL_ARGS_MAX || bytes + 1 > WL_EAL_TEXT_BYTES - args->text_used)
		return false;
	memcpy(to, word, bytes);
	to[bytes] = '\0';
	args->text_used += bytes + 1;
	args->argv[args->argc++] = to;
	args->argv[args->argc] = NULL;
	return true;
}

static bool push_word(struct wl_eal_args *args, const char *word)
{
	return push(args, word, strlen(word));
}

/* "0,1,4-127" */
static void add_cores(struct wl_sentence *sentence, const uint16_t *cores, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++) {
		uint16_t last = i;

		while (last + 1 < count && cores[last + 1] == cores[last] + 1)
			last++;
		if (i > 0)
			wl_sentence_add(sentence, ",");
		wl_sentence_add_number(sentence, cores[i]);
		if (last < i + 2)
			continue;
		wl_sentence_add(sentence, "-");
		wl_sentence_add_number(sentence, cores[last]);
		i = last;
	}
}

/* One lcore, free to move among its cores: workers are threads of ours that we pin ourselves. */
static bool push_cores(struct wl_eal_args *args, const struct wl_eal_facts *facts)
{
	char text[WL_EAL_CORES_MAX * 6 + 8];
	struct wl_sentence cores = wl_sentence_begin(text, sizeof(text));

	if (facts->core_count == 0)
		return true;
	wl_sentence_add(&cores, "0@(");
	add_cores(&cores, facts->cores, facts->core_count);
	wl_sentence_add(&cores, ")");
	return push_word(args, "--lcores") && push_word(args, text);
}

static void add_pages(struct wl_sentence *sentence, const struct wl_eal_facts *facts, uint64_t need)
{
	if (facts->hugepage_kb == 0) {
		wl_sentence_add(sentence, "this kernel has no hugepages");
		return;
	}
	wl_sentence_add_number(sentence, need);
	wl_sentence_add(sentence, " hugepages of ");
	wl_sentence_add_number(sentence, facts->hugepage_kb);
	wl_sentence_add(sentence, " kB are needed, ");
	wl_sentence_add_number(sentence, facts->hugepages_free);
	wl_sentence_add(sentence, " can be had");
}

/* Which memory, and why. EAL_HUGEPAGES when they are demanded and missing. */
static int choose_memory(struct wl_eal_args *args, const struct wl_eal_settings *settings,
			 const struct wl_eal_facts *facts, struct wl_sentence *reason)
{
	struct wl_sentence why =
		wl_sentence_begin(args->memory_reason, sizeof(args->memory_reason));
	uint64_t need = 0;

	if (settings->hugepages == WL_HUGEPAGES_OFF) {
		wl_sentence_add(&why, "4 KiB pages: configured");
		return 0;
	}
	if (facts->hugepage_kb != 0) {
		need = wl_eal_args_pages(settings, facts->hugepage_kb);
		args->hugepages = facts->hugepages_free >= need;
	}
	wl_sentence_add(&why, args->hugepages ? "hugepages: " : "4 KiB pages: ");
	add_pages(&why, facts, need);
	if (args->hugepages || settings->hugepages == WL_HUGEPAGES_AUTO)
		return 0;
	add_pages(reason, facts, need);
	return WIRELOG_EAL_HUGEPAGES;
}

static bool push_memory(struct wl_eal_args *args, uint32_t memory_mb, bool has_pci)
{
	char number[24];
	struct wl_sentence text = wl_sentence_begin(number, sizeof(number));
	bool fits;

	wl_sentence_add_number(&text, memory_mb);
	if (args->hugepages)
		fits = push_word(args, "--in-memory");
	else
		fits = push_word(args, "--no-huge") && push_word(args, "--no-shconf");
	fits = fits && push_word(args, "-m") && push_word(args, number);
	/* Virtual devices need no physical addresses, which only root may learn. */
	return fits && (has_pci || push_word(args, "--iova-mode=va"));
}

static bool push_devices(struct wl_eal_args *args, const struct wl_eal_settings *settings)
{
	if (settings->pci_count == 0)
		return push_word(args, "--no-pci");
	for (uint16_t i = 0; i < settings->pci_count; i++)
		if (!push_word(args, "-a") || !push_word(args, settings->pci[i]))
			return false;
	return true;
}

static bool is_refused(const char *word, size_t bytes)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		size_t size = strlen(refused[i]);

		if (bytes >= size && memcmp(word, refused[i], size) == 0 &&
		    (bytes == size || word[size] == '='))
			return true;
	}
	return false;
}

static int push_extra(struct wl_eal_args *args, const char *extra, struct wl_sentence *reason)
{
	while (extra != NULL) {
		size_t bytes;

		extra += strspn(extra, " \t\n");
		bytes = strcspn(extra, " \t\n");
		if (bytes == 0)
			break;
		if (is_refused(extra, bytes)) {
			wl_sentence_add(reason, "eal_extra may not hold ");
			wl_sentence_add_part(reason, extra, bytes);
			return WIRELOG_CONFIG_VALUE;
		}
		if (!push(args, extra, bytes)) {
			wl_sentence_add(reason, "eal_extra is too long");
			return WIRELOG_CONFIG_VALUE;
		}
		extra += bytes;
	}
	return 0;
}

/* Of a directory that the EAL makes below its own: no way out of there. */
static bool is_file_name(const char *name)
{
	return name == NULL || (name[0] != '.' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
								    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
								    "0123456789-_.")] == '\0');
}

static bool push_telemetry(struct wl_eal_args *args, const char *name)
{
	char word[128];
	struct wl_sentence prefix = wl_sentence_begin(word, sizeof(word));

	if (name == NULL || name[0] == '\0')
		return push_word(args, "--no-telemetry");
	wl_sentence_add(&prefix, "--file-prefix=");
	wl_sentence_add(&prefix, name);
	return push_word(args, "--telemetry") && push_word(args, word);
}

int wl_eal_args_build(struct wl_eal_args *args, const struct wl_eal_settings *settings,
		      const struct wl_eal_facts *facts, char *reason, size_t reason_bytes)
{
	struct wl_sentence why = wl_sentence_begin(reason, reason_bytes);
	int status;

	memset(args, 0, sizeof(*args));
	push_word(args, settings->program != NULL ? settings->program : "wirelogd");
	push_cores(args, facts);
	if (!is_file_name(settings->telemetry)) {
		wl_sentence_add(
			&why,
			"dpdk_telemetry: a name of letters, digits, and - _ . would be right");
		return WIRELOG_CONFIG_VALUE;
	}
	status = choose_memory(args, settings, facts, &why);
	if (status != 0)
		return status;
	if (!push_memory(args, memory_mb_of(settings), settings->pci_count > 0) ||
	    !push_devices(args, settings) || !push_telemetry(args, settings->telemetry) ||
	    !push_word(args, settings->debug ? "--log-level=8" : "--log-level=6")) {
		wl_sentence_add(&why, "the settings make too long a line for DPDK");
		return WIRELOG_CONFIG_VALUE;
	}
	return push_extra(args, settings->extra, &why);
}

void wl_eal_args_print(const struct wl_eal_args *args, char *line, size_t line_bytes)
{
	struct wl_sentence sentence = wl_sentence_begin(line, line_bytes);

	for (int i = 0; i < args->argc; i++) {
		bool quote = strpbrk(args->argv[i], "()*?;&|<>$'\"\\ ") != NULL;

		if (i > 0)
			wl_sentence_add(&sentence, " ");
		if (quote)
			wl_sentence_add(&sentence, "'");
		wl_sentence_add(&sentence, args->argv[i]);
		if (quote)
			wl_sentence_add(&sentence, "'");
	}
}
