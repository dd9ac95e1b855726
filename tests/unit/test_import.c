/* SPDX-License-Identifier: ISC */
/*
 * Importing lines: what is written and what stays, in which transactions, and what the caller is told; when
 * others write too, and when the table fails.
 */
#include "transfer_fixture.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "shop/adoption.h"
#include "transfer/transfer_batch.h"
#include "transfer/transfer_import.h"

static void note_progress(void *context, const struct transfer_imported *so_far, int permille)
{
	assert_true(so_far->lines > 0);
	told_permille(context, permille);
}

/* Imports a text; its file is the same each time. */
static int import(const char *text, bool dry_run, struct told *told, struct transfer_imported *done,
		  struct err *e)
{
	const char *path = path_of("lines");
	struct transfer_import request = {.path = path, .dry_run = dry_run};

	write_file(path, text);
	*e = (struct err){.code = ERR_NONE};
	if (told) {
		request.context = told;
		request.report = told_sentence;
		request.progress = note_progress;
		request.stop = told_stop;
	}
	return transfer_import(&outside.app, &request, done, e);
}

static void must_import(const char *text, struct transfer_imported *done)
{
	struct err e;

	check_int(e.text, import(text, false, NULL, done, &e), 0);
}

/* "lines: written same newer conflicts expired", with what else there is. */
static const char *counts_of(const struct transfer_imported *done)
{
	return keep_text(str_printf("%" PRId64 ": %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
				    "%s%s", done->lines, done->outcomes[TRANSFER_WRITTEN],
				    done->outcomes[TRANSFER_SAME], done->outcomes[TRANSFER_NEWER],
				    done->outcomes[TRANSFER_CONFLICT], done->outcomes[TRANSFER_EXPIRED],
				    done->order_conflicts ? ", orders" : "",
				    done->unverified ? ", unverified" : ""));
}

/* --- what stays -------------------------------------------------------------------- */

#define KEY "'PK':'P#1','SK':'S'"

static void the_higher_version_stays_and_of_two_of_one_version_the_one_that_stands_there(void **state)
{
	static const struct {
		const char *there, *item, *counts;
		bool written;
	} table[] = {
		{NULL, "'version':3", "1: 1 0 0 0 0", true},
		{NULL, "'a':1", "1: 1 0 0 0 0", true},
		{"'version':3,'a':1", "'a':1,'version':3", "1: 0 1 0 0 0", false},
		{"'version':3,'a':1", "'a':1.0,'version':3", "1: 0 1 0 0 0", false},
		{"'version':2,'a':1", "'version':3", "1: 1 0 0 0 0", true},
		{"'a':1", "'version':1", "1: 1 0 0 0 0", true},
		{"'version':'7'", "'version':1", "1: 1 0 0 0 0", true},
		{"'version':4", "'version':3,'a':1", "1: 0 0 1 0 0", false},
		{"'version':1", "'a':1", "1: 0 0 1 0 0", false},
		{"'version':3,'a':1", "'version':3,'a':2", "1: 0 0 0 1 0", false},
		{"'a':1", "'a':2", "1: 0 0 0 1 0", false},
		/* it is 1700000000 */
		{NULL, "'version':2,'expiresAt':1700000000", "1: 0 0 0 0 1", false},
		{"'version':1", "'version':2,'expiresAt':1699999999", "1: 0 0 0 0 1", false},
		{"'version':1", "'version':2,'expiresAt':1700000001", "1: 1 0 0 0 0", true},
		{"'version':9,'expiresAt':1700000000", "'version':1", "1: 1 0 0 0 0", true},
	}, *row;
	struct transfer_imported done;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *item = keep_text(str_printf("{" KEY ",%s}", row->item));
		const char *there = row->there ? keep_text(str_printf("{" KEY ",%s}", row->there)) : NULL;
		const char *stays = row->written ? item : there;
		struct json_object *stands;
		bool dry_run = true;

		table_delete(&outside.table, "P#1", "S");
		if (there)
			outside_put(json_of("%s", there));
		do {
			dry_run = !dry_run;
			outside.store.written = 0;
			if (dry_run && there)
				outside_put(json_of("%s", there));
			else if (dry_run)
				table_delete(&outside.table, "P#1", "S");
			check_int(item, import(line_of(item), dry_run, NULL, &done, &e), 0);
			check_text(item, counts_of(&done), row->counts);
			check_int(item, outside.store.written, row->written && !dry_run);
			stands = table_find(&outside.table, "P#1", "S");
			if (!dry_run && stays)
				check_json(item, stands, stays);
			else if (there)
				check_json(item, stands, there);
			else
				check(item, !stands);
		} while (!dry_run);
	}
}

static void what_is_about_one_table_alone_is_passed_over(void **state)
{
	struct transfer_imported done;

	(void)state;
	must_import("{\"PK\":\"SYSTEM\",\"SK\":\"ADOPTED\",\"version\":1}\n"
		    "{\"PK\":\"SYSTEM\",\"SK\":\"ADOPTING\",\"version\":1}\n"
		    "{\"PK\":\"OUTBOX\",\"SK\":\"1700000000000#evt_1\",\"version\":1}\n"
		    "{\"PK\":\"SYSTEM\",\"SK\":\"STRIPE_ORDER_SYNC\",\"version\":1}\n", &done);
	check_text("counts", counts_of(&done), "1: 1 0 0 0 0");
	check_int("items", outside.table.n, 1);
}

/* --- transactions ------------------------------------------------------------------ */

/* `count` lines of items of their own, as long as each other. */
static const char *many(unsigned count)
{
	struct buf text;
	unsigned i;

	buf_init(&text, 1 << 20);
	for (i = 0; i < count; i++)
		buf_printf(&text, "{\"PK\":\"P#%04u\",\"SK\":\"S\",\"version\":1}\n", i);
	return keep_text(buf_detach(&text));
}

/* An item whose line has so many bytes, and is at most so large as an item can be. */
static const char *line_of_bytes(char name, size_t bytes)
{
	static const char frame[] = "{\"PK\":\"A\",\"SK\":\"S\",\"t\":\"\"}";
	size_t text = bytes - (sizeof frame - 1), wide = text > 300000 ? text / 6 : 0;

	return keep_text(str_printf("{\"PK\":\"%c\",\"SK\":\"S\",\"t\":\"%s%s\"}\n", name,
				    repeat("\\u0001", wide), repeat("x", text - 6 * wide)));
}

static void a_transaction_has_a_hundred_items_or_half_a_megabyte_and_no_key_twice(void **state)
{
#define HALF ((size_t)TRANSFER_BATCH_BYTES / 2)
	const struct {
		const char *name, *text;
		unsigned writes;
		const char *progress;
	} table[] = {
		{"none", "", 0, ""},
		{"one", many(1), 1, "1000 "},
		{"a hundred", many(100), 1, "1000 "},
		{"one more", many(101), 2, "1000 1000 "},
		{"two hundred and one", many(201), 3, "502 1000 1000 "},
		{"half a megabyte", keep_text(str_printf("%s%s", line_of_bytes('A', HALF),
							 line_of_bytes('B', HALF))), 1, "1000 "},
		{"a byte more", keep_text(str_printf("%s%s", line_of_bytes('A', HALF),
						     line_of_bytes('B', HALF + 1))), 2, "1000 1000 "},
		{"and then less", keep_text(str_printf("%s%s%s%s", line_of_bytes('A', HALF), line_of_bytes('B', HALF),
						       line_of_bytes('C', 40), line_of_bytes('D', 40))),
		 2, "999 1000 "},
		{"more in one line", keep_text(str_printf("%s%s%s", line_of_bytes('A', 40),
							  line_of_bytes('B', 2 * HALF + 1), line_of_bytes('C', 40))),
		 3, "999 1000 1000 "},
		{"a key twice", "{\"PK\":\"A\",\"SK\":\"S\",\"version\":1}\n{\"PK\":\"B\",\"SK\":\"S\",\"version\":1}\n"
				"{\"PK\":\"A\",\"SK\":\"S\",\"version\":2}\n", 2, "1000 1000 "},
		{"half a key twice", "{\"PK\":\"A\",\"SK\":\"S\"}\n{\"PK\":\"B\",\"SK\":\"S\"}\n"
				     "{\"PK\":\"A\",\"SK\":\"T\"}\n", 1, "1000 "},
	}, *row;
	struct transfer_imported done;
	struct told told;
	struct err e;

	(void)state;
	for EACH(row, table) {
		table_free(&outside.table);
		outside.store.written = 0;
		told = told_begin(0);
		check_int(row->name, import(row->text, false, &told, &done, &e), 0);
		check_int(row->name, outside.store.written, row->writes);
		check_int(row->name, done.outcomes[TRANSFER_WRITTEN], done.lines);
		check_text(row->name, buf_text(&told.permille), row->progress);
		told_end(&told);
	}
}

static void of_two_lines_of_one_key_the_later_one_comes_later(void **state)
{
	struct transfer_imported done;

	(void)state;
	must_import("{\"PK\":\"A\",\"SK\":\"S\",\"version\":1}\n{\"PK\":\"A\",\"SK\":\"S\",\"version\":3}\n"
		    "{\"PK\":\"A\",\"SK\":\"S\",\"version\":2}\n{\"PK\":\"A\",\"SK\":\"S\",\"version\":3}\n", &done);
	check_text("counts", counts_of(&done), "4: 2 1 1 0 0");
	check_json("stays", table_find(&outside.table, "A", "S"), "{'PK':'A','SK':'S','version':3}");
}

/* A pipe says nothing of how long it is. */
static void of_what_has_no_length_nobody_is_told_how_far_it_is(void **state)
{
	const char *lines = many(3);
	struct told told = told_begin(0);
	struct transfer_import request = {.context = &told, .progress = note_progress};
	struct transfer_imported done;
	int pipe_ends[2], closed;
	struct err e;

	(void)state;
	assert_int_equal(pipe(pipe_ends), 0);
	assert_int_equal(write(pipe_ends[1], lines, strlen(lines)), strlen(lines));
	close(pipe_ends[1]);
	request.path = keep_text(str_printf("/proc/self/fd/%d", pipe_ends[0]));
	closed = unit_next_descriptor();
	check_int("import", transfer_import(&outside.app, &request, &done, &e), 0);
	check_int("descriptors", unit_next_descriptor(), closed);
	check_text("counts", counts_of(&done), "3: 3 0 0 0 0");
	check_text("progress", buf_text(&told.permille), "-1 ");
	close(pipe_ends[0]);
	told_end(&told);
}

/* What standard input is while it is imported. */
static int import_from(int fd, struct transfer_imported *done, struct err *e)
{
	const struct transfer_import request = {.path = NULL};
	int in = dup(STDIN_FILENO), rc;

	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	rc = transfer_import(&outside.app, &request, done, e);
	check("it stays open", fcntl(STDIN_FILENO, F_GETFD) >= 0);
	if (in < 0) {
		close(STDIN_FILENO);
		return rc;
	}
	assert_int_equal(dup2(in, STDIN_FILENO), STDIN_FILENO);
	close(in);
	return rc;
}

static void without_a_file_standard_input_is_read(void **state)
{
	struct transfer_imported done;
	struct err e;
	int fd;

	(void)state;
	write_file(path_of("lines"), many(2));
	fd = open(path_of("lines"), O_RDONLY | O_CLOEXEC);
	check_int("lines", import_from(fd, &done, &e), 0);
	check_text("lines", counts_of(&done), "2: 2 0 0 0 0");
	close(fd);
	fd = open("/", O_RDONLY | O_CLOEXEC);
	check_int("a folder", import_from(fd, &done, &e), -1);
	check_err("a folder", &e, ERR_UNAVAILABLE, "can't read standard input: Is a directory");
	close(fd);
}

static void a_file_that_is_not_there_is_named(void **state)
{
	const struct transfer_import request = {.path = path_of("none")};
	struct transfer_imported done;
	struct err e;

	(void)state;
	check_int("import", transfer_import(&outside.app, &request, &done, &e), -1);
	check_err("import", &e, ERR_UNAVAILABLE, keep_text(str_printf("can't open %s: ", request.path)));
	check_text("counts", counts_of(&done), "0: 0 0 0 0 0");
}

/* --- what the caller is told, and says ---------------------------------------------- */

#define ORDER_1 "'PK':'USER#u1','SK':'ORDER#1699999000#cs_1'"

static void a_conflict_is_told_and_an_orders_with_what_puts_it_right(void **state)
{
	struct told told = told_begin(0);
	struct transfer_imported done;
	struct err e;

	(void)state;
	outside_put(json_of("{" ORDER_1 ",'version':2,'amount':1}"));
	outside_put(json_of("{" KEY ",'n':1}"));
	check_int("import", import(keep_text(str_printf("%s%s%s", line_of("{'PK':'A','SK':'S'}"),
							line_of("{" ORDER_1 ",'version':2,'amount':2}"),
							line_of("{" KEY ",'n':2}"))),
				   false, &told, &done, &e), 0);
	check_text("counts", counts_of(&done), "3: 1 0 0 2 0, orders");
	check_int("orders", done.order_conflicts, 1);
	check_text("told", buf_text(&told.sentences),
		   "line 2: USER#u1, ORDER#1699999000#cs_1 (version 2) is a conflict: it was changed in both places; "
		   "what stands there was kept, `ordersnap sync` puts it right\n"
		   "line 3: P#1, S (version 0) is a conflict: it was changed in both places; what stands there was "
		   "kept\n");
	told_end(&told);
}

/* A conflict leaves an order of the table's as it was: a sync has to look at it, from where the table's went. */
static void the_progress_of_a_sync_is_never_moved_on(void **state)
{
#define PROGRESS(version, more) "{'PK':'SYSTEM','SK':'STRIPE_ORDER_SYNC','version':" version more "}"
	static const struct {
		const char *there, *item;
		enum transfer_outcome outcome;
	} table[] = {
		{NULL, PROGRESS("3", ",'through':1700000000"), TRANSFER_WRITTEN},
		{PROGRESS("2", ",'through':1699000000"), PROGRESS("3", ",'through':1700000000"), TRANSFER_NEWER},
		{PROGRESS("2", ""), PROGRESS("3", ",'through':1700000000"), TRANSFER_NEWER},
		{PROGRESS("2", ",'through':1700000000"), PROGRESS("3", ",'through':1699000000"), TRANSFER_WRITTEN},
		{PROGRESS("2", ",'through':1700000000"), PROGRESS("3", ",'through':1700000000"), TRANSFER_WRITTEN},
		{PROGRESS("2", ",'through':1700000000"), PROGRESS("3", ""), TRANSFER_WRITTEN},
		{PROGRESS("2", ",'through':1700000000"), PROGRESS("3", ",'through':1700000000,'run':{}"),
		 TRANSFER_NEWER},
		{NULL, PROGRESS("3", ",'through':1700000000,'run':{}"), TRANSFER_WRITTEN},
		{PROGRESS("3", ",'through':1700000000"), PROGRESS("2", ",'through':1699000000"), TRANSFER_NEWER},
		{"{'PK':'SYSTEM','SK':'WARNED#a','version':1}",
		 "{'PK':'SYSTEM','SK':'WARNED#a','version':2,'through':1}", TRANSFER_WRITTEN},
	}, *row;
	struct transfer_imported done;

	(void)state;
	for EACH(row, table) {
		table_free(&outside.table);
		if (row->there)
			outside_put(json_of("%s", row->there));
		must_import(line_of(row->item), &done);
		check_int(row->item, done.outcomes[row->outcome], 1);
	}
}

/* The version alone does not tell which of two orders is the other one's past. */
static void an_order_that_was_marked_or_erased_or_written_later_in_one_place_is_a_conflict(void **state)
{
#define MARK "'tracking':{'status':'shipped'}"
#define LATER "'tracking':{'shippedAt':'2026-11-28T10:00:00Z','status':'shipped'}"
#define OTHER "'tracking':{'status':'shipped','number':'2'}"
#define GONE "'erasedAt':'2026-11-28T10:00:00Z'"
#define SAID "'updatedAt':'2026-11-28T10:00:00"
	static const struct {
		const char *there, *item;
		enum transfer_outcome outcome;
		bool once_more, otherwise; /* what it is told to do about the mark */
	} table[] = {
		/* a mark or an erasure there, and two events here */
		{"'version':2," MARK, "'version':3", TRANSFER_CONFLICT, false, true},
		{"'version':2," GONE, "'version':3", TRANSFER_CONFLICT, false, false},
		{"'version':2," SAID "Z'", "'version':3,'updatedAt':'2026-11-28T09:59:59Z'", TRANSFER_CONFLICT,
		 false, false},
		{"'version':2," SAID "Z'", "'version':3," SAID "Z'", TRANSFER_WRITTEN, false, false},
		{"'version':2," SAID "Z'", "'version':3,'updatedAt':'soon'", TRANSFER_WRITTEN, false, false},
		{"'version':2," SAID "Z'", "'version':3", TRANSFER_WRITTEN, false, false},
		{"'version':2", "'version':3," SAID "Z'", TRANSFER_WRITTEN, false, false},
		{"'version':2," MARK, "'version':3," MARK, TRANSFER_WRITTEN, false, false},
		{"'version':2,'tracking':null", "'version':3", TRANSFER_WRITTEN, false, false},
		{"'version':2", "'version':3," MARK, TRANSFER_WRITTEN, false, false},
		/* and the other way round */
		{"'version':3", "'version':2," MARK, TRANSFER_CONFLICT, true, false},
		{"'version':3", "'version':2," GONE, TRANSFER_CONFLICT, true, false},
		{"'version':3", "'version':2," SAID "Z'", TRANSFER_NEWER, false, false},
		{"'version':3," MARK, "'version':2," MARK, TRANSFER_NEWER, false, false},
		{"'version':2,'n':1", "'version':2," MARK, TRANSFER_CONFLICT, true, false},
		/* two marks, or one that was taken off here */
		{"'version':2," MARK, "'version':3," OTHER, TRANSFER_WRITTEN, false, false},
		{"'version':2," MARK "," SAID "Z'", "'version':3,'updatedAt':'2026-11-28T09:59:59Z'," OTHER,
		 TRANSFER_CONFLICT, false, true},
		{"'version':3," MARK, "'version':2," OTHER, TRANSFER_CONFLICT, false, true},
		{"'version':2," MARK, "'version':2," OTHER, TRANSFER_CONFLICT, false, true},
		{"'version':2," MARK, "'version':2", TRANSFER_CONFLICT, false, true},
		{"'version':3," MARK, "'version':2", TRANSFER_NEWER, false, false},
		{"'version':3," LATER, "'version':2," MARK, TRANSFER_NEWER, false, false},
		{"'version':2," LATER, "'version':2," MARK, TRANSFER_CONFLICT, false, false},
		{"'version':3," MARK "," GONE, "'version':2," OTHER, TRANSFER_NEWER, false, false},
		{"'version':3," MARK "," GONE, "'version':2," OTHER "," GONE, TRANSFER_NEWER, false, false},
	}, *row;
	struct transfer_imported done;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *line = line_of(keep_text(str_printf("{" ORDER_1 ",%s}", row->item)));
		const char *name = keep_text(str_printf("%s: %s", row->there, row->item));
		struct told told = told_begin(0);

		table_free(&outside.table);
		outside_put(json_of("{" ORDER_1 ",%s}", row->there));
		check_int(name, import(line, false, &told, &done, &e), 0);
		check_int(name, done.outcomes[row->outcome], 1);
		check(name, !strstr(buf_text(&told.sentences), "mark or erase that") == !row->once_more);
		check(name, !strstr(buf_text(&told.sentences), "mark it anew") == !row->otherwise);
		told_end(&told);
	}
	/* Items that are no orders go by their version alone. */
	table_free(&outside.table);
	outside_put(json_of("{" KEY ",'version':2," SAID "Z'," MARK "}"));
	must_import(line_of("{" KEY ",'version':3}"), &done);
	check_int("no order", done.outcomes[TRANSFER_WRITTEN], 1);
}

/* An order whose key is an address has another key since its person was erased. */
#define SK_2 "'SK':'ORDER#1699999000#cs_2'"
#define OF_VERSION(version) \
	"{'PK':'USER#j@x.example'," SK_2 ",'orderId':'cs_2','orderNumber':'BC-2','version':" version "}"
#define PERSONS OF_VERSION("1")
#define NOBODYS_OF(id, more) "{'PK':'USER#erased-BC-2'," SK_2 ",'orderId':'" id "','version':2" more "}"
#define SESSION(pk, version) \
	"{'PK':'SESSION#cs_2','SK':'METADATA','orderId':'cs_2','orderPK':'" pk "'," \
	"'orderSK':'ORDER#1699999000#cs_2','version':" version "}"

#define HIS(version) SESSION("USER#j@x.example", version)
#define MOVED(version) SESSION("USER#erased-BC-2", version)

static void an_order_that_was_erased_and_moved_does_not_come_back(void **state)
{
	static const struct {
		const char *what, *there, *line, *counts;
	} table[] = {
		{"erased there", NOBODYS_OF("cs_2", ",'erasedAt':'x'"), PERSONS, "1: 0 0 1 0 0"},
		{"of a later version", NOBODYS_OF("cs_2", ",'erasedAt':'x'"), OF_VERSION("3"), "1: 0 0 1 0 0"},
		{"another order there", NOBODYS_OF("cs_3", ",'erasedAt':'x'"), PERSONS, "1: 1 0 0 0 0"},
		{"not erased there", NOBODYS_OF("cs_2", ""), PERSONS, "1: 1 0 0 0 0"},
		{"nothing there", "{'PK':'A','SK':'B'}", PERSONS, "1: 1 0 0 0 0"},
		{"without a number", "{'PK':'A','SK':'B'}",
		 "{'PK':'USER#j@x'," SK_2 ",'orderId':'cs_2'}", "1: 1 0 0 0 0"},
	}, *row;
	struct transfer_imported done;

	(void)state;
	for EACH(row, table) {
		table_free(&outside.table);
		outside_put(json_of("%s", row->there));
		must_import(line_of(row->line), &done);
		check_text(row->what, counts_of(&done), row->counts);
	}
}

/* The pointer leads away from it. */
static void an_order_with_a_person_that_was_erased_elsewhere_is_named(void **state)
{
	static const char NAMED[] = "names an order whose person was erased, which stands here with the person as well";
	static const struct {
		const char *what, *session, *order, *line;
		bool told;
	} table[] = {
		{"erased elsewhere", HIS("1"), PERSONS, MOVED("2"), true},
		{"gone", HIS("1"), "{'PK':'A','SK':'B'}", MOVED("2"), false},
		{"moved to another user", HIS("1"), PERSONS, SESSION("USER#u", "2"), false},
		{"erased here, too", MOVED("1"), NOBODYS_OF("cs_2", ",'erasedAt':'x'"), MOVED("2"), false},
		{"newer here", HIS("3"), PERSONS, MOVED("2"), false},
	}, *row;
	struct transfer_imported done;
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct told told = told_begin(0);

		table_free(&outside.table);
		outside_put(json_of("%s", row->session));
		outside_put(json_of("%s", row->order));
		check_int(row->what, import(line_of(row->line), false, &told, &done, &e), 0);
		check_int(row->what, done.order_conflicts, row->told);
		check(row->what, !strstr(buf_text(&told.sentences), NAMED) == !row->told);
		told_end(&told);
	}
}

static void who_stops_is_left_with_the_lines_before(void **state)
{
	static const struct {
		unsigned stop_at;
		const char *counts;
	} table[] = {{1, "0: 0 0 0 0 0"}, {2, "0: 0 0 0 0 0"}, {4, "2: 2 0 0 0 0"}, {5, "3: 3 0 0 0 0"},
		     {6, "3: 3 0 0 0 0"}, {7, "3: 3 0 0 0 0"}}, *row;
	struct transfer_imported done;
	struct told told;
	struct err e;
	int rc;

	(void)state;
	for EACH(row, table) {
		table_free(&outside.table);
		told = told_begin(row->stop_at);
		rc = import(many(3), false, &told, &done, &e);
		check_int(row->counts, rc, row->stop_at < 7 ? -1 : 0);
		if (rc)
			check_err(row->counts, &e, ERR_UNAVAILABLE, "interrupted");
		check_text(row->counts, counts_of(&done), row->counts);
		check_int(row->counts, outside.table.n, done.lines);
		told_end(&told);
	}
}

static void a_line_that_is_no_item_ends_the_input_and_is_named(void **state)
{
	static const struct {
		const char *third, *says;
	} table[] = {
		{"nonsense\n", "line 3: not JSON"}, {"\n", "line 3: not JSON"},
		{"[1]\n", "line 3: not a JSON object"},
		{"{\"PK\":\"A\"}\n", "line 3: SK is missing"},
		{"{\"PK\":\"A\",\"SK", "line 3: cut off: the input ends in it"},
		{"[{\"PK\":\"A\"}]", "line 3: not a JSON object"},
		{"{\"PK\":{\"S\":\"A\"}}", "line 3: PK is missing"},
	}, *row;
	struct transfer_imported done;
	struct err e;

	(void)state;
	for EACH(row, table) {
		table_free(&outside.table);
		check_int(row->third, import(keep_text(str_printf("%s%s%s", many(2), row->third,
								  row->third[strlen(row->third) - 1] == '\n'
								  ? "{\"PK\":\"Z\",\"SK\":\"S\"}\n" : "")),
					     false, NULL, &done, &e), -1);
		check_err(row->third, &e, ERR_BAD_REQUEST, row->says);
		check_text(row->third, counts_of(&done), "2: 2 0 0 0 0");
		check_int(row->third, outside.table.n, 2);
	}
	must_import("{\"PK\":\"Z\",\"SK\":\"S\"}", &done);
	check_text("a last line needs no end", counts_of(&done), "1: 1 0 0 0 0");
}

/* --- others, and failures ------------------------------------------------------------ */

static const char *overtaking; /* the item that another program puts; NULL: it takes P#0001 away */

static void overtake(void)
{
	if (overtaking)
		outside_put(json_of("%s", overtaking));
	else
		table_delete(&outside.table, "P#0001", "S");
}

static void expire(void)
{
	overtake();
	outside.ms += 2000;
}

#define SECOND "'PK':'P#0001','SK':'S'"

static void what_was_written_is_read_back(void **state)
{
	static const struct {
		const char *name, *line, *by;
		void (*overtake)(void);
		bool well;
	} table[] = {
		{"as it was", "'version':1", "{" SECOND ",'version':1}", overtake, true},
		{"others went on", "'version':1", "{" SECOND ",'version':2,'a':1}", overtake, true},
		{"another content", "'version':1", "{" SECOND ",'version':1,'a':1}", overtake, false},
		{"it went back", "'version':2", "{" SECOND ",'version':1}", overtake, false},
		{"it is gone", "'version':1", NULL, overtake, false},
		{"it is gone before its time", "'version':1,'expiresAt':1700000002", NULL, overtake, false},
		{"it has expired meanwhile", "'version':1,'expiresAt':1700000002", NULL, expire, true},
	}, *row;
	struct transfer_imported done;
	struct told told;
	struct err e;

	(void)state;
	for EACH(row, table) {
		table_free(&outside.table);
		outside.ms = 0;
		overtaking = row->by;
		outside.overtake = row->overtake;
		outside.fault = OUTSIDE_OVERTAKEN;
		outside.at = outside.calls + 3; /* behind a read and a write */
		told = told_begin(0);
		check_int(row->name, import(keep_text(str_printf("%s%s", many(1), line_of(
			keep_text(str_printf("{" SECOND ",%s}", row->line))))), false, &told, &done, &e), 0);
		check_text(row->name, counts_of(&done), row->well ? "2: 2 0 0 0 0" : "2: 2 0 0 0 0, unverified");
		check_int(row->name, done.unverified, !row->well);
		check(row->name, row->well == (told.sentences.len == 0));
		if (!row->well)
			check(row->name, strstr(buf_text(&told.sentences), "line 2: P#0001, S (version "));
		told_end(&told);
	}
}

static void what_stood_there_is_not_read_back_and_what_is_only_counted_neither(void **state)
{
	struct transfer_imported done;
	unsigned first;
	struct err e;

	(void)state;
	must_import(many(2), &done);
	first = outside.calls;
	must_import(many(2), &done);
	check_int("one read", outside.calls - first, 1);
	table_free(&outside.table);
	first = outside.calls;
	check_int("dry", import(many(2), true, NULL, &done, &e), 0);
	check_text("dry", counts_of(&done), "2: 2 0 0 0 0");
	check_int("one read", outside.calls - first, 1);
}

/* Another program that writes the item before each write of ours. */
static void overtake_for_ever(void)
{
	static int64_t version;

	outside_put(json_of("{" SECOND ",'version':%" PRId64 ",'by':'others'}", ++version));
	outside.at = outside.calls + 2;
}

/* Of what stood there, too: it may be another one by now. */
static void after_a_conflict_all_items_are_read_and_decided_on_anew(void **state)
{
	static const struct {
		const char *by, *counts;
	} table[] = {
		{"{" SECOND ",'version':1}", "2: 1 1 0 0 0"}, {"{" SECOND ",'version':2}", "2: 1 0 1 0 0"},
		{"{" SECOND ",'version':1,'a':1}", "2: 1 0 0 1 0"},
	}, *row;
	struct transfer_imported done;

	(void)state;
	for EACH(row, table) {
		table_free(&outside.table);
		outside_put(json_of("{" SECOND ",'version':1}"));
		overtaking = row->by;
		outside.overtake = overtake;
		outside.fault = OUTSIDE_CONFLICT;
		outside.at = outside.calls + 2;
		must_import(many(2), &done);
		check_text(row->by, counts_of(&done), "2: 1 1 0 0 0");

		table_delete(&outside.table, "P#0000", "S");
		table_delete(&outside.table, "P#0001", "S");
		outside.fault = OUTSIDE_OVERTAKEN;
		outside.at = outside.calls + 2;
		must_import(many(2), &done);
		check_text(row->by, counts_of(&done), row->counts);
		check_json(row->by, table_find(&outside.table, "P#0001", "S"), row->by);
	}
}

static void an_item_that_others_keep_writing_is_given_up(void **state)
{
	struct transfer_imported done;
	struct err e;

	(void)state;
	overtake_for_ever();
	outside.overtake = overtake_for_ever;
	outside.fault = OUTSIDE_OVERTAKEN;
	check_int("import", import(line_of("{" SECOND ",'version':1000}"), false, NULL, &done, &e), -1);
	check_err("import", &e, ERR_UNAVAILABLE, "lines 1 to 1: other programs keep writing the same items: run the "
						 "command again");
	check_text("counts", counts_of(&done), "0: 0 0 0 0 0");
}

static void after_a_failure_nothing_more_is_tried_and_another_run_does_the_rest(void **state)
{
	static const enum outside_fault faults[] = {OUTSIDE_FAILS, OUTSIDE_LOST, OUTSIDE_AWAY,
						    OUTSIDE_CONFLICT}, *fault;
	const char *lines = keep_text(str_printf("%s%s", many(150),
						 line_of("{'PK':'USER#j@x','SK':'ORDER#1600000000#cs_9'}")));
	struct transfer_imported done;
	const char *whole;
	unsigned calls, at;
	struct err e;

	(void)state;
	must_import(lines, &done);
	whole = outside_items();
	calls = outside.calls;
	for (at = 1; at <= calls; at++) {
		for EACH(fault, faults) {
			const char *row = keep_text(str_printf("fault %d at call %u", (int)*fault, at));
			int64_t written;
			int rc;

			table_free(&outside.table);
			outside.ms = 0;
			outside.calls = 0;
			outside.at = at;
			outside.fault = *fault;
			rc = import(lines, false, NULL, &done, &e);
			check_int(row, rc, *fault == OUTSIDE_CONFLICT ? 0 : -1);
			if (rc) {
				check_err(row, &e, ERR_UNAVAILABLE, "it is away");
				check_int(row, outside.calls, at);
			}
			written = done.lines;
			check(row, (int64_t)outside.table.n >= written);
			outside.at = 0;
			must_import(lines, &done);
			check(row, done.outcomes[TRANSFER_SAME] >= written);
			check_text(row, outside_items(), whole);
		}
	}
}

/* --- orders of the functions ---------------------------------------------------------- */

#define THEIRS "{'PK':'USER#u1','SK':'ORDER#1600000000#cs_9','orderId':'cs_9'}"

static struct json_object *adopted_item(void)
{
	return table_find(&outside.table, "SYSTEM", KEY_ADOPTED);
}

static void an_order_without_a_version_wants_another_adoption(void **state)
{
	static const struct {
		const char *line;
		bool dry_run, again;
	} table[] = {
		{THEIRS, false, true}, {THEIRS, true, false},
		{"{'PK':'USER#u1','SK':'ORDER#1600000000#cs_9','version':1}", false, false},
		{"{'PK':'SESSION#cs_9','SK':'METADATA'}", false, false},
	}, *row;
	struct transfer_imported done;
	struct err e;

	(void)state;
	for EACH(row, table) {
		table_free(&outside.table);
		outside_put(json_of("{'PK':'SYSTEM','SK':'ADOPTED','adoptedAt':'2023-11-14T00:00:00Z','version':4}"));
		check_int(row->line, import(line_of(row->line), row->dry_run, NULL, &done, &e), 0);
		check_int(row->line, adoption_is_complete(adopted_item()), !row->again);
		check_text(row->line, json_string_or_null(adopted_item(), "adoptedAt"), "2023-11-14T00:00:00Z");
	}
}

static void finish_an_adoption(void)
{
	outside_put(json_of("{'PK':'SYSTEM','SK':'ADOPTED','adoptedAt':'2023-11-14T00:00:00Z','version':40}"));
}

/* A walk that is under way ends between any two calls; where the import fails, or is done, the order does
 * not stand in a table that says that all is adopted, unless that walk may have met it. */
static void it_is_said_before_the_order_is_written_and_once_more_behind_it(void **state)
{
	struct transfer_imported done;
	unsigned calls, at;
	struct err e;

	(void)state;
	must_import(line_of(THEIRS), &done);
	calls = outside.calls;
	for (at = 1; at <= calls; at++) {
		const char *row = keep_text(str_printf("at call %u", at));

		table_free(&outside.table);
		outside.calls = 0;
		outside.at = at;
		outside.fault = OUTSIDE_OVERTAKEN;
		outside.overtake = finish_an_adoption;
		must_import(line_of(THEIRS), &done);
		check(row, !adoption_is_complete(adopted_item()));

		table_free(&outside.table);
		finish_an_adoption();
		outside.calls = 0;
		outside.at = at;
		outside.fault = OUTSIDE_AWAY;
		check_int(row, import(line_of(THEIRS), false, NULL, &done, &e), -1);
		check(row, !table_find(&outside.table, "USER#u1", "ORDER#1600000000#cs_9") ||
			   !adoption_is_complete(adopted_item()));
		outside.at = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds_with_files(the_higher_version_stays_and_of_two_of_one_version_the_one_that_stands_there),
		holds_with_files(what_is_about_one_table_alone_is_passed_over),
		holds_with_files(a_transaction_has_a_hundred_items_or_half_a_megabyte_and_no_key_twice),
		holds_with_files(of_two_lines_of_one_key_the_later_one_comes_later),
		holds_with_files(of_what_has_no_length_nobody_is_told_how_far_it_is),
		holds_with_files(without_a_file_standard_input_is_read),
		holds_with_files(a_file_that_is_not_there_is_named),
		holds_with_files(a_conflict_is_told_and_an_orders_with_what_puts_it_right),
		holds_with_files(the_progress_of_a_sync_is_never_moved_on),
		holds_with_files(an_order_that_was_marked_or_erased_or_written_later_in_one_place_is_a_conflict),
		holds_with_files(an_order_that_was_erased_and_moved_does_not_come_back),
		holds_with_files(an_order_with_a_person_that_was_erased_elsewhere_is_named),
		holds_with_files(who_stops_is_left_with_the_lines_before),
		holds_with_files(a_line_that_is_no_item_ends_the_input_and_is_named),
		holds_with_files(what_was_written_is_read_back),
		holds_with_files(what_stood_there_is_not_read_back_and_what_is_only_counted_neither),
		holds_with_files(after_a_conflict_all_items_are_read_and_decided_on_anew),
		holds_with_files(an_item_that_others_keep_writing_is_given_up),
		holds_with_files(after_a_failure_nothing_more_is_tried_and_another_run_does_the_rest),
		holds_with_files(an_order_without_a_version_wants_another_adoption),
		holds_with_files(it_is_said_before_the_order_is_written_and_once_more_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
