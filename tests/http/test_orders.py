#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A customer's orders through real web servers: the paths, the token, the user that a server has
checked, and the one that it has not; and the log that a shop has in a file."""
import base64
import hashlib
import os
import re
import subprocess
import sys
import time

import servers
from servers import shop
from tap import equal, eventually, lacks, main, ok, skip, test

sys.path.insert(0, os.path.join(shop.SRC, "tests", "cgi"))

import environment  # noqa: E402
import orders as made  # noqa: E402
from kit import token  # noqa: E402

SECRET = "the-secret-of-the-login-that-the-tests-use"
NOW = int(time.time())
APACHE_MODULES = ("authn_core", "authn_file", "auth_basic", "authz_user")
LOGIN_MODULES = {"apache": APACHE_MODULES, "htaccess": APACHE_MODULES,
                 "lighttpd": ("auth", "authn_file")}

_sites = {}


def fill(site):
    made.put(site, *[made.order(f"cs_test_{n:02d}", NOW - n, "user_1") for n in range(30)],
             made.order("cs_test_two", NOW, "user_2"))


def site_of(name):
    """One shop a server, with thirty orders of user_1 and one of user_2."""
    if servers.lacking(name):
        skip(servers.lacking(name) + " is not installed")
    if name not in _sites:
        _sites[name] = None
        _sites[name] = servers.Site(name, children=2, log_to_file=True, JWT_SECRET=SECRET)
        fill(_sites[name])
    if _sites[name] is None:
        raise RuntimeError(f"{name} did not start")
    return _sites[name]


def through_each(function, names=tuple(servers.chosen())):
    """Registers the test once a server; `{}` in its sentence is the server's name."""
    for name in names:
        def run(name=name):
            function(site_of(name))
        run.__doc__ = function.__doc__.format(name)
        test(run)


def through_a_few(function):
    """Registers a test of very many requests, for one server of each way to run the programs."""
    through_each(function, ("nginx", "apache-proxy_fcgi", "apache-fcgid", "apache-cgid"))


def bearer(sub="user_1"):
    return ["Authorization: Bearer " + token({"sub": sub, "exp": NOW + 86400}, key=SECRET)]


def basic(user, password="x"):
    return ["Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()]


def ids(answer):
    equal(answer.status, 200, repr(answer.body[:200]))
    return [o["orderId"] for o in answer.json["orders"]]


def refuses(site, text):
    """Whether the server itself refuses such an address: lighttpd what is a control character, half
    an escape, or a dot too many."""
    return site.server.startswith("lighttpd") and any(
        part in text for part in ("%0", "%2e", "cursor=%"))


@through_each
def _(site):
    "through {}: a list by pages, an order, and what has not changed"
    first = site.curl("/orders", headers=bearer())
    equal(ids(first), [f"cs_test_{n:02d}" for n in range(20)])
    rest = site.curl("/orders?limit=20&cursor=" + first.json["nextCursor"], headers=bearer())
    equal((ids(rest), rest.json["nextCursor"]), ([f"cs_test_{n:02d}" for n in range(20, 30)], None))
    one = site.curl("/orders/cs_test_07", headers=bearer())
    equal((one.status, one.json["orderId"]), (200, "cs_test_07"))
    for path, answer in (("/orders", first), ("/orders/cs_test_07", one)):
        equal(answer.headers["cache-control"], "private, no-cache")
        same = site.curl(path, headers=[*bearer(), "If-None-Match: " + answer.headers["etag"]])
        equal((same.status, same.body), (304, b""), path)
        equal(same.headers["etag"], answer.headers["etag"])


@through_each
def _(site):
    "through {}: with LOG_TARGET=FILE each line is there once, at its level, and in no log of the server's"
    equal(site.curl("/orders").status, 401)
    equal(site.deliver({**site.paid_event(), "livemode": True}).status, 200)

    def lines():
        return sorted(re.findall(r"^\S+ (\w+) (Request refused|Webhook of the other mode)",
                                 site.log("ordersnap"), re.M))
    eventually(lambda: len(lines()) >= 2, what="the lines")
    equal(lines(), [("info", "Request refused"), ("warning", "Webhook of the other mode")])
    lacks("".join(site.log(name) for name in ("error", "breakage", "server", "orders", "stripe-webhook")),
          "Webhook of the other mode")


def bad_tokens():
    """One of each class that is refused: what it is, and the headers."""
    claims = {"sub": "user_1", "exp": NOW + 86400}

    def bearing(*args, **more):
        return ["Authorization: Bearer " + token(*args, **{"key": SECRET, **more})]
    return {
        "nothing": [], "an empty token": ["Authorization: Bearer "], "no token": ["Authorization: Bearer"],
        "no JWT": ["Authorization: Bearer x"], "an invented Basic user": basic("user_1"),
        "a Basic user without a password": basic("user_1", ""), "a header of ours": ["Remote-User: user_1"],
        "none": bearing(claims, "none"), "none, but signed": bearing(claims, said="none"),
        "another algorithm": bearing(claims, "HS512"), "another key": bearing(claims, key="x" * 40),
        "expired": bearing({**claims, "exp": NOW - 1}), "without an end": bearing({"sub": "user_1"}),
        "not yet valid": bearing({**claims, "nbf": NOW + 9000}), "of another issuer": bearing(
            {**claims, "iss": "https://else", "aud": "shop"}),
        "for another audience": bearing({**claims, "iss": "https://login", "aud": "else"}),
        "without a subject": bearing({"exp": NOW + 86400}), "of nobody": bearing({**claims, "sub": ""}),
        "of 64 KiB": ["Authorization: Bearer " + "x" * 65536],
        "of 64 KiB, signed": bearing({**claims, "x": "y" * 65536})}


@through_a_few
def _(site):
    "through {}: a token of any class that is not valid is refused, as our JSON where the server lets it in"
    strict = servers.Site(site.server, children=1, JWT_SECRET=SECRET, JWT_ISSUER="https://login",
                          JWT_AUDIENCE="shop")
    try:
        for what, headers in bad_tokens().items():
            for shop_, path in ((strict if what.split()[0] in ("of", "for") else site, "/orders"),
                                (site, "/orders/cs_test_07")):
                if what.split()[0] in ("of", "for") and "64" not in what and shop_ is site:
                    continue  # any issuer is right there
                answer = shop_.curl(path, headers=headers)
                if "64 KiB" in what:  # Apache and nginx have limits of their own
                    ok(answer.status in (400, 401, 431), f"{path} {what}: {answer.status}")
                    lacks(answer.body.decode("utf-8", "replace"), "BC-")
                else:
                    equal((answer.status, list(answer.json)), (401, ["error"]), f"{path} {what}")
        right = token({"sub": "user_1", "exp": NOW + 9000, "iss": "https://login", "aud": ["x", "shop"]},
                      key=SECRET)
        equal(strict.curl("/orders", headers=["authorization: bearer " + right]).status, 200)
    finally:
        strict.close()
    equal(site.curl("/orders", headers=bearer()).status, 200)


@through_each
def _(site):
    "through {}: a limit that is none and a cursor of somebody else, cut or made up are a 400"
    cursor = site.curl("/orders?limit=1", headers=bearer()).json["nextCursor"]
    for query in ("limit=0", "limit=-1", "limit=101", "limit=abc", "limit=1&limit=2", "limit=%00",
                  "cursor=garbage", "cursor=" + cursor[:-1], "cursor=" + cursor + "0", "cursor=%00", "cursor=%",
                  "cursor=" + "0" * 5000):
        answer = site.curl("/orders?" + query, headers=bearer())
        equal(answer.status, 400, query[:60])
        if not refuses(site, query):
            equal(list(answer.json), ["error"], query[:60])
    equal(site.curl("/orders?cursor=" + cursor, headers=bearer("user_2")).status, 400)
    equal(ids(site.curl("/orders?limit=1&cursor=" + cursor, headers=bearer())), ["cs_test_01"])


def verified(email, sub="somebody", is_verified=True):
    claims = {"sub": sub, "exp": NOW + 86400, "email": email, "email_verified": is_verified}
    return ["Authorization: Bearer " + token(claims, key=SECRET)]


@through_each
def _(site):
    "through {}: a guest's orders are for the verified address alone, in capitals and with a plus, too"
    for session, email in (("cs_test_plus", "a+b@x.example"), ("cs_test_none", "ab@x.example")):
        old = made.lambda_order(session, NOW - 100, "ab@x.example")
        made.put(site, {**old, "customerEmail": email})
    made.put(site, made.order("cs_test_guest", NOW, "jane@x.example", customerEmail="Jane@X.example", guest=True))
    for who, sees in ((verified("jane@x.example"), ["cs_test_guest"]), (verified("JANE@x.EXAMPLE"), ["cs_test_guest"]),
                      (verified("jane@x.example", is_verified=False), []), (bearer("jane@x.example"), []),
                      (verified("a+b@x.example"), ["cs_test_plus"]), (verified("ab@x.example"), ["cs_test_none"]),
                      (bearer("ab@x.example"), [])):
        equal(ids(site.curl("/orders", headers=who)), sees)
        equal(site.curl("/orders/cs_test_guest", headers=who).status, 200 if "cs_test_guest" in sees else 404)


@through_each
def _(site):
    "through {}: another's order and what is no id are a 404, whatever is in the address"
    none = site.curl("/orders/cs_test_none", headers=bearer())
    equal((none.status, none.json), (404, {"error": "there is no such order"}))
    for bad in ("cs_test_two", "cs_test_07%23", "cs_test_07%20", "%2e%2e", "cs_test_07%0a", "orders"):
        answer = site.curl("/orders/" + bad, None, "--path-as-is", headers=bearer())
        # %2e%2e: nginx takes it for the folder above
        if not refuses(site, bad) and (bad != "%2e%2e" or answer.status != 302):
            equal(answer.status, 404, bad)
    for bad in ("cs_test_07%00", "x" * 10240, "../orders/cs_test_two", "a/b", "a%2Fb", ""):
        answer = site.curl("/orders/" + bad, None, "--path-as-is", headers=bearer())
        # 0: lighttpd 1.4.69 hangs up on a head above 8 KiB
        ok(answer.status in ((400, 403, 404, 414) if len(bad) < 8192 or not refuses(site, "%0")
                             else (0, 414, 431)), f"{bad[:30]}: {answer.status}")
        lacks(answer.body.decode("utf-8", "replace"), "BC-TWO")


@through_each
def _(site):
    "through {}: a session's status needs no login"
    answer = site.curl("/checkout/session-status?session_id=cs_test_two")
    equal((answer.status, answer.json["orderNumber"]), (200, "BC-TWO"))
    equal(answer.headers["cache-control"], "no-store")
    equal(site.curl("/checkout/session-status?session_id=cs_test_x").json, {"status": "unknown"})
    made.put_items(site, {"PK": "SESSION#cs_test_over", "SK": "METADATA", "status": "expired", "version": 1})
    equal(site.curl("/checkout/session-status?session_id=cs_test_over").json, {"status": "expired"})
    for query in ("", "?session_id=", "?session_id=%00", "?session_id=..", "?session_id=pi_1",
                  "?session_id=cs_test_two%23", "?session_id=cs_" + "x" * 5000):
        equal(site.curl("/checkout/session-status" + query).status, 400, query[:60])


@through_each
def _(site):
    "through {}: with ORDERS_AUTH=remote_user nobody is believed whom the server has not checked"
    other = servers.Site(site.server, children=1, ORDERS_AUTH="remote_user")
    try:
        fill(other)
        for headers in ([], basic("user_1"), basic("user_1", ""), bearer(), ["Remote-User: user_1"],
                        ["X-Remote-User: user_1"]):
            equal(other.curl("/orders", headers=headers).status, 401, str(headers))
            equal(other.curl("/orders/cs_test_07", headers=headers).status, 401, str(headers))
    finally:
        other.close()


# Where the login stands in the shipped file, if not at its end.
PLACES = {"nginx": ("location = /orders {\n", "location ^~ /orders/ {\n"),
          "caddy": ("handle @ordersnap_orders {\n",)}


class Login(servers.Site):
    """A shop whose server asks for the customers' passwords, by the lines that the comment of the
    shipped file has for it."""

    def fill_in(self, source, target):
        super().fill_in(source, target)
        path = self.front.shipped(self)
        if os.path.dirname(path) != target:
            return
        with open(path, encoding="utf-8") as f:
            text = f.read()
        comment = re.search(r"#.*ORDERS_AUTH=remote_user.*\n((?:\s*#.*\n)+)", text).group(1)
        login = "\n".join(re.findall(r"^\s*# {5}(.*)$", comment, re.M)) + "\n"
        kind = self.server.partition("-")[0]
        login, customers = re.subn(r'"?[^ "]*/customers"?', f'"{self.write_users()}"', login)
        if kind == "caddy":
            login, customers = re.subn(r"anna \S+", "user_2 " + self.caddy_hash(), login)
        equal(customers, 1, login)
        for place in PLACES.get(kind, ()):
            assert place in text
            text = text.replace(place, place + login)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text + ("" if kind in PLACES else login))

    def write_users(self):
        digest = base64.b64encode(hashlib.sha1(b"right").digest()).decode()
        users = self.write_file("customers", f"user_2:{{SHA}}{digest}\n")
        os.chmod(users, 0o644)
        return users

    def caddy_hash(self):
        done = subprocess.run(["caddy", "hash-password", "--plaintext", "right"], check=True,
                              capture_output=True, text=True, env=environment.of(**self.front.variables(self)))
        return done.stdout.strip()


for _name in servers.chosen():
    def _(name=_name):
        if servers.lacking(name):
            skip(servers.lacking(name) + " is not installed")
        site = Login(name, children=1, ORDERS_AUTH="remote_user",
                     modules=LOGIN_MODULES.get(name.partition("-")[0], ()))
        try:
            fill(site)
            equal(ids(site.curl("/orders", headers=basic("user_2", "right"))), ["cs_test_two"])
            one = site.curl("/orders/cs_test_two", headers=basic("user_2", "right"))
            equal((one.status, one.json["orderId"]), (200, "cs_test_two"))
            for headers in ([], basic("user_2", "wrong"), basic("user_1")):
                equal(site.curl("/orders", headers=headers).status, 401, str(headers))
            answer = site.curl("/checkout/session-status?session_id=cs_test_two")
            equal((answer.status, answer.json["orderNumber"]), (200, "BC-TWO"))
        finally:
            site.close()
    _.__doc__ = f"through {_name}: a user whom the server has checked sees their orders"
    test(_)


main()
