"""Label issues by cleanlab's confident learning, written to confident_joint.json."""
import json
import cleanlab, numpy as np
from cleanlab.filter import find_label_issues

rng = np.random.default_rng(11)
classes, rows = 4, 160
true = rng.integers(0, classes, rows)
given = np.where(rng.uniform(size=rows) < 0.15, rng.integers(0, classes, rows), true)
logits = rng.normal(size=(rows, classes)) * 1.2
logits[np.arange(rows), true] += 2.0
probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
probabilities = np.round(probabilities, 4).astype(np.float32)
issues = find_label_issues(given, probabilities, filter_by="confident_learning", n_jobs=1)
json.dump({"oracle": f"cleanlab {cleanlab.__version__}, find_label_issues(filter_by='confident_learning')",
           "given": given.tolist(), "probabilities": [[round(float(p), 4) for p in row] for row in probabilities],
           "issues": np.flatnonzero(issues).tolist()}, open("confident_joint.json", "w"))
