# The two commands of the README, and the daily ones. Everything is installed where it is missing.
SHELL := /bin/sh
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
BUILDER ?= podman
IMAGE ?= registry.invalid/fleetproof/audit:0.1.0
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: help venv lock check lint test programs demo bench charts images manifests install-audit audit-image uninstall-audit up down
help:  ## show this
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(BIN)/.ready  ## the project's Python environment, pinned by hash

$(BIN)/.ready: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is wanted as '$(PYTHON)'; name another with PYTHON=..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "installing python3-venv"; $(SUDO) apt-get update -q && { $(SUDO) apt-get install -qy $(notdir $(PYTHON))-venv || $(SUDO) apt-get install -qy python3-venv; }; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lock:  ## renew requirements.lock, and requirements-run.lock for the audit's image, from pyproject.toml
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install -q --disable-pip-version-check 'pip-tools>=7.5'
	$(VENV)/lock/bin/pip-compile -q --extra dev --generate-hashes --allow-unsafe --strip-extras \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header -o requirements.lock pyproject.toml
	$(VENV)/lock/bin/pip-compile -q -c requirements.lock --generate-hashes --allow-unsafe --strip-extras \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header -o requirements-run.lock pyproject.toml

lint: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell
	$(BIN)/mypy

check: lint  ## lint, types, fast tests: the daily loop
	$(BIN)/pytest -q -n auto --dist worksteal -m "not lab" --ignore tests/contract

test: lint programs  ## everything, the lab of four machines included
	@# what the lab is built from are programs that contract tests want, too; where no lab can run, this says why
	! $(BIN)/python -m lab check || $(BIN)/python -m lab build
	$(BIN)/pytest -n auto --dist worksteal -m "not lab"
	$(BIN)/pytest -m lab

programs:
	@command -v ip >/dev/null && command -v tc >/dev/null || { echo "installing iproute2"; $(SUDO) apt-get update -q && $(SUDO) apt-get install -qy iproute2; } || true

demo: venv programs  ## four bare machines become four proven clusters; the report is printed and kept
	$(BIN)/python -m lab up
	$(BIN)/python -m lab exec -- sh -c '$(BIN)/python runbooks/enrol.py --expect "$$FLEETPROOF_FINGERPRINTS"'
	$(BIN)/python -m lab exec -- $(BIN)/python runbooks/full_deploy.py --report-dir .state/demo

bench: venv  ## speed, side by side with what one would use instead
	$(BIN)/python -m bench all

charts: venv  ## put every pinned chart in its place, verified
	$(BIN)/python -m tasks.deploy charts

images: venv  ## write images.txt: every image that the clusters pull, for a mirror
	$(BIN)/python -m tasks.deploy images > images.txt.new && mv images.txt.new images.txt

manifests: venv  ## render everything, ask every guard, hold every object against its schema
	$(BIN)/python -m tasks.deploy check

install-audit: venv  ## have systemd run the nightly audit as you: two units into /etc/systemd/system, and the timer on
	$(SUDO) env PATH="$$PATH" $(BIN)/python -m tasks.audit install --user "$$(id -un)"

audit-image: charts  ## build the image for an audit in the cluster; IMAGE=... names it, BUILDER=docker makes it
	rm -rf .state/image && mkdir -p .state/image/bin .state/image/charts
	cp requirements-run.lock .state/image/
	for tool in kubectl kustomize helm; do cp -L "$$(command -v $$tool)" .state/image/bin/ || exit 2; done
	cp -r kustomize/base/*/charts/* .state/image/charts/
	chmod -R a+rX .state/image/bin .state/image/charts .state/image/requirements-run.lock
	$(BUILDER) build -f runbooks/container/Containerfile -t $(IMAGE) .state/image

uninstall-audit: venv  ## stop that, and take the two units away; history and reports stay
	$(SUDO) $(BIN)/python -m tasks.audit uninstall

up: venv  ## boot the lab
	$(BIN)/python -m lab up

down: venv  ## take the lab away without a trace
	$(BIN)/python -m lab down
