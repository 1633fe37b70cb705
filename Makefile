# The commands of doteb; each is a script that can be read. `make help` lists them.
.PHONY: help up down status logs clean-data test format lint docs demo-data bench fuzz fuzz-api soak faults test-scale test-scale-analytics test-tsan test-memcheck test-agents

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

up: ## build and start everything on this machine; prints addresses and keys
	@deploy/local/up.sh

down: ## stop what `make up` started; data stays
	@deploy/local/down.sh

status: ## each part: up or down, port, pid, readiness
	@deploy/local/status.sh

logs: ## follow the logs of all parts
	@deploy/local/logs.sh

clean-data: ## delete the stack's data and secrets (CONFIRM=1)
	@deploy/local/clean-data.sh

demo-data: ## a month of made-up traffic (ROWS=10000000) in an organisation named Demo
	@deploy/local/demo-data.sh

test: ## sanitizer build and every test
	@tests/run.sh

format: ## format the C code in place
	@tests/lint/format.sh --fix

lint: ## the lint tests alone
	@tests/run.sh lint

docs: ## write docs/configuration.md anew from the daemons' own tables
	@docs/generate.sh

bench: ## what the gateway costs beside nginx; table, and figures in .doteb/bench.json
	@tests/bench/run

fuzz: ## run each fuzz target for FUZZ_SECONDS (300); keeps the corpora
	@tests/fuzz/run.sh

fuzz-api: ## the control API under calls made of its document, for DOTEB_FUZZ_API_SECONDS (600)
	@tests/blackbox/long/run.sh fuzz_api

soak: ## 200 kills under load, then memory after DOTEB_SOAK_SECONDS (600) of it
	@tests/blackbox/long/run.sh soak

faults: ## each fault of docs/reliability.md under load for DOTEB_FAULT_SECONDS (10)
	@tests/blackbox/long/run.sh faults

test-scale: ## a million API keys: start, memory, how fast a change holds
	@tests/blackbox/long/run.sh scale

test-scale-analytics: ## what the dashboard's pages read of 10 million requests, against 1 million
	@tests/blackbox/long/run.sh analytics

test-tsan: ## the unit and black-box tests with the thread sanitizer (some 40 minutes)
	@tests/deep.sh tsan

test-memcheck: ## a part of the black-box tests under valgrind (some 10 minutes)
	@tests/deep.sh memcheck

test-agents: ## Claude Code and Codex edit files through the gateway, with models of every protocol
	@tests/agents/run.sh
