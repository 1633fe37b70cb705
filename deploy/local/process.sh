# shellcheck shell=bash
# Background processes of the stack: start, look, stop. Each is started under the name
# "doteb PART STATE_FOLDER"; a process is ours if and only if its pid file and that name agree, so that
# a reused pid or another checkout's daemon is never touched. (Not by environment: the daemons hide
# theirs, even from their own user.) PostgreSQL is looked after by pg_ctl.

is_ours() {
    local name
    { IFS= read -r -d '' name <"/proc/$1/cmdline"; } 2>/dev/null || return 1
    [[ $name == doteb\ * && ${name#doteb * } == "$STATE" ]]
}

# pid_of NAME: prints the pid if the process runs and is ours.
pid_of() {
    local pid
    pid=$(cat "$STATE/run/$1.pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ ]] && is_ours "$pid" && echo "$pid"
}

part_up() {
    case $1 in
    postgres) postgres_up ;;
    admin) pid_of gateway >/dev/null ;;
    metrics) pid_of control >/dev/null ;;
    *) pid_of "$1" >/dev/null ;;
    esac
}

# Keeps the last log beside the new one.
rotate_log() {
    if [ -s "$STATE/log/$1.log" ]; then
        mv -f "$STATE/log/$1.log" "$STATE/log/$1.log.1"
    fi
}

# spawn NAME [VARIABLE=value...] COMMAND...: in a session of its own, with a clean environment, output
# in its log. Returns when it bears its name (or has ended already).
spawn() {
    local name=$1 variables=() pid tries=0
    shift
    while [[ $1 == [A-Z]*=* ]]; do
        variables+=("$1")
        shift
    done
    rotate_log "$name"
    (
        trap - ERR
        exec 9>&-
        cd /
        echo "$BASHPID" >"$STATE/run/$name.pid"
        exec setsid env -i PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 TZ=UTC "${variables[@]}" \
            bash -c 'exec -a "$0" "$@"' "doteb $name $STATE" "$@" >"$STATE/log/$name.log" 2>&1 </dev/null
    ) &
    pid=$!
    disown
    while [ "$tries" -lt 200 ] && kill -0 "$pid" 2>/dev/null && ! is_ours "$pid"; do
        tries=$((tries + 1))
        sleep 0.05
    done
}

# keep NAME FINGERPRINT COMMAND...: lets it run if it runs what FINGERPRINT stands for, else
# (re)starts it.
keep() {
    local name=$1 print=$2
    shift 2
    if pid_of "$name" >/dev/null && [ "$(cat "$STATE/run/$name.print" 2>/dev/null)" = "$print" ]; then
        step "$name: running"
        return
    fi
    stop "$name"
    spawn "$name" "$@"
    echo "$print" | write_file 600 "$STATE/run/$name.print"
    step "$name: started"
}

# The same binary with the same configuration has the same fingerprint.
fingerprint() {
    cat "$@" | sha256sum | cut -c1-32
}

stop() {
    local name=$1 pid waited=0
    if pid=$(pid_of "$name"); then
        kill -TERM "$pid" 2>/dev/null || true
        while is_ours "$pid"; do
            waited=$((waited + 1))
            if [ "$waited" -gt "${2:-300}" ]; then
                step "$name: did not end by itself, killed"
                kill -KILL "$pid" 2>/dev/null || true
                break
            fi
            sleep 0.1
        done
        step "$name: stopped"
    fi
    rm -f "$STATE/run/$name.pid" "$STATE/run/$name.print"
}

# Processes of this stack that no pid file names: left by a .doteb that was removed by hand.
stop_strays() {
    local file pid known tries
    known=" $({ cat "$STATE"/run/*.pid 2>/dev/null || true; } | tr '\n' ' ')"
    for file in /proc/[0-9]*/cmdline; do
        pid=${file#/proc/} pid=${pid%/cmdline}
        if [[ "$known" != *" $pid "* ]] && is_ours "$pid"; then
            kill -TERM "$pid" 2>/dev/null || true
            tries=0
            while is_ours "$pid" && [ "$tries" -lt 100 ]; do
                tries=$((tries + 1))
                sleep 0.1
            done
            ! is_ours "$pid" || kill -KILL "$pid" 2>/dev/null || true
            step "process $pid: stopped (of this stack, and no pid file named it)"
        fi
    done
}

# wait_ready NAME URL SECONDS: until the URL answers 200; a process that died is not waited for.
wait_ready() {
    local name=$1 url=$2 deadline=$(($(date +%s) + $3)) told=0 answer
    while ! answer=$(curl -fsS --noproxy '*' -m 2 "$url" 2>&1); do
        if ! pid_of "$name" >/dev/null; then
            tail -n 15 "$STATE/log/$name.log" >&2
            die "$name ended while starting; its last lines are above" \
                "whole log: $STATE/log/$name.log; then make up again"
        fi
        if [ "$(date +%s)" -ge "$deadline" ]; then
            tail -n 15 "$STATE/log/$name.log" >&2
            die "$name is not ready after $3 seconds: $url says: $answer" \
                "whole log: $STATE/log/$name.log; then make up again"
        fi
        told=$((told + 1))
        [ $((told % 50)) -ne 0 ] || step "$name: waiting for $url"
        sleep 0.1
    done
}
