/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The known answers were computed with OpenSSL 3 from the description in docs/WIRE.md alone: the key with
 * `openssl enc -aes-128-ecb -nopad`, the tag with `openssl mac -cipher aes-128-gcm GMAC`.
 */
#include <intel-ipsec-mb.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/wire/auth.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define SIZE_MAX_HERE 1472u

static const uint8_t secret[WL_AUTH_SECRET_BYTES] = {0, 1, 2,  3,  4,  5,  6,  7,
						     8, 9, 10, 11, 12, 13, 14, 15};
static uint8_t datagram[SIZE_MAX_HERE];

static void fill(size_t size)
{
	for (size_t at = 0; at < size; at++)
		datagram[at] = (uint8_t)(at * 7 + size);
}

static uint8_t digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'A' + 10);
}

static bool tag_is(const char *hex)
{
	for (unsigned at = 0; at < WL_AUTH_TAG_BYTES; at++) {
		if (datagram[WL_FRAME_TAG_OFFSET + at] !=
		    (digit(hex[2 * at]) << 4 | digit(hex[2 * at + 1])))
			return false;
	}
	return true;
}

static void seal_gives_the_known_answers(void)
{
	static const struct {
		wl_identity sender;
		uint64_t boot_id;
		size_t size;
		const char *tag;
	} answers[] = {
		{0x100, 1, 72, "D6E6C021962CAD5557844AE2049427CC"},
		{0x100, 1, 73, "B9137988D172471DDCDEE55D9061EDF6"},
		{0x100, 1, 88, "13EF51E559752E7B4D879711DA4F7050"},
		{0x100, 1, 1472, "D6EE591BEC0FA6092995056242BEFC3D"},
		{0x80000007, 0x1122334455667788, 72, "BBB7C2F4B08A7129E5386A39A893C9AA"},
		{0x80000007, 0x1122334455667788, 73, "6FEFA85604A2C93ED07DB08FED1A8927"},
		{0x80000007, 0x1122334455667788, 88, "20A8FA96D2633E415B4BBC635AC16FF9"},
		{0x80000007, 0x1122334455667788, 1472, "F1ED1F2323A24ED44FC9310E7130C4F8"},
	};
	struct wl_auth auth;

	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&auth, secret), 0);
	for (unsigned at = 0; at < sizeof(answers) / sizeof(answers[0]); at++) {
		struct wl_auth_key key;

		wl_auth_derive(&auth, answers[at].sender, answers[at].boot_id, &key);
		fill(answers[at].size);
		wl_auth_seal(&auth, &key, datagram, answers[at].size);
		CU_ASSERT_TRUE(tag_is(answers[at].tag));
		CU_ASSERT_TRUE(wl_auth_verify(&auth, &key, datagram, answers[at].size));
	}
	wl_auth_fini(&auth);
}

/* The library itself, against test case 1 of the GCM specification and the hash subkey that it prints. */
static void library_gives_the_answer_of_the_gcm_specification(void)
{
	static const uint8_t wanted[16] = {0x58, 0xe2, 0xfc, 0xce, 0xfa, 0x7e, 0x30, 0x61,
					   0x36, 0x7f, 0x1d, 0x57, 0xa4, 0xe7, 0x45, 0x5a};
	static const uint8_t zero[16];
	struct gcm_context_data context;
	struct wl_auth_key key;
	struct wl_auth auth;
	uint8_t tag[16], nothing = 0;

	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&auth, secret), 0);
	IMB_AES128_GCM_PRE((IMB_MGR *)auth.manager, zero, (struct gcm_key_data *)key.expanded);
	IMB_AES128_GCM_ENC((IMB_MGR *)auth.manager, (const struct gcm_key_data *)key.expanded,
			   &context, &nothing, &nothing, 0, zero, &nothing, 0, tag, sizeof(tag));
	CU_ASSERT_EQUAL(memcmp(tag, wanted, sizeof(wanted)), 0);
	wl_auth_fini(&auth);
}

static void every_flipped_bit_is_refused_and_the_bytes_stay_as_they_were(void)
{
	const size_t size = 97;
	uint8_t before[97];
	struct wl_auth_key key;
	struct wl_auth auth;

	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&auth, secret), 0);
	wl_auth_derive(&auth, 0x201, 3, &key);
	fill(size);
	wl_auth_seal(&auth, &key, datagram, size);
	for (size_t bit = 0; bit < size * 8; bit++) {
		datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
		memcpy(before, datagram, size);
		CU_ASSERT_FALSE(wl_auth_verify(&auth, &key, datagram, size));
		CU_ASSERT_EQUAL(memcmp(before, datagram, size), 0);
		datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	CU_ASSERT_TRUE(wl_auth_verify(&auth, &key, datagram, size));
	wl_auth_fini(&auth);
}

static void datagram_of_another_length_is_refused(void)
{
	struct wl_auth_key key;
	struct wl_auth auth;

	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&auth, secret), 0);
	wl_auth_derive(&auth, 0x201, 3, &key);
	memset(datagram, 0, sizeof(datagram));
	wl_auth_seal(&auth, &key, datagram, 200);

	CU_ASSERT_FALSE(wl_auth_verify(&auth, &key, datagram, 199));
	CU_ASSERT_FALSE(
		wl_auth_verify(&auth, &key, datagram, 201)); /* one more zero is another message */
	CU_ASSERT_FALSE(wl_auth_verify(&auth, &key, datagram, WL_FRAME_HEADER_BYTES - 1));
	CU_ASSERT_FALSE(wl_auth_verify(&auth, &key, datagram, 0));
	wl_auth_fini(&auth);
}

static void key_of_another_sender_boot_id_or_cluster_does_not_verify(void)
{
	static const uint8_t other_secret[WL_AUTH_SECRET_BYTES] = {1};
	struct wl_auth_key key, sender, boot_id, cluster;
	struct wl_auth auth, other;

	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&auth, secret), 0);
	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&other, other_secret), 0);
	wl_auth_derive(&auth, 0x201, 3, &key);
	wl_auth_derive(&auth, 0x301, 3, &sender);
	wl_auth_derive(&auth, 0x201, 4, &boot_id);
	wl_auth_derive(&other, 0x201, 3, &cluster);
	fill(100);
	wl_auth_seal(&auth, &key, datagram, 100);

	CU_ASSERT_TRUE(wl_auth_verify(&auth, &key, datagram, 100));
	CU_ASSERT_FALSE(wl_auth_verify(&auth, &sender, datagram, 100));
	CU_ASSERT_FALSE(wl_auth_verify(&auth, &boot_id, datagram, 100));
	CU_ASSERT_FALSE(wl_auth_verify(&other, &cluster, datagram, 100));
	wl_auth_fini(&auth);
	wl_auth_fini(&other);
}

static void tags_of_one_sender_differ_by_their_sequence(void)
{
	uint8_t first[WL_AUTH_TAG_BYTES];
	struct wl_auth_key key;
	struct wl_auth auth;

	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&auth, secret), 0);
	wl_auth_derive(&auth, 0x201, 3, &key);
	fill(80);
	wl_auth_seal(&auth, &key, datagram, 80);
	memcpy(first, datagram + WL_FRAME_TAG_OFFSET, sizeof(first));
	wl_store_u64(datagram + 40, wl_load_u64(datagram + 40) + 1);
	wl_auth_seal(&auth, &key, datagram, 80);

	CU_ASSERT_NOT_EQUAL(memcmp(first, datagram + WL_FRAME_TAG_OFFSET, sizeof(first)), 0);
	wl_auth_fini(&auth);
}

static void insecure_mode_seals_with_zero_and_takes_nothing_else(void)
{
	struct wl_auth_key key;
	struct wl_auth auth;

	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&auth, NULL), 0);
	CU_ASSERT_TRUE(auth.insecure);
	wl_auth_derive(&auth, 0x201, 3, &key);
	fill(100);
	wl_auth_seal(&auth, &key, datagram, 100);

	CU_ASSERT_TRUE(tag_is("00000000000000000000000000000000"));
	CU_ASSERT_TRUE(wl_auth_verify(&auth, &key, datagram, 100));
	for (unsigned bit = 0; bit < WL_AUTH_TAG_BYTES * 8; bit++) {
		datagram[WL_FRAME_TAG_OFFSET + bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_FALSE(wl_auth_verify(&auth, &key, datagram, 100));
		datagram[WL_FRAME_TAG_OFFSET + bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	wl_auth_fini(&auth);
}

static void node_with_a_key_does_not_take_the_zero_tag(void)
{
	struct wl_auth_key key;
	struct wl_auth auth;

	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&auth, secret), 0);
	wl_auth_derive(&auth, 0x201, 3, &key);
	fill(100);
	memset(datagram + WL_FRAME_TAG_OFFSET, 0, WL_AUTH_TAG_BYTES);

	CU_ASSERT_FALSE(wl_auth_verify(&auth, &key, datagram, 100));
	wl_auth_fini(&auth);
}

static void nothing_of_the_secret_is_left_after_fini(void)
{
	struct wl_auth auth;
	const uint8_t *bytes = (const uint8_t *)&auth;
	unsigned left = 0;

	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&auth, secret), 0);
	wl_auth_fini(&auth);

	for (size_t at = 0; at < sizeof(auth); at++)
		left += bytes[at] != 0;
	CU_ASSERT_EQUAL(left, 0);
}

/* The id is of the known answer, too; frames of one secret are nothing to the other. */
static void two_secrets_are_told_apart_by_their_ids(void)
{
	static uint8_t two[2][WL_AUTH_SECRET_BYTES] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
							13, 14, 15},
						       {1}};
	static uint8_t same[2][WL_AUTH_SECRET_BYTES] = {{1}, {1}};
	struct wl_auth_key first, second;
	struct wl_auth auth, none;

	CU_ASSERT_EQUAL_FATAL(wl_auth_init_all(&auth, two, 2), 0);
	CU_ASSERT_EQUAL(auth.held.count, 2);
	CU_ASSERT_EQUAL(auth.held.id[0], 0x3320a2a3);
	CU_ASSERT_NOT_EQUAL(auth.held.id[1], auth.held.id[0]);
	wl_auth_derive_of(&auth, auth.held.id[0], 0x201, 3, &first);
	wl_auth_derive_of(&auth, auth.held.id[1], 0x201, 3, &second);
	fill(100);
	wl_auth_seal(&auth, &second, datagram, 100);
	CU_ASSERT_EQUAL(wl_load_u32(datagram + WL_FRAME_KEY_OFFSET), auth.held.id[1]);
	CU_ASSERT_TRUE(wl_auth_verify(&auth, &second, datagram, 100));
	CU_ASSERT_FALSE(wl_auth_verify(&auth, &first, datagram, 100));
	wl_store_u32(datagram + WL_FRAME_KEY_OFFSET, auth.held.id[0]);
	CU_ASSERT_FALSE(wl_auth_verify(&auth, &first, datagram, 100));
	wl_auth_fini(&auth);
	CU_ASSERT_EQUAL(wl_auth_init_all(&none, same, 2), WIRELOG_KEY_UNSAFE);
}

/* Made by OpenSSL: AES-128-ECB of the label under the secret, and of the key id's label under that. */
static void what_clients_are_given_has_the_known_answers(void)
{
	static const uint8_t append[WL_AUTH_SECRET_BYTES] = {0xf3, 0xc8, 0x42, 0x3a, 0x42, 0xfd,
							     0x6a, 0x69, 0x2f, 0x53, 0x3d, 0x1d,
							     0x6e, 0x4a, 0x80, 0x6f};
	static const uint8_t reads[WL_AUTH_SECRET_BYTES] = {0x2e, 0x5a, 0x55, 0xb4, 0xa2, 0x2b,
							    0x00, 0x72, 0xd2, 0x24, 0x80, 0xbd,
							    0x2e, 0x4d, 0xc8, 0xe3};
	uint8_t key[WL_AUTH_SECRET_BYTES];
	enum wl_right right;
	struct wl_auth auth;

	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&auth, secret), 0);
	CU_ASSERT_EQUAL(wl_auth_give(secret, WL_RIGHT_APPEND, key), 0);
	CU_ASSERT_EQUAL(memcmp(key, append, sizeof(key)), 0);
	CU_ASSERT_EQUAL(wl_auth_give(secret, WL_RIGHT_READ, key), 0);
	CU_ASSERT_EQUAL(memcmp(key, reads, sizeof(key)), 0);
	CU_ASSERT_EQUAL(auth.id[WL_RIGHT_APPEND][0], 0x15481b47);
	CU_ASSERT_EQUAL(auth.id[WL_RIGHT_READ][0], 0xc7855319);
	CU_ASSERT_EQUAL(wl_auth_secret_of(&auth, 0xc7855319, &right), auth.held.id[0]);
	CU_ASSERT_EQUAL(right, WL_RIGHT_READ);
	CU_ASSERT_EQUAL(wl_auth_secret_of(&auth, auth.held.id[0], &right), auth.held.id[0]);
	CU_ASSERT_EQUAL(right, WL_RIGHT_CLUSTER);
	CU_ASSERT_EQUAL(wl_auth_secret_of(&auth, 9, &right), 9);
	CU_ASSERT_EQUAL(right, WL_RIGHT_CLUSTER);
	wl_auth_fini(&auth);
}

/* What a node seals for a reader, the reader can check; who has the other key cannot. */
static void node_is_understood_under_what_it_gave(void)
{
	struct wl_auth node, readers, appenders;
	struct wl_auth_key sealed, of_reader, of_appender;
	uint8_t key[WL_AUTH_SECRET_BYTES];

	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&node, secret), 0);
	CU_ASSERT_EQUAL_FATAL(wl_auth_give(secret, WL_RIGHT_READ, key), 0);
	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&readers, key), 0);
	CU_ASSERT_EQUAL_FATAL(wl_auth_give(secret, WL_RIGHT_APPEND, key), 0);
	CU_ASSERT_EQUAL_FATAL(wl_auth_init(&appenders, key), 0);
	wl_auth_derive_of(&node, node.id[WL_RIGHT_READ][0], 0x100, 1, &sealed);
	wl_auth_derive(&readers, 0x100, 1, &of_reader);
	wl_auth_derive(&appenders, 0x100, 1, &of_appender);
	fill(100);
	wl_auth_seal(&node, &sealed, datagram, 100);
	CU_ASSERT_TRUE(wl_auth_verify(&readers, &of_reader, datagram, 100));
	CU_ASSERT_FALSE(wl_auth_verify(&appenders, &of_appender, datagram, 100));
	wl_store_u32(datagram + WL_FRAME_KEY_OFFSET, of_appender.id);
	CU_ASSERT_FALSE(wl_auth_verify(&appenders, &of_appender, datagram, 100));
	wl_auth_fini(&appenders);
	wl_auth_fini(&readers);
	wl_auth_fini(&node);
}

WL_SUITE(auth_ipsecmb)
{
	WL_TEST(what_clients_are_given_has_the_known_answers),
	WL_TEST(node_is_understood_under_what_it_gave),
	WL_TEST(two_secrets_are_told_apart_by_their_ids),
	WL_TEST(seal_gives_the_known_answers),
	WL_TEST(library_gives_the_answer_of_the_gcm_specification),
	WL_TEST(every_flipped_bit_is_refused_and_the_bytes_stay_as_they_were),
	WL_TEST(datagram_of_another_length_is_refused),
	WL_TEST(key_of_another_sender_boot_id_or_cluster_does_not_verify),
	WL_TEST(tags_of_one_sender_differ_by_their_sequence),
	WL_TEST(insecure_mode_seals_with_zero_and_takes_nothing_else),
	WL_TEST(node_with_a_key_does_not_take_the_zero_tag),
	WL_TEST(nothing_of_the_secret_is_left_after_fini),
};
