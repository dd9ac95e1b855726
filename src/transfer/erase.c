/* SPDX-License-Identifier: ISC */
/*
 * Read the order with its items, write them without the person.
 */
#include "transfer/erase.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "shop/erasure.h"
#include "shop/keys.h"
#include "shop/order.h"
#include "transfer/transfer.h"

enum item { ORDER, SESSION, PAYMENT, NUMBER, DAY, ITEMS };

#define ACTIONS_MAX (ITEMS + 1)

/* What one try works with. */
struct attempt {
	char *pk[ITEMS];                 /* NULL: there is no such item */
	const char *sk[ITEMS];
	struct json_object *read[ITEMS]; /* as they stand, or NULL */
	struct store_action actions[ACTIONS_MAX];
	size_t n;
};

static void free_attempt(struct attempt *a)
{
	size_t i;

	for (i = 0; i < ITEMS; i++) {
		free(a->pk[i]);
		json_object_put(a->read[i]);
	}
	for (i = 0; i < a->n; i++)
		json_object_put(a->actions[i].item);
	memset(a, 0, sizeof *a);
}

static const char *session_of(struct json_object *order)
{
	const char *id = json_string_or_null(order, "stripeSessionId");

	return id ? id : json_string_or_null(order, "orderId");
}

/* Reads the order and what its attributes name. */
static int read_items(struct app *app, struct json_object *order, struct attempt *a, struct err *e)
{
	const char *payment = json_string_or_null(order, "stripePaymentIntentId");
	const char *number = json_string_or_null(order, "orderNumber");
	const char *sk = json_string_or_null(order, "SK");
	struct json_object *found[ITEMS];
	struct store_key keys[ITEMS];
	size_t at[ITEMS], i, n = 0;
	int64_t created;

	if (key_order_created(sk, &created) || !session_of(order) || str_empty(number))
		return err_set(e, ERR_INTERNAL, "the order %s is not whole: run `ordersnap adopt`",
			       sk ? sk : "without SK");
	a->pk[ORDER] = str_dup(json_string_or_null(order, "PK"));
	a->pk[SESSION] = key_session(session_of(order));
	a->pk[PAYMENT] = str_empty(payment) ? NULL : key_payment(payment);
	a->pk[NUMBER] = key_number(number);
	a->pk[DAY] = key_day(created);
	for (i = 0; i < ITEMS; i++) {
		a->sk[i] = i == ORDER || i == DAY ? sk : KEY_METADATA;
		if (!a->pk[i])
			continue;
		keys[n] = (struct store_key){a->pk[i], a->sk[i]};
		at[n++] = i;
	}
	if (store_get_many(app_store(app), keys, n, found, deadline_in(TRANSFER_VERB_MS), e))
		return -1;
	for (i = 0; i < n; i++)
		a->read[at[i]] = found[i];
	return 0;
}

static void add(struct attempt *a, struct store_action action)
{
	a->actions[a->n++] = action;
}

/* Another order's (two ids gave one number, say) is left alone. */
static bool is_of(struct json_object *item, struct json_object *order)
{
	const char *id = json_string_or_null(item, "orderId");
	const char *own = json_string_or_null(order, "orderId");

	return !item || !id || (own && strcmp(id, own) == 0);
}

static struct json_object *session_item(struct attempt *a, struct json_object *order, int64_t now)
{
	struct json_object *item = order_session_item(order, a->read[SESSION], now);
	const char *status = json_string_or_null(a->read[SESSION], "status");

	erasure_strip(item);
	if (status)
		json_set_string(item, "status", status);
	return item;
}

/* The order first, then what is written next to it.  A moved order begins anew at
 * version 1; its copy in the payment's item says the same. */
static void decide(struct attempt *a, int64_t now)
{
	struct json_object *stands = a->read[ORDER], *order = erasure_apply(stands, now);
	int64_t created = 0;

	json_set_string(order, "stripeSessionId", session_of(stands)); /* the functions' lack it */
	if (erasure_moves(stands)) {
		json_set_int(order, "version", 1);
		add(a, (struct store_action){.verb = STORE_DELETE, .item = json_object_get(stands),
					     .condition = STORE_VERSION,
					     .version = store_item_version(stands)});
		add(a, store_replace(order, NULL));
	} else {
		json_set_int(order, "version", store_item_version(stands) + 1);
		add(a, store_replace(order, stands));
	}
	key_order_created(a->sk[ORDER], &created);
	add(a, store_replace(session_item(a, order, now), a->read[SESSION]));
	if (a->pk[PAYMENT] && is_of(a->read[PAYMENT], order))
		add(a, store_replace(order_payment_pointer(order, str_dup(a->pk[PAYMENT])),
				     a->read[PAYMENT]));
	if (is_of(a->read[NUMBER], order))
		add(a, store_replace(order_pointer(order, str_dup(a->pk[NUMBER])),
				     a->read[NUMBER]));
	if (is_of(a->read[DAY], order))
		add(a, store_replace(order_day_entry(order, created), a->read[DAY]));
}

struct erasing {
	struct app *app;
	struct json_object *order;
	bool dry_run;
	enum erase_outcome *outcome;
};

static int erase_once(void *context, struct err *e)
{
	const struct erasing *x = context;
	struct attempt a = {.n = 0};
	int rc = read_items(x->app, x->order, &a, e);

	*x->outcome = !a.read[ORDER] ? ERASE_GONE
		: erasure_is_done(a.read[ORDER]) && !erasure_moves(a.read[ORDER]) ? ERASE_ALREADY
		: ERASE_DONE;
	if (!rc && *x->outcome == ERASE_DONE && !x->dry_run) {
		decide(&a, clock_epoch());
		rc = store_write(app_store(x->app), a.actions, a.n, NULL,
				 deadline_in(TRANSFER_VERB_MS), e);
		if (!rc)
			log_info("Order erased",
				 LOG_STR("orderId", json_string_or_null(x->order, "orderId")),
				 LOG_STR("orderNumber", json_string_or_null(x->order, "orderNumber")));
	}
	free_attempt(&a);
	return rc;
}

int erase_order(struct app *app, struct json_object *order, bool dry_run,
		enum erase_outcome *outcome, struct err *e)
{
	struct erasing x = {.app = app, .order = order, .dry_run = dry_run, .outcome = outcome};

	return store_until_written(erase_once, &x, deadline_in(TRANSFER_VERB_MS), e);
}

/* --- sessions without an order ------------------------------------------------------ */

static bool is_session_of(struct json_object *item, const char *user)
{
	const char *own = json_string_or_null(item, "userId");

	if (!own || transfer_kind_of(item) != TRANSFER_SESSION ||
	    json_string_or_null(item, "orderPK"))
		return false;
	return strcmp(own, user) == 0 || (strchr(user, '@') && strcasecmp(own, user) == 0);
}

static int erase_session(struct app *app, struct json_object *item, struct err *e)
{
	struct json_object *erased = json_copy(item);
	struct store_action action = store_replace(erased, item);
	int rc;

	json_object_object_del(erased, "userId");
	erasure_strip(erased);
	rc = store_write(app_store(app), &action, 1, NULL, deadline_in(TRANSFER_VERB_MS), e);
	json_object_put(erased);
	return rc;
}

static int erase_page(struct app *app, struct erase_sessions *walk, struct json_object *items,
		      struct err *e)
{
	size_t i;

	for (i = 0; i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		if (!is_session_of(item, walk->user))
			continue;
		if (!walk->dry_run && erase_session(app, item, e))
			return -1;
		walk->erased++;
	}
	return 0;
}

int erase_sessions(struct app *app, struct erase_sessions *walk, struct err *e)
{
	struct json_object *items, *last = NULL;
	int rc;

	do {
		rc = transfer_next_page(app_store(app), &last, &items, e);
		if (!rc) {
			rc = erase_page(app, walk, items, e);
			json_object_put(items);
		}
	} while (!rc && last && !walk->stop(NULL));
	json_object_put(last);
	return rc;
}
