"""No package registry's host and no developer's path in the repository: both belong to a machine."""

import re

import lint

DOT = r"\."
HOSTS = [("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("yarnpkg", "com"),
         ("debian", "org/debian"), ("golang", "org"), ("crates", "io"), ("nodesource", "com"),
         ("docker", "io")]
PATTERN = re.compile(
    "|".join(DOT.join(h) for h in HOSTS) + r"|(?<![\w.$}/-])/(?:work|home/\w+|Users/\w+)/[\w.]+"
    r"|/tmp/build-\w+")
# A user's home in an example, and this file's own samples.
ALLOWED = ("tests/lint/hosts.py",)


def check(tree):
    complaints = []
    for path in sorted(tree.files):
        if path.startswith(ALLOWED):
            continue
        for match in PATTERN.finditer(tree.files[path]):
            line = lint.line_of(tree.files[path], match.start())
            complaints.append(f"{path}:{line}: {match.group(0)}")
    return complaints


SAMPLES = [
    ({"dashboard/package-lock.json": '"resolved": "https://registry.npmjs.org/x"'}, "npmjs.org"),
    ({"docs/a.md": "cd /work/main/build"}, "/work/main"),
    ({"a.sh": "cp /home/ann/x ."}, "/home/ann"),
    ({"docs/a.md": "https://api.openai.com/v1 and $HOME/work/x, .doteb/work/y"}, None),
]

if __name__ == "__main__":
    lint.run(check, SAMPLES)
