"""BANKING77 as a gold set, and the answers of real models to it.

    python rows.py --banking77 FOLDER --out OUT [--adapter predictions.jsonl] [--per-category 40]

FOLDER holds the published train.csv and test.csv (text,category). Three models answer the test rows:

- incumbent: TF-IDF of words with logistic regression, scikit-learn's defaults, trained on all of train.csv;
- svm: a linear SVM on words and character n-grams, a better model, trained on the same rows but for those of
  pending_transfer, of which it gets three: as after a curation that lost a category;
- adapter: with --adapter, the predictions.jsonl of any model whose ids are test-0000 to test-3079 in the order of
  test.csv, as `examples/banking77` writes it.

With --per-category only the first so many test rows of each category are kept. OUT gets task.toml, gold.jsonl,
incumbent.jsonl, svm.jsonl and adapter.jsonl.
"""

import argparse
import csv
import json
from collections import Counter
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

LOST, LEFT = "pending_transfer", 3


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


def write_lines(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def first(rows, most):
    """The first rows of each label, at most as many as most(label)."""
    seen = Counter()
    for text, label in rows:
        seen[label] += 1
        if seen[label] <= most(label):
            yield text, label


def answers(model, train, texts):
    model.fit([text for text, _ in train], [label for _, label in train])
    return model.predict(texts)


def write_task(path, labels):
    with open(path, "w", encoding="utf-8") as file:
        file.write('name = "banking77"\nsystem = "Name the intent of the customer\'s question to their bank."\n')
        file.write('\n[output]\nkind = "labels"\n')
        for label in labels:
            file.write(f"\n[[output.labels]]\nname = {json.dumps(label)}\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--banking77", type=Path, required=True)
    parser.add_argument("--adapter", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--per-category", type=int, default=10**9)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    train, test = read(args.banking77 / "train.csv"), read(args.banking77 / "test.csv")
    ids = {row: f"test-{number:04}" for number, row in enumerate(test)}
    kept = [(ids[row], *row) for row in first(test, lambda _: args.per_category)]
    texts = [text for _, text, _ in kept]
    write_task(args.out / "task.toml", sorted({label for _, label in train}))
    write_lines(args.out / "gold.jsonl", ({"id": i, "input": text, "label": label} for i, text, label in kept))

    words = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    features = make_union(
        TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)),
        TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 5)),
    )
    without = list(first(train, lambda label: LEFT if label == LOST else 10**9))
    models = {
        "incumbent": answers(words, train, texts),
        "svm": answers(make_pipeline(features, LinearSVC()), without, texts),
    }
    if args.adapter:
        with open(args.adapter, encoding="utf-8") as file:
            answer = {row["id"]: row["answer"] for row in map(json.loads, file)}
        models["adapter"] = [answer[i] for i, _, _ in kept]
    for name, found in models.items():
        write_lines(
            args.out / f"{name}.jsonl",
            ({"id": i, "answer": str(label)} for (i, _, _), label in zip(kept, found)),
        )


if __name__ == "__main__":
    main()
