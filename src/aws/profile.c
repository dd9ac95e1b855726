/* SPDX-License-Identifier: ISC */
/*
 * Reading the shared files.  The one idea: they are small and rarely read, so
 * each question reads the file anew and a changed file needs no restart.
 */
#include "aws/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aws/ini.h"
#include "base/str.h"

enum file { CREDENTIALS, CONFIG };

const char *aws_profile_name(const struct aws_settings *s)
{
	return s->profile ? s->profile : "default";
}

/* The file's path: the one that is set, with ~ for the user's directory, or the
 * usual one; NULL where that can't be told. */
static char *path_of(const struct aws_settings *s, enum file file)
{
	const char *set = file == CREDENTIALS ? s->credentials_file : s->config_file;

	if (set && str_starts(set, "~/"))
		return s->home ? str_printf("%s/%s", s->home, set + 2) : NULL;
	if (set)
		return str_dup(set);
	if (!s->home)
		return NULL;
	return str_printf("%s/.aws/%s", s->home, file == CREDENTIALS ? "credentials" : "config");
}

/* The next word of a section's name, as a shell would read it, quotes taken off;
 * free() it.  NULL at the end, and for quotes that are not closed. */
static char *next_word(const char **rest)
{
	const char *p = *rest;
	char *word, *to, quote = '\0';

	p += strspn(p, " \t");
	if (!*p)
		return NULL;
	word = to = str_dup(p);
	for (; *p && (quote || (*p != ' ' && *p != '\t')); p++) {
		if (*p == '\\' && p[1] && (!quote || (quote == '"' && strchr("\"\\", p[1]))))
			*to++ = *++p;
		else if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? '\0' : *p;
		else
			*to++ = *p;
	}
	*to = '\0';
	*rest = p;
	if (!quote)
		return word;
	free(word);
	return NULL;
}

/* Whether `header` is `kind` and `name`, two words. */
static bool names(const char *header, const char *kind, const char *name)
{
	char *first = next_word(&header), *second = first ? next_word(&header) : NULL;
	bool same = second && strcmp(first, kind) == 0 && strcmp(second, name) == 0 &&
		    !header[strspn(header, " \t")];

	free(second);
	free(first);
	return same;
}

/* Of the credentials file [name]; of the config file [kind name], and [default]
 * may do without the word.  The last one counts.  Borrowed, or NULL. */
static struct json_object *section_of(struct json_object *sections, enum file file,
				      const char *kind, const char *name)
{
	struct json_object *found = NULL;
	struct json_walk walk = json_walk_of(sections);

	while (json_walk_next(&walk)) {
		bool plain = file == CREDENTIALS || (strcmp(walk.key, "default") == 0 &&
						     strcmp(kind, "profile") == 0);

		if (plain ? strcmp(walk.key, name) == 0 : names(walk.key, kind, name))
			found = walk.value;
	}
	return found;
}

/* Where a section stands. */
struct place {
	enum file file;
	const char *kind, *name;
};

static int read_section(const struct aws_settings *s, struct place place,
			struct json_object **section, struct err *e)
{
	char *path = path_of(s, place.file);
	struct json_object *sections = NULL;
	int rc = path ? ini_read(path, &sections, e) : 0;

	*section = json_object_get(section_of(sections, place.file, place.kind, place.name));
	json_object_put(sections);
	free(path);
	return rc;
}

/* --- credentials -------------------------------------------------------------- */

/* What a profile may want that ordersnap does not do; a name that ends in _ is
 * the beginning of several. */
static const struct {
	const char *key, *what;
} beyond[] = {
	{"role_arn", "wants a role to be assumed"},
	{"web_identity_token_file", "wants a role by web identity"},
	{"sso_", "wants a single sign-on"},
};

static int refuse(const struct aws_settings *s, const char *key, const char *what, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "profile \"%s\" %s (%s), which ordersnap does not do: "
		       "give it a profile with an access key of its own", aws_profile_name(s), what, key);
}

static int look_beyond(const struct aws_settings *s, struct json_object *section, struct err *e)
{
	struct json_walk walk = json_walk_of(section);
	size_t i;

	while (section && json_walk_next(&walk))
		for (i = 0; i < sizeof beyond / sizeof *beyond; i++)
			if (str_ends(beyond[i].key, "_") ? str_starts(walk.key, beyond[i].key)
							 : strcmp(walk.key, beyond[i].key) == 0)
				return refuse(s, walk.key, beyond[i].what, e);
	return 0;
}

bool aws_is_key(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

/* One of the three values: to free(), NULL where it is not there; -1 for what
 * can't be one, a comment behind it for instance. */
static int take(const struct aws_settings *s, struct json_object *section, const char *key,
		char **value, struct err *e)
{
	struct json_object *found = NULL;
	const char *text = NULL;

	*value = NULL;
	if (!json_object_object_get_ex(section, key, &found))
		return 0;
	if (json_object_is_type(found, json_type_string))
		text = json_object_get_string(found);
	if (!str_empty(text) && aws_is_key(text)) {
		*value = str_dup(text);
		return 0;
	}
	return err_set(e, ERR_UNAVAILABLE, "profile \"%s\": %s %s", aws_profile_name(s), key,
		       text && !*text ? "is empty"
				      : "has to be one word: a comment, or the next key, stands in "
					"a line of its own, and that is not indented");
}

/* 1: here they are, 0: there are none, -1: they can't be had. */
static int take_keys(const struct aws_settings *s, struct json_object *section,
		     struct aws_credentials *keys, struct err *e)
{
	if (take(s, section, "aws_access_key_id", &keys->key_id, e) ||
	    take(s, section, "aws_secret_access_key", &keys->secret, e) ||
	    take(s, section, "aws_security_token", &keys->token, e) ||
	    (!keys->token && take(s, section, "aws_session_token", &keys->token, e)))
		return -1;
	if (!keys->key_id && !keys->secret)
		return 0;
	if (keys->key_id && keys->secret)
		return 1;
	return err_set(e, ERR_UNAVAILABLE, "profile \"%s\" has only one of aws_access_key_id and "
		       "aws_secret_access_key: give it the other", aws_profile_name(s));
}

/* What counts behind the keys of the credentials file and before those of the config file. */
static int look_between(const struct aws_settings *s, struct json_object *credentials,
			struct json_object *config, struct err *e)
{
	static const char *const wants[][2] = {
		{"login_session", "wants a login by `aws login`"},
		{"credential_process", "wants a program to be run"},
	};
	size_t i;

	for (i = 0; i < sizeof wants / sizeof *wants; i++)
		if (json_object_object_get_ex(credentials, wants[i][0], NULL) ||
		    json_object_object_get_ex(config, wants[i][0], NULL))
			return refuse(s, wants[i][0], wants[i][1], e);
	return 0;
}

/* As botocore has it: a role or sign-on of either file, the keys of the
 * credentials file, a login or a program, the keys of the config file. */
static int choose(const struct aws_settings *s, struct json_object *credentials,
		  struct json_object *config, struct aws_credentials *keys, struct err *e)
{
	int rc;

	if (look_beyond(s, credentials, e) || look_beyond(s, config, e))
		return -1;
	rc = take_keys(s, credentials, keys, e);
	if (rc)
		return rc;
	if (look_between(s, credentials, config, e))
		return -1;
	free(keys->token); /* without a key it is nobody's */
	keys->token = NULL;
	return take_keys(s, config, keys, e);
}

enum aws_profile_keys aws_profile_keys(const struct aws_settings *s, struct aws_credentials *keys,
				       struct err *e)
{
	struct json_object *credentials = NULL, *config = NULL;
	const char *name = aws_profile_name(s);
	int rc = -1;

	keys->key_id = keys->secret = keys->token = NULL;
	if (read_section(s, (struct place){CREDENTIALS, "", name}, &credentials, e) ||
	    read_section(s, (struct place){CONFIG, "profile", name}, &config, e))
		goto out;
	if (s->profile && !credentials && !config)
		err_set(e, ERR_UNAVAILABLE, "%s: there is no profile \"%s\" in the shared files",
			s->profile_variable, name);
	else
		rc = choose(s, credentials, config, keys, e);
	if (rc == 0)
		err_set(e, ERR_UNAVAILABLE, "profile \"%s\" has no aws_access_key_id and "
			"aws_secret_access_key", name);
out:
	json_object_put(config);
	json_object_put(credentials);
	if (rc < 0)
		return AWS_PROFILE_WRONG;
	return rc ? AWS_PROFILE_HAS_KEYS : AWS_PROFILE_HAS_NONE;
}

/* --- other values -------------------------------------------------------------- */

/* Without a comment that follows white space. */
static char *value_of(struct json_object *section, const char *key)
{
	const char *text = json_string_or_null(section, key);
	struct span value = span_of(text ? text : "");
	size_t i;

	for (i = 1; i < value.n; i++)
		if (value.p[i] == '#' && (value.p[i - 1] == ' ' || value.p[i - 1] == '\t'))
			value.n = i;
	value = span_trim(value);
	return value.n ? span_dup(value) : NULL;
}

static char *ask(const struct aws_settings *s, enum file file, const char *key)
{
	struct json_object *section = NULL;
	struct err ignored;
	char *answer;

	read_section(s, (struct place){file, "profile", aws_profile_name(s)}, &section, &ignored);
	answer = value_of(section, key);
	json_object_put(section);
	return answer;
}

char *aws_profile_value(const struct aws_settings *s, const char *key)
{
	char *answer = ask(s, CREDENTIALS, key);

	return answer ? answer : ask(s, CONFIG, key);
}

bool aws_profile_ignores_endpoints(const struct aws_settings *s)
{
	char *value = s->ignore_file_endpoints ? NULL
		: ask(s, CONFIG, "ignore_configured_endpoint_urls");
	bool ignores = s->ignore_file_endpoints || (value && strcasecmp(value, "true") == 0);

	free(value);
	return ignores;
}

char *aws_profile_endpoint(const struct aws_settings *s, const char *service)
{
	struct json_object *section = NULL, *below = NULL;
	char *services = ask(s, CONFIG, "services"), *answer = NULL;
	struct err ignored;

	if (services) {
		read_section(s, (struct place){CONFIG, "services", services}, &section, &ignored);
		json_get_object(section, service, &below);
		answer = value_of(below, "endpoint_url");
	}
	json_object_put(section);
	free(services);
	return answer ? answer : ask(s, CONFIG, "endpoint_url");
}
