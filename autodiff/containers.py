"""Nests of list, tuple, dict, named tuple and dataclass: taken apart into leaves, and put back."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from .errors import AutodiffError, ShapeError


class Structure(NamedTuple):
    """How to put leaves back: what kind of container, its keys, and the structure of each part."""

    kind: Any  # the container's class; `Leaf` or `Nothing` at the ends
    keys: tuple[Any, ...]
    parts: tuple[Structure, ...]
    data: Any = None  # what else the container holds, comparable with ==

    @property
    def size(self) -> int:
        return 1 if self.kind is Leaf else sum(part.size for part in self.parts)


class Leaf:
    """Marks a place for one array or number."""


class Nothing:
    """Marks a ``None``: a place without a leaf."""


LEAF = Structure(Leaf, (), ())
NOTHING = Structure(Nothing, (), ())

LEAVES: set[Any] = {float, int, complex, np.ndarray, np.float64, np.float32}  # every day's
PLAIN: set[Any] = {tuple, list}  # containers of leaves, mostly: arguments, results
REGISTERED: dict[type, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]] = {}


def register_container(
    cls: type,
    flatten: Callable[[Any], tuple[Sequence[Any], Any]],
    unflatten: Callable[[Any, Sequence[Any]], Any],
) -> None:
    """Let transforms look inside a class of yours.

    `flatten(obj)` returns ``(children, metadata)``, `unflatten(metadata, children)` puts an object
    back together, of gradients as well as of values; the metadata must be comparable with ``==``.
    Subclasses of `cls` are registered on their own. Lists, tuples, dicts and dataclasses need no
    registration: a field of a dataclass that is no number or array is declared with
    ``dataclasses.field(metadata={"static": True})``.

    >>> import autodiff as ad
    >>> class Pair:
    ...     def __init__(self, a, b): self.a, self.b = a, b
    >>> ad.register_container(Pair, lambda p: ((p.a, p.b), None), lambda _, ab: Pair(*ab))
    >>> ad.grad(lambda p: p.a * p.b)(Pair(2.0, 3.0)).a
    3.0
    """
    if not isinstance(cls, type) or not callable(flatten) or not callable(unflatten):
        raise TypeError(
            "register_container takes a class and two functions: register_container(Pair, "
            "lambda p: ((p.a, p.b), None), lambda metadata, children: Pair(*children))"
        )
    LEAVES.discard(cls)
    PLAIN.discard(cls)
    REGISTERED[cls] = (flatten, unflatten)


class Fields(NamedTuple):
    """The fields of a dataclass: those that hold parts, those that hold data, and whether its own
    ``__post_init__`` derives the others from them."""

    parts: tuple[str, ...]
    data: tuple[str, ...]
    derives: bool


@lru_cache
def fields_of(cls: type) -> Fields:
    fields = dataclasses.fields(cls)
    derives = hasattr(cls, "__post_init__") and not all(f.init for f in fields)
    kept = [f for f in fields if f.init or not derives]
    static = tuple(f.name for f in kept if f.metadata.get("static"))
    return Fields(tuple(f.name for f in kept if f.name not in static), static, derives)


def _open(tree: Any) -> tuple[Any, tuple[Any, ...], Sequence[Any], Any] | None:
    """Kind, keys, children and data of a container, or `None` for a leaf."""
    cls = type(tree)
    if cls in LEAVES:
        return None
    if cls in REGISTERED:
        return cls, (), *_opened_by_user(tree)
    if cls is tuple or cls is list:
        return cls, (), tree, None
    if isinstance(tree, dict):
        factory = tree.default_factory if isinstance(tree, defaultdict) else None
        return cls, tuple(tree), list(tree.values()), factory
    if isinstance(tree, (list, tuple)):
        return cls, tuple(getattr(tree, "_fields", ())), list(tree), None
    if dataclasses.is_dataclass(cls):
        names, static, _ = fields_of(cls)
        data = tuple(getattr(tree, name) for name in static) or None
        return cls, names, [getattr(tree, name, None) for name in names], data
    return None


def _opened_by_user(tree: Any) -> tuple[list[Any], Any]:
    found = REGISTERED[type(tree)][0](tree)
    if not isinstance(found, tuple) or len(found) != 2 or not isinstance(found[0], (list, tuple)):
        raise TypeError(
            f"register_container({type(tree).__name__}, flatten, ...): flatten must return "
            f"(children, metadata), with children a list or a tuple; it returned {found!r:.60}"
        )
    return list(found[0]), found[1]


@lru_cache
def of_leaves(kind: type, size: int) -> Structure:
    return Structure(kind, (), (LEAF,) * size)


# Recursive functions stand at the top level: one that names itself in a closure is a reference
# cycle, and would keep its leaves, and their tape, alive.
def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of a nest, in order, and its structure."""
    if tree.__class__ in LEAVES:
        return [tree], LEAF
    if tree.__class__ in PLAIN and LEAVES.issuperset(map(type, tree)):
        return list(tree), of_leaves(tree.__class__, len(tree))
    leaves: list[Any] = []
    return leaves, _take_apart(tree, leaves)


def _take_apart(node: Any, leaves: list[Any]) -> Structure:
    if node is None:
        return NOTHING
    opened = _open(node)
    if opened is None:
        leaves.append(node)
        return LEAF
    kind, keys, children, data = opened
    return Structure(kind, keys, tuple(_take_apart(child, leaves) for child in children), data)


def unflatten(structure: Structure, leaves: Sequence[Any]) -> Any:
    """The nest that `flatten` took apart, with new leaves."""
    if structure is LEAF:
        return leaves[0]
    return _put_together(structure, iter(leaves))


def unflatten_each(structures: Sequence[Structure], leaves: Sequence[Any]) -> tuple[Any, ...]:
    """The nests whose leaves stand here one after the other."""
    supply = iter(leaves)
    return tuple([next(supply) if s is LEAF else _put_together(s, supply) for s in structures])


def _put_together(s: Structure, supply: Iterator[Any]) -> Any:
    if s.kind is Leaf:
        return next(supply)
    if s.kind is Nothing:
        return None
    children = [next(supply) if p is LEAF else _put_together(p, supply) for p in s.parts]
    if s.kind in REGISTERED:
        return REGISTERED[s.kind][1](s.data, children)
    if s.kind is tuple:
        return tuple(children)
    if issubclass(s.kind, dict):
        items = dict(zip(s.keys, children, strict=True))
        factory = (s.data,) if issubclass(s.kind, defaultdict) else ()
        return _built(s.kind, *factory, items)
    if issubclass(s.kind, tuple) and s.keys:
        return s.kind._make(children)
    if issubclass(s.kind, (list, tuple)):
        return _built(s.kind, children)
    return _dataclass(s, children)


def _built(cls: Any, *args: Any, **fields: Any) -> Any:
    try:
        made = cls(*args, **fields)
        if args and len(made) != len(args[-1]):
            raise TypeError("its constructor takes something else")
        return made
    except AutodiffError:
        raise
    except (TypeError, ValueError) as error:
        name = cls.__name__
        raise ShapeError(
            f"{name} could not be put back together from its parts ({error}); "
            f"say how with autodiff.register_container({name}, flatten, unflatten)"
        ) from error


def _dataclass(s: Structure, children: Sequence[Any]) -> Any:
    """A dataclass, field by field: its ``__init__`` and ``__post_init__`` may well check or convert
    what a gradient is not. They run only where they derive fields from the others."""
    _, static, derives = fields_of(s.kind)
    values = dict(zip((*s.keys, *static), (*children, *(s.data or ())), strict=True))
    if derives:
        return _built(s.kind, **values)
    made = object.__new__(s.kind)
    for name, value in values.items():
        object.__setattr__(made, name, value)  # a frozen one has no other way
    return made


def paths(structure: Structure, root: str) -> Iterator[str]:
    """What a person would write for each leaf: ``params['W'][0]``, ``state.mean``."""
    if structure.kind is Leaf:
        yield root
        return
    for part, name in zip(structure.parts, _names(structure, root), strict=True):
        yield from paths(part, name)


def _names(s: Structure, root: str) -> Iterator[str]:
    """What a person would write for each part."""
    if not s.keys:
        return (f"{root}[{k}]" for k in range(len(s.parts)))
    if issubclass(s.kind, dict):
        return (f"{root}[{key!r}]" for key in s.keys)
    return (f"{root}.{key}" for key in s.keys)


def flatten_like(tree: Any, structure: Structure, what: str, absent: Any = None) -> list[Any]:
    """The leaves of `tree`, which must have the given structure; the keys of a dict may come in
    another order. Where `absent` is given, it is the leaf that a ``None`` stands for."""
    if structure is LEAF and tree.__class__ in LEAVES:
        return [tree]
    flat = tree.__class__ in PLAIN and LEAVES.issuperset(map(type, tree))
    if flat and structure is of_leaves(tree.__class__, len(tree)):
        return list(tree)
    leaves: list[Any] = []
    where = _match(tree, structure, absent, leaves)
    if where is not None:
        at = f" (it differs at {_named(structure, what, where)})" if where else ""
        raise ShapeError(
            f"{what} has structure {describe(flatten(tree)[1])}, expected {describe(structure)}{at}"
        )
    return leaves


def _match(tree: Any, s: Structure, absent: Any, leaves: list[Any]) -> tuple[int, ...] | None:
    """Collect the leaves of `tree` in the order of `s`, or say which part of which part differs."""
    if tree is None:
        leaves += [absent] * s.size
        return () if absent is None and s.kind is not Nothing else None
    opened = _open(tree)
    if opened is None:
        leaves.append(tree)
        return None if s.kind is Leaf else ()
    kind, keys, children, data = opened
    if kind is not s.kind or len(children) != len(s.parts) or not _same(data, s.data, kind):
        return ()
    if issubclass(kind, dict):
        if set(keys) != set(s.keys):
            return ()
        children = [tree[key] for key in s.keys]
    for k, child in enumerate(children):
        where = _match(child, s.parts[k], absent, leaves)
        if where is not None:
            return (k, *where)
    return None


def _named(s: Structure, root: str, place: Sequence[int]) -> str:
    """What a person would write for the part of a part at `place`."""
    for k in place:
        s, root = s.parts[k], list(_names(s, root))[k]
    return root


def _same(a: Any, b: Any, kind: type) -> bool:
    try:
        return bool(a == b)
    except ValueError:
        raise ShapeError(
            f"the metadata of {kind.__name__} cannot be compared with ==: keep arrays among its "
            "children, and numbers, strings or tuples in its metadata"
        ) from None


def describe(structure: Structure, leaf: Callable[[], str] = lambda: "*") -> str:
    """``{'W': *, 'b': (*, *)}``, with a star for each leaf, or what `leaf` says of the next one."""
    if structure.kind is Leaf:
        return leaf()
    if structure.kind is Nothing:
        return "None"
    parts = [describe(part, leaf) for part in structure.parts]
    if structure.kind is tuple:
        return "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"
    if structure.kind is list:
        return "[" + ", ".join(parts) + "]"
    if issubclass(structure.kind, dict):
        pairs = zip(structure.keys, parts, strict=True)
        return "{" + ", ".join(f"{k!r}: {part}" for k, part in pairs) + "}"
    keys = structure.keys or [""] * len(parts)
    named = [f"{k}={part}" if k else part for k, part in zip(keys, parts, strict=True)]
    return f"{structure.kind.__name__}({', '.join([*named, *_described_data(structure)])})"


def _described_data(s: Structure) -> list[str]:
    if s.data is None:
        return []
    if s.kind in REGISTERED:
        return [f"metadata={s.data!r:.40}"]
    return [f"{k}={v!r:.40}" for k, v in zip(fields_of(s.kind).data, s.data, strict=True)]
