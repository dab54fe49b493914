# The two commands are `make demo` and `make test`; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:

export CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/relay-operator
export CARGO_TARGET_DIR ?= $(CACHE)/target
E2E := cargo run --quiet --package e2e --
E2E_TEST := cargo test --package e2e --test
STAGES := $(CACHE)/stages.txt
TESTED := $(CARGO_TARGET_DIR)/tested.txt

# $(call stage,NAME,COMMAND): runs COMMAND, says how long it took, and keeps the line for the summary.
define stage
echo "==> $(1)"; \
began=$$(date +%s); \
$(2); \
printf '%5s s  %s\n' "$$(( $$(date +%s) - began ))" "$(1)" | tee -a $(STAGES)
endef

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: demo
demo: setup ## Start a cluster, install the operator, and show a RelayCluster at work
	@$(E2E) demo

.PHONY: down
down: ## Remove the cluster of `make demo` and all that belongs to it
	@$(E2E) down

.PHONY: test
test: ## Everything: format, lints, unit, relay, chart, API server, and a real three-node cluster
	@mkdir -p $(CACHE); : > $(STAGES)
	$(call stage,prerequisites,e2e/setup.sh)
	$(call stage,format,cargo fmt --all --check)
	$(call stage,lints,cargo clippy --quiet --workspace --all-targets --test '*' -- --deny warnings)
	$(call stage,unit tests and the relay with real clients and Redis,cargo test --workspace --no-fail-fast | tee $(TESTED) || $(E2E) again $(TESTED))
	$(call stage,requirements,$(E2E) requirements --problems $(TESTED))
	$(call stage,Kubernetes and Helm from their Go modules,$(E2E) binaries)
	$(call stage,images,$(E2E_TEST) images)
	$(call stage,chart and alerts,$(E2E_TEST) chart --test alerts)
	$(call stage,operator on a real API server,$(E2E_TEST) apiserver --test operator)
	$(call stage,end to end on a three-node cluster,$(MAKE) --no-print-directory e2e)
	echo "==> times"; cat $(STAGES)

.PHONY: e2e
e2e: setup ## The end-to-end tests on a cluster of their own
	@export E2E_NAME=test
	# What a failed test leaves behind tells more than its message.
	trap '$(E2E) run -- kubectl get relayclusters,pods,events -A -o wide; $(E2E) down' EXIT
	$(E2E) start
	$(E2E) run -- cargo test --package e2e --test cluster
	$(E2E) run -- cargo test --package e2e --test exclusive -- --test-threads=1
	$(E2E) down
	trap - EXIT
	$(E2E_TEST) leftovers

.PHONY: bench
bench: setup ## Measure the relay beside ws, socket.io and nchan, and with Redis (ARGS=--quick: one short run)
	@cargo build --quiet --release --package relay --package relay-bench
	$(CARGO_TARGET_DIR)/release/relay-bench $(ARGS)

.PHONY: scale
scale: setup ## Measure the operator with 1,000 RelayClusters on simulated nodes (SCALE=100: fewer)
	@$(E2E) binaries --simulated
	cargo build --quiet --release --package relay-operator
	cargo test --quiet --package e2e --test scale --no-run
	# Whatever happens, all processes end with their namespace, and their files with this shell.
	export TMPDIR=$$(mktemp -d) CARGO_NET_OFFLINE=true SCALE=$(or $(SCALE),1000)
	trap 'rm -rf "$$TMPDIR"' EXIT
	timeout --signal=KILL 900 unshare --net --pid --fork --kill-child --mount-proc e2e/simulated.sh \
		cargo test --quiet --package e2e --test scale -- --ignored --nocapture

.PHONY: upgrade
upgrade: setup ## Upgrade the operator of a revision (FROM=REVISION) under running clusters on a cluster of its own
	@export E2E_NAME=upgrade
	earlier=$$(mktemp -d)
	trap '$(E2E) down; rm -rf "$$earlier"' EXIT
	git archive $(or $(FROM),HEAD) | tar --extract --directory "$$earlier"
	$(E2E) start --from "$$earlier"
	$(E2E) images
	$(E2E) load
	$(E2E) run -- cargo test --package e2e --test upgrade -- --ignored --nocapture

.PHONY: requirements
requirements: setup ## Run the tests that name requirements, and print each requirement with its tests
	@cargo test --workspace --no-fail-fast -- r00 x0 x1 x2 > $(TESTED) || true
	$(E2E) requirements $(TESTED)

.PHONY: setup
setup: ## Install or check what the other targets need
	@e2e/setup.sh

.PHONY: generate
generate: ## Write the generated files again: CRD, its fields, conditions, settings, metrics, manifest (after `cargo run -p e2e -- binaries`)
	@cargo run --quiet --package relay-operator -- crd > crds/relayclusters.relaycluster.dev.yaml
	cp crds/relayclusters.relaycluster.dev.yaml charts/relay-operator/files/
	cargo run --quiet --package relay-operator -- conditions > docs/conditions.md
	cargo run --quiet --package relay-operator -- fields > docs/relaycluster-fields.md
	cargo run --quiet --package relay -- settings --markdown > docs/relay-settings.md
	cargo run --quiet --package relay-operator -- metrics > docs/metrics.md
	cargo run --quiet --package relay -- metrics >> docs/metrics.md
	$(E2E) manifest

.PHONY: fmt
fmt: ## Format the code
	@cargo fmt --all

.PHONY: deny
deny: ## Check licences, sources and duplicates of the dependencies (needs cargo-deny)
	@cargo deny check bans licenses sources
