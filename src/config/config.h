/* SPDX-License-Identifier: ISC */
/*
 * The configuration: `KEY=VALUE` lines from a file, overridden by the
 * environment, checked as a whole when a program starts.
 *
 * One table (config_keys.c) says for each variable its type, range, default
 * and what to tell who got it wrong.  Every message names the variable.
 */
#ifndef ORDERSNAP_CONFIG_CONFIG_H
#define ORDERSNAP_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config_key.h"

#define CONFIG_KEYS_MAX 80 /* settings there may be */

/* Where a setting's value comes from. */
enum config_source {
	CONFIG_UNSET,
	CONFIG_DEFAULT,
	CONFIG_FILE,
	CONFIG_ENVIRONMENT,
	CONFIG_OPTION, /* of a command line */
};

struct config_origin {
	enum config_source source;
	int line;   /* in the file */
	bool wrong; /* it stands there, but can't be taken (config_load_all) */
};

/* All settings.  Strings are NULL when not set; numbers have their default. */
struct config {
	char *file; /* the file that was read, NULL if none */
	bool file_unread; /* it is there, but can't be read: what it says is not known */
	struct config_origin origins[CONFIG_KEYS_MAX]; /* of config_keys[] */

	char *commerce_db;    /* COMMERCE_DB: absolute path of the SQLite file */
	char *commerce_table; /* COMMERCE_TABLE: the DynamoDB table, in its place */

	char *aws_region, *aws_default_region; /* AWS_... of these names */
	char *aws_endpoint_url, *aws_endpoint_url_dynamodb, *aws_endpoint_url_ssm;
	bool aws_ignore_configured_endpoint_urls;
	char *aws_access_key_id, *aws_secret_access_key, *aws_session_token;
	char *aws_profile, *aws_shared_credentials_file, *aws_config_file;
	char *aws_container_relative_uri, *aws_container_full_uri;
	char *aws_container_token, *aws_container_token_file;
	bool aws_metadata_disabled;
	char *aws_metadata_endpoint;

	char *stripe_secret;          /* STRIPE_SECRET */
	char *stripe_webhook_secret;  /* STRIPE_WEBHOOK_SECRET: one, or several by commas */
	char *quote_signature_secret; /* QUOTE_SIGNATURE_SECRET */
	char *quote_signature_secret_previous; /* ..._PREVIOUS: verifies, never signs */
	char *jwt_secret;             /* JWT_SECRET */
	char *jwt_secret_previous;
	char *stripe_secret_parameter; /* ..._PARAMETER: the name of an SSM parameter */
	char *stripe_webhook_secret_parameter; /* that has the secret, in its place */
	char *quote_signature_secret_parameter;
	char *quote_signature_secret_previous_parameter;
	char *jwt_secret_parameter;
	char *jwt_secret_previous_parameter;
	char *jwt_public_key_file;    /* JWT_PUBLIC_KEY_FILE: a PEM file */
	char *auth_header;            /* AUTH_HEADER: one more header to read a token from */
	char *jwt_issuer;             /* JWT_ISSUER: what a token's iss has to be */
	char *jwt_audience;           /* JWT_AUDIENCE: what its aud has to name */
	char *orders_auth;            /* ORDERS_AUTH: jwt or remote_user */
	char *stripe_api_base;        /* STRIPE_API_BASE */
	char *outgoing_proxy;         /* OUTGOING_PROXY: by which Stripe and AWS are asked */
	char *ca_file;                /* CA_FILE: PEM, by which Stripe and AWS are believed */
	int64_t webhook_tolerance;    /* STRIPE_WEBHOOK_TOLERANCE, seconds */

	int64_t quote_ttl_minutes;   /* QUOTE_TTL_MINUTES */
	int64_t session_ttl_minutes; /* SESSION_TTL_MINUTES */
	int64_t event_ttl_days;      /* EVENT_TTL_DAYS */
	int64_t order_ttl_days;      /* ORDER_TTL_DAYS, 0: for ever */
	char *order_sessions;        /* ORDER_SESSIONS: all or own */
	char *order_number_prefix;   /* ORDER_NUMBER_PREFIX */
	char *order_hook;            /* ORDER_HOOK: the program that is told of orders */
	char *quote_lookup_key;      /* QUOTE_LOOKUP_KEY */
	bool quote_lookup_keys_only; /* QUOTE_LOOKUP_KEYS_ONLY */
	char *quote_product_metadata; /* QUOTE_PRODUCT_METADATA */
	int64_t price_cache_seconds; /* PRICE_CACHE_SECONDS */

	int64_t sync_lookback_hours; /* SYNC_LOOKBACK_HOURS */
	int64_t sync_max_sessions;   /* SYNC_MAX_SESSIONS, 0: all */
	bool sync_dry_run;           /* SYNC_DRY_RUN */

	char *checkout_success_url;      /* CHECKOUT_SUCCESS_URL */
	char *checkout_cancel_url;       /* CHECKOUT_CANCEL_URL */
	char *checkout_return_origins;   /* CHECKOUT_RETURN_ORIGINS */
	char *checkout_mode;             /* CHECKOUT_MODE */
	char *checkout_session_file;     /* CHECKOUT_SESSION_FILE: a JSON file */
	bool checkout_promotion_codes;   /* CHECKOUT_ALLOW_PROMOTION_CODES */
	bool checkout_automatic_tax;     /* CHECKOUT_AUTOMATIC_TAX */
	bool checkout_require_auth;      /* CHECKOUT_REQUIRE_AUTH */
	char *cors_allow_origin;         /* CORS_ALLOW_ORIGIN: origins by commas or spaces */

	char *log_level;  /* LOG_LEVEL */
	char *log_format; /* LOG_FORMAT */
	char *log_target; /* LOG_TARGET */
	char *metrics_file; /* METRICS_FILE: NULL: nothing is counted */
};

/* What a program can't do without. */
enum config_need {
	CONFIG_NEEDS_STORE = 1 << 0,
	CONFIG_NEEDS_STRIPE = 1 << 1,
	CONFIG_NEEDS_WEBHOOK = 1 << 2,
	CONFIG_NEEDS_QUOTE = 1 << 3,
};

/*
 * Reads the file (config/config_place.h says which; where ORDERSNAP_CONF names
 * none there need not be one), then the environment, and checks every value.
 * Returns 0, or -1 with ERR_CONFIG and a text that names the variable (or the
 * file and line) and says what to do.  config_free() in both cases.
 */
int config_load(struct config *c, struct err *e);

/* Is told what is wrong with the setting `name`, or with the file (NULL). */
typedef void config_fault(void *context, const char *name, const struct err *e);

/* The same for a caller that wants to know all that is wrong: tells each fault and goes
 * on.  What others can read is told once, and taken. */
void config_load_all(struct config *c, config_fault *tell, void *context);

/* Whether somebody set it: its value is not the default. */
bool config_is_chosen(const struct config *c, const char *name);

/* Whether the web server's login names the users (ORDERS_AUTH=remote_user), and
 * whether there is any login: that one, or the tokens of the site's own. */
bool config_login_is_by_server(const struct config *c);
bool config_has_login(const struct config *c);

/* Whether what a program `needs` (CONFIG_NEEDS_... ored) is set, and not in
 * two ways at once: 0, or -1 with ERR_CONFIG naming the first variable that is
 * wrong. */
int config_require(const struct config *c, unsigned needs, struct err *e);

/* The same for one setting, which may be needed. */
int config_check_key(const struct config *c, const struct config_key *key, bool needed,
		     struct err *e);

/* Names the store in the place of what the configuration says: a SQLite file
 * (a relative path is one from here) or a DynamoDB table; both NULL: nothing is
 * changed.  -1 with ERR_CONFIG where the value can't be. */
int config_choose_store(struct config *c, const char *db, const char *table, struct err *e);

/* Frees all strings, wiping the secrets. */
void config_free(struct config *c);

/* The entry of that name, or NULL. */
const struct config_key *config_key_named(const char *name);

/* The setting's value, borrowed; NULL where it is not set or no string. */
const char *config_string(const struct config *c, const struct config_key *key);

#endif
