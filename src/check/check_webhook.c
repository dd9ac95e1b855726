/* SPDX-License-Identifier: ISC */
/*
 * The webhook endpoint at Stripe: which one is this shop's, and does it send
 * what the shop needs?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/url.h"
#include "check/check_part.h"
#include "shop/event.h"
#include "stripe/account.h"

#define CALL_MS 8000
#define MATCHES_MAX 16
#define TEXT_MAX 2048
#define ALL_REFUNDS_SINCE "2024-10-28" /* https://docs.stripe.com/changelog/acacia */
#define FIRST_EVENT event_types[0] /* without it there are no orders at all */

struct search {
	const char *base; /* the public address, or NULL */
	struct json_object *found[MATCHES_MAX];
	size_t count; /* those beyond MATCHES_MAX are counted, not kept */
	bool exact;   /* they have scheme and port of `base`, too */
	size_t all;
};

/* The path without query and fragment. */
static struct span path_of(const struct url *url)
{
	size_t n = 0;

	while (n < url->rest.n && url->rest.p[n] != '?' && url->rest.p[n] != '#')
		n++;
	return (struct span){url->rest.p, n};
}

static bool ends(struct span text, const char *end)
{
	size_t n = strlen(end);

	return text.n >= n && memcmp(text.p + text.n - n, end, n) == 0;
}

static bool is_webhook_path(struct span path)
{
	return ends(path, "/stripe/webhook") || ends(path, "/stripe-webhook") ||
	       ends(path, "/stripe-webhook.fcgi") || ends(path, "/stripe-webhook.cgi");
}

enum match { OTHER, SAME_HOST, SAME_ADDRESS };

static enum match compare(const struct url *base, const struct url *url)
{
	struct span front = path_of(base), path = path_of(url);

	while (front.n && front.p[front.n - 1] == '/')
		front.n--;
	if (base->host.n != url->host.n ||
	    strncasecmp(base->host.p, url->host.p, url->host.n) != 0 || path.n < front.n ||
	    (front.n && memcmp(path.p, front.p, front.n) != 0))
		return OTHER;
	return url_same_origin(base, url) ? SAME_ADDRESS : SAME_HOST;
}

/* Whether the address is that of this shop's webhook; without a public address
 * that is a guess by its end. */
static enum match match_of(const char *base, const char *address)
{
	struct url url, own;

	if (!address || url_parse(span_of(address), &url) || !is_webhook_path(path_of(&url)))
		return OTHER;
	if (!base)
		return SAME_ADDRESS;
	return url_parse(span_of(base), &own) ? OTHER : compare(&own, &url);
}

static size_t kept(const struct search *s)
{
	return s->count < MATCHES_MAX ? s->count : MATCHES_MAX;
}

static void forget(struct search *s)
{
	size_t i;

	for (i = 0; i < kept(s); i++)
		json_object_put(s->found[i]);
	s->count = 0;
}

/* One with another scheme or port counts where none has the very address. */
static void on_endpoint(void *context, struct json_object *endpoint)
{
	struct search *s = context;
	enum match match = match_of(s->base, json_string_or_null(endpoint, "url"));

	s->all++;
	if (match == OTHER || (match == SAME_HOST && s->exact))
		return;
	if (match == SAME_ADDRESS && !s->exact) {
		forget(s);
		s->exact = true;
	}
	if (s->count < MATCHES_MAX)
		s->found[s->count] = json_object_get(endpoint);
	s->count++;
}

static void list_events(struct buf *text)
{
	size_t i;

	for (i = 0; event_types[i]; i++)
		buf_printf(text, "%s%s", i ? ", " : "", event_types[i]);
}

/* The address to add: the one given, else that of the page after paying. */
static void put_address(const struct check *c, struct buf *text)
{
	const char *success = c->app->config.checkout_success_url;
	struct url url;

	if (c->options->url) {
		size_t n = strlen(c->options->url);

		while (n && c->options->url[n - 1] == '/')
			n--;
		buf_add(text, c->options->url, n);
	} else if (success && url_parse(span_of(success), &url) == 0) {
		buf_add(text, success, strlen(success) - url.rest.n);
	} else {
		buf_puts(text, "https://your.shop");
	}
	buf_puts(text, "/stripe/webhook");
}

static void say_none(struct check *c, const struct search *s)
{
	struct buf advice;

	buf_init(&advice, TEXT_MAX);
	buf_puts(&advice, "add one in Stripe's Dashboard, Developers, Webhooks, with the address ");
	put_address(c, &advice);
	buf_puts(&advice, " and the events ");
	list_events(&advice);
	check_not(c, CHECK_WARNING, "endpoint", buf_text(&advice),
		  "none of the account's endpoints (%zu) %s%s", s->all,
		  s->base ? "is this shop's at " : "ends in /stripe/webhook", s->base ? s->base : "");
	buf_free(&advice);
}

static void say_several(struct check *c, const struct search *s)
{
	struct buf text;
	size_t i;

	buf_init(&text, TEXT_MAX);
	for (i = 0; i < kept(s); i++)
		buf_printf(&text, "%s%s", i ? ", " : "", json_string_or_null(s->found[i], "url"));
	check_not(c, CHECK_WARNING, "endpoint",
		  s->base ? "delete all but one in Stripe's Dashboard, Developers, Webhooks"
			  : "say which one is this shop's with --url, or delete the others",
		  s->base ? "%zu endpoints are this shop's, so each event comes that often: %s"
			  : "%zu endpoints may be this shop's, so none was looked at: %s",
		  s->count, buf_text(&text));
	buf_free(&text);
}

static void look_at_address(struct check *c, struct json_object *endpoint)
{
	const char *address = json_string_or_null(endpoint, "url");
	bool live = false;

	if (c->mode == KEY_MODE_LIVE && !str_starts(address, "https://"))
		check_not(c, CHECK_FAILED, "endpoint", "change its address to https://", "%s is not "
			  "https, as live mode wants it", address);
	else
		check_ok(c, "endpoint", "%s", address);
	if (json_get_bool(endpoint, "livemode", &live) == JSON_FOUND &&
	    c->mode != KEY_MODE_UNKNOWN && live != (c->mode == KEY_MODE_LIVE))
		check_not(c, CHECK_FAILED, "mode", "use key, endpoint and signing secret of one mode",
			  "the endpoint is of %s mode, the key is not: its events are ignored",
			  live ? "live" : "test");
}

static void look_at_status(struct check *c, struct json_object *endpoint)
{
	const char *status = json_string_or_null(endpoint, "status");

	if (status && strcmp(status, "enabled") == 0)
		check_ok(c, "status", "enabled");
	else
		check_not(c, CHECK_FAILED, "status", "enable it in Stripe's Dashboard, Developers, "
			  "Webhooks, and fetch what was missed with ordersnap sync",
			  "%s: Stripe sends it nothing", status ? status : "not known");
}

static bool has_event(struct json_object *events, const char *type)
{
	size_t i;

	for (i = 0; i < json_object_array_length(events); i++) {
		const char *one = json_object_get_string(json_object_array_get_idx(events, i));

		if (one && (strcmp(one, type) == 0 || strcmp(one, "*") == 0))
			return true;
	}
	return false;
}

/* Writes those that are missing; their number. */
static size_t list_missing(struct json_object *events, struct buf *text)
{
	size_t i, n = 0;

	for (i = 0; event_types[i]; i++)
		if (!has_event(events, event_types[i]))
			buf_printf(text, "%s%s", n++ ? ", " : "", event_types[i]);
	return n;
}

static void say_all_events(struct check *c, struct json_object *events)
{
	size_t needed = 0, total = json_object_array_length(events);

	while (event_types[needed])
		needed++;
	if (has_event(events, "*"))
		check_ok(c, "events", "all that there are (*); those that don't matter are ignored");
	else if (total > needed)
		check_ok(c, "events", "all %zu that are needed, and %zu that are ignored", needed,
			 total - needed);
	else
		check_ok(c, "events", "all %zu that are needed", needed);
}

static void look_at_events(struct check *c, struct json_object *endpoint)
{
	struct json_object *events = NULL;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	if (json_get_array(endpoint, "enabled_events", &events) != JSON_FOUND)
		check_not(c, CHECK_WARNING, "events", "look at it in Stripe's Dashboard",
			  "Stripe does not say which events it gets");
	else if (list_missing(events, &text) == 0)
		say_all_events(c, events);
	else
		check_not(c, has_event(events, FIRST_EVENT) ? CHECK_WARNING : CHECK_FAILED, "events",
			  "add them to the endpoint: Stripe's Dashboard, Developers, Webhooks",
			  "%sit does not get %s", has_event(events, FIRST_EVENT) ? "" :
			  "no payment becomes an order: ", buf_text(&text));
	buf_free(&text);
}

static void look_at_endpoint(struct check *c, struct json_object *endpoint)
{
	const char *version = json_string_or_null(endpoint, "api_version");

	look_at_address(c, endpoint);
	look_at_status(c, endpoint);
	look_at_events(c, endpoint);
	if (version && strcmp(version, ALL_REFUNDS_SINCE) < 0)
		check_not(c, CHECK_WARNING, "version", "make the endpoint anew with a newer API version, "
			  "in Stripe's Dashboard, Developers, Webhooks", "its events are of API version "
			  "%s: Stripe sends it no refund.created, refund.updated and refund.failed of a "
			  "charge, and tells that a refund failed by charge.refund.updated alone", version);
	else
		check_ok(c, "version", "its events are of API version %s; any is understood",
			 version ? version : "the account's default");
}

static void say_found(struct check *c, const struct search *s)
{
	size_t i;

	if (s->count == 0)
		say_none(c, s);
	if (s->count > 1)
		say_several(c, s);
	for (i = 0; i < kept(s); i++)
		if (s->count == 1 || s->base)
			look_at_endpoint(c, s->found[i]);
}

void check_webhook(struct check *c)
{
	struct search search = {.base = c->options->url};
	struct stripe_client *stripe;
	struct err e;

	if (!c->accepted || !c->sees_endpoints)
		return; /* check_stripe() has said why */
	c->group = "webhook";
	stripe = app_stripe(c->app, check_deadline(c, CALL_MS), &e);
	if (stripe && stripe_webhook_endpoints(stripe, check_deadline(c, CALL_MS), on_endpoint,
					       &search, &e) == 0)
		say_found(c, &search);
	else
		check_not(c, CHECK_WARNING, "endpoint", "run this again in a minute",
			  "the endpoints are not known: %s", e.text);
	forget(&search);
}
