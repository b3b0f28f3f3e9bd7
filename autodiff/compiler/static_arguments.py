"""Static arguments: values that are part of the compiled program, not operands of it.

A wrapper hides them from the transforms. They compare by type and value, so that 2, 2.0 and True
each have a program of their own.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from ..arrays.dispatch import has_own_arithmetic
from ..base.errors import AutodiffError
from ..engine.arguments import name_of
from ..programs.tracing import is_numeric
from .ir.leaves import Kind, kind_of_leaf

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Static:
    """A leaf that does not count as a number, whatever it holds."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Static):
            return NotImplemented
        a, b = self.value, other.value  # (2,) == (2.0,) and 0.0 == -0.0, but they compute otherwise
        return a is b or (type(a) is type(b) and bool(a == b) and repr(a) == repr(b))

    def __hash__(self) -> int:
        return hash(self.value)


class Places:
    """Which arguments of `f` are static: given by number or by name, known by both."""

    def __init__(
        self,
        f: Callable[..., Any],
        argnums: int | Sequence[int],
        argnames: str | Sequence[str],
    ) -> None:
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        names = (argnames,) if isinstance(argnames, str) else tuple(argnames)
        try:
            parameters = list(inspect.signature(f).parameters.values())
        except ValueError:  # a builtin tells nothing of its arguments
            self.numbers, self.names = set(numbers), set(names)
            return
        positional = [p.name for p in parameters if p.kind in POSITIONAL]
        many = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        any_name = any(p.kind is p.VAR_KEYWORD for p in parameters)
        for k in numbers:
            if not many and not -len(positional) <= k < len(positional):
                raise AutodiffError(
                    f"jit: static_argnums={argnums!r}: {name_of(f)} has {len(positional)} "
                    "positional arguments"
                )
        for name in names:
            if not any_name and name not in [p.name for p in parameters]:
                raise AutodiffError(
                    f"jit: static_argnames={argnames!r}: {name_of(f)} has no argument {name!r}"
                )
        self.numbers = {k % len(positional) if k < 0 else k for k in numbers}
        self.names = {positional[k] for k in self.numbers if k < len(positional)} | set(names)
        self.numbers |= {positional.index(name) for name in names if name in positional}

    def hide(self, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], Any]:
        """The arguments of a call, the static ones wrapped."""
        return (
            tuple(Static(x) if k in self.numbers else x for k, x in enumerate(args)),
            {name: Static(x) if name in self.names else x for name, x in kwargs.items()},
        )


def shown_to(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f`, which gets static arguments as they are."""

    @functools.wraps(f)
    def opened(*args: Any, **kwargs: Any) -> Any:
        return f(*map(open_, args), **{name: open_(x) for name, x in kwargs.items()})

    return opened


def open_(x: Any) -> Any:
    return x.value if x.__class__ is Static else x


def check_fixed(x: Any, f: Callable[..., Any]) -> None:
    """Refuse an object whose contents may change unnoticed by its program."""
    cls: Any = type(x)
    if cls.__hash__ is object.__hash__ and not callable(x) and not isinstance(x, ModuleType):
        raise AutodiffError(
            f"jit: {name_of(f)} got a {cls.__name__}, whose contents may change without the "
            f"compiled code noticing; pass its arrays, make {cls.__name__} a dataclass or register "
            "it with autodiff.register_container, or name the argument in static_argnums if it "
            "never changes"
        )


def signature(x: Any) -> Kind | tuple[type, Any]:
    """What a version is compiled for: the kind of a number or an array, any other leaf itself."""
    if x.__class__ is not np.ndarray and has_own_arithmetic(x):
        raise AutodiffError(
            f"jit: an argument is a {type(x).__name__}, which does not compute as arrays do; pass "
            "np.asarray(x), or leave this function out of jit"
        )
    return kind_of_leaf(x) if is_numeric(x) else (type(x), x)


def kind_or_type(x: Any) -> Any:
    """The same, where a walk has looked at what is not numeric; but for what is static."""
    return x if x.__class__ is Static else signature(x) if is_numeric(x) else type(x)
