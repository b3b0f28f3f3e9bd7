"""Programs that read objects outside of them, each in a way of its own."""

# ruff: noqa: PLW0603 - what is tested

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import operator
import types
from typing import Any

import numpy as np

from tests.compiler.outside.registry import Program, refused, value

RATE: Any = 1.0


def begin() -> None:
    """The globals as every program finds them."""
    global RATE
    RATE = 1.0


@value
def a_property() -> Program:
    class Model:
        def __init__(self) -> None:
            self.w, self.on = np.ones(3), True

        @property
        def weight(self) -> Any:
            return 2 * self.w if self.on else self.w

    model = Model()

    def change(k: int) -> None:
        model.w = model.w + k
        model.on = k != 1

    return lambda x: model.weight * x, change


@value
def a_descriptor() -> Program:
    class Scaled:
        def __set_name__(self, owner: Any, name: str) -> None:
            self.name = "_" + name

        def __get__(self, x: Any, owner: Any = None) -> Any:
            return 10 * getattr(x, self.name)

        def __set__(self, x: Any, v: Any) -> None:
            setattr(x, self.name, v)

    class Model:
        rate = Scaled()

    model = Model()
    model.rate = 1.0

    def change(k: int) -> None:
        model.rate = 1.0 + k

    return lambda x: model.rate * x, change


@value
def slots() -> Program:
    class Point:
        __slots__ = ("a", "b")

    p = Point()
    p.a, p.b = 1.0, np.ones(3)

    def change(k: int) -> None:
        p.a = 2.0 + k
        p.b = p.b * 2

    return lambda x: p.a * x + p.b, change


@value
def class_variables() -> Program:
    class Base:
        rate: Any = 1.0
        w = np.ones(3)

    class Model(Base):
        def loss(self, x: Any) -> Any:
            return np.sum(self.rate * x * self.w)

    model = Model()

    def change(k: int) -> None:
        if k == 0:
            Base.rate = 2.0
            Base.w[1] = 3.0
        elif k == 1:
            Model.rate = 5.0
        else:
            model.rate = 7.0

    return model.loss, change


@value
def dataclass_fields() -> Program:
    @dataclasses.dataclass
    class Config:
        rate: float = 1.0
        w: Any = dataclasses.field(default_factory=lambda: np.ones(3))

        def __call__(self, x: Any) -> Any:
            return self.rate * x * self.w

    config = Config()

    def change(k: int) -> None:
        config.rate += k
        config.w *= 2

    return config, change


@value
def an_enum() -> Program:
    class Mode(enum.Enum):
        SIN = 1
        COS = 2

    state = types.SimpleNamespace(mode=Mode.SIN)

    def change(k: int) -> None:
        state.mode = Mode.COS if k == 1 else Mode.SIN

    return lambda x: np.sin(x) if state.mode is Mode.SIN else np.cos(x), change


@value
def a_named_tuple() -> Program:
    Parameters = collections.namedtuple("Parameters", "a b")
    box = [Parameters(1.0, np.ones(3))]

    def change(k: int) -> None:
        box[0] = box[0]._replace(a=2.0 + k) if k else Parameters(0.5, np.arange(3.0))

    return lambda x: box[0].a * x + box[0].b, change


@value
def static_and_class_methods() -> Program:
    class Model:
        rate = 1.0
        scale: Any = np.ones(3)

        @staticmethod
        def s(x: Any) -> Any:
            return x * RATE

        @classmethod
        def c(cls, x: Any) -> Any:
            return cls.s(x) * cls.rate + cls.scale

    def change(k: int) -> None:
        global RATE
        RATE = 1.5 * k
        Model.rate = 2.0 + k
        Model.scale = Model.scale + 1

    return Model.c, change


@value
def an_attrgetter() -> Program:
    holder = types.SimpleNamespace(inner=types.SimpleNamespace(w=np.ones(3)))
    get = operator.attrgetter("inner.w")

    def change(k: int) -> None:
        holder.inner.w = np.full(3, 1.0 + k)

    return lambda x: get(holder) * x, change


@value
def an_object_bound_anew() -> Program:
    class Layer:
        def __init__(self, w: float) -> None:
            self.w = np.full(3, w)

        def __call__(self, x: Any) -> Any:
            return np.tanh(self.w * x)

    class Net:
        def __init__(self) -> None:
            self.layers = [Layer(1.0), Layer(2.0)]

        def __call__(self, x: Any) -> Any:
            for layer in self.layers:
                x = layer(x)
            return x

    net = Net()

    def change(k: int) -> None:
        if k == 2:
            net.layers.append(Layer(0.5))
        else:
            net.layers[k] = Layer(3.0 + k)

    return net, change


@value
def a_local_name_for_what_is_outside() -> Program:
    model = types.SimpleNamespace(p={"W": np.ones(3)}, rate=1.0)

    def f(x: Any) -> Any:
        m = model
        p = m.p
        return sum(w * x for w in p.values()) * vars(m)["rate"]

    def change(k: int) -> None:
        model.p["W"] = np.full(3, 2.0 + k)
        model.rate = 3.0 + k

    return f, change


@value
def getattr_by_a_computed_name() -> Program:
    model = types.SimpleNamespace(w0=1.0, w1=2.0)

    def change(k: int) -> None:
        model.w1 = 5.0 + k

    return lambda x: sum(getattr(model, f"w{k}") * x for k in range(2)), change


@value
def a_user_getattr() -> Program:
    class Store:
        def __init__(self) -> None:
            self.inside = {"w": 1.0}

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or name == "inside":
                raise AttributeError(name)
            return self.inside[name]

    store = Store()

    def change(k: int) -> None:
        store.inside["w"] = 2.0 + k

    return lambda x: store.w * x, change


@value
def operators_of_a_class() -> Program:
    class Weight:
        def __init__(self, v: Any) -> None:
            self.v = v

        def __mul__(self, x: Any) -> Any:
            return self.v * x * RATE

    w = Weight(np.ones(3))

    def change(k: int) -> None:
        global RATE
        RATE = 2.0 + k
        w.v = w.v + 1

    return lambda x: w * x, change


@refused
def a_cached_property() -> Program:
    class Model:
        w = 1.0

        @functools.cached_property
        def table(self) -> Any:
            return np.ones(3) * self.w

    model = Model()

    def change(k: int) -> None:
        model.w = 2.0 + k

    return lambda x: model.table * x, change


@value
def a_generator_in_an_attribute() -> Program:
    class Noise:
        def __init__(self) -> None:
            self.rng = np.random.default_rng(3)
            self.s = 1.0

        def __call__(self, x: Any) -> Any:
            return x + self.s * self.rng.normal(size=3) * self.rng.random()

    noise = Noise()

    def change(k: int) -> None:
        noise.s = 1.0 + k

    return noise, change
