/* SPDX-License-Identifier: ISC */
/*
 * The order's rules.
 */
#include "shop/order.h"

#include <string.h>
#include <strings.h>

#include "base/seconds.h"
#include "format/iso8601.h"
#include "shop/erasure.h"
#include "shop/lines.h"
#include "shop/order_rank.h"
#include "shop/sale.h"

/* Copies what the buyer, or the owner's other programs, put on the session; what
 * ordersnap itself put there is no part of it. */
static void set_metadata(struct json_object *order, struct json_object *metadata)
{
	struct json_walk walk = json_walk_of(metadata);
	struct json_object *kept;

	if (!metadata)
		return;
	json_set_string(order, "quoteSignature", json_string_or_null(metadata, "quoteSignature"));
	kept = json_object_new_object();
	while (json_walk_next(&walk))
		if (!metadata_is_ours(walk.key))
			json_object_object_add(kept, walk.key, json_copy(walk.value));
	if (json_object_object_length(kept))
		json_set(order, "metadata", kept);
	else
		json_object_put(kept);
}

/* Minor units of the order's currency, and what the buyer was shown in another one. */
static void set_amounts(struct json_object *order, const struct session *s)
{
	const struct {
		const char *key;
		const struct amount *amount;
	} amounts[] = {
		{"amount", &s->total}, {"amountSubtotal", &s->subtotal},
		{"amountDiscount", &s->discount}, {"amountTax", &s->tax},
		{"amountShipping", &s->shipping},
	};
	struct json_object *presentment;
	size_t i;

	for (i = 0; i < sizeof amounts / sizeof *amounts; i++)
		if (amounts[i].amount->known)
			json_set_int(order, amounts[i].key, amounts[i].amount->value);
	json_set_string(order, "currency", s->currency);
	if (!s->presentment.known || !s->presentment_currency)
		return;
	presentment = json_object_new_object();
	json_set_int(presentment, "amount", s->presentment.value);
	json_set_string(presentment, "currency", s->presentment_currency);
	json_set(order, "presentment", presentment);
}

/*
 * What this session says, as an order; what it does not say is absent:
 *
 *	{"PK": "USER#7", "SK": "ORDER#1795771800#cs_1", "orderId": "cs_1",
 *	 "orderNumber": "BC-1", "userId": "7", "customerEmail": "a@example.org",
 *	 "status": "completed", "amount": 4000, "currency": "eur",
 *	 "createdAt": "2026-11-27T09:30:00.000Z", "completedAt": ..., "metadata": {...}, ...}
 */
static struct json_object *order_from_session(const struct order_input *in)
{
	const struct session *s = in->session;
	struct json_object *order = json_object_new_object();
	enum order_rank rank = ORDER_RANK_PENDING;
	char text[ISO8601_SIZE];

	/* Which order it is, and whose. */
	json_set_string(order, "PK", in->pk);
	json_set_string(order, "SK", in->sk);
	json_set_string(order, "orderId", s->id);
	json_set_string(order, "orderNumber", in->number);
	json_set_string(order, "userId", in->user_id);
	json_set_string(order, "customerEmail", s->email);
	json_set_string(order, "customerPhone", s->phone);
	json_set_string(order, "customerName", s->name);

	/* How far its payment is: one that is neither paid nor refused is under way. */
	if (s->paid)
		rank = ORDER_RANK_COMPLETED;
	else if (in->kind == EVENT_SESSION_FAILED)
		rank = ORDER_RANK_FAILED;
	json_set_string(order, "status", order_rank_status(rank));
	set_amounts(order, s);

	/* It is as old as its session, and kept from now on. */
	json_set_string(order, "createdAt", iso8601_time(in->created, text));
	if (s->paid && in->event_time)
		json_set_string(order, "completedAt", iso8601_time(in->event_time, text));
	if (in->ttl_days > 0)
		json_set_int(order, "expiresAt", in->now + in->ttl_days * DAY);

	/* What Stripe calls it. */
	json_set_string(order, "stripeSessionId", s->id);
	json_set_string(order, "stripePaymentIntentId", s->payment_intent);
	json_set_string(order, "stripeCustomerId", s->customer);
	json_set_string(order, "stripePaymentStatus", s->payment_status);
	json_set_string(order, "clientReferenceId", s->client_reference_id);

	/* What the session itself says of the sale, then what an older account of it has
	 * besides. */
	json_set(order, "shippingAddress", sale_address(s->address));
	sale_set_session(order, s->json);
	sale_set_session(order, s->older);
	set_metadata(order, s->metadata);
	if (s->livemode_given == JSON_FOUND)
		json_set_bool(order, "livemode", s->livemode);
	json_set_string(order, "source", in->source);
	return order;
}

/* create-session says who named the user; of what it did not make, a user who is
 * the buyer's own address is nobody's account.  Where a login named that very user,
 * the order says so: else it would look like a guest's. */
static void set_guest(struct json_object *order, struct json_object *metadata)
{
	const char *kind = json_string_or_null(metadata, "userKind");
	const char *user = json_string_or_null(order, "userId");
	const char *email = json_string_or_null(order, "customerEmail");
	bool is_address = user && email && strcasecmp(user, email) == 0;

	if (!str_empty(kind) ? strcmp(kind, "guest") == 0 : is_address)
		json_set_bool(order, "guest", true);
	else if (is_address && strcmp(kind, "user") == 0)
		json_set_string(order, "userKind", kind);
}

/* The rank of the order that stands.  The functions called an order completed as
 * soon as Checkout was, and did not write how its payment was: the session says. */
static enum order_rank rank_of_stored(const struct order_input *in)
{
	enum order_rank rank = order_rank_of(in->stored);

	if (rank == ORDER_RANK_COMPLETED && !in->session->paid &&
	    !order_payment_status(in->stored) && !json_string_or_null(in->stored, "source"))
		return ORDER_RANK_PENDING;
	return rank;
}

/* The order that stands, after what the session says (`fresh`).  All rules of what
 * prevails are here. */
static struct json_object *merge(struct json_object *fresh, const struct order_input *in)
{
	static const char *const fixed[] = {"PK", "SK", "orderNumber", "userId", "createdAt",
					    "source", "expiresAt"};
	struct json_object *order = json_share(in->stored), *value;
	struct json_walk walk = json_walk_of(fresh);
	enum order_rank now = order_rank_of(fresh), before = rank_of_stored(in);
	bool was_paid = before == ORDER_RANK_COMPLETED;
	bool replace = in->asked ? now >= before : now > before;
	const char *paid_before, *paid_now;
	size_t i;

	/* Stripe's answer replaces what stands, and so does an event's copy that is further
	 * on.  Any other copy may be old: it only fills gaps.  (null is one: the Lambda
	 * functions wrote it where Stripe had nothing.) */
	while (json_walk_next(&walk))
		if (replace || !json_object_object_get_ex(order, walk.key, &value) || !value)
			json_object_object_add(order, walk.key, json_object_get(walk.value));

	/* A key with fewer rights is not told the names of discounts and of the way of
	 * shipping: those that were known stay. */
	sale_keep_names(order, in->stored);
	sale_keep_names(order, fresh);

	/* Which order it is, whose, and who wrote it first stays for ever.  The functions did
	 * not say that it was they. */
	for (i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (json_object_object_get_ex(in->stored, fixed[i], &value) && value)
			json_object_object_add(order, fixed[i], json_copy(value));
	if (!json_object_object_get(in->stored, "source"))
		json_object_object_del(order, "source");
	/* Null or 7, as somebody may have edited it, is no number. */
	if (str_empty(json_string_or_null(order, "orderNumber")))
		json_set_string(order, "orderNumber", in->number);

	/* What was paid stays paid, and what was refunded since stays refunded. */
	if (was_paid)
		json_set_string(order, "status", json_string_or_null(in->stored, "status"));

	/* The latest payment counts (these times compare as text); an order that nobody paid
	 * has none. */
	json_copy_member(order, "completedAt", fresh, "completedAt");
	paid_before = json_string_or_null(in->stored, "completedAt");
	paid_now = json_string_or_null(order, "completedAt");
	if (was_paid && paid_before && (!paid_now || strcmp(paid_before, paid_now) > 0))
		json_set_string(order, "completedAt", paid_before);
	if (!was_paid && !in->session->paid)
		json_object_object_del(order, "completedAt");
	return order;
}

bool order_needs_lines(struct json_object *order)
{
	struct json_object *items;
	bool pending = false;

	if (!order || json_get_array(order, "items", &items) != JSON_FOUND)
		return true;
	if (json_get_bool(order, "itemsPending", &pending) == JSON_FOUND)
		return pending;
	return json_object_array_length(items) == 0;
}

bool order_is_unconfirmed(struct json_object *order)
{
	bool unconfirmed = false;

	json_get_bool(order, "unconfirmed", &unconfirmed);
	return unconfirmed;
}

void order_set_unconfirmed(struct json_object *order, bool unconfirmed)
{
	if (unconfirmed && !order_needs_lines(order))
		json_set_bool(order, "unconfirmed", true);
	else
		json_object_object_del(order, "unconfirmed");
}

/* The lines are Stripe's.  Until they can be had the quote's stand in, and the order says
 * that they are pending.  An order that has its lines keeps them. */
static void set_items(struct json_object *order, const struct order_input *in)
{
	static const struct {
		const char *key, *of_line;
	} sums[] = {{"amount", "amountTotal"}, {"amountSubtotal", "amountSubtotal"}};
	struct json_object *items;
	int64_t sum;
	size_t i;

	if (!in->line_items && !order_needs_lines(order))
		return;
	items = in->line_items ? lines_from_stripe(in->line_items, in->quote)
			       : lines_from_quote(in->quote);
	json_set_int(order, "itemCount", lines_count(items));
	if (!in->line_items) {
		json_set_bool(order, "itemsPending", true);
		json_set(order, "items", items);
		return;
	}
	json_object_object_del(order, "itemsPending");

	/* Sessions of old versions have no amounts of their own: the lines' sums are these. */
	for (i = 0; i < sizeof sums / sizeof *sums; i++)
		if (!json_object_object_get_ex(order, sums[i].key, NULL) &&
		    lines_sum(items, sums[i].of_line, &sum))
			json_set_int(order, sums[i].key, sum);
	if (!json_object_object_get_ex(order, "currency", NULL))
		json_copy_member(order, "currency", json_object_array_get_idx(items, 0), "currency");
	json_set(order, "items", items);
}

struct json_object *order_apply_session(const struct order_input *in)
{
	struct json_object *order = order_from_session(in), *merged;
	char text[ISO8601_SIZE];

	if (in->stored) {
		merged = merge(order, in);
		json_object_put(order);
		order = merged;
	}
	set_guest(order, in->session->metadata);
	set_items(order, in);
	/* A person who was erased stays erased, whatever Stripe still knows. */
	if (erasure_is_done(in->stored))
		erasure_strip(order);
	json_set_string(order, "updatedAt", iso8601_time(in->now, text));
	return order;
}

bool order_has_expired(int64_t created, int64_t ttl_days, int64_t now)
{
	return ttl_days > 0 && created + ttl_days * DAY <= now;
}

/* Goes to the next member that counts for order_same(); what is null is not there. */
static bool next_that_counts(struct json_walk *walk)
{
	while (json_walk_next(walk))
		if (walk->value && strcmp(walk->key, "version") != 0 && strcmp(walk->key, "updatedAt") != 0)
			return true;
	return false;
}

/* Stripe makes the link to a receipt anew for each answer (it carries the time of that, and ends after
 * thirty days): of two, one is as good as the other.  https://docs.stripe.com/receipts */
static bool same_value(const char *key, struct json_object *a, struct json_object *b)
{
	struct json_object *alike;
	const char *link;
	bool same;

	if (json_equal(a, b))
		return true;
	if (strcmp(key, "payment") != 0)
		return false;
	link = json_string_or_null(b, "receiptUrl");
	if (!link || !json_string_or_null(a, "receiptUrl"))
		return false;
	alike = json_share(a);
	json_set_string(alike, "receiptUrl", link);
	same = json_equal(alike, b);
	json_object_put(alike);
	return same;
}

bool order_same(struct json_object *a, struct json_object *b)
{
	struct json_walk of_a = json_walk_of(a), of_b = json_walk_of(b);
	struct json_object *other;
	size_t n = 0;

	if (!a || !b || a == b)
		return a == b;
	/* Each that `a` has stands in `b` as well, and `b` has no more of them. */
	for (; next_that_counts(&of_a); n++)
		if (!json_object_object_get_ex(b, of_a.key, &other) ||
		    !same_value(of_a.key, of_a.value, other))
			return false;
	while (n && next_that_counts(&of_b))
		n--;
	return n == 0 && !next_that_counts(&of_b);
}
