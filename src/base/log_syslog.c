/* SPDX-License-Identifier: ISC */
/*
 * RFC 3164, as syslog(3) sends it:
 *
 *     <27>Nov 27 02:45:01 ordersnap[4711]: ...
 */
#include "base/log_syslog.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static const char *address = "/dev/log";
static int connection = -1;

/* A socket to the daemon that is never waited for; -1: there is none. */
static int connect_log(void)
{
	struct sockaddr_un daemon = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(daemon.sun_path, sizeof daemon.sun_path, "%s", address);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&daemon, sizeof daemon)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* The priority, the local time and who writes, as syslog(3) has them. */
static size_t format_head(char *head, size_t size, int priority)
{
	time_t now = time(NULL);
	char when[32];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(when, sizeof when, "%b %e %H:%M:%S", &tm);
	return (size_t)snprintf(head, size, "<%d>%s ordersnap[%ld]: ", LOG_DAEMON | priority, when,
				(long)getpid());
}

int log_syslog_send(int priority, const char *line, size_t n)
{
	char head[96];
	struct iovec parts[] = {
		{head, format_head(head, sizeof head, priority)},
		{(void *)(uintptr_t)line, n},
	};
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	int try;

	/* A daemon that was started anew has another socket. */
	for (try = 0; try < 2; try++) {
		if (connection < 0)
			connection = connect_log();
		if (connection < 0)
			return -1;
		if (sendmsg(connection, &message, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno == EAGAIN)
			return -1;
		log_syslog_close();
	}
	return -1;
}

void log_syslog_address(const char *path)
{
	log_syslog_close();
	address = path;
}

void log_syslog_close(void)
{
	if (connection >= 0)
		close(connection);
	connection = -1;
}
