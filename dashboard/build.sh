#!/bin/sh
# Builds the dashboard into dashboard/dist, with .gz and .br beside each file. Does nothing when no
# input changed since the last build. Needs only what deploy/node.sh needs.
set -eu

cd "$(dirname "$0")"
node=../deploy/node.sh
dist=dist
stamp=$dist/.stamp

# Everything that the result depends on, by content.
inputs() {
    find src public scripts/compress.mjs index.html package.json package-lock.json tsconfig.json \
        vite.config.ts build.sh ../docs/openapi/control.yaml ../deploy/node.txt \
        -type f ! -path src/api/schema.d.ts | LC_ALL=C sort | xargs sha256sum
}

# The packages as the lockfile has them; npm ci takes seconds, so not when nothing changed.
packages() {
    if ! cmp -s package-lock.json node_modules/.doteb-lock; then
        "$node" npm ci --no-audit --no-fund --loglevel=error
        cp package-lock.json node_modules/.doteb-lock
    fi
}

mkdir -p ../build
exec 9>../build/dashboard.lock
flock 9
case ${1:-} in
packages)
    packages
    "$node" npm run --silent generate >/dev/null
    exit 0
    ;;
esac
now=$(inputs | sha256sum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ]; then
    exit 0
fi
rm -f "$stamp"
packages
"$node" npm run --silent generate >/dev/null
"$node" npm run --silent build
printf '%s\n' "$now" >"$stamp"
