# shellcheck shell=bash
# Which port each part listens on. The usual one if it is free, else the next free one; remembered
# in .doteb/ports, so that addresses stay the same from one run to the next.

declare -A PORT=()
PARTS_WITH_PORTS='gateway control admin metrics simulator postgres redis'

usual_port() {
    local base=${DOTEB_PORT_BASE:-4000}
    case $1 in
    gateway) echo $((base + 1)) ;;
    control) echo $((base + 2)) ;;
    admin) echo $((base + 3)) ;;
    metrics) echo $((base + 4)) ;;
    simulator) echo $((base + 10)) ;;
    postgres) echo "${DOTEB_PORT_POSTGRES:-15432}" ;;
    redis) echo "${DOTEB_PORT_REDIS:-63799}" ;;
    esac
}

# All local TCP ports in use, from the kernel's tables: those that somebody listens on, and those that
# an outgoing connection happens to have. What merely waits for its end (04 to 06, 09, 0B) is in nobody's
# way: a PostgreSQL that died leaves such ends for as long as a client keeps its own open.
ports_in_use() {
    local hex
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
        awk '$4 !~ /^0[4569B]$/ && $2 ~ /:/ { n = split($2, a, ":"); print a[n] }' | sort -u |
        while read -r hex; do echo $((16#$hex)); done
}

load_ports() {
    local name value
    PORT=()
    [ -r "$STATE/ports" ] || return 0
    while IFS='=' read -r name value; do
        [[ $name =~ ^[a-z]+$ && $value =~ ^[0-9]+$ ]] && PORT[$name]=$value
    done <"$STATE/ports"
    return 0
}

save_ports() {
    local name
    for name in $PARTS_WITH_PORTS; do
        echo "$name=${PORT[$name]}"
    done | write_file 600 "$STATE/ports"
}

# A part that runs keeps its port; the others get theirs if free, else the next free one.
choose_ports() {
    local name port taken given=' '
    load_ports
    taken=" $(ports_in_use | tr '\n' ' ')"
    for name in $PARTS_WITH_PORTS; do
        port=${PORT[$name]:-$(usual_port "$name")}
        if ! part_up "$name"; then
            while [[ "$taken$given" == *" $port "* ]]; do
                port=$((port + 1))
                [ "$port" -lt 65000 ] || die "no free port for $name" "stop something that listens"
            done
            if [ "$port" != "${PORT[$name]:-$(usual_port "$name")}" ]; then
                step "ports: ${PORT[$name]:-$(usual_port "$name")} is taken by another program," \
                    "$name uses $port"
            fi
        fi
        PORT[$name]=$port
        given+="$port "
    done
    save_ports
}
