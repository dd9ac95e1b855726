/* SPDX-License-Identifier: ISC */
/*
 * Times as text.
 */
#include "format/iso8601.h"

#include <string.h>
#include <time.h>

static const char *format(int64_t epoch, const char *how, char *out)
{
	time_t t = (time_t)epoch;
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&t, &tm))
		strftime(out, ISO8601_SIZE, how, &tm);
	return out;
}

const char *iso8601_time(int64_t epoch, char *out)
{
	return format(epoch, "%Y-%m-%dT%H:%M:%SZ", out);
}

const char *iso8601_day(int64_t epoch, char *out)
{
	return format(epoch, "%Y-%m-%d", out);
}

int iso8601_parse(const char *text, int64_t *epoch)
{
	struct tm tm = {0};
	int64_t time;
	int day;
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (rest && *rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (!rest || (strcmp(rest, "Z") != 0 && strcmp(rest, "+00:00") != 0))
		return -1;
	/* The 30th of February is the 2nd of March for timegm(). */
	day = tm.tm_mday;
	time = (int64_t)timegm(&tm);
	if (tm.tm_mday != day)
		return -1;
	*epoch = time;
	return 0;
}
