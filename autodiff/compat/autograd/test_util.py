"""`check_grads`: derivatives of both modes against each other and against differences."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...base.trees import flatten, flatten_like
from ...checking.check import check
from ...engine.arguments import name_of
from .core import make_vjp
from .spaces import vspace
from .wrap_util import unary_to_nary

__all__ = ["check_equivalent", "check_grads", "check_jvp", "check_vjp", "combo_check"]


@unary_to_nary
def check_grads(f: Any, x: Any, modes: Sequence[str] = ("fwd", "rev"), order: int = 2) -> None:
    """Raise AssertionError where a derivative of `f` up to that order is wrong at `x`.

    Both modes are always checked, whatever `modes` says. The tolerances are those of
    :func:`autodiff.check`.
    """
    report = check(f, x, order=min(order, 2))
    if not report.ok:
        raise AssertionError(str(report))
    if order > 2:
        g = vspace(f(x)).randn()
        slope = unary_to_nary(lambda f, x: make_vjp(f, x)[0](g))(f)
        slope.__name__ = f"the derivative of {name_of(f)}"
        check_grads(slope, modes=modes, order=order - 1)(x)


def check_vjp(f: Callable[[Any], Any], x: Any) -> None:
    check_grads(f, order=1)(x)


check_jvp = check_vjp


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
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)
