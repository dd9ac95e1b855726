/* SPDX-License-Identifier: ISC */
/*
 * Where the settings' file is looked for.
 */
#include "config/config_place.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

static char *beside_program(void)
{
	char program[4096];
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
	char *cut;

	if (n <= 0)
		return NULL;
	program[n] = '\0';
	cut = strrchr(program, '/');
	if (!cut)
		return NULL;
	*cut = '\0';
	return str_printf("%s/../conf/ordersnap.conf", program);
}

/* A home that can't be entered (systemd's ProtectHome=) is none. */
static char *at_home(void)
{
	const struct passwd *user = getpwuid(geteuid());

	if (!user || str_empty(user->pw_dir) || access(user->pw_dir, X_OK))
		return NULL;
	return str_printf("%s/ordersnap/ordersnap.conf", user->pw_dir);
}

char *config_place(size_t i)
{
	if (i == 0)
		return beside_program();
	return i == 1 ? at_home() : str_dup(CONFIG_SYSTEM_FILE);
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

char *config_find_file(void)
{
	const char *named = getenv("ORDERSNAP_CONF");
	size_t i;

	if (!str_empty(named))
		return str_dup(named);
	for (i = 0; i < CONFIG_PLACES; i++) {
		char *path = config_place(i);

		if (path && is_there(path))
			return path;
		free(path);
	}
	return NULL;
}
