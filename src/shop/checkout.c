/* SPDX-License-Identifier: ISC */
/*
 * Reading a checkout request: one guard for each field.
 */
#include "shop/checkout.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/url.h"
#include "shop/checkout_options.h"
#include "shop/session.h"
#include "shop/keys.h"

/* https://docs.stripe.com/metadata; four keys are ours. */
#define METADATA_MAX_KEYS 46
#define METADATA_MAX_KEY 40
#define METADATA_MAX_VALUE 500
#define EMAIL_MAX 254
#define URL_MAX 2000

static int bad(struct err *e, const char *what)
{
	return err_set(e, ERR_BAD_REQUEST, "%s", what);
}

bool checkout_is_signature(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* An address as Stripe takes it: one @, something on both sides, no spaces. */
static bool is_email(const char *text)
{
	const char *at = strchr(text, '@'), *p;

	for (p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7F)
			return false;
	if (!at || at == text || !at[1])
		return false;
	return !strchr(at + 1, '@') && p - text <= EMAIL_MAX;
}

static int read_email(struct json_object *body, struct checkout_request *r, struct err *e)
{
	enum json_found found = json_get_string(body, "customerEmail", &r->email);

	if (found == JSON_WRONG || (r->email && *r->email && !is_email(r->email)))
		return bad(e, "customerEmail must be an e-mail address");
	if (str_empty(r->email))
		r->email = NULL;
	return 0;
}

/* userId or user_id, trimmed, and which of them it was; NULL where neither says
 * anything. */
static int read_user(struct json_object *body, char **user, const char **key, struct err *e)
{
	static const char *const keys[] = {"userId", "user_id"};
	size_t i;

	*user = NULL;
	for (i = 0; i < 2 && !*user; i++) {
		*key = keys[i];
		const char *text = "";

		if (json_get_string(body, keys[i], &text) == JSON_WRONG)
			return err_set(e, ERR_BAD_REQUEST, "%s must be a string", keys[i]);
		*user = user_id_from(text);
		if (!*user && span_trim(span_of(text)).n)
			return err_set(e, ERR_BAD_REQUEST, "%s has more than %d bytes", keys[i],
				       USER_ID_MAX);
	}
	return 0;
}

/*
 * Who buys.  Where the site has a login, it alone names users: a client that has not
 * logged in may buy as a guest, not under a name of its choice; and nothing else may
 * stand in for the login's subject.
 */
static int read_identity(struct json_object *body, const char *subject,
			 const struct checkout_policy *policy, struct checkout_request *r,
			 struct err *e)
{
	const char *key = NULL;
	bool differs;
	char *id;

	if (policy->require_auth && !subject)
		return err_set(e, ERR_UNAUTHORIZED, policy->by_server
			       ? "a login is required" : "a bearer token is required");
	if (read_user(body, &r->user_id, &key, e))
		return -1;

	/* Somebody who is logged in: a user that the request names has to be the same one. */
	if (subject) {
		id = user_id_is_exact(subject) ? user_id_from(subject) : NULL;
		differs = id && r->user_id && strcmp(id, r->user_id) != 0;
		free(r->user_id);
		r->user_id = id;
		r->user_kind = "user";
		if (!id)
			return err_set(e, ERR_UNAUTHORIZED, "%s is empty or longer than %d bytes, "
				       "has white space around it, or is not UTF-8",
				       policy->by_server ? "The login's name of the user"
							 : "The bearer token's subject",
				       USER_ID_MAX);
		if (differs)
			return err_set(e, ERR_FORBIDDEN, policy->by_server
				       ? "userId is not the user who is logged in"
				       : "userId is not the token's subject");
		return 0;
	}

	/* Somebody who is not, but might be. */
	if (r->user_id && policy->has_login)
		return err_set(e, ERR_UNAUTHORIZED, policy->by_server
			       ? "%s is not believed without a login: log in, or leave it out"
			       : "%s is not believed without a bearer token: send one, or leave it "
				 "out", key);

	/* Without any login a client's word is noted as such; a guest is known by the address. */
	r->user_kind = r->user_id ? "claimed" : "guest";
	if (!r->user_id)
		r->user_id = user_id_from_email(r->email);
	if (!r->user_id)
		r->user_kind = NULL;
	return 0;
}

/* An address to return to has to be of this shop: on one of the origins that the settings
 * list, or else on that of their own addresses, or of a page that may ask. */
static bool may_return_to(const struct url *url, const struct checkout_policy *policy)
{
	const char *presets[] = {policy->success_url, policy->cancel_url};
	struct url preset;
	size_t i;

	if (policy->return_origins)
		return url_in_origins(url, policy->return_origins);
	for (i = 0; i < 2; i++)
		if (presets[i] && !url_parse(span_of(presets[i]), &preset) &&
		    url_same_origin(url, &preset))
			return true;
	return policy->cors_origins && url_in_origins(url, policy->cors_origins);
}

/* Fills *value where the request has an address; it keeps what the settings say where
 * not. */
static int read_url(struct json_object *body, const char *key, const struct checkout_policy *policy,
		    const char **value, struct err *e)
{
	const char *preset = *value;
	enum json_found found = json_get_string(body, key, value);
	struct span braces;
	struct url url;

	if (found == JSON_ABSENT || (found == JSON_FOUND && !**value)) {
		*value = preset;
		return 0;
	}
	if (found == JSON_WRONG || strlen(*value) > URL_MAX || url_parse(span_of(*value), &url))
		return err_set(e, ERR_BAD_REQUEST, "%s must be an http or https address", key);
	if (url.has_user || !may_return_to(&url, policy))
		return err_set(e, ERR_BAD_REQUEST, "%s is not on an origin of this shop", key);
	/* It would stand in the buyer's address as it is. */
	if (url_has_other_braces(span_of(*value), &braces))
		return err_set(e, ERR_BAD_REQUEST, "%s has %.*s in it, which Stripe does not fill in: "
			       "the session's id comes in the place of " URL_SESSION_ID, key,
			       (int)braces.n, braces.p);
	return 0;
}

/* What Stripe takes in metadata: a short key, and a text, number or flag that is not long. */
static int check_entry(const char *key, struct json_object *value, struct err *e)
{
	bool is_string = json_object_is_type(value, json_type_string);
	long n = span_utf8_length(span_of(key));
	const char *text;

	if (n < 1 || n > METADATA_MAX_KEY || strpbrk(key, "[]"))
		return bad(e, "metadata: a key must have 1 to 40 characters and no brackets");
	if (!is_string && !json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_boolean))
		return err_set(e, ERR_BAD_REQUEST, "metadata.%s must be a string", key);
	text = json_object_get_string(value);
	if (strlen(text) > INT16_MAX || span_utf8_length(span_of(text)) > METADATA_MAX_VALUE)
		return err_set(e, ERR_BAD_REQUEST, "metadata.%s has more than %d characters", key,
			       METADATA_MAX_VALUE);
	if (is_string && strlen(text) != (size_t)json_object_get_string_len(value))
		return err_set(e, ERR_BAD_REQUEST, "metadata.%s has a NUL character", key);
	return 0;
}

/* What is ordersnap's own, or null, is passed over, as the functions did. */
static int read_metadata(struct json_object *body, struct json_object **metadata, struct err *e)
{
	enum json_found found = json_get_object(body, "metadata", metadata);
	struct json_walk walk;
	int count = 0;

	if (found != JSON_FOUND)
		return found == JSON_ABSENT ? 0 : bad(e, "metadata must be an object");
	walk = json_walk_of(*metadata);
	while (json_walk_next(&walk)) {
		if (metadata_is_reserved(walk.key) || !walk.value)
			continue;
		if (check_entry(walk.key, walk.value, e))
			return -1;
		count++;
	}
	return count <= METADATA_MAX_KEYS ? 0
		: err_set(e, ERR_BAD_REQUEST, "metadata has more than %d keys", METADATA_MAX_KEYS);
}

int checkout_read(struct json_object *body, const char *subject,
		  const struct checkout_policy *policy, struct checkout_request *r, struct err *e)
{
	memset(r, 0, sizeof *r);
	if (!json_object_is_type(body, json_type_object))
		return bad(e, "the body must be a JSON object");
	if (checkout_check_names(body, e))
		return -1;

	/* What is bought, and by whom. */
	if (json_get_string(body, "quoteSignature", &r->quote_signature) != JSON_FOUND ||
	    !*r->quote_signature)
		return bad(e, "quoteSignature is required");
	if (read_email(body, r, e) || read_identity(body, subject, policy, r, e))
		return -1;

	/* Where the buyer goes afterwards: to where the request says, or the settings. */
	r->success_url = policy->success_url;
	r->cancel_url = policy->cancel_url;
	if (read_url(body, "successUrl", policy, &r->success_url, e) ||
	    read_url(body, "cancelUrl", policy, &r->cancel_url, e))
		return -1;
	if (!r->success_url)
		return bad(e, "successUrl is required");

	if (checkout_read_options(body, policy, r, e))
		return -1;
	return read_metadata(body, &r->metadata, e);
}

void checkout_request_free(struct checkout_request *r)
{
	free(r->user_id);
	r->user_id = NULL;
	r->user_kind = NULL;
}
