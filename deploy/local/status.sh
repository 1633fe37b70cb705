#!/usr/bin/env bash
# make status: each part, whether it runs, where it listens, whether it is ready, and what to do if
# one is not. Exit code 1 then.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/load.sh"

ready_url() {
    case $1 in
    gateway) echo "http://$HOST:${PORT[admin]}/readyz" ;;
    control) echo "$(control_url)/readyz" ;;
    simulator) echo "$(simulator_url)/healthz" ;;
    esac
}

# A gateway serves without its database: what its answer has of that kind, in words.
what_is_amiss() {
    sed -n 's/.*"\([a-z]*\)":{"ok":false,"state":"\([^"]*\)".*/, but \1: \2/p' <<<"$1" | head -n 1
}

# What an answer says of the reason, without its JSON.
in_words() {
    local detail amiss
    detail=$(sed -n 's/.*"detail":"\([^"]*\)".*/\1/p' <<<"$1")
    amiss=$(what_is_amiss "$1")
    echo "${detail:-${amiss:+${amiss#, but }}}" | grep . || echo "$1"
}

readiness() {
    local part=$1 url answer
    url=$(ready_url "$part")
    if [ "$part" = postgres ]; then
        if [ "$(sql doteb 'select 1' 2>/dev/null)" = 1 ]; then echo ready; else echo 'not ready'; fi
    elif [ "$part" = redis ]; then
        REDISCLI_AUTH=$(secret redis_password 24) redis-cli -h "$HOST" -p "${PORT[redis]}" ping 2>/dev/null |
            grep -q PONG && echo ready || echo 'not ready'
    elif answer=$(curl -sS --noproxy '*' -m 2 -w '\n%{http_code}' "$url" 2>&1); then
        if [ "${answer##*$'\n'}" = 200 ]; then
            echo "ready$(what_is_amiss "$answer")"
        else
            echo "not ready: $(in_words "${answer%%$'\n'*}")"
        fi
    else
        echo "not ready: ${answer%%$'\n'*}"
    fi
}

if [ ! -d "$STATE" ]; then
    echo "there is no stack here; 'make up' makes one"
    exit 1
fi
load_ports
all_ready=0 down=() unready=()
printf '%-10s %-5s %-6s %-8s %s\n' part '' port pid ''
for part in postgres redis simulator control gateway; do
    if part_up "$part"; then
        case $part in
        postgres) pid=$(as_postgres head -n 1 "$PG_DATA/postmaster.pid") ;;
        *) pid=$(pid_of "$part") ;;
        esac
        state=$(readiness "$part")
        [[ $state == ready* ]] || { all_ready=1 && unready+=("$part"); }
        printf '%-10s %sup%s    %-6s %-8s %s\n' "$part" "$C_GOOD" "$C_OFF" "${PORT[$part]:-?}" "$pid" "$state"
    else
        all_ready=1
        down+=("$part")
        printf '%-10s %sdown%s  %-6s\n' "$part" "$C_BAD" "$C_OFF" "${PORT[$part]:-}"
    fi
done
if [ ${#down[@]} -gt 0 ]; then
    printf "\ndown: %s; why, its log says: %s. 'make up' starts what is down, and keeps the data.\n" \
        "${down[*]}" "$STATE/log/${down[0]}.log"
elif [ ${#unready[@]} -gt 0 ]; then
    printf '\nnot ready: %s; more in %s.\n' "${unready[*]}" "$STATE/log/${unready[0]}.log"
fi
exit "$all_ready"
