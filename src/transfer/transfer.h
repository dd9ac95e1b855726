/* SPDX-License-Identifier: ISC */
/*
 * Moving a table: what export and import have in common.  One item is one line,
 * canonical JSON (format/json_canonical.h), so that sorted files of two stores
 * can be compared.
 */
#ifndef ORDERSNAP_TRANSFER_TRANSFER_H
#define ORDERSNAP_TRANSFER_TRANSFER_H

#include "base/err.h"
#include "format/json.h"
#include "store/store.h"

/* How long the store is waited for, a verb: locks and throttling pass. */
#define TRANSFER_VERB_MS 60000

/* The size of an item in DynamoDB, bytes of names and values. */
#define TRANSFER_ITEM_MAX (400 * 1024)

/* A line may be longer: a control character has one byte in an item and six in
 * JSON. */
#define TRANSFER_LINE_MAX (6 * TRANSFER_ITEM_MAX + 4096)

/* What the keys say that an item is. */
enum transfer_kind {
	TRANSFER_ORDER,
	TRANSFER_SESSION,
	TRANSFER_EVENT,
	TRANSFER_PAYMENT,
	TRANSFER_NUMBER,
	TRANSFER_DAY,
	TRANSFER_QUOTE,
	TRANSFER_PRICE,
	TRANSFER_SYSTEM,
	TRANSFER_OTHER, /* none of ours; copied like all others */
	TRANSFER_KINDS
};

enum transfer_kind transfer_kind_of(struct json_object *item);

/* Whether a copy of the table does not have the item: it is about this very table
 * (shop/adoption.h), or would tell the shop of its orders once more (shop/outbox.h). */
bool transfer_leaves_out(struct json_object *item);

/* The next page of a walk over the whole table, a JSON array that the caller releases:
 * what is behind the item `*last` (owned; NULL: from the beginning on).  `*last` is then
 * where the page after it begins, NULL when there is none; on -1 it is as it was. */
int transfer_next_page(struct store *store, struct json_object **last, struct json_object **items,
		       struct err *e);

/* "orders". */
const char *transfer_kind_plural(enum transfer_kind kind);

/* A list by commas of kinds (not of others) as a set of bits: 0, or -1 with
 * ERR_BAD_REQUEST naming what is none. */
int transfer_kinds_from(const char *list, unsigned *set, struct err *e);

/* The size of a value as DynamoDB counts it:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
size_t transfer_size(struct json_object *value);

/*
 * The item of a line; the caller releases it.  NULL with ERR_BAD_REQUEST and a
 * text to stand behind "line 7: ": "not JSON".
 */
struct json_object *transfer_item(struct span line, struct err *e);

/* --- importing, what its parts share --- */

/* What became of an item. */
enum transfer_outcome {
	TRANSFER_WRITTEN,  /* it was absent there, or of a lower version */
	TRANSFER_SAME,     /* it is there already */
	TRANSFER_NEWER,    /* a higher version is there, and stays */
	TRANSFER_CONFLICT, /* another content of the same version is there, and stays */
	TRANSFER_EXPIRED,  /* it has expired, and was left out */
	TRANSFER_OUTCOMES
};

struct transfer_imported {
	int64_t lines, outcomes[TRANSFER_OUTCOMES];
	int64_t order_conflicts; /* those of the conflicts that are orders */
	int64_t unverified;      /* written, and not what was read back */
};

struct transfer_import {
	const char *path; /* NULL: standard input */
	bool dry_run;     /* count, and write nothing */
	/* How far it is, in thousandths of the file; -1: not known. */
	void (*progress)(void *context, const struct transfer_imported *so_far, int permille);
	/* Is told, as a sentence, each conflict and each item that reads back otherwise. */
	void (*report)(void *context, const char *sentence);
	bool (*stop)(void *context); /* asked between two lines; NULL: never stops */
	void *context;
};

#endif
