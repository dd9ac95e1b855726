#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Every signature that goes out is the one that botocore, Amazon's own client, computes for the same
request.  A small server keeps the requests; botocore then signs what arrived, byte for byte.
"""
import os
import sys

try:
    import botocore  # noqa: F401
except ImportError:
    # Debian's package is for Debian's Python.
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    print("1..0 # SKIP there is no botocore (Debian: python3-botocore)")
    sys.exit(0)

from botocore.auth import SigV4Auth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402

import kit  # noqa: E402
from kit import case  # noqa: E402
from tap import equal, main, ok, test  # noqa: E402

SECRETS = {"Name": "p", "Type": "SecureString", "Value": kit.lib.QUOTE_SECRET, "Version": 1}
TOKEN = "FwoGZXIvYXdzE" + "Zm9v/+" * 100 + "=="
UNICODE = "Zoë Müller-Ødegård, 東京 \u2028 🎁 \"quoted\" \\ /"


def answer(request):
    if request.operation == "GetParameter":
        return 200, {"Parameter": SECRETS}
    if request.operation == "DescribeTable":
        return 400, {"__type": "x#ResourceNotFoundException", "message": "none"}
    if request.operation == "CreateTable":
        stub.answer = described
    return kit.new_dynamodb(request)


def described(request):
    if request.operation == "DescribeTable":
        return 200, {"Table": {"TableStatus": "ACTIVE", **kit.KEYS}}
    return kit.empty_dynamodb(request)


stub = kit.Stub(answer)
shop = kit.Shop(COMMERCE_DB=None, COMMERCE_TABLE="Orders.of-the_shop", AWS_REGION="eu-central-1",
                AWS_ENDPOINT_URL=stub.base)
event = kit.paid_event(shop, "cs_test_signed1", metadata={"note": UNICODE, "userId": UNICODE},
                       name=UNICODE, client_reference_id=None)


def botocore_signs(request, key_id, secret, token):
    """The Authorization header that botocore gives to the same request."""
    names = request.headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    url = "http://" + request.headers["host"] + request.path
    copy = AWSRequest(request.method, url, {n: request.headers[n] for n in names}, request.body)
    _, _, region, service = request.scope
    signer = SigV4Auth(Credentials(key_id, secret, token), service, region)
    copy.context["timestamp"] = request.headers["x-amz-date"]
    text = signer.string_to_sign(copy, signer.canonical_request(copy))
    return (f"AWS4-HMAC-SHA256 Credential={key_id}/{signer.scope(copy).split('/', 1)[1]}, "
            f"SignedHeaders={signer.signed_headers(signer.headers_to_sign(copy))}, "
            f"Signature={signer.signature(text, copy)}"), names


def check(requests, operations, key_id, secret, token):
    equal([r.operation for r in requests], operations, "operations")
    for request in requests:
        want, names = botocore_signs(request, key_id, secret, token)
        equal(request.headers["authorization"].replace(", ", ","), want.replace(", ", ","),
              request.operation)
        for name in ("host", "x-amz-date", "x-amz-target"):
            ok(name in names, f"{name} is signed")
        equal(request.headers.get("x-amz-security-token"), token, "the token")
        equal("x-amz-security-token" in names, token is not None, "the token is signed")
        equal(kit.is_signed_with(request, secret), True, "this suite's own signer agrees")


CREDENTIALS = [
    ("a long-lived key", "AKIAIOSFODNN7EXAMPLE", kit.SECRET_KEY, None),
    ("a session token", "ASIAIOSFODNN7EXAMPLE", "a+b/c==d" * 5, TOKEN),
]


def variables(key_id, secret, token):
    return {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}


for what, *given in CREDENTIALS:
    @case(f"{what}: a webhook's read and write, with text beyond ASCII, are signed as botocore signs")
    def _(given=given):
        stub.taken()
        done = shop.webhook(event, **variables(*given))
        equal(done.status, 200, done.log)
        requests = stub.taken()
        check(requests, ["BatchGetItem", "TransactWriteItems"], *given)
        ok(UNICODE.split(",")[0].encode() in requests[1].body, "UTF-8 as it is")

    @case(f"{what}: a single read is signed as botocore signs")
    def _(given=given):
        stub.taken()
        kit.health(shop, **variables(*given))
        check(stub.taken(), ["GetItem"], *given)

    @case(f"{what}: a parameter's read is signed for SSM as botocore signs")
    def _(given=given):
        stub.taken()
        kit.health(shop, QUOTE_SIGNATURE_SECRET=None,
                   QUOTE_SIGNATURE_SECRET_PARAMETER="/shop/über/quote", **variables(*given))
        requests = stub.taken()
        check(requests, ["GetItem", "GetParameter"], *given)
        equal(requests[1].scope[2:], ("eu-central-1", "ssm"))
        equal(requests[1].json, {"Name": "/shop/über/quote", "WithDecryption": True})

    @case(f"{what}: all that `ordersnap init` asks is signed as botocore signs")
    def _(given=given):
        stub.answer = answer
        stub.taken()
        done = kit.run_command(shop, "init", **variables(*given))
        equal(done.returncode, 0, done.stderr)
        stub.answer = answer
        check(stub.taken(), ["DescribeTable", "CreateTable", "DescribeTable", "DescribeTable",
                             "DescribeContinuousBackups", "DescribeTimeToLive", "UpdateTimeToLive",
                             "GetItem", "Scan", "TransactWriteItems"], *given)


@test
def _():
    "a kept connection's second and third request are signed anew"
    key_id, secret = CREDENTIALS[0][1:3]
    program = kit.FastCgi(shop, "stripe-webhook", **variables(key_id, secret, None))
    stub.taken()
    for _ in range(3):
        equal(program.webhook(event).status, 200)
    check(stub.taken(), ["BatchGetItem", "TransactWriteItems"] * 3, key_id, secret, None)
    program.close()


@test
def _():
    "another region and a path in the endpoint are signed as botocore signs"
    key_id, secret = CREDENTIALS[0][1:3]
    stub.taken()
    kit.health(shop, AWS_REGION="us-gov-west-1", AWS_ENDPOINT_URL=stub.base + "/some/path",
               **variables(key_id, secret, None))
    requests = stub.taken()
    check(requests, ["GetItem"], key_id, secret, None)
    equal(requests[0].scope[2:], ("us-gov-west-1", "dynamodb"))
    equal(requests[0].path, "/some/path")


@test
def _():
    "one wrong byte of body, secret or header gives another signature"
    key_id, secret = CREDENTIALS[0][1:3]
    stub.taken()
    kit.health(shop, **variables(key_id, secret, None))
    request, = stub.taken()
    sent = request.headers["authorization"]
    ok(botocore_signs(request, key_id, secret + "x", None)[0] != sent, "secret")
    request.body += b" "
    ok(botocore_signs(request, key_id, secret, None)[0] != sent, "body")
    request.body = request.body[:-1]
    request.headers["x-amz-target"] += "s"
    ok(botocore_signs(request, key_id, secret, None)[0] != sent, "header")


def cleanup():
    shop.close()
    stub.close()


main(cleanup)
