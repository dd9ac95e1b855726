/* SPDX-License-Identifier: ISC */
/*
 * Watching over workers.  The one idea: all signals are blocked but where the
 * master waits for them, so it handles one thing after the other and no handler
 * runs.
 */
#include "web/master.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define SOON_MS 1000      /* a worker that dies so soon after its start may do so again */
#define PAUSE_MS 100      /* before such a one is replaced: */
#define PAUSE_MAX_MS 5000 /* doubled each time, up to this */
#define STOP_MS 10000     /* a request ends within eight seconds */
#define IDLE_MS 60000
#define CHECK_MS 30000  /* a look at the settings may take, with all that it asks for */
#define CHECK_NAP_MS 10 /* between two looks whether it has ended */

/* The place of one worker. */
struct place {
	pid_t pid;          /* 0: there is none now */
	int64_t since;      /* when it was forked, clock_monotonic_ms() */
	int64_t next;       /* when the next one is due */
	int64_t pause;      /* after its death, if that comes soon */
};

struct master {
	struct place *places;
	size_t n;
	sigset_t signals, before; /* those that are waited for; the mask of others */
};

int master_workers(const char *value, size_t *workers, struct err *e)
{
	int64_t n;

	*workers = 0;
	if (str_empty(value))
		return 0;
	if (span_to_int64(span_of(value), &n) || n < 1 || n > MASTER_WORKERS_MAX)
		return err_set(e, ERR_CONFIG, "WORKERS must be a number from 1 to %d, not \"%s\"",
			       MASTER_WORKERS_MAX, value);
	*workers = (size_t)n;
	return 0;
}

/* Starts a worker in its place; where none can be started, the next try is some seconds
 * away.  True in the worker, which does not outlive the master. */
static bool fork_worker(struct master *m, struct place *place)
{
	pid_t master = getpid(), pid = fork();

	place->since = clock_monotonic_ms();
	if (pid < 0) {
		log_error("Worker not started", LOG_INT("errno", errno));
		place->next = place->since + PAUSE_MAX_MS;
		return false;
	}
	place->pid = pid;
	if (pid > 0)
		return false;
	sigprocmask(SIG_SETMASK, &m->before, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != master)
		raise(SIGTERM); /* it died before it could be told */
	return true;
}

/* True in a worker. */
static bool fork_due(struct master *m)
{
	int64_t now = clock_monotonic_ms();
	size_t i;

	for (i = 0; i < m->n; i++)
		if (!m->places[i].pid && m->places[i].next <= now && fork_worker(m, &m->places[i]))
			return true;
	return false;
}

/* Takes in the workers that have ended, also those of before an upgrade, which have no
 * place here. One that died soon after its start may do so again: each time the pause
 * doubles. */
static void reap(struct master *m, bool stopping)
{
	int64_t now = clock_monotonic_ms();
	int status;
	pid_t pid;
	size_t i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct place *place = NULL;

		for (i = 0; i < m->n; i++)
			if (m->places[i].pid == pid)
				place = &m->places[i];
		if (!place)
			continue;
		place->pid = 0;
		if (stopping)
			continue;
		place->next = now;
		if (now - place->since >= SOON_MS) {
			place->pause = PAUSE_MS;
		} else {
			place->next += place->pause;
			place->pause = 2 * place->pause < PAUSE_MAX_MS ? 2 * place->pause
								       : PAUSE_MAX_MS;
		}
		log_warning("Worker ended", LOG_INT("pid", pid),
			    LOG_INT(WIFSIGNALED(status) ? "signal" : "status",
				    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)),
			    LOG_INT("nextInMs", place->next - now));
	}
}

/* Sends a signal to each worker that runs. */
static void tell_all(const struct master *m, int number)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (m->places[i].pid)
			kill(m->places[i].pid, number);
}

/* The next signal, or 0 after `ms` without one. */
static int wait_for_signal(const struct master *m, int64_t ms)
{
	const struct timespec limit = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
	int number = sigtimedwait(&m->signals, NULL, &limit);

	return number > 0 ? number : 0;
}

/* How long nothing is due. */
static int64_t time_to_next(const struct master *m)
{
	int64_t now = clock_monotonic_ms(), next = now + IDLE_MS;
	size_t i;

	for (i = 0; i < m->n; i++)
		if (!m->places[i].pid && m->places[i].next < next)
			next = m->places[i].next;
	return next > now ? next - now : 0;
}

/* Whether a worker is there, of those too that a reload has told to end. */
static bool has_workers(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Tells all to stop, waits as long as a request may take, and kills those that are still
 * there. */
static void stop_all(struct master *m)
{
	int64_t end = deadline_in(STOP_MS);

	tell_all(m, SIGTERM);
	for (;;) {
		reap(m, true);
		if (!has_workers() || !deadline_left(end))
			break;
		wait_for_signal(m, deadline_left(end));
	}
	tell_all(m, SIGKILL);
}

/* The signals that tell a master what to do. */
static const int commands[] = {SIGHUP, SIGTERM, SIGINT, SIGUSR1};

#define COMMANDS (sizeof commands / sizeof *commands)

/* Of these all but SIGHUP end it. */
static bool is_stop(int number)
{
	return number == SIGTERM || number == SIGINT || number == SIGUSR1;
}

/* Whether the master has been told to end, and has not heard it yet. */
static bool is_told_to_stop(void)
{
	sigset_t pending;
	size_t i;

	sigpending(&pending);
	for (i = 0; i < COMMANDS; i++)
		if (is_stop(commands[i]) && sigismember(&pending, commands[i]) == 1)
			return true;
	return false;
}

/* Runs the program's file with `argument`, away from the listener; whether it
 * exits 0. */
static bool checks_out(const struct master *m, const char *path, const char *argument)
{
	int64_t end = deadline_in(CHECK_MS);
	pid_t pid = fork(), ended = 0;
	int status, null;

	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &m->before, NULL);
		null = open("/dev/null", O_RDONLY);
		if (null >= 0)
			dup2(null, STDIN_FILENO);
		execl(path, path, argument, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && (ended = waitpid(pid, &status, WNOHANG)) == 0 && !is_told_to_stop() &&
	       deadline_pause(CHECK_NAP_MS, end))
		;
	if (pid > 0 && ended == 0) {
		kill(pid, SIGKILL);
		ended = waitpid(pid, &status, 0);
	}
	return pid > 0 && ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void master_hold_reload(void)
{
	sigset_t reload;

	sigemptyset(&reload);
	sigaddset(&reload, SIGHUP);
	sigprocmask(SIG_BLOCK, &reload, NULL);
}

/* Comes back only where the program as it is now would not start. */
static void reload(struct master *m, const char *path, const char *check)
{
	bool starts = checks_out(m, path, check);
	sigset_t mask = m->before;
	size_t i;

	if (is_told_to_stop())
		return;
	if (!starts) {
		log_error("Reload refused: the workers stay as they are", LOG_STR("program", path),
			  LOG_STR("toSeeWhy", check));
		return;
	}
	log_info("Reload", LOG_STR("program", path));
	tell_all(m, SIGTERM); /* they finish what they are at, and what comes waits in the backlog */
	for (i = 0; i < COMMANDS; i++)
		sigaddset(&mask, commands[i]); /* the next one waits until the new program does */
	sigprocmask(SIG_SETMASK, &mask, NULL);
	execl(path, path, (char *)NULL);
	sigprocmask(SIG_BLOCK, &m->signals, NULL);
	log_error("Reload failed: the file can't be executed", LOG_STR("program", path),
		  LOG_INT("errno", errno));
}

enum master_end master_run(size_t workers, const char *path, const char *check)
{
	struct master m = {.places = mem_zalloc(workers, sizeof *m.places), .n = workers};
	int number = 0;
	size_t i;

	for (i = 0; i < workers; i++)
		m.places[i].pause = PAUSE_MS;
	sigemptyset(&m.signals);
	sigaddset(&m.signals, SIGCHLD);
	for (i = 0; i < COMMANDS; i++)
		sigaddset(&m.signals, commands[i]);
	sigprocmask(SIG_BLOCK, &m.signals, &m.before);
	for (i = 0; i < COMMANDS; i++)
		sigdelset(&m.before, commands[i]); /* see reload() and master_hold_reload() */
	signal(SIGCHLD, SIG_DFL); /* one that is ignored, as some starters leave it, gives no status */
	log_info("Workers started", LOG_INT("workers", (int64_t)workers));
	while (!is_stop(number)) {
		if (fork_due(&m)) {
			free(m.places);
			return MASTER_WORKER;
		}
		number = wait_for_signal(&m, time_to_next(&m));
		reap(&m, false);
		if (number == SIGHUP)
			reload(&m, path, check);
	}
	stop_all(&m);
	free(m.places);
	return MASTER_STOPPED;
}
