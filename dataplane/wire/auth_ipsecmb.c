/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/auth.h"

#include <intel-ipsec-mb.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "wirelog/status.h"

#define SCHEDULE_BYTES (16 * 11) /* AES-128: eleven round keys */
#define NONCE_BYTES 12

_Static_assert(sizeof(struct gcm_key_data) <= WL_AUTH_KEY_BYTES, "an expanded key fits");
_Static_assert(2 * SCHEDULE_BYTES <= sizeof(((struct wl_auth *)0)->schedule[0][0]),
	       "a schedule fits");

/* One block in CFB with the label as the vector and zeros as the text is AES(secret, label). */
static void encrypt_label(const struct wl_auth *auth, const uint8_t *schedule,
			  const uint8_t label[16], uint8_t to[16])
{
	uint8_t zero[16] = {0};

	IMB_AES128_CFB_ONE((IMB_MGR *)auth->manager, to, zero, label, schedule, sizeof(zero));
}

/* No sender's label is this one, or one of those below: theirs have zeros behind the first four bytes. */
static uint32_t id_of(const struct wl_auth *auth, const uint8_t *schedule)
{
	static const uint8_t label[16] = "wirelog key id";
	uint8_t hash[16];
	uint32_t id;

	encrypt_label(auth, schedule, label, hash);
	id = wl_load_u32(hash);
	explicit_bzero(hash, sizeof(hash));
	return id != 0 ? id : 1;
}

static void give(const struct wl_auth *auth, const uint8_t *schedule, enum wl_right right,
		 uint8_t key[WL_AUTH_SECRET_BYTES])
{
	static const uint8_t labels[WL_RIGHT_CLUSTER][16] = {
		[WL_RIGHT_READ] = "wirelog read",
		[WL_RIGHT_APPEND] = "wirelog append",
	};

	WL_CHECK(right < WL_RIGHT_CLUSTER);
	encrypt_label(auth, schedule, labels[right], key);
}

static bool is_held(const struct wl_auth *auth, uint32_t id)
{
	for (uint32_t right = 0; right < WL_RIGHTS; right++)
		for (uint32_t at = 0; at < WL_KEYS_HELD_MAX; at++)
			if (auth->id[right][at] == id)
				return true;
	return false;
}

/* False: another key has its id. */
static bool hold(struct wl_auth *auth, enum wl_right right, uint32_t at,
		 const uint8_t key[WL_AUTH_SECRET_BYTES])
{
	uint8_t *schedule = auth->schedule[right][at];
	uint32_t id;

	IMB_AES_KEYEXP_128((IMB_MGR *)auth->manager, key, schedule, schedule + SCHEDULE_BYTES);
	id = id_of(auth, schedule);
	if (is_held(auth, id))
		return false;
	auth->id[right][at] = id;
	return true;
}

static bool hold_all_of(struct wl_auth *auth, uint32_t at,
			const uint8_t secret[WL_AUTH_SECRET_BYTES])
{
	uint8_t key[WL_AUTH_SECRET_BYTES];
	bool held = hold(auth, WL_RIGHT_CLUSTER, at, secret);

	for (uint32_t right = 0; right < WL_RIGHT_CLUSTER && held; right++) {
		give(auth, auth->schedule[WL_RIGHT_CLUSTER][at], (enum wl_right)right, key);
		held = hold(auth, (enum wl_right)right, at, key);
	}
	explicit_bzero(key, sizeof(key));
	auth->held.id[at] = auth->id[WL_RIGHT_CLUSTER][at];
	return held;
}

int wl_auth_init_all(struct wl_auth *auth, uint8_t secrets[][WL_AUTH_SECRET_BYTES], uint32_t count)
{
	IMB_MGR *manager;

	WL_CHECK(count != 0 && count <= WL_KEYS_HELD_MAX);
	memset(auth, 0, sizeof(*auth));
	manager = alloc_mb_mgr(0);
	if (!manager)
		return WIRELOG_NO_MEMORY;
	init_mb_mgr_auto(manager, NULL); /* the fastest code that this CPU has */
	auth->manager = manager;
	for (uint32_t at = 0; at < count; at++) {
		if (!hold_all_of(auth, at, secrets[at])) {
			wl_auth_fini(auth);
			return WIRELOG_KEY_UNSAFE;
		}
		auth->held.count++;
	}
	return WIRELOG_OK;
}

int wl_auth_give(const uint8_t secret[WL_AUTH_SECRET_BYTES], enum wl_right right,
		 uint8_t key[WL_AUTH_SECRET_BYTES])
{
	struct wl_auth auth;
	int status = wl_auth_init(&auth, secret);

	if (status != WIRELOG_OK)
		return status;
	if (right == WL_RIGHT_CLUSTER)
		memcpy(key, secret, WL_AUTH_SECRET_BYTES);
	else
		give(&auth, auth.schedule[WL_RIGHT_CLUSTER][0], right, key);
	wl_auth_fini(&auth);
	return WIRELOG_OK;
}

/* Which key has this id. WL_RIGHTS: none that is held. */
static enum wl_right find(const struct wl_auth *auth, uint32_t id, uint32_t *at)
{
	uint32_t right = WL_RIGHTS;

	while (right-- != 0) { /* nodes speak most */
		for (*at = 0; *at < auth->held.count; (*at)++) {
			if (auth->id[right][*at] == id)
				return (enum wl_right)right;
		}
	}
	return WL_RIGHTS;
}

uint32_t wl_auth_secret_of(const struct wl_auth *auth, uint32_t id, enum wl_right *right)
{
	uint32_t at;

	*right = find(auth, id, &at);
	if (*right != WL_RIGHTS)
		return auth->held.id[at];
	*right = WL_RIGHT_CLUSTER;
	return id;
}

int wl_auth_init(struct wl_auth *auth, const uint8_t secret[WL_AUTH_SECRET_BYTES])
{
	uint8_t only[1][WL_AUTH_SECRET_BYTES];
	int status;

	if (secret) {
		memcpy(only[0], secret, sizeof(only[0]));
		status = wl_auth_init_all(auth, only, 1);
		explicit_bzero(only, sizeof(only));
		return status;
	}
	memset(auth, 0, sizeof(*auth));
	auth->insecure = true;
	auth->held.count = 1; /* its id is 0, as in each frame */
	return WIRELOG_OK;
}

void wl_auth_fini(struct wl_auth *auth)
{
	if (auth->manager)
		free_mb_mgr(auth->manager);
	explicit_bzero(auth, sizeof(*auth));
}

void wl_auth_derive_of(const struct wl_auth *auth, uint32_t id, wl_identity sender,
		       uint64_t boot_id, struct wl_auth_key *key)
{
	uint8_t label[16] = {0}, derived[16];
	uint32_t at;
	enum wl_right right = find(auth, id, &at);

	WL_CHECK(right < WL_RIGHTS && at < auth->held.count);
	key->id = id;
	if (auth->insecure)
		return;
	wl_store_u32(label, sender);
	wl_store_u64(label + 8, boot_id);
	encrypt_label(auth, auth->schedule[right][at], label, derived);
	IMB_AES128_GCM_PRE((IMB_MGR *)auth->manager, derived, (struct gcm_key_data *)key->expanded);
	explicit_bzero(derived, sizeof(derived));
}

void wl_auth_derive(const struct wl_auth *auth, wl_identity sender, uint64_t boot_id,
		    struct wl_auth_key *key)
{
	wl_auth_derive_of(auth, auth->held.id[0], sender, boot_id, key);
}

/* The tag field is zero while the tag is computed. */
static void compute_tag(const struct wl_auth *auth, const struct wl_auth_key *key,
			const uint8_t *datagram, size_t size, uint8_t tag[WL_AUTH_TAG_BYTES])
{
	struct gcm_context_data context;
	uint8_t nonce[NONCE_BYTES] = {0};
	uint8_t nothing = 0;

	memcpy(nonce + 4, datagram + 40, 8); /* the frame's sequence */
	IMB_AES128_GCM_ENC((IMB_MGR *)auth->manager, (const struct gcm_key_data *)key->expanded,
			   &context, &nothing, &nothing, 0, nonce, datagram, size, tag,
			   WL_AUTH_TAG_BYTES);
}

void wl_auth_seal(const struct wl_auth *auth, const struct wl_auth_key *key, uint8_t *datagram,
		  size_t size)
{
	uint8_t tag[WL_AUTH_TAG_BYTES];

	memset(datagram + WL_FRAME_TAG_OFFSET, 0, WL_AUTH_TAG_BYTES);
	wl_store_u32(datagram + WL_FRAME_KEY_OFFSET, key->id);
	if (auth->insecure)
		return;
	compute_tag(auth, key, datagram, size, tag);
	memcpy(datagram + WL_FRAME_TAG_OFFSET, tag, sizeof(tag));
}

/* Looks at every byte, whatever it finds. */
static bool equal_tags(const uint8_t *a, const uint8_t *b)
{
	uint64_t difference = (wl_load_u64(a) ^ wl_load_u64(b)) |
			      (wl_load_u64(a + 8) ^ wl_load_u64(b + 8));

	return difference == 0;
}

bool wl_auth_verify(const struct wl_auth *auth, const struct wl_auth_key *key, uint8_t *datagram,
		    size_t size)
{
	uint8_t claimed[WL_AUTH_TAG_BYTES], tag[WL_AUTH_TAG_BYTES] = {0};

	if (size < WL_FRAME_HEADER_BYTES || wl_load_u32(datagram + WL_FRAME_KEY_OFFSET) != key->id)
		return false;
	memcpy(claimed, datagram + WL_FRAME_TAG_OFFSET, sizeof(claimed));
	if (!auth->insecure) {
		memset(datagram + WL_FRAME_TAG_OFFSET, 0, sizeof(tag));
		compute_tag(auth, key, datagram, size, tag);
		memcpy(datagram + WL_FRAME_TAG_OFFSET, claimed, sizeof(claimed));
	}
	return equal_tags(tag, claimed);
}
