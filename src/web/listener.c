/* SPDX-License-Identifier: ISC */
/*
 * The listener of a FastCGI program.
 */
#include "web/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

#define PAUSE_US 1000

bool listener_is_unix(int listener)
{
	int domain = AF_UNSPEC;
	socklen_t n = sizeof domain;

	return getsockopt(listener, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain == AF_UNIX;
}

void listener_failed(int error)
{
	log_error("Requests can't be waited for", LOG_INT("errno", error));
}

/* EPOLLEXCLUSIVE because poll(2) would wake all that are idle, and all but one in vain. */
int listener_wait_with(int listener)
{
	struct epoll_event in = {.events = EPOLLIN | EPOLLEXCLUSIVE};
	int fd = epoll_create1(EPOLL_CLOEXEC);

	fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) | O_NONBLOCK);
	if (fd >= 0 && epoll_ctl(fd, EPOLL_CTL_ADD, listener, &in) == 0)
		return fd;
	listener_failed(errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

int listener_accept(int listener, bool on_unix)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), on = 1, flags;

	/* Linux does not hand the listener's O_NONBLOCK on, other systems do. */
	if (fd >= 0 && (flags = fcntl(fd, F_GETFL)) >= 0 && (flags & O_NONBLOCK))
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	if (fd >= 0 && !on_unix)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (fd < 0 && errno != EAGAIN)
		usleep(PAUSE_US);
	return fd;
}
