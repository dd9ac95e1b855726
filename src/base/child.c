/* SPDX-License-Identifier: ISC */
/*
 * Running a program: posix_spawn(), one poll() loop, and the end.  The one idea: it is of a
 * process group of its own, so that what it leaves behind can be ended with it.
 */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child_output.h"
#include "base/clock.h"
#include "base/file.h"

#define NAP_MS 10      /* between two looks whether it has ended */
#define KILLED_MS 2000 /* a killed process may take to be gone */
#define PIPE_BYTES 4096

/* One that runs. */
struct running {
	pid_t pid;
	int in, out;           /* our ends; -1: closed */
	struct span rest;      /* of the input */
	struct child_output output;
	int64_t deadline;
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* --- starting ------------------------------------------------------------------ */

/* A pipe whose ends are none of the three standard descriptors, which they are to
 * become.  -1 with errno: nothing is open. */
static int make_pipe(int ends[2])
{
	int i, high;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	for (i = 0; i < 2; i++) {
		if (ends[i] > STDERR_FILENO)
			continue;
		high = fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		close(ends[i]);
		ends[i] = high;
		if (high < 0) {
			close(ends[1 - i]);
			return -1;
		}
	}
	return 0;
}

/* Everything that this process has open is closed when another program begins; this is
 * for what a library, or whoever started us, forgot. */
static void close_others(posix_spawn_file_actions_t *actions)
{
#ifdef HAVE_POSIX_SPAWN_FILE_ACTIONS_ADDCLOSEFROM_NP
	posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#else
	long most = sysconf(_SC_OPEN_MAX);
	int fd;

	for (fd = STDERR_FILENO + 1; fd < most && fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			posix_spawn_file_actions_addclose(actions, fd);
#endif
}

/* Starts it in a session of its own, with no signal blocked or ignored, and with what it
 * is given alone.  0, or an errno. */
static int spawn(const struct child *child, int in, int out, pid_t *pid)
{
	char *arguments[] = {str_dup(child->path), NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	posix_spawn_file_actions_addchdir_np(&actions, "/");
	close_others(&actions);
	rc = posix_spawn(pid, child->path, &actions, &attributes, arguments, child->environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	free(arguments[0]);
	return rc;
}

static int fail_pipe(const struct child *child, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "%s: there is no pipe for it: %s", child->path,
		       strerror(errno));
}

/* Makes its pipes and starts it. */
static int start(const struct child *child, struct running *r, struct err *e)
{
	int in[2], out[2], rc;

	if (make_pipe(in))
		return fail_pipe(child, e);
	if (make_pipe(out)) {
		fail_pipe(child, e);
		close(in[0]);
		close(in[1]);
		return -1;
	}
	rc = spawn(child, in[0], out[1], &r->pid);
	close(in[0]);
	close(out[1]);
	r->in = in[1];
	r->out = out[0];
	if (rc == ENOEXEC)
		return err_set(e, ERR_UNAVAILABLE, "%s can't be run: it is no program, and a script "
			       "begins with a line like #!/bin/sh", child->path);
	if (rc == ENOENT)
		return err_set(e, ERR_UNAVAILABLE, "%s can't be run: it, or what its #! line names, is "
			       "not there", child->path);
	if (rc)
		return err_set(e, ERR_UNAVAILABLE, "%s can't be run: %s", child->path, strerror(rc));
	fcntl(r->in, F_SETFL, O_NONBLOCK);
	fcntl(r->out, F_SETFL, O_NONBLOCK);
	return 0;
}

/* --- while it runs -------------------------------------------------------------- */

/* Whether anybody holds an end of it. */
static bool is_open(const struct running *r)
{
	return r->out >= 0 || r->in >= 0;
}

/* Feeds it its input and takes its output, until nobody holds an end of either, it has
 * written too much, or its time is up. */
static void attend(struct running *r)
{
	char bytes[PIPE_BYTES];
	ssize_t n;

	while (is_open(r) && r->output.written <= CHILD_OUTPUT_MAX && deadline_left(r->deadline)) {
		struct pollfd fds[] = {{.fd = r->out, .events = POLLIN},
				       {.fd = r->in, .events = POLLOUT}};

		if (poll(fds, 2, (int)deadline_left(r->deadline)) < 0 && errno != EINTR)
			break;
		if (r->out >= 0 && fds[0].revents) {
			n = read(r->out, bytes, sizeof bytes);
			if (n > 0)
				child_output_add(&r->output, bytes, (size_t)n);
			else if (n == 0 || (errno != EAGAIN && errno != EINTR))
				close_end(&r->out);
		}
		if (r->in >= 0 && fds[1].revents) {
			n = write(r->in, r->rest.p, r->rest.n);
			if (n > 0) {
				r->rest.p += n;
				r->rest.n -= (size_t)n;
			}
			/* One that wants no more is not wrong. */
			if (r->rest.n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
				close_end(&r->in);
		}
	}
}

/* Whether it has ended; it is not reaped, so that its group's number stays its own. */
static bool has_ended(pid_t pid, int64_t deadline)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) && errno != EINTR)
			return true;
		if (info.si_pid == pid)
			return true;
		if (!deadline_pause(NAP_MS, deadline))
			return false;
	}
}

int child_run(const struct child *child, enum child_left *left, struct err *e)
{
	struct running r = {.in = -1, .out = -1, .rest = child->input,
			    .deadline = deadline_in(child->limit_ms)};
	int status = 0, rc = start(child, &r, e);
	const char *how = NULL;
	bool flooded, ended, open;
	char text[80];

	*left = CHILD_LEFT_NONE;
	if (rc)
		goto out;
	attend(&r);

	/* At the limit it is killed, with all of its group. */
	flooded = r.output.written > CHILD_OUTPUT_MAX;
	ended = has_ended(r.pid, flooded || is_open(&r) ? deadline_in(0) : r.deadline);
	open = ended && !flooded && is_open(&r);
	if (!ended || flooded || open)
		kill(-r.pid, SIGKILL);
	has_ended(r.pid, deadline_in(KILLED_MS));
	/* Who has left the group, by setsid(1) for one, is not killed, and holds the output still. */
	if (open) {
		r.deadline = deadline_in(KILLED_MS);
		attend(&r);
		*left = is_open(&r) ? CHILD_LEFT_ALIVE : CHILD_LEFT_KILLED;
	}

	/* How it ended. */
	if (waitpid(r.pid, &status, WNOHANG) != r.pid) {
		how = "can't be killed";
	} else if (flooded) {
		how = "wrote more than a megabyte, and was killed";
	} else if (!ended) {
		how = "was not done within its time, and was killed";
	} else if (!WIFEXITED(status)) {
		snprintf(text, sizeof text, "was ended by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
		how = text;
	} else if (WEXITSTATUS(status) != 0) {
		snprintf(text, sizeof text, "ended with status %d", WEXITSTATUS(status));
		how = text;
	}
	if (how)
		rc = child_output_fail(&r.output, child->path, how, e);
out:
	close_end(&r.in);
	close_end(&r.out);
	return rc;
}

/* --- the file -------------------------------------------------------------------- */

/* Its folder and those above it. */
static int check_folders(const char *path, struct err *e)
{
	char *folder = file_folder(path), *above;
	struct stat st;
	int rc = 0;

	for (;; folder = above) {
		if (stat(folder, &st))
			rc = err_set(e, ERR_CONFIG, "%s: %s", folder, strerror(errno));
		else if (st.st_uid != 0 && st.st_uid != geteuid())
			rc = err_set(e, ERR_CONFIG, "%s: %s belongs to another user (%ld), who can put "
				     "another program in its place", path, folder, (long)st.st_uid);
		else if (st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX))
			rc = err_set(e, ERR_CONFIG, "%s: everybody can put another program in its "
				     "place: chmod o-w %s", path, folder);
		if (rc || strcmp(folder, "/") == 0)
			break;
		above = file_folder(folder);
		free(folder);
	}
	free(folder);
	return rc;
}

int child_check_file(const char *path, struct err *e)
{
	struct stat st;
	char *real;
	int rc;

	if (stat(path, &st))
		return err_set(e, ERR_CONFIG, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFIG, "%s is no file", path);
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS))
		return err_set(e, ERR_CONFIG, "%s can't be executed by this user: chmod +x it", path);
	if (st.st_mode & S_IWOTH)
		return err_set(e, ERR_CONFIG, "%s can be written by everybody, who could have anything "
			       "run: chmod o-w it", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(e, ERR_CONFIG, "%s belongs to another user (%ld), who could have anything "
			       "run: chown it to root, or run this as that user", path, (long)st.st_uid);

	/* A symbolic link can be exchanged where it stands, and where it leads to. */
	real = realpath(path, NULL);
	rc = check_folders(path, e) || (real && check_folders(real, e)) ? -1 : 0;
	free(real);
	return rc;
}
