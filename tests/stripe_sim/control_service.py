# SPDX-License-Identifier: ISC
"""The controls of the service around the objects: faults, limits, the clock, deliveries, the
ledger; and back to the beginning."""

import re
from concurrent.futures import ThreadPoolExecutor

from .control import REQUIRED, control, find_or_refuse
from .delivery import Courier, Delivery, sign, thin_body
from .errors import ControlError
from .faults import FAULT_KINDS, Fault
from .known import NEWEST
from .objects import now
from .operations import OPERATIONS
from .render import render


@control("GET", "/_sim/health")
def health(sim):
    return {"ok": True}


@control("GET", "/_sim/stats")
def stats(sim):
    return sim.stats.report()


@control("POST", "/_sim/stats/reset")
def reset_stats(sim):
    sim.stats.reset()
    return sim.stats.report()


@control("POST", "/_sim/reset")
def reset_all(sim):
    sim.faults.clear()
    sim.stats.stands_at = None
    sim.stats.limit_to(None)
    sim.stats.reset()
    sim.api.denied = frozenset()
    sim.skew = 0
    sim.world.reset()
    return {"ok": True}


@control("POST", "/_sim/fault", match=REQUIRED, kind=REQUIRED, times=1, ms=0, status=500,
         should_retry=None, cursor=False)
def add_fault(sim, **given):
    if given["kind"] not in FAULT_KINDS:
        raise ControlError("kind must be one of " + ", ".join(FAULT_KINDS))
    try:
        re.compile(given["match"])
    except re.error as error:
        raise ControlError(f"match: {error}") from None
    fault = Fault(**given)
    sim.faults.add(fault)
    return vars(fault)


@control("GET", "/_sim/fault")
def list_faults(sim):
    return [vars(fault) for fault in sim.faults.list]


@control("DELETE", "/_sim/fault")
def clear_faults(sim):
    sim.faults.clear()
    return []


@control("POST", "/_sim/rate_limit", per_second=REQUIRED)
def limit_rate(sim, per_second):
    if per_second is not None and (type(per_second) is not int or per_second < 1):
        raise ControlError("per_second must be at least 1, or null")
    sim.stats.limit_to(per_second)
    return {"per_second": per_second}


@control("POST", "/_sim/rate_clock", at=REQUIRED)
def set_rate_clock(sim, at):
    if at is not None and type(at) not in (int, float):
        raise ControlError("at must be a number of seconds, or null")
    sim.stats.stands_at = at
    return {"at": at}


@control("POST", "/_sim/permissions", deny=REQUIRED)
def set_permissions(sim, deny):
    known = {f"{operation.method} {operation.template}" for operation in OPERATIONS}
    for name in deny:
        if name not in known:
            raise ControlError(f"no such operation: {name}")
    sim.api.denied = frozenset(deny)
    return {"deny": sorted(deny)}


@control("POST", "/_sim/clock", skew=REQUIRED)
def set_clock(sim, skew):
    if type(skew) not in (int, float):
        raise ControlError("skew must be a number of seconds")
    sim.skew = skew
    return {"skew": skew}


@control("POST", "/_sim/delivery", mode=None, copies=None, hold=None, latency_ms=None, window_ms=None)
def set_delivery(sim, **given):
    changes = {name: value for name, value in given.items() if value is not None}
    if changes.get("mode", "normal") not in Courier.MODES:
        raise ControlError("mode must be one of " + ", ".join(Courier.MODES))
    return sim.world.courier.configure(changes)


@control("POST", "/_sim/receipts", anew=True)
def set_receipts(sim, anew):
    sim.world.receipts = 0 if anew else None
    return {"anew": bool(anew)}


@control("GET", "/_sim/delivery")
def get_delivery(sim):
    courier = sim.world.courier
    return courier.settings | {"held": len(courier.held)}


@control("POST", "/_sim/deliver", event=REQUIRED, times=1, parallel=1, thin=False, url=None,
         timestamp=None)
def deliver_now(sim, event, times, parallel, thin, url, timestamp):
    world = sim.world
    with world.lock:
        event = find_or_refuse(world, "event", event)
        if not world.endpoints():
            raise ControlError("there is no webhook endpoint; start with --webhook-url")
        delivery = Delivery(world, event, world.endpoints()[0])
        body = thin_body(event) if thin else None
    with ThreadPoolExecutor(max(1, parallel)) as pool:
        attempts = [pool.submit(world.courier.attempt, delivery, n + 1, body, url, timestamp)
                    for n in range(times)]
        return [{name: attempt.result()[name] for name in ("status", "body", "ms")}
                for attempt in attempts]


@control("POST", "/_sim/sign", payload=REQUIRED, timestamp=None, secret=None)
def sign_payload(sim, payload, timestamp, secret):
    secret = sim.world.options.webhook_secret if secret is None else secret
    if not secret:
        raise ControlError("no secret: give one, or start with --webhook-secret")
    return {"header": sign(secret, now() if timestamp is None else timestamp, payload.encode())}


@control("GET", "/_sim/events")
def all_events(sim):
    with sim.world.lock:
        return [render(sim.world, event, NEWEST) for event in sim.world.all("event")]


@control("GET", "/_sim/deliveries")
def all_deliveries(sim):
    courier = sim.world.courier
    with courier.lock:
        return list(courier.attempts)


@control("GET", "/_sim/ledger")
def ledger(sim):
    with sim.world.lock:
        return [ledger_row(sim.world, session) for session in sim.world.all("checkout.session")
                if session["status"] == "complete"]


def ledger_row(world, session):
    intent = world.find("payment_intent", session["payment_intent"])
    charge = world.find("charge", intent["latest_charge"]) if intent else None
    disputes = world.shelf("dispute").group("charge", charge["id"]).rows if charge else []
    return {name: session[name] for name in
            ("id", "created", "amount_total", "currency", "payment_status", "payment_intent")} | {
                "charge": charge and charge["id"],
                "amount_refunded": charge["amount_refunded"] if charge else 0,
                "dispute": disputes[-1]["status"] if disputes else None}
