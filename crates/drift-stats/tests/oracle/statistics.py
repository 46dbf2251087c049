"""Reference numbers for drift-stats, from SciPy. Run: python statistics.py > statistics.json

seed 20261130; float64. The stability index is the symmetrised Kullback-Leibler divergence of the counts with
half a count added, so that scipy.stats.entropy is its oracle.
"""

import json
import platform

import numpy as np
import scipy
from scipy.spatial.distance import jensenshannon
from scipy.stats import binomtest, chi2_contingency, entropy, hypergeom

random = np.random.default_rng(20261130)


def tables():
    yield [12, 40, 3, 0, 7], [9, 55, 0, 2, 7]
    yield [1, 0], [0, 1]
    yield [5, 5, 5], [50, 50, 50]
    for values in (2, 8, 40, 500):
        shares = random.dirichlet(np.full(values, 0.3))
        moved = random.dirichlet(np.full(values, 0.3))
        yield random.multinomial(20_000, shares).tolist(), random.multinomial(700, 0.9 * shares + 0.1 * moved).tolist()


def distances():
    for reference, window in tables():
        r, w = np.array(reference, float), np.array(window, float)
        kept = (r + w) > 0
        chi = chi2_contingency(np.stack([r[kept], w[kept]]), correction=False)
        r_half, w_half = r + 0.5, w + 0.5
        yield {
            "reference": reference,
            "window": window,
            "jensen_shannon": float(jensenshannon(r, w) ** 2),
            "population_stability_index": float(entropy(r_half, w_half) + entropy(w_half, r_half)),
            "chi_squared": [float(chi.statistic), int(chi.dof), float(chi.pvalue)],
        }


def rises():
    cases = [(0, 20_000, 5, 5_000), (3, 9_000, 11, 400), (500, 10_000, 70, 1_000), (40, 100_000, 60, 50_000)]
    cases += [(int(a), int(b), int(c), int(d)) for a, b, c, d in
              ((random.integers(0, 50), random.integers(50, 5_000), random.integers(0, 40), random.integers(40, 900))
               for _ in range(20))]
    for reference_rows, reference_of, window_rows, window_of in cases:
        p = hypergeom.sf(window_rows - 1, reference_of + window_of, reference_rows + window_rows, window_of)
        yield {"rows": [reference_rows, reference_of, window_rows, window_of], "p_value": float(p)}


def intervals():
    for count, of in ((0, 10), (10, 10), (41, 5_000), (285, 300), (1, 2)):
        ci = binomtest(count, of).proportion_ci(0.95, method="wilson")
        yield {"count": count, "of": of, "low": float(ci.low), "high": float(ci.high)}


print(json.dumps({
    "made_by": {"scipy": scipy.__version__, "numpy": np.__version__, "python": platform.python_version()},
    "distances": list(distances()),
    "rises": list(rises()),
    "intervals": list(intervals()),
}))
