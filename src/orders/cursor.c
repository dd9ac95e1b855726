/* SPDX-License-Identifier: ISC */
/*
 * Cursors.
 */
#include "orders/cursor.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "shop/keys.h"

#define MARK 32 /* hex digits of the digest */
#define SK_MAX_BYTES 1024 /* DynamoDB's limit */

static void mark_of(const char *user, const char *sk, char hex[DIGEST_HEX])
{
	char *text = str_printf("ordersnap cursor 1\n%s\n%s", user, sk);

	digest_sha256_hex(span_of(text), hex);
	hex[MARK] = '\0';
	free(text);
}

char *cursor_format(const char *user, const char *sk)
{
	size_t n = strlen(sk);
	char *hex = mem_zalloc(1, 2 * n + 1), *cursor;
	char mark[DIGEST_HEX];

	str_hex((const unsigned char *)sk, n, hex);
	mark_of(user, sk, mark);
	cursor = str_printf("%s%s", mark, hex);
	free(hex);
	return cursor;
}

static int digit_of(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The text of the hex digits, to free(); NULL where they are none, or no text. */
static char *text_of_hex(const char *hex)
{
	size_t n = strlen(hex), i;
	char *text;

	if (n % 2 || n / 2 > SK_MAX_BYTES)
		return NULL;
	text = mem_zalloc(1, n / 2 + 1);
	for (i = 0; i < n / 2; i++) {
		int high = digit_of(hex[2 * i]), low = digit_of(hex[2 * i + 1]);

		if (high < 0 || low < 0 || (high | low) == 0) {
			free(text);
			return NULL;
		}
		text[i] = (char)(high << 4 | low);
	}
	return text;
}

char *cursor_parse(const char *user, const char *cursor)
{
	char mark[DIGEST_HEX];
	char *sk;

	if (strlen(cursor) <= MARK)
		return NULL;
	sk = text_of_hex(cursor + MARK);
	if (!sk)
		return NULL;
	mark_of(user, sk, mark);
	if (memcmp(mark, cursor, MARK) == 0 && str_starts(sk, KEY_ORDER_PREFIX) &&
	    span_utf8_length(span_of(sk)) >= 0)
		return sk;
	free(sk);
	return NULL;
}
