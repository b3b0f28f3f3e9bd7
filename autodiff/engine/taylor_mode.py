"""Power series as tracked values: every row carries x_0 + x_1 t + x_2 t^2 + ... through itself.

Rows have no rules for series. A linear row (linear, choice, or with constant partials) is applied
to each coefficient; a product is a convolution; and for all others the derivative in the table is a
differential equation for the result,

    y' = J(x, y) x'        so that        (k + 1) y_{k+1} = coefficient k of J(x, y) x',

which needs y to order k only. So the row's own JVP is run once, on series whose coefficients are
worked out when they are asked for, and the equation is solved order by order:

    y = tan(x)        y' = (1 + y * y) * x'      two convolutions an order
    y = sin(x)        y' = c * x', c' = -y * x'  the rule of cos asks for sin(x), which is there: y

Source: Griewank and Walther, Evaluating Derivatives (2008), chapter 13; McIlroy, Squinting at
power series (1990).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..arrays.tensor import Tensor
from ..rules.conforming import conform_tangent
from ..rules.primitive import ZERO, Node, Primitive, Traced, new_level
from .reverse_mode import transposed_vjp
from .strong_zeros import concrete, is_selected, live_of, select_forward, value_of


class Coefficients:
    """The coefficients of one series, each worked out once: ``rule(k)`` gives the k-th."""

    __slots__ = ("known", "rule")

    def __init__(self, known: list[Any], rule: Callable[[int], Any] | None = None) -> None:
        self.known = known
        self.rule = rule  # without one, the rest are zeros

    def __getitem__(self, k: int) -> Any:
        known = self.known
        while len(known) <= k:
            known.append(ZERO if self.rule is None else self.rule(len(known)))
        return known[k]

    @property
    def moves(self) -> bool:
        """Whether the series is more than a constant, as far as that is known."""
        return self.rule is not None or (len(self.known) > 1 and self.known[1] is not ZERO)


class Series(Node):
    """The node of a value with a series behind it; the value itself is coefficient 0."""

    __slots__ = ("coefficients", "level", "sweep")

    def __init__(self, sweep: Sweep, coefficients: Coefficients) -> None:
        self.sweep = sweep
        self.level = sweep.level
        self.coefficients = coefficients

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        return self.sweep.record(primitive, args, params)

    def constant(self, value: Any) -> Tensor:
        """A handle on `value` at this level that depends on no input: what `zeros_like` returns."""
        return self.sweep.tensor(Coefficients([value]))


class Sweep:
    """One run of a program on series, each worked out to `order` as soon as it is made."""

    def __init__(self, order: int) -> None:
        self.level = new_level()
        self.order = order

    def tensor(self, coefficients: Coefficients) -> Tensor:
        return Tensor(coefficients[0], Series(self, coefficients))

    def coefficients_of(self, x: Any) -> Coefficients:
        """The series behind `x`; the constant one if this sweep does not watch it."""
        if isinstance(x, Traced) and x.node.level == self.level:
            return x.node.coefficients
        return Coefficients([x])

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        values, series = list(args), [None] * len(args)
        for i, a in enumerate(args):
            if isinstance(a, Traced) and a.node.level == self.level:
                values[i] = a.value
                if a.node.coefficients.moves:
                    series[i] = a.node.coefficients
        return self.apply(primitive, values, series, params)

    def apply(
        self, primitive: Primitive, values: list[Any], series: list[Any], params: dict[str, Any]
    ) -> Any:
        """A row on `values`, the leading coefficients of `series` (`None`: of a constant)."""
        y = primitive(*values, **params)
        if primitive.flat:
            return y
        row = Application(primitive, values, series, params, y)
        if any(series):
            with np.errstate(all="ignore"):  # a coefficient that is inf or nan is an answer
                self.work_out(row)
        return self.tensors(row)

    def tensors(self, row: Application) -> Any:
        made = tuple(map(self.tensor, row.results))
        return made if row.primitive.multiple else made[0]

    def work_out(self, row: Application) -> None:
        rule = row.direct_rule()
        if rule is not None:
            (y,) = row.results
            y.rule = rule
            y[self.order]
            y.rule = None
        elif self.order:
            Equation().solve(row, self.order)


class Equation(Sweep):
    """The differential equation of one row: the run of its JVP, on series that wait to be asked.

    Repeated operations are shared: the equation of sin asks for cos of the same series, whose own
    equation asks for the first sin. Otherwise each order would cost twice the one before.
    """

    def __init__(self) -> None:
        super().__init__(order=0)
        self.now = 0  # the order being worked out
        self.made: list[list[Coefficients]] = []  # at each order, the series begun then
        self.found: dict[Any, Any] = {}

    def solve(self, row: Application, order: int) -> None:
        self.found[self.key(row.primitive, row.values, row.series, row.params)] = self.tensors(row)
        self.begin(row)
        try:
            for self.now in range(1, order + 1):
                self.made.append([])
                # What was begun at order m is needed to order now - m. The latest go first: what
                # they are asked for then is there, and nothing recurses deeper than one rule.
                for begun in range(self.now - 1, 0, -1):
                    for series in self.made[begun - 1]:
                        series[self.now - begun]
                for series in row.results:
                    series[self.now]
        finally:  # series name the series that they need: without this, in a circle
            for series in [*row.results, *(s for each in self.made for s in each)]:
                series.rule = None
            self.made, self.found = [], {}

    def apply(
        self, primitive: Primitive, values: list[Any], series: list[Any], params: dict[str, Any]
    ) -> Any:
        key = self.key(primitive, values, series, params)
        if key not in self.found:
            self.found[key] = super().apply(primitive, values, series, params)
        return self.found[key]

    def key(self, primitive: Primitive, values: Any, series: Any, params: Any) -> Any:
        """Equal for what would give the same result; a parameter that cannot be compared is equal
        to nothing."""
        inputs = [bits(v) if s is None else s for v, s in zip(values, series, strict=True)]
        return primitive.name, *inputs, *((name, bits(params[name])) for name in sorted(params))

    def work_out(self, row: Application) -> None:
        rule = row.direct_rule()
        if rule is None:
            self.begin(row)
        else:
            row.results[0].rule = rule
        self.made[self.now - 1] += row.results

    def begin(self, row: Application) -> None:
        """Give the results of a row their rule: order 1 sets up the equation."""
        slopes: list[Coefficients] = []

        def rule(part: int) -> Callable[[int], Any]:
            def coefficient(k: int) -> Any:
                if not slopes:
                    slopes.extend(map(self.coefficients_of, row.slopes(self)))
                slope = slopes[part][k - 1]
                return slope if slope is ZERO else conform_tangent(slope / k, row.results[part][0])

            return coefficient

        for part, series in enumerate(row.results):
            series.rule = rule(part)


class Application:
    """One row, applied to `values`, the leading coefficients of `series` (`None`: of a constant).
    They gave `y`; `results` are the series that begin with it."""

    def __init__(
        self,
        primitive: Primitive,
        values: Sequence[Any],
        series: Sequence[Any],
        params: dict[str, Any],
        y: Any,
    ) -> None:
        self.primitive = primitive
        self.values = values
        self.series = series
        self.params = params
        self.all_live = False  # does every entry of the result come from one that moves?
        self.results = [Coefficients([part]) for part in (y if primitive.multiple else (y,))]

    def direct_rule(self) -> Callable[[int], Any] | None:
        """The rule of a row that needs no equation."""
        row = self.primitive
        if row.form in ("product", "bilinear"):
            return self.product
        if row.form == "quotient":
            return self.quotient
        if row.form == "power" and self.is_regular_power():
            return self.power
        if row.kind in ("linear", "choice") or row.selects_forward:
            return self.linear
        if row.kind == "elementwise":
            saves = row.saves  # type: ignore[attr-defined]
            if not any(saves[i] for i, s in enumerate(self.series) if s is not None):
                return self.linear  # partials that remember nothing are constant
        return None

    def is_regular_power(self) -> bool:
        """Whether a^c is a power series near a_0 because a_0 is not 0; and not a polynomial, whose
        equations come to an end."""
        a, c = self.values[0], float(self.params["exponent"])
        return not isinstance(a, Traced) and not (c >= 0 and c.is_integer()) and bool(np.all(a))

    def linear(self, k: int) -> Any:
        """The JVP does to each coefficient what it does to the first: a choice made by the values
        holds for all t near 0."""
        row, (y,) = self.primitive, self.results
        terms = [ZERO if s is None else s[k] for s in self.series]
        if all(term is ZERO for term in terms):
            return ZERO
        if not row.selects_forward or self.all_live:
            terms = list(map(value_of, terms)) if self.all_live else terms
            return row.jvp(y[0], self.values, terms, self.params)
        y_k = select_forward(row, y[0], self.values, terms, self.params)
        if k == 1 and is_selected(y_k):
            live = concrete(live_of(y_k))
            self.all_live = live is not None and bool(np.all(live))
        return value_of(y_k) if self.all_live else y_k

    def product(self, k: int) -> Any:
        """y_k = sum of a_i b_j over i + j = k."""
        known = [
            Coefficients([v]) if s is None else s
            for v, s in zip(self.values, self.series, strict=True)
        ]
        if self.primitive.kind == "elementwise":
            a, b = known
            total = convolution(a, b, k)
        else:
            total = ZERO
            for orders in shares(len(known), k):
                terms = [factor[j] for factor, j in zip(known, orders, strict=True)]
                if not any(term is ZERO for term in terms):
                    total = total + self.primitive(*terms, **self.params)
        return total if total is ZERO else conform_tangent(total, self.results[0][0])

    def quotient(self, k: int) -> Any:
        """b y = a, so that b_0 y_k = a_k - b_1 y_{k-1} - ... - b_k y_0."""
        (a, b), (y,) = self.series, self.results
        numerator = ZERO if a is None else a[k]
        if b is not None:
            numerator = numerator + -convolution(b, y, k, range(1, k + 1))
        return numerator if numerator is ZERO else conform_tangent(numerator / self.values[1], y[0])

    def power(self, k: int) -> Any:
        """a y' = c y a', so that k a_0 y_k = the sum of (c j - (k - j)) a_j y_{k-j} over j >= 1."""
        (a,), (y,), c = self.series, self.results, self.params["exponent"]
        weighted = Coefficients([ZERO, *((c * j - (k - j)) * a[j] for j in range(1, k + 1))])
        total = convolution(weighted, y, k, range(1, k + 1))
        return total if total is ZERO else conform_tangent(total / (k * a[0]), y[0])

    def slopes(self, sweep: Sweep) -> Sequence[Any]:
        """The derivatives of the results with respect to t, by the row's own JVP, on series."""
        row = self.primitive
        primals = [
            v if s is None else sweep.tensor(s)
            for v, s in zip(self.values, self.series, strict=True)
        ]
        tangents = [
            ZERO if s is None or s[1] is ZERO else sweep.tensor(slope(s)) for s in self.series
        ]
        results = tuple(map(sweep.tensor, self.results))
        y = results if row.multiple else results[0]
        if row.backward_only:
            y_dot = transposed_vjp(row, y, primals, tangents, self.params)
        else:
            y_dot = row.jvp(y, primals, tangents, self.params)
        return y_dot if row.multiple else (y_dot,)


def slope(x: Coefficients) -> Coefficients:
    """x' = x_1 + 2 x_2 t + 3 x_3 t^2 + ..."""
    return Coefficients([x[1]], lambda k: (k + 1) * x[k + 1])


def convolution(a: Coefficients, b: Coefficients, k: int, orders: Any = None) -> Any:
    """The sum of a_i b_{k-i} over `orders`, which are 0 to k."""
    total: Any = ZERO
    spare = None
    for i in range(k + 1) if orders is None else orders:
        p, q = a[i], b[k - i]
        if p is ZERO or q is ZERO:
            continue
        if total.__class__ is not np.ndarray or isinstance(p, Traced) or isinstance(q, Traced):
            total = total + p * q
            continue
        spare = np.multiply(p, q, out=spare)
        total += spare  # it is the first product's own array
    return total


def bits(x: Any) -> Any:
    """Equal for equal numbers and arrays, to the last bit; for anything else, itself."""
    if isinstance(x, (np.ndarray, np.generic)):
        return x.dtype.str, x.shape, x.tobytes()
    if isinstance(x, (int, float, complex)):
        return type(x), repr(x)
    try:
        hash(x)
    except TypeError:
        return Once()
    return x


class Once:
    """Equal to nothing else."""


def shares(count: int, total: int) -> Iterator[tuple[int, ...]]:
    """Every way to share `total` among `count` factors."""
    if count == 1:
        yield (total,)
        return
    for first in range(total + 1):
        yield from ((first, *rest) for rest in shares(count - 1, total - first))
