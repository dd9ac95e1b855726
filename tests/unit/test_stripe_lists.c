/* SPDX-License-Identifier: ISC */
/*
 * What one operation asks of Stripe in several calls: all of a sale or the least, lists page by page,
 * permissions.
 */
#include "stripe_script.h"

#include "stripe/account.h"
#include "stripe/api.h"
#include "stripe/list.h"

/* --- all of a sale, or the least ------------------------------------------------- */

#define ALL "?expand[]=payment_intent.latest_charge.balance_transaction"
#define LEAST "?expand[]=payment_intent.latest_charge\n"

static int ask_session(struct err *e)
{
	struct json_object *session = NULL;
	int rc = stripe_session_with_charge(outside.app.stripe_opened, "cs_1", deadline_in(8000), &session, e);

	json_object_put(session);
	return rc;
}

/* Whether the last request was for all of the sale. */
static bool asked_for_all(void)
{
	const char *text = buf_text(&asked), *p = text, *last = text;

	while ((p = strchr(p, '\n')) && *++p)
		last = p;
	assert_true(strstr(last, ALL) || strstr(last, LEAST));
	return strstr(last, ALL);
}

static void a_key_that_may_not_read_all_is_asked_for_the_least_and_for_all_after_ten_minutes(void **state)
{
	static const struct reply rows[] = {REFUSES(403), OK, ENDS};
	static const struct reply fails[] = {REFUSES(403), REFUSES(403), OK, ENDS};
	static const struct reply other[] = {REFUSES(400), OK, ENDS};
	static const struct reply moved[] = {REPLY(400, "{'error':{'param':'expand',"
		"'message':'This property cannot be expanded (discounts.promotion_code.promotion.coupon).'}}"),
		OK, ENDS};
	struct err e;

	(void)state;
	begin(moved);
	assert_int_equal(ask_session(&e), 0);
	assert_int_equal(count_asked(), 2);
	assert_false(asked_for_all());
	end();
	begin(rows);
	assert_int_equal(ask_session(&e), 0);
	assert_int_equal(count_asked(), 2);
	assert_false(asked_for_all());
	outside.ms += 600 * 1000 - 1;
	assert_int_equal(ask_session(&e), 0);
	assert_false(asked_for_all());
	outside.ms++;
	assert_int_equal(ask_session(&e), 0);
	assert_true(asked_for_all());
	assert_int_equal(count_asked(), 4);
	end();

	/* A key that may read nothing is no reason to ask for less. */
	begin(fails);
	assert_int_equal(ask_session(&e), -1);
	assert_int_equal(e.upstream, 403);
	assert_int_equal(ask_session(&e), 0);
	assert_true(asked_for_all());
	end();
	begin(other);
	assert_int_equal(ask_session(&e), -1);
	assert_int_equal(e.upstream, 400);
	assert_int_equal(count_asked(), 1);
	end();
}

static void an_answer_of_another_object_is_none(void **state)
{
	static const struct reply rows[] = {REPLY(200, "{'id':'cs_2'}"), ENDS};
	struct json_object *session = NULL;
	struct err e;

	(void)state;
	begin(rows);
	assert_int_equal(ask_session(&e), -1);
	check_err("expanded", &e, ERR_UNAVAILABLE, "cs_2, not cs_1");
	assert_int_equal(e.upstream, STRIPE_UNREADABLE);
	assert_int_equal(stripe_session_retrieve(outside.app.stripe_opened, "cs_1", deadline_in(8000), &session,
						 &e), -1);
	assert_int_equal(e.upstream, STRIPE_UNREADABLE);
	assert_null(session);
	end();
}

/* --- lists ------------------------------------------------------------------------ */

#define PAGE(more, ids) REPLY(200, "{'has_more':" more ",'data':[" ids "]}")
#define ONE "{'id':'re_1'}"
#define TWO "{'id':'re_1'},{'id':'re_2'}"

static int read_refunds(struct json_object **refunds, struct err *e)
{
	return stripe_refunds_of_charge(outside.app.stripe_opened, "ch_1", deadline_in(8000), refunds, e);
}

static void a_list_is_read_to_its_end_each_object_once(void **state)
{
	static const struct reply rows[] = {PAGE("true", TWO), PAGE("true", "{'id':'re_3'}"), REFUSES(404),
					    PAGE("true", TWO), PAGE("false", "{'id':'re_3'}"), ENDS};
	struct json_object *refunds;
	struct err e;

	(void)state;
	begin(rows);
	assert_int_equal(read_refunds(&refunds, &e), 0);
	check_json("all", keep(refunds), "[{'id':'re_1'},{'id':'re_2'},{'id':'re_3'}]");
	assert_string_equal(buf_text(&asked),
			    "GET /v1/refunds?limit=100&charge=ch_1\n"
			    "GET /v1/refunds?limit=100&charge=ch_1&starting_after=re_2\n"
			    "GET /v1/refunds?limit=100&charge=ch_1&starting_after=re_3\n"
			    "GET /v1/refunds?limit=100&charge=ch_1\n"
			    "GET /v1/refunds?limit=100&charge=ch_1&starting_after=re_2\n");
	end();
}

static void a_list_without_an_end_or_a_next_page_is_refused(void **state)
{
	static const struct {
		const char *row;
		struct reply rows[3];
		const char *part;
		int upstream;
		unsigned calls;
	} table[] = {
		{"a page that comes again", {PAGE("true", ONE), ENDS}, "does not go on behind re_1",
		 STRIPE_UNREADABLE, 2},
		{"nobody says whether it ends", {PAGE("'no'", ONE), ENDS}, "no list", STRIPE_UNREADABLE, 1},
		{"no next page", {PAGE("true", ""), ENDS}, "no next page", STRIPE_UNREADABLE, 1},
		{"no id to go on after", {PAGE("true", "{}"), ENDS}, "no next page", STRIPE_UNREADABLE, 1},
		{"no list", {REPLY(200, "{'data':{}}"), ENDS}, "no list", STRIPE_UNREADABLE, 1},
		{"another object's data", {REPLY(200, "{'object':'charge','data':[]}"), ENDS}, "no list",
		 STRIPE_UNREADABLE, 1},
		{"a place that is lost each time", {PAGE("true", ONE), REFUSES(400), ENDS}, "400", 400, 3},
		{"a refusal that is not the place's", {PAGE("true", ONE), REFUSES(403), ENDS}, "403", 403, 2},
		{"a first page that is refused", {REFUSES(404), ENDS}, "404", 404, 1},
	}, *row;
	struct json_object *refunds;
	struct err e;

	(void)state;
	for EACH(row, table) {
		begin(row->rows);
		check_int(row->row, read_refunds(&refunds, &e), -1);
		check_err(row->row, &e, e.code, row->part);
		check_int(row->row, e.upstream, row->upstream);
		check_int(row->row, count_asked(), row->calls);
		end();
	}
}

static void count_one(void *context, struct json_object *endpoint)
{
	(void)endpoint;
	++*(int *)context;
}

static void a_list_may_have_as_many_pages_as_are_read_also_when_it_is_begun_anew(void **state)
{
	static const struct {
		const char *row;
		size_t lost; /* after so many pages the place is lost; 0: never */
		size_t pages;
		int rc;
	} table[] = {{"twenty", 0, 20, 0}, {"more", 0, 21, -1}, {"twenty, after fifteen", 15, 20, 0}}, *row;
	static const struct reply more[] = {PAGE("true", ONE), PAGE("true", "{'id':'re_2'}")};
	static const struct reply last = PAGE("false", "{'id':'re_3'}"), lost = REFUSES(404);
	struct reply rows[64];
	struct err e;
	size_t i, n;
	int found;

	(void)state;
	for EACH(row, table) {
		for (i = n = 0; i < row->lost; i++)
			rows[n++] = more[i % 2];
		if (row->lost)
			rows[n++] = lost;
		for (i = 1; i < row->pages; i++)
			rows[n++] = more[i % 2];
		rows[n++] = last;
		rows[n] = (struct reply)ENDS;
		found = 0;
		check_int(row->row, stripe_webhook_endpoints(begin(rows), deadline_in(8000), count_one, &found, &e),
			  row->rc);
		check_int(row->row, found, row->rc ? 0 : (int64_t)row->pages);
		end();
	}
}

static void active_prices_alone_are_asked_for_by_their_keys(void **state)
{
	static const struct reply rows[] = {PAGE("false", ""), ENDS};
	static const char *const keys[] = {"a", "b c"};
	struct json_object *prices;
	struct err e;

	(void)state;
	assert_int_equal(stripe_prices_by_lookup_key(begin(rows), keys, 2, deadline_in(8000), &prices, &e), 0);
	json_object_put(prices);
	assert_string_equal(buf_text(&asked), "GET /v1/prices?active=true&limit=100&expand[]=data.product&"
					      "lookup_keys[]=a&lookup_keys[]=b%20c\n");
	end();
}

static void complete_sessions_and_undelivered_events_are_what_is_listed(void **state)
{
	static const struct reply rows[] = {PAGE("false", ""), ENDS};
	static const char *const types[] = {"a.b", "c.d", NULL};
	const struct stripe_event_filter all = {types, false}, undelivered = {types, true};
	struct stripe_pages sessions = {.list = stripe_complete_sessions, .from = 1, .to = 2};
	struct stripe_pages events = {.list = stripe_events, .of = &all, .after = str_dup("evt_1")};
	struct stripe_pages others = {.list = stripe_events, .of = &undelivered};
	struct stripe_pages *const lists[] = {&sessions, &events, &others};
	struct json_object *page;
	struct err e;
	size_t i;

	(void)state;
	begin(rows);
	for (i = 0; i < LENGTH(lists); i++) {
		assert_int_equal(stripe_pages_next(lists[i], outside.app.stripe_opened, deadline_in(8000), &page, &e),
				 0);
		json_object_put(page);
		stripe_pages_end(lists[i]);
	}
	assert_true(str_starts(buf_text(&asked), "GET /v1/checkout/sessions?limit=100&status=complete&expand[]="));
	assert_non_null(strstr(buf_text(&asked), "&created[gte]=1&created[lte]=2\n"));
	assert_non_null(strstr(buf_text(&asked), "GET /v1/events?limit=100&types[]=a.b&types[]=c.d&"
						 "starting_after=evt_1\n"));
	assert_non_null(strstr(buf_text(&asked), "GET /v1/events?limit=100&types[]=a.b&types[]=c.d&"
						 "delivery_success=false\n"));
	end();
}

static void a_list_is_begun_anew_three_times_at_most(void **state)
{
	static const struct reply rows[] = {PAGE("true", ONE), REFUSES(404), PAGE("true", ONE), REFUSES(404),
					    PAGE("true", ONE), REFUSES(404), PAGE("true", ONE), REFUSES(404),
					    PAGE("false", ONE), ENDS};
	struct json_object *refunds;
	struct err e;

	(void)state;
	begin(rows);
	assert_int_equal(read_refunds(&refunds, &e), -1);
	assert_int_equal(e.upstream, 404);
	assert_int_equal(count_asked(), 8);
	end();
}

static void the_lines_of_a_session_are_asked_for_where_it_has_not_all_of_them(void **state)
{
	static const struct {
		const char *row;
		struct reply session;
		unsigned calls;
		int lines;
	} table[] = {
		{"all", REPLY(200, "{'id':'cs_1','line_items':{'has_more':false,'data':[{'id':'li_1'}]}}"), 1, 1},
		{"none", REPLY(200, "{'id':'cs_1','line_items':{'has_more':false,'data':[]}}"), 1, 0},
		{"more", REPLY(200, "{'id':'cs_1','line_items':{'has_more':true,'data':[{'id':'li_1'}]}}"), 2, 2},
		{"not expanded", REPLY(200, "{'id':'cs_1'}"), 2, 2},
	}, *row;
	struct json_object *session, *lines;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const struct reply rows[] = {row->session, PAGE("false", TWO), ENDS};

		begin(rows);
		check_int(row->row, stripe_session_with_sale(outside.app.stripe_opened, "cs_1", deadline_in(8000),
							     &session, &lines, &e), 0);
		check_int(row->row, (int64_t)json_object_array_length(lines), row->lines);
		check_int(row->row, count_asked(), row->calls);
		check(row->row, row->calls == 1 ||
				strstr(buf_text(&asked), "/v1/checkout/sessions/cs_1/line_items?limit=100&"));
		json_object_put(session);
		json_object_put(lines);
		end();
	}
}

/* --- members ---------------------------------------------------------------------- */

static void of_what_stripe_answers_only_what_is_read_is_kept(void **state)
{
	(void)state;
	check_json("kept", stripe_of("{'id':'a','nobody_reads':1,'charge':{'id':'b','nobody_reads':{'id':'c'}},"
				     "'data':[{'id':'d','nobody_reads':2}],'metadata':{'nobody_reads':'x'}}"),
		   "{'id':'a','charge':{'id':'b'},'data':[{'id':'d'}],'metadata':{'nobody_reads':'x'}}");
}

/* --- permissions ------------------------------------------------------------------ */

static void a_permission_is_there_where_no_call_that_needs_it_is_refused_for_it(void **state)
{
	static const struct {
		const char *row;
		struct reply second, third;
		enum stripe_access access;
		unsigned calls;
	} table[] = {
		{"there is no such object", REFUSES(404), REFUSES(404), STRIPE_MAY, 3},
		{"one is refused", REFUSES(403), OK, STRIPE_MAY_NOT, 2},
		{"the last one is refused", OK, REFUSES(403), STRIPE_MAY_NOT, 3},
		{"no key", REFUSES(401), OK, STRIPE_NO_ANSWER, 2},
		{"too many", REFUSES(429), OK, STRIPE_NO_ANSWER, 2},
		{"all are answered", OK, OK, STRIPE_MAY, 3},
	}, *row;
	static const struct stripe_permission permission = {
		"A: Read", "no b", false, {"/v1/a", "/v1/b", "/v1/c"},
	};
	struct err e;

	(void)state;
	for EACH(row, table) {
		const struct reply rows[] = {OK, row->second, row->third, ENDS};
		struct stripe_client *client = begin(rows);

		check_int(row->row, stripe_try_permission(client, &permission, deadline_in(8000), &e), row->access);
		check_int(row->row, count_asked(), row->calls);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_key_that_may_not_read_all_is_asked_for_the_least_and_for_all_after_ten_minutes),
		holds(an_answer_of_another_object_is_none),
		holds(a_list_is_read_to_its_end_each_object_once),
		holds(a_list_without_an_end_or_a_next_page_is_refused),
		holds(a_list_may_have_as_many_pages_as_are_read_also_when_it_is_begun_anew),
		holds(active_prices_alone_are_asked_for_by_their_keys),
		holds(complete_sessions_and_undelivered_events_are_what_is_listed),
		holds(a_list_is_begun_anew_three_times_at_most),
		holds(the_lines_of_a_session_are_asked_for_where_it_has_not_all_of_them),
		holds(of_what_stripe_answers_only_what_is_read_is_kept),
		holds(a_permission_is_there_where_no_call_that_needs_it_is_refused_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
