"""Names of a module of SciPy's, each looked up when it is first asked for: ours, or SciPy's own."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from ....base.errors import refuse
from ....base.trees import flatten
from ....extend import optional
from ..tracer import isbox


def names_from(module: str, ours: Any) -> Callable[[str], Any]:
    """``__getattr__`` of a module: what `ours` has, or what SciPy's `module` has."""

    def find(name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(name)
        if name in ours.__all__:
            return getattr(ours, name)
        return getattr(optional(module, f"autograd.{module} needs", "scipy"), name)

    return find


class Unfilled:
    """A function, or a family of them, without a derivative here: SciPy's own on plain numbers."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, name: str) -> Unfilled:
        if name[:2] == "__":
            raise AttributeError(name)
        return Unfilled(f"{self.name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        other = self.name.startswith("scipy.signal.")  # autograd's convolve takes other arguments
        if other or any(map(isbox, flatten((args, kwargs))[0])):
            raise refuse(
                f"autograd.{self.name} is not there yet",
                "write it with autograd.numpy and autograd.scipy.special, or give SciPy's function "
                "a rule: primitive and defvjp of autograd.extend",
            )
        _, module, *path = self.name.split(".")
        found = import_module(f"scipy.{module}")
        for part in path:
            found = getattr(found, part)
        return found(*args, **kwargs)  # type: ignore[operator]

    def __repr__(self) -> str:
        return f"<autograd.{self.name}, without a derivative>"


def unfilled(module: str, *names: str) -> Callable[[str], Any]:
    """``__getattr__`` of a module of such functions: those that autograd has."""

    def find(name: str) -> Unfilled:
        if name in names:
            return Unfilled(f"{module}.{name}")
        raise AttributeError(f"module 'autograd.{module}' has no attribute {name!r}")

    return find
