# The commands of this project; `make` alone lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
DBT := .venv-dbt
DOCS := .venv-docs
PROCESSES ?= 2

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: demo
demo: $(BIN)/.installed ## score the calls in recordings/ and leave Airflow's UI open (EXIT=1: stop after the table)
	@$(BIN)/python -m quickstart

.PHONY: psql
psql: $(BIN)/.installed ## open the results of the running demo
	@$(BIN)/python -m quickstart.psql

.PHONY: clean-demo
clean-demo: ## forget the demo's state
	rm -rf .demo

.PHONY: env
env: ## write the secrets of a deployment with Docker Compose into .env
	@$(PYTHON) deploy/make_env.py

.PHONY: test
test: $(BIN)/.installed-dev $(DBT)/.installed ## pass the tests (PROCESSES=4: in four processes at a time)
	$(BIN)/pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

.PHONY: contract
contract: $(BIN)/.installed-dev ## run the vendor's own client against the sandbox (TARGET=live: against the service)
	TARGET=$(TARGET) $(BIN)/pytest tests/contract

.PHONY: faults
faults: $(BIN)/.installed-dev ## try every fault (half an hour) and write the table of docs/reliability.md
	$(BIN)/pytest tests/reliability tests/integration/secrets -m "faults or not faults" \
		--deselect tests/reliability/test_reliability_page.py --reliability docs/reliability.md

.PHONY: check
check: $(BIN)/.installed-dev ## format, lint, types and import rules
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: docs
docs: $(DOCS)/.installed ## build the documentation site into site/
	@NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --quiet

.PHONY: dist
dist: $(BIN)/.installed-dev ## build the distributions of the product, the provider and the sandbox into dist/
	@rm -rf dist
	@for folder in . plugins/assemblyai_provider sandbox; do $(BIN)/uv build --quiet --out-dir dist $$folder || exit; done
	@rm -rf plugins/*.egg-info plugins/assemblyai_provider/*.egg-info sandbox/*.egg-info
	$(BIN)/twine check --strict dist/*.whl dist/*.tar.gz

.PHONY: matrix
matrix: dist ## run the provider's tests on every minor version of Airflow 3 (MINORS="3.0 3.3": on these; MINORS=ends: the oldest and newest)
	@.ci/matrix $(MINORS)

.PHONY: schema
schema: $(BIN)/.installed ## write the schema that the migrations add up to, for readers (schema.sql) and for dbt (sources.yml)
	@$(BIN)/python -m local_stack.schema
	@$(BIN)/python -m local_stack.dbt_sources

.PHONY: lock
lock: $(BIN)/.installed-dev ## compile the pins of requirements*.in
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
		--custom-compile-command "make lock" --upgrade requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
		--custom-compile-command "make lock" --upgrade requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
		--custom-compile-command "make lock" --upgrade requirements-celery.in -o requirements-celery.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
		--custom-compile-command "make lock" --upgrade dbt/requirements.in -o dbt/requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
		--custom-compile-command "make lock" --upgrade docs/requirements.in -o docs/requirements.txt

$(BIN)/.installed: requirements.txt pyproject.toml plugins/assemblyai_provider/pyproject.toml sandbox/pyproject.toml
	@echo "Installing into .venv (about a minute the first time)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e . -e plugins/assemblyai_provider -e sandbox
	@# What the build leaves in plugins/ has the same entry points, and Airflow would find its plugin twice.
	@rm -rf plugins/*.egg-info plugins/assemblyai_provider/*.egg-info sandbox/*.egg-info
	@touch $@

$(BIN)/.installed-dev: requirements-dev.txt $(BIN)/.installed
	@echo "Installing what the checks and tests need"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(DBT)/.installed: dbt/requirements.txt
	@echo "Installing dbt into $(DBT)"
	@$(PYTHON) -m venv $(DBT)
	@$(DBT)/bin/pip install --quiet --disable-pip-version-check -r dbt/requirements.txt
	@touch $@

$(DOCS)/.installed: docs/requirements.txt
	@echo "Installing what builds the site into $(DOCS)"
	@$(PYTHON) -m venv $(DOCS)
	@$(DOCS)/bin/pip install --quiet --disable-pip-version-check -r docs/requirements.txt
	@touch $@
