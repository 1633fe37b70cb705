#!/usr/bin/env bash
# make test-tsan: the unit and black-box tests with the thread sanitizer. make test-memcheck: both daemons
# under valgrind's memcheck for the tests that take its slowness. Words after the first: tests by name
# (tests/deep.sh tsan blackbox.faults). Both take too long for `make test`.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../deploy/local/lib.sh"

cd "$DOTEB_ROOT"
word=$1
shift
# What valgrind's pace does not disturb: deadlines of a second and measures of time are other tests'.
MEMCHECK='blackbox\.(gateway_requests|control_keys|provider_keys|stored_responses|master_key|management_tokens)'
case $word in
tsan) preset=tsan sections='build run test' select='(unit|blackbox)\.' ;;
memcheck) preset=plain sections='build run test memcheck' select=$MEMCHECK ;;
*) die "tests/deep.sh knows no $word" "tsan or memcheck" ;;
esac
[ $# -eq 0 ] || select="($(IFS='|'; echo "$*"))"

mkdir -p build/log
# shellcheck disable=SC2086 # sections are words
DOTEB_STATE=$DOTEB_ROOT/build deploy/local/packages.sh $sections
for name in $(compgen -e DOTEB_ || true); do
    [ "$name" = DOTEB_ROOT ] || unset "$name"
done
long build/log/python.log "python (log: build/log/python.log)" tests/venv.sh ||
    die "the tests' Python packages cannot be installed" "read the lines above (network? disk space?)"
long build/log/dashboard.log "dashboard (log: build/log/dashboard.log)" dashboard/build.sh ||
    die "the dashboard does not build" "read the lines above"
long build/log/configure.log "configuring" cmake --preset "$preset" ||
    die "cmake could not configure" "read the lines above"
long build/log/build.log "building $preset (log: build/log/build.log)" cmake --build --preset "$preset" ||
    die "$preset does not build" "read the lines above"

if [ "$word" = tsan ]; then
    export TSAN_OPTIONS="exitcode=66 history_size=4"
else
    # A daemon that made an error, or left memory that nobody points to, ends with 66: its test fails.
    export DOTEB_TEST_WRAP="valgrind --quiet --error-exitcode=66 --leak-check=full
        --errors-for-leak-kinds=definite --soname-synonyms=somalloc=libjemalloc*"
fi
exec ctest --test-dir "build/$preset" -R "^$select" --output-on-failure --no-tests=error --timeout 3000
