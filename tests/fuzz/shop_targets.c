/* SPDX-License-Identifier: ISC */
/*
 * Whole flows over a table in memory: what an event, a sync and a buyer make of it, whatever Stripe answers and
 * whoever wrote or damaged the items.
 */
#include "targets.h"

#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "checkout/checkout.h"
#include "checkout/quoting.h"
#include "fake_http.h"
#include "fake_shop.h"
#include "record/webhook.h"
#include "shop/checkout.h"
#include "sync/sync.h"

#define EPOCH 1700000000 /* when the clock begins */
#define DAY 86400
#define EVENTS 4
#define SYNCS 2

/* --- an event ------------------------------------------------------------------------------- */

/* Delivers it as Stripe does, signed; the answer's status, or NULL where it is to come again. */
static const char *deliver(struct fake_shop *shop, struct span body, struct span answers)
{
	static const char *const statuses[] = {"processed", "ignored"};
	const struct span parts[] = {span_of("1700000000."), body};
	char hex[DIGEST_HEX], header[128];
	struct json_object *answer = NULL;
	struct webhook_delivery delivery = {.signature = header, .body = body};
	const char *status;
	struct err e = {.code = ERR_NONE};

	digest_hmac_hex(span_of("whsec_fuzz"), parts, 2, hex);
	snprintf(header, sizeof header, "t=%d,v1=%s", EPOCH, hex);
	fake_http_answer(answers);
	delivery.deadline = deadline_in(APP_REQUEST_MS);
	if (webhook_receive(&shop->app, &delivery, &answer, &e)) {
		fake_shop_check(&e);
		HOLDS(e.code != ERR_SIGNATURE && e.code != ERR_INTERNAL);
		return NULL;
	}
	status = strcmp(json_string_or_null(answer, "status"), statuses[0]) == 0 ? statuses[0] : statuses[1];
	HOLDS(strcmp(json_string_or_null(answer, "status"), status) == 0);
	json_object_put(answer);
	return status;
}

int fuzz_webhook(const uint8_t *data, size_t n)
{
	struct span rest = {(const char *)data, n}, answers, event;
	struct fake_shop shop;
	int i;

	fake_shop_open(&shop, fuzz_part(&rest));
	for (i = 0; i < EVENTS && rest.n; i++) {
		size_t orders = fake_shop_orders(&shop);
		const char *status;
		unsigned written;

		answers = fuzz_part(&rest);
		span_next(&answers, '\n', &event);
		status = deliver(&shop, event, answers);
		written = shop.store.written;

		/* An event makes an order or none, and takes none away. */
		HOLDS(fake_shop_orders(&shop) - orders <= 1);
		/* The event that comes again is answered likewise, and changes nothing. */
		if (status) {
			HOLDS(deliver(&shop, event, answers) == status);
			HOLDS(shop.store.written == written);
		}
	}
	fake_shop_close(&shop);
	return 0;
}

/* --- a sync --------------------------------------------------------------------------------- */

static void hear_difference(void *context, const struct difference *difference)
{
	(void)context;
	HOLDS(difference->kind != DIFFERENCE_ERROR || difference->error);
}

static void hear_progress(void *context, const struct sync_counts *counts, int64_t created)
{
	(void)context;
	(void)created;
	HOLDS(counts->sessions >= 0 && counts->errors >= 0);
}

static bool never(void *context)
{
	(void)context;
	return false;
}

/* A dry run looks back for a day; another one as far as the state makes it necessary. */
static int sync(struct fake_shop *shop, struct span answers, bool dry_run)
{
	const struct sync_options options = {
		.from = dry_run ? EPOCH - DAY : 0, .dry_run = dry_run,
		.listener = {.difference = hear_difference, .looked_at = hear_progress, .stop = never},
	};
	struct sync_result result;
	struct err e = {.code = ERR_NONE};
	int rc;

	fake_http_answer(answers);
	rc = sync_run(&shop->app, &options, &result, &e);
	if (rc)
		fake_shop_check(&e);
	HOLDS((rc != 0) == (result.end == SYNC_FAILED || result.end == SYNC_TAKEN_OVER));
	return rc;
}

int fuzz_sync(const uint8_t *data, size_t n)
{
	struct span rest = {(const char *)data, n}, answers;
	struct fake_shop shop;
	int i;

	fake_shop_open(&shop, fuzz_part(&rest));
	for (i = 0; i < SYNCS && rest.n; i++) {
		size_t orders = fake_shop_orders(&shop);
		unsigned written = shop.store.written;

		answers = fuzz_part(&rest);
		sync(&shop, answers, true);
		HOLDS(shop.store.written == written);
		sync(&shop, answers, false);
		HOLDS(fake_shop_orders(&shop) >= orders); /* it takes none away */
	}
	fake_shop_close(&shop);
	return 0;
}

/* --- a sale's beginning ---------------------------------------------------------------------- */

/* A cart's quote; its signature, to free(), or NULL. */
static char *quote_cart(struct fake_shop *shop, struct span body)
{
	struct json_object *cart = json_parse(body), *answer = NULL;
	char *signature = NULL;
	struct err e = {.code = ERR_NONE};

	if (cart && quoting_create(&shop->app, cart, deadline_in(APP_REQUEST_MS), &answer, &e)) {
		fake_shop_check(&e);
	} else if (cart) {
		signature = str_dup(json_string_or_null(answer, "quoteSignature"));
		HOLDS(checkout_is_signature(signature));
	}
	json_object_put(answer);
	json_object_put(cart);
	return signature;
}

/* A session for the quote. */
static void create_session(struct fake_shop *shop, struct span body, const char *signature)
{
	struct json_object *request = json_parse(body), *answer = NULL;
	struct err e = {.code = ERR_NONE};
	int rc;

	if (json_object_is_type(request, json_type_object)) {
		json_set_string(request, "quoteSignature", signature);
		rc = checkout_create(&shop->app, request, NULL, deadline_in(APP_REQUEST_MS), &answer, &e);
		if (rc)
			fake_shop_check(&e);
		HOLDS(rc || (json_string_or_null(answer, "sessionId") && json_string_or_null(answer, "checkoutUrl")));
	}
	json_object_put(answer);
	json_object_put(request);
}

int fuzz_selling(const uint8_t *data, size_t n)
{
	struct span rest = {(const char *)data, n}, part, line;
	struct fake_shop shop;
	char *signature;
	size_t orders;

	fake_shop_open(&shop, fuzz_part(&rest));
	orders = fake_shop_orders(&shop);
	part = fuzz_part(&rest);
	span_next(&part, '\n', &line);
	fake_http_answer(part);
	signature = quote_cart(&shop, line);
	part = fuzz_part(&rest);
	span_next(&part, '\n', &line);
	fake_http_answer(part);
	if (signature)
		create_session(&shop, line, signature);
	HOLDS(fake_shop_orders(&shop) == orders); /* nobody has paid yet */
	free(signature);
	fake_shop_close(&shop);
	return 0;
}
