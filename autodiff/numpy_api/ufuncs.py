"""Ufuncs with keyword arguments, those with two results, and the methods `outer` and `at`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays.dispatch import (
    UFUNC_METHODS,
    UFUNCS,
    call_ufunc,
    implements,
    name_of,
    operand,
)
from ..arrays.views import assign
from ..base.errors import refuse
from ..base.shapes import broadcast, ndim_of, shape_of
from ..primitives import accumulating, elementwise, gathering, series
from ..rules.primitive import TABLE, Traced
from .arguments import (
    NO_VALUE,
    NUMPY_2_5,
    array_operand,
    as_dtype,
    check_default,
    concrete,
    deliver,
    dtype_named,
    dtype_of,
    is_python_scalar,
    lifted,
    number,
    payload,
)
from .indexing import normalised_key, split_key


def ufunc_method(name: str) -> Any:
    def register(function: Any) -> Any:
        UFUNC_METHODS[name] = function
        return function

    return register


# -- two results -----------------------------------------------------------------------------------
def modf(x: Any) -> tuple[Any, Any]:
    fraction = elementwise.modf_fraction(x)
    return fraction, TABLE["trunc"](x if dtype_of(x).kind == "f" else as_dtype(x, fraction.dtype))


def frexp(x: Any) -> tuple[Any, Any]:
    exponent = TABLE["exponent"](x)
    return elementwise.ldexp(x, -exponent), exponent


def divmod_(a: Any, b: Any) -> tuple[Any, Any]:
    return TABLE["floor_divide"](a, b), elementwise.remainder(a, b)


class Asked:
    """An operand that makes a ufunc return itself: the way to get a ufunc without a public name."""

    def __array_ufunc__(self, ufunc: np.ufunc, *_: Any, **__: Any) -> Any:
        return ufunc


UFUNCS.update({np.modf: modf, np.frexp: frexp, np.divmod: divmod_})
# What `a.clip(low, high)` of a plain array calls, where a bound is tracked.
if isinstance(_clip := np.zeros(1).clip(Asked(), Asked()), np.ufunc):
    UFUNCS[_clip] = elementwise.clip


# -- keyword arguments -----------------------------------------------------------------------------
@ufunc_method("__call__")
def call(
    ufunc: np.ufunc,
    *inputs: Any,
    out: Any = None,
    where: Any = True,
    dtype: Any = None,
    casting: str = "same_kind",
    order: str = "K",
    subok: bool = True,
    signature: Any = None,
) -> Any:
    name = name_of(ufunc)
    check_default(name, order=(order, "K"))
    outs = out if isinstance(out, tuple) else (out,) * ufunc.nout
    operands = [operand(x) for x in inputs]
    if dtype is not None or signature is not None or casting != "same_kind":
        loop = loop_dtypes(ufunc, operands, dtype, signature, casting)
        operands = [as_dtype(x, t) for x, t in zip(operands, loop, strict=False)]
    where = True if where is NO_VALUE else where
    if where is True:
        results = call_ufunc(ufunc, "__call__", tuple(operands), {})
    else:
        with np.errstate(all="ignore"):  # NumPy does not look at the entries left out either
            results = call_ufunc(ufunc, "__call__", tuple(operands), {})
    if ufunc.nout == 1:
        return written(name, results, where, outs[0], casting)
    return tuple(written(name, y, where, o, casting) for y, o in zip(results, outs, strict=True))


def loop_dtypes(
    ufunc: np.ufunc, operands: Sequence[Any], dtype: Any, signature: Any, casting: str
) -> tuple[Any, ...]:
    """The dtypes in which NumPy would compute: its own answer, and its own error."""
    if signature is None:
        result = None if dtype is None else dtype_named(dtype)
        signature = (None,) * ufunc.nin + (result,) * ufunc.nout
    kinds = [type(payload(x)) if is_python_scalar(x) else x.dtype for x in operands]
    unknown = (None,) * ufunc.nout
    return ufunc.resolve_dtypes((*kinds, *unknown), signature=signature, casting=casting)


def written(name: str, result: Any, where: Any, out: Any, casting: str) -> Any:
    """`result` as it is, or what `out` holds after `result` was written where the mask is true."""
    if out is None:
        if where is True:
            return result
        raise refuse(
            f"{name}: where= without out= leaves entries uninitialised",
            "give out=np.zeros_like(x), or use np.where",
        )
    after = operand(out)
    if not np.can_cast(getattr(result, "dtype", type(result)), after.dtype, casting):
        raise TypeError(f"{name}: the result does not fit out of dtype {after.dtype} ({casting})")
    if where is not True:
        mask = operand(where)
        if np.dtype(getattr(mask, "dtype", type(mask))) != bool:
            raise TypeError(f"{name}: where= must be boolean, not {mask.dtype}")
        result = np.where(mask, result, out)
    if shape_of(result) != after.shape and broadcast(shape_of(result), after.shape) == after.shape:
        result = np.broadcast_to(result, after.shape)
    return deliver(result, out, name)


# -- methods ---------------------------------------------------------------------------------------
@ufunc_method("outer")
def outer(ufunc: np.ufunc, a: Any, b: Any, /, **kwargs: Any) -> Any:
    a, b = array_operand(a), array_operand(b)
    a = np.reshape(a, (*shape_of(a), *(1,) * ndim_of(b)))
    return ufunc(a, b, **kwargs)


@ufunc_method("at")
def at(ufunc: np.ufunc, a: Any, indices: Any, b: Any = None, /) -> None:
    """``ufunc.at(a, indices, b)``: `a` becomes a handle on the result. Ufuncs other than add and
    subtract may not meet an entry twice, because the changes would multiply."""
    name = f"{name_of(ufunc)}.at"
    if not isinstance(a, Traced):
        raise refuse(f"{name} on a plain array", "start from np.zeros_like(x) of a tracked x")
    key = normalised_key(indices, name)
    key, indices = split_key(key, name)
    if ufunc in (np.add, np.subtract):
        b = operand(b)
        b = -b if ufunc is np.subtract else b
        if indices:
            b = np.broadcast_to(b, gathering.gather(a, *indices, key=key).shape)
            new = a + gathering.scatter(b, *indices, key=key, shape=a.shape)
        else:
            new = accumulating.add_at(a, b, key=key)
        assign(a, lifted(as_dtype(new, a.dtype), a))
        return
    for k in indices:  # whether they repeat
        concrete(k, f"{name}: an index")
    if a.dtype.kind == "c":  # NumPy's loop here rounds a product in another way than `*` does
        raise refuse(f"{name} on a complex array", "write it as a[indices] = ...")
    visits = np.zeros(a.shape, int)
    np.add.at(visits, key, 1)
    if np.any(visits > 1):
        raise refuse(f"{name}: indices that repeat", "use one call for each occurrence")
    picked = a[key]
    a[key] = ufunc(picked) if b is None else ufunc(picked, b)


# -- functions that work entry by entry, but are not ufuncs ----------------------------------------
@implements(np.sinc)
def sinc(x: Any) -> Any:
    return series.sinc(operand(x))


@implements(np.i0)
def i0(x: Any) -> Any:
    return series.i0(operand(x))


@implements(np.clip)
def clip(
    a: Any,
    a_min: Any = NO_VALUE,
    a_max: Any = NO_VALUE,
    out: Any = None,
    *,
    min: Any = NO_VALUE,  # noqa: A002 - NumPy's name
    max: Any = NO_VALUE,  # noqa: A002
    **options: Any,
) -> Any:
    check_default("np.clip", **{name: (value, NO_VALUE) for name, value in options.items()})
    if (a_min is NO_VALUE) != (a_max is NO_VALUE):
        raise TypeError("np.clip: a_min and a_max go together; give min= or max= for one bound")
    if a_min is not NO_VALUE and (min is not NO_VALUE or max is not NO_VALUE):
        raise TypeError("np.clip: give a_min and a_max, or min= and max=")
    bounds = (min, max) if a_min is NO_VALUE else (a_min, a_max)
    low, high = (None if b is NO_VALUE or b is None else operand(b) for b in bounds)
    return deliver(elementwise.clip(operand(a), low, high), out, "np.clip")


@implements(np.round, np.around)
def round_(a: Any, decimals: int = 0, out: Any = None) -> Any:
    return deliver(TABLE["round"](operand(a), decimals=decimals), out, "np.round")


@implements(np.fix)
def fix(x: Any, out: Any = None) -> Any:
    if NUMPY_2_5:
        warnings.warn(
            "numpy.fix is deprecated. Use numpy.trunc instead.", DeprecationWarning, stacklevel=3
        )
    return deliver(np.trunc(operand(x)), out, "np.fix")


@implements(np.nan_to_num)
def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """Derivative 1 in the finite entries; the replaced ones have the derivative of what replaces
    them, so 0 for a constant. With ``copy=False`` a tracked `x` is re-pointed at the result."""
    a = operand(x)
    if a.dtype.kind not in "fc":
        return a
    if a.dtype.kind == "c":
        raise refuse("np.nan_to_num of a tracked complex array", "apply it to np.real and np.imag")
    limits = np.finfo(a.dtype)
    largest = limits.max if posinf is None else posinf
    smallest = limits.min if neginf is None else neginf
    nan, largest, smallest = (as_dtype(operand(v), a.dtype) for v in (nan, largest, smallest))
    y = np.where(np.isnan(a), nan, a)
    y = np.where(a == np.inf, largest, y)
    y = np.where(a == -np.inf, smallest, y)
    return number(y) if copy else deliver(y, x, "np.nan_to_num")


@implements(np.real_if_close)
def real_if_close(a: Any, tol: Any = 100) -> Any:
    if a.dtype.kind != "c":
        return a
    tolerance = np.finfo(a.dtype).eps * tol if tol > 1 else tol
    return np.real(a) if np.all(np.abs(np.imag(a)) < tolerance) else a
