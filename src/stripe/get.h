/* SPDX-License-Identifier: ISC */
/*
 * Getting objects and lists of the Stripe API: what its operations share.
 */
#ifndef ORDERSNAP_STRIPE_GET_H
#define ORDERSNAP_STRIPE_GET_H

#include "base/buf.h"
#include "stripe/client.h"

#define STRIPE_PATH_MAX 32768 /* bytes: ten lookup keys of 200 characters, encoded */

/* GET of the path in `path`, which the caller frees. */
int stripe_get(struct stripe_client *client, struct buf *path, int64_t deadline,
	       struct json_object **answer, struct err *e);

/* GET of prefix{id}query, the id encoded.  What comes may be a list; an object with another id
 * than that is as good as one that can't be read. */
int stripe_get_by_id(struct stripe_client *client, const char *prefix, const char *id,
		     const char *query, int64_t deadline, struct json_object **object,
		     struct err *e);

/* An object that was asked for by this id must not have another one: it would be booked as what was
 * asked for.  Then it is released, and counts as an answer that can't be read. */
int stripe_check_id(struct json_object **object, const char *id, struct err *e);

/* A page of a list: the caller releases `data` (an array). */
struct stripe_page {
	struct json_object *data;
	const char *next; /* the id to go on after, borrowed from `data`; NULL: the last page */
};

/* Takes the page out of a list object.
 * https://docs.stripe.com/api/pagination */
int stripe_page_of(struct json_object *list, struct stripe_page *page, struct err *e);

#endif
