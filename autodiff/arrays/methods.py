"""The methods and attributes of `ndarray` on a tensor: NumPy functions, or refused by name.

Tensors get them from the tables below, so that `x.sum(axis=0)` and `np.sum(x, axis=0)` are one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.errors import refuse
from ..rules.primitive import bare
from .dispatch import FUNCTIONS

# Methods that take what the function of their name takes after the array.
SAME_AS_FUNCTION = (
    *("all", "any", "argmax", "argmin", "argpartition", "argsort", "choose", "cumprod", "cumsum"),
    *(
        "diagonal",
        "dot",
        "max",
        "mean",
        "min",
        "nonzero",
        "prod",
        "put",
        "ravel",
        "repeat",
        "round",
    ),
    *("searchsorted", "squeeze", "std", "sum", "swapaxes", "take", "trace", "var"),
)

KEEP = "keep x as it is, or use autodiff.stop_gradient(x) where the derivative should be dropped"
REFUSED_METHODS = {
    "item": "keep x, or write x.reshape(()); float(autodiff.stop_gradient(x)) drops the derivative",
    "tolist": "use list(x); autodiff.stop_gradient(x).tolist() drops the derivative",
    "resize": "use np.resize(x, shape), or np.concatenate with zeros",
    "tobytes": KEEP,
    "tofile": KEEP,
    "dump": KEEP,
    "dumps": KEEP,
    "byteswap": KEEP,
    "getfield": KEEP,
    "setfield": KEEP,
    "setflags": "a tensor is always writable: leave it out",
    "to_device": "NumPy's arrays are on the CPU: leave it out",
}
LOOK = "look at the plain array that you pass in, or at autodiff.stop_gradient(x) outside jit"
# What an ndarray has and a tensor has not; AttributeError would tell getattr(x, "flags", None) that
# an array has none.
REFUSED_MEMORY = {
    "strides": "use np.lib.stride_tricks.sliding_window_view for windows; or " + LOOK,
    **dict.fromkeys(("base", "ctypes", "data", "flags"), LOOK),
}
PLAIN = "autodiff.stop_gradient(x) is the plain value of a tracked value x"
REFUSED_ATTRIBUTES = {
    "numpy": PLAIN,
    "detach": PLAIN,
    "cpu": PLAIN,
    "at": "y = x.copy(); y[i] = v, or y[i] += v, and x stays as it is",
    "clone": "write x.copy()",
    "dim": "write x.ndim",
    "is_leaf": "a tensor made by autodiff.tensor is a leaf, and has x.grad after y.backward()",
    "null_grad": "x.grad = None forgets the gradient of autodiff.tensor(...)",
    "permute": "write x.transpose(1, 0)",
    "pow": "write x**n, or np.power(x, n)",
    "requires_grad": "every Tensor is tracked",
    "requires_grad_": "every Tensor is tracked",
    "unsqueeze": "write x[:, None], or np.expand_dims(x, axis)",
    "zero_grad": "x.grad = None forgets the gradient of autodiff.tensor(...)",
}


def reshape(x: Any, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
    """``x.reshape(2, 3)`` or ``x.reshape((2, 3))``."""
    return np.reshape(x, shape[0] if len(shape) == 1 else shape, order=order, copy=copy)


def transpose(x: Any, *axes: Any) -> Any:
    """``x.transpose()``, ``x.transpose(1, 0)`` or ``x.transpose((1, 0))``."""
    if not axes:
        return np.transpose(x)
    return np.transpose(x, axes[0] if len(axes) == 1 else axes)


def clip(x: Any, min: Any = None, max: Any = None, out: Any = None, **options: Any) -> Any:  # noqa: A002
    """NumPy's order of arguments: ``x.clip(low, high)``."""
    return np.clip(x, min, max, out, **options)


def compress(x: Any, condition: Any, axis: int | None = None, out: Any = None) -> Any:
    """``np.compress(condition, x, axis)``."""
    return np.compress(condition, x, axis=axis, out=out)


def conj(x: Any) -> Any:
    """The complex conjugate."""
    return np.conjugate(x)


def astype(
    x: Any,
    dtype: Any,
    order: str = "K",
    casting: str = "unsafe",
    subok: bool = True,
    copy: bool = True,
) -> Any:
    """A copy cast to `dtype`; casting to integers or booleans is flat."""
    return FUNCTIONS["astype"](x, dtype, order, casting, subok, copy)


def copy(x: Any, order: str = "C") -> Any:
    """A new handle on the same value."""
    return np.copy(x, order)


def flatten(x: Any, order: str = "C") -> Any:
    """A copy in one dimension."""
    return np.copy(FUNCTIONS[np.ravel](x, order))


def fill(x: Any, value: Any) -> None:
    """``x[...] = value``."""
    x[...] = value


def sort(
    x: Any, axis: int = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> None:
    """Sort in place: the handle is re-pointed."""
    x[...] = np.sort(x, axis, kind, order, stable=stable)


def partition(
    x: Any, kth: Any, axis: int = -1, kind: str = "introselect", order: Any = None
) -> None:
    """Partition in place: the handle is re-pointed."""
    x[...] = np.partition(x, kth, axis, kind, order)


def view(x: Any, dtype: Any = None, type: Any = None) -> Any:  # noqa: A002 - NumPy's name
    """``x[...]``; reading the same bytes as another dtype is refused."""
    if dtype is not None or type is not None:
        raise refuse("x.view(dtype) of a tracked x", "use x.astype(dtype)")
    return x[...]


def array_namespace(x: Any, *, api_version: Any = None) -> Any:
    """The array API's question for the module of `x`: NumPy."""
    return np


OWN = (reshape, transpose, clip, compress, conj, astype, copy, flatten, fill, sort, partition, view)


def _function(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:  # NumPy would ask `self` as well
        return self.__array_function__(function, (), (self, *args), kwargs)

    method.__name__, method.__doc__ = name, f"``np.{name}(x, ...)``, with NumPy's arguments."
    return method


def _refused(name: str, cure: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if (shown := bare(self)) is not self:
            return getattr(shown, name)(*args, **kwargs)
        raise refuse(f"x.{name}() of a tracked x", cure)

    method.__name__ = name
    return method


METHODS: dict[str, Callable[..., Any]] = {
    **{name: _function(name) for name in SAME_AS_FUNCTION},
    **{name: _refused(name, cure) for name, cure in REFUSED_METHODS.items()},
    **{method.__name__: method for method in OWN},
    "__array_namespace__": array_namespace,
}

ATTRIBUTES: dict[str, Callable[[Any], Any]] = {
    "T": lambda x: np.transpose(x),
    "mT": lambda x: np.matrix_transpose(x),
    "real": lambda x: np.real(x),
    "imag": lambda x: np.imag(x),
    "itemsize": lambda x: x.dtype.itemsize,
    "nbytes": lambda x: x.size * x.dtype.itemsize,
    "device": lambda x: "cpu",
}


def _set_part(part: Callable[[Any], Any]) -> Callable[[Any, Any], None]:
    """``z.real = x``: written into the part, which is a view of `z`."""

    def assign(self: Any, value: Any) -> None:
        part(self)[...] = value

    return assign


SETTERS = {"real": _set_part(lambda x: x.real), "imag": _set_part(lambda x: x.imag)}


def missing(name: str) -> Exception:
    """The error for an attribute that a tensor does not have."""
    if name in REFUSED_MEMORY:
        return refuse(
            f"x.{name} of a tracked x, which does not show its memory", REFUSED_MEMORY[name]
        )
    cure = REFUSED_ATTRIBUTES.get(
        name, "a Tensor is a tracked value with the interface of a NumPy array"
    )
    return AttributeError(f"a Tensor has no attribute {name!r}; {cure}")
