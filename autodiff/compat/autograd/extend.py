"""Rules of the user's in autograd's spelling: one function for each argument.

    f = primitive(f_raw)
    defvjp(f, *makers)        maker(ans, *args, **kwargs) -> a function of the cotangent g
    defjvp(f, *rules)         rule(g, ans, *args, **kwargs) -> a tangent of ans; or "same", or None

The mechanism is that of `autodiff.custom_rule`: a call is one operation, which nests, batches and
prints. Rules are asked only for the arguments that are being differentiated. As in autograd,
`defvjp` gives reverse mode alone and `defjvp` forward mode alone.
"""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...arrays.dispatch import NUMBERS
from ...arrays.tensor import Tensor as Box
from ...base.errors import NotDifferentiableError
from ...base.trees import LEAF, flatten, flatten_like, unflatten
from ...engine.arguments import name_of
from ...rules.conforming import aval_of
from ...transforms.custom.rule import CustomRule, custom_rule
from .spaces import VSpace, reshaped, vspace

__all__ = [
    "Box",
    "VSpace",
    "def_linear",
    "defjvp",
    "defjvp_argnum",
    "defjvp_argnums",
    "defvjp",
    "defvjp_argnum",
    "defvjp_argnums",
    "notrace_primitive",
    "primitive",
    "vspace",
]


class MissingRuleError(NotDifferentiableError, NotImplementedError):
    """A primitive was given no rule for an argument that is being differentiated."""


class UserPrimitive(CustomRule):
    """A function with rules by argument, made by :func:`primitive`."""

    def __init__(self, f: Callable[..., Any], static_argnums: Sequence[int] = ()) -> None:
        super().__init__(f, static_argnums)
        self.fun = f

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not kwargs and all(map(is_plain, args)):  # as most calls inside of rules
            return self.f(*args)
        return super().__call__(*args, **kwargs)

    @property
    def one_way(self) -> tuple[bool, bool]:
        """Neither mode is derived from the other: a rule may cut its derivatives by getval(g)."""
        return False, False

    def takes(self, mode: str, rule: Callable[..., Any]) -> None:
        self.given[f"takes_{mode}"] = (rule,)
        setattr(self, f"_{mode}", rule)

    def takes_vjp(self, rule: Callable[..., Any]) -> None:
        """``rule(argnums, ans, args, kwargs)``: a function of g, for a sequence of cotangents."""
        self.takes("vjp", rule)

    def takes_jvp(self, rule: Callable[..., Any]) -> None:
        """``rule(argnums, gs, ans, args, kwargs)``: the tangent of ans."""
        self.takes("jvp", rule)

    def pull(self, primals: Any, output: Any, keywords: Any, wanted: Any) -> Callable[[Any], Any]:
        if self._vjp is None:
            raise self.missing("VJP", wanted)
        pulled = self._vjp(wanted, output, primals, keywords)

        def pullback(g: Any) -> Any:
            bars: list[Any] = [None] * len(primals)
            for k, bar in zip(wanted, pulled(g), strict=True):
                bars[k] = fitted(bar, primals[k])
            return bars

        return pullback

    def push(self, primals: Any, output: Any, tangents: Any, keywords: Any, moving: Any) -> Any:
        if self._jvp is None:
            raise self.missing("JVP", moving)
        y_dot = self._jvp(moving, [tangents[k] for k in moving], output, primals, keywords)
        return fitted(y_dot, output)

    def missing(self, mode: str, argnums: Any) -> MissingRuleError:
        which = ", ".join(map(str, argnums))
        return MissingRuleError(
            f"{mode} of {self.name} wrt argnum {which} not defined; give it one with "
            f"def{mode.lower()}({self.name}, ...)"
        )


def is_plain(x: Any) -> bool:
    return x.__class__ in NUMBERS or (x.__class__ is np.ndarray and not x.dtype.hasobject)


def fitted(derivative: Any, x: Any) -> Any:
    """A derivative as `x` needs it: of a real number the real part; in the shape of `x` where only
    axes of length 1 differ, or where it is one number for all entries."""
    if derivative is None or flatten(x)[1] is not LEAF or flatten(derivative)[1] is not LEAF:
        return derivative
    if np.iscomplexobj(derivative) and not np.iscomplexobj(x):
        derivative = np.real(derivative)
    shape = aval_of(x).shape
    if np.shape(derivative) == () != shape:
        return np.broadcast_to(derivative, shape)
    return reshaped(derivative, shape)


def primitive(f_raw: Callable[..., Any]) -> Any:
    """`f_raw` as one operation, whose derivative `defvjp` and `defjvp` give.

    >>> import autodiff.compat.autograd as autograd
    >>> from autodiff.compat.autograd.extend import defvjp, primitive
    >>> cube = primitive(lambda x: x**3)
    >>> defvjp(cube, lambda ans, x: lambda g: 3 * x**2 * g)
    >>> autograd.grad(cube)(2.0), autograd.grad(cube)(3.0)
    (12.0, 27.0)
    """
    return UserPrimitive(f_raw)


def notrace_primitive(f_raw: Callable[..., Any]) -> Any:
    """`f_raw`, with a derivative of zero: of flags, counts and shapes."""
    return custom_rule(f_raw, jvp=lambda primals, output, tangents, **keywords: None)


# -- rules, one or several arguments at a time -----------------------------------------------------
def given_to(fun: Any, mode: str) -> Any:
    """The method of `fun` that takes a rule."""
    if isinstance(fun, UserPrimitive):
        return getattr(fun, f"takes_{mode}")
    warnings.warn(
        f"def{mode}: the rule for {name_of(fun)} is not used: primitive(f) did not make it; for "
        f"a derivative of your own, make primitive({name_of(fun)}) and call that",
        stacklevel=3,
    )
    return lambda rule: None


def of_each(table: dict[int, Any], fun: Any, mode: str, k: int) -> Any:
    """The rule for argument `k`."""
    if k not in table:
        raise fun.missing(mode, [k])
    return table[k]


def defvjp(fun: Any, *vjpmakers: Any, argnums: Sequence[int] | None = None) -> None:
    """A rule for each argument, or each of `argnums`; ``None`` where the derivative is zero."""
    table = dict(zip(itertools.count() if argnums is None else argnums, vjpmakers, strict=False))

    def make(k: int, ans: Any, args: Any, kwargs: Any) -> Any:
        maker = of_each(table, fun, "VJP", k)
        return (lambda g: None) if maker is None else maker(ans, *args, **kwargs)

    defvjp_argnum(fun, make)


def defvjp_argnum(fun: Any, vjpmaker: Callable[..., Any]) -> None:
    """``vjpmaker(argnum, ans, args, kwargs)`` returns a function of the cotangent."""

    def make(argnums: Any, *call: Any) -> Any:
        pulls = [vjpmaker(k, *call) for k in argnums]
        return lambda g: [pull(g) for pull in pulls]

    given_to(fun, "vjp")(make)


def defvjp_argnums(fun: Any, vjpmaker: Callable[..., Any]) -> None:
    """``vjpmaker(argnums, ans, args, kwargs)`` returns a function of the cotangent, which returns
    one for each of `argnums`."""
    given_to(fun, "vjp")(vjpmaker)


def defjvp(fun: Any, *jvpfuns: Any, argnums: Sequence[int] | None = None) -> None:
    """A rule for each argument, or each of `argnums`: "same" where `fun` is linear in it, ``None``
    where the derivative is zero."""
    table = dict(zip(itertools.count() if argnums is None else argnums, jvpfuns, strict=False))

    def make(k: int, g: Any, ans: Any, args: Any, kwargs: Any) -> Any:
        rule = of_each(table, fun, "JVP", k)
        if rule is None:
            return None
        return linear(fun, k, g, args, kwargs) if rule == "same" else rule(g, ans, *args, **kwargs)

    defjvp_argnum(fun, make)


def defjvp_argnum(fun: Any, jvpmaker: Callable[..., Any]) -> None:
    """``jvpmaker(argnum, g, ans, args, kwargs)`` returns what the tangent g of that argument adds
    to the tangent of ans."""

    def make(argnums: Any, gs: Any, ans: Any, args: Any, kwargs: Any) -> Any:
        parts = [jvpmaker(k, g, ans, args, kwargs) for k, g in zip(argnums, gs, strict=True)]
        return functools.reduce(added, (part for part in parts if part is not None), None)

    given_to(fun, "jvp")(make)


def defjvp_argnums(fun: Any, jvpmaker: Callable[..., Any]) -> None:
    """``jvpmaker(argnums, gs, ans, args, kwargs)`` returns the tangent of ans."""
    given_to(fun, "jvp")(jvpmaker)


def def_linear(fun: Any) -> None:
    """`fun` is linear in each of its arguments alone."""
    defjvp_argnum(fun, lambda k, g, ans, args, kwargs: linear(fun, k, g, args, kwargs))


def linear(fun: Any, k: int, g: Any, args: Any, kwargs: Any) -> Any:
    return fun(*args[:k], g, *args[k + 1 :], **kwargs)


def added(x: Any, y: Any) -> Any:
    if x is None:
        return y
    leaves, structure = flatten(x)
    others = flatten_like(y, structure, "what a jvp rule returned")
    return unflatten(structure, [a + b for a, b in zip(leaves, others, strict=True)])
