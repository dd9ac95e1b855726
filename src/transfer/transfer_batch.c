/* SPDX-License-Identifier: ISC */
/*
 * Read, decide, write once: for a hundred items that others may be writing too.
 */
#include "transfer/transfer_batch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "format/iso8601.h"
#include "format/json_canonical.h"
#include "shop/erasure.h"
#include "shop/keys.h"

static struct store_key key_of(struct json_object *item)
{
	return (struct store_key){json_string_or_null(item, "PK"), json_string_or_null(item, "SK")};
}

bool transfer_batch_fits(const struct transfer_batch *batch, struct json_object *item,
			 size_t bytes)
{
	struct store_key key = key_of(item), other;
	size_t i;

	if (batch->n == STORE_MAX_ITEMS || (batch->n && batch->bytes + bytes > TRANSFER_BATCH_BYTES))
		return false;
	for (i = 0; i < batch->n; i++) {
		other = key_of(batch->entries[i].item);
		if (strcmp(key.pk, other.pk) == 0 && strcmp(key.sk, other.sk) == 0)
			return false;
	}
	return true;
}

void transfer_batch_add(struct transfer_batch *batch, struct json_object *item, size_t bytes,
			int64_t line)
{
	batch->entries[batch->n++] = (struct transfer_entry){.item = item, .line = line};
	batch->bytes += bytes;
}

/* Drops what stood there, before it is read anew. */
static void forget_read(struct transfer_batch *batch)
{
	size_t i;

	for (i = 0; i < batch->n; i++) {
		json_object_put(batch->entries[i].there);
		batch->entries[i].there = NULL;
	}
}

void transfer_batch_empty(struct transfer_batch *batch)
{
	forget_read(batch);
	while (batch->n)
		json_object_put(batch->entries[--batch->n].item);
	batch->bytes = 0;
}

/* Reads what stands under the keys of the entries with `outcome`, or of all. */
static int read_entries(struct transfer_batch *batch, bool all, enum transfer_outcome outcome,
			struct err *e)
{
	struct json_object *items[STORE_MAX_ITEMS];
	struct store_key keys[STORE_MAX_ITEMS];
	size_t at[STORE_MAX_ITEMS], n = 0, i;

	forget_read(batch);
	for (i = 0; i < batch->n; i++) {
		if (!all && batch->entries[i].outcome != outcome)
			continue;
		at[n] = i;
		keys[n++] = key_of(batch->entries[i].item);
	}
	if (n == 0)
		return 0;
	if (store_get_many(batch->store, keys, n, items, deadline_in(TRANSFER_VERB_MS), e))
		return -1;
	for (i = 0; i < n; i++)
		batch->entries[at[i]].there = items[i];
	return 0;
}

/* Whether the order has the owner's mark, or has lost its person, and the other one not: neither comes
 * again by an event or a sync. */
static bool has_more(struct json_object *order, struct json_object *than)
{
	static const char *const owners[] = {"tracking", "erasedAt"};
	size_t i;

	for (i = 0; i < sizeof owners / sizeof *owners; i++)
		if (json_object_object_get(order, owners[i]) && !json_object_object_get(than, owners[i]))
			return true;
	return false;
}

/* Whether two orders differ in what the owner has marked, but for when.  With the person goes a part of the
 * mark. */
static bool has_other_mark(struct json_object *order, struct json_object *than)
{
	static const char *const members[] = {"status", "carrier", "number", "url"};
	struct json_object *mark = NULL, *other = NULL;
	size_t i;

	if (erasure_is_done(order) || erasure_is_done(than))
		return false;
	json_get_object(order, "tracking", &mark);
	json_get_object(than, "tracking", &other);
	for (i = 0; i < sizeof members / sizeof *members; i++)
		if (!json_same(json_object_object_get(mark, members[i]),
			       json_object_object_get(other, members[i])))
			return true;
	return false;
}

static bool is_written_later(struct json_object *order, struct json_object *than)
{
	const char *text = json_string_or_null(order, "updatedAt");
	const char *other = json_string_or_null(than, "updatedAt");
	int64_t time, others;

	return text && other && !iso8601_parse(text, &time) && !iso8601_parse(other, &others) &&
	       time > others;
}

/* Whether the item says that the reconciler has come further than `than` says.  That is true of the orders
 * beside it, some of which are not written: a sync of the table has to go on from where its own one was. */
static bool is_further(struct json_object *item, struct json_object *than)
{
	struct json_object *run = NULL; /* one that is going on: what it has done is done there alone */
	struct store_key key = key_of(item);

	return strcmp(key.pk, KEY_SYSTEM) == 0 && strcmp(key.sk, KEY_SYNC) == 0 &&
	       (json_int_or(item, "through", 0) > json_int_or(than, "through", 0) ||
		json_get_object(item, "run", &run) == JSON_FOUND);
}

/* What becomes of an item: the higher version counts, whichever side has it; two of one
 * version that differ were changed in both places.  So was an order of a lower version that says what
 * the other one never said, or was written after it; and a line's of a lower version that is marked otherwise
 * may have been marked after it was copied. */
static enum transfer_outcome decide(const struct transfer_entry *entry, int64_t now)
{
	bool is_order = transfer_kind_of(entry->item) == TRANSFER_ORDER;
	int64_t version = store_item_version(entry->item);
	int64_t there = store_item_version(entry->there);

	if (store_item_expired(entry->item, now))
		return TRANSFER_EXPIRED;
	if (!entry->there)
		return TRANSFER_WRITTEN;
	if (json_same(entry->item, entry->there))
		return TRANSFER_SAME;
	if (version == there)
		return TRANSFER_CONFLICT;
	if (there > version)
		return is_order && (has_more(entry->item, entry->there) ||
				    (json_object_object_get(entry->item, "tracking") &&
				     has_other_mark(entry->item, entry->there)))
			? TRANSFER_CONFLICT : TRANSFER_NEWER;
	if (is_order && (has_more(entry->there, entry->item) || is_written_later(entry->there, entry->item)))
		return TRANSFER_CONFLICT;
	return is_further(entry->item, entry->there) ? TRANSFER_NEWER : TRANSFER_WRITTEN;
}

/* --- orders that were erased in one of the places ------------------------------------ */

/* An order whose key names a person has another key since it was erased: the two are not compared with
 * each other, for each has its own.  The PK under which the entry's order may stand there as well, to
 * free; NULL: under none. */
static char *other_pk(const struct transfer_entry *entry)
{
	enum transfer_kind kind = transfer_kind_of(entry->item);

	if (entry->outcome != TRANSFER_WRITTEN)
		return NULL;
	if (kind == TRANSFER_ORDER && !entry->there && !erasure_is_done(entry->item) &&
	    json_string_or_null(entry->item, "orderNumber"))
		return erasure_key(entry->item);
	if (kind == TRANSFER_SESSION && erasure_is_key(json_string_or_null(entry->item, "orderPK")) &&
	    !erasure_is_key(json_string_or_null(entry->there, "orderPK")))
		return str_dup(json_string_or_null(entry->there, "orderPK"));
	return NULL;
}

static bool same_order(struct json_object *a, struct json_object *b)
{
	const char *x = json_string_or_null(a, "orderId"), *y = json_string_or_null(b, "orderId");

	return x && y && strcmp(x, y) == 0;
}

/* What follows from the order that stands under the other key, if one does: a line's order is not to
 * bring back the person that it has lost there; that of a session whose order the line has moved has
 * the person still. */
static void judge(struct transfer_entry *entry, struct json_object *other)
{
	bool is_order = transfer_kind_of(entry->item) == TRANSFER_ORDER;

	if (!same_order(entry->item, other) || erasure_is_done(other) != is_order)
		return;
	entry->left = !is_order;
	if (is_order)
		entry->outcome = TRANSFER_NEWER;
}

/* Looks for them among the entries that are to be written.  Erasing leaves the SK as it is. */
static int find_erased(struct transfer_batch *batch, struct err *e)
{
	struct json_object *others[STORE_MAX_ITEMS];
	struct store_key keys[STORE_MAX_ITEMS];
	struct transfer_entry *of[STORE_MAX_ITEMS];
	char *pks[STORE_MAX_ITEMS];
	size_t n = 0, i;
	int rc = 0;

	for (i = 0; i < batch->n; i++) {
		struct transfer_entry *entry = &batch->entries[i];
		const char *sk = json_string_or_null(entry->item, "orderSK");

		entry->left = false;
		of[n] = entry;
		pks[n] = other_pk(entry);
		keys[n] = (struct store_key){pks[n], sk ? sk : json_string_or_null(entry->item, "SK")};
		n += pks[n] != NULL;
	}
	if (n)
		rc = store_get_many(batch->store, keys, n, others, deadline_in(TRANSFER_VERB_MS), e);
	for (i = 0; i < n; i++) {
		if (!rc) {
			judge(of[i], others[i]);
			json_object_put(others[i]);
		}
		free(pks[i]);
	}
	return rc;
}

/* --- a batch -------------------------------------------------------------------------- */

struct writing {
	struct transfer_batch *batch;
	bool dry_run;
};

/* Reads what stands, decides on each item, and writes in one transaction. */
static int write_once(void *context, struct err *e)
{
	const struct writing *w = context;
	struct transfer_batch *batch = w->batch;
	struct store_action puts[STORE_MAX_ITEMS];
	int64_t now;
	size_t n = 0, i;

	if (read_entries(batch, true, TRANSFER_WRITTEN, e))
		return -1;
	now = clock_epoch();
	for (i = 0; i < batch->n; i++) {
		struct transfer_entry *entry = &batch->entries[i];

		entry->outcome = decide(entry, now);
		entry->has_more = has_more(entry->item, entry->there);
		entry->other_mark = has_other_mark(entry->item, entry->there);
	}
	if (find_erased(batch, e))
		return -1;
	for (i = 0; i < batch->n; i++) {
		struct transfer_entry *entry = &batch->entries[i];

		if (entry->outcome != TRANSFER_WRITTEN)
			continue;
		puts[n] = store_replace(entry->item, entry->there);
		puts[n++].as_it_is = true;
	}
	if (n == 0 || w->dry_run)
		return 0;
	return store_write(batch->store, puts, n, NULL, deadline_in(TRANSFER_VERB_MS), e);
}

/* Tells of an item: `line 7: USER#1, ORDER#2 (version 3) is a conflict: ...`. */
static void report(const struct transfer_import *request, const struct transfer_entry *entry,
		   const char *what)
{
	struct store_key key = key_of(entry->item);
	char *sentence;

	if (!request->report)
		return;
	sentence = str_printf("line %" PRId64 ": %s, %s (version %" PRId64 ") %s", entry->line,
			      key.pk, key.sk, store_item_version(entry->item), what);
	request->report(request->context, sentence);
	free(sentence);
}

/* Reads back what was written.  A live writer may have gone on from it, and it may have
 * expired meanwhile. */
static int verify(struct transfer_batch *batch, const struct transfer_import *request,
		  struct transfer_imported *done, struct err *e)
{
	int64_t now;
	size_t i;
	bool well;

	if (read_entries(batch, false, TRANSFER_WRITTEN, e))
		return -1;
	now = clock_epoch();
	for (i = 0; i < batch->n; i++) {
		const struct transfer_entry *entry = &batch->entries[i];

		if (entry->outcome != TRANSFER_WRITTEN)
			continue;
		if (entry->there)
			well = json_same(entry->item, entry->there) ||
			       store_item_version(entry->there) > store_item_version(entry->item);
		else
			well = store_item_expired(entry->item, now);
		if (well)
			continue;
		done->unverified++;
		report(request, entry, "reads back otherwise than it was written");
	}
	return 0;
}

int transfer_batch_run(struct transfer_batch *batch, const struct transfer_import *request,
		       struct transfer_imported *done, struct err *e)
{
	struct writing w = {.batch = batch, .dry_run = request->dry_run};
	int rc = store_until_written(write_once, &w, deadline_in(TRANSFER_VERB_MS), e);
	size_t i;

	if (rc && e->code == ERR_CONFLICT)
		err_set(e, ERR_UNAVAILABLE, "other programs keep writing the same items: run the "
			"command again");
	if (!rc && !request->dry_run)
		rc = verify(batch, request, done, e);
	if (rc)
		return err_prefix(e, "lines %" PRId64 " to %" PRId64, batch->entries[0].line,
				  batch->entries[batch->n - 1].line);

	/* Only what is done is counted. */
	for (i = 0; i < batch->n; i++) {
		const struct transfer_entry *entry = &batch->entries[i];
		bool order = transfer_kind_of(entry->item) == TRANSFER_ORDER;

		done->lines++;
		done->outcomes[entry->outcome]++;
		if (entry->left) {
			done->order_conflicts++;
			report(request, entry, "names an order whose person was erased, which stands "
			       "here with the person as well: `ordersnap erase --user` takes that out");
		}
		if (entry->outcome != TRANSFER_CONFLICT)
			continue;
		done->order_conflicts += order;
		report(request, entry, !order
			? "is a conflict: it was changed in both places; what stands there was kept"
			: entry->has_more
			? "is a conflict: it was marked or erased, and what stands there was not and was "
			  "kept: mark or erase that, and `ordersnap sync` puts the rest right"
			: entry->other_mark
			? "is a conflict: it was changed in both places; what stands there was kept, and is "
			  "marked otherwise: mark it anew where the line's mark is right, and "
			  "`ordersnap sync` puts the rest right"
			: "is a conflict: it was changed in both places; what stands there was kept, "
			  "`ordersnap sync` puts it right");
	}
	transfer_batch_empty(batch);
	return 0;
}
