/* SPDX-License-Identifier: ISC */
/*
 * Sessions that are set aside: those that a run could not bring in order.  The
 * next runs try them again, one by one, but go on past them; `ordersnap check`
 * names them.
 *
 *   [{"id": "cs_...", "error": "Stripe answered ...", "since": 1764123456}, ...]
 */
#ifndef ORDERSNAP_ORDERS_SYNC_ASIDE_H
#define ORDERSNAP_ORDERS_SYNC_ASIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "format/json.h"

#define SYNC_ASIDE_MAX 100 /* of some 300 bytes each in the state's item */

/* Sets one aside, behind the others; of one that is, the error is the new one.
 * False: there are too many. */
bool sync_aside_add(struct json_object *list, const char *id, const char *error, int64_t now);

/* It is in order now, or gone. */
void sync_aside_remove(struct json_object *list, const char *id);

bool sync_aside_has(struct json_object *list, const char *id);

#endif
