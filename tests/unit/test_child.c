/* SPDX-License-Identifier: ISC */
/*
 * Programs that somebody else wrote: what they get, and how each of them ends.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"

#define LONG 30000 /* ms; no test comes near it */
#define SHORT 300  /* ms; for one that never ends */

static const char *folder;

static const char *path_of(const char *name)
{
	return keep_text(str_printf("%s/%s", folder, name));
}

static const char *script(const char *text, unsigned mode)
{
	const char *path = path_of("hook");
	FILE *f;

	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static const char *text_of(const char *name)
{
	char text[4000];
	FILE *f = fopen(path_of(name), "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = '\0';
	return keep_text(str_dup(text));
}

static int run_limited(const char *text, const char *input, int64_t limit_ms, enum child_left *left,
		       struct err *e)
{
	char here[] = "OUT=", path[] = "PATH=/usr/bin:/bin";
	char *out = str_printf("%s%s", here, folder), *environment[] = {out, path, NULL};
	const struct child child = {.path = script(text, 0755), .environment = environment,
				    .input = span_of(input), .limit_ms = limit_ms};
	int rc = child_run(&child, left, e);

	free(out);
	return rc;
}

static int run(const char *text, const char *input, struct err *e)
{
	enum child_left left;

	return run_limited(text, input, LONG, &left, e);
}

static void a_program_gets_its_input_and_its_variables(void **state)
{
	const char *big = repeat("0123456789abcdef", 40000);
	struct err e;

	(void)state;
	assert_int_equal(run("#!/bin/sh\ncat >\"$OUT/in\"; env | sort >\"$OUT/env\"; pwd >\"$OUT/pwd\"\n",
			     "{\"orderId\":\"cs_1\"}", &e), 0);
	check_text("input", text_of("in"), "{\"orderId\":\"cs_1\"}");
	check("no more variables", !strstr(text_of("env"), "HOME="));
	check_text("folder", text_of("pwd"), "/\n");
	assert_int_equal(run("#!/bin/sh\nexec >/dev/null 2>&1\nwc -c >\"$OUT/in\"\n", big, &e), 0);
	check_text("all of a large one", text_of("in"), "640000\n");
}

static void it_has_three_descriptors_default_signals_and_a_group_of_its_own(void **state)
{
	int fd = open("/dev/null", O_RDONLY), other = fcntl(fd, F_DUPFD, 40);
	sigset_t blocked;
	struct err e;

	(void)state;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	assert_int_equal(run("#!/bin/sh\nexec 9</dev/null\nls /proc/self/fd >\"$OUT/fds\"\n"
			     "cut -d' ' -f1,5,6 /proc/self/stat >\"$OUT/group\"\necho $$ >\"$OUT/pid\"\n",
			     "", &e), 0);
	/* A shell would unblock them for itself.  The C library's own, 32 and 33, are not ours to say. */
	assert_int_equal(run("#!/usr/bin/awk -f\nBEGIN { while ((getline < \"/proc/self/status\") > 0)\n"
			     "if (/^Sig(Blk|Ign)/) print substr($0, 1, 6), substr($2, length($2) - 6) "
			     "> ENVIRON[\"OUT\"] \"/signals\" }\n", "", &e), 0);
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	close(fd);
	close(other);
	check("no 40", !strstr(text_of("fds"), "40"));
	check_text("signals", text_of("signals"), "SigBlk 0000000\nSigIgn 0000000\n");
	check("group", strstr(text_of("group"), keep_text(span_dup(span_trim(span_of(text_of("pid")))))));
}

static void how_one_ends_is_named(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"#!/bin/sh\nexit 3\n", "hook ended with status 3"},
		{"#!/bin/sh\necho first; echo 'no \033[31mmailer' >&2; exit 75\n",
		 "hook ended with status 75: no  [31mmailer"},
		{"#!/bin/sh\nprintf 'no newline'; exit 1\n", "hook ended with status 1: no newline"},
		{"#!/bin/sh\nprintf 'a\\377b\\200c'; exit 1\n", "hook ended with status 1: a?b?c"},
		{"#!/bin/sh\nprintf 'no mailer\\n \\t\\033\\n  '; exit 1\n", "hook ended with status 1: no mailer"},
		{"#!/bin/sh\nkill -SEGV $$\n", "hook was ended by signal 11"},
		/* of a long line the begin, to its last whole character: 199 bytes and the two of an é */
		{"#!/bin/sh\nprintf 'x%0150d\\303\\251\\303\\251%043d\\303\\251y' 0 0; exit 1\n",
		 "0000\xC3\xA9\xC3\xA9" "0000000000000000000000000000000000000000000"},
		{"#!/bin/sh\nprintf '%070000dend' 1; exit 1\n", "hook ended with status 1: 00000000"},
		{"#!/bin/sh\nyes\n", "hook wrote more than a megabyte, and was killed: y"},
		{"exit 0\n", "hook can't be run: it is no program, and a script begins with a line like"},
		{"#!/nowhere/sh\n", "hook can't be run: it, or what its #! line names, is not there"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		struct err e = {.code = ERR_NONE};

		check_int(rows[i].text, run(rows[i].text, repeat("x", 300000), &e), -1);
		check_err(rows[i].text, &e, ERR_UNAVAILABLE, rows[i].want);
		check(rows[i].text, span_utf8_length(span_of(e.text)) > 0);
	}
}

static void one_that_floods_is_killed_at_once(void **state)
{
	struct unit_watch watch = unit_watch_begin();
	struct err e;

	(void)state;
	assert_int_equal(run("#!/bin/sh\nyes\n", "", &e), -1);
	check_err("flood", &e, ERR_UNAVAILABLE, "wrote more than a megabyte");
	assert_true(unit_watch_took(&watch, 0, LONG / 2));
}

/* Waits until the process is gone whose number stands in the file `pid`. */
static void check_gone(const char *row)
{
	int64_t pid = 0, until = deadline_in(LONG);

	check(row, span_to_int64(span_trim(span_of(text_of("pid"))), &pid) == 0 && pid > 1);
	while (kill((pid_t)pid, 0) == 0 && deadline_pause(5, until))
		;
	check(row, kill((pid_t)pid, 0) != 0 && errno == ESRCH);
	unlink(path_of("pid"));
}

static void one_that_hangs_is_killed_with_all_that_it_started(void **state)
{
	static const char *const rows[] = {
		"#!/bin/sh\nsleep 1000 & echo $! >\"$OUT/pid\"; sleep 1000\n",
		"#!/bin/sh\ntrap '' TERM HUP INT; sleep 1000 & echo $! >\"$OUT/pid\"; wait; wait\n",
		"#!/bin/sh\nexec >/dev/null 2>&1; sleep 1000 & echo $! >\"$OUT/pid\"; wait\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		struct err e = {.code = ERR_NONE};
		enum child_left left;

		check_int(rows[i], run_limited(rows[i], repeat("x", 300000), SHORT, &left, &e), -1);
		check_err(rows[i], &e, ERR_UNAVAILABLE, "was not done within its time, and was killed");
		check_gone(rows[i]);
	}
}

static void one_that_reads_nothing_may_end_well(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(run("#!/bin/sh\nexit 0\n", repeat("x", 300000), &e), 0);
}

static void what_is_left_of_one_that_ended_is_killed_and_told(void **state)
{
	struct err e;
	enum child_left left;

	(void)state;
	assert_int_equal(run_limited("#!/bin/sh\nsleep 1000 & echo $! >\"$OUT/pid\"; exit 0\n", "", SHORT,
				     &left, &e), 0);
	assert_int_equal(left, CHILD_LEFT_KILLED);
	check_gone("left");
	assert_int_equal(run_limited("#!/bin/sh\nsleep 1000 & exit 4\n", "", SHORT, &left, &e), -1);
	check_err("status", &e, ERR_UNAVAILABLE, "hook ended with status 4");
	assert_int_equal(run_limited("#!/bin/sh\n(sleep 0; echo done >\"$OUT/late\") & exit 0\n", "",
				     LONG, &left, &e), 0);
	assert_int_equal(left, CHILD_LEFT_NONE);
	check_text("it was waited for", text_of("late"), "done\n");
}

/* However slow the machine is, with twice the time it has left some time. */
static void what_has_left_the_group_is_told_to_go_on(void **state)
{
	static const char text[] = "#!/bin/sh\nsetsid sh -c 'echo $$ >\"$OUT/alone\"; exec sleep 1000' &\n"
				   "until [ -s \"$OUT/alone\" ]; do sleep 0.01; done\n";
	enum child_left left;
	struct err e;
	int64_t ms = SHORT;
	int rc;

	(void)state;
	do {
		unlink(path_of("alone"));
		rc = run_limited(text, "", ms, &left, &e);
		if (atol(text_of("alone")) > 1)
			kill((pid_t)atol(text_of("alone")), SIGKILL);
		ms *= 2;
	} while (rc && ms < LONG);
	assert_int_equal(rc, 0);
	assert_int_equal(left, CHILD_LEFT_ALIVE);
}

static void nothing_stays_open(void **state)
{
	int before = unit_next_descriptor(), i;
	struct err e;

	(void)state;
	for (i = 0; i < 3; i++) {
		run("#!/bin/sh\nexit 0\n", "x", &e);
		run("#!/nowhere/sh\n", "x", &e);
	}
	assert_int_equal(unit_next_descriptor(), before);
}

static void what_cannot_be_begun_is_an_error_and_leaves_nothing_open(void **state)
{
	const char *path = script("#!/bin/sh\nexit 0\n", 0755);
	char *environment[] = {NULL};
	const struct child child = {.path = path, .environment = environment, .limit_ms = LONG},
			   is_folder = {.path = folder, .environment = environment, .limit_ms = LONG};
	int before = unit_next_descriptor(), left;
	struct rlimit usual, few;
	enum child_left ignored;
	struct err e;

	(void)state;
	assert_int_equal(child_run(&is_folder, &ignored, &e), -1);
	check_err("folder", &e, ERR_UNAVAILABLE, "can't be run: Permission denied");
	assert_int_equal(unit_next_descriptor(), before);

	/* It needs four descriptors, for two pipes. */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	for (left = 0; left < 4; left++) {
		const char *row = keep_text(str_printf("%d left", left));
		int rc;

		few = (struct rlimit){(rlim_t)(before + left), usual.rlim_max};
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		rc = child_run(&child, &ignored, &e);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
		check_int(row, rc, -1);
		check_err(row, &e, ERR_UNAVAILABLE, "there is no pipe for it: Too many open files");
		check_int(row, unit_next_descriptor(), before);
	}
}

static void a_file_that_others_can_change_is_refused(void **state)
{
	const char *good = script("#!/bin/sh\n", 0755), *open_folder = path_of("open");
	char *inside = str_printf("%s/hook", open_folder);
	struct err e = {.code = ERR_NONE};

	(void)state;
	assert_int_equal(child_check_file(good, &e), 0);
	chmod(good, 0775);
	assert_int_equal(child_check_file(good, &e), 0);
	chmod(good, 0757);
	check_int("written", child_check_file(good, &e), -1);
	check_err("written", &e, ERR_CONFIG, "hook can be written by everybody");
	chmod(good, 0644);
	check_int("mode", child_check_file(good, &e), -1);
	check_err("mode", &e, ERR_CONFIG, "hook can't be executed by this user: chmod +x it");
	check_int("none", child_check_file(path_of("none"), &e), -1);
	check_err("none", &e, ERR_CONFIG, "none: No such file or directory");
	check_int("folder", child_check_file(folder, &e), -1);
	check_err("folder", &e, ERR_CONFIG, "is no file");
	mkdir(open_folder, 0755);
	chmod(good, 0755);
	rename(good, inside);
	assert_int_equal(child_check_file(inside, &e), 0);
	chmod(open_folder, 0777);
	check_int("open folder", child_check_file(inside, &e), -1);
	check_err("open folder", &e, ERR_CONFIG, "everybody can put another program in its place");
	assert_int_equal(symlink(inside, path_of("link")), 0);
	check_int("link", child_check_file(path_of("link"), &e), -1);
	check_err("link", &e, ERR_CONFIG, "open/hook: everybody can put another program in its place");
	unlink(path_of("link"));
	chmod(open_folder, 01777);
	assert_int_equal(child_check_file(inside, &e), 0);
	chmod(open_folder, 0755);
	chmod(folder, 0777);
	check_int("above", child_check_file(inside, &e), -1);
	check_err("above", &e, ERR_CONFIG, keep_text(str_printf("chmod o-w %s", folder)));
	chmod(folder, 0700);
	if (geteuid() == 0) {
		assert_int_equal(chown(open_folder, 12345, 0), 0);
		check_int("folder's owner", child_check_file(inside, &e), -1);
		check_err("folder's owner", &e, ERR_CONFIG, "open belongs to another user (12345), who can put");
		assert_int_equal(chown(open_folder, 0, 0), 0);
		assert_int_equal(chown(inside, 12345, 0), 0);
		check_int("owner", child_check_file(inside, &e), -1);
		check_err("owner", &e, ERR_CONFIG, "hook belongs to another user (12345)");
	}
	unlink(inside);
	rmdir(open_folder);
	free(inside);
}

static int begin(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	folder = unit_folder();
	return 0;
}

static int end(void **state)
{
	unit_remove_folder(folder);
	return unit_release(state);
}

#define in_a_folder(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(a_program_gets_its_input_and_its_variables),
		in_a_folder(it_has_three_descriptors_default_signals_and_a_group_of_its_own),
		in_a_folder(how_one_ends_is_named),
		in_a_folder(one_that_floods_is_killed_at_once),
		in_a_folder(one_that_hangs_is_killed_with_all_that_it_started),
		in_a_folder(one_that_reads_nothing_may_end_well),
		in_a_folder(what_is_left_of_one_that_ended_is_killed_and_told),
		in_a_folder(what_has_left_the_group_is_told_to_go_on),
		in_a_folder(nothing_stays_open),
		in_a_folder(what_cannot_be_begun_is_an_error_and_leaves_nothing_open),
		in_a_folder(a_file_that_others_can_change_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
