/* SPDX-License-Identifier: ISC */
/*
 * Workers: several processes of one program on one listener, and the process
 * that watches over them.
 *
 * A worker serves one request at a time, so a program that waits for Stripe
 * needs as many workers as requests may wait at once.  The master is the
 * program itself, before it serves: it forks, and then does nothing but replace
 * workers that died, stop them, and execute its own file anew.
 */
#ifndef ORDERSNAP_WEB_MASTER_H
#define ORDERSNAP_WEB_MASTER_H

#include <stddef.h>

#include "base/err.h"

#define MASTER_WORKERS_MAX 512

/* How many workers WORKERS asks for; 0: there is no such variable, and no
 * master.  -1 with ERR_CONFIG where it is no number from 1 to the maximum. */
int master_workers(const char *value, size_t *workers, struct err *e);

/* Holds a SIGHUP back that comes while a program starts, which it would end, until master_run() or
 * responder_run() waits for signals. */
void master_hold_reload(void);

enum master_end {
	MASTER_WORKER,  /* this is a worker: serve */
	MASTER_STOPPED, /* this was the master, and all workers have ended */
};

/*
 * Forks `workers` processes and watches over them:
 *   - one that dies is replaced at once; one that dies within a second of its
 *     start, after a pause that grows to five seconds: never given up, and never
 *     in a loop that takes the machine;
 *   - SIGTERM, SIGINT: each worker finishes the request that it is at; after
 *     ten seconds what is left is killed;
 *   - SIGHUP: `path` is run with `check` as its argument; where it exits 0 the
 *     workers finish, and `path` is executed in the place of this process, with
 *     the listener (descriptor 0) kept: whoever connects meanwhile waits in its
 *     backlog.  So a reload is an upgrade.  Where it does not, the log says so
 *     and the workers stay.
 * A worker whose master is gone ends like one that was told to.
 */
enum master_end master_run(size_t workers, const char *path, const char *check);

#endif
