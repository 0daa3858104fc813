# Two commands matter: `make book` builds the site, `make test` runs all tests.
# Both set up .venv from requirements.lock on their first run.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
NB ?= $(sort $(wildcard book/[0-9]*.ipynb))
# The tests that read the data in CNNBOOK_DATA: all others give the same with any data, and `make test` has run them.
DATA_TESTS := data models notebooks try_it
# Two at a time, as tests mostly wait or use one core; a file's tests stay together, and a notebook's cells must.
TWO := -n 2 --dist loadfile
NBVAL := $(TWO) --nbval-current-env --nbval-cell-timeout=1200
SAMPLE := env -u CNNBOOK_DATA -u CNNBOOK_PUBLISH CNNBOOK_OFFLINE=1 CNNBOOK_PROFILE=quick
# What a run of tests leaves for `make test-figures`.
RUN = --junitxml=_build/tests/$@.xml
COVERAGE := --cov=book/cnnbook --cov-branch --cov-report=json:_build/tests/coverage.json --cov-report=term:skip-covered --cov-fail-under=95

# The oldest or the newest versions that requirements.txt allows.
RESOLUTION ?= lowest
OTHER := .venv-$(RESOLUTION)
# What needs neither the site, nor a browser, nor a maintainer's tool.
VERSION_TESTS := data download hostile lessons minilm models notebooks plots profile recipes reviews sample

.PHONY: help book test test-colab test-versions test-real-data test-figures execute verify mutation models web-demo benchmark clean

help:
	@echo "make book            build the site from the stored outputs into _build/html"
	@echo "make test            all tests; re-executes every notebook on the embedded sample"
	@echo "make test-colab      every notebook on a simulated Colab machine"
	@echo "make test-versions   unit tests and notebooks on the oldest packages allowed (RESOLUTION=highest: the newest)"
	@echo "make test-real-data  the checks that need the real data (set CNNBOOK_DATA)"
	@echo "make test-figures    write the figures of test, test-colab and test-real-data into the page How this book is tested"
	@echo "make execute         re-execute and store the notebooks (set CNNBOOK_DATA; NB=... for some of them)"
	@echo "make verify          re-execute the notebooks in a copy and compare every figure with the stored one (NB=..., ARGS=--exact)"
	@echo "make models          train the networks of data/models from scratch (set CNNBOOK_DATA; MODEL=face or sentiment)"
	@echo "make web-demo        make the files of the page Try it from data/models"
	@echo "make benchmark       measure speed and memory, and write the page on it (set CNNBOOK_DATA; ARGS=--help)"
	@echo "make mutation        break the book in many small ways and see whether the tests notice (set CNNBOOK_DATA; ARGS=--help)"
	@echo "make clean           remove what was built, and the virtual environments"

$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed (TensorFlow's range); name one with 'make PYTHON=python3.12'."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	touch $@

# --all: a partial build would hide warnings of unchanged pages and keep old style sheets.
book: $(STAMP)
	$(BIN)/jupyter-book build --all -W -n --keep-going .
	@test -f _build/html/book/intro.html || { echo "The build left no _build/html/book/intro.html."; exit 1; }

test: book
	$(SAMPLE) $(BIN)/python -m pytest $(TWO) $(RUN) $(COVERAGE) tests
	$(SAMPLE) $(BIN)/python -m pytest $(RUN:.xml=.notebooks.xml) --nbval-lax $(NBVAL) book

test-colab: $(STAMP)
	$(BIN)/python -m pytest -n 2 $(RUN) -m "long or not long" tests/test_colab.py

# uv, because pip has no lowest resolution; lowest-direct, because what our packages need is their own affair; --no-build,
# because releases older than a Python have no wheel for it. Pinned first, so that no test tool can lift a version.
test-versions:
	@test "$(RESOLUTION)" = lowest -o "$(RESOLUTION)" = highest || { echo "RESOLUTION is lowest or highest."; exit 1; }
	$(PYTHON) -m venv --clear $(OTHER)
	$(OTHER)/bin/python -m pip install --quiet --disable-pip-version-check -c requirements.lock uv
	$(OTHER)/bin/uv pip compile --quiet --no-build --python $(OTHER)/bin/python \
	  --resolution $(RESOLUTION:lowest=lowest-direct) requirements.txt --output-file $(OTHER)/requirements.txt
	$(OTHER)/bin/uv pip install --quiet --python $(OTHER)/bin/python -r $(OTHER)/requirements.txt --group test
	$(SAMPLE) $(OTHER)/bin/python -m pytest \
	  --deselect tests/test_sample.py::test_regenerates_byte_for_byte --nbval-lax $(NBVAL) $(VERSION_TESTS:%=tests/test_%.py) $(wildcard book/[0-9]*.ipynb)

test-real-data: $(STAMP) data-is-named
	CNNBOOK_PROFILE=quick $(BIN)/python -m pytest $(TWO) $(RUN) $(DATA_TESTS:%=tests/test_%.py)
	CNNBOOK_PUBLISH=1 CNNBOOK_PROFILE=full $(BIN)/python -m pytest $(RUN:.xml=.strict.xml) --nbval $(NBVAL) book/01-*.ipynb book/02-*.ipynb
	CNNBOOK_PUBLISH=1 CNNBOOK_PROFILE=quick $(BIN)/python -m pytest $(RUN:.xml=.quick.xml) --nbval-lax $(NBVAL) book/0[3-9]-*.ipynb

test-figures: $(STAMP)
	$(BIN)/python tools/test_figures.py

execute: $(STAMP) data-is-named
	CNNBOOK_PUBLISH=1 CNNBOOK_PROFILE=full $(BIN)/python tools/execute.py $(NB)
	$(BIN)/python tools/home_picture.py
	$(BIN)/python tools/model_card.py

verify: $(STAMP) data-is-named
	CNNBOOK_PUBLISH=1 CNNBOOK_PROFILE=full $(BIN)/python tools/verify.py $(ARGS) $(NB)

models: export PYTHONPATH := $(CURDIR)/book
models: $(STAMP) data-is-named
	CNNBOOK_PUBLISH=1 CNNBOOK_PROFILE=full $(BIN)/python tools/make_models.py $(MODEL)
	$(BIN)/python tools/model_card.py

web-demo: export PYTHONPATH := $(CURDIR)/book
web-demo: $(STAMP)
	$(BIN)/python tools/make_web_demo.py

benchmark: export PYTHONPATH := $(CURDIR)/tests:$(CURDIR)/tools:$(CURDIR)/book
benchmark: $(STAMP)
	$(BIN)/python -m benchmark $(ARGS)

mutation: export PYTHONPATH := $(CURDIR)/tests:$(CURDIR)/tools
mutation: $(STAMP)
	$(BIN)/python -m mutation $(ARGS)

.PHONY: data-is-named
data-is-named: $(STAMP)
	@$(BIN)/python tools/real_data.py

clean:
	rm -rf _build .venv .venv-lowest .venv-highest
