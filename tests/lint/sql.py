"""SQL stands in migrations/ and the two store/ folders, nowhere else."""

import re

import lint

STRING = re.compile(r'"((?:\\.|[^"\\\n])*)"')
STATEMENT = re.compile(
    r"^\s*(?:select\s+\S|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\(|"
    r"create\s+(?:table|index|unique|function)\s|alter\s+table\s|drop\s+table\s|truncate\s+\w|"
    r"listen\s+\w+;?$|begin(?:;|$)|commit(?:;|$)|copy\s+\w+\s*\()", re.IGNORECASE)
# common/pg* speaks of transactions; control/migrate.c keeps the one table that the schema's own
# versions stand in, before any store can exist.
ALLOWED = ("gateway/store/", "control/store/", "common/pg", "control/migrate.")


def check(tree):
    complaints = []
    for path, text in tree.under(["common", "gateway", "control"], [".c", ".h", ".def"]):
        if path.startswith(ALLOWED):
            continue
        code = lint.c_code(text, strings=True)
        for match in STRING.finditer(code):
            if STATEMENT.search(match.group(1)):
                complaints.append(
                    f"{path}:{lint.line_of(code, match.start())}: SQL outside store/: {match.group(1)[:50]}")
    return complaints


SAMPLES = [
    ({"gateway/steps/a.c": 'q("select a from b");\n'}, "SQL outside store/"),
    ({"control/api/a.c": 'q("  UPDATE users SET a = 1");\n'}, "SQL outside store/"),
    ({"control/store/a.c": 'q("select a from b");\n'}, None),
    ({"control/api/a.c": 'q("select"); q("updated"); /* "select a" */\n'}, None),
]

if __name__ == "__main__":
    lint.run(check, SAMPLES)
