"""Python's own containers need no replacement here; `isinstance` and `type` see through a tracked
value."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from ...rules.primitive import Traced, payload

__all__ = ["DictBox", "SequenceBox", "dict", "isinstance", "list", "tuple", "type"]

dict, list, tuple = builtins.dict, builtins.list, builtins.tuple  # noqa: A001 - autograd's names
DictBox, SequenceBox = dict, tuple  # a container of tracked values is the container itself


def like(x: Any) -> Any:
    """Something of the class that `x` would have if it were not tracked."""
    if not builtins.isinstance(x, Traced):
        return x
    inside = payload(x)
    return inside if np.shape(inside) == x.shape else np.zeros(x.shape, x.dtype)[()]


def isinstance(x: Any, classes: Any) -> bool:  # noqa: A001 - autograd's name
    """As Python's; a tracked value is an instance of the class that its value has, too."""
    return builtins.isinstance(x, classes) or builtins.isinstance(like(x), classes)


def type(*args: Any) -> Any:  # noqa: A001 - autograd's name
    """As Python's; of a tracked value, the class of its value."""
    return builtins.type(like(args[0])) if len(args) == 1 else builtins.type(*args)
