/* SPDX-License-Identifier: ISC */
/*
 * Runs of the reconciler over a Stripe of a few objects, and what they told.
 */
#ifndef ORDERSNAP_TESTS_SYNC_FIXTURE_H
#define ORDERSNAP_TESTS_SYNC_FIXTURE_H

#include "stripe_fixture.h"

#include "base/seconds.h"
#include "shop/adoption.h"
#include "shop/keys.h"
#include "sync/sync.h"

#define NOW OUTSIDE_EPOCH
#define LOOKBACK (48 * HOUR)

/* --- what Stripe has ---------------------------------------------------------------- */

/* A charge's state, behind its amount of 1000. */
#define CHARGED ",'refunded':false,'amount_refunded':0,'disputed':false"
#define GIVEN_BACK ",'refunded':false,'amount_refunded':300,'disputed':false"

static inline const char *charge_json(const char *id, int64_t created, const char *state)
{
	return keep_text(str_printf("{'id':'ch_%s','object':'charge','amount':1000,'amount_captured':1000,"
				    "'captured':true,'paid':true,'status':'succeeded','currency':'usd',"
				    "'payment_intent':'pi_%s','created':%lld%s}", id, id, (long long)created,
				    state));
}

/* A session by `status`, "paid" or "unpaid", with `payment`, which is its payment_intent, or NULL. */
static inline const char *session_json(const char *id, int64_t created, const char *status,
				       const char *payment)
{
	return keep_text(str_printf("{'id':'cs_test_%s','object':'checkout.session','livemode':false,"
		"'mode':'payment','status':'complete','created':%lld,'payment_status':'%s','amount_total':1000,"
		"'amount_subtotal':1000,'currency':'usd','customer_details':{'email':'ann@example.com'},"
		"'line_items':{'object':'list','has_more':false,'data':[{'id':'li_1','object':'item','quantity':1,"
		"'amount_total':1000,'amount_subtotal':1000,'currency':'usd','description':'Cup'}]},"
		"'payment_intent':%s}", id, (long long)created, status, payment ? payment : "null"));
}

/* A sale, charged a moment after its session was made. */
static inline void sells_with(const char *id, int64_t created, const char *state)
{
	const char *charge = charge_json(id, created + 60, state);
	const char *payment = keep_text(str_printf("{'id':'pi_%s','object':'payment_intent',"
						   "'status':'succeeded','latest_charge':%s}", id, charge));

	stripe_has("checkout/sessions", keep_text(str_printf("cs_test_%s", id)), created,
		   session_json(id, created, "paid", payment));
	stripe_has("charges", keep_text(str_printf("ch_%s", id)), created + 60, charge);
}

static inline void sells(const char *id, int64_t created)
{
	sells_with(id, created, CHARGED);
}

/* One whose payment is on its way. */
static inline void sells_later(const char *id, int64_t created)
{
	stripe_has("checkout/sessions", keep_text(str_printf("cs_test_%s", id)), created,
		   session_json(id, created, "unpaid",
				keep_text(str_printf("{'id':'pi_%s','object':'payment_intent',"
						     "'status':'processing'}", id))));
}

/* A session that is no payment: it costs nothing but its place in the list. */
static inline void sets_up(const char *id, int64_t created)
{
	stripe_has("checkout/sessions", keep_text(str_printf("cs_test_%s", id)), created,
		   keep_text(str_printf("{'id':'cs_test_%s','object':'checkout.session','mode':'setup',"
					"'status':'complete','created':%lld}", id, (long long)created)));
}

/* --- a run -------------------------------------------------------------------------- */

static struct {
	struct sync_result result;
	struct buf told;     /* a line for each difference: its kind and session */
	int64_t looked_at, stop_after; /* sessions; 0: it is never told to stop */
	int64_t watched, noted; /* when so many were looked at, so many were noted in the table */
	unsigned calls; /* of Stripe, before */
	struct err e;
} run;

static inline void hear_difference(void *context, const struct difference *d)
{
	static const char *const kinds[] = {"missing", "stale", "pending", "pointers", "error", "unknown"};

	(void)context;
	buf_printf(&run.told, "%s %s\n", kinds[d->kind], d->session_id ? d->session_id : "-");
}

static inline struct json_object *state_item(void)
{
	return table_find(&outside.table, KEY_SYSTEM, KEY_SYNC);
}

static inline void hear_looked_at(void *context, const struct sync_counts *counts, int64_t created)
{
	struct json_object *unfinished = NULL, *summary = NULL;

	(void)context;
	(void)counts;
	(void)created;
	if (++run.looked_at == run.watched) {
		json_get_object(state_item(), "run", &unfinished);
		json_get_object(unfinished, "summary", &summary);
		run.noted = json_int_or(summary, "sessions", -1);
	}
}

static inline bool is_to_stop(void *context)
{
	(void)context;
	return run.stop_after && run.looked_at >= run.stop_after;
}

/* Runs with these options, and gives what was told. */
static inline const char *syncs_with(struct sync_options options)
{
	options.listener = (struct reconcile_listener){NULL, hear_difference, hear_looked_at, is_to_stop};
	buf_init(&run.told, 1 << 20);
	run.looked_at = 0;
	run.e = (struct err){.code = ERR_NONE};
	if (sync_run(&outside.app, &options, &run.result, &run.e) == 0)
		run.e.code = ERR_NONE;
	return keep_text(buf_detach(&run.told));
}

static inline const char *syncs(void)
{
	return syncs_with((struct sync_options){.from = 0});
}

/* A run that has to come to its end. */
static inline void syncs_to_its_end(const char *row, const char *told)
{
	check_text(row, syncs(), told);
	check_text(row, run.e.code ? run.e.text : "", "");
	check_int(row, run.result.end, SYNC_COMPLETE);
	stripe_asked();
}

static inline void sync_begin(void)
{
	stripe_begin();
	outside_put(keep(adoption_item(1600000000)));
	outside.app.config.sync_lookback_hours = LOOKBACK / HOUR;
	run.stop_after = 0;
}

static inline void sync_end(void)
{
	stripe_end();
}

/* Time goes by, to so many seconds behind NOW; what a run itself takes is part of it. */
static inline void goes_by(int64_t seconds)
{
	outside.ms = seconds * 1000;
}

/* The order of a session that was made at `created`. */
static inline struct json_object *order_of(const char *id, int64_t created)
{
	char *sk = keep_text(key_order(created, keep_text(str_printf("cs_test_%s", id))));

	return table_find(&outside.table, "USER#ann@example.com", sk);
}

/* The day entry of an order that is not there, made so many seconds ago. */
static inline void has_entry(const char *id, int64_t ago, const char *status)
{
	char *pk = keep_text(key_day(NOW - ago)), *sk = keep_text(key_order(NOW - ago, id));

	outside_put(json_of("{'PK':'%s','SK':'%s','orderId':'%s','status':'%s'}", pk, sk, id, status));
}

#endif
