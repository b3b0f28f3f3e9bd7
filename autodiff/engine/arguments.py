"""What every transform does with arguments and results: check, take apart, put back."""

from __future__ import annotations

import math
import operator
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import numpy as np

from ..arrays.dispatch import (
    gather,
    has_own_arithmetic,
    is_foreign,
    known_number,
    operand,
    plain_array,
    unboxed,
)
from ..arrays.refusals import (
    fails_inside,
    refuse_index,
    refuse_key,
    refuse_objects,
    refuse_shape,
    unheeded,
)
from ..base.errors import (
    REFUSALS,
    AutodiffError,
    NotDifferentiableError,
    ShapeError,
    check_not_caught,
)
from ..base.printable import printable
from ..base.shapes import PYTHON_SCALARS
from ..base.trees import flatten, paths, unflatten
from ..primitives.sparse import is_sparse
from ..rules.conforming import alike, aval_of, cast, full
from ..rules.primitive import ZERO, Traced, bare, new_level, payload

REALS = frozenset((float, np.float64))


LEAVE = ", or leave it out of argnums"


def differentiable(x: Any, what: str, leave: str = LEAVE) -> Any:
    """A leaf as something to differentiate in: integers become floats, the rest is refused, and
    `leave` is the cure where it need not be differentiated in."""
    if x.__class__ in REALS or (x.__class__ is np.ndarray and x.dtype.kind == "f"):
        return x  # as almost always
    if isinstance(x, Traced):
        if (shown := bare(x)) is not x:
            return differentiable(shown, what, leave)
        kind = x.dtype.kind
        if kind == "b":
            raise NotDifferentiableError(f"{what} has dtype bool; make it a float{leave}")
        if kind in "iu":  # a number of Python's stays weak
            return x * 1.0 if payload(x).__class__ is int else x.astype(float)  # type: ignore[operator]
        return copy(x)  # a program may yet re-point its own handle
    if isinstance(x, (float, complex)) and not isinstance(x, np.ndarray):
        return known_number(x)
    if isinstance(x, bool):
        raise NotDifferentiableError(f"{what} is a bool; make it a float{leave}")
    if isinstance(x, int):
        return float(x)
    if (inside := unboxed(x)) is not x:
        return differentiable(inside, what)
    dtype = getattr(x, "dtype", None)
    kind = getattr(dtype, "kind", None)
    if has_own_arithmetic(x) or is_foreign(x):
        raise NotDifferentiableError(f"{what} is a {type(x).__name__}; use np.asarray(...)")
    if kind is None:
        raise NotDifferentiableError(
            f"{what} is a {type(x).__name__} ({x!r:.40}), not a number or an array; "
            f"{f'convert it{inside_of(x, what)}{leave}' if leave else 'pass one'}"
        )
    if kind in "iu":
        return x.astype(np.float64)
    if kind in "fc":
        return x
    cure = "convert it to numbers, with x.astype(float)" if kind in "OUS" else "make it a float"
    raise NotDifferentiableError(f"{what} has dtype {dtype}; {cure}{leave}")


def inside_of(x: Any, what: str) -> str:
    """The cure for an object that may hold numbers, or for a field that holds none."""
    if not callable(x) and type(x).__module__ != "builtins":
        name = type(x).__name__
        return f", let transforms look inside with autodiff.register_container({name}, ...)"
    if "." in what:  # argument 0.unit
        return ', make the field static with dataclasses.field(metadata={"static": True})'
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
    if argnums.__class__ is int and 0 <= argnums < len(args) and args[argnums] is not None:
        return (argnums,)
    numbers = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
    for k in numbers:
        if not -len(args) <= k < len(args):
            raise NotDifferentiableError(
                f"argnums={argnums!r}: {name_of(f)} was called with {numbered(len(args))}; "
                f"pass argument {k} by position, or choose another"
            )
    found = tuple(int(k) % len(args) for k in numbers)
    if len(set(found)) != len(found):
        raise NotDifferentiableError(f"argnums={argnums!r} names an argument twice")
    for k in found:
        if args[k] is None:
            raise is_none(k, f, LEAVE)
    return found


def numbered(count: int) -> str:
    """``arguments 0 to 1``: the positional arguments of a call."""
    if count < 2:
        return "argument 0 alone" if count else "no positional argument"
    return f"arguments 0 to {count - 1}"


def is_none(k: int, f: Callable[..., Any], leave: str = "") -> NotDifferentiableError:
    return NotDifferentiableError(
        f"argument {k} of {name_of(f)} is None, not a number or an array; pass one{leave}"
    )


def check_request(transform: str, f: Any, argnums: Any = 0) -> None:
    """Refuse at once what is not a function, and argnums that are not positions: grad(f(x)) or
    grad(f, x) in place of grad(f)(x)."""
    check_function(f, transform)
    for k in argnums if isinstance(argnums, (tuple, list)) else (argnums,):
        if not isinstance(k, (int, np.integer)) or isinstance(k, bool):
            cure = f"pass the arguments to the result: {transform}(f)(x)"
            if isinstance(k, str):
                cure = "argnums=0 is the first"
            raise NotDifferentiableError(
                f"{transform}: argnums={argnums!r:.60} must be an int or a tuple of ints, the "
                f"positions of arguments; {cure}"
            )


def check_function(f: Any, transform: str = "autodiff") -> None:
    if isinstance(f, str):
        raise NotDifferentiableError(
            f"{transform}: {f!r:.60} is a string, not a function; pass lambda x: ..., or use the "
            f"command line: autodiff explain {shlex.quote(f)} x=1"
        )
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
    return printable(getattr(f, "__name__", type(f).__name__))


def split_aux(result: Any, level: int, f: Callable[..., Any]) -> tuple[Any, Any]:
    """The value and the aux result of `f`, the latter with this level's tracking taken off."""
    if not isinstance(result, tuple) or len(result) != 2:
        raise ShapeError(f"has_aux=True: {name_of(f)} must return (value, aux), got {result!r:.60}")
    value, aux = result
    leaves, structure = flatten(aux)
    leaves = [bare(unboxed(x)) for x in leaves]
    inside = [isinstance(x, Traced) and x.node.level == level for x in leaves]
    released = [x.value if i else x for x, i in zip(leaves, inside, strict=True)]
    return value, unflatten(structure, released)


UFUNC_NAMES = sorted(f.__name__ for f in vars(np).values() if isinstance(f, np.ufunc))
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
# ... and of a Python number among the objects, for which a ufunc has no method.
OF_NUMBERS = re.compile(
    f"'(int|float|complex)' object has no attribute '({'|'.join(UFUNC_NAMES)})'"
)
NO_INDEX = "only integers, slices"  # and of an array at an index that it does not know


def called(f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """``f(*args, **kwargs)``, where NumPy's own errors about tracked values name the cure, and a
    refusal cannot be caught by `f`."""
    outer, level = REFUSALS.pending, REFUSALS.level
    pending: list[Exception] = []
    REFUSALS.pending, REFUSALS.level = pending, new_level()
    try:
        y = f(*args, **kwargs)
        if pending:
            check_not_caught(pending)
        return y
    except AutodiffError:
        raise
    except Exception as error:
        check_function(f)
        better = in_our_words(error)
        absent = next((k for k, a in enumerate(args) if a is None), None)
        if better is not None and absent is not None and "NoneType" in str(error):
            better = is_none(absent, f)
        if better is None:
            raise
        raise better from (None if better is error.__cause__ else error)
    finally:
        REFUSALS.pending, REFUSALS.level = outer, level
        if pending and outer is not None:  # without what would be refused in a plain call too
            outer += (e for e in pending if getattr(e, "_level", 0) <= level)


def in_our_words(error: Exception) -> NotDifferentiableError | None:
    """An error of NumPy's or SciPy's about a tracked value, with the cure; `None` for any other."""
    if isinstance(error, ValueError):
        reason: BaseException | None = error.__cause__
        while isinstance(reason, ValueError):  # SciPy wraps what NumPy wraps
            reason = reason.__cause__
        if isinstance(reason, NotDifferentiableError):
            return reason  # NumPy wraps what float(x) raises, in `a[0] = x`
    if (refusal := unheeded(error)) is not None:
        return refusal
    if isinstance(error, IndexError) and NO_INDEX not in str(error):
        return None
    if isinstance(error, IndexError) and (refused := refuse_index(error)) is not None:
        return refused
    if isinstance(error, TypeError) and str(error).startswith(("unhashable", "cannot use")):
        return refuse_key(error) if "'Tensor'" in str(error) else None
    if isinstance(error, TypeError) and OF_SHAPES.search(str(error)):
        return refuse_shape(error)
    said = str(error)
    known = any(part in said for part in OF_OBJECTS) or OF_NUMBERS.match(said) is not None
    return refuse_objects(error) if known or fails_inside(error) else None


def result_leaf(y: Any, what: str, level: float = math.inf) -> Any:
    """A result as a number or an array; an array of objects, or another box of tracked values, is
    opened. A value that a transform inside this `level` tracked is refused: that transform has
    ended."""
    if isinstance(y, Traced) and y.node.level > level:
        raise NotDifferentiableError(
            f"{what} returned a value tracked by an inner transform that has ended; return it from "
            "the inner function (has_aux=True) instead of assigning it to an outer variable"
        )
    if isinstance(y, (Traced, float, int, complex)):
        return known_number(y)
    if is_foreign(y):
        return result_leaf(plain_array(y), what, level)
    if is_sparse(y):
        raise NotDifferentiableError(
            f"{what} returned a {type(y).__name__}, a sparse matrix; return an array, made with "
            "A.toarray()"
        )
    if not isinstance(y, (np.ndarray, np.generic)):
        raise NotDifferentiableError(f"{what} returned {y!r:.60}, not a number or an array")
    if y.dtype.kind == "O":
        return result_leaf(gather(y), what, level)
    if y.dtype.kind not in "biufc":
        raise NotDifferentiableError(f"{what} returned an array of dtype {y.dtype}")
    return y


def check_like(t: Any, y: Any, what: str, of: str) -> Any:
    """A tangent or cotangent checked against the shape and dtype of the value it belongs to."""
    if t.__class__ is y.__class__ in REALS or (alike(t, y) and t.dtype.kind in "fc"):
        return t
    if t.__class__ is not np.ndarray or t.dtype.hasobject:
        t = operand(t) if is_foreign(t) else known_number(unboxed(t))
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
    must not be handed out: the caller may change a gradient."""
    return sys.getrefcount(bar)


# What `holders` finds for an array that only the list of cotangents holds, called as below.
FRESH = next(map(lambda bar, x: holders(bar), [np.empty(1)], [None]))


def finish_all(bars: list[Any], inputs: Sequence[Any]) -> list[Any]:
    return list(map(finished, bars, inputs))


def zeros_for(x: Any) -> Any:
    if x.__class__ in PYTHON_SCALARS:
        return 0j if x.__class__ is complex else 0.0
    return x.dtype.type(0) if isinstance(x, np.generic) else np.zeros_like(x)
