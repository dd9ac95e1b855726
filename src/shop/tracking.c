/* SPDX-License-Identifier: ISC */
/*
 * The rules of an order's parcel.
 */
#include "shop/tracking.h"

#include <string.h>

#include "format/iso8601.h"
#include "shop/erasure.h"
#include "shop/order.h"
#include "shop/order_rank.h"

/* Valid UTF-8 without control characters. */
static bool is_clean(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t left = strlen(text), n;

	for (; left; p += n, left -= n) {
		n = utf8_sequence(p, left);
		if (!n || unicode_is_control(utf8_code_point(p, n)))
			return false;
	}
	return true;
}

static int check_text(const char *what, const char *text, struct err *e)
{
	if (!text)
		return 0;
	if (!span_trim(span_of(text)).n || !is_clean(text) ||
	    span_utf8_length(span_of(text)) > TRACKING_TEXT_MAX)
		return err_set(e, ERR_BAD_REQUEST, "%s must be 1 to %d characters, none of them a "
			       "control character", what, TRACKING_TEXT_MAX);
	return 0;
}

int tracking_check(const struct tracking *t, struct err *e)
{
	if (check_text("the tracking number", t->number, e) ||
	    check_text("the carrier", t->carrier, e))
		return -1;
	if (t->url && ((!str_starts(t->url, "https://") && !str_starts(t->url, "http://")) ||
		       strpbrk(t->url, " \"<>") || !is_clean(t->url) ||
		       strlen(t->url) > TRACKING_URL_MAX))
		return err_set(e, ERR_BAD_REQUEST, "the url must begin with https:// or http:// and "
			       "be at most %d bytes, without spaces", TRACKING_URL_MAX);
	return 0;
}

struct json_object *tracking_apply(struct json_object *order, const struct tracking *t,
				   int64_t now, struct err *e)
{
	struct json_object *marked, *stands = NULL, *mark;
	const char *number;
	char time[ISO8601_SIZE];

	if (t->shipped && erasure_is_done(order) && (t->number || t->url)) {
		err_set(e, ERR_BAD_REQUEST, "the person was erased from order %s: mark it without a "
			"tracking number and url", json_string_or_null(order, "orderNumber"));
		return NULL;
	}
	marked = json_copy(order);
	json_set_string(marked, "updatedAt", iso8601_time(now, time));
	if (!t->shipped) {
		json_object_object_del(marked, "tracking");
		return marked;
	}

	/* What is said now stands over what was said before; but an address that goes with
	 * another number goes with that, and the time of the first mark stays. */
	json_get_object(order, "tracking", &stands);
	number = json_label_or_null(stands, "number");
	mark = stands ? json_copy(stands) : json_object_new_object();
	if (t->number && (!number || strcmp(number, t->number) != 0))
		json_object_object_del(mark, "url");
	json_set_string(mark, "carrier", t->carrier);
	json_set_string(mark, "number", t->number);
	json_set_string(mark, "url", t->url);
	json_set_string(mark, "status", "shipped");
	if (!json_string_or_null(mark, "shippedAt"))
		json_set_string(mark, "shippedAt", time);
	json_set(marked, "tracking", mark);
	return marked;
}

bool tracking_is_awaited(struct json_object *order)
{
	const char *status = json_string_or_null(order, "status");
	struct json_object *object;

	/* It was paid, not given back, and is not on its way. */
	if (order_rank_of(order) != ORDER_RANK_COMPLETED || !status ||
	    strcmp(status, "refunded") == 0 || json_object_object_get(order, "tracking"))
		return false;
	/* There is something to send, or it is not known yet, or not any more. */
	return json_get_object(order, "shippingAddress", &object) == JSON_FOUND ||
	       json_get_object(order, "shippingRate", &object) == JSON_FOUND ||
	       json_int_or(order, "amountShipping", 0) > 0 || order_needs_lines(order) ||
	       order_is_unconfirmed(order) || erasure_is_done(order);
}
