"""A primitive is one row of the table: a function, its derivative, and how both are written down.

Calling a primitive is the whole of dispatch: the innermost transform among the arguments handles
the operation, peels its own level off, and calls the primitive again on what lies beneath. When no
level is left, NumPy computes. The outermost wrapper belongs to the innermost transform, which began
last and so wrapped last:

    tanh(Tensor(Tensor(0.5, tape), dual))       outermost wrapper, innermost transform: dual
      -> tanh(Tensor(0.5, tape))                then the tape
           -> np.tanh(0.5)                      then plain NumPy
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from ..base.shapes import explained

new_level = count(1).__next__  # grows only: a level is never reused, in any thread
BELOW = -1  # the level of an array that can be filled, and that nothing watches: arrays/blank.py
Pullback = Callable[[Any], Sequence[Any]]


class Node:
    """What a transform attaches to a value that it watches.

    The node with the highest level among the operands does an operation: it peels its level off,
    calls the primitive again on what lies beneath, and attaches nodes to the results. Transforms
    differ only in their nodes; each overrides the defaults that do not hold for it.
    """

    __slots__ = ()
    level: int | float  # of the transform: an inner one has a higher level

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """The result of an operation, or a tuple of them, each with a node of this level."""
        raise NotImplementedError  # pragma: no cover - every node overrides it

    def constant(self, value: Any) -> Any:
        """A handle on `value` at this level that depends on no input: what `zeros_like` returns."""
        raise NotImplementedError  # pragma: no cover - every node overrides it

    def check_concrete(self, what: str, cure: str = "") -> bool | None:
        """Raise NotDifferentiableError where the program must not look at the number itself, as
        `what` does; `cure` is what to write instead. Where decisions are noted: what it decides."""
        return None

    # Questions that a transform may ask of any node, each with the answer of most.
    primitive: Primitive | None = None  # which row made the value? (where a graph is kept)
    derives = False  # can it record a derivative of a row as one operation? fused/operation.py
    live: Any = None  # which entries of a derivative are not strong zeros? (where some are)
    batch_axis = False  # has the value a first axis, of examples, that the program does not see?
    loop = False  # may a Python loop over the examples replace a row without a batch rule?
    in_program = False  # is the program recorded, to run on other numbers too?
    decides = False  # does it note what its truth value decides, for a program of that path?
    abstract = False  # is it recorded for all numbers at once, so that it must not look at these?

    # Of a tensor that the user made (backward.py); the nodes of a transform keep these defaults.
    leaf = False  # did `autodiff.tensor` make it, so that its gradient is wanted?
    name: str | None = None  # what does the user call it?
    grad: Any = None  # what has `backward` added up so far?
    backward: Any = None  # how is `y.backward()` done?
    picture: Any = None  # how is it drawn in a notebook?

    def looked_at(self, what: str) -> None:
        """Told that something is about to depend on the number itself, though it may: `what`."""


class Traced:
    """A value that some transform is watching: the bare pair, to which `Tensor` adds the methods of
    an array."""

    __slots__ = ("node", "value")
    value: Any
    node: Any  # a `Node`

    if TYPE_CHECKING:  # what `Tensor` adds, for the type checker

        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, key: Any) -> Any: ...
        def __setitem__(self, key: Any, value: Any) -> None: ...
        def __mul__(self, other: Any) -> Any: ...


def bare(x: Any) -> Any:
    """`x`, or the plain array that it shows where no transform watches it."""
    return x.value if isinstance(x, Traced) and x.node.level == BELOW else x


def payload(x: Any) -> Any:
    """The plain array or number at the bottom of a value that transforms are watching."""
    while isinstance(x, Traced):
        x = x.value
    return x


def nodes_of(x: Any) -> Iterator[Node]:
    """The nodes behind `x`, the innermost transform's first."""
    while isinstance(x, Traced):
        yield x.node
        x = x.value


def is_in_program(x: Any) -> bool:
    """Is `x` part of a program that is being recorded, to run on other numbers too?"""
    return any(node.in_program for node in nodes_of(x))


def is_compiled(x: Any) -> bool:
    """Is `x` part of a program that is recorded for every value at once, by `jit` say, so that
    nothing may depend on its present value?

    >>> import numpy as np, autodiff as ad
    >>> from autodiff import extend
    >>> seen = []
    >>> f = ad.jit(lambda x: (seen.append(extend.is_compiled(x)), np.sin(x))[1], pure=True)
    >>> f(0.0), extend.is_compiled(1.0), seen
    (np.float64(0.0), False, [True])
    """
    return any(node.abstract for node in nodes_of(x))


class Structural:
    """A derivative known from the form of the row alone: a type, never the numbers 0.0 or 1.0.

    It stands for the same small integer in every entry, for any shape. In a sum or a product it
    costs nothing: ``ZERO + x`` and ``ONE * x`` are `x` itself.
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

    `form` classes the row as arithmetic, where that says more than its kind: taylor_mode.py and
    strong_zeros.py have rules for whole forms, not for single rows.

        sum, product, quotient, power      of numbers, entry by entry
        alike                              every entry is made of the same entry of the input
        transform                          every entry is made of all entries along ``axis``
        branches                           entries of the second input or of the third

    `entries` says of which entries of its operands an entry of the result is made, where that is
    less than all of them, and not known from the kind:

        entry       of that entry alone, as in an elementwise row
        first       of that entry of the first operand, and of all entries of the others
        moved       of one entry or none: the row, run on numbers of entries, says which
        added       each entry of an operand goes to one entry or none: the transpose says which
        along       of all entries along ``axis``
        running     of the entries up to it along ``axis``
        columns     of all entries of a matrix, and of one column of the second operand
        a function  ``entries(*avals, **params)``: numbers of entries, of the result and the operand

    `operator` is how Python writes the row, ``({} + {})``, where it has an operator; it is `silent`
    if NumPy never warns of it.
    """

    kind: ClassVar[str] = ""
    flat = False  # no derivative: comparisons, floor, argmax, ...
    multiple = False  # returns a tuple
    checks = (
        False  # does it check data, so that a program keeps it though nothing needs its result?
    )
    outlined = False  # does its parameter `loop` tell the types and sizes of what comes out?
    derives = False  # are its derivatives a few operations, to be done as one? fused/
    forward_only = False  # given by a JVP alone: the VJP is its transpose
    backward_only = False  # given by a VJP alone: the JVP is its transpose
    entries: str | Callable[..., Any] = ""

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
        form: str | None = None,
        operator: str | None = None,
        silent: bool = False,
        entries: str | Callable[..., Any] = "",
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
        self.form = form or self.kind
        self.operator = operator
        self.silent = silent
        self.entries = entries or self.entries

    def __reduce_ex__(self, protocol: Any) -> Any:
        """A row of the table is pickled as its name."""
        if TABLE.get(self.name) is self:
            return row_named, (self.name,)
        return super().__reduce_ex__(protocol)

    def __copy__(self) -> Primitive:
        """Another row, which may be changed."""
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        return made

    def __call__(self, *args: Any, **params: Any) -> Any:
        innermost, lowest = None, 0
        for a in args:
            if isinstance(a, Traced):
                level = a.node.level
                if innermost is None or level > innermost.level:
                    innermost = a.node
                if level < lowest:
                    lowest = level
        if innermost is None:
            try:
                return self.value(*args, **params)
            except ValueError as error:
                raise explained(self.name, args, error) from None
        if lowest and innermost.level != BELOW:
            args = tuple(map(bare, args))
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


def row_named(name: str) -> Primitive:
    """The row of this name."""
    return TABLE[name]


def register(row: P) -> P:
    if row.name in TABLE:
        raise ValueError(f"the table already has a row named {row.name!r}")
    TABLE[row.name] = row
    return row
