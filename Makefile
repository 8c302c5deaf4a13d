# What a person types is what the continuous checks run. `make help` lists the targets.
# Paths stay relative, so that a checkout may lie anywhere, even under a name with spaces.

PYTHON ?= python3
export HOST ?= 127.0.0.1
export PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help setup run demo test coverage test-server check format bench bench-quick bench-full messages lock clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

setup: ## Install into .venv and node_modules, build the front end and the translations
	@$(PYTHON) tools/setup.py

run: setup ## Serve the demo clinic on HOST:PORT (127.0.0.1:8000) until interrupted
	@exec .venv/bin/aiguille up --with-parent

demo: setup ## Fill the demo clinic again, anchored on today
	@exec .venv/bin/aiguille demo --reset

test: setup ## Run every test; the closing line is pytest's
	@exec .venv/bin/python tools/test.py

coverage: setup ## Run the tests in one process and refuse less than 85 % of lines and branches
	@.venv/bin/coverage run -m pytest -q && exec .venv/bin/coverage report --skip-covered --fail-under=85

test-server: setup ## Run the tests against Debian's PostgreSQL 15, installed and started here
	@exec .venv/bin/python tools/test_server.py

check: setup ## Format, lint, types, imports, migrations, templates, translations; no database
	@exec .venv/bin/python tools/check.py

format: setup ## Format the code and mend what can be mended by machine
	@.venv/bin/ruff check --quiet --fix-only .; .venv/bin/ruff format .
	@.venv/bin/python tools/node.py npm run format

bench: setup ## Measure slot search, bookings by many at once, pages, and others beside us (half an hour)
	@exec .venv/bin/python -m bench

bench-quick: setup ## The same on small sizes, in two minutes
	@exec .venv/bin/python -m bench --quick

bench-full: setup ## The same with 10 million past appointments (several GB under var/bench)
	@exec .venv/bin/python -m bench --full

messages: setup ## Gather the texts to translate into the French catalogue
	@exec .venv/bin/python tools/translations.py gather

lock: setup ## Write the requirements files and package-lock.json anew
	@exec .venv/bin/python tools/lock.py

clean: ## Remove what is made; the demo's data under var/ stays
	@rm -rf .venv node_modules src/aiguille/static/build .mypy_cache .ruff_cache .pytest_cache
