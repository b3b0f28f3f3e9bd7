"""Arrays that nothing watches yet, and that take tracked values by assignment: what ``np.zeros(3)``
of `autodiff.numpy` makes while a transform runs.

Such an array is a handle at a level below every transform's. Operations on it alone are NumPy's,
beside a tracked value it is the plain array that it shows, and assignment re-points it, as any
handle. It leaves a transform as a plain array.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.errors import REFUSALS
from ..rules.primitive import BELOW, Node, Primitive, bare
from .dispatch import all_bare
from .tensor import Tensor


class Blank(Node):
    """The node of every such array: it has no state."""

    __slots__ = ()
    level = BELOW

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        y = primitive(*map(bare, args), **params)
        return tuple(map(fillable, y)) if primitive.multiple else fillable(y)

    def handed(self, function: Any, args: Any, kwargs: Any) -> Any:
        """A call of NumPy's own function, whose results can be filled."""
        y = function(*all_bare(args), **{k: all_bare(x) for k, x in kwargs.items()})
        return type(y)(map(fillable, y)) if type(y) in (tuple, list) else fillable(y)

    def constant(self, value: Any) -> Any:
        return Tensor(value, self)


BLANK = Blank()


def fillable(y: Any) -> Any:
    """An inexact array as one that takes tracked values; anything else as it is."""
    return Tensor(y, BLANK) if y.__class__ is np.ndarray and y.dtype.kind in "fc" else y


def is_running() -> bool:
    """Does a transform run a function of the user's in this thread?"""
    return REFUSALS.pending is not None
