#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A customer's orders through real web servers: the paths, the token, the user that a server has
checked, and the one that it has not."""
import base64
import hashlib
import os
import re
import sys
import tempfile
import time

import servers
from servers import shop
from tap import equal, lacks, main, ok, skip, test

sys.path.insert(0, os.path.join(shop.SRC, "tests", "cgi"))

import orders as made  # noqa: E402
from kit import token  # noqa: E402

SECRET = "the-secret-of-the-login-that-the-tests-use"
NOW = int(time.time())
APACHE_LOGIN = ('<LocationMatch "^/orders(/|$)">\nAuthType Basic\nAuthName "My orders"\n'
                'AuthUserFile "{users}"\nRequire valid-user\n</LocationMatch>\n')

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
        _sites[name] = servers.Site(name, children=2, JWT_SECRET=SECRET)
        fill(_sites[name])
    if _sites[name] is None:
        raise RuntimeError(f"{name} did not start")
    return _sites[name]


def through_each(function):
    """Registers the test once a server; `{}` in its sentence is the server's name."""
    for name in servers.SERVERS:
        def run(name=name):
            function(site_of(name))
        run.__doc__ = function.__doc__.format(name)
        test(run)


def bearer(sub="user_1"):
    return ["Authorization: Bearer " + token({"sub": sub, "exp": NOW + 86400}, key=SECRET)]


def basic(user, password="x"):
    return ["Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()]


def ids(answer):
    equal(answer.status, 200, repr(answer.body[:200]))
    return [o["orderId"] for o in answer.json["orders"]]


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
        equal(answer.headers["cache-control"], "private")
        same = site.curl(path, headers=[*bearer(), "If-None-Match: " + answer.headers["etag"]])
        equal((same.status, same.body), (304, b""), path)
        equal(same.headers["etag"], answer.headers["etag"])


@through_each
def _(site):
    "through {}: no token, an empty one and an invented user are a 401, as our JSON"
    for path in ("/orders", "/orders/cs_test_07"):
        for headers in ([], ["Authorization: Bearer "], ["Authorization: Bearer"],
                        ["Authorization: Bearer x"], basic("user_1"), ["Remote-User: user_1"]):
            answer = site.curl(path, headers=headers)
            equal((answer.status, list(answer.json)), (401, ["error"]), f"{path} {headers}")


@through_each
def _(site):
    "through {}: a token of 64 KiB is refused, and so is one without an end"
    for headers in (["Authorization: Bearer " + "x" * 65536],
                    ["Authorization: Bearer " + token({"sub": "user_1", "exp": NOW + 9, "x": "y" * 65536}, key=SECRET)],
                    ["Authorization: Bearer " + token({"sub": "user_1"}, key=SECRET)]):
        answer = site.curl("/orders", headers=headers)
        ok(answer.status in (400, 401, 431), answer.status)
        lacks(answer.body.decode("utf-8", "replace"), "BC-")
    equal(site.curl("/orders", headers=bearer()).status, 200)


@through_each
def _(site):
    "through {}: another's order and what is no id are a 404, whatever is in the address"
    none = site.curl("/orders/cs_test_none", headers=bearer())
    equal((none.status, none.json), (404, {"error": "there is no such order"}))
    for bad in ("cs_test_two", "cs_test_07%23", "cs_test_07%20", "%2e%2e", "cs_test_07%0a", "orders"):
        answer = site.curl("/orders/" + bad, None, "--path-as-is", headers=bearer())
        if bad != "%2e%2e" or answer.status != 302:  # which nginx takes for the folder above
            equal(answer.status, 404, bad)
    for bad in ("cs_test_07%00", "x" * 10240, "../orders/cs_test_two", "a/b", "a%2Fb", ""):
        answer = site.curl("/orders/" + bad, None, "--path-as-is", headers=bearer())
        ok(answer.status in (400, 403, 404, 414), f"{bad[:30]}: {answer.status}")
        lacks(answer.body.decode("utf-8", "replace"), "BC-TWO")


@through_each
def _(site):
    "through {}: a session's status needs no login"
    answer = site.curl("/checkout/session-status?session_id=cs_test_two")
    equal((answer.status, answer.json["orderNumber"]), (200, "BC-TWO"))
    equal(answer.headers["cache-control"], "no-store")
    equal(site.curl("/checkout/session-status?session_id=cs_test_x").json, {"status": "unknown"})
    equal(site.curl("/checkout/session-status").status, 400)


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


class Login(servers.Site):
    """A shop whose server asks for the customers' passwords, as the shipped file's comment says."""

    def fill_in(self, source, target):
        super().fill_in(source, target)
        users = self.write_file("customers", "user_2:{PLAIN}right\n" if "nginx" in self.server else
                                "user_2:{SHA}" + base64.b64encode(
                                    hashlib.sha1(b"right").digest()).decode() + "\n")
        os.chmod(users, 0o644)
        path = self.path("share", servers.SERVERS[self.server])
        if os.path.dirname(path) != target:
            return
        with open(path, encoding="utf-8") as f:
            text = f.read()
        if self.server == "nginx":
            lines = ('    auth_basic "My orders"; auth_basic_user_file "' + users + '";\n'
                     '    fastcgi_param REMOTE_USER $remote_user;\n')
            for location in ("location = /orders {\n", "location ^~ /orders/ {\n"):
                assert location in text
                text = text.replace(location, location + lines)
        else:
            text += APACHE_LOGIN.replace("{users}", users)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def write_apache(self):
        path = super().write_apache()
        with open(path, encoding="utf-8") as f:
            text = f.read()
        load = "".join(f"LoadModule {m}_module {servers.MODULES}/mod_{m}.so\n" for m in
                       ("authn_core", "authn_file", "auth_basic", "authz_user"))
        return self.write_file("httpd.conf", load + text)


for _name in servers.SERVERS:
    def _(name=_name):
        if servers.lacking(name):
            skip(servers.lacking(name) + " is not installed")
        site = Login(name, children=1, ORDERS_AUTH="remote_user")
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


class Fcgid(servers.Site):
    """mod_fcgid in the place of mod_cgid: it starts the programs itself, as FastCGI, from a path that
    may have no blank in it."""

    def make_folders(self):
        self.real, self.folder = self.folder, tempfile.mkdtemp(prefix="ordersnap-fcgid-") + "/shop"
        os.chmod(os.path.dirname(self.folder), 0o755)
        os.symlink(self.real, self.folder)
        super().make_folders()

    def close(self):
        os.unlink(self.folder)
        os.rmdir(os.path.dirname(self.folder))
        self.folder = self.real
        super().close()

    def write_apache(self):
        path = super().write_apache()
        with open(path, encoding="utf-8") as f:
            text = f.read()
        text = re.sub(r"^ScriptSock.*$", "", text.replace("cgid_module", "fcgid_module").replace(
            "mod_cgid", "mod_fcgid"), flags=re.M)
        text += (f'FcgidIPCDir "{self.path("run")}"\nFcgidProcessTableFile "{self.path("run", "fcgid")}"\n'
                 f'FcgidInitialEnv ORDERSNAP_CONF "{self.path("conf", "ordersnap.conf")}"\n'
                 f'<Directory "{self.path("cgi-bin")}">\nSetHandler fcgid-script\n</Directory>\n')
        return self.write_file("httpd.conf", text)


@test
def _():
    "through mod_fcgid, too: a list, an order, a status, and nobody without a token"
    if servers.lacking("apache-cgid") or not os.path.exists(servers.MODULES + "/mod_fcgid.so"):
        skip("mod_fcgid is not installed")
    site = Fcgid("apache-cgid", JWT_SECRET=SECRET)
    try:
        fill(site)
        equal(len(ids(site.curl("/orders?limit=7", headers=bearer()))), 7)
        equal(site.curl("/orders/cs_test_07", headers=bearer()).json["orderId"], "cs_test_07")
        equal(site.curl("/orders/cs_test_two", headers=bearer()).status, 404)
        for headers in ([], ["Authorization: Bearer "], basic("user_1")):
            equal(site.curl("/orders", headers=headers).status, 401, str(headers))
        answer = site.curl("/checkout/session-status?session_id=cs_test_two")
        equal((answer.status, answer.json["orderNumber"]), (200, "BC-TWO"))
    finally:
        site.close()


main()
