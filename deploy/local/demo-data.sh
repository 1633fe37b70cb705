#!/usr/bin/env bash
# make demo-data: a month of made-up traffic in the local stack, in an organisation of its own named Demo.
#   ROWS=10000000   how many requests: some 800,000 a minute and 0.45 KB of disk each
# Run again, it makes the data anew.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/load.sh"

rows=${ROWS:-10000000}
[[ $rows =~ ^[1-9][0-9]{0,8}$ ]] || die "ROWS is \"$rows\", no number of requests" "make demo-data ROWS=20000"
[ -r "$STATE/run/control.conf" ] || die "there is no stack here" "make up"

# The password is on no command line.
query() {
    PGPASSWORD=$(secret postgres_password 24) psql -XAtq -v ON_ERROR_STOP=1 -h 127.0.0.1 \
        -p "${PORT[postgres]}" -U doteb -d doteb "$@"
}
find_demo() {
    query <<<"select organisation_id from organisations where name = 'Demo' and archived_at is null and not is_operator limit 1"
}

# Made as a person would, by the API: its data key is sealed with the stack's master key. The provider
# keys open nothing; they say which models "can be called".
make_demo() {
    local jar csrf provider
    jar=$(mktemp "$STATE/run/demo.XXXXXX")
    call() {
        curl -sS --fail-with-body --noproxy '*' -b "$jar" -c "$jar" -H 'Content-Type: application/json' \
            ${csrf:+-H "X-CSRF-Token: $csrf"} -d @- "$(control_url)/api/v1/$1" <<<"$2"
    }
    csrf=$(call session "{\"email\": \"$ADMIN_EMAIL\", \"password\": \"$(secret admin_password 12)\"}" |
        sed -n 's/.*"csrf_token": *"\([^"]*\)".*/\1/p')
    call organisations '{"name": "Demo"}' >/dev/null
    for provider in openai anthropic google-ai-studio groq deepinfra; do
        call "organisations/$(find_demo)/provider-keys" \
            "{\"provider\": \"$provider\", \"label\": \"made up\", \"secret\": \"demo-opens-nothing\"}" >/dev/null
    done
    rm -f "$jar"
}

load_ports
owner=$(query -v email="$ADMIN_EMAIL" <<<"select user_id from users where email = :'email'") ||
    die "the stack's database does not answer" "make up"
[ -n "$owner" ] || die "there is no account $ADMIN_EMAIL in this stack" "make up"
if [ -z "$(find_demo)" ]; then
    make_demo || die "the organisation Demo could not be made" "make status; make logs"
    org=$(find_demo)
else
    org=$(find_demo)
    step "demo data: what was there is deleted"
    query -v org="$org" -f "$LOCAL/demo-data-delete.sql" >"$STATE/log/demo-data.log" 2>&1 ||
        die "the old data could not be deleted" "log: $STATE/log/demo-data.log"
fi
step "demo data: $rows requests of a month (log: $STATE/log/demo-data.log)"
query -v org="$org" -v owner="$owner" -v rows="$rows" -v seed=0.5 -f "$LOCAL/demo-data.sql" \
    >"$STATE/log/demo-data.log" 2>&1 || {
    tail -n 5 "$STATE/log/demo-data.log" >&2
    die "the data could not be made" "read the lines above"
}
step "demo data: done"
printf '\n  Dashboard   %s\n  Login       %s  /  %s\n' "$(control_url)/o/$org/overview?range=30d" \
    "$ADMIN_EMAIL" "$(secret admin_password 12)"
