"""The workloads: their data, what is asked of each contestant, and the ratio that is aimed at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from typing import Any

import models
import numpy as np
from contestant import Contestant

RATE = 0.1


@dataclass(frozen=True)
class Workload:
    """`ask(contestant, f)` gives the function that is timed, of the arguments that `data` makes."""

    name: str
    says: str
    data: Callable[[], list[Any]]
    f: Callable[..., Any]
    ask: Callable[[Contestant, Callable[..., Any]], Callable[..., Any]]
    target: float | None = None
    tolerance: float = 1e-9

    @property
    def has_value(self) -> bool:
        """Whether value and gradient are compared with the value alone."""
        return getattr(self.ask, "func", None) is gradient


def gradient(argnums: tuple[int, ...], contestant: Contestant, f: Callable[..., Any]) -> Any:
    return contestant.value_and_grad(f, argnums)


def hessian(contestant: Contestant, f: Callable[..., Any]) -> Any:
    return contestant.hessian(f)


def jacobians(contestant: Contestant, f: Callable[..., Any]) -> Any:
    return contestant.jacobians(f, (0, 1, 2))


def step(contestant: Contestant, f: Callable[..., Any]) -> Any:
    return contestant.step(f, 6, RATE)


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def batch_norm_data() -> list[Any]:
    rng = random()
    shapes = ((1024, 256), (256,), (256,), (1024, 256))
    return [rng.normal(size=s).astype(np.float32) for s in shapes]


@cache
def logistic_data() -> list[Any]:
    rng = random()
    x = rng.normal(size=(10_000, 100))
    w = rng.normal(size=100) / 10
    return [w, x, (rng.random(10_000) < 0.5).astype(float)]


def network_data(batch: int) -> list[Any]:
    rng = random()
    sizes = (784, 256, 64, 10)
    data: list[Any] = []
    for n, m in pairwise(sizes):
        limit = np.sqrt(6 / (n + m))
        data += [rng.uniform(-limit, limit, (n, m)).astype(np.float32), np.zeros(m, np.float32)]
    x = rng.random((batch, 784)).astype(np.float32)
    return [*data, x, np.eye(10, dtype=np.float32)[rng.integers(0, 10, batch)]]


def mixture_data() -> list[Any]:
    d, components, n = 10, 25, 1000
    rng = random()
    places = np.full((d, d), d + d * (d - 1) // 2)  # above the diagonal: the column of zeros
    places[np.diag_indices(d)] = range(d)
    columns, rows = np.triu_indices(d, 1)  # below the diagonal, column by column
    places[rows, columns] = range(d, d + d * (d - 1) // 2)
    return [
        rng.normal(size=components),
        rng.normal(size=(components, d)),
        rng.normal(size=(components, d + d * (d - 1) // 2)) * 0.3,
        rng.normal(size=(n, d)),
        places.ravel(),
    ]


def lstm_data() -> list[Any]:
    layers, length, width = 2, 1024, 14
    rng = random()
    main = rng.normal(size=(2 * layers, 4, width)) * 0.5
    extra = rng.normal(size=(3, width)) * 0.5
    state = rng.normal(size=(2 * layers, width)) * 0.5
    return [main, extra, state, (rng.random((length, width)) < 0.5).astype(float)]


def bundle_data() -> list[Any]:
    rng = random()
    n = 1000
    camera = rng.normal(size=(n, 11)) * 0.1 + np.array([0.2] * 3 + [0.0] * 3 + [1.0] + [0.0] * 4)
    point = rng.normal(size=(n, 3)) + np.array([0.0, 0.0, 5.0])
    return [camera, point, rng.normal(size=(n, 1)), rng.normal(size=(n, 2))]


WORKLOADS = [
    Workload(
        "exp_sin_chain", "exp(e + e^2) + sin(e + e^2), e = exp x: a float, value and gradient",
        lambda: [0.1], models.exp_sin_chain, partial(gradient, (0,)), 8,
    ),
    Workload(
        "long_chain", "500 times x = 1.0001 x + sin x: a float, value and gradient",
        lambda: [0.5], models.long_chain, partial(gradient, (0,)), 3, 1e-6,
    ),
    Workload(
        "smooth_sum", "sum(tanh x exp(-x^2) + sin x): 10^6 doubles, value and gradient",
        lambda: [random().normal(size=10**6)], models.smooth_sum, partial(gradient, (0,)), 3,
    ),
    Workload(
        "batch_norm", "batch normalisation, 1024 x 256 float32: value and three gradients",
        batch_norm_data, models.batch_norm, partial(gradient, (0, 1, 2)), 3, 1e-3,
    ),
    Workload(
        "logistic", "logistic regression, 10 000 x 100: value and gradient",
        logistic_data, models.logistic, partial(gradient, (0,)), 1.5,
    ),
    Workload(
        "logistic_hessian", "its Hessian", logistic_data, models.logistic, hessian, 1.5
    ),
    Workload(
        "rosenbrock_100", "Rosenbrock of 100 numbers: value and gradient",
        lambda: [random().normal(size=100)], models.rosenbrock, partial(gradient, (0,)), 5,
    ),
    Workload(
        "rosenbrock_hessian", "its Hessian",
        lambda: [random().normal(size=100)], models.rosenbrock, hessian, 1.5,
    ),
    Workload(
        "rosenbrock_10000", "Rosenbrock of 10 000 numbers: value and gradient",
        lambda: [random().normal(size=10_000)], models.rosenbrock, partial(gradient, (0,)), 1.5,
    ),
    Workload(
        "mnist_32", "a step of SGD, 784-256-64-10, float32, batch 32: gradient and update",
        partial(network_data, 32), models.network_loss, step, 1.2, 1e-3,
    ),
    Workload(
        "mnist_512", "the same, batch 512",
        partial(network_data, 512), models.network_loss, step, 1.0, 1e-3,
    ),
    Workload(
        "gaussian_mixture", "Gaussian mixture of ADBench, d = 10, K = 25, N = 1000",
        mixture_data, models.gaussian_mixture, partial(gradient, (0, 1, 2)), 1.2, 1e-8,
    ),
    Workload(
        "lstm", "diagonal LSTM of ADBench, l = 2, c = 1024",
        lstm_data, models.lstm, partial(gradient, (0, 1)), 1.2, 1e-8,
    ),
    Workload(
        "bundle_adjustment", "Jacobians of 1000 residuals of bundle adjustment",
        bundle_data, models.residual, jacobians, 1.2, 1e-8,
    ),
]  # fmt: skip
BY_NAME = {w.name: w for w in WORKLOADS}
