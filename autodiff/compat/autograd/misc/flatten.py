"""A nest of arrays as one vector, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from ....base import trees

__all__ = ["flatten", "flatten_func"]


def flatten(value: Any) -> tuple[Any, Callable[[Any], Any]]:
    """``(vector, unflatten)`` for a nest of lists, tuples and dicts; dicts by their sorted keys.

    >>> from autodiff.compat.autograd.misc import flatten
    >>> vector, unflatten = flatten({"b": 1.0, "a": [2.0, 3.0]})
    >>> vector
    array([2., 3., 1.])
    """
    leaves, structure = trees.flatten(value)
    order = list(in_order(trees.unflatten(structure, range(len(leaves)))))
    shapes = [np.shape(leaves[k]) for k in order]
    ends = np.cumsum([0, *(np.size(leaves[k]) for k in order)])
    joined = [np.ravel(leaves[k]) for k in order]
    vector = np.concatenate(joined) if joined else np.zeros(0)

    def unflatten(vector: Any) -> Any:
        parts: list[Any] = [None] * len(order)
        for k, (start, end), shape in zip(order, pairwise(ends), shapes, strict=True):
            part = np.reshape(vector[start:end], shape)
            is_real = np.iscomplexobj(part) and not np.iscomplexobj(leaves[k])
            parts[k] = np.real(part) if is_real else part
        return trees.unflatten(structure, parts)

    return vector, unflatten


def in_order(nest: Any) -> Iterator[int]:
    """The numbers of the leaves, those of a dict by its sorted keys."""
    if isinstance(nest, dict):
        nest = [nest[key] for key in sorted(nest)]
    if isinstance(nest, (list, tuple)):
        for part in nest:
            yield from in_order(part)
    elif nest is not None:
        yield nest


def flatten_func(func: Callable[..., Any], example: Any) -> tuple[Callable[..., Any], Any, Any]:
    """``(vector function, unflatten, vector)`` for a function of a nest that returns a nest."""
    vector, unflatten = flatten(example)
    return lambda x, *args: flatten(func(unflatten(x), *args))[0], unflatten, vector
