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

import environment  # noqa: E402,F401  (nothing of this machine gets in)

SRC = os.path.abspath(os.environ.get("ORDERSNAP_SRC") or os.path.join(HERE, "..", ".."))


def read(root, path):
    """A file's text."""
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def exists(root, path):
    return os.path.exists(os.path.join(root, path))


def _as_expression(pattern):
    """A line of .gitignore as a regular expression for paths from the root; a folder ends in /."""
    text = "".join({"**/": "(.*/)?", "*": "[^/]*", "?": "[^/]"}.get(part) or re.escape(part)
                   for part in re.findall(r"\*\*/|.", pattern.lstrip("/")))
    anywhere = "(.*/)?" if "/" not in pattern.rstrip("/") else ""
    return re.compile(anywhere + text + ("" if pattern.endswith("/") else "/?") + "$")


def ignored(root):
    """A function that says whether .gitignore takes a path out; it knows what git's own rules need
    here: *, **/, ?, a slash in front or behind, and a line with ! that takes a path in again."""
    lines = read(root, ".gitignore").splitlines() if exists(root, ".gitignore") else []
    rules = [(not line.startswith("!"), _as_expression(line.lstrip("!")))
             for line in lines if line.strip() and not line.startswith("#")]

    def is_ignored(path):
        verdicts = [takes_out for takes_out, expression in rules if expression.match(path)]
        return bool(verdicts) and verdicts[-1]
    return is_ignored


def _walked(root):
    """What git would list, where there is none: a folder with a config.status of its own is a
    build, and what .gitignore names is made of the rest."""
    is_ignored = ignored(root)

    def path_of(folder, name):
        return os.path.relpath(os.path.join(folder, name), root)
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(d for d in folders if d != ".git" and
                            not is_ignored(path_of(folder, d) + "/") and
                            not os.path.exists(os.path.join(folder, d, "config.status")))
        yield from (path_of(folder, name) for name in names if not is_ignored(path_of(folder, name)))


def _git_files(root, *options):
    """What git lists; None where there is no git, no work tree of its own here, or one that git
    refuses because it belongs to somebody else."""
    if not exists(root, ".git"):
        return None
    try:
        done = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", *options],
                              capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return sorted({p for p in done.stdout.decode().split("\0") if p and exists(root, p)})


def committed(root):
    """What git has, .gitignore or not; None where it can't be asked."""
    return _git_files(root)


def files(root):
    """The project's own files, as paths from its folder: what git has or would take."""
    known, walked = _git_files(root, "--others", "--exclude-standard"), sorted(_walked(root))
    return walked if known is None else sorted(set(known) & set(walked))


def binary(root, path):
    """Whether a file is none that people write: nothing that is text has a NUL in it."""
    with open(os.path.join(root, path), "rb") as f:
        return b"\0" in f.read(8192)


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


if __name__ == "__main__":
    # The project's files, each ended by a NUL: what `./dev` copies.
    sys.stdout.buffer.write(b"".join(os.fsencode(name) + b"\0" for name in files(SRC)))
