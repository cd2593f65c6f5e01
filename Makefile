# One short target per job. The first that needs it makes .venv from the hashed lock.

VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/.made
READY := $(VENV)/.ready
# What tests in a browser need besides the browser itself.
BROWSER := $(VENV)/.browser
# Tools that want other versions of packages than ours.
AWS := .venv-aws/bin
AWS_READY := .venv-aws/.ready
ENV := dev
export SAM_CLI_TELEMETRY := 0

.DEFAULT_GOAL := help
.PHONY: help run test test-all coverage lint format build deploy slim lock bench clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY) ## Run every sample event against the local platform, both ways to get credentials
	@$(BIN)/exh-dev run --table --credentials env --credentials secret

test: $(READY) ## Run the tests
	@$(BIN)/pytest -q -n auto -m 'not slow'

test-all: test $(BROWSER) ## Run the slow tests too
	@$(BIN)/pytest -q -n auto --dist loadgroup -m slow

coverage: $(READY) ## Run the tests and say what of shared/ and devkit/ they reach, branches included
	@$(BIN)/pytest -q -n auto -m 'not slow' --cov --cov-report=term:skip-covered

lint: $(READY) $(AWS_READY) ## Check style, types, the template, and what containers and CI are made from
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml aws/function-alarms.yaml
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/pre-commit validate-config
	$(AWS)/sam validate --lint --template template.yaml --region eu-central-1
	$(AWS)/checkov --config-file .checkov.yaml --file template.yaml aws/function-alarms.yaml

format: $(READY) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

build: $(READY) ## Build the bundles of all functions into build/
	@$(BIN)/exh-dev build --table

deploy: build $(AWS_READY) ## Deploy to AWS; ENV=dev, staging or production
	$(AWS)/sam deploy --config-env $(ENV)

slim: $(READY) ## Remove the examples and leave whoami
	@$(BIN)/exh-dev slim --table

lock: ## Resolve the locks anew (needs uv)
	uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
		--custom-compile-command 'make lock' -o requirements.txt pyproject.toml
	uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
		--custom-compile-command 'make lock' --group dev -c requirements.txt -o requirements-dev.txt pyproject.toml \
		$(wildcard handlers/*/requirements.in)
	uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
		--custom-compile-command 'make lock' -o aws/requirements.txt aws/requirements.in
	uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
		--custom-compile-command 'make lock' -c requirements-dev.txt \
		-o tests/browser/requirements.txt tests/browser/requirements.in
	for each in $(wildcard handlers/*/requirements.in); do \
		uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
			--custom-compile-command 'make lock' -c requirements.txt -o "$${each%.in}.txt" "$$each" || exit 1; \
	done

bench: $(READY) ## Measure, side by side, into docs/benchmarks.md; ONLY="paging invoke" for some
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m benchmarks $(ONLY)

clean: ## Remove everything that was made here
	rm -rf $(VENV) .venv-aws build .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A candidate counts only if it runs: a version manager's shim may be there with nothing behind it.
$(MADE): requirements-dev.txt pyproject.toml
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
	@touch $@

$(READY): $(MADE)
	@total=$$(grep -c '==' requirements-dev.txt); \
	{ $(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-dev.txt; \
		echo $$? > $(VENV)/.status; } | awk -v total="$$total" \
		'/^(Collecting|Processing)/{printf "\r  %d of %d packages", ++n, total; fflush()} \
		/^Installing/{printf "\r  installing %d packages\n", n; fflush()}' >&2; \
	exit "$$(cat $(VENV)/.status)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(BROWSER): tests/browser/requirements.txt | $(READY)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(AWS_READY): aws/requirements.txt | $(MADE)
	@echo 'Setting up .venv-aws with the AWS SAM CLI and checkov, once; about a minute' >&2
	@$(BIN)/python -m venv --clear .venv-aws
	@$(AWS)/python -m pip install -q --disable-pip-version-check --no-compile --require-hashes -r $<
	@touch $@
