"""BLEU, chrF, chrF++ and ROUGE-L of random sentences, from sacrebleu and rouge-score.

Run:  pip install "sacrebleu==2.6.0" "rouge-score==0.1.2"
      python overlap.py      (writes overlap.json beside itself; seed 20261126, float64)
The sentences are generated here: words of restaurants and of match reports with numbers, signs, markup, accents and
odd white space, one to five references for each.
"""

import json
import pathlib
import random

import sacrebleu
from rouge_score import rouge_scorer

random.seed(20261126)
WORDS = (
    "the a pub restaurant near river is serves cheap food Café naïve it's isn't family-friendly £20-25 3.5 1,234 "
    "kids 5 out of (new) \"best\" &amp; <b> 20% x.y end. U.S. e.g., well-known straße 東京 -3 #1 a/b what? no!"
).split()
SPACES = [" "] * 12 + ["  ", "\t", "\u00a0", "\u2009"]


def sentence(words):
    return "".join(word + random.choice(SPACES) for word in words) + random.choice(["", ".", " .", "!", "\n"])


def near(words):
    words = list(words)
    for _ in range(random.randint(0, 4)):
        act = random.random()
        place = random.randrange(len(words) + 1)
        if act < 0.4 and words:
            words[place % len(words)] = random.choice(WORDS)
        elif act < 0.7 and words:
            del words[place % len(words)]
        else:
            words.insert(place, random.choice(WORDS))
    return words


def cases():
    for number in range(300):
        base = [random.choice(WORDS) for _ in range(random.choice([1, 2, 3, 5, 8, 13, 21]))]
        references = [sentence(near(base)) for _ in range(random.randint(1, 5))]
        references = [r if r.strip() else "none" for r in references]
        hypothesis = sentence(near(base)) if number % 10 else random.choice(["", " ", "東", "x", sentence(base)])
        yield {"hypothesis": hypothesis, "references": references}


def corpus(metric, rows):
    width = max(len(row["references"]) for row in rows)
    streams = [[(row["references"] + [None] * width)[i] for row in rows] for i in range(width)]
    return metric.corpus_score([row["hypothesis"] for row in rows], streams).score


metrics = {
    "bleu": sacrebleu.BLEU(effective_order=True),
    "chrf": sacrebleu.CHRF(),
    "chrf_plus_plus": sacrebleu.CHRF(word_order=2),
}
rouge = rouge_scorer.RougeScorer(["rougeL"])
rows = list(cases())
for row in rows:
    for name, metric in metrics.items():
        row[name] = metric.sentence_score(row["hypothesis"], row["references"]).score
    row["rouge_l"] = rouge.score_multi(row["references"], row["hypothesis"])["rougeL"].fmeasure
corpora = []
for begin, end in [(0, 300), (0, 1), (5, 15), (100, 200), (290, 300)]:
    found = {"begin": begin, "end": end, "bleu": corpus(sacrebleu.BLEU(), rows[begin:end])}
    found |= {name: corpus(metrics[name], rows[begin:end]) for name in ("chrf", "chrf_plus_plus")}
    corpora.append(found)
path = pathlib.Path(__file__).with_name("overlap.json")
path.write_text(json.dumps({"sacrebleu": sacrebleu.__version__, "rows": rows, "corpora": corpora}) + "\n")
