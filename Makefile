# Every target sets up what it needs: a virtual environment in .venv and, for tests, the npm tools in .tools.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
PROTOCOL_TOOLS := .tools/.installed

.PHONY: help demo test check fmt bench clean

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

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): $(VENV)/bin/pip pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[postgres]'
	@touch $@

$(DEV): $(RUNTIME) requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --requirement requirements-dev.txt
	@touch $@

$(PROTOCOL_TOOLS): package.json
	@$(BIN)/python -m tests.protocol_tools || true
