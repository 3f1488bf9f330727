# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FOR ?=
DRILL ?= configs/drills/market-fire.yaml
DATA ?=

.PHONY: run drill test test-unit test-deep check format bench bench-city soak sweep evidence lock parts clean

run: $(VENV)/.run
	@$(BIN)/tocsin demo $(if $(FOR),--for $(FOR))

# A fire in a market against a daemon of its own, in less than two minutes; DRILL=FILE is another one.
drill: $(VENV)/.run
	@$(BIN)/tocsin drill run $(DRILL)

# A worker for each processor; one that has nothing left takes half of what waits for another.
WORKERS ?= auto
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist worksteal

test: $(VENV)/.dev parts
	@$(PYTEST)

test-unit: $(VENV)/.dev
	@$(PYTEST) -m "not system"

# Every property on 10,000 cases, and faults, seeds and fuzzers at full size: a day, not minutes.
# EXAMPLES=2000 SEEDS=10000 FUZZ=100000 is a shorter night.
EXAMPLES ?= 10000
SEEDS ?= 100000
FUZZ ?= 1000000
test-deep: $(VENV)/.dev parts
	@TOCSIN_EXAMPLES=$(EXAMPLES) $(BIN)/pytest tests/rules tests/ingest -m "not system"
	@TOCSIN_EXAMPLES=$(EXAMPLES) TOCSIN_AUDIT_ROWS=10000 $(BIN)/pytest tests/notifiers -m "not system"
	@TOCSIN_KILLS=200 TOCSIN_CUTS=500 TOCSIN_FAULTS=all TOCSIN_OUTAGE_SECONDS=600 $(BIN)/pytest tests/faults
	@TOCSIN_SEEDS=$(SEEDS) $(BIN)/pytest tests/simulation/test_seeds.py
	@TOCSIN_SEEDS=10000 $(BIN)/pytest tests/simulation -k clock
	@TOCSIN_FUZZ=$(FUZZ) $(BIN)/pytest tests/fuzz

check: $(VENV)/.dev
	@echo "format";  $(BIN)/ruff format --check .
	@echo "lint";    $(BIN)/ruff check .
	@echo "types";   $(BIN)/mypy
	@echo "imports"; $(BIN)/lint-imports
	@echo "configs"; $(BIN)/tocsin check configs
	@echo "rules";   $(BIN)/tocsin test configs/rules configs/tests

format: $(VENV)/.dev
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: $(VENV)/.dev parts
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench engine

# A whole city on Mosquitto and VictoriaMetrics: ARGS="--seconds 600" is the long form.
bench-city: $(VENV)/.dev parts
	@$(BIN)/python -m bench city $(ARGS)

# Hours or days of a small city in which something fails every minute or so: HOURS=0.25 is 15 minutes.
HOURS ?= 1
SEED ?= 1
soak: $(VENV)/.dev parts
	@$(BIN)/python -m bench.soak --hours $(HOURS) --seed $(SEED) $(ARGS)

# One figure over a range of another, and its picture: CURVE=rate, sensors, rules or linger.
CURVE ?= rate sensors rules linger
sweep: $(VENV)/.dev parts
	@for curve in $(CURVE); do $(BIN)/python -m bench sweep $$curve $(ARGS) || exit 1; done

# Real records, which are no part of this repository (docs/evidence.md).
evidence: $(VENV)/.dev
	@$(BIN)/python -m bench.evidence $(or $(DATA),$(error DATA=<directory of the records>)) \
	    --page docs/evidence.md

# The real servers of the system tests, from Debian's packages; without root it says what to type.
parts:
	@sh tests/system/parts.sh

lock:
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	    --extra build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	    --extra build --extra dev --constraint requirements.lock pyproject.toml -o requirements-dev.lock

$(BIN)/python:
	@sh tests/system/venv.sh $(PYTHON) $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	@echo "setting up: run-time packages"
	@$(BIN)/pip install --disable-pip-version-check --quiet --require-hashes -r requirements.lock
	@$(BIN)/pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation \
	    --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "setting up: development packages"
	@$(BIN)/pip install --disable-pip-version-check --quiet --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis state build dist
