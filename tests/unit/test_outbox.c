/* SPDX-License-Identifier: ISC */
/*
 * What a change of an order tells the shop, and how long it is tried.
 */
#include "unit.h"

#include <inttypes.h>

#include "shop/outbox.h"

#define NOW 1764201600 /* 2025-11-27T00:00:00Z */
#define DAY 86400

static void check_words(const char *before, const char *after, const char *want)
{
	struct json_object *old = before ? json_of("{'orderId':'cs_1',%s}", before) : NULL;
	struct json_object *item = outbox_item(old, json_of("{'orderId':'cs_1',%s}", after), NOW);
	char *words = outbox_words(item);

	check_text(after, words, want);
	assert_int_equal(!*want, !item);
	free(words);
	json_object_put(item);
}

#define PAID "'status':'completed','stripePaymentStatus':'paid'"
#define REFUNDED_5 "'status':'partially_refunded','amountRefunded':5"

static void a_change_tells_what_happened(void **state)
{
	(void)state;
	check_words(NULL, PAID, "created paid");
	check_words(NULL, "'status':'pending'", "created");
	check_words(NULL, "'status':'completed','stripePaymentStatus':'unpaid'", "created");
	check_words(NULL, "'status':'failed'", "created failed");
	check_words(NULL, REFUNDED_5, "created paid refunded");
	check_words("'status':'pending'", PAID, "paid");
	check_words("'status':'completed','stripePaymentStatus':'unpaid'", PAID, "paid");
	check_words("'status':'failed'", PAID, "paid");
	check_words("'status':'pending'", "'status':'failed'", "failed");
	check_words(PAID, "'status':'failed'", "failed");
	check_words(PAID, REFUNDED_5, "refunded");
	check_words(REFUNDED_5, "'status':'refunded','amountRefunded':9", "refunded");
	check_words(REFUNDED_5, PAID ",'amountRefunded':0", "refunded");
	check_words(PAID, PAID ",'dispute':{'id':'dp_1','status':'needs_response'}", "disputed");
	check_words("'dispute':{'id':'dp_1','status':'needs_response'}",
		    "'dispute':{'id':'dp_1','status':'lost'}", "disputed");
	check_words(PAID, PAID ",'disputes':[{'id':'dp_1','status':'lost'}]", "disputed");
	check_words(PAID, REFUNDED_5 ",'dispute':{'id':'dp_1','status':'lost'}", "refunded disputed");
}

static void a_fee_a_name_or_a_line_tells_nothing(void **state)
{
	(void)state;
	check_words(PAID, PAID ",'amountFee':59,'amountNet':2441", "");
	check_words(PAID, PAID ",'customerName':'Jane'", "");
	check_words(PAID ",'itemsPending':true", PAID ",'items':[{'name':'Ring'}]", "");
	check_words(PAID, PAID ",'amountRefunded':0", "");
	check_words("'dispute':{'id':'dp_1','status':'lost'}",
		    "'dispute':{'id':'dp_1','status':'lost','currency':'usd'},"
		    "'disputes':[{'id':'dp_1','status':'lost'}]", "");
	check_words(REFUNDED_5, REFUNDED_5 ",'updatedAt':'2025-11-27T00:00:00Z'", "");
}

static const char *id_of(const char *before, const char *after, int64_t now)
{
	struct json_object *item = keep(outbox_item(before ? json_of("{%s}", before) : NULL,
						    json_of("{%s}", after), now));

	return keep_text(str_dup(json_string_or_null(item, "id")));
}

static void the_same_thing_has_one_id_whenever_it_is_seen(void **state)
{
	const char *sold = id_of(NULL, "'orderId':'cs_1'," PAID, NOW);

	(void)state;
	assert_int_equal(strlen(sold), 28);
	check_text("later", id_of(NULL, "'orderId':'cs_1','version':9," PAID, NOW + DAY), sold);
	assert_string_not_equal(sold, id_of(NULL, "'orderId':'cs_2'," PAID, NOW));
	assert_string_not_equal(sold, id_of("'status':'pending'", "'orderId':'cs_1'," PAID, NOW));
	assert_string_not_equal(id_of(PAID, "'orderId':'cs_1'," REFUNDED_5, NOW),
				id_of(REFUNDED_5, "'orderId':'cs_1','status':'refunded','amountRefunded':9", NOW));
	assert_string_not_equal(id_of(PAID, REFUNDED_5, NOW),
				id_of(PAID, "'status':'partially_refunded','amountRefunded':7", NOW));
	assert_string_not_equal(id_of(PAID, REFUNDED_5 ",'refunds':[{'id':'re_1'}]", NOW),
				id_of(PAID, REFUNDED_5 ",'refunds':[{'id':'re_2'}]", NOW));
}

static struct json_object *new_item(void)
{
	return outbox_item(NULL, json_of("{'orderId':'cs_1','orderNumber':'BC-1','customerEmail':"
					 "'j@x.example','PK':'USER#j@x.example',%s}", PAID), NOW);
}

static void an_item_names_nobody(void **state)
{
	struct json_object *item = new_item();

	(void)state;
	assert_null(strstr(json_text(item), "x.example"));
	check_text("PK", json_string_or_null(item, "PK"), "OUTBOX");
	check_text("number", json_string_or_null(item, "orderNumber"), "BC-1");
	json_object_put(item);
}

static void what_is_due_first_has_the_highest_key(void **state)
{
	struct json_object *item = new_item(), *first = outbox_begun(item, NOW);
	struct json_object *second = outbox_begun(item, NOW + 1);

	(void)state;
	assert_true(strcmp(json_string_or_null(first, "SK"), json_string_or_null(second, "SK")) > 0);
	assert_int_equal(outbox_due(item), NOW);
	assert_int_equal(outbox_due(first), NOW + 60);
	json_object_put(second);
	json_object_put(first);
	json_object_put(item);
}

/* The gaps between the tries of an item that always fails, in minutes. */
static void the_gaps_grow_to_six_hours_and_end_after_seven_days(void **state)
{
	static const int64_t gaps[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360};
	struct json_object *item = new_item(), *next;
	int64_t now = NOW, last = 0;
	size_t tries = 0;

	(void)state;
	while (!outbox_is_given_up(item)) {
		next = outbox_begun(item, now);
		if (tries < LENGTH(gaps))
			assert_int_equal(outbox_due(next) - now, 60 * gaps[tries]);
		json_object_put(item);
		item = outbox_failed(next, "it ended with status 1", now);
		json_object_put(next);
		assert_int_equal(json_int_or(item, "attempts", 0), ++tries);
		assert_true(tries < 100);
		last = now;
		now = outbox_due(item);
	}
	assert_int_equal(last, NOW + 7 * DAY);
	check_text("error", json_string_or_null(item, "error"), "it ended with status 1");
	next = outbox_again(item, last);
	assert_false(outbox_is_given_up(next));
	assert_int_equal(outbox_due(next), last);
	assert_int_equal(json_int_or(next, "attempts", -1), 0);
	check_text("id", json_string_or_null(next, "id"), json_string_or_null(item, "id"));
	json_object_put(next);
	json_object_put(item);
}

static void a_try_is_never_due_again_while_it_can_run(void **state)
{
	struct json_object *item = new_item(), *begun = outbox_begun(item, NOW + 7 * DAY - 1);

	(void)state;
	assert_int_equal(outbox_due(begun), NOW + 7 * DAY + 59);
	json_object_put(begun);
	begun = outbox_begun(item, NOW + 30 * DAY);
	assert_int_equal(outbox_due(begun), NOW + 30 * DAY + 60);
	json_object_put(begun);
	json_object_put(item);
}

static void a_program_reads_the_order_and_what_it_is_about(void **state)
{
	struct json_object *item = new_item(), *begun = outbox_begun(item, NOW);
	struct json_object *order = json_of("{'orderId':'cs_1','amount':2500}");
	struct json_object *message = outbox_message(begun, order), *about = NULL;

	(void)state;
	check_text("order", json_string_or_null(message, "orderId"), "cs_1");
	assert_int_equal(json_int_or(message, "amount", 0), 2500);
	assert_int_equal(json_get_object(message, "notification", &about), JSON_FOUND);
	check_text("id", json_string_or_null(about, "id"), json_string_or_null(item, "id"));
	assert_int_equal(json_int_or(about, "attempt", 0), 1);
	check_text("time", json_string_or_null(about, "createdAt"), "2025-11-27T00:00:00Z");
	assert_null(json_string_or_null(order, "notification"));
	json_object_put(message);
	json_object_put(begun);
	json_object_put(item);
}

static void an_item_of_the_outbox_is_told_by_its_key(void **state)
{
	(void)state;
	assert_true(outbox_is_item(keep(new_item())));
	assert_false(outbox_is_item(json_of("{'PK':'OUTBOX2'}")) || outbox_is_item(json_of("{'SK':'OUTBOX'}")) ||
		     outbox_is_item(json_of("{}")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_change_tells_what_happened),
		holds(a_fee_a_name_or_a_line_tells_nothing),
		holds(the_same_thing_has_one_id_whenever_it_is_seen),
		holds(an_item_names_nobody),
		holds(what_is_due_first_has_the_highest_key),
		holds(the_gaps_grow_to_six_hours_and_end_after_seven_days),
		holds(a_try_is_never_due_again_while_it_can_run),
		holds(a_program_reads_the_order_and_what_it_is_about),
		holds(an_item_of_the_outbox_is_told_by_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
