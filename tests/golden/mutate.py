"""Proves that the golden cases can fail: drops each field that a case.json names, from the client's request
or from the provider's answer, one at a time, and requires that the case then fails. A copy without any
change must pass, and every named field must be there.

    mutate.py TEST_GOLDEN FOLDER               the passed way: request_fields, response_fields
    mutate.py --translate TEST_TRANSLATE FOLDER   the translated way: fields of request.json, answer_fields of
                                               upstream_response.*; cases that name none are left alone

A field is a path: "tools.0.function.strict".
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

BLANK = " \t\r\n"
VALUE = json.JSONDecoder(strict=False)


def skip(text, at):
    while at < len(text) and text[at] in BLANK:
        at += 1
    return at


def members(text, at):
    """(name, begin of key, begin of value, end of value) of each member of the object at `at`."""
    at = skip(text, at + 1)
    while text[at] != "}":
        key_begin = at
        name, at = VALUE.raw_decode(text, at)
        value_begin = skip(text, skip(text, at) + 1)
        _, value_end = VALUE.raw_decode(text, value_begin)
        yield name, key_begin, value_begin, value_end
        at = skip(text, value_end)
        if text[at] == ",":
            at = skip(text, at + 1)


def elements(text, at):
    """As members, of the array at `at`: names are "0", "1", ..."""
    at, i = skip(text, at + 1), 0
    while text[at] != "]":
        _, end = VALUE.raw_decode(text, at)
        yield str(i), at, at, end
        at, i = skip(text, end), i + 1
        if text[at] == ",":
            at = skip(text, at + 1)


def inside(text, at):
    """What the object or array at `at` holds; nothing for scalars."""
    if at == len(text) or text[at] not in "{[":
        return []
    return list(members(text, at) if text[at] == "{" else elements(text, at))


def drop(text, path):
    """`text` without the member `path`, all other bytes as they were; None if it is not there."""
    at = skip(text, 0)
    *parents, last = path.split(".")
    for name in parents:
        inner = [value for key, _, value, _ in inside(text, at) if key == name]
        if not inner:
            return None
        at = inner[-1]
    found = inside(text, at)
    for i, (name, begin, _, end) in enumerate(found):
        if name == last:
            if i > 0:
                begin = found[i - 1][3]
            elif len(found) > 1:
                end = found[1][1]
            return text[:begin] + text[end:]
    return None


def drop_in_events(text, path):
    """As drop, in each event of a stream that has the member."""
    lines, found = [], False
    for line in text.split("\n"):
        data = line[len("data: "):] if line.startswith("data: {") else ""
        changed = drop(data, path) if data else None
        found |= changed is not None
        lines.append(line if changed is None else "data: " + changed)
    return "\n".join(lines) if found else None


def passes(runner, tree):
    return subprocess.run([runner, tree], capture_output=True, check=False).returncode == 0


def wanted_of(case, settings, translated):
    """(file, field) of each mutation that a case asks for."""
    answers = [path.name for path in case.glob("upstream_response.*")]
    names = ("fields", "answer_fields") if translated else ("request_fields", "response_fields")
    requests, responses = (settings.get(name, []) if translated else settings[name] for name in names)
    return [("request.json", f) for f in requests] + [(answers[0], f) for f in responses]


def check(runner, case, tree, translated):
    """Complaints about one case, and the number of mutations tried."""
    settings = json.loads((case / "case.json").read_text())
    wanted = wanted_of(case, settings, translated)
    if translated and not wanted:
        return [], 0
    copy = tree / case.parent.name / case.name
    shutil.copytree(case, copy)
    if not passes(runner, tree):
        return [f"{case.name}: fails unchanged"], 0
    complaints = [] if wanted else [f"{case.name}: names no field"]
    for name, field in wanted:
        text = (case / name).read_bytes().decode("utf-8", "surrogateescape")
        changed = drop_in_events(text, field) if name.endswith(".sse") else drop(text, field)
        if changed is None:
            complaints.append(f"{case.name}: {name} has no {field}")
            continue
        (copy / name).write_bytes(changed.encode("utf-8", "surrogateescape"))
        if passes(runner, tree):
            complaints.append(f"{case.name}: passes without {field} in {name}")
        shutil.copy(case / name, copy / name)
    return complaints, len(wanted)


def main():
    translated = sys.argv[1] == "--translate"
    runner, folder = sys.argv[-2], pathlib.Path(sys.argv[-1])
    complaints, tried = [], 0
    cases = [path.parent for path in folder.rglob("case.json") if ("translate" in path.parts) == translated]
    for case in sorted(cases):
        with tempfile.TemporaryDirectory() as tree:
            found, n = check(runner, case, pathlib.Path(tree), translated)
            complaints += found
            tried += n
    print(*complaints, f"{tried} mutations, {len(complaints)} complaints", sep="\n")
    return 1 if complaints or tried == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
