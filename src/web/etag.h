/* SPDX-License-Identifier: ISC */
/*
 * Answers that a client may keep: an entity tag (RFC 9110 section 8.8.3) made of what is
 * in the answer, and 304 for a client that has it already.
 */
#ifndef ORDERSNAP_WEB_ETAG_H
#define ORDERSNAP_WEB_ETAG_H

#include "web/request.h"
#include "web/response.h"

/*
 * Makes the 200 that `response` is one that the asking browser alone may keep
 * (`Cache-Control: private, no-cache`) under its ETag, asking each time whether it is
 * still the same, and a 304 without a body where If-None-Match names that.
 */
void etag_answer(const struct request *request, struct response *response);

#endif
