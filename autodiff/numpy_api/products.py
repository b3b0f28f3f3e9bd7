"""Products: dot, tensordot, inner, outer, kron, cross and kin, over the product rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..arrays.dispatch import UFUNCS, implements, name_of, operand
from ..base.errors import ShapeError, refuse
from ..base.shapes import ndim_of, negative_axis, shape_of, size_of
from ..primitives import products as rows, vector_products
from .arguments import NUMPY_2_5, array_operand, as_dtype, deliver
from .indexing import common_dtype, strong_dtype
from .ufuncs import call, ufunc_method


@implements(np.dot)
def dot(a: Any, b: Any, out: Any = None) -> Any:
    a, b = array_operand(a), array_operand(b)
    return deliver(rows.dot(a, b), out, "np.dot")


@implements(np.inner)
def inner(a: Any, b: Any, /) -> Any:
    a, b = array_operand(a), array_operand(b)
    if ndim_of(a) == 0 or ndim_of(b) == 0:
        return a * b
    return vector_products.inner(a, b)


@implements(np.vdot)
def vdot(a: Any, b: Any, /) -> Any:
    """The first operand is conjugated, and both are read as vectors."""
    return vecdot(np.ravel(array_operand(a)), np.ravel(array_operand(b)))


@implements(np.outer)
def outer(a: Any, b: Any, out: Any = None) -> Any:
    y = np.reshape(array_operand(a), (-1, 1)) * np.reshape(array_operand(b), (1, -1))
    return deliver(y, out, "np.outer")


@implements(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """A matrix product of the operands with their axes gathered: NumPy's own way, for its bits."""
    a, b = array_operand(a), array_operand(b)
    if isinstance(axes, (int, np.integer)):
        axes = (range(-axes, 0), range(axes))
    a_axes, b_axes = ([k] if isinstance(k, (int, np.integer)) else list(k) for k in axes)
    a_shape, b_shape = shape_of(a), shape_of(b)
    a_axes = [negative_axis(k, len(a_shape), "axes") + len(a_shape) for k in a_axes]
    b_axes = [negative_axis(k, len(b_shape), "axes") + len(b_shape) for k in b_axes]
    if [a_shape[k] for k in a_axes] != [b_shape[k] for k in b_axes]:
        raise ShapeError(
            f"tensordot: shapes {a_shape} and {b_shape} do not fit along axes {a_axes} and {b_axes}"
        )
    a_kept = [k for k in range(len(a_shape)) if k not in a_axes]
    b_kept = [k for k in range(len(b_shape)) if k not in b_axes]
    summed = size_of(tuple(a_shape[k] for k in a_axes))
    a_sizes, b_sizes = [a_shape[k] for k in a_kept], [b_shape[k] for k in b_kept]
    left = np.reshape(np.transpose(a, a_kept + a_axes), (size_of(tuple(a_sizes)), summed))
    right = np.reshape(np.transpose(b, b_axes + b_kept), (summed, size_of(tuple(b_sizes))))
    return np.reshape(np.dot(left, right), (*a_sizes, *b_sizes))


@implements(np.kron)
def kron(a: Any, b: Any) -> Any:
    """Every axis of the one beside the same axis of the other, multiplied, then merged."""
    a, b = array_operand(a), array_operand(b)
    ndim = max(ndim_of(a), ndim_of(b))
    if not ndim_of(a) or not ndim_of(b):
        return a * b
    a_shape, b_shape = ((1,) * (ndim - ndim_of(x)) + shape_of(x) for x in (a, b))
    left = np.reshape(a, [n for size in a_shape for n in (size, 1)])
    right = np.reshape(b, [n for size in b_shape for n in (1, size)])
    return np.reshape(left * right, [m * n for m, n in zip(a_shape, b_shape, strict=True)])


@implements(np.cross)
def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None
) -> Any:
    """Products of components; before NumPy 2.5, a vector of two has a third component of 0."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = operand(a), operand(b)
    if not ndim_of(a) or not ndim_of(b):
        raise ValueError("At least one array has zero dimension")
    a = np.moveaxis(a, negative_axis(axisa, ndim_of(a), "axisa"), -1)
    b = np.moveaxis(b, negative_axis(axisb, ndim_of(b), "axisb"), -1)
    sizes = shape_of(a)[-1], shape_of(b)[-1]
    if NUMPY_2_5 and sizes != (3, 3):
        raise ValueError(
            "Both input arrays must be (arrays of) 3-dimensional vectors, but they are "
            f"{sizes[0]} and {sizes[1]} dimensional instead."
        )
    if not {*sizes} <= {2, 3}:
        raise ValueError("incompatible dimensions for cross product (dimension must be 2 or 3)")
    if 2 in sizes:
        warnings.warn(
            "Arrays of 2-dimensional vectors are deprecated. Use arrays of "
            "3-dimensional vectors instead. (deprecated in NumPy 2.0)",
            DeprecationWarning,
            stacklevel=3,
        )
    dtype = common_dtype([a, b])
    a0, a1, *a2 = (as_dtype(a[..., k], dtype) for k in range(sizes[0]))
    b0, b1, *b2 = (as_dtype(b[..., k], dtype) for k in range(sizes[1]))
    last = a0 * b1 - a1 * b0
    if sizes == (2, 2):
        return last
    if not a2:
        first, second = a1 * b2[0], -(a0 * b2[0])
    elif not b2:
        first, second = -(a2[0] * b1), a2[0] * b0
    else:
        first, second = a1 * b2[0] - a2[0] * b1, a2[0] * b0 - a0 * b2[0]
    parts = np.broadcast_arrays(first, second, last)
    return np.moveaxis(np.stack(parts, axis=-1), -1, axisc)


# -- products that are ufuncs of whole vectors and matrices ----------------------------------------
def conjugated(a: Any) -> Any:
    return np.conjugate(a) if strong_dtype(a).kind == "c" else a


def vecdot(a: Any, b: Any) -> Any:
    """Along the last axis, the first operand conjugated."""
    return vector_products.vecdot(conjugated(a), b)


def vecmat(a: Any, b: Any) -> Any:
    """Vector times matrix, the vector conjugated."""
    return vector_products.vecmat(conjugated(a), b)


UFUNCS.update({np.vecdot: vecdot, np.vecmat: vecmat})


@ufunc_method("__call__")
def call_with_axes(
    ufunc: np.ufunc,
    *inputs: Any,
    axes: Any = None,
    axis: Any = None,
    keepdims: bool = False,
    out: Any = None,
    **options: Any,
) -> Any:
    """`ufuncs.call`, with the keywords that only ufuncs of whole vectors have: which axes are the
    vectors' or matrices' own."""
    if axes is None and axis is None and not keepdims:
        return call(ufunc, *inputs, out=out, **options)
    name = name_of(ufunc)
    if ufunc.signature is None or (axes is not None and axis is not None):
        raise TypeError(f"{name}: axes=, axis= and keepdims= do not fit this ufunc")
    cores = [part.count(",") + 1 for part in _parts(ufunc.signature)[: ufunc.nin]]
    operands = [operand(x) for x in inputs]
    if any(ndim_of(x) < core for x, core in zip(operands, cores, strict=False)):
        raise refuse(f"{name}: axes= with vectors in the place of matrices", "leave it out")
    if ufunc is not np.vecdot and (axis is not None or keepdims):
        raise TypeError(f"{name}: axis= and keepdims= need one axis that all operands share")
    if axes is None:
        axes = [-1 if axis is None else axis] * len(operands)
    places = [(k,) if isinstance(k, (int, np.integer)) else tuple(k) for k in axes]
    if len(places) == ufunc.nin:
        places.append(places[0] if keepdims else ())
    moved = [
        np.moveaxis(x, place, range(-len(place), 0))
        for x, place in zip(operands, places, strict=False)
    ]
    y = call(ufunc, *moved, **options)
    if keepdims:
        y = np.expand_dims(y, places[-1])
    elif places[-1]:
        y = np.moveaxis(y, range(-len(places[-1]), 0), places[-1])
    return deliver(y, out, name)


def _parts(signature: str) -> list[str]:
    """The operands of a signature like ``(m,n),(n)->(m)``: ``["m,n", "n", "m"]``."""
    return [part.strip(",(") for part in signature.replace("->", ",").split(")")[:-1]]
