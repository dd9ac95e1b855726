#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A sale, and every kind of refusal, through each of the servers that conf/ has a file for."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

import servers  # finds tests/lib
import environment
import fastcgi
import shop
from tap import contains, equal, eventually, lacks, main, ok, skip, test

NAMES = servers.chosen()
JWT_SECRET = "the-secret-of-the-login-that-the-tests-use"
ORIGIN = "https://shop.example"

_sites = {}


def site_of(name):
    """One shop a server, started when it is first needed."""
    if servers.lacking(name):
        skip(servers.lacking(name) + " is not installed")
    if name not in _sites:
        _sites[name] = None  # a start that failed is not tried again
        _sites[name] = servers.Site(name, children=2, metrics=True, JWT_SECRET=JWT_SECRET,
                                    log_to_file=servers.SERVERS[name].lines == "ordersnap")
    if _sites[name] is None:
        raise RuntimeError(f"{name} did not start")
    return _sites[name]


def jwt(subject):
    """A token of the site's login (RFC 7519, HS256)."""
    import base64
    import hashlib
    import hmac
    import json

    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")
    text = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps(
        {"sub": subject, "exp": int(time.time()) + 86400}).encode())
    return (text + b"." + part(hmac.new(JWT_SECRET.encode(), text, hashlib.sha256).digest())).decode()


def is_refusal(answer, status, text=None):
    """Our own answer: JSON with one sentence."""
    equal(answer.status, status, repr(answer.body[:200]))
    equal(answer.headers.get("content-type"), "application/json")
    ok(answer.json.get("error"), "an error's text")
    equal(list(answer.json), ["error"])
    if text:
        equal(answer.json["error"], text)


def through_each(function):
    """Registers the test once a server; `{}` in its sentence is the server's name."""
    for name in NAMES:
        def run(name=name):
            function(site_of(name))
        run.__doc__ = function.__doc__.format(name)
        test(run)


@through_each
def _(site):
    "through {}: quote, session and payment give one order in the table"
    session = site.buy(headers=["Authorization: Bearer " + jwt("user_12345")])
    paid = site.sim.post("/_sim/pay", {"session": session["sessionId"]})
    equal(paid["delivery"], 200)
    orders = [o for o in site.orders() if o["orderId"] == session["sessionId"]]
    equal(len(orders), 1)
    equal(orders[0]["PK"], "USER#user_12345")
    equal((orders[0]["amount"], orders[0]["status"]), (8500, "completed"))
    equal([(i["sku"], i["quantity"]) for i in orders[0]["items"]], [("N-RED", 2), ("R-SIL", 1)])


@through_each
def _(site):
    "through {}: the webhook's answer is 200 and JSON, and a second delivery's a duplicate"
    event = site.paid_event()
    first, second = site.deliver(event), site.deliver(event)
    equal((first.status, second.status), (200, 200))
    equal(first.headers["content-type"], "application/json")
    equal(first.json["status"], "processed")
    ok("duplicate" not in first.json, "the first is no duplicate")
    equal(second.json, {**first.json, "duplicate": True})


@through_each
def _(site):
    "through {}: health is ok and shows no secret"
    answer = site.curl("/healthz")
    equal((answer.status, answer.json["status"]), (200, "ok"))
    for secret in (shop.STRIPE_SECRET, shop.WEBHOOK_SECRET, shop.QUOTE_SECRET):
        lacks(answer.body.decode(), secret)


@through_each
def _(site):
    "through {}: /metrics is what all programs have counted, for this machine alone"
    site.curl("/healthz")
    answer = site.curl("/metrics")
    equal((answer.status, answer.headers["content-type"].split(";")[0]), (200, "text/plain"))
    contains(answer.body.decode(), 'ordersnap_request_seconds_count{endpoint="/healthz",status="200",outcome="ok"}')
    # As the manual asks: by the shop's name, at this machine.
    name = f"shop.example:{site.port}"
    equal(site.curl(f"http://{name}/metrics", None, "--resolve", name + ":127.0.0.1").status, 200)
    if not site.server.startswith("apache"):  # to its `Require local` all of 127.0.0.0/8 is this machine
        answer = site.curl("/metrics", None, "--interface", "127.0.0.2")
        ok(answer.status in (403, 404), str(answer.status))
    for path in ("/healthz/metrics", "/healthz/x/metrics"):  # what is open to all, and something behind it
        ok(site.curl(path).status in (403, 404), path)
    if site.server.startswith("htaccess"):
        answer = site.curl("/cgi-bin/status.fcgi/metrics", None, "--interface", "127.0.0.2")
        equal(answer.status, 403)


for server in ("lighttpd-fastcgi", "lighttpd-cgi"):
    def check(server=server):
        if servers.lacking(server):
            skip(servers.lacking(server) + " is not installed")
        port = shop.free_port()
        site = servers.Site(server, children=2, metrics=True,
                            locations=f'$SERVER["socket"] == "[::]:{port}" {{ server.v4mapped = "enable" }}')
        try:
            for host, address, status in (("127.0.0.1", "127.0.0.1", 200), ("[::1]", "::1", 200),
                                          ("127.0.0.1", "127.0.0.2", 404)):
                answer = site.curl(f"http://{host}:{port}/metrics", None, "-g", "--interface", address)
                equal(answer.status, status, address)
        finally:
            site.close()
    check.__doc__ = f"{server}: this machine reads /metrics by IPv4, too, where one socket serves both"
    test(check)


@through_each
def _(site):
    "through {}: a preflight tells the shop's page what it may send, and another page nothing"
    asks = ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type"]
    answer = site.curl("/cart/quote", method="OPTIONS", headers=["Origin: " + ORIGIN, *asks])
    equal(answer.status, 204)
    equal(answer.headers["access-control-allow-origin"], ORIGIN)
    contains(answer.headers["access-control-allow-methods"], "POST")
    contains(answer.headers["access-control-allow-headers"].lower(), "content-type")
    contains(answer.headers["vary"], "Origin")
    other = site.curl("/cart/quote", method="OPTIONS",
                      headers=["Origin: https://else.example", *asks])
    ok("access-control-allow-origin" not in other.headers, "another page may not")


@through_each
def _(site):
    "through {}: no such quote is a 404, as our JSON"
    is_refusal(site.curl("/checkout/create-session", {"quoteSignature": "0" * 64}), 404)


@through_each
def _(site):
    "through {}: a GET is a 405 that names what is allowed, as our JSON"
    for path in ("/cart/quote", "/checkout/create-session", "/stripe/webhook"):
        answer = site.curl(path)
        is_refusal(answer, 405)
        equal(answer.headers["allow"], "POST, OPTIONS")
    is_refusal(site.curl("/healthz", {}), 405)


@through_each
def _(site):
    "through {}: a body above the cap is a 413, as our JSON"
    is_refusal(site.curl("/cart/quote", b" " * (64 * 1024 + 1)), 413)
    is_refusal(site.curl("/checkout/create-session", b" " * (64 * 1024 + 1)), 413)
    is_refusal(site.curl("/stripe/webhook", b" " * (1024 * 1024 + 1)), 413)


@through_each
def _(site):
    "through {}: a body above the server's own cap is a 413 too, and no program gets less of it"
    want = 500 if site.server == "htaccess-fcgid" else 413  # there the cap is mod_fcgid's own
    for path in ("/cart/quote", "/stripe/webhook"):
        equal(site.curl(path, b" " * (2 * 1024 * 1024 + 1)).status, want, path)


@through_each
def _(site):
    "through {}: an event of one megabyte to the byte is taken"
    event = site.paid_event()
    body = shop.json.dumps(event).encode()
    body += b" " * (1024 * 1024 - len(body))
    answer = site.deliver(body)
    equal((answer.status, answer.json["status"]), (200, "processed"))


@through_each
def _(site):
    "through {}: an event that comes in pieces, with pauses between, is taken"
    body = shop.json.dumps(site.paid_event(), indent=2).encode()
    body += b" " * (60000 - len(body))
    head = (f"POST /stripe/webhook HTTP/1.1\r\nHost: shop\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: application/json\r\nStripe-Signature: {shop.sign(body)}\r\n"
            "Connection: close\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", site.port), 30) as s:
        s.sendall(head[:40])
        for at in range(0, len(body), 20000):  # faster than the shipped 50,000 bytes a second
            time.sleep(0.1)
            s.sendall((b"" if at else head[40:]) + body[at:at + 20000])
        answer = b""
        while part := s.recv(65536):
            answer += part
    contains(answer.decode(), "200 OK")
    contains(answer.decode(), '"status":"processed"')


@through_each
def _(site):
    "through {}: a body that announces more than comes is no order"
    event = site.paid_event()
    body = shop.json.dumps(event).encode()
    with socket.create_connection(("127.0.0.1", site.port), 30) as s:
        s.sendall((f"POST /stripe/webhook HTTP/1.1\r\nHost: shop\r\nContent-Length: {len(body) + 1}\r\n"
                   f"Content-Type: application/json\r\nStripe-Signature: {shop.sign(body)}\r\n"
                   "\r\n").encode() + body)
        s.shutdown(socket.SHUT_WR)
        answer = s.recv(65536)
    ok(not answer or answer.split()[1] in (b"400", b"408", b"499", b"500", b"502"), repr(answer[:80]))
    equal([o for o in site.orders() if o["orderId"] == event["data"]["object"]["id"]], [])


@through_each
def _(site):
    "through {}: each endpoint is there: a customer's list, an order, a session's status"
    bearer = "Authorization: Bearer " + jwt("user_12345")
    event = site.paid_event()
    equal(site.deliver(event).status, 200)
    session = event["data"]["object"]["id"]
    listed = site.curl("/orders", headers=[bearer])
    equal((listed.status, session in [o["orderId"] for o in listed.json.get("orders", [])]), (200, True),
          repr(listed.body[:200]))
    equal(site.curl("/orders/" + session, headers=[bearer]).json["orderId"], session)
    equal(site.curl("/checkout/session-status?session_id=" + session).json["status"], "completed")
    is_refusal(site.curl("/orders"), 401)


@through_each
def _(site):
    "through {}: another content type is a 415, as our JSON"
    is_refusal(site.curl("/cart/quote", b"items=1",
                         headers=["Content-Type: application/x-www-form-urlencoded"]), 415)


@through_each
def _(site):
    "through {}: a body that is not JSON is a 400, as our JSON"
    is_refusal(site.curl("/cart/quote", b"{"), 400, "The body is not JSON")


@through_each
def _(site):
    "through {}: a body in chunks, without a length, is read or refused by our JSON"
    body = {"items": [{"sku": "N-RED", "quantity": 1}]}
    answer = site.curl("/cart/quote", body, "-H", "Transfer-Encoding: chunked")
    if answer.status != 200:
        is_refusal(answer, 411)
    # As doc/hosting.md has it, of a small body and of one of 16 KiB.
    takes = site.server.startswith(("nginx", "lighttpd")) or site.server.endswith(("fcgid", "proxy_fcgi"))
    equal(answer.status, 200 if takes else 411)
    raw = json.dumps(body).encode().ljust(16384)
    equal(site.curl("/cart/quote", raw, "-H", "Transfer-Encoding: chunked").status, 200 if takes else 411)


@through_each
def _(site):
    "through {}: chunks that come one after the other are counted by the server, or refused by our JSON"
    body = b'{"items": [{"sku": "N-RED", "quantity": 1}]}'
    with socket.create_connection(("127.0.0.1", site.port), 30) as s:
        s.sendall(b"POST /cart/quote HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
                  b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        for part in (body[:20], body[20:], b""):
            time.sleep(0.03)
            s.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        answer = b""
        while part := s.recv(65536):
            answer += part
    counts = site.server in ("nginx", "apache-proxy_fcgi", "apache-fcgid", "htaccess-fcgid", "lighttpd-fastcgi",
                             "lighttpd-cgi")
    equal(answer.split()[1], b"200" if counts else b"411", repr(answer[:200]))


@through_each
def _(site):
    "through {}: Authorization arrives: a token's subject owns the order, a wrong token is a 401"
    quote = site.curl("/cart/quote", {"items": [{"sku": "N-RED", "quantity": 1}]}).json
    body = {"quoteSignature": quote["quoteSignature"]}
    bearer = "Authorization: Bearer " + jwt("user_of_the_token")
    is_refusal(site.curl("/checkout/create-session", {**body, "userId": "another"},
                         headers=[bearer]), 403)
    is_refusal(site.curl("/checkout/create-session", body, headers=[bearer + "x"]), 401)
    is_refusal(site.curl("/checkout/create-session", {**body, "userId": "another"}), 401,
               "userId is not believed without a bearer token: send one, or leave it out")
    made = site.curl("/checkout/create-session", body, headers=[bearer])
    equal(made.status, 200)
    site.sim.post("/_sim/delivery", {"mode": "normal"})
    equal(site.sim.post("/_sim/pay", {"session": made.json["sessionId"]})["delivery"], 200)
    equal([o["PK"] for o in site.orders() if o["orderId"] == made.json["sessionId"]],
          ["USER#user_of_the_token"])


@through_each
def _(site):
    "through {}: a signature that is missing, wrong or old is a 400, and nothing is stored"
    event = site.paid_event()
    before = site.items()
    for answer in (site.curl("/stripe/webhook", event),
                   site.deliver(event, secret="whsec_another"),
                   site.deliver(event, at=int(shop.time.time()) - 4000)):
        is_refusal(answer, 400, "Invalid Stripe signature")
    equal(site.items(), before)


@through_each
def _(site):
    "through {}: a header with spaces, other schemes and many signatures arrives as it was sent"
    body = shop.json.dumps(site.paid_event()).encode()
    at, right = shop.sign(body).split(",")
    header = ", ".join([at] + ["v1=" + "0" * 64] * 5 + ["v0=" + "1" * 64, right])
    answer = site.curl("/stripe/webhook", body, headers=["Stripe-Signature: " + header])
    equal((answer.status, answer.json["status"]), (200, "processed"))


@through_each
def _(site):
    "through {}: an event with every kind of byte above ASCII is verified as the bytes it has"
    event = site.paid_event(name="Zoë Ångström 🛍", line_items=[
        {"name": "Крестик “№ 5”", "unit_amount": 900, "currency": "usd"}])
    body = shop.json.dumps(event, ensure_ascii=False).encode()
    equal(site.deliver(body).status, 200)
    order = next(o for o in site.orders() if o["orderId"] == event["data"]["object"]["id"])
    equal((order["customerName"], order["items"][0]["name"]),
          ("Zoë Ångström 🛍", "Крестик “№ 5”"))


@through_each
def _(site):
    "through {}: an event signed by the official SDK is accepted"
    folder = os.environ.get("ORDERSNAP_NODE_MODULES",
                            os.path.join(shop.SRC, "tests", "sim", "node_modules"))
    if not shutil.which("node"):
        skip("node is not installed")
    body = shop.json.dumps(site.paid_event(), indent=2, ensure_ascii=False).encode()
    script = os.path.join(shop.SRC, "tests", "http", "sign.mjs")
    done = subprocess.run(["node", script, folder, shop.WEBHOOK_SECRET], input=body,
                          capture_output=True, check=False)
    if done.returncode == 3:
        skip("the stripe SDK is not installed: npm install in tests/sim")
    equal(done.returncode, 0, done.stderr.decode())
    answer = site.curl("/stripe/webhook", body,
                       headers=["Stripe-Signature: " + done.stdout.decode()])
    equal((answer.status, answer.json["status"]), (200, "processed"))


@through_each
def _(site):
    "through {}: the query string and the server's name change nothing"
    answer = site.curl("/healthz?verbose=1", headers=["Host: anything.example:99"])
    equal((answer.status, answer.json["status"]), (200, "ok"))


@through_each
def _(site):
    "through {}: the log's lines come out where conf/'s file says, each whole, without secrets"
    event = site.paid_event(customer_email="jane.doe@shop.example")
    equal(site.deliver(event).status, 200)
    session = event["data"]["object"]["id"]
    for line in (rf"Processing checkout completion eventId={event['id']} [^\n]*sessionId={session}",
                 rf"Order snapshot created orderId={session} [^\n]* items=3",
                 rf"Webhook processed eventId={event['id']} [^\n]* ms=\d+"):
        eventually(lambda line=line: re.search(line, site.log(site.front.lines)), what=line)
    log = site.log(site.front.lines) + site.log("error")
    for secret in (shop.STRIPE_SECRET, shop.WEBHOOK_SECRET, shop.QUOTE_SECRET, JWT_SECRET,
                   "jane.doe@"):
        lacks(log, secret)


# It reads its body: of a program that leaves it, Apache's mod_cgid may lose the answer, or wait for
# its end until the client gives up.
PRINT_VARIABLES = """#!/bin/sh
cat >/dev/null
printf 'Content-Type: text/plain\\r\\n\\r\\n'
env
"""
PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable  # anybody may run it


def put_printer(site):
    """Puts a program in the place of status.fcgi that answers its variables."""
    program = site.path("cgi-bin", "status.fcgi")
    shutil.move(program, program + ".away")
    if "fcgid" in site.server:
        with open(fastcgi.__file__, encoding="utf-8") as f:
            text = f"#!{PYTHON}\n{f.read()}"
    else:
        text = PRINT_VARIABLES
    with open(program + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(program + ".new", 0o755)
    os.rename(program + ".new", program)


@through_each
def _(site):
    "through {}: a program gets the variables of CGI/1.1, and no HTTP_PROXY from a Proxy: header"
    program = site.path("cgi-bin", "status.fcgi")
    if site.front.sockets:
        site.end("status")
        os.unlink(site.socket_of("status"))
        fastcgi.serve_variables(site.socket_of("status"))
    else:
        put_printer(site)
    answer = site.curl("/healthz?a=1", b'{"b":2}', headers=[
        "Proxy: http://127.0.0.1:9/", "Authorization: Bearer abc", "Stripe-Signature: t=1, v1=2"])
    if site.front.sockets:
        os.unlink(site.socket_of("status"))
        site.spawn("status")
    else:
        shutil.move(program + ".away", program)
    got = dict(line.partition("=")[::2] for line in answer.body.decode().splitlines())
    script, info = (part.format("/healthz") for part in site.front.script)
    wanted = {"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "POST", "SCRIPT_NAME": script,
              "QUERY_STRING": "a=1", "REQUEST_URI": "/healthz?a=1", "CONTENT_LENGTH": "7",
              "CONTENT_TYPE": "application/json", "SERVER_PROTOCOL": "HTTP/1.1",
              "REMOTE_ADDR": "127.0.0.1", "SERVER_PORT": str(site.port),
              "HTTP_AUTHORIZATION": "Bearer abc", "HTTP_STRIPE_SIGNATURE": "t=1, v1=2"}
    equal({k: got.get(k) for k in wanted}, wanted)
    equal(got.get("PATH_INFO", ""), info)
    equal(got.get("HTTP_PROXY", ""), "")


def beyond_the_path(site):
    "through {}: a path beyond an endpoint's is a 404, as our JSON"
    is_refusal(site.curl("/cart/quote/more", {}), 404)
    is_refusal(site.curl("/stripe/webhook/", {}), 404)


@through_each
def _(site):
    "through {}: a webhook's path with a slash behind is no redirect"
    answer = site.curl("/stripe/webhook/", {})
    ok(answer.status in (404, 405), f"{answer.status}")


@through_each
def _(site):
    "through {}: the server's own checker passes the configuration"
    done = subprocess.run(site.front.check(site), capture_output=True, text=True, check=False,
                          env=environment.of(**site.front.variables(site)))
    equal(done.returncode, 0, done.stdout + done.stderr)
    lacks((done.stdout + done.stderr).lower(), "warn")


# Other servers' locations match exactly: there the site itself answers.
NAMES = [name for name in NAMES if servers.SERVERS[name].prefixes]
through_each(beyond_the_path)


@test
def _():
    "plain CGI: a program that can't start says so in the log and answers 500 as our JSON"
    if servers.lacking("apache-cgid"):
        skip("apache2 is not installed")
    site = servers.Site("apache-cgid", COMMERCE_DB="orders.db")
    answer = site.curl("/cart/quote", {"items": []})
    log = site.log("error")
    site.close()
    is_refusal(answer, 500)
    contains(log, "COMMERCE_DB")


main()
