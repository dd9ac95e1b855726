/* SPDX-License-Identifier: ISC */
/*
 * What of net/http.h asks nobody, in the place of the library's: a program of tests defines the rest,
 * http_perform() and http_last_header().
 */
#ifndef ORDERSNAP_TESTS_COUNTING_HTTP_H
#define ORDERSNAP_TESTS_COUNTING_HTTP_H

#include "net/http.h"

struct http_client {
	unsigned calls; /* counted by http_perform() */
};

#endif
