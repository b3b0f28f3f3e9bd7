"""Inputs on which every row of the table is tried, read from the row: its kind, arity and domain.

Elementwise rows need nothing more. A row with parameters, or with shapes of its own, has a builder
in one of the files of tests/inputs/ (every file there is loaded):

    @inputs_for("cumsum", "cumprod")
    def scan(draw: Draw, row: Primitive) -> Case:
        shape = draw.shape(min_dims=1)
        return Case(row, (draw.array(shape),), {"axis": draw.axis(shape)})

Arrays are positional and parameters are keywords, just as the row takes them.
"""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, seed, settings, strategies as st

from autodiff.rules.kinds import Choice, Elementwise
from autodiff.rules.primitive import REAL, TABLE, Interval, Primitive

Shape = tuple[int, ...]
Law = Callable[[Primitive, st.DataObject], None]

# Rows that no program calls by name, and where they are tested instead.
INTERNAL = {"pick": "one output of a row that has several: tests/rules/test_kinds.py"}
ROWS = [row for name, row in TABLE.items() if name not in INTERNAL]
SMOOTH = [row for row in ROWS if not row.flat]
FLAT = [row for row in ROWS if row.flat]

# Rows of our own whose value is worked out with functions of SciPy.
SCIPYS_OWN = {
    *("polygamma", "polygamma_difference", "scaled_ierfc", "half_step", "student_moment"),
    *("gamma_moment", "beta_moment", "log_gammainc", "log_betainc", "log_stdtr"),
    *("ellipkinc_by_m", "ellipeinc_by_m"),
}

SPECIAL_VALUES = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e200, -1e200, 1e-200, 710.0)


# Each law tries each of some 400 rows, so each gets a small share of the examples of the profile.
FEW = max(1, settings.default.max_examples // 50)


def tried(
    rows: Sequence[Primitive], examples: int = FEW
) -> Callable[[Law], Callable[[Primitive], None]]:
    """A test of each of `rows`: a law of a row and what is drawn for it, on a few examples. Where a
    profile has the same examples every time, every row has its own."""

    def test_of(law: Law) -> Callable[[Primitive], None]:
        @pytest.mark.parametrize("row", rows, ids=lambda row: row.name)
        def test(row: Primitive) -> None:
            def tries(data: st.DataObject) -> None:
                law(row, data)

            tries = settings(max_examples=examples)(given(st.data())(tries))
            if settings.default.derandomize:
                tries = seed(zlib.crc32(f"{law.__name__} {row.name}".encode()))(tries)
            tries()

        test.__doc__ = law.__doc__
        return test

    return test_of


class Case(NamedTuple):
    """One call of a row: its arguments, which of them to differentiate in (`None`: every float),
    and how a person gets the same from NumPy, where `row.numpy` is not it."""

    row: Primitive
    args: tuple[Any, ...]
    params: dict[str, Any] = {}  # noqa: RUF012 - never written to
    only: tuple[int, ...] | None = None
    numpy: Callable[..., Any] | None = None

    @property
    def wanted(self) -> tuple[int, ...]:
        if self.only is not None:
            return self.only
        return tuple(k for k, a in enumerate(self.args) if is_float(a))

    @property
    def inputs(self) -> tuple[Any, ...]:
        return tuple(self.args[k] for k in self.wanted)

    def __call__(self, *inputs: Any) -> Any:
        """The row as a function of the inputs that are differentiated in."""
        args = list(self.args)
        for k, x in zip(self.wanted, inputs, strict=True):
            args[k] = x
        return self.row(*args, **self.params)

    def by_numpy(self) -> Any:
        """What NumPy answers."""
        if self.numpy is not None:
            return self.numpy(*self.args)
        return self.row.numpy(*self.args, **self.params)


def is_float(x: Any) -> bool:
    """Of tracked values too, of which np.asarray makes an array of objects."""
    return x is not None and (x if hasattr(x, "dtype") else np.asarray(x)).dtype.kind in "fc"


class Draw:
    """What builders draw from. `mode` says what entries arrays have:

    smooth   random ones inside the domain, where a finite difference can be trusted
    ties     multiples of 1/2, so that entries meet each other, zero and bounds
    special  smooth ones, with infinities, nan, zeros and huge numbers among them
    complex  smooth ones, most of them complex with a small imaginary part, which keeps them away
             from branch cuts: those lie outside the real domain, or far from the real line
    """

    def __init__(self, draw: Callable[[Any], Any], mode: str) -> None:
        self.draw, self.mode = draw, mode
        self.rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def integer(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def boolean(self) -> bool:
        return self.draw(st.booleans())

    def one_of(self, options: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(options))

    # -- shapes and axes, which count from the end as in the rows ------------------------------
    # What is drawn first, and alone where there is one example, is an ordinary array: (2, 2).
    def shape(self, min_dims: int = 0, max_dims: int = 3, min_side: int = 0) -> Shape:
        ndim = self.one_of([n for n in (2, 1, 3, 0) if min_dims <= n <= max_dims])
        return tuple(self.one_of([n for n in (2, 3, 1, 0) if n >= min_side]) for _ in range(ndim))

    def broadcastable(self, count: int) -> list[Shape]:
        """Shapes that broadcast together: each drops leading axes of one shape, or repeats along
        others."""
        whole = self.shape()
        return [whole if count == 1 else self.smaller(whole) for _ in range(count)]

    def smaller(self, whole: Shape) -> Shape:
        kept = whole[self.integer(0, len(whole)) :]
        return tuple(1 if self.integer(0, 3) == 3 else n for n in kept)

    def axis(self, shape: Shape) -> int:
        return self.integer(-len(shape), -1)

    def axes(self, shape: Shape) -> tuple[int, ...]:
        return tuple(k for k in range(-len(shape), 0) if not self.boolean())

    # -- entries -------------------------------------------------------------------------------
    def array(self, shape: Shape, domain: Interval = REAL) -> Any:
        values = self.values(shape, domain)
        if shape:
            return values
        if values.dtype.kind == "c":  # Python's complex product rounds in another way than NumPy's
            return self.one_of((values, values[()]))
        return self.one_of((values, values[()], float(values)))

    def values(self, shape: Shape, domain: Interval = REAL) -> Any:
        low, high = inside(domain)
        values = self.rng.uniform(low, high, shape)
        if self.mode == "ties":
            rounded = np.round(2 * values) / 2
            values = np.where((rounded > domain.low) & (rounded < domain.high), rounded, values)
        if self.mode == "special":
            values = np.where(
                self.rng.random(shape) < 0.5, self.rng.choice(SPECIAL_VALUES, shape), values
            )
        return np.asarray(self.perhaps_complex(values, 0.7))

    def perhaps_complex(self, values: Any, size: float) -> Any:
        """In the complex mode, with imaginary parts up to `size`, as a rule."""
        if self.mode == "complex" and self.rng.random() < 0.7:
            return values + 1j * self.rng.uniform(-size, size, np.shape(values))
        return values

    def complex_array(self, shape: Shape) -> Any:
        values = np.empty(shape, complex)
        values.real, values.imag = self.values(shape).real, self.values(shape).real
        return values

    def integers(self, shape: Shape, low: int = 0, high: int = 3) -> Any:
        return np.asarray(self.rng.integers(low, high + 1, shape))

    def mask(self, shape: Shape) -> Any:
        return np.asarray(self.rng.random(shape) < 0.5)


def inside(domain: Interval) -> tuple[float, float]:
    """A bounded stretch of a domain, away from its ends."""
    low, high = domain.low, domain.high
    if math.isinf(low) and math.isinf(high):
        return -2.0, 2.0
    if math.isinf(high):
        return low + 0.3, low + 3.0
    if math.isinf(low):
        return high - 3.0, high - 0.3
    return low + 0.1 * (high - low), high - 0.1 * (high - low)


def domains(row: Primitive, count: int) -> list[Interval]:
    """The row's domain for each of its arguments."""
    single = isinstance(row.domain, Interval)
    return [row.domain if single else row.domain[k] for k in range(count)]


def precisions(row: Primitive) -> tuple[Any, ...]:
    """The floating dtypes that a row takes: SciPy's have none wider than double."""
    every = (np.float16, np.float32, np.float64, np.longdouble)
    by_scipy = row.name.startswith("scipy.") or row.name in SCIPYS_OWN
    return every[:3] if by_scipy else every


# -- which builder answers for a row -------------------------------------------------------------
Builder = Callable[[Draw, Primitive], Case]
BUILDERS: dict[str, Builder] = {}


def inputs_for(*names: str) -> Callable[[Builder], Builder]:
    def register(builder: Builder) -> Builder:
        for name in names:
            BUILDERS[name] = builder
        return builder

    return register


@cache
def load_builders() -> None:
    for module in pkgutil.iter_modules([str(Path(__file__).parent / "inputs")]):
        importlib.import_module(f"inputs.{module.name}")


def has_builder(row: Primitive) -> bool:
    load_builders()
    return row.name in BUILDERS


def has_inputs(row: Primitive) -> bool:
    return has_builder(row) or arity(row) is not None


def builder_of(row: Primitive) -> Builder:
    if has_inputs(row):
        return BUILDERS.get(row.name, elementwise)
    pytest.fail(
        f"the row {row.name!r} has no inputs to be tried on; add to a file in tests/inputs/\n\n"
        f'    @inputs_for("{row.name}")\n'
        f"    def {row.name}(draw: Draw, row: Primitive) -> Case:\n"
        "        shape = draw.shape()\n"
        "        return Case(row, (draw.array(shape),), {...its parameters...})"
    )


def arity(row: Primitive) -> int | None:
    """How many arrays an elementwise row without parameters takes; `None` for another row."""
    if isinstance(row, Elementwise):
        cells = [p for p in row.partials if callable(p)]
        kinds = {p.kind for c in cells for p in inspect.signature(c).parameters.values()}
        return None if inspect.Parameter.KEYWORD_ONLY in kinds else len(row.partials)
    if isinstance(row, Choice) and row.batch == "elementwise":
        return None if None in row.scatters else len(row.scatters)
    if row.flat and isinstance(row.numpy, np.ufunc) and row.numpy.nout == 1:
        return row.numpy.nin
    return None


@st.composite
def cases(draw: Any, row: Primitive, mode: str = "smooth") -> Case:
    return builder_of(row)(Draw(draw, mode), row)


def elementwise(draw: Draw, row: Primitive) -> Case:
    count = arity(row)
    shapes = draw.broadcastable(count)
    if row.flat and not any("d" in signature for signature in row.numpy.types):
        return Case(row, tuple(map(draw.integers, shapes)))  # gcd, bitwise_and: integers only
    return Case(row, tuple(map(draw.array, shapes, domains(row, count))))
