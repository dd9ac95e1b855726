/* SPDX-License-Identifier: ISC */
/*
 * The configuration: the file, what was wrong with it, and each setting with
 * where it comes from.  A secret is judged in check_secrets.c and shown by its
 * last four characters.
 */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/session_file.h"
#include "check/check_part.h"
#include "check/check_secret.h"
#include "config/config_place.h"

#define DONT_START "the programs do not start before this is mended; see ordersnap.conf(5)"

/* The settings file, and who can write it. */
static void say_file(struct check *c)
{
	const char *path = c->app->config.file;
	const struct passwd *user;
	const struct group *group;
	struct stat st;

	if (!path) {
		char *places[CONFIG_PLACES];
		size_t i;

		for (i = 0; i < CONFIG_PLACES; i++)
			places[i] = config_place(i);
		check_ok(c, "file", "none was read: there is none of %s%s%s%s%s",
			 places[0] ? places[0] : "", places[0] ? ", " : "",
			 places[1] ? places[1] : "", places[1] ? ", " : "", places[2]);
		for (i = 0; i < CONFIG_PLACES; i++)
			free(places[i]);
		return;
	}
	if (stat(path, &st))
		return; /* it was read a moment ago */
	user = getpwuid(st.st_uid);
	group = getgrgid(st.st_gid);
	if (st.st_mode & S_IWGRP)
		check_not(c, CHECK_WARNING, "file", "chmod g-w it: whoever is in that group can "
			  "choose the shop's keys", "%s, mode %03o: its group, %s, can write it",
			  path, (unsigned)(st.st_mode & 07777), group ? group->gr_name : "?");
	else
		check_ok(c, "file", "%s, mode %03o, of %s:%s", path,
			 (unsigned)(st.st_mode & 07777), user ? user->pw_name : "?",
			 group ? group->gr_name : "?");
	check_closed_folder(c, path);
}

/* A fault is said in the words in which the program refuses to start. */
static void say_session_file(struct check *c, const char *path, const char *origin)
{
	static const char name[] = "CHECKOUT_SESSION_FILE";
	struct json_object *options;
	struct err e;

	if (session_file_read(&c->app->config, &options, &e))
		check_not(c, CHECK_FAILED, name, "checkout-create-session.fcgi does not start before "
			  "this is mended; see ordersnap.conf(5)", "%s", e.text + strlen(name) + 2);
	else
		check_ok(c, name, "%s (%s), %d of Checkout's parameters", path, origin,
			 json_object_object_length(options));
	json_object_put(options);
}

/* One setting, its value and where it comes from. */
static void say_setting(struct check *c, const struct config_key *key)
{
	const struct config *config = &c->app->config;
	const void *field = (const char *)config + key->offset;
	const char *text = config_string(config, key);
	char origin[CHECK_ORIGIN], shown[CHECK_MASKED];

	check_origin(c, key, origin);
	if (key->type == CONFIG_INT)
		check_ok(c, key->name, "%lld (%s)", (long long)*(const int64_t *)field, origin);
	else if (key->type == CONFIG_FLAG || key->type == CONFIG_AWS_FLAG)
		check_ok(c, key->name, "%s (%s)", *(const bool *)field ? "on" : "off", origin);
	else if (config_has_example_address(config, key))
		check_not(c, CHECK_FAILED, key->name, "put the shop's own address there; with a live "
			  "key no program starts before", "%s (%s) is on shop.example, the example's "
			  "address", text, origin);
	else if (text && strcmp(key->name, "CHECKOUT_SESSION_FILE") == 0)
		say_session_file(c, text, origin);
	else if (text && config_is_secret(key))
		check_ok(c, key->name, "%s (%s)", check_mask(span_of(text), shown), origin);
	else if (text)
		check_ok(c, key->name, "%s (%s)", text, origin);
}

static bool has_fault(const struct check *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->fault_count; i++)
		if (c->faults[i].name && strcmp(c->faults[i].name, name) == 0)
			return true;
	return false;
}

/* What comes of a setting's fault.  A log or counts that can't be written keep no program from starting; a
 * value that is none does. */
static const char *what_comes_of(const struct check *c, const char *name)
{
	const struct config_key *key = config_key_named(name);

	if (key && !c->app->config.origins[key - config_keys].wrong) {
		if (strcmp(name, "LOG_TARGET") == 0)
			return "let the programs' user write it, or name another file: until then lines go "
			       "to standard error and syslog";
		if (strcmp(name, "METRICS_FILE") == 0)
			return "let the programs' user write it, or name another file: until then nothing is "
			       "counted";
	}
	return DONT_START;
}

void check_config(struct check *c)
{
	const struct config_key *key;
	bool file_is_well = true;
	size_t i;

	/* What was wrong with the file as a whole, or with lines that are no setting's. */
	c->group = "configuration";
	for (i = 0; i < c->fault_count; i++) {
		if (c->faults[i].name)
			continue;
		check_not(c, CHECK_FAILED, "file", DONT_START, "%s", c->faults[i].text);
		file_is_well = false;
	}
	if (file_is_well)
		say_file(c);

	/* What was wrong with a setting. */
	for (i = 0; i < c->fault_count; i++)
		if (c->faults[i].name)
			check_not(c, CHECK_FAILED, c->faults[i].name,
				  what_comes_of(c, c->faults[i].name), "%s", c->faults[i].text);

	/* All others; the defaults where they are asked for. */
	for (key = config_keys; key->name; key++) {
		const struct config_origin *origin = &c->app->config.origins[key - config_keys];

		if (!origin->wrong && !has_fault(c, key->name) && !check_judges(key->name) &&
		    origin->source != CONFIG_UNSET &&
		    (origin->source != CONFIG_DEFAULT || c->options->verbose))
			say_setting(c, key);
	}
	check_secrets(c);
}
