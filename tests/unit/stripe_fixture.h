/* SPDX-License-Identifier: ISC */
/*
 * A Stripe of a few objects, for tests of what reads its lists: they are listed within the times and
 * behind the place that a request names, a hundred a page, newest first, and found by their ids.
 */
#ifndef ORDERSNAP_TESTS_STRIPE_FIXTURE_H
#define ORDERSNAP_TESTS_STRIPE_FIXTURE_H

#include "outside.h"

#include <stdio.h>

#include "net/http.h"

#define STRIPE_OBJECTS 8700
#define STRIPE_PAGE 100

/* One object; of a `list` of "/v1/", as "checkout/sessions". */
struct stripe_object {
	const char *list, *id;
	int64_t created;
	const char *json; /* ' stands for " */
};

/* An answer in the place of one of the objects', as often as `times` says, to requests that have
 * `part` in them. */
struct stripe_fault {
	const char *part;
	int times, status;
	const char *retry_after;
};

static struct {
	struct stripe_object objects[STRIPE_OBJECTS]; /* newest first */
	size_t n;
	struct stripe_fault fault;
	const char *became_id, *became; /* what one is by now: to whoever asks for it, not yet in lists */
	struct outside_header headers[2];
	struct buf asked; /* a line for each request: its path, and its query from "created" on */
} stripe;

static inline int64_t stripe_number_in(const char *url, const char *name, int64_t otherwise)
{
	const char *at = strstr(url, name);

	return at ? strtoll(at + strlen(name), NULL, 10) : otherwise;
}

/* An event is listed if its type is asked for. */
static inline bool stripe_lists(const struct stripe_object *o, const char *list, const char *url)
{
	const char *type;

	if (strcmp(list, "events") != 0)
		return true;
	type = json_string_or_null(json_of("%s", o->json), "type");
	return strstr(url, keep_text(str_printf("types[]=%s&", type))) ||
	       str_ends(url, keep_text(str_printf("types[]=%s", type)));
}

static inline int stripe_answer_list(const char *list, const char *url, struct buf *body)
{
	const int64_t from = stripe_number_in(url, "created[gte]=", INT64_MIN);
	const int64_t to = stripe_number_in(url, "created[lte]=", INT64_MAX);
	const char *after = strstr(url, "starting_after=");
	const struct stripe_object *o;
	size_t i = 0, found = 0;

	if (after) {
		after += strlen("starting_after=");
		while (i < stripe.n && strcmp(stripe.objects[i].id, after) != 0)
			i++;
		if (i++ == stripe.n)
			return 400;
	}
	buf_puts(body, "{\"object\":\"list\",\"data\":[");
	for (; i < stripe.n; i++) {
		o = &stripe.objects[i];
		if (strcmp(o->list, list) != 0 || o->created < from || o->created > to || !stripe_lists(o, list, url))
			continue;
		if (++found > STRIPE_PAGE)
			break;
		buf_puts(body, found > 1 ? "," : "");
		add_json(body, o->json);
	}
	buf_printf(body, "],\"has_more\":%s}", found > STRIPE_PAGE ? "true" : "false");
	return 200;
}

static inline int stripe_serve(const struct http_request *request, struct buf *body)
{
	const char *path = strstr(request->url, "/v1/") + strlen("/v1/");
	const char *created = strstr(path, "created[");
	char name[200], *id;
	size_t i;

	snprintf(name, sizeof name, "%.*s", (int)strcspn(path, "?"), path);
	buf_printf(&stripe.asked, "%s%s%s\n", name, created ? " " : "", created ? created : "");
	stripe.headers[0] = (struct outside_header){NULL, NULL};
	outside.headers = stripe.headers;
	if (stripe.fault.times && strstr(request->url, stripe.fault.part)) {
		stripe.fault.times--;
		if (stripe.fault.retry_after)
			stripe.headers[0] = (struct outside_header){"Retry-After", stripe.fault.retry_after};
		add_json(body, "{'error':{'message':'a fault'}}");
		return stripe.fault.status;
	}
	id = strrchr(name, '/');
	if (!id || strcmp(name, "checkout/sessions") == 0)
		return stripe_answer_list(name, request->url, body);
	*id++ = '\0';
	for (i = 0; i < stripe.n; i++)
		if (strcmp(stripe.objects[i].id, id) == 0 && strcmp(stripe.objects[i].list, name) == 0) {
			add_json(body, stripe.became_id && strcmp(stripe.became_id, id) == 0
				 ? stripe.became : stripe.objects[i].json);
			return 200;
		}
	add_json(body, "{'error':{'code':'resource_missing'}}");
	return 404;
}

static inline void stripe_begin(void)
{
	outside_begin();
	outside.serve = stripe_serve;
	stripe.n = 0;
	stripe.became_id = NULL;
	stripe.fault = (struct stripe_fault){.times = 0};
	buf_init(&stripe.asked, 1 << 20);
}

static inline void stripe_end(void)
{
	buf_free(&stripe.asked);
	outside_end();
}

/* What was asked since the last time. */
static inline const char *stripe_asked(void)
{
	const char *text = keep_text(str_dup(buf_text(&stripe.asked)));

	buf_reset(&stripe.asked);
	return text;
}

/* Has an object in its place among the others, by its time; one of the same id is replaced. */
static inline void stripe_has(const char *list, const char *id, int64_t created, const char *json)
{
	const struct stripe_object object = {list, id, created, json};
	size_t i;

	for (i = 0; i < stripe.n; i++)
		if (strcmp(stripe.objects[i].id, id) == 0) {
			stripe.objects[i] = object;
			return;
		}
	assert_true(stripe.n < STRIPE_OBJECTS);
	for (i = stripe.n++; i > 0 && stripe.objects[i - 1].created < created; i--)
		stripe.objects[i] = stripe.objects[i - 1];
	stripe.objects[i] = object;
}

static inline void stripe_forgets(const char *id)
{
	size_t i;

	for (i = 0; i < stripe.n && strcmp(stripe.objects[i].id, id) != 0; i++)
		;
	assert_true(i < stripe.n);
	memmove(&stripe.objects[i], &stripe.objects[i + 1], (--stripe.n - i) * sizeof *stripe.objects);
}

#endif
