/* SPDX-License-Identifier: ISC */
/*
 * The list of secrets, live or test, and addresses that are still the example's.
 */
#include "config/secret.h"

#include <string.h>

#include "base/example.h"
#include "base/url.h"

const struct secret_setting secret_settings[SECRETS] = {
	[SECRET_STRIPE] = {"STRIPE_SECRET", "STRIPE_SECRET_PARAMETER", false},
	[SECRET_WEBHOOK] = {"STRIPE_WEBHOOK_SECRET", "STRIPE_WEBHOOK_SECRET_PARAMETER", true},
	[SECRET_QUOTE] = {"QUOTE_SIGNATURE_SECRET", "QUOTE_SIGNATURE_SECRET_PARAMETER", false},
	[SECRET_QUOTE_PREVIOUS] = {"QUOTE_SIGNATURE_SECRET_PREVIOUS",
				   "QUOTE_SIGNATURE_SECRET_PREVIOUS_PARAMETER", false},
	[SECRET_JWT] = {"JWT_SECRET", "JWT_SECRET_PARAMETER", false},
	[SECRET_JWT_PREVIOUS] = {"JWT_SECRET_PREVIOUS", "JWT_SECRET_PREVIOUS_PARAMETER", false},
};

const char *secret_value(const struct config *c, enum secret which)
{
	return config_string(c, config_key_named(secret_settings[which].name));
}

const char *secret_parameter(const struct config *c, enum secret which)
{
	return config_string(c, config_key_named(secret_settings[which].parameter));
}

/* The first of the two words counts: what is random behind it may hold either. */
enum key_mode key_mode_of(const char *stripe_secret)
{
	const char *live = strstr(stripe_secret, "_live_");
	const char *test = strstr(stripe_secret, "_test_");

	if (live && (!test || live < test))
		return KEY_MODE_LIVE;
	return test ? KEY_MODE_TEST : KEY_MODE_UNKNOWN;
}

bool config_has_example_address(const struct config *c, const struct config_key *key)
{
	const char *text = config_string(c, key);
	struct span rest, one;
	struct url url;

	if (!text || (key->type != CONFIG_URL && key->type != CONFIG_API_URL &&
		      key->type != CONFIG_ORIGINS))
		return false;
	if (key->type != CONFIG_ORIGINS)
		return url_parse(span_of(text), &url) == 0 && example_is_host(url.host);
	rest = span_of(text);
	while (url_next_origin(&rest, &one))
		if (url_parse(one, &url) == 0 && example_is_host(url.host))
			return true;
	return false;
}

int config_check_addresses(const struct config *c, const char *stripe_secret, struct err *e)
{
	const struct config_key *key;

	if (key_mode_of(stripe_secret) != KEY_MODE_LIVE)
		return 0;
	for (key = config_keys; key->name; key++)
		if (config_has_example_address(c, key))
			return err_set(e, ERR_CONFIG, "%s has an address on shop.example, which is "
				       "the example's, and STRIPE_SECRET is a live key: put the "
				       "shop's own address there", key->name);
	return 0;
}
