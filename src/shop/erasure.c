/* SPDX-License-Identifier: ISC */
/*
 * What of an order is the person.
 */
#include "shop/erasure.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "format/iso8601.h"
#include "shop/keys.h"

#define ERASED "erased-" /* and the order's number: the user of an order that has moved */

/* What the functions wrote too, and what later versions add. */
static const char *const personal[] = {
	"customerName", "customerEmail", "customerPhone", "customerBusinessName", "customerTaxIds",
	"stripeCustomerId", "clientReferenceId", "shippingAddress", "billingAddress", "shipping",
	"billing", "customerTaxExempt", "consent", "recoveryUrl", "customFields", "metadata",
	"receiptUrl", "userEmail", "email", "phone", "name", "stripeCustomerEmail",
};

/* Of the objects within it. */
static const struct {
	const char *object, *member;
} within[] = {
	{"payment", "receiptUrl"}, {"payment", "last4"}, {"dispute", "evidence"},
	{"tracking", "number"}, {"tracking", "url"},
};

bool erasure_is_done(struct json_object *order)
{
	return !str_empty(json_string_or_null(order, "erasedAt"));
}

bool erasure_moves(struct json_object *order)
{
	const char *pk = json_string_or_null(order, "PK");
	const char *user = json_string_or_null(order, "userId");

	return (pk && strchr(pk, '@')) || (user && strchr(user, '@'));
}

void erasure_strip(struct json_object *item)
{
	struct json_object *object, *disputes = NULL;
	size_t i;

	for (i = 0; i < sizeof personal / sizeof *personal; i++)
		json_object_object_del(item, personal[i]);
	for (i = 0; i < sizeof within / sizeof *within; i++) {
		if (json_get_object(item, within[i].object, &object) != JSON_FOUND)
			continue;
		object = json_share(object);
		json_object_object_del(object, within[i].member);
		json_set(item, within[i].object, object);
	}

	/* The same of each dispute in the list as of the latest. */
	json_copy_member(item, "disputes", item, "disputes");
	json_get_array(item, "disputes", &disputes);
	for (i = 0; disputes && i < json_object_array_length(disputes); i++) {
		object = json_object_array_get_idx(disputes, i);
		if (json_object_is_type(object, json_type_object))
			json_object_object_del(object, "evidence");
	}
}

bool erasure_holds(struct json_object *order)
{
	struct json_object *stripped;
	bool holds;

	if (!erasure_is_done(order) || erasure_moves(order))
		return false;
	stripped = json_share(order);
	erasure_strip(stripped);
	holds = json_equal(stripped, order);
	json_object_put(stripped);
	return holds;
}

/* A name that tells nothing, and is no address, whatever the order's number is. */
static char *name_of_nobody(struct json_object *order)
{
	char *user = str_printf(ERASED "%s", json_string_or_null(order, "orderNumber")), *at;

	for (at = user; (at = strchr(at, '@')); at++)
		*at = '-';
	return user;
}

char *erasure_key(struct json_object *order)
{
	char *user, *pk;

	if (!erasure_moves(order))
		return NULL;
	user = name_of_nobody(order);
	pk = key_user(user);
	free(user);
	return pk;
}

bool erasure_is_key(const char *pk)
{
	char *begin = key_user(ERASED);
	bool is = pk && str_starts(pk, begin);

	free(begin);
	return is;
}

struct json_object *erasure_apply(struct json_object *order, int64_t now)
{
	struct json_object *erased = json_share(order);
	char time[ISO8601_SIZE], *user, *pk;

	/* Where the address is the user's name, the order moves. */
	erasure_strip(erased);
	if (erasure_moves(order)) {
		user = name_of_nobody(order);
		pk = key_user(user);
		json_set_string(erased, "PK", pk);
		json_set_string(erased, "userId", user);
		free(pk);
		free(user);
	}
	json_set_string(erased, "erasedAt", iso8601_time(now, time));
	json_set_string(erased, "updatedAt", time);
	return erased;
}
