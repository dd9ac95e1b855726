/* SPDX-License-Identifier: ISC */
/*
 * The rate that a command keeps.
 */
#include "sync/rate_limit.h"

#include "base/url.h"

#define LIVE 50  /* requests a second, of 100 */
#define TEST 20  /* of 25 */
#define HERE 500 /* of a stand-in on this machine, which has no limit or says so */

static unsigned rate_for(const char *secret, const char *api_base)
{
	struct url url;

	if (url_parse(span_of(api_base), &url) == 0 && url_is_loopback(&url))
		return HERE;
	return key_mode_of(secret) == KEY_MODE_LIVE ? LIVE : TEST;
}

int rate_limit_keep(struct app *app, int64_t deadline, struct err *e)
{
	struct stripe_client *stripe = app_stripe(app, deadline, e);
	const char *secret;

	if (!stripe || app_secret(app, SECRET_STRIPE, deadline, &secret, e))
		return -1;
	stripe_client_limit_rate(stripe, rate_for(secret, app->config.stripe_api_base));
	return 0;
}
