/* SPDX-License-Identifier: ISC */
/*
 * A request for the tests of src/web/: variables in a list, and a body that
 * comes from memory and counts what was read.
 */
#ifndef ORDERSNAP_TESTS_WEB_FIXTURE_H
#define ORDERSNAP_TESTS_WEB_FIXTURE_H

#include "unit.h"

#include "web/request.h"

/* A body in memory.  `fail` makes the read after its bytes an error. */
struct fake_body {
	const char *bytes;
	size_t n, at;
	size_t at_most; /* bytes a read may give, 0: as many as are asked for */
	bool fail;
	unsigned reads;
	int64_t until; /* of the last read */
};

static inline ssize_t fake_read(void *context, char *bytes, size_t n, int64_t until)
{
	struct fake_body *body = context;
	size_t left = body->n - body->at;

	body->until = until;
	body->reads++;
	if (left == 0 && body->fail)
		return -1;
	n = n < left ? n : left;
	n = body->at_most && n > body->at_most ? body->at_most : n;
	memcpy(bytes, body->bytes + body->at, n);
	body->at += n;
	return (ssize_t)n;
}

static inline bool fake_has_more(void *context, int64_t until)
{
	const struct fake_body *body = context;

	(void)until;
	return body->at < body->n;
}

static inline struct body_source fake_source(struct fake_body *body)
{
	return (struct body_source){fake_read, fake_has_more, body};
}

/* A request with these variables, "NAME=value" each. */
#define REQUEST(...) \
	((struct request){.variables = (char *const *)(uintptr_t)(const char *const[]){ \
				  __VA_ARGS__, NULL}})

/* "NAME=value" as a request's list wants it. */
static inline char *variable(const char *name, const char *value)
{
	return keep_text(str_printf("%s=%s", name, value));
}

#endif
