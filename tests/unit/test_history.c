/* SPDX-License-Identifier: ISC */
/*
 * Walking orders: which belong to a range of days, which still pend, and which nothing names.
 */
#include "orders_fixture.h"

#include "orders/history.h"
#include "orders/pending.h"
#include "orders/unnamed.h"

/* --- the shop's history ------------------------------------------------------------- */

/* The ids of the orders that a query gives, with spaces between, and how many were missing. */
static const char *walked(struct history_query query, size_t *missing)
{
	struct history *h;
	struct json_object *order;
	struct buf ids;
	struct err e;

	query.read_ms = 1000;
	h = history_new(&outside.app, &query);
	buf_init(&ids, 4096);
	while (history_next(h, &order, &e) == 0 && order) {
		buf_printf(&ids, "%s%s", ids.len ? " " : "", json_string_or_null(order, "orderId"));
		json_object_put(order);
	}
	if (missing)
		*missing = history_missing(h);
	history_free(h);
	return keep_text(buf_detach(&ids));
}

static void by_days_the_first_midnight_belongs_to_a_range_and_the_last_does_not(void **state)
{
	static const struct {
		const char *row;
		int64_t from, to; /* days from MIDNIGHT on */
		const char *ids;
	} table[] = {
		{"a day", 0, 1, "cs_b cs_a"}, {"the day before", -1, 0, "cs_0"}, {"two", -1, 1, "cs_b cs_a cs_0"},
		{"with the next", 0, 2, "cs_c cs_b cs_a"}, {"none", 0, 0, ""}, {"nothing sold", -9, -1, ""},
	}, *row;
	size_t missing;

	(void)state;
	outside_begin();
	has_order("USER#a", MIDNIGHT - 1, "cs_0", "");
	has_entry("USER#a", MIDNIGHT - 1, "cs_0", "completed");
	has_order("USER#a", MIDNIGHT, "cs_a", "");
	has_entry("USER#a", MIDNIGHT, "cs_a", "completed");
	has_order("USER#b", MIDNIGHT + DAY - 1, "cs_b", "");
	has_entry("USER#b", MIDNIGHT + DAY - 1, "cs_b", "pending");
	has_order("USER#b", MIDNIGHT + DAY, "cs_c", "");
	has_entry("USER#b", MIDNIGHT + DAY, "cs_c", "completed");
	has_entry("USER#b", MIDNIGHT + 1, "cs_gone", "completed");
	for EACH(row, table) {
		check_text(row->row, walked((struct history_query){.from = MIDNIGHT + row->from * DAY,
								   .to = MIDNIGHT + row->to * DAY}, &missing),
			   row->ids);
		check_int(row->row, missing, row->from <= 0 && row->to >= 1);
	}
	outside_end();
}

static void a_users_orders_are_those_under_the_name_and_under_the_address_in_lower_case(void **state)
{
	static const struct {
		const char *row, *user;
		int64_t from, to;
		const char *ids;
	} table[] = {
		{"as it was typed", "Ann@Example.com", INT64_MIN, INT64_MAX, "cs_4 cs_3 cs_2 cs_1 cs_none"},
		{"in lower case", "ann@example.com", INT64_MIN, INT64_MAX, "cs_4 cs_2 cs_none"},
		{"a name", "Ann", INT64_MIN, INT64_MAX, "cs_5"},
		{"from a second on", "Ann@Example.com", SECOND + 2, INT64_MAX, "cs_4 cs_3 cs_2"},
		{"before a second", "Ann@Example.com", INT64_MIN, SECOND + 2, "cs_1"},
		{"a range", "Ann@Example.com", SECOND + 2, SECOND + 4, "cs_3 cs_2"},
	}, *row;

	(void)state;
	outside_begin();
	has_order("USER#Ann@Example.com", SECOND + 1, "cs_1", "");
	has_order("USER#ann@example.com", SECOND + 2, "cs_2", "");
	has_order("USER#Ann@Example.com", SECOND + 3, "cs_3", "");
	has_order("USER#ann@example.com", SECOND + 4, "cs_4", "");
	has_order("USER#Ann", SECOND, "cs_5", "");
	has_order("USER#ann", SECOND, "cs_6", "");
	/* One that does not say when it was made. */
	outside_put(json_of("{'PK':'USER#ann@example.com','SK':'ORDER#','orderId':'cs_none'}"));
	for EACH(row, table)
		check_text(row->row, walked((struct history_query){.user = row->user, .from = row->from,
								   .to = row->to}, NULL), row->ids);
	outside_end();
}

static void a_walk_ends_where_the_store_fails(void **state)
{
	static const char *const users[] = {NULL, "Ann@example.com"};
	struct json_object *order;
	unsigned calls, at;
	struct err e;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < LENGTH(users); i++)
		for (at = calls = 0; at <= calls; at++) {
			const struct history_query query = {.user = users[i], .from = MIDNIGHT - DAY,
							    .to = MIDNIGHT + DAY, .read_ms = 1000};
			struct history *h;

			outside_begin();
			has_order("USER#ann@example.com", MIDNIGHT, "cs_1", "");
			has_entry("USER#ann@example.com", MIDNIGHT, "cs_1", "completed");
			outside.at = at;
			h = history_new(&outside.app, &query);
			while ((rc = history_next(h, &order, &e)) == 0 && order)
				json_object_put(order);
			history_free(h);
			check_int("fails", rc, at ? -1 : 0);
			calls = at ? calls : outside.calls;
			outside_end();
		}
}

static void an_order_is_what_its_status_its_dispute_and_its_lines_say(void **state)
{
	static const struct {
		const char *order;
		unsigned is;
	} table[] = {
		{"{'status':'pending'}", HISTORY_PENDING}, {"{'status':'failed'}", HISTORY_FAILED},
		{"{'status':'completed'}", HISTORY_COMPLETED}, {"{'status':'refunded'}", HISTORY_REFUNDED},
		{"{'status':'partially_refunded'}", HISTORY_PARTIALLY_REFUNDED},
		{"{'status':'completed','dispute':{}}", HISTORY_COMPLETED | HISTORY_DISPUTED},
		{"{'status':'completed','dispute':null}", HISTORY_COMPLETED},
		{"{'status':'completed','itemsPending':true}", HISTORY_COMPLETED | HISTORY_INCOMPLETE},
		{"{'status':'completed','itemsPending':false}", HISTORY_COMPLETED},
		/* what is no order's status */
		{"{'status':'disputed'}", 0}, {"{'status':'incomplete'}", 0}, {"{}", 0},
	}, *row;
	unsigned bit;

	(void)state;
	for EACH(row, table) {
		check(row->order, history_matches(json_of("%s", row->order), 0));
		for (bit = HISTORY_PENDING; bit <= HISTORY_INCOMPLETE; bit <<= 1)
			check_int(row->order, history_matches(json_of("%s", row->order), bit), (row->is & bit) != 0);
	}
}

static void what_an_entry_can_tell_is_not_looked_up(void **state)
{
	static const char *const places[] = {"", ",'orderPK':'USER#a'", ",'orderSK':'ORDER#1#cs_2'"}, *const *place;
	unsigned calls;

	(void)state;
	outside_begin();
	has_order("USER#a", SECOND, "cs_1", ",'status':'completed','dispute':{}");
	has_entry("USER#a", SECOND, "cs_1", "completed");
	for EACH(place, places)
		outside_put(json_of("{'PK':'%s','SK':'ORDER#%d#cs_2%d','orderId':'cs_2'%s}", keep_text(key_day(SECOND)),
				    SECOND, (int)(place - places), *place));
	struct history_query query = {.from = MIDNIGHT, .to = MIDNIGHT + DAY};
	size_t missing;

	query.statuses = HISTORY_PENDING;
	calls = outside.calls;
	assert_string_equal(walked(query, &missing), "");
	assert_int_equal(outside.calls - calls, 1);
	assert_int_equal(missing, 3); /* the entries that do not say where their order is */
	query.statuses = HISTORY_DISPUTED;
	assert_string_equal(walked(query, NULL), "cs_1");
	query.statuses = HISTORY_COMPLETED;
	assert_string_equal(walked(query, NULL), "cs_1");
	query.test = true;
	assert_string_equal(walked(query, NULL), "");
	outside_end();
}

/* --- what pends, and what nothing names ----------------------------------------------- */

static int take(void *context, struct json_object *entry, struct err *e)
{
	(void)e;
	buf_printf(context, "%s ", json_string_or_null(entry, "orderId"));
	return 0;
}

static void a_walk_for_pending_orders_has_both_its_ends(void **state)
{
	static const struct {
		int64_t from, to; /* seconds from MIDNIGHT on */
		const char *ids;
	} table[] = {
		{0, DAY - 1, "cs_c cs_l cs_b cs_a "}, {1, DAY - 1, "cs_c cs_l cs_b "}, {0, DAY - 2, "cs_l cs_b cs_a "},
		{-1, 0, "cs_a cs_0 "}, {DAY, DAY, "cs_d "}, {-DAY, 2 * DAY, "cs_d cs_c cs_l cs_b cs_a cs_0 "},
		{DAY - 1, DAY, "cs_d cs_c "}, {5, 4, ""},
	}, *row;
	struct buf ids;
	struct err e;

	(void)state;
	outside_begin();
	has_entry("USER#a", MIDNIGHT - 1, "cs_0", "pending");
	has_entry("USER#a", MIDNIGHT, "cs_a", "pending");
	has_entry("USER#a", MIDNIGHT + 10, "cs_b", "pending");
	has_entry("USER#a", MIDNIGHT + 11, "cs_paid", "completed");
	outside_put(json_of("{'PK':'%s','SK':'ORDER#%lld#cs_l','orderId':'cs_l','status':'completed',"
			    "'itemsPending':true}", keep_text(key_day(MIDNIGHT)), (long long)MIDNIGHT + 12));
	has_entry("USER#a", MIDNIGHT + DAY - 1, "cs_c", "pending");
	has_entry("USER#a", MIDNIGHT + DAY, "cs_d", "pending");
	for EACH(row, table) {
		struct pending_walk walk = {.from = MIDNIGHT + row->from, .to = MIDNIGHT + row->to, .read_ms = 1000,
					    .found = take, .context = &ids};

		buf_init(&ids, 4096);
		check_int(row->ids, pending_walk(&outside.app, &walk, &e), 0);
		check_text(row->ids, buf_text(&ids), row->ids);
		buf_free(&ids);
	}
	outside_end();
}

static void of_days_with_pending_orders_each_is_listed_once_and_four_hundred_at_most(void **state)
{
	struct json_object *days = keep(json_object_new_array());
	int64_t i;

	(void)state;
	for (i = 0; i < 2 * (PENDING_LIST_MAX + 5); i++)
		pending_days_add(days, MIDNIGHT + i / 2 * DAY + i % 2 * (DAY - 1));
	assert_int_equal(json_object_array_length(days), PENDING_LIST_MAX);
	assert_int_equal(pending_days_get(days, 0), MIDNIGHT);
	assert_int_equal(pending_days_get(days, 1), MIDNIGHT + DAY);
	assert_int_equal(pending_days_get(json_of("['x']"), 0), -1);
}

static void an_order_that_nothing_names_is_found_in_the_days_in_which_it_can_have_been_written(void **state)
{
	static const struct {
		const char *row, *pk;
		int64_t written, now; /* behind the session */
		bool found;
	} table[] = {
		{"at once", "USER#ann1@example.com", 5, 60, true},
		{"an hour before, by another clock", "USER#ann1@example.com", -HOUR, 60, true},
		{"an hour ahead of now", "USER#ann1@example.com", 60 + HOUR - 1, 60, true},
		{"more", "USER#ann1@example.com", 60 + HOUR, 60, false},
		{"a voucher", "USER#ann1@example.com", 64 * DAY, 100 * DAY, true},
		{"later than can be", "USER#ann1@example.com", 64 * DAY + HOUR, 100 * DAY, false},
		{"as it was typed", "USER#Ann1@Example.com", 5, 60, true},
		{"by its metadata", "USER#user7", 5, 60, true},
		{"by its other metadata", "USER#other7", 5, 60, true},
		{"as ours are", "USER#ann+1@example.com", 5, 60, true},
		{"where ours would stand", "USER#ours", 5, 60, true},
		{"another's", "USER#bob", 5, 60, false},
	}, *row;
	struct json_object *order;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const struct session session = {
			.id = "cs_1", .email = "Ann+1@Example.com",
			.metadata = json_of("{'userId':'user#7','user_id':'other7'}"),
		};
		const struct unnamed_search search = {.session = &session, .user_pk = "USER#ours", .created = SECOND,
						      .now = SECOND + row->now, .deadline = SOON};

		outside_begin();
		has_order(row->pk, SECOND + row->written, "cs_1", "");
		has_order(row->pk, SECOND + 1, "cs_2", "");
		check_int(row->row, unnamed_find(&outside.app, &search, &order, &e), 0);
		check_text(row->row, json_string_or_null(keep(order), "orderId"), row->found ? "cs_1" : NULL);
		outside_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(by_days_the_first_midnight_belongs_to_a_range_and_the_last_does_not),
		holds(a_users_orders_are_those_under_the_name_and_under_the_address_in_lower_case),
		holds(a_walk_ends_where_the_store_fails),
		holds(an_order_is_what_its_status_its_dispute_and_its_lines_say),
		holds(what_an_entry_can_tell_is_not_looked_up),
		holds(a_walk_for_pending_orders_has_both_its_ends),
		holds(of_days_with_pending_orders_each_is_listed_once_and_four_hundred_at_most),
		holds(an_order_that_nothing_names_is_found_in_the_days_in_which_it_can_have_been_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
