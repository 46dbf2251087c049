"""Reference values for the metrics of gold-eval on random answers, from libraries that this project did not write.

Run:  pip install "numpy==2.4.6" "scipy==1.17.1" "statsmodels==0.15.0" "scikit-learn==1.9.1"
      python metric_values.py      (writes metric_values.json beside itself; seed 20261126, float64)

What a library leaves undefined is null here: scikit-learn's zero_division=nan, and a correlation or a kappa of a
single label, for which it warns and gives 0 or nan.
"""

import json
import math
import pathlib
import warnings
from fractions import Fraction

import numpy
import scipy
import sklearn
import statsmodels
from scipy.stats import ttest_1samp, ttest_rel
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    cohen_kappa_score,
    confusion_matrix,
    log_loss,
    matthews_corrcoef,
    precision_recall_fscore_support,
)
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

rng = numpy.random.default_rng(20261126)
# Undefined figures and sums of probabilities are dealt with here, not warned of.
warnings.filterwarnings("ignore")


def number(value):
    return None if value is None or math.isnan(value) else float(value)


def figures(truth, answers, labels):
    """Answers of -1 are outside the task: one more label, that no row has."""
    present = sorted(set(truth))
    each = precision_recall_fscore_support(truth, answers, labels=present, zero_division=numpy.nan)
    averages = {
        kind: precision_recall_fscore_support(
            truth, answers, labels=present, average=kind, zero_division=numpy.nan
        )[:3]
        for kind in ("macro", "micro", "weighted")
    }
    table = confusion_matrix(truth, answers, labels=list(range(-1, labels)))
    kappa = cohens_kappa(table)
    one_label = len(set(truth)) < 2 or len(set(answers)) < 2
    chance_alone = len(set(truth) | set(answers)) < 2
    f1_intervals = []
    for label in present:
        right = sum(t == a == label for t, a in zip(truth, answers))
        either = sum(label in (t, a) for t, a in zip(truth, answers))
        # Lam, Gopal and Qian 2023: Wilson's interval of right / either, through F1 = 2 x / (1 + x).
        ends = proportion_confint(right, either, alpha=0.05, method="wilson")
        f1_intervals.append([float(2 * end / (1 + end)) for end in ends])
    if not chance_alone:
        assert abs(kappa.kappa - cohen_kappa_score(truth, answers)) < 1e-12
    return {
        "labels": labels,
        "truth": truth,
        "answers": answers,
        "present": present,
        "precision": [number(v) for v in each[0]],
        "recall": [number(v) for v in each[1]],
        "f1": [number(v) for v in each[2]],
        "f1_intervals": f1_intervals,
        "averages": {kind: [number(v) for v in values] for kind, values in averages.items()},
        "accuracy": float(accuracy_score(truth, answers)),
        "balanced_accuracy": float(balanced_accuracy_score(truth, answers)),
        "matthews": None if one_label else float(matthews_corrcoef(truth, answers)),
        "kappa": None
        if chance_alone
        else {
            "value": float(kappa.kappa),
            "standard_error": number(kappa.std_kappa),
            "low": number(kappa.kappa_low),
            "high": number(kappa.kappa_upp),
        },
    }


def label_cases():
    def answered(truth, labels, right, outside):
        other = rng.integers(0, labels, len(truth))
        answers = numpy.where(rng.random(len(truth)) < right, truth, other)
        return numpy.where(rng.random(len(truth)) < outside, -1, answers)

    for _ in range(60):
        labels, rows = int(rng.integers(2, 9)), int(rng.integers(2, 90))
        weights = rng.dirichlet(numpy.full(labels, 0.7))
        truth = rng.choice(labels, rows, p=weights)
        answers = answered(truth, labels, rng.choice([0.0, 0.4, 0.8, 0.97]), rng.choice([0.0, 0.1]))
        yield figures(truth.tolist(), answers.tolist(), labels)
    # One label is all that is answered; all answers outside; everything right; everything wrong; one label in all.
    truth = [0, 0, 1, 1, 2, 2, 2]
    for answers in ([1] * 7, [-1] * 7, truth, [1, 1, 2, 2, 0, 0, 0]):
        yield figures(truth, list(answers), 4)
    yield figures([1, 1, 1], [1, 1, 1], 3)
    yield figures([1, 1, 1], [1, 0, -1], 3)
    yield figures([0], [1], 2)
    # 150 categories with a long tail, some of them never answered.
    weights = 1 / (3 + numpy.arange(150))
    truth = rng.choice(150, 1500, p=weights / weights.sum())
    answers = answered(truth, 120, 0.9, 0.01)
    yield figures(truth.tolist(), answers.tolist(), 150)


def quantile_edges(confidence):
    """NumPy's linear interpolation, with the places of the edges as exact fractions."""
    ordered = sorted(confidence)
    edges = []
    for edge in range(11):
        place = Fraction(edge * (len(ordered) - 1), 10)
        low = math.floor(place)
        high = min(low + 1, len(ordered) - 1)
        edges.append(ordered[low] + (ordered[high] - ordered[low]) * float(place - low))
    assert numpy.allclose(edges, numpy.quantile(ordered, numpy.linspace(0, 1, 11)), atol=1e-12, rtol=0)
    return edges


def calibration_error(right, confidence, edges):
    bins = numpy.searchsorted(edges[1:-1], confidence)
    error = 0.0
    for b in range(10):
        inside = bins == b
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(error), bins


def risk_area(right, confidence):
    """The mean risk over the prefixes, each prefix that cuts through a tie by averaging over all orders of it."""
    order = numpy.argsort(-confidence, kind="stable")
    confidence, wrong = confidence[order], (~right)[order].astype(float)
    levels, start = numpy.unique(-confidence, return_index=True)
    expected = wrong.copy()
    for i, first in enumerate(start):
        last = start[i + 1] if i + 1 < len(start) else len(wrong)
        expected[first:last] = wrong[first:last].mean()
    return float((numpy.cumsum(expected) / numpy.arange(1, len(wrong) + 1)).mean())


def confidence_cases():
    for rows, decimals in ((1, 4), (2, 4), (7, 1), (11, 4), (60, 1), (60, 4), (101, 2), (101, 4), (333, 3), (500, 4)):
        confidence = numpy.round(rng.beta(6, 1.2, rows), decimals)
        right = rng.random(rows) < confidence**1.5
        width = numpy.array([edge / 10 for edge in range(11)])
        mass = numpy.array(quantile_edges(confidence.tolist()))
        ece, width_bins = calibration_error(right, confidence, width)
        ece_equal_mass, mass_bins = calibration_error(right, confidence, mass)
        # scikit-learn's curves, where rounding does not move an edge across a confidence.
        for strategy, bins in (("uniform", width_bins), ("quantile", mass_bins)):
            share, mean = calibration_curve(right, confidence, n_bins=10, strategy=strategy)
            ours = [(right[bins == b].mean(), confidence[bins == b].mean()) for b in range(10) if (bins == b).any()]
            same = len(share) == len(ours) and numpy.allclose(ours, numpy.column_stack([share, mean]))
            assert same or decimals < 4, (rows, strategy)
        yield {
            "confidence": confidence.tolist(),
            "right": right.tolist(),
            "brier": float(brier_score_loss(right, confidence, pos_label=True)),
            "log_loss": float(log_loss(right, confidence, labels=[False, True])),
            "ece": ece,
            "ece_equal_mass": ece_equal_mass,
            "aurc": risk_area(right, confidence),
            "best_aurc": risk_area(right, right.astype(float)),
        }


def distribution_cases():
    """Shares of 128, so that they sum to 1 exactly; some are 0, also of the right label."""
    for labels, rows in ((2, 5), (3, 40), (5, 60), (12, 40)):
        weights = rng.dirichlet(numpy.full(labels, 0.5), rows)
        counts = numpy.array([rng.multinomial(128, w) for w in weights])
        p = counts / 128
        truth = numpy.array([rng.choice(labels, p=w) for w in weights])
        if labels == 3:
            truth[:3] = [(p[row] == 0).argmax() if (p[row] == 0).any() else 0 for row in range(3)]
        per_label = []
        for label in range(labels):
            error, _ = calibration_error(truth == label, p[:, label], numpy.array([e / 10 for e in range(11)]))
            per_label.append(error)
        yield {
            "labels": labels,
            "counts_of_128": counts.tolist(),
            "truth": truth.tolist(),
            "brier": float(brier_score_loss(truth, p, labels=range(labels), scale_by_half=False)),
            "log_loss": float(log_loss(truth, p, labels=range(labels))),
            "classwise_ece": float(numpy.mean(per_label)),
            "worst_ece": float(max(per_label)),
        }


def repeat_cases():
    for rows, runs in ((2, 2), (30, 3), (80, 5)):
        labels = 4
        truth = rng.integers(0, labels, rows)
        answers = numpy.array(
            [numpy.where(rng.random(rows) < 0.7, truth, rng.integers(-1, labels, rows)) for _ in range(runs)]
        )
        other = numpy.where(rng.random(rows) < 0.6, truth, rng.integers(0, labels, rows))
        right = answers == truth
        mean, other_right = right.mean(axis=0), (other == truth).astype(float)
        if rows == 2:
            answers[:, 0], answers[:, 1], other = truth[0], (truth[1] + 1) % labels, truth.copy()
            right = answers == truth
            mean, other_right = right.mean(axis=0), (other == truth).astype(float)
        test = ttest_rel(mean, other_right)
        interval = test.confidence_interval(0.95)
        own = ttest_1samp(mean, 0).confidence_interval(0.95)
        pairs = [(i, j) for i in range(runs) for j in range(runs) if i < j]
        majority = []
        for row in range(rows):
            votes = {a: int((answers[:, row] == a).sum()) for a in list(range(labels)) + [-1]}
            most = [a for a in votes if votes[a] == max(votes.values())]
            majority.append(next(a for a in answers[:, row].tolist() if a in most))
        yield {
            "labels": labels,
            "truth": truth.tolist(),
            "runs": answers.tolist(),
            "other": other.tolist(),
            "mean": float(mean.mean()),
            "low": max(0.0, float(own.low)),
            "high": min(1.0, float(own.high)),
            "standard_deviation": float(right.mean(axis=1).std(ddof=1)),
            "flip_rate": float(numpy.mean([(answers[i] != answers[j]).mean() for i, j in pairs])),
            "not_unanimous": int((answers != answers[0]).any(axis=0).sum()),
            "majority_right": int((numpy.array(majority) == truth).sum()),
            "difference": float((mean - other_right).mean()),
            "difference_low": float(interval.low),
            "difference_high": float(interval.high),
            "p": float(test.pvalue),
        }


def holm_cases():
    for size in (1, 2, 3, 10, 40, 150):
        for power in (1, 4):
            p = numpy.round(rng.random(size) ** power, int(rng.choice([1, 3, 12])))
            yield {"p": p.tolist(), "adjusted": multipletests(p, method="holm")[1].tolist()}


fixture = {
    "made_by": "tests/oracle/metric_values.py",
    "oracles": {
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
        "statsmodels": statsmodels.__version__,
        "scikit-learn": sklearn.__version__,
    },
    "labels": list(label_cases()),
    "confidences": list(confidence_cases()),
    "distributions": list(distribution_cases()),
    "repeats": list(repeat_cases()),
    "holm": list(holm_cases()),
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
