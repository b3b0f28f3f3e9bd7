"""How each kind of row passes sets on: of which entries of its operands a result is made.

A row says so itself, in `entries`, where its kind does not (rules/primitive.py). What nobody knows
is taken to be made of everything, so a set is never too small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..base.shapes import shape_of
from ..rules.conforming import Aval, aval_of
from ..rules.kinds import Elementwise
from ..rules.primitive import TABLE, ZERO, Primitive
from . import products
from .sets import Sets, along, by_places, one_table, running, singletons, union

UNKNOWN: Any = object()  # in place of a value that may be another one in the next call


class Call(NamedTuple):
    """One operation: the sets of its operands, None where there are none; its operands where they
    are the same in every call, else UNKNOWN; and what they are like.  `shown` are the operands as
    they are at one point, where the pattern at that point is asked for."""

    row: Primitive
    params: dict[str, Any]
    sets: Sequence[Sets | None]
    fixed: Sequence[Any]
    shown: Sequence[Any] | None
    likes: Sequence[Aval]
    y: Any

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.y)


def pushed(call: Call) -> Any:
    """The sets of the result, or of each of several results; None where nothing reaches it."""
    row, count = call.row, len(call.y) if call.row.multiple else 1
    if row.flat or all(s is None for s in call.sets):
        return (None,) * count if row.multiple else None
    found: Any = BY_ENTRIES[entries_of(call)](call)
    if isinstance(found, tuple) and not isinstance(found, Sets):  # a NamedTuple
        return found
    if row.multiple:
        return tuple(spread(found, y.shape) for y in call.y)
    return spread(found, call.shape)


def spread(x: Sets | None, shape: tuple[int, ...]) -> Sets | None:
    return x and x.moved(np.broadcast_to(x.ids, shape))


def entries_of(call: Call) -> str:
    """What the row says of its entries, or else what follows from its kind."""
    row = call.row
    if callable(row.entries):
        return "pairs"
    if row.entries:
        return row.entries
    if row.kind == "elementwise" or (row.kind == "choice" and row.batch == "elementwise"):
        return "entry"
    if row.kind == "bilinear":
        return "product"
    if row.kind in ("choice", "special") and "axis" in call.params and not row.multiple:
        return "along"
    if row.kind == "special" and row.batch == "trailing" and TABLE.get(row.name) is row:
        return "core"
    return "all"


def _entry(call: Call) -> Any:
    """Entry by entry, without what has no derivative, and without factors that are zero."""
    row, sets = call.row, list(call.sets)
    if isinstance(row, Elementwise):
        for k, partial in enumerate(row.partials):
            if partial is ZERO:
                sets[k] = None
    if row.form == "product":
        sets = [without(s, other) for s, other in zip(sets, reversed(call.fixed), strict=True)]
    shape = shape_of(call.y[0] if row.multiple else call.y)
    return union(chosen(call, sets, shape), shape)


def without(x: Sets | None, factor: Any) -> Sets | None:
    """Nothing where the factor is zero in every call."""
    if x is None or factor is UNKNOWN:
        return x
    factor = np.asarray(factor)
    if factor.all():
        return x
    return x.moved(np.where(factor == 0, 0, x.ids))


def chosen(call: Call, sets: Sequence[Sets | None], shape: Any) -> list[Sets | None]:
    """Of the operands of a choice those entries that may be chosen: all that have a derivative, and
    at a point those that are chosen there."""
    row: Any = call.row
    if row.kind != "choice":
        return list(sets)
    back = scatters(row, sets)
    deciding = [x for x, f in zip(call.fixed, back, strict=True) if f is None]
    sets = [s if f else None for s, f in zip(sets, back, strict=True)]
    if call.shown is None and (not deciding or any(x is UNKNOWN for x in deciding)):
        return sets
    operands = call.shown or [
        np.zeros(like.shape) if x is UNKNOWN else x
        for x, like in zip(call.fixed, call.likes, strict=True)
    ]
    picked = row.selector(*operands, call.y, **call.params)
    ones, found = np.ones(shape), []
    for s, scatter, like in zip(sets, back, call.likes, strict=True):
        if s is not None:
            given = scatter(ones, picked, Aval(shape, like.dtype), **call.params)
            s = s.moved(np.where(np.broadcast_to(given, shape) != 0, s.ids, 0))
        found.append(s)
    return found


def scatters(row: Any, sets: Sequence[Any]) -> list[Any]:
    return [*row.scatters, *(None,) * (len(sets) - len(row.scatters))]


def _first(call: Call) -> Any:
    first, *rest = call.sets
    return union([first, everything(rest)], call.shape)


def _moved(call: Call) -> Any:
    """The row run on the numbers of sets; its indices, if it has any, must be known."""
    sets, fixed = list(call.sets), call.fixed
    indices: list[Any] = []
    if call.row.kind == "choice":
        count = sum(f is not None for f in scatters(call.row, sets))
        indices = list((call.shown or fixed)[count:])
        if any(i is UNKNOWN for i in indices):
            return everything(call.sets)
        sets = sets[:count]
    ids, table = one_table(sets)
    filled = [
        np.zeros(a.shape, np.intp) if i is None else i
        for i, a in zip(ids, call.likes, strict=False)
    ]
    return Sets(np.asarray(call.row.value(*filled, *indices, **call.params)), table)


def _added(call: Call) -> Any:
    """The transpose, run on the numbers of the results' entries, says where each entry goes."""
    row: Any = call.row
    numbers = np.arange(1, int(np.prod(call.shape, dtype=np.intp)) + 1).reshape(call.shape)
    if row.kind == "choice":
        indices = list((call.shown or call.fixed)[1:])
        if any(i is UNKNOWN for i in indices):
            return everything(call.sets)
        likes = [Aval(call.likes[0].shape, numbers.dtype)]
        places = [
            row.scatters[0](
                numbers,
                tuple(indices) if row.name == "scatter" else indices[0],
                likes[0],
                **call.params,
            )
        ]
    else:
        likes = [Aval(a.shape, numbers.dtype) for a in call.likes]
        found = row.transpose(numbers, *likes, **call.params)
        places = found if isinstance(found, list) else [found]
    streams = []
    for s, place in zip(call.sets, places, strict=False):
        if s is not None:
            to, ids = np.broadcast_arrays(place, s.ids)  # what is added may broadcast
            streams.append((to[to > 0] - 1, ids[to > 0], s.table))
    return placed(call.shape, streams, call)


def placed(shape: Any, streams: Any, call: Call) -> Sets | None:
    size = next(s for s in call.sets if s is not None).table.size
    found = by_places(int(np.prod(shape, dtype=np.intp)), streams, size)
    return Sets(found.ids.reshape(shape), found.table)


def _pairs(call: Call) -> Any:
    (s,) = call.sets
    assert s is not None
    assert callable(call.row.entries)
    to, of = call.row.entries(*call.likes, **call.params)
    return placed(call.shape, [(to, s.ids.ravel()[of], s.table)], call)


def _along(call: Call) -> Any:
    """All entries along some axes; of a choice at a point, those that are chosen there."""
    axis = call.params["axis"]
    ndim = len(call.likes[0].shape)
    axes = range(ndim) if axis is None else (axis,) if np.ndim(axis) == 0 else axis
    first, *rest = call.sets
    if call.row.kind == "choice" and call.shown and first is not None:
        row: Any = call.row
        picked = row.selector(*call.shown, call.y, **call.params)
        if "keepdims" not in call.params:  # an order, not an extremum
            return first.moved(row.select(picked, first.ids, **call.params))
        back = row.scatters[0](np.ones(call.shape), picked, call.likes[0], **call.params)
        first = first.moved(np.where(back != 0, first.ids, 0))
    united = None
    if first is not None:
        if call.row.form == "transform" and call.params["n"] < first.shape[axis]:
            first = first.moved(np.take(first.ids, range(call.params["n"]), axis))
        elif rest and getattr(call.fixed[1], "dtype", object) is np.dtype(bool):  # masked
            first = first.moved(np.where(call.fixed[1], first.ids, 0))
        united = along(first, tuple(axes))
        ids = united.ids
        if len(call.shape) < ndim:
            ids = np.squeeze(ids, tuple(axes))
        united = spread(united.moved(ids), call.shape)
    return union([united, everything(rest)], call.shape)


def _running(call: Call) -> Any:
    (s,) = call.sets
    assert s is not None
    return running(s, call.params["axis"])


def _core(call: Call) -> Any:
    """All entries of a matrix, for each matrix of a stack."""
    (s,) = call.sets if len(call.sets) == 1 else (None,)
    if s is None or s.ids.ndim < 3:
        return everything(call.sets)
    stack = s.ids.shape[:-2]
    united = along(s, (-2, -1))

    def of_each(y: Any) -> Sets | None:
        ids = united.ids.reshape((*stack, *(1,) * (np.ndim(y) - len(stack))))
        return spread(united.moved(ids), shape_of(y))

    return tuple(map(of_each, call.y)) if call.row.multiple else of_each(call.y)


def _columns(call: Call) -> Any:
    """Solutions: of the whole matrix, and of one column of the right-hand side."""
    (a, b), (_, like) = call.sets, call.likes
    if len(like.shape) != 2 or call.shape != like.shape:
        return everything(call.sets)
    column = None if b is None else along(b, (-2,))
    return union([everything([a]), column], call.shape)


def everything(sets: Sequence[Sets | None]) -> Sets | None:
    """One set for all: the union of all entries of all operands."""
    some = [along(s, range(s.ids.ndim)) for s in sets if s is not None and s.ids.size]
    found = union([s.moved(s.ids.reshape(())) for s in some], ())
    return found


def _all(call: Call) -> Any:
    return everything(call.sets)


def _product(call: Call) -> Any:
    return products.pushed(call, UNKNOWN)


BY_ENTRIES: dict[str, Callable[[Call], Any]] = {
    "entry": _entry,
    "first": _first,
    "moved": _moved,
    "added": _added,
    "along": _along,
    "running": _running,
    "pairs": _pairs,
    "core": _core,
    "columns": _columns,
    "product": _product,
    "all": _all,
}

__all__ = ["UNKNOWN", "Call", "aval_of", "pushed", "singletons"]
