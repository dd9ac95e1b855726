#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The drop-in: what `make dropin` packs, unpacked as by FTP into an account below Apache, with the
self-test in the place of a shell.

The programs get no library of this machine.  tests/machine/dropin.py does the same on Debians that have
none, under suEXEC.
"""
import contextlib
import errno
import glob
import http.client
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import tarfile
import tempfile
import time

import servers  # finds tests/lib
import orders
import shop
from tap import contains, equal, lacks, main, ok, skip, test

QUOTE = {"items": [{"sku": "N-RED", "quantity": 1}]}
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


class Account(servers.Site):
    """An account on a shared server: a home with a document root beside cgi-bin, both unpacked."""

    def make_folders(self):
        super().make_folders()
        shutil.rmtree(self.path("cgi-bin"))
        unpacked = unpack()
        shutil.copytree(unpacked + "/cgi-bin", self.path("cgi-bin"))
        for name in (".htaccess", "ordersnap.js"):
            shutil.copy(os.path.join(unpacked, "public_html", name), self.path("www"))
        # as FTP leaves it: nothing can be run but what step 3 says
        for folder, _, files in os.walk(self.path("cgi-bin")):
            self.own(folder, 0o755)
            for name in files:
                self.own(os.path.join(folder, name), 0o644)
        self.own(self.path("cgi-bin", "selftest.cgi"), 0o755)
        self.own(self.path("conf"), 0o755)
        self.db = self.path("conf", "orders.db")
        self.template = unpacked + "/ordersnap/ordersnap.conf"

    def write_configuration(self):
        """The packed settings, with the two keys filled in and nothing else."""
        with open(self.template) as f:
            text = f.read()
        self.put_settings(text.replace("sk_test_REPLACE_ME", shop.STRIPE_SECRET)
                          .replace("whsec_REPLACE_ME", shop.WEBHOOK_SECRET)
                          .replace("https://shop.example", "https://pearls.test")
                          .replace("#STRIPE_API_BASE=https://api.stripe.com",
                                   "STRIPE_API_BASE=" + self.sim.base))

    def settings_text(self):
        with open(self.path("conf", "ordersnap.conf"), encoding="utf-8") as f:
            return f.read()

    def put_setting(self, name, value):
        """One of the settings has another value; all as they were."""
        before = self.settings_text()
        self.put_settings(re.sub(rf"^{name}=.*", f"{name}={value}", before, flags=re.M))
        return before

    def put_settings(self, text):
        path = self.path("conf", "ordersnap.conf")
        with open(path, "w", newline="") as f:
            f.write(text.replace("\n", "\r\n"))  # by an editor on Windows
        self.own(path, 0o644)

    def init(self, *args):
        pass  # the self-test's work

    def write_server(self):
        modules = ("mpm_prefork", "cgi", "authz_core", "alias", "env", "dir", "rewrite", "setenvif", "mime")
        load = "".join(f"LoadModule {m}_module {servers.fronts.MODULES}/mod_{m}.so\n" for m in modules)
        user = "User www-data\nGroup www-data\n" if self.user else ""
        return self.write_file("httpd.conf", f"""
{load}{user}
ServerName 127.0.0.1
Listen 127.0.0.1:{self.port}
DefaultRuntimeDir "{self.path("run")}"
PidFile "{self.path("run", "httpd.pid")}"
Mutex "file:{self.path("run")}" default
TypesConfig /dev/null
ErrorLog "{self.path("log", "error.log")}"
DocumentRoot "{self.path("www")}"
ScriptAlias "/cgi-bin/" "{self.path("cgi-bin")}/"
<Directory />
    Require all denied
</Directory>
<Directory "{self.path("www")}">
    AllowOverride FileInfo
    Require all granted
</Directory>
<Directory "{self.path("cgi-bin")}">
    AllowOverride FileInfo
    Require all granted
</Directory>
""")

    def selftest(self, query=""):
        return self.ask("GET", "/cgi-bin/selftest.cgi" + query)

    def ask(self, method, path, body=None, headers=None):
        server = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            server.request(method, path, body and json.dumps(body),
                           {**({"Content-Type": "application/json"} if body else {}), **(headers or {})})
            answer = server.getresponse()
            return answer.status, answer.read().decode()
        finally:
            server.close()


_made = {}


def unpack():
    """The tarball's folder, made and unpacked once."""
    if "folder" not in _made:
        for need in ("readelf", "strip", "ldd"):
            if not shutil.which(need):
                skip(f"{need} is not installed")
        done = subprocess.run(["make", "-s", "-C", shop.BUILD, "dropin", "DROPIN=dropin-of-the-tests"],
                              capture_output=True, text=True)
        equal(done.returncode, 0, done.stdout + done.stderr)
        tarball = os.path.join(shop.BUILD, "dropin-of-the-tests.tar.gz")
        _made["home"] = tempfile.mkdtemp(prefix="ordersnap-dropin-")
        with tarfile.open(tarball) as tar:
            tar.extractall(_made["home"])
        os.remove(tarball)
        _made["folder"] = os.path.join(_made["home"], "dropin-of-the-tests")
    return _made["folder"]


def account():
    if servers.lacking("apache-cgi"):
        skip(servers.lacking("apache-cgi") + " is not installed")
    if "account" not in _made:
        _made["account"] = Account("apache-cgi")
    return _made["account"]


# --- what is packed -----------------------------------------------------------------------------

@test
def _():
    "each program finds its loader and each library beside itself"
    cgi = unpack() + "/cgi-bin"
    programs = glob.glob(cgi + "/*.fcgi") + [cgi + "/ordersnap"]
    equal(len(programs), 6)
    for program in programs:
        contains(subprocess.run(["readelf", "-l", program], capture_output=True, text=True).stdout,
                 "program interpreter: lib/ld.so]")
        done = subprocess.run(["env", "LD_TRACE_LOADED_OBJECTS=1", program], cwd=cgi, capture_output=True, text=True,
                              env=ENVIRONMENT)
        equal(done.returncode, 0, done.stderr)
        found = [line.split()[2] for line in done.stdout.splitlines() if " => " in line]
        ok(len(found) > 5, done.stdout)
        for place in found:
            ok(place.startswith((cgi + "/lib/", "lib/ld.so")), done.stdout)


@test
def _():
    "no library that is packed looks for another in a folder of the machine that built it"
    for library in glob.glob(unpack() + "/cgi-bin/lib/*.so*"):
        said = subprocess.run(["readelf", "-d", library], capture_output=True, text=True).stdout
        lacks(said, "RUNPATH")
        lacks(said, "RPATH")


@test
def _():
    "what glibc looks up accounts and names with is packed with it, for the host's own is of another glibc"
    packed = os.listdir(unpack() + "/cgi-bin/lib")
    for name in ("compat", "dns", "files"):
        ok(f"libnss_{name}.so.2" in packed, name)


@test
def _():
    "the settings are kept from others, have no secret, and the programs are not writable by others"
    folder = unpack()
    equal(stat.S_IMODE(os.stat(folder + "/ordersnap/ordersnap.conf").st_mode), 0o600)
    with open(folder + "/ordersnap/ordersnap.conf") as f:
        contains(f.read(), "QUOTE_SIGNATURE_SECRET=REPLACE_ME")
    for program in glob.glob(folder + "/cgi-bin/*.fcgi"):
        equal(stat.S_IMODE(os.stat(program).st_mode), 0o755)
    with open(folder + "/README.txt") as f:
        lacks(f.read(), "@")


# --- the account --------------------------------------------------------------------------------

@test
def _():
    "before the self-test nothing answers; it makes all that lacks, and the shop can sell"
    site = account()
    equal(site.ask("GET", "/healthz")[0], 500)
    status, said = site.selftest()
    equal(status, 200)
    for part in ("ok      machine", "ok      files", "ok      modes", "ok      programs", "made    settings",
                 "orders.db was created", "cgi-bin && LOG_LEVEL=warning ./ordersnap sync --quiet"):
        contains(said, part)
    lacks(said, shop.STRIPE_SECRET)
    lacks(said, shop.WEBHOOK_SECRET)
    equal(stat.S_IMODE(os.stat(site.path("conf", "ordersnap.conf")).st_mode), 0o600)
    with open(site.path("conf", "ordersnap.conf")) as f:
        text = f.read()
    secret = re.search(r"^QUOTE_SIGNATURE_SECRET=([0-9a-f]{64})$", text, re.M)
    ok(secret, "a secret of 64 digits, and no carriage returns")
    lacks(said, secret.group(1))
    status, said = site.ask("POST", "/cart/quote", QUOTE)
    equal(status, 200, said)
    contains(said, "quoteSignature")
    equal(site.ask("GET", "/healthz")[0], 200)


@test
def _():
    "each path of the .htaccess leads to its program, and nothing else in cgi-bin is handed out"
    site = account()
    site.selftest()
    for path, status in (("/orders", 401), ("/orders/BC-AAA111", 401), ("/checkout/create-session", 405),
                         ("/checkout/session-status?session_id=cs_test_none", 200),
                         ("/stripe/webhook", 405)):
        got, said = site.ask("GET", path)
        equal(got, status, f"{path}: {said}")
        contains(said, '{"')
    for path in ("/cgi-bin/ordersnap?orders", "/cgi-bin/lib/MANIFEST", "/cgi-bin/.htaccess",
                 "/cgi-bin/lib/libcurl.so.4"):
        ok(site.ask("GET", path)[0] in (403, 404, 500), path)  # 500: Require in lib's .htaccess


@test
def _():
    "a second call changes nothing, and a broken upload is named"
    site = account()
    with open(site.path("conf", "ordersnap.conf")) as f:
        before = f.read()
    lacks(site.selftest()[1], "made ")
    with open(site.path("conf", "ordersnap.conf")) as f:
        equal(f.read(), before)
    library = glob.glob(site.path("cgi-bin", "lib", "libcurl.so.*"))[0]
    with open(library, "rb") as f:
        whole = f.read()
    with open(library, "wb") as f:
        f.write(whole.replace(b"\n", b"\r\n"))
    said = site.selftest()[1]
    with open(library, "wb") as f:
        f.write(whole)
    contains(said, "FAILED  files     missing, or not as they were packed: lib/libcurl.so")
    contains(said, "binary mode")


def with_manifest(name, value):
    """What the self-test says where the programs were built for another machine."""
    site = account()
    path = site.path("cgi-bin", "lib", "MANIFEST")
    with open(path) as f:
        before = f.read()
    with open(path, "w") as f:
        f.write(re.sub(rf"^{name} .*", f"{name} {value}", before, flags=re.M))
    try:
        return site.selftest()[1]
    finally:
        with open(path, "w") as f:
            f.write(before)


@test
def _():
    "the loader runs no program that a visitor names, should the web server run it"
    try:
        done = subprocess.run([unpack() + "/cgi-bin/lib/ld.so", "/bin/echo", "it ran"], capture_output=True, text=True,
                              env=ENVIRONMENT)
    except OSError as e:
        ok(e.errno in (errno.ENOEXEC, errno.ENOENT), e)
    else:
        equal(done, "it can't be run")


@test
def _():
    "a Linux that is too old is named with both versions, and so is another kind of machine"
    said = with_manifest("kernel", "99.1.0")
    contains(said, f"FAILED  machine   its Linux is too old: this is {os.uname().release}, the programs need 99.1.0")
    lacks(said, "programs  they run")
    contains(with_manifest("machine", "riscv64"), "FAILED  machine   Linux on")
    major, minor = re.match(r"(\d+)\.(\d+)", os.uname().release).groups()
    for needed, runs in ((f"{major}.{minor}.0", True), (f"{major}.{int(minor) + 1}.0", False),
                         (f"{int(major) - 1}.{int(minor) + 1}.0", True), (f"{int(major) + 1}.0.0", False)):
        equal("too old" not in with_manifest("kernel", needed), runs, needed)


@test
def _():
    "a server that starts programs elsewhere than in their folder, where they find no loader, is named"
    site = account()
    user = {"user": site.user.pw_uid, "group": site.user.pw_gid, "extra_groups": []} if site.user else {}
    said = subprocess.run(["sh", site.path("cgi-bin", "selftest.cgi")], cwd="/", env=ENVIRONMENT,
                          capture_output=True, text=True, **user).stdout
    contains(said, "FAILED  machine   the web server starts programs in the folder /, not in their own")


@test
def _():
    "the cron line that check prints runs from any folder"
    site = account()
    site.selftest()
    user = {"user": site.user.pw_uid, "group": site.user.pw_gid, "extra_groups": []} if site.user else {}
    run = {"env": ENVIRONMENT, "capture_output": True, "text": True, **user}
    said = subprocess.run(["./ordersnap", "check"], cwd=site.path("cgi-bin"), **run).stdout
    line = re.search(r"cron's line, by crontab -e: \d+ \* \* \* \* (.* sync --quiet)$", said, re.M)
    ok(line, said)
    done = subprocess.run(["/bin/sh", "-c", line.group(1)], cwd="/", **run)
    equal(done.returncode, 0, line.group(1) + "\n" + done.stderr)


@test
def _():
    "settings that are not filled in are named, without their values"
    site = account()
    before = site.put_setting("STRIPE_SECRET", "sk_test_REPLACE_ME")
    said = site.selftest()[1]
    site.put_settings(before)
    contains(said, "FAILED  settings  not filled in yet: STRIPE_SECRET\n")
    lacks(said, shop.WEBHOOK_SECRET)


@test
def _():
    "of what was uploaded so that everybody can write it nothing stays so, the .htaccess files neither"
    site = account()
    pages = site.path("www", ".htaccess")
    site.own(pages, 0o666)
    for folder, _, files in os.walk(site.path("cgi-bin")):
        for name in files:
            if name != "selftest.cgi":  # suEXEC would not run it
                site.own(os.path.join(folder, name), 0o666)
    uploaded = os.stat(site.path("cgi-bin", "selftest.cgi")).st_ctime_ns
    contains(site.selftest()[1], "and nobody else can write here")
    equal(os.stat(site.path("cgi-bin", "selftest.cgi")).st_ctime_ns, uploaded, "the hour began again")
    found = [pages] + [os.path.join(folder, name) for folder, _, files in os.walk(site.path("cgi-bin"))
                       for name in [".", *files]]
    equal([path for path in found if os.stat(path).st_mode & 0o022], [])
    equal(site.ask("POST", "/cart/quote", QUOTE)[0], 200)


@test
def _():
    "the secret that it makes stands in no command line, where the host's other customers could read it"
    site = account()
    before = site.put_setting("QUOTE_SIGNATURE_SECRET", "REPLACE_ME")
    user = {"user": site.user.pw_uid, "group": site.user.pw_gid, "extra_groups": []} if site.user else {}
    told = subprocess.run(["sh", "-x", "selftest.cgi"], cwd=site.path("cgi-bin"), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          env=ENVIRONMENT, **user).stdout.decode()
    secret = re.search(r"^QUOTE_SIGNATURE_SECRET=([0-9a-f]{64})$", site.settings_text(), re.M)
    site.put_settings(before)
    ok(secret, told)
    shown = [line for line in told.splitlines() if secret.group(1) in line]
    equal(shown, ["+ secret=" + secret.group(1)])


@test
def _():
    "settings below the document root are refused by the self-test"
    site = account()
    os.rename(site.path("conf"), site.path("www", "conf"))
    os.symlink("www/conf", site.path("conf"))
    try:
        contains(site.selftest()[1], "is below the document root")
    finally:
        os.unlink(site.path("conf"))
        os.rename(site.path("www", "conf"), site.path("conf"))


@test
def _():
    "a host that runs everybody's programs as one user is refused"
    site = account()
    if not site.user:
        skip("only root can give files away")
    path = site.path("cgi-bin", "selftest.cgi")
    os.chown(path, 0, 0)
    said = site.selftest()[1]
    site.own(path, 0o755)
    contains(said, "FAILED  user      programs run as www-data, but these files are those of root")
    lacks(said, "machine ")


@test
def _():
    "an hour after its upload it says nothing any more, and nothing after a sale"
    site = account()
    path = site.path("cgi-bin", "selftest.cgi")
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text.replace("-lt 3600", "-lt -1"))
    said = site.selftest()[1]
    contains(said, "uploaded more than an hour ago")
    equal(len(said.splitlines()), 2)
    with open(path, "w") as f:
        f.write(text)
    for livemode, silent in ((False, False), (True, True)):
        orders.put(site, orders.order("cs_test_1", int(time.time()) - 3600, livemode=livemode))
        said = site.selftest()[1]
        equal("has sold something" in said, silent, said)
    equal(len(said.splitlines()), 1)


@test
def _():
    "it deletes itself when asked, and is gone"
    site = account()
    with contextlib.closing(sqlite3.connect(site.db)) as db, db:
        db.execute("DELETE FROM items WHERE pk LIKE 'USER#%' OR pk LIKE 'DAY#%'")
    contains(site.selftest("?delete")[1], "is deleted")
    equal(site.selftest()[0], 404)


def cleanup():
    if "home" in _made:
        shutil.rmtree(_made["home"])


main(cleanup)
