/* SPDX-License-Identifier: ISC */
/*
 * The system log: its lines, and a daemon that is away, comes back, or stands
 * still.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_syslog.h"
#include "base/str.h"

static char folder[] = "/tmp/ordersnap-syslog-XXXXXX";
static char *path;

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	path = str_printf("%s/log", folder);
	log_syslog_address(path);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	log_syslog_close();
	unlink(path);
	rmdir(folder);
	free(path);
	return 0;
}

/* A daemon that reads when it is told to. */
static int listen_at(const char *where)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s", where);
	unlink(where);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

static const char *next_line(int fd)
{
	static char line[4096];
	ssize_t n = recv(fd, line, sizeof line - 1, MSG_DONTWAIT);

	line[n > 0 ? n : 0] = '\0';
	return line;
}

static void a_line_has_priority_time_name_and_process(void **state)
{
	int fd = listen_at(path);
	char *process = str_printf(" ordersnap[%ld]: stripe-webhook: no", (long)getpid());
	const char *line;

	(void)state;
	assert_int_equal(log_syslog_send(LOG_ERR, "stripe-webhook: no", 18), 0);
	line = next_line(fd);
	assert_true(str_starts(line, "<27>"));
	assert_true(str_ends(line, process));
	assert_int_equal(strlen(line), 4 + 15 + strlen(process)); /* Nov 27 02:45:01 */
	free(process);
	close(fd);
}

static void a_daemon_that_was_started_anew_gets_the_next_line(void **state)
{
	int fd = listen_at(path);

	(void)state;
	assert_int_equal(log_syslog_send(LOG_INFO, "one", 3), 0);
	close(fd);
	fd = listen_at(path);
	assert_int_equal(log_syslog_send(LOG_INFO, "two", 3), 0);
	assert_true(str_ends(next_line(fd), "two"));
	close(fd);
}

static void a_daemon_that_is_away_loses_the_line_and_says_so(void **state)
{
	(void)state;
	log_syslog_close();
	unlink(path);
	assert_int_equal(log_syslog_send(LOG_INFO, "one", 3), -1);
}

static void take_line(void *context, const char *line, size_t n)
{
	snprintf(context, 256, "%.*s", (int)n, line);
}

static void a_daemon_that_stands_still_is_not_waited_for(void **state)
{
	int64_t since = clock_monotonic_ms();
	int fd = listen_at(path), i;
	char elsewhere[256] = "";

	(void)state;
	for (i = 0; i < 100000 && log_syslog_send(LOG_INFO, "full", 4) == 0; i++)
		;
	assert_in_range(i, 1, 99999);
	log_configure(&(struct log_options){.level = LOG_LEVEL_INFO, .target = "syslog"});
	log_set_sink(take_line, elsewhere);
	log_info("Order snapshot created", LOG_STR("orderId", "cs_1"));
	log_close();
	assert_non_null(strstr(elsewhere, "Order snapshot created orderId=cs_1"));
	assert_in_range(clock_monotonic_ms() - since, 0, 7999);
	close(fd);
}

static void a_log_file_that_cant_be_opened_goes_to_syslog_and_elsewhere(void **state)
{
	char *missing = str_printf("%s/no such folder/log", folder), elsewhere[256] = "";
	int fd = listen_at(path);

	(void)state;
	assert_int_equal(log_configure(&(struct log_options){.level = LOG_LEVEL_INFO,
							     .target = missing}), -1);
	log_set_sink(take_line, elsewhere);
	log_info("Order snapshot created", LOG_STR("orderId", "cs_2"));
	assert_non_null(strstr(elsewhere, "Order snapshot created orderId=cs_2"));
	assert_non_null(strstr(next_line(fd), "Order snapshot created orderId=cs_2"));
	assert_int_equal(log_configure(&(struct log_options){.level = LOG_LEVEL_INFO,
							     .target = "stderr"}), 0);
	log_info("Order snapshot updated", LOG_STR("orderId", "cs_2"));
	assert_non_null(strstr(elsewhere, "Order snapshot updated"));
	assert_string_equal(next_line(fd), "");
	log_set_sink(NULL, NULL);
	log_close();
	close(fd);
	free(missing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_line_has_priority_time_name_and_process),
		holds(a_daemon_that_was_started_anew_gets_the_next_line),
		holds(a_daemon_that_is_away_loses_the_line_and_says_so),
		holds(a_log_file_that_cant_be_opened_goes_to_syslog_and_elsewhere),
		holds(a_daemon_that_stands_still_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
