#!/bin/sh
# Runs a command in this folder with the project's Node, after installing what package-lock.json
# pins if that is not there yet: tests/clients/run.sh node --test simulator/*.mjs
# Safe to run several times at once.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
lock=$here/package-lock.json
stamp=$here/node_modules/.stamp
cd "$here"

is_current() {
    [ -f "$stamp" ] && cmp -s "$stamp" "$lock"
}

if ! is_current; then
    exec 9<"$lock"
    flock 9
    if ! is_current; then
        "$here/../../deploy/node.sh" npm ci --silent || {
            echo "tests/clients/run.sh: could not install the JavaScript packages" \
                "(network? disk space?); run it again" >&2
            exit 1
        }
        cp "$lock" "$stamp"
    fi
    exec 9<&-
fi
[ $# -gt 0 ] || exit 0
exec "$here/../../deploy/node.sh" "$@"
