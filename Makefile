# One short target per job. The first that needs it makes .venv, and installs what it needs of the locks.

VENV := .venv
BIN := $(VENV)/bin
# What is installed in it, each more than the one before: what installs, what running needs, what tests need.
TOOLS := $(VENV)/.tools
RUN := $(VENV)/.run
READY := $(VENV)/.ready
# Where nothing can be written below HOME, uv keeps nothing.
ifeq ($(shell d=$${UV_CACHE_DIR:-$${XDG_CACHE_HOME:-$$HOME/.cache}/uv}; mkdir -p "$$d" 2>/dev/null && test -w "$$d" || echo no),no)
export UV_NO_CACHE := 1
endif

.PHONY: help run test lint build lock clean deploy

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUN) ## Run every sample event against a local platform
	@$(BIN)/exh-dev run --table

test: $(READY) ## Run the tests of your functions
	@$(BIN)/pytest -q

lint: $(READY) ## Check style, types, template.yaml and the configuration
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy && $(BIN)/exh-dev check --table

build: $(RUN) ## Build the bundles of all functions into build/
	@$(BIN)/exh-dev build --table

# aws: begin
ENV := dev
deploy: $(RUN) ## Deploy to AWS; ENV=dev, or another section of samconfig.toml
	@$(BIN)/exh-dev build --table --config-env '$(ENV)'
	@$(MAKE) --no-print-directory .venv-sam/.ready
	SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam deploy --config-env '$(ENV)'

# aws: end
UPGRADE := --upgrade
UV = $(or $(wildcard $(BIN)/uv),uv) # that of the environment, or one that is on the PATH
COMPILE = $(UV) pip compile -q $(UPGRADE) --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
	--find-links wheels --emit-find-links --custom-compile-command 'make lock'
lock: $(TOOLS) ## Resolve the locks anew, to the newest versions that pyproject.toml allows
	@$(UV) --version >/dev/null 2>&1 || { rm -f $(TOOLS); \
		echo 'Only uv makes locks, and it could not be installed into $(VENV). Is the package index reachable, and has it a' >&2; \
		echo 'wheel of uv for this machine? The same command tries again; any uv on the PATH will do as well' >&2; exit 1; }
	$(COMPILE) -o requirements.txt pyproject.toml
	$(COMPILE) -c requirements.txt -o requirements-dev.txt pyproject.toml --group run --group dev
	$(COMPILE) -c requirements-dev.txt -o requirements-run.txt pyproject.toml --group run
	for each in $(wildcard handlers/*/requirements.in); do \
		$(COMPILE) -c requirements.txt -o "$${each%.in}.txt" "$$each" || exit 1; done

clean: ## Remove everything that was made here
	rm -rf $(VENV) .venv-* build .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Install what a lock lists, and nothing else: $(call install,FOLDER,LOCK). Nothing is resolved, so that a release of
# tomorrow changes nothing. pip does it where uv has no wheel, or cannot reach the package index as pip is set up to.
EXACTLY := --no-deps --no-build-isolation --require-hashes
define install
	@total=$$(grep -c '^[a-z0-9].*==' $2); echo "Installing the $$total packages of $2 into $1" >&2; \
	uv() { $(BIN)/uv pip "$$@" --python $1/bin/python; }; \
	pip() { $1/bin/python -m pip --disable-pip-version-check "$$@"; }; \
	if test -x $(BIN)/uv && uv install -q --link-mode=copy $(EXACTLY) -r $2; then uv check -q; else \
		echo 'Without uv: pip installs, which takes longer' >&2; \
		{ pip install $(EXACTLY) -r $2 || touch $1/.failed; } | if test -t 2; then awk -v total="$$total" \
			'/^(Collecting|Processing|Requirement)/{printf "\r  %d of %d packages", ++n, total; fflush()} \
			/^Installing/{printf "\r  installing %d packages\n", n; fflush()}' >&2; else cat >/dev/null; fi; \
		if test -e $1/.failed; then rm -f $1/.failed $(TOOLS); \
			echo 'Packages are missing. Is the package index reachable? The same command goes on from here' >&2; exit 1; fi; \
		pip check >/dev/null; fi
endef

# The Python that `make PYTHON=…` named last, else that of template.yaml, else the newest. A version manager's shim may be
# there with nothing behind it; the versions themselves lie beside each other.
$(VENV)/.made: $(wildcard requirements*.txt)
	@named=$(PYTHON); [ -n "$$named" ] || { named=$$(cat $(VENV)/.python 2>/dev/null); "$$named" -c '' 2>/dev/null || named=; }; \
	manifest=$$(sed -n 's/^ *Runtime: *["'\'']*python\(3\.1[1-4]\).*/\1/p' template.yaml | head -n 1); \
	for version in $$manifest 3.14 3.13 3.12 3.11; do \
		set -- "$$named"; [ -n "$$named" ] || set -- python$$version python3 python "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$version.*/bin/python \
			"$$(dirname "$$(command -v python3)")"/../versions/$$version.*/bin/python "$$HOME"/.local/share/uv/python/cpython-$$version.*/bin/python; \
		for candidate; do "$$candidate" -c 'import sys, ensurepip, venv; sys.exit("%d.%d" % sys.version_info[:2] != sys.argv[1])' \
			$$version >/dev/null 2>&1 && break 2; done; candidate=; \
	done; \
	[ -n "$$candidate" ] || { \
		echo 'No Python 3.11 to 3.14 with venv was found. Install python3 and python3-venv (apt), python@3.13 (brew) or python3' >&2; \
		echo '(dnf), or name it once: make PYTHON=/path/to/python3' >&2; exit 1; }; \
	echo "Setting up $(VENV) with $$("$$candidate" --version)" >&2; "$$candidate" -m venv --clear $(VENV) && \
	{ [ -z "$$named" ] || "$$candidate" -c 'import os, sys; print(os.path.realpath(sys.executable))' >$(VENV)/.python; }
	@touch $@

$(TOOLS): $(VENV)/.made
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-setup.txt \
		|| echo 'uv cannot be installed here' >&2
	@touch $@

$(RUN): $(TOOLS)
	$(call install,$(VENV),requirements-run.txt)
	@touch $@

$(READY): $(RUN)
	$(call install,$(VENV),requirements-dev.txt)
	@touch $@

# Tools that want other versions of packages than the project's.
.venv-%/.ready: requirements-%.txt | $(TOOLS)
	@$(BIN)/python -m venv --clear .venv-$*
	$(call install,.venv-$*,$<)
	@touch $@
