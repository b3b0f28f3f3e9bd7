"""The comparisons that `check` makes: laws that need no second implementation, for every input and
several random directions t:

    J t  =  (f(x + h t) - f(x - h t)) / 2h      forward mode    = finite difference
    <g, J t>  =  <J^T g, t>                     reverse mode    = transpose of forward mode
    <u, H v>  =  <v, H u>                       second order    is symmetric

A comparison fails only where the gap exceeds what rounding and the finite difference's own error
estimate allow. Where terms cancel, rounding is relative to the terms, which nobody sees: so before
a comparison fails, its numbers are computed again at arguments a few ulp away, and how far they
move is what rounding does to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..base.errors import AutodiffError, NotDifferentiableError, ShapeError
from ..base.trees import flatten, paths, unflatten
from ..engine.arguments import argument_names, chosen, differentiable, name_of, result_leaf
from ..programs.tracing import is_numeric
from ..rules.conforming import aval_of
from ..transforms.gradients import jvp, vjp
from .finite_differences import Slope, slope_at_zero

FORWARD = "forward = finite difference"
REVERSE = "reverse = finite difference"
ADJOINT = "<g, J t> = <J^T g, t>"
SYMMETRY = "<u, H v> = <v, H u>"
HESSIAN = "H v = difference of gradients"
VALUE = "tracked value = plain value"
LIKE = "gradient has the input's shape and dtype"

OK, FAILED, UNRELIABLE = "ok", "FAILED", "unreliable"


class Comparison(NamedTuple):
    """One law for one input: the gap that was `measured`, what was `allowed`, and the verdict.

    `verdict` is ``"ok"``, ``"FAILED"``, or ``"unreliable"``: the law holds within the error of the
    finite difference, but that error is too large (a kink or a pole nearby) to prove anything.
    """

    where: str
    law: str
    measured: float
    allowed: float
    verdict: str
    detail: str = ""

    @property
    def severity(self) -> tuple[int, float]:
        gap = self.measured / self.allowed if self.allowed > 0 else self.measured
        return (OK, UNRELIABLE, FAILED).index(self.verdict), np.inf if np.isnan(gap) else gap


class Problem:
    """`f` as a map from the list of arrays it is differentiated in to the list of its results."""

    def __init__(self, f: Any, args: Sequence[Any], argnums: Any, rng: np.random.Generator) -> None:
        self.f, self.rng = f, rng
        self.leaves, self.structure = flatten(args)
        names = argument_names(args)
        wanted = self.wanted(args, argnums)
        self.places = [k for k, w in enumerate(wanted) if w]
        if not self.places:
            raise NotDifferentiableError(
                f"check: {name_of(f)} has no number and no array among its arguments; "
                "pass what to differentiate in: check(f, 0.1)"
            )
        self.names = [names[k] for k in self.places]
        self.inputs = [
            differentiable(self.leaves[k], f"{names[k]} of {name_of(f)}") for k in self.places
        ]
        self.results = self(*self.inputs)
        self.result_names = list(paths(flatten(self.raw(*self.inputs))[1], "the result"))
        if not all(map(_same, self.results, self(*self.inputs))):
            raise AutodiffError(
                f"check: two calls of {name_of(f)} with equal arguments gave different results; "
                "draw random numbers from a generator that is seeded inside it"
            )
        if not self.results or any(np.asarray(y).dtype.kind not in "fc" for y in self.results):
            raise ShapeError(f"check: {name_of(f)} must return floats, or arrays of floats")
        self.epsilon = max(map(_epsilon, (*self.inputs, *self.results)))
        self.rounding = min(50 * self.epsilon**0.75, 0.1)  # 9e-11, 3e-4 in single precision
        # One number in place of many results, for the second order.
        alone = len(self.results) == 1 and np.shape(self.results[0]) == ()
        self.weights = [1.0] if alone else [self.direction(y) for y in self.results]
        self.magnitude = max(map(_largest, self.results))  # of the terms of f, once that is known
        self.extent = max(map(_largest, self.inputs))

    def wanted(self, args: Sequence[Any], argnums: Any) -> list[bool]:
        """Which leaves to differentiate in."""
        if argnums is None:
            kinds = [np.result_type(x).kind if is_numeric(x) else "" for x in self.leaves]
            floats = [kind in ("f", "c") for kind in kinds]
            return floats if any(floats) else [kind in ("i", "u") for kind in kinds]
        selected = chosen(argnums, args, self.f)
        return [k in selected for k, arg in enumerate(args) for _ in flatten(arg)[0]]

    def raw(self, *inputs: Any) -> Any:
        leaves = list(self.leaves)
        for k, x in zip(self.places, inputs, strict=True):
            leaves[k] = np.array(x) if isinstance(x, np.ndarray) else x  # `f` may write into it
        return self.f(*unflatten(self.structure, leaves))

    def __call__(self, *inputs: Any) -> list[Any]:
        return [result_leaf(y, name_of(self.f)) for y in flatten(self.raw(*inputs))[0]]

    def gradient_of(self, weights: Sequence[Any]) -> Callable[..., list[Any]]:
        """The gradient of a weighted sum of the results."""

        def gradient(*inputs: Any) -> list[Any]:
            results, pullback = vjp(self, *inputs)
            return list(pullback([_cast(w, y) for w, y in zip(weights, results, strict=True)]))

        return gradient

    def direction(self, like: Any) -> Any:
        """Random entries of size 1/2 to 1: none so small that its share could not be seen."""
        shape = np.shape(like)
        entries = self.rng.uniform(0.5, 1.0, shape) * self.rng.choice([-1.0, 1.0], shape)
        if np.asarray(like).dtype.kind == "c":
            entries = entries * np.exp(2j * np.pi * self.rng.uniform(size=shape))
        return np.asarray(entries)[()]

    # -- the comparisons -----------------------------------------------------------------------
    def compare(self, directions: int, order: int) -> Iterator[Comparison]:
        yield from self.values_and_types()
        moves = [([k], name) for k, name in enumerate(self.names)]
        if len(moves) > 1:
            moves.append((list(range(len(self.inputs))), "all inputs together"))
        for moved, where in moves:
            for _ in range(directions):
                steps = self.steps(moved)
                with np.errstate(all="ignore"):  # a derivative that is inf or nan is an answer
                    yield from self.first_order(where, steps)
                    if order == 2:
                        yield from self.second_order(where, steps)

    def steps(self, moved: Sequence[int]) -> list[Any]:
        """A direction per input, zero for those that stay where they are."""
        return [
            _cast(self.direction(x) * _scale(x), x) if k in moved else np.zeros_like(x)
            for k, x in enumerate(self.inputs)
        ]

    def slopes(self, function: Any, steps: Sequence[Any], likes: Sequence[Any]) -> list[Slope]:
        """For each result of `function` (shaped as `likes`) its slope along `steps`."""
        inputs = [_double(x) for x in self.inputs]
        moves = [_double(t) for t in steps]

        def phi(h: float) -> Any:
            moved = [x + h * t if np.any(t) else x for x, t in zip(inputs, moves, strict=True)]
            return np.concatenate([np.ravel(_double(y)) for y in function(*moved)])

        ends = np.cumsum([np.size(y) for y in likes])[:-1]
        parts = [np.split(x, ends) for x in slope_at_zero(phi)]
        return [
            Slope(*(np.reshape(part, np.shape(y)) for part in of_y))
            for y, *of_y in zip(likes, *parts, strict=True)
        ]

    def values_and_types(self) -> Iterator[Comparison]:
        tracked, pullback = vjp(self, *self.inputs)
        for plain, watched, name in zip(self.results, tracked, self.result_names, strict=True):
            yield self.judge(name, VALUE, watched, Slope(plain, 0.0, 0.0), lambda: 0.0)
        bars = pullback([_cast(self.direction(y), y) for y in tracked])
        for x, bar, name in zip(self.inputs, bars, self.names, strict=True):
            wrong = aval_of(x) != aval_of(bar)
            detail = f"{_described(bar)}, but the input is {_described(x)}" if wrong else ""
            yield Comparison(name, LIKE, float(wrong), 0.0, FAILED if wrong else OK, detail)

    def first_order(self, where: str, steps: Sequence[Any]) -> Iterator[Comparison]:
        weights = [_cast(self.direction(y), y) for y in self.results]

        def numbers(inputs: Any, steps: Any, weights: Any) -> list[Any]:
            y_dots = jvp(self, tuple(inputs), tuple(steps))[1]
            return [*y_dots, _inner(vjp(self, *inputs)[1](weights), steps), _inner(weights, y_dots)]

        rounded = Rounded(self, numbers, self.inputs, steps, weights)
        *y_dots, pulled, pushed = rounded.here
        found = self.slopes(self, steps, y_dots)
        self.magnitude = max(self.magnitude, *(_largest(slope.scale) for slope in found))
        for k, (y_dot, slope) in enumerate(zip(y_dots, found, strict=True)):
            place = self.result_names[k] if len(y_dots) > 1 else ""
            yield self.judge(where, FORWARD, y_dot, slope, rounded.in_number(k), place=place)
        size = max(pulled[1], pushed[1])
        pairs = list(zip(weights, found, strict=True))
        difference = Slope(
            _inner(weights, [slope.value for slope in found])[0],
            sum(np.sum(np.abs(w) * slope.error) for w, slope in pairs),
            sum(np.sum(np.abs(w) * slope.scale) for w, slope in pairs),
        )
        exact = Slope(pushed[0], 0.0, difference.scale)
        yield self.judge(where, ADJOINT, pulled[0], exact, rounded.in_number(-2, -1), size=size)
        yield self.judge(where, REVERSE, pulled[0], difference, rounded.in_number(-2), size=size)

    def second_order(self, where: str, steps: Sequence[Any]) -> Iterator[Comparison]:
        others = self.steps(range(len(self.inputs)))

        def numbers(inputs: Any, steps: Any, others: Any, weights: Any) -> list[Any]:
            gradient = self.gradient_of(weights)
            products = jvp(gradient, tuple(inputs), tuple(steps))[1]
            swapped = jvp(gradient, tuple(inputs), tuple(others))[1]
            return [*products, _inner(others, products), _inner(steps, swapped)]

        rounded = Rounded(self, numbers, self.inputs, steps, others, self.weights)
        *products, one, two = rounded.here
        found = self.slopes(self.gradient_of(self.weights), steps, self.inputs)
        for k, (product, slope) in enumerate(zip(products, found, strict=True)):
            place = f"the gradient in {self.names[k]}" if len(self.names) > 1 else ""
            yield self.judge(where, HESSIAN, product, slope, rounded.in_number(k), place=place)
        scale = sum(np.sum(np.abs(t) * s.scale) for t, s in zip(others, found, strict=True))
        exact = Slope(two[0], 0.0, scale)
        size = max(one[1], two[1])
        yield self.judge(where, SYMMETRY, one[0], exact, rounded.in_number(-2, -1), size=size)

    def judge(
        self,
        where: str,
        law: str,
        found: Any,
        slope: Slope,
        noise: Callable[[], float],
        *,
        size: Any = None,
        place: str = "",
    ) -> Comparison:
        """The worst entry. Each may be off by ten times its own error (an estimate, not a bound),
        by rounding relative to `size`, the largest entry, and where terms cancel by the `noise`."""
        found, expected = np.asarray(found), np.asarray(slope.value)
        if found.shape != expected.shape:
            detail = f"shape {found.shape} instead of {expected.shape}"
            return Comparison(where, law, np.inf, 0.0, FAILED, detail)
        if found.size == 0:
            return Comparison(where, law, 0.0, 0.0, OK)
        if size is None:
            size = _largest(found)
        scale = max(_largest(slope.scale), self.magnitude)
        margin = 10 * np.broadcast_to(slope.error, found.shape)
        equal = (found == expected) | (np.isnan(found) & np.isnan(expected))
        measured = np.where(equal, 0.0, np.abs(found - expected))
        allowed = self.rounding * size + margin
        if np.any(np.isfinite(margin) & ~(equal | (measured <= allowed))):
            # A jump of the derivative nearby moves it by more than rounding can; of the size of
            # its terms a function that is 0 throughout says nothing but the size of its inputs.
            allowed = allowed + min(noise(), self.epsilon**0.5 * (scale or self.extent))
        proves_nothing = ~(margin <= max(0.01 * size, 1e-6 * scale)) | np.isinf(margin)
        wrong = np.isfinite(margin) & ~(equal | (measured <= allowed))
        excess = np.nan_to_num(measured - allowed, nan=np.inf)
        if np.any(wrong):
            verdict, badness = FAILED, np.where(wrong, excess, -np.inf)
        elif np.any(proves_nothing):
            verdict, badness = UNRELIABLE, margin
        else:
            verdict, badness = OK, excess
        k = np.unravel_index(np.argmax(badness), found.shape)
        entry = f"entry ({', '.join(str(int(i)) for i in k)})" if k else ""
        place = ", ".join(filter(None, (place, entry)))
        at = f" at {place}" if place else ""
        detail = {
            OK: "",
            UNRELIABLE: f"the finite difference may be {margin[k]:.1e} off{at}",
            FAILED: f"{found[k]:.6g} instead of {expected[k]:.6g}{at}",
        }[verdict]
        return Comparison(where, law, float(measured[k]), float(allowed[k]), verdict, detail)


class Rounded:
    """What rounding does to the `numbers` of a comparison: how far they move where all that they
    are made of moves by a few ulp. Computed only where it decides."""

    SAMPLES, SURE = 5, 20  # the largest of so few moves may be that much too small

    def __init__(self, problem: Problem, numbers: Callable[..., list[Any]], *given: Any) -> None:
        self.problem, self.numbers, self.given = problem, numbers, given
        self.here = numbers(*given)

    def in_number(self, *places: int) -> Callable[[], float]:
        """By how much rounding may change the numbers at `places`."""
        return lambda: self.SURE * sum(self.moves[k] for k in places)

    @cached_property
    def moves(self) -> list[float]:
        moves = np.zeros(len(self.here))
        for _ in range(self.SAMPLES):
            there = self.numbers(*([self.beside(x) for x in xs] for xs in self.given))
            changes = (np.asarray(a) - np.asarray(b) for a, b in zip(there, self.here, strict=True))
            moves = np.maximum(moves, list(map(_largest, changes)))
        return list(moves)

    def beside(self, x: Any) -> Any:
        ulps = self.problem.rng.uniform(-4, 4, np.shape(x))
        return _cast(_double(x) * (1 + self.problem.epsilon * ulps), x)


def _scale(x: Any) -> Any:
    """How far to move each entry: small ones by their own size (log x), but far enough to be seen;
    large ones by its root, because a function may vary over a distance of one (sin x)."""
    size = np.abs(_double(x))
    top = _largest(x) or 1.0
    size = np.clip(size, 1e-3 * min(top, 1.0), top)
    return np.where(size > 1, np.sqrt(size), size)[()]


def _largest(x: Any) -> float:
    """The size of the largest finite entry."""
    return float(np.max(np.abs(x), where=np.isfinite(x), initial=0.0))


def _double(x: Any) -> Any:
    return np.asarray(x, complex if np.asarray(x).dtype.kind == "c" else float)[()]


def _cast(t: Any, like: Any) -> Any:
    dtype = aval_of(like).dtype
    return t if dtype is None else np.asarray(t, dtype)[()]


def _epsilon(x: Any) -> float:
    dtype = aval_of(x).dtype
    return float(np.finfo(dtype or np.float64).eps)


def _same(a: Any, b: Any) -> bool:
    return np.array_equal(a, b, equal_nan=True)


def _inner(a: Sequence[Any], b: Sequence[Any]) -> tuple[Any, Any]:
    """The real inner product of two lists of arrays, and the sum of its terms' sizes. Transposes
    take no conjugate, so neither does this."""
    products = [np.ravel(_double(x) * _double(y)) for x, y in zip(a, b, strict=True)]
    terms = np.concatenate(products)
    return np.sum(np.real(terms)), np.sum(np.abs(terms))


def _described(x: Any) -> str:
    like = aval_of(x)
    return f"{like.dtype or 'float'} of shape {like.shape}"
