"""A view as a person would write it: reshape, a slice, a transpose, or else `strided`."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from ...base.shapes import Shape
from ..ir.program import Value
from ..ir.views import contiguous


def spelled(name: str, v: Value, strided: Callable[[], str] = lambda: "strided") -> str:
    """The expression that makes the view `v` of the buffer called `name`; `strided` is asked what
    the function for all other views is called."""
    base, (offset, strides) = v.inputs[0], (v.params["offset"], v.params["strides"])
    if not offset and base.size == v.size and strides == contiguous(v.shape):
        return f"{name}.reshape({_tuple(v.shape)})"
    found = sliced(base.shape, offset, strides, v.shape)
    if found is not None:
        return f"{name}{found}"
    swapped = transposed(base.shape, offset, strides, v.shape)
    if swapped is None:
        swapped = turned(base.shape, offset, strides, v.shape)
    if swapped is not None:
        return f"{name}{swapped}"
    return f"{strided()}({name}, {offset}, {_tuple(v.shape)}, {_tuple(strides)})"


def sliced(base: Shape, offset: int, strides: tuple[int, ...], shape: Shape) -> str | None:
    """``[1:, None, ::2]``: a slice along each axis of the base, in order, and new axes."""
    steps = [prod(base[k + 1 :]) for k in range(len(base))]
    keys: list[str] = []
    axis, rest = 0, offset
    for n, s in zip(shape, strides, strict=True):
        if n == 1 and s == 0:
            keys.append("None")
            continue
        while axis < len(base) and (base[axis] == 1 or not _walks(s, steps[axis])):
            keys.append(str(rest // steps[axis]))  # an axis that the view does not walk along
            rest %= steps[axis]
            axis += 1
        if axis == len(base):
            return None
        step, start = s // steps[axis], rest // steps[axis]
        if step < 0 or start + (n - 1) * step >= base[axis]:
            return None
        rest -= start * steps[axis]
        stop = start + (n - 1) * step + 1
        keys.append(_slice(start, stop, step, base[axis]))
        axis += 1
    for k in range(axis, len(base)):
        keys.append(str(rest // steps[k]))
        rest %= steps[k]
    return f"[{', '.join(keys)}]" if rest == 0 and keys else None


def _walks(s: int, step: int) -> bool:
    return s != 0 and s % step == 0


def _slice(start: int, stop: int, step: int, size: int) -> str:
    text = f"{start or ''}:{'' if stop + step > size else stop}"
    return text + (f":{step}" if step != 1 else "")


def transposed(base: Shape, offset: int, strides: tuple[int, ...], shape: Shape) -> str | None:
    """``.transpose(1, 0)``, where the view only changes the order of the axes."""
    own = contiguous(base)
    if offset or sorted(shape) != sorted(base):
        return None
    order: list[int] = []
    for n, s in zip(shape, strides, strict=True):
        matching = [k for k in range(len(base)) if own[k] == s and base[k] == n and k not in order]
        if not matching:
            return None
        order.append(matching[0])
    return f".transpose({', '.join(map(str, order))})"


def turned(base: Shape, offset: int, strides: tuple[int, ...], shape: Shape) -> str | None:
    """``[1:].transpose(1, 0)``: a slice along each axis, and then another order of them."""
    order = sorted(range(len(shape)), key=lambda k: -strides[k])
    if order == [*range(len(shape))]:
        return None
    some = [tuple(x[k] for k in order) for x in (strides, shape)]
    found = sliced(base, offset, *some)
    back = ", ".join(str(order.index(k)) for k in range(len(shape)))
    return None if found is None else f"{found}.transpose({back})"


def _tuple(items: tuple[int, ...]) -> str:
    return "(" + ", ".join(map(str, items)) + ("," if len(items) == 1 else "") + ")"
