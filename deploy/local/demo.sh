# shellcheck shell=bash
# What makes a new stack usable: schema and catalogue, the operator's account, the provider `demo`
# (the simulator, so that the first answer needs no account anywhere) with a key, and an API key.

ADMIN_EMAIL=admin@localhost

migrate() {
    long "$STATE/log/migrate.log" "database: schema and catalogue" control migrate ||
        die "the database could not be migrated" "read the lines above, then run again"
    demo_catalogue | write_file 600 "$STATE/run/demo-catalogue.json"
    control catalogue import "$STATE/run/demo-catalogue.json" >"$STATE/log/demo.log" 2>&1 ||
        { tail -n 15 "$STATE/log/demo.log" >&2
          die "the demo catalogue was refused" "read the lines above, then run again"; }
}

# The file names the simulator's usual address; this stack's may differ.
demo_catalogue() {
    sed "s|http://127.0.0.1:4010|$(simulator_url)|" "$DOTEB_ROOT/deploy/local/demo-catalogue.json"
}

# Account and provider key; what is there already stays.
make_operator() {
    secret admin_password 12 | control admin create --email "$ADMIN_EMAIL" --name Operator \
        --password-stdin --if-missing >>"$STATE/log/demo.log" 2>&1 ||
        { tail -n 15 "$STATE/log/demo.log" >&2
          die "the operator's account could not be made" "read the lines above, then run again"; }
    secret demo_provider_key 16 | control provider-key add --provider demo \
        --label 'Simulator (local demo)' --secret-stdin --if-missing >>"$STATE/log/demo.log" 2>&1 ||
        { tail -n 15 "$STATE/log/demo.log" >&2
          die "the demo provider's key could not be stored" "read the lines above, then run again"; }
}

demo_key() {
    cat "$STATE/secrets/demo_api_key" 2>/dev/null
}

make_demo_key() {
    control key create --project Default --name 'Demo key' 2>>"$STATE/log/demo.log" |
        write_file 600 "$STATE/secrets/demo_api_key"
    [[ $(demo_key) == sk-doteb-* ]] || {
        rm -f "$STATE/secrets/demo_api_key"
        tail -n 15 "$STATE/log/demo.log" >&2
        die "the demo API key could not be made" "read the lines above, then run again"
    }
    step "demo: API key made"
}

answer_status() {
    curl -s -o /dev/null --noproxy '*' -m 5 -w '%{http_code}' \
        -H "Authorization: Bearer $(demo_key)" "$(base_url)/key" || true
}

# The key is held against the running gateway: one that was revoked meanwhile is made anew. A new
# key takes a moment to reach the gateway.
check_demo_key() {
    local tries=0 status
    [ -s "$STATE/secrets/demo_api_key" ] || make_demo_key
    while status=$(answer_status) && [ "$status" != 200 ]; do
        tries=$((tries + 1))
        [ "$status" != 401 ] || [ "$tries" -ne 20 ] || make_demo_key
        [ "$tries" -lt 100 ] || die "the gateway answers $status to the demo key" \
            "log: $STATE/log/gateway.log; then make up again"
        sleep 0.1
    done
}
