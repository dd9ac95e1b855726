/* SPDX-License-Identifier: ISC */
/*
 * Verifying a Stripe-Signature header.  The one idea: the header is only
 * taken apart here, never trusted; the text of t that is signed is the text
 * that stood in the header.
 */
#include "stripe/signature.h"

#include <string.h>

#include "base/digest.h"

struct signature_header {
	struct span t;                            /* empty until seen */
	struct span v1[STRIPE_MAX_SIGNATURES];    /* the first ones; more are ignored */
	size_t count;
};

static bool all_digits(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* One `name=value`; unknown names and elements without a `=` are ignored.
 * -1 for a second t. */
static int take_element(struct span element, struct signature_header *h)
{
	const char *equals = memchr(element.p, '=', element.n);
	struct span name, value;

	if (!equals)
		return 0;
	name = (struct span){element.p, (size_t)(equals - element.p)};
	value = (struct span){equals + 1, element.n - name.n - 1};
	if (span_equals(name, "v1") && h->count < STRIPE_MAX_SIGNATURES)
		h->v1[h->count++] = value;
	if (!span_equals(name, "t"))
		return 0;
	if (h->t.p)
		return -1;
	h->t = value;
	return 0;
}

/* Takes the header apart: one t of digits, and one v1 at least. */
static int parse_header(const char *text, struct signature_header *h, struct err *e)
{
	struct span rest = span_of(text), element;

	memset(h, 0, sizeof *h);
	while (span_next(&rest, ',', &element))
		if (take_element(span_trim(element), h))
			return err_set(e, ERR_SIGNATURE, "Stripe-Signature has more than one t");
	if (!all_digits(h->t))
		return err_set(e, ERR_SIGNATURE, "Stripe-Signature has no t of digits");
	if (h->count == 0)
		return err_set(e, ERR_SIGNATURE, "Stripe-Signature has no v1");
	return 0;
}

/* Neither too old, else a delivery could be sent again by whoever recorded it, nor from
 * the future. */
static int check_time(struct span t, int64_t now, int64_t tolerance, struct err *e)
{
	int64_t signed_at, age;

	if (span_to_int64(t, &signed_at) || __builtin_sub_overflow(now, signed_at, &age))
		return err_set(e, ERR_SIGNATURE, "Stripe-Signature has an impossible t");
	if (age > tolerance)
		return err_set(e, ERR_SIGNATURE, "the signature is %lld seconds old, more than "
			       "STRIPE_WEBHOOK_TOLERANCE allows", (long long)age);
	if (age < -tolerance)
		return err_set(e, ERR_SIGNATURE, "the signature is from the future: "
			       "this machine's clock may be wrong by %lld seconds", (long long)-age);
	return 0;
}

/* Whether one of the secrets makes one of the signatures. All are compared, so that the
 * time tells nothing. */
static bool any_matches(const struct stripe_signature_check *check,
			const struct signature_header *h)
{
	const struct span message[] = {h->t, {".", 1}, check->body};
	struct span rest = span_of(check->secrets), secret;
	char expected[DIGEST_HEX];
	bool matches = false;
	size_t i;

	while (span_next(&rest, ',', &secret)) {
		secret = span_trim(secret);
		if (secret.n == 0)
			continue;
		digest_hmac_hex(secret, message, 3, expected);
		for (i = 0; i < h->count; i++)
			matches |= digest_equal(h->v1[i], span_of(expected));
	}
	return matches;
}

/* SHA-256 in lower-case hex, as Stripe writes it. */
static bool has_form(struct span v1)
{
	size_t i;

	for (i = 0; i < v1.n; i++)
		if (!strchr("0123456789abcdef", v1.p[i]))
			return false;
	return v1.n == DIGEST_HEX - 1;
}

static int read_header(const struct stripe_signature_check *check, struct signature_header *header,
		       struct err *e)
{
	if (str_empty(check->header))
		return err_set(e, ERR_SIGNATURE, "there is no Stripe-Signature header");
	return parse_header(check->header, header, e);
}

int stripe_signature_check_header(const struct stripe_signature_check *check, struct err *e)
{
	struct signature_header header;
	size_t i;

	if (read_header(check, &header, e))
		return -1;
	for (i = 0; i < header.count; i++)
		if (has_form(header.v1[i]))
			return check_time(header.t, check->now, check->tolerance, e);
	return err_set(e, ERR_SIGNATURE, "Stripe-Signature has no v1 of 64 hex digits");
}

int stripe_signature_verify(const struct stripe_signature_check *check, struct err *e)
{
	struct signature_header header;

	if (read_header(check, &header, e))
		return -1;
	if (!any_matches(check, &header))
		return err_set(e, ERR_SIGNATURE, "no v1 matches: STRIPE_WEBHOOK_SECRET is not this "
			       "endpoint's, or the body was changed on its way");
	return check_time(header.t, check->now, check->tolerance, e);
}
