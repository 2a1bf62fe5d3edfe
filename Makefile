# Every task of this project. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# The tests start hundreds of processes. Each starts 0.6 s of CPU sooner if the modules are kept compiled.
unexport PYTHONDONTWRITEBYTECODE

PY := .venv/bin/python
# More options for pytest, for example: make test PYTEST="-k roster -x"
PYTEST ?=
# How many tests run at the same time; 0 runs them one after the other in this process. Tests often wait for servers that
# they start, so three use two cores better than two.
WORKERS ?= 3
IN_PARALLEL = -n $(WORKERS) --dist worksteal
# How many browsers run at the same time, and how often a failed test runs again.
BROWSERS ?= 2
RERUNS ?= 0
# Production settings for `manage.py check --deploy`, with a data folder of their own.
PRODUCTION = env -u DATABASE_URL -u CELERY_BROKER_URL DEBUG=off PUBLIC_URL=https://classes.example.org \
	ALLOWED_HOSTS=classes.example.org CSRF_TRUSTED_ORIGINS=https://classes.example.org \
	SECRET_KEY=only-for-the-check-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9 DATA_DIR="$$folder"

.PHONY: help demo serve test test-browser test-services test-chaos test-machines test-rabbitmq test-contract-long test-long test-vendor-client messages screenshots lint prose format requirements wheel sbom audit lint-deploy \
	venv venv-dev bench-live bench-capacity bench-faults bench-footprint bench-hostile bench-metrics bench-paint bench-reports bench-rolling bench-scale bench-startup bench-search bench-simulator bench-soak bench-sync clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Variables: PORT=8001 HOST=127.0.0.1 DATA_DIR=var RESET=1 PYTHON=python3.12 PYTEST='-k name' WORKERS=3 BROWSERS=2 RERUNS=2 CHROMIUM=/path"

demo: .venv/.installed ## Run the dashboard with a simulated school (PORT=, DATA_DIR=; RESET=1 starts anew)
	@exec $(PY) manage.py demo

serve: .venv/.installed ## Run the dashboard against the cloud named in the environment
	@exec $(PY) manage.py serve

test: .venv/.installed-dev ## Run all tests without a browser (PYTEST="-k name": only these, browser tests included)
	@if [ -n "$(PYTEST)" ]; then CHROMIUM="$$(scripts/chromium)" && export CHROMIUM && exec $(PY) -m pytest $(PYTEST); fi && \
	exec scripts/with-reruns $(PY) $(RERUNS) "$(IN_PARALLEL)" --ignore=tests/browser

test-browser: .venv/.installed-dev ## Run every journey, open every page and press every button in a real browser
	@exec scripts/test-browser $(PY) $(BROWSERS) $(RERUNS)

# The tests that use the database or the broker.
SERVED = $(addprefix tests/,accounts actions audit common operations privacy realtime reports rooms runtime sync web)
test-services: .venv/.installed-dev ## Run the tests on a PostgreSQL and a Redis that are started for them
	@NOT_LOCKED_SECONDS=$${NOT_LOCKED_SECONDS:-20} exec $(PY) scripts/services $(PY) -m pytest $(IN_PARALLEL) $(SERVED) $(PYTEST)

test-chaos: .venv/.installed-dev ## Kill processes, cut connections and shuffle events for minutes (CHAOS=middle, long or full)
	@CHAOS=$${CHAOS:-long} $(PY) -m pytest tests/chaos -s -q $(PYTEST)
	@if [ "$$(id -u)" = 0 ]; then $(MAKE) --no-print-directory -o .venv/.installed-dev test-machines; \
	else echo "make test-machines needs root"; fi

test-machines: .venv/.installed-dev ## Kill processes and cut the network of three machines with PostgreSQL and Redis (needs root; CHAOS=)
	@CHAOS=$${CHAOS:-long} exec $(PY) scripts/services --machines 3 $(PY) -m pytest tests/chaos/test_machines.py -s -q

test-rabbitmq: .venv/.installed-dev ## Run a class with RabbitMQ as the broker, and kill RabbitMQ meanwhile
	@exec $(PY) scripts/services --rabbitmq $(PY) -m pytest -m long tests/operations/test_rabbitmq.py $(PYTEST)

messages: .venv/.installed-dev ## Collect texts for translation into locale/ and compile them (docs/translating.md)
	$(PY) scripts/messages.py

screenshots: .venv/.installed-dev ## Take the pictures in docs/screenshots again, with the browser tests
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && set -e && \
	CHROMIUM="$$(scripts/chromium)" && export CHROMIUM && \
	SCREENSHOTS="$$folder" $(PY) -m pytest tests/browser/test_screenshots.py tests/browser/test_first_run.py -q && \
	$(PY) scripts/pictures.py "$$folder"

test-long: .venv/.installed-dev ## Run the tests that are too slow for every change, in a browser too
	@CHROMIUM="$$(scripts/chromium)" && export CHROMIUM && exec $(PY) -m pytest -m long $(PYTEST)

test-contract-long: .venv/.installed-dev ## Send the simulator random requests of the contract for minutes (EXAMPLES=500)
	@CONTRACT_EXAMPLES="$(or $(EXAMPLES),500)" $(PY) -m pytest tests/contract --timeout=3600 $(PYTEST)

test-vendor-client: .venv/.installed-dev ## Drive the vendor's web client library in a browser against the simulator (downloads it with npm)
	@$(PY) scripts/vendor_client/drive.py

lint: .venv/.installed-dev ## Check format, style, imports, types, production settings, migrations and prose
	@$(MAKE) --no-print-directory -o .venv/.installed-dev prose
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	.venv/bin/lint-imports
	$(PY) -m mypy
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && set -e && \
	$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING && \
	$(PRODUCTION) $(PY) manage.py makemigrations --check --dry-run

prose: .venv/.installed-dev ## Check spelling, and that no retired term came back (scripts/retired_terms.txt)
	.venv/bin/codespell .ci *.md Makefile *.toml bench classroom_admin deploy docs scripts static templates tests
	$(PY) scripts/check_prose.py

format: .venv/.installed-dev ## Format the code
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

COMPILE = $(PY) -m piptools compile --quiet --no-header --strip-extras --no-emit-index-url --no-emit-find-links \
	--no-emit-trusted-host --no-emit-options --allow-unsafe --generate-hashes
# The optional ones come after requirements.txt, which limits them.
PINNED = requirements requirements-saml requirements-otel requirements-sentry requirements-dev requirements-release
requirements: .venv/.installed-dev ## Compile requirements*.txt with hashes from their .in files (UPGRADE=1: newest)
	@for name in $(PINNED); do \
		echo "$$name" && $(COMPILE) $(if $(UPGRADE),--upgrade) --output-file $$name.txt $$name.in || exit; done

wheel: .venv/.installed-dev ## Build dist/classroom_admin-VERSION-py3-none-any.whl (docs/packaging.md)
	@rm -f dist/classroom_admin-*.whl && $(PY) -m build --wheel --no-isolation --outdir dist .

sbom: .venv/.installed-release wheel ## Write dist/classroom-admin-VERSION.cdx.json, the list of all packages of the product (CycloneDX)
	@$(PY) scripts/sbom.py

audit: .venv/.installed-release ## Ask PyPI for known vulnerabilities of the pinned packages (needs the internet)
	@for file in requirements.txt requirements-dev.txt requirements-release.txt; do \
		echo "$$file" && .venv/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r $$file || exit; \
	done

lint-deploy: .venv/.installed-release ## Check the files in deploy/ with the programs that read them (installs these with apt-get)
	@scripts/deploy-tools && DEPLOY_TOOLS=1 $(PY) -m pytest tests/repository/test_deploy.py $(PYTEST)

bench-live: .venv/.installed-dev ## Measure live updates: latency, fan-out, memory, polling, pages (FULL=1: up to 5,000 subscribers, ten minutes)
	@scripts/wrk && CHROMIUM="$$(scripts/chromium)" && export CHROMIUM && exec $(PY) bench/live.py $(if $(FULL),--full)

bench-hostile: .venv/.installed-dev ## Measure how much one account that asks for as much as it can delays others
	$(PY) bench/hostile_account.py

bench-paint: .venv/.installed-dev ## Measure how soon pages show something on a slow connection (1.6 Mbit/s, 150 ms)
	@CHROMIUM="$$(scripts/chromium)" && export CHROMIUM && exec $(PY) bench/paint.py

bench-startup: .venv/.installed ## Measure how long the demo takes until it is ready
	$(PY) bench/startup.py

bench-simulator: .venv/.installed-dev ## Measure how many events, rooms and requests the simulator can serve
	$(PY) bench/simulator.py

bench-reports: .venv/.installed-dev ## Measure the report of a class of 500, and the attendance of 2,000 classes (DATABASE_URL: on PostgreSQL)
	$(PY) bench/reports.py

bench-rolling: .venv/.installed-dev ## Restart all processes one after the other under load (scripts/services make bench-rolling: on PostgreSQL)
	$(PY) bench/rolling_restart.py

bench-search: .venv/.installed ## Measure searches in 100,000 rows (DATABASE_URL: on PostgreSQL)
	$(PY) bench/search.py

bench-metrics: .venv/.installed ## Measure what /metrics costs: processor time of requests and changes with and without
	$(PY) bench/metrics.py

bench-sync: .venv/.installed ## Measure how fast a backlog of 100,000 events is processed (DATABASE_URL: on PostgreSQL)
	$(PY) bench/sync.py

bench-scale: .venv/.installed-dev ## Measure 1, 2 and 4 workers and 1 and 2 web processes on PostgreSQL and Redis, with 10,000 classes
	exec $(PY) scripts/services $(PY) bench/scale.py

bench-faults: .venv/.installed-dev ## Let a web process, a worker, a machine, the broker and the database fail under load (needs root)
	exec $(PY) scripts/services --machines 2 $(PY) bench/faults.py

bench-capacity: .venv/.installed-dev ## Fit what the events of a live class cost, on PostgreSQL, for docs/scaling.md
	exec $(PY) scripts/services $(PY) bench/capacity.py

bench-soak: .venv/.installed-dev ## Run simulated school days for two hours, and print the growth of memory and database (MINUTES=30)
	$(PY) bench/soak.py --minutes $(or $(MINUTES),120)

bench-footprint: .venv/.installed ## Measure the memory and the delay of the dashboard on one core with 512 MB and 50 live classes
	$(PY) bench/footprint.py

venv: .venv/.installed ## Make .venv and install what the product needs
venv-dev: .venv/.installed-dev ## The same, with what the tests and tools need

# The stamps are copies of the requirements that were installed: Make compares contents, not dates.
ifneq ($(shell cmp -s requirements.txt .venv/.installed && [ -x $(PY) ] && echo same),same)
.PHONY: .venv/.installed
endif
.venv/.installed:
	@scripts/venv requirements.txt
	@cp requirements.txt $@

ifneq ($(shell cat requirements.txt requirements-dev.txt 2>/dev/null | cmp -s - .venv/.installed-dev && [ -x $(PY) ] && echo same),same)
.PHONY: .venv/.installed-dev
endif
.venv/.installed-dev:
	@scripts/venv requirements.txt requirements-dev.txt
	@cp requirements.txt .venv/.installed
	@cat requirements.txt requirements-dev.txt > $@

ifneq ($(shell cat requirements.txt requirements-dev.txt requirements-release.txt 2>/dev/null | cmp -s - .venv/.installed-release && [ -x $(PY) ] && echo same),same)
.PHONY: .venv/.installed-release
endif
.venv/.installed-release:
	@scripts/venv requirements.txt requirements-dev.txt requirements-release.txt
	@cp requirements.txt .venv/.installed
	@cat requirements.txt requirements-dev.txt > .venv/.installed-dev
	@cat requirements.txt requirements-dev.txt requirements-release.txt > $@

clean: ## Remove .venv and caches (never data)
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
