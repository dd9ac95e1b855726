/* SPDX-License-Identifier: ISC */
/*
 * SHA-256, HMAC-SHA256 (RFC 2104), a compare that takes the same time
 * wherever the difference is, keys, and random bytes.  The only place that knows
 * OpenSSL.
 */
#ifndef ORDERSNAP_BASE_DIGEST_H
#define ORDERSNAP_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define DIGEST_BYTES 32
#define DIGEST_HEX (2 * DIGEST_BYTES + 1) /* lower-case hex and its NUL */

/* Looks the algorithms up, which is done once a process: before a fork, for all. */
void digest_prepare(void);

/* SHA-256 over `message`, and its hex. */
void digest_sha256(struct span message, unsigned char out[DIGEST_BYTES]);
void digest_sha256_hex(struct span message, char out[DIGEST_HEX]);

/* HMAC-SHA256 over the parts one behind the other, so that a prefix and a body are
 * signed without being copied together, and its hex.  `out` may be where the key is. */
void digest_hmac(struct span key, const struct span *parts, size_t count,
		 unsigned char out[DIGEST_BYTES]);
void digest_hmac_hex(struct span key, const struct span *parts, size_t count, char out[DIGEST_HEX]);

/* Whether the two are the same bytes.  The time depends on the lengths only. */
bool digest_equal(struct span a, struct span b);

/* Whether `pem` is a public key that tokens can be checked with: RSA, or EC of the curve P-256. */
bool digest_is_public_key(struct span pem);

/* `n` bytes from the system's random source. */
void digest_random(unsigned char *bytes, size_t n);

#endif
