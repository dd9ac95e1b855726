/* SPDX-License-Identifier: ISC */
/*
 * Times as text, in UTC: `2024-11-26T12:00:00Z` (RFC 3339).
 */
#ifndef ORDERSNAP_FORMAT_ISO8601_H
#define ORDERSNAP_FORMAT_ISO8601_H

#include <stdint.h>

#define ISO8601_SIZE 32
#define ISO8601_LAST_SECOND 253402300799 /* of the year 9999, the last with four digits */

/* `epoch` in seconds; `out` holds ISO8601_SIZE bytes.  Return `out`. */
const char *iso8601_time(int64_t epoch, char *out); /* 2024-11-26T12:00:00Z */
const char *iso8601_day(int64_t epoch, char *out);  /* 2024-11-26 */

/* The seconds of such a time; fractions of a second are dropped.  -1 where the
 * text is none, or not in UTC. */
int iso8601_parse(const char *text, int64_t *epoch);

#endif
