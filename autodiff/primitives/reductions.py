"""The reductions: many numbers to few. `axis` is always a tuple of negative numbers.

A reduction with `where=` or `initial=` is a row of its own, `masked_...`, because NumPy then adds in
another order: the row hands both to NumPy. What is masked out never reaches these rows: `keep` has
left it out before, so that it contributes exactly zero.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..base.shapes import Shape, ndim_of, reduced, shape_of, size_of
from ..rules.conforming import Aval, align, spread, stacked
from ..rules.kinds import choice, flat, linear, special
from ..rules.primitive import ZERO, Primitive
from .elementwise import direction, share


def restored(y: Any, shape: Shape, axis: tuple[int, ...]) -> Any:
    """A reduced array with its reduced axes put back as size 1, ready to broadcast to `shape`."""
    return np.reshape(y, reduced(shape, axis, keepdims=True))


def text_over_axes(name: str) -> Any:
    """How a reduction is written: ``sum(a)`` where it runs over all axes, else with `axis`."""

    def text(axis: Any = None, keepdims: bool = False, shapes: Any = ((),), **_: Any) -> str:
        if len(axis) == len(shapes[0]) and not keepdims:
            return name + "({a})"
        shown = axis[0] if len(axis) == 1 else axis
        return f"{name}({{a}}, axis={shown}{', keepdims=True' if keepdims else ''})"

    return text


# -- what the masked rows share --------------------------------------------------------------------
def _kept(a: Any, mask: Any) -> Any:
    """Zeros where `a` is masked out, in the memory order of `a`: NumPy adds in that order."""
    if not isinstance(a, np.ndarray) or a.ndim == 0:
        return np.where(mask, a, 0)
    forward = tuple(slice(None, None, -1 if step < 0 else 1) for step in a.strides)
    out = np.zeros_like(a[forward])[forward]
    np.copyto(out, a, where=mask)
    return out


# The arrays of a masked row are (a, mask) or (a, mask, initial).
def _masked_value(function: Callable[..., Any]) -> Any:
    def value(a: Any, mask: Any, *initial: Any, **params: Any) -> Any:
        given = {"initial": initial[0]} if initial else {}
        return function(a, where=mask, **given, **params)

    return value


Start = tuple[float, np.ufunc]  # what a reduction starts from, and how an `initial` is added to it


def _batch_masked(
    start: Start | None, row: Primitive, size: int, args: Any, flags: Any, **params: Any
) -> Any:
    """Stacked arrays with one mask, or with a mask for each example. NumPy takes one `initial` for
    all, so a stack of them is combined with the row's result for the rest."""
    (a, mask, *initial), (a_flag, mask_flag, *initial_flag) = args, flags
    if mask_flag or any(initial_flag):
        a = stacked(a, a_flag, size)
        mask = align(mask, ndim_of(a) - 1) if mask_flag else mask
    if start is None or not any(initial_flag):
        return NotImplemented if any(initial_flag) else row(a, mask, *initial, **params)
    neutral, combine = start
    if a.dtype.kind in "iu" and np.isinf(neutral):
        limits = np.iinfo(a.dtype)
        neutral = limits.max if neutral > 0 else limits.min
    y = row(a, mask, neutral, **params)
    first = np.reshape(initial[0], (size, *(1,) * (ndim_of(y) - 1)))
    first = first if first.dtype == y.dtype else first.astype(y.dtype)
    over = {"axis": params["axis"], "keepdims": params["keepdims"]}
    some = np.any(np.broadcast_to(mask, shape_of(a)), **over)
    return np.where(some, combine(y, first), first)  # of nothing NumPy answers `initial` as it is


keep = choice(
    "keep",
    _kept,
    lambda a, mask, y: mask,
    lambda s, a_dot, _: np.where(s, a_dot, 0),
    lambda y_bar, s, a: np.where(s, y_bar, 0),
    None,
    batch=partial(_batch_masked, None),
    text="where({b}, {a}, 0)",
    entries="entry",
)


def _masked(name: str, function: Any, start: Start, forward: Any, backward: Any, **row: Any) -> Any:
    return special(
        name,
        _masked_value(function),
        forward=forward,
        backward=backward,
        batch=partial(_batch_masked, start),
        text=lambda **_: f"{name.removeprefix('masked_')}({{a}}, where={{b}})",
        **row,
    )


# -- sum -------------------------------------------------------------------------------------------
def _spread(
    y_bar: Any, a: Aval, *, axis: tuple[int, ...], keepdims: bool, dtype: Any = None
) -> Any:
    return spread(restored(y_bar, a.shape, axis) if shape_of(y_bar) else y_bar, a.shape)


sum = linear(  # noqa: A001
    "sum",
    np.add.reduce,  # all that np.sum calls, in half of its time
    _spread,
    spreads=True,
    numpy=np.sum,
    text=text_over_axes("sum"),
    batch="trailing",
    entries="along",
)


def _masked_sum_jvp(
    tangents: Any, primals: Any, y: Any, *, axis: Any, keepdims: bool, dtype: Any = None
) -> Any:
    a_dot, _, *initial_dot = tangents
    y_dot = np.sum(np.where(primals[1], a_dot, 0), axis=axis, keepdims=keepdims)
    return y_dot + initial_dot[0] if initial_dot else y_dot


def _masked_sum_vjp(
    y_bar: Any, primals: Any, y: Any, *, axis: Any, keepdims: bool, dtype: Any = None
) -> list[Any]:
    a, mask, *initial = primals
    return [
        np.where(mask, restored(y_bar, shape_of(a), axis), 0),
        ZERO,
        *(np.sum(y_bar) for _ in initial),
    ]


masked_sum = _masked("masked_sum", np.sum, (0, np.add), _masked_sum_jvp, _masked_sum_vjp)


# -- prod: exact where factors are zero, no division by a factor anywhere -----------------------------
def prod_of_others(a: Any) -> Any:
    """For each entry of the last axis the product of all the others, by products from both ends."""
    before = _exclusive_cumprod(a)
    after = np.flip(_exclusive_cumprod(np.flip(a, -1)), -1)
    return before * after


def _exclusive_cumprod(a: Any) -> Any:
    """1, a0, a0 a1, ...: the running product without its own entry."""
    return np.cumprod(np.concatenate((np.ones_like(a[..., :1]), a[..., :-1]), -1), axis=-1)


def _merged(a: Any, axis: tuple[int, ...]) -> Any:
    """`a` with the axes in `axis` merged into one last axis, for products over several axes."""
    kept = tuple(k for k in range(-a.ndim, 0) if k not in axis)
    sizes = tuple(a.shape[k] for k in kept)
    return np.reshape(
        np.transpose(a, kept + axis), (*sizes, size_of(tuple(a.shape[k] for k in axis)))
    )


def _unmerged(merged: Any, shape: Shape, axis: tuple[int, ...]) -> Any:
    """The inverse of `_merged`, back to `shape`."""
    order = tuple(k for k in range(-len(shape), 0) if k not in axis) + axis
    back = tuple(int(k) for k in np.argsort(order))
    return np.transpose(np.reshape(merged, tuple(shape[k] for k in order)), back)


def _prod_jvp(
    tangents: Any, primals: Any, y: Any, *, axis: Any, keepdims: bool, dtype: Any = None
) -> Any:
    (a_dot,), (a,) = tangents, primals
    if not axis:
        return a_dot
    y_dot = np.sum(_merged(a_dot, axis) * prod_of_others(_merged(a, axis)), axis=-1)
    return np.reshape(y_dot, reduced(shape_of(a), axis, keepdims))


def _prod_vjp(
    y_bar: Any, primals: Any, y: Any, *, axis: Any, keepdims: bool, dtype: Any = None
) -> list[Any]:
    (a,) = primals
    if not axis:
        return [y_bar]
    others = _unmerged(prod_of_others(_merged(a, axis)), a.shape, axis)
    return [restored(y_bar, shape_of(a), axis) * others]


prod = special(
    "prod",
    np.prod,
    forward=_prod_jvp,
    backward=_prod_vjp,
    text=text_over_axes("prod"),
    batch="trailing",
    entries="along",
)


# A factor that is masked out is a factor 1, and `initial` is one factor more.
def _masked_prod_jvp(tangents: Any, primals: Any, y: Any, **params: Any) -> Any:
    (a_dot, _, *initial_dot), (a, mask, *initial) = tangents, primals
    factors, params = np.where(mask, a, 1), {**params, "dtype": None}
    y_dot = _prod_jvp([np.where(mask, a_dot, 0)], [factors], y, **params)
    return y_dot * initial[0] + initial_dot[0] * np.prod(factors, **params) if initial else y_dot


def _masked_prod_vjp(y_bar: Any, primals: Any, y: Any, **params: Any) -> list[Any]:
    a, mask, *initial = primals
    factors, params = np.where(mask, a, 1), {**params, "dtype": None}
    (a_bar,) = _prod_vjp(y_bar * initial[0] if initial else y_bar, [factors], y, **params)
    a_bar = np.where(mask, np.broadcast_to(a_bar, shape_of(a)), 0)
    return [a_bar, ZERO, *(np.sum(y_bar * np.prod(factors, **params)) for _ in initial)]


masked_prod = _masked("masked_prod", np.prod, (1, np.multiply), _masked_prod_jvp, _masked_prod_vjp)


# -- max and min: ties share evenly ------------------------------------------------------------------
def attained(a: Any, y: Any) -> Any:
    """Where an entry equals the extremum `y`. A nan that wins is attained by the nans."""
    return (a == y) | ((a != a) & (y != y))


def _ties(a: Any, y: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    """Which entries attain the extremum, and how many share it."""
    tied = attained(a, restored(y, shape_of(a), axis))
    return tied, np.sum(tied, axis=axis, keepdims=True)


def _mean_of_tied(chosen: Any, a_dot: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    tied, how_many = chosen
    return np.sum(np.where(tied, a_dot, 0) / how_many, axis=axis, keepdims=keepdims)


def _share_among_tied(y_bar: Any, chosen: Any, a: Aval, *, axis: Any, keepdims: bool) -> Any:
    tied, how_many = chosen
    return np.where(tied, restored(y_bar, a.shape, axis) / how_many, 0)


def _masked_ties(primals: Any, y: Any, axis: Any) -> Any:
    """Which entries and initial values attain the extremum, and how many share it."""
    a, mask, *initial = primals
    top = restored(y, shape_of(a), axis)
    tied = attained(a, top) & mask
    wins = [attained(value, top) for value in initial]
    how_many = np.sum(tied, axis=axis, keepdims=True)
    return tied, wins, how_many + wins[0] if wins else how_many


def _masked_extremum_jvp(tangents: Any, primals: Any, y: Any, *, axis: Any, keepdims: bool) -> Any:
    a_dot, _, *initial_dot = tangents
    tied, wins, how_many = _masked_ties(primals, y, axis)
    y_dot = np.sum(np.where(tied, a_dot, 0) / how_many, axis=axis, keepdims=True)
    for win, value_dot in zip(wins, initial_dot, strict=True):
        y_dot = y_dot + np.where(win, value_dot, 0) / how_many
    return np.reshape(y_dot, reduced(shape_of(primals[0]), axis, keepdims))


def _masked_extremum_vjp(
    y_bar: Any, primals: Any, y: Any, *, axis: Any, keepdims: bool
) -> list[Any]:
    tied, wins, how_many = _masked_ties(primals, y, axis)
    shared = restored(y_bar, shape_of(primals[0]), axis) / how_many
    return [np.where(tied, shared, 0), ZERO, *(np.sum(np.where(win, shared, 0)) for win in wins)]


def _extremum(name: str, function: Callable[..., Any], *start: Any) -> tuple[Any, Any]:
    plain = choice(
        name,
        function,
        _ties,
        _mean_of_tied,
        _share_among_tied,
        text=text_over_axes(name),
        batch="trailing",
        kinks="ties",
        selects="back",  # forwards there is always an entry that is attained
    )
    masked = _masked(
        f"masked_{name}",
        function,
        start,
        _masked_extremum_jvp,
        _masked_extremum_vjp,
        kinks="ties",
        selects="both",
    )
    return plain, masked


max, masked_max = _extremum("max", np.max, -np.inf, np.maximum)  # noqa: A001
min, masked_min = _extremum("min", np.min, np.inf, np.minimum)  # noqa: A001
nanmax, masked_nanmax = _extremum("nanmax", np.fmax.reduce, -np.inf, np.fmax)
nanmin, masked_nanmin = _extremum("nanmin", np.fmin.reduce, np.inf, np.fmin)


# -- logaddexp.reduce and hypot.reduce: a smooth maximum and a norm --------------------------------
def _smooth(
    name: str, neutral: float, ufunc: Any, part: Callable[[Any, Any], Any], kinks: str = ""
) -> Any:
    """A ufunc's `reduce` whose partial in each entry is `part(entry, y)`."""

    def forward(tangents: Any, primals: Any, y: Any, *, axis: Any, keepdims: bool) -> Any:
        (a_dot, _, *initial_dot), (a, mask, *initial) = tangents, primals
        top = restored(y, shape_of(a), axis)
        y_dot = np.sum(np.where(mask, part(a, top) * a_dot, 0), axis=axis, keepdims=True)
        for value, value_dot in zip(initial, initial_dot, strict=True):
            y_dot = y_dot + part(value, top) * value_dot
        return np.reshape(y_dot, reduced(shape_of(a), axis, keepdims))

    def backward(y_bar: Any, primals: Any, y: Any, *, axis: Any, keepdims: bool) -> list[Any]:
        a, mask, *initial = primals
        top, y_bar = restored(y, shape_of(a), axis), restored(y_bar, shape_of(a), axis)
        a_bar = np.where(mask, part(a, top) * y_bar, 0)
        return [a_bar, ZERO, *(np.sum(part(value, top) * y_bar) for value in initial)]

    return _masked(name, ufunc.reduce, (neutral, ufunc), forward, backward, kinks=kinks)


logaddexp_reduce = _smooth(
    "logaddexp_reduce", -np.inf, np.logaddexp, lambda a, y: share(a, y, np.exp)
)
logaddexp2_reduce = _smooth(
    "logaddexp2_reduce", -np.inf, np.logaddexp2, lambda a, y: share(a, y, np.exp2)
)
hypot_reduce = _smooth("hypot_reduce", 0, np.hypot, direction, kinks="origin")


# -- flat --------------------------------------------------------------------------------------------
for _name in ("any", "all"):
    flat(_name, _masked_value(getattr(np, _name)), batch=partial(_batch_masked, None))
for _name, _value in (
    ("argmax", np.argmax),
    ("argmin", np.argmin),
    ("nanargmax", np.nanargmax),
    ("nanargmin", np.nanargmin),
    ("count_nonzero", np.count_nonzero),
):
    flat(_name, _value, batch="trailing")


# Looked up here by name, never taken from the parameter: a saved program is untrusted.
FOLDS = {"accumulate": np.ufunc.accumulate, "reduceat": np.ufunc.reduceat}


def _flat_method(
    a: Any, mask: Any, *initial: Any, ufunc: np.ufunc, method: str, **params: Any
) -> Any:
    if method == "reduce":
        return _masked_value(ufunc.reduce)(a, mask, *initial, **params)
    return FOLDS[method](ufunc, a, **params)


flat(
    "flat_method", _flat_method, batch=partial(_batch_masked, None)
)  # logical_and.reduce, floor_divide.reduceat
