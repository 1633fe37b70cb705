#!/usr/bin/env bash
# make fuzz: runs each fuzz target for FUZZ_SECONDS (300), or those named in FUZZ_TARGETS. What they
# find is kept in build/fuzz/corpus and used again by the next run; MERGE=1 also adds the inputs that
# reach new code to tests/fuzz/corpus, which make test replays. Crashes stop the run.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../deploy/local/lib.sh"

cd "$DOTEB_ROOT"
BUILD=$DOTEB_ROOT/build/fuzz
SEEDS=tests/fuzz/corpus
mkdir -p "$DOTEB_ROOT/build/log" "$BUILD/crashes"
DOTEB_STATE=$DOTEB_ROOT/build deploy/local/packages.sh build run test
targets=${FUZZ_TARGETS:-$(find tests/fuzz -maxdepth 1 -name 'fuzz_*.c' -printf '%f\n' | sed 's/\.c$//' | sort)}
long build/log/fuzz-configure.log "configuring" cmake --preset fuzz ||
    die "cmake could not configure the fuzz build" "read the lines above"
# shellcheck disable=SC2086
long build/log/fuzz-build.log "building" cmake --build --preset fuzz --target $targets ||
    die "the fuzz targets do not build" "read the lines above"

for target in $targets; do
    found=$BUILD/corpus/$target
    mkdir -p "$found" "$SEEDS/$target"
    step "$target for ${FUZZ_SECONDS:-300} s (log: build/log/$target.log)"
    "$BUILD/tests/fuzz/$target" -max_total_time="${FUZZ_SECONDS:-300}" -timeout=10 -rss_limit_mb=2048 \
        -artifact_prefix="$BUILD/crashes/$target-" "$found" "$SEEDS/$target" \
        >"build/log/$target.log" 2>&1 || {
        tail -n 25 "build/log/$target.log" >&2
        die "$target found an input that fails" "it lies in build/fuzz/crashes; run $BUILD/tests/fuzz/$target on it"
    }
    if [ "${MERGE:-}" = 1 ]; then
        "$BUILD/tests/fuzz/$target" -merge=1 "$SEEDS/$target" "$found" >>"build/log/$target.log" 2>&1
    fi
    step "$target: $(grep -oE '^Done [0-9]+ runs' "build/log/$target.log" || true)," \
        "$(find "$found" "$SEEDS/$target" -type f | wc -l) inputs"
done
