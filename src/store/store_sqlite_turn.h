/* SPDX-License-Identifier: ISC */
/*
 * Whose turn it is to write.  The one idea: SQLite's lock has no queue, so whoever
 * meets it taken has to sleep and try again, and with many writers most of the time
 * goes into that.  flock(2) has one, in the kernel, and wakes one process after the
 * other, at once.
 *
 * It is an advice between our programs, no lock: SQLite's own decides.  A writer who
 * does not get his turn soon (a file system without flock, a program that holds the
 * folder) writes without it.
 *
 * The folder is what is locked, and not the file: closing any descriptor of the file
 * would drop SQLite's locks on it (store_sqlite_path.h).
 */
#ifndef ORDERSNAP_STORE_STORE_SQLITE_TURN_H
#define ORDERSNAP_STORE_STORE_SQLITE_TURN_H

#include <stdbool.h>
#include <stdint.h>

struct sqlite_turn {
	int folder;     /* a descriptor, where open */
	bool open, ours;
	int64_t again;  /* when it is next worth waiting for, monotonic */
};

/* Opens the folder of the file.  A failure leaves everybody writing without turns. */
void sqlite_turn_open(struct sqlite_turn *turn, const char *file);

void sqlite_turn_close(struct sqlite_turn *turn);

/* Waits for the turn, a second at most and not beyond the deadline; whether it came. */
bool sqlite_turn_take(struct sqlite_turn *turn, int64_t deadline);

/* Gives it to the next one; nothing where it was not taken. */
void sqlite_turn_give(struct sqlite_turn *turn);

#endif
