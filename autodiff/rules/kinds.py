"""Six kinds of row: each makes forward and reverse mode and the batch rule of one derivative cell.

The cell is what a row states of its derivative. A structural zero, `ZERO`, is 0 by the form of the
program, whatever the numbers; it costs nothing.

| kind        | the cell holds           | forward mode             | reverse mode           |
|-------------|--------------------------|--------------------------|------------------------|
| elementwise | one partial per input    | sum of partial * tangent | partial * cotangent    |
| linear      | the transpose            | f(tangent)               | transpose(cotangent)   |
| bilinear    | one transpose per input  | f(da, b) + f(a, db)      | each transpose         |
| choice      | a selector, ties shared  | select                   | scatter                |
| special     | a JVP, or a VJP, or both | the JVP                  | the VJP                |
| flat        | nothing                  | structural zero          | structural zero        |

The kinds broadcast, un-broadcast and cast; rows never do. Source: Griewank and Walther (2008).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from operator import itemgetter
from types import FunctionType
from typing import Any

import numpy as np

from .conforming import (
    DOUBLE,
    SCALARS,
    align_all,
    aval_of,
    changed,
    conform_cotangent,
    conform_tangent,
    filled,
    full,
    full_array,
    inexact,
)
from .primitive import ONE, ZERO, Primitive, Pullback, Structural, register

OUTPUT = -1  # among the residuals of a partial: the output of the row


def local(partial: Any, remembered: Sequence[Any], params: dict[str, Any]) -> Any:
    """A partial derivative as numbers."""
    if partial.__class__ is Structural:
        return partial
    try:
        return partial(*remembered, **params)
    except (ZeroDivisionError, OverflowError):
        # Python floats raise where NumPy's have an answer: 1 / 0.0 is inf.
        return partial(*map(strong, remembered), **params)


def strong(x: Any) -> Any:
    """A Python number as NumPy's, whose division by 0 has an answer; anything else as it is."""
    return np.float64(x) if x.__class__ is float or x.__class__ is int else x


class ElementwisePullback:
    """One contribution per edge. An object, not a closure, with one tuple for the residuals of all
    edges: a tape is mostly these, and the garbage collector visits every object."""

    __slots__ = ("changes", "edges", "params", "partials", "values")

    def __init__(
        self, partials: Any, edges: Any, values: Any, changes: Any, params: dict[str, Any]
    ) -> None:
        self.partials = partials  # of the row
        self.edges = edges  # for each wanted input: its place, and what takes its partial's values
        self.values = values
        self.changes = changes  # of shape or dtype on the way back; None if there are none
        self.params = params

    def __call__(self, y_bar: Any) -> list[Any]:
        partials, values, params = self.partials, self.values, self.params
        bars = []
        is_structural = y_bar.__class__ is Structural
        for i, take in self.edges:
            partial = partials[i]
            if partial.__class__ is Structural:
                bars.append(y_bar if partial is ONE else partial * y_bar)
                continue
            remembered = values if take is None else take(values)
            try:
                if is_structural:
                    bars.append(y_bar * inexact(partial(*remembered, **params)))
                else:  # in one expression, so that NumPy multiplies into the partial's memory
                    bars.append(y_bar * partial(*remembered, **params))
            except (ZeroDivisionError, OverflowError):
                bars.append(y_bar * local(partial, remembered, params))
        if self.changes is not None:
            for k, (before, after) in enumerate(self.changes):
                if bars[k] is not ZERO and before != after:
                    bars[k] = conform_cotangent(full(bars[k], after), before)
        return bars


def taker(places: Sequence[int]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes the entries at `places` out of a tuple, as a tuple."""
    if len(places) > 1:
        return itemgetter(*places)
    return itemgetter(slice(places[0], places[0] + 1 or None) if places else slice(0))


def positional(f: Callable[..., Any]) -> Sequence[str]:
    """The names of what `f` takes by position; from its code, as every import asks for hundreds."""
    if isinstance(f, FunctionType):
        return f.__code__.co_varnames[: f.__code__.co_argcount]
    parameters = inspect.signature(f).parameters.values()
    return [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]


class Elementwise(Primitive):
    """One partial per input. Its positional arguments are its residuals, which the tape keeps:
    `a`, `b`, `c` the inputs, `y` the output; its keywords are the row's parameters."""

    kind = "elementwise"
    derives = True

    def __init__(self, name: str, value: Any, *partials: Any, **row: Any) -> None:
        super().__init__(name, value, **row)
        self.partials = partials
        self.saves = tuple(self._saves(p) for p in partials)
        self.plans: dict[tuple[int, ...], Any] = {}

    def plan(self, wanted: tuple[int, ...]) -> Any:
        """How a pullback to the wanted inputs takes its residuals out of ``(*primals, y)``,
        ``None`` if they are all primals; and for each input how its partial takes its own out of
        those, ``None`` if it takes all."""
        needed = sorted({k for i in wanted for k in self.saves[i]})
        edges = []
        for i in wanted:
            places = [needed.index(k) for k in self.saves[i]]
            is_all = places == list(range(len(needed)))
            edges.append((i, None if is_all else taker(places)))
        is_all = needed == list(range(len(self.partials)))
        self.plans[wanted] = None if is_all else taker(needed), tuple(edges)
        return self.plans[wanted]

    @staticmethod
    def _saves(partial: Any) -> tuple[int, ...]:
        if isinstance(partial, Structural):
            return ()
        names = positional(partial)
        return tuple(OUTPUT if name == "y" else "abcdef".index(name) for name in names)

    def remembered(self, i: int, primals: Sequence[Any], y: Any) -> list[Any]:
        return [y if k == OUTPUT else primals[k] for k in self.saves[i]]

    def jvp(self, y: Any, primals: Sequence[Any], tangents: Sequence[Any], params: Any) -> Any:
        values = (*primals, y)  # so that OUTPUT, -1, is the place of y
        y_dot: Any = ZERO
        for i, tangent in enumerate(tangents):
            if tangent is not ZERO:
                partial = self.partials[i]
                if partial.__class__ is Structural:
                    term = partial * tangent
                else:
                    remembered = [values[k] for k in self.saves[i]]
                    try:  # in one expression, so that NumPy multiplies into the partial's memory
                        term = partial(*remembered, **params) * tangent
                    except (ZeroDivisionError, OverflowError):
                        term = local(partial, remembered, params) * tangent
                y_dot = term if y_dot is ZERO else y_dot + term
        return conform_tangent(y_dot, y)

    def vjp(self, y: Any, primals: Sequence[Any], wanted: Sequence[int], params: Any) -> Pullback:
        inputs = tuple(wanted)
        take, edges = self.plans.get(inputs) or self.plan(inputs)
        # so that OUTPUT, -1, is the place of y
        remembered = tuple(primals) if take is None else take((*primals, y))
        changes = None
        if y.__class__ is np.ndarray:  # as `changed` does, without the call: 0.15 of 2.5 us
            shape, dtype = y.shape, y.dtype
            for i in inputs:
                x = primals[i]
                if x.__class__ is not np.ndarray or x.shape != shape or x.dtype != dtype:
                    changes = changed(primals, inputs, y)
                    break
        elif y.__class__ not in SCALARS:
            changes = changed(primals, inputs, y)
        return ElementwisePullback(self.partials, edges, remembered, changes, params)

    def batched(self, size: int, args: Sequence[Any], flags: Sequence[bool], params: Any) -> Any:
        if self.batch is not None:
            return super().batched(size, args, flags, params)
        return self(*align_all(args, flags), **params)


class Linear(Primitive):
    """Linear in all its arrays at once. `transpose(y_bar, *avals, **params)` gives the cotangent of
    the one input, or a list with one for each."""

    kind = "linear"

    def __init__(
        self, name: str, value: Any, transpose: Any, spreads: bool = False, **row: Any
    ) -> None:
        super().__init__(name, value, **row)
        self.transpose = transpose
        self.spreads = spreads  # a constant cotangent stays that constant: sum, reshape, ...

    def jvp(self, y: Any, primals: Sequence[Any], tangents: Sequence[Any], params: Any) -> Any:
        if len(tangents) == 1:
            return ZERO if tangents[0] is ZERO else self(tangents[0], **params)
        if all(t is ZERO for t in tangents):
            return ZERO
        filled_in = [filled(t, a) for t, a in zip(tangents, primals, strict=True)]
        return self(*filled_in, **params)

    def vjp(self, y: Any, primals: Sequence[Any], wanted: Sequence[int], params: Any) -> Pullback:
        avals = list(map(aval_of, primals))
        shape = aval_of(y)

        def pullback(y_bar: Any) -> list[Any]:
            if self.spreads and (
                y_bar.__class__ is Structural
                or (y_bar.__class__ is np.float64 and avals[0].dtype == DOUBLE.dtype)
            ):
                return [y_bar]
            y_bar = full(y_bar, shape)
            bars = self.transpose(y_bar, *avals, **params)
            if not isinstance(bars, list):
                bars = [bars]
            return [conform_cotangent(bars[i], avals[i]) for i in wanted]

        return pullback


class Pick(Primitive):
    """One output of a primitive that returns a tuple. Its cotangent: a tuple, zero but for one."""

    kind = "linear"

    def vjp(self, y: Any, primals: Sequence[Any], wanted: Sequence[int], params: Any) -> Pullback:
        count, index = len(primals[0]), params["index"]

        def pullback(y_bar: Any) -> list[Any]:
            return [tuple(y_bar if k == index else ZERO for k in range(count))]

        return pullback


pick = register(Pick("pick", lambda values, *, index: values[index], text="{a}[{index}]"))


class Bilinear(Primitive):
    """Linear in each of two arrays. The transpose for input 0 is called with the shape of `a` and
    the array `b`: ``transpose(y_bar, a_aval, b, **params)``; for input 1 the other way round."""

    kind = "bilinear"

    def __init__(self, name: str, value: Any, *transposes: Any, **row: Any) -> None:
        super().__init__(name, value, **row)
        self.transposes = transposes

    def jvp(self, y: Any, primals: Sequence[Any], tangents: Sequence[Any], params: Any) -> Any:
        (a, b), (a_dot, b_dot) = primals, tangents
        y_dot: Any = ZERO if a_dot is ZERO else self(a_dot, b, **params)
        if b_dot is not ZERO:
            y_dot = y_dot + self(a, b_dot, **params)
        return conform_tangent(y_dot, y)

    def vjp(self, y: Any, primals: Sequence[Any], wanted: Sequence[int], params: Any) -> Pullback:
        # Each transpose remembers the *other* array, and of its own only shape and dtype.
        edges = []
        for i in wanted:
            like = aval_of(primals[i])
            pair = (like, primals[1]) if i == 0 else (primals[0], like)
            edges.append((self.transposes[i], pair, like))
        shape = aval_of(y)

        def pullback(y_bar: Any) -> list[Any]:
            y_bar = full_array(y_bar, shape)
            return [
                conform_cotangent(transpose(y_bar, *pair, **params), like)
                for transpose, pair, like in edges
            ]

        return pullback


class Choice(Primitive):
    """Selects among its inputs. `selector(*primals, y, **params)` says what was chosen, with ties;
    `select(s, *tangents, **params)` picks; `scatters[i](y_bar, s, aval, **params)` puts back.
    Nothing is multiplied by a mask: an untaken branch contributes exactly zero, inf or not."""

    kind = "choice"

    def __init__(
        self, name: str, value: Any, selector: Any, select: Any, *scatters: Any, **row: Any
    ) -> None:
        super().__init__(name, value, **{"selects": "both", **row})
        self.selector, self.select, self.scatters = selector, select, scatters

    def jvp(self, y: Any, primals: Sequence[Any], tangents: Sequence[Any], params: Any) -> Any:
        if all(t is ZERO for t in tangents):
            return ZERO
        chosen = self.selector(*primals, y, **params)
        y_dot = self.select(chosen, *(0.0 if t is ZERO else t for t in tangents), **params)
        return conform_tangent(y_dot, y)

    def vjp(self, y: Any, primals: Sequence[Any], wanted: Sequence[int], params: Any) -> Pullback:
        chosen = self.selector(*primals, y, **params)
        edges = [(self.scatters[i], aval_of(primals[i])) for i in wanted]
        shape = aval_of(y)

        def pullback(y_bar: Any) -> list[Any]:
            y_bar = full(y_bar, shape)
            return [
                ZERO
                if scatter is None
                else conform_cotangent(scatter(y_bar, chosen, like, **params), like)
                for scatter, like in edges
            ]

        return pullback

    def batched(self, size: int, args: Sequence[Any], flags: Sequence[bool], params: Any) -> Any:
        if self.batch == "elementwise":
            return self(*align_all(args, flags), **params)
        return super().batched(size, args, flags, params)


class Special(Primitive):
    """A rule that fits no other kind: `forward(tangents, primals, y, **params)` gives the tangent,
    `backward(y_bar, primals, y, **params)` a list of cotangents; the engine derives a missing one
    by transposing the other."""

    kind = "special"

    def __init__(
        self, name: str, value: Any, *, forward: Any = None, backward: Any = None, **row: Any
    ) -> None:
        super().__init__(name, value, **row)
        self.forward, self.backward = forward, backward
        self.forward_only = backward is None
        self.backward_only = forward is None

    def jvp(self, y: Any, primals: Sequence[Any], tangents: Sequence[Any], params: Any) -> Any:
        if all(t is ZERO for t in tangents):
            return (ZERO,) * len(y) if self.multiple else ZERO
        filled_in = [filled(t, a) for t, a in zip(tangents, primals, strict=True)]
        y_dot = self.forward(filled_in, primals, y, **params)
        if self.multiple:
            return tuple(map(conform_tangent, y_dot, y))
        return conform_tangent(y_dot, y)

    def vjp(self, y: Any, primals: Sequence[Any], wanted: Sequence[int], params: Any) -> Pullback:

        def pullback(y_bar: Any) -> list[Any]:
            if self.multiple:
                y_bar = tuple(full(bar, aval_of(part)) for bar, part in zip(y_bar, y, strict=True))
            else:
                y_bar = full(y_bar, aval_of(y))
            bars = self.backward(y_bar, primals, y, **params)
            return [conform_cotangent(bars[i], aval_of(primals[i])) for i in wanted]

        return pullback


class Flat(Primitive):
    """Constant wherever it has a derivative at all: comparisons, floor, argmax, zeros_like."""

    kind = "flat"
    flat = True

    def batched(self, size: int, args: Sequence[Any], flags: Sequence[bool], params: Any) -> Any:
        if self.batch == "elementwise":
            return self(*align_all(args, flags), **params)
        return super().batched(size, args, flags, params)


def elementwise(name: str, value: Callable[..., Any], *partials: Any, **row: Any) -> Elementwise:
    return register(Elementwise(name, value, *partials, **row))


def linear(name: str, value: Callable[..., Any], transpose: Any, **row: Any) -> Linear:
    return register(Linear(name, value, transpose, **row))


def bilinear(name: str, value: Callable[..., Any], *transposes: Any, **row: Any) -> Bilinear:
    return register(Bilinear(name, value, *transposes, **row))


def choice(
    name: str, value: Callable[..., Any], selector: Any, select: Any, *scatters: Any, **row: Any
) -> Choice:
    return register(Choice(name, value, selector, select, *scatters, **row))


def special(name: str, value: Callable[..., Any], **row: Any) -> Special:
    return register(Special(name, value, **row))


def flat(name: str, value: Callable[..., Any], **row: Any) -> Flat:
    return register(Flat(name, value, **row))
