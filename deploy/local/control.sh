#!/usr/bin/env bash
# doteb-control with the local stack's configuration: control.sh catalogue import FILE
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/load.sh"

[ -r "$STATE/run/control.conf" ] || die "there is no stack here" "make up"
control "$@" || exit # it has said why
