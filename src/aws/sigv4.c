/* SPDX-License-Identifier: ISC */
/*
 * Signing for AWS.  The one idea: the signing key lasts a day, so that a request costs
 * two digests and one HMAC.
 */
#include "aws/sigv4.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "format/iso8601.h"

#define MAX_TEXT (64u << 10) /* a session token is the longest part, about 1 KB */

void sigv4_time(int64_t now, char out[SIGV4_TIME_SIZE])
{
	char time[ISO8601_SIZE];
	size_t n = 0;
	const char *p;

	for (p = iso8601_time(now, time); *p && n < SIGV4_TIME_SIZE - 1; p++)
		if (*p != '-' && *p != ':')
			out[n++] = *p;
	out[n] = '\0';
}

static struct span bytes(const unsigned char *digest)
{
	return (struct span){(const char *)digest, DIGEST_BYTES};
}

static void chain(unsigned char key[DIGEST_BYTES], const char *text)
{
	struct span part = span_of(text);

	digest_hmac(bytes(key), &part, 1, key);
}

/* HMAC(HMAC(HMAC(HMAC("AWS4" + secret, day), region), service), "aws4_request") */
static void derive_key(const struct sigv4_request *r, const char *day, struct sigv4_key *key)
{
	unsigned char secret[DIGEST_BYTES];
	struct span part = span_of(day);
	char *first;

	digest_sha256(span_of(r->secret), secret);
	if (strcmp(key->day, day) == 0 && digest_equal(bytes(key->secret), bytes(secret)))
		return;
	first = str_printf("AWS4%s", r->secret);
	digest_hmac(span_of(first), &part, 1, key->key);
	mem_forget(first);
	chain(key->key, r->region);
	chain(key->key, r->service);
	chain(key->key, "aws4_request");
	memcpy(key->secret, secret, sizeof secret);
	memcpy(key->day, day, sizeof key->day);
}

/* The hash of
 *   POST \n path \n (no query) \n name:value \n ... \n names \n hash of the body */
static void hash_request(const struct sigv4_request *r, const char *time, const char *names,
			 char hash[DIGEST_HEX])
{
	char body[DIGEST_HEX];
	struct buf text;

	digest_sha256_hex(r->body, body);
	buf_init(&text, MAX_TEXT);
	buf_printf(&text, "POST\n%s\n\ncontent-type:%s\nhost:%s\nx-amz-date:%s\n", r->path,
		   r->content_type, r->host, time);
	if (r->token)
		buf_printf(&text, "x-amz-security-token:%s\n", r->token);
	buf_printf(&text, "x-amz-target:%s\n\n%s\n%s", r->target, names, body);
	digest_sha256_hex((struct span){buf_text(&text), text.len}, hash);
	buf_free(&text);
}

char *sigv4_authorization(const struct sigv4_request *r, struct sigv4_key *key)
{
	const char *names = r->token
		? "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
		: "content-type;host;x-amz-date;x-amz-target";
	char time[SIGV4_TIME_SIZE], day[9], hash[DIGEST_HEX], signature[DIGEST_HEX];
	char *scope, *text, *authorization;
	struct span signed_text;

	sigv4_time(r->now, time);
	memcpy(day, time, 8);
	day[8] = '\0';
	scope = str_printf("%s/%s/%s/aws4_request", day, r->region, r->service);
	hash_request(r, time, names, hash);
	text = str_printf("AWS4-HMAC-SHA256\n%s\n%s\n%s", time, scope, hash);
	signed_text = span_of(text);
	derive_key(r, day, key);
	digest_hmac_hex(bytes(key->key), &signed_text, 1, signature);
	authorization = str_printf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
				   r->key_id, scope, names, signature);
	free(text);
	free(scope);
	return authorization;
}
