/* SPDX-License-Identifier: ISC */
/*
 * Months.  The one idea: a time is asked for its month, never a month for its first
 * second; so no rule about offsets is needed, and none can be wrong.
 */
#include "cli/month.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/seconds.h"
#include "base/str.h"

#define ZONE_DAYS 2 /* no zone is further from UTC; TZ can say up to 24:59:59 */
#define MONTHS 12
#define TM_YEAR 1900

void month_set_zone(void)
{
	tzset();
}

/* A part of YYYY-MM: digits alone. */
static int read_part(const char *text, size_t n, int64_t *value)
{
	struct span part = {text, n};

	return *text == '-' ? -1 : span_to_int64(part, value);
}

int month_read(const char *text, int *month)
{
	int64_t year, number;

	if (strlen(text) != strlen("2026-10") || text[4] != '-' || read_part(text, 4, &year) ||
	    read_part(text + 5, 2, &number) || year < 1970 || number < 1 || number > MONTHS)
		return -1;
	*month = (int)(year * MONTHS + number - 1);
	return 0;
}

int month_of(int64_t epoch)
{
	time_t time = (time_t)epoch;
	struct tm local = {.tm_year = 0};

	localtime_r(&time, &local);
	return (local.tm_year + TM_YEAR) * MONTHS + local.tm_mon;
}

const char *month_text(int month, char *out)
{
	snprintf(out, MONTH_SIZE, "%04d-%02d", month / MONTHS % 10000, month % MONTHS + 1);
	return out;
}

/* The midnight (UTC) that the month begins with in UTC. */
static int64_t first_midnight(int month)
{
	struct tm first = {.tm_year = month / MONTHS - TM_YEAR, .tm_mon = month % MONTHS,
			   .tm_mday = 1};

	return (int64_t)timegm(&first);
}

void month_days(int month, int64_t *from, int64_t *to)
{
	*from = first_midnight(month) - ZONE_DAYS * DAY;
	*to = first_midnight(month + 1) + ZONE_DAYS * DAY;
}
