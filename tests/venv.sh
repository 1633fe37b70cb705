#!/bin/sh
# Makes or updates tests/.venv from tests/requirements.txt: pinned, every file checked against its
# hash. Quick when nothing changed; safe to run several times at once. Then runs the command it was
# given, if any, with the venv first on PATH: tests/venv.sh pytest tests/simulator
# With `--lock` it makes requirements.txt anew from requirements.in instead.
set -eu

tests=$(cd "$(dirname "$0")" && pwd)
venv=$tests/.venv
pins=$tests/requirements.txt
stamp=$venv/.stamp
export PIP_DISABLE_PIP_VERSION_CHECK=1

fail() {
    echo "tests/venv.sh: $1" >&2
    exit 1
}

lock() {
    tools=$(mktemp -d)
    trap 'rm -rf "$tools"' EXIT
    python3 -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet pip-tools
    cd "$tests"
    "$tools/bin/pip-compile" --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
        --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
        --output-file requirements.txt requirements.in
}

# What the venv was made from: the pins, the place (a venv does not survive a move) and the Python.
inputs() {
    echo "$venv"
    python3 --version
    sha256sum <"$pins"
}

is_current() {
    [ -f "$stamp" ] && inputs | cmp -s - "$stamp"
}

install() {
    if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" --version >/dev/null 2>&1 ||
        [ "$(head -n 2 "$stamp" 2>/dev/null)" != "$(inputs | head -n 2)" ]; then
        rm -rf "$venv"
        python3 -m venv "$venv" ||
            fail "python3 cannot make a venv (Debian: apt-get install python3-venv)"
    fi
    "$venv/bin/python" -m pip install --quiet --require-hashes -r "$pins" ||
        fail "could not install the Python packages (network? disk space?); run it again"
    inputs >"$stamp"
}

if [ "${1:-}" = --lock ]; then
    lock
    exit 0
fi

if ! is_current; then
    exec 9<"$pins"
    flock 9
    is_current || install
    exec 9<&-
fi

[ $# -gt 0 ] || exit 0
PATH=$venv/bin:$PATH
export PATH
exec "$@"
