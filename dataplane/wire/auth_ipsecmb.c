/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/auth.h"

#include <intel-ipsec-mb.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "wirelog/status.h"

#define SCHEDULE_BYTES (16 * 11) /* AES-128: eleven round keys */
#define NONCE_BYTES 12

_Static_assert(sizeof(struct gcm_key_data) <= WL_AUTH_KEY_BYTES, "an expanded key fits");
_Static_assert(2 * SCHEDULE_BYTES <= sizeof(((struct wl_auth *)0)->secret_schedule),
	       "a schedule fits");

int wl_auth_init(struct wl_auth *auth, const uint8_t secret[WL_AUTH_SECRET_BYTES])
{
	IMB_MGR *manager;

	memset(auth, 0, sizeof(*auth));
	auth->insecure = secret == NULL;
	if (auth->insecure)
		return WIRELOG_OK;
	manager = alloc_mb_mgr(0);
	if (!manager)
		return WIRELOG_NO_MEMORY;
	init_mb_mgr_auto(manager, NULL); /* the fastest code that this CPU has */
	auth->manager = manager;
	IMB_AES_KEYEXP_128(manager, secret, auth->secret_schedule,
			   auth->secret_schedule + SCHEDULE_BYTES);
	return WIRELOG_OK;
}

void wl_auth_fini(struct wl_auth *auth)
{
	if (auth->manager)
		free_mb_mgr(auth->manager);
	explicit_bzero(auth, sizeof(*auth));
}

void wl_auth_derive(const struct wl_auth *auth, wl_identity sender, uint64_t boot_id,
		    struct wl_auth_key *key)
{
	uint8_t label[16] = {0}, zero[16] = {0}, derived[16];

	if (auth->insecure)
		return;
	wl_store_u32(label, sender);
	wl_store_u64(label + 8, boot_id);
	/* One block in CFB with the label as the vector and zeros as the text is AES(secret, label). */
	IMB_AES128_CFB_ONE((IMB_MGR *)auth->manager, derived, zero, label, auth->secret_schedule,
			   sizeof(derived));
	IMB_AES128_GCM_PRE((IMB_MGR *)auth->manager, derived, (struct gcm_key_data *)key->expanded);
	explicit_bzero(derived, sizeof(derived));
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

	if (size < WL_FRAME_HEADER_BYTES)
		return false;
	memcpy(claimed, datagram + WL_FRAME_TAG_OFFSET, sizeof(claimed));
	if (!auth->insecure) {
		memset(datagram + WL_FRAME_TAG_OFFSET, 0, sizeof(tag));
		compute_tag(auth, key, datagram, size, tag);
		memcpy(datagram + WL_FRAME_TAG_OFFSET, claimed, sizeof(claimed));
	}
	return equal_tags(tag, claimed);
}
