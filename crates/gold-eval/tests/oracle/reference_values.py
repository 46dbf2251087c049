"""Reference values for the statistics of gold-eval, from libraries that this project did not write.

Run:  pip install "numpy==2.4.6" "scipy==1.17.1" "statsmodels==0.15.0" "scikit-learn==1.9.1"
      python reference_values.py      (writes reference_values.json beside itself; seed 20261105, float64)
"""

import json
import pathlib

import numpy
import scipy
import sklearn
import statsmodels
from scipy.optimize import brentq
from scipy.stats import binom, norm
from sklearn.metrics import brier_score_loss, precision_recall_fscore_support
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

rng = numpy.random.default_rng(20261105)


def wilson_cases():
    pairs = [(0, 1), (1, 1), (0, 8), (8, 8), (3, 8), (120, 127), (1_437, 1_500), (99_999, 100_000)]
    pairs += [(int(rng.integers(0, n + 1)), int(n)) for n in rng.integers(1, 5000, 40)]
    for count, rows in pairs:
        for confidence in (0.9, 0.95, 0.99):
            low, high = proportion_confint(count, rows, alpha=1 - confidence, method="wilson")
            yield {"count": count, "of": rows, "confidence": confidence, "low": low, "high": high}


def worse(gains, losses):
    """One-sided mid-p: P(X > losses) + P(X = losses) / 2 for X ~ Binomial(gains + losses, 1/2)."""
    return binom.sf(losses, gains + losses, 0.5) + binom.pmf(losses, gains + losses, 0.5) / 2


def mcnemar_cases():
    pairs = [(0, 0), (0, 1), (5, 0), (0, 9), (7, 7), (59, 6), (3, 400), (1000, 1100)]
    pairs += [tuple(map(int, p)) for p in rng.integers(0, 200, (40, 2))]
    for gains, losses in pairs:
        table = [[100, gains], [losses, 20]]
        # Fagerland, Lydersen and Laake 2013: twice the one-sided mid-p of the smaller count.
        few, many = sorted((gains, losses))
        yield {
            "gains": gains,
            "losses": losses,
            "exact": float(mcnemar(table, exact=True).pvalue),
            "mid_p": float(min(1.0, 2 * worse(few, many))),
            "worse": float(worse(gains, losses)),
        }


def tango(gains, losses, rows, confidence):
    """Tango 1998 with the constrained maximum likelihood found numerically, not by its closed form."""
    z = norm.ppf(0.5 + confidence / 2)

    def loss_rate(delta):
        # Maximises gains log(gain) + losses log(loss) + rest log(1 - gain - loss) with gain - loss = delta,
        # over the smaller of the two rates, so that neither end of the range loses digits.
        rest, highest = rows - gains - losses, (1 - abs(delta)) / 2

        def slope(smaller):
            gain, loss = smaller + max(delta, 0.0), smaller + max(-delta, 0.0)
            total = 0.0
            if gains:
                total += gains / gain
            if losses:
                total += losses / loss
            if rest:
                total -= rest / (highest - smaller)
            return total

        edge = 1e-14 * highest
        if slope(edge) <= 0:
            best = 0.0
        elif slope(highest - edge) >= 0:
            best = highest
        else:
            best = brentq(slope, edge, highest - edge, xtol=1e-18, rtol=1e-15)
        return best + max(-delta, 0.0)

    def score(delta):
        variance = rows * (2 * loss_rate(delta) + delta * (1 - delta))
        return (gains - losses - rows * delta) / numpy.sqrt(variance)

    observed = (gains - losses) / rows
    low = brentq(lambda d: score(d) - z, -1 + 1e-9, observed - 1e-12, xtol=1e-14, rtol=1e-14)
    high = brentq(lambda d: score(d) + z, observed + 1e-12, 1 - 1e-9, xtol=1e-14, rtol=1e-14)
    return low, high


def tango_cases():
    tables = [(1, 1, 7, 12), (90, 0, 0, 10), (1400, 59, 6, 35), (10, 0, 9, 1), (0, 3, 2, 0), (2900, 40, 41, 99)]
    tables += [tuple(map(int, t)) for t in rng.integers(1, 300, (30, 4))]
    for both_right, gains, losses, both_wrong in tables:
        rows = both_right + gains + losses + both_wrong
        for confidence in (0.9, 0.95):
            low, high = tango(gains, losses, rows, confidence)
            yield {
                "both_right": both_right, "gains": gains, "losses": losses, "both_wrong": both_wrong,
                "confidence": confidence, "low": low, "high": high,
            }


def holm_cases():
    for size in (1, 2, 7, 44):
        p = rng.random(size) ** 3
        p[: size // 3] = p[0]
        yield {"p": p.tolist(), "adjusted": multipletests(p, method="holm")[1].tolist()}


def visible_drop_cases():
    """By plain enumeration of the trinomial, as the product of a binomial of disagreements and one of losses."""

    def power(rows, loss, gain, alpha):
        total, differ = 0.0, loss + gain
        for n in range(rows + 1):
            losses = numpy.arange(n + 1)
            seen = worse(n - losses, losses) <= alpha
            total += binom.pmf(n, rows, differ) * binom.pmf(losses, n, loss / differ)[seen].sum()
        return total

    for rows in (5, 8, 9, 10, 15, 30, 50, 100, 400):
        for alpha in (0.05, 0.05 / 40):
            hidden, visible, drop = 0.02, 0.98, None
            if power(rows, visible, 0.02, alpha) >= 0.8:
                while visible - hidden > 1e-8:
                    middle = (hidden + visible) / 2
                    if power(rows, middle, 0.02, alpha) >= 0.8:
                        visible = middle
                    else:
                        hidden = middle
                drop = visible - 0.02
            yield {"rows": rows, "alpha": alpha, "drop": drop}


def classification():
    """400 rows over 9 labels, one of which has no row; -1 is an answer outside the task."""
    labels, rows = 9, 400
    truth = rng.choice(labels - 1, rows, p=numpy.array([40, 25, 12, 8, 6, 4, 3, 2]) / 100)
    answers = numpy.where(rng.random(rows) < 0.8, truth, rng.integers(-1, labels, rows))
    confidence = numpy.round(rng.beta(5, 1.5, rows), 4)
    right = answers == truth
    present = sorted(set(truth.tolist()))
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, answers, labels=present, zero_division=0
    )
    edges = numpy.linspace(0, 1, 11)
    bins = numpy.clip(numpy.digitize(confidence, edges, right=True), 1, 10)
    ece = sum(
        (bins == b).mean() * abs(right[bins == b].mean() - confidence[bins == b].mean())
        for b in range(1, 11)
        if (bins == b).any()
    )
    return {
        "labels": labels,
        "truth": truth.tolist(),
        "answers": answers.tolist(),
        "confidence": confidence.tolist(),
        "present": present,
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "support": support.tolist(),
        "macro_f1": float(f1.mean()),
        "accuracy": float(right.mean()),
        "brier": float(brier_score_loss(right, confidence)),
        "ece": float(ece),
    }


fixture = {
    "made_by": "tests/oracle/reference_values.py",
    "oracles": {
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
        "statsmodels": statsmodels.__version__,
        "scikit-learn": sklearn.__version__,
    },
    "wilson": list(wilson_cases()),
    "mcnemar": list(mcnemar_cases()),
    "tango": list(tango_cases()),
    "holm": list(holm_cases()),
    "visible_drop": list(visible_drop_cases()),
    "classification": classification(),
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
