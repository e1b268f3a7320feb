# Each target does its own set-up: `make run` works in a fresh clone. `make help` lists the targets.
# PYTHON=/path/to/python chooses the interpreter; pip's own settings (PIP_INDEX_URL and so on) are respected.

SHELL := /bin/sh
BIN := .venv/bin
STAMP := .venv/.forgewall-ready

POLICY ?= policy/forgewall.yaml
LISTEN ?= 127.0.0.1:8080
EVENTS ?= events
CERTS ?= certs
# More options of `forgewall run`.
OPTIONS ?=
# More arguments of pytest, for instance ARGS='tests/decide -x'.
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run test demo lint format bench clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

setup: $(STAMP) ## Find Python 3.12 or later, make .venv and install what pyproject.toml and constraints.txt name

$(STAMP): pyproject.toml constraints.txt .ci/setup-python
	@.ci/setup-python .venv
	@touch $@

run: $(STAMP) ## Serve on 127.0.0.1:8080 with policy/forgewall.yaml
	@exec $(BIN)/forgewall run --policy $(POLICY) --listen $(LISTEN) --events $(EVENTS) --certs $(CERTS) $(OPTIONS)

test: $(STAMP) ## Run all tests; ARGS='…' goes to pytest
	@.ci/setup-system
	@.ci/setup-node
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

demo: $(STAMP) ## Watch real clients be allowed and refused, on this machine alone, in under a minute
	@$(BIN)/python -m demo.run

lint: $(STAMP) ## ruff and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy -p forgewall -p demo

format: $(STAMP) ## Apply ruff's format and safe fixes
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(STAMP) ## Measure decisions, review, requests and large uploads, beside stock mitmproxy (about twelve minutes)
	@$(BIN)/python -m bench

clean: ## Remove .venv, caches and build results; events and certificates stay
	@rm -rf .venv build dist addons/*.egg-info tests/clients/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
