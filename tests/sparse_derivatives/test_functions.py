"""Functions with patterns of many kinds: sparse derivatives are the dense ones, from few sweeps.

`best` is the smallest number of sweeps there is; without it there may be half more than the largest
number of entries in a row, or in a column.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import autodiff as ad

scipy_sparse = pytest.importorskip("scipy.sparse")
RNG = np.random.default_rng(1)
N = 24


class Case(NamedTuple):
    f: Callable[..., Any]
    n: int = N
    best: int | None = None


# -- structures --------------------------------------------------------------------------------
A = RNG.normal(size=(N, N))
SPARSE_A = np.where(RNG.random((N, N)) < 0.1, A, 0.0)
UPPER = np.triu(A)
SYMMETRIC = np.eye(6) * 4 + 0.1 * (A[:6, :6] + A[:6, :6].T)
PLACES = RNG.permutation(N)
REPEATED = RNG.integers(0, N, 30)
EDGES = np.stack([np.arange(N), (np.arange(N) * 7 + 3) % N])
MASK = RNG.random(N) < 0.5
TRIANGLES = np.stack([np.arange(N - 2), np.arange(1, N - 1), np.arange(2, N)], axis=1)


def laplacian(u, dims):
    side = round(u.size ** (1 / dims))
    u = np.reshape(u, (side,) * dims)
    y = 2.0 * dims * u
    for axis in range(dims):
        for shift in (1, -1):
            moved = np.roll(u, shift, axis)
            edge = [slice(None)] * dims
            edge[axis] = 0 if shift == 1 else -1
            keep = np.ones((side,) * dims)
            keep[tuple(edge)] = 0.0
            y = y - keep * moved
    return np.ravel(y + np.exp(u))


def stencil(u):
    u = np.reshape(u, (6, 4))
    inside = u[1:-1, 1:-1]
    return inside**3 - u[2:, 1:-1] * u[:-2, 1:-1] + np.sin(u[1:-1, 2:]) - u[1:-1, :-2]


def graph_laplacian(x):
    change = np.sin(x[EDGES[0]] - x[EDGES[1]])
    y = 0.0 * x
    np.add.at(y, EDGES[0], change)
    np.add.at(y, EDGES[1], -change)
    return y


def bundle(x):
    """Three cameras of 4 numbers each see four points of 3."""
    cameras, points = np.reshape(x[:12], (3, 4)), np.reshape(x[12:], (4, 3))
    camera, point = np.divmod(np.arange(12), 4)
    c, p = cameras[camera], points[point]
    depth = 3.0 + np.sum(c[:, :3] * p, axis=1) ** 2
    return np.ravel(np.stack([c[:, 3] * p[:, 0] / depth, c[:, 3] * p[:, 1] / depth], axis=1))


def control(x):
    """Steps of a pendulum: two numbers of state and one of control."""
    states, controls = np.reshape(x[:16], (8, 2)), x[16:]
    angle, speed = states[:, 0], states[:, 1]
    next_angle = angle[:-1] + 0.1 * speed[:-1]
    next_speed = speed[:-1] + 0.1 * (controls[:7] - np.sin(angle[:-1]))
    return np.concatenate((angle[1:] - next_angle, speed[1:] - next_speed))


def elements(x):
    """Residuals of three nodes each, added up at the nodes."""
    corners = x[TRIANGLES]
    area = corners[:, 0] * corners[:, 1] + corners[:, 2] ** 2
    y = 0.0 * x
    np.add.at(y, TRIANGLES, area[:, None] * np.array([1.0, -1.0, 2.0]))
    return y


def chained(x):
    for _ in range(3):
        x = x[1:] * np.cos(x[:-1])
    return x


def newton_step(x):
    left, diag, right = x[:-2], 4 + x[1:-1] ** 2, x[2:]
    return (left + right) / diag


def logistic_map(x):
    _, ys = ad.scan(lambda c, b: (np.sin(b * c), c), x[0], x[1:])
    return ys


def rounds(x):
    return ad.fori_loop(0, 3, lambda i, x: x + 0.1 * np.roll(x, 1) ** 2, x)


def until(x):
    return ad.while_loop(
        lambda s: s[0] < 2.5, lambda s: (s[0] + 1.0, np.append(s[1][1:] ** 2, s[1][-1])), (0.0, x)
    )[1]


def blocks(x):
    return np.reshape(x, (6, 4)) @ A[:4, :4] * np.reshape(x, (6, 4))


def softmaxes(x):
    e = np.exp(np.reshape(x, (6, 4)))
    return e / np.sum(e, axis=1, keepdims=True)


def pairs_in_order(x):
    return np.sort(np.reshape(x, (12, 2)), axis=1)


JACOBIANS = {
    "diagonal": Case(lambda x: np.sin(x) * x, best=1),
    "scaled": Case(lambda x: 3 * x, best=1),
    "tridiagonal": Case(lambda x: x[2:] * x[1:-1] - np.sin(x[:-2]), best=3),
    "two below": Case(lambda x: np.append(x[:2], x[2:] * x[:-2]), best=2),
    "pentadiagonal": Case(lambda x: np.convolve(x**2, [1.0, -4.0, 6.0, -4.0, 1.0]), best=5),
    "differences": Case(lambda x: np.diff(x, 2) ** 2, best=3),
    "gradient": Case(lambda x: np.gradient(x**2), best=3),
    "arrow": Case(lambda x: np.append(np.sum(x**2), x[0] * x[1:]), best=3),
    "arrow and border": Case(lambda x: np.append(x[:-1] * x[-1], np.sum(np.exp(x))), best=3),
    "one column": Case(lambda x: x[0] * np.arange(1.0, N), best=1),
    "one row": Case(lambda x: np.sum(x**3), best=1),
    "blocks": Case(blocks, best=4),
    "blocks by einsum": Case(
        lambda x: np.einsum(
            "bi,ij,bj->bi", np.reshape(x, (8, 3)), A[:3, :3], np.reshape(x, (8, 3))
        ),
        best=3,
    ),
    "sums of blocks": Case(lambda x: np.sum(np.reshape(x, (4, 6)) ** 2, axis=1), best=1),
    "products of blocks": Case(lambda x: np.prod(np.reshape(x, (6, 4)), axis=1), best=1),
    "largest of blocks": Case(lambda x: np.max(np.reshape(x, (6, 4)), axis=1), best=1),
    "softmax of blocks": Case(softmaxes, best=4),
    "permuted": Case(lambda x: x[PLACES] ** 2, best=1),
    "repeated": Case(lambda x: x[REPEATED] * np.arange(30.0), best=1),
    "turned": Case(lambda x: np.reshape(x, (4, 6)).T[::-1] ** 2, best=1),
    "rolled": Case(lambda x: np.roll(x, 3) * x),
    "padded": Case(lambda x: np.pad(x**2, 3), best=1),
    "masked": Case(lambda x: x[MASK] ** 2, best=1),
    "mask of zeros": Case(lambda x: MASK * x[::-1] + x),
    "where": Case(lambda x: np.where(x > 0, x**2, x[::-1])),
    "where known": Case(lambda x: np.where(MASK, x**2, x[::-1]), best=None),
    "cond": Case(lambda x: ad.cond(x[0] > 0, lambda: x**2, lambda: np.roll(x, 1))),
    "maximum": Case(lambda x: np.maximum(x[1:], x[:-1]), best=2),
    "clip": Case(lambda x: np.clip(x, -0.5, 0.5) * x, best=1),
    "abs": Case(np.abs, best=1),
    "sort": Case(np.sort),
    "pairs in order": Case(pairs_in_order, best=2),
    "cumsum": Case(np.cumsum),
    "cumsum of blocks": Case(lambda x: np.cumsum(np.reshape(x, (6, 4)), axis=1), best=4),
    "cumprod of blocks": Case(lambda x: np.cumprod(np.reshape(x, (6, 4)), axis=1), best=4),
    "running maximum": Case(lambda x: np.maximum.accumulate(np.reshape(x, (8, 3)), axis=1), best=3),
    "solve": Case(lambda x: np.linalg.solve(SYMMETRIC, x[:6]) + x[6:12]),
    "solve columns": Case(lambda x: np.linalg.solve(SYMMETRIC, np.reshape(x, (6, 4))), best=6),
    "inverse of blocks": Case(lambda x: np.linalg.inv(np.reshape(x, (6, 2, 2)) + 5 * np.eye(2))),
    "determinants": Case(lambda x: np.linalg.det(np.reshape(x, (6, 2, 2))), best=1),
    "sparse constant": Case(lambda x: SPARSE_A @ x**2),
    "sparse constant behind": Case(lambda x: x**2 @ SPARSE_A),
    "sparse of SciPy": Case(lambda x: scipy_sparse.csr_array(SPARSE_A) @ x**2),
    "upper triangle": Case(lambda x: UPPER @ x),
    "convolution": Case(lambda x: np.convolve(x, [1.0, 0.0, 2.0], "same"), best=2),
    "correlation": Case(lambda x: np.correlate(x, [1.0, 3.0], "valid") ** 2, best=2),
    "convolution with itself": Case(lambda x: np.convolve(x[:4], x[4:])),
    "windows": Case(
        lambda x: np.sum(np.lib.stride_tricks.sliding_window_view(x, 3) ** 2, axis=1), best=3
    ),
    "outer": Case(lambda x: np.outer(x[:4], x[4:8]), n=8),
    "kron": Case(lambda x: np.kron(x[:3], x[3:6]), n=6),
    "Laplacian in 1-D": Case(lambda u: laplacian(u, 1), best=3),
    "Laplacian in 2-D": Case(lambda u: laplacian(u, 2), n=36),
    "Laplacian in 3-D": Case(lambda u: laplacian(u, 3), n=27),
    "stencil": Case(stencil),
    "graph Laplacian": Case(graph_laplacian),
    "bundle adjustment": Case(bundle),
    "control": Case(control),
    "elements": Case(elements),
    "chained": Case(chained, best=4),
    "Newton step": Case(newton_step, best=3),
    "scan": Case(logistic_map),
    "rounds": Case(rounds),
    "while": Case(until),
    "Fourier transform of blocks": Case(
        lambda x: np.real(np.fft.fft(np.reshape(x, (6, 4)), axis=1)), best=4
    ),
    "interpolation": Case(
        lambda x: np.interp(x, np.arange(-3.0, 4.0), np.arange(7.0) ** 2), best=1
    ),
    "list of numbers": Case(lambda x: np.stack([x[k] * x[k + 1] for k in range(N - 1)]), best=2),
    "written in place": Case(lambda x: in_place(x), best=2),
}


def in_place(x):
    y = x * 1.0
    y[1:] += x[:-1] ** 2
    y[0] = 5.0
    return y


def points(n):
    rng = np.random.default_rng(2)
    return [0.3 + rng.random(n), -0.3 - rng.random(n), rng.normal(size=n)]


@pytest.mark.parametrize("name", JACOBIANS)
def test_jacobians(name):
    f, n, best = JACOBIANS[name]
    slopes = ad.jacobian(f, sparse=True)
    for x in points(n):
        found, dense = slopes(x), ad.jacobian(f)(x)
        np.testing.assert_allclose(
            found.toarray(), np.reshape(dense, found.shape), rtol=1e-10, atol=1e-12
        )
        at = ad.sparsity(f, x, at=True)
        assert not np.any((np.reshape(dense, at.shape) != 0) & ~at.dense())
        assert at.nnz <= slopes.pattern.nnz
    pattern = slopes.pattern
    longest = min(np.diff(p.starts).max() for p in (pattern, pattern.turned[0]))
    assert slopes.sweeps <= (int(1.5 * longest) if best is None else best)


# -- Hessians ----------------------------------------------------------------------------------
def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


# Beside each, the number of sweeps that CasADi's star colouring takes.
HESSIANS = {
    "independent terms": Case(lambda x: np.sum(np.sin(x) * x), best=1),
    "Rosenbrock": Case(rosenbrock, best=3),
    "arrow": Case(lambda x: np.sum(x[0] * x[1:] ** 2), best=2),
    "bordered": Case(lambda x: np.sum(x[:-1] ** 3) * 1.0 + x[-1] * np.sum(x), best=2),
    "blocks": Case(lambda x: np.sum(np.prod(np.reshape(x, (6, 4)), axis=1)), best=4),
    "pairs": Case(lambda x: np.sum(np.reshape(x, (12, 2))[:, 0] * x[1::2]), best=2),
    "squares of a band": Case(lambda x: np.sum(np.convolve(x, [1.0, 2.0, 1.0]) ** 2), best=5),
    "control": Case(lambda x: np.sum(control(x) ** 2), best=7),
    "graph": Case(lambda x: np.sum(np.cos(x[EDGES[0]] - x[EDGES[1]])), best=2),
    "bundle adjustment": Case(lambda x: np.sum(bundle(x) ** 2), best=15),
    "where": Case(lambda x: np.sum(np.where(x[1:] > 0, x[1:] * x[:-1], x[1:] ** 3)), best=3),
    "linear": Case(lambda x: np.sum(A @ x), best=0),
    "log of a sum": Case(lambda x: np.log(np.sum(np.exp(x))), best=N),
}


@pytest.mark.parametrize("name", HESSIANS)
def test_hessians(name):
    f, n, best = HESSIANS[name]
    curvature = ad.hessian(f, sparse=True)
    for x in points(n):
        found, dense = curvature(x), ad.hessian(f)(x)
        np.testing.assert_allclose(found.toarray(), dense, rtol=1e-9, atol=1e-10)
        assert (curvature.pattern == ad.hessian_sparsity(f, x)) is True
    longest = np.diff(curvature.pattern.starts).max()
    assert curvature.sweeps <= (int(1.5 * longest) if best is None else best)


def test_there_are_sixty():
    assert len(JACOBIANS) >= 60
