# `make demo` and `make test` do all the set-up themselves; `make check` is what CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

.PHONY: help demo test check lint types imports slow browser bench docs clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group dev --editable .
	@touch $(STAMP)

demo: $(STAMP)  ## the main job on synthetic data and a local sandbox, under a minute
	$(BIN)/kevasync demo

test: $(STAMP)  ## the tests (under 10 minutes on 2 cores)
	$(BIN)/python -m pytest -n $(WORKERS)

lint: $(STAMP)  ## Ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)  ## strict type-checking
	$(BIN)/mypy

imports: $(STAMP)  ## the import contracts of pyproject.toml
	$(BIN)/lint-imports

check: lint types imports test  ## all that CI runs

slow: $(STAMP)  ## kill tests, other clients (needs npm), large volumes
	$(BIN)/python -m pytest -m slow -n 0

browser: $(STAMP)  ## the review screens in Chromium (Debian: apt install chromium); skipped where it is missing
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group browser
	$(BIN)/python -m pytest -m browser -n 0

bench: $(STAMP)  ## ours and the peers side by side; prints ratios
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group bench
	$(BIN)/python benchmarks/plan.py
	$(BIN)/python benchmarks/automap.py
	$(BIN)/python benchmarks/dedupe.py
	$(BIN)/python benchmarks/linking.py

docs: $(STAMP)  ## write the generated pages anew (CLI reference, error pages)
	$(BIN)/python docs/generate.py

clean:  ## remove the environment and what tools left behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-workspace
