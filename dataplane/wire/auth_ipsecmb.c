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
_Static_assert(2 * SCHEDULE_BYTES <= sizeof(((struct wl_auth *)0)->secret_schedule[0]),
	       "a schedule fits");

/* One block in CFB with the label as the vector and zeros as the text is AES(secret, label). */
static void encrypt_label(const struct wl_auth *auth, uint32_t secret, const uint8_t label[16],
			  uint8_t to[16])
{
	uint8_t zero[16] = {0};

	IMB_AES128_CFB_ONE((IMB_MGR *)auth->manager, to, zero, label, auth->secret_schedule[secret],
			   sizeof(zero));
}

/* No sender's label is this one: theirs have zeros behind the first four bytes. */
static uint32_t id_of(const struct wl_auth *auth, uint32_t secret)
{
	static const uint8_t label[16] = "wirelog key id";
	uint8_t hash[16];
	uint32_t id;

	encrypt_label(auth, secret, label, hash);
	id = wl_load_u32(hash);
	explicit_bzero(hash, sizeof(hash));
	return id != 0 ? id : 1;
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
		IMB_AES_KEYEXP_128(manager, secrets[at], auth->secret_schedule[at],
				   auth->secret_schedule[at] + SCHEDULE_BYTES);
		auth->held.id[at] = id_of(auth, at);
		if (wl_keys_find(&auth->held, auth->held.id[at]) != at) {
			wl_auth_fini(auth);
			return WIRELOG_KEY_UNSAFE;
		}
		auth->held.count++;
	}
	return WIRELOG_OK;
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
	uint32_t secret = wl_keys_find(&auth->held, id);
	uint8_t label[16] = {0}, derived[16];

	WL_CHECK(secret < auth->held.count);
	key->id = id;
	if (auth->insecure)
		return;
	wl_store_u32(label, sender);
	wl_store_u64(label + 8, boot_id);
	encrypt_label(auth, secret, label, derived);
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
