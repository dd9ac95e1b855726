/* SPDX-License-Identifier: ISC */
/*
 * Times as text.
 */
#include "format/iso8601.h"

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
