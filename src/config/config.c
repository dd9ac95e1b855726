/* SPDX-License-Identifier: ISC */
/*
 * Reading the configuration.  The one idea: the file and the environment go
 * through the same table and the same checks, so a value is right or wrong
 * wherever it stands, and the message says where.
 */
#include "config/config.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "config/config_file.h"
#include "config/config_place.h"
#include "base/mem.h"
#include "base/str.h"

#define FILE_MAX_BYTES 65536

const struct config_key *config_key_named(const char *name)
{
	const struct config_key *key;

	for (key = config_keys; key->name; key++)
		if (strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

struct loader {
	struct config *config;
	config_fault *tell; /* NULL: the first fault ends it */
	void *context;
	char name[64];      /* the setting that is read, "" for none */
	bool readable_by_others;
};

/* Tells a fault: 0 to go on, -1 where the first one ends it. */
static int fault(struct loader *l, const char *name, const struct err *e)
{
	if (!l->tell)
		return -1;
	l->tell(l->context, name, e);
	return 0;
}

/* Sets one value and notes where it comes from.  Of AWS's own variables an empty one is
 * none. */
static int set(struct loader *l, const struct config_key *key, const char *value,
	       struct config_origin origin, struct err *e)
{
	int rc = config_set(l->config, key, value, e);

	origin.wrong = rc != 0;
	if (*value || !config_is_aws(key))
		l->config->origins[key - config_keys] = origin;
	return rc;
}

/* A name that nobody knows; the setting that was meant is then not missing but
 * wrong. */
static int unknown(struct loader *l, const char *name, struct err *e)
{
	const struct config_key *key, *meant = NULL;
	struct config_origin *origin;
	size_t d, least = 4;

	for (key = config_keys; key->name; key++) {
		d = config_name_distance(name, key->name);
		if (d < least) {
			least = d;
			meant = key;
		}
	}
	if (!meant)
		return err_set(e, ERR_CONFIG, "%s is not a setting", name);
	origin = &l->config->origins[meant - config_keys];
	if (origin->source == CONFIG_UNSET)
		origin->wrong = true;
	return err_set(e, ERR_CONFIG, "%s is not a setting; did you mean %s?", name, meant->name);
}

/* A line of the file.  A secret that others can read is said once, of the file; then the
 * file is read all the same, so that all its faults are said. */
static int set_from_file(void *context, int line, const char *name, const char *value,
			 struct err *e)
{
	struct loader *l = context;
	const struct config_key *key = config_key_named(name);

	snprintf(l->name, sizeof l->name, "%s", name);
	if (!key)
		return unknown(l, name, e);
	if (l->readable_by_others && config_is_secret(key)) {
		l->readable_by_others = false;
		l->name[0] = '\0';
		err_set(e, ERR_CONFIG, "%s is a secret, but others can read this file: "
			"chmod 640 it, with the group of the programs' user", name);
		if (!l->tell)
			return -1;
		err_put_before(e, "%s:%d", l->config->file, line);
		fault(l, NULL, e);
		snprintf(l->name, sizeof l->name, "%s", name);
	}
	return set(l, key, value, (struct config_origin){.source = CONFIG_FILE, .line = line}, e);
}

/* Tells a line that is wrong; -1 ends the reading. */
static int on_wrong_line(void *context, const struct err *e)
{
	struct loader *l = context;
	int rc = fault(l, l->name[0] ? l->name : NULL, e);

	l->name[0] = '\0';
	return rc;
}

/* Why a file can't be read, and whose it has to become where it is kept from this user. */
static int unread(struct loader *l, const char *path, struct err *e)
{
	const struct passwd *user = getpwuid(geteuid());
	bool kept = access(path, R_OK) && errno == EACCES;

	l->config->file_unread = true;
	if (kept)
		err_set(e, ERR_CONFIG, "can't read %s: Permission denied to the user %s: chgrp it to a "
			"group of that user and chmod 640 it, and let its folder be entered (chmod 755)",
			path, user ? user->pw_name : "of this program");
	if (!str_empty(getenv("ORDERSNAP_CONF")))
		err_put_before(e, "ORDERSNAP_CONF");
	return fault(l, NULL, e);
}

/* Reads the file, and wipes what was read: it has the secrets. */
static int load_file(struct loader *l, const char *path, struct err *e)
{
	const struct config_file_reader reader = {
		.entry = set_from_file, .wrong = on_wrong_line, .context = l};
	struct stat st = {0};
	struct buf text;
	int rc = 0;

	buf_init(&text, FILE_MAX_BYTES);
	if (file_read(path, &text, &st, e)) {
		rc = unread(l, path, e);
		goto out;
	}
	l->readable_by_others = (st.st_mode & S_IROTH) != 0;
	if (st.st_mode & S_IWOTH) {
		err_set(e, ERR_CONFIG, "%s can be written by anybody: chmod o-w it", path);
		rc = fault(l, NULL, e);
	}
	if (!rc)
		rc = config_file_read(path, (struct span){buf_text(&text), text.len}, &reader, e);
out:
	buf_forget(&text);
	return rc;
}

/* The defaults, the file over them, and the environment over both. */
static int load(struct loader *l, struct err *e)
{
	struct config *c = l->config;
	const struct config_key *key;
	const char *value;

	memset(c, 0, sizeof *c);
	c->file = config_find_file();
	for (key = config_keys; key->name; key++)
		if (key->fallback && set(l, key, key->fallback,
					 (struct config_origin){.source = CONFIG_DEFAULT}, e))
			return -1;
	if (c->file && load_file(l, c->file, e))
		return -1;
	for (key = config_keys; key->name; key++) {
		value = getenv(key->name);
		if (!value || !set(l, key, value,
				   (struct config_origin){.source = CONFIG_ENVIRONMENT}, e))
			continue;
		err_put_before(e, "environment");
		if (fault(l, key->name, e))
			return -1;
	}
	return 0;
}

int config_load(struct config *c, struct err *e)
{
	struct loader loader = {.config = c};

	return load(&loader, e);
}

void config_load_all(struct config *c, config_fault *tell, void *context)
{
	struct loader loader = {.config = c, .tell = tell, .context = context};
	struct err e;

	if (load(&loader, &e))
		tell(context, NULL, &e);
}

static bool is_string(enum config_type type)
{
	return type != CONFIG_INT && type != CONFIG_FLAG && type != CONFIG_AWS_FLAG;
}

const char *config_string(const struct config *c, const struct config_key *key)
{
	return is_string(key->type) ? *(char *const *)((const char *)c + key->offset) : NULL;
}

/* Whether something stands there, be it wrong. */
static bool is_given(const struct config *c, const struct config_key *key)
{
	return config_string(c, key) || c->origins[key - config_keys].wrong;
}

int config_check_key(const struct config *c, const struct config_key *key, bool needed,
		     struct err *e)
{
	/* What may stand in its place, or NULL. */
	const struct config_key *other = key->or_else ? config_key_named(key->or_else) : NULL;
	bool is_set = is_given(c, key), other_set = other && is_given(c, other);

	if (is_set && other_set)
		return err_set(e, ERR_CONFIG, "%s and %s are both set: leave one of them out",
			       key->name, other->name);
	if (needed && !is_set && !other_set)
		return err_set(e, ERR_CONFIG, "%s is not set: put %s into %s%s%s", key->name,
			       key->hint, c->file ? c->file : CONFIG_SYSTEM_FILE,
			       other ? ", or set " : "", other ? other->name : "");
	return 0;
}

bool config_is_chosen(const struct config *c, const char *name)
{
	const struct config_origin *origin = &c->origins[config_key_named(name) - config_keys];

	return origin->source != CONFIG_UNSET && origin->source != CONFIG_DEFAULT;
}

bool config_login_is_by_server(const struct config *c)
{
	return c->orders_auth && strcmp(c->orders_auth, "remote_user") == 0;
}

bool config_has_login(const struct config *c)
{
	return config_login_is_by_server(c) || c->jwt_secret || c->jwt_secret_parameter ||
	       c->jwt_public_key_file;
}

int config_require(const struct config *c, unsigned needs, struct err *e)
{
	const struct config_key *key;

	for (key = config_keys; key->name; key++)
		if ((key->or_else || key->needed_by) &&
		    config_check_key(c, key, (key->needed_by & needs) != 0, e))
			return -1;
	return 0;
}

int config_choose_store(struct config *c, const char *db, const char *table, struct err *e)
{
	static const struct config_origin unset = {.source = CONFIG_UNSET};
	static const struct config_origin option = {.source = CONFIG_OPTION};
	const struct config_key *key = config_key_named(db ? "COMMERCE_DB" : "COMMERCE_TABLE");
	const struct config_key *other = config_key_named(db ? "COMMERCE_TABLE" : "COMMERCE_DB");
	char **other_field = db ? &c->commerce_table : &c->commerce_db, *value;
	struct loader loader = {.config = c};
	int rc;

	if (!db && !table)
		return 0;
	free(*other_field);
	*other_field = NULL;
	c->origins[other - config_keys] = unset;

	/* A command's file is meant from where the command runs; the setting is absolute. */
	value = db ? file_absolute(db) : str_dup(table);
	rc = set(&loader, key, value, option, e);
	free(value);
	return rc;
}

void config_free(struct config *c)
{
	const struct config_key *key;

	for (key = config_keys; key->name; key++) {
		char **field = (char **)((char *)c + key->offset);

		if (is_string(key->type))
			mem_forget(*field);
	}
	free(c->file);
	memset(c, 0, sizeof *c);
}
