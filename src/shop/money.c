/* SPDX-License-Identifier: ISC */
/*
 * Money as text.
 */
#include "shop/money.h"

#include <stdbool.h>
#include <stdlib.h>
#include <strings.h>

#include "base/buf.h"
#include "base/str.h"

/* The digits of 2^63, a separator for each, sign, point, and any code. */
#define TEXT_MAX 512

static const char *const without_decimals[] = {
	"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA",
	"PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF", NULL,
};

static const char *const three_decimals[] = {"BHD", "JOD", "KWD", "OMR", "TND", NULL};

static bool is_among(const char *currency, const char *const *list)
{
	for (; *list; list++)
		if (strcasecmp(currency, *list) == 0)
			return true;
	return false;
}

int money_decimals(const char *currency)
{
	if (!currency)
		return 2;
	if (is_among(currency, without_decimals))
		return 0;
	return is_among(currency, three_decimals) ? 3 : 2;
}

/* The digits from the end: `at` of them are done, and the number goes on at
 * least up to the first one before the point. */
static char *put_digits(char *p, uint64_t left, int decimals, const char *separator)
{
	int at = 0;

	for (; left || at <= decimals; at++, left /= 10) {
		if (at && at == decimals)
			*--p = '.';
		else if (at > decimals && (at - decimals) % 3 == 0 && *separator)
			*--p = *separator;
		*--p = (char)('0' + left % 10);
	}
	return p;
}

/* -INT64_MIN is no int64_t. */
static uint64_t size_of(int64_t amount)
{
	return amount < 0 ? -(uint64_t)amount : (uint64_t)amount;
}

static void add_number(struct buf *out, int64_t amount, const char *currency,
		       const char *separator)
{
	char text[40], *end = text + sizeof text, *start;

	start = put_digits(end, size_of(amount), money_decimals(currency), separator);
	if (amount < 0)
		*--start = '-';
	buf_add(out, start, (size_t)(end - start));
}

char *money_plain(int64_t amount, const char *currency)
{
	struct buf out;

	buf_init(&out, TEXT_MAX);
	add_number(&out, amount, currency, "");
	return buf_detach(&out);
}

char *money_text(int64_t amount, const char *currency)
{
	struct buf out;
	char *text;

	buf_init(&out, TEXT_MAX);
	add_number(&out, amount, currency, ",");
	if (!str_empty(currency))
		buf_printf(&out, " %s", currency);
	text = buf_detach(&out);
	str_upper(text);
	return text;
}

/* The product may need 128 bits, which not every machine has: it is built up and divided bit by
 * bit, from the top one of `part`, with what is left always below `all`. */
int64_t money_share(int64_t whole, int64_t part, int64_t all)
{
	uint64_t divisor = size_of(all), factor = size_of(part), quotient = 0, left = 0;
	int bit;

	if (!divisor)
		return 0;
	for (bit = 63; bit >= 0; bit--) {
		quotient = 2 * quotient + (2 * left >= divisor);
		left = 2 * left >= divisor ? 2 * left - divisor : 2 * left;
		if (!(factor >> bit & 1))
			continue;
		quotient += size_of(whole) / divisor;
		left += size_of(whole) % divisor;
		quotient += left >= divisor;
		left -= left >= divisor ? divisor : 0;
	}
	return (whole < 0) ^ (part < 0) ^ (all < 0) ? (int64_t)-quotient : (int64_t)quotient;
}
