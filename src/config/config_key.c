/* SPDX-License-Identifier: ISC */
/*
 * One value against its type: a check for each type, and one table of them.
 */
#include "config/config_key.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/example.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/url.h"

/* Text that a file, a header and a message can hold. */
static bool is_printable(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F)
			return false;
	return span_utf8_length(s) > 0;
}

static bool is_text(const struct config_key *key, struct span s)
{
	(void)key;
	return is_printable(s);
}

/* A secret has no blank: one that was pasted with it would be another secret. */
static bool is_secret_text(const struct config_key *key, struct span s)
{
	(void)key;
	return is_printable(s) && !memchr(s.p, ' ', s.n);
}

/* Secrets with commas between them: while one is rolled, the old and the new one count. */
static bool is_secret_list(const struct config_key *key, struct span s)
{
	struct span one;

	while (span_next(&s, ',', &one))
		if (!is_secret_text(key, span_trim(one)))
			return false;
	return true;
}

/* One of the words that the setting knows. */
static bool is_choice(const struct config_key *key, struct span s)
{
	struct span rest = span_of(key->choices), one;

	while (span_next(&rest, ' ', &one))
		if (one.n == s.n && memcmp(one.p, s.p, s.n) == 0)
			return true;
	return false;
}

static bool is_web_url(const struct config_key *key, struct span s)
{
	struct url url;

	(void)key;
	return url_parse(s, &url) == 0;
}

/* What is wrong with an address of the shop's, for a message behind the setting's name. */
static const char *address_fault(const struct config_key *key, struct span s)
{
	struct span braces;
	size_t i;

	if (key->type != CONFIG_URL && key->type != CONFIG_ORIGINS)
		return NULL;
	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 0x7F)
			return "has a character beyond ASCII: write a host as the browser sends it, xn--..., "
			       "and what is behind the host with %XX";
	if (key->type == CONFIG_ORIGINS)
		return NULL;
	if (memchr(s.p, ' ', s.n))
		return "has a space: write it as %20";
	if (strncasecmp(s.p, "https://", 8) != 0 && strncasecmp(s.p, "http://", 7) != 0)
		return "must begin with https://";
	if (url_has_other_braces(s, &braces))
		return "has braces that Stripe does not fill in: the session's id comes in the place "
		       "of " URL_SESSION_ID;
	return NULL;
}

static bool is_proxy(const struct config_key *key, struct span s)
{
	struct url url;

	(void)key;
	return url_parse(s, &url) == 0 && span_equals(url.scheme, "http") && url.port.n &&
	       !url.has_user && (url.rest.n == 0 || span_equals(url.rest, "/"));
}

/* The API key travels there: in the clear to this machine only. */
static bool is_api_url(const struct config_key *key, struct span s)
{
	struct url url;

	(void)key;
	if (url_parse(s, &url) || url.has_user)
		return false;
	return span_equals(url.scheme, "https") || url_is_loopback(&url);
}

/* `*`, or addresses without a path, of which there is at least one. */
static bool is_origin_list(const struct config_key *key, struct span s)
{
	struct span one;
	struct url url;
	bool any = false;

	(void)key;
	for (; url_next_origin(&s, &one); any = true)
		if (!span_equals(one, "*") && (url_parse(one, &url) || url.rest.n || url.has_user))
			return false;
	return any;
}

/* An absolute path of a file, not of a folder. */
static bool is_path(const struct config_key *key, struct span s)
{
	(void)key;
	return is_printable(s) && s.p[0] == '/' && s.p[s.n - 1] != '/';
}

static bool is_target(const struct config_key *key, struct span s)
{
	return span_equals(s, "stderr") || span_equals(s, "syslog") || is_path(key, s);
}

/* Words of letters, digits and a few other characters. */
static const struct {
	const char *also;
	size_t least, most; /* bytes */
} word_kinds[] = {
	[CONFIG_PREFIX] = {"", 1, 12},
	[CONFIG_HEADER] = {"-", 1, 64},
	[CONFIG_TABLE] = {"_.-", 3, 255},
};

static bool is_word(const struct config_key *key, struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) &&
		    (!s.p[i] || !strchr(word_kinds[key->type].also, s.p[i])))
			return false;
	return s.n >= word_kinds[key->type].least && s.n <= word_kinds[key->type].most;
}

/* Each of the first two places has to be there, else many things would have one
 * price; a place that is misspelled would stand in the key. */
static bool is_lookup_key(const struct config_key *key, struct span s)
{
	static const char *const places[] = {"{collectionId}", "{variantId}", "{currency}"};
	bool found[3] = {false, false, false};
	size_t i, j, n;

	(void)key;
	for (i = 0; i < s.n; i += n) {
		n = 1;
		for (j = 0; j < 3 && n == 1; j++) {
			size_t length = strlen(places[j]);

			if (s.n - i < length || memcmp(s.p + i, places[j], length) != 0)
				continue;
			found[j] = true;
			n = length;
		}
		if (n == 1 && (s.p[i] == '{' || s.p[i] == '}'))
			return false;
	}
	return is_printable(s) && s.n <= 200 && found[0] && found[1];
}

/* https://docs.stripe.com/metadata: up to 40 characters, no brackets. */
static bool is_metadata_key(const struct config_key *key, struct span s)
{
	(void)key;
	return is_printable(s) && span_utf8_length(s) <= 40 && !memchr(s.p, '[', s.n) &&
	       !memchr(s.p, ']', s.n);
}

static const struct {
	bool (*valid)(const struct config_key *key, struct span s);
} types[] = {
	[CONFIG_TEXT] = {is_text},
	[CONFIG_SECRET] = {is_secret_text},
	[CONFIG_SECRETS] = {is_secret_list},
	[CONFIG_INT] = {NULL},
	[CONFIG_FLAG] = {NULL},
	[CONFIG_CHOICE] = {is_choice},
	[CONFIG_URL] = {is_web_url},
	[CONFIG_API_URL] = {is_api_url},
	[CONFIG_PROXY] = {is_proxy},
	[CONFIG_ORIGINS] = {is_origin_list},
	[CONFIG_PATH] = {is_path},
	[CONFIG_TARGET] = {is_target},
	[CONFIG_PREFIX] = {is_word},
	[CONFIG_LOOKUP_KEY] = {is_lookup_key},
	[CONFIG_METADATA_KEY] = {is_metadata_key},
	[CONFIG_HEADER] = {is_word},
	[CONFIG_TABLE] = {is_word},
	[CONFIG_AWS] = {is_text},
	[CONFIG_AWS_SECRET] = {is_text},
	[CONFIG_AWS_FLAG] = {NULL},
};

/* A whole number within the setting's range. */
static int set_int(const struct config_key *key, struct span s, int64_t *field, struct err *e)
{
	int64_t value;

	if (span_to_int64(s, &value) || value < key->min || value > key->max)
		return err_set(e, ERR_CONFIG, "%s must be a whole number from %lld to %lld (%s)",
			       key->name, (long long)key->min, (long long)key->max, key->hint);
	*field = value;
	return 0;
}

/* On or off, in the words that people write. */
static int set_flag(const struct config_key *key, const char *text, bool *field, struct err *e)
{
	static const char *const words[] = {"0", "1", "false", "true", "no", "yes", "off", "on"};
	size_t i;

	for (i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*field = i % 2 == 1;
			return 0;
		}
	}
	return err_set(e, ERR_CONFIG, "%s must be %s", key->name, key->hint);
}

bool config_is_secret(const struct config_key *key)
{
	return key->type == CONFIG_SECRET || key->type == CONFIG_SECRETS ||
	       key->type == CONFIG_AWS_SECRET;
}

/* A secret that everybody can read in the manual; an access key's id is none,
 * but what stands in its place in the example is no id either. */
static bool is_example(const struct config_key *key, const char *text)
{
	return (config_is_secret(key) || key->type == CONFIG_AWS) && example_is_secret(text);
}

/* Text of the setting's type; what stood there before is wiped, for it may be a secret. */
static int set_string(const struct config_key *key, const char *text, char **field, struct err *e)
{
	struct span s = span_of(text);

	if (span_trim(s).n == 0)
		return err_set(e, ERR_CONFIG, "%s is empty: it must be %s; "
			       "leave the line out if it is not wanted", key->name, key->hint);
	if (is_example(key, text))
		return err_set(e, ERR_CONFIG, "%s still has an example's value: it must be %s",
			       key->name, key->hint);
	if (address_fault(key, s))
		return err_set(e, ERR_CONFIG, "%s %s (%s)", key->name, address_fault(key, s), key->hint);
	if (!types[key->type].valid(key, s))
		return err_set(e, ERR_CONFIG, "%s must be %s", key->name, key->hint);
	mem_forget(*field);
	*field = str_dup(text);
	return 0;
}

bool config_is_aws(const struct config_key *key)
{
	return key->type == CONFIG_AWS || key->type == CONFIG_AWS_SECRET ||
	       key->type == CONFIG_AWS_FLAG;
}

int config_set(struct config *c, const struct config_key *key, const char *text, struct err *e)
{
	void *field = (char *)c + key->offset;

	if (config_is_aws(key) && !*text)
		return 0;
	if (key->type == CONFIG_INT)
		return set_int(key, span_of(text), field, e);
	if (key->type == CONFIG_FLAG || key->type == CONFIG_AWS_FLAG)
		return set_flag(key, text, field, e);
	return set_string(key, text, field, e);
}
