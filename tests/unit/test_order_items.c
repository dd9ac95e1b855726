/* SPDX-License-Identifier: ISC */
/*
 * All that is written of an order: which items, made of which order, under which condition.
 */
#include "unit.h"

#include "shop/order_items.h"

#define NOW 1795771800 /* 2026-11-27T09:30:00Z */
#define DAY_SECONDS 86400

#define NAMES "'orderPK':'USER#7','orderSK':'ORDER#1795771800#cs_1','orderId':'cs_1'," \
	      "'orderNumber':'BC-1','userId':'7'"
#define ORDER "'PK':'USER#7','SK':'ORDER#1795771800#cs_1','orderId':'cs_1','stripeSessionId':'cs_1'," \
	      "'orderNumber':'BC-1','userId':'7','amount':4000,'currency':'eur'"
#define PAID "{" ORDER ",'status':'completed','stripePaymentIntentId':'pi_1','createdAt':'2026-11-27T09:30:00Z'"

/* A table with the order's items in it, and what is to become of the order. */
struct scene {
	struct item_keys keys;
	struct json_object *read[ITEM_KINDS];
	struct order_change change;
	struct order_item items[ORDER_ITEMS_MAX];
	size_t n;
};

static struct scene scene_of(const char *order)
{
	struct scene scene = {.n = 0};

	assert_int_equal(item_keys_of_order(&scene.keys, json_of("%s", order)), 0);
	scene.change = (struct order_change){.now = NOW, .order = json_of("%s", order)};
	return scene;
}

static void decide(struct scene *scene)
{
	scene->change.keys = &scene->keys;
	scene->change.read = scene->read;
	scene->n = order_items(&scene->change, scene->items);
	assert_in_range(scene->n, 0, ORDER_ITEMS_MAX);
}

/* The item of the list under this key, or NULL. */
static const struct order_item *item_under(const struct scene *scene, const char *pk)
{
	size_t i;

	for (i = 0; i < scene->n; i++)
		if (strcmp(json_string_or_null(scene->items[i].item, "PK"), pk) == 0)
			return &scene->items[i];
	return NULL;
}

static void end(struct scene *scene)
{
	order_items_free(scene->items, scene->n);
	item_keys_free(&scene->keys);
}

/* All of the list are written: the table has them then. */
static void write_all(struct scene *scene)
{
	static const struct {
		const char *prefix;
		enum item_kind which;
	} kinds[] = {{"USER#", ITEM_ORDER}, {"SESSION#", ITEM_SESSION}, {"NUMBER#", ITEM_NUMBER},
		     {"PAYMENT#", ITEM_PAYMENT}, {"DAY#", ITEM_DAY}, {"QUOTE#", ITEM_QUOTE},
		     {"EVENT#", ITEM_EVENT}}, *kind;
	size_t i;

	for (i = 0; i < scene->n; i++)
		for EACH(kind, kinds)
			if (str_starts(json_string_or_null(scene->items[i].item, "PK"), kind->prefix))
				scene->read[kind->which] = keep(json_copy(scene->items[i].item));
	order_items_free(scene->items, scene->n);
	scene->n = 0;
}

static void a_new_order_is_written_with_all_that_stands_beside_it(void **state)
{
	static const struct {
		const char *pk, *item;
	} table[] = {
		{"USER#7", PAID ",'version':1}"},
		{"SESSION#cs_1", "{'PK':'SESSION#cs_1','SK':'METADATA'," NAMES ",'stripeSessionId':'cs_1',"
		 "'createdAt':'2026-11-27T09:30:00Z','status':'completed','updatedAt':'2026-11-27T09:30:00Z'}"},
		{"NUMBER#BC-1", "{'PK':'NUMBER#BC-1','SK':'METADATA'," NAMES "}"},
		{"PAYMENT#pi_1", "{'PK':'PAYMENT#pi_1','SK':'METADATA'," NAMES ",'order':" PAID ",'version':1}}"},
		{"DAY#2026-11-27", "{'PK':'DAY#2026-11-27','SK':'ORDER#1795771800#cs_1'," NAMES ",'amount':4000,"
		 "'currency':'eur','status':'completed','createdAt':'2026-11-27T09:30:00Z'}"},
	}, *row;
	struct scene scene = scene_of(PAID "}");

	(void)state;
	decide(&scene);
	assert_int_equal(scene.n, LENGTH(table));
	for EACH(row, table) {
		const struct order_item *item = item_under(&scene, row->pk);

		check(row->pk, item && !item->check && !item->read);
		check_json(row->pk, item->item, row->item);
	}
	end(&scene);
}

static void what_says_already_what_it_should_is_not_written(void **state)
{
	static const char *const beside[] = {"SESSION#cs_1", "NUMBER#BC-1", "PAYMENT#pi_1",
					     "DAY#2026-11-27"};
	static const enum item_kind kinds[] = {ITEM_SESSION, ITEM_NUMBER, ITEM_PAYMENT, ITEM_DAY};
	struct scene scene = scene_of(PAID "}");
	size_t i;

	(void)state;
	decide(&scene);
	write_all(&scene);
	decide(&scene);
	assert_int_equal(scene.n, 0);

	/* One that is gone is written, while the order is as it was. */
	for (i = 0; i < LENGTH(kinds); i++) {
		struct json_object *there = scene.read[kinds[i]];
		const struct order_item *item;

		scene.read[kinds[i]] = NULL;
		decide(&scene);
		check_int(beside[i], scene.n, 2);
		check(beside[i], item_under(&scene, beside[i]) && !item_under(&scene, beside[i])->check);
		item = item_under(&scene, "USER#7");
		check(beside[i], item && item->check && item->read == scene.read[ITEM_ORDER]);
		check_int(beside[i], json_int_or(item->item, "version", 0), 1);
		order_items_free(scene.items, scene.n);
		scene.read[kinds[i]] = there;
	}
	scene.n = 0;
	end(&scene);
}

static void an_order_that_changes_is_put_with_what_its_step_changes_beside_it(void **state)
{
	static const struct {
		const char *order;
		bool always;
		const char *written; /* what is written beside the order */
	} table[] = {
		{PAID "}", false, ""}, {PAID ",'updatedAt':'later'}", false, ""},
		{PAID "}", true, "PAYMENT"}, /* its copy has the order's version */
		{PAID ",'amountRefunded':1}", false, "PAYMENT"},
		{PAID ",'status':'refunded','amountRefunded':4000}", false, "PAYMENT DAY"},
		{PAID ",'status':'failed'}", false, "SESSION PAYMENT DAY"},
		{PAID ",'itemsPending':true}", false, "PAYMENT DAY"},
		{PAID ",'unconfirmed':true}", false, "PAYMENT DAY"},
		{PAID ",'expiresAt':1900000000}", false, "SESSION NUMBER PAYMENT DAY"},
	}, *row;
	static const char *const kinds[] = {"SESSION", "NUMBER", "PAYMENT", "DAY"}, *const *kind;
	static const char *const keys[] = {"SESSION#cs_1", "NUMBER#BC-1", "PAYMENT#pi_1", "DAY#2026-11-27"};

	(void)state;
	for EACH(row, table) {
		struct scene scene = scene_of(PAID "}");
		bool put = row->always || strstr(row->order, "efunded") || *row->written;
		const struct order_item *item;

		decide(&scene);
		write_all(&scene);
		scene.change.order = json_of("%s", row->order);
		scene.change.put_always = row->always;
		decide(&scene);
		for EACH(kind, kinds)
			check_int(keep_text(str_printf("%s: %s", row->order, *kind)),
				  item_under(&scene, keys[kind - kinds]) != NULL,
				  strstr(row->written, *kind) != NULL);
		item = item_under(&scene, "USER#7");
		check_int(row->order, item && !item->check, put);
		if (put) {
			check_int(row->order, json_int_or(item->item, "version", 0), 2);
			check(row->order, item->read == scene.read[ITEM_ORDER]);
		}
		end(&scene);
	}
}

static void an_item_that_was_read_ahead_of_its_order_is_written_with_it(void **state)
{
	struct scene scene = scene_of(PAID "}");

	(void)state;
	decide(&scene);
	write_all(&scene);

	/* The day's entry says already that it was refunded: of the moment after this step, or of
	 * another writer's that the order, read a moment before, does not show. */
	scene.read[ITEM_DAY] = keep(json_copy(scene.read[ITEM_DAY]));
	json_set_string(scene.read[ITEM_DAY], "status", "refunded");
	scene.change.order = json_of(PAID ",'status':'refunded'}");
	decide(&scene);
	assert_non_null(item_under(&scene, "DAY#2026-11-27"));
	assert_ptr_equal(item_under(&scene, "DAY#2026-11-27")->read, scene.read[ITEM_DAY]);
	end(&scene);
}

static void the_marker_is_written_beside_an_order_that_is_checked(void **state)
{
	struct scene scene = scene_of(PAID "}");

	(void)state;
	decide(&scene);
	write_all(&scene);
	scene.change.marker = json_of("{'PK':'EVENT#evt_1','SK':'METADATA','eventId':'evt_1'}");
	decide(&scene);
	assert_int_equal(scene.n, 2);
	assert_null(item_under(&scene, "EVENT#evt_1")->read);
	assert_true(item_under(&scene, "USER#7")->check);
	write_all(&scene);
	/* One that is there already is not written again. */
	decide(&scene);
	assert_int_equal(scene.n, 0);
	end(&scene);
}

static void a_quote_is_used_up_once(void **state)
{
	static const struct {
		const char *quote, *after;
	} table[] = {
		{"{'PK':'QUOTE#q','SK':'CACHE','expiresAt':5}",
		 "{'PK':'QUOTE#q','SK':'CACHE','expiresAt':5,'orderId':'cs_1','orderNumber':'BC-1'}"},
		{"{'PK':'QUOTE#q','SK':'CACHE','orderId':'cs_2'}", NULL},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct scene scene = scene_of(PAID "}");
		const struct order_item *item;

		scene.read[ITEM_QUOTE] = json_of("%s", row->quote);
		decide(&scene);
		item = item_under(&scene, "QUOTE#q");
		check_int(row->quote, item != NULL, row->after != NULL);
		if (item) {
			check_json(row->quote, item->item, row->after);
			check(row->quote, item->read == scene.read[ITEM_QUOTE] && !item->check);
		}
		end(&scene);
	}
}

static void a_session_without_an_order_expires_while_it_is_open(void **state)
{
	static const struct {
		const char *session, *url, *after;
	} table[] = {
		{"{'PK':'SESSION#cs_1','SK':'METADATA','status':'open'}", "https://again",
		 "{'PK':'SESSION#cs_1','SK':'METADATA','status':'expired','recoveryUrl':'https://again',"
		 "'updatedAt':'2026-11-27T09:30:00Z'}"},
		{"{'PK':'SESSION#cs_1','SK':'METADATA'}", NULL,
		 "{'PK':'SESSION#cs_1','SK':'METADATA','status':'expired','updatedAt':'2026-11-27T09:30:00Z'}"},
		{"{'PK':'SESSION#cs_1','SK':'METADATA','status':'completed'}", NULL, NULL},
		{"{'PK':'SESSION#cs_1','SK':'METADATA','status':'expired'}", NULL, NULL},
	}, *row;
	struct scene nothing = {.change = {.expired = true, .now = NOW}};

	(void)state;
	for EACH(row, table) {
		struct scene scene = {.change = {.expired = true, .recovery_url = row->url, .now = NOW}};

		scene.read[ITEM_SESSION] = json_of("%s", row->session);
		decide(&scene);
		check_int(row->session, scene.n, row->after ? 1 : 0);
		if (row->after) {
			check_json(row->session, scene.items[0].item, row->after);
			check(row->session, scene.items[0].read == scene.read[ITEM_SESSION]);
		}
		end(&scene);
	}
	decide(&nothing);
	assert_int_equal(nothing.n, 0);
}

static void the_shop_is_told_of_what_happened_where_it_wants_to_be(void **state)
{
	static const struct {
		const char *order;
		bool tell, told;
	} table[] = {
		{PAID ",'amountRefunded':1,'status':'partially_refunded'}", true, true},
		{PAID ",'amountRefunded':1,'status':'partially_refunded'}", false, false},
		{PAID ",'customerName':'X'}", true, false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct scene scene = scene_of(PAID "}");

		decide(&scene);
		write_all(&scene);
		scene.change.order = json_of("%s", row->order);
		scene.change.tell = row->tell;
		decide(&scene);
		check_int(row->order, item_under(&scene, "OUTBOX") != NULL, row->told);
		check(row->order, item_under(&scene, "USER#7") && !item_under(&scene, "USER#7")->check);
		end(&scene);
	}
}

static void what_checkout_noted_of_the_session_stays(void **state)
{
	struct json_object *order = json_of(PAID ",'quoteSignature':'q','expiresAt':1900000000}");
	struct json_object *stored = json_of("{'PK':'SESSION#cs_1','SK':'METADATA','note':'n','status':'open',"
					     "'expiresAt':5}");

	(void)state;
	check_json("session", keep(order_session_item(order, stored, NOW)),
		   "{'PK':'SESSION#cs_1','SK':'METADATA'," NAMES ",'stripeSessionId':'cs_1','note':'n',"
		   "'quoteSignature':'q','createdAt':'2026-11-27T09:30:00Z','status':'completed',"
		   "'updatedAt':'2026-11-27T09:30:00Z','expiresAt':1900000000}");
	/* It is kept as long as its order. */
	assert_false(json_object_object_get_ex(keep(order_session_item(json_of(PAID "}"), stored, NOW)),
					       "expiresAt", NULL));
	assert_string_equal(json_string_or_null(keep(order_session_item(
		json_of(PAID ",'status':'failed'}"), NULL, NOW)), "status"), "failed");
	assert_string_equal(json_string_or_null(keep(order_session_item(
		json_of(PAID ",'status':'pending'}"), NULL, NOW)), "status"), "completed");
}

static void an_order_of_no_payment_has_no_pointer_of_one(void **state)
{
	struct scene scene = scene_of(PAID "}");

	(void)state;
	free(scene.keys.pk[ITEM_PAYMENT]);
	scene.keys.pk[ITEM_PAYMENT] = NULL;
	decide(&scene);
	assert_int_equal(scene.n, 4);
	assert_false(item_under(&scene, "PAYMENT#pi_1"));
	write_all(&scene);
	assert_int_equal(order_items_astray(&scene.keys, scene.read, NOW), 0);
	end(&scene);
}

static void an_item_that_does_not_say_what_is_derived_is_astray(void **state)
{
	static const struct {
		enum item_kind which;
		const char *key, *value;
		bool astray;
	} table[] = {
		{ITEM_SESSION, "status", "open", false}, {ITEM_SESSION, "updatedAt", "x", false},
		{ITEM_SESSION, "orderPK", "USER#8", true}, {ITEM_NUMBER, "orderSK", "ORDER#1#cs_2", true},
		{ITEM_DAY, "status", "pending", true}, {ITEM_PAYMENT, "orderId", "cs_2", true},
		{ITEM_PAYMENT, "order", "x", true}, {ITEM_DAY, "userId", NULL, true},
	}, *row;
	struct scene scene = scene_of(PAID "}");
	struct json_object *there, *copy = NULL;

	(void)state;
	decide(&scene);
	write_all(&scene);
	assert_int_equal(order_items_astray(&scene.keys, scene.read, NOW), 0);
	for EACH(row, table) {
		const char *what = keep_text(str_printf("%d %s", (int)row->which, row->key));

		there = scene.read[row->which];

		scene.read[row->which] = keep(json_copy(there));
		json_object_object_del(scene.read[row->which], row->key);
		json_set_string(scene.read[row->which], row->key, row->value);
		check_int(what, order_items_astray(&scene.keys, scene.read, NOW),
			  row->astray ? 1u << row->which : 0);
		scene.read[row->which] = NULL;
		check_int(what, order_items_astray(&scene.keys, scene.read, NOW), 1u << row->which);
		scene.read[row->which] = there;
	}

	/* A copy of another moment is one. */
	json_get_object(scene.read[ITEM_PAYMENT], "order", &copy);
	assert_non_null(copy);
	there = scene.read[ITEM_PAYMENT];
	scene.read[ITEM_PAYMENT] = keep(json_copy(there));
	copy = keep(json_copy(copy));
	json_set_string(copy, "status", "pending");
	json_set(scene.read[ITEM_PAYMENT], "order", json_object_get(copy));
	assert_int_equal(order_items_astray(&scene.keys, scene.read, NOW), 1u << ITEM_PAYMENT);
	scene.read[ITEM_PAYMENT] = there;

	/* The version of the payment's copy is no fault. */
	json_set_int(scene.read[ITEM_ORDER], "version", 9);
	assert_int_equal(order_items_astray(&scene.keys, scene.read, NOW), 0);
	end(&scene);
}

static void an_order_that_is_not_whole_has_nothing_astray(void **state)
{
	static const char *const orders[] = {"{'PK':'USER#7','orderId':'cs_1'}",
					     "{'PK':'USER#7','stripeSessionId':'cs_1'}", "{}"};
	struct scene scene = scene_of(PAID "}");
	const char *const *order;

	(void)state;
	for EACH(order, orders) {
		scene.read[ITEM_ORDER] = json_of("%s", *order);
		check_int(*order, order_items_astray(&scene.keys, scene.read, NOW), 0);
	}
	end(&scene);
}

static void beside_an_erased_order_nothing_of_the_person_is_kept(void **state)
{
	struct scene scene = scene_of(PAID ",'erasedAt':'2026-11-27T09:30:00Z'}");
	const struct order_item *item;

	(void)state;
	scene.read[ITEM_SESSION] = json_of("{'PK':'SESSION#cs_1','SK':'METADATA','customerEmail':'a@x'}");
	decide(&scene);
	item = item_under(&scene, "SESSION#cs_1");
	assert_non_null(item);
	assert_false(json_object_object_get_ex(item->item, "customerEmail", NULL));
	end(&scene);
}

static void a_marker_has_the_functions_word_for_its_kind(void **state)
{
	static const struct {
		enum event_kind kind;
		const char *status;
	} table[] = {
		{EVENT_SESSION_COMPLETED, "completed"}, {EVENT_SESSION_SUCCEEDED, "completed"},
		{EVENT_SESSION_FAILED, "failed"}, {EVENT_SESSION_EXPIRED, "expired"},
		{EVENT_REFUND, "received"}, {EVENT_DISPUTE, "received"},
	}, *row;
	struct event event = {.id = "evt_1", .type = "t"};

	(void)state;
	for EACH(row, table) {
		event.kind = row->kind;
		check_json(row->status, keep(order_event_marker(&event, "cs_1", json_of(PAID "}"), NOW, 2)),
			   keep_text(str_printf("{'PK':'EVENT#evt_1','SK':'METADATA','eventId':'evt_1',"
						"'type':'t','status':'%s','sessionId':'cs_1','orderId':'cs_1',"
						"'orderNumber':'BC-1','processedAt':'2026-11-27T09:30:00Z',"
						"'expiresAt':%d}", row->status, NOW + 2 * DAY_SECONDS)));
	}
	check_json("of no order", keep(order_event_marker(&event, NULL, NULL, NOW, 30)),
		   keep_text(str_printf("{'PK':'EVENT#evt_1','SK':'METADATA','eventId':'evt_1','type':'t',"
					"'status':'received','processedAt':'2026-11-27T09:30:00Z',"
					"'expiresAt':%d}", NOW + 30 * DAY_SECONDS)));
}

/* One that says nothing of its session, by an attribute of a wrong type say, has no key of its own to
 * give to what is derived from it. */
static void beside_a_damaged_order_all_stands_where_it_was_read(void **state)
{
	static const char *const lost[] = {"orderId", "stripeSessionId", "orderNumber"}, *const *name;
	static const char *const keys[] = {"SESSION#cs_1", "NUMBER#BC-1", "PAYMENT#pi_1", "DAY#2026-11-27"};
	size_t i;

	(void)state;
	for EACH(name, lost) {
		struct scene scene = scene_of(PAID ",'version':1}");

		scene.read[ITEM_ORDER] = json_of(PAID ",'version':1}");
		json_object_object_del(scene.read[ITEM_ORDER], *name);
		json_object_object_del(scene.change.order, *name);
		decide(&scene);
		for (i = 0; i < 4; i++)
			assert_non_null(item_under(&scene, keys[i]));
		assert_string_equal(json_string_or_null(item_under(&scene, keys[3])->item, "SK"),
				    "ORDER#1795771800#cs_1");
		end(&scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_new_order_is_written_with_all_that_stands_beside_it),
		holds(what_says_already_what_it_should_is_not_written),
		holds(an_order_that_changes_is_put_with_what_its_step_changes_beside_it),
		holds(an_item_that_was_read_ahead_of_its_order_is_written_with_it),
		holds(the_marker_is_written_beside_an_order_that_is_checked),
		holds(a_quote_is_used_up_once),
		holds(a_session_without_an_order_expires_while_it_is_open),
		holds(the_shop_is_told_of_what_happened_where_it_wants_to_be),
		holds(what_checkout_noted_of_the_session_stays),
		holds(an_order_of_no_payment_has_no_pointer_of_one),
		holds(an_item_that_does_not_say_what_is_derived_is_astray),
		holds(an_order_that_is_not_whole_has_nothing_astray),
		holds(beside_a_damaged_order_all_stands_where_it_was_read),
		holds(beside_an_erased_order_nothing_of_the_person_is_kept),
		holds(a_marker_has_the_functions_word_for_its_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
