/* SPDX-License-Identifier: ISC */
/*
 * One transport, one error mapper.
 */
#include "stripe/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/url.h"
#include "net/http.h"
#include "stripe/members.h"

#define TRIES 3
#define FIRST_PAUSE_MS 500u
#define LONGEST_WAIT 60 /* seconds that Stripe may ask for */
#define LESS_MS (600 * 1000) /* until all is asked for again */
#define SLOW_MS 50 /* between requests, once Stripe has limited their rate */
#define SLOWEST_MS 1000

const struct metrics_family stripe_seconds = {
	.name = "ordersnap_stripe_seconds",
	.help = "How long requests to Stripe took, each try for itself, by method and outcome.",
	.kind = METRICS_SECONDS,
	.labels = {"method", "outcome"},
};

const struct metrics_family stripe_retries = {
	.name = "ordersnap_stripe_retries_total",
	.help = "Requests to Stripe that were tried again.",
};

/* What was asked ahead. */
struct ahead {
	char *path; /* NULL: nothing */
	struct http_ahead *http;
	int64_t since; /* monotonic microseconds */
};

struct stripe_client {
	struct http_client *http;
	struct ahead ahead[STRIPE_AHEAD];
	char *authorization; /* the whole header */
	char *base;          /* without a slash at the end */
	bool replayed;
	bool unauthorized;
	struct stripe_refusal refusal; /* of the last answer */
	int64_t interval; /* milliseconds between two requests, 0: no limit */
	int64_t next;     /* when the next one may go, monotonic */
	struct err less;  /* why less than all is asked for, */
	int64_t less_until; /* monotonic milliseconds; 0: all is asked for */
};

void stripe_client_prepare(const char *api_base)
{
	if (url_is_https(api_base))
		http_prepare();
}

struct stripe_client *stripe_client_new(const char *secret, const char *api_base)
{
	struct stripe_client *client = mem_zalloc(1, sizeof *client);
	size_t n = strlen(api_base);

	client->http = http_client_new();
	client->authorization = str_printf("Authorization: Bearer %s", secret);
	while (n && api_base[n - 1] == '/')
		n--;
	client->base = span_dup((struct span){api_base, n});
	return client;
}

void stripe_client_free(struct stripe_client *client)
{
	if (!client)
		return;
	stripe_forget_ahead(client);
	http_client_free(client->http);
	mem_forget(client->authorization);
	free(client->base);
	free(client);
}

bool stripe_was_replayed(struct stripe_client *client)
{
	return client->replayed;
}

bool stripe_was_unauthorized(const struct stripe_client *client)
{
	return client->unauthorized;
}

const struct stripe_refusal *stripe_last_refusal(const struct stripe_client *client)
{
	return &client->refusal;
}

int64_t stripe_last_date(struct stripe_client *client)
{
	return http_last_date(client->http);
}

const struct err *stripe_expansion_refusal(const struct stripe_client *client)
{
	return client->less_until > clock_monotonic_ms() ? &client->less : NULL;
}

void stripe_keep_expansion_refusal(struct stripe_client *client, const struct err *refusal)
{
	client->less = *refusal;
	client->less_until = clock_monotonic_ms() + LESS_MS;
}

unsigned stripe_client_calls(const struct stripe_client *client)
{
	return http_client_calls(client->http);
}

void stripe_client_limit_rate(struct stripe_client *client, unsigned per_second)
{
	client->interval = per_second ? (1000 + per_second - 1) / per_second : 0;
}

/* Waits until the next request may go. */
static void wait_for_rate(struct stripe_client *client, int64_t deadline)
{
	int64_t now = clock_monotonic_ms();

	if (client->next > now)
		deadline_sleep(client->next - now, deadline);
	now = clock_monotonic_ms();
	client->next = now + client->interval;
}

/* Stripe says that it is too fast, whatever the agreed rate is. */
static void slow_down(struct stripe_client *client)
{
	client->interval *= 2;
	if (client->interval < SLOW_MS)
		client->interval = SLOW_MS;
	if (client->interval > SLOWEST_MS)
		client->interval = SLOWEST_MS;
}

static const char *or_none(const char *s)
{
	return s ? s : "-";
}

/* Keeps a text of the error, cut to its room and not within a character. */
static void keep_member(struct json_object *error, const char *name, char *out, size_t size)
{
	const char *text = json_string_or_null(error, name);

	snprintf(out, size, "%s", text ? text : "");
	str_trim_sequence(out);
}

/* The seconds for which Stripe wants no other try; 0 where it does not say.  Its own libraries take a
 * whole number of up to a minute for that, and anything else for nothing.
 * https://github.com/stripe/stripe-python/blob/master/stripe/_http_client.py */
static int retry_after_of(struct stripe_client *client)
{
	const char *told = http_last_header(client->http, "Retry-After");
	int64_t seconds;

	if (!told || span_to_int64(span_trim(span_of(told)), &seconds) || seconds < 0 ||
	    seconds > LONGEST_WAIT)
		return 0;
	return (int)seconds;
}

/* The error object of https://docs.stripe.com/api/errors as one line. */
static int map_error(struct stripe_client *client, const struct stripe_request *request,
		     const struct http_answer *answer, struct err *e)
{
	struct json_object *body = json_parse((struct span){buf_text(&answer->body), answer->body.len});
	struct json_object *error = NULL;
	bool passing = answer->status == 409 || answer->status == 429 || answer->status >= 500;

	json_get_object(body, "error", &error);
	keep_member(error, "code", client->refusal.code, sizeof client->refusal.code);
	keep_member(error, "param", client->refusal.param, sizeof client->refusal.param);
	keep_member(error, "message", client->refusal.message, sizeof client->refusal.message);
	err_set(e, passing ? ERR_UNAVAILABLE : ERR_REFUSED,
		"Stripe answered %d to %s %.120s: type=%s code=%s param=%s request=%s: %s",
		answer->status, request->method, request->path,
		or_none(json_string_or_null(error, "type")), or_none(json_string_or_null(error, "code")),
		or_none(json_string_or_null(error, "param")),
		or_none(http_last_header(client->http, "Request-Id")),
		or_none(json_string_or_null(error, "message")));
	e->upstream = answer->status;
	e->retry_after = retry_after_of(client);
	json_object_put(body);
	return -1;
}

static const char *outcome_of(int rc, int status)
{
	if (rc)
		return "no_answer";
	if (status == 429)
		return "limited";
	return status < 400 ? "ok" : status < 500 ? "refused" : "failed";
}

/* The request as HTTP has it; `key` is the header of its idempotency key, or NULL. */
static struct http_request http_request_of(const struct stripe_client *client,
					   const struct stripe_request *request, const char *url,
					   const char *key)
{
	return (struct http_request){
		.method = request->method,
		.url = url,
		.headers = {client->authorization, "Stripe-Version: " STRIPE_API_VERSION,
			    "Accept: application/json", key},
		.body = span_of(request->form),
		.deadline = request->deadline,
	};
}

/* Counts a try, and keeps away from Stripe's limit once it has answered that it was reached. */
static void note_answer(struct stripe_client *client, const char *method, int64_t since, int rc,
			int status)
{
	metrics_took(&stripe_seconds, clock_monotonic_us() - since,
		     (const char *const[METRICS_LABELS]){method, outcome_of(rc, status)});
	if (rc == 0 && status == 429 && client->interval)
		slow_down(client);
}

static struct ahead *find_ahead(struct stripe_client *client, const char *path)
{
	struct ahead *ahead = client->ahead, *end = ahead + STRIPE_AHEAD;

	while (ahead < end && !(path ? ahead->path && strcmp(ahead->path, path) == 0 : !ahead->path))
		ahead++;
	return ahead < end ? ahead : NULL;
}

void stripe_ask_ahead(struct stripe_client *client, const char *path, int64_t deadline)
{
	const struct stripe_request request = {.method = "GET", .path = path, .deadline = deadline};
	struct ahead *ahead = find_ahead(client, path) ? NULL : find_ahead(client, NULL);
	char *url;
	struct http_request http;

	if (!ahead)
		return;
	if (client->interval)
		wait_for_rate(client, deadline);
	url = str_printf("%s%s", client->base, path);
	http = http_request_of(client, &request, url, NULL);
	ahead->since = clock_monotonic_us();
	ahead->http = http_begin(client->http, &http);
	if (ahead->http)
		ahead->path = str_dup(path);
	free(url);
}

void stripe_let_in(struct stripe_client *client)
{
	http_go_on(client->http);
}

void stripe_forget_ahead(struct stripe_client *client)
{
	struct ahead *ahead = client->ahead, *end = ahead + STRIPE_AHEAD;

	for (; ahead < end; ahead++) {
		http_drop(client->http, ahead->http);
		free(ahead->path);
		*ahead = (struct ahead){.path = NULL};
	}
}

/* Takes the answer that was asked ahead; false where there is none, or none came before anybody
 * waited for it (a connection that was closed, time that was over): it is asked for anew. */
static bool take_ahead(struct stripe_client *client, const struct stripe_request *request,
		       struct http_answer *answer, int *rc, struct err *e)
{
	struct ahead *found = strcmp(request->method, "GET") == 0 ? find_ahead(client, request->path)
								  : NULL, ahead;
	bool waited;

	if (!found)
		return false;
	ahead = *found;
	*found = (struct ahead){.path = NULL};
	free(ahead.path);
	*rc = http_finish(client->http, ahead.http, answer, &waited, e);
	note_answer(client, request->method, ahead.since, *rc, answer->status);
	return *rc == 0 || waited;
}

static int send_once(struct stripe_client *client, const struct stripe_request *request,
		     const char *url, struct http_answer *answer, struct err *e)
{
	struct http_request http;
	int64_t since;
	char *key;
	int rc;

	if (take_ahead(client, request, answer, &rc, e))
		return rc;
	if (client->interval)
		wait_for_rate(client, request->deadline);
	key = request->idempotency_key ? str_printf("Idempotency-Key: %s", request->idempotency_key)
				       : NULL;
	http = http_request_of(client, request, url, key);
	since = clock_monotonic_us();
	rc = http_perform(client->http, &http, answer, e);
	note_answer(client, request->method, since, rc, answer->status);
	free(key);
	return rc;
}

/* https://docs.stripe.com/error-low-level#should-retry: the header decides;
 * without it conflicts and server errors are worth another try, too many
 * requests are not, and neither is a server error to a request with an
 * idempotency key: Stripe keeps it for that key. */
static bool should_retry(struct stripe_client *client, int status, bool has_key)
{
	const char *told = http_last_header(client->http, "Stripe-Should-Retry");

	if (told && strcmp(told, "true") == 0)
		return true;
	if (told && strcmp(told, "false") == 0)
		return false;
	return status == 409 || (status >= 500 && !has_key);
}

int stripe_unreadable(struct err *e)
{
	if (e)
		e->upstream = STRIPE_UNREADABLE;
	return -1;
}

static int take_answer(struct stripe_client *client, const struct stripe_request *request,
		       const struct http_answer *http, struct json_object **answer, struct err *e)
{
	struct json_object *value;

	if (http->status < 200 || http->status > 299)
		return map_error(client, request, http, e);
	value = json_parse_members((struct span){buf_text(&http->body), http->body.len}, stripe_member);
	if (!json_object_is_type(value, json_type_object)) {
		json_object_put(value);
		err_set(e, ERR_UNAVAILABLE, "Stripe's answer to %s %.120s is no JSON object",
			request->method, request->path);
		return stripe_unreadable(e);
	}
	*answer = value;
	return 0;
}

/* Half a second, doubled each time, of which a random half is taken off, or what Stripe
 * asks for; not slept where the deadline would pass meanwhile. */
static bool pause_before_retry(int try, const struct err *why, int64_t deadline)
{
	uint32_t pause = FIRST_PAUSE_MS << try;
	int64_t ms = pause - clock_jitter(pause / 2), asked = why->retry_after * INT64_C(1000);

	return deadline_pause(ms > asked ? ms : asked, deadline);
}

int stripe_send(struct stripe_client *client, const struct stripe_request *request,
		struct json_object **answer, struct err *e)
{
	char *url = str_printf("%s%s", client->base, request->path);
	struct http_answer http;
	struct err why = {.code = ERR_NONE};
	bool again = true;
	int rc = -1, try;

	http_answer_init(&http);
	for (try = 0; again && try < TRIES; try++) {
		if (try && !pause_before_retry(try - 1, &why, request->deadline))
			break;
		if (try)
			metrics_add(&stripe_retries, 1, NULL);
		client->refusal = (struct stripe_refusal){.code = ""};
		rc = send_once(client, request, url, &http, &why);
		again = rc != 0 || (http.status >= 300 && should_retry(client, http.status,
							    request->idempotency_key != NULL));
		if (rc == 0)
			rc = take_answer(client, request, &http, answer, &why);
		if (rc == 0)
			break;
	}
	client->unauthorized = http.status == 401;
	client->replayed = http.status && http_last_header(client->http, "Idempotent-Replayed") != NULL;
	http_answer_free(&http);
	free(url);
	if (rc && e)
		*e = why;
	return rc;
}
