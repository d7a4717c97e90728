# naepo: the words a person types here. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check slow torture bench docs clean

help:  ## list these words
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.venv/run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "naepo needs Python 3.11 or newer; got: $$($(PYTHON) --version). Try: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/dev: .venv/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: .venv/run  ## train a GPT on an embedded corpus in about two minutes, and let it write
	rm -rf runs/demo
	$(BIN)/naepo train python-docs --minutes 2 --out runs/demo
	@echo; echo "--- what it writes: naepo generate runs/demo --prompt 'Return the '"; echo
	@$(BIN)/naepo generate runs/demo --prompt 'Return the ' --max-tokens 200

check: .venv/dev  ## format, lint, types, floors: everything that runs no code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pyright

test: check  ## every check and every quick test: what CI runs
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(WORKERS) -m 'not slow and not torture'

slow: .venv/dev  ## the tests that take minutes: recipes, README commands, compilers
	$(BIN)/python -m pytest -q -m slow

torture: .venv/dev  ## kill, corruption and exhaustion sweeps, in full
	$(BIN)/python -m pytest -q -m torture

bench: .venv/dev  ## the figures of the README, from runs (about an hour; wants a quiet machine)
	$(BIN)/python -m benchmarks.all

clean:  ## remove the environment, caches and runs/demo
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info runs/demo
