/* SPDX-License-Identifier: ISC */
/*
 * A writer's turn.  flock(2) has no time limit: a timer's signal, whose handler
 * does nothing, makes it fail.
 */
#include "store/store_sqlite_turn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define WAIT_MS 1000
#define AGAIN_MS 10000 /* so long nobody waits who once waited in vain */
#define TICK_MS 20     /* the first signal may come right before flock begins to wait */

static void on_signal(int number)
{
	(void)number;
}

/* The timer of this process, made when it is first needed: a fork has none. */
static timer_t *own_timer(void)
{
	static timer_t timer;
	static pid_t owner;
	struct sigaction action = {.sa_handler = on_signal};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
	sigset_t mine;

	if (owner == getpid())
		return &timer;
	sigemptyset(&action.sa_mask);
	sigemptyset(&mine);
	sigaddset(&mine, SIGRTMIN);
	if (sigaction(SIGRTMIN, &action, NULL) || sigprocmask(SIG_UNBLOCK, &mine, NULL) ||
	    timer_create(CLOCK_MONOTONIC, &event, &timer))
		return NULL;
	owner = getpid();
	return &timer;
}

void sqlite_turn_open(struct sqlite_turn *turn, const char *file)
{
	const char *slash = strrchr(file, '/');
	char *folder = slash ? str_printf("%.*s/", (int)(slash - file), file) : str_dup(".");

	turn->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	turn->open = turn->folder >= 0;
	turn->ours = false;
	turn->again = 0;
	free(folder);
}

void sqlite_turn_close(struct sqlite_turn *turn)
{
	if (turn->open)
		close(turn->folder);
	turn->open = turn->ours = false;
}

/* Whether the folder was locked within `ms`. */
static bool wait_for_turn(int folder, int64_t ms)
{
	const struct itimerspec limit = {.it_value.tv_sec = (time_t)(ms / 1000),
					 .it_value.tv_nsec = (long)(ms % 1000) * 1000000L,
					 .it_interval.tv_nsec = TICK_MS * 1000000L};
	int64_t until = deadline_in(ms);
	timer_t *timer = own_timer();
	int rc;

	if (!timer || timer_settime(*timer, 0, &limit, NULL))
		return false;
	do
		rc = flock(folder, LOCK_EX);
	while (rc && errno == EINTR && deadline_left(until)); /* some other signal */
	timer_settime(*timer, 0, &(struct itimerspec){.it_value.tv_sec = 0}, NULL);
	return rc == 0;
}

bool sqlite_turn_take(struct sqlite_turn *turn, int64_t deadline)
{
	int64_t left = deadline_left(deadline);

	if (!turn->open || turn->ours)
		return turn->ours;
	turn->ours = flock(turn->folder, LOCK_EX | LOCK_NB) == 0;
	if (turn->ours || left == 0 || clock_monotonic_ms() < turn->again)
		return turn->ours;
	turn->ours = wait_for_turn(turn->folder, left < WAIT_MS ? left : WAIT_MS);
	if (!turn->ours && left >= WAIT_MS)
		turn->again = deadline_in(AGAIN_MS);
	return turn->ours;
}

void sqlite_turn_give(struct sqlite_turn *turn)
{
	if (turn->ours)
		flock(turn->folder, LOCK_UN);
	turn->ours = false;
}
