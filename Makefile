# `make demo` and `make test` are all one needs: each makes .venv when it is missing and reuses it when it is there.
PYTHON ?= python3
VENV ?= .venv
# For a CPU-only torch where PyPI serves a CUDA build:
#   make demo PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"
PIP_ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(PIP_ARGS)

.PHONY: install install-dev demo test test-blender check lint bench clean

install: $(VENV)/installed
install-dev: $(VENV)/installed-dev

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) --editable '.[dev]'
	touch $@

demo: install
	$(BIN)/headstart study run quickstart --out runs

test: install-dev
	$(BIN)/python -m pytest -n auto -m "not blender"

# The reference engine, which is installed into the cache folder when it is not there.
test-blender: install-dev
	$(BIN)/headstart engine install blender
	$(BIN)/python -m pytest -m blender

check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: install-dev
	for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:
	rm -rf $(VENV) runs build dist
