"""The functions that are differentiated, written once for every engine's own NumPy.

`o` holds an engine's functions under NumPy's names, and a few that engines have of their own:
softplus, sigmoid, elu, logsumexp. Gaussian mixture, LSTM and bundle adjustment are those of ADBench
(Srajer, Kukelova and Fitzgibbon, A benchmark of selected algorithmic differentiation tools on some
problems in computer vision and machine learning, 2018).
"""

from __future__ import annotations

import math
from typing import Any

LINKS = 500
SLOPE = 0.9  # of elu


def exp_sin_chain(o: Any, x: Any) -> Any:
    e = o.exp(x)
    s = e + e**2
    return o.exp(s) + o.sin(s)


def long_chain(o: Any, x: Any) -> Any:
    for _ in range(LINKS):
        x = x * 1.0001 + o.sin(x)
    return x


def smooth_sum(o: Any, x: Any) -> Any:
    return o.sum(o.tanh(x) * o.exp(-(x**2)) + o.sin(x))


def batch_norm(o: Any, x: Any, gamma: Any, beta: Any, weight: Any) -> Any:
    centred = x - o.mean(x, 0)
    variance = o.mean(centred * centred, 0)
    return o.sum((centred / o.sqrt(variance + 1e-5) * gamma + beta) * weight)


def logistic(o: Any, w: Any, x: Any, y: Any) -> Any:
    z = x @ w
    return o.sum(o.softplus(z) - y * z)


def rosenbrock(o: Any, x: Any) -> Any:
    return o.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def network_loss(o: Any, *args: Any) -> Any:
    """784 - 256 - 64 - 10 with elu and softmax cross-entropy; labels one-hot."""
    w1, b1, w2, b2, w3, b3, x, labels = args
    h = o.elu(x @ w1 + b1)
    h = o.elu(h @ w2 + b2)
    z = h @ w3 + b3
    return o.sum(o.logsumexp(z, 1)) / len(labels) - o.sum(z * labels) / len(labels)


def gaussian_mixture(o: Any, weights: Any, means: Any, factors: Any, x: Any, places: Any) -> Any:
    """The log posterior of `weights`, `means` and inverse Cholesky `factors` with ADBench's prior;
    `places` says where each entry of a lower triangle stands in a row of `factors`."""
    n, d = x.shape
    components = weights.shape[0]
    diagonal = o.exp(factors[:, :d])
    log_det = o.sum(factors[:, :d], 1)
    entries = o.concatenate([diagonal, factors[:, d:], 0 * factors[:, :1]], 1)
    triangles = o.reshape(entries[:, places], (components, d, d))
    centred = o.swapaxes(x[None] - means[:, None], 1, 2)  # component, coordinate, point
    distances = o.sum((triangles @ centred) ** 2, 1)
    logs = (weights + log_det)[:, None] - 0.5 * distances
    likelihood = o.sum(o.logsumexp(logs, 0)) - n * o.logsumexp(weights, 0)
    prior = 0.5 * (o.sum(diagonal**2) + o.sum(factors[:, d:] ** 2))
    return likelihood - n * d * 0.5 * math.log(2 * math.pi) - prior + wishart(d, components)


def wishart(d: int, components: int) -> float:
    """The constant of the Wishart prior with gamma = 1, m = 0."""
    n = d + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi)
    log_gamma += sum(math.lgamma(0.5 * (n - j)) for j in range(d))
    return -components * (-n * d * 0.5 * math.log(2) - log_gamma)


def lstm_cell(o: Any, weight: Any, bias: Any, hidden: Any, cell: Any, x: Any) -> Any:
    """The diagonal LSTM: every product is entry by entry."""
    forget = o.sigmoid(x * weight[0] + bias[0])
    enter = o.sigmoid(hidden * weight[1] + bias[1])
    leave = o.sigmoid(x * weight[2] + bias[2])
    change = o.tanh(hidden * weight[3] + bias[3])
    cell = cell * forget + enter * change
    return leave * o.tanh(cell), cell


def lstm_step(o: Any, main: Any, extra: Any, state: Any, x: Any, following: Any) -> Any:
    """The new state, and the log likelihood of the next symbol."""
    h = x * extra[0]
    states = []
    for layer in range(len(state) // 2):
        h, cell = lstm_cell(
            o, main[2 * layer], main[2 * layer + 1], state[2 * layer], state[2 * layer + 1], h
        )
        states += [h, cell]
    y = h * extra[1] + extra[2]
    normal = y - o.log(o.sum(o.exp(y)) + 2)
    return states, o.sum(following * normal)


def lstm(o: Any, main: Any, extra: Any, state: Any, sequence: Any) -> Any:
    states, total = list(state), 0.0
    for t in range(len(sequence) - 1):
        states, term = lstm_step(o, main, extra, states, sequence[t], sequence[t + 1])
        total = total + term
    return -total / (sequence.shape[1] * (len(sequence) - 1))


def residual(o: Any, camera: Any, point: Any, weight: Any, feature: Any) -> Any:
    """Bundle adjustment: where a camera sees a point, against where it was seen. Works along the
    last axis, so that a stack of observations is one call."""
    rotation, centre, focal = camera[..., :3], camera[..., 3:6], camera[..., 6:7]
    principal, radial = camera[..., 7:9], camera[..., 9:11]
    seen = rotated(o, rotation, point - centre)
    flat = seen[..., :2] / seen[..., 2:3]
    square = o.sum(flat * flat, -1)[..., None]
    flat = flat * (1 + radial[..., :1] * square + radial[..., 1:2] * square * square)
    return weight * (flat * focal + principal - feature)


def rotated(o: Any, rotation: Any, point: Any) -> Any:
    """Rodrigues' formula."""
    angle = o.sqrt(o.sum(rotation * rotation, -1))[..., None]
    axis = rotation / angle
    cos, sin = o.cos(angle), o.sin(angle)
    along = o.sum(axis * point, -1)[..., None]
    a, b = axis, point
    cross = o.stack(
        [
            a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
            a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
            a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0],
        ],
        -1,
    )
    return point * cos + cross * sin + axis * (along * (1 - cos))
