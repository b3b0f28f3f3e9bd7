"""The walk: from a function through all that its code can reach, to values that end it.

    functions   their globals, cells and defaults, by the names in their code
    objects     the attributes that are named anywhere in that code; all of a library's objects
    containers  every entry
    classes     the same names and all operators; their functions cannot be handed other values, so
                that what is reached through a class is *fixed*: guarded, never an input

It goes round until no further name is found. What it leaves is a list of owners with what they hold
(guards.py watches them, copying.py puts tracked values in their place) and a key, equal for two
walks that found the same but for the values of the inputs.
"""

from __future__ import annotations

import contextvars
import functools
import io
import types
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...base.shapes import PYTHON_SCALARS
from ...programs.tracing import is_numeric
from ...rules.primitive import Traced
from ..ir.leaves import kind_of_leaf
from . import library
from .code import FORMATS, fields
from .functions import walk_callable, walk_function
from .holders import walk_container
from .kinds import (
    BUILTINS,
    ENDS,
    GENERATORS,
    GETTERS,
    IMMUTABLE,
    MOVING,
    VALUES,
    Owner,
    Same,
    WatchedFromOutsideError,
    Wrapper,
    as_key,
    contents_of,
    value_of,
)
from .namespaces import check_class, walk_builtin, walk_cached, walk_class, walk_module

MOST = 20_000  # objects, after which the walk gives up


class Walk:
    """See the module. `plain` are the paths of values that must stay what they are, by request of
    an earlier trace; `before` what numbers were, by path: one that moved since is an input."""

    def __init__(self, plain: Iterable[str], before: dict[str, Any], moving: Iterable[str]) -> None:
        self.plain, self.before, self.moving = set(plain), before, set(moving)
        self.names: set[str] = set()
        self.fixed: set[Any] = set()  # ids of what is reached in a way that no copy can bend
        self.any_name = False  # does the code look attributes up by computed names?
        self.bare = False  # does it ask what is an array?
        self.made: set[type] = set()  # classes that the code can call
        self.compares = False  # does it ask whether two arrays are the same object?
        self.typed = False  # does it ask what is a number?
        self.package: str | None = None  # an installed package that the walk is in

    def knowing(self, other: Walk) -> Walk:
        """With the names that another walk of the same function has found, so as to find them all
        in one round."""
        self.names, self.made = set(other.names), set(other.made)
        self.any_name, self.bare, self.typed = other.any_name, other.bare, other.typed
        self.compares = other.compares
        return self

    def go(self, roots: Sequence[tuple[Any, str, bool]]) -> Walk:
        self.roots = roots  # a world is looked up by their ids
        while True:
            self.owners: dict[Any, Owner] = {}
            self.inputs: list[tuple[Owner, Any, str]] = []
            self.contents: list[tuple[np.ndarray[Any, Any], str, tuple[Any, ...]]] = []
            self.generators: list[tuple[Any, str, bool]] = []
            self.numbers: dict[str, Any] = {}
            self.seen: dict[int, int] = {}
            self.alive: list[Any] = []
            self.found: list[Any] = []
            self.arrays: dict[int, int] = {}  # which input an array is, by its id
            self.aliases: list[tuple[Owner, Any]] = []
            self.bent: dict[int, tuple[str, dict[str, str]]] = {}  # modules that are copied
            self.again = False
            known = self.known()
            try:
                for root in roots:
                    self.visit(*root)
            except RecursionError:
                raise library.refused(
                    roots[0][1],
                    "and a nest deeper than Python walks",
                    "keep it flatter",
                ) from None
            self.bare |= self.compares and any(id(x) in self.arrays for x, _, _ in self.contents)
            if not self.again and known == self.known():
                return self

    def known(self) -> tuple[Any, ...]:
        return (
            len(self.names),
            len(self.moving),
            self.any_name,
            self.bare,
            self.typed,
            self.compares,
        )

    # -- values ----------------------------------------------------------------------------------
    def place(self, owner: Owner, key: Any, value: Any, path: str, fixed: bool) -> None:
        """One value of an owner: an input, or looked into."""
        owner.keys.append(key)
        owner.values.append(value)
        if fixed or not self.is_input(value, path):
            self.visit(value, path, fixed)
        elif id(value) in self.arrays and value.__class__ is np.ndarray:
            owner.inputs[key] = self.arrays[id(value)]  # the same array in two places is one input
            self.aliases.append((owner, key))
            self.found.append(("the same as", owner.inputs[key]))
        else:
            owner.inputs[key] = self.arrays[id(value)] = len(self.inputs)
            self.inputs.append((owner, key, path))
            self.found.append(kind_of_leaf(value))

    def is_input(self, x: Any, path: str) -> bool:
        if self.bare or path in self.plain:
            return False
        if x.__class__ is np.ndarray:
            return x.dtype.kind in "fciub"
        is_number = x.__class__ in MOVING or isinstance(x, np.number)
        if self.typed or self.any_name or not is_number or not is_numeric(x):
            return False
        if self.before.get(path, as_key(x)) != as_key(x):
            self.moving.add(path)
        return path in self.moving

    def visit(self, x: Any, path: str, fixed: bool) -> None:
        cls = x.__class__
        if cls in VALUES:
            self.found.append((cls, x))
            if cls is str and not self.names.isdisjoint(FORMATS):
                self.names.update(fields(x))
        elif cls in PYTHON_SCALARS or isinstance(x, np.generic):
            self.numbers[path] = as_key(x)
            self.found.append(as_key(x))
        elif isinstance(x, Traced):
            raise WatchedFromOutsideError
        elif isinstance(x, np.ndarray):
            if fixed:
                self.fixed.add(id(x))
            self.array(x, path)
        elif id(x) in self.seen:
            self.found.append(self.seen[id(x)])
            if fixed and id(x) not in self.fixed:
                self.fixed.add(id(x))
                self.again = True
        else:
            self.seen[id(x)] = len(self.seen)
            self.alive.append(x)
            if fixed:
                self.fixed.add(id(x))
            if len(self.seen) > MOST:
                raise library.refused(path, f"and more than {MOST} objects with it")
            self.enter(x, path, id(x) in self.fixed)

    def enter(self, x: Any, path: str, fixed: bool) -> None:
        """Open something; what is refused behind the door of a package is the package's."""
        has_home = isinstance(x, (types.FunctionType, types.ModuleType, type))
        package = self.package or library.package_of(x if has_home else type(x))
        if package == self.package:
            self.open(x, path, fixed)
            return
        self.package = package
        try:
            self.open(x, path, fixed)
        except library.OutsideError as error:
            assert package is not None
            raise library.refused_with(package, path, error) from None
        finally:
            self.package = None

    def array(self, x: np.ndarray[Any, Any], path: str) -> None:
        if x is np.ma.masked:
            self.found.append(Same(x))
            return
        if x.dtype.hasobject:
            raise library.refused(path, "an array of objects", "make it a list, or one of numbers")
        if not library.is_library(type(x)):
            raise library.refused(
                path, f"a {type(x).__name__}, a class of arrays of your own",
                "pass it in as an argument as np.asarray(x), or write jit(f, pure=True)",
            )  # fmt: skip
        mask = getattr(x, "_mask", None)
        self.found += [Same(x.__class__), x.dtype.str]
        for part in (x, mask) if isinstance(mask, np.ndarray) else (x,):
            self.contents.append((part, path, contents_of(part)))
            self.found.append(self.contents[-1][-1])

    def open(self, x: Any, path: str, fixed: bool) -> None:
        cls: Any = type(x)
        library.refuse_unseen(cls, path)
        if isinstance(x, types.FunctionType):
            walk_function(self, x, path, fixed)
        elif isinstance(x, types.MethodType):
            self.found.append("method")
            self.visit(x.__func__, path, fixed)
            self.visit(x.__self__, path.rpartition(".")[0] or "self", fixed)
        elif isinstance(x, type):
            walk_class(self, x, path)
        elif isinstance(x, types.ModuleType):
            walk_module(self, x, path, fixed)
        elif isinstance(x, GENERATORS):
            self.found.append((Same(cls), Same(type(getattr(x, "bit_generator", None)))))
            self.generators.append((x, path, fixed))
        elif isinstance(x, (staticmethod, classmethod)):
            self.visit(x.__func__, path, True)
        elif isinstance(x, property):
            for f in (x.fget, x.fset, x.fdel):
                self.visit(f, path, True)
        elif isinstance(x, functools.cached_property):
            self.visit(x.func, path, True)
        elif isinstance(x, library.CACHED):
            walk_cached(self, x, path)
        elif isinstance(x, (Wrapper, functools.partial)):
            walk_callable(self, x, cls, path, fixed)
        elif isinstance(x, BUILTINS):
            walk_builtin(self, x, path, fixed)
        elif isinstance(x, GETTERS):
            self.names.update(
                n for a in x.__reduce__()[1] if isinstance(a, str) for n in a.split(".")
            )
            self.found.append(Same(cls))
            self.visit(x.__reduce__()[1], path, True)
        elif isinstance(x, contextvars.ContextVar):
            owner = self.owner("variable", x, path)
            self.place(owner, "value", value_of(x), path, True)
        elif isinstance(x, np.ufunc) and {*"".join(x.types)} <= {*"O->"}:
            raise library.refused(
                path, "made by np.frompyfunc, which hides its function", "call the function itself"
            )
        elif isinstance(x, ENDS) or cls is object:
            self.found.append(Same(x))
            check_class(self, cls, path)
        elif isinstance(x, IMMUTABLE) and library.is_library(cls):
            self.found.append((cls, repr(x)))
            check_class(self, cls, path)
        elif hasattr(cls, "__next__") and library.is_library(cls):
            what = "a file" if isinstance(x, io.IOBase) else "an iterator, which is used up"
            raise library.refused(path, what, "read it into a list first, and pass arrays")
        else:
            walk_container(self, x, cls, path, fixed)

    # -- what holds values -----------------------------------------------------------------------
    def named(self, x: Any, names: Iterable[str], path: str, fixed: bool = True) -> None:
        """Attributes of a thing of C, which are not in a `__dict__`."""
        seen = (id(x), "named") in self.owners
        for name in () if seen else names:
            owner = self.owner("named", x, path)
            self.found.append(name)
            self.place(owner, name, getattr(x, name, Same), f"{path}.{name}", fixed)

    def owner(self, kind: str, thing: Any, path: str) -> Owner:
        return self.owners.setdefault((id(thing), kind), Owner(kind, thing, path))

    def variable(self, owner: Owner, name: str, path: str, fixed: bool) -> None:
        """One name of a module, which many functions share."""
        key = (id(owner.thing), name)
        if name in owner.keys:
            if fixed and key not in self.fixed:
                self.fixed.add(key)
                self.again = True
            return
        if fixed:
            self.fixed.add(key)
        self.found.append(name)
        self.place(owner, name, owner.thing[name], path, key in self.fixed)
