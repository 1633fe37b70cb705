"""Size and shape: files, functions, their complexity and depth, and the comment a file opens with."""

import re

import lint

FILE_LINES, FUNCTION_LINES, COMPLEXITY, DEPTH = 500, 80, 20, 4
CODE = ["common", "gateway", "control", "tests"]
OTHERS = ["dashboard", "tests", "deploy", "docs"]
GENERATED = ("dashboard/src/api/schema", "dashboard/node_modules")

HEAD = re.compile(r"([A-Za-z_]\w*)[ \t\n]*\(")
BRANCH = re.compile(r"\b(?:if|for|while|case)\b|&&|\|\||\?")


def functions(text):
    """(name, first line, text of the whole function) of each definition in C source."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: "\n" * m.group(0).count("\n"),
                  lint.c_code(text), flags=re.MULTILINE)
    depth, start, head = 0, 0, 0
    for match in re.finditer(r"[{};]", code):
        at = match.start()
        if match.group(0) == "{":
            if depth == 0:
                start = at
            depth += 1
        elif match.group(0) == "}":
            depth -= 1
            if depth == 0:
                name = function_name(code[head:start])
                if name:
                    first = head + len(code[head:start]) - len(code[head:start].lstrip())
                    yield name, lint.line_of(code, first), code[first:at + 1]
                head = at + 1
        elif depth == 0:
            head = at + 1


def function_name(head):
    """The name in a definition's head, or None for types and initialised data."""
    if "=" in head or re.match(r"\s*(?:typedef|extern)\b", head) or not head.rstrip().endswith(")"):
        return None
    match = HEAD.search(head)
    return match.group(1) if match else None


def depth_of(body):
    deepest = depth = 0
    for c in body:
        depth += (c == "{") - (c == "}")
        deepest = max(deepest, depth)
    return deepest


def check_function(path, name, line, body):
    where = f"{path}:{line}: {name}() "
    lines = body.count("\n") + 1
    if lines > FUNCTION_LINES:
        yield where + f"has {lines} lines, {FUNCTION_LINES} allowed"
    branches = 1 + len(BRANCH.findall(body))
    if branches > COMPLEXITY:
        yield where + f"has complexity {branches}, {COMPLEXITY} allowed"
    depth = depth_of(body)
    if depth > DEPTH:
        yield where + f"nests {depth - 1} blocks deep, {DEPTH - 1} allowed"


def check(tree):
    complaints = []
    for path, text in tree.under(CODE, [".c", ".h"]):
        for name, line, body in functions(text):
            complaints += check_function(path, name, line, body)
        if not text.startswith("/*"):
            complaints.append(f"{path}: does not open with a comment that says what it owns")
    sources = list(tree.under(CODE, [".c", ".h"]))
    sources += tree.under(OTHERS, [".py", ".sh", ".ts", ".tsx", ".css"])
    for path, text in sources:
        lines = text.count("\n")
        if lines > FILE_LINES and not path.startswith(GENERATED):
            complaints.append(f"{path}: {lines} lines, {FILE_LINES} allowed")
    return complaints


def sample(body):
    return {"common/a.c": "/* A. */\nstatic int f(int a)\n{\n" + body + "    return a;\n}\n"}


SAMPLES = [
    (sample("    a++;\n" * 78), "allowed"),
    (sample("    a++;\n" * 70), None),
    (sample("    if (a && a) a++;\n" * 11), "complexity 23"),
    (sample("    if (a) { while (a) { if (a) { if (a) { a--; } } } }\n"), "nests 4 blocks"),
    (sample('    puts("if { && ||"); /* if while ? */\n' * 30), None),
    ({"common/a.c": "/* A. */\n" + "int a;\n" * 500}, "501 lines"),
    ({"common/a.c": "/* A. */\nstatic const int t[] = {\n" + "1,\n" * 300 + "};\n"}, None),
    ({"common/a.c": "int a;\n"}, "does not open with a comment"),
    ({"tests/x.py": "a = 1\n" * 501}, "501 lines"),
]

if __name__ == "__main__":
    lint.run(check, SAMPLES)
