"""Functions that a transform makes: called as functions are, and pickled as how they were made."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import MethodType
from typing import Any, ParamSpec

P = ParamSpec("P")


class ByName:
    """Pickled by its name where a module has it under that name, as a decorated function has; else
    by `recipe`. What was read meanwhile, compiled code say, is made anew."""

    def recipe(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """The function, and its arguments, that make it again."""
        raise NotImplementedError  # pragma: no cover - every subclass overrides it

    def __reduce__(self) -> Any:
        name = getattr(self, "__qualname__", "")
        # What a script defines, cloudpickle takes along: another process has another script.
        module = getattr(self, "__module__", "__main__")
        found: Any = None if module == "__main__" else sys.modules.get(module)
        for part in name.split("."):
            found = getattr(found, part, None)
        return name if found is self else self.recipe()


class Learnt:
    """What a function of ours remembers of its calls, to be quicker. Its results do not depend on
    it, so jit does not look into it."""


class Made(ByName, functools.partial):  # type: ignore[type-arg]  # it is called at the speed of C
    """A function with what made it."""

    maker: tuple[Any, ...]

    def recipe(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return make_again, self.maker

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method: bound to its object, as functions are."""
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return repr(self.func).replace("<function", "<made function", 1)


def made(function: Callable[..., Any], maker: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """`function`, which ``maker(*args, **kwargs)`` makes again in another process."""
    y = Made(function.func if isinstance(function, Made) else function)
    y.__dict__.update(
        function.__dict__,  # with __wrapped__
        __name__=function.__name__,
        __qualname__=function.__qualname__,
        __module__=function.__module__,
        __doc__=function.__doc__,
        maker=(maker, args, kwargs),
    )
    return y


def make_again(maker: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return maker(*args, **kwargs)


def makes(transform: Callable[P, Callable[..., Any]]) -> Callable[P, Callable[..., Any]]:
    """Declare that a transform returns a function of its arguments alone, which is pickled so."""

    @functools.wraps(transform)
    def make(*args: P.args, **kwargs: P.kwargs) -> Callable[..., Any]:
        function: Callable[..., Any] = transform(*args, **kwargs)
        if isinstance(function, ByName) and not isinstance(function, Made):
            return function  # it knows how it was made
        function = made(function, make, *args, **kwargs)
        return function

    return make
