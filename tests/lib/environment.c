/* SPDX-License-Identifier: ISC */
/*
 * The environment of a C test, see environment.h.
 */
#include "../lib/environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

extern char **environ;

static bool stays(const char *variable)
{
	static const char *const beginnings[] = {
		"PATH=", "TMPDIR=", "LD_LIBRARY_PATH=", "ORDERSNAP_", "ASAN_", "UBSAN_", "LSAN_",
		"VALGRIND_", "CMOCKA_",
	};
	size_t i;

	for (i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
		if (strncmp(variable, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

void environment_clean(void)
{
	char **from, **to = environ;

	for (from = environ; from && *from; from++)
		if (stays(*from))
			*to++ = *from;
	if (to)
		*to = NULL;
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("TZ", "UTC", 1);
	setenv("ORDERSNAP_CONF", ENVIRONMENT_NO_CONF, 1);
	tzset();
	umask(022);
}
