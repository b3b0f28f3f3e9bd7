"""What `is` says of arrays, among the arguments and outside: in compiled and in plain calls."""

from __future__ import annotations

import dataclasses
import enum
import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad

A, B = np.ones(3), np.full(3, 2.0)
DEFAULT: Any = None
WHOLE = np.array([1, 2, 3])
HELD: list[Any] = [A]


@pytest.fixture(params=["llvm", "numpy"])
def jit(request: pytest.FixtureRequest) -> Any:
    if request.param == "llvm":
        pytest.importorskip("llvmlite")
    return ad.jit(backend=request.param)


def with_a_default(x: Any, y: Any) -> Any:
    return x * (2.0 if x is DEFAULT else 3.0) + (y if y is not DEFAULT else 5.0)


def with_each_other(x: Any, y: Any) -> Any:
    return x * y * (2.0 if x is y else 3.0)


def with_what_a_list_holds(x: Any, y: Any) -> Any:
    return x * (2.0 if any(operator.is_(x, one) for one in HELD) else 3.0) + y


@pytest.mark.parametrize("f", [with_a_default, with_each_other, with_what_a_list_holds])
def test_arrays_that_are_one(f: Callable[..., Any], jit: Any) -> None:
    global DEFAULT  # noqa: PLW0603 - what is tested
    compiled = jit(f)
    HELD[:] = [A]
    for default in (None, A, B, SENTINEL, WHOLE):
        DEFAULT = default
        for _ in range(2):
            for x, y in ((A, B), (A, A), (B, A), (B, B), (A.copy(), A), (A, WHOLE)):
                np.testing.assert_array_equal(compiled(x, y), f(x, y))
        HELD.append(B)


def test_a_gradient_has_arrays_of_its_own(jit: Any) -> None:
    global DEFAULT  # noqa: PLW0603
    DEFAULT = A
    slope = ad.grad(lambda x, y: np.sum(with_a_default(x, y)))
    np.testing.assert_array_equal(jit(slope)(A, A), slope(A, A))


class Mode(enum.Enum):
    SIN = 1
    COS = 2


SENTINEL = object()


def test_what_is_no_array_is_compared_beside_a_list(jit: Any) -> None:
    state = types.SimpleNamespace(mode=Mode.SIN, key=SENTINEL, parts=[A])

    def f(parts: Any) -> Any:
        y = np.sin(parts[0]) if state.mode is Mode.SIN else np.cos(parts[0])
        if type(parts) is type(state.parts) or parts.__class__ is state.__class__:
            y = y * 2.0
        return y * (2.0 if SENTINEL is state.key else 3.0)

    compiled = jit(f)
    for mode, key in ((Mode.SIN, SENTINEL), (Mode.COS, SENTINEL), (Mode.SIN, None)):
        state.mode, state.key = mode, key
        np.testing.assert_allclose(compiled([A, B]), f([A, B]))


@dataclasses.dataclass
class Pair:
    a: Any
    b: Any

    def product(self, x: Any) -> Any:
        return self.a * self.b * x


def test_what_a_dataclass_compares_for_itself(jit: Any) -> None:
    np.testing.assert_array_equal(jit(Pair.product)(Pair(A, 2.0), B), Pair(A, 2.0).product(B))


class Model:
    weight = A


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: x[0] * (2.0 if x is HELD else 3.0), "given a list.*pass its parts"),
        (lambda x: x * (2.0 if x is Model.weight else 3.0), "a class holds too.*pass a copy"),
    ],
)
def test_what_cannot_be_said_is_refused(f: Any, what: str, jit: Any) -> None:
    x = HELD if "list" in what else A
    with pytest.raises(ad.AutodiffError, match=what):
        jit(f)(x)
    cured = jit(lambda x, y: x * (2.0 if x is y else 3.0)) if "list" in what else jit(f)
    given = (A, A) if "list" in what else (A.copy(),)
    np.testing.assert_array_equal(cured(*given), A * (2.0 if "list" in what else 3.0))
