#!/usr/bin/env bash
# make test-agents: Claude Code and Codex each edit files through the gateway, with simulated models of
# every provider protocol. Their npm packages are pinned by package-lock.json here (0.8 GB). The table
# goes to the screen and to .doteb/agents.json. AGENTS="claude-code codex codex-code" and
# PROTOCOLS="openai google" choose; AGENTS_DIR keeps the work folders and logs.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../deploy/local/lib.sh"

cd "$DOTEB_ROOT"
here=tests/agents
mkdir -p build/log .doteb
DOTEB_STATE=$DOTEB_ROOT/build deploy/local/packages.sh build run test
for name in $(compgen -e DOTEB_ || true); do
    case $name in DOTEB_ROOT | DOTEB_TEST_*) ;; *) unset "$name" ;; esac
done
if ! cmp -s "$here/node_modules/.stamp" "$here/package-lock.json"; then
    long build/log/agents.log "the agents' npm packages, 0.8 GB (log: build/log/agents.log)" \
        deploy/node.sh npm --prefix "$here" ci --ignore-scripts --no-audit --no-fund ||
        die "the agents cannot be installed" "read the lines above (network? disk space?)"
    cp "$here/package-lock.json" "$here/node_modules/.stamp"
fi
long build/log/python.log "python (log: build/log/python.log)" tests/venv.sh ||
    die "the tests' Python packages cannot be installed" "read the lines above (network? disk space?)"
long build/log/configure.log "configuring" cmake --preset dev ||
    die "cmake could not configure" "read the lines above"
long build/log/build.log "building with sanitizers (log: build/log/build.log)" cmake --build --preset dev \
    --target doteb-gateway doteb-control doteb-simulator ||
    die "the sources do not build" "read the lines above"
export DOTEB_BUILD_DIR=$DOTEB_ROOT/build/dev DOTEB_FIGURES=$DOTEB_ROOT/.doteb/agents.json
export PYTHONPATH=$DOTEB_ROOT/tests/blackbox PYTHONDONTWRITEBYTECODE=1
exec tests/venv.sh python -m pytest -q -s -p no:cacheprovider -p conftest "$here/test_agents.py"
