#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Bad days: DynamoDB is away, slow, throttled or refuses, at each step of a webhook.

What has to wait for a deadline runs beside the other tests: each such case has a proxy of its own.
"""
import concurrent.futures
import json
import time

import kit
import local
from kit import case
from tap import Watch, contains, equal, lacks, main, ok, test

local.need()

DEADLINE = 8.5
FAILED = "Failed to create order snapshot"

db = local.at_hand()
shop = kit.TableShop(db, "")
background = concurrent.futures.ThreadPoolExecutor(12)
proxies = []
numbers = iter(range(10 ** 6))


def new_proxy(target=db.port):
    proxies.append(local.Proxy(target))
    return proxies[-1]


def new_event():
    return kit.paid_event(shop, f"cs_test_bad{next(numbers):05}")


def deliver(proxy, event, **variables):
    """(answer, the Watch of how long it took)"""
    began = Watch()
    answer = shop.webhook(event, AWS_ENDPOINT_URL_DYNAMODB=proxy.base, **variables)
    return answer, began


def orders_of(event):
    session = event["data"]["object"]["id"]
    return [o for o in shop.orders() if o["orderId"] == session]


def refused(answer, took):
    equal(answer.status, 503, answer.log)
    took.at_most(DEADLINE)
    ok(int(answer.headers["retry-after"]) > 0, "Retry-After")
    contains(answer.log, FAILED)
    equal(list(answer.json), ["error"])
    lacks(answer.body.decode(), "127.0.0.1")


def accepted(answer, duplicate=False):
    equal(answer.status, 200, answer.log)
    equal(answer.json.get("duplicate"), True if duplicate else None, "duplicate")
    equal(answer.json["status"], "processed")


# --- away ---------------------------------------------------------------------------------------

def away(break_it, written):
    """A delivery while DynamoDB is away as `break_it` has it, and the next when it is back."""
    proxy, event = new_proxy(), new_event()
    break_it(proxy)
    first = deliver(proxy, event)
    after_first = len(orders_of(event))
    proxy.mend()
    proxy.target = db.port
    second = deliver(proxy, event)
    third = deliver(proxy, event)
    return first, after_first, second, third, orders_of(event), written


class Gone:
    """In a proxy's place: a port where nobody listens, until `target` is set."""

    def __init__(self):
        self.base = f"http://127.0.0.1:{kit.lib.free_port()}"

    def mend(self):
        self.base = db.base


def nobody():
    proxy, event = Gone(), new_event()
    first = deliver(proxy, event)
    after_first = len(orders_of(event))
    proxy.mend()
    return (first, after_first, deliver(proxy, event), deliver(proxy, event), orders_of(event),
            False)


def said(codes):
    return local.cancelled(*codes)


def give_back_all(handler, _, body):
    handler.give(200, json.dumps({"Responses": {}, "UnprocessedKeys":
                                  json.loads(body)["RequestItems"]}).encode())


AWAY = {
    "nobody listens": background.submit(nobody),
    "every connection is dropped": background.submit(
        away, lambda p: p.lose(times=None), False),
    "the read is answered with 500": background.submit(
        away, lambda p: p.refuse("BatchGetItem", "InternalServerError", times=None), False),
    "the read gets no answer": background.submit(
        away, lambda p: p.delay("BatchGetItem", 20, times=None), False),
    "it goes away after the read, before the write": background.submit(
        away, lambda p: p.lose("TransactWriteItems", times=None), False),
    "the write is answered with 503": background.submit(
        away, lambda p: p.refuse("TransactWriteItems", "ServiceUnavailable", times=None), False),
    "it goes away after the transaction committed, before the answer came": background.submit(
        away, lambda p: p.forget("TransactWriteItems", times=None), True),
    "all is throttled, for longer than a request may last": background.submit(
        away, lambda p: p.refuse(None, "ThrottlingException", times=None), False),
    "the write is in conflict for longer than a request may last": background.submit(
        away, lambda p: p.say("TransactWriteItems", *said(["TransactionConflict"] * 5), times=None),
        False),
    "keys stay unprocessed": background.submit(
        away, lambda p: p.add("BatchGetItem", give_back_all, times=None), False),
}


for what, future in AWAY.items():
    @case(f"{what}: 503 in time, and the next delivery makes it right")
    def _(future=future):
        first, after_first, second, third, orders, written = future.result()
        refused(*first)
        equal(after_first, 1 if written else 0, "orders after the first delivery")
        accepted(second[0], duplicate=written)
        accepted(third[0], duplicate=True)
        equal(len(orders), 1, "orders")
        equal(orders[0]["version"], 1, "written once")


# --- a stumble ----------------------------------------------------------------------------------

def stumble(break_it):
    """A delivery that has to succeed at once, whatever `break_it` did."""
    proxy, event = new_proxy(), new_event()
    break_it(proxy)
    answer, took = deliver(proxy, event)
    accepted(answer)
    equal(len(orders_of(event)), 1, "orders")
    equal(orders_of(event)[0]["version"], 1, "written once")
    return proxy, answer, took


def stumbles(proxy, operation, more_than):
    ok(proxy.calls[operation] > more_than, f"{operation} was called {proxy.calls[operation]} times")


STUMBLES = {
    "a lost answer to the transaction is asked for again and is the same transaction":
        ("TransactWriteItems", lambda p: p.forget("TransactWriteItems")),
    "a connection that drops before the read is made anew":
        ("BatchGetItem", lambda p: p.lose("BatchGetItem")),
    "a connection that drops before the write is made anew":
        ("TransactWriteItems", lambda p: p.lose("TransactWriteItems")),
    "one 500 is tried again":
        ("BatchGetItem", lambda p: p.refuse("BatchGetItem", "InternalServerError")),
    "a write that is throttled as the table's is tried again":
        ("TransactWriteItems",
         lambda p: p.refuse("TransactWriteItems", "ProvisionedThroughputExceededException", times=3)),
    "a write that is over the account's limit is tried again":
        ("TransactWriteItems", lambda p: p.refuse("TransactWriteItems", "RequestLimitExceeded")),
    "a transaction still in progress is tried again":
        ("TransactWriteItems",
         lambda p: p.refuse("TransactWriteItems", "TransactionInProgressException", times=2)),
    "a transaction in conflict is tried again":
        ("TransactWriteItems",
         lambda p: p.say("TransactWriteItems", *said(["None", "TransactionConflict"]), seconds=1)),
    "a transaction throttled by a part of it is tried again":
        ("TransactWriteItems",
         lambda p: p.say("TransactWriteItems", *said(["ThrottlingError", "None"]), times=2)),
    "an answer that is not JSON is asked for again":
        ("BatchGetItem", lambda p: p.say("BatchGetItem", 200, b"<html>")),
    "a proxy's 502 without JSON is asked for again":
        ("BatchGetItem", lambda p: p.say("BatchGetItem", 502, b"<html>Bad Gateway</html>")),
}
for what, (name, how) in STUMBLES.items():
    @case(what)
    def _(name=name, how=how):
        proxy, _, _ = stumble(how)
        stumbles(proxy, name, 1)


@test
def _():
    "throttled for two seconds, the request waits and succeeds"
    for kind in ("ThrottlingException", "ProvisionedThroughputExceededException"):
        proxy, _, took = stumble(lambda p, kind=kind: p.refuse(None, kind, seconds=2))
        ok(took.seconds >= 2, "it did not wait")
        took.at_most(DEADLINE)
        ok(3 <= sum(proxy.calls.values()) < 60, f"tried {sum(proxy.calls.values())} times")


@test
def _():
    "the tries of one transaction bear one token, those of another another"
    proxy, _, _ = stumble(lambda p: p.refuse("TransactWriteItems", "InternalServerError", times=2))
    deliver(proxy, new_event())
    tokens = [json.loads(body)["ClientRequestToken"] for name, _, body in proxy.requests
              if name == "TransactWriteItems"]
    equal(set(tokens[:3]), {tokens[0]}, "tokens of the first")
    ok(tokens[-1] != tokens[0], "the second has its own")
    equal(len(set(tokens)), 2, "tokens, however often each was sent")


@test
def _():
    "keys that come back unprocessed are asked for again, and all items are seen"
    proxy, event = new_proxy(), new_event()
    deliver(proxy, event)
    proxy.mend()
    proxy.partly(times=None)
    answer, _ = deliver(proxy, event)
    accepted(answer, duplicate=True)
    asked = [json.loads(body)["RequestItems"][shop.table] for _, _, body in proxy.requests]
    equal([len(a["Keys"]) for a in asked], list(range(len(asked), 0, -1)), "keys asked for")
    equal(len(asked), 3, "reads, one key less each time")
    ok(all(a["ConsistentRead"] for a in asked), "each strongly consistent")


# --- conditions ---------------------------------------------------------------------------------

@test
def _():
    "a write whose condition does not hold is no success: the table is read again"
    proxy, event, struck = new_proxy(), new_event(), []

    def somebody_else(handler, _, body):
        struck.append(1)
        accepted(shop.webhook(event, AWS_ENDPOINT_URL_DYNAMODB=db.base))
        handler.give(*handler.ask(body))
    proxy.add("TransactWriteItems", somebody_else)
    answer, _ = deliver(proxy, event)
    equal(len(struck), 1)
    accepted(answer, duplicate=True)
    equal(dict(proxy.calls), {"BatchGetItem": 2, "TransactWriteItems": 1})
    equal(orders_of(event)[0]["version"], 1, "written once")


@test
def _():
    "a cancelled transaction is never a success, whatever its reasons say"
    for codes in (["ConditionalCheckFailed"], ["None", "ConditionalCheckFailed", "None"],
                  ["ConditionalCheckFailed", "TransactionConflict"],
                  ["ValidationError"], ["ItemCollectionSizeLimitExceeded"], ["None"], ["Unheard"]):
        proxy, event = new_proxy(), new_event()
        proxy.say("TransactWriteItems", *said(codes), times=1)
        answer, took = deliver(proxy, event)
        written = len(orders_of(event))
        if answer.status == 200:
            equal((written, proxy.calls["TransactWriteItems"]), (1, 2), f"{codes}")
        else:
            refused(answer, took)
            equal(written, 0, f"{codes}")
    status, raw = local.cancelled("ValidationError")
    for value in ({k: v for k, v in json.loads(raw).items() if k != "CancellationReasons"},
                  {**json.loads(raw), "CancellationReasons": None},
                  {**json.loads(raw), "CancellationReasons": [None, 7]}):
        proxy, event = new_proxy(), new_event()
        proxy.say("TransactWriteItems", status, value, times=None)
        refused(*deliver(proxy, event))
        equal(orders_of(event), [])


@test
def _():
    "sixteen deliveries of one event at once make one order"
    proxy, event = new_proxy(), new_event()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = [a for a, _ in pool.map(lambda _: deliver(proxy, event), range(16))]
    equal({a.status for a in answers}, {200}, "statuses")
    equal(sum("duplicate" not in a.json for a in answers), 1, "that were no duplicate")
    equal([o["version"] for o in orders_of(event)], [1])


# --- expired items ------------------------------------------------------------------------------

@test
def _():
    "an expired item that was not deleted yet is not seen, and is written over"
    proxy, event = new_proxy(), new_event()
    marker = {"PK": "EVENT#" + event["id"], "SK": "METADATA", "version": 7, "status": "processed",
              "eventId": event["id"], "expiresAt": int(time.time()) - 1}
    db.put(shop.table, marker)
    answer, _ = deliver(proxy, event)
    accepted(answer)
    now = shop.items()[(marker["PK"], "METADATA")]
    ok(now["expiresAt"] > time.time(), "a new marker")
    equal(now["version"], 1)
    accepted(deliver(proxy, event)[0], duplicate=True)


def conditions(proxy):
    """Those of the absent items, of each transaction that was sent."""
    return [{put["Put"]["ConditionExpression"] for put in json.loads(body)["TransactItems"]
             if "attribute_not_exists(PK)" in put.get("Put", {}).get("ConditionExpression", "")}
            for operation, _, body in proxy.requests if operation == "TransactWriteItems"]


PLAIN, ALLOWING = "attribute_not_exists(PK)", "attribute_not_exists(PK) OR expiresAt <= :now"


@test
def _():
    "a new item's condition allows for an expired one only after an expired one was read"
    proxy, event = new_proxy(), new_event()
    accepted(deliver(proxy, event)[0])
    equal(conditions(proxy), [{PLAIN}])
    proxy, event = new_proxy(), new_event()
    db.put(shop.table, {"PK": "EVENT#" + event["id"], "SK": "METADATA", "version": 7, "expiresAt": 1})
    accepted(deliver(proxy, event)[0])
    equal(conditions(proxy), [{ALLOWING}])


@test
def _():
    "an expired item that was not read is a conflict, then it is read and written over"
    for kind in "USER#", "NUMBER#":
        proxy, event, before = new_proxy(), new_event(), set(shop.items())
        accepted(deliver(proxy, event)[0])
        made = {key: item for key, item in shop.items().items() if key not in before}
        for key in made:
            db.delete(shop.table, key)
        (key, item), = [pair for pair in made.items() if pair[0][0].startswith(kind)]
        db.put(shop.table, {**item, "version": 7, "expiresAt": 1})
        proxy.mend()
        accepted(deliver(proxy, event)[0])
        equal(conditions(proxy), [{PLAIN}, {ALLOWING}], kind)
        equal(proxy.calls["BatchGetItem"], 2, "reads")
        equal({k: i["version"] for k, i in shop.items().items() if k in made}, dict.fromkeys(made, 1), kind)
        ok("expiresAt" not in shop.items()[key], kind)


@test
def _():
    "an expired quote can't be paid for"
    proxy = new_proxy()
    made = shop.cgi("cart-quote", {"items": [{"sku": "N-RED", "quantity": 1}]},
                    AWS_ENDPOINT_URL_DYNAMODB=proxy.base).json["quoteSignature"]
    item = shop.items()[("QUOTE#" + made, "CACHE")]
    db.put(shop.table, {**item, "expiresAt": int(time.time()) - 1})
    answer = shop.cgi("checkout-create-session", {"quoteSignature": made},
                      AWS_ENDPOINT_URL_DYNAMODB=proxy.base)
    equal(answer.status, 404, answer.log)


# --- what has to be mended ----------------------------------------------------------------------

HASH_ONLY = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
             "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
OTHER_NAMES = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                             {"AttributeName": "sk", "KeyType": "RANGE"}],
               "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
                                        {"AttributeName": "sk", "AttributeType": "S"}]}

MENDING = [
    # what, fault, settings, parts of the log
    ("expired credentials", "ExpiredTokenException", {}, ["expired", "renew"]),
    ("an unknown access key", "UnrecognizedClientException", {}, ["AWS_ACCESS_KEY_ID", "profile"]),
    ("a wrong secret key", "InvalidSignatureException", {}, ["secret access key", "clock"]),
    ("a missing permission", "AccessDeniedException", {}, ["policy in conf/dynamodb",
                                                           "not authorized to perform"]),
    ("a missing table", None, {"COMMERCE_TABLE": "no-such-table"},
     ["COMMERCE_TABLE", "ordersnap init", "AWS_REGION"]),
    ("a table of another shape", None,
     {"COMMERCE_TABLE": db.new_table(**HASH_ONLY)}, ["COMMERCE_TABLE", "PK and SK"]),
    ("a table with other key names", None,
     {"COMMERCE_TABLE": db.new_table(**OTHER_NAMES)}, ["COMMERCE_TABLE", "PK and SK"]),
    ("a table with other keys, as AWS says it", "ValidationException", {},
     ["COMMERCE_TABLE", "PK and SK"]),
    ("no credentials", None, {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
                              "AWS_EC2_METADATA_DISABLED": "true"},
     ["no AWS credentials", "AWS_ACCESS_KEY_ID", "AWS_EC2_METADATA_DISABLED"]),
    ("no region", None, {"AWS_REGION": None}, ["AWS_REGION"]),
]

for what, kind, settings, parts in MENDING:
    @case(f"{what}: the log says which and what to do, at once, and health is 503")
    def _(kind=kind, settings=settings, parts=parts):
        proxy, event = new_proxy(), new_event()
        settings = {"AWS_ENDPOINT_URL_DYNAMODB": proxy.base, **settings}
        if kind:
            proxy.refuse(None, kind, times=None)
        began = Watch()
        answer = shop.webhook(event, **settings)
        began.at_most(2)
        refused(answer, began)
        sick = kit.health(shop, **settings)
        equal(sick.status, 503, sick.log)
        equal(sick.json["checks"]["store"], "failed")
        for inner in ("AWS", "127.0.0.1", "Exception", "GetItem"):
            lacks(sick.body.decode().replace("AWS_REGION", ""), inner)
        for part in parts:
            contains(answer.log, part)
            contains(sick.log, part)
        equal(orders_of(event), [])


@test
def _():
    "DynamoDB away: health is 503 in time and says so"
    began = Watch()
    answer = kit.health(shop, AWS_ENDPOINT_URL_DYNAMODB=Gone().base)
    equal(answer.status, 503)
    began.at_most(DEADLINE)
    equal(kit.health(shop, AWS_ENDPOINT_URL_DYNAMODB=db.base).status, 200)


@test
def _():
    "credentials that AWS calls expired are fetched anew, and the request is repeated once"
    keys = iter(("AKIAOLD", "AKIANEW", "AKIAUNUSED"))
    container = kit.Stub(lambda request: (200, {
        "AccessKeyId": next(keys), "SecretAccessKey": kit.SECRET_KEY, "Token": "token",
        "Expiration": kit.iso_in(6 * 3600)}))
    proxy, event = new_proxy(), new_event()

    def expired(handler, name, body):
        old = "AKIAOLD" in handler.headers["Authorization"]
        handler.give(*(local.error("ExpiredTokenException") if old else handler.ask(body)))
    proxy.add(None, expired, times=None)
    answer, _ = deliver(proxy, event, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None,
                        AWS_CONTAINER_CREDENTIALS_FULL_URI=container.base + "/creds")
    accepted(answer)
    equal(len(container.requests), 2, "times credentials were fetched")
    equal(dict(proxy.calls), {"BatchGetItem": 2, "TransactWriteItems": 1})
    container.close()


@test
def _():
    "credentials that are expired for good are asked for twice, not for ever"
    container = kit.Stub(lambda request: (200, {
        "AccessKeyId": "AKIAOLD", "SecretAccessKey": kit.SECRET_KEY, "Token": "token",
        "Expiration": kit.iso_in(6 * 3600)}))
    proxy, event = new_proxy(), new_event()
    proxy.refuse(None, "ExpiredTokenException", times=None)
    answer, took = deliver(proxy, event, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None,
                           AWS_CONTAINER_CREDENTIALS_FULL_URI=container.base + "/creds")
    refused(answer, took)
    equal((len(container.requests), proxy.calls["BatchGetItem"]), (2, 2))
    container.close()


# --- the other programs -------------------------------------------------------------------------

@test
def _():
    "a quote is 503 while DynamoDB refuses, and nothing is promised"
    proxy = new_proxy()
    proxy.refuse(None, "AccessDeniedException", times=None)
    answer = shop.cgi("cart-quote", {"items": [{"sku": "N-RED", "quantity": 1}]},
                      AWS_ENDPOINT_URL_DYNAMODB=proxy.base)
    equal(answer.status, 503, answer.log)
    lacks(answer.body.decode(), "quoteSignature")


@test
def _():
    "a session whose item could not be written is still one, and its order is complete"
    proxy = new_proxy()
    base = {"AWS_ENDPOINT_URL_DYNAMODB": proxy.base}
    quote = shop.cgi("cart-quote", {"items": [{"sku": "N-RED", "quantity": 3}]}, **base).json
    for write in ("TransactWriteItems", "PutItem"):
        proxy.refuse(write, "AccessDeniedException", times=None)
    answer = shop.cgi("checkout-create-session", {"quoteSignature": quote["quoteSignature"],
                                                  "userId": "unwritten"}, **base)
    equal(answer.status, 200, answer.log)
    proxy.mend()
    session = answer.json["sessionId"]
    shop.sim.post("/_sim/pay", {"session": session})
    event = [e for e in shop.sim.get("/_sim/events") if e["data"]["object"]["id"] == session][-1]
    accepted(deliver(proxy, event)[0])
    order, = orders_of(event)
    equal((order["userId"], order["itemCount"], order["quoteSignature"]),
          ("unwritten", 3, quote["quoteSignature"]))


def cleanup():
    background.shutdown()
    shop.close()
    for proxy in proxies:
        proxy.close()
    db.close()


main(cleanup)
