"""What scikit-learn takes for the per-category table of the bench `judge`, on the same rows.

Run:  pip install -r requirements.txt
      GOLD_EVAL_BENCH_CSV=rows.csv cargo bench -p gold-eval --bench judge
      python classification_report.py rows.csv

classification_report gives precision, recall, F1 and their averages; confusion_matrix the pairs. Neither gives an
interval, a paired test, or what the rows can show.
"""

import csv
import statistics
import sys
import time

import numpy
import sklearn
from sklearn.metrics import classification_report, confusion_matrix

with open(sys.argv[1], encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))
as_text = [numpy.array([row[column] for row in rows]) for column in ("label", "answer")]
names = sorted(set(as_text[0]))
number = {name: place for place, name in enumerate(names)}
as_numbers = [numpy.array([number[name] for name in column]) for column in as_text]

print(f"scikit-learn {sklearn.__version__}, numpy {numpy.__version__}, {len(rows)} rows, {len(names)} categories")
for form, (truth, answers) in (("text", as_text), ("numbers", as_numbers)):
    seconds = []
    for _ in range(7):
        start = time.perf_counter()
        classification_report(truth, answers, output_dict=True, zero_division=numpy.nan)
        confusion_matrix(truth, answers)
        seconds.append(time.perf_counter() - start)
    median, spread = statistics.median(seconds), max(seconds) - min(seconds)
    print(f"labels as {form}: {1000 * median:.0f} ms, the median of 7 (spread {1000 * spread:.0f} ms)")
