"""What every contestant can be asked for; one that cannot says why."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

# In the order of the table's columns: the name, and the module with its `make()`.
CONTESTANTS = {
    "jit": "ours",
    "eager": "ours",
    "NumPy by hand": "by_hand",
    "JAX": "jax_peer",
    "PyTorch": "torch_peer",
    "torch.compile": "torch_peer",
    "HIPS autograd": "autograd_peer",
    "MyGrad": "mygrad_peer",
    "CasADi": "casadi_peer",
}
OURS = ("jit", "eager")
PEERS = [name for name in CONTESTANTS if name not in (*OURS, "NumPy by hand")]


class CannotError(Exception):
    """This contestant does not do this workload; the reason."""


class Contestant:
    """Differentiates functions of arrays. A method with the name of a workload, of its arguments,
    takes the place of the general way, and one with `_value` behind it that of the value alone."""

    name: str
    version: str
    ops: Any

    def begin(self) -> None:
        """Called before each workload."""

    def array(self, x: Any) -> Any:
        return x

    def value(self, f: Callable[..., Any]) -> Callable[..., Any]:
        raise CannotError("no value alone")

    def value_and_grad(self, f: Callable[..., Any], argnums: tuple[int, ...]) -> Any:
        raise CannotError("no gradients")

    def hessian(self, f: Callable[..., Any]) -> Callable[..., Any]:
        raise CannotError("no Hessians")

    def jacobians(self, f: Callable[..., Any], argnums: tuple[int, ...]) -> Callable[..., Any]:
        raise CannotError("no batched Jacobians")

    def step(self, f: Callable[..., Any], count: int, rate: float) -> Callable[..., Any]:
        raise CannotError("no training step")

    def wait(self, result: Any) -> None:
        """Until the result has been computed."""

    def plain(self, x: Any) -> np.ndarray[Any, Any]:
        return np.asarray(x)


def make(name: str) -> Contestant:
    """The contestant of this name; `ImportError` where it is not installed."""
    return importlib.import_module(CONTESTANTS[name]).make(name)


def leaves(result: Any) -> Iterator[Any]:
    if isinstance(result, (tuple, list)):
        for x in result:
            yield from leaves(x)
    else:
        yield result


def functions(source: Any, names: str, **own: Any) -> SimpleNamespace:
    """An engine's functions under NumPy's names."""
    return SimpleNamespace(**{name: getattr(source, name) for name in names.split()}, **own)


NUMPY_NAMES = "exp log sin cos tanh sqrt sum mean concatenate reshape swapaxes stack"
