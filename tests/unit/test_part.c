/* SPDX-License-Identifier: ISC */
/*
 * FILE.part: ours alone, locked, and the file that has the name.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/part.h"

static const char *folder, *part, *whole;
static int finishing; /* so many runs come to their end right before a lock is taken */
static int lockless;  /* what the file system says to a lock, which it has none of; 0: it has */
static int modeless;  /* the same of a mode */

/* The run before gives its file the whole's name, and its lock back. */
int flock(int fd, int operation)
{
	if (finishing > 0) {
		finishing--;
		assert_int_equal(rename(part, whole), 0);
	}
	errno = lockless;
	return lockless ? -1 : (int)syscall(SYS_flock, fd, operation);
}

int fchmod(int fd, mode_t mode)
{
	errno = modeless;
	return modeless ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

static int set_up(void **state)
{
	(void)state;
	folder = unit_folder();
	part = keep_text(str_printf("%s/file.part", folder));
	whole = keep_text(str_printf("%s/file", folder));
	finishing = lockless = modeless = 0;
	return 0;
}

static int tear_down(void **state)
{
	unit_remove_folder(folder);
	return unit_release(state);
}

static void write_text(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static void it_is_made_or_taken_over_for_this_user_alone(void **state)
{
	struct stat st;
	struct err e;
	int fd, next = unit_next_descriptor();

	(void)state;
	fd = part_open(part, "copy", &e);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(part_sync(part, fd, &e), 0);
	check_int("two at once", part_open(part, "copy", &e), -1);
	check_err("two at once", &e, ERR_UNAVAILABLE, "another copy is writing ");
	close(fd);

	write_text(part, "left");
	chmod(part, 0644);
	fd = part_open(part, "copy", &e);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 4);
	close(fd);
	assert_int_equal(unit_next_descriptor(), next);
}

static void what_the_run_before_has_finished_is_not_touched(void **state)
{
	struct stat st;
	struct err e;
	int fd;

	(void)state;
	for (finishing = 2; finishing;) {
		write_text(part, "whole");
		fd = part_open(part, "copy", &e);
		assert_true(fd >= 0);
		assert_true(part_is_named(part, fd));
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_size, 0);
		assert_int_equal(stat(whole, &st), 0);
		close(fd);
	}
	finishing = 1000;
	check_int("without an end", part_open(part, "copy", &e), -1);
	check_err("without an end", &e, ERR_UNAVAILABLE, "other runs write ");
}

static void where_there_are_no_modes_it_is_said_what_is_missing(void **state)
{
	int next = unit_next_descriptor();
	struct err e;

	(void)state;
	modeless = EPERM;
	check_int("no modes", part_open(part, "copy", &e), -1);
	check_err("no modes", &e, ERR_UNAVAILABLE, "file.part the mode 600, its owner's alone: Operation not "
		  "permitted: write to a disk that keeps modes");
	check_int("closed", unit_next_descriptor(), next);
}

static void what_is_not_ours_is_refused(void **state)
{
	const char *victim = keep_text(str_printf("%s/victim", folder));
	struct err e;

	(void)state;
	write_text(victim, "theirs");
	assert_int_equal(symlink(victim, part), 0);
	check_int("a link", part_open(part, "copy", &e), -1);
	check_err("a link", &e, ERR_UNAVAILABLE, "can't open ");
	unlink(part);
	assert_int_equal(link(victim, part), 0);
	check_int("a second name", part_open(part, "copy", &e), -1);
	check_err("a second name", &e, ERR_UNAVAILABLE, "somebody else's: remove it");
	unlink(part);
	assert_int_equal(mkfifo(part, 0600), 0);
	check_int("a pipe", part_open(part, "copy", &e), -1);
	check_err("a pipe", &e, ERR_UNAVAILABLE, "is no file: remove it");
}

static void a_file_that_took_its_name_is_seen(void **state)
{
	struct err e;
	int fd;

	(void)state;
	fd = part_open(part, "copy", &e);
	assert_int_equal(rename(part, whole), 0);
	check_int("gone", part_sync(part, fd, &e), -1);
	check_err("gone", &e, ERR_UNAVAILABLE, "is another file now");
	write_text(part, "another");
	check_int("another", part_sync(part, fd, &e), -1);
	unlink(part);
	assert_int_equal(symlink(whole, part), 0);
	check_int("a link to it", part_sync(part, fd, &e), -1);
	close(fd);
}

static void a_name_of_no_file_is_not_given_to_one(void **state)
{
	static const char *const taken[] = {"/dev/null", "/dev", "/"};
	struct err e = {.code = ERR_NONE};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(taken); i++) {
		check_int(taken[i], part_check_name(taken[i], &e), -1);
		check_int(taken[i], e.code, ERR_UNAVAILABLE);
		assert_int_equal(symlink(taken[i], part), 0);
		check_int("a link", part_check_name(part, &e), -1);
		unlink(part);
	}
	check_int("none", part_check_name(whole, &e), 0);
	write_text(whole, "");
	check_int("a file", part_check_name(whole, &e), 0);
	assert_int_equal(symlink(whole, part), 0);
	check_int("a link to one", part_check_name(part, &e), 0);
}

static void where_there_are_no_locks_nobody_else_is_blamed(void **state)
{
	struct err e;

	(void)state;
	lockless = ENOLCK;
	check_int("no locks", part_open(part, "copy", &e), -1);
	check_err("no locks", &e, ERR_UNAVAILABLE, "file.part: No locks available: write to a disk of this machine");
}

#define with_folder(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(it_is_made_or_taken_over_for_this_user_alone),
		with_folder(where_there_are_no_locks_nobody_else_is_blamed),
		with_folder(where_there_are_no_modes_it_is_said_what_is_missing),
		with_folder(what_the_run_before_has_finished_is_not_touched),
		with_folder(what_is_not_ours_is_refused),
		with_folder(a_file_that_took_its_name_is_seen),
		with_folder(a_name_of_no_file_is_not_given_to_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
