#!/usr/bin/env bash
# Writes docs/configuration.md and docs/roles.md from the daemons' own tables. `--check` compares
# instead: exit code 1 and the difference if a file is stale. `--self-test` proves that a stale file is
# found.
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

configuration() {
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

roles() {
    cat <<'TEXT'
# Who may what

Every call of the control API that belongs to an organisation, and which of its members may make it.
`own`: on what is their own only (their API keys, signing keys of those, their membership). Whoever is
no member gets 404, whether the organisation exists or not; whoever is not signed in 401.

A script that comes with a management token may what its maker may, at most with the token's role, where
the token has the scope that the third column names; empty: not with a token. The token of an organisation
opens no other, and nobody's account.

Nobody gives a role above their own, changes one that is, or takes an organisation's last owner away.

This page is written by `make docs` from the control daemon's route table, and each of its cells is
tested against the running daemon (`tests/blackbox/test_control_roles.py`).

TEXT
    "$control" --print-roles
}

for name in configuration roles; do
    target=$root/docs/$name.md
    case $mode in
    write)
        "$name" >"$target.new"
        mv "$target.new" "$target"
        ;;
    check)
        "$name" | diff -u "$target" - || {
            echo "docs/$name.md is stale; next: make docs" >&2
            exit 1
        }
        ;;
    self-test)
        if "$name" | sed 's/DOTEB_DATABASE_URL/DOTEB_OTHER/; s/ no |/ yes |/' | diff -q "$target" - >/dev/null; then
            echo "a stale page passed" >&2
            exit 1
        fi
        ;;
    *)
        echo "generate.sh: --check or --self-test" >&2
        exit 2
        ;;
    esac
done
