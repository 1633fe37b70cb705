# shellcheck shell=bash
# Words shared by the local stack's scripts: where things are, how progress and failures look,
# atomic writes, secrets. Sourced by all of them; starts nothing and changes nothing by itself.

DOTEB_ROOT=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# The state folder of this stack; a checkout's own is .doteb. Tests make stacks of their own with this
# and DOTEB_BUILD, DOTEB_NO_BUILD, DOTEB_PG_FAST, DOTEB_PORT_BASE, DOTEB_PORT_POSTGRES, _REDIS.
STATE=${DOTEB_STATE:-$DOTEB_ROOT/.doteb}
SYSTEM_USER=doteb
STARTED_AT=$(date +%s)

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    C_DIM=$'\e[2m' C_BOLD=$'\e[1m' C_GOOD=$'\e[32m' C_BAD=$'\e[31m' C_OFF=$'\e[0m'
else
    C_DIM='' C_BOLD='' C_GOOD='' C_BAD='' C_OFF=''
fi

# One line a step: "  12s  what". The time counts from the start of the command.
step() {
    printf '%s%4ds%s  %s\n' "$C_DIM" "$(($(date +%s) - STARTED_AT))" "$C_OFF" "$*"
}

# The end of a command that cannot go on: the cause, and what to do next.
die() {
    local cause=$1 next=${2:-}
    printf '\n%sfailed:%s %s\n' "$C_BAD" "$C_OFF" "$cause" >&2
    [ -z "$next" ] || printf '%snext:%s   %s\n' "$C_BOLD" "$C_OFF" "$next" >&2
    exit 1
}

# An error nobody foresaw still names its place.
unforeseen() {
    [ "$BASH_SUBSHELL" -eq 0 ] || return 0
    printf '\n%sfailed:%s %s line %s: `%s` (status %s)\n' "$C_BAD" "$C_OFF" "$2" "$3" "$4" "$1" >&2
    printf '%snext:%s   run it again; if it fails the same way, report it with %s/log\n' \
        "$C_BOLD" "$C_OFF" "$STATE" >&2
}
trap 'unforeseen "$?" "${BASH_SOURCE[0]##*/}" "$LINENO" "$BASH_COMMAND"' ERR
set -E

# write_file MODE PATH < content: whole or not at all, and never readable wider than MODE.
write_file() {
    local mode=$1 path=$2 tmp
    tmp=$(mktemp "$path.XXXXXX")
    chmod "$mode" "$tmp"
    cat >"$tmp"
    mv -f "$tmp" "$path"
}

# secret NAME BYTES: prints the hex secret of that name, made at first use.
secret() {
    local path=$STATE/secrets/$1
    if [ ! -s "$path" ]; then
        openssl rand -hex "$2" | write_file 600 "$path"
    fi
    cat "$path"
}

# The path's short name: data of different checkouts lies side by side in /var/lib/doteb.
state_hash() {
    printf '%s' "$STATE" | sha256sum | cut -c1-12
}

make_state_folder() {
    mkdir -p "$STATE" || die "cannot make $STATE" "check the rights and the space of $DOTEB_ROOT"
    [ -w "$STATE" ] || die "$STATE belongs to another user ($(stat -c %U "$STATE"))" \
        "run make as that user, or use a checkout of your own"
    chmod 700 "$STATE"
    mkdir -p "$STATE/log" "$STATE/run" "$STATE/secrets"
    # What an interrupted write left behind.
    find "$STATE" -maxdepth 2 -name '*.??????' -type f -user "$(id -un)" -mmin +1 \
        \( -path "$STATE/secrets/*" -o -path "$STATE/run/*" \) -delete
}

# Two commands at once would fight over one stack: the second waits a little, then says so.
take_lock() {
    exec 9>"$STATE/lock"
    if ! flock -w "${1:-5}" 9; then
        die "another make up or make down works on $STATE" "wait for it to end, then run again"
    fi
}

# long LOGFILE WHAT COMMAND...: runs it with its output in LOGFILE and shows that it lives: every
# ten seconds the time and the newest line. On failure shows the end of the log.
long() {
    local log=$1 what=$2 status=0 began beat
    shift 2
    began=$(date +%s)
    step "$what"
    : >"$log"
    heartbeat "$log" "$began" "$$" &
    beat=$!
    "$@" >>"$log" 2>&1 9>&- || status=$?
    kill "$beat" 2>/dev/null || true
    wait "$beat" 2>/dev/null || true
    if [ "$status" -ne 0 ]; then
        printf '\n%s--- the end of %s%s\n' "$C_DIM" "$log" "$C_OFF" >&2
        tail -n 30 "$log" >&2
    fi
    return "$status"
}

newest_line() {
    local line
    line=$(tail -n 1 "$1" 2>/dev/null | tr -d '\r')
    echo "${line:-working}"
}

heartbeat() {
    trap - ERR
    exec 9>&-
    # A read that times out: no `sleep` process is left behind when this one is ended.
    exec 8<> <(:)
    while ! read -r -t 10 -u 8; do
        kill -0 "$3" 2>/dev/null || return 0
        printf '%s       ... %ds: %.84s%s\n' "$C_DIM" "$(($(date +%s) - $2))" \
            "$(newest_line "$1")" "$C_OFF"
    done
}
