# Khabar. `make help` lists what there is; CONTRIBUTING.md explains the workflow.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := $(VENV)/tools/usr/bin
OUTPUT ?= output
SITES ?=
SCHEDULE ?= 17 * * * *
CONTACT ?=
SOAK ?=
FUZZ_SECONDS ?= 600
BENCH ?=
SCALE ?=
OPERATE ?=
# Two more than the cores of a small machine: tests of crawls mostly wait.
TEST_WORKERS ?= 4
# Measuring data that stands beside some checkouts; its gates run wherever it is.
SHARED := $(wildcard ../shared/bench/score.py)

# One environment, filled as far as a target needs it: run < query < dev < all; render is run and the browser's driver.
STAMPS := $(VENV)/.stamps
install = echo "Installing requirements/$(1).lock ..."; $(BIN)/python -m pip install -qq --require-hashes --requirement requirements/$(1).lock && touch $@

.PHONY: help render chromium tools crawl install-cron uninstall-cron has-crontab test test-all soak hostile operate-test fuzz check score gate bench scale-test train lock format clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-14s %s\n", $$1, $$2}'

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is older than Python 3.11; set PYTHON=python3.11 or newer" >&2; exit 2; }
	@echo "Making the environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) && mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: requirements/run.lock | $(STAMPS)/venv
	@$(call install,run)

$(STAMPS)/query: requirements/query.lock | $(STAMPS)/venv
	@$(call install,query)

$(STAMPS)/dev: requirements/dev.lock | $(STAMPS)/venv
	@$(call install,dev)

$(STAMPS)/all: requirements/all.lock | $(STAMPS)/venv
	@$(call install,all)

$(STAMPS)/render: requirements/render.lock | $(STAMPS)/venv
	@$(call install,render)

render: $(STAMPS)/render chromium ## install what sites with render = true need: scrapy-playwright and Debian's Chromium

# Debian's own, since it gets Debian's security updates; as root or by a sudo that asks nothing.
chromium:
	@command -v chromium > /dev/null || { \
	  if ! command -v apt-get > /dev/null; then echo "make: there is no chromium on the PATH; install it with the system's packages" >&2; exit 2; fi; \
	  as_root=""; if [ "$$(id -u)" != 0 ]; then as_root="sudo -n"; fi; \
	  echo "Installing Debian's Chromium ..."; \
	  { $$as_root apt-get -qq update && $$as_root apt-get -qq install --yes --no-install-recommends chromium > /dev/null; } || \
	    { echo "make: chromium could not be installed; as root: apt-get install chromium" >&2; exit 2; }; }

# What tests of deploy/ use where it is there. Debian's package of promtool would start a server: it is only unpacked.
tools: | $(STAMPS)/venv
	@if ! command -v apt-get > /dev/null; then echo "No apt-get: tests with cron, logrotate and promtool are skipped"; exit 0; fi; \
	  as_root=""; if [ "$$(id -u)" != 0 ]; then as_root="sudo -n"; fi; \
	  if [ -x /usr/sbin/cron ] && [ -x /usr/sbin/logrotate ] && [ -x $(TOOLS)/promtool ]; then exit 0; fi; \
	  echo "Installing cron and logrotate, unpacking promtool ..."; \
	  { $$as_root apt-get -qq update && $$as_root apt-get -qq install --yes --no-install-recommends cron logrotate > /dev/null && \
	    mkdir -p $(VENV)/tools && cd $(VENV)/tools && apt-get -qq download prometheus && dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb; } || \
	    echo "They could not be had: their tests are skipped"

crawl: $(STAMPS)/query ## crawl the bundled demo newsroom into output/; SITES=sites crawls real sites
ifeq ($(SITES),)
	@$(BIN)/python -m demo crawl --output "$(OUTPUT)"
else
	@$(BIN)/python -m scrapy crawl news -a sites="$(SITES)" -s NEWS_OUTPUT="$(OUTPUT)"
endif

# The module needs nothing but Python: a machine without cron is told at once.
install-cron: has-crontab $(STAMPS)/run ## crawl by cron: SCHEDULE="17 * * * *" SITES=sites OUTPUT=output CONTACT=; REMOVE=1 as uninstall-cron
ifdef REMOVE
	@$(PYTHON) -m deploy.cron.install remove
else
	@$(PYTHON) -m deploy.cron.install add --schedule "$(SCHEDULE)" --sites "$(SITES)" --output "$(OUTPUT)" --contact "$(CONTACT)"
endif

uninstall-cron: ## take those lines out of the crontab again
	@$(PYTHON) -m deploy.cron.install remove

has-crontab:
	@$(PYTHON) -m deploy.cron.install check

test: $(STAMPS)/dev ## run every test that needs no extra
	@$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadgroup

test-all: $(STAMPS)/all chromium tools ## install the extras too and run everything
	@PATH="$(CURDIR)/$(TOOLS):$$PATH" KHABAR_EXTRAS=1 $(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadgroup

soak: $(STAMPS)/dev ## kill a crawl of 2,000 articles 200 times and account for every row; SOAK=--plain does it to plain Scrapy, too
	@$(BIN)/python -m tests.soak $(SOAK)

hostile: $(STAMPS)/dev ## crawl a hostile loopback web with 1,000 good articles among it, judge what is left and print figures
	@$(BIN)/python -m tests.hostile

# OPERATE="--keep FOLDER" leaves site files and output there.
operate-test: $(STAMPS)/all chromium ## fourteen daily runs of a loopback newsroom, a site of which decays on day eleven: one alarm then; report and card in Chromium
	@$(BIN)/python -m tests.operate $(OPERATE)

fuzz: $(STAMPS)/dev ## fuzz every reader of what strangers send, FUZZ_SECONDS=600 each; findings go to output/fuzz
	@$(BIN)/python -m tests.fuzz all --seconds $(FUZZ_SECONDS)

check: $(STAMPS)/all chromium tools ## exactly what CI runs: format, lint, types, import rules, all tests, quality gate
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	PATH="$(CURDIR)/$(TOOLS):$$PATH" KHABAR_EXTRAS=1 $(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadgroup
	$(MAKE) --no-print-directory gate

score: $(STAMPS)/dev ## our figures beside trafilatura's on the measuring data (needs ../shared)
ifneq ($(SHARED),)
	@$(BIN)/python $(SHARED) trafilatura benchmarks.adapter:clean_site
else
	@echo "make score needs the measuring data in ../shared, which is not here" >&2; exit 2
endif

gate: $(STAMPS)/dev ## hold the text and metadata figures to their pinned floors, where the data is
ifneq ($(SHARED),)
	@$(BIN)/python -m benchmarks.gate --score $(SHARED)
else
	@echo "gate: no measuring data in ../shared; nothing measured"
endif

scale-test: $(STAMPS)/all ## clean archives by one process, a pool and a two-node Ray cluster: identical rows, figures in docs/batches.md
	@$(BIN)/python -m benchmarks.scale $(SCALE)

# Parts of the benchmark and its options: BENCH="growth --quick".
bench: $(STAMPS)/dev ## what it costs, as ratios, into docs/performance.md (needs ../shared; BENCH=growth does not)
	@$(BIN)/python -m benchmarks.bench $(BENCH)

train: $(STAMPS)/all ## fit the learned models anew (needs ../shared)
ifneq ($(SHARED),)
	@$(BIN)/python -m benchmarks.training --data ../shared/data
else
	@echo "make train needs the measuring data in ../shared, which is not here" >&2; exit 2
endif

lock: $(STAMPS)/dev ## pin all dependencies anew, with hashes
	@$(BIN)/python -m benchmarks.lock

format: $(STAMPS)/dev ## format and mend what a machine can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean: ## remove the environment, caches and output
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find output -mindepth 1 ! -name .gitkeep -delete
