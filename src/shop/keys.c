/* SPDX-License-Identifier: ISC */
/*
 * The keys of the table.
 */
#include "shop/keys.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "format/iso8601.h"

#define KEY_MAX_BYTES 2048 /* DynamoDB's limit for a partition key */
#define NUMBER_LETTERS 8

/* NULL, of an item that lacks what its key is made of, adds nothing: such a key is nobody's. */
static void add_encoded(struct buf *key, const char *part)
{
	const unsigned char *p = (const unsigned char *)part;

	for (; p && *p; p++) {
		if (*p == '#' || *p == '%' || *p < 0x20 || *p == 0x7F)
			buf_printf(key, "%%%02X", *p);
		else
			buf_putc(key, (char)*p);
	}
}

static char *key_of(const char *prefix, const char *part)
{
	struct buf key;

	buf_init(&key, KEY_MAX_BYTES);
	buf_puts(&key, prefix);
	add_encoded(&key, part);
	return buf_detach(&key);
}

char *key_user(const char *user_id)
{
	return key_of("USER#", user_id);
}

char *key_user_of_functions(const char *name)
{
	struct buf key;
	size_t n = 0;

	buf_init(&key, KEY_MAX_BYTES);
	buf_puts(&key, "USER#");
	for (; name && *name && n < USER_ID_MAX; name++)
		if ((unsigned char)*name < 0x80 &&
		    (isalnum((unsigned char)*name) || strchr("@._-", *name))) {
			buf_putc(&key, *name);
			n++;
		}
	if (n)
		return buf_detach(&key);
	buf_free(&key);
	return NULL;
}

char *key_session(const char *session_id)
{
	return key_of("SESSION#", session_id);
}

char *key_event(const char *event_id)
{
	return key_of("EVENT#", event_id);
}

char *key_payment(const char *payment_intent)
{
	return key_of("PAYMENT#", payment_intent);
}

char *key_number(const char *order_number)
{
	return key_of("NUMBER#", order_number);
}

char *key_quote(const char *signature)
{
	return key_of("QUOTE#", signature);
}

char *key_price(const char *name)
{
	return key_of("PRICE#", name);
}

char *key_day(int64_t created)
{
	char day[ISO8601_SIZE];

	return key_of("DAY#", iso8601_day(created, day));
}

char *key_order(int64_t created, const char *session_id)
{
	struct buf key;

	buf_init(&key, KEY_MAX_BYTES);
	buf_printf(&key, "ORDER#%" PRId64 "#", created);
	add_encoded(&key, session_id);
	return buf_detach(&key);
}

int key_order_created(const char *sk, int64_t *created)
{
	struct span rest = span_of(sk), part;
	int64_t time;

	if (!span_next(&rest, '#', &part) || !span_equals(part, "ORDER") ||
	    !span_next(&rest, '#', &part) || span_to_int64(part, &time) || time < 0 ||
	    time > ISO8601_LAST_SECOND)
		return -1;
	*created = time;
	return 0;
}

const char *key_order_session(const char *sk)
{
	const char *cut;
	int64_t created;

	if (key_order_created(sk, &created))
		return NULL;
	cut = strchr(sk + strlen(KEY_ORDER_PREFIX), '#');
	return cut && cut[1] ? cut + 1 : NULL;
}

char *order_number(const char *prefix, const char *session_id)
{
	const char *cut = strrchr(session_id, '_');
	const char *p = cut ? cut + 1 : session_id;
	char letters[NUMBER_LETTERS + 1] = "";
	size_t n = 0;

	for (; *p; p++) {
		if (!isalnum((unsigned char)*p))
			continue;
		if (n == NUMBER_LETTERS)
			memmove(letters, letters + 1, --n);
		letters[n++] = (char)toupper((unsigned char)*p);
		letters[n] = '\0';
	}
	return str_printf("%s-%s", prefix, letters);
}

char *user_id_from(const char *text)
{
	struct span s = span_trim(span_of(text));

	return s.n && s.n <= USER_ID_MAX ? span_dup(s) : NULL;
}

bool user_id_is_exact(const char *name)
{
	struct span s = span_of(name);

	return s.n && s.n <= USER_ID_MAX && span_trim(s).n == s.n && span_utf8_length(s) >= 0;
}

char *user_id_from_email(const char *email)
{
	char *id = user_id_from(email);

	if (id)
		str_lower(id);
	return id;
}
