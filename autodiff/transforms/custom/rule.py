"""Rules that the user writes: any function, with the derivative that it is given.

    f(x, y, option=...)                                  the value: NumPy, SciPy, C, anything
    jvp(primals, output, tangents, option=...)           the tangent of the output, or
    vjp(primals, output, cotangent, option=...)          one cotangent for each argument

Either rule is enough: the engine transposes it into the other. A call is one operation of one row,
made for that call: it dispatches, nests, batches, prints and checks as every row of the table does.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ...arrays.tensor import Tensor
from ...base.errors import AutodiffError, NotDifferentiableError, refuse
from ...base.made import ByName
from ...base.shapes import shape_of
from ...engine.arguments import name_of
from ...engine.strong_zeros import (
    Liveness,
    Selected,
    is_selected,
    live_of,
    repaired,
    sources,
    value_of,
)
from ...rules.conforming import full
from ...rules.primitive import ZERO, Primitive, Pullback, Traced
from .one_call import CannotBatchError, OfStacks, OneCall, float_like, innermost, levels

JAX = "for JAX's conventions use autodiff.custom_jvp and autodiff.custom_vjp"


class Custom(Primitive):
    """The row of one call of a custom function."""

    kind = "special"
    call: OneCall | OfStacks

    def __init__(self, call: Any, text: str | None = None) -> None:
        # Not one of the table's own names: a custom `where` is not the row `where`.
        super().__init__(f"custom_rule.{call.name}", call.run, text=text)
        self.call = call
        self.forward_only, self.backward_only = call.rule.one_way
        self.handler: Any = None  # the node that is handling a call of this row

    @property
    def multiple(self) -> bool:  # type: ignore[override]  # known once the function has run
        return self.call.count > 1

    def __call__(self, *args: Any, **params: Any) -> Any:
        before, self.handler = self.handler, innermost(args)
        try:
            return super().__call__(*args, **params)
        finally:
            self.handler = before

    def results(self, y: Any) -> Sequence[Any]:
        return y if self.multiple else (y,)

    def jvp(self, y: Any, primals: Sequence[Any], tangents: Sequence[Any], params: Any) -> Any:
        ys = self.results(y)
        n, m = len(primals), len(ys)
        if all(t is ZERO for t in tangents):
            return (ZERO,) * m if self.multiple else ZERO

        moving = [k for k, t in enumerate(tangents) if t is not ZERO]

        def push(v: Sequence[Any]) -> list[Any]:
            return self.call.push(v[:n], v[n : n + m], v[n + m :], moving)

        filled = [full(t, float_like(a)) for t, a in zip(tangents, primals, strict=True)]
        y_dots = selecting(lambda dots: looping(push, [*primals, *ys, *dots]), filled)
        self.check_not_lost(y_dots, "jvp")
        return tuple(y_dots) if self.multiple else y_dots[0]

    def vjp(self, y: Any, primals: Sequence[Any], wanted: Sequence[int], params: Any) -> Pullback:
        ys, handler = self.results(y), self.handler
        n, m, likes = len(primals), len(ys), list(map(float_like, ys))
        prepared = None if may_loop([*primals, *ys]) else self.call.pull(primals, ys, wanted)

        def pull(v: Sequence[Any]) -> list[Any]:
            pulled = prepared or self.call.pull(v[:n], v[n : n + m], wanted)
            return pulled(v[n + m :])

        def pullback(y_bar: Any) -> list[Any]:
            parts = zip(self.results(y_bar), likes, strict=True)
            filled = [full(bar, like) for bar, like in parts]
            bars = selecting(lambda bars: looping(pull, [*primals, *ys, *bars]), filled)
            self.check_not_lost(bars, "vjp", handler)
            return [bars[i] for i in wanted]

        return pullback

    def check_not_lost(self, derivatives: Iterable[Any], which: str, handler: Any = None) -> None:
        """A rule may use what an outer transform is tracking, but not what this one is: that would
        need the derivative of the derivative on its own level."""
        handler = handler or self.handler
        if handler is not None and any(handler.level in levels(d) for d in derivatives):
            raise self.call.rule.closes_over(f"its {which} rule", self.call.rule.rules())

    def batched(self, size: int, args: Sequence[Any], flags: Sequence[bool], params: Any) -> Any:
        try:
            return Custom(OfStacks(self.call, size, flags))(*args)
        except CannotBatchError as reason:
            if self.handler.loop:
                return NotImplemented
            raise NotDifferentiableError(
                f"vmap: the body of custom_rule {self.call.name} cannot run on a stack of "
                f'examples: {reason}; use vmap(..., fallback="loop"), which runs it one by one'
            ) from reason.__cause__


def may_loop(values: Sequence[Any]) -> bool:
    node = innermost(values)
    return node is not None and node.loop


def looping(rule: Callable[[Sequence[Any]], list[Any]], values: Sequence[Any]) -> list[Any]:
    """``rule(values)``; on batched values it cannot take, one example at a time where the batch
    allows that: under ``vmap(..., fallback="loop")``, and in the sweeps of a Jacobian."""
    try:
        return rule(values)
    except TypeError:
        if not may_loop(values):
            raise
    node = innermost(values)
    flags = [isinstance(v, Traced) and v.node.level == node.level for v in values]
    examples = [
        rule([v.value[k] if flag else v for v, flag in zip(values, flags, strict=True)])
        for k in range(node.size)
    ]
    return [joined(parts, node) for parts in zip(*examples, strict=True)]


def joined(parts: Sequence[Any], node: Any) -> Any:
    """The derivatives of all examples as one of the batch."""
    some = next((part for part in parts if part is not ZERO), None)
    if some is None:
        return ZERO
    return Tensor(np.stack([np.zeros_like(some) if p is ZERO else p for p in parts]), node)


def selecting(rule: Callable[[Sequence[Any]], list[Any]], given: Sequence[Any]) -> list[Any]:
    """``rule(given)`` on plain derivatives. Where entries of those are strong zeros, the rule runs
    once more, if a nan turns up, to see which entries of its results they reach."""
    plain = rule([value_of(g) for g in given])
    if not any(map(is_selected, given)):
        return plain

    def reached() -> list[Any]:
        try:
            return [live_of(derivative) for derivative in rule(given)]
        except TypeError:  # it needs plain arrays: all is live
            return [True] * len(plain)

    lives = Liveness(reached, *sources(given))
    return [d if d is ZERO else marked(d, lives, k) for k, d in enumerate(plain)]


def marked(derivative: Any, lives: Liveness, k: int) -> Any:
    shape = shape_of(derivative)
    live = Liveness(lambda: np.broadcast_to(lives.array()[k], shape), lives)
    return Tensor(repaired(derivative, live), Selected(live))


class CustomRule(ByName):
    """A function with a derivative of its own, made by :func:`custom_rule`; called as `f` is."""

    def __init__(self, f: Callable[..., Any], static_argnums: int | Sequence[int] = ()) -> None:
        if not callable(f):
            raise TypeError(f"custom_rule: {f!r:.40} is not a function")
        functools.update_wrapper(self, f)
        self.f = f
        self.static_argnums = as_places(static_argnums)
        self._jvp: Callable[..., Any] | None = None
        self._vjp: Callable[..., Any] | None = None
        self.given: dict[str, tuple[Any, ...]] = {}  # rules, by the method that took them

    def recipe(self) -> tuple[Any, tuple[Any, ...]]:
        return again, (type(self), self.f, self.static_argnums, self.given)

    @property
    def name(self) -> str:
        return name_of(self.f)

    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Give ``rule(primals, output, tangents)``, which returns the tangent of the output."""
        self.given["defjvp"] = (rule,)
        self._jvp = self.checked(rule, "jvp", ("primals", "output", "tangents"))
        return rule

    def defvjp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Give ``rule(primals, output, cotangent)``, which returns one cotangent per argument."""
        self.given["defvjp"] = (rule,)
        self._vjp = self.checked(rule, "vjp", ("primals", "output", "cotangent"))
        return rule

    def checked(self, rule: Any, which: str, takes: tuple[str, ...]) -> Any:
        """Refuse a rule with the wrong arguments where it is given."""
        if not callable(rule):
            raise TypeError(f"custom_rule {self.name}: {which}={rule!r:.40} is not a function")
        try:
            parameters = inspect.signature(rule).parameters.values()
        except (TypeError, ValueError):  # a builtin tells nothing of its arguments
            return rule
        positional = [
            p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        needed = [p for p in positional if p.default is p.empty]
        open_ended = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        if len(needed) > len(takes) or (len(positional) < len(takes) and not open_ended):
            raise TypeError(
                f"custom_rule {self.name}: its {which} rule takes ({', '.join(takes)}), not "
                f"({', '.join(p.name for p in positional)}); {JAX}"
            )
        return rule

    def rules(self) -> list[Any]:
        return [rule for rule in (self._jvp, self._vjp) if rule is not None]

    @property
    def one_way(self) -> tuple[bool, bool]:
        """Whether the rule is given forwards only, and backwards only."""
        return (
            self._vjp is None and self._jvp is not None,
            self._jvp is None and self._vjp is not None,
        )

    def push(self, primals: Any, output: Any, tangents: Any, keywords: Any, moving: Any) -> Any:
        """The tangent of the output, as the rule gives it; the arguments `moving` have one."""
        if self._jvp is None:
            raise self.no_rule()
        return self._jvp(primals, output, tangents, **keywords)

    def pull(self, primals: Any, output: Any, keywords: Any, wanted: Any) -> Callable[[Any], Any]:
        """A function from the cotangent to a tuple of cotangents, as the rule gives them; those of
        the arguments `wanted` are used."""
        rule = self._vjp
        if rule is None:
            raise self.no_rule()
        return lambda cotangent: rule(primals, output, cotangent, **keywords)

    def no_rule(self) -> AutodiffError:
        return refuse(
            f"custom_rule {self.name} has no rule yet",
            "give it one: custom_rule(f, jvp=...) or custom_rule(f, vjp=...)",
        )

    def closes_over(self, what: str, functions: Sequence[Any]) -> AutodiffError:
        """The error for a tracked value that comes in by another way than the arguments."""
        names = ", ".join(repr(name) for f in functions for name in tracked_names(f))
        return refuse(
            f"custom_rule {self.name}: {what} uses {names or 'a value'}, which is being "
            "differentiated but is not an argument: its derivative would be lost",
            "pass it as an argument, or apply autodiff.stop_gradient to it first",
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = OneCall(self, len(args), kwargs)
        operands = call.take(args)
        if not any(isinstance(x, Traced) for x in operands):
            result = self.f(*args, **kwargs)
            call.check_results(result, ())
            return result
        return call.result(Custom(call, call.text(len(operands)))(*operands))

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        given = [w for w, rule in (("jvp", self._jvp), ("vjp", self._vjp)) if rule is not None]
        return f"<custom_rule {self.name}: {' and '.join(given) or 'no rule yet'}>"


def again(
    kind: type[CustomRule], f: Callable[..., Any], places: Any, given: dict[str, tuple[Any, ...]]
) -> CustomRule:
    """A custom function with the rules that it had, in another process."""
    rule = kind(f, places)
    for method, functions in given.items():
        getattr(rule, method)(*functions)
    return rule


def as_places(argnums: Any) -> tuple[int, ...]:
    places = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
    if not all(isinstance(k, int) and not isinstance(k, bool) for k in places):
        raise TypeError(f"static_argnums={argnums!r}: must be an int or a tuple of ints")
    return tuple(places)


def tracked_names(f: Any) -> list[str]:
    """The variables from outside of a function's body that hold a tracked value."""
    f = getattr(f, "__func__", f)
    code = getattr(f, "__code__", None)
    if code is None:
        return []
    cells = zip(code.co_freevars, f.__closure__ or (), strict=True)
    found = {name: cell.cell_contents for name, cell in cells if filled_cell(cell)}
    found |= {name: f.__globals__[name] for name in code.co_names if name in f.__globals__}
    return [name for name, value in found.items() if isinstance(value, Traced)]


def filled_cell(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # a variable that has not been set yet
        return False


def custom_rule(
    f: Callable[..., Any] | None = None,
    jvp: Callable[..., Any] | None = None,
    vjp: Callable[..., Any] | None = None,
    static_argnums: int | Sequence[int] = (),
) -> Any:
    """`f` with a derivative that you give it, forwards, backwards or both.

    ``jvp(primals, output, tangents)`` returns the tangent of the output, in its structure and
    shapes; ``vjp(primals, output, cotangent)`` a tuple with one cotangent per positional argument,
    each in the argument's structure and shapes; ``None`` stands for zero. `primals` is the tuple of
    positional arguments, `output` what `f` returned. Keyword arguments, and positional ones named
    by `static_argnums`, are not differentiated: keywords reach the rules as keywords; the tangent
    of a static argument, or of one that holds no number, is ``None``, and so is its cotangent.

    `f` itself gets plain, read-only arrays, and need not be written in NumPy. Rules are NumPy code
    that is differentiated for the next order: they call NumPy functions, and `f` again. The other
    mode is derived by transposing the rule given; where both are given, :func:`check` tells whether
    they agree. Under `vmap`, `f` and its rules run on batched values; those that cannot are run for
    one example at a time under ``vmap(..., fallback="loop")``.

    Raises ShapeError where a rule returns a wrong structure, shape or kind of number, and
    NotDifferentiableError where `f` uses a tracked value that is not among its arguments.

    >>> import math, numpy as np, autodiff as ad
    >>> def erf_jvp(primals, output, tangents):
    ...     (x,), (x_dot,) = primals, tangents
    ...     return 2 / np.sqrt(np.pi) * np.exp(-x * x) * x_dot
    >>> erf = ad.custom_rule(math.erf, jvp=erf_jvp)
    >>> round(float(ad.grad(erf)(0.5)), 6), round(float(ad.grad(ad.grad(erf))(0.5)), 6)
    (0.878783, -0.878783)

    As a decorator, with the rule given below:

    >>> @ad.custom_rule
    ... def clipped(x, *, limit):
    ...     return x
    >>> @clipped.defvjp
    ... def clipped_vjp(primals, output, cotangent, *, limit):
    ...     return (np.clip(cotangent, -limit, limit),)
    >>> ad.grad(lambda x: 100.0 * clipped(x, limit=1.0))(3.0)
    np.float64(1.0)
    """
    if f is None:
        return functools.partial(custom_rule, jvp=jvp, vjp=vjp, static_argnums=static_argnums)
    rule = CustomRule(f, static_argnums)
    if jvp is not None:
        rule.defjvp(jvp)
    if vjp is not None:
        rule.defvjp(vjp)
    return rule
