"""cleanlab's confident learning on seeded probabilities, written to confident_joint.json.

pip install cleanlab==2.9.0 scikit-learn; python confident_joint.py

Two cases: four classes of like size, and seven of which the last has five rows. Probabilities are rounded to four decimals
and float32 on both sides. What is kept is what the paper defines: thresholds (equation 2), the joint (equation 1), the
calibrated joint in whole rows (equation 3), and the rows that each of its methods 2 to 5 lists.
"""
import json
import warnings

import cleanlab
import numpy as np
from cleanlab.count import calibrate_confident_joint, compute_confident_joint, get_confident_thresholds
from cleanlab.filter import find_label_issues

warnings.filterwarnings("ignore")  # of classes that are too small to prune
METHODS = {"off-diagonal": "confident_learning", "prune-by-class": "prune_by_class",
           "prune-by-noise-rate": "prune_by_noise_rate", "prune-by-both": "both"}


def case(seed, sizes, noise, confidence):
    rng = np.random.default_rng(seed)
    classes = len(sizes)
    true = rng.permutation(np.repeat(np.arange(classes), sizes))
    rows = len(true)
    # Wrong labels are mostly of the next class, so that the joint has large cells and small ones.
    other = np.where(rng.uniform(size=rows) < 0.7, (true + 1) % classes, rng.integers(0, classes, rows))
    given = np.where(rng.uniform(size=rows) < noise, other, true)
    logits = rng.normal(size=(rows, classes)) * 1.2
    logits[np.arange(rows), true] += confidence
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    probabilities = np.round(probabilities, 4).astype(np.float32)
    joint = compute_confident_joint(given, probabilities, calibrate=False)
    found = {name: np.flatnonzero(find_label_issues(given, probabilities, filter_by=method, n_jobs=1)).tolist()
             for name, method in METHODS.items()}
    return {"given": given.tolist(),
            "probabilities": [[round(float(p), 4) for p in row] for row in probabilities],
            "thresholds": get_confident_thresholds(given, probabilities).tolist(),
            "joint": joint.tolist(),
            "calibrated": calibrate_confident_joint(joint, given).tolist(),
            "issues": found}


cases = [case(11, [40, 40, 40, 40], 0.15, 2.0), case(29, [60, 50, 45, 40, 30, 20, 5], 0.2, 2.5)]
with open("confident_joint.json", "w") as file:
    json.dump({"oracle": f"cleanlab {cleanlab.__version__}, numpy {np.__version__}", "cases": cases}, file)
