# Everything lives in .venv, which setup_env.py makes and keeps right; it is quick when nothing is to be done.
# `make run ARGS="--speak"` passes ARGS on. Standard input and output belong to Kith alone.
PYTHON ?= python3
VENV_PYTHON = .venv/bin/python
MAKEFLAGS += --no-print-directory

.PHONY: run test lint bench setup setup-dev models clean
.DEFAULT_GOAL := run

# With a Discord token she goes to Discord, else she sits at the desk.
run: setup
	@if [ -n "$$DISCORD_TOKEN" ] || grep -qs '^DISCORD_TOKEN=.' .env; \
	then exec $(VENV_PYTHON) -m bot $(ARGS); else exec $(VENV_PYTHON) -m local_mode $(ARGS); fi

test: setup-dev
	@$(VENV_PYTHON) -m pytest $(ARGS)

lint: setup-dev
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .
	@$(VENV_PYTHON) -m mypy

bench: setup-dev
	@$(VENV_PYTHON) -m tests.benchmarks $(ARGS)

setup:
	@$(PYTHON) setup_env.py

setup-dev:
	@$(PYTHON) setup_env.py --dev

models: setup
	@$(VENV_PYTHON) -m persona_core.models $(or $(ARGS),list)

clean:
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache
