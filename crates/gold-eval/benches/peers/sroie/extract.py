"""Two extractors of receipts, and the gold set that they are judged on: files for the example `gate`.

SROIE's receipts (Huang et al. 2019, arXiv:2103.10213) are read from the path that is given; nothing of them is kept here.
Half of the receipts, drawn by the hash of their text, are the gold set; of the others those train the second extractor that
are like none of these. Shops print the same receipt again and again: without that a third of the gold set had a near
duplicate among the training receipts.

- `rules`: regular expressions as a team would write them in an afternoon, looking at a dozen receipts.
- `learnt`: logistic regression over the lines of a receipt (is this line of the company, of the address?) and over its dates
  and amounts (is it the one?), with features of the line, its place and its neighbours.

Run:  pip install -r requirements.txt
      python extract.py RECEIPTS.jsonl OUT      (CPython 3.11; deterministic)

It writes `gold.jsonl`, `rules.jsonl`, `learnt.jsonl`, `prompt.txt` and `train.jsonl` (what the second one has seen) to OUT.
"""

import hashlib
import json
import pathlib
import re
import sys

from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

MONTHS = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
DATE = re.compile(
    rf"\b\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:\d{{4}}|\d{{2}})\b|\b\d{{4}}[/.-]\d{{1,2}}[/.-]\d{{1,2}}\b"
    rf"|\b\d{{1,2}}[ /-]?{MONTHS}[ /-]?,? ?\d{{2,4}}\b|\b{MONTHS} \d{{1,2}},? \d{{4}}\b",
    re.IGNORECASE,
)
AMOUNT = re.compile(r"(?<![\d.,])(?:RM|\$)? ?\d{1,3}(?:,\d{3})*\.\d{2}(?!\d|\.\d)", re.IGNORECASE)
COMPANY = re.compile(r"\b(sdn|bhd|enterprise|trading|restaurant|restoran|kedai|mart|store|hardware|shop|ent)\b", re.IGNORECASE)
ADDRESS = re.compile(
    r"\b(jalan|jln|lot|taman|tmn|no\.?|lorong|bandar|kuala|lumpur|selangor|johor|melaka|penang|persiaran|seksyen|\d{5})\b",
    re.IGNORECASE,
)
ADDRESS_END = re.compile(r"\b(tel|fax|gst|phone|email|reg|invoice|receipt|tax|cash|date|bill)\b|@|www", re.IGNORECASE)
TOTAL = re.compile(r"total|amount due|nett?\b", re.IGNORECASE)
NOT_TOTAL = re.compile(r"sub|qty|quantity|item|saving|disc|tax|gst|excl", re.IGNORECASE)


def lines_of(text):
    return [line.strip() for line in text.split("\n") if line.strip()]



def rule_company(lines):
    for line in lines[:6]:
        if COMPANY.search(line) and not ADDRESS.match(line):
            return re.sub(r"\s*\(?\d{4,}-?[A-Z]\)?\s*$", "", line)
    return lines[0] if lines else None


def rule_address(lines):
    start = next((at for at, line in enumerate(lines[:10]) if at > 0 and ADDRESS.search(line)), None)
    if start is None:
        return None
    parts = []
    for line in lines[start : start + 5]:
        if ADDRESS_END.search(line):
            break
        parts.append(line)
    return " ".join(parts) or None


def rule_total(lines):
    best = None
    for at, line in enumerate(lines):
        if TOTAL.search(line) and not NOT_TOTAL.search(line):
            for near in lines[at : at + 3]:
                found = AMOUNT.findall(near)
                if found:
                    best = found[-1].strip()
                    break
    return best


def rule_answer(text):
    lines = lines_of(text)
    date = DATE.search(text)
    return {
        "company": rule_company(lines),
        "date": date.group() if date else None,
        "address": rule_address(lines),
        "total": rule_total(lines),
    }



def shape(line):
    return re.sub(r"9+", "9", re.sub(r"[A-Z]", "A", re.sub(r"\d", "9", line.upper())))


def line_features(lines, at):
    features = {"at": min(at, 12) / 12, f"at={min(at, 8)}": 1, "length": len(lines[at]) / 40}
    for offset in (-1, 0, 1):
        if not 0 <= at + offset < len(lines):
            features[f"{offset}:edge"] = 1
            continue
        line = lines[at + offset].upper()
        for word in re.findall(r"[A-Z]+|\d+", line):
            features[f"{offset}:{word if not word.isdigit() else '9' * len(word)}"] = 1
        features[f"{offset}:ends={line[-1]}"] = 1
        features[f"{offset}:digits"] = sum(c.isdigit() for c in line) / len(line)
    return features


def found_features(lines, at, match, rank, count):
    features = line_features(lines, at) | {"rank": rank / max(count, 1), "last": rank == count - 1, "first": rank == 0}
    features["shape=" + shape(match)] = 1
    for back in range(1, 5):
        if at - back >= 0:
            for word in re.findall(r"[A-Z]+", lines[at - back].upper()):
                features[f"above:{word}"] = 1
    features["left=" + shape(lines[at].split(match)[0])[-12:]] = 1
    return features


def amount_features(found, value):
    values = [float(re.sub(r"[^\d.]", "", other)) for _, other in found]
    own = float(re.sub(r"[^\d.]", "", value))
    return {
        "largest": own == max(values),
        "repeated": sum(own == other for other in values),
        "larger": sum(other > own for other in values) / len(values),
    }


def squeezed(text):
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def candidates(lines, pattern):
    return [(at, match.group().strip()) for at, line in enumerate(lines) for match in pattern.finditer(line)]


def features_of(lines, found, field):
    for rank, (at, match) in enumerate(found):
        features = found_features(lines, at, match, rank, len(found))
        yield features | (amount_features(found, match) if field == "total" else {})


def is_line_of(line, value):
    squeezed_line = squeezed(line)
    return len(squeezed_line) > 2 and (squeezed_line in squeezed(value) or squeezed(value) in squeezed_line)


def train(receipts):
    models, rows = {}, {field: ([], []) for field in ("company", "address", "date", "total")}
    for receipt in receipts:
        lines, fields = lines_of(receipt["text"]), receipt["fields"]
        for field in ("company", "address"):
            for at in range(min(len(lines), 15)):
                rows[field][0].append(line_features(lines, at))
                rows[field][1].append(is_line_of(lines[at], fields.get(field) or "\0"))
        for field, pattern in (("date", DATE), ("total", AMOUNT)):
            found = candidates(lines, pattern)
            for features, (_, match) in zip(features_of(lines, found, field), found):
                rows[field][0].append(features)
                value = re.sub(r"[^A-Z0-9.]", "", (fields.get(field) or "\0").upper()).lstrip("RM")
                rows[field][1].append(value == re.sub(r"[^A-Z0-9.]", "", match.upper()).lstrip("RM"))
    for field, (features, labels) in rows.items():
        model = make_pipeline(DictVectorizer(), LogisticRegression(C=3.0, max_iter=3000))
        models[field] = model.fit(features, labels)
    return models


def learnt_answer(models, text):
    lines, answer = lines_of(text), {}
    top = lines[:15]
    for field in ("company", "address"):
        scores = models[field].predict_proba([line_features(lines, at) for at in range(len(top))])[:, 1] if top else []
        kept = [at for at, score in enumerate(scores) if score >= 0.5]
        if field == "company" and not kept and top:
            kept = [int(scores.argmax())]
        # Lines of one value stand together: what follows a gap of more than one line is something else.
        kept = [at for place, at in enumerate(kept) if at - kept[0] <= place + 1]
        answer[field] = " ".join(top[at] for at in kept) or None
    for field, pattern in (("date", DATE), ("total", AMOUNT)):
        found = candidates(lines, pattern)
        if found:
            scores = models[field].predict_proba(list(features_of(lines, found, field)))[:, 1]
            answer[field] = found[int(scores.argmax())][1]
        else:
            answer[field] = None
    if answer["company"]:
        answer["company"] = re.sub(r"\s*\(?\d{4,}-?[A-Z]\)?\s*$", "", answer["company"])
    return answer



def is_gold(receipt):
    return hashlib.sha256(receipt["text"].encode()).digest()[0] % 2 == 0


def shingles(receipt):
    text = " ".join(re.findall(r"[a-z0-9]+", receipt["text"].lower()))
    return {text[at : at + 3] for at in range(len(text) - 2)}


def unlike(receipts, gold):
    """The receipts whose Jaccard similarity with every gold receipt is below 0.7, on character 3-grams."""
    sets = [shingles(receipt) for receipt in gold]

    def nearest(own):
        return max(len(own & other) / len(own | other) for other in sets)

    return [receipt for receipt in receipts if nearest(shingles(receipt)) < 0.7]


def gold_row(receipt):
    # An empty value was not annotated; nobody says that the receipt has none.
    fields = {name: value for name, value in receipt["fields"].items() if value.strip()}
    return {"id": receipt["id"], "input": receipt["text"], "fields": fields}


def write(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def main():
    source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    receipts = [json.loads(line) for line in source.read_text().splitlines()]
    gold = [receipt for receipt in receipts if is_gold(receipt)]
    rest = unlike([receipt for receipt in receipts if not is_gold(receipt)], gold)
    models = train(rest)
    write(out / "gold.jsonl", map(gold_row, gold))
    # The rules' answers as text with prose around them, as a chat model would write them; the others as objects.
    write(
        out / "rules.jsonl",
        ({"id": r["id"], "answer": "```json\n" + json.dumps(rule_answer(r["text"])) + "\n```"} for r in gold),
    )
    write(out / "learnt.jsonl", ({"id": r["id"], "fields": learnt_answer(models, r["text"])} for r in gold))
    chat = lambda r: [{"role": "user", "content": r["text"]}, {"role": "assistant", "content": json.dumps(r["fields"])}]
    write(out / "train.jsonl", ({"id": r["id"], "messages": chat(r)} for r in rest))
    (out / "prompt.txt").write_text("Hand-written rules, version of the file extract.py.\n")
    print(f"{len(gold)} gold rows, {len(rest)} receipts to learn from")


if __name__ == "__main__":
    main()
