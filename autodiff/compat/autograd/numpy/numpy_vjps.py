"""`unbroadcast_f`, with which rules undo the broadcasting of an argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ....rules.conforming import aval_of

__all__ = ["unbroadcast", "unbroadcast_f"]


def unbroadcast(g: Any, target: Any) -> Any:
    """`g` summed over the axes along which `target` was broadcast; of a real `target`, its real
    part."""
    shape = aval_of(target).shape if hasattr(target, "shape") else np.shape(target)
    extra = np.ndim(g) - len(shape)
    if extra > 0:
        g = np.sum(g, axis=tuple(range(extra)))
    axes = tuple(k for k, n in enumerate(shape) if n == 1 != np.shape(g)[k])
    if axes:
        g = np.sum(g, axis=axes, keepdims=True)
    return np.real(g) if np.iscomplexobj(g) and not np.iscomplexobj(target) else g


def unbroadcast_f(target: Any, f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The rule ``g -> f(g)`` with `f` elementwise, for an argument that may have been broadcast."""
    return lambda g: unbroadcast(f(g), target)
