/* SPDX-License-Identifier: ISC */
/*
 * The fuzz targets.  Each takes any bytes and aborts where a promise of a
 * header does not hold, beside what the sanitizers find.  libFuzzer runs them
 * (`./dev fuzz`); `make check` replays the corpora, which have whatever was
 * found once.
 */
#ifndef ORDERSNAP_TESTS_FUZZ_TARGETS_H
#define ORDERSNAP_TESTS_FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* A promise of a header; NDEBUG does not take it away. */
#define HOLDS(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

typedef int fuzz_target(const uint8_t *data, size_t n);

fuzz_target fuzz_signature; /* a header, a line feed, a body */
fuzz_target fuzz_json;
fuzz_target fuzz_config;    /* a settings file */
fuzz_target fuzz_options;   /* the owner's file for Checkout */
fuzz_target fuzz_url;
fuzz_target fuzz_form;
fuzz_target fuzz_log;       /* a value of a log line */
fuzz_target fuzz_terminal;  /* a text in a table and in a CSV file */
fuzz_target fuzz_item;      /* an item of a table, or an answer of DynamoDB with one */
fuzz_target fuzz_event;     /* an event, and the order that comes of it */
fuzz_target fuzz_charge;    /* an order, a line feed, a charge */
fuzz_target fuzz_import;    /* a line of an export */
fuzz_target fuzz_cart;      /* a request for a quote */

#endif
