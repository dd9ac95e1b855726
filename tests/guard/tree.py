# SPDX-License-Identifier: ISC
"""The source tree as the guards see it: text in, and small bad trees to show that a guard can fail.

A guard is a function from a tree's folder to a list of faults, each a line that says where, what
and why.  Its tests are two: the project has none, and a bad tree has exactly those it should.
"""
import contextlib
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

SRC = os.path.abspath(os.environ.get("ORDERSNAP_SRC") or os.path.join(HERE, "..", ".."))

# Not written by people; a folder with a config.status of its own is a build.
GENERATED_DIRS = {".git", "autom4te.cache", "build-aux", "node_modules", "__pycache__", ".deps"}
GENERATED_TOP = re.compile(r"(Makefile|Makefile\.in|aclocal\.m4|configure|stamp-h1|"
                           r"config\.(h|h\.in|log|status|cache))~?$")
GENERATED = re.compile(r".*(\.(log|trs|o|a|fcgi|gz|xz|pyc)|\.dirstamp)$")


def read(root, path):
    """A file's text."""
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def exists(root, path):
    return os.path.exists(os.path.join(root, path))


def _walk(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(d for d in folders if d not in GENERATED_DIRS and
                            not (folder == root and d.startswith("build")) and
                            not os.path.exists(os.path.join(folder, d, "config.status")))
        for name in sorted(names):
            if not GENERATED.match(name) and not (folder == root and GENERATED_TOP.match(name)):
                yield os.path.relpath(os.path.join(folder, name), root)


def _git_files(root):
    """What git knows or would take; None where there is no work tree here."""
    if not exists(root, ".git"):
        return None
    try:
        done = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others",
                               "--exclude-standard"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return sorted({p for p in done.stdout.decode().split("\0") if p and exists(root, p)})


def files(root):
    """The project's own files, as paths from its folder."""
    known = _git_files(root)
    return list(_walk(root)) if known is None else known


def c_files(root):
    """The .c and .h files of the program itself."""
    return [p for p in files(root) if re.match(r"(src|cgi-bin)/.*\.[ch]$", p)]


_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.S)


def without_comments(text):
    """C with comments blanked out, lines kept.  What stands in a string is no comment."""
    return _TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group()) if m.group()[0] == "/"
                      else m.group(), text)


def without_strings(text):
    """C with the inside of string and character literals blanked out."""
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    return re.sub(r"'(?:\\.|[^'\\\n])*'", "''", text)


@contextlib.contextmanager
def bad_tree(contents):
    """A folder with these files: {path: text}."""
    with tempfile.TemporaryDirectory(prefix="ordersnap guard ") as root:
        for path, text in contents.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as f:
                f.write(text)
        yield root


def no_faults(found):
    """Fails with the list of what was found."""
    if found:
        raise AssertionError("\n".join([f"{len(found)} found:", *found]))


def only_fault(found, *words):
    """Fails unless there is exactly one fault, and it says all the words."""
    if len(found) != 1 or any(word not in found[0] for word in words):
        raise AssertionError(f"wanted one fault with {words}, got {found}")
