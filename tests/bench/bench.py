#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""ordersnap beside what a shop would take instead: the same deliveries, the same machine, in turn.

usage: bench.py [--rounds N] [--events N] [--only WORDS]... [--json FILE]

Contestants: ordersnap under nginx, a Node server and a Go server of a competent team (tests/bench/node,
tests/bench/go), and the floor, an empty FastCGI program.  Stores: one that answers at once
(upstreams.c), DynamoDB Local, SQLite.  Every event is signed and distinct, every answer is checked,
the table is counted afterwards, contestants take turns, the figures are medians.  CPU is user and
system time of the contestant's processes; nginx's is not in it.
"""
import argparse
import copy
import glob
import hashlib
import hmac
import http.client
import json
import os
import platform
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.path.insert(0, HERE)
sys.path.append(os.path.join(HERE, "..", "dynamodb"))

import alone  # noqa: E402
import environment as clean  # noqa: E402
import shop  # noqa: E402

PATH = "/stripe/webhook"
EVENT = os.path.join(HERE, "..", "cgi", "events", "2026-09-30.endive.json")
LINES = os.path.join(HERE, "..", "cgi", "events", "lines.json")
NGINX_FOLDERS = ("client_body", "fastcgi", "proxy", "uwsgi", "scgi")
TLS = None  # in the place of a delay


# --- what is delivered

def charge_of(session, intent):
    """The latest charge of a paid session, in the shape that Stripe expands."""
    return {"id": "ch_" + intent[3:], "object": "charge", "amount": session["amount_total"],
            "amount_captured": session["amount_total"], "amount_refunded": 0, "captured": True,
            "currency": session["currency"], "disputed": False, "livemode": False, "paid": True,
            "payment_intent": intent, "refunded": False, "status": "succeeded",
            "receipt_url": "https://pay.stripe.com/receipts/" + intent,
            "balance_transaction": {"id": "txn_1", "object": "balance_transaction", "fee": 277,
                                    "net": session["amount_total"] - 277, "currency": "usd"},
            "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242",
                                                                 "exp_month": 12, "exp_year": 2030,
                                                                 "wallet": None}}}


def templates(folder, created):
    """The event with @ID@ and @N@, of a session of that time, and the files that the upstreams serve."""
    with open(EVENT, encoding="utf-8") as f:
        event = json.load(f)
    with open(LINES, encoding="utf-8") as f:
        lines = json.load(f)
    session = event["data"]["object"]
    session.update(id="@ID@", created=created, metadata={"userId": "user_@ID@"},
                   payment_intent="pi_@ID@")
    event.update(id="evt_@ID@", created=created + 50)
    whole = copy.deepcopy(session)
    whole["line_items"] = lines
    whole["payment_intent"] = {"id": "pi_@ID@", "object": "payment_intent", "status": "succeeded",
                               "amount": session["amount_total"], "currency": session["currency"],
                               "latest_charge": charge_of(session, "pi_@ID@")}
    whole.update(created="@AT@", status="complete")
    whole["payment_intent"]["latest_charge"]["created"] = "@AT@"
    listed = {name: value for name, value in whole.items() if name != "line_items"}
    for name, value in (("session.json", whole), ("lines.json", lines), ("listed.json", listed)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(json.dumps(value).replace('"@AT@"', "@AT@"))
    return json.dumps(event)


def write_deliveries(path, template, ids, secret=shop.WEBHOOK_SECRET):
    """A file for load.c."""
    at = int(time.time())
    with open(path, "wb") as f:
        for name in ids:
            body = template.replace("@ID@", name).encode()
            mac = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
            f.write(b"%d t=%d,v1=%s\n" % (len(body), at, mac.encode()) + body)


# --- processes

def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(word) for word in f.read().split()]


def family(pid):
    found = [pid]
    for child in children_of(pid):
        found += family(child)
    return found


def cpu_seconds(pid):
    """Time on a processor of a process and its children, all threads, to the nanosecond."""
    total = 0
    for one in family(pid):
        for thread in os.listdir(f"/proc/{one}/task"):
            try:
                with open(f"/proc/{one}/task/{thread}/schedstat", encoding="ascii") as f:
                    total += int(f.read().split()[0])
            except OSError:
                pass  # it has just ended
    return total / 1e9


def memory(pid):
    """PSS in megabytes of a process and its children."""
    total = 0
    for one in family(pid):
        with open(f"/proc/{one}/smaps_rollup", encoding="ascii") as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    return total / 1024


def wait_for(what, name, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.01)
    raise SystemExit(f"bench: {name} does not come up")


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def first_answer(port):
    """When a request was answered for the first time; what it says does not matter."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("POST", PATH, b"{}")
            connection.getresponse()
            return time.monotonic()
        except ConnectionError:
            time.sleep(0.001)
        finally:
            connection.close()
    raise SystemExit(f"bench: nobody answers at port {port}")


class Bench:
    """The tools, built, and whatever was started."""

    def __init__(self, events, rounds):
        self.events, self.rounds = events, rounds
        self.folder = tempfile.mkdtemp(prefix="ordersnap-bench.")
        os.chmod(self.folder, 0o755)
        self.started = []
        self.created = int(time.time()) - 60
        self.template = templates(self.folder, self.created)
        self.serial = 0
        self.build()

    def path(self, name):
        return os.path.join(self.folder, name)

    def environment(self, variables):
        """These alone, and no settings of a shop on this machine."""
        with open(self.path("empty.conf"), "a", encoding="utf-8") as f:
            return clean.of(ORDERSNAP_CONF=f.name, **(variables or {}))

    def build(self):
        for name, libraries in (("load", ["-lpthread"]), ("upstreams", ["-lpthread"]), ("floor", ["-lfcgi"]),
                                ("commits", ["-lsqlite3"])):
            subprocess.run([os.environ.get("CC", "cc"), "-O2", "-D_GNU_SOURCE", "-o", self.path(name),
                            os.path.join(HERE, name + ".c"), *libraries], check=True)
        if shutil.which("go"):
            subprocess.run(["go", "build", "-o", self.path("go-peer"), os.path.join(HERE, "go", "main.go")],
                           check=True, env={**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
                                            "GOCACHE": os.environ.get("GOCACHE", self.path("gocache"))})

    def run(self, command, log, env=None, **more):
        with open(self.path(log), "ab") as f:
            process = subprocess.Popen(command, stdin=more.pop("stdin", subprocess.DEVNULL),
                                       stdout=more.pop("stdout", f), stderr=f,
                                       env=self.environment(env), start_new_session=True,
                                       cwd=self.folder, **more)
        self.started.append(process)
        return process

    def end(self, process):
        if process.poll() is None:
            brood = family(process.pid)
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pid in brood[1:]:
                try:
                    os.kill(pid, signal.SIGTERM)
                except ProcessLookupError:
                    pass
        self.started.remove(process)

    def close(self):
        for process in reversed(list(self.started)):
            self.end(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def upstreams(self, delay=0, tls=False, listed=0, newest=0):
        """So many sessions are listed, the last one of `newest`."""
        process = self.run([self.path("upstreams"), self.path("session.json"), self.path("lines.json"),
                            str(delay), str(self.created), self.path("listed.json"), str(listed), str(newest)],
                           "upstreams.log", stdout=subprocess.PIPE, text=True)
        process.bases = [f"http://127.0.0.1:{port}" for port in process.stdout.readline().split()]
        process.environment, process.front = {}, None
        if tls:
            process.front = OverTLS(self, process)
        return process

    def calls(self, upstreams):
        upstreams.send_signal(signal.SIGUSR1)
        return json.loads(upstreams.stdout.readline())

    def ids(self, n):
        self.serial += 1
        return [f"cs_test_b{self.serial}x{i}" for i in range(n)]

    def deliver(self, port, ids, in_flight, status=200, secret=shop.WEBHOOK_SECRET):
        path = self.path("deliveries")
        write_deliveries(path, self.template, ids, secret)
        done = subprocess.run([self.path("load"), str(port), PATH, path, str(in_flight), str(status)],
                              stdout=subprocess.PIPE, check=True)
        result = json.loads(done.stdout)
        if result["wrong"]:
            raise SystemExit(f"bench: {result['wrong']} of {len(ids)} answers are wrong")
        return result


# --- stores

class NoStore:
    """Answers at once, keeps nothing."""
    name = "at once"

    def __init__(self, bench, upstreams):
        self.table, self.url = "bench", upstreams.bases[1]
        self.environment = table_environment(self)

    def count(self):
        return None

    def close(self):
        pass


def table_environment(store):
    return {"COMMERCE_TABLE": store.table, "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_DYNAMODB": store.url,
            "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests",
            "AWS_EC2_METADATA_DISABLED": "true"}


class DynamoDBLocal:
    """Amazon's own emulator, a new one in memory."""
    name = "DynamoDB Local"

    def __init__(self, bench, upstreams):
        import local
        self.local = local.Local()
        self.table, self.url = self.local.new_table(), self.local.base
        self.environment = table_environment(self)

    def count(self):
        found = [pk for pk, _ in self.local.items(self.table) if pk.startswith("USER#")]
        return len(found)

    def close(self):
        self.local.close()


class SQLite:
    """A file."""
    name = "SQLite"

    def __init__(self, bench, upstreams):
        self.file = bench.path(f"orders-{time.monotonic_ns()}.db")
        self.environment = {"COMMERCE_DB": self.file}

    def count(self):
        with sqlite3.connect(self.file) as db:
            return db.execute("select count(*) from items where pk like 'USER#%'").fetchone()[0]

    def close(self):
        for name in glob.glob(self.file + "*"):
            os.unlink(name)


# --- contestants

def environment_of(store, upstreams):
    return {**store.environment, **upstreams.environment, "STRIPE_SECRET": shop.STRIPE_SECRET,
            "STRIPE_WEBHOOK_SECRET": shop.WEBHOOK_SECRET,
            "QUOTE_SIGNATURE_SECRET": shop.QUOTE_SECRET, "STRIPE_API_BASE": upstreams.bases[0],
            "CHECKOUT_SUCCESS_URL": "https://shop.test/thanks?session_id={CHECKOUT_SESSION_ID}",
            "CHECKOUT_CANCEL_URL": "https://shop.test/cart"}


def start_nginx(bench, port, inner):
    conf = bench.path(f"nginx-{port}.conf")
    with open(conf, "w", encoding="ascii") as f:
        f.write(f"""daemon off; worker_processes 2; pid {conf}.pid;
error_log {bench.path("nginx-error.log")};
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 10000000; client_body_buffer_size 64k;
{"".join(f"{k}_temp_path {bench.path('tmp-' + k)};" for k in NGINX_FOLDERS)}
{inner} }}
""")
    process = bench.run(["nginx", "-e", bench.path("nginx-error.log"), "-c", conf], "nginx.log")
    wait_for(lambda: listens(port), "nginx")
    return process


class UnderNginx:
    """A FastCGI program with so many processes, or a server to pass to, behind nginx."""

    def __init__(self, bench, passes):
        self.bench, self.port = bench, shop.free_port()
        self.nginx = start_nginx(bench, self.port, f"{passes[0]} server {{ listen 127.0.0.1:{self.port} backlog=1024; "
                                                   f"location / {{ {passes[1]} }} }}")

    def close(self):
        self.bench.end(self.nginx)


class OverTLS:
    """The upstreams behind nginx, with a certificate that is trusted beside the system's 140."""

    def __init__(self, bench, upstreams):
        key, ca, bundle = (bench.path(name) for name in ("tls.key", "tls.crt", "bundle.crt"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", key, "-out", ca], check=True, stderr=subprocess.DEVNULL)
        with open(bundle, "wb") as f:
            for name in ("/etc/ssl/certs/ca-certificates.crt", ca):
                with open(name, "rb") as part:
                    f.write(part.read())
        ports = [shop.free_port(), shop.free_port()]
        self.bench, self.nginx = bench, start_nginx(bench, ports[1], "".join(
            f"upstream u{port} {{ server {base[7:]}; keepalive 128; }} "
            f"server {{ listen 127.0.0.1:{port} ssl backlog=1024; "
            f"ssl_certificate {ca}; ssl_certificate_key {key}; location / {{ proxy_pass http://u{port}; "
            f"proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host $http_host; }} }} "
            for port, base in zip(ports, upstreams.bases)))
        upstreams.bases = [f"https://127.0.0.1:{port}" for port in ports]
        upstreams.environment = {"CA_FILE": bundle, "NODE_EXTRA_CA_CERTS": ca, "SSL_CERT_FILE": bundle}

    def close(self):
        self.bench.end(self.nginx)


class FastCGI:
    """Processes of one program on a socket, each with one request at a time, under nginx.

    `forked`: the program forks so many workers itself."""

    def __init__(self, bench, program, environment, workers, forked=False):
        if forked:
            environment, workers = {**environment, "WORKERS": str(workers)}, 1
        self.bench, socket_path = bench, bench.path(f"fcgi-{time.monotonic_ns()}.sock")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(socket_path)
        os.chmod(socket_path, 0o777)
        listener.listen(1024)
        self.front = UnderNginx(bench, ("", f"include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_NAME $uri; "
                                            f"fastcgi_pass unix:{socket_path};"))
        self.port, begun = self.front.port, time.monotonic()
        self.processes = [bench.run([program], "program.log", environment, stdin=listener.fileno())
                          for _ in range(workers)]
        listener.close()
        self.start_up = first_answer(self.port) - begun

    def cpu(self):
        return sum(cpu_seconds(p.pid) for p in self.processes)

    def memory(self):
        return sum(memory(p.pid) for p in self.processes)

    def close(self):
        self.front.close()
        for process in self.processes:
            self.bench.end(process)


class Ordersnap(FastCGI):
    name = "ordersnap"

    def __init__(self, bench, store, upstreams, workers):
        environment = environment_of(store, upstreams)
        if not isinstance(store, NoStore):  # as the manual has a table made: without it each sale
            # searches for orders of other programs
            subprocess.run([os.path.join(shop.BUILD, "ordersnap"), "init"], check=True, stdout=subprocess.DEVNULL,
                           env=bench.environment(environment))
        super().__init__(bench, shop.program("stripe-webhook"), environment, workers, forked=True)


class Floor(FastCGI):
    name = "floor"

    def __init__(self, bench, store, upstreams, workers):
        super().__init__(bench, bench.path("floor"), {}, workers)


class Server:
    """A server of its own."""

    def __init__(self, bench, command, store, upstreams):
        self.bench, self.port, begun = bench, shop.free_port(), time.monotonic()
        self.process = bench.run(command, "peer.log", {**environment_of(store, upstreams), "PORT": str(self.port)})
        self.start_up = first_answer(self.port) - begun

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def memory(self):
        return memory(self.process.pid)

    def close(self):
        self.bench.end(self.process)


class Go(Server):
    name = "go"

    def __init__(self, bench, store, upstreams, workers):
        super().__init__(bench, [bench.path("go-peer")], store, upstreams)


class GoUnderNginx(Go):
    name = "go under nginx"

    def __init__(self, bench, store, upstreams, workers):
        super().__init__(bench, store, upstreams, workers)
        self.front = UnderNginx(bench, (f"upstream go {{ server 127.0.0.1:{self.port}; keepalive 64; }}",
                                        "proxy_pass http://go; proxy_http_version 1.1; "
                                        "proxy_set_header Connection '';"))
        self.port = self.front.port

    def close(self):
        self.front.close()
        super().close()


class Node(Server):
    name = "node"

    def __init__(self, bench, store, upstreams, workers):
        super().__init__(bench, ["node", os.path.join(HERE, "node", "server.mjs")], store, upstreams)


# --- measuring

def measure(bench, kind, case):
    """One run of one contestant: a dictionary of figures."""
    _, store_kind, what, in_flight, delay, _ = case
    upstreams = bench.upstreams(delay or 0, tls=delay is TLS)
    store = store_kind(bench, upstreams)
    contestant = kind(bench, store, upstreams, in_flight)
    n = bench.events if in_flight > 1 else max(bench.events // 8, 100)
    if delay:
        n = min(n, 40 * in_flight)
    try:
        idle = contestant.memory()
        warm = bench.ids(max(4 * in_flight, 50))
        bench.deliver(contestant.port, warm, in_flight)
        ids, expected = bench.ids(n), 200
        if what == "duplicate":
            bench.deliver(contestant.port, ids, in_flight)
        secret = shop.WEBHOOK_SECRET
        if what == "bad signature":
            secret, expected = "whsec_another", 200 if kind is Floor else 400
        calls = bench.calls(upstreams)
        before = contestant.cpu()
        result = bench.deliver(contestant.port, ids, in_flight, expected, secret)
        cpu = contestant.cpu() - before
        after = bench.calls(upstreams)
        figures = {"cpu": cpu / n * 1e3, "rate": n / result["seconds"], "p50": result["p50"], "p99": result["p99"],
                   "start": contestant.start_up * 1e3,
                   "idle": idle, "loaded": contestant.memory(),
                   "calls": {k: round((after[k] - calls[k]) / n, 2) for k in after if after[k] != calls[k]}}
        there = store.count() if what != "bad signature" and kind is not Floor else None
        if there not in (None, len(warm) + n):
            raise SystemExit(f"bench: {kind.name} has {there} orders of {len(warm) + n}")
        return figures
    finally:
        contestant.close()
        store.close()
        if upstreams.front:
            upstreams.front.close()
        bench.end(upstreams)


CASES = [
    ("new, at once, 16", NoStore, "new", 16, 0, [Ordersnap, Go, GoUnderNginx, Node, Floor]),
    ("new, at once, alone", NoStore, "new", 1, 0, [Ordersnap, Go, GoUnderNginx, Node, Floor]),
    ("bad signature, 16", NoStore, "bad signature", 16, 0, [Ordersnap, Go, Node, Floor]),
    ("new, DynamoDB Local, 16", DynamoDBLocal, "new", 16, 0, [Ordersnap, Go, Node]),
    ("duplicate, DynamoDB Local, 16", DynamoDBLocal, "duplicate", 16, 0, [Ordersnap, Go, Node]),
    ("new, at once, 64, Stripe at 100 ms", NoStore, "new", 64, 100, [Ordersnap, Go, Node]),
    ("new, at once, 8", NoStore, "new", 8, 0, [Ordersnap, Go]),
    ("new, at once over TLS, 32", NoStore, "new", 32, TLS, [Ordersnap, Go, Node]),
    ("new, SQLite, 16", SQLite, "new", 16, 0, [Ordersnap]),
]


def commits(bench):
    """One-row commits a second of a bare C program: what the disk and SQLite can do."""
    done = subprocess.run([bench.path("commits"), bench.path(f"commits-{time.monotonic_ns()}.db"), "2000"],
                          stdout=subprocess.PIPE, check=True)
    return float(done.stdout)


FIGURES = ("cpu", "rate", "p50", "p99", "idle", "loaded", "start")


def medians(rounds):
    result = {k: statistics.median(r[k] for r in rounds) for k in FIGURES}
    result["calls"] = rounds[-1]["calls"]
    return result


def run_case(bench, case):
    name, store, kinds = case[0], case[1], case[-1]
    kinds = [k for k in kinds if not issubclass(k, Go) or os.path.exists(bench.path("go-peer"))]
    rounds = {k.name: [] for k in kinds}
    for _ in range(bench.rounds):
        for kind in kinds:  # in turn, so that the machine's moods meet all alike
            rounds[kind.name].append(measure(bench, kind, case))
    result = {k: medians(v) for k, v in rounds.items()}
    print(f"\n{name}")
    print(f"  {'':16}{'CPU ms':>9}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}{'MB idle':>9}{'loaded':>9}"
          f"{'start ms':>10}  calls")
    for k, r in result.items():
        print(f"  {k:16}{r['cpu']:9.3f}{r['rate']:10.0f}{r['p50']:9.2f}{r['p99']:9.2f}"
              f"{r['idle']:9.1f}{r['loaded']:9.1f}{r['start']:10.1f}  " +
              " ".join(f"{a} {b}" for a, b in r["calls"].items()), flush=True)
    if store is SQLite:
        result["commits"] = statistics.median(commits(bench) for _ in range(bench.rounds))
        print(f"  one-row commits of a bare C program: {result['commits']:.0f} a second, ratio "
              f"{result['ordersnap']['rate'] / result['commits']:.2f}", flush=True)
    ours = result["ordersnap"]
    for k, r in result.items():
        if k not in ("ordersnap", "commits"):
            print(f"  ordersnap / {k}: CPU {ours['cpu'] / r['cpu']:.2f}, throughput {ours['rate'] / r['rate']:.2f}, "
                  f"p50 {ours['p50'] / r['p50']:.2f}, memory loaded {ours['loaded'] / r['loaded']:.2f}", flush=True)
    return result


# What has to be reached: (what, case, beside, which figure, at most), or at least where that is negative.
WANTED = [
    ("CPU of a new event, store at once", "new, at once, 16", "go", "cpu", 0.80),
    ("CPU of a new event, DynamoDB Local", "new, DynamoDB Local, 16", "go", "cpu", 0.70),
    ("CPU of a duplicate, DynamoDB Local", "duplicate, DynamoDB Local, 16", "go", "cpu", 0.85),
    ("CPU of a new event, store at once", "new, at once, 16", "node", "cpu", 0.30),
    ("CPU of a new event, DynamoDB Local", "new, DynamoDB Local, 16", "node", "cpu", 0.28),
    ("CPU of a duplicate, DynamoDB Local", "duplicate, DynamoDB Local, 16", "node", "cpu", 0.30),
    ("CPU of a bad signature", "bad signature, 16", "floor", "cpu", 1.6),
    ("p50 of a new event alone", "new, at once, alone", "go", "p50", 0.75),
    ("throughput, DynamoDB Local, 16 in flight", "new, DynamoDB Local, 16", "go", "rate", -0.90),
    ("throughput, 64 in flight, Stripe at 100 ms", "new, at once, 64, Stripe at 100 ms", "go", "rate", -1.0),
    ("throughput on SQLite, 16 in flight", "new, SQLite, 16", "commits", "rate", -0.25),
    ("memory of 8 loaded workers", "new, at once, 8", "go", "loaded", 1.2),
    ("memory of 32 loaded workers with TLS", "new, at once over TLS, 32", "node", "loaded", 0.60),
    ("CPU of a refused request in plain CGI", "refused in plain CGI", "empty", "cpu", 1.3),
]


def figure_of(contestant, figure):
    return contestant[figure] if isinstance(contestant, dict) else contestant


def ratios(result):
    """Each ratio that was measured: (what, beside, ratio, limit as in WANTED)."""
    for what, case, beside, figure, limit in WANTED:
        if beside in result.get(case, {}):
            ours, other = (figure_of(result[case][name], figure) for name in ("ordersnap", beside))
            yield what, beside, ours / other, limit


def missed(ratio, limit):
    return ratio < -limit if limit < 0 else ratio > limit


def report(result):
    """Each ratio that was measured, beside what is wanted of it."""
    print(f"\n{'ordersnap':46}{'beside':>10}{'ratio':>8}  wanted")
    for what, beside, ratio, limit in ratios(result):
        print(f"{what:46}{beside:>10}{ratio:8.2f}  at {'least' if limit < 0 else 'most'} {abs(limit):.2f}"
              f"{'  MISSED' if missed(ratio, limit) else ''}", flush=True)


def machine(options):
    """Where and how it was measured."""
    with open("/proc/cpuinfo", encoding="ascii") as f:
        model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), "processor")
    return {"date": time.strftime("%Y-%m-%d"), "processors": os.cpu_count(), "model": model,
            "system": platform.freedesktop_os_release()["PRETTY_NAME"], "linux": platform.release(),
            "rounds": options.rounds, "events": options.events}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--sessions", type=int, default=2000, help="that are reconciled")
    parser.add_argument("--only", action="append", metavar="WORDS", help="cases whose names contain these words")
    parser.add_argument("--json", help="write all figures to this file")
    options = parser.parse_args()
    bench = Bench(options.events, options.rounds)
    try:
        named = {c[0]: lambda c=c: run_case(bench, c) for c in CASES}
        named["refused in plain CGI"] = lambda: alone.refused_in_cgi(bench)
        named["reconciled"] = lambda: alone.reconciled(bench, options.sessions, SQLite, environment_of)
        chosen = [name for name in named if not options.only or any(words in name for words in options.only)]
        result = {name: named[name]() for name in chosen}
        report(result)
        if options.json:
            with open(options.json, "w", encoding="utf-8") as f:
                json.dump({"machine": machine(options), **result}, f, indent=1)
    finally:
        bench.close()


if __name__ == "__main__":
    main()
