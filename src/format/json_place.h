/* SPDX-License-Identifier: ISC */
/*
 * A place in a JSON text, for messages about a file that a person wrote: what it
 * is called ("shipping_options[0].shipping_rate") and on which line it stands.
 */
#ifndef ORDERSNAP_FORMAT_JSON_PLACE_H
#define ORDERSNAP_FORMAT_JSON_PLACE_H

#include "format/json.h"

/* A member of an object, or an element of an array, in the value that is at `up`
 * (NULL: the text's own).  Made on the stack of who walks through a value. */
struct json_place {
	const struct json_place *up;
	const char *name; /* of the member; NULL: an element */
	size_t index;     /* of the element */
};

/* Its name; a NULL place has none. */
void json_place_name(const struct json_place *place, struct buf *out);

/* The line, from 1 on, where the member's name or the element stands in a valid
 * text; of two members of one name the last, as with json_parse().  1 for NULL,
 * and for a place that is not there. */
size_t json_place_line(const struct json_place *place, struct span text);

/* The line where a text that is not valid JSON goes wrong. */
size_t json_fault_line(struct span text);

#endif
