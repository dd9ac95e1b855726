/* SPDX-License-Identifier: ISC */
/*
 * Exporting a table: which items are lines, and what is in the file and under which name when it is whole,
 * when it was stopped, and when it is gone on with.
 */
#include "transfer_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transfer/transfer_export.h"
#include "transfer/transfer_file.h"

static void note_progress(void *context, const struct transfer_exported *so_far, int permille)
{
	(void)so_far;
	told_permille(context, permille);
}

/* One item of each kind that is copied, and those that are not; a page has two of them. */
#define COPIED 11
static const char *const items[] = {
	"{'PK':'DAY#2024-01-01','SK':'ORDER#1#cs_1','userId':'u1'}",
	"{'PK':'ELSE','SK':'X','z':{'b':[1],'a':'\xc3\xa4/'}}",
	"{'PK':'EVENT#evt_1','SK':'METADATA'}",
	"{'PK':'NUMBER#BC-1','SK':'METADATA'}",
	"{'PK':'PAYMENT#pi_1','SK':'METADATA','userId':'u11'}",
	"{'PK':'PRICE#N','SK':'CACHE'}",
	"{'PK':'QUOTE#1','SK':'CACHE'}",
	"{'PK':'SESSION#cs_1','SK':'METADATA','userId':'u1','version':2}",
	"{'PK':'SYSTEM','SK':'STRIPE_ORDER_SYNC'}",
	"{'PK':'USER#u1','SK':'ORDER#1#cs_1','version':7}",
	"{'PK':'USER#u11','SK':'ORDER#2#cs_2'}",
	"{'PK':'OUTBOX','SK':'1700000000000#evt_1'}",
	"{'PK':'SYSTEM','SK':'ADOPTED','adoptedAt':'2024-01-01T00:00:00Z'}",
	"{'PK':'SYSTEM','SK':'ADOPTING'}",
};

static void put_items(void)
{
	size_t i;

	for (i = 0; i < LENGTH(items); i++)
		outside_put(json_of("%s", items[i]));
	outside.store.page = 2;
	outside.calls = 0;
	outside.ms = 0;
}

/* The lines of those whose letter in `which` is an x, kept. */
static const char *lines_of(const char *which)
{
	struct buf text;
	size_t i;

	buf_init(&text, 1 << 20);
	for (i = 0; which[i]; i++)
		if (which[i] == 'x')
			buf_puts(&text, line_of(items[i]));
	return keep_text(buf_detach(&text));
}

#define WHOLE_TABLE "xxxxxxxxxxx"

/* Into the folder's file "out". */
static int export(struct transfer_export request, struct transfer_exported *done, struct err *e)
{
	request.output = path_of("out");
	*e = (struct err){.code = ERR_NONE};
	return transfer_export(&outside.app, &request, done, e);
}

static void check_whole(const char *row)
{
	check_text(row, read_file(path_of("out")), lines_of(WHOLE_TABLE));
	check(row, !read_file(path_of("out.part")));
}

/* Our own calls of it, and whether the disk says no. */
static unsigned syncs;
static bool disk_fails;

int fsync(int fd)
{
	syncs++;
	if (!disk_fails)
		return (int)syscall(SYS_fsync, fd);
	errno = EIO;
	return -1;
}

/* --- which items ---------------------------------------------------------------------- */

static void each_item_that_is_wanted_is_a_line(void **state)
{
	static const struct {
		unsigned only;
		const char *user;
		int64_t n;
		const char *which;
	} table[] = {
		{0, NULL, COPIED, WHOLE_TABLE},
		{1u << TRANSFER_ORDER, NULL, 2, "         xx"},
		{1u << TRANSFER_PRICE | 1u << TRANSFER_DAY, NULL, 2, "x    x"},
		{1u << TRANSFER_SYSTEM, NULL, 1, "        x"},
		{0, "u1", 3, "x      x x"},
		{0, "u11", 2, "    x     x"},
		{0, "u", 0, ""},
		{1u << TRANSFER_SESSION, "u1", 1, "       x"},
	}, *row;
	struct transfer_exported done;
	struct stat st;
	struct err e;
	int i;

	(void)state;
	put_items();
	for EACH(row, table) {
		int64_t sum = 0;

		check_int(row->which, export((struct transfer_export){.only = row->only, .user = row->user}, &done,
					     &e), 0);
		check_text(row->which, read_file(path_of("out")), lines_of(row->which));
		check_int(row->which, done.items, row->n);
		for (i = 0; i < TRANSFER_KINDS; i++)
			sum += done.kinds[i];
		check_int(row->which, sum, row->n);
	}
	check_int("all", export((struct transfer_export){.only = 0}, &done, &e), 0);
	for (i = 0; i < TRANSFER_KINDS; i++)
		check_int(transfer_kind_plural((enum transfer_kind)i), done.kinds[i], i == TRANSFER_ORDER ? 2 : 1);
	assert_int_equal(stat(path_of("out"), &st), 0);
	check_int("its owner's alone", st.st_mode & 0777, 0600);
	check_whole("all");
}

/* The Lambda functions had what the buyer typed, of which they kept letters, digits and @._- alone. */
static void an_address_is_exported_under_each_spelling_of_it(void **state)
{
	static const char *const own[] = {
		"{'PK':'DAY#2024-01-02','SK':'ORDER#1#cs_4','userId':'A+B@x.example'}",
		"{'PK':'PAYMENT#pi_3','SK':'METADATA',"
		"'order':{'PK':'USER#AB@x.example','customerEmail':'a+B@x.example'}}",
		"{'PK':'USER#A+B@x.example','SK':'ORDER#1#cs_4','userId':'A+B@x.example',"
		"'customerEmail':'A+B@x.example'}",
		"{'PK':'USER#AB@x.example','SK':'ORDER#1#cs_3','customerEmail':'a+B@x.example'}",
	};
	static const char *const others[] = {
		"{'PK':'DAY#2024-01-02','SK':'ORDER#1#cs_5','userId':'AB@x.example'}",
		"{'PK':'USER#AB@x.example','SK':'ORDER#1#cs_5','customerEmail':'AB@x.example'}",
	};
	struct transfer_exported done;
	struct buf lines;
	struct err e;
	size_t i;

	(void)state;
	put_items();
	buf_init(&lines, 1 << 20);
	for (i = 0; i < LENGTH(own); i++) {
		outside_put(json_of("%s", own[i]));
		buf_puts(&lines, line_of(own[i]));
	}
	for (i = 0; i < LENGTH(others); i++)
		outside_put(json_of("%s", others[i]));
	check_int(e.text, export((struct transfer_export){.user = "a+b@x.example"}, &done, &e), 0);
	check_text("a+b", read_file(path_of("out")), keep_text(buf_detach(&lines)));

	/* Nor has the other one those of this one. */
	check_int(e.text, export((struct transfer_export){.user = "AB@x.example"}, &done, &e), 0);
	check_text("ab", read_file(path_of("out")), keep_text(str_printf("%s%s", line_of(others[0]),
									 line_of(others[1]))));
}

static void how_far_it_is_is_told_behind_each_page(void **state)
{
	static const struct {
		bool knows, count;
		const char *permille;
		bool empty;
	} table[] = {
		{true, true, "-1 ", true},
		{true, true, "142 285 428 571 714 857 1000 ", false},
		{true, false, "-1 -1 -1 -1 -1 -1 -1 ", false}, {false, true, "-1 -1 -1 -1 -1 -1 -1 ", false},
	}, *row;
	struct transfer_exported done;
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct told told = told_begin(0);

		outside_end();
		outside_begin();
		if (!row->empty)
			put_items();
		if (row->knows)
			let_it_count();
		check_int(row->permille, export((struct transfer_export){.count = row->count, .context = &told,
									 .progress = note_progress}, &done, &e), 0);
		check_text(row->permille, buf_text(&told.permille), row->permille);
		told_end(&told);
	}
}

/* --- a file that is not whole ------------------------------------------------------------ */

static void what_was_stopped_is_no_file_yet_and_is_gone_on_with(void **state)
{
	struct told told = told_begin(2), again = told_begin(0);
	struct transfer_exported done;
	struct err e;

	(void)state;
	put_items();
	let_it_count();
	write_file(path_of("out"), "old\n");
	check_int("stopped", export((struct transfer_export){.stop = told_stop, .context = &told}, &done, &e), -1);
	check_err("stopped", &e, ERR_UNAVAILABLE, "interrupted: the export is not whole");
	check_int("stopped", done.items, 4);
	check_text("stopped", read_file(path_of("out")), "old\n");
	check_text("stopped", read_file(path_of("out.part")), lines_of("xxxx"));
	check_int("resumed", export((struct transfer_export){.resume = true, .count = true, .context = &again,
							     .progress = note_progress}, &done, &e), 0);
	check_int("resumed", done.items, COPIED);
	check_int("resumed", done.kinds[TRANSFER_NUMBER], 1);
	check_text("resumed", buf_text(&again.permille), "428 571 714 857 1000 ");
	check_whole("resumed");
	told_end(&told);
	told_end(&again);
}

/* Nobody asks behind the last page. */
static void a_table_of_one_page_is_not_stopped(void **state)
{
	struct told told = told_begin(1);
	struct transfer_exported done;
	struct err e;

	(void)state;
	put_items();
	outside.store.page = 0;
	check_int("export", export((struct transfer_export){.stop = told_stop, .context = &told}, &done, &e), 0);
	check_whole("export");
	told_end(&told);
}

static void a_part_is_gone_on_with_behind_its_last_whole_line(void **state)
{
	size_t cuts[] = {0, 1, 0, 0, 0, 0}, i;
	struct transfer_exported done;
	const char *whole;
	struct err e;

	(void)state;
	put_items();
	whole = lines_of(WHOLE_TABLE);
	cuts[2] = strlen(lines_of("xxx"));
	cuts[3] = cuts[2] + 20;
	cuts[4] = strlen(whole) - 1;
	cuts[5] = strlen(whole);
	for (i = 0; i < LENGTH(cuts); i++) {
		const char *row = keep_text(str_printf("cut at %zu", cuts[i]));

		write_file(path_of("out.part"), keep_text(str_printf("%.*s", (int)cuts[i], whole)));
		check_int(row, export((struct transfer_export){.resume = true}, &done, &e), 0);
		check_int(row, done.items, COPIED);
		check_whole(row);
	}
	write_file(path_of("out.part"), line_of("{'PK':'ELSE','SK':'A'}"));
	check_int("anew", export((struct transfer_export){.resume = false}, &done, &e), 0);
	check_whole("anew");
	check_int("without a part", export((struct transfer_export){.resume = true}, &done, &e), 0);
	check_whole("without a part");
}

static void a_part_with_a_line_that_is_no_item_is_refused_and_left(void **state)
{
	const struct {
		const char *line, *says;
	} table[] = {
		{"nonsense", "line 2: not JSON"},
		{repeat("x", TRANSFER_LINE_MAX + 1), "line 2: longer than an item can be (400 KB)"},
	}, *row;
	struct transfer_exported done;
	struct err e;

	(void)state;
	put_items();
	for EACH(row, table) {
		const char *part = keep_text(str_printf("%s%s\n%s", lines_of("x"), row->line, lines_of(" x")));

		write_file(path_of("out.part"), part);
		check_int(row->says, export((struct transfer_export){.resume = true}, &done, &e), -1);
		check_err(row->says, &e, ERR_BAD_REQUEST, keep_text(str_printf("%s can't be resumed, remove it: %s",
									       path_of("out.part"), row->says)));
		check_text(row->says, read_file(path_of("out.part")), part);
		check(row->says, !read_file(path_of("out")));
	}
}

static void a_part_that_is_not_ours_alone_is_not_taken(void **state)
{
	const char *part = path_of("out.part");
	struct transfer_exported done;
	struct stat st;
	struct err e;
	int fd;

	(void)state;
	put_items();
	write_file(part, "theirs");
	fd = open(part, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	check_int("written", export((struct transfer_export){.resume = false}, &done, &e), -1);
	check_err("written", &e, ERR_UNAVAILABLE, "another export is writing ");
	check_text("written", read_file(part), "theirs");
	close(fd);

	assert_int_equal(chmod(part, 0666), 0);
	fd = open(part, O_RDONLY | O_CLOEXEC);
	check_int("open to all", export((struct transfer_export){.resume = false}, &done, &e), 0);
	assert_int_equal(fstat(fd, &st), 0);
	check_int("it is taken over", st.st_mode & 0777, 0600);
	close(fd);

	assert_int_equal(mkfifo(part, 0600), 0);
	fd = open(part, O_RDWR | O_CLOEXEC);
	check_int("a pipe", export((struct transfer_export){.resume = false}, &done, &e), -1);
	check_err("a pipe", &e, ERR_UNAVAILABLE, "out.part is no file: remove it");
	close(fd);
	unlink(part);

	if (geteuid() != 0)
		return;
	write_file(part, "theirs");
	assert_int_equal(chown(part, 65534, 65534), 0);
	check_int("another's", export((struct transfer_export){.resume = false}, &done, &e), -1);
	check_err("another's", &e, ERR_UNAVAILABLE, "out.part is somebody else's: remove it");
	check_text("another's", read_file(part), "theirs");
}

static void a_file_that_cant_be_made_or_named_is_said(void **state)
{
	struct transfer_export request = {.output = path_of("none/out")};
	struct transfer_exported done;
	struct err e;
	int next;

	(void)state;
	put_items();
	next = unit_next_descriptor();
	check_int("no folder", transfer_export(&outside.app, &request, &done, &e), -1);
	check_err("no folder", &e, ERR_UNAVAILABLE, keep_text(str_printf("can't open %s.part: ", request.output)));
	assert_int_equal(mkdir(path_of("out"), 0700), 0);
	check_int("a folder", export((struct transfer_export){.resume = false}, &done, &e), -1);
	check_err("a folder", &e, ERR_UNAVAILABLE, "out is a folder: name a file in it");
	rmdir(path_of("out"));
	assert_int_equal(mkfifo(path_of("out"), 0600), 0);
	check_int("a pipe", export((struct transfer_export){.resume = false}, &done, &e), -1);
	check_err("a pipe", &e, ERR_UNAVAILABLE, "out is no file, and would be replaced: name another");
	unlink(path_of("out"));
	assert_int_equal(symlink("/dev/null", path_of("out")), 0);
	check_int("a link", export((struct transfer_export){.resume = false}, &done, &e), -1);
	check_err("a link", &e, ERR_UNAVAILABLE, "out is no file, and would be replaced: name another");
	unlink(path_of("out"));
	check_int("nothing is begun", access(path_of("out.part"), F_OK), -1);
	check_int("descriptors", unit_next_descriptor(), next);
}

static void what_a_failure_ended_is_gone_on_with(void **state)
{
	static const int64_t written[] = {0, 2, 4, 5, 7, 8, 9}; /* an outbox's item is none */
	struct transfer_exported done;
	unsigned calls, at;
	struct err e;

	(void)state;
	put_items();
	check_int("whole", export((struct transfer_export){.resume = false}, &done, &e), 0);
	calls = outside.calls;
	check_int("pages", calls, LENGTH(written));
	for (at = 1; at <= calls; at++) {
		const char *row = keep_text(str_printf("failed at call %u", at));

		unlink(path_of("out"));
		outside.calls = 0;
		outside.at = at;
		outside.fault = OUTSIDE_AWAY;
		check_int(row, export((struct transfer_export){.resume = false}, &done, &e), -1);
		check_err(row, &e, ERR_UNAVAILABLE, "it is away");
		check_int(row, done.items, written[at - 1]);
		check(row, !read_file(path_of("out")));
		outside.at = 0;
		check_int(row, export((struct transfer_export){.resume = true}, &done, &e), 0);
		check_int(row, done.items, COPIED);
		check_whole(row);
	}
}

/* The file, and then its name. */
static void what_is_exported_is_on_the_disk_before_it_has_its_name(void **state)
{
	struct transfer_exported done;
	struct err e;

	(void)state;
	put_items();
	syncs = 0;
	check_int("export", export((struct transfer_export){.resume = false}, &done, &e), 0);
	check_int("the file and its folder", syncs, 2);
	unlink(path_of("out"));
	disk_fails = true;
	check_int("not on the disk", export((struct transfer_export){.resume = false}, &done, &e), -1);
	disk_fails = false;
	check_err("not on the disk", &e, ERR_UNAVAILABLE, keep_text(str_printf("can't write to %s: Input/output error",
									       path_of("out.part"))));
	check("it has no name", !read_file(path_of("out")));
}

/* --- standard output ---------------------------------------------------------------------- */

/* Standard output goes there while the function runs; 0 or -1 as the export. */
static int export_to(int fd, unsigned fails_at, struct err *e)
{
	const struct transfer_export request = {.output = NULL};
	struct transfer_exported done;
	int out = dup(STDOUT_FILENO), rc;

	fflush(stdout);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	outside.calls = 0;
	outside.at = fails_at;
	outside.fault = OUTSIDE_AWAY;
	*e = (struct err){.code = ERR_NONE};
	rc = transfer_export(&outside.app, &request, &done, e);
	outside.at = 0;
	assert_int_equal(dup2(out, STDOUT_FILENO), STDOUT_FILENO);
	close(out);
	return rc;
}

/* Who reads it does not take it for the whole. */
static void what_standard_output_gets_ends_in_no_line_where_it_is_not_whole(void **state)
{
	const struct {
		unsigned fails_at;
		const char *text;
	} table[] = {{0, lines_of(WHOLE_TABLE)}, {1, ""}, {3, keep_text(str_printf("%s{", lines_of("xxxx")))}}, *row;
	struct err e;

	(void)state;
	put_items();
	for EACH(row, table) {
		const char *path = path_of("stdout");
		int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		check_int(row->text, export_to(fd, row->fails_at, &e), row->fails_at ? -1 : 0);
		check_int("it stays open", fcntl(STDOUT_FILENO, F_GETFD) >= 0, true);
		check_text(row->text, read_file(path), row->text);
		close(fd);
	}
}

static void output_that_cant_be_written_is_named(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct err e;

	(void)state;
	put_items();
	check_int("full", export_to(fd, 0, &e), -1);
	check_err("full", &e, ERR_UNAVAILABLE, "can't write to standard output: No space left on device");
	close(fd);
}

/* What comes out of a pipe until its end, into a file. */
static void drain(int fd, const char *path)
{
	FILE *file = fopen(path, "w");
	char part[4096];
	ssize_t n;

	while (file && (n = read(fd, part, sizeof part)) > 0)
		fwrite(part, 1, (size_t)n, file);
	_exit(!file || fclose(file) ? 1 : 0);
}

static void a_pipe_is_waited_for_though_somebody_made_it_non_blocking(void **state)
{
	const char *large = repeat("x", 150000), *path = path_of("drained");
	int pipe_ends[2], status;
	struct err e;
	pid_t child;

	(void)state;
	outside_put(json_of("{'PK':'A','SK':'S','t':'%s'}", large));
	outside_put(json_of("{'PK':'B','SK':'S'}"));
	assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
	assert_int_equal(fcntl(pipe_ends[1], F_SETFL, O_NONBLOCK), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(pipe_ends[1]);
		drain(pipe_ends[0], path);
	}
	check_int("export", export_to(pipe_ends[1], 0, &e), 0);
	close(pipe_ends[1]);
	close(pipe_ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	check_int("drained", status, 0);
	check_text("drained", read_file(path), keep_text(str_printf(
		"{\"PK\":\"A\",\"SK\":\"S\",\"t\":\"%s\"}\n{\"PK\":\"B\",\"SK\":\"S\"}\n", large)));
}

static void a_file_gets_the_bytes_and_a_terminal_what_it_can_show(void **state)
{
	int near = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), far, file;
	static const char item[] = "{'PK':'A','SK':'S','t':'\\u009b\\u202ex'}";
	char text[256] = "";
	ssize_t n;
	struct err e;

	(void)state;
	outside_put(json_of("%s", item));
	if (near < 0 || grantpt(near)) { /* cmocka's skip() would be a "not ok" in TAP */
		print_message("# not looked at: this machine gives no terminals\n");
		return;
	}
	assert_int_equal(unlockpt(near), 0);
	far = open(ptsname(near), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(far >= 0);
	check_int("terminal", export_to(far, 0, &e), 0);
	n = read(near, text, sizeof text - 1);
	assert_true(n > 0);
	check_text("terminal", text, "{\"PK\":\"A\",\"SK\":\"S\",\"t\":\"\\u009b\\u202ex\"}\r\n");
	close(far);
	close(near);
	file = open(path_of("stdout"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	check_int("file", export_to(file, 0, &e), 0);
	check_text("file", read_file(path_of("stdout")), line_of(item));
	check("it has the characters themselves", !strchr(line_of(item), '\\'));
	close(file);
}

static void a_pipe_that_cant_be_waited_for_is_an_error_and_no_endless_loop(void **state)
{
	struct rlimit before, none;
	struct transfer_file file;
	struct err e;
	int ends[2], rc;

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	while (write(ends[1], "x", 1) == 1)
		;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max}; /* poll() fails with EINVAL */
	check_int("open", transfer_file_open(&file, NULL, NULL, &e), 0);
	file.fd = ends[1];
	buf_puts(&file.out, "a line");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	alarm(10);
	rc = transfer_file_flush(&file, &e);
	alarm(0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	check_int("flush", rc, -1);
	check_err("flush", &e, ERR_UNAVAILABLE, "can't write to standard output: Invalid argument");
	transfer_file_close(&file);
	close(ends[0]);
	close(ends[1]);
}

static void what_was_added_is_in_the_file_when_that_is_finished(void **state)
{
	struct transfer_file file;
	struct err e = {.code = ERR_NONE};

	(void)state;
	check_int("open", transfer_file_open(&file, path_of("out"), NULL, &e), 0);
	check_int("add", transfer_file_add(&file, json_of("{'PK':'A','SK':'S'}"), &e), 0);
	check_int("finish", transfer_file_finish(&file, &e), 0);
	transfer_file_close(&file);
	check_text("finished", read_file(path_of("out")), line_of("{'PK':'A','SK':'S'}"));
}

/* A file may have no more than some bytes, as on a disk that is full. */
static void a_file_that_cant_be_written_whole_does_not_get_its_name(void **state)
{
	const struct rlimit little = {.rlim_cur = 10, .rlim_max = RLIM_INFINITY};
	struct rlimit before;
	struct transfer_file file;
	struct err e = {.code = ERR_NONE};
	int rc;

	(void)state;
	check_int("open", transfer_file_open(&file, path_of("out"), NULL, &e), 0);
	check_int("add", transfer_file_add(&file, json_of("{'PK':'A','SK':'S'}"), &e), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &little);
	rc = transfer_file_finish(&file, &e);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
	transfer_file_close(&file);
	check_int("finish", rc, -1);
	check_err("finish", &e, ERR_UNAVAILABLE, keep_text(str_printf("can't write to %s: File too large",
								      path_of("out.part"))));
	check("it has no name", !read_file(path_of("out")));
}

/* More than what is written at once, and an item that is no line's. */
static void an_item_may_be_large_and_not_without_bounds(void **state)
{
	const char *large = repeat("x", 70000);
	struct transfer_exported done;
	struct err e;

	(void)state;
	outside_put(json_of("{'PK':'A','SK':'S','t':'%s'}", large));
	outside_put(json_of("{'PK':'B','SK':'S','t':'%s'}", large));
	check_int("large", export((struct transfer_export){.resume = false}, &done, &e), 0);
	check_text("large", read_file(path_of("out")),
		   keep_text(str_printf("{\"PK\":\"A\",\"SK\":\"S\",\"t\":\"%s\"}\n"
					"{\"PK\":\"B\",\"SK\":\"S\",\"t\":\"%s\"}\n",
					large, large)));
	outside_put(json_of("{'PK':'C','SK':'S','t':'%s'}", repeat("x", 16 << 20)));
	check_int("too large", export((struct transfer_export){.resume = false}, &done, &e), -1);
	check_err("too large", &e, ERR_UNAVAILABLE, "the item C, S is too large for a line");
	check_int("too large", done.items, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds_with_files(each_item_that_is_wanted_is_a_line),
		holds_with_files(an_address_is_exported_under_each_spelling_of_it),
		holds_with_files(how_far_it_is_is_told_behind_each_page),
		holds_with_files(what_was_stopped_is_no_file_yet_and_is_gone_on_with),
		holds_with_files(a_table_of_one_page_is_not_stopped),
		holds_with_files(a_part_is_gone_on_with_behind_its_last_whole_line),
		holds_with_files(a_part_with_a_line_that_is_no_item_is_refused_and_left),
		holds_with_files(a_part_that_is_not_ours_alone_is_not_taken),
		holds_with_files(a_file_that_cant_be_made_or_named_is_said),
		holds_with_files(what_a_failure_ended_is_gone_on_with),
		holds_with_files(what_is_exported_is_on_the_disk_before_it_has_its_name),
		holds_with_files(what_standard_output_gets_ends_in_no_line_where_it_is_not_whole),
		holds_with_files(output_that_cant_be_written_is_named),
		holds_with_files(a_pipe_is_waited_for_though_somebody_made_it_non_blocking),
		holds_with_files(a_pipe_that_cant_be_waited_for_is_an_error_and_no_endless_loop),
		holds_with_files(a_file_gets_the_bytes_and_a_terminal_what_it_can_show),
		holds_with_files(what_was_added_is_in_the_file_when_that_is_finished),
		holds_with_files(a_file_that_cant_be_written_whole_does_not_get_its_name),
		holds_with_files(an_item_may_be_large_and_not_without_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
