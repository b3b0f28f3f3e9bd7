"""The derivative of one operation, as one operation: what nested transforms do with few numbers.

Under two transforms, a product is several operations of the outer one, each of which would pass
through dispatch on its own:

    y = a * b                                       a row
    y, y_dot = a * b, b * a_dot + a * b_dot         the row and its tangent: `Forward`
    a_bar, a_dot_bar, ... = y_dot_bar * b_dot, ...  the pullback of that: `Backward`

Each is an operation on the values beneath the transform that asks for it, so the next transform can
push or pull it in turn: derivatives of derivatives are `Forward` and `Backward` of these. None has
a rule of its own: `define` computes it with the rules of the rows. Where no transform is left,
`define` is traced once for each combination of operand kinds, and written as Python expressions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...arrays.tensor import Tensor
from ...base.bounded import Bounded
from ...base.errors import AutodiffError
from ...base.warnings_off import ERRORS, IGNORED, quiet
from ...rules.conforming import FEW
from ...rules.primitive import Primitive, Traced, new_level
from ..graph import TraceLevel, TraceNode, ancestors, is_at

MANY = 256  # things that are remembered of one operation
HERE = Path(__file__).parent / "derived"  # where tracebacks say that written functions are


class Plan:
    """What is known of operands of some kinds: the function that computes the results, and how each
    of them is recorded on a tape, by the operands that the tape is watching."""

    __slots__ = ("edges", "function")

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.edges: dict[tuple[int, ...], Any] = Bounded("edges of a plan", MANY)


class Derived(Primitive):
    """An operation with several results: numbers, arrays, or structural zeros and ones."""

    kind = "derived"
    multiple = True
    warns = False  # does its first operation compute a value, of which NumPy may warn?
    tried = False  # is it known whether it is hopeless?
    hopeless = False  # does a rule look at numbers, or choose?

    def __init__(self, name: str) -> None:
        super().__init__(name, self.define)
        self.children: dict[Any, Derived] = Bounded("derivatives of an operation", MANY)
        self.plans: dict[Any, Plan] = Bounded("plans of an operation", MANY)  # by operands' kinds
        self.reached: dict[Any, list[frozenset[int]]] = Bounded("what operands reach", MANY)
        self.forms: dict[Any, Sequence[Callable[..., Any]]] = Bounded("forms of nested duals", MANY)

    def define(self, *operands: Any) -> tuple[Any, ...]:
        """The results, row by row, whatever transforms watch the operands."""
        raise NotImplementedError  # pragma: no cover - every subclass overrides it

    def child(self, key: Any, make: Callable[..., Derived], *args: Any) -> Derived:
        """The derivative of that `key`, made when it is first asked for."""
        found = self.children.get(key)
        if found is None:
            found = self.children[key] = make(*args)
        return found

    def __call__(self, *operands: Any, **params: Any) -> Any:
        innermost = None
        for a in operands:
            if a.__class__ is Tensor and (innermost is None or a.node.level > innermost.level):
                innermost = a.node
        return self.on(innermost, operands)

    def on(self, innermost: Any, operands: Sequence[Any]) -> Any:
        """The results for operands of which this is the node of the innermost transform."""
        if innermost is None:
            return self.compute(*operands)
        if not self.tried:  # whether it chooses must be known the first time, too
            self.tried = True
            self.written(list(map(example_of, operands)))
        if self.hopeless or not innermost.derives:
            return self.define(*operands)
        return innermost.derive(self, operands)

    def reaches(self, operands: Sequence[Any], results: int) -> list[frozenset[int]]:
        """The operands that each result depends on. If they are not all real, perhaps every one:
        the slope of |x| depends on x if x is complex."""
        kinds = tuple([x.__class__ for x in operands])  # whole numbers are orders in SciPy's rows
        if not REAL.issuperset(kinds):
            operands = list(map(example_of, operands))
            if not all(map(is_real, operands)):
                return [frozenset(range(len(operands)))] * results
            kinds = tuple([x.__class__ for x in operands])
        reached = self.reached.get(kinds)
        if reached is None:
            level = TraceLevel(new_level(), abstract=True)
            nodes = [TraceNode(level, None, (), {}, x) for x in operands]
            places = {n: k for k, n in enumerate(nodes)}
            try:
                with quiet():
                    found = self.define(*(Tensor(n.value, n) for n in nodes))
            except (AutodiffError, ArithmeticError):  # a rule looks at numbers: perhaps on all
                reached = [frozenset(range(len(operands)))] * results
            else:
                made = [ancestors([y.node] if is_at(y, level.level) else []) for y in found]
                reached = [frozenset(places[n] for n in m if n in places) for m in made]
            self.reached[kinds] = reached
        return reached

    def compute(self, *operands: Any) -> Any:
        """The results where no transform is watching."""
        return self.results(self.plan(operands), operands)

    def plan(self, operands: Sequence[Any]) -> Plan:
        """What is known of plain operands of these kinds; of arrays, shapes and dtypes count."""
        kinds: Any = tuple(map(type, operands))
        if np.ndarray in kinds:
            kinds += tuple([(x.shape, x.dtype) for x in operands if x.__class__ is np.ndarray])
        plan = self.plans.get(kinds)
        if plan is None:
            plan = self.plans[kinds] = Plan(self.written(operands) or self.define)
        return plan

    def results(self, plan: Plan, operands: Sequence[Any]) -> Any:
        try:
            return plan.function(*operands)
        except (ZeroDivisionError, OverflowError):  # of Python's floats: the rows know the answer
            return self.define(*operands)

    def written(self, operands: Sequence[Any]) -> Callable[..., Any] | None:
        """One function for operands of these kinds; `None` if they are not real numbers."""
        level = TraceLevel(new_level(), abstract=True)
        # Python's floats are the only numbers whose kind depends on their sign: (-1.5) ** 0.5.
        examples = [-1.5 if x.__class__ is float else x for x in operands]
        nodes = [TraceNode(level, None, (), {}, x) for x in examples]
        try:
            with quiet():
                found = self.define(*(Tensor(n.value, n) for n in nodes))
        except (AutodiffError, ArithmeticError):
            self.hopeless = True
            return None
        outputs = [y.node if is_at(y, level.level) else y for y in found]
        made = ancestors(y for y in outputs if isinstance(y, TraceNode))
        operations = [n for n in made if n.primitive is not None]
        real = all(map(is_real, operands))
        leaks = any(isinstance(y, Traced) for y in outputs)
        if leaks or any(map(chooses, operations)) or (real and any(map(is_complex, operations))):
            self.hopeless = True
        if self.hopeless or not real:
            return None
        source = Source(self, nodes, operations, [y for y in outputs if isinstance(y, TraceNode)])
        results = "".join(source.operand(y) + ", " for y in outputs)
        return source.function([source.operand(n) for n in nodes], results, (), {})


class Row(Derived):
    """A row of the table with its parameters, as the first of its derivatives."""

    warns = True

    def __init__(self, primitive: Primitive, params: dict[str, Any]) -> None:
        super().__init__(primitive.name)
        self.primitive, self.params = primitive, params

    def define(self, *operands: Any) -> tuple[Any, ...]:
        return (self.primitive(*operands, **self.params),)


ROWS: dict[Any, Row] = Bounded("rows with derivatives", 1024)
MET: dict[Any, int] = Bounded("parameters that were met", 1024)  # and how often
OFTEN = 16  # more than nested transforms meet those of one operation


def row_of(primitive: Primitive, params: dict[str, Any]) -> Row | None:
    """The row as an operation; `None` for rare parameters: functions are written for what recurs,
    such as the 2 in ``x**2``, not for every random exponent."""
    key: Any = primitive
    if params:
        key = (primitive,)
        for name, value in params.items():  # 2 and 2.0 are different exponents
            key += (name, value, value.__class__)
    row = ROWS.get(key)
    if row is None:
        if params and (times := MET.get(key, 0)) < OFTEN:
            MET[key] = times + 1
            return None
        row = ROWS[key] = Row(primitive, params)
    return row


def example_of(x: Any) -> Any:
    """The plain value behind `x`; of a stack of examples what one of them is like."""
    hidden = 0
    while x.__class__ is Tensor:
        hidden += x.node.batch_axis
        x = x.value
    return np.ones(x.shape[hidden:], x.dtype)[()] if hidden else x


def is_small(x: Any) -> bool:
    """Is this so little arithmetic that dispatch is what costs? For large arrays, operations one by
    one leave NumPy its temporaries, and the tape what it may forget."""
    while x.__class__ is Tensor:  # `payload`, without the call: this is asked of every operation
        x = x.value
    return x.__class__ is not np.ndarray or x.size <= FEW


# -- from a definition to Python source ----------------------------------------------------------
REAL = frozenset((float, int, np.float64))


def is_real(x: Any) -> bool:
    if x.__class__ is np.ndarray:
        return bool(x.dtype.kind == "f")
    return x.__class__ in REAL


def chooses(node: Any) -> bool:
    """Does this operation have derivatives with strong zeros?"""
    return bool(node.primitive.selects_forward or node.primitive.selects_back)


def is_complex(node: Any) -> bool:
    """Does this operation have a complex value?"""
    return np.iscomplexobj(node.value)


def as_arrays(inputs: Sequence[Any]) -> Sequence[Any]:
    """The operands of arithmetic, with Python numbers beside an array as arrays of its dtype. NumPy
    would convert them in every run, which takes as long as the arithmetic on a few numbers."""
    for x in inputs:
        if isinstance(x, TraceNode) and x.value.__class__ is np.ndarray and is_real(x.value):
            with quiet():
                return [
                    np.array(c, x.value.dtype) if c.__class__ in (float, int) else c for c in inputs
                ]
    return inputs


class Source:
    """Writes a function. What is used once stands where it is used, so that NumPy can write into
    the memory of temporaries; the value comes first, and NumPy warns of nothing after it."""

    def __init__(
        self, derived: Derived, inputs: Sequence[Any], operations: Sequence[Any], used: Any
    ) -> None:
        self.scope: dict[str, Any] = {"ERRORS": ERRORS, "IGNORED": IGNORED}
        self.texts = {n: f"x{k}" for k, n in enumerate(inputs)}
        self.name = derived.name
        self.lines: list[str] = []
        uses = Counter(x for n in operations for x in n.inputs if isinstance(x, TraceNode))
        uses.update(used)
        derivatives = operations[1:] if derived.warns else ()
        self.warns = any(not n.primitive.silent for n in derivatives)
        for k, node in enumerate(operations):
            text = self.written(node)
            if uses[node] > 1 or (self.warns and k == 0):
                self.lines.append(f"v{k} = {text}")
                text = f"v{k}"
            self.texts[node] = text

    def operand(self, x: Any) -> str:
        return self.texts[x] if isinstance(x, TraceNode) else self.constant(x)

    def constant(self, x: Any) -> str:
        name = f"c{len(self.scope)}"
        self.scope[name] = x
        return name

    def written(self, node: TraceNode) -> str:
        """One operation; an array that a rule made is as good in every run. An operator is the same
        ufunc, without the call of a Python function."""
        row = node.primitive
        assert row is not None
        named = {name: self.constant(value) for name, value in node.params.items()}
        if row.operator is not None:
            return row.operator.format(*map(self.operand, as_arrays(node.inputs)), **named)
        operands = [*map(self.operand, node.inputs), *(f"{k}={v}" for k, v in named.items())]
        return f"{self.constant(row.value)}({', '.join(operands)})"

    def function(
        self, arguments: Sequence[str], results: str, checks: Sequence[str], scope: dict[str, Any]
    ) -> Any:
        """The function that returns `results`; `None` where a check fails."""
        lines = [*self.lines, f"return ({results})"]
        if self.warns:
            quietly = ["before = ERRORS.set(IGNORED)", "try:", *("    " + s for s in lines[1:])]
            lines = [lines[0], *quietly, "finally:", "    ERRORS.reset(before)"]
        if checks:
            lines = [f"if {' and '.join(checks)}:", *("    " + s for s in lines), "return None"]
        body = "".join(f"    {line}\n" for line in lines)
        text = f"def derived({', '.join(arguments)}):\n{body}"
        scope = self.scope | scope
        exec(compile(text, str(HERE / self.name), "exec"), scope)  # noqa: S102
        return scope.pop("derived")  # its globals do not hold it: no cycle
