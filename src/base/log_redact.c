/* SPDX-License-Identifier: ISC */
/*
 * What a log line may show.  Works on any text, so no caller has to remember:
 * `jane.doe@shop.example` becomes `j***@shop.example`, `sk_live_51H...`
 * becomes `sk_live_***`, and a configured secret becomes `***`.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define HIDDEN_MAX 32
#define QUOTED_MAX 320 /* bytes; an address has 254 */
#define HIDDEN_MIN_BYTES 6 /* shorter ones would mask ordinary words */

static char *hidden[HIDDEN_MAX];
static size_t hidden_count;

/* What Stripe's secrets start with; what follows is masked. */
static const char *const prefixes[] = {"sk_live_", "sk_test_", "rk_live_",
				       "rk_test_", "whsec_",   "Bearer "};

/* What a byte can be, so that each of a line is looked at once: a part of an address's local part
 * (RFC 5321 dot-atom, and bytes above ASCII by RFC 6531), or where a secret may begin. */
enum { LOCAL = 1, BEGINS = 2, KNOWN = 4 };
static unsigned char kinds[256];

static void learn_bytes(void)
{
	size_t i;
	int c;

	for (c = 0; c < 256; c++)
		kinds[c] = KNOWN | (isalnum(c) || c >= 0x80 || (c && strchr(".!$&'*+-/=?^_`{|}~", c))
				    ? LOCAL : 0);
	for (i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		kinds[tolower((unsigned char)*prefixes[i])] |= BEGINS;
		kinds[toupper((unsigned char)*prefixes[i])] |= BEGINS;
	}
	for (i = 0; i < hidden_count; i++)
		kinds[(unsigned char)*hidden[i]] |= BEGINS;
}

static bool is_hidden(const char *secret)
{
	size_t i;

	for (i = 0; i < hidden_count; i++)
		if (strcmp(hidden[i], secret) == 0)
			return true;
	return false;
}

void log_hide(const char *secret)
{
	size_t i;

	if (!secret) {
		for (i = 0; i < hidden_count; i++)
			mem_forget(hidden[i]);
		hidden_count = 0;
	} else if (strlen(secret) >= HIDDEN_MIN_BYTES && !is_hidden(secret)) {
		if (hidden_count == HIDDEN_MAX) {
			mem_forget(hidden[0]);
			memmove(hidden, hidden + 1, --hidden_count * sizeof *hidden);
		}
		hidden[hidden_count++] = str_dup(secret);
	}
	learn_bytes();
}

void log_hide_list(const char *secrets)
{
	struct span rest = span_of(secrets), one;

	/* Of a secret that has commas in it the parts may be short. */
	if (secrets && strchr(secrets, ','))
		log_hide(secrets);
	while (span_next(&rest, ',', &one)) {
		char *secret = span_dup(span_trim(one));

		log_hide(secret);
		mem_forget(secret);
	}
}

static bool is_local(unsigned char c)
{
	return kinds[c] & LOCAL;
}

static bool may_begin_secret(unsigned char c)
{
	return kinds[c] & BEGINS;
}

/* RFC 6750 section 2.1 has these of a bearer's token, and base64 in it. */
static bool is_token(unsigned char c)
{
	return isalnum(c) || (c && strchr("-._~+/=", c));
}

/* The bytes of the longest of the hidden secrets that stands at `p`; 0: none does. */
static size_t hidden_length(const char *p)
{
	size_t i, longest = 0;

	if (!may_begin_secret((unsigned char)*p))
		return 0;
	for (i = 0; i < hidden_count; i++)
		if (*p == *hidden[i] && str_starts(p, hidden[i]) && strlen(hidden[i]) > longest)
			longest = strlen(hidden[i]);
	return longest;
}

/* Whether the word "token" is there, as in "a bearer token is required". */
static bool is_word_token(const char *p)
{
	return str_starts(p, "token") && !is_token((unsigned char)p[strlen("token")]);
}

/* The bytes of the prefix at `p`, 0 if there is none or nothing secret behind it:
 * a message may say `whsec_` or `whsec_...`, or "bearer token". */
static size_t prefix_length(const char *p)
{
	const char *behind;
	size_t i, n;

	if (!may_begin_secret((unsigned char)*p))
		return 0;
	for (i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		n = strlen(prefixes[i]);
		if (strncasecmp(p, prefixes[i], n) != 0)
			continue;
		behind = p + n + strspn(p + n, ".");
		if (p[n - 1] == ' ' && is_word_token(p + n))
			return 0;
		return is_token((unsigned char)*behind) ? n : 0;
	}
	return 0;
}

/* The bytes at `p` up to the '@' of an address (or its %40), 0 if none. */
static size_t local_length(const char *p)
{
	size_t n = 0;

	while (is_local((unsigned char)p[n])) /* which '%' is not */
		n++;
	return n && (p[n] == '@' || str_starts(p + n, "%40")) ? n : 0;
}

/* The bytes at `p`, in a text, of a quoted local part, `"jane doe"@` (RFC 5321 section 4.1.2), up
 * to the '@'; 0 if there is none.  A `\"` is no end, but where the text was quoted once more and
 * the begin is one, too. */
static size_t quoted_length(const char *text, const char *p)
{
	bool again = p > text && p[-1] == '\\';
	size_t n;

	if (*p != '"')
		return 0;
	for (n = 1; n < QUOTED_MAX && p[n]; n++) {
		if (p[n] != '"')
			continue;
		if (p[n + 1] == '@' || str_starts(p + n + 1, "%40"))
			return n + 1;
		if (again || p[n - 1] != '\\')
			return 0;
	}
	return 0;
}

/* The first character of an address, whole; a byte that begins none is not shown. */
static void add_first(struct buf *out, const char *p, size_t n)
{
	buf_add(out, p, utf8_sequence((const unsigned char *)p, n));
}

void log_redact(struct buf *out, const char *text)
{
	const char *p = text;
	size_t n;

	if (!kinds[0])
		learn_bytes();
	while (*p) {
		if ((n = hidden_length(p))) {
			buf_puts(out, "***");
			p += n;
		} else if ((n = prefix_length(p))) {
			buf_add(out, p, n);
			buf_puts(out, "***");
			for (p += n; is_token((unsigned char)*p);)
				p++;
		} else if ((n = quoted_length(text, p))) {
			buf_puts(out, "***");
			p += n;
		} else if ((n = local_length(p))) {
			add_first(out, p, n);
			buf_puts(out, "***");
			p += n;
		} else {
			do
				buf_putc(out, *p++);
			while (is_local((unsigned char)*p) && is_local((unsigned char)p[-1]) &&
			       !hidden_length(p) && !prefix_length(p));
		}
	}
	/* What did not fit was left out a byte at a time. */
	if (out->failed && out->data) {
		str_trim_sequence(out->data);
		out->len = strlen(out->data);
	}
}
