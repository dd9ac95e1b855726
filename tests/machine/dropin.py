#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The drop-in in somebody's account on a shared server: Debian systems in folders, from which all
libraries of ours are taken away, with Apache, suEXEC, and mod_cgi or mod_fcgid.  What README.txt says is done
by FTP and by calling a page; nobody has a shell.  And plain CGI on a machine of one's own, by the lines of
doc/hosting.md.  `./dev test --machine` runs it, as root.

    dropin.py FOLDER       ORDERSNAP_BUILD has a build; FOLDER: where the systems stand while it runs
"""
import glob
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import environment  # noqa: E402,F401
import shop  # noqa: E402
from tap import contains, equal, eventually, lacks, main, skip, test  # noqa: E402

FOLDER = os.path.abspath(sys.argv.pop(1))
# The system that the drop-in is packed on, one that is newer; and one whose glibc is older than the programs need.
RELEASES, OLD = ("bookworm", "trixie"), "bullseye"
# What the system itself does not run without.
GLIBC = re.compile(r"ld\.so|lib(c|m|resolv|dl|pthread|rt|nss_.*)\.so\..*")
APACHE = "apache2-bin,libapache2-mod-fcgid,ca-certificates"
SUEXEC = ",apache2-suexec-pristine"
PLAIN = "apache2,libfcgi0ldbl,libjson-c5,libjwt0,libsqlite3-0,libcurl4,ca-certificates"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
JSON = {"Content-Type": "application/json"}
_roots, _left = {}, []

# Mounts and processes of its own: $ORIGIN needs /proc, and what it leaves running goes with it.
ENTER = """set -e
mount --make-rprivate /
mount -t proc proc "$1/proc"
root=$1
shift
exec chroot "$@" """


def enter(root, command, user="root"):
    """The command, to be run in that system, with nothing of our environment."""
    return ["unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child=KILL", "--", "bash", "-c", ENTER, "bash",
            root, f"--userspec={user}:{user}", root, "/usr/bin/env", "-i", "PATH=" + PATH, *command]


def run(root, *command, user="root"):
    return subprocess.run(enter(root, command, user), capture_output=True, text=True, timeout=300,
                          stdin=subprocess.DEVNULL)


def dropin():
    """The tarball's folder, packed here once."""
    if "dropin" not in _roots:
        done = subprocess.run(["make", "-s", "-C", shop.BUILD, "dropin", "DROPIN=dropin-of-the-tests"],
                              capture_output=True, text=True, env=dict(os.environ))
        equal(done.returncode, 0, done.stdout + done.stderr)
        tarball = os.path.join(shop.BUILD, "dropin-of-the-tests.tar.gz")
        with tarfile.open(tarball) as tar:
            tar.extractall(FOLDER)
        os.remove(tarball)
        _roots["dropin"] = os.path.join(FOLDER, "dropin-of-the-tests")
    return _roots["dropin"]


def machine(release, packages="", bare=True):
    """A system of that release, made once; `bare`: without any library that the drop-in brings."""
    name = release + ("" if bare else "-whole")
    if name not in _roots:
        root = os.path.join(FOLDER, name)
        _left.append(root)
        command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase"]
        for key in ("Acquire::http::Proxy", "Acquire::https::Proxy"):
            value = subprocess.run(["apt-config", "shell", "value", key], capture_output=True, text=True).stdout
            if value:
                command.append(f"--aptopt={key} {json.dumps(value.strip()[7:-1])}")
        if packages:
            command.append("--include=" + packages)
        done = subprocess.run([*command, release, root], capture_output=True, text=True)
        _roots[name] = None if done.returncode else root
        if done.returncode:
            raise RuntimeError(f"{release} can't be made: {done.stderr}")
        for library in os.listdir(dropin() + "/cgi-bin/lib") if bare else ():
            for path in [] if GLIBC.fullmatch(library) else glob.glob(f"{root}/usr/lib/*/{library}*"):
                os.remove(path)
    if not _roots[name]:
        skip(f"there is no {release}")
    return _roots[name]


class Account:
    """An account of the host's, with cgi-bin beside the document root or in it.  On the old one all of Apache
    runs as the account's user: the archive may have lost what suEXEC needs."""

    def __init__(self, release, in_root, modules):
        self.suexec = release != OLD
        self.root, self.in_root = machine(release, APACHE + SUEXEC if self.suexec else APACHE), in_root
        self.name = "owner"
        self.home = f"/var/www/{self.name}{'-in' if in_root else ''}"
        if not os.path.exists(self.root + self.home):
            run(self.root, "useradd", "--home-dir", self.home, "--shell", "/usr/sbin/nologin", self.name)
        self.pages = self.home + "/public_html"
        self.cgi = (self.pages if in_root else self.home) + "/cgi-bin"
        run(self.root, "usermod", "--home", self.home, self.name)
        with open(self.root + "/etc/passwd") as f:
            self.ids = [int(n) for n in re.search(rf"^{self.name}:x:(\d+):(\d+)", f.read(), re.M).groups()]
        self.port = shop.free_port()
        self.sim = shop.Sim(FOLDER, f"http://127.0.0.1:{self.port}/stripe/webhook")
        self.upload()
        self.start(modules)

    def path(self, path):
        return self.root + path

    def upload(self):
        """As FTP does: the modes are the server's, but for the one that step 3 sets."""
        for name, to in (("cgi-bin", self.cgi), ("public_html", self.pages),
                         ("ordersnap", self.home + "/ordersnap")):
            shutil.copytree(os.path.join(dropin(), name), self.path(to), dirs_exist_ok=True)
        for folder, _, files in os.walk(self.path(self.home)):
            for name in [".", *files]:
                os.chown(os.path.join(folder, name), *self.ids)
                os.chmod(os.path.join(folder, name), 0o755 if name == "." else 0o644)
        os.chmod(self.path(self.cgi + "/selftest.cgi"), 0o755)

    def start(self, modules):
        modules = [*modules, "authz_core", "alias", "env", "dir", "rewrite", "setenvif", "mime",
                   *(["suexec"] if self.suexec else [])]
        load = "".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so\n" for m in modules)
        user = "www-data" if self.suexec else self.name
        suexec = f"SuexecUserGroup {self.name} {self.name}" if self.suexec else ""
        alias = "" if self.in_root else f'ScriptAlias "/cgi-bin/" "{self.cgi}/"\n'
        with open(self.path("/srv/httpd.conf"), "w") as f:
            f.write(f"""
{load}{alias}
User {user}
Group {user}
ServerName 127.0.0.1
Listen 127.0.0.1:{self.port}
DefaultRuntimeDir "/run"
PidFile "/run/httpd.pid"
TypesConfig /dev/null
ErrorLog "/srv/error.log"
{suexec}
DocumentRoot "{self.pages}"
<Directory />
    Require all denied
</Directory>
<Directory "{self.home}">
    AllowOverride FileInfo
    Require all granted
</Directory>
<Directory "{self.cgi}">
    Options +ExecCGI
</Directory>
{'FcgidIPCDir /run/fcgid' if 'fcgid' in modules else ''}
{'FcgidProcessTableFile /run/fcgid.shm' if 'fcgid' in modules else ''}
""")
        os.makedirs(self.path("/run/fcgid"), exist_ok=True)
        os.makedirs(self.path("/var/log/apache2"), exist_ok=True)  # suEXEC's log
        os.chown(self.path("/run/fcgid"), *((33, 33) if self.suexec else self.ids))
        self.server = subprocess.Popen(enter(self.root, ["apache2", "-f", "/srv/httpd.conf", "-D", "FOREGROUND"]),
                                       stdin=subprocess.DEVNULL, start_new_session=True)
        eventually(lambda: self.server.poll() is not None or self.listens(), what="Apache listens")
        equal(self.server.poll(), None, self.log())

    def listens(self):
        try:
            return self.ask("GET", "/ordersnap.js")[0]
        except OSError:
            return 0

    def log(self):
        try:
            with open(self.path("/srv/error.log")) as f:
                return f.read()
        except OSError:
            return ""

    def ask(self, method, path, body=None, headers=None):
        server = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            server.request(method, path, body, headers or {})
            answer = server.getresponse()
            return answer.status, answer.read().decode()
        finally:
            server.close()

    def post(self, path, value):
        status, said = self.ask("POST", path, json.dumps(value), JSON)
        equal(status, 200, said + self.log()[-3000:])
        return json.loads(said)

    def selftest(self):
        status, said = self.ask("GET", "/cgi-bin/selftest.cgi")
        equal(status, 200, said + self.log()[-3000:])
        lacks(said, shop.STRIPE_SECRET)
        lacks(said, shop.WEBHOOK_SECRET)
        return said

    def fill_in(self):
        """Step 1, by an editor; uploaded again."""
        path = self.path(self.home + "/ordersnap/ordersnap.conf")
        with open(path) as f:
            text = f.read()
        text = (text.replace("sk_test_REPLACE_ME", shop.STRIPE_SECRET)
                .replace("whsec_REPLACE_ME", shop.WEBHOOK_SECRET)
                .replace("https://shop.example", "https://pearls.test")
                .replace("#STRIPE_API_BASE=https://api.stripe.com", "STRIPE_API_BASE=" + self.sim.base))
        with open(path, "w") as f:
            f.write(text)

    def sell(self):
        quote = self.post("/cart/quote", {"items": [{"sku": "N-RED", "quantity": 2}]})
        session = self.post("/checkout/create-session", {"quoteSignature": quote["quoteSignature"],
                                                         "customerEmail": "jane@pearls.test"})
        self.sim.post("/_sim/pay", {"session": session["sessionId"], "wait": True})
        status, said = self.ask("GET", "/checkout/session-status?session_id=" + session["sessionId"])
        contains(said, '"orderNumber"')

    def command(self, line):
        """A line of the panel's cron jobs, as cron runs it."""
        return run(self.root, "HOME=" + self.home, "/bin/sh", "-c", line, user=self.name)

    def close(self):
        self.server.kill()  # unshare does not hear SIGTERM; what it started ends with it
        self.server.wait()
        self.sim.close()


class Plain(Account):
    """Debian's own Apache, set up by the lines of the documentation."""

    def __init__(self, root, port, sim):
        self.root, self.port, self.sim = root, port, sim
        self.server = None

    def steps(self, lines):
        done = run(self.root, "/bin/sh", "-exc", "\n".join(lines))
        equal(done.returncode, 0, done.stdout + done.stderr)

    def serve(self):
        os.makedirs(self.path("/run/apache2"), exist_ok=True)
        self.server = subprocess.Popen(enter(self.root, ["/usr/sbin/apache2ctl", "-D", "FOREGROUND"]),
                                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       start_new_session=True)
        eventually(lambda: self.server.poll() is not None or self.listens(), what="Apache listens")

    def log(self):
        with open(self.path("/var/log/apache2/error.log")) as f:
            return f.read()

    def close(self):
        if self.server:
            super().close()
        else:
            self.sim.close()


def whole_story(release, in_root, modules):
    account = Account(release, in_root, modules)
    try:
        said = account.selftest()
        for part in ("ok      user      programs run as owner", "ok      machine   Linux ", "files are whole",
                     "ok      programs", "FAILED  settings  not filled in yet: STRIPE_SECRET"):
            contains(said, part)
        account.fill_in()
        said = account.selftest()
        contains(said, f"ok      settings  {account.home}/ordersnap/ordersnap.conf, mode 600")
        contains(said, "orders.db was created")
        equal(account.ask("GET", "/healthz")[0], 200, account.log()[-3000:])
        account.sell()
        line = re.search(r"^    17 \* \* \* \*  (.*)$", said, re.M).group(1)
        done = account.command(line)
        equal((done.returncode, done.stderr), (0, ""))
        done = account.command(line.replace("sync --quiet", "orders"))
        contains(done.stdout, "60.00 USD  completed")
        for path in ("ordersnap.conf", "orders.db"):
            mode = os.stat(account.path(f"{account.home}/ordersnap/{path}"))
            equal((mode.st_uid, mode.st_mode & 0o007), (account.ids[0], 0), path)
    finally:
        account.close()


def story(release, in_root, modules, sentence):
    def body():
        whole_story(release, in_root, modules)
    body.__doc__ = f"{release}, {sentence}: uploaded, tested, set up, sold, synced"
    test(body)


for _release in RELEASES:
    story(_release, False, ("mpm_prefork", "cgi"), "mod_cgi, cgi-bin beside the document root")
    story(_release, True, ("mpm_event", "fcgid", "cgid"), "mod_fcgid, cgi-bin in the document root")


@test
def _():
    "on a system whose glibc is too old for the programs they run with their own"
    try:
        root = machine(OLD, APACHE)
    except RuntimeError as e:
        skip(str(e).splitlines()[0])
    shutil.copytree(dropin() + "/cgi-bin", root + "/srv/cgi-bin")
    said = run(root, "/bin/sh", "-c", "cd /srv/cgi-bin && /lib64/ld-linux-x86-64.so.2 ./ordersnap --version")
    contains(said.stderr, "version `GLIBC_2.3")
    whole_story(OLD, False, ("mpm_prefork", "cgi"))
    whole_story(OLD, True, ("mpm_event", "fcgid", "cgid"))


# --- plain CGI ----------------------------------------------------------------------------------

def lines_of_plain_cgi():
    """The lines of code of doc/hosting.md's section, but for those to install and those for systemd."""
    with open(os.path.join(shop.SRC, "doc", "hosting.md")) as f:
        section = f.read().split("\n## Plain CGI by Apache\n")[1].split(" With\nsystemd's")[0]
    return [line.strip() for line in section.splitlines() if line.startswith("    ") and "apt-get" not in line]


@test
def _():
    "plain CGI by the steps of doc/hosting.md: web server, command and timer are one user, and it sells"
    root = machine("bookworm", PLAIN, bare=False)
    done = subprocess.run(["make", "-s", "-C", shop.BUILD, "install", "DESTDIR=" + root], capture_output=True,
                          text=True)
    equal(done.returncode, 0, done.stdout + done.stderr)
    port = shop.free_port()
    sim = shop.Sim(FOLDER, f"http://127.0.0.1:{port}/stripe/webhook")
    fill_in = (f"sed -i -e s/sk_test_REPLACE_ME/{shop.STRIPE_SECRET}/ -e s/whsec_REPLACE_ME/{shop.WEBHOOK_SECRET}/"
               f" -e s/REPLACE_ME_WITH_A_RANDOM_STRING/{shop.QUOTE_SECRET}/ -e s/shop.example/pearls.test/"
               f" -e 's|^#STRIPE_API_BASE=.*|STRIPE_API_BASE={sim.base}|' /etc/ordersnap/ordersnap.conf")
    lines = lines_of_plain_cgi()
    here = next(i for i, line in enumerate(lines) if line.startswith("runuser"))
    site = Plain(root, port, sim)
    try:
        site.steps([*lines[:here], fill_in, f"echo Listen 127.0.0.1:{port} >/etc/apache2/ports.conf",
                    *[line for line in lines[here:] if "graceful" not in line and "check" not in line]])
        site.serve()
        site.sell()
        with open(root + "/etc/cron.d/ordersnap") as f:
            cron = f.read()
        user, line = re.search(r"^17 \* \* \* \*  (\S+)  (.*)$", cron, re.M).groups()
        for _ in range(2):  # the web server and the timer in turn, on one store and its log
            done = run(root, "/bin/sh", "-c", line, user=user)
            equal(done.returncode, 0, done.stderr)
            site.sell()
        said = run(root, "/bin/sh", "-c", lines[-1].replace("check", "orders")).stdout
        equal(said.count("60.00 USD  completed"), 3, said)
        said = run(root, "/bin/sh", "-c", lines[-1]).stdout
        contains(said, ": 0 failed")
    finally:
        site.close()


def cleanup():
    for root in _left:
        subprocess.run(["rm", "-rf", "--one-file-system", root], check=False)
    shutil.rmtree(os.path.join(FOLDER, "dropin-of-the-tests"), ignore_errors=True)


for _number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(_number, lambda number, _frame: sys.exit(128 + number))
subprocess.run(["rm", "-rf", "--one-file-system", FOLDER], check=True)  # of a run that was killed
os.makedirs(FOLDER)
main(cleanup)
