#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""DynamoDB answers what it never should, or somebody else answers in its place, or an item is none that
a program wrote.

After each of them: an honest answer within the deadline, the table has all items of the order or none
of them, and the next delivery, with DynamoDB well again, gives the order.  What waits for a deadline
runs beside the others.
"""
import atexit
import concurrent.futures
import itertools
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cgi"))

import kit  # noqa: E402
from kit import KeptShop, case, equal, main, ok, skip  # noqa: E402
from odd_servers import ANSWERS, certificate, ok_with  # noqa: E402
from table import Table  # noqa: E402
from tap import Watch  # noqa: E402
from workers import FastCgi  # noqa: E402

DEADLINE = 8.5
WHOLE = ["DAY", "EVENT", "NUMBER", "PAYMENT", "SESSION", "USER"]
shop = KeptShop(JWT_SECRET=kit.JWT_SECRET)
shop.sim.post("/_sim/delivery", {"mode": "off"})
pool = concurrent.futures.ThreadPoolExecutor(40)


def new_event(**more):
    made = shop.sim.post("/_sim/session", {"line_items": [{"lookup_key": "N-RED", "quantity": 2}],
                                           "metadata": {"userId": "user_12345"}, **more})
    return next(e for e in shop.sim.get("/_sim/events") if e["id"] == made["event"])


def kinds(table):
    return sorted(pk.split("#")[0] for pk, _ in table.raw if pk != "SYSTEM")


def order_in(table):
    (item,) = (item for (pk, _), item in table.raw.items() if pk.startswith("USER#"))
    return item


# --- another answer ---------------------------------------------------------------------------------

def disturbed(fault, event):
    """A delivery while the table has the fault, and the one after it."""
    table = Table()
    try:
        table.fault, watch = fault, Watch()
        first = shop.webhook(event, **table.settings())
        slack, found, table.fault = watch.seconds - watch.slack, kinds(table), None
        second = shop.webhook(event, **table.settings())
        return first, slack, found, second, table
    finally:
        table.close()


WAYS = [("BatchGetItem", "before", "the read", list(ANSWERS)),
        ("TransactWriteItems", "before", "the write, which is not done", ["nothing at all", "an empty body", "a list"]),
        ("TransactWriteItems", "after", "the write, which is done", [
            "nothing at all", "a byte at a time", "a hundred megabytes", "a chunked body without an end",
            "a body that is cut off", "what is no HTTP", "a redirect elsewhere", "a page in HTML"])]
RUNS = {(operation, when, what): (place, pool.submit(disturbed, (operation, when, ANSWERS[what]), new_event()))
        for operation, when, place, answers in WAYS for what in answers}

for (OPERATION, WHEN, WHAT), (PLACE, RUN) in RUNS.items():
    @case(f"DynamoDB answers {PLACE} with {WHAT}: an honest answer in time, and the next delivery makes the order")
    def _(run=RUN, when=WHEN, operation=OPERATION):
        first, took, found, second, table = run.result()
        ok(took < DEADLINE or kit.SLOW, f"{took:.1f} s")
        # What any 200 with an object in it says of a write can't be told from DynamoDB's own.
        ok(first.status == 503 or operation == "TransactWriteItems", f"{first.status} {first.log}")
        if first.status == 200:
            equal(found, WHOLE, "a 200 and what is in the table")
        else:
            equal((first.status, list(first.json)), (503, ["error"]), first.log)
        equal(found, WHOLE if when == "after" else [])
        equal((second.status, kinds(table)), (200, WHOLE), second.log)
        order = order_in(table)
        equal((order["amount"], order["status"], order["version"]), ({"N": "6000"}, {"S": "completed"}, {"N": "1"}))


# --- TLS --------------------------------------------------------------------------------------------

def over_tls(event, names, days, known):
    authority, other = certificate(shop.folder, "DNS:authority.test"), certificate(shop.folder, "DNS:other.test")
    table, watch = Table(certificate(shop.folder, names, days=days, issuer=authority)), Watch()
    try:
        answer = shop.webhook(event, CA_FILE=(authority if known else other)[0], **table.settings())
        return answer, watch.seconds - watch.slack, table
    finally:
        table.close()


TLS = {"is right": ("IP:127.0.0.1", (-1, 2), True), "has expired": ("IP:127.0.0.1", (-3, -1), True),
       "is another host's": ("IP:127.0.0.2,DNS:dynamodb.eu-central-1.amazonaws.com", (-1, 2), True),
       "is of an unknown authority": ("IP:127.0.0.1", (-1, 2), False)}
if os.path.exists("/usr/bin/openssl"):
    over = {what: over_tls(new_event(), *how) if what == "is right" else pool.submit(over_tls, new_event(), *how)
            for what, how in TLS.items()}

for WHAT in TLS:
    @case(f"a certificate of DynamoDB's that {WHAT}: " + ("the order is made" if WHAT == "is right" else
                                                          "nothing is asked"))
    def _(what=WHAT):
        if not os.path.exists("/usr/bin/openssl"):
            skip("openssl is not installed")
        answer, took, table = over[what] if what == "is right" else over[what].result()
        right = what == "is right"
        equal((answer.status, kinds(table), table.asked > 0), (200, WHOLE, True) if right else (503, [], False),
              answer.log)
        ok(took < DEADLINE or kit.SLOW, f"{took:.1f} s")


# --- items that no program wrote --------------------------------------------------------------------

ODD = [{"N": None}, {"N": "many"}, {"N": ""}, {"N": 5}, {"N": "1e400"}, {"S": 5}, {"S": None}, {"S": ""},
       {"S": "\x1b[2J"}, {"S": {}}, {"NULL": True}, {"NULL": "yes"}, {"BOOL": "yes"}, {"BOOL": True}, {"M": {}},
       {"M": []}, {"M": {"a": 7}}, {"L": []}, {"L": {}}, {"L": [None, {"N": None}]}, {"NS": [1]}, {"SS": "x"},
       {"B": 7}, {"X": "y"}, {}, [], None, 7,
       "text", True, {"N": "9" * 38}, {"N": "-1"}]
EACH = len(ODD) if os.environ.get("ORDERSNAP_FAULTS") else 2  # of them for each attribute


class Asked:
    """A shop of one refunded sale on a table in memory, its programs, and all that they are asked."""

    PROGRAMS = ("stripe-webhook", "orders", "checkout-create-session")

    def __init__(self):
        self.table = Table()
        self.programs = [FastCgi(shop, name, **self.table.settings()) for name in self.PROGRAMS]
        self.webhook, self.orders, self.checkout = self.programs
        atexit.register(self.close)  # whatever else fails
        self.quote = shop.quote("N-RED", **self.table.settings()).json["quoteSignature"]
        token = kit.token({"sub": "user_12345", "exp": int(time.time()) + 3600})
        self.bearer = {"HTTP_AUTHORIZATION": "Bearer " + token}
        self.session = self.click().json["sessionId"]
        shop.sim.post("/_sim/pay", {"session": self.session})
        self.paid = self.newest("checkout.session.completed")
        equal(self.webhook.webhook(self.paid).status, 200)
        shop.stripe("POST", "/v1/refunds", {"amount": 500,
                                            "payment_intent": self.paid["data"]["object"]["payment_intent"]})
        self.refund = self.newest("charge.refunded")
        self.events = [{**self.paid, "id": "evt_again", "type": "checkout.session.async_payment_succeeded"},
                       self.refund, {**self.refund, "id": "evt_refund_again"}, self.paid]
        # Another quote of the same cart, which nobody has ordered.
        self.other = shop.quote("N-RED", **self.table.settings()).json["quoteSignature"]

    @staticmethod
    def newest(kind):
        return [e for e in shop.sim.get("/_sim/events") if e["type"] == kind][-1]

    def click(self, quote=None):
        return self.checkout.ask({"quoteSignature": quote or self.quote}, SCRIPT_NAME="/checkout/create-session",
                                 **self.bearer)

    def everything(self, turn):
        """What the programs answer to all that reads the order; the events in another order each time."""
        events = self.events[turn % 4:] + self.events[:turn % 4]
        yield from (self.webhook.webhook(event) for event in events)
        for variables in ({"SCRIPT_NAME": "/orders"}, {"SCRIPT_NAME": "/orders", "PATH_INFO": "/" + self.session}):
            yield self.orders.ask(None, "GET", **variables, **self.bearer)
        yield self.orders.ask(None, "GET", SCRIPT_NAME="/checkout/session-status",
                              QUERY_STRING="session_id=" + self.session)
        yield from (self.click(), self.click(self.other))

    def close(self):
        for program in self.programs:
            program.close()
        self.table.close()


asked, turns = Asked(), itertools.count()


def with_odd(key, name, value):
    """All is asked while an attribute of an item is odd; then it is as it was, and Stripe comes again."""
    before = json.loads(json.dumps(list(asked.table.raw.items())))
    asked.table.put({**asked.table.raw[key], name: value})
    for n, answer in enumerate(asked.everything(next(turns))):
        ok(answer.status in (200, 404, 409, 410, 503),
           f"request {n}: {answer.status} {answer.body[:200]!r} {answer.log}")
        if answer.status != 200:
            equal([k for k in answer.json if k != "code"], ["error"], answer.body)
    orders = [k for k in asked.table.raw if k[0].startswith("USER#")]
    equal(len(orders), 1, f"orders {orders}")
    asked.table.raw = {tuple(k): item for k, item in before}
    for event in (asked.paid, asked.refund):
        equal(asked.webhook.webhook(event).status, 200)
    order = order_in(asked.table)
    equal((order["amount"], order["status"], order["amountRefunded"]),
          ({"N": "3000"}, {"S": "partially_refunded"}, {"N": "500"}))


ANOTHER = {"PK": {"S": "USER#somebody"}, "SK": {"S": "ORDER#1#cs_test_1"}, "orderId": {"S": "cs_test_1"}}
INCOMPLETE = {
    "BatchGetItem": [{}, {"UnprocessedKeys": {}}, {"Responses": []}, {"Responses": {"orders": {}}},
                     {"Responses": {"orders": [ANOTHER]}}, {"Responses": {"orders": [7]}},
                     {"Responses": {"orders": [{}]}}],
    "GetItem": [{"Item": ANOTHER}, {"Item": 7}, {"Item": {}}],
    "Query": [{}, {"Items": {}}, {"Items": [ANOTHER]}, {"Items": [7]}, {"Items": [{}]},
              {"Items": [], "LastEvaluatedKey": 7}, {"Items": [], "LastEvaluatedKey": {"PK": {"S": "x"}}}]}


@kit.test
def _():
    "an answer that lacks what each has, or has another item, is a 503 and no empty table"
    def look(**variables):
        return asked.orders.ask(None, "GET", SCRIPT_NAME="/orders", **asked.bearer, **variables)
    asks = [("BatchGetItem", lambda: asked.webhook.webhook({**asked.paid, "id": "evt_incomplete"})),
            ("BatchGetItem", lambda: look(PATH_INFO="/" + asked.session)),
            ("GetItem", lambda: look(PATH_INFO="/" + asked.session)), ("Query", look)]
    for operation, ask in asks:
        for answer in INCOMPLETE[operation]:
            before = dict(asked.table.raw)
            asked.table.fault = operation, "before", ok_with(json.dumps(answer).encode())
            said = ask()
            asked.table.fault = None
            equal((operation, answer, said.status), (operation, answer, 503), said.log)
            equal(asked.table.raw, before, "the table")


for KIND in [*WHOLE, "QUOTE", "PRICE", "SYSTEM"]:
    @case(f"attributes of {KIND} items that no program wrote: an honest answer, no second order, and none dies of it")
    def _(kind=KIND):
        for event in (asked.paid, asked.refund):
            equal(asked.webhook.webhook(event).status, 200)
        values, tried = itertools.cycle(ODD), 0
        for key in [k for k in asked.table.raw if k[0].split("#")[0] == kind]:
            for name in [n for n in asked.table.raw[key] if n not in ("PK", "SK")]:
                for value in itertools.islice(values, EACH):
                    tried += 1
                    try:
                        with_odd(key, name, value)
                    except (AssertionError, ConnectionError) as why:
                        raise AssertionError(f"{key} {name} = {json.dumps(value)}: {why}") from why
        ok(tried, "there is such an item")
        equal([p.poll() for program in asked.programs for p in program.processes], [None] * 3, "programs that run")


main(shop)
