"""Nests of list, tuple, dict, named tuple and dataclass: taken apart into leaves, and put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from .bounded import cached
from .containers import LEAVES, PLAIN, Node, described_data, names_of_parts, opened, put_together
from .errors import ShapeError


class Leaf:
    """Marks a place for one array or number."""


class Nothing:
    """Marks a ``None``: a place without a leaf."""


class Structure(NamedTuple):
    """How to put leaves back: each container before its parts, in one flat tuple, so that a nest
    may be as deep as it likes. At the ends stand `Leaf` and `Nothing`."""

    nodes: tuple[Any, ...]

    def __repr__(self) -> str:
        return describe(self)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self.nodes.count(Leaf)

    @property
    def depth(self) -> int:
        """How many containers are nested in each other, at most."""
        return fold(self.nodes, [0] * self.size, _depth)[0] or 0

    @property
    def kind(self) -> Any:
        """The class of the outermost container, or `Leaf` or `Nothing`."""
        return getattr(self.nodes[0], "kind", self.nodes[0])

    @property
    def keys(self) -> tuple[Any, ...]:
        return getattr(self.nodes[0], "keys", ())

    @property
    def data(self) -> Any:
        return getattr(self.nodes[0], "data", None)

    @property
    def parts(self) -> tuple[Structure, ...]:
        """The structures of its parts."""
        found, start = [], 1
        while start < len(self.nodes):
            end = end_of(self.nodes, start)
            found.append(LEAF if self.nodes[start] is Leaf else Structure(self.nodes[start:end]))
            start = end
        return tuple(found)


def _depth(_: Node, parts: list[Any]) -> int:
    return 1 + max((part or 0 for part in parts), default=0)  # `None` stands for a `Nothing`


LEAF = Structure((Leaf,))
NOTHING = Structure((Nothing,))


def structure_of(
    kind: Any, keys: Sequence[Any], parts: Sequence[Structure], data: Any
) -> Structure:
    """The structure of a container of these parts."""
    below = (node for part in parts for node in part.nodes)
    return Structure((Node(kind, tuple(keys), len(parts), data), *below))


def end_of(nodes: Sequence[Any], start: int) -> int:
    """Where the part that begins at `start` has ended."""
    missing = 1
    while missing:
        missing += getattr(nodes[start], "width", 0) - 1
        start += 1
    return start


@cached(128)
def of_leaves(kind: type, size: int) -> Structure:
    return Structure((Node(kind, (), size), *(Leaf,) * size))


CLOSE = object()  # on the stack below the parts of a container: they have all been seen


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of a nest, in order, and its structure."""
    if tree.__class__ in LEAVES:
        return [tree], LEAF
    if tree.__class__ in PLAIN and LEAVES.issuperset(map(type, tree)):
        return list(tree), of_leaves(tree.__class__, len(tree))
    leaves: list[Any] = []
    nodes: list[Any] = []
    around: dict[int, Any] = {}  # the containers that the walk is in, the innermost last
    todo = [tree]
    while todo:
        x = todo.pop()
        if x is CLOSE:
            around.popitem()
        elif x is None:
            nodes.append(Nothing)
        elif (found := opened(x)) is None:
            leaves.append(x)
            nodes.append(Leaf)
        else:
            kind, keys, children, data = found
            nodes.append(Node(kind, keys, len(children), data))
            if LEAVES.issuperset(map(type, children)):
                leaves += children
                nodes += [Leaf] * len(children)
                continue
            if id(x) in around:
                raise _contains_itself([*around.values(), x])
            around[id(x)] = x
            todo.append(CLOSE)
            todo += children[::-1]
    return leaves, LEAF if nodes == [Leaf] else Structure(tuple(nodes))


def _contains_itself(chain: list[Any]) -> ShapeError:
    """The error for a container, the last of the `chain`, that is also further up in it."""
    start = next(k for k, x in enumerate(chain) if x is chain[-1])
    path = ""
    for outer, inner in zip(chain[start:], chain[start + 1 :], strict=False):
        kind, keys, children, data = opened(outer) or (None, (), (), None)
        names = names_of_parts(Node(kind, keys, len(children), data), path)
        path = next((n for n, x in zip(names, children, strict=True) if x is inner), path)
    return ShapeError(
        f"a nest of arrays cannot contain itself: a {type(chain[-1]).__name__} x holds itself as "
        f"x{path}; leave that part out, or register its class without it (register_container)"
    )


def fold(
    nodes: Sequence[Any], leaves: Sequence[Any], join: Callable[[Node, list[Any]], Any]
) -> Any:
    """Join the parts of each container, from the leaves up. Returns a list with one entry for each
    of the nests that `nodes` holds one after the other."""
    made: list[Any] = []  # the parts that wait for their container, the first of them last
    supply = reversed(leaves)
    for node in reversed(nodes):
        if node is Leaf:
            made.append(next(supply))
        elif node is Nothing:
            made.append(None)
        else:
            start = len(made) - node.width
            parts = made[start:]
            del made[start:]
            parts.reverse()
            made.append(join(node, parts))
    made.reverse()
    return made


def unflatten(structure: Structure, leaves: Sequence[Any]) -> Any:
    """The nest that `flatten` took apart, with new leaves."""
    if structure is LEAF:
        return leaves[0]
    nodes = structure.nodes
    if len(leaves) == len(nodes) - 1 and nodes[0] is not Nothing:  # one container of leaves alone
        return put_together(nodes[0], list(leaves))
    return fold(nodes, leaves, put_together)[0]


def unflatten_each(structures: Sequence[Structure], leaves: Sequence[Any]) -> tuple[Any, ...]:
    """The nests whose leaves stand here one after the other."""
    if len(structures) == 1:
        return (unflatten(structures[0], leaves),)
    if all(s is LEAF for s in structures):
        return tuple(leaves)
    return tuple(fold([node for s in structures for node in s.nodes], leaves, put_together))


def paths(structure: Structure, root: str) -> Iterator[str]:
    """What a person would write for each leaf: ``params['W'][0]``, ``state.mean``."""
    for node, name in zip(structure.nodes, _every_name(structure, root), strict=True):
        if node is Leaf:
            yield name


def _every_name(structure: Structure, root: str) -> Iterator[str]:
    """What a person would write for each container and each leaf, a container before its parts."""
    waiting = [root]
    for node in structure.nodes:
        yield (name := waiting.pop())
        if isinstance(node, Node):
            waiting += [*names_of_parts(node, name)][::-1]


def flatten_like(tree: Any, structure: Structure, what: str, absent: Any = None) -> list[Any]:
    """The leaves of `tree`, which must have the given structure; the keys of a dict may come in
    another order. Where `absent` is given, it is the leaf that a ``None`` stands for."""
    if structure is LEAF and tree.__class__ in LEAVES:
        return [tree]
    flat = tree.__class__ in PLAIN and LEAVES.issuperset(map(type, tree))
    if flat and structure is of_leaves(tree.__class__, len(tree)):
        return list(tree)
    leaves: list[Any] = []
    where = _match(tree, structure.nodes, absent, leaves)
    if where is not None:
        place = next(islice(_every_name(structure, what.rpartition(": ")[2]), where, None))
        at = f" (it differs at {place})" if where else ""
        raise ShapeError(
            f"{what} has structure {describe(flatten(tree)[1])}, expected {describe(structure)}{at}"
        )
    return leaves


def _match(tree: Any, nodes: Sequence[Any], absent: Any, leaves: list[Any]) -> int | None:
    """Collect the leaves of `tree` in the order of `nodes`, or return the index of the first node
    that differs."""
    k, todo = 0, [tree]
    while todo:
        x, s = todo.pop(), nodes[k]
        if x is None:
            if absent is None and s is not Nothing:
                return k
            end = end_of(nodes, k)
            leaves += [absent] * nodes[k:end].count(Leaf)
            k = end
            continue
        found = opened(x)
        if found is None:
            if s is not Leaf:
                return k
            leaves.append(x)
        else:
            kind, keys, children, data = found
            if s is Leaf or s is Nothing or kind is not s.kind or len(children) != s.width:
                return k
            if not _same(data, s.data, kind):
                return k
            if issubclass(kind, dict) and keys != s.keys:
                if set(keys) != set(s.keys):
                    return k
                children = [x[key] for key in s.keys]
            todo += children[::-1]
        k += 1
    return None


def numbers_in(x: Any) -> Any:
    """The numbers in keys or metadata, told apart by type and sign. 1, 1.0 and True are equal, as
    are 0.0 and -0.0, but a program may compute something else with each."""
    if isinstance(x, (tuple, list)):
        return tuple(map(numbers_in, x))
    return (type(x), repr(x)) if isinstance(x, (int, float, complex, np.number)) else None


def exactly(structure: Structure) -> Any:
    """What tells apart two structures that are equal and hold other numbers as keys or metadata."""
    held = [x for x in structure.nodes if x.__class__ is Node and (x.data is not None or x.keys)]
    return tuple((numbers_in(x.keys), numbers_in(x.data)) for x in held)


def _same(a: Any, b: Any, kind: type) -> bool:
    try:
        return bool(a == b) and numbers_in(a) == numbers_in(b)
    except ValueError:
        raise ShapeError(
            f"the metadata of {kind.__name__} cannot be compared with ==: keep arrays among its "
            "children, and numbers, strings or tuples in its metadata"
        ) from None


def describe(structure: Structure, leaf: Callable[[], str] = lambda: "*") -> str:
    """``{'W': *, 'b': (*, *)}``, with a star for each leaf, or what `leaf` says of the next one."""
    texts = [leaf() for _ in range(structure.size)]
    return str(fold(structure.nodes, texts, _described)[0])


def _described(s: Node, children: list[Any]) -> str:
    parts = list(map(str, children))  # a None too
    if s.kind is tuple:
        return "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"
    if s.kind is list:
        return "[" + ", ".join(parts) + "]"
    if issubclass(s.kind, dict):
        pairs = zip(s.keys, parts, strict=True)
        return "{" + ", ".join(f"{k!r}: {part}" for k, part in pairs) + "}"
    keys = s.keys or [""] * len(parts)
    named = [f"{k}={part}" if k else part for k, part in zip(keys, parts, strict=True)]
    return f"{s.kind.__name__}({', '.join([*named, *described_data(s)])})"
