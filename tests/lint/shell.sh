#!/usr/bin/env bash
# Shell scripts as shellcheck accepts them. `--self-test` proves that a faulty one is found.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

command -v shellcheck >/dev/null || {
    echo "shellcheck is not installed; next: deploy/local/packages.sh test" >&2
    exit 1
}
# SC1091, SC2034, SC2154, SC2153: files that are sourced together share their names.
# SC2016: single quotes on purpose (programs of other languages).
quiet=SC1091,SC2034,SC2154,SC2153,SC2016
check=(shellcheck -x -s bash -S warning -e "$quiet")

scripts() {
    git -c 'safe.directory=*' ls-files -co --exclude-standard 2>/dev/null | while read -r path; do
        [ -f "$path" ] || continue
        case $path in
        *.sh) echo "$path" ;;
        *.*) ;;
        *) head -c 64 "$path" | head -n 1 | grep -qE '^#!.*\b(ba)?sh' && echo "$path" ;;
        esac
    done
}

if [ "${1:-}" = --self-test ]; then
    bad=$(mktemp)
    trap 'rm -f "$bad"' EXIT
    printf '#!/bin/bash\nrm -rf $1/x\nif [ $a = b ]; then cd $2; fi\n' >"$bad"
    if "${check[@]}" "$bad" >/dev/null; then
        echo "a faulty script passed" >&2
        exit 1
    fi
    exit 0
fi
mapfile -t found < <(scripts)
# Without git there is no list; an empty one would pass everything.
[ ${#found[@]} -gt 0 ] || { echo "no scripts found: is this a git checkout?" >&2; exit 1; }
"${check[@]}" "${found[@]}"
