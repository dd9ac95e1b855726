#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What is written says what is: each setting with its default wherever settings are listed, each
event and each command where a reader looks for it, a page for each program, pages that mandoc likes,
and no path that leads nowhere or to somebody's home."""
import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tree  # noqa: E402  (finds tests/lib)
from tap import main, skip, test  # noqa: E402

KEYS = "src/config/config_keys.c"
MAN = "man/ordersnap.conf.5"
EXAMPLE = "conf/ordersnap.conf.example"
README = "README.md"
STRIPE_DOC = "doc/stripe.md"
OPERATION = "doc/operation.md"


def guides(root):
    """The documents: those beside README.md, and the pages of doc/ and conf/."""
    return sorted(p for p in tree.files(root) if re.match(r"([A-Z]+\.md|(doc|conf)/.*\.md)$", p))


def settings(root):
    """{name: default or None}, from the program's own table."""
    text = tree.without_comments(tree.read(root, KEYS))
    found = {}
    for entry in re.split(r"(?=\{\s*\.name\s*=)", text)[1:]:
        name = re.search(r'\.name\s*=\s*"([^"]+)"', entry)
        fallback = re.search(r'\.fallback\s*=\s*"([^"]*)"', entry)
        if name:
            found[name.group(1)] = fallback.group(1) if fallback else None
    return found


# --- where settings are listed: {name: default or None} ----------------------------------------

def man_settings(root):
    """`.It Ev NAME` in the section SETTINGS, and what stands behind "The default is"."""
    section = re.search(r"^\.Sh SETTINGS$(.*?)(?=^\.Sh )", tree.read(root, MAN), re.M | re.S)
    found = {}
    for entry in re.split(r"^\.It Ev ", section.group(1) if section else "", flags=re.M)[1:]:
        default = re.search(r"^The default is\n\.Ql (\S+)", entry, re.M)
        if not default and not re.search(r"^There is no default[;.]", entry, re.M):
            found[entry.split()[0]] = "nothing that a reader could find"
        else:
            found[entry.split()[0]] = default.group(1) if default else None
    return found


def example_settings(root):
    """NAME=VALUE or #NAME=VALUE at the beginning of a line; what is a default is commented out."""
    found = {}
    for mark, name, value in re.findall(r"^(#?)([A-Z][A-Z0-9_]+)=(.*)$", tree.read(root, EXAMPLE),
                                        re.M):
        found[name] = value if mark else None
    return found


# What looks like a setting in a document and is none: a variable of the environment or of a web
# server, a key of the table.
NO_SETTINGS = {"ORDERSNAP_CONF", "RES_OPTIONS", "REMOTE_USER", "ORDERSNAP_SRC", "ORDERSNAP_BUILD",
               "DOCUMENT_ROOT", "HTTP_PROXY", "STRIPE_ORDER_SYNC",
               "NOTIFY_ID", "NOTIFY_EVENTS", "NOTIFY_ORDER", "NOTIFY_NUMBER", "NOTIFY_ATTEMPT"}


def mentioned_settings(root, guide):
    """What a document for users names like a setting: `NAME`, `NAME=value`, or a line NAME=value."""
    text = tree.read(root, guide)
    return set(re.findall(r"(?:`|^\s*)([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?==|`)", text, re.M))


def settings_faults(root):
    """Settings that are missing, made up, or have another default; and a second table of them."""
    real, found = settings(root), []
    places = [(MAN, man_settings)]
    if tree.exists(root, EXAMPLE):
        places.append((EXAMPLE, example_settings))
    for guide in guides(root):
        if guide == "HACKING.md":
            continue  # its words in capitals are C's
        found += [f"{guide}: {name} is no setting" for name in
                  sorted(mentioned_settings(root, guide) - set(real) - NO_SETTINGS)]
        rows = re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", tree.read(root, guide), re.M)
        found += [f"{guide}: the table of settings is in {MAN} alone, {name} has a row here"
                  for name in rows if name in real]
    for place, listed_in in places:
        listed = listed_in(root)
        found += [f"{place}: {name} is missing" for name in real if name not in listed]
        found += [f"{place}: {name} is no setting" for name in listed if name not in real]
        for name in real:
            # An example may show a value where there is no default.
            if name not in listed or (place == EXAMPLE and real[name] is None):
                continue
            if listed[name] != real[name]:
                found.append(f"{place}: {name} has the default {real[name]}, not {listed[name]}")
    return found


# --- events and commands: what the program's tables have, and where it is to be found -----------

EVENT_KINDS = "src/shop/event.c"
WEBHOOK_MAN = "man/stripe-webhook.fcgi.8"
COMMAND_MAN = "man/ordersnap.8"


def event_types(root):
    """The types in kinds[]; one that ends in a dot is the beginning of several."""
    table = re.search(r"\bkinds\[\] = \{(.*?)^\};", tree.without_comments(tree.read(root, EVENT_KINDS)),
                      re.M | re.S)
    return re.findall(r'\{"([^"]+)"', table.group(1)) if table else []


def event_faults(root):
    """Events that nobody is told to subscribe to."""
    return [f"{place}: {name} is missing" for place in (STRIPE_DOC, WEBHOOK_MAN)
            for name in event_types(root)
            if not re.search(re.escape(name) + (r"\w" if name.endswith(".") else r"(?![\w.])"),
                             tree.read(root, place))]


def commands(root):
    """{name: its options}, from each `struct command` of src/cli/ and the table in the same file."""
    found = {}
    for path in tree.c_files(root):
        text = tree.read(root, path) if path.startswith("src/cli/") else ""
        table = re.search(r"^static const struct command_option \w+\[\] = \{(.*?)^\};", text,
                          re.M | re.S)
        options = re.findall(r'^\t\{"([\w-]+)"', table.group(1), re.M) if table else []
        for body in re.findall(r"^const struct command \w+ = \{(.*?)^\};", text, re.M | re.S):
            found[re.search(r'\.name = "([^"]+)"', body).group(1)] = options
    return found


def command_faults(root):
    """Commands and options that the pages do not have."""
    overview, manual, found = tree.read(root, COMMAND_MAN), tree.read(root, OPERATION), []
    for name, options in commands(root).items():
        page = f"man/ordersnap-{name}.8"
        if f".Xr ordersnap-{name} 8" not in overview:
            found.append(f"{COMMAND_MAN}: {name} is missing")
        if f"`ordersnap {name}" not in manual:
            found.append(f"{OPERATION}: ordersnap {name} is missing")
        if not tree.exists(root, page):
            found.append(f"{page}: is not there")
            continue
        has = re.findall(r"^\.It Fl -([\w-]+)", tree.read(root, page), re.M)
        found += [f"{page}: --{option} is missing" for option in options if option not in has]
        found += [f"{page}: there is no --{option}" for option in has if option not in options]
    return found


# --- man pages ---------------------------------------------------------------------------------

def man_pages(root):
    return sorted(p for p in tree.files(root) if re.match(r"man/.*\.[1-9]$", p))


def programs(root):
    """The names of what Makefile.am builds and installs."""
    text = tree.read(root, "Makefile.am").replace("\\\n", " ")
    lists = re.findall(r"^(?:endpoint|bin)_(?:PROGRAMS|SCRIPTS)\s*\+?=(.*)$", text, re.M)
    return [os.path.basename(word) for line in lists for word in line.split()]


def page_faults(root):
    """Programs without a page, and pages that are not installed."""
    pages, found = man_pages(root), []
    for name in programs(root):
        if not any(p in (f"man/{name}.1", f"man/{name}.8") for p in pages):
            found.append(f"man/{name}.8: the program has no page")
    listed = tree.read(root, "man/man.am") if tree.exists(root, "man/man.am") else ""
    return found + [f"{p}: not in man/man.am" for p in pages if p not in listed.split()]


def lint_faults(root):
    """What mandoc says, from warnings on."""
    found = []
    for path in man_pages(root):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", os.path.join(root, path)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        found += done.stdout.splitlines() or ([f"{path}: {done.stderr}"] if done.returncode else [])
    return found


# --- paths -------------------------------------------------------------------------------------

LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)|<img src=\"([^\"]*)\"")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
# What in backticks is meant as a path of this repository.
OURS = re.compile(r"(\./)?((src|cgi-bin|conf|completions|man|tests|m4|www|\.ci)/[\w./@*-]*|"
                  r"doc/[\w./*-]*|[A-Z]+\.md|COPYING|Makefile\.am|configure\.ac|\./dev)$")
BUILT = re.compile(r"(cgi-bin|build)/.*\.fcgi$|src/.*\.a$|.*/node_modules$")


def anchors(root, path):
    """What a link may name behind #: the page's headings in lower case, dashes for spaces."""
    heads = re.findall(r"^#+ (.*)$", FENCE.sub("", tree.read(root, path)), re.M)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def path_faults(root):
    """Links and paths in the guides that lead nowhere: a link is seen from the page's folder, what
    stands in backticks from the root."""
    found = []
    for guide in guides(root):
        plain, folder = FENCE.sub("", tree.read(root, guide)), os.path.dirname(guide)
        names = {w for code in CODE.findall(plain) for w in code.split() if OURS.match(w)}
        for page, anchor, image in set(LINK.findall(plain)):
            if re.match(r"[a-z]+:", page):
                continue
            target = os.path.normpath(os.path.join(folder, page or image)) if page or image else guide
            names.add(target)
            if anchor and tree.exists(root, target) and anchor not in anchors(root, target):
                found.append(f"{guide}: {target} has no heading {anchor}")
        found += [f"{guide}: there is no {name}" for name in sorted(names)
                  if not BUILT.match(name) and not glob.glob(os.path.join(root, name))]
    return found


# An absolute path in a guide, a man page or an example begins with one of these: a folder that every
# machine has, a path on the web, or the name of a parameter.
PUBLIC = set("bin boot dev etc lib media mnt opt proc run sbin srv sys tmp usr var "
             "cart checkout stripe healthz metrics orders demo thanks cgi-bin v1 v2 _sim pay "
             "ordersnap.js thanks.html shop".split())  # the last begins the names of SSM parameters
ABSOLUTE = re.compile(r"(?<![\w.:/}\])<>*@=~-])/([A-Za-z_][\w.-]*)(?=/|\b)")
PROSE = re.compile(r"([A-Z]+\.md|doc/.*\.md|man/.*\.[1-9]|conf/.*)$")
HOME = re.compile(r"/(home|Users)/[A-Za-z][\w.-]*")
REGISTRY = re.compile(r'https?://registry\.[\w.-]+')


def private_of_this_machine(root):
    """The folder that the work tree is in, and the home of who runs this, where they tell."""
    parent, home = os.path.dirname(os.path.abspath(root)), os.path.expanduser("~")
    public = {"/", "/tmp", "/var/tmp", "/usr/src", "/usr/local/src", "/srv", "/opt", "/build", "/home"}
    return [p for p in (parent, home) if os.path.isdir(p) and p not in public and not p.startswith("/tmp/")]


def private_faults(root, private=()):
    """Paths of one machine, and hosts that packages were got from."""
    found = []
    for path in tree.files(root):
        if tree.binary(root, path) or path.startswith("tests/guard/"):
            continue
        for number, line in enumerate(tree.read(root, path).splitlines(), 1):
            words = [m.group() for m in (HOME.search(line), REGISTRY.search(line)) if m]
            words += [p for p in private
                      if re.search(r"(?<![\w.-])" + re.escape(p) + r"(?![\w.-])", line)]
            if PROSE.match(path):
                words += ["/" + w for w in ABSOLUTE.findall(line) if w not in PUBLIC]
            found += [f"{path}:{number}: names {word}" for word in words]
    return found


@test
def _():
    "every setting stands in the man page and the example, with its default, and no page makes one up"
    tree.no_faults(settings_faults(tree.SRC))


@test
def _():
    "every event that is handled stands in doc/stripe.md and the webhook's page"
    if len(event_types(tree.SRC)) < 9:
        raise AssertionError(f"it sees {event_types(tree.SRC)}")
    tree.no_faults(event_faults(tree.SRC))


@test
def _():
    "every command has a page with its options and no others, and is in the overview and the manual"
    if "init" not in commands(tree.SRC):
        raise AssertionError(f"it sees {commands(tree.SRC)}")
    tree.no_faults(command_faults(tree.SRC))


@test
def _():
    "every program has a man page, every man page is installed"
    tree.no_faults(page_faults(tree.SRC))


@test
def _():
    "mandoc has no warning about a man page"
    if not shutil.which("mandoc"):
        skip("mandoc is not here")
    tree.no_faults(lint_faults(tree.SRC))


@test
def _():
    "every path and every heading that a document names is there"
    if len(guides(tree.SRC)) < 10:
        raise AssertionError(f"it sees {guides(tree.SRC)}")
    tree.no_faults(path_faults(tree.SRC))


@test
def _():
    "no text names a path of somebody's machine or a host that packages come from"
    tree.no_faults(private_faults(tree.SRC, private_of_this_machine(tree.SRC)))


@test
def _():
    "the guard sees the settings: some four dozen, a dozen of them with a default"
    real = settings(tree.SRC)
    if len(real) < 45 or len([d for d in real.values() if d is not None]) < 12:
        raise AssertionError(f"it sees {real}")


GOOD = {
    KEYS: '{.name = "A_PATH", .type = X,\n .hint = "h"},\n{.name = "B_TIME",\n'
          ' .fallback = "300"},\n{.name = NULL},\n',
    MAN: ".Sh SETTINGS\n.It Ev A_PATH\nIt.\nThere is no default; x.\n.It Ev B_TIME\n"
         "The default is\n.Ql 300 .\n.Sh FILES\n.It Ev C_OTHER\n",
    README: "`A_PATH`, and the table:\n\n    B_TIME=3\n\n| `sku` | a word |\n",
    EXAMPLE: "# A comment=1\nA_PATH=/x\n#B_TIME=300\n",
}


def changed(check, path, old, new, *words):
    """GOOD with one change has one fault."""
    with tree.bad_tree({**GOOD, path: GOOD[path].replace(old, new)}) as root:
        tree.only_fault(check(root), *words)


@test
def _():
    "a missing setting, a made-up one and another default are faults, in each of the three places"
    with tree.bad_tree(GOOD) as root:
        tree.no_faults(settings_faults(root))
    changed(settings_faults, MAN, ".It Ev A_PATH", ".It Pa A_PATH", MAN, "A_PATH is missing")
    changed(settings_faults, MAN, "300", "30", MAN, "B_TIME", "300, not 30")
    changed(settings_faults, MAN, "There is no default; x.", "", MAN, "A_PATH")
    changed(settings_faults, MAN, ".It Ev B_TIME", ".It Ev C_NEW\nThe default is\n.Ql 1 .\n"
            ".It Ev B_TIME", MAN, "C_NEW is no setting")
    changed(settings_faults, README, "`A_PATH`", "`C_NEW`", README, "C_NEW is no setting")
    changed(settings_faults, README, "B_TIME=3", "B_TIEM=3", README, "B_TIEM is no setting")
    changed(settings_faults, README, "| `sku` |", "| `B_TIME` |", README, "B_TIME has a row")
    changed(settings_faults, EXAMPLE, "#B_TIME=300\n", "", EXAMPLE, "B_TIME is missing")
    changed(settings_faults, EXAMPLE, "#B_TIME=300", "#B_TIME=3", EXAMPLE, "B_TIME")
    changed(settings_faults, EXAMPLE, "A_PATH", "A_PAHT\nA_PATH=/x\n#A_PAHT", "A_PAHT is no setting")


@test
def _():
    "an event that a list lacks is a fault, a longer name is not it"
    good = {EVENT_KINDS: 'static const struct {\n} kinds[] = {\n\t{"a.paid", PAID},\n'
                   '\t{"a.dispute.", DISPUTE}, /* "b.more" */\n};\n',
            STRIPE_DOC: "- `a.paid`\n- `a.dispute.created`\n", WEBHOOK_MAN: ".It a.paid , a.dispute.x\n"}
    with tree.bad_tree(good) as root:
        tree.no_faults(event_faults(root))
    for path, old, new, word in ((STRIPE_DOC, "a.paid", "a.paid.late", "a.paid is missing"),
                                 (WEBHOOK_MAN, "a.dispute.x", "", "a.dispute. is missing")):
        with tree.bad_tree({**good, path: good[path].replace(old, new)}) as root:
            tree.only_fault(event_faults(root), path, word)


@test
def _():
    "a command and an option that its page lacks, and one that it makes up, are faults"
    good = {"src/cli/go.c": 'static const struct command_option options[] = {\n'
                            '\t{"fast", NULL, "at once"},\n\t{NULL, NULL, NULL},\n};\n'
                            'const struct command command_go = {\n\t.name = "go",\n};\n',
            COMMAND_MAN: ".Xr ordersnap-go 8\n", OPERATION: "`ordersnap go`\n",
            "man/ordersnap-go.8": ".It Fl -fast\n"}
    with tree.bad_tree(good) as root:
        tree.no_faults(command_faults(root))
    for path, old, word in ((COMMAND_MAN, "ordersnap-go", "go is missing"),
                            ("man/ordersnap-go.8", ".It Fl -fast", "--fast is missing"),
                            (OPERATION, "ordersnap go", "ordersnap go is missing")):
        with tree.bad_tree({**good, path: good[path].replace(old, "x")}) as root:
            tree.only_fault(command_faults(root), path, word)
    with tree.bad_tree({**good, "man/ordersnap-go.8": ".It Fl -fast\n.It Fl -slow\n"}) as root:
        tree.only_fault(command_faults(root), "there is no --slow")
    with tree.bad_tree({k: v for k, v in good.items() if not k.startswith("man/ordersnap-")}) as root:
        tree.only_fault(command_faults(root), "man/ordersnap-go.8", "is not there")


@test
def _():
    "a program without a page and a page that is not installed are faults"
    good = {"Makefile.am": "endpoint_PROGRAMS = \\\n\tcgi-bin/a.fcgi \\\n\tcgi-bin/b.fcgi\n",
            "man/a.fcgi.8": "", "man/b.fcgi.8": "",
            "man/man.am": "dist_man_MANS = man/a.fcgi.8 \\\n\tman/b.fcgi.8\n"}
    with tree.bad_tree(good) as root:
        tree.no_faults(page_faults(root))
    with tree.bad_tree({k: v for k, v in good.items() if k != "man/b.fcgi.8"}) as root:
        tree.only_fault(page_faults(root), "man/b.fcgi.8", "no page")
    with tree.bad_tree({**good, "man/c.5": ""}) as root:
        tree.only_fault(page_faults(root), "man/c.5", "not in man/man.am")


@test
def _():
    "a man page that mandoc warns about is a fault"
    if not shutil.which("mandoc"):
        skip("mandoc is not here")
    page = ".Dd January 1, 2026\n.Dt A 8\n.Os\n.Sh NAME\n.Nm a\n.Nd b\n.Sh DESCRIPTION\nText.\n"
    with tree.bad_tree({"man/a.8": page}) as root:
        tree.no_faults(lint_faults(root))
    with tree.bad_tree({"man/a.8": page + ".Bl -tag\n.It x\n.El\n.Zz\n"}) as root:
        if not lint_faults(root):
            raise AssertionError("nothing was said")


@test
def _():
    "a link and a path that lead nowhere are faults"
    files = {"HACKING.md": "", "src/a.c": "", "doc/b.md": "# GET /b, it's\n[a](../src/a.c) [b](b.md)\n"}
    good = ("# One\n[a](src/a.c) `src/a.c` `make src/*.c` [w](https://x.example/#y) `cgi-bin/a.fcgi` "
            "[b](doc/b.md#get-b-its) [c](#one) <img src=\"src/a.c\" alt=\"\">\n")
    with tree.bad_tree({**files, "README.md": good + "```\nsrc/gone\n```\n"}) as root:
        tree.no_faults(path_faults(root))
    for bad in ("[a](src/gone.c)", "see `src/gone.c`", "`tests/gone/`", "`./dev`", "[c](#two)",
                "[b](doc/b.md#c)", "<img src=\"doc/gone.png\">", "`doc/gone.md`"):
        with tree.bad_tree({**files, "README.md": good + bad}) as root:
            tree.only_fault(path_faults(root), "README.md")
    with tree.bad_tree({**files, "README.md": good, "doc/c.md": "[a](src/a.c)"}) as root:
        tree.only_fault(path_faults(root), "doc/c.md: there is no doc/src/a.c")


@test
def _():
    "a private path and a package host are faults"
    def only(path, text, word, private=()):
        with tree.bad_tree({path: text}) as root:
            tree.only_fault(private_faults(root, private), path + ":1", word)
    only("src/a.c", "/* see /home/jane/notes */", "/home/jane")
    only("tests/x.py", "open('/Users/jane/x')", "/Users/jane")
    only("package-lock.json", '"resolved": "https://registry.example.org/a.tgz"', "registry")
    only("README.md", "see /bench/notes.md", "/bench")
    only("man/a.8", ".Pa /data/orders.db", "/data")
    only("src/a.c", "/* /secret/place/x */", "/secret/place", private=["/secret/place"])
    fine = "Ask /healthz at https://shop.example/cart, see /etc/ordersnap/x and `src/a/b`.\n"
    with tree.bad_tree({"README.md": fine, "src/a.c": "/* and/or, /secret/placebo */\n"}) as root:
        tree.no_faults(private_faults(root, ["/secret/place"]))


main()
