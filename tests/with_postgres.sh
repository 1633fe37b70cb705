#!/usr/bin/env bash
# with_postgres.sh COMMAND...: runs COMMAND with DOTEB_TEST_DATABASE_URL naming a PostgreSQL of its
# own, made for it and gone afterwards. PostgreSQL refuses to run as root; as root it runs as the
# user `postgres` (or DOTEB_TEST_PG_USER). Uses a database that is named already. Exit code 77, a
# skipped test, if PostgreSQL is not installed; otherwise COMMAND's.
set -euo pipefail

[ -z "${DOTEB_TEST_DATABASE_URL:-}" ] || exec "$@"

bin=${DOTEB_TEST_PG_BIN:-}
for dir in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) "$(dirname "$(command -v initdb || echo /)")"; do
  [ -n "$bin" ] || { [ -x "$dir/initdb" ] && bin=$dir; }
done
if [ ! -x "$bin/initdb" ]; then
  echo "with_postgres.sh: PostgreSQL's server is not installed" >&2
  exit 77
fi

as=() # --pdeathsig: the server ends even if this script is killed
run=$(mktemp -d "${TMPDIR:-/tmp}/doteb-pg.XXXXXX")
if [ "$(id -u)" = 0 ]; then
  user=${DOTEB_TEST_PG_USER:-postgres}
  as=(--reuid "$user" --regid "$user" --init-groups)
  chown "$user" "$run"
fi
server=
command=

finish() {
  trap - EXIT INT TERM HUP
  [ -z "$command" ] || kill "$command" 2>/dev/null || true
  if [ -n "$server" ]; then
    kill -QUIT "$server" 2>/dev/null || true # immediate shutdown
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$run"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

as_owner() { if [ ${#as[@]} -gt 0 ]; then setpriv "${as[@]}" "$@"; else "$@"; fi; }

cd "$run"
as_owner "$bin/initdb" -D "$run/data" -U postgres -A trust -E UTF8 --locale=C -N >"$run/initdb.log" 2>&1 ||
  { cat "$run/initdb.log" >&2; exit 1; }

for attempt in 1 2 3 4 5; do
  port=$((20000 + (RANDOM * 32768 + RANDOM) % 10000))
  setpriv "${as[@]}" --pdeathsig QUIT "$bin/postgres" -D "$run/data" -k "$run" -p "$port" \
    -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c synchronous_commit=off \
    -c shared_buffers=32MB -c max_connections=50 >"$run/server.log" 2>&1 &
  server=$!
  for _ in $(seq 100); do
    kill -0 "$server" 2>/dev/null || break
    "$bin/pg_isready" -q -h "$run" -p "$port" && break 2
    sleep 0.1
  done
  kill -QUIT "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=
done
[ -n "$server" ] || { cat "$run/server.log" >&2; exit 1; }

cd "$OLDPWD"
export DOTEB_TEST_DATABASE_URL="postgresql://postgres@127.0.0.1:$port/postgres"
"$@" <&0 &
command=$!
status=0
wait "$command" || status=$?
command=
exit "$status"
