#!/usr/bin/env bash
# make logs: follows the logs of all parts, each line marked with its part. LINES=n starts n lines
# back; FOLLOW=0 prints and ends.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/load.sh"

[ -d "$STATE/log" ] || die "there are no logs: $STATE/log is missing" "make up"
trap - ERR
follow=(-F)
[ "${FOLLOW:-1}" != 0 ] || follow=()
files=()
for part in gateway control simulator redis postgres; do
    [ ! -e "$STATE/log/$part.log" ] || files+=("$part.log")
done
[ ${#files[@]} -gt 0 ] || die "nothing has logged yet" "make up"
cd "$STATE/log"
# tail names a file before its lines: the name is held and becomes the mark of each line.
tail -v -n "${LINES:-20}" "${follow[@]}" "${files[@]}" 2>/dev/null |
    sed -u -n -e '/^==> .*\.log <==$/ { s/^==> \(.*\)\.log <==$/\1          /; s/^\(.\{10\}\).*/\1/; h; d }' \
        -e '/./ { G; s/^\(.*\)\n\(.*\)$/\2| \1/; p }'
