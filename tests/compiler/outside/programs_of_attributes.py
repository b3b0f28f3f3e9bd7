"""Programs that read attributes of what is more than its attributes: functions, partials, compiled
functions, and classes that inherit from tuples, numbers and words."""

from __future__ import annotations

import collections
import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad
from tests.compiler.outside.registry import Program, refused, value


def scaled(a: Any, x: Any, k: Any = 1.0) -> Any:
    return a * x * k


@value
def parts_of_a_partial() -> Program:
    p = functools.partial(scaled, np.ones(3), k=2.0)

    def change(k: int) -> None:
        p.args[0][k] = 5.0
        p.keywords["k"] = np.full(3, 1.0 + k) if k else 7.0

    return lambda x: p.func(p.args[0], x) * p.keywords["k"], change


@value
def attributes_of_a_partial() -> Program:
    class Part(functools.partial):  # type: ignore[type-arg]
        rate = 2.0

    p: Any = Part(scaled, 2.0)
    p.scale = np.ones(3)

    def change(k: int) -> None:
        p.scale[k] = 3.0
        Part.rate = 3.0 + k

    return lambda x: p(x) * p.scale * p.rate, change


@value
def attributes_of_compiled_functions() -> Program:
    state = types.SimpleNamespace(rate=2.0)

    def f(x: Any) -> Any:
        """A word."""
        return np.sum(x * x) * state.rate

    k: Any = ad.jit(f)
    slope: Any = ad.grad(f)
    k.scale, slope.scale = np.ones(3), 2.0

    def change(n: int) -> None:
        k.scale[n], slope.scale, state.rate = 3.0, 3.0 + n, 4.0 + n
        k.__name__ = slope.__name__ = "f" * (2 + n)

    def reads(x: Any) -> Any:
        words = len(k.__name__) + len(slope.__name__) + len(k.__doc__)
        return k.__wrapped__(x) + k(x) * k.scale + slope(x) * slope.scale * words

    return reads, change


def inheriting(base: type, made: Any, read: Callable[[Any], Any]) -> Callable[[], Program]:
    def build() -> Program:
        x: Any = type("Own", (base,), {})(made)
        x.scale, x.shift = 2.0, np.ones(3)

        def change(k: int) -> None:
            x.shift[k] = 5.0
            x.scale += 1.0

        return lambda v: v * x.scale * read(x) + x.shift, change

    build.__name__ = f"a_class_that_inherits_{base.__name__}"
    return build


for base_, made_, read_ in (
    (tuple, (np.ones(3), 2.0), lambda x: x[0] * x[1]),
    (frozenset, (2.0,), sum),
    (set, (2.0,), sum),
    (str, "word", len),
    (int, 3, lambda x: x + 1),
    (float, 3.0, lambda x: x + 1),
    (collections.deque, (2.0, 3.0), sum),
    (dict, {"a": 2.0}, lambda x: x["a"]),
):
    value(inheriting(base_, made_, read_))


@value
def an_error_and_its_arguments() -> Program:
    error = ValueError(2.0)

    def change(k: int) -> None:
        error.args = (3.0 + k,)

    return lambda x: x * error.args[0], change


@value
def what_a_function_says_of_itself() -> Program:
    def g(x: float, y: float = 2.0) -> float:
        """A word."""
        return x

    class Model:
        """Words."""

    def f(x: Any) -> Any:
        words = len(g.__doc__ or "") + len(g.__name__) + len(Model.__doc__) + len(Model.__name__)  # type: ignore[arg-type]
        return x * words * len(g.__annotations__)

    def change(k: int) -> None:
        g.__doc__, g.__name__ = "A longer word" + k * ".", "g" * (2 + k)
        Model.__doc__, Model.__name__ = "More" * k, "Another" * (k + 1)
        g.__annotations__[f"a{k}"] = 1.0

    return f, change


@value
def what_a_container_makes_of_what_is_missing() -> Program:
    state = types.SimpleNamespace(n=2.0)
    made = collections.defaultdict(lambda: state.n)
    queues = [collections.deque([1.0], maxlen=3)]

    def change(k: int) -> None:
        state.n = 3.0 + k
        made.default_factory = (lambda: state.n + 1.0) if k == 1 else made.default_factory
        queues[0] = collections.deque([1.0], maxlen=4 + k)

    return lambda x: x * made.default_factory() * queues[0].maxlen, change  # type: ignore[misc]


@value
def the_masked_number() -> Program:
    state = [np.ma.masked]

    def change(k: int) -> None:
        state[0] = 1.0 if k == 1 else np.ma.masked

    return lambda x: x * (2.0 if np.ma.is_masked(state[0]) else 3.0), change


@refused
def the_program_of_a_compiled_function() -> Program:
    k = ad.jit(lambda x: x * 2.0)
    k(1.0)
    return lambda x: x * len(k.source), lambda n: None


@refused
def how_often_a_result_was_remembered() -> Program:
    known = functools.lru_cache(lambda n: 2.0 * n)
    return lambda x: x * known.cache_info().hits, lambda n: known(n) and None


@refused
def a_partial_that_is_written_to() -> Program:
    p = functools.partial(scaled, 2.0)

    def f(x: Any) -> Any:
        p.keywords["k"] = 3.0
        return p(x)

    return f, lambda n: None


@refused
def a_default_that_is_exchanged() -> Program:
    def g(x: Any, a: Any = 2.0) -> Any:
        return x * a

    def f(x: Any) -> Any:
        g.__defaults__ = (3.0,)
        return g(x)

    return f, lambda n: None
