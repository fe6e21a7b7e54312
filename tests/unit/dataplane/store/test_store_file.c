/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/cluster_id.h"
#include "dataplane/base/crc.h"
#include "dataplane/log/chunk.h"
#include "dataplane/store/store_owner.h"
#include "tests/unit/dataplane/store/store_fixture.h"
#include "tests/unit/runner.h"

#define SEGMENT_0 "journal-00/segment-000000000000"
#define SEGMENT_1 "journal-00/segment-000000000001"

static struct store_fixture fixture;

static void begin(void)
{
	store_fixture_init(&fixture);
}

static void make_and_close(void)
{
	wl_store_close(store_fixture_must_open(&fixture));
}

static int open_status(void)
{
	struct wl_store *store = NULL;
	int status = store_fixture_open(&fixture, &store);

	if (status == 0)
		wl_store_close(store);
	else
		CU_ASSERT_PTR_NULL(store);
	return status;
}

static bool says(const char *words)
{
	return strstr(fixture.reason, words) != NULL;
}

static void touch(const char *name, const char *text)
{
	FILE *file = fopen(store_fixture_path(&fixture, name), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

static uint8_t *blocks(size_t bytes)
{
	uint8_t *memory = aligned_alloc(WL_BLOCK_BYTES, bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	return memory;
}

/* ---- the first open ---- */

static void a_missing_directory_is_made_private_and_whole(void)
{
	struct wl_superblock copy;
	uint8_t image[WL_BLOCK_BYTES];
	struct wl_store *store;
	struct stat status;
	int fd;

	begin();
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(stat(fixture.data, &status), 0);
	CU_ASSERT_EQUAL(status.st_mode & 0777, 0700);
	CU_ASSERT(store_fixture_has(&fixture, "journal-00") &&
		  store_fixture_has(&fixture, "journal-01"));
	CU_ASSERT_FALSE(store_fixture_has(&fixture, "superblock.new"));
	CU_ASSERT_FALSE(wl_store_is_block_device(store));
	CU_ASSERT_NOT_EQUAL(wl_store_superblock(store)->incarnation, 0);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 0);
	fd = open(store_fixture_path(&fixture, "superblock"), O_RDONLY | O_CLOEXEC);
	for (unsigned at = 0; at < WL_SUPERBLOCK_COPIES; at++) {
		CU_ASSERT_EQUAL(pread(fd, image, sizeof(image), at * WL_BLOCK_BYTES),
				sizeof(image));
		CU_ASSERT_EQUAL(wl_superblock_decode(image, &copy), WL_SUPERBLOCK_OK);
		CU_ASSERT_EQUAL(copy.sequence % 2, at / 2);
	}
	close(fd);
	wl_store_close(store);
	store_fixture_fini(&fixture);
}

/* Who gave a name may have died before the folder was synced; what the next one writes behind it must not go with it. */
static void names_are_durable_before_anything_relies_on_them(void)
{
	struct wl_store *store;

	for (unsigned again = 0; again < 2; again++) {
		if (again == 0)
			begin();
		store_fixture_watch_syncs();
		store = store_fixture_must_open(&fixture);
		CU_ASSERT(store_fixture_was_synced(fixture.directory));
		CU_ASSERT(store_fixture_was_synced(fixture.data));
		CU_ASSERT(store_fixture_was_synced(store_fixture_path(&fixture, "journal-00")));
		CU_ASSERT(store_fixture_was_synced(store_fixture_path(&fixture, "journal-01")));
		wl_store_close(store);
	}
	store_fixture_fini(&fixture);
}

static void a_second_open_finds_the_same_data(void)
{
	uint64_t incarnation;
	struct wl_store *store;

	begin();
	store = store_fixture_must_open(&fixture);
	incarnation = wl_store_superblock(store)->incarnation;
	wl_store_close(store);
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->incarnation, incarnation);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->node, 2);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->segment_bytes, STORE_SEGMENT_BYTES);
	CU_ASSERT_EQUAL(wl_store_damaged_copies(store), 0);
	wl_store_close(store);
	store_fixture_fini(&fixture);
}

/* Each state that a crash in the first open can leave. */
static void an_interrupted_first_open_is_begun_again(void)
{
	begin();
	mkdir(fixture.data, 0700);
	CU_ASSERT_EQUAL(open_status(), 0);
	CU_ASSERT_EQUAL(unlink(store_fixture_path(&fixture, "superblock")), 0);
	touch("superblock.new", "");
	CU_ASSERT_EQUAL(open_status(), 0);
	CU_ASSERT_EQUAL(unlink(store_fixture_path(&fixture, "superblock")), 0);
	touch("superblock.new", "half a superblock");
	CU_ASSERT_EQUAL(rmdir(store_fixture_path(&fixture, "journal-01")), 0);
	CU_ASSERT_EQUAL(open_status(), 0);
	CU_ASSERT(store_fixture_has(&fixture, "journal-01"));
	store_fixture_fini(&fixture);
}

static void a_crash_between_the_two_names_of_the_superblock_loses_nothing(void)
{
	char old[400];
	struct wl_store *store;
	uint64_t incarnation;

	begin();
	store = store_fixture_must_open(&fixture);
	incarnation = wl_store_superblock(store)->incarnation;
	wl_store_close(store);
	strcpy(old, store_fixture_path(&fixture, "superblock"));
	CU_ASSERT_EQUAL(link(old, store_fixture_path(&fixture, "superblock.new")), 0);
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->incarnation, incarnation);
	CU_ASSERT_FALSE(store_fixture_has(&fixture, "superblock.new"));
	wl_store_close(store);
	store_fixture_fini(&fixture);
}

static void a_fresh_file_system_counts_as_empty(void)
{
	begin();
	mkdir(fixture.data, 0700);
	mkdir(store_fixture_path(&fixture, "lost+found"), 0700);
	CU_ASSERT_EQUAL(open_status(), 0);
	store_fixture_fini(&fixture);
}

/* ---- refusals ---- */

static void a_strangers_directory_is_refused_by_name_and_left_alone(void)
{
	begin();
	mkdir(fixture.data, 0700);
	touch("thesis.txt", "irreplaceable");
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_NOT_OURS);
	CU_ASSERT(says("thesis.txt"));
	CU_ASSERT_FALSE(store_fixture_has(&fixture, "superblock.new"));
	CU_ASSERT_FALSE(store_fixture_has(&fixture, "journal-00"));
	store_fixture_fini(&fixture);
}

static void segments_without_a_superblock_are_damage_not_an_empty_directory(void)
{
	struct wl_store *store;

	begin();
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	wl_store_close(store);
	CU_ASSERT_EQUAL(unlink(store_fixture_path(&fixture, "superblock")), 0);
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_DAMAGED);
	CU_ASSERT(store_fixture_has(&fixture, SEGMENT_0));
	store_fixture_fini(&fixture);
}

static void a_lost_journal_folder_is_damage(void)
{
	begin();
	make_and_close();
	CU_ASSERT_EQUAL(rmdir(store_fixture_path(&fixture, "journal-01")), 0);
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_DAMAGED);
	CU_ASSERT(says("journal-01"));
	store_fixture_fini(&fixture);
}

static void data_of_another_cluster_or_node_are_foreign(void)
{
	begin();
	make_and_close();
	fixture.config.node = 3;
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_FOREIGN);
	CU_ASSERT(says("node 2"));
	fixture.config.node = 2;
	fixture.cluster[15] ^= 1;
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_FOREIGN);
	CU_ASSERT(says("another cluster"));
	store_fixture_fini(&fixture);
}

static void another_geometry_is_refused_with_the_value_to_set(void)
{
	begin();
	make_and_close();
	fixture.config.segment_bytes *= 2;
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_GEOMETRY);
	CU_ASSERT(says("segment_bytes=8388608"));
	fixture.config.segment_bytes /= 2;
	fixture.config.journal_count = 1;
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_GEOMETRY);
	CU_ASSERT(says("2 journals"));
	store_fixture_fini(&fixture);
}

/* A node that was told of fewer nodes would lead by a majority that the others do not know. */
static void another_list_of_nodes_is_refused_and_older_data_learn_theirs(void)
{
	struct wl_store *store;

	begin();
	make_and_close();
	fixture.config.voters = 0xe;
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->voters, 0xe);
	wl_store_close(store);
	store_fixture_fini(&fixture);
	begin();
	fixture.config.voters = 0xe;
	make_and_close();
	fixture.config.voters = 0x6;
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_GEOMETRY);
	CU_ASSERT(says("made for a cluster of nodes 1, 2, 3; cluster.nodes names 1, 2"));
	store_fixture_fini(&fixture);
}

static void unfinished_data_are_for_who_restores_and_whole_ones_are_not(void)
{
	static const uint8_t cluster[16] = {7, 7, 7};
	struct wl_superblock data = {.node = 2,
				     .journal_count = 2,
				     .boot_count = 5,
				     .segment_bytes = WL_SEGMENT_BYTES_MIN};
	struct wl_store_owner owner = {.cluster = cluster, .node = 2}, looks = {0};
	char text[200];
	struct wl_sentence why = wl_sentence_begin(text, sizeof(text));

	memcpy(data.cluster, cluster, sizeof(data.cluster));
	data.unfinished = true;
	CU_ASSERT_EQUAL(wl_store_owner_check(&data, &owner, &why), WIRELOG_STORE_UNFINISHED);
	CU_ASSERT_EQUAL(wl_store_owner_check(&data, &looks, &why), WIRELOG_STORE_UNFINISHED);
	owner.restores = true;
	CU_ASSERT_EQUAL(wl_store_owner_check(&data, &owner, &why), 0);
	owner.node = 3;
	CU_ASSERT_EQUAL(wl_store_owner_check(&data, &owner, &why), WIRELOG_STORE_FOREIGN);
	data.unfinished = false;
	why = wl_sentence_begin(text, sizeof(text));
	CU_ASSERT_EQUAL(wl_store_owner_check(&data, &owner, &why), WIRELOG_STORE_OCCUPIED);
	CU_ASSERT_STRING_EQUAL(
		text, "holds data of node 2, started 5 times: nothing is restored over them");
}

/* A node does not start on data that a leader contradicted; who only looks may. */
static void diverged_data_are_refused_with_both_chain_values(void)
{
	static const uint8_t cluster[16] = {7, 7, 7};
	struct wl_superblock data = {
		.node = 2,
		.journal_count = 2,
		.segment_bytes = WL_SEGMENT_BYTES_MIN,
	};
	struct wl_store_owner owner = {.cluster = cluster, .node = 2, .journal_count = 2};
	char text[200];
	struct wl_sentence why = wl_sentence_begin(text, sizeof(text));

	memcpy(data.cluster, cluster, sizeof(data.cluster));
	CU_ASSERT_EQUAL(wl_store_owner_check(&data, &owner, &why), 0);
	data.journals[1].divergence = (struct wl_divergence){
		.node = 3,
		.position = {7, 502},
		.chain = 0x00c0ffee00c0ffee,
		.their_chain = 0xdead,
	};
	CU_ASSERT_EQUAL(wl_store_owner_check(&data, &owner, &why), WIRELOG_STORE_DIVERGED);
	CU_ASSERT_STRING_EQUAL(
		text,
		"journal 1: node 3 led with another entry 502 of term 7: chain value 000000000000dead, committed "
		"here is 00c0ffee00c0ffee");
	CU_ASSERT_EQUAL(wirelog_status_exit_code(WIRELOG_STORE_DIVERGED), 65);
	owner.node = 1; /* whose data they are comes first */
	CU_ASSERT_EQUAL(wl_store_owner_check(&data, &owner, &why), WIRELOG_STORE_FOREIGN);
	owner.node = 0;
	CU_ASSERT_EQUAL(wl_store_owner_check(&data, &owner, &why), 0);
}

/* A build from before a feature does not start on data that use it; who only looks may. */
static void features_in_force_are_refused_by_a_build_that_lacks_them(void)
{
	struct wl_superblock data = {
		.node = 2,
		.journal_count = 2,
		.segment_bytes = WL_SEGMENT_BYTES_MIN,
		.features_in_force = 3 | 1ull << 30,
	};
	struct wl_store_owner owner = {.node = 2, .journal_count = 2, .features = 3 | 7ull << 30};
	char text[200];
	struct wl_sentence why = wl_sentence_begin(text, sizeof(text));

	CU_ASSERT_EQUAL(wl_store_owner_check(&data, &owner, &why), 0);
	owner.features = 1;
	CU_ASSERT_EQUAL(wl_store_owner_check(&data, &owner, &why), WIRELOG_FEATURE_UNKNOWN);
	CU_ASSERT_STRING_EQUAL(
		text, "features are in force that this build does not have: consumers-128, bit 30");
	CU_ASSERT_EQUAL(wirelog_status_exit_code(WIRELOG_FEATURE_UNKNOWN), 76);
	owner.node = 0;
	CU_ASSERT_EQUAL(wl_store_owner_check(&data, &owner, &why), 0);
}

static void an_owner_at_work_is_named(void)
{
	char pid[32];
	struct wl_store *store;

	begin();
	store = store_fixture_must_open(&fixture);
	snprintf(pid, sizeof(pid), "process %d", (int)getpid());
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_IN_USE);
	CU_ASSERT(says(pid));
	wl_store_close(store);
	CU_ASSERT_EQUAL(open_status(), 0);
	store_fixture_fini(&fixture);
}

static void damage_of_the_superblock_is_survived_as_far_as_a_pair_is_whole(void)
{
	const char *path;
	struct wl_store *store;

	begin();
	make_and_close();
	path = store_fixture_path(&fixture, "superblock");
	store_fixture_fill(path, 3 * WL_BLOCK_BYTES + 100, 0xee, 8);
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_damaged_copies(store), 1u << 3);
	wl_store_close(store);
	path = store_fixture_path(&fixture, "superblock");
	store_fixture_fill(path, 2 * WL_BLOCK_BYTES + 100, 0xee, 8);
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_DAMAGED);
	store_fixture_fini(&fixture);
}

static void a_superblock_cut_or_zeroed_is_damage_never_a_new_beginning(void)
{
	begin();
	make_and_close();
	CU_ASSERT_EQUAL(truncate(store_fixture_path(&fixture, "superblock"), 2 * WL_BLOCK_BYTES),
			0);
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_DAMAGED);
	CU_ASSERT_EQUAL(truncate(store_fixture_path(&fixture, "superblock"), 0), 0);
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_DAMAGED);
	CU_ASSERT_EQUAL(truncate(store_fixture_path(&fixture, "superblock"), 4 * WL_BLOCK_BYTES),
			0);
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_DAMAGED);
	store_fixture_fini(&fixture);
}

static void another_version_is_refused_as_such(void)
{
	uint8_t image[WL_BLOCK_BYTES];
	struct wl_superblock superblock;
	struct wl_store *store;

	begin();
	store = store_fixture_must_open(&fixture);
	superblock = *wl_store_superblock(store);
	wl_store_close(store);
	wl_superblock_encode(image, &superblock);
	wl_store_u16(image + 4, 9);
	wl_store_u32(image + WL_BLOCK_BYTES - 4, wl_crc32c(image, WL_BLOCK_BYTES - 4));
	store_fixture_overwrite(store_fixture_path(&fixture, "superblock"), 0, image,
				sizeof(image));
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_VERSION);
	store_fixture_fini(&fixture);
}

static void a_file_system_in_memory_is_refused(void)
{
	begin();
	snprintf(fixture.data, sizeof(fixture.data), "/dev/shm/wirelog-test-%d", (int)getpid());
	if (access("/dev/shm", W_OK) != 0) {
		store_fixture_fini(&fixture);
		wl_skip("needs a writable /dev/shm");
	}
	/* There already: where /dev/shm is no file system of its own, what is not there is taken for a drive that is missing. */
	CU_ASSERT_EQUAL(mkdir(fixture.data, 0700), 0);
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_NO_DIRECT);
	rmdir(fixture.data);
	store_fixture_fini(&fixture);
}

static void a_first_open_without_room_is_refused_before_anything_is_made(void)
{
	begin();
	fixture.config.journal_count = WIRELOG_JOURNALS_MAX;
	fixture.config.segment_bytes = 1ull << 50;
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_FULL);
	CU_ASSERT_FALSE(store_fixture_has(&fixture, "superblock.new"));
	CU_ASSERT_FALSE(store_fixture_has(&fixture, "journal-00"));
	store_fixture_fini(&fixture);
}

/* ---- readers ---- */

static void read_only_opens_whatever_it_is_and_changes_nothing(void)
{
	struct wl_store *store, *other;

	begin();
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 1, 0, NULL), 0);
	wl_store_close(store);
	touch("journal-00/segment-000000000000.new", "half");
	fixture.config = (struct wl_store_config){.path = fixture.data, .read_only = true};
	store = store_fixture_must_open(&fixture);
	other = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_superblock(store)->node, 2);
	CU_ASSERT_EQUAL(wl_store_superblock(other)->journal_count, 2);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 1), 1);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 1, 1, NULL), -EROFS);
	CU_ASSERT_EQUAL(wl_store_scrub(store, 1, WL_BLOCK_BYTES, 2 * WL_BLOCK_BYTES), -EROFS);
	CU_ASSERT(store_fixture_has(&fixture, "journal-00/segment-000000000000.new"));
	wl_store_close(store);
	wl_store_close(other);
	store_fixture_fini(&fixture);
}

static void read_only_is_refused_while_a_node_runs_and_never_creates(void)
{
	struct wl_store *store;

	begin();
	store = store_fixture_must_open(&fixture);
	fixture.config.read_only = true;
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_IN_USE);
	wl_store_close(store);
	snprintf(fixture.data, sizeof(fixture.data), "%s/nothing", fixture.directory);
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_UNREADABLE);
	CU_ASSERT_NOT_EQUAL(access(fixture.data, F_OK), 0);
	fixture.config.path = fixture.directory;
	CU_ASSERT_EQUAL(open_status(), WIRELOG_STORE_NOT_OURS);
	store_fixture_fini(&fixture);
}

/* ---- segments ---- */

static bool has_unwritten_extent(const char *path)
{
	size_t bytes = sizeof(struct fiemap) + 64 * sizeof(struct fiemap_extent);
	struct fiemap *map = calloc(1, bytes);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool unwritten = false;

	map->fm_length = FIEMAP_MAX_OFFSET;
	map->fm_extent_count = 64;
	if (ioctl(fd, FS_IOC_FIEMAP, map) == 0) {
		for (uint32_t at = 0; at < map->fm_mapped_extents; at++)
			unwritten |= (map->fm_extents[at].fe_flags & FIEMAP_EXTENT_UNWRITTEN) != 0;
	}
	close(fd);
	free(map);
	return unwritten;
}

static void a_prepared_segment_is_written_to_its_last_block_and_bound_to_its_place(void)
{
	uint8_t *bytes = blocks(STORE_SEGMENT_BYTES);
	struct wl_segment_header header;
	struct wl_store *store;
	struct stat status;

	begin();
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 1, NULL), 0);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 2);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 1), 0);
	CU_ASSERT_EQUAL(stat(store_fixture_path(&fixture, SEGMENT_1), &status), 0);
	CU_ASSERT_EQUAL(status.st_size, STORE_SEGMENT_BYTES);
	CU_ASSERT(status.st_blocks * 512 >= (blkcnt_t)STORE_SEGMENT_BYTES);
	CU_ASSERT_FALSE(has_unwritten_extent(store_fixture_path(&fixture, SEGMENT_1)));
	CU_ASSERT_EQUAL(wl_store_read(store, 0, STORE_SEGMENT_BYTES, bytes, STORE_SEGMENT_BYTES),
			0);
	CU_ASSERT(wl_chunk_decode_segment(bytes, WL_BLOCK_BYTES, &header));
	CU_ASSERT_EQUAL(header.binding, wl_chunk_binding(wl_cluster_id(fixture.cluster), 2, 0));
	CU_ASSERT_EQUAL(header.number, 1);
	CU_ASSERT_EQUAL(header.node, 2);
	CU_ASSERT_EQUAL(header.segment_bytes, STORE_SEGMENT_BYTES);
	CU_ASSERT(wl_chunk_is_zero(bytes + WL_BLOCK_BYTES, STORE_SEGMENT_BYTES - WL_BLOCK_BYTES));
	wl_store_close(store);
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 2);
	wl_store_close(store);
	store_fixture_fini(&fixture);
	free(bytes);
}

static void a_half_made_segment_is_absent_and_removed(void)
{
	struct wl_store *store;

	begin();
	make_and_close();
	touch("journal-00/segment-000000000000.new", "half");
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 0);
	CU_ASSERT_FALSE(store_fixture_has(&fixture, "journal-00/segment-000000000000.new"));
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	wl_store_close(store);
	store_fixture_fini(&fixture);
}

static void a_segment_given_up_leaves_nothing(void)
{
	atomic_bool cancel = true;
	struct wl_store *store;

	begin();
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, &cancel), -ECANCELED);
	CU_ASSERT_FALSE(store_fixture_has(&fixture, SEGMENT_0));
	CU_ASSERT_FALSE(store_fixture_has(&fixture, SEGMENT_0 ".new"));
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 0);
	wl_store_close(store);
	store_fixture_fini(&fixture);
}

static void without_room_nothing_is_left_half_made_and_later_it_works(void)
{
	struct rlimit before, small;
	struct wl_store *store;

	begin();
	store = store_fixture_must_open(&fixture);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){1u << 20, before.rlim_max};
	setrlimit(RLIMIT_FSIZE, &small);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), -ENOSPC);
	CU_ASSERT_FALSE(store_fixture_has(&fixture, SEGMENT_0));
	CU_ASSERT_FALSE(store_fixture_has(&fixture, SEGMENT_0 ".new"));
	wl_store_close(store);
	CU_ASSERT_EQUAL(open_status(), 0); /* a restart while full */
	setrlimit(RLIMIT_FSIZE, &before);
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	wl_store_close(store);
	store_fixture_fini(&fixture);
}

static void reading_tells_absent_from_cut_short(void)
{
	uint8_t *bytes = blocks(2 * WL_BLOCK_BYTES);
	struct wl_store *store;

	begin();
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	CU_ASSERT_EQUAL(wl_store_read(store, 0, 0, bytes, 2 * WL_BLOCK_BYTES), 0);
	CU_ASSERT_EQUAL(wl_store_read(store, 0, STORE_SEGMENT_BYTES, bytes, WL_BLOCK_BYTES),
			-ENOENT);
	CU_ASSERT_EQUAL(wl_store_read(store, 7, 0, bytes, WL_BLOCK_BYTES), -ENOENT);
	CU_ASSERT_EQUAL(wl_store_read(store, 0, STORE_SEGMENT_BYTES - WL_BLOCK_BYTES, bytes,
				      2 * WL_BLOCK_BYTES),
			-EINVAL);
	CU_ASSERT_EQUAL(truncate(store_fixture_path(&fixture, SEGMENT_0), 3 * WL_BLOCK_BYTES), 0);
	CU_ASSERT_EQUAL(wl_store_read(store, 0, WL_BLOCK_BYTES, bytes, 2 * WL_BLOCK_BYTES), 0);
	CU_ASSERT_EQUAL(wl_store_read(store, 0, 2 * WL_BLOCK_BYTES, bytes, 2 * WL_BLOCK_BYTES),
			-ENODATA);
	wl_store_close(store);
	store_fixture_fini(&fixture);
	free(bytes);
}

static void a_segment_missing_below_another_is_counted_so_that_recovery_names_it(void)
{
	uint8_t *bytes = blocks(WL_BLOCK_BYTES);
	struct wl_store *store;

	begin();
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 1, NULL), 0);
	wl_store_close(store);
	CU_ASSERT_EQUAL(unlink(store_fixture_path(&fixture, SEGMENT_0)), 0);
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_segment_count(store, 0), 2);
	CU_ASSERT_EQUAL(wl_store_read(store, 0, 0, bytes, WL_BLOCK_BYTES), -ENOENT);
	wl_store_close(store);
	store_fixture_fini(&fixture);
	free(bytes);
}

static void scrubbing_writes_zeros_there_and_nowhere_else(void)
{
	const uint64_t begin_at = STORE_SEGMENT_BYTES - 2 * WL_BLOCK_BYTES;
	uint8_t *bytes = blocks(3 * WL_BLOCK_BYTES);
	struct wl_store *store;

	begin();
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 1, NULL), 0);
	store_fixture_fill(store_fixture_path(&fixture, SEGMENT_0), begin_at - WL_BLOCK_BYTES, 0x77,
			   3 * WL_BLOCK_BYTES);
	store_fixture_fill(store_fixture_path(&fixture, SEGMENT_1), WL_BLOCK_BYTES, 0x77,
			   2 * WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(wl_store_scrub(store, 0, begin_at, STORE_SEGMENT_BYTES), 0);
	CU_ASSERT_EQUAL(wl_store_scrub(store, 0, STORE_SEGMENT_BYTES + WL_BLOCK_BYTES,
				       STORE_SEGMENT_BYTES + 2 * WL_BLOCK_BYTES),
			0);
	CU_ASSERT_EQUAL(
		wl_store_read(store, 0, begin_at - WL_BLOCK_BYTES, bytes, 3 * WL_BLOCK_BYTES), 0);
	CU_ASSERT_EQUAL(bytes[WL_BLOCK_BYTES - 1], 0x77);
	CU_ASSERT(wl_chunk_is_zero(bytes + WL_BLOCK_BYTES, 2 * WL_BLOCK_BYTES));
	CU_ASSERT_EQUAL(wl_store_read(store, 0, STORE_SEGMENT_BYTES, bytes, 3 * WL_BLOCK_BYTES), 0);
	CU_ASSERT_FALSE(wl_chunk_is_zero(bytes, WL_BLOCK_BYTES));
	CU_ASSERT(wl_chunk_is_zero(bytes + WL_BLOCK_BYTES, WL_BLOCK_BYTES));
	CU_ASSERT_EQUAL(bytes[2 * WL_BLOCK_BYTES], 0x77);
	CU_ASSERT_EQUAL(wl_store_scrub(store, 0, 100, 200), -EINVAL);
	wl_store_close(store);
	store_fixture_fini(&fixture);
	free(bytes);
}

/* ---- a killed owner ---- */

/* The owner is gone, its description lives on for 300 ms, as with a write that the device has not answered. */
static void leave_a_write_under_way(struct wl_store *store)
{
	uint64_t base;
	int fd, status;
	pid_t owner = fork();

	if (owner == 0) {
		if (wl_store_segment_open(store, 0, 0, &fd, &base) == 0 && fork() == 0)
			usleep(300000);
		_exit(0);
	}
	waitpid(owner, &status, 0);
}

static void writes_of_a_killed_owner_are_waited_for(void)
{
	struct timespec before, after;
	struct wl_store *store;

	begin();
	store = store_fixture_must_open(&fixture);
	CU_ASSERT_EQUAL(wl_store_segment_prepare(store, 0, 0, NULL), 0);
	wl_store_close(store);
	store = store_fixture_must_open(&fixture);
	/* The copy that the children inherit of the superblock's descriptor must not be what is waited for. */
	flock(wl_store_superblock_fd(store), LOCK_UN);
	leave_a_write_under_way(store);
	wl_store_close(store);
	clock_gettime(CLOCK_MONOTONIC, &before);
	CU_ASSERT_EQUAL(open_status(), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	CU_ASSERT((after.tv_sec - before.tv_sec) * 1000 +
			  (after.tv_nsec - before.tv_nsec) / 1000000 >=
		  100);
	store_fixture_fini(&fixture);
}

/* The owner stays until the others were refused. */
static void be_one_of_many(const int until[2])
{
	struct wl_store *store;
	int result;
	char byte;

	alarm(20); /* a second owner would never be told */
	close(until[1]);
	result = store_fixture_open(&fixture, &store);
	if (result == 0)
		(void)!read(until[0], &byte, 1);
	_exit(result == 0 ? 1 : result == WIRELOG_STORE_IN_USE ? 2 : 3);
}

static void of_many_that_make_it_at_once_one_owns_it(void)
{
	int outcomes[4] = {0}, until[2];

	begin();
	CU_ASSERT_EQUAL_FATAL(pipe(until), 0);
	for (unsigned at = 0; at < 6; at++) {
		if (fork() == 0)
			be_one_of_many(until);
	}
	for (unsigned at = 0; at < 6; at++) {
		int status = 0;

		if (at == 5)
			close(until[1]);
		CU_ASSERT(wait(&status) > 0);
		outcomes[WIFEXITED(status) ? WEXITSTATUS(status) & 3 : 0]++;
	}
	close(until[0]);
	CU_ASSERT_EQUAL(outcomes[1], 1);
	CU_ASSERT_EQUAL(outcomes[2], 5);
	CU_ASSERT_EQUAL(open_status(), 0);
	store_fixture_fini(&fixture);
}

static void a_first_open_killed_at_any_moment_is_harmless(void)
{
	begin();
	for (unsigned delay_us = 0; delay_us < 4000; delay_us += 100) {
		struct wl_store *store;
		int status;
		pid_t child = fork();

		if (child == 0)
			_exit(store_fixture_open(&fixture, &store) != 0);
		usleep(delay_us);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		CU_ASSERT_EQUAL_FATAL(open_status(), 0);
		CU_ASSERT_EQUAL(unlink(store_fixture_path(&fixture, "superblock")), 0);
		CU_ASSERT_EQUAL(rmdir(store_fixture_path(&fixture, "journal-00")), 0);
		CU_ASSERT_EQUAL(rmdir(store_fixture_path(&fixture, "journal-01")), 0);
		CU_ASSERT_EQUAL_FATAL(rmdir(fixture.data), 0);
	}
	store_fixture_fini(&fixture);
}

WL_SUITE(store_file)
{
	WL_TEST(a_missing_directory_is_made_private_and_whole),
	WL_TEST(names_are_durable_before_anything_relies_on_them),
	WL_TEST(a_second_open_finds_the_same_data),
	WL_TEST(an_interrupted_first_open_is_begun_again),
	WL_TEST(a_crash_between_the_two_names_of_the_superblock_loses_nothing),
	WL_TEST(a_fresh_file_system_counts_as_empty),
	WL_TEST(a_strangers_directory_is_refused_by_name_and_left_alone),
	WL_TEST(segments_without_a_superblock_are_damage_not_an_empty_directory),
	WL_TEST(a_lost_journal_folder_is_damage),
	WL_TEST(data_of_another_cluster_or_node_are_foreign),
	WL_TEST(another_geometry_is_refused_with_the_value_to_set),
	WL_TEST(another_list_of_nodes_is_refused_and_older_data_learn_theirs),
	WL_TEST(unfinished_data_are_for_who_restores_and_whole_ones_are_not),
	WL_TEST(diverged_data_are_refused_with_both_chain_values),
	WL_TEST(features_in_force_are_refused_by_a_build_that_lacks_them),
	WL_TEST(an_owner_at_work_is_named),
	WL_TEST(damage_of_the_superblock_is_survived_as_far_as_a_pair_is_whole),
	WL_TEST(a_superblock_cut_or_zeroed_is_damage_never_a_new_beginning),
	WL_TEST(another_version_is_refused_as_such),
	WL_TEST(a_file_system_in_memory_is_refused),
	WL_TEST(a_first_open_without_room_is_refused_before_anything_is_made),
	WL_TEST(read_only_opens_whatever_it_is_and_changes_nothing),
	WL_TEST(read_only_is_refused_while_a_node_runs_and_never_creates),
	WL_TEST(a_prepared_segment_is_written_to_its_last_block_and_bound_to_its_place),
	WL_TEST(a_half_made_segment_is_absent_and_removed),
	WL_TEST(a_segment_given_up_leaves_nothing),
	WL_TEST(without_room_nothing_is_left_half_made_and_later_it_works),
	WL_TEST(reading_tells_absent_from_cut_short),
	WL_TEST(a_segment_missing_below_another_is_counted_so_that_recovery_names_it),
	WL_TEST(scrubbing_writes_zeros_there_and_nowhere_else),
	WL_TEST(writes_of_a_killed_owner_are_waited_for),
	WL_TEST(of_many_that_make_it_at_once_one_owns_it),
	WL_TEST(a_first_open_killed_at_any_moment_is_harmless),
};
