/* SPDX-License-Identifier: ISC */
/*
 * What a shop runs for one person.  `ordersnap erase`: what it says and how it exits, at each call of the table
 * that fails, for a person may only be told that he is erased when he is.  `ordersnap export --user`: nobody
 * else's items.
 */
#include "record_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"
#include "shop/keys.h"

#define ANN "ann@example.com"

/* What it said of the last line. */
static char said[1 << 16];

/* Runs a command: the options by blanks, "user=ann@example.com dry-run", and the operands. */
static int run(const struct command *command, const char *options, char **operands)
{
	static char *none[] = {NULL};
	struct command_line line = {.command = command, .operands = operands ? operands : none};
	struct span rest = span_of(options), word;
	FILE *file = tmpfile();
	int own = dup(STDERR_FILENO), status, i;

	while (span_next(&rest, ' ', &word)) {
		char *text = keep_text(span_dup(word)), *sign = strchr(text, '=');

		if (sign)
			*sign = '\0';
		for (i = 0; command->options[i].name; i++)
			if (strcmp(command->options[i].name, text) == 0)
				line.values[i] = sign ? sign + 1 : "";
	}
	while (operands && operands[line.count])
		line.count++;
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	status = (command->check)(&line);
	if (status == COMMAND_OK)
		status = command->run(&outside.app, &line);
	fflush(stderr);
	dup2(own, STDERR_FILENO);
	close(own);
	rewind(file);
	said[fread(said, 1, sizeof said - 1, file)] = '\0';
	fclose(file);
	return status;
}

static int erase(const char *options, char **orders)
{
	return run(&command_erase, options, orders);
}

/* Ann's order, and what she left without buying. */
static void begin(void)
{
	outside_begin();
	sold();
	outside_put(json_of("{'PK':'SESSION#cs_test_4','SK':'METADATA','userId':'" ANN "',"
			    "'stripeSessionId':'cs_test_4','status':'open','version':1}"));
	outside.calls = 0;
}

static bool is_named(void)
{
	return strstr(outside_items(), ANN) != NULL;
}

static void a_user_is_taken_out_of_orders_and_of_what_was_not_bought(void **state)
{
	const char *before;

	(void)state;
	begin();
	before = outside_items();
	assert_int_equal(erase("user=" ANN " yes dry-run", NULL), COMMAND_OK);
	assert_string_equal(said, "erase: 1 sessions without an order would be erased too\n"
				  "erase: 1 would be erased, 0 had been before, 0 failed; nothing was written\n");
	assert_string_equal(outside_items(), before);
	assert_int_equal(erase("user=" ANN " yes", NULL), COMMAND_OK);
	assert_string_equal(said, "erase: 1 sessions without an order erased too\n"
				  "erase: 1 erased, 0 had been before, 0 failed\n");
	assert_false(is_named());
	assert_int_equal(erase("yes", (char *[]){(char[]){"cs_test_1"}, NULL}), COMMAND_OK);
	assert_string_equal(said, "erase: 0 erased, 1 had been before, 0 failed\n");
	outside_end();
}

static void an_order_that_is_not_there_keeps_no_other_and_is_told_by_the_exit(void **state)
{
	char none[] = "cs_test_none", one[] = "cs_test_1";

	(void)state;
	begin();
	assert_int_equal(erase("yes", (char *[]){none, one, none, NULL}), COMMAND_ERROR);
	assert_non_null(strstr(said, "cs_test_none"));
	assert_non_null(strstr(said, "erase: 1 erased, 0 had been before, 2 failed\n"));
	assert_null(strstr(said, "run the same command again"));
	outside_end();
}

static void orders_and_a_user_exclude_each_other_and_one_of_them_is_needed(void **state)
{
	char one[] = "cs_test_1";

	(void)state;
	begin();
	assert_int_equal(erase("user=" ANN " yes", (char *[]){one, NULL}), COMMAND_USAGE);
	assert_int_equal(erase("yes", NULL), COMMAND_USAGE);
	assert_int_equal(outside.calls, 0);
	outside_end();
}

static void when_the_table_is_away_it_says_so_and_the_same_command_goes_on(void **state)
{
	static const char *const users[] = {"user=" ANN " yes", "yes"};
	unsigned calls, at;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(users); i++) {
		char one[] = "cs_test_1", other[] = "cs_test_none", *names[] = {one, other, NULL};
		char **orders = i ? names : NULL;

		begin();
		erase(users[i], orders);
		calls = outside.calls;
		outside_end();
		assert_true(calls > 2);
		for (at = 1; at <= calls; at++) {
			const char *row = keep_text(str_printf("%s: call %u", users[i], at));

			begin();
			outside.at = at;
			outside.fault = OUTSIDE_AWAY;
			check_int(row, erase(users[i], orders), COMMAND_ERROR);
			check(row, strstr(said, "it is away"));
			check(row, !strstr(strstr(said, "it is away") + 1, "it is away")); /* once is enough */
			check(row, strstr(said, "not all orders are done: run the same command again"));
			outside.at = 0;
			erase(users[i], orders);
			check(row, i || !is_named());
			outside_end();
		}
	}
}

#define ODD 110 /* more than a page of the user's orders has */

static void begin_with_odd_orders(void)
{
	int i;

	begin();
	for (i = 0; i < ODD; i++)
		outside_put(json_of("{'PK':'USER#" ANN "','SK':'ORDER#%d#','version':1}", 1699999009 + i));
	outside.calls = 0;
}

/* What was wrong with an order is no reason to keep silent about what came then. */
static void an_order_that_failed_hides_no_later_failure(void **state)
{
	unsigned calls, at;

	(void)state;
	begin_with_odd_orders();
	assert_int_equal(erase("user=" ANN " yes", NULL), COMMAND_ERROR);
	assert_non_null(strstr(said, "is not whole: run `ordersnap adopt`"));
	assert_non_null(strstr(said, "erase: 1 erased, 0 had been before, 110 failed\n"));
	calls = outside.calls;
	outside_end();
	assert_true(calls > ODD);
	/* behind the first page, of which each order has failed */
	for (at = ODD - 10; at <= ODD; at++) {
		const char *row = keep_text(str_printf("call %u", at));

		begin_with_odd_orders();
		outside.at = at;
		outside.fault = OUTSIDE_AWAY;
		check_int(row, erase("user=" ANN " yes", NULL), COMMAND_ERROR);
		check(row, strstr(said, "it is away"));
		outside_end();
		unit_release(NULL);
	}
}

/* A terminal's far end, -1 where there is none to be had. */
static int open_terminal(void)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);

	if (terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0)
		return terminal;
	close(terminal);
	return -1;
}

/* Answers the question at a terminal, and closes it. */
static int erase_at_terminal(int terminal, const char *answer)
{
	struct command_line line = {.command = &command_erase, .count = 1,
				    .operands = (char *[]){(char[]){"cs_test_1"}, NULL}};
	int other = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	int in = dup(STDIN_FILENO), err = dup(STDERR_FILENO), status;

	assert_int_equal(write(terminal, answer, strlen(answer)), strlen(answer));
	dup2(other, STDIN_FILENO);
	dup2(other, STDERR_FILENO);
	clearerr(stdin);
	status = command_erase.run(&outside.app, &line);
	dup2(in, STDIN_FILENO);
	dup2(err, STDERR_FILENO);
	close(in);
	close(err);
	close(other);
	close(terminal);
	return status;
}

static void at_a_terminal_nothing_but_a_yes_erases(void **state)
{
	static const struct {
		const char *answer;
		bool erases;
	} rows[] = {
		{"\n", false}, {"n\n", false}, {"no\n", false}, {"what?\n", false}, {" y\n", false},
		{"\x04", false}, {"y\n", true}, {"Yes\n", true},
	}, *row;

	(void)state;
	for EACH(row, rows) {
		int terminal = open_terminal();

		if (terminal < 0)
			return;
		begin();
		check_int(row->answer, erase_at_terminal(terminal, row->answer),
			  row->erases ? COMMAND_OK : COMMAND_ERROR);
		check(row->answer, (table_find(&outside.table, SOLD_PK, SOLD_SK) == NULL) == row->erases);
		check(row->answer, row->erases || outside.calls == 0);
		outside_end();
	}
}

/* Without a user it would be the whole table. */
static void an_export_of_a_user_that_can_be_none_has_nobodys_items(void **state)
{
	const char *path = keep_text(str_printf("%s/items", unit_folder()));
	char *folder = keep_text(span_dup((struct span){path, strlen(path) - strlen("/items")}));

	(void)state;
	begin();
	assert_int_equal(run(&command_export, keep_text(str_printf("quiet output=%s user=%s", path,
								   repeat("x", USER_ID_MAX + 1))), NULL),
			 COMMAND_USAGE);
	assert_non_null(strstr(said, "--user must be a user's id"));
	assert_int_equal(outside.calls, 0);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(run(&command_export, keep_text(str_printf("quiet output=%s user=%s", path,
								   repeat("x", USER_ID_MAX))), NULL),
			 COMMAND_OK);
	assert_int_equal(access(path, F_OK), 0);
	unit_remove_folder(folder);
	outside_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_user_is_taken_out_of_orders_and_of_what_was_not_bought),
		holds(an_order_that_is_not_there_keeps_no_other_and_is_told_by_the_exit),
		holds(orders_and_a_user_exclude_each_other_and_one_of_them_is_needed),
		holds(when_the_table_is_away_it_says_so_and_the_same_command_goes_on),
		holds(an_order_that_failed_hides_no_later_failure),
		holds(at_a_terminal_nothing_but_a_yes_erases),
		holds(an_export_of_a_user_that_can_be_none_has_nobodys_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
