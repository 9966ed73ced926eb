# Only Python >= 3.11, make and a package index are needed. `make help` tells the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DOCS := .venv-docs
LOCKED := --no-deps --require-hashes -r requirements/dev.txt
only ?=
name ?=
like ?= prometheus

.DEFAULT_GOAL := help
.PHONY: help setup demo up test test-real check format new-connector new-flow docs bench lock clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: $(STAMP) ## Make .venv with the locked dependencies

$(STAMP): requirements/runtime.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Liaison needs Python 3.11 or newer; $(PYTHON) is older. Name another: make PYTHON=python3.12 $@"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@# The lock is complete, so nothing is resolved here; older pips trip over extras when they resolve with hashes.
	@# uv where it is there is quicker; it reads no configuration of pip's, so pip has the last word.
	@{ command -v uv >/dev/null && uv pip install --quiet --python $(BIN)/python $(LOCKED); } || \
		$(BIN)/python -m pip install --quiet $(LOCKED)
	$(BIN)/python -m pip check
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP) ## Play one outage from the first ticket to the last answer, on a scratch installation
	$(BIN)/liaison demo

up: $(STAMP) ## Start Liaison on this machine (Ctrl-C stops it)
	$(BIN)/liaison up

check: $(STAMP) ## Format, lint, types, import layers, shape, the connectors' quality
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.shape
	$(BIN)/python -m tests.quality

format: $(STAMP) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

new-connector: $(STAMP) ## Begin a connector as a copy of a small one: make new-connector name=acme like=prometheus
	@$(BIN)/python -m tests.new_connector "$(name)" "$(like)"

new-flow: $(STAMP) ## Begin a flow, with its task, decision, deployment and tests: make new-flow name=long_open
	@$(BIN)/python -m tests.new_flow "$(name)"

test: check ## Everything that needs no installation beside .venv
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not real"

test-real: $(STAMP) ## Tests against real servers and the kill drills; installs what is missing
	bash tests/real/install
	$(BIN)/pytest -q -m real

docs: $(STAMP) $(DOCS)/.installed ## The documentation as a site, in build/site; a broken link fails it
	$(BIN)/python -m tests.docs.reference
	$(BIN)/python -m tests.docs.site
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict --config-file build/docs/mkdocs.yml
	@echo "build/site/index.html"

$(DOCS)/.installed: requirements/docs.txt
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements/docs.txt
	@touch $@

bench: $(STAMP) ## Benchmarks, a JSON line each; one of them: make bench only=storm
	$(BIN)/python -m bench $(if $(only),only=$(only),)

lock: $(STAMP) ## Lock the dependencies anew, with hashes and without an index's address
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --upgrade \
		--no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements/runtime.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --quiet -c requirements/runtime.txt -o requirements/dev.txt
	$(BIN)/uv pip compile requirements/docs.in --universal --python-version 3.11 --generate-hashes --upgrade \
		--no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements/docs.txt

clean: ## Remove .venv and caches
	rm -rf $(VENV) $(DOCS) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build *.egg-info
