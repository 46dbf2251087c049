"""Exact intervals of a share by SciPy and statsmodels, written to audit_interval.json."""
import json
import numpy as np, scipy, statsmodels
from scipy.stats import hypergeom
from statsmodels.stats.proportion import proportion_confint


def hypergeometric(wrong, drawn, population):
    """All numbers of wrong ones that neither one-sided test refuses at 2.5%, tried one by one."""
    every = np.arange(wrong, population - (drawn - wrong) + 1)
    few = hypergeom.cdf(wrong, population, every, drawn)
    many = hypergeom.sf(wrong - 1, population, every, drawn)
    kept = every[(few > 0.025) & (many > 0.025)]
    return [int(kept[0]), int(kept[-1])]


finite = [(0, 10, 40), (1, 10, 40), (10, 10, 40), (0, 60, 500), (3, 60, 500), (57, 60, 500), (4, 40, 40), (0, 300, 15_000),
          (9, 300, 15_000), (150, 300, 15_000), (300, 300, 15_000), (2, 5_000, 200_000), (0, 0, 50), (1, 1, 2)]
binomial = [(0, 1), (1, 1), (0, 60), (2, 60), (60, 60), (9, 300), (150, 300), (299, 300), (3, 5000)]
json.dump({"oracle": f"SciPy {scipy.__version__}, statsmodels {statsmodels.__version__}",
           "hypergeometric": [[*case, *hypergeometric(*case)] for case in finite],
           "clopper_pearson": [[*case, *map(float, proportion_confint(*case, 0.05, "beta"))] for case in binomial]},
          open("audit_interval.json", "w"))
