"""Transforms of functions of one argument: what autograd's operators are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...base.trees import unflatten
from ...engine.arguments import check_like, name_of
from ...transforms.gradients import jvp
from ...transforms.tape import Tape
from . import extend
from .extend import *  # noqa: F403 - autograd's core has these, too
from .spaces import vspace
from .tracer import getval, isbox

__all__ = ["getval", "isbox", "make_jvp", "make_vjp"]
__all__ += extend.__all__


def make_vjp(fun: Callable[[Any], Any], x: Any) -> tuple[Callable[[Any], Any], Any]:
    """``(vjp, fun(x))``; ``vjp(g)`` may be called any number of times."""
    tape = Tape(fun, (x,), {}, (0,), has_aux=False)
    space, what = vspace(tape.value()), f"the result of {name_of(fun)}"

    def vjp(g: Any) -> Any:
        pairs = zip(space.fitted(g), tape.outputs, strict=True)
        checked = [check_like(part, y, "the cotangent", what) for part, y in pairs]
        return tape.pull(checked, keep=True)[0]

    return vjp, tape.value()


def make_jvp(fun: Callable[[Any], Any], x: Any) -> Callable[[Any], tuple[Any, Any]]:
    """A function of a direction, which returns ``(fun(x), its derivative there)``."""
    like = vspace(x)
    return lambda g: jvp(fun, (x,), (unflatten(like.structure, like.fitted(g)),))
