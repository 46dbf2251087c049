#!/usr/bin/env bash
# The same answers before promptfoo, before lm-evaluation-harness and before the gate. docs/GATE_SIDE_BY_SIDE.md has
# what came of it.
#
#   crates/gold-eval/benches/peers/run.sh TOOLS BANKING77 OUT [ADAPTER]
#
# TOOLS is a folder of install.sh, BANKING77 holds train.csv and test.csv, ADAPTER is the predictions.jsonl of a model.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tools=$(realpath "$1") data=$(realpath "$2") adapter=${4:+$(realpath "$4")}
mkdir -p "$3"
out=$(realpath "$3")
python=$tools/venv/bin/python
cd "$here/../.."
cargo build --release --locked --quiet -p gold-eval --example gate
gate=$(cargo metadata --no-deps --format-version 1 | "$python" -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release/examples/gate

# judge RUN CANDIDATE
judge() {
    local run=$1 candidate=$2
    printf '\n== %s, %s rows\n' "$candidate" "$(wc -l <"$run/gold.jsonl")"
    "$python" "$here/with_promptfoo.py" "$tools" "$run" "$candidate"
    if ! "$python" "$here/with_lm_eval.py" "$run" "$candidate" 2>"$run/lm-eval-$candidate.log"; then
        tail -n 20 "$run/lm-eval-$candidate.log" >&2
        return 1
    fi
    local files=(--task "$run/task.toml" --gold "$run/gold.jsonl")
    local code=0
    "$gate" judge "${files[@]}" --baseline "$run/baseline.json" --predictions "$run/$candidate.jsonl" \
        --name "$candidate" --out "$run/verdict-$candidate" >"$run/verdict-$candidate.txt" || code=$?
    sed '/^$/q' "$run/verdict-$candidate.txt"
    echo "gate exit code $code"
}

for per_category in 40 4; do
    run=$out/rows-$per_category
    "$python" "$here/rows.py" --banking77 "$data" --out "$run" --per-category "$per_category" ${adapter:+--adapter "$adapter"}
    rm -f "$run"/gold.lock "$run"/gold.v*.* "$run/baseline.json"
    "$gate" freeze --task "$run/task.toml" --gold "$run/gold.jsonl" >/dev/null
    "$gate" pin --task "$run/task.toml" --gold "$run/gold.jsonl" --answers "$run/incumbent.jsonl" \
        --model incumbent --prompt "$run/task.toml" --baseline "$run/baseline.json" >/dev/null
    judge "$run" svm
    [[ -z $adapter ]] || judge "$run" adapter
done
