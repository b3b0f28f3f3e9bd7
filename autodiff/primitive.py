"""A primitive is one row of the table: a function, its derivative, and how both are written down.

Calling a primitive is the whole of dispatch: the innermost transform among the arguments handles
the operation, peels its own level off, and calls the primitive again on what lies beneath. When no
level is left, NumPy computes.

    tanh(Tensor(Tensor(0.5, tape), dual))       innermost level: dual
      -> tanh(Tensor(0.5, tape))                then the tape
           -> np.tanh(0.5)                      then plain NumPy
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from .shapes import explained

new_level = count(1).__next__  # grows only: a level is never reused, in any thread
Pullback = Callable[[Any], Sequence[Any]]


class Traced:
    """A value that some transform is watching: the bare pair that `Tensor` gives NumPy's face."""

    __slots__ = ("node", "value")
    value: Any
    node: Any

    if TYPE_CHECKING:  # that face, for the type checker

        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, key: Any) -> Any: ...
        def __setitem__(self, key: Any, value: Any) -> None: ...
        def __mul__(self, other: Any) -> Any: ...


def payload(x: Any) -> Any:
    """The plain array or number at the bottom of a value that transforms are watching."""
    while isinstance(x, Traced):
        x = x.value
    return x


def is_traced(x: Any) -> bool:
    """Is `x` part of a program that is being written down, to run on other numbers too?"""
    while isinstance(x, Traced):
        if hasattr(x.node, "level_info"):
            return True
        x = x.value
    return False


class Structural:
    """A derivative known from the form of the row alone: a type, never the numbers 0.0 or 1.0.

    It stands for the same small integer in every entry, whatever the shape. In a sum or a product
    it costs nothing: ``ZERO + x`` and ``ONE * x`` are `x` itself.
    """

    __slots__ = ("factor",)
    __array_ufunc__ = None  # so that arrays leave `x * ONE` to us

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __mul__(self, other: Any) -> Any:
        if self is ONE or other is ZERO:
            return other
        if other.__class__ is Structural:
            return structural(self.factor * other.factor)
        return ZERO if self is ZERO else -other if self is MINUS_ONE else self.factor * other

    def __add__(self, other: Any) -> Any:
        if other.__class__ is Structural:
            return structural(self.factor + other.factor)
        return other if self is ZERO else self.factor + other

    def __neg__(self) -> Structural:
        return structural(-self.factor)

    __rmul__ = __mul__
    __radd__ = __add__

    def __repr__(self) -> str:
        return str(self.factor)


ZERO = Structural(0)
ONE = Structural(1)
MINUS_ONE = Structural(-1)


def structural(factor: int) -> Structural:
    return (ZERO, ONE, MINUS_ONE)[factor] if -1 <= factor <= 1 else Structural(factor)


class Interval(NamedTuple):
    """A domain: the open interval (low, high); an end is included where `closed` says so."""

    low: float
    high: float
    closed: str = ""  # "", "low", "high" or "both"


INFINITY = float("inf")
REAL = Interval(-INFINITY, INFINITY)
POSITIVE = Interval(0.0, INFINITY)
NON_NEGATIVE = Interval(0.0, INFINITY, "low")

# How tightly a printed expression binds, so that the printer sets brackets where they are needed.
COMPARISON, SUM, PRODUCT, UNARY, POWER, CALL = range(6)


class Primitive:
    """One row of the table; `kinds` holds the subclasses, one per shape a derivative can take.

    Arrays are positional arguments, metadata are keywords. `selects` says in which modes
    ("forward", "back", "both") the row leaves entries out of a derivative: those are strong zeros.
    ``keeps(a, **params)`` may say at once which entries of `a` its transpose reaches.
    """

    kind: ClassVar[str]
    flat = False  # no derivative: comparisons, floor, argmax, ...
    multiple = False  # returns a tuple
    derives = False  # are its derivatives a few operations, to be done as one? derived.py
    forward_only = False  # given by a JVP alone: the VJP is its transpose
    backward_only = False  # given by a VJP alone: the JVP is its transpose

    def __init__(
        self,
        name: str,
        value: Callable[..., Any],
        *,
        text: str | Callable[..., str] | None = None,
        latex: str | Callable[..., str] | None = None,
        binds: int = CALL,
        domain: tuple[Interval, ...] | Interval = REAL,
        kinks: tuple[float, ...] | str = (),
        batch: Callable[..., Any] | str | None = None,
        numpy: Callable[..., Any] | None = None,
        selects: str = "",
        keeps: Callable[..., Any] | None = None,
    ) -> None:
        self.name = name
        self.value = value
        self.numpy = numpy or value  # the NumPy function that this row answers
        self.text = text
        self.latex = latex
        self.binds = binds
        self.domain = domain
        self.kinks = kinks
        self.batch = batch
        self.selects_forward = selects in ("forward", "both")
        self.selects_back = selects in ("back", "both")
        self.keeps = keeps

    def __call__(self, *args: Any, **params: Any) -> Any:
        innermost = None
        for a in args:
            if isinstance(a, Traced) and (innermost is None or a.node.level > innermost.level):
                innermost = a.node
        if innermost is None:
            try:
                return self.value(*args, **params)
            except ValueError as error:
                raise explained(self.name, args, error) from None
        return innermost.record(self, args, params)

    def apply(self, a: Any, params: dict[str, Any]) -> Any:
        """The row of one array: what calling it does, without unpacking `params` on the way."""
        return a.node.record(self, (a,), params) if isinstance(a, Traced) else self(a, **params)

    def jvp(self, y: Any, primals: Sequence[Any], tangents: Sequence[Any], params: Any) -> Any:
        """The tangent of `y`; absent tangents are `ZERO`."""
        raise NotImplementedError  # pragma: no cover - every kind overrides it

    def vjp(self, y: Any, primals: Sequence[Any], wanted: Sequence[int], params: Any) -> Pullback:
        """The pullback, which gives one cotangent per `wanted` input."""
        raise NotImplementedError  # pragma: no cover - every kind overrides it

    def batched(self, size: int, args: Sequence[Any], flags: Sequence[bool], params: Any) -> Any:
        """The value for a stack of `size` examples; flagged arguments carry the batch axis first.

        Returns `NotImplemented` where the row has no batch rule.
        """
        if self.batch is None:
            return NotImplemented
        if self.batch == "trailing":  # the row works on trailing axes, counted from the end
            return self(*args, **params)
        assert callable(self.batch)
        return self.batch(self, size, args, flags, **params)

    def title(self, params: dict[str, Any]) -> str:
        """What a call of the row is called in an error."""
        return self.name

    def __repr__(self) -> str:
        return f"<{self.kind} primitive {self.name}>"


TABLE: dict[str, Primitive] = {}


P = TypeVar("P", bound=Primitive)


def register(row: P) -> P:
    if row.name in TABLE:
        raise ValueError(f"the table already has a row named {row.name!r}")
    TABLE[row.name] = row
    return row
