/* SPDX-License-Identifier: ISC */
/*
 * Printing what sync and replay found and did to an order.
 */
#ifndef ORDERSNAP_CLI_DIFFERENCES_H
#define ORDERSNAP_CLI_DIFFERENCES_H

#include "sync/reconcile_note.h"

/* A line for the order; `fields`: then a line for each field that differs. */
void difference_print(const struct difference *difference, bool fields);

/* A member of a JSON array that begins with the first one. */
void difference_print_json(const struct difference *difference, bool first);

/* The fields that differ, a line each; either order may be NULL. */
void difference_print_fields(struct json_object *before, struct json_object *after);

#endif
