/* SPDX-License-Identifier: ISC */
/*
 * One order of the functions', and perhaps another one of the same session.  The one
 * idea: all that may name the order is read together with it, and written with it in one
 * transaction, each item on the version that was read; another writer in between makes it
 * begin again.
 */
#include "transfer/adopt_order.h"

#include <stdlib.h>
#include <string.h>

#include "app/numbering.h"
#include "base/clock.h"
#include "shop/adoption.h"
#include "shop/erasure.h"
#include "shop/keys.h"
#include "shop/order_items.h"
#include "transfer/transfer.h"

/* The items of an order, and of the other one of its session. */
enum item {
	ORDER,
	SESSION,
	PAYMENT,
	NUMBER,
	DAY,
	OTHER,
	OTHER_NUMBER,
	OTHER_DAY,
	ITEMS
};

#define OWN (1u << ORDER | 1u << SESSION | 1u << PAYMENT | 1u << NUMBER | 1u << DAY)
#define OTHERS (1u << OTHER_NUMBER | 1u << OTHER_DAY)

/* What one try works with. */
struct attempt {
	const struct adopt_work *work;
	char *pk[ITEMS], *sk[ITEMS];       /* NULL: there is no such item */
	struct json_object *read[ITEMS];   /* as they stand, or NULL */
};

static void free_attempt(struct attempt *a)
{
	size_t i;

	for (i = 0; i < ITEMS; i++) {
		free(a->pk[i]);
		free(a->sk[i]);
		json_object_put(a->read[i]);
	}
}

/* Takes pk; NULL: there is no such item. */
static void set_key(struct attempt *a, enum item item, char *pk, const char *sk)
{
	free(a->pk[item]);
	free(a->sk[item]);
	a->pk[item] = pk;
	a->sk[item] = pk ? str_dup(sk) : NULL;
}

/* Reads the items whose bit is set, in one call; no key twice. */
static int read_items(struct attempt *a, unsigned which, struct err *e)
{
	struct json_object *found[ITEMS];
	struct store_key keys[ITEMS];
	size_t at[ITEMS] = {0}, i, n = 0;

	for (i = 0; i < ITEMS; i++) {
		if (!(which >> i & 1) || !a->pk[i])
			continue;
		keys[n] = (struct store_key){a->pk[i], a->sk[i]};
		at[n++] = i;
	}
	if (n == 0)
		return 0;
	if (store_get_many(app_store(a->work->app), keys, n, found, deadline_in(TRANSFER_VERB_MS),
			   e))
		return -1;
	for (i = 0; i < n; i++) {
		json_object_put(a->read[at[i]]);
		a->read[at[i]] = found[i];
	}
	return 0;
}

/* The key of the day that an order's sort key is of; NULL: it is of none. */
static char *day_of(const char *sk)
{
	int64_t created;

	return key_order_created(sk, &created) ? NULL : key_day(created);
}

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* --- another order of the same session ------------------------------------------ */

/* Whether two orders have one session or one payment. */
static bool are_of_one_sale(struct json_object *a, struct json_object *b)
{
	const char *session = adoption_session_id(a), *other = adoption_session_id(b);

	return same_text(session, other) ||
	       same_text(json_string_or_null(a, "stripePaymentIntentId"),
			 json_string_or_null(b, "stripePaymentIntentId"));
}

/* Reads the other order that the session's item, the payment or the number names,
 * with what belongs to it; without one, a->read[OTHER] is NULL. */
static int find_other(struct attempt *a, struct err *e)
{
	static const enum item pointers[] = {SESSION, PAYMENT, NUMBER};
	const char *number;
	size_t i;

	for (i = 0; i < sizeof pointers / sizeof *pointers; i++) {
		const char *pk = json_string_or_null(a->read[pointers[i]], "orderPK");
		const char *sk = json_string_or_null(a->read[pointers[i]], "orderSK");

		if (!pk || !sk || (same_text(a->pk[ORDER], pk) && same_text(a->sk[ORDER], sk)))
			continue;
		set_key(a, OTHER, str_dup(pk), sk);
		if (read_items(a, 1u << OTHER, e))
			return -1;
		if (a->read[OTHER] && are_of_one_sale(a->read[ORDER], a->read[OTHER]))
			break;
		json_object_put(a->read[OTHER]);
		a->read[OTHER] = NULL;
	}
	if (!a->read[OTHER])
		return 0;

	/* What belongs to it alone. */
	number = json_string_or_null(a->read[OTHER], "orderNumber");
	if (!str_empty(number))
		set_key(a, OTHER_NUMBER, key_number(number), KEY_METADATA);
	if (strcmp(a->sk[OTHER], a->sk[ORDER]) != 0)
		set_key(a, OTHER_DAY, day_of(a->sk[OTHER]), a->sk[OTHER]);
	return read_items(a, OTHERS, e);
}

/* Tells the caller a sentence, and frees it. */
static void report(const struct adopt_work *work, char *sentence)
{
	if (work->request->report)
		work->request->report(work->request->context, sentence);
	free(sentence);
}

/* Tells both places of an order that stands twice, and what becomes of it. */
static void report_twice(const struct attempt *a, const char *what)
{
	const char *number = json_string_or_null(a->read[ORDER], "orderNumber");

	report(a->work, str_printf("order %s (%s) stands twice: %s, %s and %s, %s%s",
				   number ? number : "?",
				   adoption_session_id(a->read[ORDER]), a->pk[ORDER], a->sk[ORDER],
				   a->pk[OTHER], a->sk[OTHER], what));
}

/* --- writing ------------------------------------------------------------------------ */

/* Forgets an item: it is not written. */
static void leave(struct attempt *a, enum item item)
{
	set_key(a, item, NULL, NULL);
	json_object_put(a->read[item]);
	a->read[item] = NULL;
}

/* Finds another key for the number's pointer. */
static int grow_number(struct attempt *a, enum item item, const struct numbering *n, const char *number,
		       struct err *e)
{
	struct json_object *pointer;
	char *grown;

	if (numbering_next_free(n, number, &grown, &pointer, e))
		return -1;
	leave(a, item);
	set_key(a, item, key_number(grown), KEY_METADATA);
	a->read[item] = pointer;
	free(grown);
	return 0;
}

/* The pointer of `order`'s number, where another sale has that, grows by a letter, as
 * recording an event would have it; a number that only the order had which goes is left to
 * the other sale. */
static int free_numbers(struct attempt *a, struct json_object *order, struct err *e)
{
	static const enum item numbers[] = {NUMBER, OTHER_NUMBER};
	const struct numbering n = {.app = a->work->app,
				    .session_id = json_string_or_null(order, "orderId"),
				    .deadline = deadline_in(TRANSFER_VERB_MS)};
	const char *number = json_string_or_null(order, "orderNumber");
	char *own = str_empty(number) ? NULL : key_number(number);
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < sizeof numbers / sizeof *numbers; i++) {
		bool taken = false;

		if (a->pk[numbers[i]])
			rc = numbering_is_taken(&n, a->read[numbers[i]], &taken, e);
		if (rc || !taken)
			continue;
		if (same_text(a->pk[numbers[i]], own))
			rc = grow_number(a, numbers[i], &n, number, e);
		else
			leave(a, numbers[i]);
	}
	free(own);
	/* Both may have one number, or one has grown to what the other's was. */
	if (same_text(a->pk[NUMBER], a->pk[OTHER_NUMBER]))
		leave(a, OTHER_NUMBER);
	return rc;
}

/* The actions of one transaction; they own their items. */
struct actions {
	struct store_action list[ITEMS + 1];
	size_t n;
};

/* Takes `item`. */
static void add_put(struct actions *actions, struct json_object *item, struct json_object *read)
{
	actions->list[actions->n++] = store_replace(item, read);
}

/* Deletes an item as it was read; NULL is none. */
static void add_delete(struct actions *actions, struct json_object *read)
{
	if (!read)
		return;
	actions->list[actions->n] = store_replace(json_object_get(read), read);
	actions->list[actions->n++].verb = STORE_DELETE;
}

/*
 * Writes `order`, which replaces what stands as `kept` (ORDER or OTHER), and all
 * that names it.  The other one, if there is one, goes, and what named it names
 * `order`.
 */
static int write_order(struct attempt *a, struct json_object *order, enum item kept,
		       struct err *e)
{
	bool own = kept == ORDER;
	enum item day = own ? DAY : OTHER_DAY, other_day = own ? OTHER_DAY : DAY;
	struct json_object *stands = a->read[kept], *gone = own ? a->read[OTHER] : a->read[ORDER];
	struct actions actions = {.n = 0};
	int64_t created = 0;
	int rc = 0;

	key_order_created(a->sk[kept], &created);
	add_put(&actions, order_session_item(order, a->read[SESSION], clock_epoch()),
		a->read[SESSION]);
	if (a->pk[PAYMENT])
		add_put(&actions, order_payment_pointer(order, str_dup(a->pk[PAYMENT])),
			a->read[PAYMENT]);
	if (a->pk[NUMBER])
		add_put(&actions, order_pointer(order, str_dup(a->pk[NUMBER])), a->read[NUMBER]);
	if (a->pk[OTHER_NUMBER])
		add_put(&actions, order_pointer(order, str_dup(a->pk[OTHER_NUMBER])),
			a->read[OTHER_NUMBER]);
	/* Both orders may have one day's entry. */
	if (!a->pk[day])
		day = other_day;
	add_put(&actions, order_day_entry(order, created), a->read[day]);
	if (day != other_day && gone)
		add_delete(&actions, a->read[other_day]);
	add_delete(&actions, gone);
	add_put(&actions, json_object_get(order), stands);
	if (!a->work->request->dry_run)
		rc = store_write(app_store(a->work->app), actions.list, actions.n, NULL,
				 deadline_in(TRANSFER_VERB_MS), e);
	while (actions.n)
		json_object_put(actions.list[--actions.n].item);
	return rc;
}

/* --- deciding ------------------------------------------------------------------------- */

/* An order that stands once gets what ours have. */
static int adopt_alone(struct attempt *a, struct err *e)
{
	struct json_object *order = adoption_order(a->read[ORDER], a->read[SESSION]);
	int rc = free_numbers(a, order, e);

	if (!rc)
		rc = write_order(a, order, ORDER, e);
	json_object_put(order);
	if (!rc)
		a->work->counts->adopted++;
	return rc;
}

/* The order of a person who was erased keeps its place, which names nobody; then the functions' order
 * (without a source), for they know it there; of two of theirs the first one, of two of ours the one
 * that is named. */
static enum item choose_kept(const struct attempt *a)
{
	bool erased = erasure_is_done(a->read[ORDER]), other_erased = erasure_is_done(a->read[OTHER]);
	bool own = !json_object_object_get_ex(a->read[ORDER], "source", NULL);
	bool other = !json_object_object_get_ex(a->read[OTHER], "source", NULL);

	if (erased != other_erased)
		return erased ? ORDER : OTHER;
	if (own != other)
		return own ? ORDER : OTHER;
	return own && strcmp(a->sk[ORDER], a->sk[OTHER]) < 0 ? ORDER : OTHER;
}

/* Makes one of two orders of a sale, in the place of the one that is kept. */
static int make_one(struct attempt *a, struct err *e)
{
	enum item kept = choose_kept(a), gone = kept == ORDER ? OTHER : ORDER;
	struct json_object *order = adoption_order(a->read[kept], a->read[SESSION]);
	struct json_object *other = adoption_order(a->read[gone], a->read[SESSION]);
	struct json_object *merged = order && other ? adoption_merge(order, other) : NULL;
	const char *payment = json_string_or_null(merged, "stripePaymentIntentId");
	int rc = merged ? 0 : err_set(e, ERR_INTERNAL, "%s, %s is not an order", a->pk[OTHER],
				      a->sk[OTHER]);

	if (!rc && !a->pk[PAYMENT] && !str_empty(payment)) {
		set_key(a, PAYMENT, key_payment(payment), KEY_METADATA);
		rc = read_items(a, 1u << PAYMENT, e);
	}
	if (!rc)
		rc = free_numbers(a, merged, e);
	if (!rc)
		rc = write_order(a, merged, kept, e);
	json_object_put(merged);
	json_object_put(other);
	json_object_put(order);
	if (rc)
		return -1;
	report_twice(a, a->work->request->dry_run ? ": they would be made one"
						  : ": they were made one");
	a->work->counts->merged++;
	a->work->counts->twice++;
	return 0;
}

struct repair {
	const struct adopt_work *work;
	struct json_object *order;
	bool theirs; /* only if it still has no version */
};

/* Reads the order and all that may name it, and writes what becomes of it. */
static int repair_once(void *context, struct err *e)
{
	const struct repair *m = context;
	struct attempt a = {.work = m->work};
	const char *sk = json_string_or_null(m->order, "SK");
	const char *payment = json_string_or_null(m->order, "stripePaymentIntentId");
	const char *number = json_string_or_null(m->order, "orderNumber");
	int rc;

	set_key(&a, ORDER, str_dup(json_string_or_null(m->order, "PK")), sk);
	set_key(&a, SESSION, key_session(adoption_session_id(m->order)), KEY_METADATA);
	set_key(&a, PAYMENT, str_empty(payment) ? NULL : key_payment(payment), KEY_METADATA);
	set_key(&a, NUMBER, str_empty(number) ? NULL : key_number(number), KEY_METADATA);
	set_key(&a, DAY, day_of(sk), sk);
	rc = read_items(&a, OWN, e);
	/* It has moved away, or another walk has adopted it. */
	if (rc || !a.read[ORDER] || (m->theirs && store_item_version(a.read[ORDER]) != 0))
		goto out;
	rc = find_other(&a, e);
	if (rc)
		goto out;
	if (a.read[OTHER] && m->work->request->merge) {
		rc = make_one(&a, e);
	} else if (a.read[OTHER]) {
		report_twice(&a, "; --merge makes one of them");
		m->work->counts->twice++;
	} else if (m->theirs) {
		rc = adopt_alone(&a, e);
	}
out:
	free_attempt(&a);
	return rc;
}

int adopt_repair(const struct adopt_work *work, struct json_object *order, bool theirs,
		 struct err *e)
{
	struct repair m = {.work = work, .order = order, .theirs = theirs};
	int rc = store_until_written(repair_once, &m, deadline_in(TRANSFER_VERB_MS), e);

	if (rc && e->code == ERR_CONFLICT)
		e->code = ERR_UNAVAILABLE;
	return rc ? err_prefix(e, "%s, %s", json_string_or_null(order, "PK"),
			       json_string_or_null(order, "SK")) : 0;
}

int adopt_order(const struct adopt_work *work, struct json_object *order, struct err *e)
{
	struct json_object *adopted = adoption_order(order, NULL);

	if (!adopted) {
		work->counts->odd++;
		report(work, str_printf("%s, %s names no session: it is left as it is",
					json_string_or_null(order, "PK"),
					json_string_or_null(order, "SK")));
		return 0;
	}
	json_object_put(adopted);
	return adopt_repair(work, order, true, e);
}
