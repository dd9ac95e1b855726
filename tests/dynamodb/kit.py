# SPDX-License-Identifier: ISC
"""What the AWS tests share: a shop whose table is in DynamoDB, a small server in AWS's place, a
FastCGI program with a client, SigV4 computed anew, and a clock that moves.
"""
import datetime
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import environment  # noqa: E402,F401
import shop as lib  # noqa: E402
from preload import Clock, Preload  # noqa: E402,F401
from server import Stub  # noqa: E402,F401
from shop import Answer, Shop, sign  # noqa: E402
from tap import skip, test  # noqa: E402
from workers import FastCgi  # noqa: E402,F401

REGION = "eu-central-1"
KEY_ID = "AKIAORDERSNAPTEST001"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

# What a table has to have.
KEYS = {"KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"},
                      {"AttributeName": "SK", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": "PK", "AttributeType": "S"},
                                 {"AttributeName": "SK", "AttributeType": "S"}]}

# Under valgrind or sanitizers everything takes longer.
SLOW = bool(lib.WRAPPER) or "ASAN_OPTIONS" in os.environ


def case(sentence):
    """test() for a function without a docstring, one of a table's."""
    def register(function):
        function.__doc__ = sentence
        return test(function)
    return register


# --- shops --------------------------------------------------------------------------------------

class TableShop(Shop):
    """A shop whose table is in DynamoDB, at `endpoint`; `local` is the one to look into."""

    def __init__(self, local, endpoint, table=None, sim=True, **settings):
        super().__init__(sim=sim, make_store=False, **{**aws_settings(endpoint), **settings})
        self.local, self.table = local, table or local.new_table()
        self.settings.pop("COMMERCE_DB")
        self.settings["COMMERCE_TABLE"] = self.table
        if table is None:
            local.put(self.table, {"PK": lib.ADOPTED[0], "SK": lib.ADOPTED[1], "version": 1})

    def items(self, pk_prefix=""):
        return {k: v for k, v in self.local.items(self.table).items()
                if k[0].startswith(pk_prefix) and k != lib.ADOPTED}


def aws_settings(endpoint):
    return {"AWS_REGION": REGION, "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
            "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


def health(shop, **variables):
    return shop.cgi("status", None, "GET", SCRIPT_NAME="/healthz", **variables)


def paid_event(shop, session_id, **more):
    """A session of one's own name is made and paid; the event as it is posted."""
    shop.sim.post("/_sim/session", {
        "id": session_id, "line_items": [{"name": "Silver Ring", "unit_amount": 2500,
                                          "currency": "usd"}],
        "client_reference_id": "user-1", "customer_email": "jane@shop.example", **more})
    return [e for e in shop.sim.get("/_sim/events")
            if e["data"]["object"]["id"] == session_id][-1]


def run_command(shop, *arguments, timeout=150, input="", **variables):
    """The ordersnap command in the shop's environment."""
    return subprocess.run([*lib.WRAPPER, os.path.join(lib.BUILD, "ordersnap"), *arguments],
                          env=shop.environment(**variables), input=input,
                          capture_output=True, text=True, timeout=timeout)


def aws_cli():
    """An `aws` that runs here."""
    for path in ("/usr/bin/aws", shutil.which("aws")):
        if path and os.path.exists(path) and subprocess.run(
                [path, "--version"], capture_output=True, check=False).returncode == 0:
            return path
    return skip("there is no AWS CLI")


# --- a server in AWS's place --------------------------------------------------------------------

def empty_dynamodb(request):
    """A DynamoDB that has nothing and takes everything."""
    return 200, {"BatchGetItem": {"Responses": {}, "UnprocessedKeys": {}}, "Query": {"Items": []},
                 "Scan": {"Items": []}}.get(request.operation, {})


def new_dynamodb(request):
    """The same as `ordersnap init` leaves it: it says that no order waits for adoption."""
    if request.operation != "BatchGetItem":
        return empty_dynamodb(request)
    (table, wanted), = request.json["RequestItems"].items()
    adopted = {"PK": {"S": "SYSTEM"}, "SK": {"S": "ADOPTED"}}
    found = [{**adopted, "version": {"N": "1"}, "adoptedAt": {"S": "2026-01-01T00:00:00Z"}}]
    return 200, {"Responses": {table: found if adopted in wanted["Keys"] else []}, "UnprocessedKeys": {}}


# --- SigV4, from its documentation --------------------------------------------------------------

def signature(request, secret):
    """The signature that the request should have.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html"""
    _, date, region, service = request.scope
    names = request.headers["authorization"].split("SignedHeaders=")[1].split(",")[0]
    canonical = "\n".join([
        request.method, request.path, "",
        *(f"{n}:{' '.join(request.headers[n].split())}" for n in names.split(";")), "", names,
        hashlib.sha256(request.body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"],
                      f"{date}/{region}/{service}/aws4_request",
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


def is_signed_with(request, secret):
    return request.headers["authorization"].endswith("Signature=" + signature(request, secret))


def iso_in(seconds):
    """A time from now, as AWS writes it."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# --- botocore, to compare with ------------------------------------------------------------------

# Of each set of variables: [access key, token], or None.
BOTOCORE_CREDENTIALS = """
import json, os, sys
import botocore.session
found = []
for variables in json.load(sys.stdin):
    os.environ.clear()
    os.environ.update(variables)
    try:
        session = botocore.session.Session()
        got = session.get_credentials()
        got = got and got.get_frozen_credentials()
        found.append([got.access_key, got.token] if got else None)
    except Exception as e:
        found.append(None)
print(json.dumps(found))
"""


def ask_botocore(script, values):
    """What a script says that is run beside botocore, with values as JSON on standard input."""
    python = next((p for p in ("/usr/bin/python3", shutil.which("python3")) if p and subprocess.run(
        [p, "-c", "import botocore"], capture_output=True, check=False).returncode == 0), None)
    if not python:
        skip("there is no botocore (Debian: python3-botocore)")
    done = subprocess.run([python, "-c", script], input=json.dumps(values), capture_output=True,
                          text=True, timeout=120, check=True)
    return json.loads(done.stdout)
