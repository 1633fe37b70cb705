# shellcheck shell=bash
# Everything of the local stack, for the commands beside this file.
LOCAL=$(dirname "${BASH_SOURCE[0]}")
. "$LOCAL/lib.sh"
. "$LOCAL/ports.sh"
. "$LOCAL/process.sh"
. "$LOCAL/postgres.sh"
. "$LOCAL/redis.sh"
. "$LOCAL/build.sh"
. "$LOCAL/daemons.sh"
. "$LOCAL/demo.sh"
. "$LOCAL/report.sh"
