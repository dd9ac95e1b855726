/* SPDX-License-Identifier: ISC */
/*
 * What the account behind a key allows, and its webhook endpoints: for looking,
 * nothing here changes anything.
 */
#ifndef ORDERSNAP_STRIPE_ACCOUNT_H
#define ORDERSNAP_STRIPE_ACCOUNT_H

#include "stripe/client.h"

/* What a restricted key may be without. */
struct stripe_permission {
	const char *name;     /* as the Dashboard has it, with its kind: "Prices: Read" */
	const char *used_for; /* what does not work without it; a clause */
	bool essential;       /* no exact orders without it */
	const char *paths[3]; /* calls that need it, up to NULL; what a path names need not exist */
};

/* Ends with one that has no name. */
extern const struct stripe_permission stripe_permissions[];
/* Not one of the list: all that a session's sale is asked for with, in one call; tried
 * where each of the list is there.  Stripe's refusal names what is missing. */
extern const struct stripe_permission stripe_permission_of_sale;

enum stripe_access {
	STRIPE_MAY,
	STRIPE_MAY_NOT, /* 403 */
	STRIPE_NO_ANSWER, /* not known: `e` says why; a key that is not valid (401), too */
};

/* Asks what `permission` is needed for; that Stripe does not have what a path
 * names is as good an answer. */
enum stripe_access stripe_try_permission(struct stripe_client *client,
					 const struct stripe_permission *permission,
					 int64_t deadline, struct err *e);

/* Is given an endpoint, borrowed. */
typedef void stripe_endpoint(void *context, struct json_object *endpoint);

/* All webhook endpoints of the key's mode, a page at a time.
 * https://docs.stripe.com/api/webhook_endpoints/list */
int stripe_webhook_endpoints(struct stripe_client *client, int64_t deadline,
			     stripe_endpoint *found, void *context, struct err *e);

#endif
