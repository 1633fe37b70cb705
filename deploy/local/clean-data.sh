#!/usr/bin/env bash
# make clean-data CONFIRM=1: stops the stack and deletes its data, secrets and ports.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/load.sh"

[ -d "$STATE" ] || { step "nothing to delete: there is no $STATE"; exit 0; }
if [ "${CONFIRM:-}" != 1 ]; then
    die "this deletes the database, keys and accounts of the stack in $STATE" \
        "if that is what you want: make clean-data CONFIRM=1"
fi
"$LOCAL/down.sh"
[ "$(id -u)" -ne 0 ] || rm -rf "$PG_HOME"
rm -rf "$STATE"
step "deleted"
