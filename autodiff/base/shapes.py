"""Shape arithmetic: what broadcasts, which axes were added, which axes a reduction runs over.

Axes are kept *negative* (counted from the end), so that a batch axis put in front changes no
parameter of any row: `sum(x, axis=(-1,))` means the same for one example and for a stack of them.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from .errors import ShapeError, location, of_check, passed_users

Shape = tuple[int, ...]

ALL_AXES = [tuple(range(-ndim, 0)) for ndim in range(65)]  # NumPy has up to 64 of them
PYTHON_SCALARS = frozenset((float, int, bool, complex))


def memory_order(array: Any) -> tuple[int, ...]:
    """The axes of an array from the slowest in memory to the fastest: of rows (0, 1), of columns
    (1, 0)."""
    return tuple(sorted(range(array.ndim), key=lambda k: -abs(array.strides[k])))


def shape_of(x: Any) -> Shape:
    """The shape of an array, tracked value or Python number (which has shape ``()``)."""
    return () if x.__class__ in PYTHON_SCALARS else x.shape


def ndim_of(x: Any) -> int:
    return 0 if x.__class__ in PYTHON_SCALARS else len(x.shape)


def negative_axis(axis: Any, ndim: int, name: str = "axis") -> int:
    """`axis` counted from the end, checked against `ndim`."""
    try:
        k = operator.index(axis)
    except TypeError:
        raise ShapeError(f"{name}={axis!r} is not an integer") from None
    if not -ndim <= k < ndim:
        raise ShapeError(f"{name} {k} is out of bounds for an array of dimension {ndim}")
    return k - ndim if k >= 0 else k


def negative_axes(axis: Any, ndim: int, name: str = "axis") -> tuple[int, ...]:
    """A reduction's axes as a sorted tuple of negative numbers; ``None`` means all of them."""
    if axis is None:
        return ALL_AXES[ndim]
    if axis.__class__ is int and -ndim <= axis < ndim:
        return (axis if axis < 0 else axis - ndim,)
    axes = axis if isinstance(axis, Iterable) else (axis,)
    out = tuple(sorted(negative_axis(k, ndim, name) for k in axes))
    if len(set(out)) != len(out):
        raise ShapeError(f"duplicate value in {name}={axis!r}")
    return out


def reduced(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    """The shape left by a reduction of `shape` over negative `axes`."""
    n = len(shape)
    if keepdims:
        return tuple(1 if k - n in axes else size for k, size in enumerate(shape))
    return tuple(size for k, size in enumerate(shape) if k - n not in axes)


def broadcast(*shapes: Shape) -> Shape:
    """NumPy's broadcast of shapes, as pure arithmetic."""
    out: list[int] = []
    for k in range(1, max(map(len, shapes), default=0) + 1):
        sizes = {shape[-k] for shape in shapes if len(shape) >= k and shape[-k] != 1}
        if len(sizes) > 1:
            raise ShapeError(f"shapes {', '.join(map(str, shapes))} do not broadcast together")
        out.append(sizes.pop() if sizes else 1)
    return tuple(reversed(out))


def broadcast_axes(small: Shape, large: Shape) -> tuple[int, ...]:
    """The negative axes of `large` that broadcasting `small` to it has repeated."""
    return tuple(
        k for k in range(-len(large), 0) if k < -len(small) or (small[k] == 1 and large[k] != 1)
    )


def size_of(shape: Shape) -> int:
    n = 1
    for k in shape:
        n *= k
    return n


def inverse_permutation(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The axes that undo a transposition; negative in, negative out."""
    n = len(axes)
    out = [0] * n
    for k, axis in enumerate(axes):
        out[axis % n] = k - n
    return tuple(out)


def explained(name: str, args: Iterable[Any], error: ValueError) -> ValueError:
    """NumPy's complaint about the shapes of `args`, with the function, the shapes and the cure."""
    if type(error) is not ValueError or of_check(error):  # LinAlgError and our own say enough
        return error
    if passed_users(error):  # a solver, say, that the row was given: what it says is its own
        raise error
    shapes = [shape_of(a) for a in args if a.__class__ in PYTHON_SCALARS or hasattr(a, "shape")]
    complaint = f"shape{'s' * (len(shapes) > 1)} {' and '.join(map(str, shapes))}: {error}"
    if name in ("matmul", "dot") and len(shapes) == 2 and all(shapes):
        a, b = shapes
        left, right = a[-1], b[-2] if len(b) > 1 else b[0]
        if left != right:
            complaint = f"{a} @ {b}: inner sizes {left} and {right} differ; transpose one?"
    elif "together with shapes" in str(error):
        complaint = (
            f"shapes {' and '.join(map(str, shapes))} do not broadcast: {_conflict(shapes)}; "
            "reshape or transpose one?"
        )
    return ShapeError(f"{name}: {complaint}{location()}")


def _conflict(shapes: list[Shape]) -> str:
    """The last axis on which shapes differ, and their sizes there."""
    for axis in range(-1, -1 - max(map(len, shapes)), -1):
        sizes = dict.fromkeys(s[axis] for s in shapes if len(s) >= -axis and s[axis] != 1)
        if len(sizes) > 1:
            return f"sizes {' and '.join(map(str, sizes))} on axis {axis}"
    return "sizes differ"
