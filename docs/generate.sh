#!/usr/bin/env bash
# Writes docs/configuration.md from the daemons' own tables. `--check` compares instead: exit code 1
# and the difference if the file is stale. `--self-test` proves that a stale file is found.
#   generate.sh [--check|--self-test] [GATEWAY CONTROL]   (binaries; else the newest build's)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mode='write'
case ${1:-} in --*) mode=${1#--}; shift ;; esac

newest() {
    find "$root/build" -path "*/$1" -type f -printf '%T@ %p\n' 2>/dev/null | sort -rn | head -n 1 | cut -d' ' -f2-
}
gateway=${1:-$(newest gateway/doteb-gateway)} control=${2:-$(newest control/doteb-control)}
[ -x "$gateway" ] && [ -x "$control" ] || {
    echo "docs: the daemons are not built; next: make up or make test" >&2
    exit 1
}

page() {
    cat <<'TEXT'
# Configuration

Both daemons read the same kind of names: from the environment, or from the file that `DOTEB_CONFIG`
names (`NAME=value` lines, `#` comments). The environment wins. A secret `DOTEB_X` can come from a
file instead: `DOTEB_X_FILE=/path`. An unknown name in the file is an error, so that a spelling
mistake cannot pass unseen. `--print-config` shows what a daemon would run with, secrets left out.

What an organisation can change for itself lives in the database, not here.

This page is written by `make docs` from the daemons' own tables.

## doteb-gateway

TEXT
    "$gateway" --print-config-doc
    printf '\n## doteb-control\n\n'
    "$control" --print-config-doc
}

target=$root/docs/configuration.md
case $mode in
write)
    page >"$target.new"
    mv "$target.new" "$target"
    ;;
check)
    page | diff -u "$target" - || {
        echo "docs/configuration.md is stale; next: make docs" >&2
        exit 1
    }
    ;;
self-test)
    if page | sed 's/DOTEB_DATABASE_URL/DOTEB_OTHER/' | diff -q "$target" - >/dev/null; then
        echo "a stale page passed" >&2
        exit 1
    fi
    ;;
*)
    echo "generate.sh: --check or --self-test" >&2
    exit 2
    ;;
esac
