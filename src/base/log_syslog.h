/* SPDX-License-Identifier: ISC */
/*
 * The system log, never waited for.  syslog(3) sends on a socket that blocks:
 * where the daemon stands still, so would every request.
 */
#ifndef ORDERSNAP_BASE_LOG_SYSLOG_H
#define ORDERSNAP_BASE_LOG_SYSLOG_H

#include <stddef.h>

/* Sends a line to /dev/log as facility daemon, with a priority of <syslog.h>
 * (LOG_ERR, say).  -1 where the daemon is away or does not keep up: the line is
 * lost. */
int log_syslog_send(int priority, const char *line, size_t n);

/* Where the daemon listens (borrowed) in the place of /dev/log; for tests. */
void log_syslog_address(const char *path);

/* Closes the socket; the next line opens it again. */
void log_syslog_close(void);

#endif
