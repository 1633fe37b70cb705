#!/usr/bin/env bash
# make up: from a fresh clone to a running stack. Every step looks first and does only what is
# missing, so that it can be interrupted anywhere and run again.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/load.sh"

make_state_folder
take_lock
if [ -z "${DOTEB_NO_BUILD:-}" ]; then
    "$LOCAL/packages.sh" build run
    build_daemons
    build_dashboard
fi
stop_strays
choose_ports
start_postgres
start_redis
write_configuration
migrate
make_operator
start_daemons
check_demo_key
write_env
report
