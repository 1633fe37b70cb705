#!/usr/bin/env bash
# The commands of the local stack, on a stack of the test's own: make up, status, down and what a
# person does to them in between (interrupt, kill, take a port, run twice). The documentation's
# commands are run against it too.
#   local_stack.sh BUILD_FOLDER
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
work=$(mktemp -d "${TMPDIR:-/tmp}/doteb-stack.XXXXXX")
export DOTEB_STATE=$work/.doteb DOTEB_BUILD=$1 DOTEB_NO_BUILD=1 DOTEB_PG_FAST=1
base=$((20000 + RANDOM % 8000))
export DOTEB_PORT_BASE=$base DOTEB_PORT_POSTGRES=$((base + 20)) DOTEB_PORT_REDIS=$((base + 21))
local=$root/deploy/local
blocker=

finish() {
    status=$?
    trap - EXIT
    [ -z "$blocker" ] || kill "$blocker" 2>/dev/null || true
    CONFIRM=1 "$local/clean-data.sh" >/dev/null 2>&1 || true
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() {
    echo "FAILED: $*" >&2
    tail -n 20 "$DOTEB_STATE"/log/*.log >&2 || true
    exit 1
}
up() { "$local/up.sh" >"$work/up.txt" 2>&1 || { cat "$work/up.txt"; fail "up: $1"; }; }
value() { sed -n "s/^$1=//p" "$DOTEB_STATE/env"; }
pids() { cat "$DOTEB_STATE"/run/*.pid | sort; }
status_says() { { "$local/status.sh" || true; } 2>&1 | grep -E "^$1 +$2" >/dev/null; }

echo "-- nothing here yet: status and down say so"
! "$local/status.sh" >/dev/null || fail "status of no stack"
"$local/down.sh" >/dev/null || fail "down of no stack"

echo "-- interrupted at three moments, then run to the end"
for pause in 0.3 1.5 3; do
    timeout -s INT "$pause" "$local/up.sh" >/dev/null 2>&1 || true
done
up "after interruptions"

echo "-- what it leaves: names, modes, secrets nowhere else"
for name in DOTEB_BASE_URL DOTEB_CONTROL_URL DOTEB_API_KEY DOTEB_SIMULATOR_URL DOTEB_DATABASE_URL \
    DOTEB_REDIS_URL DOTEB_ADMIN_EMAIL DOTEB_ADMIN_PASSWORD; do
    [ -n "$(value "$name")" ] || fail "$name is missing in env"
done
[ "$(stat -c %a "$DOTEB_STATE")" = 700 ] || fail "mode of the state folder"
[ "$(stat -c %a "$DOTEB_STATE/env")" = 600 ] || fail "mode of env"
[ -z "$(find "$DOTEB_STATE/secrets" -type f -perm /077)" ] || fail "a secret others may read"
[[ $(value DOTEB_BASE_URL) == */v1 ]] || fail "the base URL does not end in /v1"
! grep -qF "$(cat "$DOTEB_STATE/secrets/master_key")" -r "$DOTEB_STATE/log" || fail "the master key is in a log"
! pgrep -af "$(value DOTEB_ADMIN_PASSWORD)" >/dev/null || fail "a password is on a command line"
(umask 022 && "$local/status.sh") || fail "status of a running stack"

echo "-- the printed curl line works as it is"
sed -n '/^curl /,/^$/p' "$work/up.txt" >"$work/curl.sh"
env -u DOTEB_STATE no_proxy='*' bash "$work/curl.sh" >"$work/answer.json" 2>/dev/null || fail "the curl line"
grep -q '"chat.completion"' "$work/answer.json" || { cat "$work/answer.json"; fail "the curl line's answer"; }

echo "-- the documentation's commands work"
ln -s "$root/deploy" "$work/deploy"
"$root/tests/stack/run_docs.py" "$work" "$root"/README.md "$root"/docs/*.md || fail "documentation"

echo "-- again: in seconds, nothing restarted, same key"
before=$(pids) key=$(value DOTEB_API_KEY) began=$(date +%s)
up "again"
[ $(($(date +%s) - began)) -le 15 ] || fail "the second run took $(($(date +%s) - began)) s"
[ "$before" = "$(pids)" ] || fail "the second run restarted something"
[ "$key" = "$(value DOTEB_API_KEY)" ] || fail "the second run made another key"

echo "-- two at once: both end well or the second says why"
"$local/up.sh" >"$work/a.txt" 2>&1 &
first=$!
"$local/up.sh" >"$work/b.txt" 2>&1 || grep -q 'another make up' "$work/b.txt" || fail "two at once"
wait "$first" || grep -q 'another make up' "$work/a.txt" || fail "two at once, the first"

echo "-- a killed gateway: status tells, up brings it back"
kill -KILL "$(cat "$DOTEB_STATE/run/gateway.pid")"
sleep 0.2
status_says gateway down || fail "status of a killed gateway"
up "after kill"
"$local/status.sh" >/dev/null || fail "not all up after a kill"

echo "-- a PostgreSQL that died: status tells what serves and what to do, up brings it back at its port"
port=$(sed -n 's/^postgres=//p' "$DOTEB_STATE/ports")
exec 8<>"/dev/tcp/127.0.0.1/$port" # a client that does not notice
kill -QUIT "$(head -n 1 "$DOTEB_STATE/postgres/data/postmaster.pid")"
for _ in $(seq 300); do
    ! status_says gateway 'up .* ready, but database: not reachable' || break
    sleep 0.1
done
status_says gateway 'up .* ready, but database: not reachable' || fail "status of a gateway without database"
status_says control 'up .* not ready: The database cannot be reached' || fail "status of a control without database"
status_says 'down: postgres;' '.*postgres.log.*make up' || fail "status says what to do"
up "after PostgreSQL died"
[ "$(sed -n 's/^postgres=//p' "$DOTEB_STATE/ports")" = "$port" ] || fail "PostgreSQL has another port"
exec 8>&-
for _ in $(seq 100); do # the gateway looks again by itself
    "$local/status.sh" >"$work/status.txt" || fail "not all up after PostgreSQL died"
    grep -E 'but|down' "$work/status.txt" >/dev/null || break
    sleep 0.2
done
! grep -E 'but|down' "$work/status.txt" || fail "status of a stack that is whole again"

echo "-- a pid file that names a stranger's process: left alone"
sleep 300 &
stranger=$!
echo "$stranger" >"$DOTEB_STATE/run/simulator.pid"
"$local/down.sh" >/dev/null || fail "down"
kill -0 "$stranger" || fail "down killed a stranger"
kill "$stranger"
! cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' | grep -E "^doteb [a-z]+ $DOTEB_STATE\$" || fail "down left a process"

echo "-- a taken port: another one, and the data is still there"
port=$(sed -n 's/^gateway=//p' "$DOTEB_STATE/ports")
python3 -m http.server --bind 127.0.0.1 "$port" >/dev/null 2>&1 &
blocker=$!
for _ in $(seq 200); do
    ! curl -s --noproxy '*' -o /dev/null "http://127.0.0.1:$port/" || break
    sleep 0.1
done
up "with a taken port"
grep -q "$port is taken" "$work/up.txt" || fail "did not tell of the taken port"
[ "$(sed -n 's/^gateway=//p' "$DOTEB_STATE/ports")" != "$port" ] || fail "kept a taken port"
[ "$key" = "$(value DOTEB_API_KEY)" ] || fail "the key changed"
curl -fsS --noproxy '*' -o /dev/null -H "Authorization: Bearer $key" "$(value DOTEB_BASE_URL)/models" ||
    fail "the key does not work at the new port"

echo "-- data is deleted only when asked"
! "$local/clean-data.sh" >/dev/null 2>&1 || fail "clean-data without CONFIRM"
[ -d "$DOTEB_STATE" ] || fail "clean-data without CONFIRM deleted"
CONFIRM=1 "$local/clean-data.sh" >/dev/null || fail "clean-data"
[ ! -e "$DOTEB_STATE" ] || fail "clean-data left the folder"
echo "all well"
