"""Relative links and pictures in Markdown lead to files that exist."""

import os
import re

import lint

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)|<img[^>]*\bsrc=\"([^\"]+)\"")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def check(tree):
    known = set(tree.files) | set(lint.project_paths()) if tree.real else set(tree.files)
    complaints = []
    for path in sorted(tree.files):
        if not path.endswith(".md"):
            continue
        text = CODE.sub(lambda m: "\n" * m.group(0).count("\n"), tree.files[path])
        for match in LINK.finditer(text):
            target = match.group(1) or match.group(2)
            if re.match(r"[a-z]+:", target):
                continue
            there = os.path.normpath(os.path.join(os.path.dirname(path), target))
            if there not in known and not any(k.startswith(there + "/") for k in known):
                complaints.append(f"{path}:{lint.line_of(text, match.start())}: no file {there}")
    return complaints


SAMPLES = [
    ({"docs/a.md": "see [b](b.md)"}, "no file docs/b.md"),
    ({"README.md": '<img src="docs/x.png">'}, "no file docs/x.png"),
    ({"docs/a.md": "see [b](../c.md#part), [w](https://x.y) and `[q](z.md)`", "c.md": ""}, None),
    ({"docs/a.md": "the [folder](../deploy)", "deploy/x": ""}, None),
]

if __name__ == "__main__":
    lint.run(check, SAMPLES)
