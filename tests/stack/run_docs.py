#!/usr/bin/env python3
"""Runs the commands that documentation shows: each ```bash block after a line `<!-- tested -->`.

    run_docs.py FOLDER FILE.md...

FOLDER is where a reader would stand: it holds .doteb/env. The blocks of one page run one after the
other in one shell that stops at the first failure; an answer that is an error is a failure too.
"""

import re
import subprocess
import sys

BLOCK = re.compile(r"^<!-- tested -->\n```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ERROR = re.compile(r'"error"\s*:\s*\{')


def run_page(folder, path):
    with open(path, encoding="utf-8") as f:
        blocks = BLOCK.findall(f.read())
    if not blocks:
        return 0, None
    # curl tells of an HTTP error by its exit code; the rest is as printed.
    script = "set -euo pipefail\ncurl() { command curl --fail-with-body --noproxy '*' \"$@\"; }\n"
    script += "\n".join(blocks)
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True,
                          timeout=120, check=False)
    if done.returncode != 0 or ERROR.search(done.stdout):
        return len(blocks), f"{path}: status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return len(blocks), None


def main():
    folder, pages = sys.argv[1], sys.argv[2:]
    total = 0
    for page in pages:
        count, problem = run_page(folder, page)
        total += count
        if problem:
            sys.exit(problem)
    if total == 0:
        sys.exit("no page has a tested block: is the mark misspelt?")
    print(f"{total} blocks ran")


if __name__ == "__main__":
    main()
