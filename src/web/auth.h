/* SPDX-License-Identifier: ISC */
/*
 * Who asks: the subject of a bearer token (RFC 6750), a JWT (RFC 7519) that
 * the site's own login gave out.  The only place that knows libjwt.
 */
#ifndef ORDERSNAP_WEB_AUTH_H
#define ORDERSNAP_WEB_AUTH_H

#include "web/request.h"

struct auth_settings {
	const char *secret;          /* JWT_SECRET: tokens are HS256; or NULL */
	const char *previous_secret; /* JWT_SECRET_PREVIOUS: as good as `secret`; or NULL */
	const char *public_key_file; /* JWT_PUBLIC_KEY_FILE: they are RS256 or ES256, by any key of
				      * the file; or NULL */
	const char *header;          /* AUTH_HEADER, or NULL */
	const char *issuer;          /* JWT_ISSUER: what `iss` has to be; NULL: anything */
	const char *audience;        /* JWT_AUDIENCE: what `aud` has to be or to contain; NULL: anything */
	bool needs_exp;              /* a token that never expires is refused */
};

/* Who a token says that asks; auth_identity_free() it. */
struct auth_identity {
	char *subject; /* `sub`; NULL: the request has no token */
	char *email;   /* `email`, where `email_verified` is true or "true"; else NULL */
};

void auth_identity_free(struct auth_identity *who);

/* Whether the settings make sense and the key can be read: 0, or -1 with
 * ERR_CONFIG naming the variable. */
int auth_check(const struct auth_settings *settings, bool required, struct err *e);

/* Whether the request has a bearer token that auth_identify() would look at: then
 * `*has_token`; -1 with ERR_UNAUTHORIZED where it has not the form of one.  Needs
 * no secret: `settings->secret` only has to be there or not. */
int auth_look_for_token(const struct auth_settings *settings, const struct request *request,
			bool *has_token, struct err *e);

/*
 * Who the request's bearer token says that asks: nobody where it has none or
 * none is configured (request_token()).
 * -1 with ERR_UNAUTHORIZED for a token that is not valid at `now`, and for
 * `Bearer` with nothing behind it: the algorithm is the configured one whatever
 * the token says; exp and nbf are checked where they are there (nbf may be a
 * minute ahead: so may the login's clock), iss and aud where the settings name
 * them.  -1 with ERR_CONFIG where it is no valid one by the keys that there are,
 * and the public key's file is not what auth_check() asks for.
 */
int auth_identify(const struct auth_settings *settings, const struct request *request, int64_t now,
		  struct auth_identity *who, struct err *e);

#endif
