# Every target sets up what it needs: a virtual environment in .venv and, for tests, the npm tools in .tools.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade
PROTOCOL_TOOLS := .tools/.installed

.PHONY: help demo test check fmt bench lock clean

help: ## Show the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## Scan a workspace of real repositories and serve it (ONCE=1 ends instead of serving)
	@$(BIN)/gitops-auditor demo $(if $(ONCE),--once,)

test: $(DEV) $(PROTOCOL_TOOLS) ## Run the whole test suite, on SQLite and on PostgreSQL where it is installed
	@$(BIN)/python -m tests.run $(ARGS)

check: $(DEV) ## Lint, types, layers, file lengths
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.house

fmt: $(DEV) ## Format the sources
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV) ## Measure, as ratios in one run each
	@$(BIN)/python -m tests.benchmarks $(ARGS)

clean: ## Remove what the targets made
	rm -rf $(VENV) .tools .demo

lock: $(DEV) ## Pin the newest versions that pyproject.toml allows
	$(LOCK) pyproject.toml --extra postgres --extra linters --group build --output-file constraints.txt
	$(LOCK) pyproject.toml --extra postgres --extra linters --group build --group dev --constraint constraints.txt --output-file constraints-dev.txt

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): $(VENV)/bin/pip pyproject.toml constraints.txt
	@echo "Installing into $(VENV) ..."
	@$(PIP) --require-hashes --requirement constraints.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(RUNTIME) constraints-dev.txt
	@$(PIP) --require-hashes --requirement constraints-dev.txt
	@touch $@

$(PROTOCOL_TOOLS): tests/protocol/package.json
	@if command -v npm >/dev/null; then \
	  mkdir -p .tools && cp $< .tools/ && npm install --prefix .tools --silent --no-audit --no-fund && touch $@; \
	else echo "npm is not installed: the tests that need it will be skipped and say so."; fi
