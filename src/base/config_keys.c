/* SPDX-License-Identifier: ISC */
/*
 * The table of settings: to add one, add a field to struct config and a line
 * here, and say it in man/ordersnap.conf.5.
 */
#include <stddef.h>

#include "base/config.h"

#define FIELD(f) .offset = offsetof(struct config, f)

#define YEARS_68 2147483647 /* seconds */

const struct config_key config_keys[] = {
	{.name = "COMMERCE_DB", .type = CONFIG_PATH, FIELD(commerce_db),
	 .needed_by = CONFIG_NEEDS_STORE,
	 .hint = "the absolute path of the SQLite file that keeps the orders"},
	{.name = "STRIPE_SECRET", .type = CONFIG_SECRET, FIELD(stripe_secret),
	 .needed_by = CONFIG_NEEDS_STRIPE,
	 .hint = "the secret API key of the Stripe account (sk_live_... or sk_test_...)"},
	{.name = "STRIPE_WEBHOOK_SECRET", .type = CONFIG_SECRETS, FIELD(stripe_webhook_secret),
	 .needed_by = CONFIG_NEEDS_WEBHOOK,
	 .hint = "the webhook endpoint's signing secret (whsec_...), while it is rolled the old "
		 "and the new one with a comma between"},
	{.name = "QUOTE_SIGNATURE_SECRET", .type = CONFIG_SECRET, FIELD(quote_signature_secret),
	 .needed_by = CONFIG_NEEDS_QUOTE,
	 .hint = "a random string that only this shop knows (openssl rand -hex 32)"},
	{.name = "STRIPE_API_BASE", .type = CONFIG_API_URL, FIELD(stripe_api_base),
	 .fallback = "https://api.stripe.com",
	 .hint = "https://api.stripe.com, or an http:// address of this machine for tests"},
	{.name = "STRIPE_WEBHOOK_TOLERANCE", .type = CONFIG_INT, FIELD(webhook_tolerance),
	 .min = 1, .max = YEARS_68, .fallback = "300", .hint = "seconds"},
	{.name = "QUOTE_TTL_MINUTES", .type = CONFIG_INT, FIELD(quote_ttl_minutes),
	 .min = 1, .max = 1380, .fallback = "15", .hint = "minutes a quote is valid"},
	{.name = "SESSION_TTL_MINUTES", .type = CONFIG_INT, FIELD(session_ttl_minutes),
	 .min = 30, .max = 525600, .fallback = "1440",
	 .hint = "minutes a Checkout Session is kept"},
	{.name = "EVENT_TTL_DAYS", .type = CONFIG_INT, FIELD(event_ttl_days),
	 .min = 4, .max = 36500, .fallback = "90",
	 .hint = "days an event is remembered, more than Stripe's three days of redelivery"},
	{.name = "ORDER_TTL_DAYS", .type = CONFIG_INT, FIELD(order_ttl_days),
	 .min = 0, .max = 36500, .fallback = "0", .hint = "days, 0 keeps orders for ever"},
	{.name = "ORDER_NUMBER_PREFIX", .type = CONFIG_PREFIX, FIELD(order_number_prefix),
	 .fallback = "BC", .hint = "1 to 12 letters and digits"},
	{.name = "PRICE_CACHE_SECONDS", .type = CONFIG_INT, FIELD(price_cache_seconds),
	 .min = 0, .max = 86400, .fallback = "300",
	 .hint = "seconds a price is kept, 0 asks Stripe for each quote"},
	{.name = "CHECKOUT_SUCCESS_URL", .type = CONFIG_URL, FIELD(checkout_success_url),
	 .hint = "the page a buyer sees after paying"},
	{.name = "CHECKOUT_CANCEL_URL", .type = CONFIG_URL, FIELD(checkout_cancel_url),
	 .hint = "the page a buyer returns to without paying"},
	{.name = "CHECKOUT_RETURN_ORIGINS", .type = CONFIG_ORIGINS, FIELD(checkout_return_origins),
	 .hint = "origins like https://shop.example, with commas between"},
	{.name = "CHECKOUT_MODE", .type = CONFIG_CHOICE, FIELD(checkout_mode),
	 .fallback = "payment", .choices = "payment", .hint = "payment"},
	{.name = "CHECKOUT_ALLOW_PROMOTION_CODES", .type = CONFIG_FLAG,
	 FIELD(checkout_promotion_codes), .fallback = "0", .hint = "1 or 0"},
	{.name = "CHECKOUT_AUTOMATIC_TAX", .type = CONFIG_FLAG, FIELD(checkout_automatic_tax),
	 .fallback = "0", .hint = "1 or 0"},
	{.name = "CHECKOUT_REQUIRE_AUTH", .type = CONFIG_FLAG, FIELD(checkout_require_auth),
	 .fallback = "0", .hint = "1 or 0"},
	{.name = "CORS_ALLOW_ORIGIN", .type = CONFIG_ORIGINS, FIELD(cors_allow_origin),
	 .hint = "origins like https://shop.example, with commas between"},
	{.name = "JWT_SECRET", .type = CONFIG_SECRET, FIELD(jwt_secret),
	 .hint = "the secret of the HS256 tokens of the site's own login"},
	{.name = "JWT_PUBLIC_KEY_FILE", .type = CONFIG_PATH, FIELD(jwt_public_key_file),
	 .hint = "the absolute path of a PEM public key (RS256 or ES256)"},
	{.name = "AUTH_HEADER", .type = CONFIG_HEADER, FIELD(auth_header),
	 .hint = "a header's name like X-Authorization"},
	{.name = "LOG_LEVEL", .type = CONFIG_CHOICE, FIELD(log_level),
	 .fallback = "info", .choices = "debug info warning error",
	 .hint = "debug, info, warning or error"},
	{.name = "LOG_FORMAT", .type = CONFIG_CHOICE, FIELD(log_format),
	 .fallback = "text", .choices = "text json", .hint = "text or json"},
	{.name = "LOG_TARGET", .type = CONFIG_TARGET, FIELD(log_target),
	 .fallback = "stderr", .hint = "stderr, syslog or a file's absolute path"},
	{.name = NULL},
};
