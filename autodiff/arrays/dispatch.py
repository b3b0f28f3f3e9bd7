"""Which row, or which function on rows, answers a NumPy call that meets a tracked value.

`UFUNCS` and `FUNCTIONS` are filled from the table and by `numpy_api`. A call that is in neither is
refused by name: NumPy's own fall-backs would drop the derivative silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from .. import primitives  # noqa: F401 - registers the table
from ..base.errors import AutodiffError, NotDifferentiableError, refuse
from ..base.printable import printable
from ..base.shapes import PYTHON_SCALARS, memory_order, ndim_of
from ..primitives.sparse import dense, is_sparse
from ..primitives.special.borrowed import adopted, is_scipys
from ..rules.primitive import TABLE, Primitive, Traced, bare
from ..rules.without_rule import without_rule

UFUNCS: dict[Any, Callable[..., Any]] = {
    row.numpy: row for row in TABLE.values() if isinstance(row.numpy, np.ufunc)
}
UFUNC_METHODS: dict[str, Callable[..., Any]] = {}
FUNCTIONS: dict[Any, Callable[..., Any]] = {}
CREATORS: dict[Any, Callable[..., Any]] = {}  # of np.zeros(3, like=x): given x first


def implements(*functions: Callable[..., Any]) -> Callable[..., Any]:
    """Declare a function to be what these NumPy functions do on tracked values."""

    def register(ours: Any) -> Any:
        for function in functions:
            FUNCTIONS[function] = ours
        return ours

    return register


PREFIXES = {
    "numpy": "np.",
    "numpy.linalg": "np.linalg.",
    "numpy.fft": "np.fft.",
    "numpy.lib.scimath": "np.emath.",
}


def name_of(function: Any) -> str:
    module = getattr(function, "__module__", None) or ""
    prefix = PREFIXES.get(module, "")
    if isinstance(function, np.ufunc) and getattr(np, function.__name__, None) is function:
        prefix = "np."
    elif is_scipys(function):
        prefix = "scipy.special."
    return prefix + printable(getattr(function, "__name__", repr(function)))


def row_of(ufunc: np.ufunc) -> Callable[..., Any] | None:
    """The row that answers a ufunc; a ufunc of SciPy's is adopted when it first arrives."""
    row = UFUNCS.get(ufunc) or adopted(ufunc)
    if row is not None:
        UFUNCS[ufunc] = row
    return row


def call_ufunc(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    row = row_of(ufunc)
    if row is None and method in ("__call__", "outer"):
        row = without_rule(name_of(ufunc), ufunc, no_rule)
    if row is not None and method == "__call__" and not kwargs:
        return row(*map(operand, inputs))
    if row is None:
        if is_plain(ufunc, inputs, kwargs):
            return getattr(ufunc, method)(*map(bare, inputs), **kwargs)
        raise no_rule(ufunc)
    handler = UFUNC_METHODS.get(method)
    if handler is None:
        raise refuse(f"{name_of(ufunc)}.{method} has no derivative rule", "write it as a loop")
    return handler(ufunc, *inputs, **kwargs)


def no_rule(function: Any) -> NotDifferentiableError:
    what = f"{name_of(function)} has no derivative rule"
    if all(set(types) <= set("O->") for types in getattr(function, "types", ["?"])):
        return refuse(what, "make it with np.vectorize(f), not np.frompyfunc(f, ...)")
    return refuse(
        what,
        "write it with functions that have one, give it one with autodiff.custom_rule, "
        "or cut the derivative with autodiff.stop_gradient",
    )


def creator(function: Any, like: Traced) -> Callable[..., Any]:
    """The function that answers ``function(..., like=x)``: NumPy passes `x` first, not as
    `like`."""
    if function not in CREATORS:
        raise no_rule(function)
    return partial(CREATORS[function], like)


NUMERIC = frozenset("biufc")
# Python's numbers and those of NumPy's that are instances of them; other instances are the user's.
NUMBERS = frozenset((*PYTHON_SCALARS, np.float64, np.complex128))


def operand(x: Any) -> Any:
    """`x` as a row takes it: numbers and arrays as they are, lists and object arrays gathered."""
    if x.__class__ in NUMBERS or isinstance(x, Traced):
        return x
    if isinstance(x, (float, int, complex)):
        return known_number(x)
    if isinstance(x, (list, tuple)):
        return gather(x)
    if x.__class__ is not np.ndarray:
        if has_own_arithmetic(x):
            raise refuse(f"a {x.__class__.__name__} beside a tracked value", "use np.asarray(...)")
        if is_foreign(x):
            return operand(plain_array(x))
        if is_sparse(x):
            return dense(x)
        if not isinstance(x, (np.ndarray, np.generic)):
            what = f"an operand of type {type(x).__name__} ({x!r:.60})"
            raise refuse(what, "use numbers and arrays")
    if x.dtype.kind == "O":
        return gather(x)
    if x.dtype.kind not in NUMERIC:
        raise refuse(
            f"an array of dtype {x.dtype}", "convert it to numbers first, with x.astype(float)"
        )
    return x


def has_own_arithmetic(x: Any) -> bool:
    """Is this an array whose arithmetic is not an ndarray's: a matrix, one with a mask, units?"""
    cls, plain = type(x), np.ndarray
    return isinstance(x, plain) and (
        cls.__mul__ is not plain.__mul__ or cls.__array_ufunc__ is not plain.__array_ufunc__
    )


def is_foreign(x: Any) -> bool:
    """Is this an array of another library's, of pandas, xarray or Dask say? It may hold tracked
    values, and beside an array its entries go by their places."""
    return hasattr(type(x), "__array__") and not isinstance(x, (np.ndarray, np.generic, Traced))


def plain_array(x: Any) -> np.ndarray[Any, Any]:
    """What a foreign array holds, as NumPy asks it for: of tracked values, an array of objects."""
    what, cure = f"a {type(x).__name__}, which is not an array", "take the array out of it first"
    try:
        held = np.asarray(x)
    except AutodiffError:
        raise
    except Exception as error:  # whatever another library says
        raise refuse(f"{what} for np.asarray ({error})", cure) from error
    if not held.ndim and type(held[()]) is type(x):
        raise refuse(f"{what} for np.asarray", cure)
    return held


def unboxed(x: Any) -> Any:
    """`x`, or the tracked array inside: of an array of objects, or of another library's."""
    held = plain_array(x) if is_foreign(x) else x
    if not isinstance(held, np.ndarray) or held.dtype.kind != "O":
        return x
    return gather(held) if any(isinstance(y, Traced) or is_foreign(y) for y in held.flat) else x


def gather(nested: Any) -> Any:
    """Nested lists, or an object array, of tracked scalars and numbers as one array, tracked if any
    of them is."""
    if isinstance(nested, np.ndarray):
        if has_own_arithmetic(nested):
            kind = nested.__class__.__name__
            raise refuse(f"a {kind} of tracked values", "use np.where(mask, ...), or plain arrays")
        axes = memory_order(nested)
        in_order = nested.transpose(axes)
        flat = [operand(x) for x in in_order.ravel().tolist()]
        if not flat:
            return nested.astype(float)
        if any(map(ndim_of, flat)):  # an operation on it is one on each, and not on their stack
            raise refuse("an array of objects whose entries have axes", "use np.stack([...])")
        return np.transpose(np.reshape(stack_scalars(flat), in_order.shape), np.argsort(axes))
    items = [operand(x) for x in nested]
    if not any(isinstance(x, Traced) for x in items):
        return checked(np.asarray(items))
    return stack_scalars(items)


def stack_scalars(items: list[Any]) -> Any:
    if not any(isinstance(x, Traced) for x in items):
        return checked(np.stack([np.asarray(x) for x in items]))
    return FUNCTIONS[np.stack](items)


def known_number(x: Any) -> Any:
    """A number whose class is made of float, int or complex as NumPy takes it, which has a dtype;
    anything else as it is."""
    if x.__class__ in NUMBERS or not isinstance(x, (float, int, complex)):
        return bare(x)
    return checked(np.asarray(x))[()]


def checked(y: Any) -> Any:
    if y.dtype.kind == "O":
        raise refuse("an integer beyond 64 bits", "make it a float")
    return y


# What writes into its argument, which must be the handle itself.
WRITING = {np.copyto, np.fill_diagonal, np.put, np.putmask, np.place, np.put_along_axis}


def is_plain(function: Any, args: Any, kwargs: Any) -> bool:
    """Is this a call of NumPy's on arrays that nothing watches, and which it only reads?"""
    reads = function not in WRITING and kwargs.get("out") is None
    return reads and all(bare(x) is not x for x in leaves_of([*args, *kwargs.values()]))


def all_bare(x: Any) -> Any:
    """`x` with every array in it that nothing watches as the plain array."""
    return type(x)(map(all_bare, x)) if type(x) in (list, tuple) else bare(x)


def leaves_of(x: Any) -> Iterator[Any]:
    """Every tracked value in nested lists and tuples."""
    stack = [x]
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            stack.extend(item)
        elif isinstance(item, Traced):
            yield item


__all__ = [
    "FUNCTIONS",
    "UFUNCS",
    "Primitive",
    "call_ufunc",
    "creator",
    "implements",
    "operand",
]
