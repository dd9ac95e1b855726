/* SPDX-License-Identifier: ISC */
/*
 * What a program has open: its configuration, and, from the first use on, the
 * store, the secrets and the Stripe client that it names.  A process that
 * refuses a request before it needs them opens neither.
 */
#ifndef ORDERSNAP_APP_APP_H
#define ORDERSNAP_APP_APP_H

#include "config/config.h"
#include "app/secrets.h"
#include "format/json.h"
#include "store/store.h"
#include "stripe/client.h"

/* Checkout makes a buyer wait for the webhook's answer for up to ten seconds. */
#define APP_REQUEST_MS 8000

/* What is left for the store when Stripe has used up its part of a request. */
#define APP_STORE_RESERVE_MS 2000

/* What is warned of once a day (record/daily.h). */
enum app_warning { APP_WARNING_PERMISSION, APP_WARNING_SUBSCRIPTION, APP_WARNINGS };

struct app {
	struct config config;
	struct aws_settings aws;
	struct secrets secrets;
	struct store *store_opened;
	struct stripe_client *stripe_opened;
	struct json_object *session_options; /* see app/session_file.h */
	char *document_root; /* the last that was found well, see app/document_root.h */
	int64_t warned_until[APP_WARNINGS];  /* epoch seconds: until then it has been said */
};

/* What somebody said on a command line; all NULL and false: nothing. */
struct app_options {
	const char *conf;  /* the configuration's file */
	const char *db;    /* COMMERCE_DB, in the place of what the configuration names; */
	const char *table; /* COMMERCE_TABLE likewise; at most one of the two */
	bool terminal;     /* a person reads standard error: no log there but what went wrong */
	config_fault *fault; /* is told all that is wrong, and opening goes on; NULL: it ends */
	void *fault_context;
};

/* Loads the configuration, checks that what the program `needs`
 * (CONFIG_NEEDS_...) is there, and sets up the log.  -1 with ERR_CONFIG.
 * app_close() in both cases. */
int app_open(struct app *app, unsigned needs, struct err *e);
int app_open_with(struct app *app, unsigned needs, const struct app_options *options,
		  struct err *e);
void app_close(struct app *app);

/* Open on the first call; never NULL. */
struct store *app_store(struct app *app);

/* Open on the first call; NULL with ERR_UNAVAILABLE where its key can't be had,
 * with ERR_CONFIG where it is a live one and an address is the example's. */
struct stripe_client *app_stripe(struct app *app, int64_t deadline, struct err *e);

/* For a process that has had no request for a while (store_rest()). */
void app_rest(struct app *app);

/* For a master, before it forks workers: what they all need is made once. */
void app_prepare_fork(const struct app *app);

/* A secret, borrowed; *value is NULL where it is not configured.  -1 with
 * ERR_UNAVAILABLE where it can't be had. */
int app_secret(struct app *app, enum secret which, int64_t deadline, const char **value,
	       struct err *e);

/* True when the secret may have been rotated and is another now. */
bool app_secret_changed(struct app *app, enum secret which, int64_t deadline);

/* Calls so far, 0 for what was never opened. */
struct app_calls {
	unsigned reads, writes, stripe;
};
struct app_calls app_calls(const struct app *app);

/* The deadline for asking Stripe within a request that ends at `deadline`. */
int64_t app_stripe_deadline(int64_t deadline);

#endif
