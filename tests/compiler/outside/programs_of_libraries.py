"""Programs that read modules of libraries: what is harmless in them stays right, whatever else is
read, and what asks the world is refused where it is read."""

# ruff: noqa: PTH110, PTH119 - what is tested

from __future__ import annotations

import json
import math
import os.path
import sys
import time
import types
from typing import Any

import numpy as np

from tests.compiler.outside.registry import Program, refused, value

PI = math.pi


def begin() -> None:
    """The constants as every program finds them."""
    math.pi = PI  # type: ignore[misc]


@value
def harmless_names_beside_a_computed_one() -> Program:
    model = types.SimpleNamespace(w0=1.0, w1=2.0)

    def f(x: Any) -> Any:
        total = sum(getattr(model, f"w{k}") * x for k in range(2))
        return total * len(os.path.basename("a/file")) * (sys.maxsize > 1)

    def change(k: int) -> None:
        model.w1 = 5.0 + k

    return f, change


@value
def a_module_that_reads_objects() -> Program:
    held = {"a": 1.0}

    def change(k: int) -> None:
        held["a"] = 10.0**k

    return lambda x: x * len(json.dumps(held)) * len(os.path.basename("a/file")), change


@value
def a_name_that_a_module_has_too() -> Program:
    class Model:
        rate = 2.0

        def load(self) -> float:
            return self.rate

    model = Model()

    def change(k: int) -> None:
        Model.rate = 3.0 + k

    return lambda x: np.sum(x) * model.load(), change


@value
def a_clock_that_is_not_asked_yet() -> Program:
    state = types.SimpleNamespace(timed=False, rate=2.0)

    def change(k: int) -> None:
        state.rate = 3.0 + k

    return lambda x: x * (time.time() if state.timed else state.rate), change


@value
def a_constant_that_is_assigned_to() -> Program:
    def change(k: int) -> None:
        math.pi = 3.0 + k  # type: ignore[misc]

    return lambda x: x * math.pi, change


@value
def errors_that_are_ignored() -> Program:
    scale = np.array([1.0, 2.0, 3.0])

    def f(x: Any) -> Any:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.exp(x * scale)

    def change(k: int) -> None:
        scale[k] = 1000.0

    return f, change


@refused
def a_computed_name_of_a_clock() -> Program:
    return lambda x: x * 0.0 * getattr(time, "emit"[::-1])(), lambda k: None


@refused
def a_refusal_that_is_caught() -> Program:
    def f(x: Any) -> Any:
        try:
            return x * float(os.path.exists("a"))
        except Exception:  # noqa: BLE001 - what is tested
            return x

    return f, lambda k: None


@refused
def settings_of_numpy() -> Program:
    return lambda x: x * len(np.geterr()), lambda k: None


@refused
def errors_that_are_raised() -> Program:
    def f(x: Any) -> Any:
        with np.errstate(over="raise"):
            return np.exp(x)

    return f, lambda k: None
