"""Reference values for the intervals of percentiles, means and ratios of means, from SciPy.

Run:  pip install "numpy==2.4.6" "scipy==1.17.1"
      python reference_intervals.py      (writes reference_intervals.json beside itself; seed 20261127, float64)
"""

import json
import pathlib

import numpy
import scipy
from scipy.optimize import brentq
from scipy.stats import quantile_test, t

rng = numpy.random.default_rng(20261127)


def quantile_cases():
    for n in (1, 5, 6, 30, 72, 100, 368, 400):
        values = numpy.round(rng.gamma(2.0, 20.0, n), 2)
        intervals = []
        for quantile in (0.5, 0.95, 0.99):
            for confidence in (0.9, 0.95):
                found = quantile_test(values, p=quantile).confidence_interval(confidence)
                ends = [None if numpy.isnan(end) else float(end) for end in (found.low, found.high)]
                value = float(numpy.quantile(values, quantile, method="inverted_cdf"))
                setting = {"quantile": quantile, "confidence": confidence, "value": value}
                intervals.append({**setting, "low": ends[0], "high": ends[1]})
        yield {"values": values.tolist(), "intervals": intervals}


def mean_cases():
    for n in (2, 3, 30, 90):
        values = rng.lognormal(-6, 1, n)
        for confidence in (0.9, 0.95, 0.99):
            error = values.std(ddof=1) / numpy.sqrt(n)
            low, high = t.interval(confidence, n - 1, values.mean(), error)
            yield {"values": values.tolist(), "confidence": confidence, "low": float(low), "high": float(high)}


def ratio_cases():
    """Fieller's set by its definition, where the t statistic of above - ratio * below meets its quantile."""
    for n, m in ((10, 40), (30, 30), (90, 60)):
        above, below = rng.lognormal(-7, 0.5, n), rng.lognormal(-4, 0.5, m)
        for confidence in (0.9, 0.95):
            q = t.ppf(0.5 + confidence / 2, min(n, m) - 1)
            var_above, var_below = above.var(ddof=1) / n, below.var(ddof=1) / m
            ratio = above.mean() / below.mean()

            def distance(x):
                return (above.mean() - x * below.mean()) / numpy.sqrt(var_above + x * x * var_below)

            yield {
                "above": above.tolist(),
                "below": below.tolist(),
                "confidence": confidence,
                "low": brentq(lambda x: distance(x) - q, 0.0, ratio, xtol=1e-16, rtol=1e-14),
                "high": brentq(lambda x: distance(x) + q, ratio, 100 * ratio, xtol=1e-16, rtol=1e-14),
            }


reference = {
    "versions": {"numpy": numpy.__version__, "scipy": scipy.__version__},
    "quantile": list(quantile_cases()),
    "mean": list(mean_cases()),
    "ratio": list(ratio_cases()),
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(reference) + "\n")
