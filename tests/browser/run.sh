#!/usr/bin/env bash
# Runs browser tests by file name, with this project's Node and the packages of the lockfile.
#   run.sh FILE.test.ts...        run.sh packages: only installs
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
node=../../deploy/node.sh
mkdir -p ../../build
(
    flock 9
    if ! cmp -s package-lock.json node_modules/.doteb-lock; then
        "$node" npm ci --no-audit --no-fund --loglevel=error
        cp package-lock.json node_modules/.doteb-lock
    fi
) 9>../../build/browser-tests.lock
[ "${1:-}" != packages ] || exit 0
if [ ! -x "${DOTEB_CHROMIUM:-/usr/bin/chromium}" ]; then
    echo "chromium is not installed; next: deploy/local/packages.sh test" >&2
    exit 1
fi
../../dashboard/build.sh >/dev/null
exec "$node" node --test --test-concurrency=1 --test-reporter=spec "$@"
