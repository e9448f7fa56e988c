# Everything a person or CI does here. `make help` lists it.

GO            ?= go
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK   := golang.org/x/vuln/cmd/govulncheck@v1.9.0
# Packages are tested one after the other: some of them keep a small machine busy by themselves, and
# what waits for a real clock in another would wait too long.
# The race detector needs a C compiler; without one the tests still run, and say so.
RACE          := $(shell { command -v gcc || command -v clang; } >/dev/null 2>&1 && echo -race)
BIN           := bin/thingspace

.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## the whole story against the built-in simulator, no account needed
	$(GO) run ./cmd/thingspace demo

.PHONY: test
test: ## all tests
ifeq ($(RACE),)
	@echo "make test: no C compiler found, so the tests run without the race detector"
endif
	@command -v redis-server >/dev/null 2>&1 || echo "make test: redis-server is not installed (Debian: apt-get install redis-server; macOS: brew install redis), so the Redis tests are skipped"
	@test -x api/lint/node_modules/.bin/redocly || echo "make test: Redocly is not installed (make spec-lint-deps, needs npm), so its half of the contract's gate is skipped"
	@test -x $(CONTRACT_VENV)/bin/schemathesis || echo "make test: schemathesis is not installed (make contract-test-deps, needs python3), so the tests of the contract test are skipped"
	$(GO) test $(RACE) -run '^$$' ./... >/dev/null
	$(GO) test $(RACE) -p 1 -timeout 20m ./...

.PHONY: build
build: ## the command, as bin/thingspace, reproducibly
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN) ./cmd/thingspace

.PHONY: install
install: ## the command, into GOBIN
	CGO_ENABLED=0 $(GO) install -trimpath ./cmd/thingspace

.PHONY: generate
generate: ## refresh gen/ from api/openapi.yaml
	$(GO) generate ./...

.PHONY: api-golden
api-golden: ## rewrite the golden files of the exported API, after a change that is meant
	$(GO) test ./internal/apigolden -run TestExportedAPI -update

.PHONY: check
check: generate-check tidy-check vet cross lint spec-lint spec-diff race ## everything that must hold before a commit

.PHONY: generate-check
generate-check: ## fail if anything generated differs from what is committed
	$(GO) run ./internal/gencheck

.PHONY: tidy-check
tidy-check: ## fail if go.mod or go.sum is not tidy
	$(GO) mod tidy -diff

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...

.PHONY: cross
cross: ## vet what importers use for macOS and Windows too
	GOOS=darwin CGO_ENABLED=0 $(GO) vet ./session/... ./cmd/... ./internal/cli/... ./internal/flock ./internal/durable
	GOOS=windows CGO_ENABLED=0 $(GO) vet ./session/... ./cmd/... ./internal/cli/... ./internal/flock ./internal/durable

.PHONY: lint
lint: ## golangci-lint
	$(GO) run $(GOLANGCI_LINT) run ./...

.PHONY: spec-lint-deps
spec-lint-deps: ## install the pinned Redocly (needs npm)
	cd api/lint && npm ci --ignore-scripts --no-audit --no-fund

.PHONY: spec-lint
spec-lint: ## judge api/openapi.yaml with kin-openapi, Redocly and our own laws
	@test -x api/lint/node_modules/.bin/redocly || ! command -v npm >/dev/null 2>&1 || $(MAKE) spec-lint-deps
	$(GO) run ./internal/specgate/speclint api/openapi.yaml

.PHONY: spec-diff
spec-diff: ## fail if api/openapi.yaml breaks clients of the released one, and version and CHANGELOG.md do not say so
	$(GO) run ./internal/specdiff

.PHONY: release-spec
release-spec: ## keep api/openapi.yaml as the last released one; AGAIN=1 replaces a version that nobody has yet
	$(GO) run ./internal/specdiff $(if $(AGAIN),-again )release

CONTRACT_VENV := internal/contracttest/.venv
.PHONY: contract-test-deps
contract-test-deps: ## install the pinned schemathesis (needs python3 with venv, 3.11 or later)
	python3 -m venv $(CONTRACT_VENV)
	$(CONTRACT_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --only-binary :all: -r internal/contracttest/suite/requirements.txt

.PHONY: contract-test
contract-test: ## hold a server against the contract: a simulator, or BASE_URL=... (EXAMPLES=, LIVES=, SEED=, FAULT=)
	@test -x $(CONTRACT_VENV)/bin/schemathesis || $(MAKE) contract-test-deps
	$(GO) run ./internal/contracttest -base-url '$(BASE_URL)' $(if $(EXAMPLES),-examples $(EXAMPLES)) $(if $(LIVES),-lives $(LIVES)) $(if $(SEED),-seed $(SEED)) $(if $(FAULT),-fault '$(FAULT)')

.PHONY: race
race: ## the tests with the race detector
	$(GO) test -race -p 1 -timeout 20m ./...

.PHONY: search
search: ## the whole search over interleavings, wrong and changed passwords included (minutes)
	THINGSPACE_SEARCH=full $(GO) test -count=1 -timeout 30m -v -run TestSearch ./internal/ledger

.PHONY: kills
kills: ## a thousand password rotations, each killed; prints where the kills fell and how it ended
	cd internal/killtest && THINGSPACE_KILLS=1000 $(GO) test $(RACE) -run 'TestG4(Two)?Killed' -count=1 -timeout 60m

.PHONY: fleet-day
fleet-day: ## a day of ten thousand clients in virtual time (minutes)
	THINGSPACE_FLEET_DAY=1 $(GO) test -v -count=1 -timeout 60m -run TestADayOfAFleet ./internal/fleettest

.PHONY: fault-matrix
fault-matrix: ## every fault on every endpoint over every store; writes docs/fault-matrix.md (wants redis-server)
	THINGSPACE_FAULT_MATRIX=$(CURDIR)/docs/fault-matrix.md $(GO) test -count=1 -timeout 10m ./internal/faultmatrix

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (10m) each; ONLY=Name for those whose name holds it
	sh internal/fuzzall/fuzz.sh $(or $(FUZZTIME),10m) $(ONLY)

.PHONY: growth
growth: ## how cost grows with goroutines, clients, processes, headers and bodies; writes docs/growth.md and its plots
	THINGSPACE_GROWTH=$(CURDIR)/docs $(GO) test -count=1 -timeout 30m ./internal/growth

.PHONY: bench
bench: ## beside its peers: the hot path, storms, refusals, cost of importing; writes docs/benchmarks.md (ten minutes)
	$(MAKE) -C bench

.PHONY: soak
soak: ## twenty minutes of mixed traffic in real time, with faults; writes docs/soak.md (wants redis-server)
	THINGSPACE_SOAK=20m THINGSPACE_SOAK_REPORT=$(CURDIR)/docs $(GO) test -count=1 -timeout 40m -v ./internal/soak

.PHONY: docs
docs: ## the reference page as static files, in site/
	$(GO) run ./internal/reference/write -o site

.PHONY: renderer
renderer: ## fetch the reference page's pinned renderer; make renderer VERSION=x pins another (needs npm)
	$(GO) run ./internal/reference/refresh $(if $(VERSION),-version $(VERSION))

.PHONY: renderer-check
renderer-check: ## compare the embedded renderer with the published package (needs npm)
	$(GO) run ./internal/reference/refresh -check

.PHONY: browser-deps
browser-deps: ## install the pinned axe-core (needs npm)
	cd internal/reference/browsertest && npm ci --ignore-scripts --no-audit --no-fund

.PHONY: browser
browser: browser-deps ## try the reference page in a headless Chromium
	cd internal/reference/browsertest && $(GO) mod tidy -diff && $(GO) vet ./... && $(GO) test -count=1 -timeout 10m ./...

.PHONY: screenshot
screenshot: browser-deps ## pictures of the reference page, in bin/screenshots; the README's two go into docs/
	mkdir -p bin/screenshots
	cd internal/reference/browsertest && REFERENCE_SCREENSHOTS=$(CURDIR)/bin/screenshots $(GO) test -count=1 -timeout 10m -run Screenshot ./...
	cp bin/screenshots/1280-light-top.png docs/reference.png
	cp bin/screenshots/1280-light-calls.png docs/reference-login.png

.PHONY: bench-proxy
bench-proxy: ## the proxy beside a bare httputil.ReverseProxy, in one run over loopback
	$(GO) test -run '^$$' -bench BenchmarkProxy -benchtime 100x -timeout 20m ./internal/proxy

.PHONY: smoke
smoke: build ## the built command, from the outside
	sh internal/smoke/smoke.sh ./$(BIN)

.PHONY: interop
interop: ## clients of other languages against the simulator; LANGS="python java" for some, else all whose tools are here
	$(GO) run ./interop $(LANGS)

.PHONY: interop-page
interop-page: ## the same, and its programs and results into docs/languages.md
	$(GO) run ./interop -write

.PHONY: vuln
vuln: ## govulncheck, where its database can be reached
	$(GO) run $(GOVULNCHECK) ./...

.PHONY: licences
licences: ## rewrite docs/licences.md and THIRD_PARTY_NOTICES.txt; fails on a licence that may not be used
	$(GO) run ./internal/licences

.PHONY: verify
verify: ## check the modules that were downloaded against go.sum
	$(GO) mod verify

.PHONY: reproducible
reproducible: ## build the last commit twice, in different surroundings, and compare
	sh internal/reproducible/reproducible.sh

.PHONY: module
module: ## rename the module everywhere: make module MODULE=example.com/x
	@test -n "$(MODULE)" || { echo "usage: make module MODULE=example.com/x" >&2; exit 2; }
	sh internal/rename/rename.sh "$(MODULE)"

.PHONY: module-check
module-check: ## rename the module in a copy, build and test it there
	sh internal/rename/check.sh
