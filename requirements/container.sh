#!/usr/bin/env bash
# Installs PyTorch, the wheel and its extras in the image (see Dockerfile): container.sh EXTRAS [uv's options].
set -euo pipefail
extras=${1:?}
shift
cd "$(dirname "$0")"
/build/bin/uv pip install --python /opt/era3d --no-cache --compile-bytecode "$@" \
  --constraint <(sed -nE 's/^([a-z0-9][^ ]*==[^\]*).*/\1/p' dev.txt) \
  "torch==$(cat torch-version.txt)" "era3d[$extras] @ file://$(ls /wheels/era3d-*.whl)"
