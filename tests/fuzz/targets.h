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

/* All of them, and what each takes.  tests/fuzz/run reads their names here. */
#define FUZZ_TARGETS(TARGET) \
	TARGET(cart)      /* a request for a quote */ \
	TARGET(charge)    /* an order, a line feed, a charge */ \
	TARGET(checkout)  /* a request for a session, a line feed, a quote's item */ \
	TARGET(config)    /* a settings file */ \
	TARGET(credentials) /* two files of AWS's tools, and what gives keys out; a line % between */ \
	TARGET(csv)       /* the cells of a row, with line feeds between */ \
	TARGET(cursor)    /* a user, a line feed, a cursor or an order's key */ \
	TARGET(dynamodb)  /* a letter for a verb, then an answer a line (fake_http.h) */ \
	TARGET(event)     /* an event, and the order that comes of it */ \
	TARGET(form) \
	TARGET(import)    /* a line of an export */ \
	TARGET(item)      /* an item of a table, or an answer of DynamoDB with one */ \
	TARGET(json) \
	TARGET(log)       /* a value of a log line */ \
	TARGET(options)   /* the owner's file for Checkout */ \
	TARGET(order)     /* an order's item */ \
	TARGET(request)   /* a request's variables, NAME=value with line feeds between */ \
	TARGET(signature) /* a header, a line feed, a body */ \
	TARGET(stripe)    /* a letter for a call, then an answer a line (fake_http.h) */ \
	TARGET(terminal)  /* a text in a table */ \
	TARGET(token)     /* a JWT, or its header, a line feed and its payload, to be signed */ \
	TARGET(url)

#define FUZZ_DECLARE(name) fuzz_target fuzz_##name;
FUZZ_TARGETS(FUZZ_DECLARE)

/* Looks a target up by its name; NULL where there is none. */
fuzz_target *fuzz_target_of(const char *name);

/* The bytes as a string, to free(); a NUL ends it early. */
char *fuzz_text(const uint8_t *data, size_t n);

/* The bytes before the first line feed, and those behind it. */
struct fuzz_halves {
	const uint8_t *first, *second;
	size_t n_first, n_second;
};
struct fuzz_halves fuzz_halves(const uint8_t *data, size_t n);

#endif
