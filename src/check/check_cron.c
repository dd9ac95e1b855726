/* SPDX-License-Identifier: ISC */
/*
 * The line that runs a command by cron.  The one idea: it runs as it is printed, so it names
 * the command's file (cron's PATH has neither /usr/local/bin nor a home), the settings where
 * they are not at their usual place, and who is to run it.
 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "check/check_part.h"

#define PATH_BYTES 4096
#define LINE_MAX_BYTES (8 * PATH_BYTES)
#define USER "ordersnap" /* of a shop that is set up as the manual says */

/* As sh takes it for one word, and cron, to which % is the end of the command. */
static void add_word(struct buf *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "/._-+:@,";

	if (*text && strspn(text, plain) == strlen(text)) {
		buf_puts(out, text);
		return;
	}
	buf_putc(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			buf_puts(out, "'\\''");
		else if (*text == '%')
			buf_puts(out, "'\\%'");
		else
			buf_putc(out, *text);
	}
	buf_putc(out, '\'');
}

/* The store that the check was told to look at. */
static void add_store(const struct check *c, struct buf *out)
{
	static const char *const options[][2] = {{"COMMERCE_DB", "--db"}, {"COMMERCE_TABLE", "--table"}};
	const struct config *config = &c->app->config;
	const struct config_key *key;
	size_t i;

	for (i = 0; i < sizeof options / sizeof *options; i++) {
		key = config_key_named(options[i][0]);
		if (config->origins[key - config_keys].source != CONFIG_OPTION)
			continue;
		buf_printf(out, " %s ", options[i][1]);
		add_word(out, config_string(config, key));
	}
}

/* Root's check is of somebody's shop: of the user whose table it is. */
static const char *shop_user(const struct check *c)
{
	const char *db = c->app->config.commerce_db;
	struct passwd *user;
	struct stat st;

	if (!db || stat(db, &st))
		return USER;
	user = getpwuid(st.st_uid);
	return user ? user->pw_name : USER;
}

/* How cron's line calls this command's file; free() it.  That of the drop-in runs from its own folder
 * alone (conf/dropin/dropin.am), so the line goes there first. */
static char *go_to_command(struct buf *out)
{
	char own[PATH_BYTES], *slash, *manifest;
	ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
	bool is_dropin;

	own[n > 0 ? n : 0] = '\0';
	slash = strrchr(own, '/');
	if (!slash)
		return str_dup("ordersnap");
	manifest = str_printf("%.*s/lib/MANIFEST", (int)(slash - own), own);
	is_dropin = access(manifest, F_OK) == 0;
	free(manifest);
	if (!is_dropin)
		return str_dup(own);
	*slash = '\0';
	buf_puts(out, "cd ");
	add_word(out, own);
	buf_puts(out, " && ");
	return str_printf("./%s", slash + 1);
}

char *check_cron(const struct check *c, const char *advice, const char *times, const char *command)
{
	const char *conf = getenv("ORDERSNAP_CONF");
	bool root = geteuid() == 0;
	char *own;
	struct buf out;

	buf_init(&out, LINE_MAX_BYTES);
	buf_printf(&out, "%s; cron's line, %s: %s ", advice,
		   root ? "in /etc/cron.d/ordersnap" : "by crontab -e", times);
	if (root)
		buf_printf(&out, "%s ", shop_user(c));
	own = go_to_command(&out);
	buf_puts(&out, "LOG_TARGET=syslog ");
	if (!str_empty(conf)) {
		buf_puts(&out, "ORDERSNAP_CONF=");
		add_word(&out, conf);
		buf_putc(&out, ' ');
	}
	add_word(&out, own);
	free(own);
	add_store(c, &out);
	buf_printf(&out, " %s --quiet", command);
	return buf_detach(&out);
}
