"""Whether classes can be separated by linear scores: then an unpenalised likelihood has no maximum.

If some direction D of the weights has ``(d_y - d_k) . x >= 0`` for every sample x of class y and
every other class k, not all zero, then going further along D always raises the likelihood.
Source: Albert and Anderson, On the existence of maximum likelihood estimates in logistic
regression models (1984); the linear program is Konis's (2007).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

SURE = 1e-6  # a sample that runs away is sooner or later predicted with at least 1 - SURE


def separable(features: Any, labels: Any, scores: Any) -> bool:
    """`features`: (samples, features), standardised, a column of ones for the intercept included;
    `labels`: integers 0..K-1; `scores`: (samples, K), those of a fitted model."""
    samples, classes = np.arange(len(labels)), scores.shape[1]
    others = np.where(np.eye(classes, dtype=bool)[labels], -np.inf, scores)
    margins = scores[samples, labels] - np.max(others, axis=1)
    if np.all(margins > 0):
        return True  # the model itself separates them
    if np.all(margins < -np.log(SURE)):
        return False  # nothing has run away
    width = features.shape[1]
    blocks = []
    for k in range(classes):
        rows = np.flatnonzero(labels != k)
        block: Any = np.zeros((len(rows), classes, width))
        block[np.arange(len(rows)), labels[rows]] = features[rows]
        block[:, k] = -features[rows]
        blocks.append(csr_array(block.reshape(len(rows), -1)))
    gains = vstack(blocks)
    result = linprog(
        -gains.sum(axis=0) / gains.shape[0],
        A_ub=-gains,
        b_ub=np.zeros(gains.shape[0]),
        bounds=(-1, 1),
    )
    return bool(-result.fun > 1e-6)
