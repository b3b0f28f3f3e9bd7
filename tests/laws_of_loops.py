"""A loop says what the Python loop says: as it is, traced, compiled, and under every transform."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from autodiff.base.trees import flatten


def quietly(f: Any) -> Any:
    """A traced program runs both branches under vmap, as `np.where` does."""

    def call(*args: Any) -> Any:
        with np.errstate(all="ignore"):
            return f(*args)

    return call


MODES = {
    "plain": lambda f, args: f,
    "traced": lambda f, args: quietly(ad.trace(f, *args)),
    "llvm": lambda f, args: ad.jit(f, backend="llvm"),
    "numpy": lambda f, args: ad.jit(f, backend="numpy"),
}


def one_number(f: Any) -> Any:
    def total(*args: Any) -> Any:
        leaves = [
            x for x in flatten(f(*args))[0] if np.dtype(getattr(x, "dtype", float)).kind != "b"
        ]
        return sum(np.sum(x * (k + 1.5)) for k, x in enumerate(leaves))

    return total


def gradient(f: Any) -> Any:
    return ad.grad(one_number(f))


def slope(f: Any) -> Any:
    return lambda x, *rest: ad.jvp(lambda x: one_number(f)(x, *rest), (x,), (np.ones_like(x),))


def stacked(f: Any) -> Any:
    """Under vmap in the first argument."""

    def on_stack(x: Any, *rest: Any) -> Any:
        stack = np.stack([x, x * 0.7, x * 1.1])
        return ad.vmap(f, (0, *(None for _ in rest)))(stack, *rest)

    return on_stack


TRANSFORMS = {
    "value": lambda f: f,
    "gradient": gradient,
    "value and gradient": lambda f: ad.value_and_grad(one_number(f)),
    "slope": slope,
    "forward over reverse": lambda f: slope(gradient(f)),
    "reverse over reverse": lambda f: gradient(gradient(f)),
    "reverse over forward": lambda f: gradient(lambda *x: slope(f)(*x)[1]),
    "vmap": stacked,
    "gradient of vmap": lambda f: gradient(stacked(f)),
    "vmap of gradient": lambda f: stacked(gradient(f)),
}


def same(found: Any, expected: Any) -> None:
    """The same nest; the same numbers up to rounding."""
    a, b = flatten(found), flatten(expected)
    assert a[1] == b[1]
    for x, y in zip(a[0], b[0], strict=True):
        assert np.shape(x) == np.shape(y)
        assert np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-12)


def same_bits(found: Any, expected: Any) -> None:
    a, b = flatten(found), flatten(expected)
    assert a[1] == b[1]
    for x, y in zip(a[0], b[0], strict=True):
        np.testing.assert_array_equal(x, y)
