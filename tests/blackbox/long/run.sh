#!/usr/bin/env bash
# make soak, make test-scale, make faults: the release build under what takes too long for `make test`; make
# fuzz-api: the one with sanitizers. The word is the test's: soak, scale, faults or fuzz_api. Figures go to the
# screen and to .doteb/WORD.json.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../../deploy/local/lib.sh"

cd "$DOTEB_ROOT"
word=$1
preset=release
[ "$word" != fuzz_api ] || preset=dev
mkdir -p build/log .doteb
DOTEB_STATE=$DOTEB_ROOT/build deploy/local/packages.sh build run test
for name in $(compgen -e DOTEB_ || true); do
    case $name in DOTEB_ROOT | DOTEB_SOAK_* | DOTEB_FAULT_* | DOTEB_BAD_* | DOTEB_FUZZ_* | DOTEB_TEST_*) ;; *) unset "$name" ;; esac
done
long build/log/python.log "python (log: build/log/python.log)" tests/venv.sh ||
    die "the tests' Python packages cannot be installed" "read the lines above (network? disk space?)"
long build/log/configure.log "configuring" cmake --preset "$preset" ||
    die "cmake could not configure" "read the lines above"
long build/log/build.log "building $preset (log: build/log/build.log)" cmake --build --preset "$preset" \
    --target doteb-gateway doteb-control doteb-simulator ||
    die "$preset does not build" "read the lines above"
export DOTEB_BUILD_DIR=$DOTEB_ROOT/build/$preset DOTEB_FIGURES=$DOTEB_ROOT/.doteb/$word.json
files=("tests/blackbox/long/test_$word.py")
if [ "$word" = faults ]; then # those of `make test`, for longer and with more clients
    files=(tests/blackbox/test_faults.py tests/blackbox/test_bad_clients.py)
    export DOTEB_FAULT_SECONDS=${DOTEB_FAULT_SECONDS:-10} DOTEB_BAD_CLIENTS=${DOTEB_BAD_CLIENTS:-10000}
fi
exec tests/venv.sh python -m pytest -q -s -p no:cacheprovider "${files[@]}"
