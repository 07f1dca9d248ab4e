# Edgeloom: every target below is what a person types; `make help` lists them.
SHELL := /bin/bash
NODE_VERSION := 24.21.0
ARCH := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x64)
CACHED_NODE := .cache/node/node_modules/node-linux-$(ARCH)/bin
export PATH := $(CURDIR)/$(CACHED_NODE):$(CURDIR)/node_modules/.bin:$(CURDIR)/.cache/bin:$(PATH)
export NODE_OPTIONS := --disable-warning=ExperimentalWarning
EDGELOOM := bin/edgeloom

.DEFAULT_GOAL := help
.PHONY: help setup servers demo demo-routing test test-unit test-e2e verify fix generate bench cluster-up cluster-down image deploy

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: node_modules/.package-lock.json ## bring Node >= 22.19 when the machine's is older, and the npm packages

node_modules/.package-lock.json: package-lock.json hack/setup-node
	@hack/setup-node $(NODE_VERSION) $(ARCH)
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

servers: setup ## build the Kubernetes servers of the local cluster (7 minutes the first time)
	@$(EDGELOOM) cluster build

demo: servers ## three real applications placed by Edgeloom on a local cluster, beside the default scheduler (ARGS=--keep)
	@node hack/demo/demo.ts $(ARGS)

demo-routing: servers ## calls split over three regions by Envoy Gateway and a stock Envoy, measured (Linux; 3 minutes to build once; REQUESTS=10000)
	@node hack/data-plane/demo.ts

test: servers ## every test, end to end included; the last line is the count
	@node hack/test.ts

test-unit: setup ## unit, property and contract tests that need no cluster
	@mocha

test-e2e: servers ## user stories on a local cluster
	@mocha --no-config --timeout 240000 'e2e/**/*.test.ts'

generate: setup ## write the generated files: crds/bases, the vector kernel
	@node hack/generate.ts

verify: setup ## generated files fresh, format, lint, types, dead code, clean tree
	@node hack/verify.ts

fix: setup ## format, and repair what lint can
	@prettier --write --log-level warn . && oxlint --type-aware --fix

bench: servers ## every bench, goals missed are told at the end; one alone: make bench-plan, bench-cluster (ARGS='-o json')
	@for suite in plan learning simulator memory recall cluster telemetry routing; do node bench/$$suite.ts $(ARGS) || missed="$$missed $$suite"; done; [ -z "$$missed" ] || { echo "goals missed, or failed:$$missed" >&2; exit 1; }

bench-%: setup
	@node bench/$*.ts $(ARGS)

cluster-up: servers ## a local cluster that stays: real servers, simulated nodes
	@$(EDGELOOM) cluster up $(ARGS)

cluster-down: setup ## stop the local cluster
	@$(EDGELOOM) cluster down

image: setup ## the container image (needs Docker)
	@docker build -t edgeloom:dev -f hack/kind/Dockerfile .

deploy: setup ## install Edgeloom in the cluster of your kubeconfig
	@kubectl apply -k config/default
