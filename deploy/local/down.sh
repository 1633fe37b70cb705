#!/usr/bin/env bash
# make down: stops what make up started, and nothing else. Data stays.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/load.sh"

if [ ! -d "$STATE" ]; then
    step "nothing to stop: there is no $STATE"
    exit 0
fi
take_lock 60
load_ports
for part in gateway control simulator redis; do
    stop "$part"
done
stop_postgres
stop_strays
step "down; the data stays, 'make up' brings it back"
