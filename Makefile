# Everything runs in .venv, which `make setup` fills from the package registries.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SEEDS ?= 20
EVERY ?= 61
SESSIONS ?= 2000

FETCH := $(BIN)/pip install --quiet --disable-pip-version-check
# What is fetched, each file by its hash; `make lock` writes both.
LOCK := host_tools/requirements.lock
TYPINGS := host_tools/typings.lock
# The quicker of two emulators of a Pico; where it can't be had the tests run on the other one.
JS := tests/pico/js
SLOWER := rp2040js, so that the emulated Pico is some times slower
# Without network one sentence (adafruit-blinka is the first that pip looks for), else what pip says.
UNREACHABLE := NewConnectionError|ConnectTimeoutError|NameResolutionError|requirement adafruit-blinka
SAID = 2>.venv/pip.log || { if grep -qE '$(UNREACHABLE)' .venv/pip.log; then \
	echo "The packages could not be fetched: connect to the network and run make setup again."; \
	else cat .venv/pip.log; fi >&2; exit 1; }

COMPILE = .cache/uv/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate --custom-compile-command 'make lock'

.PHONY: help setup lock demo demo-trial pico test quick check bench accuracy still sensitivity powercut soak many nacks faults fuzz years versions cohort texts app clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## put the tool and all that the tests need into .venv

$(READY): pyproject.toml $(LOCK) $(TYPINGS) $(JS)/package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Anklet needs Python 3.11 or newer: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	@$(FETCH) --requirement $(LOCK) $(SAID)
	@$(FETCH) --no-deps --no-build-isolation --editable . $(SAID)
	@$(FETCH) --upgrade --target .venv/typings --requirement $(TYPINGS) $(SAID)
	@$(BIN)/python tests/helpers/left_out.py
	@if ! command -v npm >/dev/null; then echo "left out, as there is no Node here: $(SLOWER)"; \
	elif ! npm ci --prefix $(JS) --engine-strict --no-audit --no-fund >.venv/npm.log 2>&1; then \
		echo "left out, as npm could not fetch it (.venv/npm.log): $(SLOWER)"; fi
	@touch $@

lock: ## choose the versions of all packages anew, for every platform, with their hashes
	@$(PYTHON) -m venv .cache/uv && .cache/uv/bin/pip install --quiet uv==0.13.9
	@echo 'setuptools>=77' | $(COMPILE) pyproject.toml - --output-file $(LOCK) \
		--extra cohort --extra cwa --extra micropython --extra parquet --extra test
	@echo 'micropython-rp2-rpi_pico-stubs==1.27.0.post1' | $(COMPILE) - --output-file $(TYPINGS)

demo: $(READY) ## fourteen simulated nights: firmware, flash, USB, archive, report
	@$(BIN)/python -m anklet.demo

demo-trial: $(READY) ## two simulated people, a trial of 36 nights each, by the commands alone
	@$(BIN)/python -m anklet.demo.trial

pico: $(READY) ## an emulated Raspberry Pi Pico on a serial port, to try every command on
	@$(BIN)/python tests/pico/play.py

test: $(READY) ## all tests, on CPython and on real MicroPython
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

quick: $(READY) ## the tests to run after every edit: no board, no browser, nothing slow
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m 'not slow' \
		--ignore tests/unit/board --ignore tests/unit/cohort tests/core tests/unit

check: $(READY) ## lint, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/pyright --project firmware

bench: $(READY) ## every figure of speed, heap, flash and power beside a rival of the same run
	@$(BIN)/python -m tests.bench

accuracy: $(READY) ## simulated nights and trials against their truth and rivals (SEEDS=20)
	$(BIN)/python -m tests.accuracy --seeds $(SEEDS)
	$(BIN)/python -m tests.accuracy.trials

still: $(READY) ## somebody who lies very still, and a device on a table (2 minutes)
	@$(BIN)/python -m tests.accuracy.still

sensitivity: $(READY) ## the detector's constants moved by 20 %: what F1 and the count do
	@$(BIN)/python -m tests.accuracy.sensitivity

powercut: $(READY) ## the power fails at every operation of the flash: what is lost
	@$(BIN)/python -m tests.powercut

soak: $(READY) ## thirty nights in a row with power cuts, sensor faults and syncs; flash wear
	@$(BIN)/python -m tests.soak

many: $(READY) ## SESSIONS (2000) short sessions on one flash, each cut; a Pico starts on it (20 min)
	@$(BIN)/python tests/pico/many.py $(SESSIONS)

faults: $(READY) ## sync, cut after every EVERY-th byte (61); writing, at each fault of a disk
	@$(BIN)/python tests/helpers/syncfaults.py $(EVERY)
	@$(BIN)/python tests/helpers/hostfaults.py

fuzz: $(READY) ## read 100,000 fuzzed night files, and say what that took (5 minutes)
	@$(BIN)/python -m tests.fuzz
	ANKLET_FLIP_EVERY=1 $(BIN)/python -m pytest -q tests/unit/night/test_damage.py -k flipped_bit

years: $(READY) ## ten years of nights and two million LMs: how fast, how large
	@$(BIN)/python tests/years.py

cohort: $(READY) ## 2,000 nights on two workers, one killed: speed, memory, resume, totals
	@$(BIN)/python -m tests.cohort

texts: $(READY) ## bring the catalogue of the pages' texts up to the source
	@PYTHONPATH=tests/helpers $(BIN)/python tests/helpers/collected.py

app: $(READY) ## the program in one file for this kind of computer, made and tried (5 minutes)
	@$(BIN)/python tests/app.py

nacks: $(READY) ## two hours with a sensor that does not answer every 5 s (15 minutes)
	@$(BIN)/python tests/pico/nacks.py

versions: $(READY) ## install, record and sync on each MicroPython that is supported
	@$(BIN)/python tests/pico/versions.py

clean: ## remove .venv and everything made
	rm -rf .venv .cache demo demo-trial build dist ttyPICO $(JS)/node_modules
	find . -name __pycache__ -prune -exec rm -rf {} +
