/* SPDX-License-Identifier: ISC */
/*
 * Quoting a cart: its distinct prices from the table's cache in one read, the
 * others from Stripe, and quote and new prices in one write.  What can't be sold
 * is kept for a minute too: a cart that is refused again costs Stripe nothing.
 */
#include "checkout/quoting.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "checkout/price_cache.h"
#include "shop/cart.h"
#include "shop/keys.h"
#include "shop/price.h"
#include "shop/quote.h"
#include "stripe/api.h"

/* The distinct prices of a cart: `of[i]` is the one of line i. */
struct pricing {
	struct app *app;
	int64_t deadline; /* of the request; asking Stripe ends earlier */
	const struct cart *cart;
	const char *sk; /* of the prices in the table; NULL: none is kept there */
	size_t of[CART_MAX_LINES];
	struct {
		size_t line;              /* the first line that names it */
		struct json_object *item; /* as by price_item(), or price_missing_item();
					   * NULL until known */
		bool fresh;               /* from Stripe: to be kept */
		bool no_key;              /* its key in the table is another price's here */
	} prices[CART_MAX_LINES];
	size_t count;
};

/* The line that names a price: which one, and how. */
static const struct cart_line *line_of(const struct pricing *p, size_t k)
{
	return &p->cart->lines[p->prices[k].line];
}

/* The distinct prices of the cart.  A sku may read like another price's id: then only the
 * first of the two is kept in the table under that name. */
static void find_distinct(struct pricing *p)
{
	size_t i, k;

	for (i = 0; i < p->cart->count; i++) {
		const struct cart_line *line = &p->cart->lines[i], *other;
		bool same_name = false;

		for (k = 0; k < p->count; k++) {
			other = line_of(p, k);
			if (strcmp(cart_line_name(other), cart_line_name(line)) != 0)
				continue;
			same_name = true;
			if (!other->sku == !line->sku)
				break;
		}
		if (k == p->count) {
			p->prices[k].line = i;
			p->prices[k].no_key = same_name;
			p->count++;
		}
		p->of[i] = k;
	}
}

/* How long a price is kept, and how long that there is none: a fault that the owner mends is seen
 * soon. */
static int64_t kept_for(const struct pricing *p, bool problem)
{
	int64_t seconds = p->app->config.price_cache_seconds;

	return problem && seconds > PRICE_MISSING_SECONDS ? PRICE_MISSING_SECONDS : seconds;
}

/* Whether it was put there in a time to come: by a clock that was ahead, or while the settings kept
 * prices for longer. */
static bool is_of_another_time(const struct pricing *p, struct json_object *item)
{
	bool problem = json_string_or_null(item, "problem") != NULL;

	return json_int_or(item, "expiresAt", 0) > clock_epoch() + kept_for(p, problem);
}

/* Reads the prices that the table has. */
static int read_cache(struct pricing *p, struct err *e)
{
	struct json_object *found[CART_MAX_LINES];
	struct store_key keys[CART_MAX_LINES];
	char *pks[CART_MAX_LINES];
	size_t of[CART_MAX_LINES], i, k, n = 0;
	int rc;

	for (k = 0; k < p->count; k++) {
		if (p->prices[k].no_key)
			continue;
		of[n] = k;
		pks[n] = key_price(cart_line_name(line_of(p, k)));
		keys[n] = (struct store_key){pks[n], p->sk};
		n++;
	}
	rc = store_get_many(app_store(p->app), keys, n, found, p->deadline, e);

	/* A lookup key may read like another price's id: a hit has to be the thing that was
	 * asked for.  One that somebody has edited, so that it can't be computed with, is none. */
	for (i = 0; i < n; i++) {
		const struct cart_line *line = line_of(p, of[i]);
		const char *is = json_string_or_null(found[i], line->sku ? "lookupKey" : "stripePriceId");

		free(pks[i]);
		if (is && strcmp(is, cart_line_name(line)) == 0 && !is_of_another_time(p, found[i]) &&
		    (json_string_or_null(found[i], "problem") || price_item_is_whole(found[i])))
			p->prices[of[i]].item = found[i];
		else
			json_object_put(found[i]);
	}
	return rc;
}

/* Of the prices that are known, the first that can't be sold is an error. */
static int refuse_missing(const struct pricing *p, struct err *e)
{
	size_t k;

	for (k = 0; k < p->count; k++) {
		const char *problem = json_string_or_null(p->prices[k].item, "problem");
		const struct cart_line *line = line_of(p, k);

		if (problem)
			return err_set(e, ERR_BAD_REQUEST, "items[%zu] can't be sold: %s (%s \"%s\")",
				       p->prices[k].line, problem,
				       line->made ? "lookup key" : line->sku ? "sku" : "stripePriceId",
				       cart_line_name(line));
	}
	return 0;
}

/* What Stripe says of a price, NULL for nothing: `missing` is then why not. */
static void take_price(struct pricing *p, size_t k, struct json_object *price,
		       const char *missing)
{
	const struct cart_line *line = line_of(p, k);
	const struct price_key key = {cart_line_name(line), p->sk};
	const struct config *c = &p->app->config;
	/* Why it can't be sold, or NULL. */
	const char *problem = price ? price_problem(price, c->quote_product_metadata) : missing;
	int64_t seconds = kept_for(p, problem != NULL);

	p->prices[k].item = problem
		? price_missing_item(&key, problem, clock_epoch() + seconds)
		: price_item(price, &key, clock_epoch() + seconds);
	if (problem)
		json_set_string(p->prices[k].item, line->sku ? "lookupKey" : "stripePriceId",
				key.name);
	p->prices[k].fresh = true;
}

/* Asks for up to ten lookup keys, those of the prices in `at`, in one call. */
static int ask_keys(struct pricing *p, const size_t *at, size_t n, struct err *e)
{
	const char *keys[STRIPE_LOOKUP_KEYS_MAX] = {NULL};
	int64_t deadline = app_stripe_deadline(p->deadline);
	struct stripe_client *stripe = app_stripe(p->app, deadline, e);
	struct json_object *prices;
	size_t i, k;

	for (i = 0; i < n; i++)
		keys[i] = line_of(p, at[i])->sku;
	if (!stripe || stripe_prices_by_lookup_key(stripe, keys, n, deadline, &prices, e))
		return -1;
	for (i = 0; i < n; i++) {
		struct json_object *price = NULL;
		const char *key;

		for (k = 0; !price && k < json_object_array_length(prices); k++) {
			key = json_string_or_null(json_object_array_get_idx(prices, k), "lookup_key");
			if (key && strcmp(key, keys[i]) == 0)
				price = json_object_array_get_idx(prices, k);
		}
		take_price(p, at[i], price, "no active price has this lookup key");
	}
	json_object_put(prices);
	return refuse_missing(p, e);
}

/* Asks Stripe for the prices that are not known yet: those of lookup keys by tens, then
 * those of ids, one by one.  Ends at the first that can't be sold. */
static int ask_stripe(struct pricing *p, struct err *e)
{
	int64_t deadline = app_stripe_deadline(p->deadline);
	struct stripe_client *stripe;
	struct json_object *price;
	size_t at[STRIPE_LOOKUP_KEYS_MAX], n = 0, k;
	int rc;

	for (k = 0; k < p->count; k++) {
		if (!p->prices[k].item && line_of(p, k)->sku)
			at[n++] = k;
		if (n == STRIPE_LOOKUP_KEYS_MAX || (n && k + 1 == p->count)) {
			if (ask_keys(p, at, n, e))
				return -1;
			n = 0;
		}
	}
	for (k = 0; k < p->count; k++) {
		if (p->prices[k].item)
			continue;
		stripe = app_stripe(p->app, deadline, e);
		if (!stripe)
			return -1;
		price = NULL;
		rc = stripe_price_retrieve(stripe, line_of(p, k)->price_id, deadline, &price, e);
		if (rc && (e->code != ERR_REFUSED || e->upstream != 404))
			return -1;
		take_price(p, k, price, "there is no such price");
		json_object_put(price);
		if (refuse_missing(p, e))
			return -1;
	}
	return 0;
}

/* The quote first, if there is one; should a hundred prices be new, the last
 * waits for the next quote. */
static int keep(const struct pricing *p, struct json_object *quote, struct err *e)
{
	struct store_action puts[STORE_MAX_ITEMS];
	size_t k, n = 0;

	/* A quote is never written over; a price is, by whoever asked last. */
	if (quote)
		puts[n++] = (struct store_action){.item = quote, .condition = STORE_ABSENT};
	for (k = 0; k < p->count && n < STORE_MAX_ITEMS; k++)
		if (p->prices[k].fresh && !p->prices[k].no_key && p->sk)
			puts[n++] = (struct store_action){.item = p->prices[k].item,
						       .condition = STORE_ANY};
	return n ? store_write(app_store(p->app), puts, n, NULL, p->deadline, e) : 0;
}

/* The cache, then Stripe: all prices, or the reason why not. */
static int find_prices(struct pricing *p, struct err *e)
{
	struct err why;

	if (p->sk && read_cache(p, e))
		return -1;
	if (refuse_missing(p, e))
		return -1;
	if (ask_stripe(p, e) == 0)
		return 0;
	/* What was learned from Stripe is kept: of a cart that is refused, and of one whose ids,
	 * each a call, were too many for the time, so that the next try gets further. */
	if (keep(p, NULL, &why))
		log_warning("Failed to keep prices", LOG_STR("error", why.text));
	return -1;
}

int quoting_create(struct app *app, struct json_object *body, int64_t deadline,
		   struct json_object **answer, struct err *e)
{
	struct json_object *prices[CART_MAX_LINES], *quote = NULL;
	struct quote_input input = {.prices = prices, .ttl_minutes = app->config.quote_ttl_minutes};
	const struct cart_rules rules = {.lookup_key = app->config.quote_lookup_key,
					 .lookup_keys_only = app->config.quote_lookup_keys_only};
	struct pricing p = {.app = app, .deadline = deadline};
	struct cart cart;
	char *sk = NULL;
	size_t i;
	int rc = -1;

	/* What is to be bought, and at which prices. */
	if (cart_read(body, &rules, &cart, e))
		return -1;
	p.cart = input.cart = &cart;
	find_distinct(&p);
	if (app->config.price_cache_seconds) {
		p.sk = sk = price_cache_sk(app, deadline, e);
		if (!sk)
			goto out;
	}
	if (find_prices(&p, e))
		goto out;

	/* The quote, signed. */
	if (app_secret(app, SECRET_QUOTE, deadline, &input.secret, e))
		goto out;
	for (i = 0; i < cart.count; i++)
		prices[i] = p.prices[p.of[i]].item;
	input.now = clock_epoch();
	digest_random(input.nonce, sizeof input.nonce);
	quote = quote_new(&input, e);
	if (!quote)
		goto out;

	/* In one write with what Stripe said of its prices. */
	rc = keep(&p, quote, e);
	if (!rc)
		*answer = quote_public(quote);
out:
	for (i = 0; i < p.count; i++)
		json_object_put(p.prices[i].item);
	json_object_put(quote);
	cart_free(&cart);
	free(sk);
	return rc;
}
