# shellcheck shell=bash
# The release build of both daemons and the simulator, and the dashboard's files. ninja and the
# dashboard's own stamp decide what is stale, so that a second run takes a moment.

BUILD=${DOTEB_BUILD:-$DOTEB_ROOT/build/release}
GATEWAY=$BUILD/gateway/doteb-gateway
CONTROL=$BUILD/control/doteb-control
SIMULATOR=$BUILD/tests/simulator/doteb-simulator

build_daemons() {
    if [ ! -e "$BUILD/build.ninja" ]; then
        (cd "$DOTEB_ROOT" && long "$STATE/log/configure.log" "build: configuring" cmake --preset release) ||
            die "cmake could not configure the release build" \
                "read the lines above; after a change of compiler: rm -rf build/release"
    fi
    long "$STATE/log/build.log" "build: daemons (log: .doteb/log/build.log)" \
        cmake --build "$BUILD" --target doteb-gateway doteb-control doteb-simulator ||
        die "the build failed" "read the lines above; if a half-made build is at fault: rm -rf build/release"
}

build_dashboard() {
    long "$STATE/log/dashboard.log" "build: dashboard (log: .doteb/log/dashboard.log)" \
        "$DOTEB_ROOT/dashboard/build.sh" ||
        die "the dashboard could not be built" "read the lines above (network? disk space?), then run again"
}
