"""Nests of list, tuple, dict, named tuple and dataclass: taken apart into leaves, and put back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from .errors import ShapeError


class Structure(NamedTuple):
    """How to put leaves back: what kind of container, its keys, and the structure of each part."""

    kind: Any  # the container's class; `Leaf` or `Nothing` at the ends
    keys: tuple[Any, ...]
    parts: tuple[Structure, ...]

    @property
    def size(self) -> int:
        return 1 if self.kind is Leaf else sum(part.size for part in self.parts)


class Leaf:
    """Marks a place for one array or number."""


class Nothing:
    """Marks a ``None``: a place without a leaf."""


LEAF = Structure(Leaf, (), ())
NOTHING = Structure(Nothing, (), ())

REGISTERED: dict[type, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]] = {}


def register_container(
    cls: type,
    flatten: Callable[[Any], tuple[Sequence[Any], Any]],
    unflatten: Callable[[Any, Sequence[Any]], Any],
) -> None:
    """Let transforms look inside a class of yours.

    `flatten(obj)` returns ``(children, metadata)``, `unflatten(metadata, children)` puts an object
    back together; the metadata must be comparable with ``==``.

    >>> import autodiff as ad
    >>> class Pair:
    ...     def __init__(self, a, b): self.a, self.b = a, b
    >>> ad.register_container(Pair, lambda p: ((p.a, p.b), None), lambda _, ab: Pair(*ab))
    >>> ad.grad(lambda p: p.a * p.b)(Pair(2.0, 3.0)).a
    3.0
    """
    REGISTERED[cls] = (flatten, unflatten)


def _open(tree: Any) -> tuple[Any, tuple[Any, ...], list[Any]] | None:
    """Kind, keys and children of a container, or `None` for a leaf."""
    cls = type(tree)
    if cls in REGISTERED:
        children, metadata = REGISTERED[cls][0](tree)
        return cls, (metadata,), list(children)
    if isinstance(tree, dict):
        keys = tuple(tree)
        return cls, keys, [tree[k] for k in keys]
    if isinstance(tree, (list, tuple)):
        return cls, tuple(getattr(tree, "_fields", ())), list(tree)
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        keys = tuple(f.name for f in dataclasses.fields(tree) if f.init)
        return cls, keys, [getattr(tree, k) for k in keys]
    return None


# Recursive functions stand at the top level: one that names itself in a closure is a reference
# cycle, and would keep its leaves, and their tape, alive.
def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of a nest, in order, and its structure."""
    leaves: list[Any] = []
    return leaves, _take_apart(tree, leaves)


def _take_apart(node: Any, leaves: list[Any]) -> Structure:
    if node is None:
        return NOTHING
    opened = _open(node)
    if opened is None:
        leaves.append(node)
        return LEAF
    kind, keys, children = opened
    return Structure(kind, keys, tuple(_take_apart(child, leaves) for child in children))


def unflatten(structure: Structure, leaves: Sequence[Any]) -> Any:
    """The nest that `flatten` took apart, with new leaves."""
    return _put_together(structure, iter(leaves))


def _put_together(s: Structure, supply: Iterator[Any]) -> Any:
    if s.kind is Leaf:
        return next(supply)
    if s.kind is Nothing:
        return None
    children = [_put_together(part, supply) for part in s.parts]
    if s.kind in REGISTERED:
        return REGISTERED[s.kind][1](s.keys[0], children)
    if issubclass(s.kind, dict):
        return s.kind(zip(s.keys, children, strict=True))
    if issubclass(s.kind, tuple) and s.keys:
        return s.kind(*children)
    if issubclass(s.kind, (list, tuple)):
        return s.kind(children)
    return s.kind(**dict(zip(s.keys, children, strict=True)))


def paths(structure: Structure, root: str) -> Iterator[str]:
    """What a person would write for each leaf: ``params['W'][0]``, ``state.mean``."""
    if structure.kind is Leaf:
        yield root
        return
    attributes = structure.keys and not issubclass(structure.kind, dict)
    for k, part in enumerate(structure.parts):
        if structure.kind in REGISTERED or not structure.keys:
            yield from paths(part, f"{root}[{k}]")
        elif attributes:
            yield from paths(part, f"{root}.{structure.keys[k]}")
        else:
            yield from paths(part, f"{root}[{structure.keys[k]!r}]")


def flatten_like(tree: Any, structure: Structure, what: str) -> list[Any]:
    """The leaves of `tree`, which must have the given structure."""
    leaves, found = flatten(tree)
    if found != structure:
        raise ShapeError(f"{what} has structure {describe(found)}, expected {describe(structure)}")
    return leaves


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
    keyed = structure.keys if len(structure.keys) == len(parts) else range(len(parts))
    if issubclass(structure.kind, dict):
        return "{" + ", ".join(f"{k!r}: {p}" for k, p in zip(keyed, parts, strict=True)) + "}"
    inside = ", ".join(f"{k}={p}" for k, p in zip(keyed, parts, strict=True))
    return f"{structure.kind.__name__}({inside})"
