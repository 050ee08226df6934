.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup demo test lint bench soak lock clean

help: ## Show what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/.ready ## Install everything into .venv

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Almoner needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
		-r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	-$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib
	@touch $@

demo: setup ## Make a demonstration hospital group and publish its report marts
	$(BIN)/almoner demo create
	$(BIN)/almoner build
	$(BIN)/almoner marts
	$(BIN)/almoner export dept_revenue_daily --tenant demo_1 --out - | head -5

test: setup lint ## Run all tests, then the linters' findings are zero
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile \
		--no-loadscope-reorder

lint: setup ## Run the linters
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar models macros tests/audits examples

bench: setup ## Measure builds and reads against plain PostgreSQL; writes bench/RESULTS.md
	$(BIN)/python -m bench

soak: setup ## Kill, stop, cut and fill at full size; writes bench/RELIABILITY.md
	$(BIN)/python -m bench.reliability

lock: setup ## Resolve requirements.lock anew
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--no-emit-index-url --no-annotate --no-header -o requirements.lock

clean: ## Stop the embedded server and remove what was made here
	-$(BIN)/almoner db reset --yes
	rm -rf $(VENV) .almoner target logs almoner.egg-info
