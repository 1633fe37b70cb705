# shellcheck shell=bash
# The stack's own Redis: loopback, password required, nothing written to disk (what Redis holds
# may be lost).

redis_url() {
    echo "redis://:$(secret redis_password 24)@127.0.0.1:${PORT[redis]}/0"
}

start_redis() {
    local conf=$STATE/run/redis.conf
    command -v redis-server >/dev/null || die "redis-server is not installed" "deploy/local/packages.sh run"
    write_file 600 "$conf" <<CONF
bind 127.0.0.1
port ${PORT[redis]}
protected-mode yes
requirepass $(secret redis_password 24)
dir $STATE/run
save ""
appendonly no
maxmemory 256mb
maxmemory-policy volatile-lru
set-proc-title no
CONF
    keep redis "$(fingerprint "$conf")" redis-server "$conf"
    wait_redis
}

wait_redis() {
    local tries=0
    until REDISCLI_AUTH=$(secret redis_password 24) redis-cli -h 127.0.0.1 -p "${PORT[redis]}" ping 2>/dev/null |
        grep -q PONG; do
        tries=$((tries + 1))
        if [ "$tries" -gt 100 ] || ! pid_of redis >/dev/null; then
            tail -n 10 "$STATE/log/redis.log" >&2
            die "Redis did not start; its last lines are above" "then run again"
        fi
        sleep 0.1
    done
}
