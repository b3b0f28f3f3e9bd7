"""The function that is traced: a copy, with tracked values in place of the arrays that it reads.

Functions get globals and cells of their own, objects attributes of their own, so that a trace
changes nothing that others see. What the trace has changed in the copies is what the function would
have changed outside: it is refused by name.
"""

from __future__ import annotations

import enum
import functools
import random
import types
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...rules.primitive import Traced
from .draws import Drawing, Draws, check_drawn, seeded, state_of, states
from .effects import Slots, changed, changing, check_unchanged, filled, held, put_back
from .guards import World
from .kinds import (
    DISPATCH,
    GENERATORS,
    Owner,
    Same,
    Wrapper,
    attributes_of,
    contents_of,
    holds,
    items_of,
    slots_of,
)
from .library import OutsideError, copyable, is_library, refused

MUTABLE = (list, dict, set)
OF_NUMPY = frozenset(("seed", "set_bit_generator", "get_bit_generator"))  # functions of its own


class Copy:
    """A copy of what a walk has found, made as far as it is asked for."""

    def __init__(
        self, world: World, tracked: Sequence[Any], draws: Draws, given: dict[int, Any]
    ) -> None:
        self.world, self.walk, self.draws = world, world.walk, draws
        self.made = dict(given)  # arguments that the function compares with what is outside
        self.tracked = [given.get(id(x), t) for x, t in zip(world.arrays(), tracked, strict=True)]
        self.refusals: list[Exception] = []
        self.watched: list[tuple[Any, Any, str]] = []  # a copy, what it held, and its path
        self.handles = [
            (t, t.node, path) for t, (_, _, path) in zip(tracked, self.walk.inputs, strict=True)
        ]
        self.constants: list[tuple[Any, Any, str]] = []  # arrays that the program must not change
        self.places = {id(x): k for k, (x, _, _) in enumerate(self.walk.generators)}
        self.states = [state_of(x) for x, _, _ in self.walk.generators]
        self.shared = states()

    def of(self, x: Any) -> Any:
        """The copy of an object, or itself where none is needed."""
        if id(x) in self.made:
            return self.made[id(x)]
        if isinstance(x, GENERATORS) and id(x) in self.places:
            k = self.places[id(x)]
            _, path, fixed = self.walk.generators[k]
            return x if fixed else self.keep(x, Drawing(x, k, path, self.draws))
        if id(x) in self.walk.fixed or id(x) not in self.walk.seen or isinstance(x, enum.Enum):
            return self.random(x)
        return self.copied(x)

    def keep(self, x: Any, made: Any) -> Any:
        self.made[id(x)] = made
        return made

    def random(self, x: Any) -> Any:
        return seeded if x is np.random.default_rng and id(x) not in self.walk.fixed else x

    def copied(self, x: Any) -> Any:
        cls: Any = type(x)
        if isinstance(x, types.FunctionType):
            return self.dispatching(x) if x.__code__ is DISPATCH else self.function(x)
        if isinstance(x, types.MethodType):
            owner = self.of(x.__self__)
            if isinstance(x.__self__, GENERATORS):
                return getattr(owner, x.__name__)
            return self.keep(x, types.MethodType(self.of(x.__func__), owner))
        if isinstance(x, Wrapper):
            return self.wrapper(x, cls)
        if isinstance(x, functools.partial):
            return self.partial(x, cls)
        if isinstance(x, types.ModuleType):
            return self.module(x)
        if isinstance(x, types.BuiltinFunctionType) or x is np.random.default_rng:
            owner = getattr(x, "__self__", None)
            if owner is None or isinstance(owner, (types.ModuleType, type)):
                return self.random(x)
            bent = self.of(owner)
            return x if bent is owner else getattr(bent, x.__name__)
        if isinstance(x, tuple):
            return self.tuple(x, cls)
        if isinstance(x, MUTABLE) or (isinstance(x, frozenset) and cls is not frozenset):
            return self.container(x, cls)
        if copyable(cls) and (attributes_of(x) is not None or slots_of(cls)):
            return self.instance(x, cls)
        return x

    # -- what holds values -----------------------------------------------------------------------
    def owned(self, kind: str, thing: Any) -> Owner | None:
        return self.walk.owners.get((id(thing), kind))

    def put(self, owner: Owner, key: Any, value: Any) -> Any:
        if key in owner.inputs:
            return self.tracked[owner.inputs[key]]
        if value.__class__ is np.ndarray and id(value) not in self.made:
            self.keep(value, value.copy())
            self.constants.append((self.made[id(value)], contents_of(value), owner.path))
        return self.of(value)

    def pairs(self, owner: Owner | None) -> Any:
        return () if owner is None else zip(owner.keys, owner.values, strict=True)

    def watch(self, x: Any, path: str) -> None:
        self.watched.append((x, held(x), path))

    def function(self, f: Any) -> Any:
        cells = tuple(types.CellType() for _ in f.__closure__ or ())
        cells = tuple(
            self.made.setdefault(id(c), new)
            for c, new in zip(f.__closure__ or (), cells, strict=True)
        )
        scope = self.scope(f.__globals__) if self.owned("mapping", f.__dict__) else f.__globals__
        new = types.FunctionType(f.__code__, scope, f.__name__, None, cells or None)
        self.keep(f, new)
        new.__defaults__ = self.of(f.__defaults__)
        new.__kwdefaults__ = self.of(f.__kwdefaults__)
        new.__qualname__, new.__module__, new.__doc__ = f.__qualname__, f.__module__, f.__doc__
        for old, cell in zip(f.__closure__ or (), cells, strict=True):
            if filled(cell) or not filled(old):
                continue
            owner = self.owned("cell", old)
            assert owner is not None
            cell.cell_contents = self.put(owner, "contents", old.cell_contents)
            self.watch(cell, owner.path)
        for name, said in self.pairs(self.owned("named", f)):
            if said is not Same:
                setattr(new, name, said)
        owner = self.owned("mapping", f.__dict__)
        if owner is not None:
            self.keep(f.__dict__, new.__dict__).update(f.__dict__)
            new.__dict__.update({k: self.put(owner, k, v) for k, v in self.pairs(owner)})
            self.watch(new.__dict__, f.__name__)
        self.watch(new, f.__name__)
        return new

    def dispatching(self, f: Any) -> Any:
        """A function of functools.singledispatch: it chooses by the class of a value, not by that
        of what is tracked for it."""

        def chosen(x: Any, *args: Any, **kwargs: Any) -> Any:
            cls = type(x.value) if isinstance(x, Traced) else x.__class__
            return self.of(f.dispatch(cls))(x, *args, **kwargs)

        return self.keep(f, functools.update_wrapper(chosen, f))

    def scope(self, found: dict[str, Any]) -> dict[str, Any]:
        """The globals of a module of the user's."""
        if id(found) in self.made:
            return self.made[id(found)]  # type: ignore[no-any-return]
        new = self.keep(found, dict(found))
        owner = self.owned("mapping", found)
        for k, v in self.pairs(owner):
            if (id(found), k) not in self.walk.fixed:
                new[k] = self.put(owner, k, v)  # type: ignore[arg-type]
        self.watch(new, "")
        return new  # type: ignore[no-any-return]

    def module(self, m: types.ModuleType) -> Any:
        """A module of the user's with its variables exchanged; of a library, one whose random
        numbers are noted, and which refuses what asks the world."""
        new = types.ModuleType(m.__name__, m.__doc__)
        if not is_library(m):
            self.keep(m, new)
            new.__dict__.update(self.scope(vars(m)))
            self.watch(new.__dict__, m.__name__)
        elif id(m) not in self.walk.bent:
            return self.keep(m, m)
        else:
            self.keep(m, new)
            path, asked = self.walk.bent[id(m)]

            def read(name: str) -> Any:
                if name in asked:
                    raise self.refuse(refused(f"{path}.{name}", asked[name]))
                return getattr(m, name)

            inside = {k: v for k, v in vars(m).items() if k not in asked}
            parts = {k: self.of(v) for k, v in inside.items() if isinstance(v, types.ModuleType)}
            new.__dict__.update({**inside, **parts, "__getattr__": read})
        if m is np.random or m is random:
            shared = np.random.mtrand._rand if m is np.random else random._inst  # type: ignore[attr-defined]
            drawing = self.of(shared)
            names = {k for k, f in vars(m).items() if bound(f, shared)} | OF_NUMPY & vars(m).keys()
            new.__dict__.update({k: Later(drawing, k) for k in names}, default_rng=seeded)
        return new

    def refuse(self, error: Exception) -> Exception:
        """To be raised, and again when the function has come to its end: it may catch it."""
        self.refusals.append(error)
        return error

    def tuple(self, x: Any, cls: Any) -> Any:
        owner = self.owned("tuple", x)
        items = [self.put(owner, k, v) for k, v in self.pairs(owner)]  # type: ignore[arg-type]
        if attributes_of(x) is None and all(a is b for a, b in zip(items, x, strict=True)):
            return x
        new = self.keep(x, tuple.__new__(cls, items))
        self.attributes(x, new, owner.path if owner else "")
        return new

    def partial(self, x: Any, cls: Any) -> Any:
        new = self.keep(x, functools.partial.__new__(cls, x.func))
        new.__setstate__((*map(self.of, (x.func, x.args, x.keywords)), None))
        self.attributes(x, new, "")
        return new

    def wrapper(self, x: Any, cls: Any) -> Any:
        new = self.keep(x, Standin(self.of(x._f)))
        new.kind = cls
        self.attributes(x, new, "")
        return new

    def container(self, x: Any, cls: Any) -> Any:
        new = self.keep(x, bare_copy(x, cls))
        for name, value in self.pairs(self.owned("named", x)):  # the factory of a defaultdict
            setattr(new, name, self.of(value))
        path = next((o.path for k in ("mapping", "sequence", "set") if (o := self.owned(k, x))), "")
        for k, v in self.pairs(self.owned("mapping", x)):
            dict.__setitem__(new, k, self.put(self.owned("mapping", x), k, v))  # type: ignore[arg-type]
        for k, v in self.pairs(self.owned("sequence", x)):
            list.__setitem__(new, k, self.put(self.owned("sequence", x), k, v))  # type: ignore[arg-type]
        self.attributes(x, new, path)
        self.watch(new, path)
        return new

    def instance(self, x: Any, cls: Any) -> Any:
        if cls is types.SimpleNamespace:
            new = types.SimpleNamespace()
        else:
            new = object.__new__(cls)
        self.keep(x, new)
        self.attributes(
            x, new, next((o.path for o in self.walk.owners.values() if o.thing is x), "")
        )
        return new

    def attributes(self, x: Any, new: Any, path: str) -> None:
        d = attributes_of(x)
        if d is not None:
            if id(d) in self.made and not isinstance(x, types.SimpleNamespace):
                object.__setattr__(new, "__dict__", self.made[id(d)])  # it is shared
            inside = attributes_of(new)
            assert inside is not None
            self.keep(d, inside)
            owner = self.owned("mapping", d)
            inside.update(d)
            inside.update({k: self.put(owner, k, v) for k, v in self.pairs(owner)})  # type: ignore[arg-type]
            self.watch(inside, owner.path if owner else path)
        slots = slots_of(type(x))
        owner = self.owned("slots", x)
        for _, slot in slots:
            if holds(slot, x):
                value = slot.__get__(x)
                slot.__set__(new, self.put(owner, slot, value) if owner else value)
        if slots:
            self.watch(Slots(new, [s for _, s in slots]), owner.path if owner else path)

    # -- effects -----------------------------------------------------------------------------------
    def check(self) -> None:
        """Refuse what the function has changed outside of itself."""
        for error in self.refusals:
            raise error
        if self.draws.strict:
            raise OutsideError(
                "jit: the function computes where np.errstate or np.seterr makes floating-point "
                'errors more than warnings, which compiled code does not; set them to "warn" or '
                '"ignore", or write jit(f, pure=True)'
            )
        check_drawn(self.shared, states())
        check_drawn(self.states, [state_of(x) for x, _, _ in self.walk.generators])
        check_unchanged(self.watched)
        for handle, node, path in self.handles:
            if handle.node is not node:
                raise changing(f"the array {path} in place")
        array = next((p for x, was, p in self.constants if contents_of(x) != was), None)
        somewhere = array or changed(self.world)
        if somewhere is not None:
            raise changing(somewhere)

    def put_back(self) -> None:
        """Undo what the function has changed of what is not copied."""
        put_back(self.world, self.made)


def bare_copy(x: Any, cls: Any) -> Any:
    """A container again, by the built-in methods: those of the user's may have effects."""
    if isinstance(x, frozenset):
        return frozenset.__new__(cls, x)
    base: Any = OrderedDict if isinstance(x, OrderedDict) else defaultdict
    if not isinstance(x, base):
        base = next(c for c in MUTABLE if isinstance(x, c))
    new = base.__new__(cls)
    if base is list:
        list.extend(new, list.__iter__(x))
    elif base is set:
        set.update(new, set.__iter__(x))
    for k, v in items_of(x) if isinstance(x, dict) else ():
        base.__setitem__(new, k, v)
    return new


class Standin(functools.partial):  # type: ignore[type-arg]
    """What stands for a compiled function in one that is traced: it has its attributes, and calls
    the plain function."""

    kind: type = object

    def __getattr__(self, name: str) -> Any:
        if hasattr(self.kind, name):
            raise refused(
                f"{name} of a compiled function", "which its calls change", "read it outside"
            )
        raise AttributeError(f"{self.kind.__name__!r} object has no attribute {name!r}")


class Later:
    """A method of a generator as a function of its module: looked up when it is called."""

    def __init__(self, generator: Any, name: str) -> None:
        self.generator, self.name = generator, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.generator, self.name)(*args, **kwargs)


def bound(f: Any, generator: Any) -> bool:
    return getattr(f, "__self__", None) is generator
