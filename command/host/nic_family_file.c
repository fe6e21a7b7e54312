/* SPDX-License-Identifier: BSD-3-Clause */
#include <cyaml/cyaml.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/host/host_read_file.h"
#include "command/host/nic_family.h"

/* As it stands in the file. */
struct text {
	char *family, *binding, *steering, *needs, *needs_fix;
	char **drivers, **ids, **limits;
	uint32_t drivers_count, ids_count, limits_count;
	uint32_t queues_max, descriptors_min, descriptors_max, mtu_max;
};

/* No longer than where it is kept: it would be cut in silence. */
static const cyaml_schema_value_t short_word = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 23),
};
static const cyaml_schema_value_t sentence = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 199),
};

#define WORD(key, flags, max) \
	CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER | (flags), struct text, key, 1, max)
#define WORDS(key, flags, kind, max) \
	CYAML_FIELD_SEQUENCE(#key, CYAML_FLAG_POINTER | (flags), struct text, key, kind, 0, max)
#define NUMBER(name) CYAML_FIELD_UINT(#name, CYAML_FLAG_DEFAULT, struct text, name)

static const cyaml_schema_field_t fields[] = {
	WORD(family, 0, 15),
	WORDS(drivers, 0, &short_word, WL_NIC_DRIVERS_MAX),
	WORDS(ids, 0, &short_word, WL_NIC_IDS_MAX),
	WORD(binding, 0, 15),
	WORD(steering, 0, 15),
	NUMBER(queues_max),
	NUMBER(descriptors_min),
	NUMBER(descriptors_max),
	NUMBER(mtu_max),
	WORD(needs, CYAML_FLAG_OPTIONAL, 127),
	WORD(needs_fix, CYAML_FLAG_OPTIONAL, 159),
	WORDS(limits, CYAML_FLAG_OPTIONAL, &sentence, WL_NIC_LIMITS_MAX),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct text, fields),
};
static const cyaml_config_t reader = {
	.mem_fn = cyaml_mem,
	.log_fn = NULL,
	.log_level = CYAML_LOG_ERROR,
	.flags = CYAML_CFG_DEFAULT,
};

static bool take_words(const struct text *text, struct wl_nic_family *family)
{
	static const char *const bindings[] = {"vfio-pci", "never"};
	static const char *const steerings[] = {"rules", "hash", "none"};
	bool is_binding = false, is_steering = false;

	for (int at = 0; at < 2; at++)
		if (strcmp(text->binding, bindings[at]) == 0) {
			family->binding = (enum wl_nic_binding)at;
			is_binding = true;
		}
	for (int at = 0; at < 3; at++)
		if (strcmp(text->steering, steerings[at]) == 0) {
			family->steering = (enum wl_nic_steering)at;
			is_steering = true;
		}
	return is_binding && is_steering;
}

static bool take(const struct text *text, struct wl_nic_family *family)
{
	memset(family, 0, sizeof(*family));
	snprintf(family->name, sizeof(family->name), "%s", text->family);
	family->driver_count = text->drivers_count;
	for (unsigned at = 0; at < family->driver_count; at++)
		snprintf(family->drivers[at], sizeof(family->drivers[at]), "%s", text->drivers[at]);
	family->id_count = text->ids_count;
	for (unsigned at = 0; at < family->id_count; at++)
		snprintf(family->ids[at], sizeof(family->ids[at]), "%s", text->ids[at]);
	family->limit_count = text->limits_count;
	for (unsigned at = 0; at < family->limit_count; at++)
		snprintf(family->limits[at], sizeof(family->limits[at]), "%s", text->limits[at]);
	family->queues_max = text->queues_max;
	family->descriptors_min = text->descriptors_min;
	family->descriptors_max = text->descriptors_max;
	family->mtu_max = text->mtu_max;
	snprintf(family->needs, sizeof(family->needs), "%s", text->needs ? text->needs : "");
	snprintf(family->needs_fix, sizeof(family->needs_fix), "%s",
		 text->needs_fix ? text->needs_fix : "");
	return take_words(text, family) && family->queues_max > 0 && family->mtu_max >= 1500 &&
	       family->descriptors_min <= family->descriptors_max;
}

struct load {
	struct wl_nic_families *families;
	char *reason;
	size_t reason_bytes;
	bool failed;
};

static bool load_one(void *context, const char *name)
{
	struct load *load = context;
	struct wl_nic_families *families = load->families;
	struct text *text = NULL;
	char path[WL_HOST_PATH_BYTES];
	size_t length = strlen(name);
	cyaml_err_t error;

	if (length < 5 || strcmp(name + length - 5, ".yaml") != 0)
		return true;
	if (families->count == WL_NIC_FAMILIES_MAX ||
	    !wl_host_path(path, families->folder, "/%s", name)) {
		snprintf(load->reason, load->reason_bytes, "%s: more than %u files",
			 families->folder, WL_NIC_FAMILIES_MAX);
		load->failed = true;
		return false;
	}
	error = cyaml_load_file(path, &reader, &schema, (cyaml_data_t **)&text, NULL);
	/* An empty file is read as nothing at all. */
	if (error != CYAML_OK || text == NULL || !take(text, &families->list[families->count])) {
		snprintf(load->reason, load->reason_bytes, "%s: %s", path,
			 error != CYAML_OK
				 ? cyaml_strerror(error)
				 : "binding is vfio-pci or never, steering rules, hash or "
				   "none; queues_max and mtu_max are numbers");
		load->failed = true;
	} else {
		families->count++;
	}
	if (text != NULL)
		cyaml_free(&reader, &schema, text, 0);
	return !load->failed;
}

/* Beside the program as it was built, or as it was installed. */
static void find_folder(char *folder, size_t folder_bytes)
{
	static const char *const beside[] = {"../drivers-config/nic",
					     "../share/wirelog/drivers-config/nic",
					     "../../drivers-config/nic"};
	char own[PATH_MAX], path[PATH_MAX + 64];
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);

	folder[0] = '\0';
	for (size_t at = 0; length > 0 && at < sizeof(beside) / sizeof(beside[0]); at++) {
		own[length] = '\0';
		*(strrchr(own, '/') + 1) = '\0';
		snprintf(path, sizeof(path), "%s%s", own, beside[at]);
		if (access(path, R_OK) == 0 && strlen(path) < folder_bytes) {
			strcpy(folder, path);
			return;
		}
	}
}

bool wl_nic_families_load(struct wl_nic_families *families, const char *folder, char *reason,
			  size_t reason_bytes)
{
	struct load load = {.families = families, .reason = reason, .reason_bytes = reason_bytes};

	memset(families, 0, sizeof(*families));
	if (folder != NULL)
		snprintf(families->folder, sizeof(families->folder), "%s", folder);
	else
		find_folder(families->folder, sizeof(families->folder));
	if (families->folder[0] != '\0')
		wl_host_each("", families->folder, load_one, &load);
	return !load.failed;
}
