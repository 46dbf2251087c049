"""The candidate before promptfoo's own verdict, with what promptfoo has to offer for it.

    python with_promptfoo.py TOOLS RUN CANDIDATE

RUN is a folder of rows.py, TOOLS one of install.sh. Each row is a test that asserts `equals`; every category is a named
metric; two derived metrics are the macro average and the worst category's recall. The incumbent is run first, and its pass
rate is the candidate's PROMPTFOO_PASS_RATE_THRESHOLD, which decides the exit code.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent


def metric(label):
    """A name that a formula of a derived metric may hold."""
    return re.sub(r"\W", "_", label)


def evaluate(tools, run, model, threshold):
    gold = [json.loads(line) for line in open(run / "gold.jsonl", encoding="utf-8")]
    support = Counter(metric(row["label"]) for row in gold)
    recalls = [f"{name} / {rows}" for name, rows in sorted(support.items())]
    folder = run / f"promptfoo-{model}"
    folder.mkdir(exist_ok=True)
    tests = [
        {
            "vars": {"id": row["id"], "input": row["input"]},
            "assert": [{"type": "equals", "value": row["label"], "metric": metric(row["label"])}],
        }
        for row in gold
    ]
    config = {
        "providers": [
            {"id": f"file://{HERE / 'replay.js'}", "label": model, "config": {"file": str(run / f"{model}.jsonl")}}
        ],
        "prompts": ["{{input}}"],
        "tests": tests,
        "derivedMetrics": [
            {"name": "macro_recall", "value": f"({' + '.join(recalls)}) / {len(recalls)}"},
            {"name": "worst_recall", "value": f"min({', '.join(recalls)})"},
        ],
    }
    (folder / "promptfooconfig.json").write_text(json.dumps(config))
    environment = dict(
        os.environ,
        PATH=f"{tools / 'node_modules' / '.bin'}:{os.environ['PATH']}",
        PROMPTFOO_DISABLE_TELEMETRY="1",
        PROMPTFOO_DISABLE_UPDATE="1",
        # Its logger writes to a file that it has closed, now and then, and the exit code is then that of the crash.
        PROMPTFOO_DISABLE_DEBUG_LOG="1",
        PROMPTFOO_DISABLE_ERROR_LOG="1",
        PROMPTFOO_CONFIG_DIR=str(folder / "state"),
        PROMPTFOO_PASS_RATE_THRESHOLD=str(threshold),
    )
    command = ["promptfoo", "eval", "-c", "promptfooconfig.json", "--no-cache", "--no-table", "-o", "out.json"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    (folder / "log.txt").write_text(done.stdout + done.stderr)
    # 100 is its exit code for a pass rate below the threshold.
    if done.returncode not in (0, 100):
        sys.exit(f"promptfoo ended with {done.returncode}, see {folder / 'log.txt'}")
    prompt = json.loads((folder / "out.json").read_text())["results"]["prompts"][0]["metrics"]
    passed = prompt["testPassCount"]
    return {
        "pass_rate_percent": 100 * passed / len(gold),
        "named_scores": prompt["namedScores"],
        "exit_code": done.returncode,
    }


def main():
    tools, run, candidate = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), sys.argv[3]
    incumbent = evaluate(tools, run, "incumbent", 0)
    found = evaluate(tools, run, candidate, incumbent["pass_rate_percent"])
    for name, result in [("incumbent", incumbent), (candidate, found)]:
        scores = result["named_scores"]
        print(
            f"promptfoo {name}: pass rate {result['pass_rate_percent']:.2f}%, exit code {result['exit_code']}, "
            f"macro_recall {scores['macro_recall']:.4f}, worst_recall {scores['worst_recall']:.4f}, "
            f"{len(scores) - 2} named metrics"
        )


if __name__ == "__main__":
    main()
