/* SPDX-License-Identifier: ISC */
/*
 * Which items an event touches: told from the event, from a pointer, from an order.
 */
#include "unit.h"

#include "shop/item_keys.h"

#define NOW 1795771800 /* 2026-11-27 */
#define DAY_NOW "DAY#2026-11-27"

static struct session session_of(const char *text)
{
	struct json_object *json = json_of("%s", text);
	struct session session;
	struct err e;

	json_set_string(json, "object", "checkout.session");
	assert_int_equal(session_read(json, &session, &e), 0);
	return session;
}

/* "PK SK" of an item; NULL where there is none. */
static const char *key_of(const struct item_keys *keys, enum item_kind which)
{
	return keys->pk[which] ? keep_text(str_printf("%s %s", keys->pk[which], keys->sk[which])) : NULL;
}

/* Those of cs_1, paid by pi_1, of user 7, with a number of its own. */
static struct item_keys keys_of_cs_1(void)
{
	const struct session session = session_of("{'id':'cs_1','created':1795771800,'payment_intent':"
						  "'pi_1','metadata':{'userId':'7'}}");
	struct item_keys keys;

	item_keys_init(&keys, NULL, &session, "BC", NOW);
	return keys;
}

static void all_keys_of_a_sale_are_told_from_its_event(void **state)
{
	const struct session session = session_of(
		"{'id':'cs_test_Ab12','created':1795771800,'payment_intent':'pi_1',"
		"'metadata':{'userId':'7','quoteSignature':'abc'}}");
	const struct event event = {.id = "evt_1", .created = 5};
	static const struct {
		enum item_kind which;
		const char *key;
	} table[] = {
		{ITEM_EVENT, "EVENT#evt_1 METADATA"}, {ITEM_SESSION, "SESSION#cs_test_Ab12 METADATA"},
		{ITEM_ORDER, "USER#7 ORDER#1795771800#cs_test_Ab12"},
		{ITEM_PAYMENT, "PAYMENT#pi_1 METADATA"}, {ITEM_NUMBER, "NUMBER#BC-AB12 METADATA"},
		{ITEM_DAY, DAY_NOW " ORDER#1795771800#cs_test_Ab12"}, {ITEM_QUOTE, "QUOTE#abc CACHE"},
		{ITEM_ADOPTED, "SYSTEM ADOPTED"},
	}, *row;
	struct item_keys keys;

	(void)state;
	item_keys_init(&keys, &event, &session, "BC", NOW);
	for EACH(row, table)
		check_text(row->key, key_of(&keys, row->which), row->key);
	assert_int_equal(LENGTH(table), ITEM_KINDS);
	assert_string_equal(keys.number, "BC-AB12");
	item_keys_free(&keys);
	assert_null(keys.pk[ITEM_ORDER]);
	item_keys_free(&keys);
}

static void what_a_session_does_not_have_has_no_key(void **state)
{
	static const char *const quotes[] = {"{'id':'cs_1'}", "{'id':'cs_1','metadata':{'quoteSignature':''}}"};
	const char *const *text;
	struct item_keys keys;

	(void)state;
	for EACH(text, quotes) {
		const struct session session = session_of(*text);

		item_keys_init(&keys, NULL, &session, "BC", NOW);
		check(*text, !keys.pk[ITEM_EVENT] && !keys.pk[ITEM_PAYMENT] && !keys.pk[ITEM_QUOTE]);
		item_keys_free(&keys);
	}
}

static void a_buyer_is_the_user_id_else_the_address_else_the_session(void **state)
{
	static const struct {
		const char *session, *user;
	} table[] = {
		{"'metadata':{'userId':' 7 ','user_id':'8'},'customer_details':{'email':'A@x'}", "7"},
		{"'metadata':{'user_id':'8'},'customer_details':{'email':'A@x'}", "8"},
		{"'metadata':{'userId':'','user_id':'8'}", "8"},
		{"'metadata':{'userId':' '},'customer_details':{'email':'A@x'}", "a@x"},
		{"'customer_details':{'email':'A@x'},'client_reference_id':'9'", "a@x"},
		{"'client_reference_id':'9'", "cs_1"},
	}, *row;
	struct item_keys keys;

	(void)state;
	for EACH(row, table) {
		const struct session session =
			session_of(keep_text(str_printf("{'id':'cs_1',%s}", row->session)));

		item_keys_init(&keys, NULL, &session, "BC", NOW);
		check_text(row->session, keys.user_id, row->user);
		item_keys_free(&keys);
	}
}

static void a_session_without_a_time_has_its_events_or_ours(void **state)
{
	static const struct {
		const char *session;
		int64_t event; /* when it was made; -1: none */
		int64_t created;
	} table[] = {
		{"{'id':'cs_1','created':1700000000}", 1700000009, 1700000000},
		{"{'id':'cs_1'}", 1700000009, 1700000009}, {"{'id':'cs_1'}", 0, NOW}, {"{'id':'cs_1'}", -1, NOW},
	}, *row;
	struct item_keys keys;

	(void)state;
	for EACH(row, table) {
		const struct session session = session_of(row->session);
		const struct event event = {.id = "evt_1", .created = row->event};

		item_keys_init(&keys, row->event < 0 ? NULL : &event, &session, "BC", NOW);
		check_int(row->session, keys.created, row->created);
		item_keys_free(&keys);
	}
}

static void an_order_that_stands_elsewhere_is_to_be_read(void **state)
{
	static const struct {
		const char *pk, *sk;
		unsigned again;
	} table[] = {
		{NULL, "ORDER#1700000000#cs_1", 0}, {"USER#7", NULL, 0}, {"USER#7", "CART", 0},
		{"USER#7", "ORDER#1795771800#cs_1", 0},
		{"USER#8", "ORDER#1795771800#cs_1", 1u << ITEM_ORDER | 1u << ITEM_DAY},
		{"USER#7", "ORDER#1700000000#cs_1", 1u << ITEM_ORDER | 1u << ITEM_DAY},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *what = keep_text(str_printf("%s %s", row->pk ? row->pk : "", row->sk ? row->sk : ""));
		struct item_keys keys = keys_of_cs_1();

		check_int(what, item_keys_set_order(&keys, row->pk, row->sk), row->again);
		check_text(what, key_of(&keys, ITEM_ORDER),
			   row->again ? what : "USER#7 ORDER#1795771800#cs_1");
		item_keys_free(&keys);
	}
}

static void a_key_of_another_day_has_that_days_entry(void **state)
{
	struct item_keys keys = keys_of_cs_1();

	(void)state;
	item_keys_set_order(&keys, "USER#7", "ORDER#1700000000#cs_1");
	assert_int_equal(keys.created, 1700000000);
	assert_string_equal(key_of(&keys, ITEM_DAY), "DAY#2023-11-14 ORDER#1700000000#cs_1");
	item_keys_free(&keys);
}

static void a_pointer_tells_where_its_order_stands_and_whose_it_is(void **state)
{
	static const struct {
		const char *pointer, *user, *order;
	} table[] = {
		{"{'orderPK':'USER#8','orderSK':'ORDER#1700000000#cs_1','userId':'8'}", "8",
		 "USER#8 ORDER#1700000000#cs_1"},
		{"{'orderPK':'USER#8','orderSK':'ORDER#1700000000#cs_1','userId':''}", "7",
		 "USER#8 ORDER#1700000000#cs_1"},
		{"{'orderPK':'USER#8','orderSK':'ORDER#1700000000#cs_1'}", "7",
		 "USER#8 ORDER#1700000000#cs_1"},
		{"{'userId':'8'}", "7", "USER#7 ORDER#1795771800#cs_1"},
		{"{}", "7", "USER#7 ORDER#1795771800#cs_1"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct item_keys keys = keys_of_cs_1();

		item_keys_from_pointer(&keys, json_of("%s", row->pointer));
		check_text(row->pointer, keys.user_id, row->user);
		check_text(row->pointer, key_of(&keys, ITEM_ORDER), row->order);
		item_keys_free(&keys);
	}
}

static void an_order_keeps_the_number_that_it_bears(void **state)
{
	static const struct {
		const char *order, *number;
		unsigned again;
	} table[] = {
		{"{'orderNumber':'BC-9'}", "BC-9", 1u << ITEM_NUMBER}, {"{'orderNumber':'BC-1'}", "BC-1", 0},
		{"{'orderNumber':''}", "BC-1", 0}, {"{}", "BC-1", 0},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct item_keys keys = keys_of_cs_1();

		check_int(row->order, item_keys_from_order(&keys, json_of("%s", row->order)), row->again);
		check_text(row->order, keys.number, row->number);
		check_text(row->order, key_of(&keys, ITEM_NUMBER),
			   keep_text(str_printf("NUMBER#%s METADATA", row->number)));
		item_keys_free(&keys);
	}
}

static void what_stripe_says_of_the_session_leads_on(void **state)
{
	static const struct {
		const char *session;
		bool known;
		unsigned again;
		const char *order, *user;
	} table[] = {
		{"{'id':'cs_1','created':1795771800,'payment_intent':'pi_1','metadata':{'userId':'7'}}", false,
		 0, "USER#7 ORDER#1795771800#cs_1", "7"},
		{"{'id':'cs_1','created':1795771800,'payment_intent':'pi_2','metadata':{'userId':'7'}}", true,
		 1u << ITEM_PAYMENT, "USER#7 ORDER#1795771800#cs_1", "7"},
		{"{'id':'cs_1','created':1795771800,'payment_intent':'pi_1',"
		 "'metadata':{'userId':'7','quoteSignature':'q'}}", true,
		 1u << ITEM_QUOTE, "USER#7 ORDER#1795771800#cs_1", "7"},
		{"{'id':'cs_1','created':1795771800,'payment_intent':'pi_1','metadata':{'userId':'8'}}", false,
		 1u << ITEM_ORDER, "USER#8 ORDER#1795771800#cs_1", "8"},
		{"{'id':'cs_1','created':1795771800,'payment_intent':'pi_1','metadata':{'userId':'8'}}", true,
		 0, "USER#7 ORDER#1795771800#cs_1", "7"},
		{"{'id':'cs_1','created':1700000000,'metadata':{'userId':'7'}}", false,
		 1u << ITEM_ORDER | 1u << ITEM_DAY, "USER#7 ORDER#1700000000#cs_1", "7"},
		{"{'id':'cs_1','metadata':{'userId':'7'}}", false,
		 0, "USER#7 ORDER#1795771800#cs_1", "7"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const struct session session = session_of(row->session);
		struct item_keys keys = keys_of_cs_1();

		check_int(row->session, item_keys_update(&keys, &session, row->known), row->again);
		check_text(row->session, key_of(&keys, ITEM_ORDER), row->order);
		check_text(row->session, keys.user_id, row->user);
		check_text(row->session, keys.number, "BC-1");
		check(row->session, keys.pk[ITEM_PAYMENT] != NULL);
		item_keys_free(&keys);
	}
}

static void a_time_that_stripe_tells_is_the_orders_while_none_stands(void **state)
{
	const struct session session = session_of("{'id':'cs_1','created':1700000000}");
	bool known;

	(void)state;
	for (known = false;; known = true) {
		struct item_keys keys = keys_of_cs_1();

		item_keys_update(&keys, &session, known);
		assert_int_equal(keys.created, known ? NOW : 1700000000);
		item_keys_free(&keys);
		if (known)
			break;
	}
}

static void an_event_about_a_payment_has_its_marker_and_its_pointer(void **state)
{
	const struct event event = {.id = "evt_1"};
	struct item_keys keys;

	(void)state;
	item_keys_of_payment(&keys, &event, "pi_1");
	assert_string_equal(key_of(&keys, ITEM_EVENT), "EVENT#evt_1 METADATA");
	assert_string_equal(key_of(&keys, ITEM_PAYMENT), "PAYMENT#pi_1 METADATA");
	assert_null(keys.pk[ITEM_ORDER]);
	item_keys_free(&keys);
	item_keys_of_payment(&keys, &event, NULL);
	assert_string_equal(key_of(&keys, ITEM_EVENT), "EVENT#evt_1 METADATA");
	assert_null(keys.pk[ITEM_PAYMENT]);
	item_keys_free(&keys);
}

#define POINTER "'orderPK':'USER#7','orderSK':'ORDER#1795771800#cs_1'"

static void a_payments_pointer_names_its_order_and_all_beside_it(void **state)
{
	static const struct {
		const char *pointer;
		int rc;
	} table[] = {
		{"{" POINTER ",'orderId':'cs_1','orderNumber':'BC-1'}", 0},
		{"{" POINTER ",'orderId':'cs_2','orderNumber':'BC-1'}", -1}, /* another session's key */
		{"{" POINTER ",'orderId':'cs_1'}", -1}, {"{" POINTER ",'orderNumber':'BC-1'}", -1},
		{"{'orderSK':'ORDER#1795771800#cs_1','orderId':'cs_1','orderNumber':'BC-1'}", -1},
		{"{'orderPK':'USER#7','orderId':'cs_1','orderNumber':'BC-1'}", -1}, {"{}", -1},
	}, *row;
	const struct event event = {.id = "evt_1"};

	(void)state;
	for EACH(row, table) {
		struct item_keys keys;

		item_keys_of_payment(&keys, &event, "pi_1");
		check_int(row->pointer, item_keys_from_payment(&keys, json_of("%s", row->pointer)), row->rc);
		check_text(row->pointer, key_of(&keys, ITEM_ORDER),
			   row->rc ? NULL : "USER#7 ORDER#1795771800#cs_1");
		check_text(row->pointer, key_of(&keys, ITEM_DAY),
			   row->rc ? NULL : DAY_NOW " ORDER#1795771800#cs_1");
		check_text(row->pointer, key_of(&keys, ITEM_SESSION), row->rc ? NULL : "SESSION#cs_1 METADATA");
		check_text(row->pointer, key_of(&keys, ITEM_NUMBER), row->rc ? NULL : "NUMBER#BC-1 METADATA");
		check_int(row->pointer, keys.created, row->rc ? 0 : NOW);
		item_keys_free(&keys);
	}
}

#define ORDER "'PK':'USER#7','SK':'ORDER#1795771800#cs_1'"

static void an_order_that_is_whole_tells_what_stands_beside_it(void **state)
{
	static const struct {
		const char *order;
		int rc;
		const char *payment;
	} table[] = {
		{"{" ORDER ",'stripeSessionId':'cs_1','orderNumber':'BC-1','stripePaymentIntentId':'pi_1'}", 0,
		 "PAYMENT#pi_1 METADATA"},
		{"{" ORDER ",'stripeSessionId':'cs_1','orderNumber':'BC-1','stripePaymentIntentId':''}", 0, NULL},
		{"{" ORDER ",'stripeSessionId':'cs_1','orderNumber':'BC-1'}", 0, NULL},
		{"{" ORDER ",'stripeSessionId':'','orderNumber':'BC-1'}", -1, NULL},
		{"{" ORDER ",'orderNumber':'BC-1'}", -1, NULL}, {"{" ORDER ",'stripeSessionId':'cs_1'}", -1, NULL},
		{"{" ORDER ",'stripeSessionId':'cs_1','orderNumber':''}", -1, NULL},
		{"{'SK':'ORDER#1#cs_1','stripeSessionId':'cs_1','orderNumber':'BC-1'}", -1, NULL},
		{"{'PK':'USER#7','SK':'X','stripeSessionId':'cs_1','orderNumber':'BC-1'}", -1, NULL},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct item_keys keys;

		check_int(row->order, item_keys_of_order(&keys, json_of("%s", row->order)), row->rc);
		check_text(row->order, key_of(&keys, ITEM_PAYMENT), row->payment);
		if (!row->rc) {
			check_text(row->order, key_of(&keys, ITEM_ORDER), "USER#7 ORDER#1795771800#cs_1");
			check_text(row->order, key_of(&keys, ITEM_DAY), DAY_NOW " ORDER#1795771800#cs_1");
			check_text(row->order, key_of(&keys, ITEM_SESSION), "SESSION#cs_1 METADATA");
			check_text(row->order, keys.number, "BC-1");
		}
		item_keys_free(&keys);
	}
}

static void a_pointer_is_its_owners(void **state)
{
	static const struct {
		const char *pointer, *owner;
		bool names_cs_1;
	} table[] = {
		{"{" POINTER ",'orderId':'cs_1'}", "cs_1", true}, {"{" POINTER "}", "cs_1", true},
		{"{" POINTER ",'orderId':''}", "cs_1", false}, {"{" POINTER ",'orderId':'cs_2'}", "cs_2", false},
		{"{'orderPK':'USER#7','orderSK':'ORDER#1#cs_11'}", "cs_11", false},
		{"{'orderPK':'USER#7','orderSK':'ORDER#1#cs_11','orderId':'cs_1'}", "cs_1", false},
		{"{'orderSK':'ORDER#1#cs_1','orderId':'cs_1'}", "cs_1", false},
		{"{'orderPK':'USER#7','orderSK':'METADATA','orderId':'cs_1'}", "cs_1", false},
		{"{'orderPK':'USER#7'}", NULL, false}, {"{}", NULL, false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		check_text(row->pointer, item_keys_owner(json_of("%s", row->pointer)), row->owner);
		check_int(row->pointer, item_keys_names(json_of("%s", row->pointer), "cs_1"), row->names_cs_1);
	}
	assert_null(item_keys_owner(NULL));
	assert_false(item_keys_names(NULL, "cs_1"));
}

static void a_pointer_of_another_order_is_left_to_it(void **state)
{
	static const struct {
		const char *pointer;
		bool left;
	} table[] = {
		{"{" POINTER ",'orderId':'cs_1'}", false}, {"{}", false}, {"{'orderId':'cs_2'}", false},
		{"{'orderPK':'USER#8','orderSK':'ORDER#1795771800#cs_2','orderId':'cs_2'}", true},
	}, *row;
	static const enum item_kind pointers[] = {ITEM_SESSION, ITEM_NUMBER, ITEM_PAYMENT}, *which;

	(void)state;
	for EACH(row, table) {
		for EACH(which, pointers) {
			struct json_object *read[ITEM_KINDS] = {
				[ITEM_ORDER] = json_of("{" ORDER ",'orderId':'cs_1'}"),
			};
			struct item_keys keys = keys_of_cs_1();

			read[*which] = json_of("%s", row->pointer);
			item_keys_leave_others(&keys, read);
			check_int(row->pointer, !keys.pk[*which], row->left);
			check(row->pointer, keys.pk[*which == ITEM_NUMBER ? ITEM_PAYMENT : ITEM_NUMBER] != NULL);
			item_keys_free(&keys);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(all_keys_of_a_sale_are_told_from_its_event),
		holds(what_a_session_does_not_have_has_no_key),
		holds(a_buyer_is_the_user_id_else_the_address_else_the_session),
		holds(a_session_without_a_time_has_its_events_or_ours),
		holds(an_order_that_stands_elsewhere_is_to_be_read),
		holds(a_key_of_another_day_has_that_days_entry),
		holds(a_pointer_tells_where_its_order_stands_and_whose_it_is),
		holds(an_order_keeps_the_number_that_it_bears),
		holds(what_stripe_says_of_the_session_leads_on),
		holds(a_time_that_stripe_tells_is_the_orders_while_none_stands),
		holds(an_event_about_a_payment_has_its_marker_and_its_pointer),
		holds(a_payments_pointer_names_its_order_and_all_beside_it),
		holds(an_order_that_is_whole_tells_what_stands_beside_it),
		holds(a_pointer_is_its_owners),
		holds(a_pointer_of_another_order_is_left_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
