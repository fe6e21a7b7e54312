/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keyed MAC over frames: AES-128-GCM (NIST SP 800-38D) with the whole frame as additional data and
 * no plaintext (GMAC). The cluster has one 128-bit secret, or two while one takes the place of the other (base/keys.h); each {sender,
 * boot_id} has a key of its own under each, AES-128(secret, sender | 0 | boot_id), so that the 96-bit nonce may be the frame's sequence
 * alone. A secret's id, in each frame's header, is 32 bits of AES-128(secret, "wirelog key id"): it tells which one, and nothing of it.
 * From each secret two keys for clients follow, AES-128(secret, "wirelog append") and AES-128(secret, "wirelog read"): to its holder such a
 * key is a secret like any other, and a node, which has what it follows from, makes it itself. Nobody comes from it to the secret, or to
 * the other one.
 * intel-ipsec-mb does the arithmetic (auth_ipsecmb.c); it is pure computation, so every build links it.
 *
 * Insecure mode (laboratory): the tag is zero and is required to be zero.
 * Thread: a wl_auth is read-only after init [any]; a wl_auth_key belongs to one thread.
 */
#ifndef WL_DATAPLANE_WIRE_AUTH_H
#define WL_DATAPLANE_WIRE_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/base/keys.h"
#include "dataplane/wire/frame.h"

#define WL_AUTH_SECRET_BYTES 16
#define WL_AUTH_TAG_BYTES 16
#define WL_AUTH_KEY_BYTES 2048 /* room for the library's expanded key */

struct wl_auth {
	bool insecure;
	struct wl_keys_held held; /* ids of the secrets */
	uint32_t id[WL_RIGHTS]
		   [WL_KEYS_HELD_MAX]; /* of each, and of what follows from it; 0: not held, or insecure */
	_Alignas(64)
		uint8_t schedule[WL_RIGHTS][WL_KEYS_HELD_MAX][512]; /* expanded, in that order */
	void *manager; /* IMB_MGR */
};

struct wl_auth_key {
	_Alignas(64) uint8_t expanded[WL_AUTH_KEY_BYTES];
	uint32_t id; /* of what it was made of; 0: nothing, or insecure */
};

/* secret NULL: insecure. 0, or WIRELOG_NO_MEMORY. Allocates; free with fini. [init] */
int wl_auth_init(struct wl_auth *auth, const uint8_t secret[WL_AUTH_SECRET_BYTES]);
/* The same with 1 to WL_KEYS_HELD_MAX secrets, oldest first. KEY_UNSAFE: two keys have one id (or are one). [init] */
int wl_auth_init_all(struct wl_auth *auth, uint8_t secrets[][WL_AUTH_SECRET_BYTES], uint32_t count);
void wl_auth_fini(struct wl_auth *auth);
/* What a client with this right is given of a secret, which WL_RIGHT_CLUSTER gives itself. 0, or NO_MEMORY. [any; allocates meanwhile] */
int wl_auth_give(const uint8_t secret[WL_AUTH_SECRET_BYTES], enum wl_right right,
		 uint8_t key[WL_AUTH_SECRET_BYTES]);
/* The secret, by its id, that the key with this id is, or follows from, and the right that it gives. Of one that is not held: `id`, CLUSTER. */
uint32_t wl_auth_secret_of(const struct wl_auth *auth, uint32_t id, enum wl_right *right);
/* Of the first secret. */
void wl_auth_derive(const struct wl_auth *auth, wl_identity sender, uint64_t boot_id,
		    struct wl_auth_key *key);
/* Of the key with this id, which is held: a secret, or what follows from one. */
void wl_auth_derive_of(const struct wl_auth *auth, uint32_t id, wl_identity sender,
		       uint64_t boot_id, struct wl_auth_key *key);
/* `datagram`: wirelog header and payload. seal writes the secret's id and the tag into the header. */
void wl_auth_seal(const struct wl_auth *auth, const struct wl_auth_key *key, uint8_t *datagram,
		  size_t size);
/* The key's id is the frame's, and the tag is right. Constant time in the tag. The tag is zeroed and put back on the way, so the bytes must be writable. */
bool wl_auth_verify(const struct wl_auth *auth, const struct wl_auth_key *key, uint8_t *datagram,
		    size_t size);

#endif
