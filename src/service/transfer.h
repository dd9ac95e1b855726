/* SPDX-License-Identifier: ISC */
/*
 * Moving a table: what export and import have in common.  One item is one line,
 * canonical JSON (format/json_canonical.h), so that sorted files of two stores
 * can be compared.
 */
#ifndef ORDERSNAP_SERVICE_TRANSFER_H
#define ORDERSNAP_SERVICE_TRANSFER_H

#include "base/err.h"
#include "format/json.h"

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

/* "order", and "orders". */
const char *transfer_kind_name(enum transfer_kind kind);
const char *transfer_kind_plural(enum transfer_kind kind);

/* A list by commas of kinds (not of others) as a set of bits: 0, or -1 with
 * ERR_BAD_REQUEST naming what is none. */
int transfer_kinds_from(const char *list, unsigned *kinds, struct err *e);

/* The size of a value as DynamoDB counts it:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
size_t transfer_size(struct json_object *value);

/*
 * The item of a line; the caller releases it.  NULL with ERR_BAD_REQUEST and a
 * text to stand behind "line 7: ": "not JSON".
 */
struct json_object *transfer_item(struct span line, struct err *e);

#endif
