/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Damages a data directory at rest, in one of the ways of docs/LOG-FORMAT.md.
 *
 *	damage DIRECTORY KIND
 *
 *	map               prints every whole chunk: offset, bytes, the durable watermark that it carries
 *	rot               one bit in the body of a chunk in the middle     rot_header     ... in its header
 *	torn_middle       its second half was not written                  lost_write     nothing of it was
 *	misdirected       another chunk stands in its place                broken_chain   it follows another chunk
 *	torn_tail         the newest chunk's last sectors are missing      rot_tail       one bit in the newest chunk
 *	segment_header    one bit in the header of a segment in use        segment_absent a used one is missing
 *	cut_short         the newest segments are missing                  segment_ahead  header of one not used yet
 *	superblock_N      one bit in copy N (0 to 3); superblock_01: in a pair; superblock_zero: all copies empty
 *
 *	superblock_ahead  no damage: a million starts more, as if the clock had been ahead when the data were made
 *
 * Prints the first offset that it changed. Exit 0; 1 when the directory does not have what the kind needs.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataplane/log/chunk.h"
#include "dataplane/log/superblock.h"

#define CHUNKS_MAX 65536
#define SEGMENTS_MAX 256

struct place {
	uint64_t at; /* of the stream */
	struct wl_chunk_header header;
};

static char segment_paths[SEGMENTS_MAX][1024];
static unsigned segment_count;
static uint64_t segment_bytes;
static struct place places[CHUNKS_MAX];
static unsigned place_count;
static uint8_t buffer[WL_CHUNK_BYTES_MAX];

static void fail(const char *why)
{
	fprintf(stderr, "damage: %s\n", why);
	exit(1);
}

static int is_segment(const struct dirent *entry)
{
	return strncmp(entry->d_name, "segment-", 8) == 0 && !strchr(entry->d_name, '.');
}

static void find_segments(const char *directory)
{
	struct dirent **entries;
	char path[768];
	struct stat facts;
	int count;

	snprintf(path, sizeof(path), "%s/journal-00", directory);
	count = scandir(path, &entries, is_segment, alphasort);
	if (count <= 0 || count > SEGMENTS_MAX)
		fail("no segments");
	for (int at = 0; at < count; at++)
		snprintf(segment_paths[segment_count++], sizeof(segment_paths[0]), "%s/%s", path,
			 entries[at]->d_name);
	if (stat(segment_paths[0], &facts) != 0 || facts.st_size < (off_t)WL_SEGMENT_BYTES_MIN)
		fail("the first segment is too short");
	segment_bytes = (uint64_t)facts.st_size;
}

/* Reads or writes `bytes` of the stream at `at`, all in one segment. */
static void transfer(bool writes, uint64_t at, uint8_t *bytes, size_t size)
{
	int fd = open(segment_paths[at / segment_bytes], writes ? O_WRONLY : O_RDONLY);
	off_t offset = (off_t)(at % segment_bytes);
	ssize_t done = writes ? pwrite(fd, bytes, size, offset) : pread(fd, bytes, size, offset);

	if (fd < 0 || done != (ssize_t)size)
		fail("a segment cannot be read or written");
	close(fd);
}

static void find_chunks(void)
{
	uint64_t end = segment_count * segment_bytes;
	struct wl_chunk_header header;

	for (uint64_t at = WL_BLOCK_BYTES; at < end;) {
		uint64_t left = segment_bytes - at % segment_bytes;

		transfer(false, at, buffer, WL_BLOCK_BYTES);
		if (!wl_chunk_decode_header(buffer, WL_BLOCK_BYTES, &header) ||
		    header.offset != at || header.bytes > left) {
			at += WL_BLOCK_BYTES;
			continue;
		}
		transfer(false, at, buffer, header.bytes);
		if (wl_chunk_body_is_whole(buffer, &header) && place_count < CHUNKS_MAX)
			places[place_count++] = (struct place){at, header};
		at += header.bytes;
	}
}

static void flip(uint64_t at)
{
	uint8_t byte;

	transfer(false, at, &byte, 1);
	byte ^= 0x10;
	transfer(true, at, &byte, 1);
	printf("%" PRIu64 "\n", at);
}

static void wipe(uint64_t at, size_t size)
{
	memset(buffer, 0, size);
	transfer(true, at, buffer, size);
	printf("%" PRIu64 "\n", at);
}

static void flip_superblock(const char *directory, unsigned copy)
{
	char path[768];
	uint8_t byte;
	int fd;

	snprintf(path, sizeof(path), "%s/superblock", directory);
	fd = open(path, O_RDWR);
	if (fd < 0 || pread(fd, &byte, 1, copy * WL_BLOCK_BYTES + 70) != 1)
		fail("no superblock");
	byte ^= 0x10;
	if (pwrite(fd, &byte, 1, copy * WL_BLOCK_BYTES + 70) != 1)
		fail("the superblock cannot be written");
	close(fd);
}

static void count_more_boots(const char *directory)
{
	struct wl_superblock superblock;
	char path[768];
	int fd;

	snprintf(path, sizeof(path), "%s/superblock", directory);
	fd = open(path, O_RDWR);
	for (unsigned copy = 0; copy < WL_SUPERBLOCK_COPIES; copy++) {
		off_t at = (off_t)copy * WL_BLOCK_BYTES;

		if (fd < 0 || pread(fd, buffer, WL_BLOCK_BYTES, at) != WL_BLOCK_BYTES ||
		    wl_superblock_decode(buffer, &superblock) != WL_SUPERBLOCK_OK)
			fail("no superblock");
		superblock.boot_count += 1000000;
		wl_superblock_encode(buffer, &superblock);
		if (pwrite(fd, buffer, WL_BLOCK_BYTES, at) != WL_BLOCK_BYTES)
			fail("the superblock cannot be written");
	}
	close(fd);
}

static void damage_superblock(const char *directory, const char *which)
{
	char path[768];
	int fd;

	if (strcmp(which, "ahead") == 0) {
		count_more_boots(directory);
		return;
	}
	if (strcmp(which, "zero") != 0) {
		for (; *which; which++)
			flip_superblock(directory, (unsigned)(*which - '0'));
		return;
	}
	snprintf(path, sizeof(path), "%s/superblock", directory);
	fd = open(path, O_RDWR);
	memset(buffer, 0, WL_SUPERBLOCK_COPIES * WL_BLOCK_BYTES);
	if (fd < 0 || pwrite(fd, buffer, WL_SUPERBLOCK_COPIES * WL_BLOCK_BYTES, 0) !=
			      (ssize_t)(WL_SUPERBLOCK_COPIES * WL_BLOCK_BYTES))
		fail("the superblock cannot be written");
	close(fd);
}

/* The place of `middle` gets the bytes of the chunk behind it: whole, of this journal, elsewhere at home. */
static void misdirect(const struct place *middle)
{
	const struct place *other = middle + 1;

	transfer(false, other->at, buffer, other->header.bytes);
	transfer(true, middle->at, buffer, other->header.bytes);
	printf("%" PRIu64 "\n", middle->at);
}

static void break_chain(const struct place *middle)
{
	struct wl_chunk_header header = middle->header;

	header.previous = middle[-2].at;
	wl_chunk_encode_header(buffer, &header, NULL);
	transfer(true, middle->at, buffer, WL_CHUNK_HEADER_BYTES);
	printf("%" PRIu64 "\n", middle->at);
}

static void remove_segments(unsigned first, unsigned end)
{
	for (unsigned at = first; at < end; at++)
		if (unlink(segment_paths[at]) != 0)
			fail("a segment cannot be removed");
	printf("%" PRIu64 "\n", first * segment_bytes);
}

/* The chunk behind it begins where it ends. */
static bool is_joined(const struct place *place)
{
	return place->at + place->header.bytes == place[1].at;
}

static void damage_chunk(const char *kind)
{
	const struct place *middle = &places[place_count / 3], *newest = &places[place_count - 1];

	/* One between two others without a gap: before a gap, what is missing might also have stood in it. */
	while (middle + 2 < newest && !(is_joined(middle - 1) && is_joined(middle)))
		middle++;
	if (strcmp(kind, "rot") == 0)
		flip(middle->at + WL_CHUNK_HEADER_BYTES + 100);
	else if (strcmp(kind, "rot_header") == 0)
		flip(middle->at + 24);
	else if (strcmp(kind, "torn_middle") == 0)
		wipe(middle->at + middle->header.bytes / 2, middle->header.bytes / 2);
	else if (strcmp(kind, "lost_write") == 0)
		wipe(middle->at, middle->header.bytes);
	else if (strcmp(kind, "misdirected") == 0)
		misdirect(middle);
	else if (strcmp(kind, "broken_chain") == 0)
		break_chain(middle);
	else if (strcmp(kind, "torn_tail") == 0)
		wipe(newest->at + newest->header.bytes - WL_SECTOR_BYTES, WL_SECTOR_BYTES);
	else if (strcmp(kind, "rot_tail") == 0)
		flip(newest->at + WL_CHUNK_HEADER_BYTES + 100);
	else
		fail("no such kind");
}

static void damage_segments(const char *kind)
{
	unsigned used = (unsigned)(places[place_count - 1].at / segment_bytes);

	if (strcmp(kind, "segment_ahead") == 0) {
		if (used + 1 >= segment_count)
			fail("no segment ahead");
		flip((used + 1) * segment_bytes + 20);
		return;
	}
	if (used < 2)
		fail("fewer than three segments are used");
	if (strcmp(kind, "segment_header") == 0)
		flip(segment_bytes + 20);
	else if (strcmp(kind, "segment_absent") == 0)
		remove_segments(1, 2);
	else
		remove_segments(used, segment_count);
}

int main(int argc, char **argv)
{
	const char *kind = argc == 3 ? argv[2] : "";

	if (argc != 3) {
		fprintf(stderr, "usage: damage DIRECTORY KIND\n");
		return 64;
	}
	if (strncmp(kind, "superblock_", 11) == 0) {
		damage_superblock(argv[1], kind + 11);
		return 0;
	}
	find_segments(argv[1]);
	find_chunks();
	if (place_count < 12)
		fail("fewer than twelve chunks");
	if (strcmp(kind, "map") == 0) {
		for (unsigned at = 0; at < place_count; at++)
			printf("chunk %" PRIu64 " bytes %u used %u durable %" PRIu64 "\n",
			       places[at].at, places[at].header.bytes, places[at].header.used,
			       places[at].header.durable);
	} else if (strncmp(kind, "segment_", 8) == 0 || strcmp(kind, "cut_short") == 0) {
		damage_segments(kind);
	} else {
		damage_chunk(kind);
	}
	return 0;
}
