/* SPDX-License-Identifier: ISC */
/*
 * The rate that a command keeps.
 */
#include "sync/rate_limit.h"

#include "base/url.h"

#define LIVE 50  /* requests a second, of 100 */
#define TEST 20  /* of 25 */
#define HERE 500 /* of a stand-in on this machine, which has no limit or says so */

int rate_limit_keep(struct app *app, int64_t deadline, struct err *e)
{
	const char *api_base = app->config.stripe_api_base, *secret;
	struct stripe_client *stripe = app_stripe(app, deadline, e);
	struct url url;
	unsigned rate;

	if (!stripe || app_secret(app, SECRET_STRIPE, deadline, &secret, e))
		return -1;
	rate = key_mode_of(secret) == KEY_MODE_LIVE ? LIVE : TEST;
	if (url_parse(span_of(api_base), &url) == 0 && url_is_loopback(&url))
		rate = HERE;
	stripe_client_limit_rate(stripe, rate);
	return 0;
}
