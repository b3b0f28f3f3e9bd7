# Two commands do everything on a machine with Python >= 3.11, make and pip: `make demo`, `make test`.
# Each prepares what it needs in .venv, once: a stamp there is older than pyproject.toml or it is not.
.PHONY: demo help test quick check pythons browser clean docs picture bench notebooks downstream
.DELETE_ON_ERROR:

# The first Python that is new enough; set PYTHON=... to choose another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

# Print both tables of y = exp(e + e^2) + sin(e + e^2), e = exp x, and write its picture.
demo: $(VENV)/.draw
	$(BIN)/python tools/demo.py

# What can be made, read from the comments here.
help:
	@awk '/^# / { text = text substr($$0, 2); next } \
		/^[a-z]+:/ { sub(/:.*/, ""); printf "make %-10s%s\n", $$0, text } { text = "" }' Makefile

# Every test, derandomised, so that it gives everyone the same answer: minutes.
test: $(VENV)/.test
	HYPOTHESIS_PROFILE=ci $(BIN)/python -m pytest -n auto

# After a small change: structure, regressions, and each law on one example a row: under a minute.
quick: $(VENV)/.test
	HYPOTHESIS_PROFILE=quick $(BIN)/python -m pytest -n auto -q $(QUICK)
QUICK := tests/test_structure.py tests/test_import.py tests/regressions tests/laws \
	--ignore-glob='tests/laws/*mutations.py' --ignore=tests/laws/test_vmap_forms.py \
	$(foreach law,data_outside memory_layouts sizes_and_types foreign_containers, \
	--ignore=tests/laws/test_$(law).py)

# Format, lint, types, structure: under a minute.
check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_structure.py tests/test_import.py

# Every test on every Python >= 3.11 of this machine, and with the oldest versions claimed, kept in
# docs/pythons.md. PYTHONS="--others --sample 1/12" tries a share, on the others.
pythons: $(VENV)/.test
	$(BIN)/python tools/pythons.py $(PYTHONS)
PYTHONS := --page

# What the tests of the page in a browser need: Debian's Chromium (as root) and Selenium.
browser: $(VENV)/.test
	@command -v chromedriver >/dev/null || { test "$$(id -u)" = 0 && apt-get update -qq && \
		apt-get install -qq -y --no-install-recommends chromium chromium-driver >/dev/null; } || \
		echo "not installed, so not tested: chromium and chromium-driver" >&2
	@$(PIP) 'selenium>=4.20' || echo "not installed, so not tested: selenium" >&2

# The pages that say what is covered and what is agreed, from the engine's own answers.
docs: $(VENV)/.test
	$(BIN)/python tests/write_docs.py

# The picture that opens the README.
picture: $(VENV)/.draw
	$(BIN)/python tools/demo.py --picture docs/exp_sin.svg

# Every notebook from its script, run in a clean kernel; NOTEBOOKS=01_graphs makes one.
notebooks: $(VENV)/.test
	$(BIN)/python tools/notebooks.py $(NOTEBOOKS)

# Every workload with every peer on one core, in an environment of its own. A peer that cannot be
# installed here is left out, and said. BENCH="--quick --only logistic" passes options on.
bench: $(VENV)-bench/.ready
	$(VENV)-bench/bin/python benchmarks/bench --json benchmarks/results.json $(BENCH)

$(VENV)-bench/.ready: pyproject.toml benchmarks/peers.txt | $(VENV)-bench/bin/python
	@echo "installing autodiff[jit] and the peers into $(VENV)-bench"
	@$(VENV)-bench/bin/python -m pip install --quiet --editable '.[jit]'
	@while read -r peer; do \
		$(VENV)-bench/bin/python -m pip install --quiet $$peer </dev/null || \
		echo "not installed, left out: $$peer" >&2; done < benchmarks/peers.txt
	@touch $@

# Packages that use autograd, by their own tests and by problems of ours, under autograd and under
# autodiff.compat.autograd, in an environment of their own. DOWNSTREAM="--only pymanopt --share 1/20"
downstream: $(VENV)-downstream/.ready
	$(VENV)-downstream/bin/python tests/downstream/run.py $(DOWNSTREAM)

$(VENV)-downstream/.ready: pyproject.toml tests/downstream/requirements.txt | \
		$(VENV)-downstream/bin/python
	@echo "installing autodiff and packages that use autograd into $(VENV)-downstream"
	@$(VENV)-downstream/bin/python -m pip install --quiet --editable '.[jit]' \
		-r tests/downstream/requirements.txt
	@touch $@

# Remove what these commands made.
clean:
	rm -rf $(VENV) $(VENV)-* out build dist .pytest_cache .hypothesis .ruff_cache .mypy_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Some systems ship Python without ensurepip; their pip can then fill an environment from outside.
%/bin/python:
	@test -n "$(PYTHON)" || { echo "Python >= 3.11 is needed; set PYTHON=/path/to/python" >&2; exit 1; }
	@echo "creating $* with $(PYTHON)"
	@$(PYTHON) -m venv $* >/dev/null 2>&1 || { \
		$(PYTHON) -m venv --clear --without-pip $* && \
		$(PYTHON) -m pip --disable-pip-version-check --python $@ install --quiet pip; }

$(VENV)/.draw $(VENV)/.test $(VENV)/.dev: $(VENV)/.%: pyproject.toml | $(BIN)/python
	@echo "installing autodiff[$*] into $(VENV)"
	@$(PIP) --editable '.[$*]'
	@touch $@
