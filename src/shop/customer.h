/* SPDX-License-Identifier: ISC */
/*
 * What a customer may see: which orders are theirs, and what of an order is shown.
 *
 * A person is a user, by the name that the site's login gave them, and perhaps an
 * e-mail address that the login has verified.  Theirs are the orders under that
 * name that nobody made as a guest, and a guest's orders (those without a login)
 * whose own customerEmail is the verified address.  So who registers under
 * somebody's address as a name sees nothing of that person's orders.
 */
#ifndef ORDERSNAP_SHOP_CUSTOMER_H
#define ORDERSNAP_SHOP_CUSTOMER_H

#include <stdbool.h>
#include <stddef.h>

#include "format/json.h"

#define CUSTOMER_PARTITIONS 5

enum customer_mode { CUSTOMER_ANY_MODE, CUSTOMER_TEST_MODE, CUSTOMER_LIVE_MODE };

struct customer {
	char *user;              /* as user_id_from() makes it of the login's name */
	char *email;             /* verified, in lower case; NULL: none is */
	enum customer_mode mode; /* orders of the other mode are not shown */
	char *pks[CUSTOMER_PARTITIONS]; /* where the orders may be: pks[0] is the user's own */
	size_t count;
};

/*
 * The customer with this name and, unless it is NULL, this verified address.
 * 0, or -1 where the name is empty or longer than USER_ID_MAX bytes.
 * customer_free() in both cases.
 *
 * The partitions: USER#{name}; with an address USER#{address in lower case}, and
 * what the Lambda functions made of the address and of the name, which others may
 * share (`a+b@x` and `ab@x` both gave USER#ab@x).
 */
int customer_init(struct customer *customer, const char *user, const char *email,
		  enum customer_mode mode);

/* The customer whom the shop's owner names, by an id or by an address, with orders of both modes. */
int customer_init_named(struct customer *customer, const char *user);
void customer_free(struct customer *customer);

/* Whether the order may stand in one of the customer's partitions. */
bool customer_has_partition(const struct customer *customer, const char *pk);

/* Whether the order, which was read from one of the partitions, is theirs to see. */
bool customer_may_see(const struct customer *customer, struct json_object *order);

/* Whether the order is perhaps another person's, who is in one of the partitions because the functions
 * spelt another address the same.  False where the customer has no address. */
bool customer_spelt_alike(const struct customer *customer, struct json_object *order);

/* Whether an order of this mode is shown at all; one that does not say its mode is. */
bool customer_mode_fits(enum customer_mode mode, struct json_object *order);

/* What a customer is shown of an order: the attributes of a list, at every level, and
 * of these what is of the kind that doc/openapi.json says; the caller releases it. */
struct json_object *customer_view(struct json_object *order);

/*
 * What whoever knows the session's id may read of its order, which is nothing of
 * the person: {"status", "orderNumber", "amount", "currency", "items": [{"name",
 * "quantity"}, ...]}.  The caller releases it.
 */
struct json_object *customer_status_view(struct json_object *order);

#endif
