# Everything one does with this repository, one word each. `make` shows the list.

VERSION  := $(shell git describe --always --dirty 2>/dev/null || echo development)
LDFLAGS  := -s -w -X main.version=$(VERSION)
GO_BUILD  = CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)'
FUZZTIME ?= 30s
DURATION ?= 1h
ARCH     ?= amd64
# What names of files for another architecture than amd64 end with.
SUFFIX    = $(if $(filter arm64,$(ARCH)),-arm64)
# The shell runs go list, not make: make expands a recipe before its first line has built the
# files that the program embeds, without which go list fails.
UNIT      = $$(go list ./... | grep -v /e2e/)
# client is a module of its own, into which ./... does not descend.
CLIENT    = go -C client test -json -race ./...
# So are the tools of the build.
TOOLS     = go -C tools test -json ./...

.DEFAULT_GOAL := help
.PHONY: help build build-arm64 agent deb deb-test release usb stick ipxe demo tutorial test test-short lint fuzz bench bench-boot bench-iscsi bench-api bench-volumes bench-growth bench-storm bench-page bench-power bench-deps \
	bench-before bench-before-boot bench-before-iscsi bench-before-api before newest matrix agent-matrix torture kill-points crash-matrix crowd hammer mutants figures licenses clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

build: ipxe ## build/ironhook, one static binary
	$(GO_BUILD) -o build/ironhook .

build-arm64: ipxe ## the same for 64-bit ARM
	GOARCH=arm64 $(GO_BUILD) -o build/ironhook-arm64 .

ipxe:
	@scripts/ipxe.sh

agent: ## build/agent, the small system that inspects, writes and cleans machines; ARCH=arm64 for those of 64-bit ARM
	@scripts/deps.sh agent
	@$(MAKE) --no-print-directory build$(SUFFIX)
	@scripts/agent.sh build/ironhook$(SUFFIX) $(ARCH)

deb: build build-arm64 ## build/ironhook_VERSION_ARCH.deb for amd64 and arm64, the same bytes from the same tree
	@scripts/deps.sh deb
	@rm -f build/ironhook_*.deb # of an older tree
	@scripts/deb.sh build/ironhook amd64
	@scripts/deb.sh build/ironhook-arm64 arm64
	@lintian --fail-on error,warning --info build/ironhook_*.deb

usb: ## build/ironhook-usb.img, a stick that is the boot server of its room; ARCH=arm64 makes build/ironhook-usb-arm64.img
	@scripts/deps.sh usb
	@$(MAKE) --no-print-directory build$(SUFFIX)
	@scripts/usb.sh build/ironhook$(SUFFIX) build/ironhook-usb$(SUFFIX) $(VERSION) $(ARCH)

deb-test: deb ## the package's life in virtual machines with Debian 12 and 13: installed, started, upgraded, used, removed, purged
	@scripts/deps.sh deb-test
	@mkdir -p build/older && OUT=build/older VERSION=0~0 scripts/deb.sh build/ironhook amd64 >/dev/null
	@scripts/deb-test.sh build/ironhook_*_amd64.deb build/older/ironhook_0~0_amd64.deb $(SUITES)

release: ## all of a release in build/release-VERSION: VERSION=1.2.3, KEY=FILE signs it (minisign)
	@scripts/deps.sh release
	@scripts/release.sh "$(VERSION)" "$(KEY)"

demo: ## boot a diskless virtual machine from a volume, before your eyes
	@scripts/deps.sh demo
	@$(MAKE) --no-print-directory build
	@go run ./e2e/demo

tutorial: ## type docs/tutorial.md into a clean Debian, as root, and compare; minutes to the first boot
	@scripts/deps.sh deb-test
	@$(MAKE) --no-print-directory build
	@go run ./e2e/tutorial build/ironhook

test: ## everything, real peers included; installs what it needs
	@scripts/deps.sh test
	@scripts/axe.sh
	@$(MAKE) --no-print-directory build
	@( go test -json -race -timeout 20m $(UNIT); $(CLIENT); $(TOOLS); go test -json -timeout 45m -p 1 ./e2e/... ) | go run ./internal/totals -noskip -all

test-short: ipxe ## what needs no root, no machine and no peer
	@( go test -json -short -race ./...; $(CLIENT) ) | go run ./internal/totals

# The build tags of tests that `make test` leaves out.
LONG = agentmatrix,grub,litestream,matrix,newest,stick

lint: ipxe ## gofmt, go vet, staticcheck
	@test -z "$$(git ls-files '*.go' | xargs gofmt -l | tee /dev/stderr)"
	go vet ./...
	go vet -tags $(LONG) ./cli ./e2e/...
	go tool -modfile=tools/go.mod staticcheck -tags $(LONG) ./...
	go -C client vet -tags acceptance ./...
	cd client && go tool -modfile=../tools/go.mod staticcheck -tags acceptance ./...

fuzz: ## every fuzz target for FUZZTIME (30s)
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

bench: bench-boot bench-iscsi bench-api bench-volumes ## all benchmarks beside their peers, into docs/benchmarks.md

bench-deps: build
	@scripts/deps.sh bench

bench-boot: bench-deps ## time from power-on to a mounted root, beside dnsmasq + http + tgt
	go run ./e2e/boot/bench

bench-iscsi: bench-deps ## the iSCSI target beside tgt
	go run ./e2e/iscsi/bench

bench-api: bench-deps ## the API beside Debian's Ironic
	go run ./e2e/apibench

bench-volumes: bench-deps ## overlays beside raw volumes; clone, snapshot, reset, promote
	go run ./e2e/volumes/bench

bench-growth: ## what repeated operations cost among 100, 1,000 and 10,000 of their kind, into docs/benchmarks.md
	go run ./e2e/growth

bench-storm: bench-deps ## 1 to 1,000 simulated machines boot at once; packet loss; a 9 GB image at random; into docs/benchmarks.md
	go run ./e2e/storm

.PHONY: soak
soak: bench-deps ## DURATION (1h) of deployments, boots and undeployments; fails where files, rows, descriptors, goroutines or memory grow
	go run ./e2e/storm -soak $(DURATION)

bench-page: build ## the wall of 1,000 machines in Chromium, into docs/benchmarks.md
	@scripts/deps.sh test
	go run ./e2e/page/bench

bench-power: ## the power sync of 1,000 machines, of which 50 BMCs are silent and 50 slow; alone, and while their sensors are read
	go test -run '^$$' -bench PowerSync -benchtime 1x ./power/drivers

bench-before: ## this tree beside revision BEFORE of itself; fails where it is slower; FLAGS="-write docs/benchmarks.md" keeps it
	@$(MAKE) --no-print-directory --keep-going bench-before-iscsi bench-before-api bench-before-boot

bench-before-iscsi: before
	go run ./e2e/iscsi/bench -before build/ironhook-before -rounds 5 $(FLAGS)

bench-before-api: before
	go run ./e2e/apibench -before build/ironhook-before -time 1s $(FLAGS)

bench-before-boot: before
	go run ./e2e/boot/bench -before build/ironhook-before $(FLAGS)

before: bench-deps
	@scripts/before.sh $(BEFORE)

newest: ## the tests of OpenStack's newest clients, from Debian unstable in build/newest
	@scripts/newest.sh
	go test -count=1 -tags newest -v -run Newest ./e2e/cli

ARM64_PACKAGES = dpkg --print-foreign-architectures | grep -qx arm64 || { echo 'As root: dpkg --add-architecture arm64 && apt-get update' >&2; exit 2; }

matrix: build ## each kind of machine boots in each way, into docs/boot/matrix.md
	@scripts/deps.sh matrix
	@$(ARM64_PACKAGES)
	@scripts/grub.sh
	IRONHOOK_MATRIX=$(CURDIR)/docs/boot/matrix.md go test -count=1 -timeout 2h -v -tags grub,matrix -run 'TestMatrix|TestOwnInitiator|TestSecure|TestSecondCard' ./e2e/boot

stick: build ## the stick under each firmware, of PCs and 64-bit ARM; machines beside it, an upgrade, 50 pulled plugs, and ten each in a first start, an upgrade, under volumes and amid clones
	@scripts/deps.sh matrix
	IRONHOOK_STICK=50 IRONHOOK_KILL_POINTS=10 go test -count=1 -timeout 3h -v -tags stick ./e2e/stick

agent-matrix: build ## the agent on BIOS, UEFI and arm64: images written, disks cleaned; killed at each point; into docs/agent-matrix.md
	@scripts/deps.sh matrix
	@$(ARM64_PACKAGES)
	IRONHOOK_AGENT_MATRIX=$(CURDIR)/docs/agent-matrix.md go test -count=1 -tags agentmatrix -timeout 2h -v -run '$(or $(ONLY),WriteAndClean|Kill)' ./e2e/agent

torture: build ## 5,000 rounds of kill -9 under random writes, and 5,000 power cuts
	IRONHOOK_KILL_ROUNDS=5000 go test -timeout 6h -run Kill ./e2e/iscsi
	IRONHOOK_POWER_CUTS=5000 go test -timeout 6h -run PowerCut ./block/iscsi

kill-points: build ## kill -9 before each of the 300 changes of the disk that a rebuild, an import and a snapshot's deletion make
	IRONHOOK_KILL_POINTS=all go test -count=1 -v -timeout 2h -run KilledAtPoints ./e2e/volumes

crash-matrix: build ## kill -9 before each change of the disk of every verb, start again, check, complete it
	IRONHOOK_KILL_POINTS=all go test -count=1 -v -timeout 4h -run 'CrashMatrix|HandsCut' ./e2e/volumes

crowd: build ## 200 nodes deployed and torn down at once, three times: states, times, memory, leaks
	IRONHOOK_CROWD=200 go test -count=1 -v -timeout 30m -run Crowd ./e2e/volumes

.PHONY: drill
drill: ## ROUNDS (12) backups of an appliance under load, into a directory and S3-like storage; each restored elsewhere and compared; damage found
	IRONHOOK_DRILL=$(or $(ROUNDS),12) go test -count=1 -v -timeout 15m -run 'RestoreDrill|Series|EveryChangeIsFound' ./cli ./appliance/backup

.PHONY: litestream
litestream: ## an appliance under load whose database Litestream copies; killed, and started elsewhere from the copy
	GOBIN=$(CURDIR)/build/bin go install github.com/benbjohnson/litestream/cmd/litestream@v0.5.18
	PATH="$(CURDIR)/build/bin:$$PATH" go test -count=1 -tags litestream -v -run ContinuousCopies ./cli

hammer: ## 32 clients on the same nodes and targets for a minute
	IRONHOOK_HAMMER=1m go test -count=1 -v -run Hammer ./api/baremetal

mutants: ## deliberate bugs, of which the tests must notice 95 %; ONLY=101,2 chooses, RACE=1 with the race detector
	@go run ./internal/mutants $(if $(ONLY),-only $(ONLY)) $(if $(RACE),-race)

figures: ## how the house is kept: sizes, tests, documentation; FLAGS=-v names what is counted
	@go run ./internal/figures $(FLAGS)

licenses: ## licenses/ anew, after a change of go.mod
	scripts/licenses.sh

clean: ## remove what was built
	rm -rf build
	find ipxe/bin -type f ! -name README.md -delete
