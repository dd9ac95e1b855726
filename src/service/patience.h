/* SPDX-License-Identifier: ISC */
/*
 * Patience: what a command has and a request has not.  What fails for a passing
 * reason (a limit of Stripe's, a store that is locked) is tried again for a
 * while, with growing pauses.
 */
#ifndef ORDERSNAP_SERVICE_PATIENCE_H
#define ORDERSNAP_SERVICE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define PATIENCE_TRIES 5
#define PATIENCE_CALL_MS 20000 /* for each try */
#define PATIENCE_MS 20000      /* from the first failure: none begins later */

/* Begin with {0}. */
struct patience {
	int tries;     /* so far */
	int64_t until; /* monotonic */
};

/*
 * After a failure: true when it is worth another try, having waited (1, 2, 4 and
 * 8 seconds, of which up to a half, by chance, is taken off); false when it is
 * lasting, or was tried PATIENCE_TRIES times or for PATIENCE_MS: who hangs is
 * waited for as long as who refuses.
 *   do rc = call(&e); while (rc && patience_again(&patience, &e));
 */
bool patience_again(struct patience *patience, const struct err *e);

#endif
