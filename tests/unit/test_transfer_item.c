/* SPDX-License-Identifier: ISC */
/*
 * Lines and the items in them: what a line is, of which kind an item is, and how large.
 */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "transfer/transfer.h"
#include "transfer/transfer_lines.h"

/* --- items -------------------------------------------------------------------------- */

static void the_keys_say_of_which_kind_an_item_is(void **state)
{
	static const struct {
		const char *item, *plural;
		enum transfer_kind kind;
	} table[] = {
		{"{'PK':'USER#u1','SK':'ORDER#1#cs_1'}", "orders", TRANSFER_ORDER},
		{"{'PK':'SESSION#cs_1','SK':'METADATA'}", "sessions", TRANSFER_SESSION},
		{"{'PK':'EVENT#evt_1','SK':'METADATA'}", "events", TRANSFER_EVENT},
		{"{'PK':'PAYMENT#pi_1','SK':'METADATA'}", "payments", TRANSFER_PAYMENT},
		{"{'PK':'NUMBER#BC-1','SK':'METADATA'}", "numbers", TRANSFER_NUMBER},
		{"{'PK':'DAY#2024-01-01','SK':'ORDER#1#cs_1'}", "days", TRANSFER_DAY},
		{"{'PK':'QUOTE#1','SK':'CACHE'}", "quotes", TRANSFER_QUOTE},
		{"{'PK':'PRICE#1','SK':'CACHE'}", "prices", TRANSFER_PRICE},
		{"{'PK':'SYSTEM','SK':'ADOPTED'}", "system", TRANSFER_SYSTEM},
		{"{'PK':'USER#u1','SK':'NOTE'}", "others", TRANSFER_OTHER},
		{"{'PK':'USER','SK':'ORDER#1#cs_1'}", "others", TRANSFER_OTHER},
		{"{'PK':'ELSE','SK':'ORDER#1#cs_1'}", "others", TRANSFER_OTHER},
		{"{'PK':'SESSION#cs_1'}", "others", TRANSFER_OTHER},
		{"{'SK':'METADATA'}", "others", TRANSFER_OTHER},
	}, *row;

	(void)state;
	for EACH(row, table) {
		check_int(row->item, transfer_kind_of(json_of("%s", row->item)), row->kind);
		check_text(row->item, transfer_kind_plural(row->kind), row->plural);
	}
}

static void kinds_are_a_list_of_their_names(void **state)
{
	static const struct {
		const char *list, *refused;
		unsigned set;
	} table[] = {
		{"order", NULL, 1u << TRANSFER_ORDER},
		{"order,system", NULL, 1u << TRANSFER_ORDER | 1u << TRANSFER_SYSTEM},
		{" session , event,payment,number ", NULL, 1u << TRANSFER_SESSION | 1u << TRANSFER_EVENT |
							   1u << TRANSFER_PAYMENT | 1u << TRANSFER_NUMBER},
		{"day,quote,price,day", NULL, 1u << TRANSFER_DAY | 1u << TRANSFER_QUOTE | 1u << TRANSFER_PRICE},
		{"orders", "\"orders\" is not a kind of item; there are order, session, event, payment, number, day, "
			   "quote, price and system", 7},
		{"other", "\"other\" is not", 7}, {"order,", "\"\" is not", 7}, {",", "\"\" is not", 7},
	}, *row;

	(void)state;
	for EACH(row, table) {
		unsigned set = 7;
		struct err e;
		int rc = transfer_kinds_from(row->list, &set, &e);

		check_int(row->list, rc, row->refused ? -1 : 0);
		check_int(row->list, set, row->set);
		if (rc)
			check_err(row->list, &e, ERR_BAD_REQUEST, row->refused);
	}
}

/* https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
static void an_item_is_as_large_as_dynamodb_says(void **state)
{
	static const struct {
		const char *value;
		size_t size;
	} table[] = {
		{"''", 0}, {"'abc'", 3}, {"'\xc3\xa4'", 2}, {"'\\u0001'", 1},
		{"true", 1}, {"null", 1}, {"7", 2}, {"1234", 4}, {"1.25", 4},
		{"[]", 3}, {"['ab']", 6}, {"['ab',null]", 8}, {"{}", 3}, {"{'ab':'c'}", 7}, {"{'a':{},'b':[true]}", 15},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *list = json_of("[%s]", row->value);

		check_int(row->value, transfer_size(json_object_array_get_idx(list, 0)), row->size);
	}
}

static void a_line_is_an_item_or_says_why_not(void **state)
{
	/* PK, A, SK, B, t: seven bytes beside the text */
	const char *full = repeat("x", TRANSFER_ITEM_MAX - 7);
	const struct {
		const char *line, *refused;
	} table[] = {
		{"{\"PK\":\"A\",\"SK\":\"B\"}", NULL}, {" {\"PK\":\"A\",\"SK\":\"B\"}\r", NULL},
		{"{\"PK\":\"A\",\"SK\":\"B\",\"n\":9223372036854775807}", NULL},
		{keep_text(str_printf("{\"PK\":\"A\",\"SK\":\"B\",\"t\":\"%s\"}", full)), NULL},
		{keep_text(str_printf("{\"PK\":\"A\",\"SK\":\"B\",\"t\":\"%sx\"}", full)),
		 "larger than an item can be (400 KB)"},
		{"", "not JSON"}, {"nonsense", "not JSON"}, {"{\"PK\":\"A\",\"SK\":\"B\"}x", "not JSON"},
		{"[1]", "not a JSON object"}, {"\"A\"", "not a JSON object"},
		{"{\"SK\":\"B\"}", "PK is missing, empty or not a string"},
		{"{\"PK\":\"\",\"SK\":\"B\"}", "PK is missing, empty or not a string"},
		{"{\"PK\":\"A\"}", "SK is missing, empty or not a string"},
		{"{\"PK\":\"A\",\"SK\":1}", "SK is missing, empty or not a string"},
		{"{\"PK\":\"A\",\"SK\":\"B\",\"n\":[9223372036854775808,18446744073709551616]}", NULL},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct err e = {.code = ERR_NONE};
		struct json_object *item = transfer_item(span_of(row->line), &e);

		keep(item);
		check(row->line, !item == (row->refused != NULL));
		if (!item)
			check_err(row->line, &e, ERR_BAD_REQUEST, row->refused);
	}
}

/* --- lines -------------------------------------------------------------------------- */

/* A file without a name that holds this text. */
static int file_of(const char *text)
{
	FILE *file = tmpfile();
	int fd;

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fflush(file), 0);
	fd = dup(fileno(file));
	fclose(file);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void a_line_ends_at_its_newline_or_with_the_input(void **state)
{
	static const struct {
		const char *text;
		const char *lines[4];
		bool cut; /* the last one */
	} table[] = {
		{"", {NULL}, false}, {"\n", {"", NULL}, false}, {"a\n", {"a", NULL}, false}, {"a", {"a", NULL}, true},
		{"a\n\nb\n", {"a", "", "b", NULL}, false}, {"a\nbc", {"a", "bc", NULL}, true},
	}, *row;

	(void)state;
	for EACH(row, table) {
		int fd = file_of(row->text);
		struct transfer_lines lines;
		int64_t offset = 0, n;
		struct span text;
		struct err e;

		transfer_lines_init(&lines, fd, "a file");
		for (n = 0; row->lines[n]; n++) {
			bool last = !row->lines[n + 1];

			check_int(row->text, transfer_lines_next(&lines, &text, &e), 1);
			check_text(row->text, text.p, row->lines[n]);
			check_int(row->text, text.n, strlen(row->lines[n]));
			offset += (int64_t)text.n + !(last && row->cut);
			check_int(row->text, lines.number, n + 1);
			check_int(row->text, lines.offset, offset);
			check_int(row->text, lines.cut, last && row->cut);
		}
		check_int(row->text, transfer_lines_next(&lines, &text, &e), 0);
		check_int(row->text, lines.number, n);
		transfer_lines_free(&lines);
		close(fd);
	}
}

/* Also where a line is longer than what is read at once. */
static void a_line_may_be_as_long_as_an_item_in_escapes_and_no_longer(void **state)
{
	const struct {
		size_t bytes;
		int rc;
	} table[] = {{65535, 1}, {65536, 1}, {65537, 1}, {TRANSFER_LINE_MAX, 1}, {TRANSFER_LINE_MAX + 1, -1}}, *row;

	(void)state;
	for EACH(row, table) {
		const char *name = keep_text(str_printf("%zu bytes", row->bytes));
		int fd = file_of(keep_text(str_printf("a\n%s\nb\n", repeat("x", row->bytes))));
		struct transfer_lines lines;
		struct span text;
		struct err e;

		transfer_lines_init(&lines, fd, "a file");
		check_int(name, transfer_lines_next(&lines, &text, &e), 1);
		check_int(name, transfer_lines_next(&lines, &text, &e), row->rc);
		if (row->rc < 0) {
			check_err(name, &e, ERR_BAD_REQUEST, "line 2: longer than an item can be (400 KB)");
		} else {
			check_int(name, text.n, row->bytes);
			check_int(name, transfer_lines_next(&lines, &text, &e), 1);
			check_text(name, text.p, "b");
			check_int(name, lines.offset, row->bytes + 5);
		}
		transfer_lines_free(&lines);
		close(fd);
	}
}

static void an_input_that_cant_be_read_is_named(void **state)
{
	int fd = open("/", O_RDONLY | O_CLOEXEC);
	struct transfer_lines lines;
	struct span text;
	struct err e;

	(void)state;
	transfer_lines_init(&lines, fd, "the root");
	check_int("a folder", transfer_lines_next(&lines, &text, &e), -1);
	check_err("a folder", &e, ERR_UNAVAILABLE, "can't read the root: Is a directory");
	transfer_lines_free(&lines);
	close(fd);
}

static int pipe_ends[2];

static void on_alarm(int number)
{
	(void)number;
	if (write(pipe_ends[1], "late\n", 5) != 5)
		abort();
}

/* A signal comes while the line is waited for, whose handler is the one that writes it. */
static void a_pipe_is_waited_for_though_somebody_made_it_non_blocking(void **state)
{
	static const int flags[] = {0, O_NONBLOCK}, *flag;
	struct sigaction action = {.sa_handler = on_alarm}, before;

	(void)state;
	sigemptyset(&action.sa_mask);
	for EACH(flag, flags) {
		const char *row = *flag ? "non-blocking" : "blocking";
		struct transfer_lines lines;
		struct span text;
		struct err e = {.code = ERR_NONE};

		assert_int_equal(pipe2(pipe_ends, O_CLOEXEC | *flag), 0);
		transfer_lines_init(&lines, pipe_ends[0], "a pipe");
		sigaction(SIGALRM, &action, &before);
		ualarm(1000, 0);
		check_int(row, transfer_lines_next(&lines, &text, &e), 1);
		check_text(row, text.p, "late");
		sigaction(SIGALRM, &before, NULL);
		transfer_lines_free(&lines);
		close(pipe_ends[0]);
		close(pipe_ends[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(the_keys_say_of_which_kind_an_item_is),
		holds(kinds_are_a_list_of_their_names),
		holds(an_item_is_as_large_as_dynamodb_says),
		holds(a_line_is_an_item_or_says_why_not),
			holds(a_line_ends_at_its_newline_or_with_the_input),
		holds(a_line_may_be_as_long_as_an_item_in_escapes_and_no_longer),
		holds(an_input_that_cant_be_read_is_named),
		holds(a_pipe_is_waited_for_though_somebody_made_it_non_blocking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
