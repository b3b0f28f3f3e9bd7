"""The reductions and scans: many numbers to few. `axis` is always a tuple of negative numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kinds import Aval, choice, flat, linear, special
from ..shapes import Shape, reduced


def restored(y: Any, shape: Shape, axis: tuple[int, ...]) -> Any:
    """A reduced array with its reduced axes put back as size 1, ready to broadcast to `shape`."""
    return np.reshape(y, reduced(shape, axis, keepdims=True))


def _shown(name: str) -> Any:
    def text(axis: Any = None, keepdims: bool = False, shapes: Any = ((),), **_: Any) -> str:
        if len(axis) == len(shapes[0]) and not keepdims:
            return name + "({a})"
        shown = axis[0] if len(axis) == 1 else axis
        return f"{name}({{a}}, axis={shown}{', keepdims=True' if keepdims else ''})"

    return text


def _spread(y_bar: Any, a: Aval, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    return np.broadcast_to(restored(y_bar, a.shape, axis), a.shape)


sum = linear("sum", np.sum, _spread, spreads=True, text=_shown("sum"), batch="trailing")  # noqa: A001


def _ties(a: Any, y: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    """Which entries attain the extremum, and how many share it."""
    attained = a == restored(y, a.shape, axis)
    return attained, np.sum(attained, axis=axis, keepdims=True)


def _mean_of_tied(chosen: Any, a_dot: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    attained, how_many = chosen
    shared = np.where(attained, a_dot, 0) / how_many
    return np.sum(shared, axis=axis, keepdims=keepdims)


def _share_among_tied(y_bar: Any, chosen: Any, a: Aval, *, axis: Any, keepdims: bool) -> Any:
    attained, how_many = chosen
    return np.where(attained, restored(y_bar, a.shape, axis) / how_many, 0)


def _extremum(name: str, value: Any) -> Any:
    return choice(
        name,
        value,
        _ties,
        _mean_of_tied,
        _share_among_tied,
        text=_shown(name),
        batch="trailing",
        kinks="ties",
    )


max = _extremum("max", np.max)  # noqa: A001
min = _extremum("min", np.min)  # noqa: A001


def _flip_cumsum(y_bar: Any, a: Aval, *, axis: int) -> Any:
    return np.flip(np.cumsum(np.flip(y_bar, axis), axis=axis), axis)


cumsum = linear("cumsum", np.cumsum, _flip_cumsum, batch="trailing")


# prod and cumprod are exact where factors are zero: no division by a factor anywhere.
def _prod_of_others(a: Any, axis: int) -> Any:
    """For each entry along `axis` the product of all the others, by products from both ends."""
    before = _exclusive_cumprod(a, axis)
    after = np.flip(_exclusive_cumprod(np.flip(a, axis), axis), axis)
    return before * after


def _exclusive_cumprod(a: Any, axis: int) -> Any:
    """1, a0, a0 a1, ...: the running product without its own entry."""
    return np.cumprod(np.concatenate((_ones_slice(a, axis), _drop_last(a, axis)), axis), axis=axis)


def _drop_last(a: Any, axis: int) -> Any:
    return a[(..., slice(0, -1), *(slice(None),) * (-axis - 1))]


def _ones_slice(a: Any, axis: int) -> Any:
    return np.ones_like(a[(..., slice(0, 1), *(slice(None),) * (-axis - 1))])


def _one_axis(a: Any, axis: tuple[int, ...]) -> Any:
    """`a` with the axes in `axis` merged into one last axis, for products over several axes."""
    kept = tuple(k for k in range(-a.ndim, 0) if k not in axis)
    moved = np.transpose(a, kept + axis)
    return np.reshape(moved, (*(a.shape[k] for k in kept), -1))


def _prod_jvp(tangents: Any, primals: Any, y: Any, *, axis: Any, keepdims: bool) -> Any:
    (a_dot,), (a,) = tangents, primals
    if not axis:
        return a_dot
    y_dot = np.sum(_one_axis(a_dot, axis) * _prod_of_others(_one_axis(a, axis), -1), axis=-1)
    return np.reshape(y_dot, reduced(a.shape, axis, keepdims))


def _prod_vjp(y_bar: Any, primals: Any, y: Any, *, axis: Any, keepdims: bool) -> Any:
    (a,) = primals
    if not axis:
        return [y_bar]
    kept = tuple(k for k in range(-a.ndim, 0) if k not in axis)
    others = _prod_of_others(_one_axis(a, axis), -1)
    order = tuple(int(k) for k in np.argsort(kept + axis))
    merged = np.reshape(others, tuple(a.shape[k] for k in kept + axis))
    return [restored(y_bar, a.shape, axis) * np.transpose(merged, order)]


prod = special(
    "prod", np.prod, forward=_prod_jvp, backward=_prod_vjp, text=_shown("prod"), batch="trailing"
)


def _cumprod_jvp(tangents: Any, primals: Any, y: Any, *, axis: int) -> Any:
    """Running products of dual numbers, by doubling: after step k an entry holds the product of the
    2^k entries that end in it. Exact with zeros among the factors, and O(n log n).

    Source: Hillis and Steele, Data parallel algorithms (1986).
    """
    product, slope = (np.swapaxes(x, axis, -1) for x in (primals[0], tangents[0]))
    step = 1
    while step < product.shape[-1]:
        left, right = product[..., :-step], product[..., step:]
        slope = np.concatenate(
            (slope[..., :step], slope[..., :-step] * right + left * slope[..., step:]), axis=-1
        )
        product = np.concatenate((product[..., :step], left * right), axis=-1)
        step *= 2
    return np.swapaxes(slope, axis, -1)


cumprod = special("cumprod", np.cumprod, forward=_cumprod_jvp, batch="trailing")


for _name, _value in (
    ("any", np.any),
    ("all", np.all),
    ("argmax", np.argmax),
    ("argmin", np.argmin),
    ("argsort", np.argsort),
    ("argpartition", np.argpartition),
    ("count_nonzero", np.count_nonzero),
    ("searchsorted", np.searchsorted),
):
    flat(_name, _value, batch="trailing")
