# SPDX-License-Identifier: ISC
"""What the CGI tests share: a shop that looks at every answer and keeps every log line, Stripe's API
as a test sets it up, tokens, and a clock that is off.
"""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import environment  # noqa: E402,F401
import preload  # noqa: E402
from orders import put_items  # noqa: E402
import shop as lib  # noqa: E402
from shop import QUOTE_SECRET, STRIPE_SECRET, WEBHOOK_SECRET, Shop, sign  # noqa: E402
from tap import Watch, contains, equal, lacks, ok, skip, test  # noqa: E402,F401
import tap  # noqa: E402
from server import Stub  # noqa: E402,F401

JWT_SECRET = "jwt-secret-of-the-tests-0123456789"
SECRETS = [STRIPE_SECRET, WEBHOOK_SECRET, QUOTE_SECRET, JWT_SECRET]

# Under valgrind or sanitizers everything takes longer.
SLOW = bool(lib.WRAPPER) or "ASAN_OPTIONS" in os.environ
PATIENCE = 20 if SLOW else 1

SPENT = re.compile(r"ERROR: (Address|Leak|Thread|Memory)Sanitizer|runtime error:|^==\d+== ", re.M)
WHOLE_ADDRESS = re.compile(r"[A-Za-z0-9.+_-]{2,}(@|%40)[A-Za-z0-9-]+\.[a-z]{2,}")

# Everything that a program wrote to its log, over the whole run: (program, text).
logged = []


class KeptShop(Shop):
    """A shop that holds every answer to what holds for all of them."""

    def cgi(self, name, body=None, method="POST", timeout=60, **variables):
        answer = super().cgi(name, body, method, timeout * PATIENCE, **variables)
        logged.append((name, answer.log))
        check_answer(answer, method)
        return answer

    def quote(self, *items, **variables):
        """Quotes a cart; an item is a sku, (sku, quantity), or the item itself."""
        return self.cgi("cart-quote", {"items": [cart_item(i) for i in items]}, **variables)

    def checkout(self, signature, body=None, **variables):
        return self.cgi("checkout-create-session", {"quoteSignature": signature, **(body or {})},
                        **variables)

    def health(self, method="GET", **variables):
        return self.cgi("status", None, method, SCRIPT_NAME="/healthz", **variables)

    def stripe(self, method, path, form=None):
        """A call of the Stripe API by the shop's owner."""
        data = urllib.parse.urlencode(form or {}).encode()
        request = urllib.request.Request(
            self.sim.base + path, data if method == "POST" else None,
            {"Authorization": "Bearer " + STRIPE_SECRET}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def price_of(self, sku):
        listed = self.stripe("GET", "/v1/prices?" + urllib.parse.urlencode({"lookup_keys[]": sku}))
        return listed["data"][0]

    def fault(self, match, kind="status", **more):
        self.sim.post("/_sim/fault", {"match": match, "kind": kind, **more})

    @contextlib.contextmanager
    def faults(self, match, kind="status", **more):
        """Stripe has a fault for a while."""
        self.fault(match, kind, **more)
        try:
            yield
        finally:
            self.sim.post("/_sim/fault", method="DELETE")

    @contextlib.contextmanager
    def asks(self, **calls):
        """The calls that Stripe gets meanwhile are these: prices=1, sessions=0 ..."""
        self.sim.post("/_sim/stats/reset")
        yield
        equal(self.stripe_calls(), {k: v for k, v in calls.items() if v}, "calls of Stripe")

    def stripe_calls(self):
        names = {"GET /v1/prices": "prices", "GET /v1/prices/{id}": "price",
                 "POST /v1/checkout/sessions": "create",
                 "GET /v1/checkout/sessions/{id}": "session",
                 "GET /v1/checkout/sessions/{id}/line_items": "lines"}
        return {names.get(k, k): v for k, v in self.sim.calls().items()}

    @contextlib.contextmanager
    def unchanged(self, but=None):
        """The table is as it was, to the byte; but for keys that begin with `but`, and what has expired."""
        before = self.rows()
        yield
        after, now = self.rows(), time.time()
        equal(*([row for row in rows if not (but and row[0].startswith(but)) and (row[3] or now + 1) > now]
                for rows in (after, before)), "the table")

    def rows(self):
        if not os.path.exists(self.db):
            return []
        with contextlib.closing(sqlite3.connect(self.db)) as db:
            return sorted(db.execute("SELECT pk, sk, item, expires_at FROM items"))

    def item(self, pk, sk="METADATA"):
        return self.items(pk).get((pk, sk))

    def store(self, item):
        """Puts an item into the table as somebody else would."""
        put_items(self, item)

    def order_of(self, session_id):
        found = [o for o in self.orders() if o["orderId"] == session_id]
        equal(len(found), 1, f"orders of {session_id}")
        return found[0]


def case(sentence):
    """test() for a function without a docstring, one of a table's."""
    def register(function):
        function.__doc__ = sentence
        return test(function)
    return register


def cart_item(item):
    if isinstance(item, str):
        return {"sku": item, "quantity": 1}
    if isinstance(item, tuple):
        return {"sku": item[0], "quantity": item[1]}
    return item


def check_answer(answer, method):
    """What holds for every answer of every program."""
    if SPENT.search(answer.log) or answer.exit_code not in (0, 1):
        raise AssertionError(f"exit code {answer.exit_code}: {answer.log}")
    ok(answer.status, f"a status: {answer.headers} {answer.body[:200]} {answer.log}")
    equal(answer.exit_code, 1 if b"Service misconfigured" in answer.body else 0, "exit code")
    equal(answer.headers.get("cache-control"), "private, no-cache" if "etag" in answer.headers else "no-store",
          "Cache-Control")
    for secret in SECRETS:
        lacks(answer.body.decode("utf-8"), secret)
    if method != "HEAD" and answer.status not in (204, 304):
        equal(answer.headers.get("content-length"), str(len(answer.body)), "Content-Length")
        if answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version="):
            return  # /metrics
        equal(answer.headers["content-type"].split(";")[0], "application/json")
        value = answer.json
        if answer.status >= 400 and "checks" not in value:
            equal(list(value), ["error", "code"] if answer.status == 409 else ["error"], "an error's members")
            ok(isinstance(value["error"], str) and value["error"], "an error is a text")
    if answer.status == 503:
        ok(int(answer.headers["retry-after"]) > 0, "Retry-After")


def refused(answer, status, *parts):
    """The answer is an error with this status whose text has these parts."""
    equal(answer.status, status, f"status ({answer.body[:300]} {answer.log[-300:]})")
    for part in parts:
        contains(answer.json["error"], part)


def granted(answer):
    """The answer is a 200; gives its JSON."""
    equal(answer.status, 200, f"status ({answer.body[:300]} {answer.log[-600:]})")
    return answer.json


def lines_of(log, sentence):
    return [line for line in log.splitlines() if sentence in line]


def fields_of(line):
    """The key=value pairs of a log line."""
    return dict(re.findall(r"(\w+)=(\"(?:[^\"\\]|\\.)*\"|\S+)", line))


# --- the log of the whole run -------------------------------------------------------------------

def check_log(allowed=()):
    """No secret and no whole e-mail address in anything that was logged."""
    if not logged:
        skip("nothing was logged: the tests that log were not chosen")
    for name, text in logged:
        for secret in [*SECRETS, *allowed]:
            ok(secret not in text, f"{name} logged a secret: {text}")
        found = WHOLE_ADDRESS.search(text)
        ok(not found, f"{name} logged an address: {found and found.group()} in {text}")


# --- tokens -------------------------------------------------------------------------------------

def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(claims, alg="HS256", key=JWT_SECRET, said=None):
    """A JWT; the key is the secret for HS*, a PEM file for RS256 and ES256.  `said` is the algorithm
    that its header names, where that is not the one that signs it."""
    text = ".".join(b64(json.dumps(part).encode())
                    for part in ({"alg": said or alg, "typ": "JWT"}, claims))
    if alg == "none":
        return text + "."
    if alg.startswith("HS"):
        digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[alg]
        return text + "." + b64(hmac.new(key.encode(), text.encode(), digest).digest())
    done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text.encode(),
                          capture_output=True, check=True)
    return text + "." + b64(done.stdout if alg == "RS256" else raw_ecdsa(done.stdout))


def raw_ecdsa(der):
    """SEQUENCE { r, s } to the 64 bytes that RFC 7518 wants."""
    numbers, at = [], 2
    while at < len(der):
        length = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2:at + 2 + length], "big"))
        at += 2 + length
    return b"".join(n.to_bytes(32, "big") for n in numbers)


def key_pair(folder, kind):
    """A private and a public PEM file: kind is "rsa" or "ec"."""
    private, public = (os.path.join(folder, f"{kind}.{part}.pem") for part in ("key", "pub"))
    how = (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"] if kind == "rsa" else
           ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
    subprocess.run(["openssl", "genpkey", *how, "-out", private], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True,
                   capture_output=True)
    return private, public


# --- a clock that is off ------------------------------------------------------------------------

_shim = None


def clock(shift):
    """Variables that make a program's wall clock differ by `shift` seconds."""
    global _shim
    _shim = _shim or preload.Preload(preload.CLOCK)
    return {**_shim.variables, "CLOCK_SHIFT": int(shift)}


# --- a server in Stripe's place -----------------------------------------------------------------

def stripe_with(session, lines=()):
    """A Stripe that knows this session (a dict, which may change) with these line items."""
    def answer(request):
        if request.path.split("?")[0] != "/v1/checkout/sessions/" + session["id"]:
            return 404, b'{"error": {"type": "invalid_request_error", "message": "No such object"}}'
        return 200, json.dumps({**session, "line_items": {
            "object": "list", "has_more": False, "data": list(lines)}}).encode()
    return Stub(answer)


def main(*shops):
    """Runs the tests and ends the shops."""
    def cleanup():
        for one in shops:
            one.close()
        if _shim:
            _shim.close()
    tap.main(cleanup)
