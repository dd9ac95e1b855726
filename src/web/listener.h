/* SPDX-License-Identifier: ISC */
/*
 * The listener that many processes wait on: which of them is woken, and how a
 * connection is taken.
 */
#ifndef ORDERSNAP_WEB_LISTENER_H
#define ORDERSNAP_WEB_LISTENER_H

#include <stdbool.h>

bool listener_is_unix(int listener);

/* Logs that no requests come any more, for the program ends then, and nobody else says why. */
void listener_failed(int error);

/* A descriptor for epoll_wait(2), readable when a peer may be waiting; -1, and logged.  Of the
 * processes that wait, one is woken for each peer.  The listener does not block from here on. */
int listener_wait_with(int listener);

/* The connection, which blocks, as libfcgi needs it; -1: another process had it, or, after a
 * short pause, there is no descriptor left. */
int listener_accept(int listener, bool on_unix);

#endif
