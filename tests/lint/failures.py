"""docs/failures.md names tests and functions that exist, and every row of its tables has both."""

import re

import lint

PAGE = "docs/failures.md"
TESTS = "tests/blackbox/"
TEST = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
CODE = re.compile(r"`([\w/]+\.c):(\w+)`")
COLUMNS = 5


def rows(text):
    """(line, cells) of each row of a table but its head."""
    head = True
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|"):
            head = True
        elif set(line) <= set("|- "):
            head = False
        elif not head:
            yield number, [c.strip() for c in line.strip("|").split("|")]


def check(tree):
    text = tree.files.get(PAGE, "")
    complaints = [] if text else [f"{PAGE}: it is missing"]
    for number, cells in rows(text):
        where = f"{PAGE}:{number}:"
        if len(cells) != COLUMNS or not all(cells):
            complaints.append(f"{where} {len(cells)} cells, or an empty one")
            continue
        tests, code = TEST.findall(cells[3]), CODE.findall(cells[4])
        if not tests or TEST.sub("", cells[3]).strip():
            complaints.append(f"{where} no test, or something else, as the test")
        if not code or CODE.sub("", cells[4]).strip():
            complaints.append(f"{where} no function, or something else, as the code")
        for file, name in tests:
            if not re.search(rf"^def {name}\(", tree.files.get(TESTS + file, ""), re.MULTILINE):
                complaints.append(f"{where} no test {name} in {TESTS}{file}")
        for file, name in code:   # defined there: its name at the begin of a line, or behind its type
            if not re.search(rf"^[a-z][\w *]*\b{name}\([^;]*?\)\s*\{{", tree.files.get(file, ""), re.MULTILINE):
                complaints.append(f"{where} no function {name} in {file}")
    return complaints


HEAD = "| a | b | c | d | e |\n|---|---|---|---|---|\n"
HERE = {"tests/blackbox/test_a.py": "def test_b(x):\n    pass\n",
        "gateway/a.c": "static bool f(int a,\n              int b)\n{\n}\nstatic void g(void);\n"}
SAMPLES = [
    ({}, "it is missing"),
    ({PAGE: HEAD + "| a | b | c | `test_a.py::test_b` | `gateway/a.c:f` |\n", **HERE}, None),
    ({PAGE: HEAD + "| a | b | c | `test_a.py::test_c` | `gateway/a.c:f` |\n", **HERE}, "no test test_c"),
    ({PAGE: HEAD + "| a | b | c | `test_x.py::test_b` | `gateway/a.c:f` |\n", **HERE}, "no test test_b"),
    ({PAGE: HEAD + "| a | b | c | by hand | `gateway/a.c:f` |\n", **HERE}, "no test, or something else"),
    ({PAGE: HEAD + "| a | b | c | `test_a.py::test_b` | `gateway/a.c:g` |\n", **HERE}, "no function g"),
    ({PAGE: HEAD + "| a | b | c | `test_a.py::test_b` | |\n", **HERE}, "an empty one"),
]

if __name__ == "__main__":
    lint.run(check, SAMPLES)
