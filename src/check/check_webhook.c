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
#define ADD_EVENTS "add them to the endpoint: Stripe's Dashboard, Developers, Webhooks"

struct search {
	struct check *check;
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

/* The path that conf/ has, that of the Lambda functions, or the program itself. */
static bool is_webhook_path(struct span path)
{
	static const char *const ends[] = {"/stripe/webhook", "/stripe-webhook",
					   "/stripe-webhook.fcgi", "/stripe-webhook.cgi"};
	size_t i, n;

	for (i = 0; i < sizeof ends / sizeof *ends; i++) {
		n = strlen(ends[i]);
		if (path.n >= n && memcmp(path.p + path.n - n, ends[i], n) == 0)
			return true;
	}
	return false;
}

enum match { OTHER, SAME_HOST, SAME_ADDRESS };

/* Whether the address is that of this shop's webhook: below `base`; without a public
 * address that is a guess by its end. */
static enum match match_of(const char *base, const char *address)
{
	struct url url, own;
	struct span front, path;

	if (!address || url_parse(span_of(address), &url) || !is_webhook_path(path_of(&url)))
		return OTHER;
	if (!base)
		return SAME_ADDRESS;
	if (url_parse(span_of(base), &own))
		return OTHER;
	front = path_of(&own);
	path = path_of(&url);
	while (front.n && front.p[front.n - 1] == '/')
		front.n--;
	if (own.host.n != url.host.n || strncasecmp(own.host.p, url.host.p, url.host.n) != 0 ||
	    path.n < front.n || (front.n && memcmp(path.p, front.p, front.n) != 0))
		return OTHER;
	return url_same_origin(&own, &url) ? SAME_ADDRESS : SAME_HOST;
}

/* How many of those that match are held. */
static size_t kept(const struct search *s)
{
	return s->count < MATCHES_MAX ? s->count : MATCHES_MAX;
}

/* Drops what has been found so far. */
static void forget(struct search *s)
{
	size_t i;

	for (i = 0; i < kept(s); i++)
		json_object_put(s->found[i]);
	s->count = 0;
}

/* An endpoint of connected accounts has an application: https://docs.stripe.com/connect/webhooks
 * What it gets is other accounts' and no order, be it all that this shop has or beside its own. */
static bool is_of_connect(struct check *c, struct json_object *endpoint)
{
	const char *application = json_string_or_null(endpoint, "application");

	if (str_empty(application))
		return false;
	check_not(c, CHECK_WARNING, "connect", "delete it in Stripe's Dashboard, Developers, Webhooks; the "
		  "shop's own one is of the events of \"Your account\"", "%s is of a Connect application "
		  "(%s): it gets the events of connected accounts, which are no orders of this shop",
		  json_string_or_null(endpoint, "url"), application);
	return true;
}

/* One with another scheme or port counts where none has the very address. */
static void on_endpoint(void *context, struct json_object *endpoint)
{
	struct search *s = context;
	enum match match = match_of(s->base, json_string_or_null(endpoint, "url"));

	s->all++;
	if (match == OTHER || (match == SAME_HOST && s->exact) || is_of_connect(s->check, endpoint))
		return;
	if (match == SAME_ADDRESS && !s->exact) {
		forget(s);
		s->exact = true;
	}
	if (s->count < MATCHES_MAX)
		s->found[s->count] = json_object_get(endpoint);
	s->count++;
}

static bool is_enabled(struct json_object *endpoint)
{
	const char *status = json_string_or_null(endpoint, "status");

	return status && strcmp(status, "enabled") == 0;
}

/* Whether it is switched off, and another one at the same address, but for the query, is not. */
static bool is_replaced(const struct search *s, struct json_object *endpoint)
{
	const char *address = json_string_or_null(endpoint, "url"), *other;
	size_t i, n = strcspn(address, "?#");

	for (i = 0; i < kept(s) && !is_enabled(endpoint); i++) {
		other = json_string_or_null(s->found[i], "url");
		if (is_enabled(s->found[i]) && strcspn(other, "?#") == n &&
		    strncasecmp(other, address, n) == 0)
			return true;
	}
	return false;
}

/* One that was replaced is no fault: so Stripe has its owner change the API version.
 * https://docs.stripe.com/webhooks/versioning */
static void drop_replaced(struct search *s)
{
	const struct search all = *s;
	size_t i;

	s->count = 0;
	for (i = 0; i < kept(&all); i++)
		if (!is_replaced(&all, all.found[i]))
			s->found[s->count++] = json_object_get(all.found[i]);
	for (i = 0; i < kept(&all); i++)
		json_object_put(all.found[i]);
}

/* What to add at Stripe: the address, which is the one given, else that of the page after
 * paying, and the events. */
static void say_none(struct check *c, const struct search *s)
{
	const char *success = c->app->config.checkout_success_url;
	struct buf advice;
	struct url url;
	size_t i;

	buf_init(&advice, TEXT_MAX);
	buf_puts(&advice, "add one in Stripe's Dashboard, Developers, Webhooks, with the address ");
	if (s->base) {
		i = strlen(s->base);
		while (i && s->base[i - 1] == '/')
			i--;
		buf_add(&advice, s->base, i);
	} else if (success && url_parse(span_of(success), &url) == 0) {
		buf_add(&advice, success, strlen(success) - url.rest.n);
	} else {
		buf_puts(&advice, "https://your.shop");
	}
	buf_puts(&advice, "/stripe/webhook and the events ");
	for (i = 0; event_types[i]; i++)
		buf_printf(&advice, "%s%s", i ? ", " : "", event_types[i]);
	check_not(c, CHECK_WARNING, "endpoint", buf_text(&advice),
		  "none of the account's endpoints (%zu) %s%s; a destination of thin events is not in "
		  "Stripe's list of them", s->all,
		  s->base ? "is this shop's at " : "ends in /stripe/webhook", s->base ? s->base : "");
	buf_free(&advice);
}

/* Each of several sends every event; without an address it is not known which is meant. */
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

/* Whether the endpoint gets events of the type; `*` is all of them. */
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

/* Whether it gets all events that the shop needs. */
static void look_at_events(struct check *c, struct json_object *endpoint)
{
	struct json_object *events = NULL;
	size_t needed, total, missing = 0;
	struct buf text;

	if (json_get_array(endpoint, "enabled_events", &events) != JSON_FOUND) {
		check_not(c, CHECK_WARNING, "events", "look at it in Stripe's Dashboard",
			  "Stripe does not say which events it gets");
		return;
	}
	total = json_object_array_length(events);
	buf_init(&text, TEXT_MAX);
	for (needed = 0; event_types[needed]; needed++)
		if (!has_event(events, event_types[needed]))
			buf_printf(&text, "%s%s", missing++ ? ", " : "", event_types[needed]);
	if (missing && has_event(events, FIRST_EVENT))
		check_not(c, CHECK_WARNING, "events", ADD_EVENTS, "it does not get %s",
			  buf_text(&text));
	else if (missing)
		check_not(c, CHECK_FAILED, "events", ADD_EVENTS, "no payment becomes an order: it does "
			  "not get %s", buf_text(&text));
	else if (has_event(events, "*"))
		check_ok(c, "events", "all that there are (*); those that don't matter are ignored");
	else if (total > needed)
		check_ok(c, "events", "all %zu that are needed, and %zu that are ignored", needed,
			 total - needed);
	else
		check_ok(c, "events", "all %zu that are needed", needed);
	buf_free(&text);
}

/* One endpoint: its address, its mode, whether it is on, its events and their version. */
static void look_at_endpoint(struct check *c, struct json_object *endpoint)
{
	const char *address = json_string_or_null(endpoint, "url");
	const char *status = json_string_or_null(endpoint, "status");
	const char *version = json_string_or_null(endpoint, "api_version");
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

	if (is_enabled(endpoint))
		check_ok(c, "status", "enabled");
	else
		check_not(c, CHECK_FAILED, "status", "enable it in Stripe's Dashboard, Developers, "
			  "Webhooks, and fetch what was missed with ordersnap sync",
			  "%s: Stripe sends it nothing", status ? status : "not known");

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

void check_webhook(struct check *c)
{
	struct search search = {.check = c, .base = c->options->url};
	struct stripe_client *stripe;
	struct err e;
	size_t i;

	if (!c->accepted || !c->sees_endpoints)
		return; /* check_stripe() has said why */
	c->group = "webhook";
	stripe = app_stripe(c->app, check_deadline(c, CALL_MS), &e);
	if (!stripe || stripe_webhook_endpoints(stripe, check_deadline(c, CALL_MS), on_endpoint,
						&search, &e)) {
		check_not(c, CHECK_WARNING, "endpoint", "run this again in a minute",
			  "the endpoints are not known: %s", e.text);
		forget(&search);
		return;
	}
	if (search.count <= MATCHES_MAX)
		drop_replaced(&search);
	if (search.count == 0)
		say_none(c, &search);
	if (search.count > 1)
		say_several(c, &search);
	for (i = 0; i < kept(&search); i++)
		if (search.count == 1 || search.base)
			look_at_endpoint(c, search.found[i]);
	forget(&search);
}
