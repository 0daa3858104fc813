# Two commands matter: `make book` builds the site, `make test` runs all tests.
# Both set up .venv from requirements.lock on their first run.

# Whatever pip's own settings say, packages go into the virtual environments.
export PIP_USER := 0
unexport PIP_TARGET PIP_PREFIX

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
STAMP := .venv/.installed
SITE := _build/html/book/intro.html
NB ?= $(shell sed -n 's|.*file: \(book/[0-9].*\)|\1.ipynb|p' _toc.yml)
# The chapters that take a minute in full: on the real data every number must come out again.
STRICT := $(wildcard book/[0-9][0-9]-data-visualisation.ipynb book/[0-9][0-9]-preprocessing.ipynb)
# The real data: the folder in CNNBOOK_DATA, else the one beside the repository.
DATA := $(or $(CNNBOOK_DATA),$(wildcard $(abspath ../shared/data)))
# The tests that read it: all others give the same with any data, and `make test` has run them.
DATA_TESTS := $(addprefix tests/,unit/test_data.py notebooks/test_models.py notebooks/test_stored.py site/test_try_it.py site/test_web_demo.py)

# Two at a time, as tests mostly wait or use one core; a file's tests stay together, and a notebook's cells must.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --durations=10
NBVAL := --nbval-current-env --nbval-cell-timeout=1200
SAMPLE := env -u CNNBOOK_DATA -u CNNBOOK_PUBLISH CNNBOOK_OFFLINE=1 CNNBOOK_PROFILE=quick
REAL := CNNBOOK_DATA="$(DATA)"
FULL := $(REAL) CNNBOOK_PUBLISH=1 CNNBOOK_PROFILE=full

# The oldest or the newest versions that book/requirements.txt and book/requirements-growing.txt allow.
RESOLUTION ?= lowest
OTHER := .venv-$(RESOLUTION)

.PHONY: help book book-sphinx pdf lab unit test test-colab test-real-data test-versions real-data format execute verify models web-demo benchmark mutation lock clean

help:
	@echo "make book            build the site from the stored outputs into _build/html"
	@echo "make book-sphinx     build it with the newest Sphinx, without jupyter-book, into _build/sphinx/html"
	@echo "make pdf             the whole book as one PDF, made by Chromium from the built site"
	@echo "make lab             open the chapters in JupyterLab, as copies in the folder lab"
	@echo "make unit            the fast tests, in a minute"
	@echo "make test            all tests; re-executes every notebook on the embedded sample"
	@echo "make test-colab      every notebook on a simulated Colab machine"
	@echo "make test-real-data  the checks that need the real data"
	@echo "make test-versions   tests and notebooks on the oldest packages allowed (RESOLUTION=highest: the newest)"
	@echo "make format          lay out all Python and all code cells, and look for faults"
	@echo "make execute         re-execute and store the notebooks (NB=... for some of them)"
	@echo "make verify          re-execute the notebooks in a copy and compare every figure with the stored one (NB=...)"
	@echo "make models          train the networks of data/models from scratch (MODEL=face or sentiment)"
	@echo "make web-demo        make the files of the page Try it from data/models and the faces"
	@echo "make benchmark       measure speed and memory, and write the page on it (ARGS=--help)"
	@echo "make mutation        break the book in many small ways and see whether the tests notice (ARGS=--help)"
	@echo "make lock            write requirements.lock anew (ARGS=--upgrade: with the newest versions)"
	@echo "make clean           remove what was built, and the virtual environments"

# uv is fast, but reads none of pip's settings, such as an index or a certificate.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import platform, sys; sys.exit( \
	  "Python 3.11, 3.12 or 3.13 is needed, for TensorFlow; name one with: make PYTHON=python3.12" \
	  if not (3, 11) <= sys.version_info[:2] <= (3, 13) else \
	  "TensorFlow is not made for Intel Macs (nor for an Intel Python on another); open the chapters in Colab." \
	  if (platform.system(), platform.machine()) == ("Darwin", "x86_64") else 0)'
	$(PYTHON) -m venv .venv
	$(PIP) "$$(grep '^uv==' requirements.lock)"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --requirements requirements.lock || \
	  $(PIP) --no-deps --requirement requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

# --all: a partial build would hide warnings of unchanged pages and keep old style sheets.
book: $(STAMP)
	$(BIN)/jupyter-book build --all -W -n --keep-going .
	@test -f _build/html/book/intro.html || { echo "The build left no _build/html/book/intro.html."; exit 1; }

# The way out of jupyter-book 1.x, which holds Sphinx at 7: the same pages on the newest Sphinx, without the wrapper.
book-sphinx: $(STAMP)
	$(PYTHON) -m venv --clear .venv-sphinx
	$(BIN)/uv pip install --quiet --python .venv-sphinx/bin/python sphinx sphinx-book-theme myst-nb sphinx-external-toc \
	  sphinxcontrib-bibtex sphinx-design sphinx-copybutton sphinx-togglebutton sphinxext-opengraph linkify-it-py nltk pillow tinycss2
	rm -rf _build/sphinx && mkdir -p _build/sphinx
	tar cf - _config.yml _toc.yml book data/models | tar xf - -C _build/sphinx
	$(BIN)/jupyter-book config sphinx _build/sphinx
	echo "import sys; sys.path.insert(0, 'book/_ext')" >> _build/sphinx/conf.py
	sed -E -i.bak "s/'(jupyter_book|sphinx_thebe|sphinx_comments|sphinx_jupyterbook_latex)', //g" _build/sphinx/conf.py
	.venv-sphinx/bin/sphinx-build -W -n --keep-going _build/sphinx _build/sphinx/html

# From the site as it stands, so that a workflow's PDF is of the very site that was tested.
pdf: $(STAMP) $(SITE)
	$(BIN)/python -m tools.make_pdf

$(SITE): $(wildcard book/*.ipynb book/*.md book/_ext/*.py) _config.yml _toc.yml
	$(MAKE) book

# The readers' edition, in copies that stay when the book is built again: a reader writes into them.
lab: $(STAMP) $(SITE)
	@mkdir -p lab
	@for chapter in _build/html/_sources/book/*.ipynb; do \
	  test -e "lab/$${chapter##*/}" || cp "$$chapter" lab/; done
	$(BIN)/jupyter lab $(ARGS) lab/$(notdir $(firstword $(NB)))

unit: $(STAMP)
	$(SAMPLE) $(PYTEST) tests/unit

test: book
	$(SAMPLE) $(PYTEST) --nbval-lax $(NBVAL) tests book

test-colab: $(STAMP) $(SITE)
	$(SAMPLE) $(PYTEST) --dist load -m "long or not long" tests/notebooks/test_colab.py

test-real-data: real-data $(STAMP)
	$(REAL) CNNBOOK_PROFILE=quick $(PYTEST) $(DATA_TESTS)
	$(FULL) $(PYTEST) --nbval $(NBVAL) $(STRICT)
	$(FULL) CNNBOOK_PROFILE=quick $(PYTEST) --nbval-lax $(NBVAL) $(filter-out $(STRICT),$(NB))

# uv, because pip has no lowest resolution; lowest-direct, because what our packages need is their own affair; --no-build,
# because releases older than a Python have no wheel for it. Pinned first, so that no test tool can lift a version.
test-versions:
	@test "$(RESOLUTION)" = lowest -o "$(RESOLUTION)" = highest || { echo "RESOLUTION is lowest or highest."; exit 1; }
	$(PYTHON) -m venv --clear $(OTHER)
	$(OTHER)/bin/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.lock)"
	$(OTHER)/bin/uv pip compile --quiet --no-build --python $(OTHER)/bin/python \
	  --resolution $(RESOLUTION:lowest=lowest-direct) book/requirements.txt book/requirements-growing.txt --output-file $(OTHER)/requirements.txt
	$(OTHER)/bin/uv pip install --quiet --python $(OTHER)/bin/python -r $(OTHER)/requirements.txt --group test
	$(OTHER)/bin/uv pip install --quiet --python $(OTHER)/bin/python --no-deps --editable .
	$(SAMPLE) $(OTHER)/bin/python -m pytest -n 2 --dist loadfile --ignore tests/notebooks/test_colab.py \
	  --deselect tests/unit/test_sample.py::test_regenerates_byte_for_byte --nbval-lax $(NBVAL) tests/unit tests/notebooks book

# The loader's own check, so that what passes here is found in a chapter.
real-data: $(STAMP)
	@test -n "$(DATA)" || { echo "Set CNNBOOK_DATA to the folder that holds train_test.zip and car_reviews.csv (see data/README.md)."; exit 1; }
	@$(REAL) $(BIN)/python -c "import sys; sys.tracebacklimit = 0; from cnnbook import data; [*map(data.find_in_folder, data.DOWNLOADS)]"

format: $(STAMP)
	$(BIN)/ruff format --no-cache
	$(BIN)/ruff check --no-cache

execute: real-data $(STAMP)
	$(FULL) $(BIN)/python -m tools.execute $(NB)
	$(BIN)/python -m tools.make_model_card

verify: real-data $(STAMP)
	$(FULL) $(BIN)/python -m tools.verify $(NB)

models: real-data $(STAMP)
	$(FULL) $(BIN)/python -m tools.make_models $(MODEL)
	$(BIN)/python -m tools.make_model_card

web-demo: $(STAMP)
	$(REAL) $(BIN)/python -m tools.make_web_demo

benchmark: $(STAMP)
	$(REAL) $(BIN)/python -m experiments.benchmark $(ARGS)

mutation: $(STAMP)
	$(REAL) $(BIN)/python -m experiments.mutation $(ARGS)

lock: $(STAMP)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11.0 --no-annotate $(ARGS) \
	  --custom-compile-command "make lock" requirements.txt book/requirements-growing.txt --group dev --output-file requirements.lock
	@for python in 3.11.0 3.12.0 3.13.0; do for system in x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin; do \
	  MACOSX_DEPLOYMENT_TARGET=12.0 $(BIN)/uv pip compile --quiet --no-deps --only-binary :all: --output-file /dev/null \
	    --python-version $$python --python-platform $$system requirements.lock || \
	    { echo "requirements.lock does not fit Python $$python on $$system, which the README promises."; exit 1; }; done; done

clean:
	rm -rf _build .hypothesis book/*.egg-info .venv .venv-lowest .venv-highest .venv-sphinx
