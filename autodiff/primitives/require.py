"""A condition on data, checked where the program runs: what plain code raises, a compiled one raises.

A check in Python sees the numbers that a program was traced with, and no others. Where a condition
depends on what is traced, it becomes an operation, which a program keeps though nothing needs its
result.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Any

import numpy as np

from ..base.errors import AutodiffError
from ..base.shapes import shape_of
from ..rules.conforming import stacked
from ..rules.kinds import Flat
from ..rules.primitive import Primitive, Traced, payload, register


def _held(held: Any, *values: Any, error: Exception) -> Any:
    """`held`, if it is true: one truth value, or under vmap one for each example, as there is then
    one of each of the values."""
    if not np.all(held):
        first = np.unravel_index(np.argmin(held), shape_of(held))
        raise with_values(error, [np.asarray(v)[first] for v in values])
    return held


def with_values(error: Exception, values: Sequence[Any]) -> Exception:
    """A new error like this one, with the values in its message: a program may raise it often."""
    args = list(error.args)
    for v in values if args and isinstance(args[0], str) else ():
        args[0] = args[0].replace("{}", str(v), 1)
    made = type(error).__new__(type(error), *args)  # its __init__ may take other arguments
    made.__dict__.update(error.__dict__, _of_check=True)
    return made


def _batch(row: Primitive, size: int, args: Any, flags: Any, *, error: Exception) -> Any:
    return row(*map(stacked, args, flags, repeat(size)), error=error)


class OtherPathError(AutodiffError, ValueError):
    """A decision of the values, the one of this `number`, is not that of the program's path."""

    number: int


class Check(Flat):
    """A row that is there for what it may raise."""

    checks = True


required = register(
    Check(
        "require", _held, batch=_batch, text=lambda error: f"require({{a}}, {type(error).__name__})"
    )
)


def require(condition: Any, error: Exception, *values: Any) -> None:
    """Raise `error` unless `condition` holds: an `if` and a `raise` for what jit and vmap trace.

    `condition` is a truth value, or an array of any shape whose entries must all be true. Each
    ``{}`` in the message of the error stands for one of `values`, numbers or arrays. An error that
    is not an exception raises `TypeError`.

    Plain code raises at once, and so does a function while it is differentiated; `require` itself
    has no derivative. Under `vmap` the condition must hold for every example, and the values are
    those of the first for which it does not. A compiled program checks it in every call, and raises
    what the plain call would raise. A traced program keeps it, also on disk if the class of the
    error is Python's or autodiff's own.

    >>> import numpy as np, autodiff as ad
    >>> def log_density(x, scale):
    ...     ad.require(scale > 0, ValueError("the scale must be above 0, not {}"), scale)
    ...     return -np.log(scale) - x / scale
    >>> f = ad.jit(ad.grad(log_density, 1))
    >>> f(3.0, 2.0)
    0.25
    >>> f(3.0, -2.0)
    Traceback (most recent call last):
        ...
    ValueError: the scale must be above 0, not -2.0
    """
    if not isinstance(error, Exception):
        raise TypeError(
            f'require: error must be an exception, such as ValueError("..."), not {error!r:.40}'
        )
    is_one = condition.__class__ is bool or (
        getattr(condition, "shape", None) == () and condition.dtype == bool
    )
    held = condition if is_one else np.all(condition)
    if isinstance(held, Traced):
        required(held, *values, error=error)
    elif not held:
        raise with_values(error, list(map(payload, values))) if values else error
