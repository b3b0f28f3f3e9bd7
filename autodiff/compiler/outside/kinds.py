"""The kinds of objects that a walk meets, and how each is looked into."""

from __future__ import annotations

import collections
import contextvars
import datetime as dt
import decimal
import fractions
import functools
import logging
import operator
import pathlib
import random
import re
import threading
import types
import uuid
from typing import Any

import numpy as np

from ...base.made import Learnt
from ...programs.tracing import Graph
from ...rules.primitive import Interval, Primitive
from .library import HEAP

VALUES = (bool, str, bytes, type(None), type(Ellipsis), type(NotImplemented), range)
IMMUTABLE = (
    *(np.dtype, slice, fractions.Fraction, decimal.Decimal, dt.date, dt.time),
    *(dt.timedelta, dt.tzinfo, re.Pattern, pathlib.PurePath, uuid.UUID),
    *(types.GenericAlias, types.UnionType),
)
# What a class of the user's may inherit a value from.
VALUES_OF = (int, float, complex, str, bytes, *IMMUTABLE[:7])
# Known by identity: they hold no numbers, or cannot change.
ENDS = (
    *(type(np.sum), np.ufunc, Graph, Learnt, Primitive, logging.Logger),
    *(type(threading.Lock()), type(threading.RLock())),
    type(vars(Interval)["low"]),  # what reads a field of a named tuple
)
GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)
BUILTINS = (
    *(types.BuiltinFunctionType, types.MethodWrapperType, types.MethodDescriptorType),
    *(types.WrapperDescriptorType, types.ClassMethodDescriptorType, type(np.random.default_rng)),
    *(types.GetSetDescriptorType, types.MemberDescriptorType),
)
GETTERS = (operator.attrgetter, operator.itemgetter, operator.methodcaller)
DISPATCHED: Any = functools.singledispatch(len)
DISPATCH = DISPATCHED.__code__  # of whatever that makes
MOVING = (float, int)  # numbers of Python's that may become inputs
# What a function or a class says about itself: attributes that are not in its `__dict__`.
SAID = ("__name__", "__qualname__", "__doc__", "__module__", "__annotations__", "__type_params__")
MAKING = frozenset(("__init__", "__new__", "__post_init__"))
UNREAD = frozenset(
    ("__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "_abc_impl")
)


class Same:
    """An object as a part of a key: equal to itself alone."""

    __slots__ = ("it",)

    def __init__(self, it: Any) -> None:
        self.it = it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.it is other.it

    def __hash__(self) -> int:
        return id(self.it)


class Owner:
    """What holds values that may be exchanged: `thing`, whose `values` were found at `keys`.

    `kind` says how: a "mapping", a "sequence", a "tuple", a "set", a "cell", an object with
    "slots" (whose keys are the descriptors), an "object" with its class and its `__dict__`, a
    "class" with those that it inherits from, a context "variable", a "function" with its code, its
    defaults and its `__dict__`, a thing of C that is "named" to have attributes.
    """

    def __init__(self, kind: str, thing: Any, path: str) -> None:
        self.kind, self.thing, self.path = kind, thing, path
        self.keys: list[Any] = []
        self.values: list[Any] = []
        self.inputs: dict[Any, int] = {}  # key: which input of the program stands there
        self.absent: frozenset[Any] = frozenset()
        self.whole = False  # is every key of it watched?
        self.of: type | None = None  # the class whose names these are
        self.never_changes = False  # is it a function of a library, or what that closes over?


class Wrapper:
    """A callable of ours that stands for the function `_f`: it is walked as that function."""

    _f: Any


class WatchedFromOutsideError(Exception):
    """The function uses a variable outside it that another transform is watching."""


CONTENTS: Any = types.CellType.__dict__["cell_contents"]


def as_key(x: Any) -> tuple[Any, ...]:
    """A number, to the bit and with its type."""
    if isinstance(x, np.generic):
        return x.__class__, x.dtype.str, x.tobytes()
    return x.__class__, x if x.__class__ is int else repr(x)


def contents_of(x: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    return x.shape, x.dtype.str, x.tobytes()


def attributes_of(x: Any) -> dict[str, Any] | None:
    try:
        found = object.__getattribute__(x, "__dict__")
    except AttributeError:
        return None
    return found if isinstance(found, dict) else None


BUILT_IN = (
    *(collections.OrderedDict, dict, list, tuple, set, frozenset, collections.deque),
    types.MappingProxyType,
)


def raw(x: Any) -> Any:
    """The built-in class of a container, whose methods a subclass may have overridden."""
    return next(c for c in BUILT_IN if isinstance(x, c))


def items_of(d: Any) -> list[tuple[Any, Any]]:
    """The entries of a dict, in its order."""
    return list(raw(d).items(d))


def slots_of(cls: type) -> list[tuple[str, Any]]:
    return [
        (name, slot)
        for c in cls.__mro__
        if c.__flags__ & HEAP and "__slots__" in vars(c)  # those of C cannot be written
        for name, slot in vars(c).items()
        if isinstance(slot, types.MemberDescriptorType)
    ]


def holds(slot: Any, x: Any) -> bool:
    try:
        slot.__get__(x, type(x))
    except (AttributeError, ValueError):
        return False
    return True


def value_of(variable: contextvars.ContextVar[Any]) -> Any:
    """What a context variable is now; `Same` where it has no value."""
    try:
        return variable.get()
    except LookupError:
        return Same
