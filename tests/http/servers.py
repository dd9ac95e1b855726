# SPDX-License-Identifier: ISC
"""A shop behind a real web server: the simulator, the programs, and one of the servers of fronts.py,
run from the files in conf/ with this shop's paths filled in.

The one idea: a shop is a folder of its own with everything in it, laid out as on a shared server
(cgi-bin/, conf/, www/), so nothing of the machine is used or changed.  Started by root, the
programs and the servers run as www-data.  Whatever was started is ended when the test ends, in
whichever way it does.
"""
import atexit
import http.client
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import environment  # noqa: E402
import fronts  # noqa: E402
import processes  # noqa: E402
import shop  # noqa: E402
from tap import Watch, eventually  # noqa: E402

PROGRAMS = ("cart-quote", "checkout-create-session", "orders", "stripe-webhook", "status")
SERVERS = {**fronts.SERVERS, **fronts.VARIANTS}

_open_sites = []


def _close_all():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while _open_sites:
        _open_sites[-1].close()


def _stop(number, _frame):
    sys.exit(128 + number)


atexit.register(_close_all)
for _number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(_number, _stop)


def lacking(server):
    """What this machine lacks to run a server, or None."""
    return SERVERS[server].lacking()


def _answer(raw, said, code):
    """What curl -i gave."""
    while raw.startswith(b"HTTP/1.1 100"):
        raw = raw.partition(b"\r\n\r\n")[2]
    status = raw[9:12] if raw.startswith(b"HTTP/1.1 ") else b"0"
    return shop.Answer(b"Status: " + status + b"\r\n" + raw.partition(b"\r\n")[2],
                       said.decode("utf-8", "replace"), code)


def require(server):
    """Skips the whole file where the machine lacks something of the server."""
    lacks = lacking(server)
    if lacks:
        print(f"1..0 # SKIP {lacks} is not installed")
        sys.exit(0)


def chosen():
    """The servers' names: all, or those in $ORDERSNAP_SERVERS."""
    return os.environ.get("ORDERSNAP_SERVERS", "").split() or list(fronts.SERVERS)


def uses_sockets(server):
    """Whether the programs run on their own, as FastCGI."""
    return SERVERS[server].sockets


# Where DynamoDB Local answers, if the shops are to keep their orders there.
DYNAMODB = os.environ.get("ORDERSNAP_TEST_DYNAMODB")


def _dynamodb():
    """tests/dynamodb/local.py's view of the server at DYNAMODB."""
    sys.path.insert(0, os.path.join(shop.SRC, "tests", "dynamodb"))
    import local
    return local.DynamoDB(int(DYNAMODB.rpartition(":")[2]))


def _new_table(settings):
    """A table of the shop's own; the settings name it in the file's place."""
    del settings["COMMERCE_DB"]
    settings.update(COMMERCE_TABLE=_dynamodb().new_table(), AWS_REGION="eu-central-1",
                    AWS_ENDPOINT_URL_DYNAMODB=DYNAMODB, AWS_ACCESS_KEY_ID="AKIATEST",
                    AWS_SECRET_ACCESS_KEY="secret-of-the-tests")
    return settings["COMMERCE_TABLE"]


def answer_in_time(ask):
    """The answer of ask(); asked again, as Stripe and a buyer would, where it is a 503 and a
    program's eight seconds went to other processes of this machine."""
    while True:
        watch = Watch()
        answer = ask()
        if answer.status != 503 or watch.seconds < 4 or watch.slack < 8:
            return answer


class Site(shop.Shop):
    """A running shop.  `children`: processes a program; `sim_args`: more for the simulator;
    `log_to_file`: log("ordersnap") has the programs' lines, else the server's log has them;
    `limits`: the server has ordersnap-limits.conf, too; `locations`: more of nginx's or lighttpd's
    configuration; `modules`: more of Apache's or lighttpd's modules;
    `session_file`: a file to have as CHECKOUT_SESSION_FILE; `webhook_url`: who gets the simulator's
    events in the shop's place; `preload`: variables with which the programs are run."""

    def __init__(self, server="nginx", children=4, port=None, seed=shop.SEED, sim_args=(),
                 log_to_file=False, limits=False, locations="", modules=(), session_file=None,
                 metrics=False, webhook_url=None, preload=None, **settings):
        self.front = SERVERS[server]
        if not self.front.blanks:
            self.prefix = self.prefix.replace(" ", "-")
        super().__init__(sim=False, make_store=False)
        _open_sites.append(self)
        self.server, self.children, self.processes = server, children, {}
        self.limits, self.locations, self.modules = limits, locations, modules
        self.preload = preload or {}
        self.port = port or shop.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.user = pwd.getpwnam("www-data") if os.geteuid() == 0 else None
        self.make_folders()
        self.sim = shop.Sim(self.folder, webhook_url or self.url + "/stripe/webhook", seed, sim_args)
        self.settings.update(COMMERCE_DB=self.db, STRIPE_API_BASE=self.sim.base)
        self.table = _new_table(self.settings) if DYNAMODB else None
        if log_to_file:
            self.settings["LOG_TARGET"] = self.path("log", "ordersnap.log")
        if metrics:
            self.settings["METRICS_FILE"] = self.path("run", "metrics")
        self.settings.update(settings)
        if session_file:
            self.settings["CHECKOUT_SESSION_FILE"] = shutil.copy(
                session_file, self.path("conf", "session.json"))
            self.own(self.settings["CHECKOUT_SESSION_FILE"], 0o644)
        self.write_configuration()
        if self.settings.get("COMMERCE_DB") == self.db or (self.table and "COMMERCE_DB" not in settings):
            self.init("--conf", self.path("conf", "ordersnap.conf"))
        self.start()

    # -- the folder

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def own(self, path, mode):
        """Gives it to the user that the programs run as."""
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)
        os.chmod(path, mode)

    def make_folders(self):
        os.chmod(self.folder, 0o755)
        for name in ("run", "store", "log", "tmp"):
            os.mkdir(self.path(name))
            self.own(self.path(name), 0o755)
        for name in ("cgi-bin", "conf", "share"):
            os.mkdir(self.path(name), 0o755)
        self.db = self.path("store", "orders.db")
        for name in PROGRAMS:
            shutil.copy(shop.program(name), self.path("cgi-bin"))
        shutil.copytree(os.path.join(shop.SRC, "www"), self.path("www"))
        for folder, _, files in os.walk(self.path("www")):
            os.chmod(folder, 0o755)
            for name in files:
                os.chmod(os.path.join(folder, name), 0o644)
        for name in ("nginx", "apache", "lighttpd", "caddy"):
            self.fill_in(os.path.join(shop.SRC, "conf", name), self.path("share", name))

    def fill_in(self, source, target):
        """The shipped configuration with this shop's folders in the place of the usual ones."""
        places = {"/run/ordersnap": "run", "/usr/local/libexec/ordersnap": "cgi-bin",
                  "/usr/local/share/ordersnap": "share", "/etc/ordersnap": "conf"}
        os.mkdir(target, 0o755)
        for name in os.listdir(source):
            with open(os.path.join(source, name), encoding="utf-8") as f:
                text = f.read()
            for usual, ours in places.items():
                text = text.replace(usual, self.path(ours))
            with open(os.path.join(target, name), "w", encoding="utf-8") as f:
                f.write(text)

    def write_configuration(self):
        """conf/ordersnap.conf, which the programs find beside their folder."""
        path = self.path("conf", "ordersnap.conf")
        with open(path, "w", encoding="utf-8") as f:
            os.chmod(path, 0o600)
            for name, value in self.settings.items():
                f.write(f"{name}={value}\n")
        self.own(path, 0o600)

    # -- the processes

    def start(self):
        if uses_sockets(self.server):
            for name in PROGRAMS:
                self.spawn(name)
        self.write_server()
        self.run("server", self.front.command(self), self.front.user(self),
                 **self.front.variables(self))
        eventually(self.answers, what=self.server + " listens")

    def answers(self):
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended: {self.log(name)} {self.log('error')}")
        server = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            server.request("HEAD", "/demo/")
            return server.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            server.close()

    def run(self, name, command, user=None, **variables):
        # The programs find conf/ordersnap.conf beside their folder, as on a shared server.
        given = environment.of(ORDERSNAP_CONF=None, **variables)
        with open(self.path("log", name + ".log"), "ab") as log:
            self.processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=given,
                cwd=self.folder, start_new_session=True, user=user and user.pw_uid,
                group=user and user.pw_gid)
        return self.processes[name]

    def socket_of(self, name):
        return self.path("run", name + ".sock")

    def spawn(self, name, children=None):
        """Starts a program's processes on its socket: one alone, or several that are watched."""
        children = children or self.children
        if os.path.exists(self.socket_of(name)):
            os.unlink(self.socket_of(name))  # of processes that ended
        command = ["spawn-fcgi", "-n", "-s", self.socket_of(name), "-M", "0600", "-b", "1024"]
        if self.user:
            command += ["-u", self.user.pw_name, "-g", "www-data"]
        command += ["--"]
        command += [self.path("cgi-bin", name + ".fcgi")]
        self.run(name, command, WORKERS=str(children) if children > 1 else None, **self.preload)
        eventually(lambda: processes.listens(self.socket_of(name)), what=name + "'s socket")

    def write_server(self):
        """The server's own configuration."""
        self.front.write(self)

    def reload(self):
        """Lets the server take its configuration anew."""
        self.front.reload(self, self.processes["server"])

    def pids(self, name):
        """The processes that serve a program."""
        process = self.processes[name]
        return processes.children_of(process.pid) if self.children > 1 else [process.pid]

    def end(self, name, number=signal.SIGTERM, seconds=60):
        """Ends one of the processes; its exit code, negative for a signal."""
        process = self.processes.pop(name)
        brood = processes.children_of(process.pid)
        if process.poll() is None:
            process.send_signal(number)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        for pid in brood:
            end = time.monotonic() + seconds
            while not processes.has_ended(pid) and time.monotonic() < end:
                time.sleep(0.01)
            if not processes.has_ended(pid):
                os.kill(pid, signal.SIGKILL)
        return code

    def close(self):
        if self in _open_sites:
            _open_sites.remove(self)
        for name in reversed(list(self.processes)):
            self.end(name)
        super().close()

    def write_file(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)

    # -- asking and looking

    def log(self, name):
        """What stands in one of the logs: "error" (the server's), "ordersnap", a program's."""
        try:
            with open(self.path("log", name + ".log"), encoding="utf-8", errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def curl(self, path, body=None, *options, method=None, headers=(), timeout=60):
        """One request by curl; the answer as shop.Answer.  The body is bytes, or sent as JSON."""
        url, body, headers = self._request(path, body, headers)
        command = ["curl", "-sS", "-i", "--http1.1", "--max-time", str(timeout)]
        if method:
            command += ["-X", method]
        if body is not None:
            command += ["--data-binary", "@-"]
        for header in headers:
            command += ["-H", header]
        done = subprocess.run([*command, *options, url], input=body, capture_output=True,
                              check=False)
        return _answer(done.stdout, done.stderr, done.returncode)

    def curl_all(self, requests, at_once=8):
        """Many requests by one curl, so many at once: their answers, in their order.  Each is (path, body) or
        (path, body, headers), as curl() has them."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            config = "".join(self._config(folder, n, *request) for n, request in enumerate(requests))
            done = subprocess.run(["curl", "-sS", "--parallel", "--parallel-max", str(at_once), "-K", "-"],
                                  input=config.encode(), capture_output=True, check=False)
            answers = []
            for n in range(len(requests)):
                with open(f"{folder}/{n}", "rb") as f:
                    answers.append(_answer(f.read(), done.stderr, done.returncode))
        return answers

    def _config(self, folder, n, *request):
        """One of the requests of a curl -K, whose answer goes to a file of its number."""
        url, body, headers = self._request(*request)
        lines = ["next"] if n else []
        lines += ["include", "http1.1", "path-as-is", "max-time = 60", f'output = "{folder}/{n}"']
        if body is not None:
            with open(f"{folder}/{n}.body", "wb") as f:
                f.write(body)
            lines.append(f'data-binary = "@{folder}/{n}.body"')
        lines += [f"header = {shop.json.dumps(header)}" for header in headers]
        return "\n".join([*lines, f'url = "{url}"', ""])

    def _request(self, path, body, headers=()):
        """The address, the body as bytes or None, and all headers."""
        headers = ["Expect:", *headers]
        if body is not None and not any(h.lower().startswith("content-type") for h in headers):
            headers.append("Content-Type: application/json")
        if body is not None and not isinstance(body, bytes):
            body = shop.json.dumps(body).encode()
        return path if "://" in path else self.url + path, body, headers

    def deliver(self, event, secret=shop.WEBHOOK_SECRET, at=None, timeout=60):
        """Posts an event, signed now, to the webhook's URL."""
        body = event if isinstance(event, bytes) else shop.json.dumps(event, indent=2).encode()
        return self.curl("/stripe/webhook", body, timeout=timeout,
                         headers=["Stripe-Signature: " + shop.sign(body, secret, at)])

    def buy(self, items=None, headers=(), **session):
        """A cart up to an open session: its answer, parsed."""
        items = items or [{"sku": "N-RED", "quantity": 2}, {"sku": "R-SIL", "quantity": 1}]
        quote = answer_in_time(lambda: self.curl("/cart/quote", {"items": items}))
        if quote.status != 200:
            raise AssertionError(f"quote: {quote.status} {quote.body!r} {quote.log}")
        if not headers:
            session.setdefault("userId", "user_12345")
        body = {"quoteSignature": quote.json["quoteSignature"], **session}
        answer = answer_in_time(lambda: self.curl("/checkout/create-session", body,
                                                  headers=headers))
        if answer.status != 200:
            raise AssertionError(f"session: {answer.status} {answer.body!r} {answer.log}")
        return answer.json

    def paid_event(self, **session):
        """A paid session that the shop has not heard of yet: its event."""
        session.setdefault("line_items", [{"lookup_key": "N-RED", "quantity": 2},
                                          {"lookup_key": "R-SIL"}])
        session.setdefault("metadata", {"userId": "user_12345"})
        self.sim.post("/_sim/delivery", {"mode": "off"})
        made = self.sim.post("/_sim/session", session)
        return next(e for e in self.sim.get("/_sim/events") if e["id"] == made["event"])

    def items(self, pk_prefix=""):
        """The table: {(PK, SK): item}; empty as long as there is none."""
        if self.table:
            return {k: v for k, v in _dynamodb().items(self.table).items()
                    if k[0].startswith(pk_prefix)}
        try:
            return super().items(pk_prefix)
        except sqlite3.OperationalError:
            return {}
