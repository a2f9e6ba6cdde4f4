.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST_WORKERS ?= 2
# one worker is this process; files stay together, for what a file's tests share is made once; long ones first
SPREAD := $(if $(filter-out 0 1,$(PYTEST_WORKERS)),-n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder)
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/pycache

.PHONY: help demo truth-at-scale test test-slow test-faults lint types dev bench clean env

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(READY) ## build the environment in .venv from the hashed lock

$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit("Assay needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name one: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null || true
	@if [ -x $(BIN)/uv ] && VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock; then \
	  true; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## simulated organisation to a published, traced and verified DORA number
	@$(BIN)/assay demo --folder .demo

truth-at-scale: $(READY) ## the demo with ten times as many services, every number beside the simulated truth: minutes
	@nice $(BIN)/assay demo --factor 10 --folder .demo-at-scale

test: $(READY) ## the whole test suite but the slow part, on PYTEST_WORKERS=2 processes
	@$(BIN)/python -m pytest $(SPREAD)

test-slow: $(READY) ## crash, restart and scale tests: minutes
	@$(BIN)/python -m pytest -m slow $(SPREAD)

test-faults: $(READY) ## every planted fault, and every token of a definition, one by one: up to two hours
	@$(BIN)/python -m pytest -m slow --faults=all tests/planted_faults tests/dbt_project/test_definition_properties.py $(SPREAD)

lint: $(READY) ## ruff and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache

types: $(READY) ## mypy, strict
	@$(BIN)/mypy

dev: $(READY) ## the Dagster UI over the demo's workspace
	@$(BIN)/assay dev --workspace .demo/workspace

bench: $(READY) ## benchmarks beside the machine's raw limits
	@bash tests/debian_packages.sh
	@$(BIN)/python -m benchmarks

clean: ## remove the environment, the demo and caches
	@rm -rf $(VENV) .demo .demo-at-scale .benchmarks .mypy_cache .ruff_cache .pytest_cache .hypothesis dbt_project/target dbt_project/logs
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
