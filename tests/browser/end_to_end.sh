#!/usr/bin/env bash
# The end-to-end browser test on a stack of its own, gone afterwards; or, if DOTEB_CONTROL_URL is
# set, on the running stack that the environment names (. .doteb/env with set -a).
# Passkeys belong to a name, and the stack has an address: their test has a control daemon of its own.
#   end_to_end.sh BUILD_FOLDER [passkeys]: without the word both tests
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
run=("$root/tests/browser/run.sh")
[ -z "${DOTEB_CONTROL_URL:-}" ] || exec "${run[@]}" end_to_end.test.ts

work=$(mktemp -d "${TMPDIR:-/tmp}/doteb-browser.XXXXXX")
export DOTEB_STATE=$work/.doteb DOTEB_BUILD=$1 DOTEB_NO_BUILD=1 DOTEB_PG_FAST=1
base=$((28000 + RANDOM % 4000))
export DOTEB_PORT_BASE=$base DOTEB_PORT_POSTGRES=$((base + 20)) DOTEB_PORT_REDIS=$((base + 21))

named=

finish() {
    status=$?
    trap - EXIT
    if [ "$status" -ne 0 ]; then
        tail -n 12 "$DOTEB_STATE"/log/{control,gateway}.log "$work"/passkeys.log >&2 || true
    fi
    [ -z "$named" ] || kill "$named" 2>/dev/null || true
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
[ "${2:-}" = passkeys ] || "${run[@]}" end_to_end.test.ts

port=$((base + 30))
sed -e "s|^\(DOTEB_CONTROL_LISTEN\)=.*|\1=127.0.0.1:$port|" \
    -e "s|^\(DOTEB_CONTROL_METRICS_LISTEN\)=.*|\1=127.0.0.1:$((port + 1))|" \
    -e "s|^\(DOTEB_PUBLIC_URL\)=.*|\1=http://localhost:$port|" \
    "$DOTEB_STATE/run/control.conf" >"$work/passkeys.conf"
DOTEB_CONFIG=$work/passkeys.conf "$DOTEB_BUILD/control/doteb-control" serve >"$work/passkeys.log" 2>&1 &
named=$!
curl -fsS --retry 60 --retry-delay 1 --retry-connrefused -o "$work/ready" "http://127.0.0.1:$port/readyz"
DOTEB_CONTROL_URL=http://localhost:$port "${run[@]}" passkeys.test.ts
