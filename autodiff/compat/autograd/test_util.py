"""`check_grads`: derivatives against finite differences, each mode alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...base.trees import flatten, flatten_like
from ...engine.arguments import name_of
from .core import make_jvp, make_vjp, vspace
from .wrap_util import unary_to_nary

__all__ = ["check_equivalent", "check_grads", "check_jvp", "check_vjp", "combo_check"]
TOLERANCE = STEP = 1e-6  # relative to numbers greater than 1


@unary_to_nary
def check_grads(f: Any, x: Any, modes: Sequence[str] = ("fwd", "rev"), order: int = 2) -> None:
    """Raise AssertionError where a derivative of `f` at `x`, up to that order, is wrong in one of
    `modes`. For more, and for what is wrong, see :func:`autodiff.check`."""
    space = vspace(x)
    v, g = space.randn(), vspace(f(x)).randn()
    ends = (f(space.add(x, space.scalar_mul(v, step))) for step in (STEP / 2, -STEP / 2))
    expected = (paired(g, next(ends)) - paired(g, next(ends))) / STEP
    slopes: dict[str, Callable[..., Any]] = {
        "fwd": lambda x: make_jvp(f, x)(v)[1],
        "rev": lambda x: make_vjp(f, x)[0](g),
    }
    for mode, slope in slopes.items():
        if mode in modes:
            derivative = paired(g, slope(x)) if mode == "fwd" else paired(slope(x), v)
            assert np.isclose(derivative, expected, TOLERANCE, TOLERANCE), (
                f"{name_of(f)}: mode {mode} gives {derivative}, differences give {expected}"
            )
            if order > 1:
                slope.__name__ = f"{mode} of {name_of(f)}"
                check_grads(slope, modes=modes, order=order - 1)(x)


def paired(bar: Any, v: Any) -> Any:
    """A cotangent and a direction."""
    pairs = zip(flatten(bar)[0], flatten(v)[0], strict=True)
    return sum(np.sum(np.real(b * part)) for b, part in pairs)


def check_vjp(f: Callable[[Any], Any], x: Any) -> None:
    check_grads(f, modes=["rev"], order=1)(x)


def check_jvp(f: Callable[[Any], Any], x: Any) -> None:
    check_grads(f, modes=["fwd"], order=1)(x)


def combo_check(fun: Callable[..., Any], *options: Any, **named: Any) -> Callable[..., None]:
    """`check_grads` for every combination of an entry from each list of arguments."""
    checked = check_grads(fun, *options, **named)

    def check_all(*lists: Any, **keyword_lists: Any) -> None:
        for args in itertools.product(*lists):
            for values in itertools.product(*keyword_lists.values()):
                checked(*args, **dict(zip(keyword_lists, values, strict=True)))

    return check_all


def check_equivalent(x: Any, y: Any) -> None:
    """Raise AssertionError where structures or shapes differ, or numbers by more than 1e-6."""
    leaves, structure = flatten(x)
    for a, b in zip(leaves, flatten_like(y, structure, "y"), strict=True):
        assert np.shape(a) == np.shape(b), f"shapes differ: {np.shape(a)} and {np.shape(b)}"
        np.testing.assert_allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE)
