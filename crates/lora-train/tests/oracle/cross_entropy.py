"""Writes cross_entropy.json: losses of PyTorch, with soft targets, class weights and label smoothing.

Usage:  python cross_entropy.py > cross_entropy.json

torch 2.15.0, float64, seed 20261126. PyTorch divides the losses of hard targets by their class weights' sum and those of
soft ones by the number of rows; here all are sums ("reduction=sum"), and ours is compared before it is divided.
"""

import json

import torch
from torch.nn.functional import cross_entropy

torch.manual_seed(20261126)
torch.set_num_threads(1)
rows, classes = 4, 5
scores = torch.randn(rows, classes, dtype=torch.float64, requires_grad=True)
hard = torch.tensor([3, 0, 4, 1])
soft = torch.softmax(2 * torch.randn(rows, classes, dtype=torch.float64), 1)
weights = torch.tensor([1.0, 0.5, 2.0, 4.0, 1.0], dtype=torch.float64)
cases = []
for name, target, weight, smoothing in [
    ("hard", hard, None, 0.0),
    ("hard, weighted", hard, weights, 0.0),
    ("hard, smoothed", hard, None, 0.1),
    ("soft", soft, None, 0.0),
    ("soft, weighted", soft, weights, 0.0),
    ("soft, smoothed", soft, None, 0.2),
]:
    loss = cross_entropy(scores, target, weight=weight, label_smoothing=smoothing, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, scores)
    shares = target if target.dim() == 2 else torch.nn.functional.one_hot(target, classes).double()
    cases.append(
        {
            "name": name,
            "shares": shares.tolist(),
            "weights": [1.0] * classes if weight is None else weight.tolist(),
            "smoothing": smoothing,
            "loss": loss.item(),
            "gradient": gradient.tolist(),
        }
    )
print(json.dumps({"torch": torch.__version__, "scores": scores.tolist(), "cases": cases}, indent=1))
