/* SPDX-License-Identifier: ISC */
/*
 * Spans of time in seconds, as epoch seconds are counted: a day of UTC has no
 * leap second in them.
 */
#ifndef ORDERSNAP_BASE_SECONDS_H
#define ORDERSNAP_BASE_SECONDS_H

#define HOUR 3600
#define DAY 86400

#endif
