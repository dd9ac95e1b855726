/* SPDX-License-Identifier: ISC */
/*
 * Stripe: can it be reached, does it take the key, what does it let it do, and how far is
 * this machine's clock from Stripe's.  Without an answer nothing is known, and it is
 * never said to be the key's fault.
 */
#include <stdlib.h>
#include <string.h>

#include "app/session_file.h"
#include "base/clock.h"
#include "check/check_part.h"
#include "shop/session.h"
#include "stripe/account.h"
#include "stripe/api.h"
#include "stripe/get.h"
#include "stripe/list.h"

#define GROUP_MS 16000 /* for all of it, a hanging Stripe included */
#define CALL_MS 6000
#define SKEW_WARNING 30 /* seconds */

struct asking {
	struct stripe_client *stripe;
	int64_t until; /* deadline of the group */
	int64_t sent, answered; /* monotonic milliseconds of the first call */
	int64_t now, date;      /* epoch seconds when it was answered: ours, and Stripe's */
};

/* The deadline of one call, within that of the group. */
static int64_t call_deadline(const struct asking *a)
{
	int64_t own = deadline_in(CALL_MS);

	return own < a->until ? own : a->until;
}

/* Why the first call had no answer.  Only a 401 is about the key. */
static void say_no_answer(struct check *c, const struct err *e)
{
	if (e->upstream == 401)
		check_not(c, CHECK_FAILED, "key", "put a key that is valid into STRIPE_SECRET, or the "
			  "parameter: Stripe's Dashboard, Developers, API keys", "Stripe does not accept "
			  "it: it was deleted, was rolled or is not whole: %s", e->text);
	else if (e->upstream)
		check_not(c, CHECK_FAILED, "api", "check again in a minute; https://status.stripe.com "
			  "says whether Stripe has a problem", "Stripe has no proper answer, so it is "
			  "not known whether the key is valid: %s", e->text);
	else
		check_not(c, CHECK_FAILED, "api", "see to it that this machine reaches STRIPE_API_BASE: "
			  "network, DNS, firewall, certificates", "Stripe can't be reached, so it is "
			  "not known whether the key is valid: %s", e->text);
}

/* What Stripe has said of one permission.  False where the answers came to an end. */
static bool take_access(struct check *c, const struct stripe_permission *permission,
			enum stripe_access access, const struct err *e)
{
	if (access == STRIPE_MAY_NOT)
		check_not(c, permission->essential ? CHECK_FAILED : CHECK_WARNING, "permission",
			  "give it to the restricted key: Stripe's Dashboard, Developers, API keys, "
			  "Edit key", "the key lacks \"%s\": %s", permission->name,
			  permission->used_for);
	if (access == STRIPE_NO_ANSWER)
		check_not(c, CHECK_WARNING, "permission", "run this again in a minute",
			  "it is not known whether the key has \"%s\": %s", permission->name, e->text);
	return access != STRIPE_NO_ANSWER;
}

/* The permissions that a restricted key can lack, each by a call that needs it. */
static void look_at_permissions(struct check *c, struct asking *a, enum stripe_access first)
{
	const struct stripe_permission *p = stripe_permissions;
	bool all = first == STRIPE_MAY;
	struct err e = {.code = ERR_NONE};
	enum stripe_access access = first;

	take_access(c, p, first, &e);
	for (p++; p->name; p++) {
		access = stripe_try_permission(a->stripe, p, call_deadline(a), &e);
		all = all && access == STRIPE_MAY;
		if (!take_access(c, p, access, &e))
			break;
	}
	/* The last of the table is about the endpoints. */
	c->sees_endpoints = access == STRIPE_MAY;
	if (!all)
		return;

	/* Then that of a whole sale: what Stripe's own sentence says is missing may be a
	 * permission that the table does not know. */
	e = (struct err){.code = ERR_NONE};
	if (stripe_try_permission(a->stripe, &stripe_permission_of_sale, call_deadline(a), &e) ==
	    STRIPE_MAY_NOT)
		check_not(c, CHECK_WARNING, "permission", "give the restricted key what Stripe names: "
			  "Stripe's Dashboard, Developers, API keys, Edit key", "not all of a sale is "
			  "recorded: the key may not read what belongs to it: %s", e.text);
	else if (str_starts(c->key, "rk_"))
		check_ok(c, "permissions", "all that are for reading; \"Checkout Sessions: Write\" "
			 "shows only at a sale");
	else
		check_ok(c, "permissions", "all that are needed");
}

/* Stripe's second may be any within its Date's, and it was read somewhere
 * between sending and having the answer. */
static void look_at_clock(struct check *c, const struct asking *a)
{
	int64_t half = (a->answered - a->sent) / 2000, off;
	int64_t limit = c->app->config.webhook_tolerance / 2;
	const char *way, *advice = "set the clock and keep it right with NTP: systemctl enable --now "
				   "systemd-timesyncd, or chrony";
	char spell[CHECK_SPELL];

	if (a->date < 0)
		return;
	c->group = "clock";
	c->skew = a->now - half - a->date;
	way = c->skew > 0 ? "ahead of" : "behind";
	off = llabs(c->skew) - half - 1;
	check_spell(llabs(c->skew), spell);
	if (off > limit)
		check_not(c, CHECK_FAILED, "clock", advice, "this machine's clock is %s %s Stripe's: "
			  "webhooks are refused from %lld seconds on (STRIPE_WEBHOOK_TOLERANCE)", spell,
			  way, (long long)c->app->config.webhook_tolerance);
	else if (off >= SKEW_WARNING)
		check_not(c, CHECK_WARNING, "clock", advice, "this machine's clock is %s %s Stripe's",
			  spell, way);
	else
		check_ok(c, "clock", "within %lld seconds of Stripe's",
			 (long long)(llabs(c->skew) + half + 1));
}

/* An account that sells elsewhere as well, seen by its latest sessions. */
static void look_at_sessions(struct check *c, const struct asking *a)
{
	struct stripe_pages pages = {.list = stripe_complete_sessions};
	struct json_object *page = NULL;
	struct session session;
	size_t i, n, foreign = 0;
	struct err e;

	if (strcmp(c->app->config.order_sessions, "own") != 0)
		return;
	if (stripe_pages_next(&pages, a->stripe, call_deadline(a), &page, &e)) {
		check_not(c, CHECK_WARNING, "sessions", "run this again in a minute", "it is not "
			  "known whose the latest sessions are: %s", e.text);
	} else {
		n = page ? json_object_array_length(page) : 0;
		for (i = 0; i < n; i++)
			foreign += session_read(json_object_array_get_idx(page, i), &session, &e) ||
				   !session_has_quote(&session);
		check_ok(c, "sessions", "%zu of the latest %zu that are complete bear no quote's "
			 "signature: no orders of this shop (ORDER_SESSIONS=own)", foreign, n);
	}
	json_object_put(page);
	stripe_pages_end(&pages);
}

/* What CHECKOUT_SESSION_FILE names by its id at Stripe, and what it is where it can't be used. */
static const struct named {
	const char *list, *key, *path, *unusable;
} named[] = {
	{"shipping_options", "shipping_rate", "/v1/shipping_rates/", "is archived"},
	{"discounts", "coupon", "/v1/coupons/", "is not valid any more"},
	{"discounts", "promotion_code", "/v1/promotion_codes/", "is not active any more"},
	{"optional_items", "price", "/v1/prices/", "is archived"},
};

static void look_at_one(struct check *c, const struct asking *a, const struct named *n, const char *id)
{
	static const char advice[] = "put one of this key's account and mode that can be used into "
				     "CHECKOUT_SESSION_FILE: until then no session can be made";
	struct json_object *object = NULL;
	bool usable = false;
	struct err e;

	if (stripe_get_by_id(a->stripe, n->path, id, "", call_deadline(a), &object, &e) == 0) {
		/* A coupon is valid, the others are active. */
		if (json_get_bool(object, "active", &usable) != JSON_FOUND)
			json_get_bool(object, "valid", &usable);
		if (!usable)
			check_not(c, CHECK_FAILED, n->key, advice, "%s %s", id, n->unusable);
	} else if (e.upstream == 404) {
		check_not(c, CHECK_FAILED, n->key, advice, "Stripe does not know %s", id);
	}
	json_object_put(object);
}

/* Stripe refuses each session with a rate of postage, a coupon, a promotion code or an optional item's
 * price that it does not have, or that can't be used any more: then nobody can buy. */
static void look_at_session_file(struct check *c, const struct asking *a)
{
	struct json_object *options, *list;
	const char *id;
	struct err e;
	size_t i, k;

	if (session_file_read(&c->app->config, &options, &e))
		return; /* check_config() has said why */
	for (i = 0; i < sizeof named / sizeof *named; i++) {
		if (json_get_array(options, named[i].list, &list) != JSON_FOUND)
			continue;
		for (k = 0; k < json_object_array_length(list); k++) {
			id = json_string_or_null(json_object_array_get_idx(list, k), named[i].key);
			if (id)
				look_at_one(c, a, &named[i], id);
		}
	}
	json_object_put(options);
}

void check_stripe(struct check *c)
{
	struct asking a = {.until = check_deadline(c, GROUP_MS)};
	static const char *const modes[] = {
		[KEY_MODE_UNKNOWN] = "",
		[KEY_MODE_LIVE] = " of live mode: buyers pay real money",
		[KEY_MODE_TEST] = " of test mode: nobody pays real money",
	};
	enum stripe_access first;
	struct err e = {.code = ERR_NONE};

	if (!c->key)
		return; /* check_secrets() has said why */
	c->group = "stripe";
	c->mode = key_mode_of(c->key);
	a.stripe = app_stripe(c->app, a.until, &e);
	if (!a.stripe)
		return;

	/* The first call says whether Stripe takes the key, and what time it is there. */
	a.sent = clock_monotonic_ms();
	first = stripe_try_permission(a.stripe, &stripe_permissions[0], call_deadline(&a), &e);
	a.answered = clock_monotonic_ms();
	a.now = clock_epoch();
	a.date = stripe_last_date(a.stripe);
	c->accepted = first != STRIPE_NO_ANSWER;

	if (c->accepted) {
		check_ok(c, "api", "%s answers; version " STRIPE_API_VERSION " is asked for, whatever "
			 "the account's own is", c->app->config.stripe_api_base);
		check_ok(c, "key", "a %s key%s",
			 str_starts(c->key, "rk_") ? "restricted" : "secret", modes[c->mode]);
		look_at_permissions(c, &a, first);
		look_at_sessions(c, &a);
		look_at_session_file(c, &a);
	} else {
		say_no_answer(c, &e);
	}
	look_at_clock(c, &a);
}
