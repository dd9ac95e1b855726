/* SPDX-License-Identifier: ISC */
/*
 * What a customer is shown of which orders, a page at a time, and by what one order is found.
 */
#include "orders_fixture.h"

#include "orders/cursor.h"
#include "orders/customer_order.h"
#include "orders/customer_page.h"
#include "orders/lookup.h"

/* --- a customer's pages ------------------------------------------------------------- */

/* One page of Ann's, behind `cursor`, as "id id>" with > where another one follows; *next is its cursor. */
static const char *page_of(size_t limit, const char *cursor, int64_t deadline, const char **next)
{
	struct json_object *answer, *orders;
	struct customer ann;
	struct buf text;
	struct err e;
	size_t i;

	assert_int_equal(customer_init(&ann, "ann", "Ann@example.com", CUSTOMER_LIVE_MODE), 0);
	assert_int_equal(customer_page(&outside.app, &ann, cursor, limit, deadline, &answer, &e), 0);
	customer_free(&ann);
	keep(answer);
	orders = json_object_object_get(answer, "orders");
	buf_init(&text, 4096);
	for (i = 0; i < json_object_array_length(orders); i++)
		buf_printf(&text, "%s%s", i ? " " : "",
			   json_string_or_null(json_object_array_get_idx(orders, i), "orderId"));
	check("orders", json_object_get_boolean(json_object_object_get(answer, "hasOrders")) ==
			(text.len || cursor || json_object_object_get(answer, "nextCursor")));
	*next = json_string_or_null(answer, "nextCursor");
	buf_puts(&text, *next ? ">" : "");
	return keep_text(buf_detach(&text));
}

#define ANNS ",'userId':'ann','userKind':'user','livemode':true"
#define GUESTS ",'userId':'ann@example.com','guest':true,'customerEmail':'ann@example.com','livemode':true"

static void a_page_ends_at_its_limit_and_the_next_one_goes_on_behind_it(void **state)
{
	static const char *const pages[][5] = {
		{"cs_6>", "cs_5>", "cs_4>", "cs_3>", "cs_2"}, {"cs_6 cs_5>", "cs_4 cs_3>", "cs_2"},
		{"cs_6 cs_5 cs_4>", "cs_3 cs_2"}, {"cs_6 cs_5 cs_4 cs_3>", "cs_2"}, {"cs_6 cs_5 cs_4 cs_3 cs_2"},
		{"cs_6 cs_5 cs_4 cs_3 cs_2"},
	};
	const char *cursor;
	size_t limit, i;

	(void)state;
	outside_begin();
	has_order("USER#ann", SECOND + 6, "cs_6", ANNS);
	has_order("USER#ann@example.com", SECOND + 5, "cs_5", GUESTS);
	has_order("USER#ann", SECOND + 4, "cs_4", ANNS);
	has_order("USER#ann", SECOND + 3, "cs_3", GUESTS); /* stands twice, is shown once */
	has_order("USER#ann@example.com", SECOND + 3, "cs_3", GUESTS);
	has_order("USER#ann@example.com", SECOND + 2, "cs_2", GUESTS);
	has_order("USER#ann@example.com", SECOND + 1, "cs_1", ",'userKind':'user','livemode':true");
	has_order("USER#ann", SECOND, "cs_0", ",'userKind':'user','livemode':false");
	for (i = 7; i < 10; i++)
		has_order("USER#ann", SECOND + (int64_t)i, keep_text(str_printf("cs_%zu", i)),
			  ",'userId':'ann','userKind':'user','livemode':false");
	for (limit = 1; limit <= LENGTH(pages); limit++) {
		cursor = NULL;
		for (i = 0; i == 0 || cursor; i++)
			check_text("page", page_of(limit, cursor, SOON, &cursor), pages[limit - 1][i]);
	}
	outside_end();
}

static void a_page_costs_a_query_a_partition_unless_most_is_not_shown(void **state)
{
	const char *cursor;
	unsigned calls;

	(void)state;
	outside_begin();
	has_order("USER#ann", SECOND + 3, "cs_3", ANNS);
	has_order("USER#ann", SECOND + 2, "cs_2", ANNS);
	has_order("USER#ann", SECOND + 1, "cs_1", ANNS);
	assert_string_equal(page_of(20, NULL, SOON, &cursor), "cs_3 cs_2 cs_1");
	calls = outside.calls;
	assert_string_equal(page_of(2, NULL, SOON, &cursor), "cs_3 cs_2>");
	assert_int_equal(outside.calls, 2 * calls);
	outside_end();
}

static void a_page_ends_where_the_request_has_no_time_for_another_query(void **state)
{
	const char *cursor;

	(void)state;
	outside_begin();
	has_order("USER#ann", SECOND + 3, "cs_3", ",'userKind':'user','livemode':false");
	has_order("USER#ann", SECOND + 2, "cs_2", ",'userKind':'user','livemode':false");
	has_order("USER#ann", SECOND + 1, "cs_1", ANNS);
	assert_string_equal(page_of(1, NULL, deadline_in(2000), &cursor), "cs_1");
	assert_string_equal(page_of(1, NULL, deadline_in(1999), &cursor), ">");
	assert_string_equal(page_of(1, cursor, deadline_in(1999), &cursor), "cs_1");
	outside_end();
}

static void a_page_ends_at_a_megabyte(void **state)
{
	const char *large = keep_text(str_printf(ANNS ",'orderNumber':'%s'", repeat("x", 600000))), *cursor;

	(void)state;
	outside_begin();
	has_order("USER#ann", SECOND + 3, "cs_3", large);
	has_order("USER#ann", SECOND + 2, "cs_2", large);
	has_order("USER#ann", SECOND + 1, "cs_1", large);
	assert_string_equal(page_of(20, NULL, SOON, &cursor), "cs_3 cs_2>");
	assert_string_equal(page_of(20, cursor, SOON, &cursor), "cs_1");

	/* Behind the last one there is none, and who came there has orders. */
	cursor = keep_text(cursor_format("ann", "ORDER#1699999001#cs_1"));
	assert_string_equal(page_of(20, cursor, SOON, &cursor), "");
	outside_end();
}

static void a_customer_without_orders_has_none(void **state)
{
	const char *cursor;

	(void)state;
	outside_begin();
	assert_string_equal(page_of(20, NULL, SOON, &cursor), "");
	has_order("USER#ann", SECOND, "", ",'userKind':'user'"); /* an item that is no order */
	assert_string_equal(page_of(20, NULL, SOON, &cursor), "");
	outside_end();
}

/* --- one order ----------------------------------------------------------------------- */

static void an_order_is_shown_to_its_customer_alone(void **state)
{
	static const struct {
		const char *row, *user, *id;
		bool shown;
	} table[] = {
		{"hers", "ann", "cs_1", true}, {"another's", "bob", "cs_1", false}, {"none", "ann", "cs_9", false},
		{"no id", "ann", "cs_", false}, {"of another kind", "ann", "pi_1", false},
		{"with another sign", "ann", "cs_1-", false},
		{"under a pointer that names another's", "ann", "cs_2", false},
		{"a guest's, of another address", "ann", "cs_5", false},
		{"by its number", "ann", "cs_3", true}, {"by its number with a letter", "ann", "cs_4_3", true},
	}, *row;
	struct json_object *view;
	struct customer who;
	struct err e;

	(void)state;
	outside_begin();
	is_adopted();
	has_order("USER#ann", SECOND, "cs_1", ANNS);
	has_pointer("SESSION#cs_1", "USER#ann", "ORDER#1699999000#cs_1", "cs_1");
	has_pointer("SESSION#cs_2", "USER#ann", "ORDER#1699999000#cs_1", "cs_2");
	has_order("USER#ann", SECOND, "cs_3", ANNS);
	has_pointer("NUMBER#BC--3", "USER#ann", "ORDER#1699999000#cs_3", "cs_3");
	has_order("USER#ann", SECOND, "cs_4_3", ANNS);
	has_pointer("NUMBER#BC--3A", "USER#ann", "ORDER#1699999000#cs_4_3", "cs_4_3");
	has_order("USER#ann", SECOND, "cs_5", ",'guest':true,'customerEmail':'bob@example.com'");
	has_pointer("SESSION#cs_5", "USER#ann", "ORDER#1699999000#cs_5", "cs_5");
	for EACH(row, table) {
		assert_int_equal(customer_init(&who, row->user, NULL, CUSTOMER_ANY_MODE), 0);
		check_int(row->row, customer_order(&outside.app, &who, row->id, SOON, &view, &e), row->shown ? 0 : -1);
		if (row->shown)
			check_text(row->row, json_string_or_null(keep(view), "orderId"), row->id);
		else
			check_err(row->row, &e, ERR_NOT_FOUND, "there is no such order");
		customer_free(&who);
	}
	outside_end();
}

static void an_order_that_nothing_names_is_shown_while_the_table_is_not_adopted(void **state)
{
	struct json_object *view;
	struct customer ann;
	struct err e;
	int i;

	(void)state;
	outside_begin();
	assert_int_equal(customer_init(&ann, "ann", NULL, CUSTOMER_ANY_MODE), 0);
	for (i = 1; i <= 150; i++)
		has_order("USER#ann", SECOND + i, keep_text(str_printf("cs_%d", i)), ANNS);
	has_order("USER#ann", SECOND, "cs_old", ANNS);
	assert_int_equal(customer_order(&outside.app, &ann, "cs_old", SOON, &view, &e), 0);
	assert_string_equal(json_string_or_null(keep(view), "orderId"), "cs_old");
	is_adopted();
	assert_int_equal(customer_order(&outside.app, &ann, "cs_old", SOON, &view, &e), -1);
	customer_free(&ann);
	outside_end();
}

static void a_sessions_status_says_nothing_of_what_is_not_to_be_seen(void **state)
{
	static const struct {
		const char *row, *id, *status;
		enum customer_mode mode;
	} table[] = {
		{"an order", "cs_1", "completed", CUSTOMER_LIVE_MODE},
		{"of the other mode", "cs_1", "unknown", CUSTOMER_TEST_MODE},
		{"none", "cs_9", "unknown", CUSTOMER_LIVE_MODE},
		{"an expired session", "cs_2", "expired", CUSTOMER_LIVE_MODE},
		{"an open one", "cs_3", "unknown", CUSTOMER_LIVE_MODE},
		{"an order without a status", "cs_4", "unknown", CUSTOMER_LIVE_MODE},
		{"an order of the other mode, whatever its session says", "cs_5", "unknown", CUSTOMER_LIVE_MODE},
	}, *row;
	const char *longest = keep_text(str_printf("cs_%s", repeat("1", 252)));
	const char *const no_ids[] = {"x", "cs_", "cs_1/2", keep_text(str_printf("%s1", longest))};
	size_t i;
	struct json_object *view;
	struct err e;

	(void)state;
	outside_begin();
	has_order("USER#ann", SECOND, "cs_1", ANNS ",'status':'completed'");
	has_pointer("SESSION#cs_1", "USER#ann", "ORDER#1699999000#cs_1", "cs_1");
	outside_put(json_of("{'PK':'SESSION#cs_2','SK':'METADATA','status':'expired'}"));
	outside_put(json_of("{'PK':'SESSION#cs_3','SK':'METADATA','status':'open'}"));
	outside_put(json_of("{'PK':'SESSION#%s','SK':'METADATA','status':'expired'}", longest));
	has_order("USER#ann", SECOND, "cs_5", ",'livemode':false");
	outside_put(json_of("{'PK':'SESSION#cs_5','SK':'METADATA','status':'expired','orderId':'cs_5',"
			    "'orderPK':'USER#ann','orderSK':'ORDER#1699999000#cs_5'}"));
	has_order("USER#ann", SECOND, "cs_4", ANNS);
	has_pointer("SESSION#cs_4", "USER#ann", "ORDER#1699999000#cs_4", "cs_4");
	for EACH(row, table) {
		check_int(row->row, customer_session_status(&outside.app, row->id, row->mode, SOON, &view, &e), 0);
		check_text(row->row, json_string_or_null(keep(view), "status"), row->status);
	}
	check_int("longest", customer_session_status(&outside.app, longest, CUSTOMER_ANY_MODE, SOON, &view, &e), 0);
	check_text("longest", json_string_or_null(keep(view), "status"), "expired");
	for (i = 0; i < LENGTH(no_ids); i++) {
		check_int(no_ids[i], customer_session_status(&outside.app, no_ids[i], CUSTOMER_ANY_MODE, SOON, &view,
							     &e), -1);
		check_err(no_ids[i], &e, ERR_BAD_REQUEST, "session_id");
	}
	outside_end();
}

static void an_order_is_found_by_whatever_it_is_called(void **state)
{
	static const struct {
		const char *name, *id; /* NULL: none */
	} table[] = {
		{"cs_1", "cs_1"}, {" cs_1\n", "cs_1"}, {"cs_9", NULL}, {"pi_1", "cs_1"}, {"pi_9", NULL},
		{"BC--1", "cs_1"}, {"bc--1", "cs_1"}, {"1", "cs_1"}, {"BC--9", NULL}, {"old-7a", "cs_2"},
		{"OLD-7A", "cs_2"}, {"", NULL}, {"  ", NULL}, {"\xff", NULL}, {"cs_3", NULL},
		/* from here on with another prefix */
		{"sHOP-8a", "cs_2"}, {"8a", "cs_2"}, {"cs_8", "cs_8"},
	}, *row;
	struct json_object *order;
	struct err e;

	(void)state;
	outside_begin();
	has_order("USER#ann", SECOND, "cs_1", "");
	has_pointer("SESSION#cs_1", "USER#ann", "ORDER#1699999000#cs_1", "cs_1");
	has_pointer("PAYMENT#pi_1", "USER#ann", "ORDER#1699999000#cs_1", "cs_1");
	has_pointer("NUMBER#BC--1", "USER#ann", "ORDER#1699999000#cs_1", "cs_1");
	has_order("USER#ann", SECOND, "cs_2", "");
	has_pointer("NUMBER#OLD-7A", "USER#ann", "ORDER#1699999000#cs_2", "cs_2");
	has_order("USER#ann", SECOND, "cs_8", "");
	has_pointer("NUMBER#Shop-8", "USER#ann", "ORDER#1699999000#cs_8", "cs_8");
	has_pointer("NUMBER#Shop-8A", "USER#ann", "ORDER#1699999000#cs_2", "cs_2");
	has_pointer("SESSION#cs_3", "USER#ann", "ORDER#1699999000#cs_1", "cs_1");
	for EACH(row, table) {
		if (str_starts(row->name, "sHOP")) {
			free(outside.app.config.order_number_prefix);
			outside.app.config.order_number_prefix = str_dup("Shop");
		}
		check_int(row->name, lookup_order(&outside.app, row->name, SOON, &order, &e), row->id ? 0 : -1);
		if (row->id)
			check_text(row->name, json_string_or_null(keep(order), "orderId"), row->id);
		else
			check_err(row->name, &e, ERR_NOT_FOUND, "there is no order");
	}
	outside_end();
}

/* --- a store that fails ------------------------------------------------------------------ */

static int find(int which, struct err *e)
{
	struct json_object *found = NULL;
	struct customer ann;
	int rc;

	assert_int_equal(customer_init(&ann, "ann", "ann@example.com", CUSTOMER_ANY_MODE), 0);
	rc = which == 0 ? customer_page(&outside.app, &ann, NULL, 20, SOON, &found, e)
	   : which == 1 ? customer_order(&outside.app, &ann, "cs_4_3", SOON, &found, e)
	   : which == 2 ? customer_session_status(&outside.app, "cs_4_3", CUSTOMER_ANY_MODE, SOON, &found, e)
	   : which == 3 ? lookup_order(&outside.app, "cs_4_3", SOON, &found, e)
			: lookup_order(&outside.app, "3A", SOON, &found, e);
	customer_free(&ann);
	json_object_put(found);
	return rc;
}

static void a_store_that_fails_is_not_taken_for_an_empty_one(void **state)
{
	unsigned calls, at;
	struct err e;
	int which;

	(void)state;
	for (which = 0; which < 5; which++)
		for (at = calls = 0; at <= calls; at++) {
			outside_begin();
			has_order("USER#ann", SECOND, "cs_4_3", ANNS ",'status':'completed'");
			has_pointer("NUMBER#BC--3", "USER#ann", "ORDER#1#cs_9", "cs_9");
			has_pointer("NUMBER#BC--3A", "USER#ann", "ORDER#1699999000#cs_4_3", "cs_4_3");
			outside.at = at;
			check_int("fails", find(which, &e), at ? -1 : 0);
			if (at)
				check_err("fails", &e, ERR_UNAVAILABLE, "");
			else
				calls = outside.calls;
			outside_end();
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_page_ends_at_its_limit_and_the_next_one_goes_on_behind_it),
		holds(a_page_costs_a_query_a_partition_unless_most_is_not_shown),
		holds(a_page_ends_where_the_request_has_no_time_for_another_query),
		holds(a_page_ends_at_a_megabyte),
		holds(a_customer_without_orders_has_none),
		holds(an_order_is_shown_to_its_customer_alone),
		holds(an_order_that_nothing_names_is_shown_while_the_table_is_not_adopted),
		holds(a_sessions_status_says_nothing_of_what_is_not_to_be_seen),
		holds(a_store_that_fails_is_not_taken_for_an_empty_one),
		holds(an_order_is_found_by_whatever_it_is_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
