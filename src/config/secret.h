/* SPDX-License-Identifier: ISC */
/*
 * The shop's secrets: one list of them, and what a Stripe key says of itself.
 *
 * Each secret stands in a setting of its own, or in the SSM parameter that the
 * setting `..._PARAMETER` names (app/secrets.h reads it).
 */
#ifndef ORDERSNAP_CONFIG_SECRET_H
#define ORDERSNAP_CONFIG_SECRET_H

#include "config/config.h"

/* The previous ones verify and never sign: what was signed before a secret was rolled. */
enum secret {
	SECRET_STRIPE,
	SECRET_WEBHOOK,
	SECRET_QUOTE,
	SECRET_QUOTE_PREVIOUS,
	SECRET_JWT,
	SECRET_JWT_PREVIOUS,
	SECRETS
};

struct secret_setting {
	const char *name;      /* "STRIPE_SECRET" */
	const char *parameter; /* "STRIPE_SECRET_PARAMETER" */
	bool several;          /* commas may stand between several secrets */
};

/* In the order of enum secret. */
extern const struct secret_setting secret_settings[SECRETS];

/* The secret, or the parameter's name, as configured; borrowed, NULL: not set. */
const char *secret_value(const struct config *c, enum secret which);
const char *secret_parameter(const struct config *c, enum secret which);

/* Test or live, as the beginning of the key says: sk_live_..., rk_test_..., an
 * organization's sk_org_live_.... */
enum key_mode { KEY_MODE_UNKNOWN, KEY_MODE_TEST, KEY_MODE_LIVE };
enum key_mode key_mode_of(const char *stripe_secret);

/* Whether an address of the setting is on shop.example, the example's host. */
bool config_has_example_address(const struct config *c, const struct config_key *key);

/* With a live key no address may be on shop.example: -1 with ERR_CONFIG naming
 * the first setting that has one. */
int config_check_addresses(const struct config *c, const char *stripe_secret, struct err *e);

#endif
