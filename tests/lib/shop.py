# SPDX-License-Identifier: ISC
"""A shop for tests: a folder with a store, the Stripe simulator, and the programs as plain CGI.

Nothing here asserts; it starts, asks and looks.  Everything that was started is ended by close().
"""
import hashlib
import hmac
import http
import itertools
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.request

import environment
import tap

SRC = os.path.abspath(os.environ.get("ORDERSNAP_SRC") or
                      os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.abspath(os.environ.get("ORDERSNAP_BUILD") or SRC)
# Runs before each program, "valgrind -q ..." for one.
WRAPPER = os.environ.get("ORDERSNAP_WRAPPER", "").split()
# One CGI process of so many is run so, and looked through for leaks by ASan, which takes a while.
LEAKS_EVERY = int(os.environ.get("ORDERSNAP_LEAKS_EVERY", "1"))

_lives = itertools.count()  # of CGI processes

# That no order of the Lambda functions waits for its adoption.
ADOPTED = ("SYSTEM", "ADOPTED")

STRIPE_SECRET = "sk_test_ordersnap0000000000"
WEBHOOK_SECRET = "whsec_test_secret"
QUOTE_SECRET = "quote-signature-secret-of-the-tests"

# Pages on a host of the shop's own: with a live key the example's host stops the start.
OWN_PAGES = {
    "CHECKOUT_SUCCESS_URL": "https://pearls.test/thanks?session={CHECKOUT_SESSION_ID}",
    "CHECKOUT_CANCEL_URL": "https://pearls.test/cart",
    "CORS_ALLOW_ORIGIN": "https://pearls.test",
}

SEED = [
    {"lookup_key": "N-RED", "name": "Red Necklace", "unit_amount": 3000, "currency": "usd",
     "metadata": {"collectionId": "necklaces"}},
    {"lookup_key": "R-SIL", "name": "Silver Ring", "unit_amount": 2500, "currency": "usd"},
    {"lookup_key": "E-EUR", "name": "Euro Earring", "unit_amount": 1500, "currency": "eur"},
]


# What the lines of a status say: RFC 9110, section 15, where Python's may be older.
PHRASES = {**{status.value: status.phrase for status in http.HTTPStatus}, 413: "Content Too Large"}


class Answer:
    """What a program answered: status, headers (lower-case names), body, standard error."""

    def __init__(self, raw, log="", exit_code=None):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        self.headers = {}
        for line in head.decode("latin-1").split("\r\n"):
            name, _, value = line.partition(": ")
            self.headers[name.lower()] = value
        number, _, phrase = self.headers.get("status", "0").partition(" ")
        self.status = int(number)
        if phrase:  # of a program's own; through a server there is the number alone
            tap.equal(phrase, PHRASES.get(self.status), f"what {number} means")
        self.log = log
        self.exit_code = exit_code

    @property
    def json(self):
        return json.loads(self.body)


def program(name):
    """The path of a built program."""
    return os.path.join(BUILD, "cgi-bin", name + ".fcgi")


def sign(body, secret=WEBHOOK_SECRET, at=None):
    """A Stripe-Signature header for the body."""
    at = int(time.time()) if at is None else at
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


class Sim:
    """The Stripe simulator, on a port of its own."""

    def __init__(self, folder, webhook_url=None, seed=SEED, args=()):
        port_file = os.path.join(folder, "stripe-sim.port")
        seed_file = os.path.join(folder, "stripe-sim.seed")
        if os.path.exists(port_file):
            os.unlink(port_file)
        with open(seed_file, "w") as f:
            json.dump(seed, f)
        command = ["python3", os.path.join(SRC, "tests", "stripe-sim"), "--port", "0",
                   "--port-file", port_file, "--secret", STRIPE_SECRET,
                   "--webhook-secret", WEBHOOK_SECRET, "--seed", seed_file, *args]
        if webhook_url:
            command += ["--webhook-url", webhook_url]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while not os.path.exists(port_file):
            if self.process.poll() is not None:
                raise RuntimeError("stripe-sim did not start")
            time.sleep(0.02)
        with open(port_file) as f:
            self.base = "http://127.0.0.1:" + f.read().strip()

    def get(self, path):
        with urllib.request.urlopen(self.base + path, timeout=30) as answer:
            return json.load(answer)

    def post(self, path, value=None, method="POST"):
        request = urllib.request.Request(self.base + path, json.dumps(value or {}).encode(),
                                         {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def calls(self):
        return self.get("/_sim/stats")["calls"]

    def close(self):
        self.process.terminate()
        self.process.wait()


_ports = []  # what keeps them ours


def free_port(first=0):
    """The first port from `first` on (0: from anywhere) that nobody listens on.  No other test gets
    it while this process lives: each holds a socket of that name; and no connection gets it by
    chance, since the kernel takes those from 32768 on."""
    port = first or random.randrange(10000, 30000)
    while port <= 65535:
        mark, listener = socket.socket(socket.AF_UNIX), socket.socket()
        try:
            mark.bind(f"\0ordersnap test port {port}")
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            _ports.append(mark)
            return port
        except OSError:
            mark.close()
        finally:
            listener.close()
        port += 1
    raise RuntimeError("there is no free port")


def asan_options(option, given=os.environ):
    """$ASAN_OPTIONS with one more."""
    return ":".join(filter(None, (given.get("ASAN_OPTIONS"), option)))


class Shop:
    """A folder with a configuration, and the programs run as CGI in it."""

    prefix = "ordersnap test "  # of the folder's name

    def __init__(self, sim=True, make_store=True, **settings):
        self.folder = tempfile.mkdtemp(prefix=self.prefix)
        self.db = os.path.join(self.folder, "orders.db")
        # So that no program looks for the settings of a shop on this machine.
        self.conf = os.path.join(self.folder, "empty.conf")
        with open(self.conf, "w", encoding="utf-8"):
            pass
        self.sim = Sim(self.folder) if sim else None
        self.settings = {
            "COMMERCE_DB": self.db,
            "STRIPE_SECRET": STRIPE_SECRET,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "QUOTE_SIGNATURE_SECRET": QUOTE_SECRET,
            "STRIPE_API_BASE": self.sim.base if self.sim else "http://127.0.0.1:9",
            "CHECKOUT_SUCCESS_URL": "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}",
            "CHECKOUT_CANCEL_URL": "https://shop.example/cart",
            "CORS_ALLOW_ORIGIN": "https://shop.example",
        }
        self.settings.update(settings)
        if make_store and self.settings["COMMERCE_DB"] == self.db:
            self.init()

    def init(self, *arguments):
        """`ordersnap init`: nothing else makes a store."""
        done = subprocess.run([os.path.join(BUILD, "ordersnap"), "init", *arguments],
                              env=self.environment(), capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"ordersnap init: {done.stdout}{done.stderr}")

    def environment(self, **variables):
        """Settings and CGI variables; None takes one away."""
        return environment.of(**{"ORDERSNAP_CONF": self.conf, **self.settings, **variables})

    def cgi(self, name, body=None, method="POST", timeout=60, **variables):
        """Runs a program for one request; the body is bytes, or a value to send as JSON."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        fixed = {"REQUEST_METHOD": method, "GATEWAY_INTERFACE": "CGI/1.1"}
        if body is not None:
            fixed["CONTENT_LENGTH"] = len(body)
            fixed["CONTENT_TYPE"] = "application/json"
        fixed.update(variables)
        wrapper, given = WRAPPER, self.environment(**fixed)
        if next(_lives) % LEAKS_EVERY:
            wrapper = []
            given["ASAN_OPTIONS"] = asan_options("detect_leaks=0", given)
        done = subprocess.run([*wrapper, program(name)], input=body or b"",
                              env=given, capture_output=True,
                              timeout=timeout)
        return Answer(done.stdout, done.stderr.decode("utf-8", "replace"), done.returncode)

    def webhook(self, event, secret=WEBHOOK_SECRET, at=None, **variables):
        """Delivers an event (bytes, or a value), signed now."""
        body = event if isinstance(event, bytes) else json.dumps(event, indent=2).encode()
        variables.setdefault("HTTP_STRIPE_SIGNATURE", sign(body, secret, at))
        return self.cgi("stripe-webhook", body, **variables)

    def items(self, pk_prefix=""):
        """The table: {(PK, SK): item}, but for what `ordersnap init` writes into each."""
        if not os.path.exists(self.db):
            return {}
        with sqlite3.connect(self.db) as db:
            rows = db.execute("SELECT pk, sk, item FROM items WHERE substr(pk, 1, ?) = ?",
                              (len(pk_prefix), pk_prefix)).fetchall()
        return {(pk, sk): json.loads(item) for pk, sk, item in rows if (pk, sk) != ADOPTED}

    def orders(self):
        return list(self.items("USER#").values())

    def close(self):
        if self.sim:
            self.sim.close()
        shutil.rmtree(self.folder, ignore_errors=True)
