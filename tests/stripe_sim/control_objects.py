# SPDX-License-Identifier: ISC
"""The controls that do what Stripe's world does to a shop: pay, make sessions, refund, dispute,
delete."""

import collections
import gc

from .control import REQUIRED, control, find_or_refuse
from .errors import ControlError
from .known import CHECKOUT_WAIT, DAY, NEWEST
from .objects import dispute_object, line_item_object, new_id, now
from .paying import (Payment, another_charge, money_arrives, money_fails, pay_session,
                     wait_for_answer)
from .payments import move_refunded
from .render import render
from .sessions import ad_hoc_price, add_session

PAYMENT = dict.fromkeys(("card method email name phone shipping discount tax shipping_amount "
                         "presentment promotion_code shipping_rate custom_fields tax_ids "
                         "business_name individual_name consent billing at").split())
DATED = ("refund", "dispute", "event")
DISPUTE_ACTIONS = {  # action: (new status or None, event)
    "open": ("needs_response", "created"), "update": ("under_review", "updated"),
    "win": ("won", "closed"), "lose": ("lost", "closed"),
    "withdraw": (None, "funds_withdrawn"), "reinstate": (None, "funds_reinstated")}


def paid_answer(sim, session, event, deliveries, wait):
    status = wait_for_answer(deliveries, wait)
    with sim.world.lock:
        return {"session": render(sim.world, session, NEWEST), "event": event and event["id"],
                "delivery": status}


@control("POST", "/_sim/pay", session=REQUIRED, wait=True, **PAYMENT)
def pay(sim, session, wait, **payment):
    sim.world.expire_due()
    with sim.world.lock:
        session = find_or_refuse(sim.world, "checkout.session", session)
        event, deliveries = pay_session(sim.world, session, given_payment(payment))
    return paid_answer(sim, session, event, deliveries, wait)


def given_payment(given):
    return Payment(**{name: value for name, value in given.items() if value is not None})


@control("POST", "/_sim/later", session=REQUIRED, outcome=REQUIRED, wait=True)
def later(sim, session, outcome, wait):
    world = sim.world
    if outcome not in ("succeed", "fail"):
        raise ControlError("outcome must be succeed or fail")
    with world.lock:
        session = find_or_refuse(world, "checkout.session", session)
        intent = world.find("payment_intent", session["payment_intent"])
        ways = {"succeed": ("processing", "requires_payment_method"), "fail": ("processing",)}
        if intent is None or intent["status"] not in ways[outcome]:
            raise ControlError("the session has no payment that is on its way", 409)
        charge = world.find("charge", intent["latest_charge"])
        if charge["status"] == "failed":
            charge = another_charge(world, session, intent, charge)
        if outcome == "succeed":
            money_arrives(world, session, intent, charge)
        else:
            money_fails(world, intent, charge)
        name = "succeeded" if outcome == "succeed" else "failed"
        event, deliveries = world.emit(f"checkout.session.async_payment_{name}", session)
    return paid_answer(sim, session, event, deliveries, wait)


@control("POST", "/_sim/session", line_items=REQUIRED, id=None, created=None, expires_at=None,
         metadata=None, client_reference_id=None, customer_email=None, payment_intent_metadata=None,
         pay=True, emit=True, wait=True, capture_method=None, **PAYMENT)
def make_session(sim, line_items, id, created, expires_at, metadata, client_reference_id,
                 customer_email, payment_intent_metadata, pay, emit, wait, capture_method, **payment):
    world = sim.world
    params = {"id": id, "mode": "payment", "expires_at": expires_at, "metadata": metadata,
              "client_reference_id": client_reference_id, "customer_email": customer_email,
              "payment_intent_data": {"metadata": payment_intent_metadata or {}},
              "success_url": "http://127.0.0.1/success?session_id={CHECKOUT_SESSION_ID}"}
    params = {name: value for name, value in params.items() if value is not None}
    if capture_method:
        params["payment_intent_data"]["capture_method"] = capture_method
    with world.lock:
        if world.find_any(id):
            raise ControlError(f"there is a {id} already", 409)
        lines = [control_line(world, item) for item in line_items]
        session = add_session(world, params, lines, created or now())
        event, deliveries = None, []
        if pay:
            event, deliveries = pay_session(world, session, given_payment(payment), emit)
    return paid_answer(sim, session, event, deliveries, wait)


THING = {"name": "Thing", "unit_amount": 1000, "currency": "usd"}
AT_ONCE = 100  # sessions made under one lock


@control("POST", "/_sim/sessions", count=REQUIRED, line_items=(THING,), prefix=None, metadata={},
         payment_intent_metadata={}, client_reference_id=None, emit=False, to=None,
         **{"from": None}, **PAYMENT)
def make_sessions(sim, count, line_items, prefix, to, emit, **given):
    world, last = sim.world, now() if to is None else to
    first = last - DAY if given["from"] is None else given["from"]
    if type(count) is not int or count < 1:
        raise ControlError("count must be at least 1")
    if first > last:
        raise ControlError("from must not be after to")
    with world.lock:
        lines = [control_line(world, item) for item in line_items]
    ids = [new_id("checkout.session") if prefix is None else f"{prefix}{n:06d}"
           for n in range(1, count + 1)]
    flying = collections.deque()
    gc.disable()
    try:
        for begin in range(0, count, AT_ONCE):
            with world.lock:
                for at in range(begin, min(begin + AT_ONCE, count)):
                    created = first + (last - first) * at // max(1, count - 1)
                    flying += make_paid_session(world, ids[at], at + 1, created, lines, emit, given)
            while len(flying) > 16:
                flying.popleft().answered.wait(CHECKOUT_WAIT)
    finally:
        gc.freeze()  # or each collection would look through all of them again
        gc.enable()
    return {"count": count, "first": ids[0], "last": ids[-1]}


def make_paid_session(world, id, n, created, lines, emit, given):
    """One of many; the deliveries of its event."""
    if world.find_any(id):
        raise ControlError(f"there is a {id} already", 409)

    def numbered(metadata):
        return {key: str(value).replace("{n}", str(n)) for key, value in metadata.items()}
    params = {"id": id, "mode": "payment", "metadata": numbered(given["metadata"]),
              "payment_intent_data": {"metadata": numbered(given["payment_intent_metadata"])},
              "success_url": "http://127.0.0.1/success?session_id={CHECKOUT_SESSION_ID}"}
    if given["client_reference_id"] is not None:
        params["client_reference_id"] = given["client_reference_id"].replace("{n}", str(n))
    payment = given_payment({"at": created} | {
        name: given[name] for name in PAYMENT if given[name] is not None})
    lines = [line | {"id": new_id("item")} for line in lines]
    session = add_session(world, params, lines, created)
    return pay_session(world, session, payment, emit)[1]


def control_line(world, item):
    if "price" in item:
        price = find_or_refuse(world, "price", item["price"])
    elif "lookup_key" in item:
        price = next((p for p in world.all("price") if p["lookup_key"] == item["lookup_key"]), None)
        if price is None:
            raise ControlError(f"no price has the lookup_key {item['lookup_key']}", 404)
    else:
        price = ad_hoc_price(world, {"currency": item.get("currency", "usd"),
                                     "unit_amount": item["unit_amount"],
                                     "product_data": {"name": item["name"]}}, "line_items")
    product = world.find("product", price["product"])
    return line_item_object(price, product, item.get("quantity", 1), item)


@control("POST", "/_sim/refund", refund=REQUIRED, outcome=REQUIRED)
def end_refund(sim, refund, outcome):
    world = sim.world
    outcomes = {"succeed": "succeeded", "fail": "failed", "cancel": "canceled"}
    if outcome not in outcomes:
        raise ControlError("outcome must be succeed, fail or cancel")
    with world.lock:
        refund = find_or_refuse(world, "refund", refund)
        if refund["status"] in ("failed", "canceled") or refund["status"] == outcomes[outcome]:
            raise ControlError(f"the refund is {refund['status']}", 409)
        previous = {"status": refund["status"]}
        refund["status"] = outcomes[outcome]
        if outcome != "succeed":
            charge = world.find("charge", refund["charge"])
            move_refunded(world, charge, -refund["amount"])
        if outcome == "fail":
            refund.update(failure_reason="expired_or_canceled_card",
                          failure_balance_transaction=new_id("balance_transaction"))
            world.emit("refund.failed", refund)
        world.emit("refund.updated", refund, previous=previous)
        world.emit("charge.refund.updated", refund, previous=previous)
        return render(world, refund, NEWEST)


@control("POST", "/_sim/dispute", charge=REQUIRED, action=REQUIRED, amount=None, reason="fraudulent",
         dispute=None, currency=None)
def change_dispute(sim, charge, action, amount, reason, dispute, currency):
    world = sim.world
    if action not in DISPUTE_ACTIONS:
        raise ControlError("action must be one of " + ", ".join(DISPUTE_ACTIONS))
    status, event = DISPUTE_ACTIONS[action]
    with world.lock:
        charge = find_or_refuse(world, "charge", charge)
        if action == "open":
            amount = charge["amount"] if amount is None else amount
            thing = world.put(dispute_object(charge, amount, reason))
            thing["currency"] = currency or thing["currency"]
            charge["disputed"] = True
        else:
            of_charge = world.shelf("dispute").group("charge", charge["id"]).rows
            thing = next((d for d in reversed(of_charge) if dispute in (None, d["id"])), None)
            if thing is None:
                raise ControlError("the charge has no such dispute", 404)
        thing["status"] = status or thing["status"]
        world.emit(f"charge.dispute.{event}", thing)
        return render(world, thing, NEWEST)


@control("POST", "/_sim/delete", ids=REQUIRED)
def delete_objects(sim, ids):
    with sim.world.lock:
        things = [sim.world.find_any(id) for id in ids]
        if None in things:
            raise ControlError(f"no such object: {ids[things.index(None)]}", 404)
        for thing in things:
            sim.world.delete(thing)
    return {"deleted": len(things)}


@control("POST", "/_sim/created", ids=REQUIRED, created=REQUIRED)
def date_objects(sim, ids, created):
    if type(created) is not int:
        raise ControlError("created must be epoch seconds")
    with sim.world.lock:
        for id in ids:
            thing = sim.world.find_any(id)
            if thing is None or thing["object"] not in DATED:
                raise ControlError(f"no such refund, dispute or event: {id}", 404)
            sim.world.date(thing, created)
    return {"created": created}
