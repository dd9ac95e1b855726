/* SPDX-License-Identifier: ISC */
/*
 * The order's rules.
 */
#include "shop/order.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/seconds.h"
#include "format/iso8601.h"
#include "shop/erasure.h"
#include "shop/keys.h"
#include "shop/lines.h"
#include "shop/order_rank.h"
#include "shop/sale.h"


static enum order_rank rank_of_session(const struct order_input *in)
{
	if (in->session->paid)
		return ORDER_RANK_COMPLETED;
	return in->kind == EVENT_SESSION_FAILED ? ORDER_RANK_FAILED : ORDER_RANK_PENDING;
}

static void set_amount(struct json_object *order, const char *key, const struct amount *amount)
{
	if (amount->known)
		json_set_int(order, key, amount->value);
}

static void set_presentment(struct json_object *order, const struct session *s)
{
	struct json_object *presentment;

	if (!s->presentment.known || !s->presentment_currency)
		return;
	presentment = json_object_new_object();
	json_set_int(presentment, "amount", s->presentment.value);
	json_set_string(presentment, "currency", s->presentment_currency);
	json_set(order, "presentment", presentment);
}

/* What the session itself says, then what an older account of it has besides. */
static void set_sale(struct json_object *order, const struct session *s)
{
	json_set(order, "shippingAddress", sale_address(s->address));
	sale_set_session(order, s->json);
	sale_set_session(order, s->older);
}

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

static void set_amounts(struct json_object *order, const struct session *s)
{
	set_amount(order, "amount", &s->total);
	set_amount(order, "amountSubtotal", &s->subtotal);
	set_amount(order, "amountDiscount", &s->discount);
	set_amount(order, "amountTax", &s->tax);
	set_amount(order, "amountShipping", &s->shipping);
	json_set_string(order, "currency", s->currency);
	set_presentment(order, s);
}

static void set_times(struct json_object *order, const struct order_input *in)
{
	char text[ISO8601_SIZE];

	json_set_string(order, "createdAt", iso8601_time(in->created, text));
	if (in->session->paid && in->event_time)
		json_set_string(order, "completedAt", iso8601_time(in->event_time, text));
	if (in->ttl_days > 0)
		json_set_int(order, "expiresAt", in->now + in->ttl_days * DAY);
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

/* What this session says, as an order. */
static struct json_object *order_from_session(const struct order_input *in)
{
	const struct session *s = in->session;
	struct json_object *order = json_object_new_object();

	json_set_string(order, "PK", in->pk);
	json_set_string(order, "SK", in->sk);
	json_set_string(order, "orderId", s->id);
	json_set_string(order, "orderNumber", in->number);
	json_set_string(order, "userId", in->user_id);
	json_set_string(order, "customerEmail", s->email);
	json_set_string(order, "customerPhone", s->phone);
	json_set_string(order, "customerName", s->name);
	json_set_string(order, "status", order_rank_status(rank_of_session(in)));
	set_amounts(order, s);
	set_times(order, in);
	json_set_string(order, "stripeSessionId", s->id);
	json_set_string(order, "stripePaymentIntentId", s->payment_intent);
	json_set_string(order, "stripeCustomerId", s->customer);
	json_set_string(order, "stripePaymentStatus", s->payment_status);
	json_set_string(order, "clientReferenceId", s->client_reference_id);
	set_sale(order, s);
	set_metadata(order, s->metadata);
	if (s->livemode_given == JSON_FOUND)
		json_set_bool(order, "livemode", s->livemode);
	json_set_string(order, "source", in->source);
	return order;
}

/* Copies onto `order` what `over` has; `replace` false: only what is missing (null
 * is: the Lambda functions wrote it where Stripe had nothing). */
static void overlay(struct json_object *order, struct json_object *over, bool replace)
{
	struct json_walk walk = json_walk_of(over);
	struct json_object *stands;

	while (json_walk_next(&walk))
		if (replace || !json_object_object_get_ex(order, walk.key, &stands) || !stands)
			json_object_object_add(order, walk.key, json_copy(walk.value));
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

/* What no session may take back: who the order is, who wrote it first (the functions
 * did not say so), a refund's status, the latest payment (ISO times compare as text). */
static void keep_from_stored(struct json_object *order, const struct order_input *in)
{
	static const char *const fixed[] = {"PK", "SK", "orderNumber", "userId", "createdAt",
					    "source", "expiresAt"};
	bool was_paid = rank_of_stored(in) == ORDER_RANK_COMPLETED;
	const char *before = json_string_or_null(in->stored, "completedAt");
	const char *after = json_string_or_null(order, "completedAt");
	struct json_object *value;
	size_t i;

	for (i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (json_object_object_get_ex(in->stored, fixed[i], &value))
			json_object_object_add(order, fixed[i], json_copy(value));
	if (!json_object_object_get_ex(in->stored, "source", NULL))
		json_object_object_del(order, "source");
	if (was_paid)
		json_set_string(order, "status", json_string_or_null(in->stored, "status"));
	if (was_paid && before && (!after || strcmp(before, after) > 0))
		json_set_string(order, "completedAt", before);
	if (!was_paid && !in->session->paid)
		json_object_object_del(order, "completedAt");
}

static struct json_object *merge(struct json_object *fresh, const struct order_input *in)
{
	struct json_object *order = json_copy(in->stored);
	enum order_rank now = order_rank_of(fresh), before = rank_of_stored(in);

	overlay(order, fresh, in->asked ? now >= before : now > before);
	json_copy_member(order, "completedAt", fresh, "completedAt");
	sale_keep_names(order, in->stored);
	sale_keep_names(order, fresh);
	keep_from_stored(order, in);
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

/* Sessions of old versions have no amounts of their own. */
static void set_missing_amount(struct json_object *order, const char *key,
			       struct json_object *items, const char *line_key)
{
	int64_t sum;

	if (!json_object_object_get_ex(order, key, NULL) && lines_sum(items, line_key, &sum))
		json_set_int(order, key, sum);
}

static void set_items(struct json_object *order, const struct order_input *in)
{
	struct json_object *items;

	if (!in->line_items && !order_needs_lines(order))
		return;
	items = in->line_items ? lines_from_stripe(in->line_items, in->quote)
			       : lines_from_quote(in->quote);
	json_set_int(order, "itemCount", lines_count(items));
	if (in->line_items) {
		json_object_object_del(order, "itemsPending");
		set_missing_amount(order, "amount", items, "amountTotal");
		set_missing_amount(order, "amountSubtotal", items, "amountSubtotal");
		if (!json_object_object_get_ex(order, "currency", NULL))
			json_copy_member(order, "currency", json_object_array_get_idx(items, 0),
					 "currency");
	} else {
		json_set_bool(order, "itemsPending", true);
	}
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
	if (erasure_is_done(in->stored))
		erasure_strip(order);
	json_set_string(order, "updatedAt", iso8601_time(in->now, text));
	return order;
}

/* Whether each member of `a` stands in `b` as well.  What is null is not there. */
static bool stands_in(struct json_object *a, struct json_object *b)
{
	struct json_walk walk = json_walk_of(a);

	while (json_walk_next(&walk)) {
		struct json_object *other = NULL;

		if (strcmp(walk.key, "version") == 0 || strcmp(walk.key, "updatedAt") == 0)
			continue;
		json_object_object_get_ex(b, walk.key, &other);
		if (walk.value && !json_equal(walk.value, other))
			return false;
	}
	return true;
}

bool order_has_expired(int64_t created, int64_t ttl_days, int64_t now)
{
	return ttl_days > 0 && created + ttl_days * DAY <= now;
}

bool order_same(struct json_object *a, struct json_object *b)
{
	return a && b ? stands_in(a, b) && stands_in(b, a) : a == b;
}

static void name_order(struct json_object *item, struct json_object *order)
{
	json_copy_member(item, "orderPK", order, "PK");
	json_copy_member(item, "orderSK", order, "SK");
	json_copy_member(item, "orderId", order, "orderId");
	json_copy_member(item, "orderNumber", order, "orderNumber");
	json_copy_member(item, "userId", order, "userId");
}

struct json_object *order_pointer(struct json_object *order, char *pk)
{
	struct json_object *item = json_object_new_object();

	json_set_string(item, "PK", pk);
	json_set_string(item, "SK", KEY_METADATA);
	name_order(item, order);
	json_copy_member(item, "expiresAt", order, "expiresAt");
	free(pk);
	return item;
}

struct json_object *order_payment_pointer(struct json_object *order, char *pk)
{
	struct json_object *item = order_pointer(order, pk);

	json_set(item, "order", json_copy(order));
	return item;
}

struct json_object *order_day_entry(struct json_object *order, int64_t created)
{
	struct json_object *item = json_object_new_object();
	char *pk = key_day(created);
	char *sk = key_order(created, json_string_or_null(order, "orderId"));

	json_set_string(item, "PK", pk);
	json_set_string(item, "SK", sk);
	name_order(item, order);
	json_copy_member(item, "amount", order, "amount");
	json_copy_member(item, "currency", order, "currency");
	json_copy_member(item, "status", order, "status");
	json_copy_member(item, "itemsPending", order, "itemsPending");
	json_copy_member(item, "createdAt", order, "createdAt");
	json_copy_member(item, "expiresAt", order, "expiresAt");
	free(sk);
	free(pk);
	return item;
}

/* As the functions say it of a session: completed also while the payment is under
 * way.  (ordersnap 0.1.0 wrote `complete`.) */
static const char *session_status(struct json_object *order)
{
	bool failed = order_rank_of(order) == ORDER_RANK_FAILED;

	return failed ? "failed" : "completed";
}

struct json_object *order_session_item(struct json_object *order, struct json_object *stored,
				       int64_t now)
{
	struct json_object *item = stored ? json_copy(stored) : json_object_new_object();
	char *pk = key_session(json_string_or_null(order, "stripeSessionId"));
	char text[ISO8601_SIZE];

	json_set_string(item, "PK", pk);
	json_set_string(item, "SK", KEY_METADATA);
	name_order(item, order);
	json_copy_member(item, "stripeSessionId", order, "stripeSessionId");
	json_copy_member(item, "quoteSignature", order, "quoteSignature");
	json_copy_member(item, "createdAt", order, "createdAt");
	json_set_string(item, "status", session_status(order));
	json_set_string(item, "updatedAt", iso8601_time(now, text));
	json_object_object_del(item, "expiresAt");
	json_copy_member(item, "expiresAt", order, "expiresAt");
	free(pk);
	return item;
}
