/* SPDX-License-Identifier: ISC */
/*
 * Counts that all processes share, for a monitoring system to read.
 *
 * The file is mapped by each process, and counted in by atomic additions: what was
 * counted is there when a process is killed, and costs a request a microsecond.  It is
 * made whole, and never becomes smaller by us.
 *
 *     0    magic and version, how many counts found no place
 *     256  511 places of 256 bytes: a series and its values
 *
 *     requests_seconds{endpoint="/a",outcome="ok"}    0 0 7 31 2 0 ... 1.903241 s
 *
 * A series takes the place that the hash of its own text says, or the next free one, and
 * keeps it.  So programs of two versions, with other series, count in one file.
 *
 * Counting never fails, and never waits.  A file that is missing, cut, replaced or no
 * such file stops the counting, not who counts: it is looked at again each second.  One
 * that is cut while it is mapped would kill whoever touches it (SIGBUS): then memory of
 * the process takes its place.
 *
 * A family is defined beside the code that counts; whoever prints has a list of them.
 */
#ifndef ORDERSNAP_BASE_METRICS_H
#define ORDERSNAP_BASE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define METRICS_LABELS 3

enum metrics_kind {
	METRICS_COUNTER,
	METRICS_GAUGE,
	METRICS_SECONDS, /* a histogram of how long something took: NAME is ..._seconds */
	METRICS_MOMENT,  /* when something happened: printed as NAME_timestamp_seconds and as
			  * NAME_age_seconds */
};

/* https://prometheus.io/docs/practices/naming/ */
struct metrics_family {
	const char *name, *help;
	enum metrics_kind kind;
	const char *labels[METRICS_LABELS]; /* up to the first NULL */
};

/*
 * From here on, counts go to the file, which is made if there is none: 128 KiB, for the
 * owner and the group to read; made by root it is its folder's owner's.  -1 with
 * ERR_CONFIG where it can't be; it is tried again then while there are counts.
 */
int metrics_open(const char *path, struct err *e);
void metrics_close(void);

/* Counts one of a series: a value for each label of the family.  Without a file, nothing. */
#define metrics_count(family, ...) \
	metrics_add((family), 1, (const char *const[METRICS_LABELS]){__VA_ARGS__})

/* A series that is there before it counts, with 0. */
#define metrics_begin(family, ...) \
	metrics_add((family), 0, (const char *const[METRICS_LABELS]){__VA_ARGS__})

/* Counts any number of them; a gauge goes down by a negative one. */
void metrics_add(const struct metrics_family *family, int64_t by,
		 const char *const labels[METRICS_LABELS]);

/* Something took so many microseconds. */
void metrics_took(const struct metrics_family *family, int64_t us,
		  const char *const labels[METRICS_LABELS]);

/* Sets a gauge or a moment (epoch seconds) that has no labels. */
void metrics_set(const struct metrics_family *family, int64_t value);

/*
 * Adds all that was counted in the text format of Prometheus: the families of the list
 * (up to NULL) with help, also where nothing was counted, then those that other versions
 * of the program have counted.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 * -1 with ERR_UNAVAILABLE where there is no file to read.
 */
int metrics_format(struct buf *out, const struct metrics_family *const *families, int64_t now,
		   struct err *e);

#endif
