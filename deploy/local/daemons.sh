# shellcheck shell=bash
# Configuration and start of the two daemons and the simulator. Each daemon reads one file that is
# written here; a changed file or binary restarts it, an unchanged one leaves it running.

HOST=127.0.0.1
control_url() { echo "http://$HOST:${PORT[control]}"; }
base_url() { echo "http://$HOST:${PORT[gateway]}/v1"; }
simulator_url() { echo "http://$HOST:${PORT[simulator]}"; }

write_configuration() {
    secret master_key 32 >/dev/null
    write_file 600 "$STATE/run/control.conf" <<CONF
DOTEB_DATABASE_URL=$(postgres_url)
DOTEB_MASTER_KEY_FILE=$STATE/secrets/master_key
DOTEB_CONTROL_LISTEN=$HOST:${PORT[control]}
DOTEB_CONTROL_METRICS_LISTEN=$HOST:${PORT[metrics]}
DOTEB_PUBLIC_URL=$(control_url)
DOTEB_GATEWAY_URL=$(base_url)
DOTEB_DASHBOARD_DIR=$DOTEB_ROOT/dashboard/dist
DOTEB_CATALOGUE_DIR=$DOTEB_ROOT/catalogue
CONF
    write_file 600 "$STATE/run/gateway.conf" <<CONF
DOTEB_DATABASE_URL=$(postgres_url)
DOTEB_MASTER_KEY_FILE=$STATE/secrets/master_key
DOTEB_GATEWAY_LISTEN=$HOST:${PORT[gateway]}
DOTEB_SHUTDOWN_NOTICE=0ms
DOTEB_ADMIN_LISTEN=$HOST:${PORT[admin]}
DOTEB_SPOOL_DIR=$STATE/spool
DOTEB_CORS_ORIGINS=$(control_url)
CONF
}

# doteb-control with the stack's configuration and nothing of the caller's.
control() {
    env -i PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 TZ=UTC \
        DOTEB_CONFIG="$STATE/run/control.conf" "$CONTROL" "$@" 9>&-
}

start_daemons() {
    local conf=$STATE/run
    mkdir -p "$STATE/spool"
    keep simulator "$(fingerprint "$SIMULATOR") ${PORT[simulator]}" \
        "$SIMULATOR" --listen "$HOST:${PORT[simulator]}"
    keep control "$(fingerprint "$CONTROL" "$conf/control.conf")" \
        DOTEB_CONFIG="$conf/control.conf" "$CONTROL" serve
    keep gateway "$(fingerprint "$GATEWAY" "$conf/gateway.conf")" \
        DOTEB_CONFIG="$conf/gateway.conf" "$GATEWAY"
    wait_ready simulator "$(simulator_url)/healthz" 20
    wait_ready control "$(control_url)/readyz" 60
    wait_ready gateway "http://$HOST:${PORT[admin]}/readyz" 60
    step "all parts are ready"
}
