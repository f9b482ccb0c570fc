# The two commands of README.md: `make run` and `make test`. Nothing is needed but make and Python 3.11 or later.
# Variables: PYTHON (interpreter that makes the environment), VENV (its folder), RAW (raw public data).

PYTHON ?= python3
VENV ?= .venv
RAW ?= ../shared/data

BIN := $(VENV)/bin
# Wheels only, so that no compiler is ever needed; exact versions, so that results can be reproduced.
INSTALL := $(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check \
	--only-binary :all: --constraint constraints.txt
VENV_MADE := $(VENV)/.made
CORE := $(VENV)/.installed-core
TEST := $(VENV)/.installed-test
DEV := $(VENV)/.installed-dev
INPUTS := pyproject.toml constraints.txt cge/_version.py

.NOTPARALLEL:
.PHONY: help run test test-long parity check bench benchmark wheel clean

help:
	@echo "make run        install, then compare freer trade and freer migration: runs/out/"
	@echo "make test       install, then run the tests"
	@echo "make test-long  the tests that take more than a minute"
	@echo "make parity     compare with GEMPACK's solutions in ../shared/validation, variable by variable"
	@echo "make check      ruff and mypy"
	@echo "make bench      measure, and write docs/benchmarks.md; a part: make bench ONLY=phases (batches, engines, sizes)"
	@echo "make benchmark  rebuild sam_data/ww1997 and sam_data/world2014 from raw public data in RAW=$(RAW)"
	@echo "make wheel      build the wheel and the source archive in dist/"
	@echo "make clean      remove the environment, caches, dist/ and runs/out/"

run: $(CORE)
	$(BIN)/cge run runs/walmsley_winters.toml

test: $(TEST)
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-long: $(TEST)
	$(BIN)/python -m pytest -m long

parity: $(TEST)
	$(BIN)/python -m tests.parity

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/mypy

# ONLY is what pytest's -k takes: a file, a size (ONLY="15x10 or 30x20"), a row.
bench: $(DEV)
	$(BIN)/python -m pytest tests/bench -o python_files='bench_*.py' -W default --benchmark-disable-gc \
		--benchmark-columns=median,rounds $(if $(ONLY),-k "$(ONLY)")

benchmark: $(TEST)
	$(BIN)/python -m calibration.build ww1997 --raw "$(RAW)" --out sam_data/ww1997
	$(BIN)/python -m calibration.build world2014 --raw "$(RAW)" --out sam_data/world2014

wheel: $(DEV)
	$(BIN)/python -m build --outdir dist .

clean:
	rm -rf $(VENV) build dist runs/out .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find cge calibration tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp says which extras the environment has; a larger set includes the smaller ones.
$(CORE): $(VENV_MADE) $(INPUTS)
	@echo "Installing into $(VENV) (once; a few minutes at most)"
	$(INSTALL) --editable .
	@touch $@

$(TEST): $(VENV_MADE) $(INPUTS)
	@echo "Installing into $(VENV) with what the tests need (once; a few minutes at most)"
	$(INSTALL) --editable ".[test]"
	@touch $(CORE) $@

$(DEV): $(VENV_MADE) $(INPUTS)
	$(INSTALL) --editable ".[dev]"
	@touch $(CORE) $(TEST) $@

$(VENV_MADE):
	@command -v "$(PYTHON)" >/dev/null || \
		{ echo "make: no '$(PYTHON)' found; install Python 3.11 or later, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit( \
		f"make: $(PYTHON) is Python {v[0]}.{v[1]}, 3.11 or later is needed; name one: make PYTHON=python3.11")'
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "make: $(PYTHON) lacks its venv module (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	"$(PYTHON)" -m venv "$(VENV)"
	@touch $@
