/* SPDX-License-Identifier: ISC */
/*
 * What the unit tests share: cmocka and what its header wants before it,
 * checks that name the row of the table that does not hold, JSON that is
 * written with single quotes, and a place for what a test allocates, so that
 * a test is only about what it states.
 */
#ifndef ORDERSNAP_TESTS_UNIT_H
#define ORDERSNAP_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"
#include "format/json.h"

#define LENGTH(table) (sizeof(table) / sizeof *(table))

/* for EACH(row, table) { ... } */
#define EACH(row, table) (row = (table); row < (table) + LENGTH(table); row++)

/* One entry of a test program's list: what keep() was given is released after it. */
#define holds(f) cmocka_unit_test_teardown(f, unit_release)
int unit_release(void **state);

/* Checks that say which row they are about.  Texts may be NULL. */
#define check(row, condition) unit_check(row, (condition), #condition, __FILE__, __LINE__)
#define check_int(row, actual, expected) \
	unit_check_int(row, (int64_t)(actual), (int64_t)(expected), __FILE__, __LINE__)
#define check_text(row, actual, expected) \
	unit_check_text(row, actual, expected, __FILE__, __LINE__)
void unit_check(const char *row, bool ok, const char *condition, const char *file, int line);
void unit_check_int(const char *row, int64_t actual, int64_t expected, const char *file, int line);
void unit_check_text(const char *row, const char *actual, const char *expected, const char *file,
		     int line);

/* Whether `e` has this code and `part` in its text. */
#define check_err(row, e, code, part) unit_check_err(row, e, code, part, __FILE__, __LINE__)
void unit_check_err(const char *row, const struct err *e, enum err_code code, const char *part,
		    const char *file, int line);

/* A value from text in which ' stands for ".  Released after the test. */
struct json_object *json_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Adds such a text as JSON, to what a server is to answer. */
void add_json(struct buf *out, const char *json);

/* The same as json_of() of an object of Stripe's, as a program has it: stripe/members.h. */
struct json_object *stripe_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether the value is `expected` (' for " again), the order of members not
 * counting. */
#define check_json(row, value, expected) unit_check_json(row, value, expected, __FILE__, __LINE__)
void unit_check_json(const char *row, struct json_object *value, const char *expected,
		     const char *file, int line);

/* Released after the test; both give back what they get, NULL too. */
struct json_object *keep(struct json_object *value);
char *keep_text(char *text);

/* `n` times the string, kept. */
const char *repeat(const char *text, size_t n);

/* The number that the next file descriptor will have: what was opened and not
 * closed makes it grow. */
int unit_next_descriptor(void);

/* How long something takes.  What the machine did for others meanwhile (the
 * kernel's pressure counters, as tap.py's Watch) comes on top of `most`, so
 * that no verdict rests on who is faster. */
struct unit_watch {
	int64_t began, stolen; /* milliseconds */
};
struct unit_watch unit_watch_begin(void);
bool unit_watch_took(const struct unit_watch *watch, int64_t least, int64_t most);

/* A new directory below $TMPDIR, kept; unit_remove_folder() removes it with
 * the files in it. */
const char *unit_folder(void);
void unit_remove_folder(const char *path);

#endif
