/* SPDX-License-Identifier: ISC */
/*
 * Whose sessions the reconciler lists: a name for the mode and account of a
 * Stripe key, told from the key alone.
 */
#ifndef ORDERSNAP_ORDERS_SYNC_ACCOUNT_H
#define ORDERSNAP_ORDERS_SYNC_ACCOUNT_H

#include <stdbool.h>

#define SYNC_ACCOUNT_SIZE 32

/*
 * "live-0123456789abcdef" of sk_live_51Hx...: the mode, and a digest of the part of
 * the key that all keys of an account begin with; of an older or foreign form of
 * key the digest is of all of it, and another key counts as another account.
 * `secret` may be NULL.  Returns `out`.
 */
const char *sync_account_of(const char *secret, char out[SYNC_ACCOUNT_SIZE]);

/* Whether both names are of one mode. */
bool sync_account_same_mode(const char *a, const char *b);

/* Whether Stripe's object with this id (cs_test_...) is of the other mode than the
 * account: Stripe does not know it under the account's key. */
bool sync_account_is_foreign(const char *account, const char *id);

#endif
