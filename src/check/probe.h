/* SPDX-License-Identifier: ISC */
/*
 * The shop's public addresses, asked as a browser or Stripe would ask them.
 */
#ifndef ORDERSNAP_CHECK_PROBE_H
#define ORDERSNAP_CHECK_PROBE_H

#include <stdbool.h>

#include "base/err.h"
#include "format/json.h"

struct probe;

/* `base` is the address that the paths are put behind; copied, without slashes
 * at its end.  Never NULL; opens nothing. */
struct probe *probe_new(const char *base);
void probe_free(struct probe *probe);
const char *probe_base(const struct probe *probe);

struct probe_request {
	const char *method, *path; /* "POST", "/cart/quote" */
	const char *origin;        /* the page's origin (Origin), or NULL */
	const char *authorization; /* the header's value, or NULL */
	const char *token_header;  /* one more header that gets it, or NULL */
	const char *range;         /* which bytes of a file (Range), or NULL */
	bool preflight;            /* the browser's question before a POST of JSON */
	struct span body;          /* JSON */
	int64_t deadline;          /* base/clock.h */
};

#define PROBE_BEGINNING 256

/* Strings are "" where there was no such header. */
struct probe_answer {
	int status;
	char location[256];
	char allow_origin[256], allow_methods[256], allow_headers[256];
	struct json_object *json; /* the body, if it is a JSON object; else NULL */
	char beginning[PROBE_BEGINNING]; /* of the body, whatever it is */
	size_t beginning_n;
};

/* 0 for any HTTP status, -1 with ERR_UNAVAILABLE where there was no whole
 * answer.  Redirects are not followed.  probe_answer_free() the answer in both
 * cases. */
int probe_ask(struct probe *probe, const struct probe_request *request, struct probe_answer *answer,
	      struct err *e);
void probe_answer_free(struct probe_answer *answer);

#endif
