#!/usr/bin/env bash
# The end-to-end browser test on a stack of its own, gone afterwards; or, if DOTEB_CONTROL_URL is
# set, on the running stack that the environment names (. .doteb/env with set -a).
#   end_to_end.sh BUILD_FOLDER
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
run=("$root/tests/browser/run.sh" end_to_end.test.ts)
[ -z "${DOTEB_CONTROL_URL:-}" ] || exec "${run[@]}"

work=$(mktemp -d "${TMPDIR:-/tmp}/doteb-browser.XXXXXX")
export DOTEB_STATE=$work/.doteb DOTEB_BUILD=$1 DOTEB_NO_BUILD=1 DOTEB_PG_FAST=1
base=$((28000 + RANDOM % 4000))
export DOTEB_PORT_BASE=$base DOTEB_PORT_POSTGRES=$((base + 20)) DOTEB_PORT_REDIS=$((base + 21))

finish() {
    status=$?
    trap - EXIT
    if [ "$status" -ne 0 ]; then
        tail -n 12 "$DOTEB_STATE"/log/{control,gateway}.log >&2 || true
    fi
    CONFIRM=1 "$root/deploy/local/clean-data.sh" >/dev/null 2>&1 || true
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

"$root/dashboard/build.sh" >/dev/null
"$root/deploy/local/up.sh" >"$work/up.txt" 2>&1 || { cat "$work/up.txt" >&2; exit 1; }
set -a
. "$DOTEB_STATE/env"
set +a
"${run[@]}"
