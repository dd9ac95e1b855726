/* SPDX-License-Identifier: ISC */
/*
 * Adopting and erasing when the table fails: at each call in turn, and then once more when all is well.
 */
#include "record_fixture.h"

#include "base/log.h"
#include "transfer/adopt.h"
#include "transfer/erase.h"

/* --- what is done ----------------------------------------------------------------- */

/* What is run, and said of it. */
struct task {
	const char *name;
	void (*before)(void);
	int (*run)(struct err *e);
	const char *makes; /* is in the table then */
};

static void add_theirs(const char *user, const char *session, const char *payment)
{
	outside_put(json_of("{'PK':'USER#%s','SK':'ORDER#1600000000#%s','orderId':'%s','userId':'%s',"
			    "'orderNumber':'BC-%s','stripeSessionId':'%s','stripePaymentIntentId':'%s',"
			    "'status':'completed','amount':700,'currency':'usd',"
			    "'createdAt':'2020-09-13T12:26:40Z'}",
			    user, session, session, user, session, session, payment));
}

/* Three of the functions, of which one stands twice, one that is no order, and one of ours. */
static void theirs(void)
{
	sold();
	table_delete(&outside.table, "SYSTEM", "ADOPTED");
	add_theirs("a", "cs_test_2", "pi_2");
	add_theirs("b", "cs_test_3", "pi_3");
	add_theirs("c", "cs_test_3", "pi_3");
	outside_put(json_of("{'PK':'USER#d','SK':'ORDER#1600000000#odd','orderId':'odd'}"));
	outside.store.page = 3;
}

/* The same, and a walk that says it has come to a place which is no item's. */
static void theirs_and_a_place_that_is_none(void)
{
	theirs();
	outside_put(json_of("{'PK':'SYSTEM','SK':'ADOPTING','startedAt':'2023-11-14T22:00:00Z',"
			    "'after':{'PK':'USER#z'},'version':1}"));
}

static int adopt(struct err *e)
{
	const struct adopt request = {.merge = true};
	struct adopt_result result;

	return adopt_table(&outside.app, &request, &result, e);
}

static void nothing(void)
{
}

static int adopt_nothing(struct err *e)
{
	bool complete;

	return adopt_new_store(&outside.app, &complete, e);
}

static int adopt_once_more(struct err *e)
{
	return adopt_again(&outside.app, deadline_in(1000), e);
}

static int erase(struct err *e)
{
	struct json_object *order = table_find(&outside.table, SOLD_PK, SOLD_SK);
	enum erase_outcome outcome;

	/* It may have moved to where nobody is named. */
	if (!order)
		return 0;
	return erase_order(&outside.app, keep(json_copy(order)), false, &outcome, e);
}

static void opened(void)
{
	outside_put(json_of("{'PK':'SESSION#cs_test_4','SK':'METADATA','userId':'ann@example.com',"
			    "'stripeSessionId':'cs_test_4','status':'open','version':1}"));
	outside_put(json_of("{'PK':'SESSION#cs_test_5','SK':'METADATA','userId':'bob',"
			    "'stripeSessionId':'cs_test_5','status':'open','version':1}"));
	sold();
	outside.store.page = 2;
}

static bool never(void *context)
{
	(void)context;
	return false;
}

static int nobody_is_found(void *context, struct json_object *order, struct err *e)
{
	(void)context;
	(void)e;
	check(json_text(order), false);
	return 0;
}

static int erase_visits(struct err *e)
{
	struct erase_walk walk = {.user = "Ann@Example.com", .found = nobody_is_found, .stop = never};

	return erase_elsewhere(&outside.app, &walk, e);
}

static const struct task tasks[] = {
	{"adopt", theirs, adopt, "\"SK\":\"ADOPTED\""},
	{"adopt behind a place that is none", theirs_and_a_place_that_is_none, adopt,
	 "\"PK\":\"PAYMENT#pi_2\""},
	{"adopt a new store", nothing, adopt_nothing, "\"SK\":\"ADOPTED\""},
	{"adopt again", sold, adopt_once_more, "\"SK\":\"ADOPTED\""},
	{"erase an order", sold, erase, "erased"},
	{"erase nobody else's visits", opened, erase_visits, "\"userId\":\"bob\""},
	{"erase visits", opened, erase_visits, "\"stripeSessionId\":\"cs_test_4\"}"},
};

static void begin(const struct task *task)
{
	outside_begin();
	task->before();
	outside.calls = 0;
	outside.ms = 0;
}

static void what_was_interrupted_at_any_call_is_done_by_another_run(void **state)
{
	static const enum outside_fault faults[] = {OUTSIDE_FAILS, OUTSIDE_LOST, OUTSIDE_AWAY,
						    OUTSIDE_CONFLICT}, *fault;
	const struct task *task;
	unsigned calls, at;
	const char *whole;
	struct err e = {.code = ERR_NONE};

	(void)state;
	for EACH(task, tasks) {
		begin(task);
		check_int(task->name, task->run(&e), 0);
		calls = outside.calls;
		whole = outside_items();
		check(whole, strstr(whole, task->makes));
		outside_end();

		for (at = 1; at <= calls; at++) {
			for EACH(fault, faults) {
				const char *row = keep_text(str_printf("%s, fault %d at call %u", task->name,
								       (int)*fault, at));

				begin(task);
				outside.at = at;
				outside.fault = *fault;
				if (task->run(&e))
					check(row, e.code == ERR_UNAVAILABLE || e.code == ERR_CONFLICT);
				else
					check(row, *fault == OUTSIDE_CONFLICT);
				outside.at = 0;
				outside.ms = 0;
				check_int(row, task->run(&e), 0);
				check_text(row, outside_items(), whole);
				outside_end();
			}
		}
	}
}

/* --- erasing beside others -------------------------------------------------------- */

#define BUYER "'customerEmail':'ann@example.com'"
#define BUYER_TEXT "\"customerEmail\":\"ann@example.com\""
#define NOBODYS "{'PK':'USER#u1','SK':'ORDER#1699999000#cs_test_1','orderId':'cs_test_1','userId':'u1'," \
	"'stripeSessionId':'cs_test_1','orderNumber':'BC-1','status':'pending'"
#define UNPAID NOBODYS "," BUYER

/* An event tells of the order's payment, whose pointer has a copy of it. */
static void tell_of_its_payment(void)
{
	outside_put(json_of(UNPAID ",'stripePaymentIntentId':'pi_1','version':2}"));
	outside_put(json_of("{'PK':'PAYMENT#pi_1','SK':'METADATA','orderPK':'USER#u1','orderSK':"
			    "'ORDER#1699999000#cs_test_1','orderId':'cs_test_1','orderNumber':'BC-1','version':1,"
			    "'order':" UNPAID ",'stripePaymentIntentId':'pi_1','version':2}}"));
}

static void a_copy_that_comes_while_the_person_is_erased_is_erased_too(void **state)
{
	enum erase_outcome outcome;
	unsigned at;
	struct err e;

	(void)state;
	for (at = 1; at <= 3; at++) {
		outside_begin();
		adopted();
		outside_put(json_of(UNPAID ",'version':1}"));
		outside.at = at;
		outside.fault = OUTSIDE_OVERTAKEN;
		outside.overtake = tell_of_its_payment;
		check_int(e.text, erase_order(&outside.app, json_of(UNPAID ",'version':1}"), false, &outcome, &e), 0);
		check_int("done", outcome, ERASE_DONE);
		check(outside_items(), strstr(outside_items(), "PAYMENT#pi_1") && strstr(outside_items(), "erasedAt"));
		check(outside_items(), !strstr(outside_items(), "ann@example.com"));
		outside_end();
	}
}

static void a_person_is_erased_once_and_only_when_it_is_meant(void **state)
{
	static const struct {
		const char *order;
		bool dry_run, writes;
		enum erase_outcome outcome;
	} table[] = {
		{UNPAID, false, true, ERASE_DONE}, {UNPAID, true, false, ERASE_DONE},
		{NOBODYS ",'erasedAt':'2023-11-14T00:00:00Z'", false, false, ERASE_ALREADY},
		/* written into it again by a version that knows no erasure */
		{UNPAID ",'erasedAt':'2023-11-14T00:00:00Z'", false, true, ERASE_DONE},
		/* its key is an address still: a run of an older version */
		{NOBODYS ",'erasedAt':'2023-11-14T00:00:00Z','userId':'ann@example.com'", false, true, ERASE_DONE},
	}, *row;
	enum erase_outcome outcome;
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct json_object *order = json_of("%s,'version':1}", row->order);
		const char *before;

		outside_begin();
		log_configure(&(struct log_options){.level = LOG_LEVEL_INFO, .target = "stderr"});
		adopted();
		outside_put(order);
		before = outside_items();
		check_int(row->order, erase_order(&outside.app, order, row->dry_run, &outcome, &e), 0);
		check_int(row->order, outcome, row->outcome);
		check_int(row->order, strcmp(outside_items(), before) != 0, row->writes);
		check_int(row->order, strstr(buf_text(&outside.log), "Order erased") != NULL, row->writes);
		outside_end();
	}
	outside_begin();
	log_configure(&(struct log_options){.level = LOG_LEVEL_INFO, .target = "stderr"});
	adopted();
	outside_put(json_of(UNPAID ",'version':1}"));
	outside.fault = OUTSIDE_FAILS;
	outside.at = 3; /* behind two reads */
	check_int("failed", erase_order(&outside.app, json_of(UNPAID "}"), false, &outcome, &e), -1);
	check("failed", !strstr(buf_text(&outside.log), "Order erased"));
	outside_end();
	outside_begin();
	adopted();
	check_int("gone", erase_order(&outside.app, json_of(UNPAID "}"), false, &outcome, &e), 0);
	check_int("gone", outcome, ERASE_GONE);
	outside_end();
}

/* Its session is in its key alone; what has none is no order. */
static void an_order_that_waits_for_its_adoption_is_erased_with_what_names_it(void **state)
{
	static const char *const wholes[] = {"'SK':'ORDER#1699999000#cs_test_1','orderNumber':'BC-1'",
					     "'SK':'ORDER#1699999000#cs_test_1','orderNumber':null",
					     "'SK':'ORDER#odd'"}, *const *sk;
	enum erase_outcome outcome;
	struct err e;

	(void)state;
	for EACH(sk, wholes) {
		struct json_object *order = json_of("{'PK':'USER#u1',%s,'userId':'u1','status':'pending'," BUYER "}",
						    *sk);
		bool whole = !strstr(*sk, "odd");
		const char *before;

		outside_begin();
		outside_put(order);
		outside_put(json_of("{'PK':'SESSION#cs_test_1','SK':'METADATA','userId':'u1'," BUYER ",'version':1}"));
		before = outside_items();
		check_int(*sk, erase_order(&outside.app, order, false, &outcome, &e), whole ? 0 : -1);
		if (whole) {
			check_int(*sk, outcome, ERASE_DONE);
			check(*sk, !strstr(outside_items(), "ann@example.com"));
			order = table_find(&outside.table, "USER#u1", "ORDER#1699999000#cs_test_1");
			check_text(*sk, json_string_or_null(order, "stripeSessionId"), "cs_test_1");
			check(*sk, str_starts(json_string_or_null(order, "orderNumber"), "BC-"));
		} else {
			check_err(*sk, &e, ERR_INTERNAL, "the order under USER#u1, ORDER#odd is not whole");
			check_text(*sk, outside_items(), before);
		}
		outside_end();
	}
}

/* A number's pointer that names another order, whose buyer nobody asked to erase. */
static void what_names_another_order_is_left(void **state)
{
	struct json_object *order = json_of(UNPAID ",'version':1}"), *pointer;
	enum erase_outcome outcome;
	struct err e;

	(void)state;
	outside_begin();
	adopted();
	outside_put(order);
	pointer = json_of("{'PK':'NUMBER#BC-1','SK':'METADATA','orderPK':'USER#u9','orderSK':'ORDER#1#cs_test_9',"
			  "'orderId':'cs_test_9','orderNumber':'BC-1','userId':'u9','version':1}");
	outside_put(pointer);
	check_int("erased", erase_order(&outside.app, order, false, &outcome, &e), 0);
	check_int("erased", outcome, ERASE_DONE);
	check_json("another's", table_find(&outside.table, "NUMBER#BC-1", "METADATA"), json_text(pointer));
	outside_end();
}

static void sessions_without_an_order_are_erased_of_this_user_alone(void **state)
{
	static const struct {
		const char *user, *more;
		bool dry_run;
		int64_t erased;
		bool stays; /* as it is */
	} table[] = {
		{"u1", "'userId':'u1'", false, 1, false}, {"u1", "'userId':'u1'", true, 1, true},
		{"u1", "'userId':'u2'", false, 0, true}, {"U1", "'userId':'u1'", false, 0, true},
		{"Ann@Example.com", "'userId':'ann@example.com'", false, 1, false},
		{"Ann@Example.com", "'stripeCustomerEmail':'ann@Example.com'", false, 1, false},
		{"Ann@Example.com", "'stripeCustomerEmail':'bob@example.com'", false, 0, true},
		{"u1", "'userId':'u1','orderPK':'USER#u1','orderSK':'ORDER#1#cs_1'", false, 0, true},
		{"u1", "'x':1", false, 0, true},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *name = keep_text(str_printf("%s, %s%s", row->user, row->more, row->dry_run ? ", dry" : ""));
		struct erase_walk walk = {.user = row->user, .dry_run = row->dry_run, .found = nobody_is_found,
					  .stop = never};
		const char *before;

		outside_begin();
		outside_put(json_of("{'PK':'SESSION#cs_1','SK':'METADATA',%s," BUYER ",'version':1}", row->more));
		outside_put(json_of("{'PK':'QUOTE#1','SK':'CACHE','userId':'u1','version':1}"));
		before = outside_items();
		check_int(name, erase_elsewhere(&outside.app, &walk, &e), 0);
		check_int(name, walk.sessions, row->erased);
		check_int(name, strcmp(outside_items(), before) == 0, row->stays);
		check_int(name, strstr(outside_items(), BUYER_TEXT) != NULL, row->stays);
		outside_end();
	}
}

static int count_found(void *context, struct json_object *order, struct err *e)
{
	(void)order;
	(void)e;
	++*(int *)context;
	return 0;
}

/* The functions had what the buyer typed, of which they kept letters, digits and @._- alone. */
static void orders_of_an_address_are_found_under_each_spelling_of_it(void **state)
{
	static const struct {
		const char *user, *pk, *email, *more;
		int found;
	} table[] = {
		{"a+b@x.example", "USER#A+B@x.example", "A+B@x.example", "", 1},
		{"a+b@x.example", "USER#AB@x.example", "A+B@x.example", "", 1},
		{"A+b@x.example", "USER#AB@x.example", "a+b@x.example", "", 1},
		/* another person's, who shares the spelling */
		{"ab@x.example", "USER#AB@x.example", "a+b@x.example", "", 0},
		/* read by its key */
		{"A+b@x.example", "USER#A+b@x.example", "a+b@x.example", "'guest':true,", 0},
		{"A+b@x.example", "USER#a+b@x.example", "a+b@x.example", "'guest':true,", 0},
		/* of an account, which is erased by its own name */
		{"a+b@x.example", "USER#u1", "a+b@x.example", "'userKind':'user',", 0},
		{"u1", "USER#a@x.example", "a@x.example", "", 0},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *name = keep_text(str_printf("%s of %s", row->pk, row->user));
		int found = 0;
		struct erase_walk walk = {.user = row->user, .found = count_found, .context = &found, .stop = never};

		outside_begin();
		outside_put(json_of("{'PK':'%s','SK':'ORDER#1#cs_1','userId':'%s',%s'customerEmail':'%s'}",
				    row->pk, row->pk + strlen("USER#"), row->more, row->email));
		check_int(name, erase_elsewhere(&outside.app, &walk, &e), 0);
		check_int(name, found, row->found);
		outside_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(what_was_interrupted_at_any_call_is_done_by_another_run),
		holds(a_copy_that_comes_while_the_person_is_erased_is_erased_too),
		holds(a_person_is_erased_once_and_only_when_it_is_meant),
		holds(an_order_that_waits_for_its_adoption_is_erased_with_what_names_it),
		holds(what_names_another_order_is_left),
		holds(sessions_without_an_order_are_erased_of_this_user_alone),
		holds(orders_of_an_address_are_found_under_each_spelling_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
