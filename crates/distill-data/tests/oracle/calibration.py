"""Isotonic regression by scikit-learn and Wilson intervals by statsmodels, written to calibration.json."""
import json
import numpy as np, sklearn, statsmodels
from sklearn.isotonic import IsotonicRegression
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(7)
said = np.round(rng.uniform(0.4, 1.0, 200), 2)
right = rng.uniform(size=200) < 0.3 + 0.6 * said
model = IsotonicRegression(out_of_bounds="clip").fit(said, right)
at = np.round(np.linspace(0.0, 1.0, 41), 3)
json.dump({"oracle": f"scikit-learn {sklearn.__version__}, statsmodels {statsmodels.__version__}",
           "said": said.tolist(), "right": right.tolist(), "at": at.tolist(), "precision": model.predict(at).tolist(),
           "wilson": [[k, n, *map(float, proportion_confint(k, n, 0.05, "wilson"))] for k, n in [(0, 5), (5, 5), (17, 20), (180, 200)]]},
          open("calibration.json", "w"))
