# One short target per job. The first that needs it makes .venv from the hashed lock.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help run test test-all lint format lock bench clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY) ## Run every sample event against the local platform, both ways to get credentials
	@$(BIN)/exh-dev run --table --credentials env --credentials secret

test: $(READY) ## Run the tests
	@$(BIN)/pytest -q -n auto -m 'not slow'

test-all: test ## Run the slow tests too
	@$(BIN)/pytest -q -n auto -m slow

lint: $(READY) ## Check style, types and the template
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml

format: $(READY) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## Resolve the locks anew (needs uv)
	uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
		--custom-compile-command 'make lock' -o requirements.txt pyproject.toml
	uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
		--custom-compile-command 'make lock' --group dev -c requirements.txt -o requirements-dev.txt pyproject.toml

bench: $(READY) ## Measure, side by side
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m benchmarks

clean: ## Remove everything that was made here
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A candidate counts only if it runs: a version manager's shim may be there with nothing behind it.
$(READY): requirements-dev.txt pyproject.toml
	@python=; for candidate in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3 python; do \
		if "$$candidate" -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
			>/dev/null 2>&1; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'No Python 3.11 to 3.14 with venv was found. Install one:' >&2; \
		echo '  Debian, Ubuntu, WSL:  sudo apt install python3 python3-venv' >&2; \
		echo '  macOS:                brew install python@3.13' >&2; \
		echo '  Fedora:               sudo dnf install python3' >&2; \
		echo 'or name it: make PYTHON=/path/to/python3' >&2; exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$("$$python" --version), once; about a minute" >&2; \
	"$$python" -m venv --clear $(VENV)
	@total=$$(grep -c '==' requirements-dev.txt); \
	{ $(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-dev.txt; \
		echo $$? > $(VENV)/.status; } | awk -v total="$$total" \
		'/^(Collecting|Processing)/{printf "\r  %d of %d packages", ++n, total; fflush()} \
		/^Installing/{printf "\r  installing %d packages\n", n; fflush()}' >&2; \
	exit "$$(cat $(VENV)/.status)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
