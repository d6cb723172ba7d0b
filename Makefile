# `make book` and `make test` are all a newcomer needs; `make help` lists the rest.
PYTHON ?= python3
PYTHONHASHSEED ?= 0
export PYTHONHASHSEED
unexport PYTHONPATH PYTHONHOME MPLBACKEND
# Modules are compiled once, and not in each of some hundred processes
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.installed
# What IPython, Jupyter, matplotlib and npm keep; the home folder stays as it is
PRIVATE := $(CURDIR)/$(VENV)/private
export IPYTHONDIR := $(PRIVATE)/ipython
export JUPYTER_CONFIG_DIR := $(PRIVATE)/jupyter
export JUPYTER_DATA_DIR := $(PRIVATE)/jupyter-data
export JUPYTER_RUNTIME_DIR := $(PRIVATE)/jupyter-runtime
export MPLCONFIGDIR := $(PRIVATE)/matplotlib
export npm_config_cache := $(PRIVATE)/npm
# A text to train on: a package that is installed without what it needs to run
TEXTS := tools/requirements/texts.txt
FIRST_PAGE := _build/html/index.html
PIP := pip install --quiet --disable-pip-version-check
STRICT_BUILD := $(VENV)/bin/jupyter-book build . -W -n --keep-going
NBVAL := --nbval --nbval-current-env --nbval-cell-timeout=300 chapters
# In the order of the files: else those with few and long tests would come last
WORKERS := -n 2 --dist loadfile --no-loadscope-reorder

# An environment of another Python than the one that was asked for is made anew
MINOR := import sys; print(*sys.version_info[:2])
ifneq ($(origin PYTHON),file)
  ifneq ($(shell "$(PYTHON)" -c "$(MINOR)" 2>/dev/null || echo none),$(shell $(PY) -c "$(MINOR)" 2>/dev/null))
    .PHONY: $(READY)
  endif
endif

.DEFAULT_GOAL := help
.PHONY: help env hooks book pdf serve pyodide test pages long coverage nbval lab exercises notebooks
.PHONY: grade classroom bench ledger outline errata lint format lock audit versions fuzz mutants clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

env: $(READY) ## create or update the environment in .venv

$(READY): requirements.lock $(TEXTS) pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "This book needs Python 3.11, 3.12 or 3.13, but '$(PYTHON)' is" \
	    "$$("$(PYTHON)" --version 2>&1). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Installing the environment into $(VENV) (a few minutes the first time)"
	@[ "$$($(PY) -c "$(MINOR)" 2>/dev/null)" = "$$("$(PYTHON)" -c "$(MINOR)")" ] \
	    && $(PY) -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV)
	@$(PY) -m $(PIP) --no-deps --require-hashes -r requirements.lock -r $(TEXTS)
	@$(PY) -m $(PIP) --no-deps --no-build-isolation -e .
	@touch $@

hooks: $(READY) ## before every commit, check what it changes
	@$(PY) -m pre_commit install

book: $(READY) ## build the book strictly; prints its first page
	@rm -rf _build
	@$(STRICT_BUILD) || { echo "make book: FAILED"; exit 1; }
	@echo "make book: PASSED. First page: $(FIRST_PAGE)"
	@$(PY) -c 'from pathlib import Path; print(Path("$(FIRST_PAGE)").resolve().as_uri())'

pdf: $(READY) ## print the book into _build/book.pdf (minutes; needs Chromium)
	@$(PY) -m tools.pdf

serve: $(READY) ## serve the built book here (PORT=8000), to run chapters in the browser
	@test -f $(FIRST_PAGE) || { echo "make serve: nothing built yet: make book"; exit 1; }
	@echo "http://localhost:$(or $(PORT),8000)/ (Ctrl-C ends it)"
	@$(PY) -m http.server --bind localhost --directory $(dir $(FIRST_PAGE)) $(or $(PORT),8000)

pyodide: $(READY) ## fetch Python for the browser, for the test that runs it (needs npm)
	@$(PY) -m tools.pyodide

test: $(READY) ## unit and property tests, and nbval on every chapter; not the long ones
	@$(PY) -m pytest tests $(NBVAL) -m "not long and not pages" $(WORKERS) $(MORE) \
	  && echo "make test: PASSED" || { echo "make test: FAILED"; exit 1; }

pages: $(READY) ## tests of the built pages, in a browser (SITE=folder: not built anew)
	@$(if $(SITE),SITE="$(SITE)") $(PY) -m pytest tests/book -m pages $(WORKERS) $(MORE) \
	  && echo "make pages: PASSED" || { echo "make pages: FAILED"; exit 1; }

long: $(READY) ## planted mistakes, whole notebooks and sweeps
	@$(PY) -m pytest tests -m "long and not pages" $(WORKERS) $(MORE) \
	  && echo "make long: PASSED" || { echo "make long: FAILED"; exit 1; }

coverage: $(READY) ## lines and branches that the unit tests run, into _build/coverage
	@$(PY) -m coverage erase
	@$(PY) -m coverage run -m pytest tests --ignore=tests/book $(WORKERS); status=$$?; \
	  $(PY) -m coverage combine --quiet && $(PY) -m coverage html --quiet \
	  && $(PY) -m coverage report && exit $$status

# As an old processor: other products of matrices, other exponentials, other rounding
ELSEWHERE := NPY_DISABLE_CPU_FEATURES="X86_V3 X86_V4 AVX512_ICL AVX512_SPR" \
  OPENBLAS_CORETYPE=Nehalem

nbval: $(READY) ## only nbval: re-run every chapter and compare (OLD=1: as an old processor)
	@$(PY) -m tools.environment && $(if $(OLD),$(ELSEWHERE)) $(PY) -m pytest -c pyproject.toml $(NBVAL) $(WORKERS) $(MORE) \
	  && echo "make nbval: PASSED" || { echo "make nbval: FAILED"; exit 1; }

lab: $(READY) ## open the chapters in JupyterLab (DIR=exercises: the exercises)
	@JUPYTER_PREFER_ENV_PATH=1 $(PY) -m jupyterlab \
	  $(if $(DIR),--notebook-dir=. --preferred-dir=$(DIR),--notebook-dir=chapters)

exercises: $(READY) ## the chapters without solutions, into exercises/ (FORCE=1 SEED=7 CLASS=1)
	@$(PY) -m tools.exercises $(if $(FORCE),--force) $(if $(SEED),--seed $(SEED))
	@$(if $(CLASS),$(PY) -m tools.assignments $(if $(SEED),--seed $(SEED)))

grade: $(READY) ## grade the notebooks in a folder (DIR=folder), into DIR/graded
	@test -n "$(DIR)" || { echo "make grade: which folder? DIR=..."; exit 1; }
	@$(PY) -m tools.grading "$(DIR)" $(if $(SEED),--seed $(SEED))

classroom: $(READY) ## try the assignments in nbgrader and otter themselves (ONLY=forward)
	@$(call tool,classroom)
	@$(PY) -m tools.classroom _build/classroom/bin $(ONLY)

notebooks: $(READY) ## execute and normalise what changed (ALL=1, or ONLY=chapters/x.ipynb)
	@$(PY) -m tools.equations && $(PY) -m tools.notebooks run $(if $(ALL),--all) $(ONLY)

bench: $(READY) ## time commands, layers and rnnlib.spectral against other ways (PEERS=python)
	@$(PY) -m bench.spectral
	@OMP_NUM_THREADS=1 "$(or $(PEERS),$(PY))" -m bench

ledger: $(READY) ## run every claim's check and count the verdicts
	@$(PY) -m ledger

outline: $(READY) ## read the documents again (DOCUMENTS=folder with their texts)
	@test -d "$(DOCUMENTS)" || { echo "make outline: which folder? DOCUMENTS=..."; exit 1; }
	@$(PY) -m ledger.outlining "$(DOCUMENTS)" \
	  && echo "make outline: done" || { echo "make outline: FAILED"; exit 1; }

errata: $(READY) ## write an errata sheet for each document into _build/errata
	@$(PY) -m ledger.errata _build/errata

lint: $(READY) ## ruff, the types, and the form of the notebooks
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . \
	  && $(PY) -m mypy && $(PY) -m tools.notebooks verify \
	  && echo "make lint: PASSED" || { echo "make lint: FAILED"; exit 1; }

format: $(READY) ## format the code, in notebooks too
	@$(PY) -m ruff check --fix . ; $(PY) -m ruff format . && $(PY) -m tools.notebooks normalise

# A tool in an environment of its own, for a moment: $(call tool,uv)
tool = "$(PYTHON)" -m venv --clear _build/$(1) \
  && _build/$(1)/bin/$(PIP) --no-deps --require-hashes -r tools/requirements/$(1).txt
COMPILE := _build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --no-header $(UPGRADE)

lock: ## resolve what is required into files with hashes (UPGRADE=--upgrade: anew)
	@$(call tool,uv)
	@grep -v '^-e' requirements.txt | $(COMPILE) --output-file requirements.lock - >/dev/null
	@for name in uv pip-audit classroom; do cd tools/requirements \
	  && ../../$(COMPILE) --output-file $$name.txt $$name.in >/dev/null \
	  && cd ../.. || exit 1; done
	@cd tools/requirements \
	  && ../../$(COMPILE) --no-deps --output-file texts.txt texts.in >/dev/null

audit: ## look the lock up among known vulnerabilities; 2 when it cannot be checked
	@$(call tool,pip-audit)
	@"$(PYTHON)" -m tools.audit _build/pip-audit/bin/pip-audit

versions: ## unit tests with the oldest and the newest allowed dependencies (long)
	@$(call tool,uv)
	@for kind in oldest newest; do \
	  "$(PYTHON)" -m tools.versions _build/uv/bin/uv $$kind || failed="$$failed $$kind"; \
	done; [ -z "$$failed" ] && echo "make versions: PASSED" \
	  || { echo "make versions: FAILED:$$failed"; exit 1; }

mutants: $(READY) ## do the tests see small mistakes? (AREA=spectral SAMPLE=50 SEED=0 SAVE=1)
	@$(PY) -m tools.mutants $(AREA) --sample $(or $(SAMPLE),50) --seed $(or $(SEED),0) \
	  $(if $(SAVE),--save) $(if $(RETRY),--retry)

fuzz: $(READY) ## every wrong argument for every public function (minutes)
	@HYPOTHESIS_PROFILE=nightly $(PY) -m pytest tests/fuzz $(WORKERS) \
	  && echo "make fuzz: PASSED" || { echo "make fuzz: FAILED"; exit 1; }

clean: ## remove what was built; keeps the environment
	rm -rf _build .pytest_cache .ruff_cache .mypy_cache .hypothesis
