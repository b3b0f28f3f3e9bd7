"""``np.random``: plain draws, and those whose tracked parameters are a location and a scale, by
reparameterisation: ``normal(m, s)`` is ``m + s * normal(0, 1)`` at the same state."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.errors import refuse
from ..base.shapes import shape_of
from ..numpy_api.like import holds_tracked, joined

STANDARD: dict[str, tuple[tuple[str, ...], tuple[float, ...]]] = {
    "normal": (("loc", "scale"), (0.0, 1.0)),
    "laplace": (("loc", "scale"), (0.0, 1.0)),
    "logistic": (("loc", "scale"), (0.0, 1.0)),
    "gumbel": (("loc", "scale"), (0.0, 1.0)),
    "lognormal": (("mean", "sigma"), (0.0, 1.0)),
    "exponential": (("scale",), (1.0,)),
    "rayleigh": (("scale",), (1.0,)),
    "uniform": (("low", "high"), (0.0, 1.0)),
}


def drawing(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    names, defaults = STANDARD.get(name, ((), ()))

    @functools.wraps(function)
    def draw(*args: Any, **kwargs: Any) -> Any:
        if not holds_tracked([*args, *kwargs.values()]):
            return function(*args, **kwargs)
        if not names:
            raise refuse(
                f"np.random.{name} with tracked parameters: its draws have no derivative in them",
                "draw with plain parameters, or transform a standard draw",
            )
        given = dict(zip((*names, "size"), args, strict=False)) | kwargs
        size = given.pop("size", None)
        parameters = [joined(given.pop(k, v)) for k, v in zip(names, defaults, strict=True)]
        if given:
            raise TypeError(f"np.random.{name}: unexpected argument {min(given)!r}")
        if size is None:
            size = np.broadcast_shapes(*map(shape_of, parameters)) or None
        z = function(*defaults, size=size)
        if len(names) == 1:
            return parameters[0] * z
        first, second = parameters
        if name == "uniform":
            return first + (second - first) * z
        if name == "lognormal":
            return np.exp(first + second * np.log(z))
        return first + second * z

    return draw


def __getattr__(name: str) -> Any:
    found = getattr(np.random, name)
    if type(getattr(found, "__self__", None)) is np.random.RandomState and name not in OF_STATE:
        return drawing(name, found)
    return found


def __dir__() -> list[str]:
    return dir(np.random)


OF_STATE = {"seed", "get_state", "set_state", "bytes"}
