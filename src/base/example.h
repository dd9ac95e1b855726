/* SPDX-License-Identifier: ISC */
/*
 * What the shipped files show in the place of a value that each shop has to
 * choose for itself.  A shop that runs on such a value has a secret that
 * everybody knows, or sends its buyers to a host that does not exist.
 */
#ifndef ORDERSNAP_BASE_EXAMPLE_H
#define ORDERSNAP_BASE_EXAMPLE_H

#include <stdbool.h>

#include "base/str.h"

/* Whether a secret is one of an example: it holds REPLACE_ME, in upper or lower
 * case, or it ends in three dots or an ellipsis ("whsec_...").  With commas
 * between several secrets it is enough that one of them is. */
bool example_is_secret(const char *text);

/* Whether a host is shop.example or one below it (RFC 2606: nobody has it). */
bool example_is_host(struct span host);

#endif
