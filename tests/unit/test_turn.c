/* SPDX-License-Identifier: ISC */
/*
 * Whose turn it is to write: it comes when the other one is done, it is not
 * waited for beyond a deadline, and whoever has none writes all the same.
 */
#include "unit.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store_sqlite_turn.h"

static char folder[] = "/tmp/ordersnap-turn.XXXXXX";
static char *file;

/* Whoever starts a program may have blocked its signals. */
static int make_folder(void **state)
{
	sigset_t blocked;

	(void)state;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGRTMIN);
	assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
	assert_non_null(mkdtemp(folder));
	file = str_printf("%s/orders.db", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	free(file);
	return rmdir(folder);
}

static void a_turn_is_one_writers_at_a_time(void **state)
{
	struct sqlite_turn one, two;
	int64_t began = clock_monotonic_ms();

	(void)state;
	sqlite_turn_open(&one, file);
	sqlite_turn_open(&two, file);
	assert_true(sqlite_turn_take(&one, deadline_in(5000)));
	assert_true(sqlite_turn_take(&one, deadline_in(5000)));
	assert_false(sqlite_turn_take(&two, deadline_in(30)));
	assert_true(clock_monotonic_ms() - began >= 30);
	assert_int_equal(two.again, 0); /* a second may be enough the next time */
	sqlite_turn_give(&two); /* it is not its own to give */
	assert_false(sqlite_turn_take(&two, deadline_in(0)));
	sqlite_turn_give(&one);
	assert_true(sqlite_turn_take(&two, deadline_in(0)));
	assert_false(sqlite_turn_take(&one, deadline_in(0)));
	sqlite_turn_close(&two);
	assert_true(sqlite_turn_take(&one, deadline_in(0)));
	sqlite_turn_close(&one);
	assert_false(sqlite_turn_take(&one, deadline_in(0)));
}

/* The other process has the turn until this one waits for it, as /proc tells. */
static void the_turn_comes_when_the_other_process_is_done(void **state)
{
	const char *wait = keep_text(str_printf("grep -q ' -> .*FLOCK.* %d ' /proc/locks", getpid()));
	struct sqlite_turn turn;
	int ready[2], status;
	char byte;
	pid_t other;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	other = fork();
	if (other == 0) {
		sqlite_turn_open(&turn, file);
		sqlite_turn_take(&turn, deadline_in(0));
		status = write(ready[1], "x", 1) == 1 ? 0 : 1;
		while (system(wait) != 0)
			usleep(1000);
		_exit(status); /* the turn ends with the process that has it */
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	sqlite_turn_open(&turn, file);
	while (!sqlite_turn_take(&turn, deadline_in(20000)))
		turn.again = 0; /* a second may be too short on a busy machine */
	sqlite_turn_close(&turn);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(status, 0);
	close(ready[0]);
	close(ready[1]);
}

static void who_waited_in_vain_does_not_wait_again_soon(void **state)
{
	struct sqlite_turn one, two;
	int64_t began;

	(void)state;
	sqlite_turn_open(&one, file);
	sqlite_turn_open(&two, file);
	sqlite_turn_take(&one, deadline_in(0));
	began = clock_monotonic_ms();
	assert_false(sqlite_turn_take(&two, deadline_in(60000)));
	assert_true(clock_monotonic_ms() - began >= 1000);
	assert_true(two.again > clock_monotonic_ms());
	began = two.again;
	assert_false(sqlite_turn_take(&two, deadline_in(60000)));
	assert_int_equal(two.again, began); /* it has not waited */
	sqlite_turn_close(&two);
	sqlite_turn_close(&one);
}

static void on_signal(int number)
{
	(void)number;
}

static void another_signal_ends_no_wait(void **state)
{
	struct sigaction action = {.sa_handler = on_signal}, before;
	struct sqlite_turn one, two;
	int64_t began;

	(void)state;
	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, &before);
	sqlite_turn_open(&one, file);
	sqlite_turn_open(&two, file);
	sqlite_turn_take(&one, deadline_in(0));
	began = clock_monotonic_ms();
	ualarm(2000, 2000);
	assert_false(sqlite_turn_take(&two, deadline_in(30)));
	ualarm(0, 0);
	assert_true(clock_monotonic_ms() - began >= 30);
	sigaction(SIGALRM, &before, NULL);
	sqlite_turn_close(&two);
	sqlite_turn_close(&one);
}

static void without_a_folder_there_are_no_turns(void **state)
{
	struct sqlite_turn turn;

	(void)state;
	sqlite_turn_open(&turn, "/nonexistent/orders.db");
	assert_false(sqlite_turn_take(&turn, deadline_in(60000)));
	sqlite_turn_give(&turn);
	sqlite_turn_close(&turn);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		holds(a_turn_is_one_writers_at_a_time),
		holds(the_turn_comes_when_the_other_process_is_done),
		holds(who_waited_in_vain_does_not_wait_again_soon),
		holds(another_signal_ends_no_wait),
		holds(without_a_folder_there_are_no_turns),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
