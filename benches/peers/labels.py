"""Wrong labels planted in BANKING77, found by Rightsize and by cleanlab, as Markdown.

Usage:  cargo build --release -p distill-data --example wrong_labels
        python3 -m venv DIR && DIR/bin/pip install --requirement benches/peers/requirements-labels.txt
        DIR/bin/python benches/peers/labels.py --banking77 BANKING77/train.csv --work WORK [--help]

Noise: a share of the rows, drawn without replacement by a seeded generator, gets another label. Confusable: that of the
class with which its own is confused most, by the out-of-fold predictions (stratified, 5 folds) of a logistic regression on
TF-IDF that was fitted on the labels as published; ties by the mean probability. Nearest: that of the text of another class
that is nearest by the cosine of the same TF-IDF, so that errors depend on the text. Uniform: any other class alike. What is
already wrong in the data set as published counts against everybody.

Who finds them: `wrong_labels`, with our own probabilities and with cleanlab's; cleanlab as its documentation has it, with
scikit-learn's TF-IDF and LogisticRegression through CleanLearning (stratified, 5 folds, ranked by its label_quality), and by
each of its filters; cleanlab with our probabilities. Precision at equal recall is that of the top of cleanlab's ranking at
which its recall is that of our suspects. Intervals are of the mean over seeds, at 95%, by Student's t.

On the same probabilities, the methods that both have are held against each other row by row, and each difference is put
down to its cause. Python 3.11 or newer.
"""

import argparse
import csv
import json
import os
import subprocess
import time
import warnings
from pathlib import Path

import numpy as np
from cleanlab.classification import CleanLearning
from cleanlab.count import calibrate_confident_joint, compute_confident_joint
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from scipy import stats
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

warnings.filterwarnings("ignore")
REPOSITORY = Path(__file__).resolve().parent.parent.parent
METHODS = {"off-diagonal": "confident_learning", "prune-by-class": "prune_by_class",
           "prune-by-noise-rate": "prune_by_noise_rate", "prune-by-both": "both"}


def arguments():
    parser = argparse.ArgumentParser(description="Wrong labels in BANKING77, by Rightsize and by cleanlab")
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    parser.add_argument("--banking77", type=Path, required=True, help="BANKING77's train.csv")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--ours", type=Path, default=target / "release/examples/wrong_labels")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cases", default="confusable-5,nearest-5,uniform-5,confusable-2,confusable-10")
    return parser.parse_args()


def regression(texts, labels):
    """Out-of-fold probabilities as cleanlab's documentation makes them, and what they took."""
    start = time.perf_counter()
    vectors = TfidfVectorizer().fit_transform(texts)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = LogisticRegression(max_iter=1000)
    return cross_val_predict(model, vectors, labels, cv=folds, method="predict_proba"), time.perf_counter() - start


def most_confusable(texts, labels):
    probabilities, _ = regression(texts, labels)
    classes = probabilities.shape[1]
    confusion = np.zeros((classes, classes))
    np.add.at(confusion, (labels, probabilities.argmax(1)), 1)
    # Mean probabilities are below 1: they only break ties.
    confusion += np.stack([probabilities[labels == label].mean(0) for label in range(classes)])
    np.fill_diagonal(confusion, -1)
    return confusion.argmax(1)


def nearest_of_another(texts, labels):
    """The label of the nearest text of another class, for each text."""
    vectors = TfidfVectorizer().fit_transform(texts)
    cosine = (vectors @ vectors.T).toarray()
    cosine[labels[:, None] == labels[None]] = -1
    return labels[cosine.argmax(1)]


def plant(kind, share, seed, labels, confusable, nearest):
    rng = np.random.default_rng([seed, share, kind == "uniform"])
    wrong = rng.choice(len(labels), round(len(labels) * share / 100), replace=False)
    given = labels.copy()
    if kind == "confusable":
        given[wrong] = confusable[labels[wrong]]
    elif kind == "nearest":
        given[wrong] = nearest[wrong]
    else:
        classes = labels.max() + 1
        given[wrong] = (labels[wrong] + rng.integers(1, classes, len(wrong))) % classes
    return given


def ours(options, rows, *more):
    """Suspected rows, the suspicion of each row, our probabilities, and the seconds of the whole program."""
    paths = {name: options.work / name for name in ("suspects.jsonl", "suspicions.npy", "ours.npy")}
    command = [options.ours, "--rows", rows, "--out", paths["suspects.jsonl"], "--write-suspicions", paths["suspicions.npy"],
               "--write-probabilities", paths["ours.npy"], *more]
    start = time.perf_counter()
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    seconds = time.perf_counter() - start
    suspicions = np.load(paths["suspicions.npy"])[:, 0]
    found = np.zeros(len(suspicions), bool)
    found[[json.loads(line)["row"] for line in paths["suspects.jsonl"].read_text().splitlines()]] = True
    return found, suspicions, np.load(paths["ours.npy"]), seconds


def measures(found, wrong, ranking=None, seconds=float("nan")):
    hits = (found & wrong).sum()
    precision, recall = hits / max(found.sum(), 1), hits / wrong.sum()
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    average = average_precision_score(wrong, ranking) if ranking is not None else float("nan")
    return {"flagged": found.sum(), "precision": precision, "recall": recall, "F1": f1,
            "average precision": average, "seconds": seconds}


def precision_at_recall(ranking, wrong, recall):
    hits = np.cumsum(wrong[np.argsort(-ranking, kind="stable")])
    rows = int(np.searchsorted(hits, recall * wrong.sum())) + 1
    return hits[rows - 1] / rows


def rounded(cells):
    """cleanlab's rounding to whole rows of the same sum, by a stable sort: ours."""
    whole = cells.round()
    missing = int(cells.sum().round() - whole.sum())
    order = np.argsort(cells - whole, kind="stable")
    whole[order[::-1][:missing] if missing > 0 else order[:-missing]] += np.sign(missing)
    return whole


def differences(name, probabilities, given, reference, found):
    """Why cleanlab's rows are not ours, by cause."""
    classes = probabilities.shape[1]
    counts = np.bincount(given, minlength=classes)
    own = probabilities[np.arange(len(given)), given]
    means = np.array([own[given == label].mean(dtype=np.float64) for label in range(classes)])
    exact, near = probabilities >= means, probabilities >= means - 1e-6
    within = np.where(exact, probabilities, -1).argmax(1)
    joint = compute_confident_joint(given, probabilities, calibrate=False)
    cells = joint / joint.sum(1, keepdims=True) * counts[:, None]
    # Of equal remainders, which is rounded up to keep the sum is up to the order of a sort, which numpy does not promise.
    reordered = (calibrate_confident_joint(joint, given) != np.array([rounded(row) for row in cells])).any(1)
    causes = {"several confident classes, and the most probable of all is none of them": 0,
              "a threshold is missed by less than 1e-6": 0,
              "equal remainders of the label's counts, rounded otherwise": 0, "unexplained": 0}
    most_confident, near_miss, ties, unexplained = causes
    for row in np.flatnonzero(reference != found):
        if name != "off-diagonal" and reordered[given[row]]:
            causes[ties] += 1
        elif (exact[row] != near[row]).any():
            causes[near_miss] += 1
        elif exact[row].sum() > 1 and within[row] != probabilities[row].argmax():
            causes[most_confident] += 1
        else:
            causes[unexplained] += 1
    return causes


def same_probabilities(options, rows, given):
    """How many rows each method of both finds on our probabilities, and how many only one of them does."""
    *_, probabilities, _ = ours(options, rows)
    # What our program keeps adds up to a little less than 1; both sides see it as it is, row for row.
    probabilities /= probabilities.sum(1, keepdims=True)
    matrix = options.work / "same.npy"
    np.save(matrix, probabilities.astype(np.float32))
    probabilities = np.load(matrix)
    lines = []
    for name, method in METHODS.items():
        reference = find_label_issues(given, probabilities, filter_by=method, n_jobs=1)
        found, *_ = ours(options, rows, "--probabilities", matrix, "--pooled-rows", "0", "--method", name)
        causes = differences(name, probabilities, given, reference, found)
        lines.append((name, found.sum(), reference.sum(), (found & ~reference).sum(), (reference & ~found).sum(),
                      causes))
    return lines


def one(options, rows, given, labels):
    """What everybody finds in one planted file."""
    wrong = given != labels
    texts = [json.loads(line)["input"] for line in rows.read_text().splitlines()]
    found, suspicions, probabilities, seconds = ours(options, rows)
    result = {"Rightsize": measures(found, wrong, suspicions, seconds)}
    for name in METHODS:
        listed, *_ = ours(options, rows, "--method", name)
        result[f"Rightsize, {name}"] = measures(listed, wrong)
    reference, seconds = regression(texts, given)
    start = time.perf_counter()
    issues = CleanLearning(LogisticRegression(max_iter=1000)).find_label_issues(
        labels=given, pred_probs=reference)
    seconds += time.perf_counter() - start
    quality = -issues["label_quality"].to_numpy()
    default = measures(issues["is_label_issue"].to_numpy(), wrong, quality, seconds)
    result["cleanlab, default"] = default
    recall = result["Rightsize"]["recall"]
    result["Rightsize"]["precision at our recall"] = result["Rightsize"]["precision"]
    default["precision at our recall"] = precision_at_recall(quality, wrong, recall)
    for method in METHODS.values():
        for name, source in (("its own probabilities", reference), ("our probabilities", probabilities)):
            source = source / source.sum(1, keepdims=True)
            flagged = find_label_issues(given, source, filter_by=method, n_jobs=1)
            result[f"cleanlab, {method}, {name}"] = measures(flagged, wrong)
    for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
        ranking = -get_label_quality_scores(given, probabilities / probabilities.sum(1, keepdims=True), method=method)
        average = average_precision_score(wrong, ranking)
        result[f"cleanlab, ranked by {method}, our probabilities"] = {"average precision": average}
    matrix = options.work / "regression.npy"
    np.save(matrix, reference.astype(np.float32))
    found, suspicions, *_ = ours(options, rows, "--probabilities", matrix)
    result["Rightsize, cleanlab's probabilities"] = measures(found, wrong, suspicions)
    return result


def interval(values):
    mean = np.mean(values)
    if np.isnan(mean) or len(values) < 2:
        return "" if np.isnan(mean) else f"{mean:.3f}"
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    digits = 0 if mean > 20 else 3
    return f"{mean:.{digits}f} ± {half:.{digits}f}"


def main():
    options = arguments()
    options.work.mkdir(parents=True, exist_ok=True)
    with open(options.banking77, newline="") as file:
        published = list(csv.DictReader(file))
    texts = [row["text"] for row in published]
    names = sorted({row["category"] for row in published})
    labels = np.array([names.index(row["category"]) for row in published])
    confusable, nearest = most_confusable(texts, labels), nearest_of_another(texts, labels)
    for case in options.cases.split(","):
        kind, share = case.split("-")
        results = []
        for seed in range(options.seeds):
            given = plant(kind, int(share), seed, labels, confusable, nearest)
            rows = options.work / f"{case}-{seed}.jsonl"
            rows.write_text("".join(json.dumps({"input": text, "label": names[label]}) + "\n"
                                    for text, label in zip(texts, given)))
            results.append(one(options, rows, given, labels))
            if seed == 0:
                print(f"\n### {case}% of {len(labels)} labels, the same probabilities, seed 0\n")
                print("| method | ours | cleanlab | only ours | only cleanlab | causes |\n|---|---|---|---|---|---|")
                for name, *counts, causes in same_probabilities(options, rows, given):
                    causes = "; ".join(f"{count} {cause}" for cause, count in causes.items() if count)
                    print(f"| {name} | {' | '.join(map(str, counts))} | {causes} |")
        columns = ["flagged", "precision", "recall", "F1", "average precision", "precision at our recall", "seconds"]
        print(f"\n### {case}%, {options.seeds} seeds\n\n| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
        for name in results[0]:
            cells = [interval([result[name].get(column, float("nan")) for result in results]) for column in columns]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
        (options.work / f"{case}.json").write_text(json.dumps(results, default=float))


if __name__ == "__main__":
    main()
