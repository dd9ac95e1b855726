# SPDX-License-Identifier: ISC
"""A stand-in for the Stripe API: what ordersnap's tests and its demo take payments from.

It answers the part of api.stripe.com's /v1 that a shop with Checkout uses, in the shapes of API
version 2026-10-28.endive (older ones are derived from them, see render.py), serves a page to
pay on, and delivers signed events.  State is in memory and ends with the process; it listens on
127.0.0.1 alone.

The one idea: be as strict as Stripe.  Every operation has a table of its parameters, and whatever
the table does not allow is refused with Stripe's own error, so that a client that works here works
there.  What Stripe has and is not simulated here is refused too, by name, never ignored.

Everything that Stripe has no API for is under /_sim: JSON in, JSON out, no key.  The errors are
{"error": text}; a name that is not listed here is one.

  GET    /_sim/health      {"ok": true}
  GET    /_sim/stats       {"calls": {"GET /v1/prices/{id}": 1, ...}, "total": N, "connections": C,
                           "peak_per_second": P, "limited": L}: calls under /v1, the TCP connections
                           that carried them, the most of them within any one second, and how many
                           the rate limit refused
  POST   /_sim/stats/reset
  POST   /_sim/pay         {"session", "card"?: "4242424242424242", "method"?: "card"|"later",
                           "email"?, "name"?, "phone"?, "shipping"?: {"name", "address": {...}},
                           "discount"?, "tax"?, "shipping_amount"?: minor units,
                           "shipping_rate"?: id of an offered one, "promotion_code"?,
                           "custom_fields"?: {key: text}, "tax_ids"?: [{"type", "value"}],
                           "business_name"?, "individual_name"?, "consent"?: {"promotions",
                           "terms_of_service"}, "billing"?: an address,
                           "presentment"?: {"amount", "currency"}, "at"?: epoch seconds of payment
                           and events, "wait"?: true}
                           pays as a buyer on the page would; answers {"session", "event",
                           "delivery": the first attempt's HTTP status or null}; 402 if declined.
                           What the session collects and is not given gets a default.
  POST   /_sim/later       {"session", "outcome": "succeed"|"fail", "wait"?: true}: how a "later"
                           payment ended; answers as /_sim/pay does.  One that failed may "succeed"
                           after all: the buyer paid again, which is another charge
  POST   /_sim/session     {"line_items": [{"price" | "lookup_key" | "name", "unit_amount",
                           "currency", "quantity"?: 1, "metadata"?}, ...], "id"?, "created"?,
                           "expires_at"?, "metadata"?, "client_reference_id"?, "customer_email"?,
                           "payment_intent_metadata"?, "pay"?: true, "emit"?: true,
                           and all of /_sim/pay's but "session"}
                           makes a session with an id and a time of one's choice, and pays it
                           unless "pay" is false; "emit": false makes no events
  POST   /_sim/sessions    {"count": N, "from"?, "to"?: epoch seconds, "line_items"?: as above
                           (else one thing for 10.00 usd), "prefix"?, "metadata"?,
                           "payment_intent_metadata"?, "client_reference_id"?, "emit"?: false,
                           and all of /_sim/pay's but "session" and "wait"}
                           makes N paid sessions, created and paid evenly from "from" (else a day
                           before "to") to "to" (else now).  "{n}" in a value of metadata, or in the
                           client_reference_id, is the session's number, from 1; with a prefix, its
                           id is the prefix and six digits of it.  Answers {"count", "first", "last"}:
                           the ids of the oldest and the newest.  "emit": true also delivers their
                           events, a few at a time; turn delivery off where nobody shall get them
  POST   /_sim/refund      {"refund", "outcome": "succeed"|"fail"|"cancel"}: how a pending refund
                           ended, or that one which had succeeded failed after all
  POST   /_sim/dispute     {"charge", "action": "open"|"update"|"win"|"lose"|"withdraw"|
                           "reinstate", "amount"?, "reason"?, "dispute"?: id, else the newest}
  POST   /_sim/delete      {"ids": [...]}: the objects are gone, as with test data that was deleted;
                           also as a place in a list: Stripe's 400 to starting_after
  POST   /_sim/created     {"ids": [...], "created"}: these refunds, disputes and events are of that
                           time; an event older than 30 days is told of no more
  POST   /_sim/fault       {"match": regex on "METHOD /path", "kind", "times"?: 1 (-1: for ever),
                           "ms"?: delay before, "status"?: 500, "should_retry"?: true|false|null,
                           "cursor"?: true: requests with a starting_after alone}
                           The kinds: "delay" waits and then works; "hold" waits until the faults
                           are forgotten, a minute at most; "status" answers that error
                           and does no work; "disconnect" hangs up and does no work;
                           "disconnect_after" works and hangs up; "garbage" works and answers half
                           of the JSON; "lost_cursor" refuses a starting_after as that of an object
                           which is gone, and strikes no other request.  "times" counts the
                           requests that it struck; the oldest fault that matches strikes.  A
                           "status" of 500 or more counts as an answer: it is kept for its Idempotency-Key and replayed.
  GET    /_sim/fault       the faults and how often each struck
  DELETE /_sim/fault       forgets them
  POST   /_sim/rate_limit  {"per_second": N | null}: of the calls under /v1 within any one second
                           the first N are answered, the others get Stripe's 429 and do no work
  POST   /_sim/rate_clock  {"at": seconds | null}: the time by which the calls of a second are
                           counted stands still there, or goes with the clock again
  POST   /_sim/permissions {"deny": ["GET /v1/charges/{id}", ...]}: what the key may not do, as with
                           a restricted one: Stripe's 403.  The last list counts, [] is none
  POST   /_sim/clock       {"skew": seconds}: the Date header of every answer is that much ahead;
                           nothing else is
  POST   /_sim/delivery    {"mode"?: "normal"|"off"|"duplicate"|"reorder"|"shuffle", "copies"?: 2,
                           "hold"?: bool, "latency_ms"?, "window_ms"?: 200}
                           off: events are kept, never sent.  duplicate: each is sent "copies"
                           times at once.  reorder, shuffle: what comes within "window_ms" goes out
                           backwards, in random order.  hold: nothing goes out until it is false
                           again, then all of it in the mode's order.  latency_ms: before each
                           attempt.  Answers the settings.
  POST   /_sim/receipts    {"anew"?: true}
                           from now on the receipt_url of a charge is another one in each answer,
                           as Stripe's is
  GET    /_sim/delivery    the settings, and how many deliveries are held
  POST   /_sim/deliver     {"event", "times"?: 1, "parallel"?: 1, "thin"?: false, "url"?,
                           "timestamp"?: of the signature}
                           delivers an event now, signed now, whatever the mode; answers
                           [{"status", "body", "ms"}, ...].  thin: as a v2.core.event that names it
  POST   /_sim/sign        {"payload": text, "timestamp"?, "secret"?} -> {"header"}
  GET    /_sim/events      all events, oldest first, as they are posted
  GET    /_sim/deliveries  all attempts: event, type, url, attempt, status (null: no answer), ms, body
  GET    /_sim/ledger      every completed session: id, amount_total, currency, payment_status,
                           payment_intent, charge, amount_refunded, dispute (a status or null)
  POST   /_sim/reset       back to the state after start: seed prices, no sessions, no faults, no
                           limits, the right time

Cards: 4242424242424242 pays, 4000000000000002 is declined, 4000000000009995 has insufficient funds.
"""
