/* SPDX-License-Identifier: ISC */
/*
 * Calls are counted in one place, whatever they are of, and the fault is found there.
 */
#include "outside.h"

#include <poll.h>
#include <strings.h>

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

/* A call of a server changes nothing in the table: no conflict is one. */
static bool server_fails(void)
{
	enum outside_fault fault = call(true);

	return fault != OUTSIDE_FAULTS && fault != OUTSIDE_CONFLICT;
}

/* --- the table ------------------------------------------------------------------ */

/* What a call of the table meets. */
static enum table_store_meets meets(void)
{
	switch (call(false)) {
	case OUTSIDE_FAILS:
	case OUTSIDE_AWAY:
		return TABLE_STORE_AWAY;
	case OUTSIDE_LOST:
		return TABLE_STORE_LOST;
	case OUTSIDE_CONFLICT:
		return TABLE_STORE_CONFLICT;
	default:
		return TABLE_STORE_NOTHING;
	}
}

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
	const struct outside_header *header = outside.headers;

	(void)client;
	for (; header && header->name; header++)
		if (strcasecmp(header->name, name) == 0)
			return header->value;
	return outside.replayed && strcmp(name, "Idempotent-Replayed") == 0 ? "true" : NULL;
}

static void note_key(const struct http_request *request)
{
	static const char name[] = "Idempotency-Key: ";
	size_t i;

	for (i = 0; i < HTTP_MAX_HEADERS && request->headers[i]; i++)
		if (str_starts(request->headers[i], name))
			buf_printf(&outside.keys, "%s\n", request->headers[i] + strlen(name));
}

/* The next of those that are given only so often, NULL where none fits. */
static const struct outside_once *take_once(const char *url)
{
	const struct outside_once *once;

	for (once = outside.once; once && once->part; once++)
		if (strstr(url, once->part) && outside.given[once - outside.once] < once->times) {
			outside.given[once - outside.once]++;
			return once;
		}
	return NULL;
}

int http_perform(struct http_client *client, const struct http_request *request,
		 struct http_answer *answer, struct err *e)
{
	const struct outside_answer *one = outside.answers;
	const struct outside_once *once;

	client->calls++;
	buf_reset(&answer->body);
	answer->status = 0;
	outside.replayed = false;
	note_key(request);
	if (server_fails())
		return away(e);
	if (outside.serve) {
		answer->status = outside.serve(request, &answer->body);
		return answer->status ? 0 : away(e);
	}
	while (one && one->part && !strstr(request->url, one->part))
		one++;
	once = take_once(request->url);
	if (once ? !once->status : !one || !one->part)
		return away(e);
	outside.replayed = once && once->replayed;
	answer->status = once ? once->status : one->status;
	add_json(&answer->body, once ? once->body : one->body);
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

	outside = (struct outside){.at = 0};
	table_store_init(&outside.store, &outside.table, meets);
	outside.app.store_opened = &outside.store.store;
	outside.app.secrets.config = config;
	outside.app.secrets.settings = &outside.app.aws;
	config->stripe_secret = str_dup("sk_test_1");
	config->stripe_webhook_secret = str_dup("whsec_1");
	config->stripe_api_base = str_dup("https://api.stripe.example");
	config->order_number_prefix = str_dup("BC-");
	config->event_ttl_days = 30;
	buf_init(&outside.log, 1 << 20);
	buf_init(&outside.keys, 1 << 16);
	log_set_sink(keep_line, NULL);
}

void outside_end(void)
{
	app_close(&outside.app);
	log_set_sink(NULL, NULL);
	buf_free(&outside.log);
	buf_free(&outside.keys);
	table_free(&outside.table);
}
