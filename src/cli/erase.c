/* SPDX-License-Identifier: ISC */
/*
 * ordersnap erase: the person leaves, the sale stays.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/output.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "orders/history.h"
#include "orders/lookup.h"
#include "shop/customer.h"
#include "shop/keys.h"
#include "transfer/erase.h"

#define READ_MS 10000
#define WIPE_MS 3000
#define ORDERS_MAX 1000

struct erasing {
	struct app *app;
	bool dry_run;
	long erased, already, failed;
};

/* Counts a failure, and says it. */
static void fail(struct erasing *x, const struct err *e)
{
	x->failed++;
	command_complain("erase", "%s", e->text);
}

/* One order; 0, or -1 with `e` where the store is away and there is no use in going on. */
static int erase_one(void *context, struct json_object *order, struct err *e)
{
	struct erasing *x = context;
	enum erase_outcome outcome;

	if (erase_order(x->app, order, x->dry_run, &outcome, e)) {
		if (e->code == ERR_UNAVAILABLE)
			return -1;
		fail(x, e);
	} else if (outcome == ERASE_DONE) {
		x->erased++;
	} else if (outcome == ERASE_ALREADY) {
		x->already++;
	}
	return 0;
}

/* The orders that the line names. One that is not there does not keep the others. */
static int erase_named(struct erasing *x, char **names)
{
	struct json_object *order;
	struct err e;
	int rc = 0;

	for (; !rc && *names && !interrupt_came(NULL); names++) {
		if (lookup_order(x->app, *names, deadline_in(READ_MS), &order, &e)) {
			fail(x, &e);
			rc = e.code == ERR_NOT_FOUND ? 0 : -1;
			continue;
		}
		rc = erase_one(x, order, &e);
		if (rc)
			fail(x, &e);
		json_object_put(order);
	}
	return rc;
}

/* Says that an order is left: under a name that two may have it is the owner who knows whose it is. */
static void leave(struct erasing *x, struct json_object *order)
{
	const char *number = json_string_or_null(order, "orderNumber");

	x->failed++;
	command_complain("erase", "order %s is kept under this address, but its buyer has another one, "
			 "which the Lambda functions wrote in the same way: it is left; if it is this "
			 "person's, erase it by its number",
			 number ? number : "?");
}

/* The orders of a user; then those under another spelling, and the sessions in which the
 * person left something without buying.  An order that moves away behind the walk is not met
 * again. */
static int erase_of_user(struct erasing *x, const char *user)
{
	const struct history_query query = {.user = user, .from = 0, .to = INT64_MAX,
					    .read_ms = READ_MS};
	struct erase_walk walk = {.user = user, .dry_run = x->dry_run, .found = erase_one, .context = x,
				  .stop = interrupt_came};
	struct history *history = history_new(x->app, &query);
	struct json_object *order = NULL;
	struct customer who;
	struct err e;
	int rc;

	customer_init_named(&who, user);
	do {
		json_object_put(order);
		order = NULL;
		rc = history_next(history, &order, &e);
		if (!rc && order && customer_spelt_alike(&who, order))
			leave(x, order);
		else if (!rc && order)
			rc = erase_one(x, order, &e);
	} while (!rc && order && !interrupt_came(NULL));
	json_object_put(order);
	history_free(history);
	customer_free(&who);

	/* Another writer in the way: run it again. */
	if (!rc && !interrupt_came(NULL))
		rc = erase_elsewhere(x->app, &walk, &e);
	if (rc)
		fail(x, &e);
	if (walk.alike)
		command_complain("erase", "%ld orders stand under this id without the characters that "
				 "the Lambda functions dropped (all but a-z A-Z 0-9 @ . _ -), and are left: "
				 "if they are this person's, give --user the id without these characters",
				 walk.alike);
	if (walk.sessions)
		output_printf(stderr, "erase: %ld sessions without an order %s\n", walk.sessions,
			      x->dry_run ? "would be erased too" : "erased too");
	return rc;
}

/* Only a terminal is asked; a script has made up its mind. */
static bool is_confirmed(const struct command_line *line)
{
	char answer[8] = "";

	if (command_value(line, "yes") || command_value(line, "dry-run") || !isatty(STDIN_FILENO))
		return true;
	if (!isatty(STDERR_FILENO)) {
		command_complain("erase", "nobody would see the question, as standard error is no terminal: "
				 "give --yes to erase without it");
		return false;
	}
	output_printf(stderr, "The person is taken out of %s for good. Go on? [y/N] ",
		      line->count ? "these orders" : "all orders of this user");
	return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int check(const struct command_line *line)
{
	bool user = command_value(line, "user") != NULL;

	if (line->count && user)
		return command_usage(line->command, "ORDER and --user exclude each other");
	if (!line->count && !user)
		return command_usage(line->command, "missing argument: ORDER or --user USER");
	return COMMAND_OK;
}

/* What stood there before may stand in the files of a store; a run that was not done to its end
 * leaves that to the next one. */
static int wipe(struct erasing *x)
{
	struct err e;

	if (x->dry_run || interrupt_came(NULL) ||
	    store_wipe(app_store(x->app), WIPE_MS, &e) == 0)
		return 0;
	command_complain("erase", "what was erased may still stand in the store's files: %s", e.text);
	return -1;
}

static int run(struct app *app, const struct command_line *line)
{
	const char *named = command_value(line, "user");
	char *user = named ? user_id_from(named) : NULL;
	struct erasing x = {.app = app, .dry_run = command_value(line, "dry-run") != NULL};
	int rc;

	if (named && !user)
		return command_usage(line->command, "--user must be a user's id or an e-mail address of up "
				     "to %d bytes", USER_ID_MAX);
	if (!is_confirmed(line)) {
		command_complain("erase", "nothing was erased");
		free(user);
		return COMMAND_ERROR;
	}
	interrupt_catch();
	rc = user ? erase_of_user(&x, user) : erase_named(&x, line->operands);
	free(user);

	output_printf(stderr, "erase: %ld %s, %ld had been before, %ld failed%s\n", x.erased,
		      x.dry_run ? "would be erased" : "erased", x.already, x.failed,
		      x.dry_run ? "; nothing was written" : "");
	if (rc || interrupt_came(NULL))
		command_complain("erase", "not all orders are done: run the same command again");
	else
		rc = wipe(&x);
	return rc || x.failed || interrupt_came(NULL) ? COMMAND_ERROR : COMMAND_OK;
}

static const struct command_option options[] = {
	{"user", "USER", "all orders of a user: an id, or a guest's e-mail address", NULL},
	{"dry-run", NULL, "print how many orders would be changed, write nothing", NULL},
	{"yes", NULL, "ask nothing", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command command_erase = {
	.name = "erase",
	.arguments = "ORDER ... | --user USER [--dry-run] [--yes]",
	.summary = "remove the buyer from orders, for good",
	.options = options,
	.help = "ORDER is an order number, an order's id (cs_...) or its payment intent (pi_...).\n"
		"Sums, lines and times stay. Stripe has a copy of its own.\n",
	.operand = "ORDER",
	.most = ORDERS_MAX,
	.needs = CONFIG_NEEDS_STORE,
	.needs_store = true,
	.check = check,
	.run = run,
};
