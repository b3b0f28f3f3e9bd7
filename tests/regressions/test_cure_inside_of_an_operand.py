"""Of np.exp(-np.array([...])) and np.linalg.solve(A(p), b) the error named no cure that can be
written down."""

import re

import numpy as np
import pytest

import autodiff as ad

P, B = np.array([0.3, 1.2]), np.array([1.0, 2.0])


def stacked(p):
    return [p[0], 1.0, p[1]]


def matrix(p):
    return np.array([[2 + p[0], 1.0], [0.5, 3 + p[1]]])


PROGRAMS = [
    lambda p: np.exp(np.array([p[0], 1.0, p[1]])),
    lambda p: np.exp(-np.array([p[0], 1.0, p[1]])),
    lambda p: np.exp(1.0 * np.array([p[0], 1.0, p[1]])),
    lambda p: np.arctan2(np.array([p[0], 1.0, p[1]]), 1.0),
    lambda p: np.sin(2 * np.array([[p[0], 1.0], [1.0, p[1]]])),
    lambda p: np.linalg.solve(np.array([[2 + p[0], 1.0], [0.5, 3 + p[1]]]), B),
    lambda p: np.linalg.solve(np.negative(np.array([[2 + p[0], 1.0], [0.5, 3 + p[1]]])), B),
]


def by_name(p):
    v = np.array([p[0], 1.0, p[1]])
    return np.exp(-v)


def by_names(p):
    A = matrix(p)
    return np.linalg.solve(A @ A, B)


def second_argument(p):
    v = np.array([p[0], 1.0, p[1]])
    return np.hypot(1.0, v + v)


@pytest.mark.parametrize("f", [*PROGRAMS, by_name, by_names, second_argument])
def test_the_cure_is_the_call_and_works(f):
    with pytest.raises(ad.NotDifferentiableError) as refusal:
        ad.jacobian(f)(P)
    cure = re.search(r"; write (np\..*)$", str(refusal.value)).group(1)
    assert "np.stack(" in cure or "np.block(" in cure

    def mended(p):
        names = {"p": p, "np": np, "B": B, "v": np.array(stacked(p)), "A": matrix(p)}
        return eval(cure, names)  # noqa: S307 - a cure of our own

    np.testing.assert_allclose(mended(P), f(P))
    step = 1e-6 * np.eye(2)
    want = [(f(P + h) - f(P - h)) / 2e-6 for h in step]
    np.testing.assert_allclose(ad.jacobian(mended)(P), np.moveaxis(want, 0, -1), rtol=1e-7)
