/* SPDX-License-Identifier: ISC */
/*
 * The parameters behind a path's question mark, read strictly: `a=1&b=%20x`
 * (https://url.spec.whatwg.org/#application/x-www-form-urlencoded).
 */
#ifndef ORDERSNAP_WEB_QUERY_H
#define ORDERSNAP_WEB_QUERY_H

#include "web/request.h"

/*
 * The value of the parameter `name`, decoded, to free(); *value is NULL where it
 * is not there or empty.  Others are not looked at.  -1 with ERR_BAD_REQUEST that
 * names it where it comes twice, is longer than `max` bytes, or is not
 * well-formed: a percent sign without two hex digits, a control character, no
 * UTF-8.
 */
int query_get(const struct request *request, const char *name, size_t max, char **value,
	      struct err *e);

struct query_range {
	int64_t min, max;
};

/* The parameter as a whole number of the range; `*value` stays as it is where it
 * is not there.  -1 with ERR_BAD_REQUEST that says so. */
int query_get_int(const struct request *request, const char *name, struct query_range range,
		  int64_t *value, struct err *e);

#endif
