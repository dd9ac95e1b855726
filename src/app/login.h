/* SPDX-License-Identifier: ISC */
/*
 * The site's login, as the settings describe it: who asks.
 */
#ifndef ORDERSNAP_APP_LOGIN_H
#define ORDERSNAP_APP_LOGIN_H

#include "app/app.h"
#include "web/auth.h"

/* Whether the login's settings make sense (auth_check); `required`: there has to be
 * one, which may be the web server's. */
int login_check(const struct config *config, bool required, struct err *e);

/* The user for whom the web server's own login vouches (REMOTE_USER); NULL where it
 * names none, or where the settings don't say that it is the login. */
const char *login_remote_user(const struct app *app, const struct request *request);

/*
 * Who asks, by the request's bearer token (auth_identify).  A secret that lives in
 * SSM is not asked for without a token, or with what can't be one; it may have
 * been rotated: it is read again before a token is refused.
 * `needs_exp`: a token has to end some day.
 */
int login_identify(struct app *app, const struct request *request, bool needs_exp,
		   struct auth_identity *who, struct err *e);

#endif
