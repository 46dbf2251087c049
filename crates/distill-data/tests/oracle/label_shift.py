"""Tests of homogeneity by scipy and bias-corrected Cramér's V by its formula (Bergsma 2013), written to label_shift.json."""
import json
import numpy as np, scipy
from scipy.stats import chi2_contingency

rng = np.random.default_rng(7)


def case(before, after):
    table = np.array([before, after])
    chi2, p, df, _ = chi2_contingency(table, correction=False)
    n, (r, k) = table.sum(), table.shape
    phi2 = max(0.0, chi2 / n - (k - 1) * (r - 1) / (n - 1))
    k_, r_ = k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)
    return {"before": table[0].tolist(), "after": table[1].tolist(), "chi_squared": chi2, "p": p, "v": float(np.sqrt(phi2 / min(k_ - 1, r_ - 1)))}


shares = rng.dirichlet(np.full(8, 3.0))
moved = np.roll(shares, 1)
cases = [case(rng.multinomial(a, p), rng.multinomial(b, q)) for a, b, p, q in
         [(400, 700, shares, shares), (400, 700, shares, moved), (5000, 9000, shares, 0.97 * shares + 0.03 * moved)]]
json.dump({"oracle": f"scipy {scipy.__version__}, numpy {np.__version__}", "cases": cases}, open("label_shift.json", "w"))
