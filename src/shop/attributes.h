/* SPDX-License-Identifier: ISC */
/*
 * What an order takes over from one of Stripe's objects, as a table: the
 * attribute's name, and the path to where Stripe keeps it.
 *
 *     {"postalCode", ATTRIBUTE_TEXT, "address.postal_code"}
 *     {"brand", ATTRIBUTE_TEXT, "payment_method_details.@type.brand"}
 *
 * A step of a path is a member's name; `@type` is the member that is called what
 * the member `type` beside it says, as Stripe keeps what depends on a type.  Of
 * several rows with one name the first that finds something counts: so a table
 * lists where each API version keeps a thing.  What Stripe does not give, or gives
 * as another type than it should, is not there: nothing is ever null or empty.
 */
#ifndef ORDERSNAP_SHOP_ATTRIBUTES_H
#define ORDERSNAP_SHOP_ATTRIBUTES_H

#include <stdbool.h>

#include "format/json.h"

enum attribute_kind {
	ATTRIBUTE_TEXT,
	ATTRIBUTE_ID,      /* of an id, or of the object that is expanded in its place */
	ATTRIBUTE_INT,
	ATTRIBUTE_TIME,    /* epoch seconds, as an ISO time */
	ATTRIBUTE_DECIMAL, /* a number with or without a fraction, as text: "8.875" */
	ATTRIBUTE_OBJECT,
	ATTRIBUTE_LIST     /* of objects */
};

struct attribute {
	const char *name; /* NULL: the end of the table */
	enum attribute_kind kind;
	const char *path; /* "": the object itself */
	const struct attribute *inside; /* of an object, or of each one in a list */
	bool aside; /* alone it makes no object: a name is no address */
};

/* Sets each attribute of the table that `to` lacks and `from` (NULL: nothing) has. */
void attributes_set(struct json_object *to, const struct attribute *table,
		    struct json_object *from);

/* An object of the table's attributes that `from` has; NULL where it has none but such as stand
 * aside.  The caller releases it. */
struct json_object *attributes_object(struct json_object *from, const struct attribute *table);

/* What is at the end of the path, borrowed; NULL where nothing is. */
struct json_object *attributes_find(struct json_object *from, const char *path);

#endif
