/* SPDX-License-Identifier: ISC */
/*
 * Where a session's order stands while the Lambda functions still write: what they wrote after the
 * adoption is searched for, and `ordersnap check` hears of it.
 */
#include "record_fixture.h"

#include "record/find.h"

/* A table that was adopted at 2020-09-13T12:26:40Z, as the command writes it. */
#define ADOPTED(more) "{'PK':'SYSTEM','SK':'ADOPTED','adoptedAt':'2020-09-13T12:26:40Z','version':3" more "}"

/* What the functions wrote of the session: it names no order. */
#define VISIT(more) "{'PK':'SESSION#cs_test_1','SK':'METADATA','status':'completed'" more "}"

static void a_session_may_have_an_order_that_its_item_does_not_name(void **state)
{
	static const struct {
		const char *adopted, *visit;
		bool may_have;
	} table[] = {
		{ADOPTED(""), NULL, false},
		{NULL, NULL, true},
		{ADOPTED(",'again':'2021-01-01T00:00:00Z'"), NULL, true},
		{ADOPTED(""), VISIT(",'orderPK':'USER#1','version':1"), true},
		{ADOPTED(""), VISIT(",'version':1"), false},
		{ADOPTED(""), VISIT(",'updatedAt':'2020-09-13T12:25:39Z'"), false},
		{ADOPTED(""), VISIT(",'updatedAt':'2020-09-13T12:26:40Z'"), true},
		{ADOPTED(""), VISIT(""), true},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct record_items items = {.run = NULL};
		const char *name = keep_text(str_printf("%s, %s", row->adopted ? row->adopted : "none",
							row->visit ? row->visit : "none"));

		items.read[ITEM_ADOPTED] = row->adopted ? json_of("%s", row->adopted) : NULL;
		items.read[ITEM_SESSION] = row->visit ? json_of("%s", row->visit) : NULL;
		check_int(name, record_may_have_order(&items), row->may_have);
	}
}

#define THEIRS(more) "{'PK':'USER#ann@example.com','SK':'ORDER#1699999300#cs_test_1','note':'call back'," \
	"'orderId':'cs_test_1','stripeSessionId':'cs_test_1','status':'completed'" more "}"
#define NONE "{'PK':'NOTHING','SK':'HERE'}"

static void what_the_functions_wrote_after_the_adoption_is_found_and_told(void **state)
{
	static const struct {
		const char *visit, *order;
		bool dry_run, found, again;
	} table[] = {
		/* the session's item is younger than the adoption */
		{VISIT(",'updatedAt':'2023-11-14T22:00:00Z'"), THEIRS(""), false, true, true},
		{VISIT(",'updatedAt':'2023-11-14T22:00:00Z'"), THEIRS(""), true, true, false},
		{VISIT(",'updatedAt':'2023-11-14T22:00:00Z'"), NONE, false, false, true},
		/* it does not tell its age: an order that has no version is the functions' */
		{VISIT(""), THEIRS(""), false, true, true},
		{VISIT(""), THEIRS(",'version':1"), false, true, false},
		{VISIT(""), NONE, false, false, false},
		/* it is older, so the adoption has seen whatever there was */
		{VISIT(",'updatedAt':'2020-01-01T00:00:00Z'"), THEIRS(""), false, false, false},
		{NONE, THEIRS(""), false, false, false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *name = keep_text(str_printf("%s, %s%s", row->visit, row->order,
							row->dry_run ? ", dry" : ""));
		struct record_run run;
		struct process_result result;
		struct err e;

		outside_begin();
		outside.answers = sale;
		outside_put(json_of("%s", ADOPTED("")));
		outside_put(json_of("%s", row->visit));
		outside_put(json_of("%s", row->order));
		outside_put(json_of("{'PK':'USER#ann@example.com','SK':'ORDER#1699999400','note':'of no session'}"));
		run = run_now();
		run.dry_run = row->dry_run;
		check_int(name, process_event(&run, json_of("%s", SOLD), &result, &e), 0);
		check_int(name, json_string_or_null(result.outcome.after, "note") != NULL, row->found);
		check_int(name, strstr(outside_items(), "\"again\":\"2023-11-14") != NULL, row->again);
		process_result_free(&result);
		outside_end();
	}
}

/* Of such a session an order that nothing names is searched for whatever the adoption has said, or it
 * would get a second one: of one that a sync has found missing, and of an event that the functions have
 * acknowledged. */
static void an_order_that_nothing_names_gets_no_second_one(void **state)
{
	static const struct {
		const char *name, *marker;
		bool by_sync;
	} table[] = {
		{"a sync", NONE, true},
		{"their event", "{'PK':'EVENT#evt_1','SK':'METADATA','status':'received'}", false},
		{"their event of a failure", "{'PK':'EVENT#evt_1','SK':'METADATA','status':'failed'}", false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const struct event told = {.kind = EVENT_SESSION_COMPLETED, .type = ""};
		struct session session;
		const struct record_request request = {.event = &told, .session = &session, .unmarked = true};
		struct record_outcome out = {.marker = NULL};
		struct json_object *json = stripe_of(SALE("cs_test_1", ",'payment_intent':'pi_1'"));
		struct record_run run;
		struct err e;

		outside_begin();
		outside.answers = sale;
		outside_put(json_of("%s", ADOPTED("")));
		outside_put(json_of("%s", row->marker));
		outside_put(json_of("%s", THEIRS("")));
		run = run_now();
		check_int(row->name, session_read(json, &session, &e), 0);
		if (row->by_sync)
			check_int(row->name, record_session(&run, &request, &out, &e), 0);
		else
			must_deliver(SOLD);
		check(row->name, strstr(outside_items(), "call back"));
		check(row->name, !table_find(&outside.table, SOLD_PK, SOLD_SK));
		record_outcome_free(&out);
		outside_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_session_may_have_an_order_that_its_item_does_not_name),
		holds(an_order_that_nothing_names_gets_no_second_one),
		holds(what_the_functions_wrote_after_the_adoption_is_found_and_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
