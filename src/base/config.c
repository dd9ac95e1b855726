/* SPDX-License-Identifier: ISC */
/*
 * Reading the configuration.  The one idea: the file and the environment go
 * through the same table and the same checks, so a value is right or wrong
 * wherever it stands, and the message says where.
 */
#include "base/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/config_file.h"
#include "base/mem.h"
#include "base/str.h"

#define FILE_MAX_BYTES 65536
#define SYSTEM_FILE "/etc/ordersnap/ordersnap.conf"

static const struct config_key *key_of(const char *name)
{
	const struct config_key *key;

	for (key = config_keys; key->name; key++)
		if (strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

static bool is_secret(const struct config_key *key)
{
	return key->type == CONFIG_SECRET || key->type == CONFIG_SECRETS ||
	       key->type == CONFIG_AWS_SECRET;
}

/* The name in the table that a wrong one was probably meant to be. */
static const char *nearest_name(const char *name)
{
	const struct config_key *key, *best = NULL;
	size_t best_distance = 4;

	for (key = config_keys; key->name; key++) {
		size_t d = config_name_distance(name, key->name);

		if (d < best_distance) {
			best_distance = d;
			best = key;
		}
	}
	return best ? best->name : NULL;
}

struct file_context {
	struct config *config;
	bool readable_by_others;
};

static int set_from_file(void *context, const char *name, const char *value, struct err *e)
{
	struct file_context *c = context;
	const struct config_key *key = key_of(name);
	const char *meant;

	if (!key) {
		meant = nearest_name(name);
		return err_set(e, ERR_CONFIG, "%s is not a setting%s%s%s", name,
			       meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
	}
	if (c->readable_by_others && is_secret(key))
		return err_set(e, ERR_CONFIG,
			       "%s is a secret, but others can read this file: "
			       "chmod 640 it, with the web server's group", name);
	return config_set(c->config, key, value, e);
}

static int read_text(const char *path, struct buf *text, struct stat *st, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_file = fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode);
	char chunk[4096];
	ssize_t n = -1;

	while (is_file && (n = read(fd, chunk, sizeof chunk)) > 0)
		buf_add(text, chunk, (size_t)n);
	if (n < 0)
		err_set(e, ERR_CONFIG, "ORDERSNAP_CONF: can't read %s: %s", path,
			fd < 0 || is_file ? strerror(errno) : "not a file");
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return -1;
	return text->failed ? err_set(e, ERR_CONFIG, "%s is larger than %d bytes", path,
				      FILE_MAX_BYTES) : 0;
}

static int load_file(struct config *c, const char *path, struct err *e)
{
	struct file_context context = {.config = c};
	struct stat st = {0};
	struct buf text;
	int rc;

	buf_init(&text, FILE_MAX_BYTES);
	rc = read_text(path, &text, &st, e);
	if (!rc && (st.st_mode & S_IWOTH))
		rc = err_set(e, ERR_CONFIG, "%s can be written by anybody: chmod o-w it", path);
	if (!rc) {
		context.readable_by_others = (st.st_mode & S_IROTH) != 0;
		rc = config_file_parse(path, (struct span){buf_text(&text), text.len},
				       set_from_file, &context, e);
	}
	if (text.data)
		mem_wipe(text.data, text.len);
	buf_free(&text);
	return rc;
}

/* A file that can't be looked at counts as there: reading it says why. */
static bool is_there(const char *path)
{
	return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* ../conf/ordersnap.conf as seen from the folder of the running program, where
 * an unpacked shop on a shared server has it; NULL if it isn't there. */
static char *file_beside_program(void)
{
	char program[4096];
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
	char *cut, *path;

	if (n <= 0)
		return NULL;
	program[n] = '\0';
	cut = strrchr(program, '/');
	if (!cut)
		return NULL;
	*cut = '\0';
	path = str_printf("%s/../conf/ordersnap.conf", program);
	if (is_there(path))
		return path;
	free(path);
	return NULL;
}

static char *find_file(void)
{
	const char *named = getenv("ORDERSNAP_CONF");

	if (!str_empty(named))
		return str_dup(named);
	return file_beside_program();
}

static int load_environment(struct config *c, struct err *e)
{
	const struct config_key *key;

	for (key = config_keys; key->name; key++) {
		const char *value = getenv(key->name);

		if (value && config_set(c, key, value, e))
			return err_prefix(e, "environment");
	}
	return 0;
}

static int load_defaults(struct config *c, struct err *e)
{
	const struct config_key *key;

	for (key = config_keys; key->name; key++)
		if (key->fallback && config_set(c, key, key->fallback, e))
			return -1;
	return 0;
}

int config_load(struct config *c, struct err *e)
{
	int rc;

	memset(c, 0, sizeof *c);
	rc = load_defaults(c, e);
	c->file = find_file();
	if (!c->file && is_there(SYSTEM_FILE))
		c->file = str_dup(SYSTEM_FILE);
	if (!rc && c->file)
		rc = load_file(c, c->file, e);
	if (!rc)
		rc = load_environment(c, e);
	return rc;
}

static const char *value_of(const struct config *c, const struct config_key *key)
{
	return *(char *const *)((const char *)c + key->offset);
}

/* What may stand in its place, or NULL. */
static const struct config_key *other_of(const struct config_key *key)
{
	return key->or_else ? key_of(key->or_else) : NULL;
}

static int check_key(const struct config *c, const struct config_key *key, bool needed,
		     struct err *e)
{
	const struct config_key *other = other_of(key);
	bool is_set = value_of(c, key) != NULL, other_set = other && value_of(c, other);

	if (is_set && other_set)
		return err_set(e, ERR_CONFIG, "%s and %s are both set: leave one of them out",
			       key->name, other->name);
	if (needed && !is_set && !other_set)
		return err_set(e, ERR_CONFIG, "%s is not set: put %s into %s%s%s", key->name,
			       key->hint, c->file ? c->file : SYSTEM_FILE,
			       other ? ", or set " : "", other ? other->name : "");
	return 0;
}

int config_require(const struct config *c, unsigned needs, struct err *e)
{
	const struct config_key *key;

	for (key = config_keys; key->name; key++)
		if ((key->or_else || key->needed_by) &&
		    check_key(c, key, (key->needed_by & needs) != 0, e))
			return -1;
	return 0;
}

static int choose_file(struct config *c, const char *path, struct err *e)
{
	char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
	char *whole = here ? str_printf("%s/%s", here, path) : str_dup(path);
	int rc = config_set(c, key_of("COMMERCE_DB"), whole, e);

	free(whole);
	free(here);
	return rc;
}

int config_choose_store(struct config *c, const char *db, const char *table, struct err *e)
{
	char **other = db ? &c->commerce_table : &c->commerce_db;

	if (!db && !table)
		return 0;
	free(*other);
	*other = NULL;
	return db ? choose_file(c, db, e) : config_set(c, key_of("COMMERCE_TABLE"), table, e);
}

static bool is_string(enum config_type type)
{
	return type != CONFIG_INT && type != CONFIG_FLAG && type != CONFIG_AWS_FLAG;
}

void config_free(struct config *c)
{
	const struct config_key *key;

	for (key = config_keys; key->name; key++) {
		char **field = (char **)((char *)c + key->offset);

		if (!is_string(key->type))
			continue;
		if (*field && is_secret(key))
			mem_wipe(*field, strlen(*field));
		free(*field);
	}
	free(c->file);
	memset(c, 0, sizeof *c);
}
