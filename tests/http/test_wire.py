#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Bodies that are not as long as they say, at the caps and above, and peers that stall; through
nginx, and as bytes on the FastCGI socket itself, where no server stands before the program.
"""
import contextlib
import json
import socket
import subprocess
import threading
import time

import servers  # finds tests/lib
import fastcgi
import orders as made
import shop
from tap import Watch, contains, equal, main, ok, test
from workers import FastCgi

KIB, MIB = 1024, 1024 * 1024
STALL = 5.5  # seconds: the 3 in which a request has to be there, and slack
WEBHOOK_STALL = 7.5  # a webhook's body has 5
END = 8.0  # in which a request ends, whatever its peer does

servers.require("nginx")
site = servers.Site("nginx", children=2)
alone = servers.Site("nginx", children=1)


def cart(size=None):
    """A cart as JSON, with spaces up to a size."""
    body = json.dumps({"items": [{"sku": "N-RED", "quantity": 1}]}).encode()
    return body + b" " * ((size or len(body)) - len(body))


def event_body(size=None):
    body = json.dumps(site.paid_event()).encode()
    return body + b" " * ((size or len(body)) - len(body))


def send(program, script, body, length=None, **more):
    """The body on the program's own socket, with a CONTENT_LENGTH of one's choice."""
    if program == "stripe-webhook":
        more.setdefault("HTTP_STRIPE_SIGNATURE", shop.sign(body))
    fields = fastcgi.variables(script, len(body) if length is None else length, **more)
    answer = fastcgi.request(site.socket_of(program), fields, body)
    ok(answer is not None, "the program hung up")
    return answer


def quote(body, length=None, **more):
    return send("cart-quote", "/cart/quote", body, length, **more)


def webhook(body, length=None, **more):
    return send("stripe-webhook", "/stripe/webhook", body, length, **more)


def is_error(answer, status):
    equal(answer.status, status, repr(answer.body[:120]))
    equal(answer.headers.get("content-type"), "application/json")
    equal(list(answer.json), ["error"])


def stored(body):
    """Whether the table has an order of the event in the body."""
    session = json.loads(body)["data"]["object"]["id"]
    return session in [o["orderId"] for o in site.orders()]


@test
def _():
    "a body as long as it says is taken"
    equal(quote(cart()).status, 200)
    body = event_body()
    equal(webhook(body).status, 200)
    ok(stored(body), "the order")


@test
def _():
    "a body one byte shorter than it says is a 400, and is not an order"
    is_error(quote(cart(), len(cart()) + 1), 400)
    body = event_body()
    is_error(webhook(body, len(body) + 1), 400)
    ok(not stored(body), "no order")


@test
def _():
    "a body one byte longer than it says is a 400, and is not an order"
    is_error(quote(cart(), len(cart()) - 1), 400)
    is_error(quote(cart() + b" ", len(cart())), 400)
    body = event_body()
    is_error(webhook(body + b" ", len(body), HTTP_STRIPE_SIGNATURE=shop.sign(body)), 400)
    ok(not stored(body), "no order")


@test
def _():
    "no body at all is a 400 or a 411, never a crash"
    is_error(quote(b""), 400)
    is_error(quote(b"", ""), 411)
    is_error(webhook(b""), 400)


@test
def _():
    "a length that is no number is a 411, and one beyond all numbers a 413"
    for length in ("-1", "+5", "5x", "0x10", " 5", "1e3", "5.0"):
        is_error(quote(cart(), length), 411)
    for length in ("9223372036854775807", "9223372036854775808", "99999999999999999999999"):
        is_error(quote(cart(), length), 413)


@test
def _():
    "a body at the cap is taken, one byte above it is a 413, on the socket"
    equal(quote(cart(32 * KIB)).status, 200)
    is_error(quote(cart(32 * KIB + 1)), 413)
    body = event_body(MIB)
    equal(webhook(body).status, 200)
    ok(stored(body), "the order")
    body = event_body(MIB + 1)
    is_error(webhook(body), 413)
    ok(not stored(body), "no order")


@test
def _():
    "a body at the cap is taken, one byte above it is a 413, through nginx"
    equal(site.curl("/cart/quote", cart(32 * KIB)).status, 200)
    is_error(site.curl("/cart/quote", cart(32 * KIB + 1)), 413)
    is_error(site.curl("/checkout/create-session", cart(64 * KIB + 1)), 413)
    body = event_body(MIB)
    equal(site.deliver(body).status, 200)
    ok(stored(body), "the order")
    body = event_body(MIB + 1)
    is_error(site.deliver(body), 413)
    ok(not stored(body), "no order")


@test
def _():
    "a request whose parameters are cut off is not answered as if it were whole"
    whole = fastcgi.head(fastcgi.variables("/healthz", "", REQUEST_METHOD="GET"))
    for cut in (16, 24, 60, len(whole) - 8, len(whole) - 1):
        with fastcgi.connect(site.socket_of("status")) as s:
            s.sendall(whole[:cut])
            s.shutdown(socket.SHUT_WR)
            answer = fastcgi.read_answer(s)
            ok(answer is None or answer.status == 0, f"after {cut} bytes: {answer and answer.body}")


def raw_http(body, length, path="/stripe/webhook"):
    """A request with a Content-Length of one's choice; what is short of it never comes.  The
    status, or None."""
    with socket.create_connection(("127.0.0.1", site.port), 30) as s:
        s.sendall((f"POST {path} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
                   f"Stripe-Signature: {shop.sign(body)}\r\nContent-Length: {length}\r\n"
                   "Connection: close\r\n\r\n").encode() + body)
        if length > len(body):
            s.shutdown(socket.SHUT_WR)
        first = s.recv(65536).split(b" ", 2)
        return int(first[1]) if len(first) > 1 else None


@test
def _():
    "through nginx, an event one byte short or long of its length is no order"
    for difference in (1, -1):
        body = event_body()
        ok(raw_http(body, len(body) + difference) in (400, None), "it is refused")
        ok(not stored(body), "no order")
        equal(raw_http(body, len(body)), 200)
        ok(stored(body), "sent as it is, it is one")


@test
def _():
    "an answer of more bytes than a record has room for comes in several, whole"
    now = int(time.time())
    lines = [{"name": "Red Necklace" * 12, "quantity": 1, "amountTotal": 8500, "currency": "usd"}] * 4
    made.put(alone, *[made.order(f"cs_test_{n:03d}", now - n, "user_1", items=lines) for n in range(100)])
    with contextlib.closing(FastCgi(alone, "orders", ORDERS_AUTH="remote_user")) as program:
        answer = program.ask(None, "GET", SCRIPT_NAME="/orders", QUERY_STRING="limit=100", REMOTE_USER="user_1")
    equal([o["orderId"] for o in answer.json["orders"]], [f"cs_test_{n:03d}" for n in range(100)])
    ok(len(answer.body) > 65535, f"{len(answer.body)} bytes")


@test
def _():
    "a path that is not the program's is a 404 on its socket"
    for script in ("/", "/cart", "/cart/quotes", "/stripe/webhook", "/cart/quote/"):
        is_error(quote(cart(), SCRIPT_NAME=script), 404)


@test
def _():
    "a peer that hangs up before its body is whole harms no other, and makes no order"
    body = event_body()
    fields = fastcgi.variables("/stripe/webhook", len(body), HTTP_STRIPE_SIGNATURE=shop.sign(body))
    whole = fastcgi.head(fields) + fastcgi.stream(fastcgi.STDIN, body)
    for cut in (0, 1, 7, 8, 15, 16, 17, 24, 100, 300, len(whole) - len(body), len(whole) - 1):
        with fastcgi.connect(site.socket_of("stripe-webhook")) as s:
            s.sendall(whole[:cut])
    ok(not stored(body), "no order of half a request")
    first = webhook(body)
    equal((first.status, first.json.get("duplicate")), (200, None))
    equal(site.deliver(body).json["duplicate"], True)


@test
def _():
    "a peer that hangs up before the answer leaves an order that its redelivery finds"
    body = event_body()
    fields = fastcgi.variables("/stripe/webhook", len(body), HTTP_STRIPE_SIGNATURE=shop.sign(body))
    with fastcgi.connect(site.socket_of("stripe-webhook")) as s:
        s.sendall(fastcgi.head(fields) + fastcgi.stream(fastcgi.STDIN, body) +
                  fastcgi.record(fastcgi.STDIN))
    equal(site.deliver(body).status, 200)
    equal(sum(o["orderId"] == json.loads(body)["data"]["object"]["id"] for o in site.orders()), 1)


@test
def _():
    "an answer that nobody takes is a line in the log of the process, and the next request is answered"
    with contextlib.closing(FastCgi(site, "cart-quote")) as program:
        body = cart()
        with fastcgi.connect(program.path) as s:
            s.sendall(fastcgi.head(fastcgi.variables("/cart/quote", len(body))) +
                      fastcgi.stream(fastcgi.STDIN, body) + fastcgi.record(fastcgi.STDIN))
        equal(program.ask(body, SCRIPT_NAME="/cart/quote").status, 200)
        with open(program.log, encoding="utf-8") as log:
            contains(log.read(), "Answer not sent")


@test
def _():
    "what a request logs whose server has hung up stands in the log of the process"
    with contextlib.closing(FastCgi(site, "stripe-webhook")) as program:
        body = event_body()
        fields = fastcgi.variables("/stripe/webhook", len(body), HTTP_STRIPE_SIGNATURE=shop.sign(body))
        with fastcgi.connect(program.path) as s:
            s.sendall(fastcgi.head(fields) + fastcgi.stream(fastcgi.STDIN, body) + fastcgi.record(fastcgi.STDIN))
        answer = program.ask(body, SCRIPT_NAME="/stripe/webhook")
        equal(answer.status, 400)
        with open(program.log, encoding="utf-8") as log:
            lines = [line for line in log if "program=stripe-webhook" in line]
        equal([sum(what in line for line in lines) for what in ("Order snapshot created", "Webhook processed",
                                                                "Answer not sent", "Request refused")], [1, 1, 1, 0])
        contains(answer.log, "Request refused")


@test
def _():
    "a list of servers that libfcgi would look at is refused at the start, by its name"
    with contextlib.closing(FastCgi(site, "cart-quote", FCGI_WEB_SERVER_ADDRS="127.0.0.1")) as program:
        equal(program.processes[0].wait(60), 1)
        with open(program.log, encoding="utf-8") as log:
            contains(log.read(), "FCGI_WEB_SERVER_ADDRS is not supported")


@test
def _():
    "bytes that are not FastCGI end that connection alone"
    for junk in (b"GET / HTTP/1.0\r\n\r\n", b"\0" * 64, b"\1\1\0\1\xff\xff\0\0", b"\xff" * 4096,
                 fastcgi.record(fastcgi.PARAMS, b"\x80\xff\xff\xff\x80\xff\xff\xffAB")):
        with fastcgi.connect(site.socket_of("cart-quote")) as s:
            s.sendall(junk)
    equal(quote(cart()).status, 200)


@test
def _():
    "a stalled peer blocks a lone process for three seconds, and the request behind it is served"
    body = cart()
    head = fastcgi.head(fastcgi.variables("/cart/quote", len(body)))
    stalls = {"cart-quote": head + fastcgi.stream(fastcgi.STDIN, body[:-1]),  # in the body
              "checkout-create-session": head[:40],                           # in the parameters
              "stripe-webhook": head[:3],                                     # in the first header
              "status": b""}                                                  # silent
    peers, took = [], {}
    for name, part in stalls.items():
        peers.append(fastcgi.connect(alone.socket_of(name), 60))
        peers[-1].sendall(part)
    time.sleep(0.3)
    since = Watch()

    def ask(name, path, value):
        answer = alone.curl(path, value)
        took[name] = (answer.status, since.allows(STALL))
    requests = [threading.Thread(target=ask, args=asked) for asked in (
        ("cart-quote", "/cart/quote", {"items": [{"sku": "N-RED", "quantity": 1}]}),
        ("checkout-create-session", "/checkout/create-session", {"quoteSignature": "0" * 64}),
        ("stripe-webhook", "/stripe/webhook", {}), ("status", "/healthz", None))]
    for request in requests:
        request.start()
    for request in requests:
        request.join()
    for peer in peers:
        peer.close()
    equal({name: status for name, (status, _) in took.items()},
          {"cart-quote": 200, "checkout-create-session": 404, "stripe-webhook": 400, "status": 200})
    for name, (_, in_time) in took.items():
        ok(in_time, f"{name} did not answer in {STALL} s")


@test
def _():
    "a stalled peer does not block the other processes of its program"
    with fastcgi.connect(site.socket_of("cart-quote")) as peer:
        peer.sendall(fastcgi.head(fastcgi.variables("/cart/quote", 100)))
        time.sleep(0.2)
        since = Watch()
        equal([site.curl("/cart/quote", cart()).status for _ in range(20)], [200] * 20)
        since.at_most(5)


@test
def _():
    "a peer that stalls does not keep a process from ending on SIGTERM, and who waits behind is served"
    where = servers.Site("nginx", children=1)
    body, path = cart(), where.socket_of("cart-quote")
    with fastcgi.connect(path) as peer, fastcgi.connect(path) as behind:
        peer.sendall(fastcgi.head(fastcgi.variables("/cart/quote", 100)))
        behind.sendall(fastcgi.head(fastcgi.variables("/cart/quote", len(body))) +
                       fastcgi.stream(fastcgi.STDIN, body) + fastcgi.record(fastcgi.STDIN))
        time.sleep(0.2)
        since = Watch()
        equal(where.end("cart-quote"), 0)
        since.at_most(STALL)
        equal(fastcgi.read_answer(behind).status, 200)
    where.close()


def stalled(path, script, length, sent):
    """A request whose body is never whole: its answer, and the seconds until it came."""
    with fastcgi.connect(path) as peer:
        since = time.monotonic()
        peer.sendall(fastcgi.head(fastcgi.variables(script, length)) +
                     fastcgi.stream(fastcgi.STDIN, sent))
        return fastcgi.read_answer(peer), time.monotonic() - since


@test
def _():
    "a body that is not whole after three seconds is a 408, a webhook's after five; on the socket"
    for program, script, least, most in (
            ("cart-quote", "/cart/quote", 2.9, STALL),
            ("checkout-create-session", "/checkout/create-session", 2.9, STALL),
            ("stripe-webhook", "/stripe/webhook", 4.9, WEBHOOK_STALL)):
        answer, seconds = stalled(alone.socket_of(program), script, 100, b'{"items":')
        is_error(answer, 408)
        ok(least < seconds < most, f"{program}: after {seconds:.1f} s")


@test
def _():
    "a body that is not whole in time is a 408 to plain CGI too, silent or dribbling, and it ends then"
    for program, script, most in (("cart-quote", "/cart/quote", STALL),
                                  ("stripe-webhook", "/stripe/webhook", WEBHOOK_STALL)):
        for pause in (None, 0.05):
            variables = {"REQUEST_METHOD": "POST", "SCRIPT_NAME": script, "CONTENT_LENGTH": 5000,
                         "CONTENT_TYPE": "application/json"}
            process = subprocess.Popen([*shop.WRAPPER, shop.program(program)], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       env=site.environment(**variables))
            since = time.monotonic()
            while pause and process.poll() is None and time.monotonic() - since < most:
                try:
                    process.stdin.write(b" ")
                    process.stdin.flush()
                except BrokenPipeError:
                    break
                time.sleep(pause)
            is_error(shop.Answer(process.stdout.read()), 408)
            process.wait(5)
            ok(time.monotonic() - since < most, f"{program}: {time.monotonic() - since:.1f} s")
            process.stdin = None


@test
def _():
    "a peer that never reads its answer, or never lets go, keeps a process for eight seconds at most"
    body = cart()
    head = fastcgi.head(fastcgi.variables("/cart/quote", len(body)))
    with fastcgi.connect(alone.socket_of("cart-quote"), 60) as peer:
        peer.sendall(head + fastcgi.stream(fastcgi.STDIN, body) + fastcgi.record(fastcgi.STDIN))
        since = time.monotonic()
        equal(alone.curl("/cart/quote", cart()).status, 200)
        ok(time.monotonic() - since < END, f"{time.monotonic() - since:.1f} s")


@test
def _():
    "peers that stall one after the other cost three seconds each, and harm nobody between them"
    body = cart()
    where = alone.socket_of("cart-quote")
    whole = fastcgi.head(fastcgi.variables("/cart/quote", len(body))) + \
        fastcgi.stream(fastcgi.STDIN, body) + fastcgi.record(fastcgi.STDIN)
    peers = []
    for n in range(4):
        peers.append(fastcgi.connect(where, 60))
        # one that begins and says no more, and one that is cut in its second record
        peers[-1].sendall(whole if n % 2 else whole[:16 if n == 0 else 20])
    since = time.monotonic()
    for n, peer in enumerate(peers):
        answer = fastcgi.read_answer(peer)
        if n % 2:
            equal(answer.status, 200)
        else:
            ok(answer is None or answer.status == 0, "no answer to half a request")
        peer.close()
    ok(time.monotonic() - since < 2 * STALL, f"{time.monotonic() - since:.1f} s")


@test
def _():
    "a peer that sends a byte a second is cut off as well"
    body = cart()
    with fastcgi.connect(alone.socket_of("cart-quote"), 60) as peer:
        peer.sendall(fastcgi.head(fastcgi.variables("/cart/quote", len(body))))
        done, since = threading.Event(), Watch()

        def dribble():
            for byte in body:
                try:
                    peer.sendall(fastcgi.record(fastcgi.STDIN, bytes([byte])))
                except OSError:
                    return
                if done.wait(1):
                    return
        dribbler = threading.Thread(target=dribble)
        dribbler.start()
        time.sleep(0.2)
        answer = alone.curl("/cart/quote", cart())
        done.set()
        dribbler.join()
    equal(answer.status, 200)
    since.at_most(STALL)


main()
