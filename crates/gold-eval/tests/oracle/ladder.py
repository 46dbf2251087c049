"""The Ladder by its definition, on loss vectors: oracle of gold-eval's Ladder.

    python -m venv .venv && .venv/bin/pip install scipy==1.17.1
    .venv/bin/python ladder.py > ladder.json

Blum and Hardt 2015, arXiv:1502.04585: algorithm 1 (fixed step) and algorithm 2 (parameter-free), as in the authors'
Ladder.jl, whose standard deviation is that of a sample (n - 1). Comparisons are made in fractions, so that ties are ties.
The third is the paired test at level alpha / (j (j + 1)), by SciPy's exact binomial test.
"""

import json
import random
from fractions import Fraction

from scipy.stats import binomtest

ROWS = 203


def variance_of_sample(values):
    mean = Fraction(sum(values), len(values))
    return sum((value - mean) ** 2 for value in values) / Fraction(len(values) - 1)


def fixed(losses, size):
    """Algorithm 1: losses are released in multiples of the step."""
    released, best = [], None
    for loss in losses:
        risk = Fraction(sum(loss), len(loss))
        if best is None or risk < best - size:
            best = round(risk / size) * size
        released.append(float(1 - best))
    return released


def by_pairs(losses, is_step):
    """Algorithm 2 with a test of its own: the differences to the best so far decide."""
    released, best, comparison = [], None, 0
    for loss in losses:
        if best is None:
            best = loss
        else:
            comparison += 1
            if is_step([b - a for a, b in zip(loss, best)], comparison):
                best = loss
        released.append(1 - sum(best) / len(best))
    return released


def standard_error(differences, _comparison):
    mean = Fraction(sum(differences), len(differences))
    return mean > 0 and mean**2 > variance_of_sample(differences) / len(differences)


def significant(differences, comparison, alpha=0.05):
    gains, losses = differences.count(1), differences.count(-1)
    if gains + losses == 0:
        return False
    p = binomtest(gains, gains + losses, 0.5, alternative="greater").pvalue
    return p <= alpha / (comparison * (comparison + 1))


def bits(loss):
    right = "".join(str(1 - value) for value in loss)
    right += "0" * (-len(right) % 4)
    digits = "".join(f"{int(right[i:i + 4], 2):x}" for i in range(0, len(right), 4))
    return f"bits1:{len(loss)}:{digits}"


def main():
    random.seed(20150215)
    worlds = []
    for rise in (0.0, 0.15, 0.3):
        hardness = [random.random() for _ in range(ROWS)]
        losses = []
        for number in range(30):
            accuracy = 0.6 + rise * number / 29
            own = [h if random.random() < 0.7 else random.random() for h in hardness]
            losses.append([int(h >= accuracy) for h in own])
        worlds.append({
            "candidates": [bits(loss) for loss in losses],
            "fixed_0.01": fixed(losses, Fraction(1, 100)),
            "fixed_0.04": fixed(losses, Fraction(4, 100)),
            "standard_error": by_pairs(losses, standard_error),
            "significant": by_pairs(losses, significant),
        })
    print(json.dumps(worlds))


main()
