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

static bool same_price(const struct cart_line *a, const struct cart_line *b)
{
	if (!a->sku != !b->sku)
		return false;
	return strcmp(cart_line_name(a), cart_line_name(b)) == 0;
}

/* Whether a price of this name is there: a sku may read like a price's id. */
static bool has_name(const struct pricing *p, const char *name)
{
	size_t k;

	for (k = 0; k < p->count; k++)
		if (strcmp(cart_line_name(&p->cart->lines[p->prices[k].line]), name) == 0)
			return true;
	return false;
}

static void find_distinct(struct pricing *p)
{
	size_t i, k;

	for (i = 0; i < p->cart->count; i++) {
		for (k = 0; k < p->count; k++)
			if (same_price(&p->cart->lines[p->prices[k].line], &p->cart->lines[i]))
				break;
		if (k == p->count) {
			p->prices[k].line = i;
			p->prices[k].no_key = has_name(p, cart_line_name(&p->cart->lines[i]));
			p->count++;
		}
		p->of[i] = k;
	}
}

static const struct cart_line *line_of(const struct pricing *p, size_t k)
{
	return &p->cart->lines[p->prices[k].line];
}

/* A lookup key may read like another price's id: a hit has to be the thing
 * that was asked for. */
static bool is_hit(const struct cart_line *line, struct json_object *item)
{
	const char *has = json_string_or_null(item, line->sku ? "lookupKey" : "stripePriceId");

	return has && strcmp(has, cart_line_name(line)) == 0;
}

static int read_cache(struct app *app, struct pricing *p, int64_t deadline, struct err *e)
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
	rc = store_get_many(app_store(app), keys, n, found, deadline, e);
	for (i = 0; i < n; i++) {
		free(pks[i]);
		if (is_hit(line_of(p, of[i]), found[i]))
			p->prices[of[i]].item = found[i];
		else
			json_object_put(found[i]);
	}
	return rc;
}

static int refuse(const struct pricing *p, size_t k, const char *why, struct err *e)
{
	const struct cart_line *line = line_of(p, k);

	return err_set(e, ERR_BAD_REQUEST, "items[%zu] can't be sold: %s (%s \"%s\")",
		       p->prices[k].line, why,
		       line->made ? "lookup key" : line->sku ? "sku" : "stripePriceId",
		       cart_line_name(line));
}

/* Of the prices that are known, the first that can't be sold is an error. */
static int refuse_missing(const struct pricing *p, struct err *e)
{
	size_t k;

	for (k = 0; k < p->count; k++) {
		const char *problem = json_string_or_null(p->prices[k].item, "problem");

		if (problem)
			return refuse(p, k, problem, e);
	}
	return 0;
}

/* What Stripe says of a price, NULL for nothing: `missing` is then why not. */
static void take_price(struct app *app, struct pricing *p, size_t k, struct json_object *price,
		       const char *missing)
{
	const struct cart_line *line = line_of(p, k);
	const struct price_key key = {cart_line_name(line), p->sk};
	const char *problem = price ? price_problem(price, app->config.quote_product_metadata)
				    : missing;
	int64_t seconds = app->config.price_cache_seconds;

	if (problem && seconds > PRICE_MISSING_SECONDS)
		seconds = PRICE_MISSING_SECONDS;
	p->prices[k].item = problem
		? price_missing_item(&key, problem, clock_epoch() + seconds)
		: price_item(price, &key, clock_epoch() + seconds);
	if (problem)
		json_set_string(p->prices[k].item, line->sku ? "lookupKey" : "stripePriceId",
				key.name);
	p->prices[k].fresh = true;
}

static struct json_object *find_by_key(struct json_object *prices, const char *lookup_key)
{
	size_t i;

	for (i = 0; i < json_object_array_length(prices); i++) {
		struct json_object *price = json_object_array_get_idx(prices, i);
		const char *key = json_string_or_null(price, "lookup_key");

		if (key && strcmp(key, lookup_key) == 0)
			return price;
	}
	return NULL;
}

/* Up to ten lookup keys, those of the indices in `batch`. */
struct batch {
	size_t n, at[STRIPE_LOOKUP_KEYS_MAX];
};

static int ask_keys(struct app *app, struct pricing *p, const struct batch *batch, int64_t deadline,
		    struct err *e)
{
	const char *keys[STRIPE_LOOKUP_KEYS_MAX];
	struct stripe_client *stripe = app_stripe(app, deadline, e);
	struct json_object *prices;
	size_t i;

	for (i = 0; i < batch->n; i++)
		keys[i] = line_of(p, batch->at[i])->sku;
	if (!stripe || stripe_prices_by_lookup_key(stripe, keys, batch->n, deadline, &prices, e))
		return -1;
	for (i = 0; i < batch->n; i++)
		take_price(app, p, batch->at[i], find_by_key(prices, keys[i]),
			   "no active price has this lookup key");
	json_object_put(prices);
	return refuse_missing(p, e);
}

static int ask_by_key(struct app *app, struct pricing *p, int64_t deadline, struct err *e)
{
	struct batch batch = {.n = 0};
	size_t k;
	int rc = 0;

	for (k = 0; k < p->count && !rc; k++) {
		if (!p->prices[k].item && line_of(p, k)->sku)
			batch.at[batch.n++] = k;
		if (batch.n == STRIPE_LOOKUP_KEYS_MAX || (batch.n && k + 1 == p->count)) {
			rc = ask_keys(app, p, &batch, deadline, e);
			batch.n = 0;
		}
	}
	return rc;
}

static int ask_id(struct app *app, struct pricing *p, size_t k, int64_t deadline, struct err *e)
{
	struct stripe_client *stripe = app_stripe(app, deadline, e);
	struct json_object *price = NULL;
	int rc;

	if (!stripe)
		return -1;
	rc = stripe_price_retrieve(stripe, line_of(p, k)->price_id, deadline, &price, e);
	if (rc && (e->code != ERR_REFUSED || e->upstream != 404))
		return -1;
	take_price(app, p, k, price, "there is no such price");
	json_object_put(price);
	return refuse_missing(p, e);
}

static int ask_by_id(struct app *app, struct pricing *p, int64_t deadline, struct err *e)
{
	size_t k;
	int rc = 0;

	for (k = 0; k < p->count && !rc; k++)
		if (!p->prices[k].item)
			rc = ask_id(app, p, k, deadline, e);
	return rc;
}

static struct json_object *make_quote(struct app *app, const struct pricing *p, const char *secret,
				      struct err *e)
{
	struct json_object *prices[CART_MAX_LINES];
	struct quote_input input = {
		.cart = p->cart,
		.prices = prices,
		.secret = secret,
		.now = clock_epoch(),
		.ttl_minutes = app->config.quote_ttl_minutes,
	};
	size_t i;

	for (i = 0; i < p->cart->count; i++)
		prices[i] = p->prices[p->of[i]].item;
	digest_random(input.nonce, sizeof input.nonce);
	return quote_new(&input, e);
}

/* The quote first, if there is one; should a hundred prices be new, the last
 * waits for the next quote. */
static int keep(struct app *app, const struct pricing *p, struct json_object *quote,
		int64_t deadline, struct err *e)
{
	struct store_action puts[STORE_MAX_ITEMS];
	size_t k, n = 0;

	if (quote)
		puts[n++] = (struct store_action){.item = quote, .condition = STORE_ABSENT};
	for (k = 0; k < p->count && n < STORE_MAX_ITEMS; k++)
		if (p->prices[k].fresh && !p->prices[k].no_key && p->sk)
			puts[n++] = (struct store_action){.item = p->prices[k].item,
						       .condition = STORE_ANY};
	return n ? store_write(app_store(app), puts, n, NULL, deadline, e) : 0;
}

/* What was learned from Stripe about a cart that is refused. */
static void keep_prices(struct app *app, const struct pricing *p, int64_t deadline)
{
	struct err why;

	if (keep(app, p, NULL, deadline, &why))
		log_warning("Failed to keep prices", LOG_STR("error", why.text));
}

/* The cache, then Stripe: all prices, or the reason why not. */
static int find_prices(struct app *app, struct pricing *p, int64_t deadline, struct err *e)
{
	int64_t stripe_deadline = app_stripe_deadline(deadline);

	if (p->sk && read_cache(app, p, deadline, e))
		return -1;
	if (refuse_missing(p, e))
		return -1;
	if (ask_by_key(app, p, stripe_deadline, e) || ask_by_id(app, p, stripe_deadline, e)) {
		if (e->code == ERR_BAD_REQUEST)
			keep_prices(app, p, deadline);
		return -1;
	}
	return 0;
}

int quoting_create(struct app *app, struct json_object *body, int64_t deadline,
		   struct json_object **answer, struct err *e)
{
	struct json_object *quote = NULL;
	struct pricing p = {.count = 0};
	const char *secret = NULL;
	struct cart cart;
	char *sk = NULL;
	size_t k;
	int rc = 0;

	if (cart_read(body, app->config.quote_lookup_key, &cart, e))
		return -1;
	p.cart = &cart;
	find_distinct(&p);
	if (app->config.price_cache_seconds)
		rc = (sk = price_cache_sk(app, deadline, e)) ? 0 : -1;
	p.sk = sk;
	if (!rc)
		rc = find_prices(app, &p, deadline, e);
	if (!rc)
		rc = app_secret(app, SECRET_QUOTE, deadline, &secret, e);
	if (!rc)
		rc = (quote = make_quote(app, &p, secret, e)) ? 0 : -1;
	if (!rc)
		rc = keep(app, &p, quote, deadline, e);
	if (!rc)
		*answer = quote_public(quote);
	for (k = 0; k < p.count; k++)
		json_object_put(p.prices[k].item);
	json_object_put(quote);
	cart_free(&cart);
	free(sk);
	return rc;
}
