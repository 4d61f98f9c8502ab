# Everything goes into .venv, by pip, against the hashes in requirements*.txt. Nothing outside this folder changes.

VENV := .venv
BIN := $(VENV)/bin
# --no-compile saves a third of the time: Python compiles what it imports, which is far from all of it.
INSTALL := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq install --no-compile
UV ?= uv
UPGRADE ?=

# PYTHON=… names another one. A candidate is run, not just looked up: a version manager's shim may stand there for a
# Python that is not active, and Debian ships venv without ensurepip until python3-venv is installed.
CANDIDATES = $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
FOUND = $(shell for python in $(CANDIDATES); do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

.PHONY: help demo install test bench bench-faq format pins clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo      install, then serve a demo on this machine'
	@echo 'make install   install what Banso needs to run into $(VENV)'
	@echo 'make test      format check, lint, types, import directions, content, tests'
	@echo 'make bench     run the benchmarks'
	@echo 'make bench-faq measure the search of the FAQ (HALF=blind, or another set of tests/faq; all: those it is tuned on)'
	@echo 'make format    put the code into the one format, and mend what ruff can mend'
	@echo 'make pins      write requirements*.txt anew from pyproject.toml (UPGRADE=--upgrade for newer releases)'
	@echo 'make clean     remove $(VENV)'

demo: install
	@$(BIN)/banso demo

install: $(VENV)/.installed

# A file stays on one worker (loadfile), so that its browser or server is started once.
test: $(VENV)/.installed-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/banso content check
	$(BIN)/pytest --numprocesses auto --dist loadfile

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

bench-faq: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.faq $(HALF)

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Both files come out of one resolution: the second is held to the pins of the first.
COMPILE = $(UV) pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --quiet --custom-compile-command 'make pins' $(UPGRADE)
pins:
	@command -v $(UV) >/dev/null || { echo 'make pins needs uv: pip install uv' >&2; exit 1; }
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --group dev --constraints requirements.txt --output-file requirements-dev.txt

clean:
	rm -rf $(VENV)

# The console script needs hatchling, which is pinned and hashed with the rest: hence no build isolation, which would
# fetch it anew and unchecked.
$(VENV)/.installed: $(VENV)/.made requirements.txt pyproject.toml
	@echo 'Installing into $(VENV) what Banso needs to run (a minute at most) …'
	@$(INSTALL) --require-hashes --requirement requirements.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# requirements-dev.txt holds all of requirements.txt, so a later `make demo` has nothing left to install.
$(VENV)/.installed-dev: $(VENV)/.made requirements-dev.txt pyproject.toml
	@echo 'Installing into $(VENV) what Banso needs to run and to be tested (a minute or two) …'
	@$(INSTALL) --require-hashes --requirement requirements-dev.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.installed $@

# $(error) and not a failing command: make would add a line of its own to the one that says what is missing.
$(VENV)/.made:
	@$(if $(shell command -v git 2>/dev/null),,$(error Banso needs git (Debian, Ubuntu: apt-get install git)))
	@$(if $(FOUND),,$(error Banso needs Python 3.11 or newer with venv (Debian, Ubuntu: apt-get install python3-venv)))
	@$(FOUND) -m venv --clear $(VENV)
	@touch $@
