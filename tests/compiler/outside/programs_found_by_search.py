"""Programs that were stale, or refused for nothing, while the walk was built."""

# ruff: noqa: PLW0603 - what is tested

from __future__ import annotations

import contextvars
import copy
import dataclasses
import functools
import logging
import operator
import sys
import threading
import types
from typing import Any

import numpy as np

from tests.compiler.outside import settings_of_programs as settings
from tests.compiler.outside.registry import Program, refused, value

FIRST: Any = np.ones(3)
SECOND: Any = FIRST


def begin() -> None:
    """The globals as every program finds them."""
    global FIRST, SECOND
    FIRST = SECOND = np.ones(3)
    settings.RATE = 1.0


@dataclasses.dataclass
class Config:
    a: float = 1.0
    b: float = 2.0


@value
def an_array_in_a_context_variable() -> Program:
    w = contextvars.ContextVar("w", default=np.ones(3))  # noqa: B039

    def change(k: int) -> None:
        w.get()[0] = 2.0 + k

    return lambda x: w.get() * x, change


@value
def two_names_of_one_array() -> Program:
    def change(k: int) -> None:
        global SECOND
        SECOND = FIRST if k == 1 else np.ones(3)

    return lambda x: x * (2.0 if FIRST is SECOND else 3.0), change


@value
def a_number_that_is_printed() -> Program:
    config = Config()

    def change(k: int) -> None:
        config.a = 10.0**k

    return lambda x: x * len(repr(config)) + len(f"{config.a}"), change


@value
def a_pattern() -> Program:
    config = Config()

    def f(x: Any) -> Any:
        match config:
            case Config(a, b):
                return x * a + b

    def change(k: int) -> None:
        config.b = 3.0 + k

    return f, change


@value
def functions_that_read_every_field() -> Program:
    config = Config()

    def f(x: Any) -> Any:
        total = sum(dataclasses.astuple(config)) + copy.copy(config).a
        last = "ab"[-1]
        return x * total * operator.attrgetter(last)(config)

    def change(k: int) -> None:
        config.a, config.b = 2.0 + k, 5.0 - k

    return f, change


@value
def code_exchanged_by_a_reload() -> Program:
    def g(x: Any) -> Any:
        return x * 2

    def change(k: int) -> None:
        g.__code__ = ((lambda x: x * 3), (lambda x: x + 1), (lambda x: -x))[k].__code__

    return lambda x: g(x), change


@value
def views_of_one_array() -> Program:
    base = np.arange(4.0)
    part = base[1:]

    def change(k: int) -> None:
        base[:] = k

    return lambda x: x * base[0] + part, change


@value
def an_object_that_makes_itself_once() -> Program:
    class Shared:
        made: Any = None

        @classmethod
        def get(cls) -> Any:
            if cls.made is None:
                cls.made = types.SimpleNamespace(w=2.0)
            return cls.made

    Shared.get()

    def change(k: int) -> None:
        Shared.made.w = 3.0 + k

    return lambda x: x * Shared.get().w, change


@value
def a_format_of_several_steps() -> Program:
    inner = types.SimpleNamespace(a=[1.0], b=2.0)
    outer = types.SimpleNamespace(inner=inner, form="{0.inner.b}")

    def f(x: Any) -> Any:
        first = "{0.inner.a[0]}".format(outer)  # noqa: UP030, UP032 - what is tested
        return x * float(first) + float(outer.form.format(outer))

    def change(k: int) -> None:
        inner.a[0], inner.b = 2.0 + k, 5.0 - k
        outer.form = "1{0.inner.b}" if k == 1 else outer.form

    return f, change


@value
def types_of_what_is_in_a_set() -> Program:
    held: set[Any] = {(1,)}

    def f(x: Any) -> Any:
        return x * sum(1.5 if type(v) is int else 2.5 for (v,) in held)

    def change(k: int) -> None:
        held.clear()
        held.add(((1.0,), (True,), (1,))[k])

    return f, change


@value
def a_function_for_each_class() -> Program:
    rate = types.SimpleNamespace(v=2.0)
    g: Any = functools.singledispatch(lambda v: v)
    g.register(float)(lambda v: v + 1.0)
    g.register(np.ndarray)(lambda v: v * rate.v)

    def change(k: int) -> None:
        rate.v = np.ones(3) if k == 0 else 3.0 + k
        if k == 2:
            g.register(float)(lambda v: v + 5.0)

    return lambda x: g(x) * g(2.0), change


@value
def a_lock_around_what_is_read() -> Program:
    lock, state = threading.Lock(), [2.0]

    def f(x: Any) -> Any:
        with lock:
            return x * state[0]

    def change(k: int) -> None:
        state[0] = 3.0 + k

    return f, change


@refused
def what_a_logger_says() -> Program:
    log = logging.getLogger(__name__)
    return lambda x: x * (2.0 if log.isEnabledFor(10) else 3.0), lambda k: None


@refused
def what_a_lock_says() -> Program:
    lock = threading.Lock()
    return lambda x: x * (2.0 if lock.locked() else 3.0), lambda k: None


@refused
def what_is_found_by_the_list_of_modules() -> Program:
    def f(x: Any) -> Any:
        return x * sys.modules["tests.compiler.outside.settings_of_programs"].RATE

    return f, lambda k: None


@refused
def what_is_found_by_the_globals() -> Program:
    return lambda x: x * globals()["FIRST"], lambda k: None


@refused
def an_attribute_made_at_the_first_call() -> Program:
    class Lazy:
        table: Any = None

        def __call__(self, x: Any) -> Any:
            if self.table is None:
                self.table = np.ones(3)
            return x * self.table

    return Lazy(), lambda k: None
