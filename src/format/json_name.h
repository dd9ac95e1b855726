/* SPDX-License-Identifier: ISC */
/*
 * The names of members, each kept once: the items of a table have the same few names again
 * and again.  What is kept lasts as long as the process, and is bounded: names that others
 * chose may fill it, and then theirs and all later ones are just not kept.
 */
#ifndef ORDERSNAP_FORMAT_JSON_NAME_H
#define ORDERSNAP_FORMAT_JSON_NAME_H

#include "base/str.h"

/* The name in the copy that lasts; NULL: it is not kept. */
const char *json_name(struct span name);

#endif
