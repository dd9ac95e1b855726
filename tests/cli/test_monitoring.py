#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""conf/monitoring: each filter and query of CloudWatch finds a line that a run has written, in both
formats; Prometheus' rules name series that are there, and fire when they should; and the log's
contract is of sentences that the programs write."""
import json
import os
import re
import shutil
import subprocess

from notify_kit import DAY, HookShop, equal, ok
from kit import stripe_with
import shop as lib
from tap import contains, main, skip, test

CONF = os.path.join(lib.SRC, "conf", "monitoring")
shop = HookShop()
FILE = os.path.join(shop.folder, "metrics")
shop.settings.update(METRICS_FILE=FILE)

with open(os.path.join(CONF, "cloudwatch.json"), encoding="utf-8") as template:
    TEMPLATE = json.load(template)
RESOURCES = TEMPLATE["Resources"]


def of_type(word):
    return {name: r["Properties"] for name, r in RESOURCES.items() if r["Type"].endswith(word)}


# --- a run in which everything happens --------------------------------------------------------------

def fault(match, **more):
    shop.stripe_of.sim.post("/_sim/fault", {"match": match, "kind": "status", "times": -1, **more})


def no_fault():
    shop.stripe_of.sim.post("/_sim/fault", method="DELETE")


def newest(session):
    return [e for e in shop.events() if e["type"] == "checkout.session.completed"
            and e["data"]["object"]["id"] == session][-1]


def pay_for_a_quote(user, signature):
    """A session of the quote that is paid; its event."""
    made = shop.cgi("checkout-create-session", {"quoteSignature": signature, "userId": user,
                                                "customerEmail": user + "@shop.example"}).json
    shop.stripe_of.sim.post("/_sim/pay", {"session": made["sessionId"]})
    return newest(made["sessionId"])


def happen(log):
    """Everything that an alarm or a query looks for, with its lines in the file `log`."""
    shop.settings.update(LOG_TARGET=log)
    quote = shop.cgi("cart-quote", {"items": [{"sku": "N-RED", "quantity": 1}]}).json["quoteSignature"]
    events = [pay_for_a_quote(user, quote) for user in ("one", "two")]
    for event in events:
        equal(shop.webhook(event).status, 200)
    quote = shop.cgi("cart-quote", {"items": [{"sku": "N-RED", "quantity": 2}]}).json["quoteSignature"]
    event = pay_for_a_quote("three", quote)
    event["data"]["object"].update(amount_total=1, amount_subtotal=1)
    fault("GET /v1/checkout/sessions", status=500)
    equal(shop.webhook(event).status, 503)
    no_fault()
    equal(shop.webhook({**newest(event["data"]["object"]["id"]), "livemode": True, "id": "evt_live"}).status, 200)
    equal(shop.webhook(event).status, 200)
    odd = shop.sell()
    stripe = stripe_with({**odd, "amount_total": 1, "amount_subtotal": 1}, [
        {"id": "li_1", "object": "item", "description": "Odd", "quantity": 1, "currency": "usd",
         "amount_subtotal": 3000, "amount_total": 3000, "amount_discount": 0, "amount_tax": 0}])
    shop.webhook(newest(odd["id"]), STRIPE_API_BASE=stripe.base)
    stripe.close()
    shop.program("exit 1")
    shop.notify(code=None)
    shop.clock.move(8 * DAY)
    shop.notify(code=None)
    shop.clock.move(-8 * DAY)
    shop.program('cat >/dev/null')
    session = shop.sell()
    shop.deliver("checkout.session.completed", session)
    shop.notify(code=None)
    shop.sync("--no-notify")
    with open(log, encoding="utf-8") as lines:
        return lines.read().splitlines()


LINES = {}


def lines(form):
    if form not in LINES:
        shop.settings.update(LOG_FORMAT=form)
        LINES[form] = happen(os.path.join(shop.folder, "log." + form))
    return LINES[form]


# --- CloudWatch's patterns: terms, and members of JSON ----------------------------------------------
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html

TERM = r'\s*(\??)"((?:[^"\\]|\\.)*)"'


def matches(pattern, line):
    if pattern.startswith("{"):
        try:
            members = json.loads(line)
        except ValueError:
            return False
        for part in pattern.strip("{} ").split(" && "):
            key, op, value = re.fullmatch(r"\$\.(\w+) (=|>=|>) (.+)", part).groups()
            if key not in members:
                return False
            have, want = members[key], json.loads(value)
            if not (have == want if op == "=" else have >= want if op == ">=" else have > want):
                return False
        return True
    ok(re.fullmatch(f"(?:{TERM})+", pattern), f"a pattern of terms: {pattern}")
    terms = [(mark, term.replace('\\"', '"')) for mark, term in re.findall(TERM, pattern)]
    any_of = [term for mark, term in terms if mark]
    return all(term in line for mark, term in terms if not mark) and (
        not any_of or any(term in line for term in any_of))


@test
def _():
    "each metric filter finds a line of a run, in both formats where it asks for no member of JSON"
    for name, filter_ in of_type("MetricFilter").items():
        pattern = filter_["FilterPattern"]
        for form in ("json",) if pattern.startswith("{") else ("text", "json"):
            found = [line for line in lines(form) if matches(pattern, line)]
            ok(found, f"{name}: {pattern} finds nothing in {form}")
            for change in filter_["MetricTransformations"]:
                value = change["MetricValue"]
                if value.startswith("$."):
                    ok(all(isinstance(json.loads(line)[value[2:]], int) for line in found), value)


@test
def _():
    "a filter finds no more than it says: the count of server errors has none of the refused signatures"
    pattern = RESOURCES["ServerErrorsFilter"]["Properties"]["FilterPattern"]
    for form in ("text", "json"):
        answer = shop.webhook({}, secret="whsec_wrong", LOG_FORMAT=form, LOG_TARGET="stderr")
        contains(answer.log, "Request refused")
        ok(not any(matches(pattern, line) for line in answer.log.splitlines()), answer.log)


@test
def _():
    "a sync that writes nothing, as one whose SYNC_DRY_RUN was left on, is none to the alarm that misses one"
    pattern = RESOURCES["SyncsCompletedFilter"]["Properties"]["FilterPattern"]
    for form in ("text", "json"):
        for args, more, is_sync in (((), {}, True), (("--dry-run",), {}, False), ((), {"SYNC_DRY_RUN": "1"}, False)):
            log = shop.run("sync", *args, LOG_FORMAT=form, LOG_TARGET="stderr", **more).err
            equal(any(matches(pattern, line) for line in log.splitlines()), is_sync, log)
            ok(is_sync or "Sync dry run completed" in log, log)


@test
def _():
    "each query names sentences and members that a run has written"
    for name, query in of_type("QueryDefinition").items():
        text = query["QueryString"]
        for phrase in re.findall(r'like "(.*?)"', text):
            if not phrase.startswith("BC-"):
                for form in ("text", "json"):
                    ok(any(phrase in line for line in lines(form)), f"{name}: {phrase}")
        for message in re.findall(r'msg = "(.*?)"', text):
            of = [json.loads(line) for line in lines("json") if json.loads(line)["msg"] == message]
            ok(of, f"{name}: {message}")
            words = re.findall(r"[a-z]\w*", re.sub(r"@\w+|\"[^\"]*\"", "", text))
            ours = set(words) - set("fields filter msg sort desc asc limit stats count by".split())
            for word in ours:
                ok(any(word in members for members in of), f"{name}: {word}")


@test
def _():
    "each alarm is on a metric that a filter counts, and has somebody to tell"
    counted = {t["MetricName"] for f in of_type("MetricFilter").values() for t in f["MetricTransformations"]}
    for name, alarm in of_type("Alarm").items():
        ok(alarm["MetricName"] in counted, name)
        equal(alarm["AlarmActions"], [{"Ref": "Topic"}], name)
        ok(alarm["EvaluationPeriods"] * alarm["Period"] <= 86400, name)


def alarms(alarm, minutes):
    """Whether CloudWatch raises the alarm, on a sum, where a line of its metric comes in each of these minutes:
    M of the last N periods are at the threshold."""
    last, n = alarm["Period"] // 60, alarm["EvaluationPeriods"]
    ends = range(last, max(minutes) + last * n + 1, last)
    over = [sum(end - last <= m < end for m in minutes) >= alarm["Threshold"] for end in ends]
    return any(sum(over[max(0, i + 1 - n):i + 1]) >= alarm.get("DatapointsToAlarm", n) for i in range(len(over)))


@test
def _():
    "one order that goes on to fail, at gaps that grow as Stripe's do, raises its alarm; one that fails once does not"
    alarm = RESOURCES["OrdersFailedAlarm"]["Properties"]
    for minutes in ([0, 5, 35, 155], [0, 30, 150], [14, 74, 134], [3, 10, 60], list(range(0, 60, 3))):
        ok(alarms(alarm, minutes), minutes)
    for minutes in ([0], [7], [3, 3, 4], [0, 600]):
        ok(not alarms(alarm, minutes), minutes)


@test
def _():
    "AWS takes what the template sets up, by the shapes of its own interface"
    try:
        from botocore import loaders, model, validate
    except ImportError:
        skip("python3-botocore is not here")
    def service(name):
        return model.ServiceModel(loaders.Loader().load_service_model(name, "service-2"))
    def lower(value):
        if isinstance(value, dict):
            return {k[:1].lower() + k[1:]: lower(v) for k, v in value.items()}
        return [lower(v) for v in value] if isinstance(value, list) else value
    def filled(value):
        return json.loads(re.sub(r'\{"Ref": "(\w+)"\}', r'"the-\1"', json.dumps(value)))
    checked = 0
    for word, of, operation, change in (
            ("MetricFilter", "logs", "PutMetricFilter", lower),
            ("QueryDefinition", "logs", "PutQueryDefinition", lower),
            ("Alarm", "cloudwatch", "PutMetricAlarm", dict)):
        shape = service(of).operation_model(operation).input_shape
        for name, properties in of_type(word).items():
            own = {"MetricFilter": {"filterName": name}, "Alarm": {"AlarmName": name}}.get(word, {})
            given = {**change(filled(properties)), **own}
            if word != "Alarm":
                for t in given.get("metricTransformations", []):
                    t.update({} if "defaultValue" not in t else {"defaultValue": float(t["defaultValue"])})
            report = validate.ParamValidator().validate(given, shape)
            ok(not report.has_errors(), f"{name}: {report.generate_report()}")
            checked += 1
    equal(checked, len(RESOURCES))


# What the shapes leave open: the values of enumerations, and which properties exclude each other.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
COMPARISONS = {"GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold",
               "LessThanOrEqualToThreshold"}
STATISTICS = {"SampleCount", "Average", "Sum", "Minimum", "Maximum"}
MISSING = {"breaching", "notBreaching", "ignore", "missing"}


def references(value):
    """The names in each {"Ref": name} below a value."""
    if isinstance(value, dict):
        return [value["Ref"]] if set(value) == {"Ref"} else references(list(value.values()))
    return [name for member in value for name in references(member)] if isinstance(value, list) else []


@test
def _():
    "the template is one that CloudFormation takes: names, references, enumerations, periods, lengths"
    equal(TEMPLATE["AWSTemplateFormatVersion"], "2010-09-09")
    ok(set(references(RESOURCES)) == set(TEMPLATE["Parameters"]), "each parameter is used, and no other")
    for name, resource in RESOURCES.items():
        ok(re.fullmatch(r"[A-Za-z0-9]{1,255}", name), name)
        equal(set(resource), {"Type", "Properties"}, name)
    counted = {(t["MetricNamespace"], t["MetricName"]) for f in of_type("MetricFilter").values()
               for t in f["MetricTransformations"]}
    for name, alarm in of_type("Alarm").items():
        ok(alarm["ComparisonOperator"] in COMPARISONS and alarm["TreatMissingData"] in MISSING, name)
        ok(alarm["Period"] in (10, 20, 30) or alarm["Period"] % 60 == 0, name)
        ok((alarm.get("Statistic") in STATISTICS) != bool(
            re.fullmatch(r"p(100|\d{1,2}(\.\d+)?)", alarm.get("ExtendedStatistic", ""))), name)
        ok((alarm["Namespace"], alarm["MetricName"]) in counted, name)
        ok(len(alarm["AlarmDescription"]) <= 1024, name)
    for name, filter_ in of_type("MetricFilter").items():
        equal(len(filter_["MetricTransformations"]), 1, name)
        ok(0 < len(filter_["FilterPattern"]) <= 1024, name)
        for change in filter_["MetricTransformations"]:
            ok(isinstance(change["MetricValue"], str) and not {"DefaultValue", "Dimensions"} <= set(change), name)
    titles = [query["Name"] for query in of_type("QueryDefinition").values()]
    equal(len(set(titles)), len(titles), "names of queries")


@test
def _():
    "every sentence of doc/log.md's table is one that a program writes"
    source = ""
    for folder, _, names in os.walk(os.path.join(lib.SRC, "src")):
        for name in names:
            if name.endswith(".c"):
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    source += f.read()
    with open(os.path.join(lib.SRC, "doc", "log.md"), encoding="utf-8") as page:
        sentences = re.findall(r"^\| `([^`]+)` \|", page.read(), re.M)
    ok(len(sentences) > 8, sentences)
    for sentence in sentences:
        ok(f'"{sentence}"' in source, sentence)


# --- Prometheus -------------------------------------------------------------------------------------

def promtool(*arguments):
    if not shutil.which("promtool"):
        skip("promtool (Debian: prometheus) is not here")
    done = subprocess.run(["promtool", *arguments], cwd=CONF, capture_output=True, text=True)
    equal(done.returncode, 0, done.stdout + done.stderr)


@test
def _():
    "promtool takes the rules, and each alert fires when it should and not else"
    promtool("check", "rules", "prometheus-rules.yml")
    promtool("test", "rules", "prometheus-rules-test.yml")


@test
def _():
    "the rules, and the page, name series that /metrics has after a run, and labels that it gives"
    lines("json")
    text = shop.cgi("status", None, "GET", SCRIPT_NAME="/metrics").body.decode()
    for name in ("conf/monitoring/prometheus-rules.yml", "doc/monitoring.md"):
        with open(os.path.join(lib.SRC, name), encoding="utf-8") as f:
            page = f.read()
        for series in set(re.findall(r"\bordersnap_[a-z_]+", page)):
            ok(re.search(rf"^(# TYPE )?{series}[ {{]", text, re.M), f"{name}: {series}")
        for label, value in re.findall(r'(\w+)="([^"~|]+)"', page):
            if label not in ("job", "outcome") and not value.startswith("sync"):
                contains(text, f'{label}="{value}"')
    with open(os.path.join(CONF, "prometheus-rules-test.yml"), encoding="utf-8") as f:
        for bound in sorted(set(re.findall(r'le="[^"]*"', f.read()))):
            contains(text, bound)  # the rules are tried on the buckets that there are


main(shop.close)
