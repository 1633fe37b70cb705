#!/bin/sh
# One of the dashboard's own npm scripts, with its packages and generated types there.
#   dashboard.sh check|test
set -eu

cd "$(dirname "$0")"
./run.sh packages # the tests are type-checked with the rest
cd ../../dashboard
./build.sh packages
exec ../deploy/node.sh npm run --silent "$1"
