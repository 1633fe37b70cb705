"""What the lints share: the project's files, C without comments, and how a lint is run.

A lint is a module with check(tree) -> complaints and SAMPLES, a list of (files, expected): a tiny
tree and a piece of the complaint it must cause, or None if it is clean. `LINT.py` checks the
project, `LINT.py --self-test` proves on the samples that the lint can fail and can pass.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED = {".git", "build", "node_modules", "dist", ".venv", "__pycache__", ".pytest_cache"}


class Tree:
    """Files by path from the root; contents are read once."""

    def __init__(self, files, real=False):
        self.files = files
        self.real = real

    @classmethod
    def of_project(cls):
        files = {}
        for path in project_paths():
            try:
                with open(os.path.join(ROOT, path), encoding="utf-8") as f:
                    files[path] = f.read()
            except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
                continue
        return cls(files, real=True)

    def under(self, folders, endings):
        for path in sorted(self.files):
            if path.startswith(tuple(f + "/" for f in folders)) and path.endswith(tuple(endings)):
                yield path, self.files[path]


def project_paths():
    """Tracked files and new ones that are not ignored; without git, everything but build output."""
    git = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False)
    if git.returncode == 0:
        return [p for p in git.stdout.decode().split("\0") if p]
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [f for f in folders if f not in SKIPPED and not f.startswith(".doteb")]
        found += [os.path.relpath(os.path.join(folder, n), ROOT) for n in names]
    return found


TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def c_code(text, strings=False):
    """C without comments and character constants (and without strings); lines keep their numbers."""

    def blank(match):
        token = match.group(0)
        if token[0] == '"' and strings:
            return token
        if token[0] in "\"'":
            return token[0] * 2
        return "\n" * token.count("\n") or " "

    return TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def run(check, samples):
    if "--self-test" in sys.argv:
        sys.exit(self_test(check, samples))
    complaints = check(Tree.of_project())
    for c in complaints:
        print(c)
    print(f"{len(complaints)} complaint(s)")
    sys.exit(1 if complaints else 0)


def self_test(check, samples):
    failed = 0
    if not any(expected for _, expected in samples) or all(expected for _, expected in samples):
        print("a lint needs samples that fail and samples that pass")
        failed = 1
    for number, (files, expected) in enumerate(samples):
        complaints = check(Tree(files))
        ok = (not complaints) if expected is None else any(expected in c for c in complaints)
        if not ok:
            failed = 1
            print(f"sample {number}: expected {expected!r}, got {complaints}")
    print("self-test:", "failed" if failed else f"{len(samples)} samples as expected")
    return failed
