#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The configuration: where it is read from, what is refused, and who gets to see why."""
import os
import re
import shutil
import subprocess

from kit import (JWT_SECRET, KeptShop, Stub, case, check_log, contains, environment, equal, granted,
                 key_pair, lacks, lib, logged, main, ok, refused, sign, skip, test)

EVENT = b'{"id":"evt_config","object":"event","type":"ping"}'
stripe = Stub(lambda _request: (200, b'{"object":"list","data":[],"has_more":false}'))
shop = KeptShop(sim=False, STRIPE_API_BASE=stripe.base)

# The programs, a request to each, and what each can't do without.
PROGRAMS = {
    "cart-quote": ["COMMERCE_DB", "STRIPE_SECRET", "QUOTE_SIGNATURE_SECRET"],
    "checkout-create-session": ["COMMERCE_DB", "STRIPE_SECRET", "QUOTE_SIGNATURE_SECRET"],
    "stripe-webhook": ["COMMERCE_DB", "STRIPE_SECRET", "STRIPE_WEBHOOK_SECRET"],
}


def ask(program="stripe-webhook", **settings):
    """A request to a program under these settings; None takes one away."""
    if program == "status":
        return shop.health(**settings)
    return shop.cgi(program, EVENT, HTTP_STRIPE_SIGNATURE=sign(EVENT), **settings)


def misconfigured(answer, *parts):
    """500 with one fixed sentence; these parts are on standard error and nowhere else."""
    equal((answer.status, answer.json), (500, {"error": "Service misconfigured"}))
    equal(answer.exit_code, 1)
    for part in parts:
        contains(answer.log, part)
        lacks(answer.body.decode() + str(answer.headers), part)


def conf(text, mode=0o640, name="test.conf"):
    """A configuration file; gives its path.  An earlier one may be nobody's to write: it is removed."""
    path = os.path.join(shop.folder, name)
    if os.path.lexists(path):
        os.unlink(path)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


def from_file(text, program="stripe-webhook", mode=0o640, **settings):
    """Asks a program that has its whole configuration from a file."""
    unset = dict.fromkeys(shop.settings)
    return ask(program, **{**unset, "ORDERSNAP_CONF": conf(text, mode), **settings})


WHOLE = "".join(f"{name}={value}\n" for name, value in shop.settings.items())


def but(**changes):
    """The whole configuration with other values; None: without that line."""
    return "".join(f"{name}={value}\n" for name, value in {**shop.settings, **changes}.items()
                   if value is not None)


# --- where it comes from ------------------------------------------------------------------------

@test
def _():
    """the environment alone is enough"""
    granted(ask())


@test
def _():
    """a file alone is enough"""
    granted(from_file(WHOLE))


@test
def _():
    """the environment overrides the file"""
    granted(from_file(but(STRIPE_WEBHOOK_SECRET="whsec_other"),
                      STRIPE_WEBHOOK_SECRET=lib.WEBHOOK_SECRET))
    refused(from_file(WHOLE, STRIPE_WEBHOOK_SECRET="whsec_other"), 400)


@test
def _():
    """a variable of the environment that is empty is not silently the file's"""
    misconfigured(from_file(WHOLE, STRIPE_WEBHOOK_SECRET=""), "STRIPE_WEBHOOK_SECRET")


@test
def _():
    """ORDERSNAP_CONF names a file; one that is not there stops the start, and is named"""
    misconfigured(ask(ORDERSNAP_CONF="/nowhere/ordersnap.conf"), "/nowhere/ordersnap.conf")
    misconfigured(ask(ORDERSNAP_CONF=shop.folder), shop.folder)


def unpacked(name):
    """A folder with cgi-bin/ and conf/ as on a shared server; gives (program, conf file)."""
    root = os.path.join(shop.folder, name)
    os.makedirs(root + "/cgi-bin")
    os.makedirs(root + "/conf")
    program = root + "/cgi-bin/stripe-webhook.fcgi"
    shutil.copy(lib.program("stripe-webhook"), program)
    return program, root + "/conf/ordersnap.conf"


def run(program, **variables):
    """Runs a copy of the webhook program with nothing but these variables."""
    given = environment.of(**{
        "ORDERSNAP_CONF": None, "REQUEST_METHOD": "POST", "GATEWAY_INTERFACE": "CGI/1.1",
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": len(EVENT),
        "HTTP_STRIPE_SIGNATURE": sign(EVENT), **variables})
    done = subprocess.run([*lib.WRAPPER, program], input=EVENT, env=given,
                          capture_output=True)
    answer = lib.Answer(done.stdout, done.stderr.decode(), done.returncode)
    logged.append(("stripe-webhook", answer.log))
    return answer


@test
def _():
    """../conf/ordersnap.conf beside the program is found, from whatever folder it is run"""
    program, path = unpacked("site one")
    with open(path, "w") as f:
        f.write(WHOLE)
    os.chmod(path, 0o600)
    granted(run(program))
    here = os.getcwd()
    os.chdir("/")
    try:
        granted(run(program))
    finally:
        os.chdir(here)


@test
def _():
    """ORDERSNAP_CONF comes before the file beside the program"""
    program, path = unpacked("site two")
    with open(path, "w") as f:
        f.write(but(STRIPE_WEBHOOK_SECRET="whsec_beside"))
    os.chmod(path, 0o600)
    refused(run(program), 400)
    granted(run(program, ORDERSNAP_CONF=conf(WHOLE)))


@test
def _():
    """a link to the program finds the file beside the program itself"""
    program, path = unpacked("site three")
    with open(path, "w") as f:
        f.write(WHOLE)
    os.chmod(path, 0o600)
    link = os.path.join(shop.folder, "link.fcgi")
    os.symlink(program, link)
    granted(run(link))


# --- the file's form ----------------------------------------------------------------------------

GOOD_FILES = [
    ("comments and empty lines", "# a comment\n; another\n\n   \n" + WHOLE + "  # indented\n"),
    ("quotes", but(STRIPE_SECRET=f'"{lib.STRIPE_SECRET}"',
                   STRIPE_WEBHOOK_SECRET=f"'{lib.WEBHOOK_SECRET}'")),
    ("blanks around", WHOLE.replace("=", " = ", 1).replace("\n", "  \n")),
    ("carriage returns", WHOLE.replace("\n", "\r\n")),
    ("no line feed at the end", WHOLE.rstrip("\n")),
    ("a byte order mark", "\ufeff" + WHOLE),
    ("a line twice, the last one counts", "STRIPE_WEBHOOK_SECRET=whsec_first\n" + WHOLE),
    ("an equals sign in a value", but(CHECKOUT_SUCCESS_URL="https://shop.example/?a=b&c=d")),
    ("a hash in a value", but(CHECKOUT_SUCCESS_URL="https://shop.example/#thanks")),
]

for name, text in GOOD_FILES:
    @case(f"a file with {name} is read")
    def _(text=text):
        granted(from_file(text))


BAD_FILES = [
    ("a line that is no KEY=VALUE", WHOLE + "hello\n", ["KEY=VALUE"]),
    ("a name with a dash", WHOLE + "LOG-LEVEL=info\n", []),
    ("no name", WHOLE + "=value\n", []),
    ("export in front", "export " + WHOLE, ["leave out the word export"]),
    ("a quote that is not closed", WHOLE + 'LOG_LEVEL="info\n', ["LOG_LEVEL"]),
    ("something behind a quote", WHOLE + 'LOG_LEVEL="info" x\n', ["LOG_LEVEL"]),
    ("a line that goes on", WHOLE + "LOG_LEVEL=in\\\nfo\n", []),
    ("a NUL byte", WHOLE + "LOG_LEVEL=in\0fo\n", []),
    ("a section", "[ordersnap]\n" + WHOLE, []),
]

for name, text, parts in BAD_FILES:
    @case(f"a file with {name} stops the start, and file and line are named")
    def _(text=text, parts=parts):
        answer = from_file(text)
        misconfigured(answer, "test.conf:", *parts)


@test
def _():
    """the number of the line is right"""
    misconfigured(from_file("# one\n\n" + "LOG_LEVEL=loud\n" + WHOLE), "test.conf:3", "LOG_LEVEL")


@test
def _():
    """a file of more than 64 KiB is refused"""
    misconfigured(from_file(WHOLE + "#" * 65536 + "\n"), "test.conf")


UNKNOWN = [("STRIPE_SECRT", "STRIPE_SECRET"), ("STRIPE_WEBHOOK_SECRETS", "STRIPE_WEBHOOK_SECRET"),
           ("COMERCE_DB", "COMMERCE_DB"), ("LOGLEVEL", "LOG_LEVEL"), ("stripe_secret", None),
           ("COLOR_OF_THE_SHOP", None), ("PATH", None)]

for name, meant in UNKNOWN:
    @case(f"{name} in the file is refused{f', and {meant} is meant' if meant else ''}")
    def _(name=name, meant=meant):
        answer = from_file(WHOLE + f"{name}=value-of-it\n")
        misconfigured(answer, name)
        lacks(answer.log, "value-of-it")
        if meant:
            contains(answer.log, f"did you mean {meant}")
        elif name != "stripe_secret":
            lacks(answer.log, "did you mean")


@test
def _():
    """an unknown variable of the environment is nobody's business"""
    granted(ask(STRIPE_SECRT="x", COLOR="red", LANG="C"))


# --- secrets ------------------------------------------------------------------------------------

for mode, fine in ((0o600, True), (0o640, True), (0o400, True), (0o644, False), (0o604, False),
                   (0o666, False), (0o602, False)):
    @case(f"a file of mode {mode:o} with secrets is {'read' if fine else 'refused'}")
    def _(mode=mode, fine=fine):
        if fine:
            granted(from_file(WHOLE, mode=mode))
            return
        answer = from_file(WHOLE, mode=mode)
        misconfigured(answer, "test.conf")
        contains(answer.log, "chmod")


@test
def _():
    """a file that others can read may say what is no secret"""
    public = but(STRIPE_SECRET=None, STRIPE_WEBHOOK_SECRET=None, QUOTE_SIGNATURE_SECRET=None)
    granted(from_file(public, mode=0o644, STRIPE_SECRET=lib.STRIPE_SECRET,
                      STRIPE_WEBHOOK_SECRET=lib.WEBHOOK_SECRET))


for name in ("STRIPE_SECRET", "STRIPE_WEBHOOK_SECRET", "QUOTE_SIGNATURE_SECRET", "QUOTE_SIGNATURE_SECRET_PREVIOUS",
             "JWT_SECRET", "JWT_SECRET_PREVIOUS"):
    @case(f"{name} in a file that others can read is refused by its name")
    def _(name=name):
        only = {n: None for n in ("STRIPE_SECRET", "STRIPE_WEBHOOK_SECRET", "QUOTE_SIGNATURE_SECRET")}
        only[name] = "a-value-of-some-length"
        misconfigured(from_file(but(**only), mode=0o644), name, "chmod")

    for blank in ("", " ", "\t", " \t ", "\n"):
        @case(f"{name} that is {blank!r} refuses to start, in the environment and in the file")
        def _(name=name, blank=blank):
            misconfigured(ask(**{name: blank}), name)
            if blank != "\n":
                misconfigured(from_file(but(**{name: blank})), name)
                misconfigured(from_file(but(**{name: f'"{blank}"'})), name)


for blank in (",", "whsec_a,", ",whsec_a", "whsec_a,,whsec_b", "whsec_a, ,whsec_b", " , ",
              "whsec_a,\t"):
    @case(f"STRIPE_WEBHOOK_SECRET {blank!r} has a blank one among its secrets: refused")
    def _(blank=blank):
        answer = ask(STRIPE_WEBHOOK_SECRET=blank)
        misconfigured(answer, "STRIPE_WEBHOOK_SECRET")
        lacks(answer.log, "whsec_a")


@test
def _():
    """an event that is signed with an empty secret never passes"""
    for setting in (None, "", " ", ",", "whsec_a,"):
        answer = shop.cgi("stripe-webhook", EVENT, STRIPE_WEBHOOK_SECRET=setting,
                          HTTP_STRIPE_SIGNATURE=sign(EVENT, ""))
        equal(answer.status, 500)


# --- what is still the example's ----------------------------------------------------------------

SECRETS = ("STRIPE_SECRET", "STRIPE_WEBHOOK_SECRET", "QUOTE_SIGNATURE_SECRET",
           "QUOTE_SIGNATURE_SECRET_PREVIOUS", "JWT_SECRET", "JWT_SECRET_PREVIOUS",
           "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN")
EVERYBODY = [*PROGRAMS, "status"]


def shipped_examples():
    """What the shipped files and manuals show in a secret's place: {(file, setting, value)}."""
    folders = ["conf", "man", "doc"]
    paths = [os.path.join(lib.SRC, name) for name in ("README.md", "SECURITY.md")]
    for folder in folders:
        for where, _, names in os.walk(os.path.join(lib.SRC, folder)):
            paths += [os.path.join(where, name) for name in names
                      if name.endswith((".example", ".md", ".5", ".7", ".8", ".conf", ".service"))]
    found = set()
    for path in paths:
        with open(path, encoding="utf-8") as f:
            for name, value in re.findall(r"^[ #]*([A-Z_]+)=(\S+)$", f.read(), re.M):
                if name in (*SECRETS, "AWS_ACCESS_KEY_ID"):
                    found.add((os.path.relpath(path, lib.SRC), name, value))
    return found


@test
def _():
    """no example of a shipped file or manual is accepted as a secret"""
    examples = shipped_examples()
    equal({name for path, name, _ in examples if path == "conf/ordersnap.conf.example"},
          {*SECRETS[:8], "AWS_ACCESS_KEY_ID"})
    ok(len({path for path, _, _ in examples}) >= 3, f"documents and manual too: {examples}")
    for path, name, value in sorted(examples):
        answer = ask(**{name: value})
        equal(answer.status, 500, f"{path}: {name}={value}")
        misconfigured(answer, name, "example")


for program in EVERYBODY:
    for name in SECRETS:
        @case(f"{program} does not start while {name} holds REPLACE_ME, in environment or file")
        def _(program=program, name=name):
            for value in ("REPLACE_ME", "sk_test_REPLACE_ME", "xREPLACE_MEx", "whsec_replace_me"):
                misconfigured(ask(program, **{name: value}), name, "example")
            misconfigured(from_file(but(**{name: "REPLACE_ME"}), program), name, "example")


@test
def _():
    """one example's value among several webhook secrets stops the start"""
    misconfigured(ask(STRIPE_WEBHOOK_SECRET=f"{lib.WEBHOOK_SECRET}, whsec_..."), "STRIPE_WEBHOOK_SECRET")


ADDRESSES = {"CHECKOUT_SUCCESS_URL": "https://shop.example/thanks",
             "CHECKOUT_CANCEL_URL": "http://www.Shop.Example:8443/cart",
             "CHECKOUT_RETURN_ORIGINS": "https://pearls.test,https://shop.example",
             "CORS_ALLOW_ORIGIN": "https://pearls.test https://shop.example.",
             "STRIPE_API_BASE": "https://api.shop.example"}
for program in EVERYBODY:
    for name, address in ADDRESSES.items():
        @case(f"{program} does not start with a live key and {name} on shop.example")
        def _(program=program, name=name, address=address):
            for key in ("sk_live_x00000000", "rk_live_x00000000", "sk_org_live_x00000000"):
                live = {**lib.OWN_PAGES, "STRIPE_SECRET": key, name: address}
                misconfigured(ask(program, **live), name, "shop.example", "live key")


@test
def _():
    """with a test key the example's address is fine, and so is a live one with the shop's own"""
    granted(ask(**{name: ADDRESSES[name] for name in ADDRESSES if name != "STRIPE_API_BASE"}))
    granted(ask(STRIPE_SECRET="sk_test_x_live_0", CHECKOUT_SUCCESS_URL="https://shop.example/"))
    for own in ("https://myshop.example/", "https://shop.example.org/", "https://pearls.test/shop.example"):
        granted(ask(**{**lib.OWN_PAGES, "STRIPE_SECRET": "sk_live_x00000000",
                       "CHECKOUT_SUCCESS_URL": own}))


# --- what is missing ----------------------------------------------------------------------------

for program, needs in PROGRAMS.items():
    for name in needs:
        @case(f"{program} without {name}: 500, the variable is named on standard error only")
        def _(program=program, name=name):
            misconfigured(ask(program, **{name: None}), name)

    @case(f"{program} needs nothing else")
    def _(program=program, needs=needs):
        settings = {name: None for name in shop.settings if name not in needs}
        equal(ask(program, **settings).status != 500, True)

    @case(f"{program} with nothing at all: 500 in CGI, whatever the request")
    def _(program=program):
        nothing = dict.fromkeys(shop.settings)
        for method in ("GET", "POST", "OPTIONS"):
            answer = shop.cgi(program, EVENT, method=method, **nothing)
            equal((answer.status, answer.json), (500, {"error": "Service misconfigured"}))


@test
def _():
    """the message says what to put there and where"""
    log = ask(STRIPE_WEBHOOK_SECRET=None).log
    contains(log, "whsec_")
    contains(log, "into " + shop.conf)
    contains(from_file(but(STRIPE_SECRET=None)).log, "test.conf")


@test
def _():
    """a misconfigured program opens no store and asks nobody"""
    before = stripe.connections
    path = os.path.join(shop.folder, "never.db")
    misconfigured(ask("cart-quote", COMMERCE_DB=path, LOG_LEVEL="loud"), "LOG_LEVEL")
    ok(not os.path.exists(path), "no file was made")
    equal(stripe.connections, before)


# --- values -------------------------------------------------------------------------------------

BAD_VALUES = {
    "COMMERCE_DB": ["orders.db", "./orders.db", "~/orders.db", "", " ", "/", "/tmp/"],
    "STRIPE_SECRET": ["sk_test_with space", "sk_test_line\nfeed", "sk_test_\x01"],
    "STRIPE_WEBHOOK_SECRET": ["whsec_a b", "whsec_\x7f"],
    "QUOTE_SIGNATURE_SECRET": ["two words", "bell\a"],
    "STRIPE_API_BASE": ["api.stripe.com", "http://api.stripe.com", "ftp://api.stripe.com",
                        "http://127.0.0.1.evil.example", "http://localhost.evil.example",
                        "https://user@api.stripe.com", "https://", "http://10.0.0.1", "", "https:// x",
                        "http://127.0.0.1:99999"],
    "STRIPE_WEBHOOK_TOLERANCE": ["0", "-1", "300s", "5m", "3e2", "300.0", "", " ", "0x12c", "abc",
                                 "99999999999999999999"],
    "QUOTE_TTL_MINUTES": ["0", "-5", "15m", "1.5", "", "1000000"],
    "SESSION_TTL_MINUTES": ["0", "29", "-1", "a day", "", "99999999999"],
    "EVENT_TTL_DAYS": ["0", "1", "3", "-90", "ninety", ""],
    "ORDER_TTL_DAYS": ["-1", "ever", "1y", "", "9223372036854775808"],
    "PRICE_CACHE_SECONDS": ["-1", "no", "", "1,000"],
    "ORDER_NUMBER_PREFIX": ["", "B C", "BC-", "B#C", "ABCDEFGHIJKLM", "é"],
    "CHECKOUT_SUCCESS_URL": ["/thanks", "shop.example/thanks", "javascript:alert(1)", "",
                             "https://shop example/", "ftp://shop.example/",
                             "https://shop.example/?id={SESSION_ID}",
                             "https://shop.example/?id={CHECKOUT_SESSION_ID"],
    "CHECKOUT_CANCEL_URL": ["/cart", "mailto:a@shop.example", " "],
    "CHECKOUT_RETURN_ORIGINS": ["shop.example", "https://shop.example/path", "https://u@shop.example",
                                "ftp://shop.example", "https://shop.example,nope", " "],
    "CORS_ALLOW_ORIGIN": ["shop.example", "https://shop.example/", "https://a.example;https://b.example",
                          "null", ""],
    "CHECKOUT_MODE": ["subscription", "setup", "Payment", ""],
    "CHECKOUT_ALLOW_PROMOTION_CODES": ["2", "maybe", "", "y", "-1"],
    "CHECKOUT_AUTOMATIC_TAX": ["enabled", " 1", "10"],
    "CHECKOUT_REQUIRE_AUTH": ["always", "t"],
    "JWT_PUBLIC_KEY_FILE": ["key.pem", "", "./key.pem"],
    "AUTH_HEADER": ["X Header", "X:Header", "", "X_Header\r\n"],
    "OUTGOING_PROXY": ["proxy.example:3128", "http://proxy.example", "https://proxy.example:3128",
                       "http://u:p@proxy.example:3128", "http://proxy.example:3128/x", "socks5://p:1080", ""],
    "LOG_LEVEL": ["loud", "INFO", "", "warn", "3"],
    "LOG_FORMAT": ["xml", "JSON", ""],
    "LOG_TARGET": ["stdout", "log.txt", "", "./log"],
}

for name, values in BAD_VALUES.items():
    @case(f"{name}: {', '.join(repr(v) for v in values)[:60]} are refused by name, wherever they stand")
    def _(name=name, values=values):
        for value in values:
            for program in ("stripe-webhook", "status"):
                answer = ask(program, **{name: value})
                misconfigured(answer, name)
            if "\n" not in value and "\r" not in value and value == value.strip():
                misconfigured(from_file(but(**{name: value})), name, "test.conf:")


@case("a page's address without https://, or with another name in braces, is told what to write")
def _():
    for name in ("CHECKOUT_SUCCESS_URL", "CHECKOUT_CANCEL_URL"):
        misconfigured(ask(**{name: "shop.example/x"}), f"{name} must begin with https://")
        for braces in ("{SESSION_ID}", "{}", "{CHECKOUT_SESSION_ID}}", "%7BCHECKOUT_SESSION_ID%7D"):
            misconfigured(ask(**{name: "https://shop.example/?id=" + braces}), name,
                          "in the place of {CHECKOUT_SESSION_ID}")
        granted(ask(**{name: "HTTPS://shop.example/{CHECKOUT_SESSION_ID}"}))


GOOD_VALUES = {
    "STRIPE_API_BASE": ["https://api.stripe.com", "http://127.0.0.1:12111", "http://localhost:1",
                        "http://[::1]:12111", "https://proxy.example/stripe"],
    "STRIPE_WEBHOOK_TOLERANCE": ["30", "300", "86400"],
    "QUOTE_TTL_MINUTES": ["1", "15", "1380"],
    "SESSION_TTL_MINUTES": ["30", "1440", "525600"],
    "EVENT_TTL_DAYS": ["4", "90", "36500"],
    "ORDER_TTL_DAYS": ["0", "36500"],
    "PRICE_CACHE_SECONDS": ["0", "300", "86400"],
    "ORDER_NUMBER_PREFIX": ["B", "SHOP2026", "ABCDEFGHIJKL", "bc"],
    "CHECKOUT_RETURN_ORIGINS": ["https://a.example", "https://a.example,https://b.example:8443",
                                "https://a.example https://b.example", "http://localhost:3000"],
    "CORS_ALLOW_ORIGIN": ["*", "https://a.example, https://b.example"],
    "CHECKOUT_MODE": ["payment"],
    "CHECKOUT_ALLOW_PROMOTION_CODES": ["1", "0", "true", "FALSE", "Yes", "no", "ON", "off"],
    "AUTH_HEADER": ["X-Authorization"],
    "LOG_LEVEL": ["debug", "info", "warning", "error"],
    "LOG_FORMAT": ["text", "json"],
    "LOG_TARGET": ["stderr"],
}

for name, values in GOOD_VALUES.items():
    @case(f"{name}: {', '.join(values)[:60]} are fine")
    def _(name=name, values=values):
        for value in values:
            granted(ask(**{name: value}))
            granted(from_file(but(**{name: value})))


# --- settings that belong together --------------------------------------------------------------

@test
def _():
    """CHECKOUT_REQUIRE_AUTH without a way to check a token stops the checkout, by name"""
    misconfigured(ask("checkout-create-session", CHECKOUT_REQUIRE_AUTH=1), "CHECKOUT_REQUIRE_AUTH",
                  "JWT_SECRET")


@test
def _():
    """JWT_SECRET and JWT_PUBLIC_KEY_FILE together stop it: one algorithm, not the token's choice"""
    _private, public = key_pair(shop.folder, "ec")
    misconfigured(ask("checkout-create-session", JWT_SECRET=JWT_SECRET, JWT_PUBLIC_KEY_FILE=public),
                  "JWT_SECRET", "JWT_PUBLIC_KEY_FILE")


@test
def _():
    """a JWT_PUBLIC_KEY_FILE that is missing, a private key or no key at all stops it"""
    private, public = key_pair(shop.folder, "ec")
    misconfigured(ask("checkout-create-session", JWT_PUBLIC_KEY_FILE=shop.folder + "/no.pem"),
                  "JWT_PUBLIC_KEY_FILE")
    misconfigured(ask("checkout-create-session", JWT_PUBLIC_KEY_FILE=private), "JWT_PUBLIC_KEY_FILE")
    junk = conf("no key", 0o644, "junk.pem")
    misconfigured(ask("checkout-create-session", JWT_PUBLIC_KEY_FILE=junk), "JWT_PUBLIC_KEY_FILE")
    fake = conf("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", 0o644, "fake.pem")
    misconfigured(ask("checkout-create-session", JWT_PUBLIC_KEY_FILE=fake), "JWT_PUBLIC_KEY_FILE")
    ok(ask("checkout-create-session", JWT_PUBLIC_KEY_FILE=public).status != 500, "a good one is fine")


@test
def _():
    """a store that a newer version wrote is a misconfiguration, and is left alone"""
    import sqlite3
    path = os.path.join(shop.folder, "newer.db")
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    answer = shop.health(COMMERCE_DB=path)
    equal(answer.status, 503)
    contains(answer.log, "newer")


@test
def _():
    """LOG_TARGET in a folder that is not there loses no line silently"""
    answer = ask(LOG_TARGET=shop.folder + "/no/such/ordersnap.log")
    equal(answer.status, 200)
    contains(answer.log, "error The log goes to standard error and syslog")
    contains(answer.log, shop.folder + "/no/such/ordersnap.log")
    contains(answer.log, "Webhook ignored")


@test
def _():
    """LOG_TARGET is a FIFO: no start waits for its reader, and nothing is written to it"""
    path = os.path.join(shop.folder, "log.fifo")
    os.mkfifo(path)
    for reader in (None, os.open(path, os.O_RDONLY | os.O_NONBLOCK)):
        answer = ask(LOG_TARGET=path)
        equal(answer.status, 200)
        contains(answer.log, "it is neither a file nor a device")
        contains(answer.log, "Webhook ignored")
    equal(os.read(reader, 1), b"")
    os.close(reader)
    contains(ask(LOG_TARGET=shop.folder).log, "Is a directory")


@test
def _():
    """LOG_TARGET is a device or a standard stream, as in a container: no complaint"""
    contains(ask(LOG_TARGET="/dev/stderr").log, "Webhook ignored")
    for device in ("/dev/null", "/dev/stderr"):
        lacks(ask(LOG_TARGET=device).log, "can't open")


@test
def _():
    """a log that root makes is its folder's owner's"""
    if os.geteuid() != 0:
        skip("only root can give files away")
    folder = os.path.join(shop.folder, "logs")
    os.mkdir(folder, 0o750)
    os.chown(folder, 33, 33)
    equal(ask(LOG_TARGET=folder + "/ordersnap.log").status, 200)
    made = os.stat(folder + "/ordersnap.log")
    equal((made.st_uid, made.st_gid, made.st_mode & 0o777), (33, 33, 0o640))


# --- by hand ------------------------------------------------------------------------------------

for program in [*PROGRAMS, "status"]:
    @case(f"{program} by hand: --version, --help, and usage for anything else")
    def _(program=program):
        def by_hand(*arguments):
            return subprocess.run([lib.program(program), *arguments], capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, env=environment.of())
        said = by_hand("--version")
        equal((said.returncode, said.stderr), (0, ""))
        contains(said.stdout, program)
        said = by_hand("--help")
        equal((said.returncode, said.stderr), (0, ""))
        contains(said.stdout, "ordersnap.conf")
        for arguments in ((), ("--nope",), ("x", "y")):
            said = by_hand(*arguments)
            equal((said.returncode, said.stdout), (2, ""))
            ok(said.stderr, "usage on standard error")


@test
def _():
    """arguments are the client's in CGI: a query string that reads like --help is not obeyed"""
    done = subprocess.run([*lib.WRAPPER, lib.program("stripe-webhook"), "--help"], input=EVENT,
                          env=shop.environment(REQUEST_METHOD="POST", CONTENT_LENGTH=len(EVENT),
                                               HTTP_STRIPE_SIGNATURE=sign(EVENT)),
                          capture_output=True)
    contains(done.stdout, b"Status: 200")


@test
def _():
    """no secret's value was shown in this run, on standard error or in an answer"""
    check_log(["a-value-of-some-length", "whsec_beside", "whsec_first", "sk_test_with", "two words"])


main(shop, stripe)
