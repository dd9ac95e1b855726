/* SPDX-License-Identifier: ISC */
/*
 * Months as a shop's books have them: those of the clock on its wall, in the zone of
 * TZ (tzset(3)).  The day is UTC everywhere else; a bookkeeper's month is not.
 */
#ifndef ORDERSNAP_CLI_MONTH_H
#define ORDERSNAP_CLI_MONTH_H

#include <stdbool.h>
#include <stdint.h>

#define MONTH_SIZE 16

/* A month is an int, those since the year 0: 2026-10 is 12 * 2026 + 9. */

/* From here on the zone is that of TZ; call it once, before month_of().  -1: this machine does not
 * know the zone that TZ names, and the C library takes UTC for it without a word. */
int month_set_zone(void);

/* `2026-10`, from 1970-01 to 9999-12: 0, or -1 where the text is none. */
int month_read(const char *text, int *month);

/* What a clock on the wall showed at `epoch`: so the hour that daylight saving time
 * takes or gives at a month's end is counted where it was. */
int month_of(int64_t epoch);

/* `2026-10` in `out`, which holds MONTH_SIZE bytes; returns `out`. */
const char *month_text(int month, char *out);

/* Midnights (UTC) around all of the month, whatever the zone: it begins at *from or
 * later and ends before *to. */
void month_days(int month, int64_t *from, int64_t *to);

#endif
