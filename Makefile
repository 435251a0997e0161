# `make` lists the targets. Everything runs from .venv, which the targets create from the locks in requirements/.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CODE := kubesvc tests e2e benchmarks

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test lint types unit mutants e2e e2e-kind e2e-kind-smoke cluster cluster-down e2e-mark oracle record record-kind \
	record-oracle bench docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "%-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- environment: two stamps, so that a demo needs no development tools and a second run costs nothing. The locks
# are whole; pip is not to resolve them again: for an extra it may take a newer version than the locked one.

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements/build.txt requirements/run.txt pyproject.toml | .venv/bin/python
	$(PIP) install --no-deps --require-hashes -r requirements/build.txt -r requirements/run.txt
	$(PIP) install --no-index --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	$(PIP) install --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

setup: .venv/dev.stamp ## create .venv with kubesvc and every development tool

# --- use

demo: .venv/run.stamp ## explain a bundled, broken Service; needs no cluster
	@$(BIN)/kubesvc demo

# --- checks

test: lint types unit ## everything that needs no cluster: lint, types, unit tests, recorded cases

lint: setup ## style, imports, dependencies, spelling
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/deptry kubesvc

types: setup ## mypy and pyright, both strict
	$(BIN)/mypy
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright

unit: setup ## unit tests, laws, properties and recorded cases, with the floors of coverage: all branches of semantics
	$(BIN)/python -m pytest --cov
	@shown=$$($(BIN)/coverage report --include='kubesvc/semantics/*' --fail-under=100) || { echo "$$shown"; exit 2; }

mutants: setup ## plant mistakes in kubesvc/semantics, one at a time, and count those that the tests see; ONLY=ports.py
	$(BIN)/python -m tests.mutants $(ONLY)

e2e: setup ## build the wheel, start a real control plane, run the scenarios
	$(BIN)/python -m e2e.cluster build
	$(BIN)/python -m pytest e2e --ignore=e2e/kind --ignore=e2e/test_kind_scenarios.py --timeout=900

# What starts control planes of its own needs no containers: make e2e runs it.
LOCAL := e2e/test_cluster.py e2e/test_stages.py e2e/test_oracle.py e2e/test_parts.py

e2e-kind: setup ## the same scenarios on kind, with real pods; KUBESVC_E2E_START_ENGINE=1 starts an engine if need be
	$(BIN)/python -m e2e.kind $(BIN)/python -m pytest e2e $(LOCAL:%=--ignore=%) --timeout=1800

e2e-kind-smoke: setup ## only what takes kubelets: every scenario of e2e/kind/scenarios, on one cluster of kind
	$(BIN)/python -m e2e.kind $(BIN)/python -m pytest e2e/kind e2e/test_kind_parts.py e2e/test_machine.py e2e/test_kind_scenarios.py --timeout=1800

N ?= 150
SEED ?= 1

oracle: setup ## compare random clusters with the real endpoint controllers; N=1000 SEED=7 K8S=1.34
	$(BIN)/python -m e2e.oracle --clusters $(N) --seed $(SEED) $(if $(K8S),--kubernetes $(K8S))

# --- a cluster to look at

cluster: setup ## start the local control plane, with every scenario in it, and keep it
	@$(BIN)/python -m e2e.showcase

cluster-down: setup ## stop it
	$(BIN)/python -m e2e.cluster down

e2e-mark: setup ## allow the cluster in KUBESVC_E2E_KUBECONFIG to be used by make e2e
	$(BIN)/python -m e2e.cluster mark

# --- generated files

record: setup ## record the cases of e2e/scenarios from a real control plane, but for those in which a kubelet decides
	$(BIN)/python -m e2e.record

record-kind: setup ## record those in which a kubelet decides from a cluster of kind, with what clients saw
	$(BIN)/python -m e2e.kind $(BIN)/python -m e2e.record

record-oracle: setup ## record the clusters of tests/cases/oracle with what the real controllers left
	$(BIN)/python -m e2e.oracle --clusters 900 --seed 7 --record tests/cases/oracle

docs: setup ## write docs/rules/ from the docstrings of the rules
	$(BIN)/python -m tests.registry.pages

bench: setup ## measure kubesvc beside the kubectl commands that it replaces
	$(BIN)/python -m benchmarks

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" $(UPGRADE)

lock: setup ## lock the dependencies again; UPGRADE=--upgrade takes the newest versions
	$(LOCK) pyproject.toml --output-file requirements/run.txt
	$(LOCK) --group dev pyproject.toml --constraint requirements/run.txt --output-file requirements/dev.txt
	$(LOCK) --group pyproject.toml:build --constraint requirements/dev.txt --output-file requirements/build.txt

clean: ## remove .venv, caches and builds
	rm -rf .venv dist build .ci/logs .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find kubesvc tests e2e benchmarks -name __pycache__ -prune -exec rm -rf {} +
