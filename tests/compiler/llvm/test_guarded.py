"""The native function that asks guards: it holds what it hands over, and nothing longer."""

from __future__ import annotations

import copy
import functools
import inspect
import sys
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autodiff as ad

pytest.importorskip("llvmlite")
X = np.array([0.3, -1.2, 2.1])


def jit(f: Any) -> Any:
    return ad.jit(f, backend="llvm")


def test_no_reference_is_kept_or_lost() -> None:
    m, box = np.ones(3), {"m": np.full(3, 2.0)}
    holder = SimpleNamespace(m=np.full(3, 3.0))
    items = [np.full(3, 4.0), 2.0]
    f = jit(lambda x: x * m * box["m"] * holder.m * items[0])
    f(X)
    held = m, box["m"], holder.m, items[0]
    before = [sys.getrefcount(a) for a in held]
    for _ in range(1000):
        f(X)
    assert [sys.getrefcount(a) for a in held] == before


def test_an_error_of_the_program_lets_go_of_the_inputs() -> None:
    table, k = np.arange(4.0), np.array([1, 2])
    f = jit(lambda x: x * table[k])
    np.testing.assert_array_equal(f(np.ones(2)), [1.0, 2.0])
    k[0] = 9
    before = sys.getrefcount(table)
    for _ in range(100):
        with pytest.raises(IndexError, match="out of bounds"):
            f(np.ones(2))
    assert sys.getrefcount(table) == before
    k[0] = 3
    np.testing.assert_array_equal(f(np.ones(2)), [3.0, 2.0])


def test_what_is_gone_is_found_out_before_it_is_read() -> None:
    items = [np.ones(3), np.ones(3)]
    f = jit(lambda x: x * items[0] * items[-1])
    f(X)
    items.pop()
    items[0] = np.full(3, 2.0)
    np.testing.assert_array_equal(f(X), X * 2.0 * 2.0)
    items.clear()
    with pytest.raises(IndexError):
        f(X)
    holder = SimpleNamespace(a=np.ones(3))
    g = jit(lambda x: x * holder.a)
    g(X)
    del holder.a
    with pytest.raises(AttributeError):
        g(X)
    holder.a = np.full(3, 5.0)
    np.testing.assert_array_equal(g(X), X * 5.0)


def test_an_attribute_that_appears_and_code_that_is_exchanged() -> None:
    class Model:
        rate = 2.0

        def __call__(self, x: Any) -> Any:
            return x * self.rate

    def scaled(x: Any, by: float = 2.0) -> Any:
        return x * by

    model = Model()
    f, g = jit(model), jit(scaled)
    for rate in (2.0, 3.0):
        Model.rate = rate
        np.testing.assert_array_equal(f(X), X * rate)
    model.rate = 4.0  # in front of the class's
    np.testing.assert_array_equal(f(X), X * 4.0)
    del model.rate
    np.testing.assert_array_equal(f(X), X * 3.0)
    for by in (2.0, 5.0):
        scaled.__defaults__ = (by,)
        np.testing.assert_array_equal(g(X), X * by)
    scaled.__code__ = (lambda x, by: x + by).__code__
    np.testing.assert_array_equal(g(X), X + 5.0)


def test_a_dict_that_is_walked_over() -> None:
    table: dict[str, Any] = {"a": np.ones(3), "by": 2.0, "b": np.full(3, 2.0)}

    def f(x: Any) -> Any:
        for v in table.values():
            x = x * v + 1.0
        return x

    compiled = jit(f)
    np.testing.assert_allclose(compiled(X), f(X), rtol=1e-14)
    for change in (
        lambda: table.update(a=np.full(3, 7.0)),
        lambda: table.update(by=5.0),
        lambda: table.update(c=np.ones(3)),
        lambda: table.pop("b"),
        lambda: table.update(a=table.pop("a")),  # now the last
        table.clear,
    ):
        change()
        for _ in range(2):
            np.testing.assert_allclose(compiled(X), f(X), rtol=1e-14)


def test_an_input_may_be_exchanged_by_another_thread() -> None:
    """The program runs without the interpreter's lock where it is long."""
    size = 400_000
    holder = SimpleNamespace(m=np.ones(size))
    f = jit(lambda x: np.sum(np.exp(x) * holder.m))
    x = np.zeros(size)
    f(x)
    found: list[float] = []
    thread = threading.Thread(target=lambda: found.extend(f(x) for _ in range(40)))
    thread.start()
    k = 1
    while thread.is_alive():
        k += 1
        holder.m = np.full(size, float(k))
    thread.join()
    assert len(found) == 40
    assert all(y % size == 0 for y in found)


def test_a_table_may_be_exchanged_by_another_thread() -> None:
    size, rate = 400_000, 0.0
    f = jit(lambda x: np.sum(np.exp(x)) * rate)
    x = np.zeros(size)
    f(x)
    found: list[float] = []
    thread = threading.Thread(target=lambda: found.extend(f(x) for _ in range(40)))
    thread.start()
    while thread.is_alive():
        rate += 1.0
        small = f(np.zeros(2))
        assert small == 2 * rate
    thread.join()
    assert len(found) == 40
    assert all(y % size == 0 for y in found)


def test_every_way_out_lets_go_of_the_table() -> None:
    box: dict[str, Any] = {"by": 2.0, "kind": {1, 2}}
    f = jit(lambda x: x * box["by"] if 2 in box["kind"] else x)
    f(X), f(X)
    table = f._pair[0]
    for _ in range(50):
        f(X)
        f(x=X)
        f(X[::-1])
        with pytest.raises(TypeError, match="argument"):
            f(X, X)
    box["by"] = 3.0
    np.testing.assert_array_equal(f(X), 3.0 * X)
    assert sys.getrefcount(table) == 2


def test_it_is_a_function_to_those_who_look_at_it() -> None:
    def scaled(x: Any, by: float = 2.0) -> Any:
        """`x` times `by`."""
        return x * by

    f = jit(scaled)
    for _ in range(2):
        assert inspect.signature(f) == inspect.signature(scaled)
        assert (f.__name__, f.__doc__, f.__wrapped__) == ("scaled", scaled.__doc__, scaled)
        assert functools.partial(f, by=3.0)(2.0) == 6.0
        assert functools.partial(f, 2.0)() == 4.0
        assert copy.copy(f)(1.0) == copy.deepcopy(f)(1.0) == 2.0
        assert f(1.0) == 2.0
