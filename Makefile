# Everything runs in .venv, which `make setup` fills from the package registries.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SEEDS ?= 20

.PHONY: help setup demo pico test check bench accuracy clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## put the tool and all that the tests need into .venv

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Anklet needs Python 3.11 or newer: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[cwa,micropython,test]'
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade --target .venv/typings \
		'micropython-rp2-rpi_pico-stubs==1.27.0.post1'
	@touch $@

demo: $(READY) ## a simulated night, end to end: firmware, flash, USB, archive, report
	@$(BIN)/python -m anklet.demo

pico: $(READY) ## an emulated Raspberry Pi Pico on a serial port, to try every command on
	@$(BIN)/python tests/pico/play.py

test: $(READY) ## all tests, on CPython and on real MicroPython
	$(BIN)/python -m pytest --numprocesses auto

check: $(READY) ## lint, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/pyright --project firmware

bench: $(READY) ## what a cycle costs on the emulated Pico
	@$(BIN)/python -m tests.bench

accuracy: $(READY) ## simulated nights against their truth and against rivals (SEEDS=20)
	$(BIN)/python -m tests.accuracy --seeds $(SEEDS)

clean: ## remove .venv and everything made
	rm -rf .venv .cache demo build dist ttyPICO
	find . -name __pycache__ -prune -exec rm -rf {} +
