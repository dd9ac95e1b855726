/* SPDX-License-Identifier: ISC */
/*
 * Bearer tokens.  The one idea: the configuration says which algorithm a token
 * has; what the token says about itself is only compared with that.
 */
#include "web/auth.h"

#include <ctype.h>
#include <jwt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/str.h"

#define WRONG_FORM "its signature or form is wrong"
#define KEY_MAX_BYTES 65536
#define KEYS_MAX 8 /* of a file; each costs a try at a token that none has signed */
#define PEM_END "-----END PUBLIC KEY-----"
#define TOKEN_MAX_BYTES 8192
#define EARLY_SECONDS 60 /* before a token's nbf: the login's clock may be ahead (RFC 7519 section 4.1.5) */

/* The file as it is; what stands in it is looked at by keys_of() and auth_check(). */
static int read_key(const char *path, struct buf *key, struct err *e)
{
	struct stat st;

	buf_init(key, KEY_MAX_BYTES);
	return file_read(path, key, &st, e) ? err_prefix(e, "JWT_PUBLIC_KEY_FILE") : 0;
}

/* The next key of a PEM file (RFC 7468), from its first line to its last. */
static bool next_key(const char **rest, struct span *key)
{
	const char *begin = strstr(*rest, "-----BEGIN "), *end;

	if (!begin)
		return false;
	end = strstr(begin, PEM_END);
	*rest = end ? end + strlen(PEM_END) : begin + strlen(begin);
	*rest += strspn(*rest, "\r\n");
	*key = (struct span){begin, (size_t)(*rest - begin)};
	return true;
}

/* All that a token may be signed with: the secret and the one before, or each key of the file,
 * of which `pem` is the text. */
static size_t keys_of(const struct auth_settings *s, const char *pem, struct span keys[KEYS_MAX])
{
	size_t n = 0;

	if (s->secret)
		keys[n++] = span_of(s->secret);
	if (s->secret && s->previous_secret)
		keys[n++] = span_of(s->previous_secret);
	while (!s->secret && n < KEYS_MAX && next_key(&pem, &keys[n]))
		n++;
	return n;
}

/* The file has to hold keys that we can use, and no more than are tried. */
static int check_keys(const char *path, const char *pem, struct err *e)
{
	struct span key;
	bool fit = true;
	int n;

	for (n = 0; fit && next_key(&pem, &key); n++)
		fit = digest_is_public_key(key);
	if (n == 0 || !fit)
		return err_set(e, ERR_CONFIG, "JWT_PUBLIC_KEY_FILE: %s is no PEM public key (RSA, or EC of "
			       "the curve P-256)", path);
	if (n > KEYS_MAX)
		return err_set(e, ERR_CONFIG, "JWT_PUBLIC_KEY_FILE: %s has more than %d keys", path,
			       KEYS_MAX);
	return 0;
}

static int check_key_file(const char *path, struct err *e)
{
	struct buf text;
	int rc = read_key(path, &text, e);

	if (!rc)
		rc = check_keys(path, buf_text(&text), e);
	buf_free(&text);
	return rc;
}

int auth_check(const struct auth_settings *s, bool required, struct err *e)
{
	if (s->secret && s->public_key_file)
		return err_set(e, ERR_CONFIG, "JWT_SECRET and JWT_PUBLIC_KEY_FILE are both set: "
			       "one of them says how tokens are signed");
	if (required && !s->secret && !s->public_key_file)
		return err_set(e, ERR_CONFIG, "CHECKOUT_REQUIRE_AUTH is on, but there is no login: set "
			       "JWT_SECRET or JWT_PUBLIC_KEY_FILE, or ORDERS_AUTH=remote_user");
	return s->public_key_file ? check_key_file(s->public_key_file, e) : 0;
}

/* Three parts of base64url (RFC 7515 section 3.1), none empty: libjwt 1.10
 * writes behind the memory of a part that is. */
static bool has_token_form(const char *token)
{
	struct span rest = span_of(token), part;
	int parts = 0;

	while (span_next(&rest, '.', &part)) {
		size_t i;

		for (i = 0; i < part.n; i++)
			if (!isalnum((unsigned char)part.p[i]) && part.p[i] != '-' && part.p[i] != '_')
				return false;
		if (part.n == 0)
			return false;
		parts++;
	}
	return parts == 3 && strlen(token) <= TOKEN_MAX_BYTES;
}

/* A claim as JSON, which the caller releases; NULL where it is not there. */
static struct json_object *claim_of(jwt_t *jwt, const char *claim)
{
	char *text = jwt_get_grants_json(jwt, claim);
	struct json_object *value = text ? json_parse(span_of(text)) : NULL;

	free(text);
	return value;
}

/* A NumericDate (RFC 7519 section 2: a number, perhaps with a fraction);
 * `*value` stays as it is where there is none.  False where it is no number. */
static bool read_time(jwt_t *jwt, const char *claim, double *value)
{
	char *text = jwt_get_grants_json(jwt, claim);
	struct json_object *number = text ? json_parse(span_of(text)) : NULL;
	bool is_number = json_object_is_type(number, json_type_int) ||
			 json_object_is_type(number, json_type_double);
	bool absent = text == NULL;

	if (is_number)
		*value = json_object_get_double(number);
	json_object_put(number);
	free(text);
	return is_number || absent;
}

static bool is_text(struct json_object *value, const char *text)
{
	return json_object_is_type(value, json_type_string) &&
	       strcmp(json_object_get_string(value), text) == 0;
}

/* `aud` is one audience or a list of them (RFC 7519 section 4.1.3). */
static bool is_for(jwt_t *jwt, const char *audience)
{
	struct json_object *aud = claim_of(jwt, "aud");
	bool found = is_text(aud, audience);
	size_t i;

	for (i = 0; json_object_is_type(aud, json_type_array) &&
		    i < json_object_array_length(aud) && !found; i++)
		found = is_text(json_object_array_get_idx(aud, i), audience);
	json_object_put(aud);
	return found;
}

/* True (OpenID Connect Core section 5.1), or the text "true", as Apple's tokens have it; nothing else. */
static bool says_true(jwt_t *jwt, const char *claim)
{
	struct json_object *value = claim_of(jwt, claim);
	bool is = is_text(value, "true") || (json_object_is_type(value, json_type_boolean) &&
					     json_object_get_boolean(value));

	json_object_put(value);
	return is;
}

/* A token may say that it must be understood beyond what we understand of it
 * (RFC 7515 section 4.1.11). */
static bool needs_more(jwt_t *jwt)
{
	char *text = jwt_get_headers_json(jwt, "crit");
	bool is = text != NULL;

	free(text);
	return is;
}

/* Why a token whose signature is right does not count; NULL: it does. */
static const char *problem_of(const struct auth_settings *s, jwt_t *jwt, int64_t now)
{
	double expires = HUGE_VAL, not_before = -HUGE_VAL, time = (double)now;
	jwt_alg_t algorithm = jwt_get_alg(jwt);
	bool expected = s->secret ? algorithm == JWT_ALG_HS256
				  : algorithm == JWT_ALG_RS256 || algorithm == JWT_ALG_ES256;

	if (!expected)
		return "its algorithm is not the configured one";
	if (needs_more(jwt))
		return "its header has crit";
	if (!read_time(jwt, "exp", &expires) || !read_time(jwt, "nbf", &not_before))
		return "its exp or nbf is no time";
	if (s->needs_exp && expires == HUGE_VAL)
		return "it never expires (it has no exp)";
	if (expires <= time)
		return "it has expired";
	if (not_before > time + EARLY_SECONDS)
		return "it is not valid yet";
	if (s->issuer && (!jwt_get_grant(jwt, "iss") || strcmp(jwt_get_grant(jwt, "iss"), s->issuer) != 0))
		return "its issuer is not the configured one";
	if (s->audience && !is_for(jwt, s->audience))
		return "its audience is not the configured one";
	if (str_empty(jwt_get_grant(jwt, "sub")))
		return "it has no subject";
	return NULL;
}

/* The client is told why its token does not count. */
static int refuse(const char *problem, struct err *e)
{
	return err_set(e, ERR_UNAUTHORIZED, "The bearer token is not valid: %s", problem);
}

/* The token, decoded by the first key that has signed it; NULL where none has. */
static jwt_t *verify(const struct auth_settings *s, const char *pem, const char *token)
{
	struct span keys[KEYS_MAX];
	size_t n = has_token_form(token) ? keys_of(s, pem, keys) : 0, i;
	jwt_t *jwt = NULL;

	for (i = 0; i < n && !jwt; i++)
		if (jwt_decode(&jwt, token, (const unsigned char *)keys[i].p, (int)keys[i].n))
			jwt = NULL;
	return jwt;
}

/* Checks a token, and says who bears it. */
static int decode(const struct auth_settings *s, const char *token, int64_t now,
		  struct auth_identity *who, struct err *e)
{
	jwt_t *jwt = NULL;
	const char *problem = WRONG_FORM;
	struct buf pem;
	int rc = 0;

	buf_init(&pem, KEY_MAX_BYTES);
	if (s->public_key_file)
		rc = read_key(s->public_key_file, &pem, e);
	if (rc)
		goto out;
	/* Who has signed it decides; what else is wrong with it is said then.  That the file has lost its
	 * keys since the start, or is only half written yet, is no fault of the token. */
	jwt = verify(s, buf_text(&pem), token);
	if (jwt)
		problem = problem_of(s, jwt, now);
	else if (s->public_key_file)
		rc = check_keys(s->public_key_file, buf_text(&pem), e);
	if (rc)
		goto out;
	if (problem) {
		rc = refuse(problem, e);
		goto out;
	}
	*who = (struct auth_identity){.subject = str_dup(jwt_get_grant(jwt, "sub"))};
	/* The address counts where the login says that it is this person's. */
	if (says_true(jwt, "email_verified"))
		who->email = str_dup(jwt_get_grant(jwt, "email"));
out:
	jwt_free(jwt);
	buf_free(&pem);
	return rc;
}

int auth_look_for_token(const struct auth_settings *s, const struct request *request,
			bool *has_token, struct err *e)
{
	const char *token = request_token(request, s->header);

	*has_token = token && (s->secret || s->public_key_file);
	return *has_token && !has_token_form(token) ? refuse(WRONG_FORM, e) : 0;
}

int auth_identify(const struct auth_settings *s, const struct request *request, int64_t now,
		  struct auth_identity *who, struct err *e)
{
	const char *token = request_token(request, s->header);

	*who = (struct auth_identity){.subject = NULL};
	if (!token || (!s->secret && !s->public_key_file))
		return 0;
	return decode(s, token, now, who, e);
}

void auth_identity_free(struct auth_identity *who)
{
	free(who->subject);
	free(who->email);
	*who = (struct auth_identity){.subject = NULL};
}
