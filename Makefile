# Each command first makes its environment, or finds it standing; dev/python finds the Python.
# PYTHON=python3.12 names another Python, DJANGO=6.1 the next line of Django, ARGS= more arguments.

IN := sh dev/python dev/setup.py

# Where it is set, as in many images, each of the hundreds of processes that a suite starts would
# compile all that it imports, which takes longer than the rest of its start.
unexport PYTHONDONTWRITEBYTECODE

help: ## Show these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 20

run: ## Set up and start the portal (PORT=8001 for another port)
	@$(IN) dev

test: ## Run the suite (ARGS="tests/clients -x" for a part of it)
	@$(IN) pytest -n 2 $(ARGS)

prove: ## Run the heavy proofs that the suite leaves out
	@$(IN) pytest -m prove $(ARGS)

storm: ## Blow a storm over jobs and mail (STORM_SEED=7 for the same one again)
	@$(IN) pytest -m prove tests/storm $(ARGS)

previous: ## Run the former release's tests on the tables that this code makes
	@$(IN) dev.previous $(ARGS)

check: ## Lint, formats, types, secrets, imports, templates, migrations, deployment checks
	@$(IN) dev.check

lint: ## Lint and formats alone
	@$(IN) dev.check lint

launch: ## Ask launch_check what code and tables can tell, as CI does
	@$(IN) dev.launch

audit: ## Ask whether a locked package has a known vulnerability
	@$(IN) dev.audit

roles: ## Make the two database roles on a server of your own
	@$(IN) dev.roles

bench: ## Measure what the suite does not
	@$(IN) pytest -m bench $(ARGS)

screenshots: ## Photograph every page
	@$(IN) pytest tests/browser/screenshots.py $(ARGS)

reset: ## Remove the data of make run (FORCE=1 asks nothing)
	@$(IN) dev.reset

lock: ## Compile requirements/*.in again (ARGS=--upgrade for newer versions)
	@$(IN) dev.lock $(ARGS)

.PHONY: help run test prove storm previous check lint launch audit roles bench screenshots reset lock
