#!/usr/bin/env bash
# Two real models asked and judged with rules on latency and cost: docs/GATE.md has what came of it.
#
#   crates/gold-eval/benches/peers/latency_and_cost.sh TOOLS BANKING77 OUT
#
# TOOLS is a folder of install.sh, BANKING77 holds train.csv and test.csv. A small machine at 10 cents an hour, and a server
# that takes 2.50 dollars for a million tokens of requests and 10 for a million of answers, are examples of prices.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tools=$(realpath "$1") data=$(realpath "$2")
mkdir -p "$3"
out=$(realpath "$3")
port=${PORT:-8077}
export PATH=$tools/venv/bin:$PATH
cd "$here/../.."
cargo build --release --locked --quiet -p gold-eval --example gate --features http
gate=$(cargo metadata --no-deps --format-version 1 | python -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release/examples/gate

python "$here/rows.py" --banking77 "$data" --out "$out"
cd "$out"
rm -f gold.lock gold.v*.* {baseline,candidate}.{jsonl,jsonl.partial,account.json} baseline.json
files=(--task task.toml --gold gold.jsonl)
"$gate" freeze "${files[@]}"

python "$here/two_models.py" serve --banking77 "$data" --port "$port" >server.log &
server=$!
trap 'kill $server' EXIT
until grep -q listening server.log; do
    kill -0 $server
    sleep 0.5
done
"$gate" predict "${files[@]}" --url "http://127.0.0.1:$port" --shape chat --model nearest-2026-11-05 --parallel 1 \
    --usd-per-million-input 2.50 --usd-per-million-output 10 --out baseline.jsonl
"$gate" pin "${files[@]}" --answers baseline.jsonl --model nearest-2026-11-05 --prompt task.toml
"$gate" predict "${files[@]}" --command "python $here/two_models.py program --banking77 $data --usd-per-hour 0.10" --in-flight 1 \
    --name words --out candidate.jsonl
code=0
"$gate" judge "${files[@]}" --baseline baseline.json --predictions candidate.jsonl --name words \
    --gate "$here/latency_and_cost.toml" --out verdict || code=$?
echo "exit code $code"
