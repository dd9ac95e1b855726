# SPDX-License-Identifier: ISC
"""What the operations under /v1 have in common: their table, and the page of a list.  Each
operation is a function of the world and the call and returns the answer; products.py, sessions.py,
payments.py, events.py and those beside them have them."""

import heapq
import itertools
import re
from dataclasses import dataclass, field

from .errors import no_such, refuse
from .forms import list_of, text
from .objects import list_object


@dataclass
class Call:
    """One request as an operation sees it: checked parameters, ids of the path, who asks."""
    params: dict
    ids: dict
    request_id: str
    idempotency_key: str
    path: str


@dataclass
class Operation:
    method: str
    template: str
    returns: str
    params: dict
    required: tuple
    run: object
    pattern: object = field(init=False)

    def __post_init__(self):
        self.pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template) + r"\Z")
        self.params = self.params | {"expand": list_of(text(), 100)}


OPERATIONS = []


def operation(method, template, returns, params=None, required=()):
    def register(run):
        OPERATIONS.append(Operation(method, template, returns, params or {}, required, run))
        return run
    return register


BEFORE_ALL, AFTER_ALL = (float("-inf"), 0), (float("inf"), 0)


def page_of(call, shelf, fits=None, orders=None, oldest=BEFORE_ALL):
    """The part of a list that limit, starting_after, ending_before and created ask for.

    It is cut out of the shelf, or of the shelf's orders that are given, by bisection, then walked
    until there are enough objects that `fits` accepts.
    """
    params = call.params
    if "starting_after" in params and "ending_before" in params:
        raise refuse("Received both ending_before and starting_after parameters. Please pass in "
                     "only one.", "starting_after")
    low, high = created_keys(params.get("created", {}))
    low, step = max(low, oldest), -1
    if "starting_after" in params:
        high = min(high, cursor_key(shelf, params, "starting_after", oldest))
    if "ending_before" in params:
        created, number = cursor_key(shelf, params, "ending_before", oldest)
        low, step = max(low, (created, number + 1)), 1
    walks = [order.walk(low, high, step) for order in orders or [shelf.narrowed(params)]]
    rows = (row for _, row in heapq.merge(*walks, reverse=step < 0) if not fits or fits(row))
    limit = params.get("limit", 10)
    found = list(itertools.islice(rows, limit + 1))
    return list_object(call.path, found[:limit][::-step], len(found) > limit)


def created_keys(wanted):
    """The keys that `created` allows: from the first, to before the second."""
    if isinstance(wanted, int):
        wanted = {"gte": wanted, "lte": wanted}
    low, high = BEFORE_ALL, AFTER_ALL
    for name, bound in wanted.items():
        key = bound + (name in ("gt", "lte")), 0  # before all of its second, and of the next one
        low, high = (max(low, key), high) if name in ("gt", "gte") else (low, min(high, key))
    return low, high


def cursor_key(shelf, params, param, oldest):
    key = shelf.keys.get(params[param])
    if key is None or key < oldest:
        raise no_such(shelf.kind, params[param], param, 400)
    return key


def only_one_of(params, *names):
    if sum(name in params for name in names) > 1:
        raise refuse(f"You may only specify one of these parameters: {', '.join(names)}.", names[0])


def equal(params, *names):
    """Does a row's every property equal the parameter of the same name, where there is one?"""
    wanted = [(name, params[name]) for name in names if name in params]
    return lambda row: all(row[name] == value for name, value in wanted)
