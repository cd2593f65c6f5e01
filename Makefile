# One short target per job. The first that needs it makes .venv, and installs what it needs of the locks.

VENV := .venv
BIN := $(VENV)/bin
# What is installed in it, each more than the one before: the tools that install, what running needs, what the
# examples need, what tests and checks need.
TOOLS := $(VENV)/.tools
RUN := $(VENV)/.run
EXAMPLES := $(VENV)/.examples
READY := $(VENV)/.ready
# What tests in a browser need besides the browser itself.
BROWSER := $(VENV)/.browser
# Tools that want other versions of packages than ours, and than each other.
SAM := .venv-sam
CHECKOV := .venv-checkov
ENV := dev
export SAM_CLI_TELEMETRY := 0

.DEFAULT_GOAL := help
# Packages of single functions.
PACKAGES := $(wildcard handlers/*/requirements.in)

.PHONY: help run test test-all coverage lint format build deploy slim lock bench clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(EXAMPLES) ## Run every sample event against the local platform, both ways to get credentials
	@$(BIN)/exh-dev run --table --credentials env --credentials secret

test: $(READY) ## Run the tests
	@$(BIN)/pytest -q -n auto -m 'not slow'

test-all: test $(BROWSER) ## Run the slow tests too
	@$(BIN)/pytest -q -n auto --dist loadgroup -m slow

coverage: $(READY) ## Run the tests and say what of the packages they reach, branches included
	@$(BIN)/pytest -q -n auto -m 'not slow' --cov --cov-report=term:skip-covered

lint: $(READY) $(SAM)/.ready $(CHECKOV)/.ready ## Check style, types, the template, and what containers and CI are made from
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml aws/function-alarms.yaml
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/pre-commit validate-config
	$(SAM)/bin/sam validate --lint --template template.yaml --region eu-central-1
	$(CHECKOV)/bin/checkov --config-file .checkov.yaml --file template.yaml aws/function-alarms.yaml

format: $(READY) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

build: $(RUN) ## Build the bundles of all functions into build/
	@$(BIN)/exh-dev build --table

deploy: build $(SAM)/.ready ## Deploy to AWS; ENV=dev, staging or production
	$(SAM)/bin/sam deploy --config-env $(ENV)

slim: $(RUN) ## Remove the examples and leave whoami
	@$(BIN)/exh-dev slim --table

COMPILE = $(BIN)/uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-package extrahorizon --custom-compile-command 'make lock'
# The largest first: the others take its versions.
lock: $(TOOLS) ## Resolve the locks anew, to the newest versions
	$(COMPILE) -o requirements-setup.txt requirements-setup.in
	$(COMPILE) -o requirements.txt packages/extrahorizon/pyproject.toml
	$(COMPILE) -c requirements.txt -o requirements-dev.txt --extra aws --extra pdf --extra debug \
		packages/exh-dev/pyproject.toml --group pyproject.toml:dev packages/requirements-build.in $(PACKAGES)
	$(COMPILE) -c requirements-dev.txt -o requirements-examples.txt --extra aws --extra pdf \
		packages/exh-dev/pyproject.toml $(PACKAGES)
	$(COMPILE) -c requirements-dev.txt -o requirements-run.txt packages/exh-dev/pyproject.toml
	$(COMPILE) -c requirements-dev.txt -o packages/requirements-build.txt packages/requirements-build.in
	$(COMPILE) -c requirements-dev.txt -o tests/browser/requirements.txt tests/browser/requirements.in
	$(COMPILE) -o aws/sam.txt aws/sam.in
	$(COMPILE) -o aws/checkov.txt aws/checkov.in
	for each in $(PACKAGES); do $(COMPILE) -c requirements.txt -o "$${each%.in}.txt" "$$each" || exit 1; done

bench: $(READY) ## Measure, side by side, into docs/benchmarks.md; ONLY="paging invoke" for some
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m benchmarks $(ONLY)

clean: ## Remove everything that was made here
	rm -rf $(VENV) $(SAM) $(CHECKOV) build .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Install what a lock lists, and nothing else: $(call install,FOLDER,LOCK). Nothing is resolved, so that a release of
# tomorrow changes nothing. pip does it where uv has no wheel, or cannot reach the package index as pip is set up to.
EXACTLY := --no-deps --no-build-isolation --require-hashes
define install
	@total=$$(grep -c '^[a-z0-9].*==' $2); echo "Installing the $$total packages of $2 into $1" >&2; \
	uv() { $(BIN)/uv pip "$$@" --python $1/bin/python; }; \
	pip() { $1/bin/python -m pip --disable-pip-version-check "$$@"; }; \
	cache=$${UV_CACHE_DIR:-$${XDG_CACHE_HOME:-$$HOME/.cache}/uv}; \
	{ mkdir -p "$$cache" && test -w "$$cache"; } 2>/dev/null || export UV_NO_CACHE=1; \
	test -t 2 || export UV_NO_PROGRESS=1; \
	if test -x $(BIN)/uv && uv install $$(test -t 2 || echo -q) --link-mode=copy $(EXACTLY) -r $2; then uv check -q; else \
		echo 'Without uv: pip installs, which takes longer' >&2; \
		{ pip install $(EXACTLY) -r $2 || touch $1/.failed; } | if test -t 2; then awk -v total="$$total" \
			'/^(Collecting|Processing|Requirement)/{printf "\r  %d of %d packages", ++n, total; fflush()} \
			/^Installing/{printf "\r  installing %d packages\n", n; fflush()}' >&2; else cat >/dev/null; fi; \
		if test -e $1/.failed; then rm -f $1/.failed $(TOOLS); \
			echo 'Packages are missing. Is the package index reachable? The same command goes on from here' >&2; exit 1; fi; \
		pip check >/dev/null; fi
endef

# The Python that template.yaml names, else the newest that runs. A version manager's shim may be there with nothing
# behind it; the versions themselves lie beside each other.
$(VENV)/.made: $(wildcard requirements*.txt)
	@manifest=$$(sed -n 's/^ *Runtime: *["'\'']*python\(3\.1[1-4]\).*/\1/p' template.yaml | head -n 1); \
	for version in $$manifest 3.14 3.13 3.12 3.11; do \
		for candidate in $(or $(PYTHON),python$$version python3 python "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$version.*/bin/python \
			"$$HOME"/.local/share/uv/python/cpython-$$version.*/bin/python); do \
			if "$$candidate" -c 'import sys, ensurepip, venv; sys.exit("%d.%d" % sys.version_info[:2] != sys.argv[1])' \
				$$version >/dev/null 2>&1; then break 2; fi; \
		done; \
		candidate=; \
	done; \
	if [ -z "$$candidate" ]; then \
		echo 'No Python 3.11 to 3.14 with venv was found. Install one:' >&2; \
		echo '  Debian, Ubuntu, WSL:  sudo apt install python3 python3-venv' >&2; \
		echo '  macOS:                brew install python@3.13' >&2; \
		echo '  Fedora:               sudo dnf install python3' >&2; \
		echo 'or name it: make PYTHON=/path/to/python3' >&2; exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$("$$candidate" --version)" >&2; \
	"$$candidate" -m venv --clear $(VENV)
	@touch $@

$(TOOLS): $(VENV)/.made
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-setup.txt \
		|| echo 'uv cannot be installed here' >&2
	@touch $@

$(RUN): $(TOOLS)
	$(call install,$(VENV),requirements-run.txt)
	$(call install,$(VENV),packages/requirements-build.txt)
	@if test -x $(BIN)/uv; then pip='$(BIN)/uv -q pip'; else pip='$(BIN)/python -m pip -q --disable-pip-version-check'; fi; \
	VIRTUAL_ENV=$(VENV) $$pip install --no-deps --no-build-isolation \
		-e packages/extrahorizon -e packages/exh-dev
	@touch $@

$(EXAMPLES): $(RUN)
	$(call install,$(VENV),requirements-examples.txt)
	@touch $@

$(READY): $(EXAMPLES)
	$(call install,$(VENV),requirements-dev.txt)
	@touch $@

$(BROWSER): tests/browser/requirements.txt | $(READY)
	$(call install,$(VENV),$<)
	@touch $@

.venv-%/.ready: aws/%.txt | $(TOOLS)
	@$(BIN)/python -m venv --clear .venv-$*
	$(call install,.venv-$*,$<)
	@touch $@
