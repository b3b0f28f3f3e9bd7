"""What a function writes outside of itself, a compiled call would not write: refused by name."""

# ruff: noqa: PLW0603 - what is tested

from __future__ import annotations

import collections
import functools
from typing import Any, ClassVar

import numpy as np
import pytest

import autodiff as ad

jit = functools.partial(ad.jit, pure=False)
X = np.array([0.3, -1.2, 2.1])


@pytest.fixture(params=["llvm", "numpy"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "llvm":
        pytest.importorskip("llvmlite")
    return str(request.param)


COUNT = 0
LOG: list[Any] = []


def counts(x: Any) -> Any:
    global COUNT
    COUNT += 1
    return x


def cell() -> Any:
    n = 0

    def f(x: Any) -> Any:
        nonlocal n
        n += 1
        return x

    return f


class Keeps:
    count = 0

    def attribute(self, x: Any) -> Any:
        self.hidden = x * 2
        return x

    def of_the_class(self, x: Any) -> Any:
        Keeps.count += 1
        return x


class Writes:
    def __call__(self, x: Any) -> Any:
        global COUNT
        COUNT += 1
        return x


M = np.ones(3)


def in_place(x: Any) -> Any:
    M[:] = x
    return x


def memo(seen: Any = {}) -> Any:  # noqa: B006
    def f(x: Any, seen: Any = seen) -> Any:
        seen[len(seen)] = 1
        return x

    return f


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (counts, "COUNT"),
        (lambda x: LOG.append(x) or x, "LOG"),
        (lambda x: LOG.__iadd__([1]) and x, "LOG"),
        (cell(), "n"),
        (Keeps().attribute, "hidden"),
        (Keeps().of_the_class, r"Keeps\.count"),
        (lambda x: Writes()(x), "COUNT of the module tests.compiler.outside.test_effects"),
        (in_place, "M in place"),
        (lambda x: np.multiply(M, 2, out=M) * x, "M in place"),
        (memo(), "the defaults of"),
    ],
)
def test_a_write_outside_is_refused_by_name(f: Any, what: str, backend: str) -> None:
    with pytest.raises(ad.AutodiffError, match=f"changes .*{what}"):
        jit(f, backend=backend)(X)
    assert (COUNT, LOG, M.tolist()) == (0, [], [1, 1, 1])


class Counts:
    """It counts its calls in every way that a class has, for no copy can stand for a class."""

    count = 0
    log: ClassVar[list[Any]] = []
    names: ClassVar[dict[str, Any]] = {"log": [1]}
    known: ClassVar[set[int]] = set()
    last = np.zeros(2)
    queue: ClassVar[Any] = collections.deque([1.0])

    def __call__(self, x: Any) -> Any:
        global CALLS, LATEST
        CALLS += 1
        LATEST = x
        Counts.count += 1
        Counts.other = CALLS  # type: ignore[attr-defined]
        self.log.append(x)
        self.names["log"].append(2)
        self.names["new"] = 1
        self.known.add(1)
        self.last[0] = 7.0
        self.queue.append(2.0)
        return x * float(SCALE[0]) if SCALE[0] else x * np.ones(2)


CALLS = 0
SCALE = np.ones(3)


@pytest.mark.parametrize("scale", [1.0, 0.0])
def test_what_is_refused_or_raises_leaves_nothing_behind(scale: float, backend: str) -> None:
    """Though it is traced twice, since it asks for a value; and also where it raises itself."""
    SCALE[:] = scale
    before = {k: v for k, v in vars(Counts).items() if k != "last"}
    words = repr(before), repr(Counts.last)
    for _ in range(2):
        with pytest.raises((ad.AutodiffError, ValueError), match=r"changes|broadcast"):
            jit(Counts(), backend=backend)(X)
        now = {k: v for k, v in vars(Counts).items() if k != "last"}
        assert (repr(now), repr(Counts.last)) == words
        assert all(now[k] is v for k, v in before.items())
        assert CALLS == 0
        assert "LATEST" not in globals()


def test_an_argument_changed_in_place(backend: str) -> None:
    def g(x: Any, y: Any) -> Any:
        x *= 2
        return x + y

    base = np.ones(4)
    with pytest.raises(ad.AutodiffError, match="changes its argument"):
        jit(g, backend=backend)(base[:], base[:])
    assert base.tolist() == [1, 1, 1, 1]
