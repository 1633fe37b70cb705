/* The catalogue's feed: one file, fetched, and taken only if its Ed25519 signature or its SHA-256
 * is what the operator said it must be. Any thread.
 */
#ifndef DOTEB_CONTROL_FEED_H
#define DOTEB_CONTROL_FEED_H

#include "common/buf.h"
#include "common/guard.h"

enum {
    FEED_MAX_BYTES = 16 << 20,
    FEED_SIGNATURE_MAX_BYTES = 1024,
    FEED_KEY_BYTES = 32,
    FEED_SIGNATURE_BYTES = 64,
    FEED_TOTAL_MS = 30 * 1000,
};

struct feed_trust {
    bool pinned;
    uint8_t key[FEED_KEY_BYTES]; /* Ed25519, or the SHA-256 if `pinned` */
};

/* A public key as base64 of its 32 bytes, or of an SPKI structure (the body of a PEM file). */
MUST_USE bool feed_parse_key(struct str text, uint8_t out[FEED_KEY_BYTES]);
/* 64 hexadecimal digits. */
MUST_USE bool feed_parse_pin(struct str text, uint8_t out[FEED_KEY_BYTES]);
/* Is it signed so? `signature` is the file's 64 bytes, or base64 of them. */
MUST_USE bool feed_verify(const uint8_t key[FEED_KEY_BYTES], struct str content,
                          struct str signature);
/* Fetches `url`, and `url`.sig if it is signed, into `content`. False with the reason in `err`:
 * nothing of it is to be used. */
MUST_USE bool feed_fetch(const char *url, const struct feed_trust *trust, const struct guard *guard,
                         struct buf *content, char err[256]);

#endif
