"""One container: opened into its parts, put together again, and its parts named."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .bounded import cached
from .errors import AutodiffError, ShapeError


class Node(NamedTuple):
    """One container: its class, its keys, how many parts it has, and what else it holds."""

    kind: Any
    keys: tuple[Any, ...]
    width: int
    data: Any = None  # comparable with ==


LEAVES: set[Any] = {float, int, complex, np.ndarray, np.float64, np.float32}  # every day's
PLAIN: set[Any] = {tuple, list}  # containers of leaves, mostly: arguments, results
REGISTERED: dict[type, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]] = {}


def register_container(
    cls: type,
    flatten: Callable[[Any], tuple[Sequence[Any], Any]],
    unflatten: Callable[[Any, Sequence[Any]], Any],
) -> None:
    """Let transforms look inside a class of yours.

    `flatten(obj)` returns ``(children, metadata)``, `unflatten(metadata, children)` builds an
    object from new children, which may be gradients; the metadata must be comparable with ``==``.
    Subclasses of `cls` are registered on their own. Lists, tuples, dicts and dataclasses need no
    registration: a field of a dataclass that is not a number or an array is declared with
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


@cached(128)
def fields_of(cls: type) -> Fields:
    fields = dataclasses.fields(cls)
    derives = hasattr(cls, "__post_init__") and not all(f.init for f in fields)
    kept = [f for f in fields if f.init or not derives]
    static = tuple(f.name for f in kept if f.metadata.get("static"))
    return Fields(tuple(f.name for f in kept if f.name not in static), static, derives)


def opened(tree: Any) -> tuple[Any, tuple[Any, ...], Sequence[Any], Any] | None:
    """Kind, keys, children and data of a container, or `None` for a leaf."""
    cls = type(tree)
    if cls in LEAVES:
        return None
    if cls in REGISTERED:
        return cls, (), *_opened_by_user(tree)
    if cls is tuple or cls is list:
        return cls, (), tree, None
    if cls is dict:
        return cls, tuple(tree), list(tree.values()), None
    if isinstance(tree, dict):
        factory = tree.default_factory if isinstance(tree, defaultdict) else None
        return cls, tuple(tree), list(tree.values()), factory
    if isinstance(tree, (list, tuple)):
        return cls, tuple(getattr(tree, "_fields", ())), list(tree), None
    if dataclasses.is_dataclass(cls):
        names, static, _ = fields_of(cls)
        data = tuple([getattr(tree, name) for name in static]) if static else None
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


def put_together(s: Node, children: list[Any]) -> Any:
    if s.kind in REGISTERED:
        return REGISTERED[s.kind][1](s.data, children)
    if s.kind is list:
        return children
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
            raise TypeError("its constructor takes other arguments")
        return made
    except AutodiffError:
        raise
    except (TypeError, ValueError) as error:
        name = cls.__name__
        raise ShapeError(
            f"{name} could not be put back together from its parts ({error}); "
            f"say how with autodiff.register_container({name}, flatten, unflatten)"
        ) from error


def _dataclass(s: Node, children: Sequence[Any]) -> Any:
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


def names_of_parts(s: Node, root: str) -> Iterator[str]:
    """What a person would write for each part."""
    if not s.keys:
        return (f"{root}[{k}]" for k in range(s.width))
    if issubclass(s.kind, dict):
        return (f"{root}[{key!r}]" for key in s.keys)
    return (f"{root}.{key}" for key in s.keys)


def described_data(s: Node) -> list[str]:
    if s.data is None:
        return []
    if s.kind in REGISTERED:
        return [f"metadata={s.data!r:.40}"]
    return [f"{k}={v!r:.40}" for k, v in zip(fields_of(s.kind).data, s.data, strict=True)]
