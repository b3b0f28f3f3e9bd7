"""Which row, or which function on rows, answers a NumPy call that meets a tracked value.

`UFUNCS` and `FUNCTIONS` are filled from the table and by `numpy_api`. A call that is in neither is
refused by name: NumPy's own fall-backs would drop the derivative without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from . import primitives  # noqa: F401 - registers the table
from .errors import NotDifferentiableError, refuse
from .primitive import TABLE, Primitive, Traced
from .primitives.borrowed import adopted, is_scipys
from .primitives.sparse import dense, is_sparse

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
    return prefix + getattr(function, "__name__", repr(function))


def row_of(ufunc: np.ufunc) -> Callable[..., Any] | None:
    """What answers a ufunc; one of SciPy's is adopted when it first arrives."""
    row = UFUNCS.get(ufunc) or adopted(ufunc)
    if row is not None:
        UFUNCS[ufunc] = row
    return row


def call_ufunc(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    row = row_of(ufunc)
    if method == "__call__" and not kwargs and row is not None:
        return row(*map(operand, inputs))
    if row is None:
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
    """What answers ``function(..., like=x)``: NumPy hands over `x`, and not the argument."""
    if function not in CREATORS:
        raise no_rule(function)
    return partial(CREATORS[function], like)


NUMERIC = frozenset("biufc")
# Arrays whose products are not elementwise, or whose entries are not all there.
OF_THEIR_OWN_MIND = ("matrix", "MaskedArray")


def operand(x: Any) -> Any:
    """`x` as a row takes it: numbers and arrays as they are, lists and object arrays gathered."""
    if isinstance(x, (float, int, Traced, complex)):
        return x
    if isinstance(x, (list, tuple)):
        return gather(x)
    if x.__class__ is not np.ndarray:
        if x.__class__.__name__ in OF_THEIR_OWN_MIND:
            raise refuse(f"a {x.__class__.__name__} beside a tracked value", "use np.asarray(...)")
        if is_labelled(x):
            return operand(np.asarray(x))
        if is_sparse(x):
            return dense(x)
    dtype = getattr(x, "dtype", None)
    if dtype is None:
        raise refuse(f"an operand of type {type(x).__name__} ({x!r:.60})", "use numbers and arrays")
    if dtype.kind == "O":
        return gather(x)
    if dtype.kind not in NUMERIC:
        raise refuse(
            f"an array of dtype {dtype}", "convert it to numbers first, with x.astype(float)"
        )
    return x


def is_labelled(x: Any) -> bool:
    """Is this a Series or a DataFrame of pandas? Beside an array its entries go by their places."""
    return type(x).__module__.partition(".")[0] == "pandas" and hasattr(x, "__array__")


def gather(nested: Any) -> Any:
    """Nested lists, or an object array, of tracked scalars and numbers as one array, tracked if any
    of them is."""
    if isinstance(nested, np.ndarray):
        if nested.__class__.__name__ in OF_THEIR_OWN_MIND:
            kind = nested.__class__.__name__
            raise refuse(f"a {kind} of tracked values", "use np.where(mask, ...), or plain arrays")
        flat = [operand(x) for x in nested.ravel().tolist()]
        if not flat:
            return nested.astype(float)
        return np.reshape(stack_scalars(flat), nested.shape)
    items = [operand(x) for x in nested]
    if not any(isinstance(x, Traced) for x in items):
        return np.asarray(items)
    return stack_scalars(items)


def stack_scalars(items: list[Any]) -> Any:
    if not any(isinstance(x, Traced) for x in items):
        return np.stack([np.asarray(x) for x in items])
    return FUNCTIONS[np.stack](items)


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
