# Everything a developer or an operator of one machine needs. `make help` lists it.

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(or $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$name && break; done),python3)
VENV := .venv
BIN := $(VENV)/bin
REQUIREMENTS ?= requirements/dev.txt
SEED ?= examples/projects.csv
OWNER ?= demo
LANGUAGES ?= zh,en
SIZE ?=
ARGS ?=

UV_VERSION := 0.13.9
# A new name for each content of the pinned requirements: the environment is rebuilt when, and only when, they change.
STAMP := $(VENV)/.installed-$(notdir $(basename $(REQUIREMENTS)))-$(shell cat $(REQUIREMENTS) 2>/dev/null | cksum | cut -d' ' -f1)
# Where Python may not keep what it compiles (many containers), each start would compile all packages anew: 3 s.
COMPILE := $(if $(PYTHONDONTWRITEBYTECODE),--compile-bytecode)
# The developer's own .env must not change what the tests see. What Python compiles is kept: hundreds of processes start.
PYTEST := env -u PYTHONDONTWRITEBYTECODE ENV_FILE= $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadscope
# Validators of other people's formats; tests that need one are skipped where node is missing.
NODE_TOOLS := $(if $(shell command -v npm),tests/node/node_modules/.package-lock.json)
WITH_POSTGRES := $(BIN)/python -m tests.support.postgres run --

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-postgres lint bench bench-search bench-stream bench-mesh lock clean bench-gallery local-llm
.SILENT:

help: ## This list
	echo "Atelier · 工坊"
	echo
	awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	echo
	echo "First time: make demo, then make run. Settings: .env.example · 设置见 .env.example"

setup: $(STAMP) ## Prepares everything: environment, packages, database, catalogue, sample projects
	$(BIN)/python -m launcher.supervisor.prepare --projects $(SEED) --owner $(OWNER)

demo: setup ## Sets up, then writes documents for the sample projects in Chinese and English
	$(BIN)/python manage.py generate_templates --languages $(LANGUAGES) --owner $(OWNER) $(ARGS)

run: $(STAMP) ## Starts everything on 127.0.0.1 (PORT=8000 BROKER_PORT=6390); Ctrl-C stops it
	exec $(BIN)/python -m launcher.supervisor --bound $(ARGS)

local-llm: $(STAMP) ## Installs a small model that writes when no key is set (SIZE=0.5b or 1.5b, ARGS=--remove)
	exec $(BIN)/python -m launcher.local_llm $(if $(SIZE),--size $(SIZE)) $(ARGS)

test: $(STAMP) $(NODE_TOOLS) ## Runs the tests on SQLite (ARGS="tests/templates -k export" chooses some)
	$(PYTEST) $(ARGS)

test-postgres: $(STAMP) $(NODE_TOOLS) ## Runs the tests on PostgreSQL (an own one, or that of TEST_DATABASE_URL)
	$(WITH_POSTGRES) $(PYTEST) $(ARGS)

lint: $(STAMP) ## Checks style, types, import contracts, migrations and the API schema
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

bench: $(STAMP) ## Measures the API and a batch of 500 documents, on PostgreSQL
	$(WITH_POSTGRES) $(BIN)/python -m benchmarks.api $(ARGS)
	$(WITH_POSTGRES) $(BIN)/python -m benchmarks.batch $(ARGS)

bench-search: $(STAMP) ## Measures searches among a million prompts (ARGS="--database sqlite --rows 100000")
	$(BIN)/python -m benchmarks.search $(ARGS)

bench-gallery: $(STAMP) ## Measures the gallery among a million models, on PostgreSQL (ARGS="--rows 100000 --plans")
	$(BIN)/python -m benchmarks.gallery $(ARGS)

bench-stream: $(STAMP) ## Measures how late 200 readers see what models say (ARGS="--replies 200 --sqlite")
	$(BIN)/python -m benchmarks.stream $(ARGS)

bench-mesh: $(STAMP) ## Measures reports, thumbnails, repair and conversions of meshes (ARGS="--formats")
	$(BIN)/python -m benchmarks.mesh $(ARGS)

lock: $(STAMP) ## Pins the newest allowed versions of all packages
	for name in base dev; do \
		$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header \
			requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done
	git diff --stat -- requirements

tests/node/node_modules/.package-lock.json: tests/node/package-lock.json
	npm ci --prefix tests/node --ignore-scripts --no-audit --no-fund --silent && touch $@ || \
		echo "npm can't install the validators; tests that need them are skipped." >&2

clean: ## Removes the virtual environment and all caches; keeps your data (var/ and .env)
	rm -rf $(VENV) tests/node/node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || { \
		echo "Atelier needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo missing)."; \
		echo "Install one (https://www.python.org/downloads/) or name it: make setup PYTHON=python3.12"; \
		exit 1; \
	} >&2
	echo "==> Making a virtual environment in $(VENV)"
	if command -v uv >/dev/null; then \
		uv venv --quiet --python "$$(command -v $(PYTHON))" $(VENV); \
	elif ! $(PYTHON) -m venv $(VENV); then \
		rm -rf $(VENV); \
		echo "$(PYTHON) can't make virtual environments: its venv or ensurepip module is missing."; \
		echo "Debian, Ubuntu: sudo apt install python3-venv. Or install uv: https://docs.astral.sh/uv/"; \
		exit 1; \
	fi >&2

$(STAMP): $(REQUIREMENTS) | $(BIN)/python
	if test -x $(BIN)/uv; then :; \
	elif command -v uv >/dev/null; then uv pip install --quiet --python $(BIN)/python uv==$(UV_VERSION); \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); fi || { \
		echo "uv can't be installed into $(VENV). No network, or a damaged environment: make clean, then again." >&2; \
		exit 1; \
	}
	echo "==> Installing the pinned packages (seconds with a warm cache, a minute without)"
	$(BIN)/uv pip sync --quiet $(COMPILE) --python $(BIN)/python $(REQUIREMENTS)
	rm -f $(VENV)/.installed-*
	touch $(STAMP)
