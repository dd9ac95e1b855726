/* SPDX-License-Identifier: ISC */
/*
 * Months.  The one idea: a time is asked for its month, never a month for its first
 * second; so no rule about offsets is needed, and none can be wrong.
 */
#include "cli/month.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/seconds.h"
#include "base/str.h"

#define ZONES "/usr/share/zoneinfo" /* tzset(3) */
#define ZONE_DAYS 2 /* no zone is further from UTC; TZ can say up to 24:59:59 */
#define MONTHS 12
#define TM_YEAR 1900

/* Whether it says a zone's offset itself: CET-1CEST, <-03>3, UTC0. */
static bool is_rule(const char *zone)
{
	size_t name = strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

	return *zone == '<' || (name >= 3 && zone[name] && strchr("+-0123456789", zone[name]));
}

/* What the C library takes for UTC, and is: no file is needed. */
static bool is_utc(const char *zone)
{
	static const char *const names[] = {"", "UTC", "GMT", "UCT", "Zulu", "Universal"};
	size_t i;

	zone += str_starts(zone, "Etc/") ? strlen("Etc/") : 0;
	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(zone, names[i]) == 0)
			return true;
	return false;
}

/* Whether there is a file of it, as of Europe/Berlin. */
static bool is_known(const char *zone)
{
	const char *folder = getenv("TZDIR");
	struct stat st;
	char *path;
	bool known;

	if (is_utc(zone) || is_rule(zone))
		return true;
	path = *zone == '/' ? str_dup(zone)
		: str_printf("%s/%s", str_empty(folder) ? ZONES : folder, zone);
	known = stat(path, &st) == 0 && S_ISREG(st.st_mode);
	free(path);
	return known;
}

int month_set_zone(void)
{
	const char *zone = getenv("TZ");

	tzset();
	return !zone || is_known(zone + (*zone == ':')) ? 0 : -1;
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
