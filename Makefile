# From a fresh clone, `make run` and `make test` set up everything they need; later they look at files only.

MAKEFLAGS += --jobs=2 --no-builtin-rules
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_NO_INPUT = 1

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN = .venv/bin
PYTEST = $(BIN)/python -m pytest

# Tests that watch the clock, as fans do, run alone; of all others, two files at a time.
ALONE = tests/browser tests/e2e tests/integration

.PHONY: help run test rights pairs nightly check format package deploy verify rollback destroy bench clean browser

help:  ## Show what can be done
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 18

run: .venv/ops .venv-emulator/installed  ## Start the whole application on this machine (PORT, SIM_PORT, AWS_PORT, FRESH=1)
	@$(BIN)/python -m ops run

test: .venv/dev .venv-emulator/installed browser  ## Run every test, and measure what of the code they reach
	@tree=$$($(BIN)/python -m ops.deploy.tree) \
		&& $(PYTEST) --numprocesses=2 --dist=loadfile --no-loadscope-reorder $(addprefix --ignore=,$(ALONE)) \
			--cov --cov-report= --cov-fail-under=0 \
		&& $(PYTEST) $(ALONE) --cov --cov-append --cov-report=term \
		&& mkdir -p .local && echo "$$tree" > .local/tested

rights: .venv/dev .venv-emulator/installed  ## Take each right of each function away, one at a time: what needs it must be refused
	@$(PYTEST) -m nightly tests/deploy/test_rights.py

pairs: .venv/dev  ## Let two things fail on an order's way, wherever they are: no promise may break
	@$(PYTEST) -m nightly tests/faults/test_pairs.py

nightly: .venv/dev .venv-emulator/installed  ## Run all tests that take long: each way a deploy can break off, each right taken away, races for many
	@$(PYTEST) -m nightly

check: .venv/dev  ## Check format, style, types, import rules, templates and policies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cfn-lint infra/*.yaml
	$(BIN)/python -m ops.policy_lint
	$(BIN)/python -m ops policies --check
	$(BIN)/python -m ops monitoring --check
	$(BIN)/python -m ops events --check

format: .venv/dev  ## Format the code, and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

package: .venv/ops  ## Make what is uploaded to Lambda, in build/package (STAGE=prod)
	@$(BIN)/python -m ops package

deploy: .venv/ops  ## Bring STAGE=… in line with the files; safe to repeat (ARGS=--dry-run shows what would change)
	@$(BIN)/python -m ops deploy --stage "$(STAGE)" $(ARGS)

verify: .venv/ops  ## Read STAGE=… back, and tell what is not as it ought to be
	@$(BIN)/python -m ops verify --stage "$(STAGE)"

rollback: .venv/ops  ## Let the last release of STAGE=… run again, at once
	@$(BIN)/python -m ops rollback --stage "$(STAGE)" $(ARGS)

destroy: .venv/ops  ## Take STAGE=… away, but for its tables, secrets and releases
	@$(BIN)/python -m ops destroy --stage "$(STAGE)" $(ARGS)

bench: .venv/dev .venv-emulator/installed  ## Measure speed, as ratios to named peers
	@$(BIN)/python -m ops bench

clean:  ## Remove environments, caches and local data
	rm -rf .venv .venv-emulator .local build .coverage* .*_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# Files that say what is installed. They are as old as the installation, and newer than the requirements it was made from.

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; name it: make PYTHON=... (this is %d.%d)" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv

.venv/ops: requirements.txt requirements-ops.txt | .venv/bin/python
	@echo "Installing what the application needs, once (about 20 s) ..."
	@$(BIN)/python -m pip install --quiet -r requirements-ops.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/ops
	@echo "Installing what tests and checks need, once (about 40 s) ..."
	@$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@

.venv-emulator/installed: requirements-emulator.txt
	@echo "Installing the AWS emulator, once (about 15 s) ..."
	@$(PYTHON) -m venv .venv-emulator
	@.venv-emulator/bin/python -m pip install --quiet -r requirements-emulator.txt
	@touch $@

browser:
	@command -v chromium > /dev/null || ops/local/install_chromium.sh
