"""`raise_on_nonfinite`: the first inf or nan of a value, a tangent or an adjoint stops the program.

Inside the `with`, transforms put nodes on their graphs that look at everything they are given;
outside it there are none, so nothing is slower. An inf or nan that comes from an operand, or from a
constant of the program, does not stop it: only a new one does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..base.errors import NonFiniteError, line_of, user_frame
from ..engine.forward_mode import Dual
from ..engine.fused.backward import TAPE
from ..engine.fused.forward import DUAL
from ..engine.graph import GraphNode
from ..engine.reverse_mode import TapeNode
from ..programs.names import Names
from ..programs.numbers import summary
from ..programs.text import TEXT, Text, expression
from ..rules.primitive import Primitive, Traced, payload
from .diagnosis import causes
from .diagnosis.finding import ADJOINT, OVERFLOW, TANGENT, VALUE, Finding
from .diagnosis.site import Site, all_finite, arises, row_name


@contextmanager
def raise_on_nonfinite() -> Iterator[None]:
    """Within ``with raise_on_nonfinite():``, stop where an inf or a nan first arises.

    A `NonFiniteError` is raised in the user's own line for a value or a tangent, and for an adjoint
    while the reverse sweep runs. It names variable, operation, shapes, line, cause and cure. Values
    that transforms and `tensor` track are watched, even in a branch that np.where leaves out later;
    for plain arrays use np.errstate. The setting holds for the current thread or asyncio task only.

    >>> import numpy as np, autodiff as ad
    >>> def f(x):
    ...     s = np.sum(x**2)
    ...     r = np.sqrt(s)
    ...     return r
    >>> with ad.raise_on_nonfinite():  # doctest: +ELLIPSIS
    ...     ad.grad(f)(np.zeros(3))
    Traceback (most recent call last):
        ...
    autodiff.NonFiniteError: non-finite adjoint: r = sqrt(s)
        at     ...
        seen   sqrt: () -> (); the adjoint of s is inf
        cause  the derivative of sqrt is not finite at s = 0
        cure   np.linalg.norm(x) for sqrt(sum(x**2)): its derivative at 0 is 0
    """
    tape, dual = TAPE.get(), DUAL.get()
    try:
        TAPE.set(WatchedTape)
        DUAL.set(WatchedDual)
        yield
    finally:
        try:
            TAPE.set(tape)
        finally:  # also after an interrupt that lands here
            DUAL.set(dual)


class WatchedTape(TapeNode):
    """A node that looks at its value when it is made, and at what its pullback gives."""

    __slots__ = ()
    keeps = True

    def keep(self, y: Any, args: Sequence[Any]) -> None:
        if self.primitive is not None:  # not a constant
            spot = Spot(self, self.primitive, y, args, self.params)
            spot.check_value()
            self.pullback = WatchedPullback(self.pullback, spot)


class WatchedPullback:
    """A pullback whose results are looked at."""

    __slots__ = ("pullback", "spot")

    def __init__(self, pullback: Any, spot: Spot) -> None:
        self.pullback = pullback
        self.spot = spot

    def __call__(self, y_bar: Any) -> Any:
        bars = self.pullback(y_bar)
        self.spot.check_adjoints(y_bar, bars)
        return bars


class WatchedDual(Dual):
    """A node that looks at its value and its tangent when it is made."""

    __slots__ = ()

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        result = super().record(primitive, args, params)
        if primitive.flat:
            return result
        parts = result if primitive.multiple else (result,)
        y = tuple(part.value for part in parts) if primitive.multiple else result.value
        spot = Spot(self, primitive, y, args, params)
        spot.check_value()
        spot.check_tangent(args, [part.node.tangent for part in parts])
        return result


class Spot:
    """One operation, as an error names it: its variable and line are read off the user's frame."""

    def __init__(
        self, node: Any, primitive: Primitive, y: Any, args: Sequence[Any], params: dict[str, Any]
    ) -> None:
        tracked = [isinstance(a, Traced) and a.node.level == node.level for a in args]
        self.given = [payload(a) for a, t in zip(args, tracked, strict=True) if t]
        self.constants = [payload(a) for a, t in zip(args, tracked, strict=True) if not t]
        self.wanted = [k for k, t in enumerate(tracked) if t]
        frame = user_frame()
        self.line = "" if frame is None else line_of(frame, frame.f_lineno)
        scope = {} if frame is None else frame.f_locals
        self.operands = [name_in(scope, a) for a in args]
        names = [own_name(k, len(args), name) for k, name in enumerate(self.operands)]
        made = GraphNode(node.level, primitive, (), params)
        self.name = Names().assigned(made, frame)[0] or "the result"
        y = tuple(map(payload, y)) if isinstance(y, tuple) else payload(y)
        values = list(map(payload, args))
        sources = [a.node if t else a for a, t in zip(args, tracked, strict=True)]
        self.site = Site(primitive, names, values, y, params, sources, node)

    def check_value(self) -> None:
        what = arises(self.site.y, self.given, self.constants)
        if what:
            kind = OVERFLOW if what == "inf" and not causes.is_pole(self.site) else VALUE
            self.stop(kind, f"{self.name} is {summary(self.site.y)}", causes.of_value(self.site))

    def check_tangent(self, args: Sequence[Any], tangents: Sequence[Any]) -> None:
        given = [args[k].node.tangent for k in self.wanted]
        if all(map(finite, given)) and not all(map(finite, tangents)):
            shown = ", ".join(summary(payload(t)) for t in tangents if not finite(t))
            seen = f"the tangent of {self.name} is {shown}"
            self.stop(TANGENT, seen, causes.of_derivative(self.site))

    def check_adjoints(self, y_bar: Any, bars: Sequence[Any]) -> None:
        if not finite(y_bar):
            return
        for k, bar in zip(self.wanted, bars, strict=True):
            if not finite(bar):
                seen = f"the adjoint of {self.site.names[k]} is {summary(payload(bar))}"
                self.stop(ADJOINT, seen, causes.of_derivative(self.site))

    def stop(self, kind: str, seen: str, explanation: tuple[str, str]) -> None:
        site = self.site
        shapes, whole = list(map(np.shape, site.values)), site.y
        result = [np.shape(part) for part in whole] if isinstance(whole, tuple) else np.shape(whole)
        value = f"{site.primitive.name}: {', '.join(map(str, shapes))} -> {result}; {seen}"
        operands = list(map(Text, self.operands))
        made = expression(site.primitive, site.params, operands, shapes, TEXT).loose
        raise NonFiniteError(Finding(kind, self.name, made, self.line, value, *explanation))


def finite(x: Any) -> bool:
    """Whether a tangent or adjoint is; a structural one is a small integer."""
    return all(map(finite, x)) if isinstance(x, tuple) else all_finite(payload(x))


def own_name(k: int, count: int, name: str) -> str:
    """What a sentence calls an operand that no variable of the user's holds."""
    if not name.endswith(("...", "(...)")):
        return name
    return "its argument" if count == 1 else f"its argument {k}"


def name_in(scope: dict[str, Any], x: Any) -> str:
    """What the user calls an operand: the variable that holds it, else how it was made; or the
    number that it is."""
    if not isinstance(x, Traced):
        return TEXT.constant(x).loose
    made = f"{row}(...)" if (row := row_name(x.node)) else "..."
    return next((name for name, value in scope.items() if value is x), made)
