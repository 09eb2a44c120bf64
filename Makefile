# Two commands on a fresh machine:  make demo   and   make test
#
# Works with GNU Make from 3.81 on (the one that macOS has).

# Which Python to use: PYTHON=python3.13 make test.  Without it, python3, or the
# newest python3.x on the PATH where python3 is older than 3.11.
PYTHON =

VENV = .venv
BIN = $(VENV)/bin
EXPRESS = examples/express
AXE = tests/acceptance/axe
PIP = $(BIN)/python -m pip --quiet --disable-pip-version-check
CANDIDATES = python3 python3.15 python3.14 python3.13 python3.12 python3.11 python
RECENT = import sys; sys.exit(sys.version_info < (3, 11))

.PHONY: help demo install dev test lint bench clean

help:
	@echo "make demo    install into $(VENV) and play the first contact on every channel"
	@echo "make test    the same, and run all tests with their coverage"
	@echo "make lint    ruff, its formatter and mypy"
	@echo "make bench   what the sandbox costs, beside others (some minutes; PARTS=\"work start\" for some)"
	@echo "make clean   remove what the other targets have made"

demo: $(VENV)/.installed
	@$(BIN)/wexio-sandbox run scenarios/first-contact.yaml

install: $(VENV)/.installed

dev: $(VENV)/.installed-dev

test: $(VENV)/.installed-dev $(EXPRESS)/node_modules/.package-lock.json $(AXE)/node_modules/.package-lock.json
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks $(PARTS)

clean:
	rm -rf $(VENV) build dist .coverage .coverage.* htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf $(EXPRESS)/node_modules $(AXE)/node_modules
	find sandbox wexio_sandbox_pytest tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# --- stamps: what is there is not made again ----------------------------------------

# Made anew when the Python that it was made from is gone; then everything is installed again.
$(BIN)/python:
	@python=; for candidate in $(or $(PYTHON),$(CANDIDATES)); do \
	  if "$$candidate" -c '$(RECENT)' >/dev/null 2>&1; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Python 3.11 or newer is needed; none of these is one: $(or $(PYTHON),$(CANDIDATES))" >&2; \
	  echo "Install one from your system's packages or python.org, or say which: make demo PYTHON=/path/to/python3" >&2; \
	  exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV) || { \
	  rm -rf $(VENV); \
	  echo "$$python cannot make virtual environments (Debian and Ubuntu: apt-get install python3-venv)" >&2; \
	  exit 1; \
	}

$(VENV)/.installed: pyproject.toml $(BIN)/python
	@echo "Installing wexio-sandbox into $(VENV)"
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(BIN)/python
	@echo "Installing wexio-sandbox and its development tools into $(VENV)"
	@$(PIP) install --editable ".[dev]"
	@touch $@ $(VENV)/.installed

$(EXPRESS)/node_modules/.package-lock.json: $(EXPRESS)/package-lock.json $(EXPRESS)/package.json
	@if command -v npm >/dev/null 2>&1; then \
	  echo "Installing Express for the consumers that the tests deliver to"; \
	  (cd $(EXPRESS) && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error) && touch $@; \
	else \
	  echo "npm is not here: no Express"; false; \
	fi || { \
	  if [ -n "$$CI" ]; then exit 1; fi; \
	  echo "The tests that deliver to Express, and the example in it, will be skipped."; \
	}

$(AXE)/node_modules/.package-lock.json: $(AXE)/package-lock.json $(AXE)/package.json
	@if command -v npm >/dev/null 2>&1; then \
	  echo "Installing axe, by whose rules the dashboard is judged"; \
	  (cd $(AXE) && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error) && touch $@; \
	else \
	  echo "npm is not here: no axe"; false; \
	fi || { \
	  if [ -n "$$CI" ]; then exit 1; fi; \
	  echo "The tests that judge the dashboard by axe will be skipped."; \
	}
