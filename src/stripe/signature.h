/* SPDX-License-Identifier: ISC */
/*
 * Stripe's webhook signatures.
 * https://docs.stripe.com/webhooks?verify=verify-manually
 *
 * `Stripe-Signature: t=1492774577,v1=5257a8...,v1=...,v0=...`: a v1 is the hex
 * of HMAC-SHA256 with the endpoint's whole secret (`whsec_` included) over
 * `t`, a dot and the raw body.  While a secret is rolled there is one v1 a
 * secret.  v0 and every other scheme prove nothing.
 */
#ifndef ORDERSNAP_STRIPE_SIGNATURE_H
#define ORDERSNAP_STRIPE_SIGNATURE_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define STRIPE_MAX_SIGNATURES 16 /* v1 elements that are looked at */

struct stripe_signature_check {
	const char *secrets; /* one, or several with commas between; spaces around don't count */
	const char *header;  /* the header's value, NULL if there was none */
	struct span body;    /* the raw bytes */
	int64_t now;         /* epoch seconds */
	int64_t tolerance;   /* seconds that t may be away from now, either way */
};

/* What can be said without a secret: 0 when the header has one t within the
 * tolerance and a v1 of 64 hex digits; else as below.  A secret that has to be
 * fetched is not fetched for anything less. */
int stripe_signature_check_header(const struct stripe_signature_check *check, struct err *e);

/* 0 when one v1 is right for one secret and the time is within the tolerance;
 * else -1 with ERR_SIGNATURE and a text that says which of it failed.
 * Compares in constant time. */
int stripe_signature_verify(const struct stripe_signature_check *check, struct err *e);

#endif
