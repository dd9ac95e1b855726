/* SPDX-License-Identifier: ISC */
/*
 * Adopting the orders of the Lambda functions: what each of them gets, which of two of one sale stays, how the
 * walk is stopped and gone on with, and when it says that all is done.
 */
#include "transfer_fixture.h"

#include <inttypes.h>

#include "base/clock.h"
#include "transfer/adopt.h"

static void note_progress(void *context, const struct adopt_counts *so_far, int permille)
{
	assert_true(so_far->items > 0);
	told_permille(context, permille);
}

/* One of theirs: a user's order of a session, made at this time. */
#define THEIRS(user, time, id, more) "{'PK':'USER#" user "','SK':'ORDER#" time "#cs_" id "','orderId':'cs_" id "'," \
	"'userId':'" user "','status':'completed','amount':700,'currency':'usd'" more "}"
/* One of ours is the same, with a source and a version. */
#define OURS(user, time, id, more) THEIRS(user, time, id, ",'source':'webhook','version':3" more)
#define POINTER(pk, user, time, id) "{'PK':'" pk "','SK':'METADATA','orderPK':'USER#" user "'," \
	"'orderSK':'ORDER#" time "#cs_" id "','orderId':'cs_" id "','version':2}"
#define PAID(id) ",'stripePaymentIntentId':'pi_" id "'"
#define NUMBERED(number) ",'orderNumber':'" number "'"
#define SAID_PAID ",'stripePaymentStatus':'paid'"

/* Puts up to so many items, ending with NULL. */
static void put_all(const char *const *items)
{
	for (; *items; items++)
		outside_put(json_of("%s", *items));
}

/* "items orders adopted twice merged odd younger", with what else there is. */
static const char *counts_of(const struct adopt_result *result)
{
	const struct adopt_counts *c = &result->counts;

	return keep_text(str_printf("%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
				    "%s%s%s", c->items, c->orders, c->adopted, c->twice, c->merged, c->odd, c->younger,
				    result->complete ? ", complete" : "", result->resumed ? ", resumed" : "",
				    result->stopped ? ", stopped" : ""));
}

static int adopt(struct adopt request, struct adopt_result *result, struct err *e)
{
	*e = (struct err){.code = ERR_NONE};
	return adopt_table(&outside.app, &request, result, e);
}

static void must_adopt(const char *row, struct adopt request, struct adopt_result *result)
{
	struct err e;

	check_int(e.text, adopt(request, result, &e), 0);
	check(row, true);
}

/* The item at "PK SK", or NULL. */
static struct json_object *at(const char *place)
{
	char *pk = keep_text(str_dup(place)), *space = strchr(pk, ' ');

	*space = '\0';
	return table_find(&outside.table, pk, space + 1);
}

/* Where a pointer says that its order is: "USER#u1 ORDER#1#cs_1", or NULL where there is no pointer. */
static const char *named_by(const char *pk)
{
	struct json_object *pointer = at(keep_text(str_printf("%s METADATA", pk)));

	return !pointer ? NULL : keep_text(str_printf("%s %s", json_string_or_null(pointer, "orderPK"),
						      json_string_or_null(pointer, "orderSK")));
}

/* --- one order ------------------------------------------------------------------------ */

#define ADOPTED "{'PK':'USER#a','SK':'ORDER#1600000000#cs_2','orderId':'cs_2','userId':'a'," \
	"'status':'completed','amount':700,'currency':'usd','orderNumber':'BC-2','stripePaymentIntentId':'pi_2'," \
	"'stripePaymentStatus':'paid','items':[{}],'stripeSessionId':'cs_2','version':1}"
#define NAMES "'orderPK':'USER#a','orderSK':'ORDER#1600000000#cs_2','orderId':'cs_2','orderNumber':'BC-2'," \
	"'userId':'a','version':1"

static void an_order_of_theirs_gets_a_version_and_all_that_names_one_of_ours(void **state)
{
	static const struct {
		const char *place, *is;
	} table[] = {
		{"USER#a ORDER#1600000000#cs_2", ADOPTED},
		{"SESSION#cs_2 METADATA", "{'PK':'SESSION#cs_2','SK':'METADATA','stripeSessionId':'cs_2',"
		 "'status':'completed','updatedAt':'2023-11-14T22:13:20Z'," NAMES "}"},
		{"PAYMENT#pi_2 METADATA", "{'PK':'PAYMENT#pi_2','SK':'METADATA','order':" ADOPTED "," NAMES "}"},
		{"NUMBER#BC-2 METADATA", "{'PK':'NUMBER#BC-2','SK':'METADATA'," NAMES "}"},
		{"DAY#2020-09-13 ORDER#1600000000#cs_2", "{'PK':'DAY#2020-09-13','SK':'ORDER#1600000000#cs_2',"
		 "'amount':700,'currency':'usd','status':'completed'," NAMES "}"},
		{"SYSTEM ADOPTED", "{'PK':'SYSTEM','SK':'ADOPTED','adoptedAt':'2023-11-14T22:13:20Z','version':1}"},
	}, *row;
	struct adopt_result result;

	(void)state;
	outside_put(json_of("%s", THEIRS("a", "1600000000", "2",
					 NUMBERED("BC-2") PAID("2") SAID_PAID ",'items':[{}]")));
	must_adopt("adopt", (struct adopt){.dry_run = false}, &result);
	check_text("counts", counts_of(&result), "1 1 1 0 0 0 0, complete");
	for EACH(row, table)
		check_json(row->place, at(row->place), row->is);
	check_int("no more", outside.table.n, LENGTH(table));
	outside.store.written = 0;
	must_adopt("again", (struct adopt){.dry_run = false}, &result);
	check_text("again", counts_of(&result), "6 1 0 0 0 0 0, complete");
	check_int("ADOPTED alone", outside.store.written, 1);
}

#define STARTED "1700000000" /* the walk's beginning */
#define BEFORE "1699999939" /* by more than a function takes */

static void each_order_is_counted_as_what_it_was_found_to_be(void **state)
{
	static const struct {
		const char *items[6], *counts, *told;
		bool writes;
	} table[] = {
		{{NULL}, "0 0 0 0 0 0 0, complete", "", true},
		{{"{'PK':'USER#a','SK':'NOTE'}", OURS("a", BEFORE, "1", "")}, "2 1 0 0 0 0 0, complete", "", true},
		{{THEIRS("a", BEFORE, "1", ""), THEIRS("b", BEFORE, "2", "")}, "2 2 2 0 0 0 0, complete", "", true},
		{{THEIRS("a", STARTED, "1", "")}, "1 1 1 0 0 0 1", "", true},
		{{THEIRS("a", "1699999940", "1", "")}, "1 1 1 0 0 0 1", "", true}, /* and came after it began */
		{{"{'PK':'USER#x','SK':'ORDER#odd','status':'completed'}"}, "1 1 0 0 0 1 0, complete",
		 "USER#x, ORDER#odd names no session: it is left as it is\n", true},
		{{"{'PK':'USER#x','SK':'ORDER#odd','version':1}"}, "1 1 0 0 0 0 0, complete", "", true},
		/* a session's, a payment's and a number's pointer name another one */
		{{THEIRS("a", BEFORE, "1", NUMBERED("N")), OURS("b", "1600000000", "1", ""),
		  POINTER("SESSION#cs_1", "b", "1600000000", "1")}, "3 2 0 1 0 0 0, complete",
		 "order N (cs_1) stands twice: USER#a, ORDER#1699999939#cs_1 and USER#b, ORDER#1600000000#cs_1; "
		 "--merge makes one of them\n", true},
		{{OURS("a", BEFORE, "1", PAID("1")), OURS("b", "1600000000", "2", PAID("1")),
		  POINTER("PAYMENT#pi_1", "b", "1600000000", "2")}, "3 2 0 1 0 0 0, complete",
		 "order ? (cs_1) stands twice: USER#a, ORDER#1699999939#cs_1 and USER#b, ORDER#1600000000#cs_2; "
		 "--merge makes one of them\n", true},
		{{THEIRS("a", BEFORE, "1", NUMBERED("N")), OURS("b", "1600000000", "1", NUMBERED("N")),
		  POINTER("NUMBER#N", "b", "1600000000", "1")}, "3 2 0 1 0 0 0, complete",
		 "order N (cs_1) stands twice: USER#a, ORDER#1699999939#cs_1 and USER#b, ORDER#1600000000#cs_1; "
		 "--merge makes one of them\n", true},
		/* what a pointer names is another sale, or is not there, or is this one, or nothing */
		{{THEIRS("a", BEFORE, "1", ""), OURS("b", "1600000000", "2", ""),
		  POINTER("SESSION#cs_1", "b", "1600000000", "2")}, "3 2 1 0 0 0 0, complete", "", true},
		{{THEIRS("a", BEFORE, "1", ""), POINTER("SESSION#cs_1", "b", "1600000000", "1")},
		 "2 1 1 0 0 0 0, complete", "", true},
		{{OURS("a", BEFORE, "1", PAID("1")), POINTER("SESSION#cs_1", "a", BEFORE, "1"),
		  POINTER("PAYMENT#pi_1", "a", BEFORE, "1")}, "3 1 0 0 0 0 0, complete", "", true},
		{{THEIRS("a", BEFORE, "1", ""), "{'PK':'SESSION#cs_1','SK':'METADATA','orderPK':'USER#a'}"},
		 "2 1 1 0 0 0 0, complete", "", true},
		{{OURS("a", BEFORE, "1", ""), POINTER("SESSION#cs_1", "b", "1600000000", "1")},
		 "2 1 0 0 0 0 0, complete", "", true},
		{{OURS("a", BEFORE, "1", ""), OURS("b", "1600000000", "2", ""),
		  POINTER("SESSION#cs_1", "b", "1600000000", "2")}, "3 2 0 0 0 0 0, complete", "", true},
	}, *row;
	struct adopt_result result;
	const char *before;

	(void)state;
	for EACH(row, table) {
		const char *name = row->items[0] ? row->items[0] : "nothing";
		struct told told = told_begin(0), dry = told_begin(0);

		table_free(&outside.table);
		put_all(row->items);
		before = outside_items();
		must_adopt(name, (struct adopt){.dry_run = true, .report = told_sentence, .context = &dry}, &result);
		check_text(name, counts_of(&result), row->counts);
		check_text(name, outside_items(), before);
		must_adopt(name, (struct adopt){.report = told_sentence, .context = &told}, &result);
		check_text(name, counts_of(&result), row->counts);
		check_text(name, buf_text(&told.sentences), row->told);
		check_text(name, buf_text(&dry.sentences), row->told);
		check_int(name, at("SYSTEM ADOPTED") != NULL, result.complete);
		check_int(name, strcmp(outside_items(), before) != 0, row->writes);
		told_end(&told);
		told_end(&dry);
	}
}

static void a_number_that_another_sale_has_grows_by_a_letter(void **state)
{
	static const struct {
		const char *other; /* the order that the number's pointer names */
		const char *pointer, *first, *second;
	} table[] = {
		{OURS("b", BEFORE, "9", NUMBERED("N")), POINTER("NUMBER#N", "b", BEFORE, "9"),
		 "USER#b ORDER#1699999939#cs_9", "USER#a ORDER#1699999939#cs_1"},
		/* it is gone: its number is free */
		{"{'PK':'USER#b','SK':'NOTE'}", POINTER("NUMBER#N", "b", BEFORE, "9"),
		 "USER#a ORDER#1699999939#cs_1", NULL},
	}, *row;
	struct adopt_result result;

	(void)state;
	for EACH(row, table) {
		table_free(&outside.table);
		put_all((const char *const[]){THEIRS("a", BEFORE, "1", NUMBERED("N")), row->other, row->pointer, NULL});
		must_adopt(row->other, (struct adopt){.dry_run = false}, &result);
		check_int(row->other, result.counts.adopted, 1);
		check_text(row->other, named_by("NUMBER#N"), row->first);
		check_text(row->other, named_by("NUMBER#NA"), row->second);
		check_text(row->other, json_string_or_null(at("USER#a ORDER#1699999939#cs_1"), "orderNumber"), "N");
	}
}

/* --- two orders of one sale -------------------------------------------------------------- */

#define FIRST "1600000000"  /* 2020-09-13 */
#define LATER "1600003600"  /* the same day */
#define NEXT "1600100000"   /* 2020-09-14 */

/* A walk comes to USER#a first. */
static void of_two_orders_of_a_sale_one_stays_and_all_that_named_either_names_it(void **state)
{
	static const struct {
		const char *name, *items[8], *stays, *goes, *counts;
		const char *names[5]; /* pointers of the one that stays, up to a NULL */
		const char *day, *no_day; /* of its entry, and the one that is gone */
		int64_t version;
		size_t n; /* items then */
	} table[] = {
		{"theirs stays beside one of ours", {THEIRS("a", NEXT, "1", NUMBERED("N")),
		  OURS("b", FIRST, "1", PAID("1") NUMBERED("M")), POINTER("SESSION#cs_1", "b", FIRST, "1"),
		  POINTER("PAYMENT#pi_1", "b", FIRST, "1"), POINTER("NUMBER#M", "b", FIRST, "1"),
		  "{'PK':'DAY#2020-09-13','SK':'ORDER#1600000000#cs_1','version':2}"},
		 "USER#a ORDER#1600100000#cs_1", "USER#b ORDER#1600000000#cs_1", "6 2 0 1 1 0 0, complete",
		 {"SESSION#cs_1", "PAYMENT#pi_1", "NUMBER#N", "NUMBER#M"}, "DAY#2020-09-14 ORDER#1600100000#cs_1",
		 "DAY#2020-09-13 ORDER#1600000000#cs_1", 1, 7},
		{"and where the walk finds ours", {
		  OURS("a", FIRST, "1", PAID("1")), THEIRS("b", NEXT, "1", NUMBERED("N")),
		  POINTER("SESSION#cs_1", "b", NEXT, "1"), POINTER("PAYMENT#pi_1", "a", FIRST, "1"),
		  "{'PK':'DAY#2020-09-13','SK':'ORDER#1600000000#cs_1','version':2}"},
		 "USER#b ORDER#1600100000#cs_1", "USER#a ORDER#1600000000#cs_1", "5 2 1 1 1 0 0, complete",
		 {"SESSION#cs_1", "PAYMENT#pi_1", "NUMBER#N"}, "DAY#2020-09-14 ORDER#1600100000#cs_1",
		 "DAY#2020-09-13 ORDER#1600000000#cs_1", 2, 6},
		{"the first of two of theirs", {THEIRS("a", FIRST, "1", ""), THEIRS("a", LATER, "1", PAID("1")),
		  POINTER("SESSION#cs_1", "a", LATER, "1")},
		 "USER#a ORDER#1600000000#cs_1", "USER#a ORDER#1600003600#cs_1", "3 2 0 1 1 0 0, complete",
		 {"SESSION#cs_1", "PAYMENT#pi_1"}, "DAY#2020-09-13 ORDER#1600000000#cs_1",
		 "DAY#2020-09-13 ORDER#1600003600#cs_1", 1, 5},
		{"at one time the one that is named", {THEIRS("a", FIRST, "1", ""), THEIRS("b", FIRST, "1", ""),
		  POINTER("SESSION#cs_1", "b", FIRST, "1")},
		 "USER#b ORDER#1600000000#cs_1", "USER#a ORDER#1600000000#cs_1", "3 2 0 1 1 0 0, complete",
		 {"SESSION#cs_1"}, "DAY#2020-09-13 ORDER#1600000000#cs_1", NULL, 1, 4},
		{"of both one number", {THEIRS("a", FIRST, "1", NUMBERED("N")), OURS("b", LATER, "1", NUMBERED("N")),
		  POINTER("SESSION#cs_1", "b", LATER, "1"), POINTER("NUMBER#N", "b", LATER, "1")},
		 "USER#a ORDER#1600000000#cs_1", "USER#b ORDER#1600003600#cs_1", "4 2 0 1 1 0 0, complete",
		 {"SESSION#cs_1", "NUMBER#N"}, "DAY#2020-09-13 ORDER#1600000000#cs_1", NULL, 1, 5},
		{"the first, though it is named", {THEIRS("a", LATER, "1", ""), THEIRS("b", FIRST, "1", PAID("1")),
		  POINTER("SESSION#cs_1", "b", FIRST, "1")},
		 "USER#b ORDER#1600000000#cs_1", "USER#a ORDER#1600003600#cs_1", "3 2 0 1 1 0 0, complete",
		 {"SESSION#cs_1", "PAYMENT#pi_1"}, "DAY#2020-09-13 ORDER#1600000000#cs_1",
		 "DAY#2020-09-13 ORDER#1600003600#cs_1", 1, 5},
		{"the one of ours that is named", {OURS("a", FIRST, "1", ""), OURS("b", FIRST, "1", ""),
		  POINTER("SESSION#cs_1", "b", FIRST, "1"),
		  "{'PK':'DAY#2020-09-13','SK':'ORDER#1600000000#cs_1','version':2}"},
		 "USER#b ORDER#1600000000#cs_1", "USER#a ORDER#1600000000#cs_1", "4 2 0 1 1 0 0, complete",
		 {"SESSION#cs_1"}, "DAY#2020-09-13 ORDER#1600000000#cs_1", NULL, 4, 4},
	}, *row;
	struct adopt_result result;
	const char *before;
	struct json_object *copy;
	size_t i;

	(void)state;
	for EACH(row, table) {
		struct told told = told_begin(0);

		table_free(&outside.table);
		put_all(row->items);
		before = outside_items();
		must_adopt(row->name, (struct adopt){.merge = true, .dry_run = true, .report = told_sentence,
						     .context = &told}, &result);
		check_text(row->name, outside_items(), before);
		check(row->name, strstr(buf_text(&told.sentences), ": they would be made one\n"));
		must_adopt(row->name, (struct adopt){.merge = true, .report = told_sentence, .context = &told},
			   &result);
		check_text(row->name, counts_of(&result), row->counts);
		check(row->name, strstr(buf_text(&told.sentences), ": they were made one\n"));
		check(row->name, !at(row->goes));
		check_int(row->name, store_item_version(at(row->stays)), row->version);
		check_int(row->name, outside.table.n, row->n);
		for (i = 0; row->names[i]; i++)
			check_text(row->names[i], named_by(row->names[i]), row->stays);
		if (json_get_object(at("PAYMENT#pi_1 METADATA"), "order", &copy) == JSON_FOUND)
			check_json("the payment's copy", copy, json_text(at(row->stays)));
		check_text(row->name, json_string_or_null(at(row->day), "orderPK"),
			   json_string_or_null(at(row->stays), "PK"));
		if (row->no_day)
			check(row->name, !at(row->no_day));
		told_end(&told);
	}
}

/* Neither is taken from the sale that has it. */
static void a_number_of_another_sale_stays_its_own_when_two_orders_become_one(void **state)
{
#define THIRD OURS("z", FIRST, "9", NUMBERED("N")), POINTER("NUMBER#N", "z", FIRST, "9")
	static const struct {
		const char *name, *items[7], *letter;
		size_t numbers; /* pointers of them */
	} table[] = {
		{"of the one that stays", {THIRD, THEIRS("a", FIRST, "1", NUMBERED("N")), OURS("b", LATER, "1", ""),
		  POINTER("SESSION#cs_1", "b", LATER, "1")}, "USER#a ORDER#1600000000#cs_1", 2},
		{"of the one that stays, and it has grown", {THIRD, THEIRS("a", FIRST, "1", NUMBERED("N")),
		  OURS("b", LATER, "1", NUMBERED("NA")), POINTER("SESSION#cs_1", "b", LATER, "1"),
		  POINTER("NUMBER#NA", "b", LATER, "1")}, "USER#a ORDER#1600000000#cs_1", 2},
		{"of the one that goes", {THIRD,
		  OURS("a", FIRST, "1", NUMBERED("N")), THEIRS("b", LATER, "1", NUMBERED("M")),
		  POINTER("SESSION#cs_1", "b", LATER, "1"), NULL}, NULL, 2},
		{"of the named one that stays", {THIRD,
		  OURS("a", FIRST, "1", ""), THEIRS("b", LATER, "1", NUMBERED("N")),
		  POINTER("SESSION#cs_1", "b", LATER, "1"), NULL}, "USER#b ORDER#1600003600#cs_1", 2},
		{"of both", {THIRD, OURS("a", FIRST, "1", NUMBERED("N")), THEIRS("b", LATER, "1", NUMBERED("N")),
		  POINTER("SESSION#cs_1", "b", LATER, "1"), NULL}, "USER#b ORDER#1600003600#cs_1", 2},
	}, *row;
	struct adopt_result result;
	size_t i, n;

	(void)state;
	for EACH(row, table) {
		table_free(&outside.table);
		put_all(row->items);
		must_adopt(row->name, (struct adopt){.merge = true}, &result);
		check_int(row->name, result.counts.merged, 1);
		check_text(row->name, named_by("NUMBER#N"), "USER#z ORDER#1600000000#cs_9");
		check_text(row->name, named_by("NUMBER#NA"), row->letter);
		for (i = n = 0; i < outside.table.n; i++)
			n += str_starts(json_string_or_null(outside.table.items[i], "PK"), "NUMBER#");
		check_int(row->name, n, row->numbers);
	}
}

static void what_names_an_order_that_is_none_ends_the_walk_and_says_so(void **state)
{
	struct adopt_result result;
	struct err e;

	(void)state;
	put_all((const char *const[]){THEIRS("a", FIRST, "1", ""), "{'PK':'USER#b','SK':'ORDER#odd','orderId':'cs_1'}",
				      "{'PK':'SESSION#cs_1','SK':'METADATA','orderPK':'USER#b','orderSK':'ORDER#odd'}",
				      NULL});
	check_int("merge", adopt((struct adopt){.merge = true}, &result, &e), -1);
	check_err("merge", &e, ERR_INTERNAL, "USER#a, ORDER#1600000000#cs_1: USER#b, ORDER#odd is not an order");
}

/* Orders with a version are looked at fifty at a time, each pointer once. */
static void of_many_orders_of_ours_those_that_stand_twice_are_found(void **state)
{
	struct adopt_result result;
	unsigned i;
	struct err e;

	(void)state;
	for (i = 1; i <= 51; i++)
		outside_put(json_of("{'PK':'USER#a','SK':'ORDER#16000000%02u#cs_%u','orderId':'cs_%u','version':1,"
				    "'stripePaymentIntentId':'pi_%u'}", i, i, i, i));
	outside_put(json_of("%s", OURS("b", FIRST, "50", "")));
	outside_put(json_of("%s", OURS("c", FIRST, "51", "")));
	outside_put(json_of("%s", POINTER("SESSION#cs_50", "a", "1600000050", "50")));
	outside_put(json_of("%s", POINTER("SESSION#cs_51", "a", "1600000051", "51")));
	outside.calls = 0;
	must_adopt("walk", (struct adopt){.dry_run = true}, &result);
	check_text("counts", counts_of(&result), "55 53 0 2 0 0 0, complete");
	/* its state, its page, two reads of pointers; and three of each that stands twice */
	check_int("reads", outside.calls, 4 + 2 * 3);

	/* Whichever of them fails. */
	outside.fault = OUTSIDE_FAILS;
	for (i = outside.calls; i; i--) {
		outside.calls = 0;
		outside.at = i;
		check_int("fails", adopt((struct adopt){.dry_run = true}, &result, &e), -1);
		check_err("fails", &e, ERR_UNAVAILABLE, "it is away");
	}
}

/* --- the walk ------------------------------------------------------------------------------ */

static void a_walk_that_is_stopped_is_gone_on_with(void **state)
{
	struct told told = told_begin(2), again = told_begin(0);
	struct adopt_result result;

	(void)state;
	put_all((const char *const[]){
		"{'PK':'A','SK':'S'}", THEIRS("a", BEFORE, "1", ""), THEIRS("b", BEFORE, "2", ""),
		"{'PK':'USER#c','SK':'ORDER#odd'}", THEIRS("d", STARTED, "4", ""), NULL});
	outside.store.page = 2;
	must_adopt("stopped", (struct adopt){.stop = told_stop, .context = &told, .progress = note_progress}, &result);
	check_text("stopped", counts_of(&result), "4 3 2 0 0 1 0, stopped");
	check_text("progress", buf_text(&told.permille), "-1 -1 ");
	check_json("place", at("SYSTEM ADOPTING"), "{'PK':'SYSTEM','SK':'ADOPTING','startedAt':'2023-11-14T22:13:20Z',"
		   "'after':{'PK':'USER#c','SK':'ORDER#odd'},'counts':{'items':4,'orders':3,'adopted':2,"
		   "'twice':0,'merged':0,'odd':1,'younger':0},'version':3}");
	check("not yet", !at("SYSTEM ADOPTED"));

	/* An order that came after the first run had begun is younger than the walk. */
	outside.ms += 3600000;
	must_adopt("dry", (struct adopt){.dry_run = true}, &result);
	check("from the beginning", !result.resumed);
	must_adopt("resumed", (struct adopt){.context = &again, .progress = note_progress}, &result);
	check("resumed", result.resumed && !result.stopped && !result.complete);
	check_int("adopted", result.counts.adopted, 3);
	check_int("odd", result.counts.odd, 1);
	check_int("younger", result.counts.younger, 1);
	check("the place is gone", !at("SYSTEM ADOPTING"));
	check("another walk is needed", !at("SYSTEM ADOPTED"));
	must_adopt("another", (struct adopt){.dry_run = false}, &result);
	check("complete", result.complete && !result.resumed);
	check_json("adopted", at("SYSTEM ADOPTED"), "{'PK':'SYSTEM','SK':'ADOPTED','adoptedAt':'2023-11-14T23:13:20Z',"
		   "'version':1}");
	told_end(&told);
	told_end(&again);
}

/* Behind a place that names no item, which somebody has edited, a store may find nothing to adopt. */
static void a_walk_begins_anew_where_its_place_says_nothing(void **state)
{
	static const struct {
		const char *place;
		bool resumed;
	} table[] = {
		{"'startedAt':'2023-11-14T22:00:00Z','after':{'PK':'B','SK':'S'},'counts':{'items':7,'adopted':2}",
		 true},
		{"'startedAt':'2023-11-14T22:00:00Z','after':{'PK':'B','SK':'S'}", true},
		{"'startedAt':'2023-11-14T22:00:00Z','after':{'PK':'B'}", false},
		{"'startedAt':'2023-11-14T22:00:00Z','after':{'SK':'S'}", false},
		{"'startedAt':'2023-11-14T22:00:00Z','after':'B'", false},
		{"'startedAt':'2023-11-14T22:00:00Z'", false},
		{"'startedAt':'then','after':{'PK':'B','SK':'S'}", false},
		{"'after':{'PK':'B','SK':'S'}", false},
	}, *row;
	struct adopt_result result;

	(void)state;
	for EACH(row, table) {
		table_free(&outside.table);
		outside_put(json_of("{'PK':'A','SK':'S'}"));
		outside_put(json_of("{'PK':'C','SK':'S'}"));
		outside_put(json_of("{'PK':'SYSTEM','SK':'ADOPTING','version':5,%s}", row->place));
		must_adopt(row->place, (struct adopt){.dry_run = false}, &result);
		check_int(row->place, result.resumed, row->resumed);
		check_int(row->place, result.counts.items, !row->resumed ? 3 : strstr(row->place, "counts") ? 9 : 2);
		check_int(row->place, result.counts.adopted, strstr(row->place, "counts") ? 2 : 0);
		check("gone", !at("SYSTEM ADOPTING"));
		check_text(row->place, json_string_or_null(at("SYSTEM ADOPTED"), "adoptedAt"),
			   row->resumed ? "2023-11-14T22:00:00Z" : "2023-11-14T22:13:20Z");
	}
}

static void put_plain(unsigned from, unsigned to)
{
	for (; from < to; from++)
		outside_put(json_of("{'PK':'P#%04u','SK':'S'}", from));
}

/* A page in which something was done is saved at once, another one with forty-nine others. */
static void the_place_is_saved_where_a_killed_walk_would_lose_much(void **state)
{
	static const struct {
		const char *name, *order;
		unsigned plain, writes; /* of places */
	} table[] = {
		{"fifty pages, the last of which is none to save", NULL, 50, 0}, {"and one", NULL, 51, 1},
		{"twice fifty and one", NULL, 101, 2}, {"an order", THEIRS("a", BEFORE, "1", ""), 10, 1},
		{"an order of ours", OURS("a", BEFORE, "1", ""), 10, 0},
		{"two that become one", OURS("a", BEFORE, "1", ""), 10, 1},
	}, *row;
	struct adopt_result result;

	(void)state;
	for EACH(row, table) {
		table_free(&outside.table);
		outside.store.page = 1;
		put_plain(0, row->plain);
		if (row->order) {
			outside_put(json_of("%s", row->order));
			outside_put(json_of("{'PK':'Z','SK':'S'}"));
			outside_put(json_of("{'PK':'Z','SK':'T'}"));
		}
		if (strcmp(row->name, "two that become one") == 0) {
			outside_put(json_of("%s", THEIRS("A", FIRST, "1", ",'version':1")));
			outside_put(json_of("%s", POINTER("SESSION#cs_1", "A", FIRST, "1")));
		}
		outside.store.written = 0;
		must_adopt(row->name, (struct adopt){.merge = true}, &result);
		/* the orders' own writes, and ADOPTED's */
		check_int(row->name, (int64_t)outside.store.written - result.counts.adopted -
				     result.counts.merged - 1, row->writes);
		outside.store.written = 0;
		must_adopt(row->name, (struct adopt){.dry_run = true}, &result);
		check_int(row->name, outside.store.written, 0);
	}
}

static void how_far_it_is_is_told_where_the_store_can_count(void **state)
{
	static const struct {
		bool counts, asked;
		const char *permille;
	} table[] = {{true, true, "250 500 750 "}, {true, false, "-1 -1 -1 "}, {false, true, "-1 -1 -1 "}}, *row;
	struct adopt_result result;

	(void)state;
	for EACH(row, table) {
		struct told told = told_begin(0);

		outside_end();
		outside_begin();
		if (row->counts)
			let_it_count();
		put_plain(0, 8);
		outside.store.page = 2;
		must_adopt(row->permille, (struct adopt){.count = row->asked, .dry_run = true, .context = &told,
							 .progress = note_progress}, &result);
		check_text(row->permille, buf_text(&told.permille), row->permille);
		told_end(&told);
	}
}

/* --- beside others --------------------------------------------------------------------------- */

static const char *overtaking; /* the item that another program puts */

static void overtake(void)
{
	outside_put(json_of("%s", overtaking));
}

#define PLACE(version) "{'PK':'SYSTEM','SK':'ADOPTING','startedAt':'2023-11-14T22:00:00Z'," \
	"'after':{'PK':'A','SK':'S'},'version':" version "}"
#define AGAIN(version) "{'PK':'SYSTEM','SK':'ADOPTED','again':'2023-11-14T22:13:20Z','version':" version "}"

static void what_another_program_writes_of_the_walk_ends_it(void **state)
{
	static const struct {
		const char *name, *before, *by, *at, *says;
		unsigned stop_at;
	} table[] = {
		{"another walk at its place", PLACE("5"), PLACE("9"), "SYSTEM ADOPTING",
		 "another `ordersnap adopt` has begun meanwhile, and does the rest", 1},
		{"another walk at its end", PLACE("5"), PLACE("9"), "SYSTEM ADOPTING", "run this command again", 0},
		{"an order of theirs comes", AGAIN("8"), AGAIN("9"), "SYSTEM ADOPTED",
		 "an order of the functions has come", 0},
	}, *row;
	struct adopt_result result;
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct told told = told_begin(row->stop_at);

		table_free(&outside.table);
		put_plain(0, 4);
		outside.store.page = row->stop_at ? 2 : 0;
		outside_put(json_of("%s", row->before));
		overtaking = row->by;
		outside.overtake = overtake;
		outside.fault = OUTSIDE_OVERTAKEN;
		outside.at = outside.calls + 3; /* behind its state and a page */
		check_int(row->name, adopt((struct adopt){.stop = told_stop, .context = &told}, &result, &e), -1);
		check_err(row->name, &e, ERR_CONFLICT, row->says);
		check_json(row->name, at(row->at), row->by);
		told_end(&told);
	}
}

/* An order with another sale's number, and two of one sale with that number, of which one alone has the payment. */
static void a_walk_that_fails_at_any_call_is_done_by_another_one(void **state)
{
	static const char *const items[] = {
		OURS("z", FIRST, "9", NUMBERED("N")), POINTER("NUMBER#N", "z", FIRST, "9"),
		THEIRS("a", FIRST, "1", NUMBERED("N")), THEIRS("b", FIRST, "2", NUMBERED("N")),
		OURS("c", LATER, "2", NUMBERED("N") PAID("2")), POINTER("SESSION#cs_2", "c", LATER, "2"), NULL,
	};
	struct adopt_result result;
	const char *whole, *row;
	unsigned calls, at;
	struct err e;

	(void)state;
	put_all(items);
	must_adopt("whole", (struct adopt){.merge = true}, &result);
	check_text("whole", counts_of(&result), "6 4 1 1 1 0 0, complete");
	calls = outside.calls;
	whole = outside_items();
	outside.fault = OUTSIDE_FAILS;
	for (at = 1; at <= calls; at++) {
		row = keep_text(str_printf("at call %u", at));
		table_free(&outside.table);
		outside.ms = 0;
		put_all(items);
		outside.calls = 0;
		outside.at = at;
		check_int(row, adopt((struct adopt){.merge = true}, &result, &e), -1);
		check_err(row, &e, ERR_UNAVAILABLE, "it is away");
		check_int(row, outside.calls, at);
		outside.at = 0;
		outside.ms = 0;
		must_adopt(row, (struct adopt){.merge = true}, &result);
		check_text(row, outside_items(), whole);
	}
}

static void a_walk_whose_end_cant_be_written_says_why(void **state)
{
	struct adopt_result result;
	struct err e;

	(void)state;
	outside.fault = OUTSIDE_FAILS;
	outside.at = 3;
	check_int("adopt", adopt((struct adopt){.dry_run = false}, &result, &e), -1);
	check_err("adopt", &e, ERR_UNAVAILABLE, "it is away");
}

/* Each write of the order is overtaken by another one of it. */
static void overtake_for_ever(void)
{
	static int64_t amount;

	outside_put(json_of("{'PK':'SESSION#cs_1','SK':'METADATA','version':%" PRId64 "}", ++amount));
	outside.at = outside.calls + 2;
}

static void an_order_that_others_keep_writing_is_given_up_by_its_name(void **state)
{
	struct adopt_result result;
	struct err e;

	(void)state;
	outside_put(json_of("%s", THEIRS("a", BEFORE, "1", "")));
	outside.overtake = overtake_for_ever;
	outside.fault = OUTSIDE_OVERTAKEN;
	outside.at = 4; /* behind state, page and the order's items */
	check_int("adopt", adopt((struct adopt){.dry_run = false}, &result, &e), -1);
	check_err("adopt", &e, ERR_UNAVAILABLE, "USER#a, ORDER#1699999939#cs_1: ");
	check_int("adopt", result.counts.adopted, 0);
	check("not complete", !result.complete && !at("SYSTEM ADOPTED"));
}

static void take_away(void)
{
	table_delete(&outside.table, "USER#a", "ORDER#1699999939#cs_1");
}

/* Between the walk's page and the read of the order. */
static void an_order_that_has_moved_or_was_adopted_meanwhile_is_left(void **state)
{
	static const struct {
		void (*overtake)(void);
		const char *by;
	} table[] = {{take_away, NULL}, {overtake, OURS("a", BEFORE, "1", "")}}, *row;
	struct adopt_result result;

	(void)state;
	for EACH(row, table) {
		const char *name = row->by ? row->by : "moved";

		table_free(&outside.table);
		outside_put(json_of("%s", THEIRS("a", BEFORE, "1", "")));
		overtaking = row->by;
		outside.overtake = row->overtake;
		outside.fault = OUTSIDE_OVERTAKEN;
		outside.at = outside.calls + 3;
		must_adopt(name, (struct adopt){.dry_run = false}, &result);
		check_text(name, counts_of(&result), "1 1 0 0 0 0 0, complete");
		check_int(name, outside.table.n, row->by ? 2 : 1);
		if (row->by)
			check_json(name, at("USER#a ORDER#1699999939#cs_1"), row->by);
	}
}

/* --- what says that all are adopted --------------------------------------------------------------- */

static void a_store_without_an_order_of_theirs_is_complete(void **state)
{
	static const struct {
		const char *items[4];
		bool complete, written;
	} table[] = {
		{{NULL}, true, true}, {{"{'PK':'A','SK':'S'}", OURS("a", BEFORE, "1", "")}, true, true},
		{{"{'PK':'A','SK':'S'}", OURS("a", BEFORE, "1", ""), THEIRS("b", BEFORE, "2", "")}, false, false},
		{{"{'PK':'SYSTEM','SK':'ADOPTED','adoptedAt':'x','version':7}", THEIRS("b", BEFORE, "2", "")}, true,
		 false},
		{{AGAIN("7")}, false, false},
	}, *row;
	bool complete;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *name = row->items[0] ? row->items[0] : "nothing", *before;

		table_free(&outside.table);
		outside.store.page = 1;
		put_all(row->items);
		before = outside_items();
		complete = !row->complete;
		check_int(name, adopt_new_store(&outside.app, &complete, &e), 0);
		check_int(name, complete, row->complete);
		check_int(name, strcmp(before, outside_items()) != 0, row->written);
		if (row->written)
			check_json(name, at("SYSTEM ADOPTED"), "{'PK':'SYSTEM','SK':'ADOPTED',"
				   "'adoptedAt':'2023-11-14T22:13:20Z','version':1}");
		complete = !row->complete;
		check_int(name, adopt_is_complete(&outside.app, deadline_in(1000), &complete, &e), 0);
		check_int(name, complete, row->complete);
	}
}

static void two_programs_may_begin_on_a_new_store_and_a_store_that_fails_says_nothing(void **state)
{
	bool complete = false;
	struct err e;

	(void)state;
	overtaking = "{'PK':'SYSTEM','SK':'ADOPTED','adoptedAt':'2023-11-14T22:13:19Z','version':1}";
	outside.overtake = overtake;
	outside.fault = OUTSIDE_OVERTAKEN;
	outside.at = 3;
	check_int("both", adopt_new_store(&outside.app, &complete, &e), 0);
	check("both", complete);
	check_json("the first one's", at("SYSTEM ADOPTED"), overtaking);
	outside.fault = OUTSIDE_AWAY;
	outside.at = outside.calls + 1;
	check_int("away", adopt_is_complete(&outside.app, deadline_in(1000), &complete, &e), -1);
	check_err("away", &e, ERR_UNAVAILABLE, "it is away");
	check_int("away", adopt_new_store(&outside.app, &complete, &e), -1);
}

static void a_table_that_is_adopted_can_be_made_to_wait_for_another_walk(void **state)
{
	static const struct {
		const char *before, *is;
	} table[] = {
		{NULL, "{'PK':'SYSTEM','SK':'ADOPTED','again':'2023-11-14T22:13:20Z','version':1}"},
		{"{'PK':'SYSTEM','SK':'ADOPTED','adoptedAt':'x','version':1}",
		 "{'PK':'SYSTEM','SK':'ADOPTED','adoptedAt':'x','again':'2023-11-14T22:13:20Z','version':2}"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		if (row->before)
			outside_put(json_of("%s", row->before));
		check_int(row->is, adopt_again(&outside.app, deadline_in(1000), &e), 0);
		check_json(row->is, at("SYSTEM ADOPTED"), row->is);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds_with_files(an_order_of_theirs_gets_a_version_and_all_that_names_one_of_ours),
		holds_with_files(each_order_is_counted_as_what_it_was_found_to_be),
		holds_with_files(a_number_that_another_sale_has_grows_by_a_letter),
		holds_with_files(of_two_orders_of_a_sale_one_stays_and_all_that_named_either_names_it),
		holds_with_files(a_number_of_another_sale_stays_its_own_when_two_orders_become_one),
		holds_with_files(what_names_an_order_that_is_none_ends_the_walk_and_says_so),
		holds_with_files(of_many_orders_of_ours_those_that_stand_twice_are_found),
		holds_with_files(a_walk_that_is_stopped_is_gone_on_with),
		holds_with_files(a_walk_begins_anew_where_its_place_says_nothing),
		holds_with_files(the_place_is_saved_where_a_killed_walk_would_lose_much),
		holds_with_files(how_far_it_is_is_told_where_the_store_can_count),
		holds_with_files(what_another_program_writes_of_the_walk_ends_it),
		holds_with_files(a_walk_that_fails_at_any_call_is_done_by_another_one),
		holds_with_files(a_walk_whose_end_cant_be_written_says_why),
		holds_with_files(an_order_that_others_keep_writing_is_given_up_by_its_name),
		holds_with_files(an_order_that_has_moved_or_was_adopted_meanwhile_is_left),
		holds_with_files(a_store_without_an_order_of_theirs_is_complete),
		holds_with_files(two_programs_may_begin_on_a_new_store_and_a_store_that_fails_says_nothing),
		holds_with_files(a_table_that_is_adopted_can_be_made_to_wait_for_another_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
