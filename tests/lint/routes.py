"""Every route that changes something names what the audit log calls it; none that only reads does."""

import re

import lint

ROW = re.compile(
    r'^ROUTE\((\w+), "([^"]+)", \w+, \w+, (\w+), (\w+), ([\w |]+), (NULL|"[^"]*")\)$', re.MULTILINE)
ACTION = re.compile(r'"[a-z_]+\.[a-z_]+"')


def check(tree):
    complaints = []
    text = tree.files.get("control/routes.def", "")
    rows = ROW.findall(text)
    if len(rows) != len(re.findall(r"^ROUTE\(", text, re.MULTILINE)):
        complaints.append("control/routes.def: a row has another form than the first line says")
    for method, path, role, others, flags, action in rows:
        where = f"control/routes.def: {method} {path}: "
        reads = method == "GET" or "ROUTE_READS" in flags
        if reads and action != "NULL":
            complaints.append(where + "it only reads, and names an action")
        if not reads and not ACTION.fullmatch(action):
            complaints.append(where + "it changes something and names no action as thing.verb")
        if others != "NONE" and role == "NONE":
            complaints.append(where + "a role for what is others' needs one for what is one's own")
    return complaints


def row(method, flags, action, roles="VIEWER, NONE"):
    return {"control/routes.def": f'ROUTE({method}, "/x", f, USER, {roles}, {flags}, {action})\n'}


SAMPLES = [
    (row("POST", "ROUTE_BODY", "NULL"), "names no action"),
    (row("DELETE", "0", '"Remove"'), "names no action"),
    (row("GET", "0", '"a.b"'), "only reads"),
    (row("POST", "ROUTE_BODY | ROUTE_READS", '"a.b"'), "only reads"),
    (row("DELETE", "0", '"a.b"', "NONE, ADMIN"), "needs one"),
    ({"control/routes.def": 'ROUTE(GET, "/x", f, USER, VIEWER, 0)\n'}, "another form"),
    (row("GET", "0", "NULL"), None),
    (row("POST", "ROUTE_BODY | ROUTE_READS", "NULL"), None),
    (row("DELETE", "0", '"thing.remove"', "VIEWER, ADMIN"), None),
]

if __name__ == "__main__":
    lint.run(check, SAMPLES)
