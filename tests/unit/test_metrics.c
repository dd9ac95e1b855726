/* SPDX-License-Identifier: ISC */
/*
 * The counts that processes share: none is lost when one is killed, and no file, whatever
 * becomes of it, stops whoever counts.
 */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"

#define NOW 1732612800

static const struct metrics_family
	requests = {"app_requests_total", "Requests.", METRICS_COUNTER, {"path", "outcome"}},
	waiting = {"app_waiting", "What waits.", METRICS_GAUGE, {NULL}},
	last = {"app_last_thing", "The last thing.", METRICS_MOMENT, {NULL}},
	took = {"app_request_seconds", "How long.", METRICS_SECONDS, {"path"}},
	other = {"app_other_total", "Of another version.", METRICS_COUNTER, {"n"}};

static const struct metrics_family *const families[] = {&requests, &waiting, &last, &took, NULL};

static const char *folder, *path;

static int set_up(void **state)
{
	struct err e;

	(void)state;
	folder = unit_folder();
	path = keep_text(str_printf("%s/metrics", folder));
	assert_int_equal(metrics_open(path, &e), 0);
	return 0;
}

static int tear_down(void **state)
{
	metrics_close();
	unit_remove_folder(folder);
	return unit_release(state);
}

static const char *text(void)
{
	struct buf out;
	struct err e;

	buf_init(&out, 1 << 20);
	buf_putc(&out, '\n');
	assert_int_equal(metrics_format(&out, families, NOW, &e), 0);
	return keep_text(buf_detach(&out));
}

#define says(line) check(line, strstr(text(), "\n" line "\n") != NULL)

static void what_is_counted_is_printed_by_family_with_help_and_type(void **state)
{
	(void)state;
	metrics_count(&requests, "/a", "ok");
	metrics_count(&requests, "/a", "ok");
	metrics_count(&requests, "/b", "no\"t\n ok}");
	metrics_add(&waiting, 3, NULL);
	metrics_add(&waiting, -5, NULL);
	metrics_set(&last, NOW - 40);
	says("# HELP app_requests_total Requests.\n# TYPE app_requests_total counter\n"
	     "app_requests_total{path=\"/a\",outcome=\"ok\"} 2\n"
	     "app_requests_total{path=\"/b\",outcome=\"no_t_ ok_\"} 1");
	says("# TYPE app_waiting gauge\napp_waiting -2");
	says("app_last_thing_timestamp_seconds 1732612760");
	says("app_last_thing_age_seconds 40");
	says("ordersnap_metrics_lost_total 0");
}

static void a_bucket_has_what_the_smaller_ones_have_and_the_last_is_the_count(void **state)
{
	static const char *const path_a[METRICS_LABELS] = {"/a"};

	(void)state;
	metrics_took(&took, 1000, path_a);
	metrics_took(&took, 1001, path_a);
	metrics_took(&took, 7000000, path_a);
	says("# TYPE app_request_seconds histogram\n"
	     "app_request_seconds_bucket{path=\"/a\",le=\"0.001\"} 1\n"
	     "app_request_seconds_bucket{path=\"/a\",le=\"0.005\"} 2");
	says("app_request_seconds_bucket{path=\"/a\",le=\"5\"} 2\n"
	     "app_request_seconds_bucket{path=\"/a\",le=\"+Inf\"} 3\n"
	     "app_request_seconds_sum{path=\"/a\"} 7.002001\n"
	     "app_request_seconds_count{path=\"/a\"} 3");
}

static void what_another_version_counts_is_kept_and_printed_too(void **state)
{
	struct err e;

	(void)state;
	metrics_count(&other, "1");
	metrics_count(&requests, "/a", "ok");
	metrics_close();
	assert_int_equal(metrics_open(path, &e), 0);
	metrics_count(&requests, "/a", "ok");
	says("app_requests_total{path=\"/a\",outcome=\"ok\"} 2");
	says("# TYPE app_other_total counter\napp_other_total{n=\"1\"} 1");
	assert_null(strstr(text(), "# HELP app_other_total")); /* which this version does not know */
}

#define CHILDREN 4
#define EACH_COUNTS 20000

static void processes_that_count_at_once_lose_nothing_not_even_when_they_are_killed(void **state)
{
	int i, k, status;

	(void)state;
	for (i = 0; i < CHILDREN; i++) {
		if (fork())
			continue;
		for (k = 0; k < EACH_COUNTS; k++)
			metrics_count(&requests, "/a", "ok");
		raise(SIGKILL);
	}
	for (i = 0; i < CHILDREN; i++) {
		wait(&status);
		assert_true(WIFSIGNALED(status));
	}
	says("app_requests_total{path=\"/a\",outcome=\"ok\"} 80000");
}

/* cmocka has put a handler of its own in the place of ours, at the begin of the test. */
static void open_again(void)
{
	struct err e;

	assert_int_equal(metrics_open(path, &e), 0);
}

static void a_file_that_is_cut_below_who_counts_kills_nobody_and_counting_goes_on(void **state)
{
	(void)state;
	open_again();
	metrics_count(&requests, "/a", "ok");
	assert_int_equal(truncate(path, 0), 0);
	metrics_count(&requests, "/a", "ok"); /* would be SIGBUS */
	metrics_count(&requests, "/b", "ok");
	text();
	metrics_count(&requests, "/a", "ok");
	says("app_requests_total{path=\"/a\",outcome=\"ok\"} 1");
}

static void a_file_that_is_cut_in_the_middle_keeps_its_beginning_and_is_filled_up(void **state)
{
	struct stat st;

	(void)state;
	open_again();
	assert_int_equal(truncate(path, 4096), 0);
	metrics_count(&requests, "/a", "ok");
	text();
	metrics_count(&requests, "/a", "ok");
	says("app_requests_total{path=\"/a\",outcome=\"ok\"} 1");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 512 * 256);
	assert_true(st.st_blocks * 512 >= st.st_size);
}

/* The handler gives its place back to the one before it, however often the file was opened. */
static void a_file_that_is_cut_below_somebody_else_ends_the_process(void **state)
{
	const char *others = keep_text(str_printf("%s/others", folder));
	volatile char *map;
	int fd, status;

	(void)state;
	if (fork() == 0) {
		signal(SIGBUS, SIG_DFL);
		alarm(60);
		open_again();
		open_again();
		fd = open(others, O_RDWR | O_CREAT, 0600);
		assert_int_equal(ftruncate(fd, 4096), 0);
		map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		assert_int_equal(ftruncate(fd, 0), 0);
		*map = 1;
		_exit(0);
	}
	wait(&status);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
}

static void a_file_that_was_replaced_or_grew_is_counted_in(void **state)
{
	(void)state;
	metrics_count(&requests, "/a", "ok");
	assert_int_equal(unlink(path), 0);
	text();
	metrics_count(&requests, "/a", "ok");
	says("app_requests_total{path=\"/a\",outcome=\"ok\"} 1");
	assert_int_equal(truncate(path, 1 << 20), 0);
	metrics_count(&requests, "/a", "ok");
	says("app_requests_total{path=\"/a\",outcome=\"ok\"} 2");
}

static void write_text(const char *name, const char *what)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(what, f);
	fclose(f);
}

static void another_file_is_refused_and_left_as_it_is(void **state)
{
	struct stat st;
	struct err e;

	(void)state;
	metrics_close();
	write_text(path, "# settings\n");
	assert_int_equal(metrics_open(path, &e), -1);
	check_err("another file", &e, ERR_CONFIG, "METRICS_FILE: can't use ");
	check_err("another file", &e, ERR_CONFIG, "it is no file of counts");
	metrics_count(&requests, "/a", "ok");
	metrics_set(&last, NOW);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 11);
	assert_int_equal(unlink(path), 0); /* mended: counting begins by itself */
	text();
	metrics_count(&requests, "/a", "ok");
	says("app_requests_total{path=\"/a\",outcome=\"ok\"} 1");
}

static void a_folder_a_fifo_and_a_folder_that_is_not_there_are_refused(void **state)
{
	struct err e;

	(void)state;
	metrics_close();
	check_int("a folder", metrics_open(folder, &e), -1);
	check_int("no folder", metrics_open("/no/such/folder/metrics", &e), -1);
	check_err("no folder", &e, ERR_CONFIG, "/no/such/folder/metrics: No such file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	check_int("a FIFO", metrics_open(path, &e), -1);
}

static void a_link_in_a_folder_that_others_can_write_is_not_followed(void **state)
{
	const char *victim = keep_text(str_printf("%s/victim", folder));
	struct err e;

	(void)state;
	metrics_close();
	assert_int_equal(rename(path, victim), 0);
	assert_int_equal(symlink(victim, path), 0);
	assert_int_equal(metrics_open(path, &e), 0); /* nobody else put it there */
	metrics_close();
	assert_int_equal(chmod(folder, 01777), 0);
	assert_int_equal(metrics_open(path, &e), -1);
	check_err("a link", &e, ERR_CONFIG, "Too many levels of symbolic links");
}

static void the_file_is_for_its_owner_and_group_alone(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & S_IRWXO, 0);
}

static void what_finds_no_place_is_counted_as_lost(void **state)
{
	char n[16];
	int i;

	(void)state;
	for (i = 0; i < 512; i++) {
		snprintf(n, sizeof n, "%d", i);
		metrics_count(&other, n);
	}
	says("ordersnap_metrics_lost_total 1");
	says("app_other_total{n=\"77\"} 1");
}

static unsigned lines;

static void count_line(void *context, const char *line, size_t n)
{
	(void)context;
	(void)n;
	lines += strstr(line, "Metrics are not counted") != NULL;
}

static void a_file_that_cannot_be_used_is_told_once_until_it_can(void **state)
{
	struct buf out;
	struct err e;
	int i;

	(void)state;
	log_configure(&(struct log_options){.level = LOG_LEVEL_ERROR, .target = "stderr"});
	log_set_sink(count_line, NULL);
	buf_init(&out, 1 << 16);
	lines = 0;
	for (i = 0; i < 2; i++) {
		assert_int_equal(unlink(path), 0);
		assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(metrics_format(&out, families, NOW, &e), -1);
		assert_int_equal(metrics_format(&out, families, NOW, &e), -1);
		assert_int_equal(lines, i + 1);
		assert_int_equal(rmdir(path), 0);
		assert_int_equal(metrics_format(&out, families, NOW, &e), 0);
	}
	buf_free(&out);
	log_set_sink(NULL, NULL);
	log_configure(&(struct log_options){.level = LOG_LEVEL_ERROR, .target = "/dev/null"});
}

static void without_a_file_nothing_happens(void **state)
{
	struct buf out;
	struct err e;

	(void)state;
	metrics_close();
	metrics_count(&requests, "/a", "ok");
	buf_init(&out, 100);
	assert_int_equal(metrics_format(&out, families, NOW, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_int_equal(out.len, 0);
}

#define metric(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		metric(what_is_counted_is_printed_by_family_with_help_and_type),
		metric(a_bucket_has_what_the_smaller_ones_have_and_the_last_is_the_count),
		metric(what_another_version_counts_is_kept_and_printed_too),
		metric(processes_that_count_at_once_lose_nothing_not_even_when_they_are_killed),
		metric(a_file_that_is_cut_below_who_counts_kills_nobody_and_counting_goes_on),
		metric(a_file_that_is_cut_in_the_middle_keeps_its_beginning_and_is_filled_up),
		metric(a_file_that_is_cut_below_somebody_else_ends_the_process),
		metric(a_file_that_was_replaced_or_grew_is_counted_in),
		metric(another_file_is_refused_and_left_as_it_is),
		metric(a_folder_a_fifo_and_a_folder_that_is_not_there_are_refused),
		metric(a_link_in_a_folder_that_others_can_write_is_not_followed),
		metric(the_file_is_for_its_owner_and_group_alone),
		metric(what_finds_no_place_is_counted_as_lost),
		metric(a_file_that_cannot_be_used_is_told_once_until_it_can),
		metric(without_a_file_nothing_happens),
	};

	log_configure(&(struct log_options){.level = LOG_LEVEL_ERROR, .target = "/dev/null"});
	return cmocka_run_group_tests(tests, NULL, NULL);
}
