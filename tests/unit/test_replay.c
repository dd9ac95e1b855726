/* SPDX-License-Identifier: ISC */
/*
 * Replaying events: which are asked for, when it stops, and the moment of each try.
 */
#include "sync_fixture.h"

#include "format/iso8601.h"
#include "sync/replay.h"

static struct buf replayed; /* a line for each event: its id, and how it ended */
static int events_left;     /* until it is told to stop */

static void take(void *context, const struct replayed *one)
{
	(void)context;
	events_left--;
	buf_printf(&replayed, "%s %s\n", one->id, one->error ? "failed" : one->result->ignored ? "ignored" : "done");
}

static bool stops(void *context)
{
	(void)context;
	return events_left <= 0;
}

/* At most so many. */
static struct replay begin(int events)
{
	sync_begin();
	buf_init(&replayed, 1 << 20);
	events_left = events;
	return (struct replay){.app = &outside.app, .done = take, .stop = stops};
}

static void end(void)
{
	buf_free(&replayed);
	sync_end();
}

/* The event of a sale, made just now. */
static const char *sale_event(const char *id)
{
	sells("1", NOW);
	return keep_text(str_printf("{'id':'%s','object':'event','type':'checkout.session.completed','livemode':false,"
				    "'created':%d,'data':{'object':%s}}", id, NOW,
				    session_json("1", NOW, "paid", "'pi_1'")));
}

static void events_that_no_endpoint_has_taken_are_asked_for(void **state)
{
	struct replay replay = begin(9);
	struct err e;

	(void)state;
	stripe_has("events", "evt_1", NOW, sale_event("evt_1"));
	assert_int_equal(replay_undelivered(&replay, &e), 0);
	assert_string_equal(buf_text(&replayed), "evt_1 done\n");
	stripe.fault = (struct stripe_fault){"delivery_success=false", 1, 401, NULL};
	assert_int_equal(replay_undelivered(&replay, &e), -1);
	assert_int_equal(e.upstream, 401);
	end();
}

static void an_event_that_stripe_does_not_have_is_said_so(void **state)
{
	struct replay replay = begin(9);
	struct err e;

	(void)state;
	assert_int_equal(replay_id(&replay, "evt_1", &e), -1);
	check_err("none", &e, ERR_NOT_FOUND, "keeps them for 30 days");
	stripe.fault = (struct stripe_fault){"events/evt_1", 1, 403, NULL};
	assert_int_equal(replay_id(&replay, "evt_1", &e), -1);
	check_err("not allowed", &e, ERR_REFUSED, "403");
	stripe_has("events", "evt_1", NOW, sale_event("evt_1"));
	assert_int_equal(replay_id(&replay, "evt_1", &e), 0);
	assert_string_equal(buf_text(&replayed), "evt_1 done\n");
	end();
}

static void it_stops_between_two_events(void **state)
{
	static const char *const texts[] = {
		"[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"c\"}]", "{\"id\":\"a\"}\n\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n",
		"{\"object\":\"list\",\"data\":[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"c\"}]}",
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(texts); i++) {
		struct replay replay = begin(2);

		check_int(texts[i], replay_text(&replay, span_of(texts[i]), &e), 0);
		check_text(texts[i], buf_text(&replayed), "a failed\nb failed\n");
		end();
	}
}

static void of_a_text_that_is_not_whole_nothing_is_replayed(void **state)
{
	static const struct {
		const char *text, *part;
	} table[] = {
		{"{\"id\":\"a\"}\n\n{\"id\":\n", "line 3 is not JSON"}, {"", "it is empty"}, {" \n\n", "it is empty"},
		{"7", "there is no event in it"}, {"null\n", "there is no event in it"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct replay replay = begin(9);

		check_int(row->part, replay_text(&replay, span_of(row->text), &e), -1);
		check_err(row->part, &e, ERR_PAYLOAD, row->part);
		check_text(row->part, buf_text(&replayed), "");
		end();
	}
}

#define PAGE(id, more) "{\"object\":\"list\",\"data\":[{\"id\":\"" id "\"}],\"has_more\":" more "}\n"

static void a_page_that_others_follow_is_replayed_and_said_to_be_one(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *replayed;
	} table[] = {
		{PAGE("a", "true"), -1, "a failed\n"}, {PAGE("a", "false"), 0, "a failed\n"},
		{PAGE("a", "true") PAGE("b", "false"), 0, "a failed\nb failed\n"},
		{PAGE("a", "true") PAGE("b", "true"), -1, "a failed\nb failed\n"},
		{PAGE("a", "true") "{\"id\":\"b\"}\n", -1, "a failed\nb failed\n"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct replay replay = begin(9);

		check_int(row->text, replay_text(&replay, span_of(row->text), &e), row->rc);
		if (row->rc)
			check_err(row->text, &e, ERR_PAYLOAD, "has_more");
		check_text(row->text, buf_text(&replayed), row->replayed);
		end();
	}
}

static void each_try_is_of_its_own_moment_and_waits_as_long_as_stripe_asks(void **state)
{
	struct replay replay = begin(9);
	char text[ISO8601_SIZE];
	struct err e;

	(void)state;
	stripe_has("events", "evt_1", NOW, sale_event("evt_1"));
	stripe.fault = (struct stripe_fault){"sessions/cs_test_1", 1, 429, "7"};
	assert_int_equal(replay_id(&replay, "evt_1", &e), 0);
	assert_string_equal(buf_text(&replayed), "evt_1 done\n");
	assert_int_equal(outside.ms, 7000);
	check_text("written", json_string_or_null(order_of("1", NOW), "updatedAt"), iso8601_time(NOW + 7, text));
	end();
}

static void sync_waits_as_long_as_stripe_asks_while_it_lists(void **state)
{
	int64_t took;

	(void)state;
	sync_begin();
	assert_string_equal(syncs(), "");
	took = outside.ms;
	sync_end();

	sync_begin();
	stripe.fault = (struct stripe_fault){"checkout/sessions", 1, 429, "31"};
	syncs_to_its_end("limited", "");
	assert_in_range(outside.ms, took + 31000, took + 31000 + 100); /* slower by then */
	sync_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(events_that_no_endpoint_has_taken_are_asked_for),
		holds(an_event_that_stripe_does_not_have_is_said_so),
		holds(it_stops_between_two_events),
		holds(of_a_text_that_is_not_whole_nothing_is_replayed),
		holds(a_page_that_others_follow_is_replayed_and_said_to_be_one),
		holds(each_try_is_of_its_own_moment_and_waits_as_long_as_stripe_asks),
		holds(sync_waits_as_long_as_stripe_asks_while_it_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
