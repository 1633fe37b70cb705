#!/usr/bin/env bash
# Installs the missing Debian packages of the named sections of deploy/packages.txt:
#   packages.sh build run test
# Asks dpkg first, so that a machine that has them needs neither network nor sudo. Packages that
# bring a service (PostgreSQL, Redis, nginx) are kept from starting it, now and at boot, if and
# only if this run installs them: a service that was here before is left as it is.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

LIST=$DOTEB_ROOT/deploy/packages.txt
POLICY=/usr/sbin/policy-rc.d
CLUSTER_CONF=/etc/postgresql-common/createcluster.d/doteb-install.conf
MARK='made by doteb while it installs packages'
SERVICES='redis-server nginx postgresql haproxy'

wanted() {
    local section=none name _
    while read -r name _; do
        case $name in
        '' | '#'*) ;;
        '['*']') section=${name#[} section=${section%]} ;;
        *) case " $* " in *" $section "*) echo "$name" ;; esac ;;
        esac
    done <"$LIST"
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Everything from here runs as root: directly, or by one sudo of this script.
install_as_root() {
    trap lift_holds EXIT
    trap 'exit 130' INT TERM
    place_holds "$@"
    export DEBIAN_FRONTEND=noninteractive
    when_unlocked dpkg --configure -a
    [ $# -gt 0 ] || return 0
    when_unlocked apt-get -q update
    # No terminal in between: a question nobody sees would hang.
    apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "$@" </dev/null
}

# Another apt or dpkg (an automatic upgrade, an interrupted run's last child) is waited for.
when_unlocked() {
    local tries=0 output status
    while true; do
        status=0
        output=$("$@" 2>&1 </dev/null) || status=$?
        if [ "$status" -eq 0 ] || [[ "$output" != *lock* ]] || [ "$tries" -ge 60 ]; then
            printf '%s\n' "$output"
            return "$status"
        fi
        tries=$((tries + 1))
        echo "waiting for another apt or dpkg to end"
        sleep 5
    done
}

# While packages install: no PostgreSQL cluster is made, and of the services only the new ones are
# refused their start. The first file is the journal too: it names the services that are new, until
# they are kept from starting at boot. A policy that is not ours stands.
place_holds() {
    local s new
    new=$(held_services)
    for s in $SERVICES; do
        case " $* " in *" $s"*) new+=" $s" ;; esac
    done
    mkdir -p "${CLUSTER_CONF%/*}"
    printf '# %s\n# new: %s\ncreate_main_cluster = false\n' "$MARK" "$new" >"$CLUSTER_CONF"
    if [ -e "$POLICY" ] && ! grep -q "$MARK" "$POLICY"; then
        return
    fi
    {
        printf '#!/bin/sh\n# %s\ncase "$1" in\n' "$MARK"
        for s in $new; do
            printf '%s*) exit 101 ;;\n' "$s"
        done
        printf 'esac\nexit 0\n'
    } >"$POLICY"
    chmod 755 "$POLICY"
}

held_services() {
    sed -n 's/^# new: *//p' "$CLUSTER_CONF" 2>/dev/null || true
}

lift_holds() {
    local s
    trap '' INT TERM
    for s in $(held_services); do
        keep_from_boot "$s"
    done
    if [ -e "$POLICY" ] && grep -q "$MARK" "$POLICY"; then
        rm -f "$POLICY"
    fi
    rm -f "$CLUSTER_CONF"
}

# PostgreSQL's unit starts clusters, and there is none: nothing to disable.
keep_from_boot() {
    [ "$1" != postgresql ] && [ -e "/etc/init.d/$1" ] || return 0
    if command -v systemctl >/dev/null; then
        systemctl --quiet disable "$1" || true
    else
        update-rc.d "$1" disable || true
    fi
}

debian_12_or_say() {
    if [ ! -r /etc/os-release ] || ! command -v apt-get >/dev/null; then
        die "this is no Debian system" "doteb's make up is for Debian 12; docs/dependencies.md lists what it needs"
    fi
    local id version
    id=$(. /etc/os-release && echo "${ID:-}") version=$(. /etc/os-release && echo "${VERSION_ID:-}")
    [ "$id $version" = "debian 12" ] ||
        step "note: made for Debian 12, this is $id $version: package names may differ"
}

main() {
    local names missing=() name log sudo=()
    names=$(wanted "$@")
    for name in $names; do
        installed "$name" || missing+=("$name")
    done
    # Holds that are still there: an installation was killed before it could lift them.
    if [ ${#missing[@]} -eq 0 ] && [ ! -e "$CLUSTER_CONF" ]; then
        step "packages: nothing missing ($*)"
        return
    fi
    debian_12_or_say
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            die "packages are missing and there is no sudo" \
                "as root: apt-get install --no-install-recommends ${missing[*]}"
        step "packages: ${#missing[@]} missing; sudo may ask for your password"
        sudo -v || die "sudo was refused" \
            "as root: apt-get install --no-install-recommends ${missing[*]}"
        sudo=(sudo)
    fi
    mkdir -p "$STATE/log"
    log=$STATE/log/packages.log
    long "$log" "packages: installing ${#missing[@]} (log: ${log#"$DOTEB_ROOT"/})" \
        "${sudo[@]}" bash "${BASH_SOURCE[0]}" --as-root "${missing[@]}" ||
        die "apt-get could not install: ${missing[*]}" \
            "read the lines above (network? a mirror? disk space?), then run again"
}

if [ "${1:-}" = --as-root ]; then
    shift
    install_as_root "$@"
else
    main "$@"
fi
