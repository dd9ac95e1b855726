#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Where credentials, region and endpoint come from: the AWS SDKs' places in the AWS SDKs' order.

The health check reads one item from a small server in DynamoDB's place, which tells who signed, for
which region, and whether with the right secret.  botocore, where it is installed, is asked the same.
"""
import concurrent.futures
import os
import re
import shutil
import tempfile
import time

import kit
from kit import case
from tap import Watch, contains, equal, lacks, main, ok, test

dynamodb = kit.Stub(kit.empty_dynamodb)
shop = kit.Shop(sim=False, COMMERCE_DB=None, COMMERCE_TABLE="orders")
work = tempfile.mkdtemp(prefix="ordersnap-aws-")
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN/+="


def secret_of(key_id):
    return f"secret/of+{key_id}"


def keys(key_id, token=False):
    """A profile's lines."""
    return (f"aws_access_key_id = {key_id}\naws_secret_access_key = {secret_of(key_id)}\n"
            + (f"aws_session_token = {TOKEN}\n" if token else ""))


def env(key_id, token=None):
    return {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret_of(key_id),
            "AWS_SESSION_TOKEN": token}


# --- endpoints of credentials -------------------------------------------------------------------

def answer(key_id, seconds=6 * 3600):
    return {"AccessKeyId": key_id, "SecretAccessKey": secret_of(key_id), "Token": TOKEN,
            "Expiration": kit.iso_in(seconds)}


def instance(request, role="shop-role", wrong=None):
    """Instance metadata, version 2: a token by PUT, the role, its credentials.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html"""
    base = "/latest/meta-data/iam/security-credentials/"
    if request.path == "/latest/api/token":
        if request.method != "PUT":
            return 405, b""
        if not 1 <= int(request.headers.get("x-aws-ec2-metadata-token-ttl-seconds", 0)) <= 21600:
            return 400, b""
        return 200, b"AQAEAMETADATATOKEN=="
    if request.headers.get("x-aws-ec2-metadata-token") != "AQAEAMETADATATOKEN==":
        return 401, b"<html>401 - Unauthorized</html>"
    if request.path == base:
        return (200, (role + "\n").encode()) if role else (404, b"<html>404 - Not Found</html>")
    if request.path == base + str(role):
        return 200, wrong or {"Code": "Success", "LastUpdated": kit.iso_in(-60), "Type": "AWS-HMAC",
                              **answer("ASIAINSTANCE")}
    return 404, b"<html>404 - Not Found</html>"


container = kit.Stub(lambda request: (200, {"RoleArn": "arn:aws:iam::123456789012:role/shop",
                                            **answer("ASIACONTAINER")}))
metadata = kit.Stub(instance)
CONTAINER = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": container.base + "/v2/credentials/uuid"}
INSTANCE = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.base}


def variables(credentials=None, config=None, given=None, name="case"):
    """Settings of a run: the two shared files' texts, and variables; nothing of this machine's."""
    folder = os.path.join(work, name)
    os.makedirs(os.path.join(folder, ".aws"), exist_ok=True)
    for file, text in (("credentials", credentials), ("config", config)):
        path = os.path.join(folder, ".aws", file)
        if os.path.exists(path):
            os.unlink(path)
        if text is not None:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
    return {"HOME": folder, "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": dynamodb.base, "AWS_REGION": kit.REGION, **(given or {})}


def ask(**more):
    """(health answer, what DynamoDB was asked)"""
    dynamodb.taken()
    health = kit.health(shop, **more)
    return health, [r for r in dynamodb.taken() if r.operation == "GetItem"]


def signer(**more):
    """Who signed: (key id, token or None)."""
    health, requests = ask(**more)
    equal(len(requests), 1, health.log)
    key_id = requests[0].scope[0]
    ok(kit.is_signed_with(requests[0], secret_of(key_id)), "signed with its own secret")
    return key_id, requests[0].headers.get("x-amz-security-token")


def unsigned(**more):
    """Nobody: the log."""
    health, requests = ask(**more)
    equal(requests, [], "requests")
    equal(health.status, 503)
    lacks(health.log, "secret/of")
    lacks(health.log, TOKEN)
    return health.log


# --- the order of places ------------------------------------------------------------------------

DEFAULT = "[default]\n" + keys("AKIADEFAULT")
SHOP = "\n[shop]\n" + keys("AKIASHOP", token=True)
CONFIG_SHOP = "[profile shop]\n" + keys("AKIACONFIGSHOP")

# what, credentials file, config file, variables, who signs
PLACES = [
    ("the environment", None, None, env("AKIAENV"), ("AKIAENV", None)),
    ("the environment with a token", None, None, env("ASIAENV", TOKEN), ("ASIAENV", TOKEN)),
    ("the environment before the files", DEFAULT, None, env("AKIAENV"), ("AKIAENV", None)),
    ("the environment before AWS_PROFILE", DEFAULT + SHOP, None,
     {**env("AKIAENV"), "AWS_PROFILE": "shop"}, ("AKIAENV", None)),
    ("the environment before a container", None, None, {**env("AKIAENV"), **CONTAINER},
     ("AKIAENV", None)),
    ("empty variables are not set", DEFAULT, None,
     {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
      "AWS_PROFILE": ""}, ("AKIADEFAULT", None)),
    ("the credentials file's default profile", DEFAULT + SHOP, None, {}, ("AKIADEFAULT", None)),
    ("AWS_PROFILE in the credentials file, with its token", DEFAULT + SHOP, None,
     {"AWS_PROFILE": "shop"}, ("AKIASHOP", TOKEN)),
    ("the config file's default profile", None, DEFAULT, {}, ("AKIADEFAULT", None)),
    ("the config file's [profile default]", None, "[profile default]\n" + keys("AKIADEFAULT"), {},
     ("AKIADEFAULT", None)),
    ("the config file's [profile shop]", None, DEFAULT + CONFIG_SHOP, {"AWS_PROFILE": "shop"},
     ("AKIACONFIGSHOP", None)),
    ("a [shop] of the config file is no profile", None, DEFAULT + SHOP + CONFIG_SHOP,
     {"AWS_PROFILE": "shop"}, ("AKIACONFIGSHOP", None)),
    ("the credentials file before the config file", "[shop]\n" + keys("AKIASHOP"), CONFIG_SHOP,
     {"AWS_PROFILE": "shop"}, ("AKIASHOP", None)),
    ("a key of one file never goes with a token of the other", "[default]\n" + keys("AKIAPLAIN"),
     "[default]\n" + keys("AKIACONFIG", token=True), {}, ("AKIAPLAIN", None)),
    ("a profile's name in quotes", None, '[profile "my shop"]\n' + keys("AKIAQUOTED"),
     {"AWS_PROFILE": "my shop"}, ("AKIAQUOTED", None)),
    ("comments, spaces and Windows' line ends",
     "# mine\r\n; too\r\n\r\n[ other ]\r\n" + keys("AKIAOTHER").replace("\n", "\r\n")
     + "[default]\r\n  \r\n" + keys("AKIADEFAULT").replace(" = ", "=").replace("\n", "\r\n"), None, {},
     ("AKIADEFAULT", None)),
    ("AWS_SHARED_CREDENTIALS_FILE", DEFAULT, None,
     {"AWS_SHARED_CREDENTIALS_FILE": os.path.join(work, "elsewhere")}, ("AKIAELSEWHERE", None)),
    ("AWS_CONFIG_FILE", None, DEFAULT,
     {"AWS_CONFIG_FILE": os.path.join(work, "elsewhere")}, ("AKIAELSEWHERE", None)),
    ("a path that begins with ~", None, None,
     {"AWS_SHARED_CREDENTIALS_FILE": "~/own-credentials"}, ("AKIAHOME", None)),
    ("the files before a container", DEFAULT, None, CONTAINER, ("AKIADEFAULT", None)),
    ("a container", None, None, CONTAINER, ("ASIACONTAINER", TOKEN)),
    ("a container before the instance", None, None,
     {**CONTAINER, **INSTANCE, "AWS_EC2_METADATA_DISABLED": None}, ("ASIACONTAINER", TOKEN)),
    ("the instance", None, None, {**INSTANCE, "AWS_EC2_METADATA_DISABLED": None},
     ("ASIAINSTANCE", TOKEN)),
    ("the instance, its address with a slash at the end", None, None,
     {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.base + "/", "AWS_EC2_METADATA_DISABLED": None},
     ("ASIAINSTANCE", TOKEN)),
    ("the instance, where a profile has a region alone", None, "[default]\nregion = eu-west-3\n",
     {**INSTANCE, "AWS_EC2_METADATA_DISABLED": "false"}, ("ASIAINSTANCE", TOKEN)),
    ("the instance, where the chosen profile has a region alone", None,
     "[profile shop]\nregion = eu-west-3\n",
     {**INSTANCE, "AWS_EC2_METADATA_DISABLED": None, "AWS_PROFILE": "shop"}, ("ASIAINSTANCE", TOKEN)),
    ("AWS_EC2_METADATA_DISABLED", None, None, {**INSTANCE, "AWS_EC2_METADATA_DISABLED": "TRUE"},
     None),
    ("a profile that is not there", DEFAULT, None,
     {"AWS_PROFILE": "nobody", **INSTANCE, "AWS_EC2_METADATA_DISABLED": None}, None),
    ("half a key in the environment", DEFAULT, None, {"AWS_ACCESS_KEY_ID": "AKIAHALF"}, None),
    ("half a key in the profile", "[default]\naws_access_key_id = AKIAHALF\n", None, {}, None),
]

for number, (what, credentials, config, given, want) in enumerate(PLACES):
    @case(f"credentials: {what}")
    def _(number=number, credentials=credentials, config=config, given=given, want=want):
        settings = variables(credentials, config, given, f"place{number}")
        for path in (os.path.join(work, "elsewhere"), settings["HOME"] + "/own-credentials"):
            with open(path, "w", encoding="utf-8") as f:
                f.write("[default]\n" + keys("AKIAHOME" if "own" in path else "AKIAELSEWHERE"))
        if want:
            equal(signer(**settings), want)
        else:
            contains(unsigned(**settings), "no AWS credentials")


# Where Amazon's own tools differ from each other.
NOT_AS_BOTOCORE = {"empty variables are not set"}


@test
def _():
    "botocore finds the same credentials in the same places"
    chosen = [(i, p) for i, p in enumerate(PLACES) if p[0] not in NOT_AS_BOTOCORE]
    settings = [variables(p[1], p[2], p[3], f"place{i}") for i, p in chosen]
    found = kit.ask_botocore(kit.BOTOCORE_CREDENTIALS,
                             [{k: v for k, v in s.items() if v is not None} for s in settings])
    for (_, place), got in zip(chosen, found):
        equal(got, list(place[4]) if place[4] else None, place[0])


# --- region -------------------------------------------------------------------------------------

REGIONS = [
    ("AWS_REGION", {"AWS_REGION": "eu-north-1"}, None, "eu-north-1"),
    ("AWS_REGION before AWS_DEFAULT_REGION",
     {"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "us-east-2"}, None, "eu-north-1"),
    ("AWS_DEFAULT_REGION", {"AWS_REGION": None, "AWS_DEFAULT_REGION": "us-east-2"}, None,
     "us-east-2"),
    ("an empty AWS_REGION is not set", {"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-2"}, None,
     "us-east-2"),
    ("the environment before the profile", {"AWS_REGION": None, "AWS_DEFAULT_REGION": "us-east-2"},
     "[default]\nregion = eu-west-3\n", "us-east-2"),
    ("the default profile", {"AWS_REGION": None}, "[default]\nregion = eu-west-3\n", "eu-west-3"),
    ("the chosen profile", {"AWS_REGION": None, "AWS_PROFILE": "shop"},
     "[default]\nregion = eu-west-3\n[profile shop]\nregion=ap-south-1\n", "ap-south-1"),
    ("no region", {"AWS_REGION": None}, None, None),
    ("no region in the chosen profile", {"AWS_REGION": None, "AWS_PROFILE": "shop"},
     "[default]\nregion = eu-west-3\n[profile shop]\noutput = json\n", None),
]
for number, (what, given, config, want) in enumerate(REGIONS):
    @case(f"region: {what}")
    def _(number=number, given=given, config=config, want=want):
        health, requests = ask(**variables(None, config, {**env("AKIAENV"), **given},
                                           f"region{number}"))
        if want:
            equal(requests[0].scope[2], want, health.log)
        else:
            equal((health.status, requests), (503, []))
            contains(health.log, "AWS_REGION")


ASK_CLI_REGION = """
import json, os, sys
import botocore.session
found = []
for variables in json.load(sys.stdin):
    os.environ.clear()
    os.environ.update(variables)
    found.append(botocore.session.Session().get_config_variable("region"))
print(json.dumps(found))
"""


@test
def _():
    "botocore finds the same regions, but that it does not know AWS_REGION"
    chosen = [(i, r) for i, r in enumerate(REGIONS) if not r[1].get("AWS_REGION")
              and r[1].get("AWS_REGION") != ""]
    settings = [variables(None, r[2], {**env("AKIAENV"), **r[1]}, f"region{i}") for i, r in chosen]
    found = kit.ask_botocore(ASK_CLI_REGION,
                             [{k: v for k, v in s.items() if v is not None} for s in settings])
    for (_, region), got in zip(chosen, found):
        equal(got, region[3], region[0])


# --- endpoint -----------------------------------------------------------------------------------

# Each place leads to a path of its own; the order is that of
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
def at(path):
    return f"{dynamodb.base}/{path}"


SERVICES = (f"[default]\nservices = local\nendpoint_url = {at('profile')}\n\n"
            f"[services local]\nssm =\n  endpoint_url = {at('ssm-section')}\n"
            f"dynamodb =\n  endpoint_url = {at('section')}\n  api_version = 1\n"
            "s3 =\n  endpoint_url = http://127.0.0.1:9\n")
PROFILE = f"[default]\nendpoint_url = {at('profile')}\n"
BOTH = {"AWS_ENDPOINT_URL": at("all"), "AWS_ENDPOINT_URL_DYNAMODB": at("own")}
ENDPOINTS = [
    ("AWS_ENDPOINT_URL", {"AWS_ENDPOINT_URL": at("all")}, None, "/all"),
    ("AWS_ENDPOINT_URL_DYNAMODB", {"AWS_ENDPOINT_URL_DYNAMODB": at("own")}, None, "/own"),
    ("AWS_ENDPOINT_URL_DYNAMODB before AWS_ENDPOINT_URL", BOTH, None, "/own"),
    ("another service's address is not ours",
     {"AWS_ENDPOINT_URL": at("all"), "AWS_ENDPOINT_URL_SSM": at("ssm")}, None, "/all"),
    ("the environment before the profile", {"AWS_ENDPOINT_URL": at("all")}, SERVICES, "/all"),
    ("an empty variable is not set", {"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_DYNAMODB": ""},
     PROFILE, "/profile"),
    ("the profile's services section before its endpoint_url", {}, SERVICES, "/section"),
    ("the profile's endpoint_url", {}, PROFILE, "/profile"),
    ("a services section without DynamoDB leaves the profile's endpoint_url", {},
     PROFILE + "services = local\n[services local]\nssm =\n  endpoint_url = http://127.0.0.1:9\n",
     "/profile"),
    ("the chosen profile's services section", {"AWS_PROFILE": "shop"},
     f"[profile shop]\nservices = other\n[services other]\ndynamodb = \n\tendpoint_url={at('tab')}\n",
     "/tab"),
    ("a section that no profile names is not used", {}, "[services local]\ndynamodb =\n"
     f"  endpoint_url = {at('section')}\n" + PROFILE, "/profile"),
]
for number, (what, given, config, want) in enumerate(ENDPOINTS):
    @case(f"endpoint: {what}")
    def _(number=number, given=given, config=config, want=want):
        settings = variables(None, config, {"AWS_ENDPOINT_URL": None, **env("AKIAENV"), **given},
                             f"endpoint{number}")
        health, requests = ask(**settings)
        equal([r.path for r in requests], [want], health.log)


# These can't be answered and are tried until the request's time is over: all at once, beside the rest.
nobody = kit.Stub(kit.empty_dynamodb)
NOWHERE = {"AWS_ENDPOINT_URL": None, "AWS_REGION": "xx-nowhere-1"}
IGNORING = {**NOWHERE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
OWN = "https://dynamodb.xx-nowhere-1.amazonaws.com"
UNANSWERED = [
    ("without an endpoint it is the region's own, by https", NOWHERE, None, OWN),
    ("without an endpoint in China it is the one there", {**NOWHERE, "AWS_REGION": "cn-nowhere-1"},
     None, "https://dynamodb.cn-nowhere-1.amazonaws.com.cn"),
    ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: the variables are not taken",
     {**IGNORING, "AWS_ENDPOINT_URL": nobody.base, "AWS_ENDPOINT_URL_DYNAMODB": nobody.base}, None,
     OWN),
    ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: the profile's are not taken", IGNORING,
     SERVICES.replace(dynamodb.base, nobody.base), OWN),
    ("ignore_configured_endpoint_urls in the profile does the same", NOWHERE,
     PROFILE.replace(dynamodb.base, nobody.base) + "ignore_configured_endpoint_urls = true\n", OWN),
]
background = concurrent.futures.ThreadPoolExecutor(len(UNANSWERED))
for number, (what, given, config, want) in enumerate(UNANSWERED):
    @case(f"endpoint: {what}")
    def _(want=want, run=background.submit(kit.health, shop, **variables(
            None, config, {**env("AKIAENV"), **given}, f"unanswered{number}"))):
        answer = run.result()
        equal(answer.status, 503)
        ok(re.search(re.escape(want) + r'[:"]', answer.log), answer.log)  # what was wrong with it, or no time


@test
def _():
    "nobody was asked at an endpoint that is to be ignored"
    concurrent.futures.wait([background.submit(int)])
    equal(nobody.requests, [])


# --- a container --------------------------------------------------------------------------------

@test
def _():
    "a container's endpoint gets the authorization token, that of the file before the variable's"
    path = os.path.join(work, "token")
    with open(path, "w", encoding="utf-8") as f:
        f.write("from-the-file\n")
    for given, want in (({}, None),
                        ({"AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic from-variable"},
                         "Basic from-variable"),
                        ({"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": path}, "from-the-file"),
                        ({"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": path,
                          "AWS_CONTAINER_AUTHORIZATION_TOKEN": "no"}, "from-the-file")):
        container.taken()
        signer(**variables(given={**CONTAINER, **given}))
        request, = container.taken()
        equal((request.method, request.path), ("GET", "/v2/credentials/uuid"))
        equal(request.headers.get("authorization"), want)


@test
def _():
    "an authorization token never goes to a foreign host in the clear"
    for url in ("http://credentials.example/", "http://192.0.2.1/", "http://169.254.170.3/",
                "http://127.0.0.1.credentials.example/", "http://localhost.credentials.example/",
                "http://127.0.0.1@credentials.example/", "http://169.254.170.2.credentials.example/",
                "ftp://127.0.0.1/", "127.0.0.1", "file:///etc/passwd"):
        began = Watch()
        log = unsigned(**variables(given={"AWS_CONTAINER_CREDENTIALS_FULL_URI": url,
                                          "AWS_CONTAINER_AUTHORIZATION_TOKEN": "sent-nowhere"}))
        began.at_most(1)
        contains(log, "AWS_CONTAINER_CREDENTIALS_FULL_URI")
        lacks(log, "sent-nowhere")


@test
def _():
    "a relative address can't lead away from the container's own host"
    for path in ("@credentials.example/", ".credentials.example/", ":80@credentials.example/"):
        began = Watch()
        unsigned(**variables(given={"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": path}))
        began.at_most(1)


# What the endpoints answer when they have none; the log says what they said.
WRONG = [
    (404, {"code": "NoSuchCredentials", "message": "no such id"}, "404"),
    (500, b"", "500"),
    (200, b"<html>", "no credentials"),
    (200, {}, "no credentials"),
    (200, {"Code": "Failed", "LastUpdated": "2026-11-01T00:00:00Z",
           "Message": "the role can't be assumed"}, "the role can't be assumed"),
    (200, {"AccessKeyId": "ASIAHALF"}, "no credentials"),
    (200, {"AccessKeyId": 1, "SecretAccessKey": None}, "no credentials"),
]


@test
def _():
    "a container's endpoint that gives none is named with what it said, and no other place is asked"
    for status, value, part in WRONG:
        broken = kit.Stub(lambda request, status=status, value=value: (status, value))
        metadata.taken()
        log = unsigned(**variables(given={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": broken.base, **INSTANCE,
            "AWS_EC2_METADATA_DISABLED": None}))
        contains(log, "container")
        contains(log, part)
        equal(metadata.taken(), [], "the instance was not asked")
        broken.close()


# --- an instance --------------------------------------------------------------------------------

def on_instance(stub):
    return variables(given={"AWS_EC2_METADATA_SERVICE_ENDPOINT": stub.base,
                            "AWS_EC2_METADATA_DISABLED": None})


@test
def _():
    "an instance is asked for a token, its role, and the role's credentials, in that order"
    metadata.taken()
    signer(**on_instance(metadata))
    asked = metadata.taken()
    base = "/latest/meta-data/iam/security-credentials/"
    equal([(r.method, r.path) for r in asked],
          [("PUT", "/latest/api/token"), ("GET", base), ("GET", base + "shop-role")])
    equal(asked[0].headers.get("x-aws-ec2-metadata-token"), None)


@test
def _():
    "an instance that refuses the token, has no role or gives none is named with what it said"
    cases = [
        (lambda r: (403, b"") if r.method == "PUT" else instance(r), "403"),
        (lambda r: (200, b"another") if r.method == "PUT" else instance(r), "401"),
        (lambda r: instance(r, role=None), "404"),
        (lambda r: instance(r, wrong={"Code": "Failed", "LastUpdated": "2026-11-01T00:00:00Z",
                                      "Message": "Please contact support"}), "contact support"),
        (lambda r: instance(r, wrong=b"{"), "no credentials"),
        (lambda r: None, "metadata"),
    ]
    for act, part in cases:
        broken = kit.Stub(act)
        log = unsigned(**on_instance(broken))
        contains(log, "instance metadata")
        contains(log, part)
        broken.close()


@test
def _():
    "a machine that is no instance does not keep a request waiting"
    slow = kit.Stub(lambda request: time.sleep(30))
    began = Watch()
    unsigned(**on_instance(slow))
    began.at_most(3)
    slow.close()


# --- expiry -------------------------------------------------------------------------------------

def served(seconds, requests=3):
    """A process whose credentials last for `seconds`: how often they were fetched for some requests,
    and who signed the last."""
    count = iter(range(1000))
    stub = kit.Stub(lambda request: (200, answer(f"ASIA{next(count):04}", seconds)))
    program = kit.FastCgi(shop, "status", **variables(given={
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": stub.base}))
    dynamodb.taken()
    for _ in range(requests):
        program.health()
    program.close()
    stub.close()
    return len(stub.requests), dynamodb.taken()[-1].scope[0]


@test
def _():
    "credentials that expire in four minutes are fetched again, those of ten minutes are kept"
    equal(served(240), (3, "ASIA0002"))
    equal(served(600), (1, "ASIA0000"))
    equal(served(290), (3, "ASIA0002"))
    equal(served(310), (1, "ASIA0000"))


@test
def _():
    "credentials without an expiry are kept"
    stub = kit.Stub(lambda request: (200, {"AccessKeyId": "AKIAKEPT",
                                           "SecretAccessKey": secret_of("AKIAKEPT")}))
    program = kit.FastCgi(shop, "status", **variables(given={
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": stub.base}))
    for _ in range(3):
        program.health()
    program.close()
    stub.close()
    equal(len(stub.requests), 1)


@test
def _():
    "as the time passes they are fetched five minutes early, and old ones serve while that fails"
    clock, away = kit.Clock(), []
    count = iter(range(1000))

    def give(request):
        if away:
            return 500, b""
        return 200, answer(f"ASIA{next(count):04}", clock.now() + 3600)
    stub = kit.Stub(give)
    program = kit.FastCgi(shop, "status", **clock.variables, **variables(given={
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": stub.base}))

    def signer_at(move):
        clock.move(move)
        dynamodb.taken()
        program.health()
        return [r.scope[0] for r in dynamodb.taken()]
    equal(signer_at(0), ["ASIA0000"])
    equal(signer_at(54 * 60), ["ASIA0000"], "six minutes before")
    equal(signer_at(90), ["ASIA0001"], "four and a half minutes before")
    away.append(1)
    equal(signer_at(57 * 60), ["ASIA0001"], "the endpoint is away, they are still good")
    equal(signer_at(4 * 60), [], "they are not any more")
    away.clear()
    equal(signer_at(0), ["ASIA0002"], "it is back")
    program.close()
    stub.close()
    clock.close()


@test
def _():
    "a profile that was given new keys is read again when AWS does not know the old ones any more"
    for refusal in ("ExpiredTokenException", "UnrecognizedClientException"):
        settings = variables("[default]\n" + keys("AKIAFIRST"))

        def refuse_first(request, refusal=refusal):
            if request.scope[0] == "AKIAFIRST":
                return 400, {"__type": "com.amazon.coral.service#" + refusal, "message": "no"}
            return kit.empty_dynamodb(request)
        program = kit.FastCgi(shop, "status", **settings)
        program.health()
        variables("[default]\n" + keys("AKIASECOND"))
        dynamodb.answer = refuse_first
        dynamodb.taken()
        program.health()
        program.close()
        dynamodb.answer = kit.empty_dynamodb
        equal(dynamodb.taken()[-1].scope[0], "AKIASECOND", refusal)


# --- the message --------------------------------------------------------------------------------

@test
def _():
    "where there are none, one line lists each place and why it has none"
    broken = kit.Stub(lambda r: (403, b""))
    log = unsigned(**on_instance(broken))
    broken.close()
    line = next(li for li in log.splitlines() if "no AWS credentials" in li)
    for part in ("AWS_ACCESS_KEY_ID is not set", 'profile \\"default\\"',
                 "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set", "instance metadata", "403"):
        contains(line, part)
    places = [line.index(p) for p in ("environment:", "shared files:", "container:",
                                      "instance metadata:")]
    equal(places, sorted(places), "in the order of asking")


@test
def _():
    "the message is whole even where addresses are long"
    long = "http://127.0.0.1:9/" + "x" * 300
    log = unsigned(**variables(given={"AWS_EC2_METADATA_SERVICE_ENDPOINT": long,
                                      "AWS_EC2_METADATA_DISABLED": None}))
    ok(re.search(r"instance metadata: .+\)\"", log), log)


@test
def _():
    "AWS_ variables may stand in the configuration file, and the environment is before them"
    path = os.path.join(work, "ordersnap.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write("".join(f"{k}={v}\n" for k, v in env("AKIAFILE").items() if v))
    os.chmod(path, 0o600)
    equal(signer(**variables(given={"ORDERSNAP_CONF": path}))[0], "AKIAFILE")
    equal(signer(**variables(given={"ORDERSNAP_CONF": path, **env("AKIAENV")}))[0], "AKIAENV")


def cleanup():
    background.shutdown()
    for stub in (dynamodb, container, metadata, nobody):
        stub.close()
    shop.close()
    shutil.rmtree(work, ignore_errors=True)


main(cleanup)
