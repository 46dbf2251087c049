"""The candidate before lm-evaluation-harness, with what the harness has to offer for it.

    python with_lm_eval.py RUN CANDIDATE

RUN is a folder of rows.py. A model that replays a file of predictions answers one task for each category, in a group whose
figure is the mean over all rows: accuracy with the harness's standard errors, of the whole and of each category. Below
them is the test of its own script `scripts/model_comparator.py`, which takes the two models' results as independent:
z = (a - b) / sqrt(se_a^2 + se_b^2).
"""

import json
import logging
import math
import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.api.task import ConfigurableTask
from scipy.stats import norm


class Replay(LM):
    """Answers from a file of predictions, by the document's id."""

    def __init__(self, path):
        super().__init__()
        with open(path, encoding="utf-8") as file:
            self.answers = {row["id"]: row["answer"] for row in map(json.loads, file)}

    def generate_until(self, requests, disable_tqdm=True):
        return [self.answers[request.doc["id"]] for request in requests]

    def loglikelihood(self, requests, disable_tqdm=True):
        raise NotImplementedError

    def loglikelihood_rolling(self, requests, disable_tqdm=True):
        raise NotImplementedError


def task(name, rows, folder):
    data = Path(folder) / f"{name}.json"
    data.write_text(json.dumps(rows))
    return ConfigurableTask(
        config={
            "task": name,
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(data)}},
            "test_split": "test",
            "output_type": "generate_until",
            "doc_to_text": "{{input}}",
            "doc_to_target": "{{label}}",
            "generation_kwargs": {"until": ["\n"]},
            "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
        }
    )


def evaluate(tasks, path):
    results = simple_evaluate(model=Replay(path), tasks=tasks, bootstrap_iters=100_000, verbosity="ERROR")["results"]
    return {
        name: (result["exact_match,none"], result["exact_match_stderr,none"]) for name, result in results.items()
    }


def main():
    logging.disable(logging.WARNING)
    run, candidate = Path(sys.argv[1]), sys.argv[2]
    rows = [json.loads(line) for line in open(run / "gold.jsonl", encoding="utf-8")]
    of_category = defaultdict(list)
    for row in rows:
        of_category[re.sub(r"\W", "_", row["label"])].append(row)
    with tempfile.TemporaryDirectory() as folder:
        tasks = [task("all", rows, folder)]
        tasks += [task(name, some, folder) for name, some in sorted(of_category.items())]
        old, new = (evaluate(tasks, run / f"{model}.jsonl") for model in ("incumbent", candidate))
    for name, results in [("incumbent", old), (candidate, new)]:
        worst = min((key for key in results if key != "all"), key=lambda key: results[key][0])
        print(
            f"lm-eval {name}: exact_match {results['all'][0]:.4f} +- {results['all'][1]:.4f}, "
            f"worst task {worst} {results[worst][0]:.4f} +- {results[worst][1]:.4f}"
        )
    z = (new["all"][0] - old["all"][0]) / math.hypot(new["all"][1], old["all"][1])
    print(f"model_comparator: z {z:.2f}, p {2 * norm.sf(abs(z)):.4f}")
    tested = {
        key: (new[key][0] - old[key][0]) / math.hypot(new[key][1], old[key][1])
        for key in of_category
        if math.hypot(new[key][1], old[key][1]) > 0
    }
    below = sorted(key for key, z in tested.items() if 2 * norm.sf(abs(z)) < 0.05 and z < 0)
    print(f"model_comparator by category: p < 0.05 and lower in {len(below)} of {len(tested)}: {', '.join(below)}")
    print(f"categories without a standard error in either: {len(of_category) - len(tested)}")


if __name__ == "__main__":
    main()
