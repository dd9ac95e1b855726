/* SPDX-License-Identifier: ISC */
/*
 * Warnings that a shop needs once a day, however many events tell of the thing.
 */
#ifndef ORDERSNAP_RECORD_DAILY_H
#define ORDERSNAP_RECORD_DAILY_H

#include "record/run.h"

/*
 * Whether this is the first time today (in UTC) that `what` is to be said: the table
 * remembers, as SYSTEM/WARNED#subscription#2026-11-27, for two days, and the app for
 * the rest of the day, which spares the events that follow the read.  Where the table
 * can't, once more is better than never.
 */
bool daily_is_first(const struct record_run *run, enum app_warning what);

#endif
