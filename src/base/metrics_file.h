/* SPDX-License-Identifier: ISC */
/*
 * The layout of the file of counts, for metrics.c and metrics_text.c alone.  It is fixed: another
 * one gets another magic.
 */
#ifndef ORDERSNAP_BASE_METRICS_FILE_H
#define ORDERSNAP_BASE_METRICS_FILE_H

#include <stdint.h>

#define METRICS_MAGIC "counts1\n"
#define METRICS_PLACES 511
#define METRICS_SERIES_MAX 128
#define METRICS_BOUNDS 11
#define METRICS_VALUES 14
#define METRICS_SUM (METRICS_VALUES - 1) /* microseconds */

/* Elsewhere an addition of 64 bits takes a lock, which is not shared between processes. */
#ifdef __GCC_HAVE_SYNC_COMPARE_AND_SWAP_8
#define METRICS_LOCK_FREE 1
#else
#define METRICS_LOCK_FREE 0
#endif

/* One series: a place is taken by setting its key from 0. */
struct metrics_place {
	uint64_t key;   /* the hash of `series` */
	uint32_t kind;  /* enum metrics_kind */
	uint32_t named; /* 1: kind and series are there */
	uint64_t values[METRICS_VALUES]; /* a counter's or gauge's is the first; a histogram's are
					  * how many were in each bucket alone, and the sum */
	char series[METRICS_SERIES_MAX];
};

struct metrics_file {
	char magic[8];
	uint64_t lost; /* counts that found no place */
	char unused[240];
	struct metrics_place places[METRICS_PLACES];
};

_Static_assert(sizeof(struct metrics_place) == 256 && sizeof(struct metrics_file) == 512 * 256,
	       "the layout is fixed");

/* The upper bounds of the buckets but the last. */
extern const uint32_t metrics_bounds_us[METRICS_BOUNDS];

/* The file as it stands now, or NULL. */
struct metrics_file *metrics_file_to_read(void);

#endif
