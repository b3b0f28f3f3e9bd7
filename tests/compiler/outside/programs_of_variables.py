"""Programs that read variables, arguments, entries and functions outside of them."""

# ruff: noqa: PLW0603, NPY002 - what is tested

from __future__ import annotations

import contextvars
import functools
import itertools
import random
import time
from typing import Any

import numpy as np

from tests.compiler.outside import settings_of_programs as settings
from tests.compiler.outside.registry import Program, refused, value

RATE: Any = 1.0
VECTOR: Any = np.ones(3)
HOOK: Any = None


def begin() -> None:
    """The globals as every program finds them."""
    global RATE, VECTOR, HOOK
    RATE, VECTOR, HOOK = 1.0, np.ones(3), np.sin


@value
def a_global_number() -> Program:
    def change(k: int) -> None:
        global RATE
        RATE = 1.0 + k

    return lambda x: RATE * x, change


@value
def a_global_array_rebound_and_changed_in_place() -> Program:
    def change(k: int) -> None:
        global VECTOR
        if k == 1:
            VECTOR[:] = 5.0
        else:
            VECTOR = np.arange(3.0) + k

    return lambda x: VECTOR * np.sin(x), change


@value
def a_global_that_changes_its_type() -> Program:
    def change(k: int) -> None:
        global RATE
        RATE = (2.0, 2, np.arange(3.0))[k]

    return lambda x: x / 3 + RATE, change


@value
def an_array_as_a_mask() -> Program:
    mask = np.array([True, False, True])

    def change(k: int) -> None:
        mask[k] = not mask[k]

    return lambda x: np.sum(x[mask] ** 2), change


@value
def an_array_as_sizes() -> Program:
    sizes = np.array([1, 2])

    def change(k: int) -> None:
        sizes[0] = k + 1

    return lambda x: np.sum(x[: sizes[0]]) + np.zeros(int(sizes[1])).size, change


@value
def a_partial() -> Program:
    bag = [1.0]

    def scaled(bag: Any, x: Any, by: Any) -> Any:
        return bag[0] * x * by["k"]

    by = {"k": 3.0}

    def change(k: int) -> None:
        bag[0] += k
        by["k"] = 2.0 * k

    return functools.partial(scaled, bag, by=by), change


@value
def default_arguments() -> Program:
    w = np.ones(3)

    def f(x: Any, w: Any = w, *, c: Any = 1.0) -> Any:
        return np.sum(x * w) * c

    def change(k: int) -> None:
        w[0] = k
        f.__kwdefaults__ = {"c": 2.0 + k}

    return f, change


@value
def a_lambda_in_a_default() -> Program:
    scale = [2.0]

    def f(x: Any, g: Any = lambda x: x * scale[0]) -> Any:
        return g(x) + 1

    def change(k: int) -> None:
        scale[0] = 3.0 * k

    return f, change


@value
def star_arguments_and_defaults_in_a_helper() -> Program:
    weights = [np.ones(3), np.ones(3)]

    def total(x: Any, *ws: Any, c: Any = weights) -> Any:
        return sum(w * x for w in ws) + c[1]

    def change(k: int) -> None:
        weights[k % 2] = np.arange(3.0) * k

    return lambda x: total(x, *weights), change


@value
def an_attribute_of_a_module() -> Program:
    settings.RATE, settings.WEIGHT = 1.0, np.ones(3)

    def change(k: int) -> None:
        settings.RATE = 2.0 + k
        settings.WEIGHT = np.full(3, 1.0 * k)

    return lambda x: settings.RATE * x + settings.WEIGHT + settings.scaled(x), change


@value
def nested_closures() -> Program:
    a = 1.0

    def outer() -> Any:
        b = np.ones(3)

        def middle(x: Any) -> Any:
            def inner(y: Any) -> Any:
                return a * y + b

            return inner(x) * a

        return middle

    def change(k: int) -> None:
        nonlocal a
        a = 1.0 + 2 * k

    return outer(), change


@value
def a_context_variable() -> Program:
    scale = contextvars.ContextVar("scale", default=1.0)

    def change(k: int) -> None:
        scale.set(2.0 + k)

    return lambda x: scale.get() * x, change


@value
def entries_of_dicts_and_lists() -> Program:
    nest = {"a": [1.0, {"b": np.ones(3)}], "c": (2.0, [3.0])}

    def change(k: int) -> None:
        nest["a"][0] = 4.0 + k
        nest["a"][1]["b"] = np.full(3, 2.0 + k)
        nest["c"][1][0] = -1.0 * k

    return lambda x: nest["a"][0] * x + nest["a"][1]["b"] + nest["c"][1][0], change


@value
def a_list_that_grows() -> Program:
    terms = [1.0]

    def change(k: int) -> None:
        terms.append(1.0 + k)

    return lambda x: sum(t * x**k for k, t in enumerate(terms)), change


@value
def a_dict_that_is_gone_through() -> Program:
    table = {"sin": 1.0}

    def change(k: int) -> None:
        table[("cos", "tanh", "exp")[k]] = 2.0

    return lambda x: sum(c * getattr(np, name)(x) for name, c in table.items()), change


@value
def functions_in_a_closure() -> Program:
    inner_rate = 1.0

    def g(x: Any) -> Any:
        return x * inner_rate

    def h(x: Any) -> Any:
        return g(g(x))

    def change(k: int) -> None:
        nonlocal inner_rate
        inner_rate = 2.0 + k

    return h, change


@value
def a_function_bound_anew() -> Program:
    def change(k: int) -> None:
        global HOOK
        HOOK = (np.sin, np.cos, lambda x: x * x)[k]

    return lambda x: HOOK(x) + 1, change


@value
def comprehensions_and_generators() -> Program:
    cs = [1.0, 2.0]

    def f(x: Any) -> Any:
        return sum(c * x for c in cs) + np.stack([c * x for c in cs if c > 1.5])[0]

    def change(k: int) -> None:
        cs[1] = 2.0 + k

    return f, change


@value
def an_import_inside() -> Program:
    settings.RATE = 1.0

    def f(x: Any) -> Any:
        from tests.compiler.outside import settings_of_programs

        if settings_of_programs.RATE > 2.5:
            import math

            return x * math.pi
        return x * settings_of_programs.RATE

    def change(k: int) -> None:
        settings.RATE = 2.0 + k

    return f, change


@value
def functions_in_a_dict() -> Program:
    table = {"f": np.sin, "g": lambda x: x * RATE}

    def change(k: int) -> None:
        global RATE
        RATE = 4.0 + k
        table["f"] = (np.cos, np.exp, np.tanh)[k]

    return lambda x: table["f"](x) + table["g"](x), change


@value
def a_decorator_with_wraps() -> Program:
    factor = [1.0]

    def scaled(f: Any) -> Any:
        @functools.wraps(f)
        def g(*args: Any, **kwargs: Any) -> Any:
            return factor[0] * f(*args, **kwargs)

        return g

    @scaled
    def f(x: Any) -> Any:
        return x + RATE

    def change(k: int) -> None:
        global RATE
        RATE = 0.5 * k
        factor[0] = 3.0 + k

    return f, change


@value
def attributes_of_a_function() -> Program:
    def f(x: Any) -> Any:
        return x * f.rate  # type: ignore[attr-defined]

    f.rate = 1.0  # type: ignore[attr-defined]

    def change(k: int) -> None:
        f.rate = 2.0 + k  # type: ignore[attr-defined]

    return f, change


@value
def a_remembered_function_of_its_arguments() -> Program:
    @functools.lru_cache
    def nodes(n: int) -> Any:
        return np.linspace(0.0, 1.0, n)

    box = [3]

    def change(k: int) -> None:
        box[0] = 3 if k else 1

    return lambda x: x * nodes(box[0]), change


@refused
def a_remembered_function_that_reads_a_global() -> Program:
    @functools.lru_cache
    def g(n: int) -> Any:
        return n * RATE

    def change(k: int) -> None:
        global RATE
        RATE = 2.0 + k

    return lambda x: x * g(2), change


@refused
def an_iterator() -> Program:
    numbers = iter([1.0, 2.0, 3.0, 4.0])
    return lambda x: x * next(numbers), lambda k: None


@refused
def a_count() -> Program:
    numbers = itertools.count()
    return lambda x: x * next(numbers), lambda k: None


@refused
def a_clock() -> Program:
    return lambda x: x * 0 + (time.perf_counter() > 0), lambda k: None


@refused
def a_counter_of_calls() -> Program:
    state = {"calls": 0}

    def f(x: Any) -> Any:
        state["calls"] += 1
        return x * state["calls"]

    return f, lambda k: None


@value
def shared_generators() -> Program:
    np.random.seed(5)
    random.seed(5)
    return lambda x: x * np.random.uniform(1, 2, 3) + random.gauss(0, 1), lambda k: None
