/* SPDX-License-Identifier: ISC */
/*
 * The keys of the table, and the order number.
 *
 * What comes from outside is percent-encoded where it would break a key (`#`,
 * `%`, control characters), never dropped: `a+b@x` and `ab@x` are two people,
 * and so are `a#b` and `ab`.
 */
#ifndef ORDERSNAP_SHOP_KEYS_H
#define ORDERSNAP_SHOP_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#define KEY_CACHE "CACHE"       /* SK of quotes and prices */
#define KEY_METADATA "METADATA" /* SK of sessions, events and pointers */
#define KEY_SYSTEM "SYSTEM"     /* PK of what the shop has once; */
#define KEY_SYNC "STRIPE_ORDER_SYNC" /* SK of the reconciler's state */
#define KEY_ORDER_PREFIX "ORDER#" /* what an order's SK begins with */
#define USER_ID_MAX 256         /* bytes of a userId */

/* Each returns a string to free(). */
char *key_user(const char *user_id);                      /* USER#{userId} */
/* Where the Lambda functions put the same user's orders: USER# and what is left of
 * the name, as it was typed, when only [a-zA-Z0-9@._-] is kept, at most 256 of
 * them.  Several users may share one.  NULL where nothing is left. */
char *key_user_of_functions(const char *name);
char *key_order(int64_t created, const char *session_id); /* ORDER#{created}#{session id} */
/* The time in such a key: 0, or -1 where `sk` (NULL is allowed) is none, or its time can't be one. */
int key_order_created(const char *sk, int64_t *created);
/* The session id in it, borrowed, or NULL. */
const char *key_order_session(const char *sk);
char *key_session(const char *session_id);                /* SESSION#{id} */
char *key_event(const char *event_id);                    /* EVENT#{id} */
char *key_payment(const char *payment_intent);            /* PAYMENT#{id} */
char *key_number(const char *order_number);               /* NUMBER#{order number} */
char *key_day(int64_t created);                           /* DAY#{yyyy-mm-dd} in UTC */
char *key_quote(const char *signature);                   /* QUOTE#{signature} */
char *key_price(const char *name);                        /* PRICE#{lookup key or price id} */

/*
 * PREFIX-XXXXXXXX: the prefix, then the last eight (or all, if fewer) letters
 * and digits of the session id's part after its last `_`, in upper case:
 * cs_test_abc123 gives BC-ABC123.  free() it.
 */
char *order_number(const char *prefix, const char *session_id);

/* `text` without white space around it, as a string to free(); NULL when it is
 * NULL, empty or longer than USER_ID_MAX bytes. */
char *user_id_from(const char *text);

/* Whether user_id_from() takes the name that a login gave somebody as it is (what it would trim may be
 * another customer's name), and the name is UTF-8, as DynamoDB and Stripe want it. */
bool user_id_is_exact(const char *name);

/* The id of a guest: the e-mail address in lower case; NULL as above. */
char *user_id_from_email(const char *email);

#endif
