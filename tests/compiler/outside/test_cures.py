"""What a refusal says to do, done, gives the plain value."""

from __future__ import annotations

import array
import functools
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad

X = np.ones(3)


class Thing:
    rate = 2.0


THING = Thing()
LOCK = threading.Lock()
BYTES = bytearray(b"abc")
NUMBERS = array.array("d", [1.0, 2.0])
WEAK = weakref.WeakValueDictionary({"a": THING})
REFERENCE = weakref.ref(THING)
LOCAL = threading.local()
LOCAL.rate = 2.0
VIEW = {"a": 2.0}.values()
KEPT = {"a": THING}


def with_errors(how: str) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        with np.errstate(over=how):  # type: ignore[call-overload]
            return np.exp(x)

    return f


@functools.lru_cache
def remembered(n: int) -> float:
    return 2.0 * n


COMPILED = ad.jit(lambda x: x * 2.0, backend="numpy")
COMPILED(1.0)


@functools.singledispatch
def chosen(x: Any) -> Any:
    return x * 2.0


class Model:
    def __call__(self, x: Any) -> Any:
        return chosen(x)


# The function refused, what the refusal says, and the function and arguments that it asks for.
Case = tuple[Callable[[Any], Any], str, Callable[..., Any], Callable[[], tuple[Any, ...]]]
CASES: dict[str, Case] = {
    "a bytearray": (
        lambda x: x * BYTES[0],
        r"BYTES, a bytearray, .*pass bytes\(\.\.\.\) of it as an argument",
        lambda x, b: x * b[0],
        lambda: (bytes(BYTES),),
    ),
    "a weak dictionary": (
        lambda x: x * WEAK["a"].rate,
        "WEAK, a WeakValueDictionary, .*keep the objects themselves, in a dict",
        lambda x: x * KEPT["a"].rate,
        lambda: (),
    ),
    "a weak reference": (
        lambda x: x * REFERENCE().rate,  # type: ignore[union-attr]
        "REFERENCE, a ReferenceType, .*keep the objects themselves",
        lambda x: x * THING.rate,
        lambda: (),
    ),
    "a local of each thread": (
        lambda x: x * LOCAL.rate,
        "LOCAL, a _local, .*pass what it holds as an argument",
        lambda x, rate: x * rate,
        lambda: (LOCAL.rate,),
    ),
    "a lock": (
        lambda x: x * (2.0 if LOCK.locked() else 3.0),
        "LOCK.locked, the state of a lock; pass its value in as an argument",
        lambda x, locked: x * np.where(locked, 2.0, 3.0),
        lambda: (LOCK.locked(),),
    ),
    "a clock": (
        lambda x: x * 0.0 * time.time(),
        "time.time, a clock; pass its value in as an argument",
        lambda x, now: x * 0.0 * now,
        lambda: (time.time(),),
    ),
    "an array of C": (
        lambda x: x * NUMBERS[0],
        "NUMBERS, .*whose state cannot be seen; pass what is read of it as an argument",
        lambda x, first: x * first,
        lambda: (NUMBERS[0],),
    ),
    "a view of a dict": (
        lambda x: x * sum(VIEW),
        "VIEW, a dict_values, whose state .*pass what is read of it as an argument",
        lambda x, values: x * sum(values),
        lambda: (list(VIEW),),
    ),
    "errors that are raised": (
        with_errors("raise"),
        r'np\.errstate or np\.seterr .*set them to "warn" or "ignore"',
        with_errors("ignore"),
        lambda: (),
    ),
    "the source of a compiled function": (
        lambda x: x * len(COMPILED.source),
        "source of a compiled function, .*read it outside",
        lambda x, size: x * size,
        lambda: (len(COMPILED.source),),
    ),
    "what a cache counts": (
        lambda x: x * remembered.cache_info().currsize,
        "remembered.cache_info, .*do that outside",
        lambda x, size: x * size,
        lambda: (remembered.cache_info().currsize,),
    ),
    "a choice in a method": (
        lambda x: Model()(x),
        "chosen, of functools.singledispatch, .*call it in a function that is not a method",
        lambda x: chosen(x),
        lambda: (),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_cure_is_one(name: str) -> None:
    f, says, cured, arguments = CASES[name]
    with pytest.raises(ad.AutodiffError, match=says):
        ad.jit(f)(X)
    compiled, expected = ad.jit(cured), f(X)
    for _ in range(2):
        np.testing.assert_allclose(compiled(X, *arguments()), expected, rtol=1e-15)
    np.testing.assert_allclose(ad.jit(f, pure=True)(X), expected, rtol=1e-15)
