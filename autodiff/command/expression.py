"""An expression typed by a person becomes a function: parsed against a list of what it may contain,
never evaluated as Python.

    "exp(x)**2 + exp(x)"   ->   v1 = exp(x);  v2 = v1 ** 2;  y = v2 + v1

Equal subexpressions become one step, so they are one node of the picture.
"""

from __future__ import annotations

import ast
import difflib
import functools
import inspect
import keyword
import math
import operator
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import primitives  # noqa: F401 - fills the table
from ..base.errors import AutodiffError
from ..rules.kinds import Elementwise
from ..rules.primitive import TABLE, Primitive

# Bounds on what is read, so that nothing hangs and no stack overflows.
MAX_LENGTH = 4000
MAX_DEPTH = 300
CONSTANTS = {"pi": math.pi, "e": math.e}


class ExpressionError(AutodiffError, ValueError):
    """The expression, or a value given to it, cannot be read."""


class Operation(NamedTuple):
    """What may be called: how many arguments it takes, and what it does with them."""

    apply: Callable[..., Any]
    fewest: int
    most: float


def callables() -> dict[str, Operation]:
    """Every name that an expression may call: the functions of NumPy and of scipy.special that the
    table knows on real numbers, and the usual synonyms."""
    found: dict[str, Operation] = {}
    for row in TABLE.values():
        name, arity = row.name.removeprefix(SCIPY), arity_of(row)
        known = hasattr(np, name) or row.name.startswith(SCIPY) or name in NEURAL
        if name in NOT_REAL:
            continue
        if arity is not None and known and (name not in found or not row.name.startswith(SCIPY)):
            found[name] = Operation(row, arity, arity)
    for synonym, name in SYNONYMS.items():
        found[synonym] = found[name]
    for synonym, name in {"max": "maximum", "min": "minimum"}.items():
        found[synonym] = Operation(pairwise(TABLE[name]), 2, math.inf)
    found["pow"] = Operation(operator.pow, 2, 2)
    found["clip"] = Operation(TABLE["clip"], 3, 3)
    found["where"] = Operation(TABLE["where"], 3, 3)
    return dict(sorted(found.items()))


def arity_of(row: Primitive) -> int | None:
    """How many real numbers a row takes to give one; `None` if it does anything else."""
    if isinstance(row, Elementwise):
        return None if any(map(has_keywords, row.partials)) else len(row.partials)
    function = row.numpy
    if not isinstance(function, np.ufunc) or function.signature:  # matmul works on vectors
        return None
    takes_reals = any(loop.startswith("d" * function.nin + "->") for loop in function.types)
    return function.nin if takes_reals and function.nout == 1 else None


def has_keywords(partial: Any) -> bool:
    """Whether the row needs parameters beside its arrays, which an expression cannot give."""
    if not callable(partial):
        return False
    return any(p.kind is p.KEYWORD_ONLY for p in inspect.signature(partial).parameters.values())


SCIPY = "scipy.special."
NEURAL = {"sigmoid", "softplus"}
NOT_REAL = {"hankel1", "hankel2", "lambertw", "expn", "kn", "yn"}  # complex, or of whole numbers
SYNONYMS = {
    "abs": "absolute",
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "ln": "log",
    "mod": "remainder",
}


def pairwise(row: Primitive) -> Callable[..., Any]:
    return lambda *args: functools.reduce(row, args)


OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
KEEP_INTEGERS = frozenset(OPERATORS.values()) - {operator.truediv}

CURES: dict[type, str] = {
    ast.BitXor: "^ is exclusive or in Python; write ** for a power",
    ast.FloorDiv: "// is not supported; write floor(a / b)",
    ast.MatMult: "@ needs arrays; an expression works on numbers",
    ast.Compare: "write a comparison as a function: less(a, b), greater_equal(a, b), ...",
    ast.IfExp: "write a choice as where(condition, a, b)",
    ast.Attribute: "a dot is not supported outside numbers; write sin(x), not np.sin(x)",
    ast.Tuple: "an expression has one value; write decimals with a point: 0.5",
    ast.Starred: "write the arguments one by one",
}


class Step(NamedTuple):
    """One operation: what to call, and for each operand its place, or a constant."""

    apply: Callable[..., Any]
    operands: tuple[Place | float, ...]


class Place(int):
    """Where a value stands: the variables come first, then the results of the steps."""


class Expression:
    """A function of its variables, read from text.

    Called with one value per variable, in the order of `names`; works on numbers, arrays and
    tracked values alike.

    >>> f = Expression("exp(x)**2 + y", ["x", "y"])
    >>> float(f(0.0, 5.0))
    6.0
    """

    def __init__(self, source: str, names: Sequence[str]) -> None:
        self.source = " ".join(source.split())
        self.names = tuple(map(variable_name, names))
        self.steps, self.result = Reader(self.source, self.names).read()
        self.__name__ = "f"
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in self.names]
        )

    def __call__(self, *values: Any) -> Any:
        known = list(values)
        for apply, operands in self.steps:
            known.append(apply(*(known[k] if isinstance(k, Place) else k for k in operands)))
        return known[self.result] if isinstance(self.result, Place) else self.result


class Reader:
    """Turns the text into steps, operands before what uses them, each distinct step once."""

    def __init__(self, source: str, names: Sequence[str], constant: bool = False) -> None:
        self.source = source
        self.constant = constant  # a value, which may name no variable
        self.places = {name: Place(k) for k, name in enumerate(names)}
        self.functions = callables()
        self.steps: list[Step] = []
        self.seen: dict[Any, Place] = {}
        for name in names:
            if name in self.functions:
                raise ExpressionError(f"{name} is a function; give the variable another name")

    def read(self) -> tuple[tuple[Step, ...], Place | float]:
        nodes = list(self.walk(syntax_tree(self.source)))
        used = {node.id for node in nodes if isinstance(node, ast.Name)}
        for name in self.places:
            if name not in used:
                raise ExpressionError(f"{name} has a value but is not in the expression")
        found: dict[ast.AST, Place | float] = {}
        for node in reversed(nodes):
            found[node] = self.value_of(node, [found[child] for child in operands_of(node)])
        return tuple(self.steps), found[nodes[0]]

    def walk(self, root: ast.AST) -> Iterator[ast.AST]:
        """Every node that stands for a number, each before its operands; a stack, no recursion."""
        stack = [(root, 1)]
        while stack:
            node, depth = stack.pop()
            if depth > MAX_DEPTH:
                raise ExpressionError(f"the expression is nested deeper than {MAX_DEPTH} levels")
            self.admit(node)
            yield node
            stack += [(child, depth + 1) for child in operands_of(node)]

    def admit(self, node: ast.AST) -> None:
        """Refuse every kind of node that is not on this list, with the cure."""
        match node:
            case ast.Constant(value=bool()):
                raise self.refusal(node, "not a number")
            case ast.Constant(value=int() | float() as number):
                self.finite(number, node)
            case ast.Name(id=name):
                self.admit_name(name)
            case ast.UnaryOp(op=op) | ast.BinOp(op=op):
                if type(op) not in OPERATORS:
                    raise self.refusal(node, CURES.get(type(op), "this operator is not supported"))
            case ast.Call(func=ast.Name(id=name)):
                self.admit_call(node, name)
            case ast.Call(func=ast.Attribute()):
                raise self.refusal(node, CURES[ast.Attribute])
            case ast.Call():
                raise self.refusal(node, "only functions can be called; write a product with *")
            case _:
                raise self.refusal(node, CURES.get(type(node), "this is not arithmetic"))

    def admit_name(self, name: str) -> None:
        if name in self.places or name in CONSTANTS:
            return
        if name in self.functions:
            raise ExpressionError(f"{name} is a function; write {name}(...)")
        if self.constant:
            raise ExpressionError(f"{shown(name)} is not a number; use digits, pi and e")
        raise ExpressionError(
            f"no value is given for {shown(name)}{did_you_mean(name, [*self.places, *CONSTANTS])}; "
            f"add {shown(name)}=..."
        )

    def admit_call(self, node: ast.Call, name: str) -> None:
        if name not in self.functions:
            if name in self.places or name in CONSTANTS:
                raise ExpressionError(f"{name} is not a function; write a product with *")
            raise ExpressionError(
                f"unknown function {shown(name)}{did_you_mean(name, self.functions)}"
            )
        if node.keywords:
            raise self.refusal(node, "give arguments without names")
        _, fewest, most = self.functions[name]
        if not fewest <= len(node.args) <= most:
            takes = f"{fewest}" if fewest == most else f"at least {fewest}"
            plural = "" if fewest == most == 1 else "s"
            raise ExpressionError(f"{name} takes {takes} argument{plural}, not {len(node.args)}")

    def value_of(self, node: ast.AST, operands: list[Place | float]) -> Place | float:
        """The place of a variable or of a step, or a constant."""
        match node:
            case ast.Constant(value=int() | float() as number):
                return number
            case ast.Name(id=name):
                return self.places.get(name, CONSTANTS.get(name, math.nan))
            case ast.Call(func=ast.Name(id=name)):
                return self.step(node, self.functions[name].apply, operands)
            case ast.UnaryOp(op=op) | ast.BinOp(op=op):
                return self.step(node, OPERATORS[type(op)], operands)
        raise AssertionError(node)  # pragma: no cover - `admit` lets nothing else pass

    def step(
        self, node: ast.AST, apply: Callable[..., Any], operands: list[Place | float]
    ) -> Place | float:
        if not any(isinstance(k, Place) for k in operands):
            return self.folded(node, apply, operands)
        key = (apply, *(k if isinstance(k, Place) else repr(k) for k in operands))
        if key not in self.seen:
            self.seen[key] = Place(len(self.places) + len(self.steps))
            self.steps.append(Step(apply, tuple(operands)))
        return self.seen[key]

    def folded(self, node: ast.AST, apply: Callable[..., Any], operands: list[float]) -> float:
        """A constant subexpression, computed once, in doubles: 10**10**10 has no digits to fill."""
        try:
            with np.errstate(all="ignore"):
                number = apply(*map(float, operands))
        except (ArithmeticError, ValueError):
            number = math.inf
        number = self.finite(math.nan if isinstance(number, complex) else float(number), node)
        whole = apply in KEEP_INTEGERS and all(isinstance(k, int) for k in operands)
        return int(number) if whole and number.is_integer() and abs(number) < 2**53 else number

    def finite(self, number: float, node: ast.AST) -> float:
        try:
            if math.isfinite(float(number)):
                return number
        except OverflowError:
            pass
        raise self.refusal(node, "not a finite number that fits a double")

    def refusal(self, node: ast.AST, why: str) -> ExpressionError:
        return ExpressionError(f"{shown(ast.get_source_segment(self.source, node) or '')}: {why}")


def operands_of(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.UnaryOp(operand=a):
            return [a]
        case ast.BinOp(left=a, right=b):
            return [a, b]
        case ast.Call(args=args):
            return args
    return []


def syntax_tree(source: str) -> ast.expr:
    """Python's own parser, its complaints as one line."""
    if not source:
        raise ExpressionError("the expression is empty")
    if "#" in source:
        raise ExpressionError("# begins a comment in Python, and hides what follows; leave it out")
    if len(source) > MAX_LENGTH:
        raise ExpressionError(
            f"the expression has {len(source)} characters, more than {MAX_LENGTH}"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            return ast.parse(source, mode="eval").body
    except SyntaxError as error:
        cure = "; a product is written 2*x" if "decimal literal" in error.msg else ""
        place = shown(source[error.offset - 1 :]) if error.offset else "the end"
        raise ExpressionError(f"{error.msg.partition(';')[0]} at {place}{cure}") from None
    except (RecursionError, MemoryError):
        raise ExpressionError(f"the expression is nested deeper than {MAX_DEPTH} levels") from None
    except ValueError:  # null bytes, and characters that are none
        raise ExpressionError(f"{shown(source)} is not text that can be read") from None


def variable_name(name: str) -> str:
    """`name` in the form in which Python's parser reports it."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ExpressionError(f"{shown(name)} cannot be the name of a variable")
    return unicodedata.normalize("NFKC", name)


def constant(source: str) -> float:
    """A value: a number, or arithmetic on numbers such as ``-pi/4``.

    >>> constant("-3/4")
    -0.75
    """
    _, number = Reader(" ".join(source.split()), (), constant=True).read()
    return float(number)


def assignments(texts: Sequence[str]) -> Mapping[str, float]:
    """``["x=0.1", "y=pi/2"]`` as names and values."""
    values: dict[str, float] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals:
            raise ExpressionError(f"{shown(text)} is not NAME=VALUE, such as x=0.1")
        name = variable_name(name)
        if name in values:
            raise ExpressionError(f"{name} is given twice")
        try:
            values[name] = constant(value)
        except ExpressionError as error:
            raise ExpressionError(f"{name}={shown(value)} is not a number: {error}") from None
    return values


def did_you_mean(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def shown(text: str) -> str:
    """A piece of the user's text in an error: short, on one line, whatever it holds."""
    short = text if len(text) <= 40 else text[:37] + "..."
    return short if short and short.isprintable() else ascii(short)


__all__ = ["Expression", "ExpressionError", "assignments", "callables"]
