"""Folds of scikit-learn's StratifiedGroupKFold, written to stratified_groups.json.

For each case: the rows of each label in each group, the fold that scikit-learn gives the group (shuffle=False), and the
balance: the standard deviation over the folds of each label's share, averaged over the labels.
"""
import json
import numpy as np, sklearn
from sklearn.model_selection import StratifiedGroupKFold

rng = np.random.default_rng(4)
cases = []
for name, groups, labels, folds, skew in [("even", 120, 4, 5, 0.0), ("long tail", 200, 12, 5, 1.2), ("large groups", 40, 6, 4, 0.8),
                                          ("pure groups", 150, 8, 3, 1.0)]:
    popularity = 1.0 / (1 + np.arange(labels)) ** skew
    y, g = [], []
    for group in range(groups):
        size = int(rng.integers(1, 4)) if name != "large groups" else int(np.ceil(rng.pareto(1.2) * 4)) + 1
        own = rng.choice(labels, p=popularity / popularity.sum())
        for _ in range(min(size, 200)):
            y.append(int(own if name == "pure groups" else rng.choice(labels, p=popularity / popularity.sum())))
            g.append(group)
    # Every label at least as often as there are folds, for scikit-learn asks for that.
    for label in range(labels):
        for extra in range(max(0, folds - y.count(label))):
            y.append(label)
            g.append(groups)
            groups += 1
    y, g = np.array(y), np.array(g)
    fold_of = {}
    for fold, (_, test) in enumerate(StratifiedGroupKFold(folds, shuffle=False).split(np.zeros(len(y)), y, g)):
        fold_of.update({int(group): fold for group in g[test]})
    units = [[int(np.sum((g == group) & (y == label))) for label in range(labels)] for group in sorted(fold_of)]
    share = np.zeros((folds, labels))
    for group, counts in enumerate(units):
        share[fold_of[group]] += np.array(counts) / np.bincount(y, minlength=labels)
    cases.append({"name": name, "folds": folds, "units": units, "fold_of": [fold_of[group] for group in sorted(fold_of)],
                  "balance": float(np.mean(np.std(share, axis=0)))})
json.dump({"oracle": f"scikit-learn {sklearn.__version__}, StratifiedGroupKFold(shuffle=False)", "seed": 4, "cases": cases},
          open("stratified_groups.json", "w"), separators=(",", ":"))
