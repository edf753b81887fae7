# make demo and make test are all that a newcomer needs.
SHELL := /bin/sh
GO ?= go
export CGO_ENABLED ?= 0

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FLAGS := -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOFUMPT := mvdan.cc/gofumpt@v0.12.0
SETUP := scripts/setup.sh

.PHONY: help demo test lint bench mutate build

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

# The first time, OpenTofu is built beside the product, on what it leaves of the machine. The tag lean leaves out Bedrock,
# Vertex and Gemini, whose libraries take the longest to compile.
demo: ## prepare everything, then watch the whole product work
	@nice -n 19 $(SETUP) tofu >/dev/null 2>&1 & $(GO) build $(FLAGS) -tags lean -o bin/interlock .
	bin/interlock demo --setup $(SETUP)

test: ## all tests, on SQLite, PostgreSQL, a Docker engine and Chromium; installs or starts what is missing
	@$(SETUP) gcc && $(SETUP) chromium && $(SETUP) engine && $(SETUP) image
	@url=$$($(SETUP) postgres | tail -n 1) && \
	  CGO_ENABLED=1 INTERLOCK_TEST_POSTGRES="$$url" $(GO) test -race -shuffle=on -timeout 30m -skip '^TestCanaries$$' ./...
	$(GO) test -run '^TestExplor' ./agent
	$(GO) test -run '^TestCanaries$$' -timeout 10m . # searching is ten times slower under the race detector
	cd testdata/demo/provider && $(GO) test ./...

lint: ## formatting, vet, linters, tidiness
	@out=$$($(GO) run $(GOFUMPT) -l .) && { [ -z "$$out" ] || { echo "not formatted by gofumpt:"; echo "$$out"; exit 1; }; }
	$(GO) vet ./...
	$(GO) vet -tags lean ./adapters/llm/... .
	$(GO) mod tidy -diff
	$(GO) run $(GOLANGCI) run ./...

bench: ## the figures, each beside a floor of the same run
	@$(SETUP) engine && $(SETUP) image
	$(GO) test -run '^TestInjections$$' -v . -every
	$(GO) test -run '^TestCanaries$$' -v -timeout 60m . -sessions=1000
	$(GO) test -run '^TestKilledWorkersLeaveNothing$$' -timeout 60m ./adapters/docker -args -kills=1000
	$(GO) test -run '^TestSocketsThatDieLoseNothing$$' -v ./adapters/slack -args -cuts=1000
	$(GO) test -run '^TestAStormOf429LosesNothing$$' -v -timeout 20m . -storm=5m
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 60m .
	$(GO) test -run '^$$' -bench . -timeout 60m ./store ./rbac ./adapters/docker ./adapters/llm/... ./agent/...

mutate: ## break the policy package in small ways and count what its tests notice
	scripts/mutate.sh

build: ## released binaries, static, into bin/
	@for arch in amd64 arm64; do \
	  GOOS=linux GOARCH=$$arch $(GO) build -trimpath -ldflags "-s -w" -o bin/interlock-runner-linux-$$arch ./adapters/docker/runner || exit 1; \
	done
	@for os in linux darwin; do for arch in amd64 arm64; do \
	  echo "bin/interlock-$$os-$$arch"; \
	  GOOS=$$os GOARCH=$$arch $(GO) build $(FLAGS) -o bin/interlock-$$os-$$arch . || exit 1; \
	done; done
