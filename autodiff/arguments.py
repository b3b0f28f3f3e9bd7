"""What every transform does with arguments and results: check, take apart, put back."""

from __future__ import annotations

import math
import operator
import re
import sys
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import numpy as np

from .containers import flatten, paths, unflatten
from .conversions import (
    fails_inside_scipy,
    refuse_index,
    refuse_key,
    refuse_objects,
    refuse_shape,
)
from .dispatch import OF_THEIR_OWN_MIND, gather, is_labelled
from .errors import AutodiffError, NotDifferentiableError, ShapeError
from .fitting import alike, aval_of, cast, full
from .primitive import ZERO, Traced, payload
from .primitives.sparse import is_sparse
from .shapes import PYTHON_SCALARS

REALS = frozenset((float, np.float64))


def differentiable(x: Any, what: str) -> Any:
    """A leaf as something to differentiate in: integers become floats, the rest is refused."""
    if x.__class__ in REALS or (x.__class__ is np.ndarray and x.dtype.kind == "f"):
        return x  # as almost always
    if isinstance(x, Traced):
        kind = x.dtype.kind
        if kind == "b":
            raise NotDifferentiableError(
                f"{what} has dtype bool; make it a float, or leave it out of argnums"
            )
        if kind in "iu":  # a number of Python's stays weak
            return x * 1.0 if payload(x).__class__ is int else x.astype(float)  # type: ignore[operator]
        return copy(x)  # a program may yet re-point its own handle
    if isinstance(x, (float, complex)) and not isinstance(x, np.ndarray):
        return x
    if isinstance(x, bool):
        raise NotDifferentiableError(
            f"{what} is a bool; make it a float, or leave it out of argnums"
        )
    if isinstance(x, int):
        return float(x)
    dtype = getattr(x, "dtype", None)
    kind = getattr(dtype, "kind", None)
    if x.__class__.__name__ in OF_THEIR_OWN_MIND or is_labelled(x):
        raise NotDifferentiableError(f"{what} is a {type(x).__name__}; use np.asarray(...)")
    if kind is None:
        raise NotDifferentiableError(
            f"{what} is a {type(x).__name__} ({x!r:.40}), not a number or an array; "
            f"convert it, {inside_of(x, what)}or leave it out of argnums"
        )
    if kind in "iu":
        return x.astype(np.float64)
    if kind in "fc":
        return x
    cure = "convert it to numbers, with x.astype(float)" if kind in "OUS" else "make it a float"
    raise NotDifferentiableError(f"{what} has dtype {dtype}; {cure}, or leave it out of argnums")


def inside_of(x: Any, what: str) -> str:
    """The cure for an object that may hold numbers, or for a field that holds none."""
    if not callable(x) and type(x).__module__ != "builtins":
        name = type(x).__name__
        return f"let transforms look inside with autodiff.register_container({name}, ...), "
    if "." in what:  # argument 0.unit
        return 'make the field static with dataclasses.field(metadata={"static": True}), '
    return ""


def all_differentiable(
    leaves: Sequence[Any], f: Callable[..., Any], args: Sequence[Any], places: Any = None
) -> list[Any]:
    """The leaves of the arguments at `places` as something to differentiate in."""
    try:
        return [differentiable(x, "") for x in leaves]
    except NotDifferentiableError:  # now their names are needed
        pairs = zip(leaves, names_for(f, args, places), strict=True)
        return [differentiable(x, name) for x, name in pairs]


def names_for(f: Callable[..., Any], args: Sequence[Any], places: Any = None) -> list[str]:
    """What errors call the leaves of the arguments: ``argument 0['W'] of loss``."""
    return [f"{name} of {name_of(f)}" for name in argument_names(args, places)]


def chosen(argnums: Any, args: Sequence[Any], f: Callable[..., Any]) -> tuple[int, ...]:
    """`argnums` as a tuple of positions, checked against the arguments given."""
    if argnums.__class__ is int and 0 <= argnums < len(args):
        return (argnums,)
    numbers = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
    for k in numbers:
        if not -len(args) <= k < len(args):
            raise NotDifferentiableError(
                f"argnums={argnums!r}: {name_of(f)} was called with {len(args)} positional "
                f"argument{'s' if len(args) != 1 else ''}; pass argument {k} by position"
            )
    found = tuple(int(k) % len(args) for k in numbers)
    if len(set(found)) != len(found):
        raise NotDifferentiableError(f"argnums={argnums!r} names an argument twice")
    for k in found:
        if args[k] is None:
            raise NotDifferentiableError(
                f"argument {k} of {name_of(f)} is None: there is no number to differentiate in"
            )
    return found


def check_request(transform: str, f: Any, argnums: Any = 0) -> None:
    """Refuse at once what is no function, and what are no argument numbers: grad(f(x)), grad(f, x)
    where grad(f)(x) is meant."""
    check_function(f, transform)
    for k in argnums if isinstance(argnums, (tuple, list)) else (argnums,):
        if not isinstance(k, (int, np.integer)) or isinstance(k, bool):
            raise NotDifferentiableError(
                f"{transform}: argnums={argnums!r:.60}: must be an int or a tuple of ints, the "
                f"positions of arguments; the arguments themselves come after: {transform}(f)(x)"
            )


def check_function(f: Any, transform: str = "autodiff") -> None:
    if not callable(f):
        raise NotDifferentiableError(
            f"{transform}: {f!r:.60} is not a function; pass the function itself, not its value"
        )


def whole(value: Any, what: str) -> int:
    """`value` as an int, or an error that says `what` must be one."""
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{what}={value!r:.40} must be a whole number") from None


def argument_names(args: Sequence[Any], places: Sequence[int] | None = None) -> list[str]:
    """What a person would call each leaf of the arguments at `places`: ``argument 0['W']``."""
    return [
        name
        for k in (range(len(args)) if places is None else places)
        for name in paths(flatten(args[k])[1], f"argument {k}")
    ]


def name_of(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", type(f).__name__)


def split_aux(result: Any, level: int, f: Callable[..., Any]) -> tuple[Any, Any]:
    """The value and the aux result of `f`, the latter with this level's tracking taken off."""
    if not isinstance(result, tuple) or len(result) != 2:
        raise ShapeError(f"has_aux=True: {name_of(f)} must return (value, aux), got {result!r:.60}")
    value, aux = result
    leaves, structure = flatten(aux)
    inside = [isinstance(x, Traced) and x.node.level == level for x in leaves]
    released = [x.value if i else x for x, i in zip(leaves, inside, strict=True)]
    return value, unflatten(structure, released)


# What NumPy and SciPy say of a function that does not work on an array of objects.
OF_OBJECTS = (
    "dtype('O')",
    "not supported for the input types",
    "has no callable",
    "holds references",
    "object arrays are not supported",
    "not a proper array of floats",
    "type 'object'",
    "dtype object",
    "dtype=object",
    "array type not supported",
    "data type not supported",
    "data types in input",
    "not available for this type",
    "not Tensor",
    "got Tensor",
)
OF_SHAPES = re.compile("integers? .*'Tensor\\(")  # and of a shape
NO_INDEX = "only integers, slices"  # and of an array at an index that it does not know


def called(f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """``f(*args, **kwargs)``, where NumPy's own errors about tracked values name the cure."""
    try:
        return f(*args, **kwargs)
    except AutodiffError:
        raise
    except Exception as error:
        check_function(f)
        better = in_our_words(error)
        if better is None:
            raise
        raise better from (None if better is error.__cause__ else error)


def in_our_words(error: Exception) -> NotDifferentiableError | None:
    """An error of NumPy's or SciPy's about a tracked value, with the cure; `None` for any other."""
    if isinstance(error, ValueError) and isinstance(error.__cause__, NotDifferentiableError):
        return error.__cause__  # NumPy wraps what float(x) raises, in `a[0] = x`
    if isinstance(error, IndexError):
        return refuse_index(error) if NO_INDEX in str(error) else None
    if isinstance(error, TypeError) and str(error).startswith(("unhashable", "cannot use")):
        return refuse_key(error) if "'Tensor'" in str(error) else None
    if isinstance(error, TypeError) and OF_SHAPES.search(str(error)):
        return refuse_shape(error)
    known = any(part in str(error) for part in OF_OBJECTS) or fails_inside_scipy(error)
    return refuse_objects(error) if known else None


def result_leaf(y: Any, what: str, level: float = math.inf) -> Any:
    """A result as a number or an array; an object array of tracked scalars is gathered. What a
    transform inside this `level` was tracking must not be here: it ended with that transform."""
    if isinstance(y, Traced) and y.node.level > level:
        raise NotDifferentiableError(
            f"{what} returned a value that an inner transform was tracking, and that was assigned "
            "to a variable outside it; return it from the inner function (has_aux=True) instead"
        )
    if isinstance(y, (Traced, float, int, complex)):
        return y
    dtype = getattr(y, "dtype", None)
    if dtype is None:
        raise NotDifferentiableError(f"{what} returned {y!r:.60}, not a number or an array")
    if y.__class__ is not np.ndarray and is_sparse(y):
        raise NotDifferentiableError(
            f"{what} returned a {type(y).__name__}, a sparse matrix; return an array, made with "
            "A.toarray()"
        )
    if dtype.kind == "O":
        return result_leaf(gather(y), what, level)
    if dtype.kind not in "biufc":
        raise NotDifferentiableError(f"{what} returned an array of dtype {dtype}")
    return y


def check_like(t: Any, y: Any, what: str, of: str) -> Any:
    """A tangent or cotangent checked against the shape and dtype of the value it belongs to."""
    if t.__class__ is y.__class__ in REALS or (alike(t, y) and t.dtype.kind in "fc"):
        return t
    if isinstance(t, (bool, str)) or (
        not isinstance(t, (Traced, float, int, complex, np.generic)) and not hasattr(t, "dtype")
    ):
        raise ShapeError(f"{what} is {t!r:.40}, not a number or an array like {of}")
    like, found = aval_of(y), aval_of(t)
    if found.shape != like.shape:
        raise ShapeError(f"{what} has shape {found.shape}, but {of} has shape {like.shape}")
    kind = "f" if found.dtype is None else found.dtype.kind
    if kind not in "iufc":
        raise ShapeError(f"{what} has dtype {found.dtype}, but {of} has dtype {like.dtype}")
    if kind == "c" and (like.dtype is None or like.dtype.kind != "c"):
        raise ShapeError(f"{what} is complex, but {of} is real ({like.dtype or 'float'})")
    if isinstance(t, (int, float, complex)) and not isinstance(t, np.generic):
        return t if like.dtype is None else like.dtype.type(t)
    return cast(t, like.dtype if like.dtype is not None else np.dtype(np.float64))


def finished(bar: Any, x: Any) -> Any:
    """A cotangent of an input as it is handed out: in its shape and dtype, writable, its own."""
    if bar is ZERO:
        return zeros_for(x)
    if bar.__class__ in REALS and x.__class__ in (float, bar.__class__):
        return bar
    if not alike(bar, x):
        like = aval_of(x)
        bar = cast(full(bar, like), like.dtype or np.dtype(np.float64))  # a Python number: a double
        if type(bar) in (float, int, bool):  # the 2 of 2 * x, which has no dtype yet
            return float(bar) if like.dtype is None else like.dtype.type(bar)
        if not isinstance(bar, np.ndarray):
            return bar
        if like.shape == () and not isinstance(x, np.ndarray):
            return bar[()]
    own = bar.flags.writeable and bar.flags.owndata and holders(bar) <= FRESH
    return bar if own else bar.copy()


def holders(bar: Any) -> int:
    """How many places hold `bar`. The gradient of sum(x * c) may be the array `c` itself, which
    must not be handed out: the person who gets a gradient may change it."""
    return sys.getrefcount(bar)


# What `holders` finds for an array that only the list of cotangents holds, called as below.
FRESH = next(map(lambda bar, x: holders(bar), [np.empty(1)], [None]))


def finish_all(bars: list[Any], inputs: Sequence[Any]) -> list[Any]:
    return list(map(finished, bars, inputs))


def zeros_for(x: Any) -> Any:
    if x.__class__ in PYTHON_SCALARS:
        return 0j if x.__class__ is complex else 0.0
    return x.dtype.type(0) if isinstance(x, np.generic) else np.zeros_like(x)
