# SPDX-License-Identifier: ISC
"""What stands between a request under /v1 and its operation: keys, versions, forms, faults,
replays."""

import base64
import binascii
import hmac
import re
import traceback
import urllib.parse

from . import (captures, discounts, events, invoices, payments, products,  # noqa: F401
               sessions, shipping)  # each fills OPERATIONS
from .answers import Answer, json_answer
from .errors import StripeError, no_such, refuse
from .faults import FAULT_ERRORS, SERVER_FAULT
from .forms import parse_form, read_params
from .known import API_VERSIONS, NEWEST, SUPPORT
from .objects import ACCOUNT, new_id
from .operations import OPERATIONS, Call
from .render import check_expand, render


# What a key that may not read a list of these may not expand, either.
EXPANDED = {"balance_transaction": "/v1/balance_transactions", "coupon": "/v1/coupons",
            "promotion_code": "/v1/promotion_codes", "shipping_rate": "/v1/shipping_rates"}


class Api:
    """What stands between a request and its operation: keys, versions, forms, faults, replays."""

    def __init__(self, world, faults, stats):
        self.world, self.faults, self.stats = world, faults, stats
        self.denied = frozenset()  # "METHOD template" of what the key may not do

    def serve(self, request, connection):
        request_id = new_id("request")
        headers = {"Request-Id": request_id, "Stripe-Version": version_of(request),
                   "Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache, no-store"}
        operation, ids = find_operation(request)
        name = operation.template if operation else request.path
        # Who looks for one payment's session does not list the sessions.
        lookup = "?payment_intent" if "payment_intent=" in request.query else ""
        self.stats.count(f"{request.method} {name}{lookup}", connection)
        admitted = not has_key(request, self.world.options.secret) or self.stats.admit()
        fault = self.faults.take(f"{request.method} {request.path}",
                                 "starting_after=" in request.query) if admitted else None
        key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
        if key:
            headers["Idempotency-Key"] = printable(key)
        try:
            if not admitted:
                raise rate_limited()
            answer = self.answer(request, operation, ids, request_id, key, fault)
        except StripeError as error:
            answer = json_answer(error.status, error.body(request_id), error.headers)
        if fault and fault.kind == "garbage":
            answer = Answer(200, answer.headers, answer.body[:len(answer.body) // 2])
        if fault and fault.kind.startswith("disconnect"):
            answer = Answer(0, {}, None)
        return Answer(answer.status, headers | answer.headers, answer.body)

    def answer(self, request, operation, ids, request_id, key, fault):
        if fault and (fault.kind == "disconnect" or fault.kind == "status" and fault.status < 500):
            fault.wait()
            raise fault.error()  # before anything is looked at, as a gateway would
        if fault and fault.kind == "lost_cursor":
            raise no_such("object", "the cursor", "starting_after", 400)
        secret = check_key(request, self.world.options.secret)
        if operation is None:
            raise unrecognized(request)
        if f"{operation.method} {operation.template}" in self.denied:
            raise not_permitted(operation, secret)
        if len(key) > 255:
            raise refuse("The idempotency key is longer than 255 characters.")
        version = version_of(request)
        if version not in API_VERSIONS:
            raise refuse(f"Invalid Stripe API version: {version}")
        form = read_form(request)
        params = read_params(operation.params, operation.required, form, version)
        check_expand(operation.returns, params.get("expand", []))
        for name, template in EXPANDED.items():
            if f"GET {template}" in self.denied and any(
                    path.endswith(name) for path in params.get("expand", [])):
                raise not_permitted(operation, secret, template)
        call = Call(params, ids, request_id, key or None, request.path)

        def work():
            if fault:
                fault.wait()
            if fault and fault.kind == "status":
                raise fault.error()
            return self.run(operation, call, version)
        return self.once(key, form, call, work) if key else work()

    def once(self, key, form, call, work):
        """Do the work unless this key has an answer; answers and failures of ours are kept."""
        table = self.world.idempotency
        kept = table.begin(key, call.path, form)
        if kept:
            return Answer(kept.status, kept.headers | {"Idempotent-Replayed": "true"}, kept.body)
        answer = None
        try:
            answer = work()
        except StripeError as error:
            answer = json_answer(error.status, error.body(call.request_id), error.headers)
        finally:
            if answer:
                answer.headers["Original-Request"] = call.request_id
            table.finish(key, form, answer if answer and not 400 <= answer.status < 500 else None)
        return answer

    def run(self, operation, call, version):
        self.world.expire_due()
        try:
            with self.world.lock:
                thing = operation.run(self.world, call)
                expand = call.params.get("expand", [])
                return json_answer(200, render(self.world, thing, version, expand))
        except StripeError:
            raise
        except Exception:
            traceback.print_exc()
            raise StripeError(500, SERVER_FAULT[2], type="api_error") from None


def find_operation(request):
    for operation in OPERATIONS:
        match = operation.pattern.match(request.path)
        if match and operation.method == request.method:
            return operation, {name: urllib.parse.unquote(id)
                               for name, id in match.groupdict().items()}
    return None, {}


def unrecognized(request):
    return StripeError(404, f"Unrecognized request URL ({request.method}: {request.path}). If you are "
                       "trying to list objects, remove the trailing slash. If you are trying to "
                       "retrieve an object, make sure you passed a valid (non-empty) identifier in "
                       "your code. Please see https://stripe.com/docs or we can help at "
                       "https://support.stripe.com/.")


def rate_limited():
    type, code, message = FAULT_ERRORS[429]
    return StripeError(429, message, None, code, type, {"Stripe-Rate-Limited-Reason": "global-rate"})


# What Stripe calls the permissions of a restricted key for each kind of path.
PERMISSIONS = {"balance_transactions": "balance", "coupons": "coupon",
               "promotion_codes": "promotion_code", "shipping_rates": "shipping_rate",
               "products": "product", "prices": "plan", "checkout": "checkout_session",
               "payment_intents": "payment_intent", "charges": "charge", "refunds": "charge",
               "disputes": "dispute", "events": "event", "webhook_endpoints": "webhook",
               "account": "accounts_kyc_basic"}


def not_permitted(operation, secret, template=None):
    name = PERMISSIONS[(template or operation.template).split("/")[2]]
    access = "read" if operation.method == "GET" else "write"
    return StripeError(403, f"The provided key '{masked(secret)}' does not have the required "
                       f"permissions for this endpoint on account '{ACCOUNT['id']}'. Having the "
                       f"'rak_{name}_{access}' permission would allow this request to continue.")


def version_of(request):
    return printable(request.headers.get("Stripe-Version") or NEWEST)


def printable(value):
    return re.sub(r"[^ -~]", "?", value)


def check_key(request, secret):
    """The key: Bearer auth, or Basic with the key as the user name."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    given = given.strip()
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    elif scheme.lower() != "bearer":
        given = ""
    challenge = {"WWW-Authenticate": 'Basic realm="Stripe"'}
    if not given:
        raise StripeError(401, "You did not provide an API key. You need to provide your API key in "
                          "the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                          "YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for "
                          "details, or we can help at https://support.stripe.com/.", headers=challenge)
    if not hmac.compare_digest(given.encode(), secret.encode()):
        raise StripeError(401, f"Invalid API Key provided: {masked(given)}", headers=challenge)
    return given


def has_key(request, secret):
    try:
        return bool(check_key(request, secret))
    except StripeError:
        return False


def masked(key):
    prefix = re.match(r"(?:[a-z]+_(?:test|live)_)?", key)[0]
    rest = key[len(prefix):]
    return prefix + "*" * max(3, len(rest) - 4) + (rest[-4:] if len(rest) > 8 else "")


def read_form(request):
    if request.method == "GET":
        return parse_form(request.query)
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if request.body and kind != "application/x-www-form-urlencoded":
        raise refuse("Invalid request (check that your POST content type is "
                     "application/x-www-form-urlencoded). " + SUPPORT)
    try:
        body = request.body.decode("ascii")
    except UnicodeDecodeError:
        raise refuse("Invalid request: the body is not URL-encoded. " + SUPPORT) from None
    return parse_form("&".join(part for part in (request.query, body) if part))
