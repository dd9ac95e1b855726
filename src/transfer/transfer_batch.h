/* SPDX-License-Identifier: ISC */
/*
 * The items that an import writes at once.
 */
#ifndef ORDERSNAP_TRANSFER_TRANSFER_BATCH_H
#define ORDERSNAP_TRANSFER_TRANSFER_BATCH_H

#include "store/store.h"
#include "transfer/transfer.h"

/* Bytes of lines, but for a single longer one: a transaction of DynamoDB has at
 * most 4 MB, and has to get there in time over a slow line; and each byte is
 * held several times, as text and as values, there and here. */
#define TRANSFER_BATCH_BYTES (512 * 1024)

struct transfer_entry {
	struct json_object *item;  /* owned */
	struct json_object *there; /* what stands under its key, or NULL; owned */
	bool has_more;             /* an order that was marked or erased, as what stands there is not */
	bool other_mark;           /* an order whose mark is not that of what stands there */
	bool left;                 /* a session of an order that stands there with the person it has lost */
	int64_t line;
	enum transfer_outcome outcome;
};

struct transfer_batch {
	struct store *store;
	struct transfer_entry entries[STORE_MAX_ITEMS];
	size_t n, bytes;
};

/* Whether an item, of a line of so many bytes, can be added: there is room, and
 * no other item of its key. */
bool transfer_batch_fits(const struct transfer_batch *batch, struct json_object *item,
			 size_t bytes);

/* Takes the item. */
void transfer_batch_add(struct transfer_batch *batch, struct json_object *item, size_t bytes,
			int64_t line);

/* Decides, writes, reads back, counts in `done` and empties the batch.  -1 where
 * the store fails, or others are in the way for too long: nothing was written
 * then, or it is not known. */
int transfer_batch_run(struct transfer_batch *batch, const struct transfer_import *request,
		       struct transfer_imported *done, struct err *e);

void transfer_batch_empty(struct transfer_batch *batch);

#endif
