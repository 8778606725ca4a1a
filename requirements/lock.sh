#!/usr/bin/env bash
# Writes the hash-pinned requirements files anew; needs uv. Torch stays out of them: which build fits
# depends on the machine (CPU, CUDA, ROCm), so it is installed by a command of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
here=requirements
torch=torch==$(cat $here/torch-version.txt)
common=(--generate-hashes --no-header --no-annotate --no-emit-index-url --quiet --python-version 3.11)
skip=(torch triton)
mapfile -t more < <(uv pip compile pyproject.toml --universal "${common[@]}" --constraint <(echo "$torch") |
  sed -nE 's/^((nvidia|cuda)-[a-z0-9-]+)==.*/\1/p')
without=(); for name in "${skip[@]}" "${more[@]}"; do without+=(--no-emit-package "$name"); done
# The tests also try what is optional, as far as it runs on any machine.
extras=(); for name in dev serve web space train colmap spz usd; do extras+=(--extra "$name"); done
uv pip compile pyproject.toml --universal "${common[@]}" "${without[@]}" "${extras[@]}" \
  --constraint <(echo "$torch") --output-file $here/dev.txt
# What people install is what was tested.
tested=$(sed -nE 's/^([a-z0-9][^ ]*==[^\]*).*/\1/p' $here/dev.txt)
uv pip compile pyproject.toml --universal "${common[@]}" "${without[@]}" \
  --constraint <(echo "$torch"; echo "$tested") --output-file $here/base.txt
for version in 4.2.23 4.5.15 5.0.1; do
  printf 'bpy==%s\npytest>=9\npytest-timeout>=2.3\n' $version |
    uv pip compile - "${common[@]}" --output-file "$here/bpy-$version.txt"
done
# Programs of others that read our files, with no more than what that part of them imports.
peers=(gsplat==1.5.3 nerfacc==0.5.3 nerfstudio==1.1.5 viser==0.2.7)
peers+=(docstring-parser jaxtyping msgspec shtab typeguard tyro wadler-lindig websockets)
printf '%s\n' "${peers[@]}" |
  uv pip compile - --no-deps "${common[@]}" --output-file $here/peers.txt
