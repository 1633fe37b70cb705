"""Proves that the golden cases can fail: drops each field that a case.json names, from the client's request
or from the provider's answer, one at a time, and requires that the case then fails. A copy without any
change must pass, and every named field must be there.

    mutate.py TEST_GOLDEN FOLDER
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


def drop(text, path):
    """`text` without the member `path`, all other bytes as they were; None if it is not there."""
    at = skip(text, 0)
    if at == len(text) or text[at] != "{":
        return None
    *parents, last = path.split(".")
    for name in parents:
        inner = [value for key, _, value, _ in members(text, at) if key == name]
        if not inner or text[inner[-1]] != "{":
            return None
        at = inner[-1]
    found = list(members(text, at))
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


def check(runner, case, tree):
    """Complaints about one case, and the number of mutations tried."""
    copy = tree / case.parent.name / case.name
    shutil.copytree(case, copy)
    if not passes(runner, tree):
        return [f"{case.name}: fails unchanged"], 0
    settings = json.loads((case / "case.json").read_text())
    answer = next(case.glob("upstream_response.*")).name
    wanted = [("request.json", f) for f in settings["request_fields"]]
    wanted += [(answer, f) for f in settings["response_fields"]]
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
    runner, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    complaints, tried = [], 0
    passed = [path.parent for path in folder.rglob("case.json") if "translate" not in path.parts]
    for case in sorted(passed):
        with tempfile.TemporaryDirectory() as tree:
            found, n = check(runner, case, pathlib.Path(tree))
            complaints += found
            tried += n
    print(*complaints, f"{tried} mutations, {len(complaints)} complaints", sep="\n")
    return 1 if complaints or tried == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
