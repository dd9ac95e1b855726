/* SPDX-License-Identifier: ISC */
/*
 * Finding credentials.  The one idea: a table of sources; each says found, not
 * here, or failed, and the first that finds them is asked again when they run
 * out.
 */
#include "aws/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/example.h"
#include "base/mem.h"
#include "base/url.h"
#include "format/iso8601.h"
#include "format/json.h"
#include "net/http.h"

#define REFRESH_SECONDS 300
#define LOCAL_TIMEOUT_MS 1000 /* an endpoint on this machine or link answers at once */
#define CONTAINER_HOST "http://169.254.170.2"
#define METADATA_HOST "http://169.254.169.254"
#define ROLE_PATH "/latest/meta-data/iam/security-credentials/"
#define FILE_MAX_BYTES 16384
#define ANSWER_ROOM 16384 /* bytes: an answer with credentials is not moved */
#define FAILED_TEXT 220 /* bytes of why a source failed, in the list of what was tried */
#define OTHER_TEXT 80   /* and of why another one has none */

struct aws_provider {
	const struct aws_settings *settings;
	struct http_client *http;
	struct aws_credentials current; /* key_id NULL: none yet */
};

enum found { FOUND, NOT_HERE, FAILED };

static void clear(struct aws_credentials *c)
{
	free(c->key_id);
	mem_forget(c->secret);
	mem_forget(c->token);
	memset(c, 0, sizeof *c);
}

struct aws_provider *aws_provider_new(const struct aws_settings *settings)
{
	struct aws_provider *p = mem_zalloc(1, sizeof *p);

	p->settings = settings;
	p->http = http_client_new();
	return p;
}

void aws_provider_free(struct aws_provider *p)
{
	if (!p)
		return;
	clear(&p->current);
	http_client_free(p->http);
	free(p);
}

void aws_provider_forget(struct aws_provider *p)
{
	clear(&p->current);
}

/* --- 1. the environment, 2. a web identity, 3. the shared files ------------------------------ */

static enum found from_environment(struct aws_provider *p, int64_t deadline,
				   struct aws_credentials *c, struct err *e)
{
	(void)deadline;
	if (!p->settings->key_id && !p->settings->secret) {
		err_set(e, ERR_UNAVAILABLE, "AWS_ACCESS_KEY_ID is not set");
		return NOT_HERE;
	}
	if (!p->settings->key_id || !p->settings->secret) {
		err_set(e, ERR_UNAVAILABLE, "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only "
			"one is set");
		return FAILED;
	}
	c->key_id = str_dup(p->settings->key_id);
	c->secret = str_dup(p->settings->secret);
	c->token = str_dup(p->settings->token);
	return FOUND;
}

/* A role by web identity (EKS) is not assumed; what comes after would be another's. */
static enum found from_web_identity(struct aws_provider *p, int64_t deadline,
				    struct aws_credentials *c, struct err *e)
{
	(void)deadline;
	(void)c;
	if (!p->settings->web_identity) {
		err_set(e, ERR_UNAVAILABLE, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
		return NOT_HERE;
	}
	err_set(e, ERR_UNAVAILABLE, "%s is set, and ordersnap assumes no role: use EKS Pod "
		"Identity or an access key", p->settings->web_identity);
	return FAILED;
}

static enum found from_profile(struct aws_provider *p, int64_t deadline,
			       struct aws_credentials *c, struct err *e)
{
	(void)deadline;
	switch (aws_profile_keys(p->settings, c, e)) {
	case AWS_PROFILE_HAS_KEYS:
		return FOUND;
	case AWS_PROFILE_HAS_NONE:
		return NOT_HERE;
	default:
		return FAILED;
	}
}

/* --- 4. and 5.: endpoints that answer in JSON ------------------------------ */

/* {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} */
static int read_json(const struct buf *body, struct aws_credentials *c, struct err *e)
{
	struct json_object *json = json_parse((struct span){buf_text(body), body->len});
	const char *key_id = json_string_or_null(json, "AccessKeyId");
	const char *secret = json_string_or_null(json, "SecretAccessKey");
	const char *expiration = json_string_or_null(json, "Expiration");
	const char *message = json_string_or_null(json, "Message");
	const char *token = json_string_or_null(json, "Token");
	int rc = 0;

	if (key_id && secret) {
		c->key_id = str_dup(key_id);
		c->secret = str_dup(secret);
		c->token = str_dup(str_empty(token) ? NULL : token);
		if (expiration && iso8601_parse(expiration, &c->expires))
			rc = err_set(e, ERR_UNAVAILABLE, "the credentials' Expiration is no time");
	} else {
		rc = err_set(e, ERR_UNAVAILABLE, "the answer has no credentials%s%.200s",
			     message ? ": " : "", message ? message : "");
	}
	json_wipe_string(json, "SecretAccessKey");
	json_wipe_string(json, "Token");
	json_object_put(json);
	return rc;
}

/* `request` without a method is a GET. */
static int fetch(struct aws_provider *p, struct http_request request, struct http_answer *answer,
		 struct err *e)
{
	if (!request.method)
		request.method = "GET";
	if (http_perform(p->http, &request, answer, e))
		return -1;
	return answer->status == 200 ? 0
		: err_set(e, ERR_UNAVAILABLE, "%s answered %d", request.url, answer->status);
}

/* https, this machine, or the two link-local addresses of ECS and EKS: nowhere
 * else does an authorization token go in the clear. */
static bool may_ask(const char *text)
{
	struct url url;

	if (url_parse(span_of(text), &url))
		return false;
	return span_equals(url.scheme, "https") || url_is_loopback(&url) ||
	       span_equals(url.host, "169.254.170.2") || span_equals(url.host, "169.254.170.23") ||
	       span_equals(url.host, "[fd00:ec2::23]");
}

/* The header that a token is sent in, to free(); -1 where it is not one line of text. */
static int header_of(const char *name, struct span token, char **header, struct err *e)
{
	size_t i;

	token = span_trim(token);
	for (i = 0; i < token.n; i++)
		if (token.p[i] < ' ' || token.p[i] > '~')
			return err_set(e, ERR_UNAVAILABLE, "the token for the credentials is not one "
				       "line of text");
	*header = str_printf("%s%.*s", name, (int)token.n, token.p);
	return 0;
}

/* The file's token, else the variable's; NULL in *header for none.  A file that
 * is named has to be there: without it somebody else's credentials, or none,
 * would be the answer. */
static int container_header(const struct aws_settings *s, char **header, struct err *e)
{
	char token[FILE_MAX_BYTES] = "";
	struct span text = span_of(s->container_token ? s->container_token : "");
	FILE *file;
	int rc;

	*header = NULL;
	if (s->container_token_file) {
		file = fopen(s->container_token_file, "re");
		text = (struct span){token, file ? fread(token, 1, sizeof token - 1, file) : 0};
		text = span_trim(text);
		if (file)
			fclose(file);
		if (text.n == 0)
			return err_set(e, ERR_UNAVAILABLE, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "
				       "%s %s", s->container_token_file,
				       file ? "is empty" : "can't be read");
	}
	rc = text.n ? header_of("Authorization: ", text, header, e) : 0;
	mem_wipe(token, sizeof token);
	return rc;
}

static enum found from_container(struct aws_provider *p, int64_t deadline,
				 struct aws_credentials *c, struct err *e)
{
	const struct aws_settings *s = p->settings;
	struct http_answer answer;
	char *url, *header = NULL;
	int rc;

	if (!s->container_relative_uri && !s->container_full_uri) {
		err_set(e, ERR_UNAVAILABLE, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set");
		return NOT_HERE;
	}
	url = s->container_relative_uri ? str_printf(CONTAINER_HOST "%s", s->container_relative_uri)
					: str_dup(s->container_full_uri);
	http_answer_init(&answer);
	buf_make_room(&answer.body, ANSWER_ROOM);
	if (!may_ask(url))
		rc = err_set(e, ERR_UNAVAILABLE, "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https "
			     "or on this machine");
	else
		rc = container_header(s, &header, e);
	if (!rc)
		rc = fetch(p, (struct http_request){.url = url, .headers = {header},
						    .deadline = deadline}, &answer, e);
	if (!rc)
		rc = read_json(&answer.body, c, e);
	http_answer_free(&answer);
	mem_forget(header);
	free(url);
	return rc ? FAILED : FOUND;
}

/* The instance's role, then its credentials; `request` has the session's header. */
static int ask_metadata(struct aws_provider *p, const char *host, struct http_request request,
			struct http_answer *answer, struct err *e)
{
	char *url = str_printf("%s" ROLE_PATH, host);
	struct span rest, role = {"", 0};
	int rc;

	request.url = url;
	rc = fetch(p, request, answer, e);
	free(url);
	if (rc)
		return -1;
	rest = (struct span){buf_text(&answer->body), answer->body.len};
	span_next(&rest, '\n', &role);
	role = span_trim(role);
	url = str_printf("%s" ROLE_PATH "%.*s", host, (int)role.n, role.p);
	request.url = url;
	rc = fetch(p, request, answer, e);
	free(url);
	return rc;
}

static char *without_slash(const char *text)
{
	struct span s = span_of(text);

	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	return span_dup(s);
}

static enum found from_metadata(struct aws_provider *p, int64_t deadline,
				struct aws_credentials *c, struct err *e)
{
	const char *host = p->settings->metadata_endpoint;
	struct http_answer answer;
	char *url, *header = NULL, *own;
	int rc;

	if (p->settings->metadata_disabled) {
		err_set(e, ERR_UNAVAILABLE, "AWS_EC2_METADATA_DISABLED is set");
		return NOT_HERE;
	}
	own = without_slash(host ? host : METADATA_HOST);
	host = own;
	deadline = deadline_within(LOCAL_TIMEOUT_MS, deadline);
	url = str_printf("%s/latest/api/token", host);
	http_answer_init(&answer);
	buf_make_room(&answer.body, ANSWER_ROOM);
	rc = fetch(p, (struct http_request){.method = "PUT", .url = url, .deadline = deadline,
		   .headers = {"X-aws-ec2-metadata-token-ttl-seconds: 21600"}}, &answer, e);
	if (!rc)
		rc = header_of("X-aws-ec2-metadata-token: ", (struct span){buf_text(&answer.body),
			       answer.body.len}, &header, e);
	if (!rc)
		rc = ask_metadata(p, host, (struct http_request){.headers = {header},
						.deadline = deadline}, &answer, e);
	if (!rc)
		rc = read_json(&answer.body, c, e);
	http_answer_free(&answer);
	mem_forget(header);
	free(url);
	free(own);
	return rc ? NOT_HERE : FOUND;
}

/* --- the chain -------------------------------------------------------------- */

static const struct {
	const char *name;
	enum found (*ask)(struct aws_provider *p, int64_t deadline, struct aws_credentials *c,
			  struct err *e);
} sources[] = {
	{"environment", from_environment},
	{"web identity", from_web_identity},
	{"shared files", from_profile},
	{"container", from_container},
	{"instance metadata", from_metadata},
};

/* An example's keys are nobody's, and neither is what can't be sent in a header. */
static enum found refuse_impossible(const struct aws_credentials *c, struct err *e)
{
	if (example_is_secret(c->key_id) || example_is_secret(c->secret))
		err_set(e, ERR_UNAVAILABLE, "the access key still has an example's value");
	else if (!aws_is_key(c->key_id) || !aws_is_key(c->secret) || (c->token && !aws_is_key(c->token)))
		err_set(e, ERR_UNAVAILABLE, "the access key, its secret or its token has a character "
			"that can't be in one (a space or a line end, say)");
	else
		return FOUND;
	return FAILED;
}

/* The first source that has them.  One that is there but fails ends the chain:
 * others would be a surprise. */
static int find(struct aws_provider *p, int64_t deadline, struct aws_credentials *c,
		struct err *e)
{
	struct err why;
	struct buf tried;
	size_t i;

	buf_init(&tried, sizeof e->text - 40);
	for (i = 0; i < sizeof sources / sizeof *sources; i++) {
		enum found found;

		memset(c, 0, sizeof *c);
		c->expires = INT64_MAX;
		found = sources[i].ask(p, deadline, c, &why);
		if (found == FOUND)
			found = refuse_impossible(c, &why);
		if (found == FOUND)
			break;
		clear(c);
		buf_printf(&tried, "%s%s: %.*s", tried.len ? "; " : "", sources[i].name,
			   found == FAILED ? FAILED_TEXT : OTHER_TEXT, why.text);
		if (found == FAILED)
			break;
	}
	if (!c->key_id)
		err_set(e, ERR_UNAVAILABLE, "no AWS credentials (%s)", buf_text(&tried));
	buf_free(&tried);
	return c->key_id ? 0 : -1;
}

int aws_provider_get(struct aws_provider *p, int64_t deadline,
		     const struct aws_credentials **credentials, struct err *e)
{
	int64_t now = clock_epoch();
	bool good = p->current.key_id && p->current.expires > now;
	struct aws_credentials fresh;

	if (!good || p->current.expires - now <= REFRESH_SECONDS) {
		/* While the old ones are good, the request's time is not spent on an endpoint that hangs. */
		if (good)
			deadline = deadline_within(LOCAL_TIMEOUT_MS, deadline);
		if (find(p, deadline, &fresh, e) == 0) {
			clear(&p->current);
			p->current = fresh;
		} else if (!good) {
			return -1;
		}
	}
	*credentials = &p->current;
	return 0;
}
