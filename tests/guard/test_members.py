#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The members of Stripe's objects that are read are those that are made: src/stripe/members.c.

A name that is read and not in the list would be absent in every event and answer, without a word.
Ours are told from Stripe's by a capital letter in them (`orderId`), or stand below.
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tree  # noqa: E402  (finds tests/lib)
from tap import main, test  # noqa: E402

HOME = "src/stripe/members.c"
ROOMS = re.compile(r"src/(shop|stripe|record|sync|checkout|check)/\w+\.c$")

# What these rooms read that is no member of an object of Stripe's own.
OURS = {
    "again", "asked", "attempts", "buyer", "checks", "counts", "dispute", "disputes", "error", "errors", "events",
    "evidence", "guest",
    "items", "live", "message", "missing", "no", "number", "order", "orders", "param", "payment",
    "presentment", "problem", "run", "secrets", "sessions", "since", "sku", "stale", "store", "subtotal", "summary",
    "test", "tracking", "unconfirmed", "unknown", "user_id", "version",
    # of a session's settings, SESSION_OPTIONS
    "allow_promotion_codes", "allowed_countries", "allowed_payment_method_types", "enabled",
    "payment_intent_data", "shipping_address_collection", "shipping_options", "shipping_rate_data",
    # values
    "down", "up",
}
# In what is taken whole.
WITHIN = {"card", "custom", "funding", "iban_last4", "key", "label", "wallet", "@type"}

GETTERS = re.compile(r"\b(?:json_(?!set|object_new|object_object_del|object_object_add)\w+|"
                     r"text_or_null|text_of|read_amount|metadata_of|copy_int|keep_member)"
                     r"\(((?:[^;{]|\{[^;]*?\})*?)[;{]")
ROWS = re.compile(r'\b(?:TEXT|ID|INT|TIME|DECIMAL|OBJECT|LIST|ASIDE)\("[^"]*",\s*(?:ATTRIBUTE_\w+,\s*)?"([^"]*)"')
PATHS = re.compile(r'\battributes_find\([^;"]*"([^"]*)"')
OF_DISPUTE = re.compile(r"of_dispute\[\] = \{([^}]*)\}")
NAME = re.compile(r'"([a-z_0-9@]+)"')


def names_read(root):
    """{name: file} of the lower-case names that these rooms read."""
    found = {}
    for path in tree.files(root):
        if not ROOMS.match(path) or path == HOME:
            continue
        text = tree.without_comments(tree.read(root, path))
        for pattern in (GETTERS, OF_DISPUTE):
            for arguments in pattern.findall(text):
                for name in NAME.findall(arguments):
                    found.setdefault(name, path)
        for row in ROWS.findall(text) + PATHS.findall(text):
            for name in filter(None, row.split(".")):
                found.setdefault(name, path)
    return found


def member_faults(root):
    """Names that are read and not made, and those that are made for nobody."""
    listed = NAME.findall(tree.read(root, HOME).split("members[] = {")[1].split("};")[0])
    read = names_read(root)
    return ([f"{path}: reads \"{name}\", which is not in the list of {HOME}"
             for name, path in sorted(read.items()) if name not in set(listed) | OURS | WITHIN] +
            [f"{HOME}: nobody reads \"{name}\"" for name in listed if name not in read] +
            [f"{HOME}: \"{name}\" stands there twice" for name in set(listed) if listed.count(name) > 1])


@test
def _():
    "each member of Stripe's objects that is read is made, and no other"
    tree.no_faults(member_faults(tree.SRC))


@test
def _():
    "a member that is read and not listed is found, and one that is listed and not read"
    with tree.bad_tree({
            HOME: 'static const char *const members[] = {\n\t"id", "colour", "id",\n};\n',
            "src/shop/a.c": 'int a(void)\n{\n\treturn json_int_or(object, "weight", 0);\n}\n'
                            'const char *b = json_string_or_null(object,\n\t\t"id");\n',
            "src/shop/b.c": 'x = {TEXT("to", "id.size"), OBJECT("o", "weight", table)};\n'
                            'y = attributes_find(from, "id.depth");\n'}) as root:
        found = member_faults(root)
    assert found == [
        'src/shop/b.c: reads "depth", which is not in the list of src/stripe/members.c',
        'src/shop/b.c: reads "size", which is not in the list of src/stripe/members.c',
        'src/shop/a.c: reads "weight", which is not in the list of src/stripe/members.c',
        'src/stripe/members.c: nobody reads "colour"',
        'src/stripe/members.c: "id" stands there twice'], found


main()
