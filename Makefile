# linli: make demo and make test set everything up by themselves.

export PYTHONUNBUFFERED = 1
PYTEST = .venv/bin/python -m pytest
# Each worker has its own database server and broker; one file's tests stay together and share what they made.
SIDE_BY_SIDE = -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/pip-compile --quiet --generate-hashes \
	--strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	--build-deps-for=editable

.PHONY: help demo test lint sbom audit test-faults soak bench-ingest bench-simulations fuzz lock setup-demo setup-test clean
.NOTPARALLEL:

help:
	@echo "make demo         set up, load the demo place, show the map; Ctrl-C stops it"
	@echo "make test         set up, check the style and types, run the tests"
	@echo "make lint         check the style, types and imports alone"
	@echo "make test-faults  run the tests that stop and kill services and break links, also the slow ones"
	@echo "make soak         run the tests that take many minutes"
	@echo "make bench-ingest compare ingest with Node-RED, mq-bridge and stock paho, in one run"
	@echo "make bench-simulations compare the simulations with scipy, networkit, igraph, rustworkx, pandana, spopt and access"
	@echo "make fuzz         fuzz each decoder for ten minutes (pip install atheris first)"
	@echo "make sbom         write the bill of materials, sbom.json (CycloneDX)"
	@echo "make audit        look for known vulnerabilities in the locked packages, where the data can be had"
	@echo "make lock         write the requirements locks anew"
	@echo "make clean        stop the services; remove .venv and caches; keep the data"

demo: setup-demo
	@exec .venv/bin/python -m linli demo

test: lint
	$(PYTEST) $(SIDE_BY_SIDE) -m "not soak and not slow_fault"

lint: setup-test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

test-faults: setup-test
	$(PYTEST) -m "fault or slow_fault"

soak: setup-test
	$(PYTEST) -m soak --timeout 0

bench-ingest: setup-test
	.venv/bin/python -m bench.ingest

bench-simulations: setup-test
	.venv/bin/pip install --quiet -e ".[bench]"
	.venv/bin/python -m bench.simulations

fuzz: setup-test
	.venv/bin/python -m tests.fuzz

sbom: setup-test
	.venv/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible \
		--output-format JSON --output-file sbom.json

audit: setup-test
	.venv/bin/pip install --quiet "pip-audit>=2.9"
	.venv/bin/python -m scripts.audit

lock: setup-test
	$(COMPILE) --output-file=requirements.lock pyproject.toml
	$(COMPILE) --extra=dev --constraint=requirements.lock \
		--output-file=requirements-dev.lock pyproject.toml

setup-demo:
	@sh deploy/setup.sh demo

setup-test:
	@sh deploy/setup.sh test

clean:
	@if [ -x .venv/bin/python ]; then .venv/bin/python -m linli down || true; fi
	rm -rf .venv .make.lock .setup.log .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
