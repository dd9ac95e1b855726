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

#include "base/buf.h"
#include "base/str.h"

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
	TARGET(check)     /* a settings file, a line %, what Stripe, DynamoDB and the site answer */ \
	TARGET(checkout)  /* a request for a session, a line feed, a quote's item */ \
	TARGET(config)    /* a settings file */ \
	TARGET(credentials) /* two files of AWS's tools, and what gives keys out; a line % between */ \
	TARGET(csv)       /* the cells of a row, with line feeds between */ \
	TARGET(cursor)    /* a user, a line feed, a cursor or an order's key */ \
	TARGET(dynamodb)  /* a letter for a verb, or p for a parameter of SSM, then an answer a line (fake_http.h) */ \
	TARGET(environment) /* NAME=value, a line each */ \
	TARGET(event)     /* an event, and the order that comes of it */ \
	TARGET(form) \
	TARGET(hook)      /* a table's items, and what ORDER_HOOK does each time (fake_child.h); lines % between */ \
	TARGET(import)    /* a line of an export */ \
	TARGET(item)      /* an item of a table, or an answer of DynamoDB with one */ \
	TARGET(json) \
	TARGET(keys)      /* a file of public keys */ \
	TARGET(log)       /* a value of a log line */ \
	TARGET(options)   /* the owner's file for Checkout */ \
	TARGET(order)     /* an order's item */ \
	TARGET(request)   /* a request's variables, NAME=value with line feeds between, a line %, its body */ \
	TARGET(selling)   /* a table's items, a line %, a cart, answers, a line %, a request, answers */ \
	TARGET(signature) /* a header, a line feed, a body */ \
	TARGET(stored)    /* an order's or a user's name, then a table's items, a line each */ \
	TARGET(stripe)    /* a letter for a call, then an answer a line (fake_http.h) */ \
	TARGET(sync)      /* a table's items; for each sync a line %, and Stripe's answers */ \
	TARGET(terminal)  /* a text in a table */ \
	TARGET(token)     /* a JWT, or its header, a line feed and its payload, to be signed */ \
	TARGET(url)       \
	TARGET(webhook)   /* a table's items; for each event a line %, it, and Stripe's answers */

#define FUZZ_DECLARE(name) fuzz_target fuzz_##name;
FUZZ_TARGETS(FUZZ_DECLARE)

/* Looks a target up by its name; NULL where there is none. */
fuzz_target *fuzz_target_of(const char *name);

/* What a program does once, when it starts: its locale, and its log, of which each line is looked at. */
void fuzz_begin(void);
void fuzz_look_at_log(void);

/* Whether it is one line of UTF-8 that ends in its only line feed, and nothing in it drives a terminal. */
bool fuzz_is_line(const char *text, size_t n);

/* The bytes as a string, to free(); a NUL ends it early. */
char *fuzz_text(const uint8_t *data, size_t n);

/* The bytes before the first line feed, and those behind it. */
struct fuzz_halves {
	const uint8_t *first, *second;
	size_t n_first, n_second;
};
struct fuzz_halves fuzz_halves(const uint8_t *data, size_t n);

/* Adds the bytes as RFC 7515 has them: base64url without padding. */
void fuzz_add_base64url(struct buf *out, struct span bytes);

/* A file of the process's own with these bytes, that nobody else can read; `path` holds its name. */
#define FUZZ_PATH 32
enum fuzz_file { FUZZ_FILE_SETTINGS, FUZZ_FILE_CREDENTIALS, FUZZ_FILE_CONFIG, FUZZ_FILES };
void fuzz_put_file(enum fuzz_file which, struct span text, char path[FUZZ_PATH]);

/* The bytes before the next line `%`; *rest is what stands behind it. */
struct span fuzz_part(struct span *rest);

#endif
