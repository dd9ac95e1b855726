/* SPDX-License-Identifier: ISC */
/*
 * How a connection is taken.  accept4() here is that of a system which hands the listener's O_NONBLOCK
 * on, as BSD's does and Linux' does not.
 */
#include "unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "web/listener.h"

static bool hands_on;

int __real_accept4(int listener, struct sockaddr *peer, socklen_t *n, int flags);
int __wrap_accept4(int listener, struct sockaddr *peer, socklen_t *n, int flags);

int __wrap_accept4(int listener, struct sockaddr *peer, socklen_t *n, int flags)
{
	int more = hands_on && fcntl(listener, F_GETFL) & O_NONBLOCK ? SOCK_NONBLOCK : 0;

	return __real_accept4(listener, peer, n, flags | more);
}

/* A listener of no name, and a peer that waits on it. */
static void make_pair(int *listener, int *peer)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t n = sizeof address;

	*listener = socket(AF_UNIX, SOCK_STREAM, 0);
	*peer = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(*listener, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(*listener, 1), 0);
	assert_int_equal(getsockname(*listener, (struct sockaddr *)&address, &n), 0);
	assert_int_equal(connect(*peer, (struct sockaddr *)&address, n), 0);
}

static void accepted(bool system_hands_on)
{
	int listener, peer, waiting, fd;

	hands_on = system_hands_on;
	make_pair(&listener, &peer);
	waiting = listener_wait_with(listener);
	assert_true(waiting >= 0);
	assert_true(fcntl(listener, F_GETFL) & O_NONBLOCK);
	fd = listener_accept(listener, true);
	assert_true(fd >= 0);
	assert_false(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(listener_accept(listener, true), -1); /* and waits for nobody */
	close(fd);
	close(waiting);
	close(peer);
	close(listener);
}

static void a_connection_blocks_where_the_listeners_flag_is_handed_on(void **state)
{
	(void)state;
	accepted(true);
}

static void a_connection_blocks_where_it_is_not(void **state)
{
	(void)state;
	accepted(false);
}

/* An answer's last packet waits for no acknowledgement of the one before. */
static void what_comes_by_ip_is_answered_without_delay(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0), peer = socket(AF_INET, SOCK_STREAM, 0), fd, on = 0;
	socklen_t n = sizeof address, size = sizeof on;

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&address, n), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &n), 0);
	assert_int_equal(connect(peer, (struct sockaddr *)&address, n), 0);
	fd = listener_accept(listener, false);
	assert_true(fd >= 0);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
	assert_true(on);
	close(fd);
	close(peer);
	close(listener);
}

static void what_cannot_be_waited_for_is_told_and_stays_closed(void **state)
{
	int before = unit_next_descriptor(), file = open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(listener_wait_with(file), -1);
	close(file);
	assert_int_equal(unit_next_descriptor(), before);
}

static void a_unix_socket_is_told_from_others(void **state)
{
	int of_unix = socket(AF_UNIX, SOCK_STREAM, 0), of_ip = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_true(listener_is_unix(of_unix));
	assert_false(listener_is_unix(of_ip));
	assert_false(listener_is_unix(-1));
	close(of_unix);
	close(of_ip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_connection_blocks_where_the_listeners_flag_is_handed_on),
		holds(a_connection_blocks_where_it_is_not),
		holds(what_comes_by_ip_is_answered_without_delay),
		holds(what_cannot_be_waited_for_is_told_and_stays_closed),
		holds(a_unix_socket_is_told_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
