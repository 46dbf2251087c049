"""The rows that trainers are timed on, as train_peft.py reads them.

All draws are from seed 7. tokenizers and numpy as in requirements.txt.
"""

import json
import random
from pathlib import Path

import ids
import smollm_shaped

SEED = 7
# As lora-train orders an epoch: windows of so many batches are sorted by length.
WINDOW_BATCHES = 16
# After a prompt: tokens of a row, and how many of them, the last ones, are its targets.
ROW_TOKENS, TARGETS = 20, 4
LONGEST_PROMPT = 1000
INVOCATION_TOKENS = 3


def banking77(model, data):
    """Rows of BANKING77's train.csv (Casanueva et al. 2020, arXiv:2003.04807, CC-BY-4.0), a class by its sorted place."""
    rows = ids.read_csv(Path(data) / "train.csv")
    places = {category: place for place, category in enumerate(sorted({row["category"] for row in rows}))}
    tokens = ids.of_texts(model, [row["text"] for row in rows])
    return [{"ids": of_row, "class": places[row["category"]]} for of_row, row in zip(tokens, rows)]


def drawn(rows, count=None):
    """So many of the rows, all unless told otherwise, in random order."""
    return random.Random(SEED).sample(rows, min(count or len(rows), len(rows)))


def relabelled(rows, labels):
    """The same texts with random classes, all of them equally likely: a step costs what the number of labels costs."""
    draw = random.Random(SEED)
    return [row | {"class": draw.randrange(labels)} for row in rows]


def batches(rows, size):
    """An epoch: batches of rows of similar length, in random order; the incomplete one is last."""
    draw = random.Random(SEED)
    order = draw.sample(rows, len(rows))
    found, window = [], size * WINDOW_BATCHES
    for start in range(0, len(order), window):
        similar = sorted(order[start : start + window], key=lambda row: len(row["ids"]))
        found += [similar[first : first + size] for first in range(0, len(similar), size)]
    incomplete = [found.pop()] if len(found[-1]) < size else []
    draw.shuffle(found)
    return found + incomplete


def prompt(length):
    """Random tokens of the decoder of smollm_shaped.py; shorter ones are the ends of longer ones."""
    draw = random.Random(SEED)
    longest = [draw.randrange(smollm_shaped.CONFIG["vocab_size"]) for _ in range(LONGEST_PROMPT)]
    return longest[LONGEST_PROMPT - length :]


def invocation():
    """The tokens that call an activated adapter: those with which every prompt ends."""
    return prompt(INVOCATION_TOKENS)


def after_prompt(length, count):
    """Rows that begin with the same prompt, the same ones after every prompt."""
    draw = random.Random(SEED + 1)
    begin = prompt(length)
    row = lambda: [draw.randrange(smollm_shaped.CONFIG["vocab_size"]) for _ in range(ROW_TOKENS)]
    return [{"ids": begin + row(), "from": length + ROW_TOKENS - TARGETS} for _ in range(count)]


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
