# shellcheck shell=bash
# The stack's own PostgreSQL: a cluster of its own, loopback TCP and a Unix socket, password
# required. It refuses to run as root, and a system user may not be able to reach the checkout: so
# as root the data lies in /var/lib/doteb/<hash>, owned by user doteb, and .doteb/postgres links
# to it. As a normal user the data lies in .doteb/postgres itself.

PG_BIN=/usr/lib/postgresql/15/bin

if [ "$(id -u)" -eq 0 ]; then
    PG_HOME=/var/lib/doteb/$(state_hash)
else
    PG_HOME=$STATE/postgres
fi
PG_DATA=$PG_HOME/data

as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && runuser -u "$SYSTEM_USER" -- env LC_ALL=C.UTF-8 TZ=UTC "$@")
    else
        (cd / && LC_ALL=C.UTF-8 TZ=UTC "$@")
    fi
}

postgres_up() {
    [ -e "$PG_DATA/postmaster.pid" ] && [ -x "$PG_BIN/pg_ctl" ] &&
        as_postgres "$PG_BIN/pg_ctl" -D "$PG_DATA" status >/dev/null 2>&1
}

postgres_url() {
    echo "postgresql://doteb:$(secret postgres_password 24)@127.0.0.1:${PORT[postgres]}/doteb"
}

make_postgres_home() {
    if [ "$(id -u)" -ne 0 ]; then
        mkdir -p "$PG_HOME"
        return
    fi
    if ! getent passwd "$SYSTEM_USER" >/dev/null; then
        step "postgres: making the system user $SYSTEM_USER (PostgreSQL refuses to run as root)"
        useradd --system --user-group --home-dir /var/lib/doteb --no-create-home \
            --shell /usr/sbin/nologin "$SYSTEM_USER"
    fi
    install -d -m 755 /var/lib/doteb
    put_foreign_data_aside
    install -d -m 700 -o "$SYSTEM_USER" -g "$SYSTEM_USER" "$PG_HOME"
    ln -sfn "$PG_HOME" "$STATE/postgres"
    secret stack_id 8 | write_file 644 "$PG_HOME/stack_id"
}

# Data from an earlier .doteb of this path, whose secrets are gone with it: kept, not used.
put_foreign_data_aside() {
    local aside
    [ -e "$PG_DATA" ] || return 0
    [ "$(cat "$PG_HOME/stack_id" 2>/dev/null)" != "$(cat "$STATE/secrets/stack_id" 2>/dev/null)" ] ||
        return 0
    if postgres_up; then
        as_postgres "$PG_BIN/pg_ctl" -D "$PG_DATA" -m fast -w stop >/dev/null
    fi
    aside=$PG_HOME.old-$(date +%Y%m%d%H%M%S)
    mv "$PG_HOME" "$aside"
    step "postgres: data of an earlier stack at this path lies in $aside (its secrets were removed)"
}

# Into a folder beside it, then moved: an interrupted initdb leaves nothing half made.
make_cluster() {
    local fresh=$PG_DATA.new password=$PG_HOME/password.new fast=()
    [ -z "${DOTEB_PG_FAST:-}" ] || fast=(--no-sync)
    [ ! -e "$PG_DATA/PG_VERSION" ] || return 0
    step "postgres: making a cluster in $PG_HOME"
    rm -rf "$fresh"
    secret postgres_password 24 >/dev/null
    install -m 600 ${SYSTEM_OWNER[@]+"${SYSTEM_OWNER[@]}"} "$STATE/secrets/postgres_password" "$password"
    as_postgres "$PG_BIN/initdb" -D "$fresh" -U doteb -A scram-sha-256 --pwfile="$password" \
        -E UTF8 --locale=C.UTF-8 "${fast[@]}" --no-instructions >"$STATE/log/initdb.log" 2>&1 ||
        { cat "$STATE/log/initdb.log" >&2
          die "initdb could not make a cluster" "disk space or rights of $PG_HOME; then run again"; }
    rm -f "$password"
    mv "$fresh" "$PG_DATA"
}

SYSTEM_OWNER=()
[ "$(id -u)" -ne 0 ] || SYSTEM_OWNER=(-o "$SYSTEM_USER" -g "$SYSTEM_USER")

# Small: a stack for one machine's development. Test stacks give up durability for speed.
postgres_conf() {
    local sockets=$PG_HOME/run durable=on
    # A socket's path may have 107 bytes.
    [ ${#sockets} -le 85 ] || sockets=''
    [ -z "${DOTEB_PG_FAST:-}" ] || durable=off
    cat <<CONF
listen_addresses = '127.0.0.1'
port = ${PORT[postgres]}
unix_socket_directories = '$sockets'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 128MB
max_wal_size = 512MB
fsync = $durable
synchronous_commit = $durable
full_page_writes = $durable
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
lc_messages = 'C.UTF-8'
jit = off
CONF
}

start_postgres() {
    [ -x "$PG_BIN/postgres" ] || die "PostgreSQL 15 is not installed" "deploy/local/packages.sh run"
    make_postgres_home
    make_cluster
    if postgres_up; then
        step "postgres: running on port ${PORT[postgres]}"
    else
        postgres_conf | write_file 600 "$STATE/run/postgresql.conf"
        install -m 600 ${SYSTEM_OWNER[@]+"${SYSTEM_OWNER[@]}"} "$STATE/run/postgresql.conf" "$PG_DATA/postgresql.conf"
        install -d -m 700 ${SYSTEM_OWNER[@]+"${SYSTEM_OWNER[@]}"} "$PG_HOME/run"
        [ ! -s "$PG_HOME/postgres.log" ] || mv -f "$PG_HOME/postgres.log" "$PG_HOME/postgres.log.1"
        ln -sfn "$PG_HOME/postgres.log" "$STATE/log/postgres.log"
        as_postgres "$PG_BIN/pg_ctl" -D "$PG_DATA" -l "$PG_HOME/postgres.log" -w -t 60 start \
            >"$STATE/log/pg_ctl.log" 2>&1 9>&- ||
            { tail -n 15 "$PG_HOME/postgres.log" "$STATE/log/pg_ctl.log" >&2
              die "PostgreSQL did not start; its last lines are above" \
                  "port ${PORT[postgres]} just taken? disk full? then run again"; }
        step "postgres: started on port ${PORT[postgres]}"
    fi
    make_database
}

sql() {
    PGPASSWORD=$(secret postgres_password 24) psql -X -q -A -t -v ON_ERROR_STOP=1 \
        -h 127.0.0.1 -p "${PORT[postgres]}" -U doteb -d "$1" -c "$2"
}

make_database() {
    local there
    there=$(sql postgres "select 1 from pg_database where datname = 'doteb'" 2>&1) ||
        die "PostgreSQL refuses the stack's password: $there" \
            "a .doteb/secrets of another stack? 'make clean-data CONFIRM=1' starts afresh"
    if [ "$there" != 1 ]; then
        sql postgres 'create database doteb' >/dev/null
    fi
}

stop_postgres() {
    postgres_up || return 0
    as_postgres "$PG_BIN/pg_ctl" -D "$PG_DATA" -m fast -w -t 60 stop >/dev/null ||
        die "PostgreSQL does not stop" "look at $PG_HOME/postgres.log"
    step "postgres: stopped"
}
