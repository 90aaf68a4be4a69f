PYTHON ?= $(firstword $(shell command -v python3 python3.14 python3.13 python3.12 python3.11))
BIN := .venv/bin
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/e2e/*' -not -path '*/test-results/*' 2>/dev/null)
# One engine of each kind for all workers. Tests wait as often as they reckon: three workers fill two cores.
TESTS := $(BIN)/pytest -n 3 --dist loadfile
# Tests of the whole system against the clock have the machine to themselves. (5: none was chosen.)
WHOLE := tests/acceptance tests/faults tests/sdk
LOCK := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url
# Where Python is told to keep no compiled files, each of the hundreds of processes that tests start would compile everything anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help up test test-long prove lint types bench e2e migrate openapi lock web wheel

help:       ## Show these lines
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/' | awk -F: '{printf "  make %-10s %s\n", $$1, $$2}'

up: $(BIN)/.ready hudhud/app/static/index.html  ## Prepare what is missing, start everything, print the address
	@$(BIN)/hudhud up $(ARGS)

test: $(BIN)/.ready hudhud/app/static/index.html  ## Run every test of the project
	@$(TESTS) $(ARGS)
	@$(PYTHON) tools/bootstrap.py npm test

test-long: $(BIN)/.ready hudhud/app/static/index.html  ## Run the tests that take minutes: crashes, kills, whole systems
	@$(BIN)/pytest -m long --timeout 900 --durations 20 --durations-min 5 $(WHOLE) $(ARGS) || [ $$? = 5 ]
	@$(TESTS) -m long --timeout 900 --durations 20 --durations-min 5 $(WHOLE:%=--ignore=%) $(ARGS) || [ $$? = 5 ]

prove: $(BIN)/.ready hudhud/app/static/index.html  ## Live through all 23,570 people's orders with kill -9, cut the power 50 times (an hour)
	@PROVE_SEED=random PROVE_EVERY=1 PROVE_CUTS=50 PROVE_RESTARTS_S=300 PROVE_IMPORT_MB=1000 PROVE_IMPORT_KILLS=20 PROVE_FIELDS_EVERY=1 $(BIN)/pytest -m 'long or prove' --hypothesis-profile random --timeout 3600 -s tests/acceptance tests/faults tests/journeys tests/segments tests/transfer/test_large.py tests/transfer/test_interrupted.py tests/app/test_fuzz.py tests/hooks/test_mapper.py $(ARGS)

lint: $(BIN)/.ready hudhud/app/static/index.html  ## Check style, formatting and the import contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check -q
	@$(BIN)/lint-imports
	@$(PYTHON) tools/bootstrap.py npm lint

types: $(BIN)/.ready hudhud/app/static/index.html  ## Check types, Python and TypeScript
	@$(BIN)/mypy
	@$(PYTHON) tools/bootstrap.py npm types

bench: $(BIN)/.ready  ## Measure; each figure beside a floor of the same run
	@$(BIN)/python -m bench $(ARGS)

e2e: $(BIN)/.ready hudhud/app/static/index.html  ## Run the browser tests
	@$(PYTHON) tools/bootstrap.py npm e2e

migrate: $(BIN)/.ready  ## Bring DATABASE_URL and CLICKHOUSE_URL up to date
	@$(BIN)/hudhud migrate

openapi: $(BIN)/.ready  ## Write the API description, and the web client that is generated from it
	@$(BIN)/python tools/openapi.py
	@$(PYTHON) tools/bootstrap.py npm api

web: hudhud/app/static/index.html  ## Build the web app

wheel: $(BIN)/.ready hudhud/app/static/index.html  ## Build dist/hudhud-*.whl with the app in it
	@$(BIN)/uv build -q --wheel --no-build-isolation --python $(BIN)/python

lock: $(BIN)/.ready  ## Renew the locked dependencies
	@$(LOCK) pyproject.toml --group dev -o requirements.lock
	@$(LOCK) --group node -o tools/node.lock

$(BIN)/.ready: requirements.lock pyproject.toml tools/bootstrap.py
	@$(PYTHON) tools/bootstrap.py python
	@touch $@

hudhud/app/static/index.html: $(BIN)/.ready $(WEB_SOURCES)
	@$(PYTHON) tools/bootstrap.py web
