#!/usr/bin/env bash
# Puts the two tools that the gate is held against into FOLDER, from the npm and Python registries, in the versions
# that docs/GATE_SIDE_BY_SIDE.md names. Nothing else on the machine is changed.
#
#   crates/gold-eval/benches/peers/install.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
python3 -m venv venv
venv/bin/pip install --quiet --requirement "$here/requirements.txt"
# promptfoo wants a newer Node than many systems have, so that one comes along.
cp "$here/package.json" .
npm install --no-audit --no-fund --silent node@22.23.3
PATH="$PWD/node_modules/.bin:$PATH" npm install --no-audit --no-fund --silent
echo "node $(node_modules/.bin/node --version), promptfoo $(PATH="$PWD/node_modules/.bin:$PATH" node_modules/.bin/promptfoo --version)"
