"""The plain nodes are a whole engine: whatever the fused ones do, they do alone.

The fused nodes may add contributions up in another order. So the programs of the first law compute
with small dyadic numbers, of which every sum and product is exact: there, any order gives the same
bits, and a bit that differs is a wrong rule.
"""

import itertools
from contextlib import contextmanager

import numpy as np
import pytest

import autodiff as ad
from autodiff.engine.forward_mode import Dual
from autodiff.engine.fused.backward import TAPE, FusedTapeNode
from autodiff.engine.fused.forward import DUAL, FusedDual
from autodiff.engine.reverse_mode import TapeNode

W = np.array([[0.5, -0.25, 1.0], [1.5, 0.25, -0.5]])
X = np.array([0.5, 1.0, -1.5])
LARGE = np.arange(-24, 48) / 32  # more entries than what is written out may have


def rounds(x):
    t = x[0]
    for k in range(4):
        t = t * 0.5 + x[k % x.size] * t
    return t


EXACT = {
    "products": lambda x: np.sum(x * x[0] - x * 0.25) * x[1] + x[1],
    "powers": lambda x: np.sum(x**3 - 2 * x**2) * x[0],
    "quotients": lambda x: np.sum((x + x[1]) / 4 - x * (x[1] / -2.0)) * x[2],
    "matrix": lambda x: np.sum((W @ x[:3]) ** 2 * x[:2]),
    "choices": lambda x: np.sum(np.where(x > 0.75, x * x[0], np.maximum(x, -1) * x)) * x[1],
    "order": lambda x: np.sum(np.sort(x)[:3] * np.cumsum(x[:3] * x[0])),
    "shapes": lambda x: np.sum(np.stack([x, x[::-1]]).T.reshape(2, -1)[1] * np.repeat(x, 1) * x[0]),
    "loop": rounds,
    "modulus": lambda x: np.sum(np.abs(x) * x) * x[0],
}
SMOOTH = {
    "elementary": lambda x: np.sum(np.tanh(x) * np.exp(-(x**2)) + np.sin(x) / (x + 3)),
    "network": lambda x: np.sum(np.logaddexp(0, W @ np.tanh(x[:3])) ** 2),
    "solution": lambda x: np.linalg.solve(W[:, :2] + x[0], x[:2])[1] * np.linalg.norm(x),
}
ORDERS = ["".join(names) for depth in (1, 2, 3) for names in itertools.product("FR", repeat=depth)]


def derivative(f, names, x):
    """The derivative along one direction after the other, in the named modes."""
    v = np.resize([1.0, -0.5, 2.0, 0.25], x.shape)
    for name in names:
        if name == "F":
            f = lambda t, f=f: ad.jvp(f, (t,), (v,))[1]  # noqa: E731
        else:
            f = lambda t, f=f: np.sum(ad.grad(f)(t) * v)  # noqa: E731
    return [f(x) for _ in range(2)]  # the second time by what the first one wrote


@contextmanager
def plain(monkeypatch):
    """Every transform makes plain nodes, and a fused one that does anything fails."""
    dual, tape = DUAL.set(Dual), TAPE.set(TapeNode)
    try:
        with monkeypatch.context() as patched:
            for node, name in ((FusedDual, "record"), (FusedDual, "derive")):
                patched.setattr(node, name, lambda *_: pytest.fail("a fused dual number"))
            patched.setattr(FusedTapeNode, "derive", lambda *_: pytest.fail("a fused tape node"))
            yield
    finally:
        DUAL.reset(dual)
        TAPE.reset(tape)


def both(f, names, x, monkeypatch):
    fused = derivative(f, names, x)
    with plain(monkeypatch):
        return fused, derivative(f, names, x)


@pytest.mark.parametrize("x", [X, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("program", EXACT)
def test_where_arithmetic_is_exact_plain_nodes_give_the_same_bits(program, x, monkeypatch):
    for names in ORDERS:
        fused, plainly = both(EXACT[program], names, x, monkeypatch)
        for found, expected in zip(fused, plainly, strict=True):
            assert type(found) is type(expected)
            assert found == expected, names
    assert found != 0  # of a derivative that vanishes the law says nothing


@pytest.mark.parametrize("program", SMOOTH)
def test_where_it_is_rounded_they_agree_to_rounding(program, monkeypatch):
    for names in ORDERS:
        fused, plainly = both(SMOOTH[program], names, X, monkeypatch)
        np.testing.assert_allclose(fused, plainly, rtol=1e-14 * 4 ** len(names))


def test_a_gradient_and_a_slope_have_the_same_bits_always(monkeypatch):
    """One level: nothing is added up in another order."""
    for f in SMOOTH.values():
        for run in (lambda f=f: ad.grad(f)(X), lambda f=f: ad.jacfwd(f)(X)):
            fused = run()
            with plain(monkeypatch):
                np.testing.assert_array_equal(fused, run())


def test_the_other_transforms_run_on_plain_nodes(monkeypatch):
    def f(x):
        return np.sum(x**3) * x[0]

    def all_of_them():
        hessian = ad.hessian(f)(X)
        stack = ad.vmap(ad.grad(f))(np.stack([X, 2 * X]))
        again = ad.grad(lambda x: ad.checkpoint(f)(x) * x[1])(X)
        moved = ad.linearize(ad.grad(f), X)[1](X)
        return [hessian, stack, again, moved, *ad.taylor(f, X, X, 3)]

    fused = all_of_them()
    with plain(monkeypatch):
        for found, expected in zip(all_of_them(), fused, strict=True):
            np.testing.assert_array_equal(found, expected)
