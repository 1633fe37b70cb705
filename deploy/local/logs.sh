#!/usr/bin/env bash
# make logs: follows the logs of all parts, each line marked with its part. LINES=n starts n lines
# back; FOLLOW=0 prints and ends.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/load.sh"

[ -d "$STATE/log" ] || die "there are no logs: $STATE/log is missing" "make up"
follow=()
[ "${FOLLOW:-1}" = 0 ] || follow=(-F)
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
for part in gateway control simulator redis postgres; do
    [ -e "$STATE/log/$part.log" ] || continue
    tail -n "${LINES:-20}" "${follow[@]}" "$STATE/log/$part.log" 2>/dev/null |
        sed -u "s/^/$(printf '%-10s' "$part")| /" &
done
wait
