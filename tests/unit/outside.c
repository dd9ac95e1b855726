/* SPDX-License-Identifier: ISC */
/*
 * Calls are counted in one place, whatever they are of, and the fault is found there.
 */
#include "outside.h"

#include <poll.h>

#include "../lib/counting_http.h"
#include "../lib/standing_clock.h"
#include "base/log.h"
#include "format/json_canonical.h"

struct outside outside;

/* --- the clock ------------------------------------------------------------------ */

int64_t standing_clock_epoch(void)
{
	return OUTSIDE_EPOCH + outside.ms / 1000;
}

int64_t standing_clock_ms(void)
{
	return outside.ms;
}

void standing_clock_pass(int64_t ms)
{
	outside.ms += ms;
	if (outside.sleeps)
		poll(NULL, 0, (int)ms);
}

/* --- faults --------------------------------------------------------------------- */

static int away(struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "it is away");
}

/* Whether a fault at the call `at` is still there at a later one. */
static bool lasts(bool is_servers)
{
	return outside.fault == OUTSIDE_AWAY || (outside.fault == OUTSIDE_ALONE && is_servers);
}

/* Counts a call, of a server or of the table; what it meets, or OUTSIDE_FAULTS. */
static enum outside_fault call(bool is_servers)
{
	unsigned at = outside.at;

	outside.calls++;
	if (!at || outside.calls < at || (outside.calls > at && !lasts(is_servers)) ||
	    (outside.fault == OUTSIDE_ALONE && !is_servers))
		return OUTSIDE_FAULTS;
	if (outside.fault == OUTSIDE_OVERTAKEN) {
		outside.at = 0;
		outside.overtake();
		return OUTSIDE_FAULTS;
	}
	return outside.fault;
}

/* Of a call that changes nothing. */
static bool call_fails(bool is_servers)
{
	enum outside_fault fault = call(is_servers);

	return fault != OUTSIDE_FAULTS && fault != OUTSIDE_CONFLICT;
}

/* --- the table ------------------------------------------------------------------ */

static const char *text_of(struct json_object *item, const char *name)
{
	return json_string_or_null(item, name);
}

static int get_many(struct store *s, const struct store_key *keys, size_t n,
		    struct json_object **items, int64_t deadline, struct err *e)
{
	size_t i;

	(void)s;
	(void)deadline;
	if (call_fails(false))
		return away(e);
	for (i = 0; i < n; i++) {
		struct json_object *item = table_find(&outside.table, keys[i].pk, keys[i].sk);

		items[i] = item && !store_item_expired(item, standing_clock_epoch()) ? json_object_get(item)
										: NULL;
	}
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	return strcmp(text_of(*(struct json_object *const *)b, "SK"),
		      text_of(*(struct json_object *const *)a, "SK"));
}

static int query(struct store *s, const char *pk, const char *sk_prefix, const char *before_sk,
		 size_t limit, struct json_object **items, int64_t deadline, struct err *e)
{
	struct json_object *found[TABLE_MAX];
	size_t i, n = 0;

	(void)s;
	(void)deadline;
	if (call_fails(false))
		return away(e);
	for (i = 0; i < outside.table.n; i++) {
		struct json_object *item = outside.table.items[i];
		const char *sk = text_of(item, "SK");

		if (strcmp(text_of(item, "PK"), pk) == 0 && str_starts(sk, sk_prefix) &&
		    (!before_sk || strcmp(sk, before_sk) < 0))
			found[n++] = item;
	}
	qsort(found, n, sizeof *found, newest_first);
	*items = json_object_new_array();
	for (i = 0; i < n && i < limit; i++)
		json_object_array_add(*items, json_object_get(found[i]));
	return 0;
}

static int by_key(const void *a, const void *b)
{
	struct json_object *left = *(struct json_object *const *)a, *right = *(struct json_object *const *)b;
	int order = strcmp(text_of(left, "PK"), text_of(right, "PK"));

	return order ? order : strcmp(text_of(left, "SK"), text_of(right, "SK"));
}

static bool is_behind(struct json_object *item, const struct store_key *after)
{
	int order = after ? strcmp(text_of(item, "PK"), after->pk) : 1;

	return order > 0 || (order == 0 && strcmp(text_of(item, "SK"), after->sk) > 0);
}

/* In the order of the keys, so that what is written meanwhile moves nothing. */
static int scan(struct store *s, const struct store_key *after, size_t limit,
		struct json_object **items, struct json_object **last, int64_t deadline,
		struct err *e)
{
	struct json_object *found[TABLE_MAX];
	size_t i, n = 0;

	(void)s;
	(void)deadline;
	if (call_fails(false))
		return away(e);
	limit = outside.page && outside.page < limit ? outside.page : limit;
	for (i = 0; i < outside.table.n; i++)
		if (is_behind(outside.table.items[i], after))
			found[n++] = outside.table.items[i];
	qsort(found, n, sizeof *found, by_key);
	*items = json_object_new_array();
	for (i = 0; i < n && i < limit; i++)
		json_object_array_add(*items, json_copy(found[i]));
	*last = NULL;
	if (n > limit) {
		*last = json_object_new_object();
		json_copy_member(*last, "PK", found[limit - 1], "PK");
		json_copy_member(*last, "SK", found[limit - 1], "SK");
	}
	return 0;
}

static bool condition_holds(const struct store_action *action)
{
	struct json_object *stands = table_find(&outside.table, text_of(action->item, "PK"),
						text_of(action->item, "SK"));

	return action->condition == STORE_ANY ||
	       (action->condition == STORE_ABSENT && !stands) ||
	       (action->condition == STORE_VERSION && stands &&
		store_item_version(stands) == action->version);
}

static int write_all(struct store *s, const struct store_action *actions, size_t n, size_t *failed,
		     int64_t deadline, struct err *e)
{
	enum outside_fault fault = call(false);
	size_t i;

	(void)s;
	(void)deadline;
	if (fault == OUTSIDE_FAILS || fault == OUTSIDE_AWAY)
		return away(e);
	*failed = 0;
	if (fault == OUTSIDE_CONFLICT)
		return err_set(e, ERR_CONFLICT, "another writer was in the way");
	for (i = 0; i < n; i++) {
		*failed = i;
		if (!condition_holds(&actions[i]))
			return err_set(e, ERR_CONFLICT, "%s is not as it was",
				       text_of(actions[i].item, "PK"));
	}
	for (i = 0; i < n; i++) {
		if (actions[i].verb == STORE_PUT)
			outside_put(actions[i].item);
		else if (actions[i].verb == STORE_DELETE)
			table_delete(&outside.table, text_of(actions[i].item, "PK"),
				     text_of(actions[i].item, "SK"));
	}
	outside.writes++;
	return fault == OUTSIDE_LOST ? away(e) : 0;
}

static void close_store(struct store *s)
{
	(void)s;
}

static const struct store_backend backend = {
	.get_many = get_many,
	.query = query,
	.scan = scan,
	.write = write_all,
	.close = close_store,
};

void outside_put(struct json_object *item)
{
	table_put(&outside.table, json_copy(item));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* As text that does not depend on the order of its members. */
static char *line_of(struct json_object *item)
{
	struct json_object *copy = NULL, *shown = keep(json_copy(item));
	struct buf line;

	json_object_object_del(shown, "version");
	if (json_get_object(shown, "order", &copy) == JSON_FOUND)
		json_object_object_del(copy, "version");
	buf_init(&line, 1 << 20);
	assert_int_equal(json_canonical(shown, &line), 0);
	return keep_text(buf_detach(&line));
}

const char *outside_items(void)
{
	const char *lines[TABLE_MAX];
	struct buf text;
	size_t i;

	for (i = 0; i < outside.table.n; i++)
		lines[i] = line_of(outside.table.items[i]);
	qsort(lines, outside.table.n, sizeof *lines, by_text);
	buf_init(&text, 1 << 20);
	for (i = 0; i < outside.table.n; i++)
		buf_printf(&text, "%s\n", lines[i]);
	return keep_text(buf_detach(&text));
}

/* --- the servers ---------------------------------------------------------------- */

const char *http_last_header(struct http_client *client, const char *name)
{
	(void)client;
	(void)name;
	return NULL;
}

int http_perform(struct http_client *client, const struct http_request *request,
		 struct http_answer *answer, struct err *e)
{
	const struct outside_answer *one = outside.answers;
	const char *p;

	client->calls++;
	buf_reset(&answer->body);
	answer->status = 0;
	while (one && one->part && !strstr(request->url, one->part))
		one++;
	if (call_fails(true) || !one || !one->part)
		return away(e);
	answer->status = one->status;
	for (p = one->body; *p; p++)
		buf_putc(&answer->body, *p == '\'' ? '"' : *p);
	return 0;
}

/* --- the program ---------------------------------------------------------------- */

static void keep_line(void *context, const char *line, size_t n)
{
	(void)context;
	buf_add(&outside.log, line, n);
}

void outside_begin(void)
{
	struct config *config = &outside.app.config;

	outside = (struct outside){.store.backend = &backend};
	outside.app.store_opened = &outside.store;
	outside.app.secrets.config = config;
	outside.app.secrets.settings = &outside.app.aws;
	config->stripe_secret = str_dup("sk_test_1");
	config->stripe_webhook_secret = str_dup("whsec_1");
	config->stripe_api_base = str_dup("https://api.stripe.example");
	config->order_number_prefix = str_dup("BC-");
	config->event_ttl_days = 30;
	buf_init(&outside.log, 1 << 20);
	log_set_sink(keep_line, NULL);
}

void outside_end(void)
{
	app_close(&outside.app);
	log_set_sink(NULL, NULL);
	buf_free(&outside.log);
	table_free(&outside.table);
}
