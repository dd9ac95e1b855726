/* SPDX-License-Identifier: ISC */
/*
 * How secrets and origins are shown.
 */
#ifndef ORDERSNAP_CHECK_CHECK_SECRET_H
#define ORDERSNAP_CHECK_CHECK_SECRET_H

#include "base/str.h"
#include "check/check_part.h"

/* An ellipsis and, of a secret of 12 characters or more, its last four; into
 * `out`, which holds CHECK_MASKED bytes; returns it. */
#define CHECK_MASKED 16
const char *check_mask(struct span secret, char *out);

/* Where the setting comes from: "/etc/...:12", "environment"; likewise. */
#define CHECK_ORIGIN 600
const char *check_origin(const struct check *c, const struct config_key *key, char *out);

/* Whether check_secrets() has a line of its own for the setting. */
bool check_judges(const char *name);

#endif
