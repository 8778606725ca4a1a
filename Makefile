# Everything runs in environments of its own beside this file: .venv, and .venv-bpy-<version> for
# Blender as a module. To choose another build of PyTorch: make TORCH_FLAGS="..." (see README).
PYTHON ?= python3
TORCH_FLAGS ?=
BPY_VERSIONS := 4.2.23 4.5.15 5.0.1
DEMO_BPY := 4.2.23
TORCH := torch==$(shell cat requirements/torch-version.txt)
BPY_READY := $(BPY_VERSIONS:%=.venv-bpy-%/.ready)
# Some versions of Blender crash or hang when the interpreter ends; nothing may wait for ever.
GUARD := timeout --kill-after=10 600
# A Blender with a window, and where its screenshots go.
BLENDER ?= blender
SCREENSHOTS ?= $(CURDIR)/screenshots

.DEFAULT_GOAL := help
.PHONY: help demo test test-backend test-addon test-addon-server test-slow test-peers test-blender quality style build bench lock clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | column -t -s '|'

demo: .venv/.ready .venv-bpy-$(DEMO_BPY)/.ready ## One picture, then six clean views, each to a .blend and a preview in demo/
	ERA3D_PYTHON=.venv/bin/python $(GUARD) .venv-bpy-$(DEMO_BPY)/bin/python examples/demo.py

test: .venv/.ready $(BPY_READY) ## All tests that need neither a GPU nor minutes
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-backend test-addon

# Two suites side by side on two cores: more threads would only wait for each other.
test-backend: export OMP_NUM_THREADS = 1
test-backend:
	.venv/bin/python -m pytest --numprocesses=2 --dist=loadfile

test-addon: export OMP_NUM_THREADS = 1
test-addon: export ERA3D_PYTHON = $(CURDIR)/.venv/bin/python
test-addon:
	@for version in $(BPY_VERSIONS); do \
		echo "Blender $$version"; \
		$(GUARD) .venv-bpy-$$version/bin/python -m pytest tests/addon -m bpy || exit 1; \
	done

test-addon-server: export OMP_NUM_THREADS = 1
test-addon-server: export ERA3D_PYTHON = $(CURDIR)/.venv/bin/python
test-addon-server: .venv/.ready .venv-bpy-$(DEMO_BPY)/.ready ## The add-on's tests, their backend behind a server
	$(GUARD) .venv-bpy-$(DEMO_BPY)/bin/python -m pytest tests/addon -m bpy --through-server

test-slow: .venv/.ready $(BPY_READY) ## The tests that take minutes
	.venv/bin/python -m pytest -m slow --timeout 3600
	@for version in $(BPY_VERSIONS); do \
		echo "Blender $$version"; \
		ERA3D_PYTHON=$(CURDIR)/.venv/bin/python $(GUARD) \
			.venv-bpy-$$version/bin/python -m pytest tests/addon -m slow || exit 1; \
	done

test-peers: .venv/.ready .venv-peers/.ready ## Our files by nerfstudio's parser, our pictures by gsplat's plain torch
	PYTHONPATH=.venv-peers .venv/bin/python -m pytest \
		tests/backend/exports/test_nerfstudio.py tests/backend/splats/test_gsplat.py

test-blender: .venv/.ready ## The add-on in a real Blender with a window (needs xvfb-run, ImageMagick)
	BLENDER=$(BLENDER) ERA3D_SCREENSHOTS=$(SCREENSHOTS) \
		.venv/bin/python -m pytest tests/addon/gui -m gui --timeout 900
	ERA3D_PYTHON=$(CURDIR)/.venv/bin/python \
		ERA3D_SITE=$$(.venv/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))") \
		timeout --kill-after=10 1800 $(BLENDER) -b --factory-startup --python-exit-code 1 \
		--python tests/addon/in_blender.py -- tests/addon

quality: .venv/.ready ## Lint, formatting and types, without changing anything
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

style: .venv/.ready ## Mend what lint and formatting can mend
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

build: .venv/.ready .venv-bpy-$(DEMO_BPY)/.ready ## The extension's zip in dist/, checked by Blender's validator
	.venv/bin/python build_addon.py

bench: .venv/.ready ## What the numbers in benchmarks/RESULTS.md come from
	.venv/bin/python benchmarks/surface.py --help

lock: ## Write the hash-pinned requirements anew (needs uv)
	bash requirements/lock.sh

clean: ## Remove the environments and everything that was built
	rm -rf .venv .venv-bpy-* .venv-peers dist demo

.venv/.ready: requirements/dev.txt requirements/torch-version.txt pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install -q --require-hashes --no-deps -r requirements/dev.txt
	.venv/bin/python -m pip install -q $(TORCH_FLAGS) $(TORCH)
	.venv/bin/python -m pip install -q --no-deps --no-build-isolation -e .
	touch $@

.venv-bpy-%/.ready: requirements/bpy-%.txt
	$(PYTHON) -m venv .venv-bpy-$*
	.venv-bpy-$*/bin/python -m pip install -q --require-hashes --no-deps -r $<
	touch $@

# A folder of packages beside those of .venv, which it must not change.
.venv-peers/.ready: requirements/peers.txt .venv/.ready
	rm -rf .venv-peers
	.venv/bin/python -m pip install -q --require-hashes --no-deps --target .venv-peers -r $<
	touch $@
