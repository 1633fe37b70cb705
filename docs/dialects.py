#!/usr/bin/env python3
"""Writes docs/dialects.md's tables from what the matrix of dialects found (build/dev/dialects.json, made
by tests/blackbox/test_dialects.py): docs/dialects.py [--check]. With --check it only tells whether the page
is what it would write."""
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "dialects.md"
BEGIN, END = "<!-- matrix: begin -->\n", "<!-- matrix: end -->\n"
NAMES = {"openai": "OpenAI chat", "openai-responses": "OpenAI Responses", "anthropic": "Anthropic",
         "google": "Google", "bedrock": "Bedrock"}


def cell(found):
    if found == "works":
        return "✓"
    if found and "refused" in found:
        return f"400 `{found['refused']}`"
    return "–"


def tables(outcome):
    out = []
    for client, title in NAMES.items():
        rows = {name.split(" > ")[1]: cells for name, cells in outcome.items()
                if name.split(" > ")[0] == client}
        features = list(next(iter(rows.values())))
        out += [f"\n### {title} clients\n", "| | " + " | ".join(NAMES[p] for p in NAMES) + " |",
                "|---|" + "---|" * len(NAMES)]
        out += [f"| {f} | " + " | ".join(cell(rows[p].get(f)) for p in NAMES) + " |"
                for f in features]
    return "\n".join(out) + "\n\n"


def main():
    outcome = json.loads((ROOT / "build" / "dev" / "dialects.json").read_text())
    text = PAGE.read_text()
    new = text[:text.index(BEGIN) + len(BEGIN)] + tables(outcome) + text[text.index(END):]
    if "--check" in sys.argv[1:]:
        sys.exit(0 if new == text else f"{PAGE}: not what the tests found; run docs/dialects.py")
    PAGE.write_text(new)


if __name__ == "__main__":
    main()
