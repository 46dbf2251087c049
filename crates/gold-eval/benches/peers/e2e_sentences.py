"""Two systems that describe the restaurants of the E2E challenge, and the files by which `gate` judges them.

Run:  pip install -r requirements-sentences.txt
      python e2e_sentences.py FOLDER_OF_E2E OUT

FOLDER_OF_E2E holds devset.csv and testset_w_refs.csv of the E2E NLG challenge (Novikova, Dusek and Rieser 2017). Both
systems learn from the development set alone and answer the meaning representations of the test set:

- template: sentences written by hand, one clause for each field, in a fixed order.
- nearest: the sentence of the most similar development row (TF-IDF over the pairs of field and value, cosine, with a
  weight on having the same fields), with name and near exchanged for the row's own, and with the words of other fields
  exchanged where the development sentence has the value word for word. It is fluent, and says what the other row holds.

OUT gets gold.jsonl, template.jsonl, nearest.jsonl and prompt.txt, and for a look at how often the checks find fault with people
human-gold.jsonl and human.jsonl: every reference as the answer to a row of its own, which holds the others.
"""

import collections
import csv
import json
import pathlib
import re
import sys

from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics.pairwise import cosine_similarity

EXCHANGED = ["name", "near", "eatType", "food", "area", "priceRange", "customer rating"]


def rows(path):
    """Meaning representations with their sentences, in the order of the file."""
    found = collections.OrderedDict()
    with open(path, encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            row = dict(re.findall(r"([^,\[\]]+)\[([^\]]*)\]", line["mr"].replace(", ", ",")))
            found.setdefault(tuple(row.items()), []).append(line["ref"].strip())
    return [(dict(row), sentences) for row, sentences in found.items()]


def template(row):
    """A clause for each field."""
    kind = row.get("eatType", "venue")
    first = f"{row['name']} is {'an' if kind[0] in 'aeiou' else 'a'} {kind}"
    if "food" in row:
        first += f" that serves {row['food']} food"
    if "area" in row:
        first += {"riverside": " in the riverside area", "city centre": " in the city centre"}[row["area"]]
    if "near" in row:
        first += f" near {row['near']}"
    more = []
    price = row.get("priceRange")
    if price:
        is_word = price in ("cheap", "moderate", "high")
        amount = price.replace("£20-25", "between £20 and £25")
        more.append(f"Its prices are {price}" if is_word else f"A meal costs {amount}")
    if "customer rating" in row:
        more.append(f"Its customer rating is {row['customer rating']}")
    if "familyFriendly" in row:
        more.append("It is family-friendly" if row["familyFriendly"] == "yes" else "It is not family-friendly")
    return ". ".join([first, *more]) + "."


class Nearest:
    def __init__(self, known):
        self.known = [(row, sentence) for row, sentences in known for sentence in sentences]
        self.vectorizer, self.weights = DictVectorizer(), TfidfTransformer()
        counts = self.vectorizer.fit_transform(self.features(row) for row, _ in self.known)
        self.matrix = self.weights.fit_transform(counts)

    @staticmethod
    def features(row):
        return {f"{name}={value}": 1 for name, value in row.items()} | {f"has {name}": 2 for name in row}

    def answer(self, row):
        asked = self.weights.transform(self.vectorizer.transform([self.features(row)]))
        similar = cosine_similarity(asked, self.matrix)[0]
        # Among equals the first of the file.
        other, sentence = self.known[int(similar.argmax())]
        for name in EXCHANGED:
            if name in row and name in other:
                sentence = re.sub(re.escape(other[name]), lambda _: row[name], sentence, flags=re.IGNORECASE)
        return sentence


def write(path, lines):
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def main(folder, out):
    known, asked = rows(folder / "devset.csv"), rows(folder / "testset_w_refs.csv")
    out.mkdir(parents=True, exist_ok=True)
    nearest = Nearest(known)
    gold, held = [], []
    answers = {"template": [], "nearest": [], "human": []}
    for number, (row, references) in enumerate(asked):
        name = f"test-{number:03}"
        gold.append({"id": name, "row": row, "references": references})
        answers["template"].append({"id": name, "answer": template(row)})
        answers["nearest"].append({"id": name, "answer": nearest.answer(row)})
        for one, reference in enumerate(references):
            others = references[:one] + references[one + 1 :]
            held.append({"id": f"{name}-{one}", "row": row, "references": others})
            answers["human"].append({"id": f"{name}-{one}", "answer": reference})
    write(out / "gold.jsonl", gold)
    write(out / "human-gold.jsonl", held)
    for system, lines in answers.items():
        write(out / f"{system}.jsonl", lines)
    (out / "prompt.txt").write_text("Describe the restaurant in one or two sentences.\n", encoding="utf-8")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
