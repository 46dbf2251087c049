"""Token ids of some texts, once for all engines.

Usage:  python ids.py MODEL_DIR TEXTS.csv OUT [ROWS]

MODEL_DIR holds tokenizer.json; TEXTS.csv has a column `text`, as BANKING77's test.csv has (Casanueva et al. 2020,
arXiv:2003.04807, CC-BY-4.0). Draws ROWS texts (640 unless told otherwise, which 8, 32 and 128 divide) with seed 7, in
random order, and writes OUT/ids.jsonl (a list of ids a line) and OUT/texts.jsonl (the same texts as JSON strings).

tokenizers as in requirements.txt.
"""

import csv
import json
import random
import sys
from pathlib import Path

from tokenizers import Tokenizer


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def of_texts(model, texts):
    """Whole texts, however long, as lists of ids."""
    tokenizer = Tokenizer.from_file(str(Path(model) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return [encoding.ids for encoding in tokenizer.encode_batch(texts)]


def main(model, texts, out, rows=640):
    found = [row["text"] for row in read_csv(texts)]
    if len(found) < rows:
        raise SystemExit(f"{texts} has {len(found)} rows, not {rows}")
    chosen = random.Random(7).sample(found, rows)
    ids = of_texts(model, chosen)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for name, lines in (("ids.jsonl", ids), ("texts.jsonl", chosen)):
        (out / name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        raise SystemExit(__doc__)
    main(*sys.argv[1:4], *map(int, sys.argv[4:]))
