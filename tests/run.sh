#!/usr/bin/env bash
# make test: installs what the tests need, builds with sanitizers, runs every test. With words, only
# the tests of those labels: tests/run.sh lint unit. Everything it makes lies in build/ and
# tests/.venv, its servers listen on ports of their own: a stack from `make up` is not disturbed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../deploy/local/lib.sh"

cd "$DOTEB_ROOT"
LOGS=$DOTEB_ROOT/build/log
BUILD=$DOTEB_ROOT/build/dev
LABELS=$(IFS='|'; echo "$*")

prepare() {
    STATE=$DOTEB_ROOT/build
    mkdir -p "$LOGS"
    DOTEB_STATE=$STATE deploy/local/packages.sh build run test
    # What a `make up` of this shell exported is another stack's.
    for name in $(compgen -e DOTEB_ || true); do unset "$name"; done
}

tool() {
    local name=$1 next=$2
    shift 2
    long "$LOGS/$name.log" "$name (log: build/log/$name.log)" "$@" ||
        die "$name failed" "$next"
}

build() {
    tool python 'read the lines above (network? disk space?), then run again' tests/venv.sh
    tool dashboard 'read the lines above (network? disk space?), then run again' dashboard/build.sh
    tool configure 'read the lines above; after a change of compiler: rm -rf build/dev' \
        cmake --preset dev
    tool build 'read the lines above; if a half-made build is at fault: rm -rf build/dev' \
        cmake --build --preset dev
}

# What failed beside others on a busy machine and passes alone, twice in a row, is a test to mend,
# not a reason to stop: it is named at the end. More than two of them are.
again() {
    local failed=$BUILD/Testing/Temporary/LastTestsFailed.log names
    [ -s "$failed" ] && [ "$(wc -l <"$failed")" -le 2 ] || return 1
    names=$(cut -d: -f2 "$failed" | paste -sd ' ')
    step "tests: once more, alone, twice: $names"
    ctest --test-dir "$BUILD" --rerun-failed --repeat until-fail:2 --output-on-failure \
        --timeout 900 | tee "$LOGS/ctest-again.log" || return 1
    printf '\nUNSTABLE (failed beside others, passed twice alone; the failure is above): %s\n' "$names"
}

run_tests() {
    local select=() status=0
    [ -z "$LABELS" ] || select=(-L "^($LABELS)\$")
    step "tests: ctest, two at a time"
    ctest --test-dir "$BUILD" "${select[@]}" -j "${TEST_JOBS:-2}" --output-on-failure \
        --no-tests=error --timeout 900 | tee "$LOGS/ctest.log" || status=$?
    [ "$status" -eq 0 ] || ! again || status=0
    # A test that skips itself for want of a tool has not passed: everything was installed above.
    if grep -qE '\*\*\*(Skipped|Not Run)' "$LOGS/ctest.log"; then
        printf '\nfailed: tests were skipped (above)\n' >&2
        status=1
    fi
    if grep -q . "$BUILD/Testing/Temporary/LastTestsFailed.log" 2>/dev/null && [ "$status" -ne 0 ]; then
        printf '\nnext: one test again, with its output: ctest --test-dir build/dev -V -R NAME\n' >&2
    fi
    exit "$status"
}

prepare
build
run_tests
