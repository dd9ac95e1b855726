/* SPDX-License-Identifier: ISC */
/*
 * The table: items under (PK, SK), four verbs.
 *
 * An item is a JSON object that contains its own keys: "PK" and "SK" (strings),
 * "version" (an integer that grows by one with each write of the item) and
 * perhaps "expiresAt" (epoch seconds; from then on the item is not seen any
 * more, whether or not it has been deleted yet).
 *
 * A backend is one file that ends in its table of functions; callers never see
 * which one it is.  Every verb is bounded by a deadline (base/clock.h) and
 * fails with ERR_UNAVAILABLE when the store can't answer in time.
 */
#ifndef ORDERSNAP_STORE_STORE_H
#define ORDERSNAP_STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/metrics.h"
#include "format/json.h"

#define STORE_TRIES 12 /* conflicts with other writers of the same items; at the 12th it ends */
#define STORE_MAX_ITEMS 100 /* items a get_many or a write may name (DynamoDB's limit) */

struct store_key {
	const char *pk, *sk;
};

enum store_condition {
	STORE_ANY,     /* write whatever stands there */
	STORE_ABSENT,  /* there is no item, or one that has expired (store_write()) */
	STORE_VERSION, /* the item's version is `version`; 0 is an item without one */
};

enum store_verb {
	STORE_PUT,    /* the item stands there afterwards */
	STORE_DELETE, /* nothing stands there afterwards */
	STORE_CHECK,  /* nothing changes: the condition alone has to hold */
};

/* What a write does to one key. */
struct store_action {
	enum store_verb verb;
	struct json_object *item; /* borrowed; a put's, whose "version" store_write() sets; of a
				   * delete's only PK and SK count, and of a check's, but that a
				   * check is best given the item that was read (store_check()) */
	enum store_condition condition;
	int64_t version; /* with STORE_VERSION: the version that was read */
	bool as_it_is;   /* a put's "version", or that it has none, is left alone: a copy */
};

struct store;

/* How long the verbs took, by verb and outcome ("ok" or the error's name), and how often
 * store_until_written() had to begin again. */
extern const struct metrics_family store_seconds, store_conflicts;

struct store_backend {
	int (*get_many)(struct store *s, const struct store_key *keys, size_t n,
			struct json_object **items, int64_t deadline, struct err *e);
	int (*query)(struct store *s, const char *pk, const char *sk_prefix, const char *before_sk,
		     size_t limit, struct json_object **items, int64_t deadline, struct err *e);
	int (*scan)(struct store *s, const struct store_key *after, size_t limit,
		    struct json_object **items, struct json_object **last, int64_t deadline,
		    struct err *e);
	int (*write)(struct store *s, const struct store_action *actions, size_t n, size_t *failed,
		     int64_t deadline, struct err *e);
	int64_t (*count)(struct store *s, int64_t deadline); /* NULL: it can't tell */
	int (*wipe)(struct store *s, int64_t ms, struct err *e); /* NULL: it has no such files */
	void (*rest)(struct store *s); /* NULL: it has nothing to do then */
	void (*close)(struct store *s);
};

/* What every backend's own struct begins with. */
struct store {
	const struct store_backend *backend;
	unsigned reads, writes; /* calls so far */
};

/*
 * Reads n (1..STORE_MAX_ITEMS) items, strongly consistent: every write that was
 * acknowledged before is seen.  items[i] is that of keys[i], or NULL; the
 * caller releases each with json_object_put().  On failure all are NULL.  A key
 * may be named twice.
 * Nobody changes one in place: an item may share objects with the one behind it (a payment's
 * pointer has its order in it).
 * Several items are no snapshot: between two of them others may have written
 * (DynamoDB's BatchGetItem; SQLite happens to give them of one moment).
 */
int store_get_many(struct store *s, const struct store_key *keys, size_t n,
		   struct json_object **items, int64_t deadline, struct err *e);

/*
 * The items under `pk` whose SK starts with `sk_prefix`, newest (highest SK)
 * first, those from `before_sk` (exclusive; NULL: from the top) on, at most
 * `limit`.  `*items` is a JSON array of objects, each with its PK and SK; one that
 * can't be read, in a file that somebody has edited, has nothing else.
 */
int store_query(struct store *s, const char *pk, const char *sk_prefix, const char *before_sk,
		size_t limit, struct json_object **items, int64_t deadline, struct err *e);

/*
 * Walks the whole table, a page at a time: items of any key, in the backend's
 * own order, from behind the key `after` (NULL: from the beginning; there need
 * not be an item of that key) on.  `*items` is a JSON array of at most `limit`
 * (1..STORE_MAX_ITEMS), about a megabyte, and perhaps none: the end is where
 * `*last` is NULL.  Else it is an object with the PK and SK to go on after, for
 * the caller to release.  What stands all the while is seen once; what others
 * write meanwhile may be seen or not.
 */
int store_scan(struct store *s, const struct store_key *after, size_t limit,
	       struct json_object **items, struct json_object **last, int64_t deadline,
	       struct err *e);

/*
 * Does n (1..STORE_MAX_ITEMS) actions on different keys, all or none, at one
 * moment, and durably: 0 means that they survive a power cut.  The new version
 * of an item is one more than the one its condition names, and 1 with
 * STORE_ABSENT; with STORE_ANY it is what stands in the item, or 1.  An item
 * that is to be written `as_it_is` keeps its own.
 * -1 with ERR_CONFLICT when a condition does not hold (`*failed`, which may be
 * NULL, is then the index of that action) or another writer was in the way;
 * nothing was written then.  An expired item that the caller did not read may
 * count as one that stands: whoever begins again at the read, as
 * store_until_written() does, then writes over it.
 */
int store_write(struct store *s, const struct store_action *actions, size_t n, size_t *failed,
		int64_t deadline, struct err *e);

/*
 * Calls `once`, which reads, decides and writes, until it meets no conflict; it begins
 * each time at the read.  Between two tries it sleeps for a random time of a few
 * milliseconds, which grows, and not beyond the deadline, which the verbs of `once` keep
 * too.  -1 with ERR_CONFLICT when others were in the way STORE_TRIES times; else 0 or
 * -1 as `once`.
 */
int store_until_written(int (*once)(void *context, struct err *e), void *context,
			int64_t deadline, struct err *e);

/* About how many items there are, for who shows how far a scan has come; -1
 * where that is not known.  It may read the whole table. */
int64_t store_count(struct store *s, int64_t deadline);

/* Takes what was deleted or written over out of the store's own files, where it else stands until others
 * write over it.  Others wait for that, and are waited for, for `ms` each.  -1 with ERR_UNAVAILABLE: it may
 * stand there still; the text says why, and what to do. */
int store_wipe(struct store *s, int64_t ms, struct err *e);

/* Between requests, for a process that may not get one for long: lets go of what stands in the way of
 * others (a file that was replaced, or lost its log).  NULL is allowed. */
void store_rest(struct store *s);

/* Closes and frees; NULL is allowed. */
void store_close(struct store *s);

/* The item's version, 0 where it has none (the Lambda functions wrote none). */
int64_t store_item_version(struct json_object *item);

/* Whether the item has expired at `now`. */
bool store_item_expired(struct json_object *item, int64_t now);

/* A put that replaces what was read: on the version of `read`, or as a new
 * item if `read` is NULL. */
struct store_action store_replace(struct json_object *item, struct json_object *read);

/*
 * A check that the item still has the version of `read`: what is derived from
 * an item is written together with it.  DynamoDB's credentials may not be
 * allowed to check: then the backend puts `read` again as it is, under the same
 * condition, which is as good.
 */
struct store_action store_check(struct json_object *read);

#endif
