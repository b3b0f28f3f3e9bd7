"""Programs that read outside in ways that an attack found to be wrong, stale or a raw error."""

# ruff: noqa: PLW0603 - what is tested

from __future__ import annotations

import datetime as dt
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partialmethod
from typing import Any

import numpy as np
import pytest

import autodiff as ad

X = np.ones(3)
N: Any = 2


@pytest.fixture(params=["llvm", "numpy"])
def jit(request: pytest.FixtureRequest) -> Any:
    if request.param == "llvm":
        pytest.importorskip("llvmlite")
    return ad.jit(backend=request.param)


def same(f: Any, compiled: Any) -> None:
    """The same value, or the same error."""
    for _ in range(2):
        try:
            expected = f(X)
        except ArithmeticError as error:
            with pytest.raises(type(error)):
                compiled(X)
        else:
            found = compiled(X)
            assert np.asarray(found).dtype == np.asarray(expected).dtype
            np.testing.assert_allclose(found, expected, rtol=1e-14)


# -- numbers that change ---------------------------------------------------------------------------
ASKS = isinstance
NUMBERS: dict[str, tuple[Callable[[Any], Any], list[Any]]] = {
    "a power of -1": (lambda x: x * N**-1, [2, 3, 4]),
    "a negative power": (lambda x: x * 2**N, [1, 2, -1]),
    "a shift": (lambda x: x * float(1 << N), [1, 2, 70]),
    "many digits": (lambda x: x * float(N * N), [2, 3, 2**40, 10**20]),
    "division by zero": (lambda x: x / (1 / N), [2.0, 4.0, 0.0, 5.0]),
    "rounds down": (lambda x: x * (7 // N), [2, 3, 0]),
    "a complex root": (lambda x: x * abs(N**0.5), [4.0, 9.0, -4.0]),
    "beyond 64 bits": (lambda x: x * N, [2, 3, 2**70, 5]),
    "sums of floats": (lambda x: x * (N * 0.5 + 1.0 - N), [2.0, 3.0, 1e308, 4.0]),
    "a question": (lambda x: x * (2.0 if hasattr(N, "shape") else 1.0), [2.0, 3.0, 4.0]),
    "an old name": (lambda x: x * (2.0 if ASKS(N, float) else 1.0), [2.0, 3.0, 4.0]),
    "a scalar": (lambda x: x * (2.0 if np.isscalar(N) else 1.0), [2.0, 3.0, 4.0]),
}


@pytest.mark.parametrize("program", NUMBERS)
def test_a_number_computes_as_pythons(program: str, jit: Any) -> None:
    global N
    f, values = NUMBERS[program]
    N = 2
    compiled = jit(f)
    for value in values:
        N = value
        same(f, compiled)


def test_a_number_that_moves_is_an_input_where_it_may_be(jit: Any) -> None:
    global N
    compiled = jit(lambda x: np.sin(x) * (N * 0.5 + 1.0))
    for value in (1.0, 2.0, 3.0, 4.0, 5.0):
        N = value
        compiled(X)
    assert "2 versions" in repr(compiled)


# -- classes ---------------------------------------------------------------------------------------
WRITTEN: list[Any] = []


class Loud(list):  # type: ignore[type-arg]
    def __getitem__(self, k: Any) -> Any:
        return list.__getitem__(self, k) * 2

    def __iter__(self) -> Iterator[Any]:
        yield from ()


class Quiet(dict):  # type: ignore[type-arg]
    def get(self, key: Any, default: Any = None) -> Any:
        return 7.0

    def __setitem__(self, key: Any, value: Any) -> None:
        WRITTEN.append(key)
        dict.__setitem__(self, key, value)


class Count(int):
    pass


class Day(dt.date):
    pass


def of_a_list_with_methods() -> Any:
    held = Loud([np.ones(3), 2.0])
    return lambda x: x * held[0] * held[1], [lambda: held.append(1.0)]


def of_a_dict_with_methods() -> Any:
    held = Quiet(a=np.ones(3))
    WRITTEN.clear()
    return lambda x: x * held["a"], [lambda: held.update(a=np.full(3, 5.0))]


def of_an_order() -> Any:
    held = OrderedDict(a=2.0, b=3.0)
    held.move_to_end("a")

    def f(x: Any) -> Any:
        for v in held.values():
            x = x * v + 1.0
        return x

    return f, [lambda: held.move_to_end("b"), lambda: held.move_to_end("a")]


def of_an_integer() -> Any:
    held = types.SimpleNamespace(n=Count(2), day=Day(2020, 1, 2), error=ValueError(2.0))
    return lambda x: x * held.n + held.day.year + held.error.args[0], [
        lambda: setattr(held, "n", Count(3)),
        lambda: setattr(held, "day", Day(2021, 1, 2)),
        lambda: setattr(held, "error", ValueError(3.0)),
    ]


def of_another_class() -> Any:
    class A:
        def by(self) -> float:
            return 2.0

    class B(A):
        def by(self) -> float:
            return 3.0

    held = A()
    return lambda x: x * held.by(), [lambda: setattr(held, "__class__", B)]


def of_operators() -> Any:
    rate = [2.0]

    class A:
        @staticmethod
        def __call__(x: Any) -> Any:
            return x * rate[0]

        def scaled(self, by: float, x: Any) -> Any:
            return x * by * rate[0]

        __matmul__ = partialmethod(scaled, 3.0)

    class S:
        v: float

        def __new__(cls) -> S:
            made = object.__new__(cls)
            made.v = rate[0]
            return made

    a: Any = A()
    return lambda x: a(x) + (a @ x) + S().v, [lambda: rate.__setitem__(0, 5.0)]


def of_a_set() -> Any:
    held = {1}
    return lambda x: x * sum(1.5 if type(v) is int else 2.5 for v in held), [
        lambda: (held.clear(), held.add(1.0)),  # type: ignore[arg-type]
        lambda: (held.clear(), held.add(True)),
    ]


def of_a_constant_whose_dtype_is_assigned() -> Any:
    held = np.array([1, 2, 3])
    return lambda x: x[: held[0]] * (2.0 if held.dtype.kind == "i" else 3.0), [
        lambda: setattr(held, "dtype", np.dtype(np.uint64))
    ]


def of_a_class_by_exec() -> Any:
    scope: dict[str, Any] = {"RATE": 2.0}
    exec("class A:\n    def by(self, x):\n        return x * RATE\n", scope)  # noqa: S102
    a = scope["A"]()
    return lambda x: a.by(x), [lambda: scope.update(RATE=3.0)]


PROGRAMS: list[Any] = [
    *(of_a_list_with_methods, of_a_dict_with_methods, of_an_order, of_an_integer),
    *(of_another_class, of_operators, of_a_class_by_exec, of_a_set),
    pytest.param(  # which NumPy 2.5 deprecates
        of_a_constant_whose_dtype_is_assigned,
        marks=pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    ),
]


@pytest.mark.parametrize("build", PROGRAMS)
def test_compiled_equals_plain(build: Any, jit: Any) -> None:
    f, changes = build()
    compiled = jit(f)
    same(f, compiled)
    for change in changes:
        change()
        same(f, compiled)
    assert not WRITTEN


# -- what is refused -------------------------------------------------------------------------------
def rebinds(p: Any, x: Any) -> Any:
    p["w"] = p["w"] - 0.1 * x
    return np.sum(p["w"])


def pops(p: Any, x: Any) -> Any:
    return x * p["list"].pop()


@pytest.mark.parametrize("f", [rebinds, pops])
def test_a_container_among_the_arguments_is_not_changed(f: Any, jit: Any) -> None:
    p = {"w": np.ones(3), "list": [1.0, 2.0]}
    with pytest.raises(ad.AutodiffError, match="changes its argument in place"):
        jit(f)(p, X)
    assert len(p["list"]) == 2


class Units(np.ndarray[Any, Any]):
    unit = 2.0


def test_what_cannot_be_seen_is_refused(jit: Any) -> None:
    own: Any = np.ones(3).view(Units)
    made = np.frompyfunc(lambda v: v * N, 1, 1)
    deep: Any = None
    for _ in range(2000):
        deep = types.SimpleNamespace(next=deep, v=1.0)
    for f, what in (
        (lambda x: x * own.unit, "a class of arrays of your own"),
        (lambda x: x * made(2.0), r"np\.frompyfunc"),
        (lambda x: x * deep.next.v, "deeper"),
    ):
        with pytest.raises(ad.AutodiffError, match=what):
            jit(f)(X)


def test_a_size_that_moved_is_drawn(jit: Any) -> None:
    global N
    rng, other = np.random.default_rng(0), np.random.default_rng(0)
    compiled = jit(lambda x: x * np.sum(rng.normal(size=N)))
    for value in (2, 3, 4, 3):
        N = value
        assert compiled(1.0) == pytest.approx(np.sum(other.normal(size=N)), rel=1e-12)
