# SPDX-License-Identifier: ISC
"""Objects in the order of Stripe's lists, found by bisection: a list of a million sessions costs as
much a page as one of ten."""

import bisect
import itertools


class Order:
    """Objects in the order of their keys, which bisection searches."""

    __slots__ = ("keys", "rows")

    def __init__(self):
        self.keys, self.rows = [], []

    def add(self, key, row):
        at = bisect.bisect(self.keys, key)
        self.keys.insert(at, key)
        self.rows.insert(at, row)

    def remove(self, key):
        at = bisect.bisect_left(self.keys, key)
        if self.keys[at:at + 1] == [key]:
            del self.keys[at], self.rows[at]

    def walk(self, low, high, step):
        """(key, row) of each key from `low` to before `high`; with a step of -1 the last first."""
        low, high = bisect.bisect_left(self.keys, low), bisect.bisect_left(self.keys, high)
        for at in range(low, high)[::step]:
            yield self.keys[at], self.rows[at]


# Properties that objects of a kind are found by without a walk through all of them.
INDEXES = {"checkout.session": ("payment_intent",), "charge": ("payment_intent",),
           "refund": ("charge", "payment_intent"), "dispute": ("charge", "payment_intent"),
           "event": ("type",)}


class Shelf:
    """The objects of one kind: by id, in the order of lists, and in groups of one property each.

    The order is that of the keys (created, number of creation): what is made later comes later even
    within a second.  Stripe's lists begin at the end of it.
    """

    def __init__(self, kind):
        self.kind = kind
        self.by_id, self.keys, self.all = {}, {}, Order()
        self.groups = {name: {} for name in INDEXES.get(kind, ())}
        self.numbers = itertools.count(1)

    def add(self, row):
        key = self.keys[row["id"]] = row.get("created", 0), next(self.numbers)
        self.by_id[row["id"]] = row
        self.all.add(key, row)
        for name in self.groups:
            self.file(row, name)

    def file(self, row, name):
        """Put the object into the group of its property, once it has it."""
        if row[name] is not None:
            self.groups[name].setdefault(row[name], Order()).add(self.keys[row["id"]], row)

    def remove(self, id):
        row, key = self.by_id.pop(id), self.keys.pop(id)
        self.all.remove(key)
        for name in self.groups:
            self.group(name, row[name]).remove(key)

    def group(self, name, value):
        return self.groups[name].get(value) or Order()

    def narrowed(self, params):
        """The shortest order that has all objects with these properties."""
        orders = [self.group(name, params[name]) for name in self.groups if name in params]
        return min(orders, key=lambda order: len(order.rows), default=self.all)
