"""Programs of which a whole is exchanged: attributes of an object, what a class inherits from."""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np

from tests.compiler.outside.registry import Program, value


@value
def all_attributes_of_an_object() -> Program:
    class Model:
        rate: Any = 2.0

        def __call__(self, x: Any) -> Any:
            return x * self.rate

    model = Model()
    model.rate = 3.0

    def change(k: int) -> None:
        if k < 2:
            model.__dict__ = {"rate": 4.0 + k if k == 0 else np.ones(3)}
        else:
            model.rate = 7.0

    return model, change


@value
def all_attributes_of_a_function() -> Program:
    def g(x: Any) -> Any:
        return x * getattr(g, "rate", 1.0)

    def change(k: int) -> None:
        if k < 2:
            g.__dict__ = {"rate": 2.0 + k}
        else:
            g.rate = 7.0  # type: ignore[attr-defined]

    return lambda x: g(x), change


@value
def attributes_of_two_objects() -> Program:
    class Model:
        rate = 2.0

    one, other = Model(), Model()
    one.rate = 3.0
    other.__dict__ = one.__dict__

    def change(k: int) -> None:
        if k == 1:
            one.__dict__ = {"rate": 5.0}
        else:
            other.rate = 7.0 + k

    return lambda x: x * one.rate + other.rate, change


@value
def attributes_as_a_dict() -> Program:
    class Model:
        def __init__(self) -> None:
            self.first, self.rate, self.scale = 1.0, 2.0, np.ones(3)

    model = Model()
    held = vars(model)

    def change(k: int) -> None:
        held["scale"] = held["scale"] + 1.0
        model.rate = 3.0 + k
        held[f"another{k}"] = 1.0

    return lambda x: x * model.scale * held["rate"] * len(held), change


@value
def what_a_class_inherits_from() -> Program:
    class First:
        rate = 2.0

    class Second:
        rate = 3.0

    class Between(First):
        pass

    class Model(Between):
        pass

    model = Model()

    def change(k: int) -> None:
        Between.__bases__ = (Second,) if k == 0 else (First,)
        Second.rate = 4.0 + k

    return lambda x: x * model.rate + Model.rate, change


@value
def a_module_that_is_imported_inside() -> Program:
    made = [types.ModuleType("settings_made_here") for _ in range(2)]
    made[0].RATE, made[1].RATE = 2.0, 3.0  # type: ignore[attr-defined]
    sys.modules["settings_made_here"] = made[0]

    def f(x: Any) -> Any:
        import settings_made_here  # type: ignore[import-not-found]

        return x * settings_made_here.RATE

    def change(k: int) -> None:
        sys.modules["settings_made_here"] = made[(k + 1) % 2]
        made[1].RATE = 4.0 + k  # type: ignore[attr-defined]

    return f, change
