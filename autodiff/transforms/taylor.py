"""Taylor mode: all derivatives along a direction up to an order, in one run of the program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..base.trees import flatten, flatten_like, unflatten
from ..engine.arguments import (
    argument_names,
    called,
    check_like,
    differentiable,
    finished,
    name_of,
    result_leaf,
    whole,
)
from ..engine.strong_zeros import value_of
from ..engine.taylor_mode import Coefficients, Sweep


def taylor(f: Callable[[Any], Any], x: Any, direction: Any, order: int) -> tuple[Any, ...]:
    """The Taylor coefficients ``(c_0, c_1, ..., c_order)`` of ``f(x + t * direction)`` at t = 0.

    c_k is the k-th derivative divided by k!, so that ``c_0 + c_1 t + c_2 t**2 + ...`` is the
    polynomial itself, and ``math.factorial(k) * c_k`` the derivative. `x` and `direction` are
    numbers, arrays, or nests of the same structure; each coefficient has the structure, shapes and
    dtypes of the result. The cost grows with the square of the order at most, where nested `jvp`
    doubles with each.

    A `direction` of another structure or shape raises `ShapeError`, a negative order `ValueError`.

    >>> import numpy as np, autodiff as ad
    >>> ad.taylor(lambda x: 1 / (1 - x), 0.0, 1.0, 4)
    (1.0, 1.0, 1.0, 1.0, 1.0)
    >>> ad.taylor(lambda x: x**3, np.array([1.0, 2.0]), np.ones(2), 2)
    (array([1., 8.]), array([ 3., 12.]), array([3., 6.]))
    """
    order = whole(order, "taylor: order")
    if order < 0:
        raise ValueError(f"taylor: order={order} must not be negative")
    leaves, structure = flatten((x,))
    names = [f"{name} of {name_of(f)}" for name in argument_names((x,))]
    values = [differentiable(leaf, name) for leaf, name in zip(leaves, names, strict=True)]
    given = flatten_like((direction,), structure, "taylor: direction")
    slopes = [
        check_like(t, v, f"the direction of {name}", "its point")
        for t, v, name in zip(given, values, names, strict=True)
    ]
    sweep = Sweep(order)
    inside = [sweep.tensor(Coefficients(list(pair))) for pair in zip(values, slopes, strict=True)]
    results, out = flatten(called(f, unflatten(structure, inside), {}))
    found = [sweep.coefficients_of(result_leaf(y, name_of(f), sweep.level)) for y in results]
    parts = [[y[0], *(finished(value_of(y[k]), y[0]) for k in range(1, order + 1))] for y in found]
    return tuple(unflatten(out, [part[k] for part in parts]) for k in range(order + 1))
