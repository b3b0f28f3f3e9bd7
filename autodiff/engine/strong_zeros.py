"""Strong zeros: an untaken branch contributes exactly zero, whatever it is multiplied by later.

`where(x == 0, 1, sin(x) / x)` at 0 sends nothing back into `sin(x) / x`, but in floating point
that nothing is a 0.0, the partial derivative there is inf or nan, and 0.0 * inf is nan. A zero that
merely happened (the derivative of x^2 at 0) must go on giving nan, or forward and reverse mode
would disagree. So the two are told apart: a cotangent, or tangent, that a choice has passed knows
which of its entries are *live*; the others are strong zeros, and strong zero times anything is
strong zero.

This is one more interpretation of the rows. `Selected` is a node like any other, innermost always,
and the rules, which do not know it, run on what it watches. It costs nothing before the first
choice that leaves a part out, and then one pass over a product to see whether it holds a nan.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from ..arrays.tensor import Tensor
from ..base.selecting import where
from ..base.shapes import Shape, shape_of, size_of
from ..rules.primitive import ZERO, Node, Primitive, Structural, Traced, is_compiled

SMALL = 64  # entries of an array that is looked at rather than carried along


class Liveness:
    """Which entries are live, worked out only if a nan turns up or another transform looks on."""

    __slots__ = ("_array", "_depth", "_work_out")

    def __init__(self, work_out: Callable[[], Any], *sources: Liveness) -> None:
        self._work_out: Callable[[], Any] | None = work_out
        self._array: Any = None
        self._depth: int = 1 + max((source._depth for source in sources), default=0)
        if self._depth > 50:  # never a deep recursion
            self.array()

    @classmethod
    def known(cls, array: Any) -> Liveness:
        live = cls.__new__(cls)
        live._array, live._work_out, live._depth = array, None, 0
        return live

    @property
    def is_known(self) -> bool:
        return self._work_out is None

    def array(self) -> Any:
        if self._work_out is not None:
            self._array, self._work_out, self._depth = self._work_out(), None, 0
        return self._array


class Selected(Node):
    """The node of a tangent or cotangent some of whose entries may be strong zeros: not `live`."""

    __slots__ = ("live",)
    level = math.inf

    def __init__(self, live: Liveness) -> None:
        self.live = live

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        values = [value_of(a) for a in args]
        y = primitive(*values, **params)
        rule = RULES.get(primitive.form)
        if rule is None:  # what else a rule may do with a cotangent: its zeros become plain
            return y
        harmless = not multiplies(primitive) or all(is_selected(a) or is_finite(a) for a in args)
        if primitive.form == "quotient" and harmless:  # 0 / 0 is nan as well
            harmless = is_selected(args[1]) or bool(np.all(args[1]))
        if primitive.form == "bilinear" and not harmless:
            if is_compiled(y):  # their liveness would cost a second product on every run
                return y
            y = without_unchosen(primitive, args, values, y, params)
        live = rule(primitive, args, shape_of(y), params)
        if live is None:
            return y
        return Tensor(y if harmless else repaired(y, live), Selected(live))

    def constant(self, value: Any) -> Any:
        return value


def value_of(x: Any) -> Any:
    return x.value if is_selected(x) else x


def live_of(x: Any) -> Any:
    return x.node.live.array() if is_selected(x) else True


def is_selected(x: Any) -> bool:
    return x.__class__ is Tensor and x.node.__class__ is Selected


def selected(y: Any, live: Any) -> Any:
    """`y` whose entries are strong zeros where `live` is false."""
    return Tensor(y, Selected(Liveness(lambda: live)))


def concrete(x: Any) -> Any:
    """The array behind `x`, batched or not, or `None` if another transform is watching it."""
    while isinstance(x, Traced):
        if not x.node.batch_axis:
            return None
        x = x.value
    return x


def multiplies(primitive: Primitive) -> bool:
    """Can the row turn a zero into something else? A sum of exact zeros is zero; 0 * inf is nan."""
    return primitive.form in ("product", "quotient", "bilinear")


def is_all(live: Any) -> bool:
    """Is everything live, as far as it is known?"""
    return live.__class__ is not Tensor and bool(np.count_nonzero(live) == live.size)


def is_finite(x: Any) -> bool:
    """Is `x` a constant, without an inf or a nan that a zero could meet?"""
    return not isinstance(x, Traced) and bool(np.all(np.isfinite(x)))


def repaired(y: Any, live: Liveness) -> Any:
    """`y` with exact zeros where it is not live. When another transform is watching `y`, always:
    a value that is finite here may have an infinite derivative."""
    seen = concrete(y)
    if seen is None or np.isnan(np.sum(seen)):
        return where(live.array(), y, 0)
    return y


def without_unchosen(primitive: Primitive, args: Any, values: Any, y: Any, params: Any) -> Any:
    """A sum of products in which inf and nan count only where they meet a live entry."""
    seen = concrete(y)
    if seen is None or not np.isnan(np.sum(seen)):
        return y
    finite, wild = [], []
    for a, v in zip(args, values, strict=True):
        finite.append(v if is_selected(a) else np.where(np.isfinite(v), v, 0))
        wild.append(indicator(a) if is_selected(a) else np.where(np.isfinite(v), 0.0, 1.0))
    return np.where(primitive(*wild, **params) != 0, y, primitive(*finite, **params))


# -- how rows pass liveness on -------------------------------------------------------------------
def _of_product(primitive: Primitive, args: Sequence[Any], shape: Shape, params: Any) -> Any:
    watched = [a for a in args if is_selected(a)]
    if len(watched) == 1 and shape_of(watched[0]) == shape:
        return watched[0].node.live
    return Liveness(
        lambda: np.broadcast_to(np.logical_and(*map(live_of, args)), shape), *sources(args)
    )


def _of_quotient(primitive: Primitive, args: Sequence[Any], shape: Shape, params: Any) -> Any:
    return None if is_selected(args[1]) else _of_product(primitive, args, shape, params)


def _of_sum(primitive: Primitive, args: Sequence[Any], shape: Shape, params: Any) -> Any:
    if not all(map(is_selected, args)):
        return None
    lives = sources(args)
    if size_of(shape) <= SMALL and all(
        live.is_known and shape_of(live.array()) == shape for live in lives
    ):
        live = np.logical_or(*(live.array() for live in lives))
        return None if is_all(live) else Liveness.known(live)
    return Liveness(lambda: np.broadcast_to(np.logical_or(*map(live_of, args)), shape), *lives)


def _of_branches(primitive: Primitive, args: Sequence[Any], shape: Shape, params: Any) -> Any:
    """`where(c, a, b)` in a rule: a literal 0 is what the rule writes for "not chosen"."""
    condition, *branches = args

    def work_out() -> Any:
        a, b = (False if x.__class__ is int and x == 0 else live_of(x) for x in branches)
        return np.broadcast_to(np.where(condition, a, b), shape)

    return Liveness(work_out, *sources(args))


def _of_linear(primitive: Primitive, args: Sequence[Any], shape: Shape, params: Any) -> Any:
    """Some live entry reaches the output: the row itself, on ones and zeros."""
    return Liveness(lambda: primitive(*map(indicator, args), **params) != 0, *sources(args))


def _of_transform(primitive: Primitive, args: Sequence[Any], shape: Shape, params: Any) -> Any:
    """A Fourier transform of ones is zero almost everywhere, by cancellation: some live entry along
    the axis reaches them all."""

    def work_out() -> Any:
        reached = np.any(live_of(args[0]), axis=params["axis"], keepdims=True)
        return np.broadcast_to(reached, shape)

    return Liveness(work_out, *sources(args))


def sources(args: Sequence[Any]) -> list[Liveness]:
    return [a.node.live for a in args if is_selected(a)]


def indicator(x: Any) -> Any:
    """1.0 where `x` is live, else 0.0, as an array for a row to work on."""
    if not is_selected(x):
        return np.ones(shape_of(x))
    return np.broadcast_to(np.where(live_of(x), 1.0, 0.0), shape_of(x))


RULES = {  # by the form of a row; a power of zeros, or a choice among them, makes them plain
    "alike": _of_product,
    "product": _of_product,
    "quotient": _of_quotient,
    "sum": _of_sum,
    "branches": _of_branches,
    "transform": _of_transform,
    "linear": _of_linear,
    "bilinear": _of_linear,
}


# -- where strong zeros come from ----------------------------------------------------------------
def select_back(pullback: Any, shape: Shape, primitive: Primitive, a: Any, params: Any) -> Any:
    """The pullback of a row that leaves entries out, which marks them: it is linear, so what it
    makes of ones tells what it leaves out, where the row does not say it at once."""
    kept = None if primitive.keeps is None else primitive.keeps(a, **params)

    def selecting(y_bar: Any) -> list[Any]:
        if kept is not None and not is_selected(y_bar):
            (bar,) = pullback(y_bar)
            return [bar if is_all(kept) else Tensor(bar, Selected(Liveness.known(kept)))]
        lives = Liveness(
            lambda: pullback(indicator(y_bar) if is_selected(y_bar) else np.ones(shape)),
            *sources([y_bar]),
        )
        bars = pullback(value_of(y_bar))
        return [marked(bar, lives, itemgetter(k)) for k, bar in enumerate(bars)]

    return selecting


def select_forward(
    primitive: Any, y: Any, primals: Sequence[Any], tangents: Sequence[Any], params: Any
) -> Any:
    """The JVP of a row that leaves entries out, which marks them."""
    if primitive.kind == "linear" and not any(t is ZERO or is_selected(t) for t in tangents):
        return primitive.jvp(y, primals, tangents, params)

    def work_out() -> Any:
        # What is live is real, also of a complex array.
        nothing = [np.zeros(shape_of(x)) if primitive.kind == "linear" else ZERO for x in primals]
        pairs = zip(tangents, nothing, strict=True)
        ones = [zero if t is ZERO else indicator(t) for t, zero in pairs]
        return primitive.jvp(y, primals, ones, params)

    y_dot = primitive.jvp(y, primals, list(map(value_of, tangents)), params)
    return marked(y_dot, Liveness(work_out, *sources(tangents)), lambda live: live)


def marked(derivative: Any, lives: Liveness, part: Callable[[Any], Any]) -> Any:
    """A derivative with its strong zeros marked; a scalar is live or structurally zero at once."""
    if derivative.__class__ is Structural:
        return derivative
    if shape_of(derivative) == () and concrete(derivative) is not None:
        alive = part(lives.array())
        seen = concrete(alive)
        if seen is not None and not isinstance(alive, Traced):
            return derivative if np.any(seen) else ZERO
    return Tensor(derivative, Selected(Liveness(lambda: part(lives.array()) != 0, lives)))
