"""Calls that have a safer form here, raw allocation outside common/, and goto but to one `out:`."""

import re

import lint

ALWAYS = re.compile(
    r"(?<![\w.>])(strcpy|strcat|strncat|v?sprintf|strtok|ato[fil]|atoll|gets|alloca|"
    r"v?[fs]?scanf|tmpnam|mktemp)\s*\(")
SHELL = re.compile(r"(?<![\w.>])(system|popen)\s*\(")
RAW = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|free|strdup|strndup|v?asprintf)\s*\(")
GOTO = re.compile(r"\bgoto\s+(\w+)\s*;")


def check(tree):
    complaints = []
    for path, text in tree.under(["common", "gateway", "control", "tests"], [".c", ".h"]):
        code = lint.c_code(text)

        def complain(match, reason):
            complaints.append(f"{path}:{lint.line_of(code, match.start())}: {match.group(0).strip()} {reason}")

        for match in ALWAYS.finditer(code):
            complain(match, "is banned")
        for match in SHELL.finditer(code):
            if not path.startswith("tests/"):
                complain(match, "starts a shell")
        if not path.startswith(("common/", "tests/")):
            for match in RAW.finditer(code):
                complain(match, "outside common/: use common/mem.h")
        for match in GOTO.finditer(code):
            label = re.compile(r"^\s*" + match.group(1) + r":", re.MULTILINE)
            if match.group(1) != "out":
                complain(match, "only `out` is a label")
            elif not label.search(code, match.end()):
                complain(match, "jumps backward")
    return complaints


SAMPLES = [
    ({"common/a.c": "f(strcpy(a, b));\n"}, "strcpy( is banned"),
    ({"gateway/a.c": "n = sscanf(s, t);\n"}, "sscanf( is banned"),
    ({"gateway/a.c": "p = malloc(3);\n"}, "outside common/"),
    ({"control/a.c": "out:\n    a();\n    goto out;\n"}, "jumps backward"),
    ({"control/a.c": "goto fail;\nfail:\n"}, "only `out`"),
    ({"control/a.c": "n = system(s);\n"}, "starts a shell"),
    ({"common/a.c": "p = malloc(3);\nsnprintf(a, 1, b);\nstrcpy_checked(a);\n"}, None),
    ({"gateway/a.c": 'puts("malloc(1)"); /* free(p) */ x->free(y); goto out;\nout:\n'}, None),
]

if __name__ == "__main__":
    lint.run(check, SAMPLES)
