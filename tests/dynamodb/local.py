# SPDX-License-Identifier: ISC
"""Amazon's DynamoDB Local for tests, and a proxy in front of it that has bad days on demand.

`Local` starts the jar on a free port; `Proxy` counts the calls by operation and can lose, delay and
refuse them.  Nothing here asserts.  As a program, `local.py COMMAND...` runs a command with one that all
its suites share: starting the jar costs more than most of them.
"""
import atexit
import collections
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from server import Handler, Server  # noqa: E402
import shop  # noqa: E402
import tap  # noqa: E402
from kit import KEYS  # noqa: E402

PACKAGE = os.path.join(HERE, "node_modules", "amplify-dynamodb-simulator", "emulator")
SIGNED = ("AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/eu-central-1/dynamodb/aws4_request, "
          "SignedHeaders=host, Signature=00")


def home_of_jar():
    """The folder with DynamoDBLocal.jar: $DYNAMODB_LOCAL (it or the jar), else what npm installed."""
    named = os.environ.get("DYNAMODB_LOCAL")
    if named and named.endswith(".jar"):
        named = os.path.dirname(named)
    for folder in [named] if named else [PACKAGE]:
        if os.path.exists(os.path.join(folder, "DynamoDBLocal.jar")):
            return folder
    return None


def why_not():
    """Why DynamoDB Local can't be run here, or None."""
    if not shutil.which("java"):
        return "there is no java"
    if not home_of_jar():
        return "there is no DynamoDB Local: run `npm install` in tests/dynamodb, or set DYNAMODB_LOCAL"
    return None


def need():
    """Ends the whole file as skipped where DynamoDB Local can't be run."""
    reason = why_not()
    if reason:
        print(f"1..0 # SKIP {reason}")
        sys.exit(0)


class Refused(Exception):
    """An operation's error: .type, .message, .status."""

    def __init__(self, status, body):
        try:
            value = json.loads(body or b"{}")
        except ValueError:  # the emulator's own server speaks, of its memory for one
            value = {"message": body[:2000].decode(errors="replace")}
        self.status, self.answer = status, value
        self.type = value.get("__type", "").split("#")[-1]
        self.message = value.get("message") or value.get("Message") or ""
        super().__init__(f"{status} {self.type}: {self.message}")


def from_value(value):
    """An attribute value as Python has it."""
    (kind, of), = value.items()
    if kind == "N":
        return int(of) if re.fullmatch(r"-?\d+", of) else float(of)
    if kind == "L":
        return [from_value(v) for v in of]
    if kind == "M":
        return from_item(of)
    return None if kind == "NULL" else of


def from_item(item):
    return {k: from_value(v) for k, v in item.items()}


def to_value(value):
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, (int, float)):
        return {"N": str(value)}
    if isinstance(value, dict):
        return {"M": to_item(value)}
    if isinstance(value, list):
        return {"L": [to_value(v) for v in value]}
    return {"NULL": True} if value is None else {"S": value}


def to_item(item):
    return {k: to_value(v) for k, v in item.items()}


class DynamoDB:
    """A DynamoDB at a port of this machine."""

    def __init__(self, port):
        self.port, self.base = port, f"http://127.0.0.1:{port}"

    def close(self):
        """Who started it ends it."""

    def call(self, operation, **request):
        """Any operation; raises Refused."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("POST", "/", json.dumps(request), {
                "X-Amz-Target": "DynamoDB_20120810." + operation, "Authorization": SIGNED,
                "Content-Type": "application/x-amz-json-1.0"})
            answer = connection.getresponse()
            body = answer.read()
        if answer.status != 200:
            raise Refused(answer.status, body)
        return json.loads(body)

    def new_table(self, name=None, **other):
        """Makes a table and returns its name."""
        name = name or "t-" + uuid.uuid4().hex[:12]
        self.call("CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST",
                  **{**KEYS, **other})
        return name

    def raw_items(self, table):
        """Everything in the table, as on the wire."""
        found, more = [], {}
        while True:
            answer = self.call("Scan", TableName=table, ConsistentRead=True, **more)
            found += answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return found
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def items(self, table):
        """Everything in the table: {(PK, SK): item}."""
        plain = [from_item(i) for i in self.raw_items(table)]
        return {(i["PK"], i["SK"]): i for i in plain}

    def put(self, table, item):
        self.call("PutItem", TableName=table, Item=to_item(item))

    def delete(self, table, key):
        self.call("DeleteItem", TableName=table, Key=to_item(dict(zip(("PK", "SK"), key))))


class Local(DynamoDB):
    """DynamoDB Local; with `kept` it has its tables in a folder and survives restart()."""

    def __init__(self, kept=False, heap="256m"):
        self.folder = tempfile.mkdtemp(prefix="ordersnap-dynamodb-")
        super().__init__(shop.free_port())
        self.kept, self.heap, self.process = kept, heap, None
        atexit.register(self.close)
        self.start()

    def start(self):
        home = home_of_jar()
        where = ["-dbPath", self.folder] if self.kept else ["-inMemory"]
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                ["java", "-Xmx" + self.heap, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                 "-Djava.library.path=" + os.path.join(home, "DynamoDBLocal_lib"),
                 "-jar", os.path.join(home, "DynamoDBLocal.jar"), *where, "-sharedDb",
                 "-disableTelemetry", "-port", str(self.port)],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        watch = tap.Watch()
        while True:
            try:
                return self.call("ListTables")
            except (OSError, http.client.HTTPException):
                if self.process.poll() is not None or not watch.allows(120):
                    raise RuntimeError("DynamoDB Local did not start") from None
                time.sleep(0.05)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        """By SIGTERM: killed with SIGKILL it may lose the last transaction that it acknowledged."""
        self.process.terminate()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.resume()
            self.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def at_hand():
    """The DynamoDB Local of the whole run, of which a suite uses nothing but tables of its own; else a new one."""
    port = os.environ.get("ORDERSNAP_DYNAMODB_LOCAL")
    return DynamoDB(int(port)) if port else Local()


# --- the proxy ----------------------------------------------------------------------------------

# What AWS says, word for word where it says it; {"status", "__type", "message"}.
DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
CORAL = "com.amazon.coral.service#"
ERRORS = {
    "ThrottlingException": (400, DYNAMODB, "Rate exceeded"),
    "ProvisionedThroughputExceededException": (
        400, DYNAMODB, "The level of configured provisioned throughput for the table was exceeded. "
        "Consider increasing your provisioning level with the UpdateTable API."),
    "RequestLimitExceeded": (400, DYNAMODB, "Throughput exceeds the current throughput limit for "
                             "your account."),
    "TransactionInProgressException": (400, DYNAMODB, "The transaction with the given request "
                                       "token is already in progress."),
    "InternalServerError": (500, DYNAMODB, "Internal server error"),
    "ServiceUnavailable": (503, CORAL, "Service unavailable"),
    "ExpiredTokenException": (400, CORAL, "The security token included in the request is expired"),
    "AccessDeniedException": (
        400, CORAL, "User: arn:aws:iam::123456789012:user/shop is not authorized to perform: "
        "dynamodb:{operation} on resource: arn:aws:dynamodb:eu-central-1:123456789012:table/orders "
        "because no identity-based policy allows the dynamodb:{operation} action"),
    "UnrecognizedClientException": (400, CORAL, "The security token included in the request is "
                                    "invalid."),
    "InvalidSignatureException": (
        400, CORAL, "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service documentation for "
        "details."),
    "ResourceNotFoundException": (400, DYNAMODB, "Requested resource not found"),
    "ValidationException": (400, "com.amazon.coral.validate#",
                            "The provided key element does not match the schema"),
}


def error(kind, operation="", **more):
    """(status, JSON) of an error."""
    status, prefix, message = ERRORS[kind]
    value = {"__type": prefix + kind, "message": message.format(operation=operation), **more}
    return status, json.dumps(value).encode()


def cancelled(*codes):
    """(status, JSON) of a cancelled transaction with these reasons."""
    said = {"None": None, "ConditionalCheckFailed": "The conditional request failed",
            "TransactionConflict": "Transaction is ongoing for the item"}
    reasons = [{k: v for k, v in (("Code", c), ("Message", said.get(c, "It failed"))) if v}
               for c in codes]
    message = ("Transaction cancelled, please refer cancellation reasons for specific reasons "
               f"[{', '.join(codes)}]")
    return 400, json.dumps({"__type": DYNAMODB + "TransactionCanceledException",
                            "Message": message, "CancellationReasons": reasons}).encode()


class Fault:
    """What happens to an operation (None: any), `times` times or for `seconds` from the first hit."""

    def __init__(self, operation, act, times, seconds):
        self.operation, self.act = operation, act
        self.times, self.seconds, self.until, self.struck = times, seconds, None, 0

    def strikes(self, operation):
        now = time.monotonic()
        if self.operation not in (None, operation):
            return False
        if self.until is None and self.seconds is not None:
            self.until = now + self.seconds
        if (self.until and now >= self.until) or (self.times is not None
                                                  and self.struck >= self.times):
            return False
        self.struck += 1
        return True


class Proxy(Server):
    """Forwards to `target` (a port; None: there is nobody) but for its faults.

    lose()    hangs up before forwarding
    forget()  forwards, and hangs up in place of the answer
    refuse()  answers an error, without forwarding
    say()     answers any (status, JSON), without forwarding
    delay()   waits, then forwards
    partly()  forwards a BatchGetItem of its first key only, and gives the others back unprocessed
    """

    def __init__(self, target=None):
        self.target = target
        self.lock, self.faults = threading.Lock(), []
        self.calls, self.requests, self.connections = collections.Counter(), [], 0
        super().__init__(_Handler)

    def add(self, operation, act, times=1, seconds=None):
        """A fault of your own: act(handler, operation, body) answers, or not."""
        fault = Fault(operation, act, None if seconds is not None else times, seconds)
        with self.lock:
            self.faults.append(fault)
        return fault

    def lose(self, operation=None, **how):
        return self.add(operation, lambda handler, _, body: handler.hang_up(), **how)

    def forget(self, operation=None, **how):
        def act(handler, _, body):
            handler.ask(body)
            handler.hang_up()
        return self.add(operation, act, **how)

    def refuse(self, operation, kind, more=None, **how):
        return self.add(operation, lambda handler, name, body: handler.give(
            *error(kind, name, **(more or {}))), **how)

    def deny(self, part, **how):
        """Refuses the transactions with such a part ("ConditionCheck"), as IAM does."""
        action = {"Put": "PutItem", "Delete": "DeleteItem",
                  "ConditionCheck": "ConditionCheckItem"}[part]

        def act(handler, _, body):
            has = any(part in a for a in json.loads(body)["TransactItems"])
            handler.give(*(error("AccessDeniedException", action) if has else handler.ask(body)))
        return self.add("TransactWriteItems", act, **how)

    def say(self, operation, status, value, **how):
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.add(operation, lambda handler, _, body: handler.give(status, raw), **how)

    def delay(self, operation, wait, **how):
        def act(handler, _, body):
            time.sleep(wait)
            handler.give(*handler.ask(body))
        return self.add(operation, act, **how)

    def partly(self, **how):
        def act(handler, _, body):
            request = json.loads(body)
            (table, part), = request["RequestItems"].items()
            rest = {**part, "Keys": part["Keys"][1:]}
            part["Keys"] = part["Keys"][:1]
            status, raw = handler.ask(json.dumps(request).encode())
            answer = json.loads(raw)
            if rest["Keys"]:
                answer["UnprocessedKeys"] = {table: rest}
            handler.give(status, json.dumps(answer).encode())
        return self.add("BatchGetItem", act, **how)

    def mend(self):
        """No more faults, and nothing counted."""
        with self.lock:
            self.faults.clear()
            self.calls.clear()
            self.requests.clear()

    def process_request(self, request, client_address):
        self.connections += 1
        super().process_request(request, client_address)

    def strike(self, operation, headers, body):
        """Counts the call; the fault that strikes it, or None."""
        with self.lock:
            self.calls[operation] += 1
            self.requests.append((operation, headers, body))
            return next((f for f in self.faults if f.strikes(operation)), None)


class _Handler(Handler):
    upstream = None

    def do_POST(self):
        body = self.body()
        operation = (self.headers.get("X-Amz-Target") or "?.?").split(".")[-1]
        fault = self.server.strike(operation, dict(self.headers.items()), body)
        if fault:
            fault.act(self, operation, body)
        elif self.server.target is None:
            self.hang_up()
        else:
            self.give(*self.ask(body))

    def ask(self, body):
        """Forwards; (status, JSON)."""
        for last in (False, True):
            if self.upstream is None:
                self.upstream = http.client.HTTPConnection("127.0.0.1", self.server.target,
                                                           timeout=60)
            try:
                self.upstream.request("POST", "/", body, {
                    k: v for k, v in self.headers.items()
                    if k.lower() in ("x-amz-target", "content-type", "authorization", "x-amz-date",
                                     "x-amz-security-token")})
                answer = self.upstream.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException):
                self.upstream.close()
                self.upstream = None
                if last:
                    self.hang_up()
                    raise

    def give(self, status, body=b"", headers=None):
        super().give(status, body, {"Content-Type": "application/x-amz-json-1.0", **(headers or {})})

    def hang_up(self):
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def finish(self):
        if self.upstream:
            self.upstream.close()
        with contextlib.suppress(OSError, ValueError):
            super().finish()


@contextlib.contextmanager
def wire(proxy, **calls):
    """The calls that reach the proxy meanwhile are exactly these."""
    with proxy.lock:
        proxy.calls.clear()
    yield
    with proxy.lock:
        tap.equal(dict(proxy.calls), {k: v for k, v in calls.items() if v}, "calls on the wire")


def main():
    """Ends as the command does."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, lambda got, _: sys.exit(128 + got))
    shared = {} if why_not() else {"ORDERSNAP_DYNAMODB_LOCAL": str(Local(heap="512m").port)}
    sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, **shared}, check=False).returncode)


if __name__ == "__main__":
    main()
