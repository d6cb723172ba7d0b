# `make book` and `make test` are all a newcomer needs; `make help` lists the rest.
PYTHON ?= python3
PYTHONHASHSEED ?= 0
export PYTHONHASHSEED
unexport PYTHONPATH PYTHONHOME MPLBACKEND
UV_VERSION := 0.13.9
PIP_AUDIT_VERSION := 2.10.1

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.installed
FIRST_PAGE := _build/html/index.html
STRICT_BUILD := $(VENV)/bin/jupyter-book build . -W -n --keep-going
NBVAL := --nbval --nbval-current-env --nbval-cell-timeout=300 chapters
WORKERS := -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help env book pdf serve pyodide test nbval lab exercises notebooks bench ledger errata lint format lock audit versions fuzz clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

env: $(READY) ## create or update the environment in .venv

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "This book needs Python 3.11, 3.12 or 3.13, but '$(PYTHON)' is" \
	    "$$($(PYTHON) --version 2>&1). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Installing the environment into $(VENV) (a few minutes the first time)"
	@v='import sys; print(sys.version_info[:2])'; \
	  [ "$$($(PY) -c "$$v" 2>/dev/null)" = "$$($(PYTHON) -c "$$v")" ] \
	    && $(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

book: $(READY) ## build the book strictly; prints its first page
	@rm -rf _build
	@$(STRICT_BUILD) || { echo "make book: FAILED"; exit 1; }
	@echo "make book: PASSED. First page: $(FIRST_PAGE)"
	@$(PY) -c 'from pathlib import Path; print(Path("$(FIRST_PAGE)").resolve().as_uri())'

pdf: $(READY) ## print the whole book into _build/book.pdf (minutes; needs Chromium)
	@$(PY) -m tools.pdf

serve: $(READY) ## serve the built book here (PORT=8000), to run chapters in the browser
	@test -f $(FIRST_PAGE) || { echo "make serve: nothing built yet: make book"; exit 1; }
	@echo "http://localhost:$(or $(PORT),8000)/ (Ctrl-C ends it)"
	@$(PY) -m http.server --bind localhost --directory $(dir $(FIRST_PAGE)) $(or $(PORT),8000)

pyodide: $(READY) ## fetch Python for the browser, for the test that runs it (needs npm)
	@$(PY) -m tools.pyodide

test: $(READY) ## unit and property tests, and nbval on every chapter
	@$(PY) -m pytest tests $(NBVAL) $(WORKERS) \
	  && echo "make test: PASSED" || { echo "make test: FAILED"; exit 1; }

nbval: $(READY) ## only nbval: re-run every chapter and compare
	@$(PY) -m pytest -c pyproject.toml $(NBVAL) $(WORKERS) \
	  && echo "make nbval: PASSED" || { echo "make nbval: FAILED"; exit 1; }

lab: $(READY) ## open the chapters in JupyterLab (DIR=exercises: the exercises)
	@JUPYTER_PREFER_ENV_PATH=1 $(PY) -m jupyterlab \
	  $(if $(DIR),--notebook-dir=. --preferred-dir=$(DIR),--notebook-dir=chapters)

exercises: $(READY) ## the chapters without solutions, into exercises/ (FORCE=1 overwrites)
	@$(PY) -m tools.exercises $(if $(FORCE),--force)

notebooks: $(READY) ## execute and normalise what changed (ALL=1, or ONLY=chapters/x.ipynb)
	@$(PY) -m tools.notebooks run $(if $(ALL),--all) $(ONLY)

bench: $(READY) ## time rnnlib.spectral and rnnlib.char.fast against other ways (PEERS=python)
	@$(PY) -m bench.spectral
	@OMP_NUM_THREADS=1 $(or $(PEERS),$(PY)) -m bench.char

ledger: $(READY) ## run every claim's check and count the verdicts
	@$(PY) -m ledger

errata: $(READY) ## write an errata sheet for each document into _build/errata
	@$(PY) -m ledger.errata _build/errata

lint: $(READY) ## ruff and the form of the notebooks
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . \
	  && $(PY) -m tools.notebooks verify \
	  && echo "make lint: PASSED" || { echo "make lint: FAILED"; exit 1; }

format: $(READY) ## format the code, in notebooks too
	@$(PY) -m ruff check --fix . ; $(PY) -m ruff format . && $(PY) -m tools.notebooks normalise

lock: ## resolve requirements.txt into requirements.lock, with hashes
	@$(PYTHON) -m venv --clear _build/lock
	@_build/lock/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@grep -v '^-e' requirements.txt | _build/lock/bin/uv pip compile --quiet \
	  --universal --python-version 3.11 --generate-hashes --no-header $(UPGRADE) \
	  --output-file requirements.lock - >/dev/null
	@rm -rf _build/lock

audit: ## look the lock up among known vulnerabilities; 2 when it cannot be checked
	@$(PYTHON) -m venv --clear _build/audit
	@_build/audit/bin/pip install --quiet --disable-pip-version-check \
	  pip-audit==$(PIP_AUDIT_VERSION)
	@$(PYTHON) -m tools.audit _build/audit/bin/pip-audit

versions: ## unit tests with the oldest and the newest allowed dependencies (long)
	@$(PYTHON) -m venv --clear _build/uv
	@_build/uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@for kind in oldest newest; do \
	  $(PYTHON) -m tools.versions _build/uv/bin/uv $$kind || failed="$$failed $$kind"; \
	done; [ -z "$$failed" ] && echo "make versions: PASSED" \
	  || { echo "make versions: FAILED:$$failed"; exit 1; }

fuzz: $(READY) ## every wrong argument for every public function (minutes)
	@HYPOTHESIS_PROFILE=nightly $(PY) -m pytest tests/fuzz $(WORKERS) \
	  && echo "make fuzz: PASSED" || { echo "make fuzz: FAILED"; exit 1; }

clean: ## remove what was built; keeps the environment
	rm -rf _build .pytest_cache .ruff_cache .hypothesis
