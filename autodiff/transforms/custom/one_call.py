"""One call of a custom function, taken apart: what a row sees of it is arrays in, arrays out.

    f({"W": W, "b": b}, x, option="fast")        the user's side: nests, options, any object
    run(W, b, x)                                 the row's side: numbers and arrays alone

`OneCall` goes from the one to the other and back, for the function and for its rules, and checks
what the rules return. `OfStacks` is the same call for a stack of examples.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

import numpy as np

from ...arrays.dispatch import unboxed
from ...base.errors import NotDifferentiableError, ShapeError, counted, refuse
from ...base.trees import Structure, flatten, flatten_like, paths, unflatten
from ...engine.arguments import check_like
from ...engine.batching import batch_map
from ...programs.text import MANY, escaped, param
from ...rules.conforming import Aval, aval_of
from ...rules.primitive import ZERO, Traced, nodes_of


class Open:
    """Marks the place of a number or an array; what stands elsewhere is held as it is."""


class CannotBatchError(NotDifferentiableError):
    """The body of a function did not run on batched values."""


class OneCall:
    """One call of a custom function; `count` results with numbers are known once it has run."""

    def __init__(self, rule: Any, given: int, keywords: dict[str, Any]) -> None:
        self.rule = rule
        self.name = rule.name
        self.keywords = keywords
        self.static_places = [self.place(k, given) for k in rule.static_argnums]
        self.count = 0
        self.outputs: Structure | None = None

    def place(self, k: int, given: int) -> int:
        if not -given <= k < given:
            raise ShapeError(
                f"custom_rule {self.name}: static_argnums names argument {k}, but it was called "
                f"with {given} positional arguments; pass a static argument by position, or leave "
                "it out of static_argnums and pass it by keyword"
            )
        return k % given

    # -- the user's side, taken apart and put back ---------------------------------------------
    def take(self, args: Sequence[Any]) -> list[Any]:
        """The numbers and arrays of the arguments; the rest is held."""
        self.static = {k: args[k] for k in self.static_places}
        for name, value in (
            *((f"argument {k}, which is static,", v) for k, v in self.static.items()),
            *((f"the keyword argument {k!r}", v) for k, v in self.keywords.items()),
        ):
            if any(isinstance(unboxed(x), Traced) for x in flatten(value)[0]):
                raise refuse(
                    f"custom_rule {self.name}: {name} is being differentiated",
                    "pass it by position, outside of static_argnums, or cut its derivative with "
                    "autodiff.stop_gradient",
                )
        leaves, self.structure = flatten(
            tuple(None if k in self.static else arg for k, arg in enumerate(args))
        )
        leaves = list(map(unboxed, leaves))
        self.held = [Open if is_number(x) else x for x in leaves]
        return [x for x in leaves if is_number(x)]

    def arguments(self, operands: Iterable[Any]) -> tuple[Any, ...]:
        args = list(unflatten(self.structure, fill(self.held, operands)))
        for k, value in self.static.items():
            args[k] = value
        return tuple(args)

    def tangents(self, operands: Iterable[Any]) -> tuple[Any, ...]:
        """In the structure of the arguments, ``None`` for what is static or held."""
        held = [Open if x is Open else None for x in self.held]
        return tuple(unflatten(self.structure, fill(held, operands)))

    def arguments_of(self, operands: Iterable[int]) -> tuple[int, ...]:
        """The arguments that these operands belong to."""
        places = [k for k, part in enumerate(self.structure.parts) for _ in range(part.size)]
        owners = [k for k, x in zip(places, self.held, strict=True) if x is Open]
        return tuple(dict.fromkeys(owners[i] for i in operands))

    def output(self, parts: Iterable[Any]) -> Any:
        assert self.outputs is not None
        return unflatten(self.outputs, fill(self.held_results, parts))

    def result(self, y: Any) -> Any:
        return self.output(y if self.count > 1 else (y,))

    def text(self, count: int) -> str | None:
        """How a call is printed that has more than operands: ``solve({a}, gauss, tol=1e-8)``."""
        if count > MANY or (count == len(self.held) and not self.static and not self.keywords):
            return None
        letters, held = iter("abcdef"), iter(self.held)
        shown = []
        for k, part in enumerate(self.structure.parts):
            if k in self.static:
                shown.append(option(self.static[k]))
            leaves = itertools.islice(held, part.size)
            shown += [f"{{{next(letters)}}}" if x is Open else option(x) for x in leaves]
        shown += [f"{k}={option(v)}" for k, v in self.keywords.items()]
        return f"{escaped(self.name)}({', '.join(shown)})"

    # -- the row's side ------------------------------------------------------------------------
    def run(self, *operands: Any) -> Any:
        """The function, on plain arrays (or on batched ones, under vmap)."""
        args = self.arguments(map(protected, operands))
        try:
            result = self.rule.f(*args, **self.keywords)
        except ValueError as error:
            if "read-only" in str(error):
                raise refuse(
                    f"custom_rule {self.name}: the function writes into its argument",
                    "copy it first: x = x.copy()",
                ) from error
            raise
        except TypeError as error:
            if any(isinstance(x, Traced) for x in operands):
                raise CannotBatchError(str(error).partition("; ")[0]) from error
            raise
        parts = self.check_results(result, operands)
        return parts[0] if self.count == 1 else tuple(parts)

    def check_results(self, result: Any, operands: Sequence[Any]) -> list[Any]:
        """The numbers and arrays of a result, which depend on nothing but the operands."""
        known = {level for x in operands for level in levels(x)}
        leaves, structure = flatten(result)
        leaves = list(map(unboxed, leaves))
        if any(level not in known for x in leaves for level in levels(x)):
            raise self.rule.closes_over("its body", [self.rule.f])
        if self.outputs is not None and structure != self.outputs:
            raise ShapeError(f"custom_rule {self.name}: two calls returned different structures")
        self.outputs = structure
        self.held_results = [Open if is_number(x) else x for x in leaves]
        parts = [owned(x) for x in leaves if is_number(x)]
        self.count = len(parts)
        if operands and not parts:
            raise ShapeError(
                f"custom_rule {self.name} returned {result!r:.60}, which holds no number"
            )
        return parts

    def push(
        self,
        primals: Sequence[Any],
        ys: Sequence[Any],
        tangents: Sequence[Any],
        moving: Sequence[int],
    ) -> list[Any]:
        """The tangent of every result; that of an operand that is not `moving` is zero."""
        args, output = self.arguments(map(protected, primals)), self.output(map(protected, ys))
        directions = self.tangents(map(protected, tangents))
        with self.naming("jvp"):
            places = self.arguments_of(moving)
            y_dot = self.rule.push(args, output, directions, self.keywords, places)
        assert self.outputs is not None
        what = f"custom_rule {self.name}: the tangent that its jvp rule returned"
        hint = (
            "the rule returns the tangent alone, in the structure and shapes of the output; "
            "it gets primals and tangents as tuples with one entry per argument"
        )
        found = self.like(y_dot, self.outputs, what, hint)
        names = list(paths(self.outputs, "the output"))
        return self.derivatives(found, self.held_results, ys, names, what, hint)

    def pull(
        self, primals: Sequence[Any], ys: Sequence[Any], wanted: Sequence[int]
    ) -> Callable[[Sequence[Any]], list[Any]]:
        """The pullback: from the cotangents of the results to one for every operand, of which only
        the `wanted` ones are used."""
        args, output = self.arguments(map(protected, primals)), self.output(map(protected, ys))
        with self.naming("vjp"):
            places = self.arguments_of(wanted)
            pullback = self.rule.pull(args, output, self.keywords, places)
        what = f"custom_rule {self.name}: the cotangent that its vjp rule returned"

        def pulled(y_bars: Sequence[Any]) -> list[Any]:
            held = [Open if x is Open else None for x in self.held_results]
            assert self.outputs is not None
            cotangent = unflatten(self.outputs, fill(held, map(protected, y_bars)))
            with self.naming("vjp"):
                bars = pullback(cotangent)
            if not isinstance(bars, (tuple, list)) or len(bars) != len(args):
                raise ShapeError(
                    f"custom_rule {self.name}: its vjp rule must return a tuple with one cotangent "
                    f"for each of {counted(len(args), 'argument')} (None for zero), as primals is "
                    f"a tuple, not {bars!r:.60}"
                )
            found: list[Any] = []
            names: list[str] = []
            hint = (
                "a cotangent has the structure and shape of its argument: sum over the axes along "
                "which the argument was broadcast"
            )
            for k, (bar, structure) in enumerate(zip(bars, self.structure.parts, strict=True)):
                found += self.like(bar, structure, f"{what} for argument {k}", hint)
                names += paths(structure, f"argument {k}")
            return self.derivatives(found, self.held, primals, names, what, hint)

        return pulled

    @contextmanager
    def naming(self, which: str) -> Iterator[None]:
        """Say whose rule it was that could not be differentiated, transposed or batched."""
        try:
            yield
        except NotDifferentiableError as error:
            error.add_note(
                f"(in the {which} rule of custom_rule {self.name}: a rule that is differentiated "
                "again, transposed or batched must be written with NumPy's functions)"
            )
            raise

    def like(self, tree: Any, structure: Structure, what: str, hint: str) -> list[Any]:
        try:
            return flatten_like(tree, structure, what, absent=ZERO)
        except ShapeError as error:
            raise ShapeError(f"{error}; {hint}") from None

    def derivatives(
        self,
        found: Sequence[Any],
        held: Sequence[Any],
        values: Sequence[Any],
        names: Sequence[str],
        what: str,
        hint: str,
    ) -> list[Any]:
        """What a rule returned for every value: in its shape and dtype, or `ZERO`."""
        supply = iter(values)
        checked = []
        for derivative, place, name in zip(found, held, names, strict=True):
            if place is not Open:
                continue
            x = next(supply)
            dtype = aval_of(x).dtype
            if derivative is ZERO or (dtype is not None and dtype.kind in "biu"):
                checked.append(ZERO)
                continue
            try:
                checked.append(check_like(unboxed(derivative), x, what, name))
            except ShapeError as error:
                raise ShapeError(f"{error}; {hint}") from None
        return checked


class OfStacks:
    """A call for a stack of examples: the function and its rules run once, on batched values.

    `flags` says which operands are stacks; all results are.
    """

    def __init__(self, call: Any, size: int, flags: Sequence[bool]) -> None:
        self.call = call
        self.rule = call.rule
        self.name = call.name
        self.size = size
        self.flags = list(flags)

    @property
    def count(self) -> int:
        return self.call.count

    def over_examples(
        self, f: Callable[[list[Any]], Any], values: Sequence[Any], flags: Sequence[bool]
    ) -> Any:
        def one(*examples: Any) -> Any:
            supply = iter(examples)
            return f([next(supply) if flag else v for v, flag in zip(values, flags, strict=True)])

        stacks = [v for v, flag in zip(values, flags, strict=True) if flag]
        return batch_map(one, stacks, self.size, loop=False)

    def run(self, *operands: Any) -> Any:
        return self.over_examples(lambda xs: self.call.run(*xs), operands, self.flags)

    def push(
        self,
        primals: Sequence[Any],
        ys: Sequence[Any],
        tangents: Sequence[Any],
        moving: Sequence[int],
    ) -> list[Any]:
        n, m = len(primals), len(ys)

        def one(values: list[Any]) -> list[Any]:
            xs, results = values[:n], values[n : n + m]
            return filled_in(self.call.push(xs, results, values[n + m :], moving), results)

        flags = [*self.flags, *[True] * m, *self.flags]
        found: list[Any] = self.over_examples(one, [*primals, *ys, *tangents], flags)
        return found

    def pull(
        self, primals: Sequence[Any], ys: Sequence[Any], wanted: Sequence[int]
    ) -> Callable[[Sequence[Any]], list[Any]]:
        n, m = len(primals), len(ys)

        def one(values: list[Any]) -> list[Any]:
            xs, results = values[:n], values[n : n + m]
            return filled_in(self.call.pull(xs, results, wanted)(values[n + m :]), xs)

        def pulled(y_bars: Sequence[Any]) -> list[Any]:
            flags = [*self.flags, *[True] * (2 * m)]
            bars = self.over_examples(one, [*primals, *ys, *y_bars], flags)
            pairs = zip(bars, self.flags, strict=True)
            return [bar if flag else np.sum(bar, axis=0) for bar, flag in pairs]

        return pulled


# -- small things ----------------------------------------------------------------------------------
def is_number(x: Any) -> bool:
    """Whether a leaf is an operand of the row, rather than held as it is."""
    if isinstance(x, (Traced, float, int, complex)):
        return True
    return getattr(getattr(x, "dtype", None), "kind", "") in ("b", "i", "u", "f", "c")


def option(x: Any) -> str:
    return escaped(getattr(x, "__name__", None) or param(x))


def fill(held: Sequence[Any], operands: Iterable[Any]) -> list[Any]:
    supply = iter(operands)
    return [next(supply) if x is Open else x for x in held]


def filled_in(derivatives: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    """Structural zeros as arrays, for a batch."""
    pairs = zip(derivatives, map(float_like, values), strict=True)
    return [np.zeros(like.shape, like.dtype or float) if d is ZERO else d for d, like in pairs]


def float_like(x: Any) -> Aval:
    """Shape and dtype of a derivative of `x`: of an integer or a boolean, floats."""
    like = aval_of(x)
    integral = like.dtype is not None and like.dtype.kind in "biu"
    return Aval(like.shape, None) if integral else like


def protected(x: Any) -> Any:
    """`x` as the user's code gets it: a read-only array, or a new handle, because the engine and
    other rules go on using `x`."""
    if isinstance(x, np.ndarray):
        x = x.view()
        x.flags.writeable = False
        return x
    return copy(x) if isinstance(x, Traced) else x


def owned(y: Any) -> Any:
    """A result that may be an argument, or a part of one, as an array of its own."""
    return y.copy() if isinstance(y, np.ndarray) and not y.flags.writeable else y


def levels(x: Any) -> list[int | float]:
    return [node.level for node in nodes_of(x)]


def innermost(args: Sequence[Any]) -> Any:
    """The node that handles an operation on these arguments."""
    nodes = [a.node for a in args if isinstance(a, Traced)]
    return max(nodes, key=lambda node: node.level, default=None)
