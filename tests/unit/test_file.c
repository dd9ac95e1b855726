/* SPDX-License-Identifier: ISC */
/*
 * Files by their names: what somebody else may have put into a folder is not written, and nothing is
 * waited for that is no file.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

#define SOMEBODY 54321 /* a user and a group that own nothing */

static const char *folder, *path, *victim;

static int set_up(void **state)
{
	(void)state;
	folder = unit_folder();
	path = keep_text(str_printf("%s/file", folder));
	victim = keep_text(str_printf("%s/victim", folder));
	return 0;
}

static int tear_down(void **state)
{
	unit_remove_folder(folder);
	return unit_release(state);
}

static void put(const char *name, const char *text)
{
	int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Opens the file to write: 0, or why it could not be. */
static int open_it(void)
{
	int fd = file_open_to_write(path, O_WRONLY | O_APPEND, 0640), error = errno;

	if (fd >= 0)
		close(fd);
	return fd < 0 ? error : 0;
}

static void a_folder_is_what_stands_before_the_last_slash(void **state)
{
	static const struct {
		const char *path, *folder;
	} table[] = {
		{"/a/b/c", "/a/b"}, {"/a", "/"}, {"a", "."}, {"a/b", "a"}, {"./a", "."},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->path, keep_text(file_folder(row->path)), row->folder);
}

static void where_a_group_or_everybody_can_write_no_link_is_followed(void **state)
{
	static const mode_t modes[] = {0775, 01777, 0777, 0757};
	size_t i;

	(void)state;
	put(victim, "its own");
	assert_int_equal(symlink(victim, path), 0);
	assert_int_equal(open_it(), 0); /* nobody else put it there */
	for (i = 0; i < LENGTH(modes); i++) {
		const char *row = keep_text(str_printf("%o", modes[i]));

		assert_int_equal(chmod(folder, modes[i]), 0);
		check_int(row, open_it(), ELOOP);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(link(victim, path), 0);
	for (i = 0; i < LENGTH(modes); i++) {
		const char *row = keep_text(str_printf("%o", modes[i]));

		assert_int_equal(chmod(folder, modes[i]), 0);
		check_int(row, open_it(), EPERM);
	}
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(open_it(), 0);
}

static void no_descriptor_is_left_whatever_became_of_the_file(void **state)
{
	int before = unit_next_descriptor();

	(void)state;
	file_sync_folder(path);
	assert_int_equal(unit_next_descriptor(), before);
	put(victim, "");
	assert_int_equal(link(victim, path), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(open_it(), EPERM);
	assert_int_equal(unit_next_descriptor(), before);
}

static void a_new_file_has_the_mode_that_was_asked_for_at_most(void **state)
{
	mode_t before = umask(0);
	struct stat st;

	(void)state;
	assert_int_equal(open_it(), 0);
	umask(before);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

/* Colleagues of one group write each other's files; who is in no group with them does not. */
static void a_strangers_file_is_taken_where_the_folders_group_alone_can_write(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return; /* only root can give a file away */
	put(path, "");
	assert_int_equal(chown(path, SOMEBODY, SOMEBODY), 0);
	assert_int_equal(chmod(folder, 02775), 0);
	assert_int_equal(open_it(), 0);
	assert_int_equal(chmod(folder, 02777), 0);
	assert_int_equal(open_it(), EPERM);
	assert_int_equal(chown(folder, SOMEBODY, SOMEBODY), 0);
	assert_int_equal(open_it(), 0); /* it is the folder's owner's */
}

static void in_a_folder_of_somebody_else_no_link_is_followed(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return;
	put(victim, "its own");
	assert_int_equal(symlink(victim, path), 0);
	assert_int_equal(chown(folder, SOMEBODY, SOMEBODY), 0);
	assert_int_equal(open_it(), ELOOP);
}

static struct stat after_giving(void)
{
	int fd = open(path, O_WRONLY);
	struct stat st;

	assert_int_equal(file_give_to_owner(fd, path), 0);
	assert_int_equal(fstat(fd, &st), 0);
	close(fd);
	return st;
}

static uid_t owner_after_giving(void)
{
	struct stat st = after_giving();

	assert_int_equal(st.st_uid, st.st_gid);
	return st.st_uid;
}

static void what_root_makes_is_the_folders_owners_but_nothing_with_a_second_name(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return;
	put(path, "");
	assert_int_equal(owner_after_giving(), 0);
	assert_int_equal(chown(folder, 0, SOMEBODY), 0);
	assert_int_equal(after_giving().st_gid, SOMEBODY);
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(chown(folder, SOMEBODY, SOMEBODY), 0);
	assert_int_equal(link(path, victim), 0);
	assert_int_equal(owner_after_giving(), 0);
	assert_int_equal(unlink(victim), 0);
	assert_int_equal(owner_after_giving(), SOMEBODY);
}

/* Reads at most eight bytes of the file; `text` NULL with `e`. */
static const char *text_of(struct err *e)
{
	struct stat st;
	struct buf text;
	int rc;

	buf_init(&text, 8);
	rc = file_read(path, &text, &st, e);
	if (!rc)
		return keep_text(buf_detach(&text));
	buf_free(&text);
	return NULL;
}

static void a_file_is_read_up_to_its_maximum(void **state)
{
	int before = unit_next_descriptor();
	struct err e;

	(void)state;
	assert_null(text_of(&e));
	check_err("none", &e, ERR_CONFIG, "No such file or directory");
	put(path, "");
	assert_string_equal(text_of(&e), "");
	put(path, "12345678");
	assert_string_equal(text_of(&e), "12345678");
	put(path, "123456789");
	assert_null(text_of(&e));
	check_err("nine bytes", &e, ERR_CONFIG, "is larger than 8 bytes");
	assert_int_equal(unit_next_descriptor(), before);
}

static void a_fifo_and_a_folder_are_no_files_and_are_not_waited_for(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(30); /* the end of a program that waits */
	assert_null(text_of(&e));
	check_err("a FIFO", &e, ERR_CONFIG, "not a file");
	assert_int_equal(open_it(), ENXIO); /* nobody reads it */
	alarm(0);
	path = folder;
	assert_null(text_of(&e));
	check_err("a folder", &e, ERR_CONFIG, "not a file");
}

/* What becomes of a process where these of the first three are closed: 0, or what is wrong. */
static int hold(int closed)
{
	int fd, other;

	for (fd = 0; fd < 3; fd++)
		if (closed & 1 << fd)
			close(fd);
	file_hold_standard();
	for (fd = 0; fd < 3; fd++)
		if (closed & 1 << fd && (fcntl(fd, F_GETFL) & O_ACCMODE) != (fd ? O_RDONLY : O_WRONLY))
			return 1 + fd;
	other = open(path, O_CREAT | O_RDWR, 0600);
	return other > 2 && (!(closed & 4) || (write(2, "x", 1) == -1 && errno == EBADF)) ? 0 : 4;
}

static void of_the_first_three_descriptors_none_becomes_a_file(void **state)
{
	int closed, status;
	pid_t child;

	(void)state;
	for (closed = 0; closed < 8; closed++) {
		child = fork();
		if (child == 0)
			_exit(hold(closed));
		assert_int_equal(waitpid(child, &status, 0), child);
		check_int(keep_text(str_printf("closed: %d", closed)), status, 0);
	}
}

static bool third_time(void *context)
{
	return ++*(int *)context == 3;
}

static void input_that_cant_be_waited_for_is_an_error_and_no_endless_loop(void **state)
{
	struct rlimit before, none;
	int times = 0, ends[2], error;
	char byte;
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max}; /* poll() fails with EINVAL */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	n = file_read_until(ends[0], &byte, 1, third_time, &times);
	error = errno;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	check_int("read", n, -1);
	check_int("why", error, EINVAL);
	close(ends[0]);
	close(ends[1]);
}

#define in_a_folder(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_folder_is_what_stands_before_the_last_slash),
		in_a_folder(where_a_group_or_everybody_can_write_no_link_is_followed),
		in_a_folder(in_a_folder_of_somebody_else_no_link_is_followed),
		in_a_folder(no_descriptor_is_left_whatever_became_of_the_file),
		in_a_folder(a_new_file_has_the_mode_that_was_asked_for_at_most),
		in_a_folder(a_strangers_file_is_taken_where_the_folders_group_alone_can_write),
		in_a_folder(input_that_cant_be_waited_for_is_an_error_and_no_endless_loop),
		in_a_folder(what_root_makes_is_the_folders_owners_but_nothing_with_a_second_name),
		in_a_folder(a_file_is_read_up_to_its_maximum),
		in_a_folder(of_the_first_three_descriptors_none_becomes_a_file),
		in_a_folder(a_fifo_and_a_folder_are_no_files_and_are_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
