"""`jit`: a function compiled once for each set of shapes and types it is called with."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arguments import name_of
from ..containers import LEAF, Structure, flatten, unflatten
from ..primitive import Traced
from ..tracing import is_numeric, traced
from . import products  # noqa: F401 - enters its rules
from .compiled import Compiled
from .entry import Kind, kind_of_leaf
from .lower import program_of
from .program import Program, rebuilt


class Version:
    """One compiled program, and how to put its results back together."""

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], leaves: Sequence[Any]) -> None:
        graph = traced(f, args, abstract=True)
        self.structure: Structure = graph.out_structure
        program = own_results(program_of(graph))
        examples = [getattr(y, "value", y) for y in graph.outputs]
        numeric = [x for x in leaves if is_numeric(x)]
        self.compiled = Compiled(
            program,
            [kind_of_leaf(x) for x in numeric],
            [result_kind(y) for y in examples],
        )
        self.run = self.compiled.run
        single = [LEAF] * self.structure.size
        self.is_flat = self.structure == LEAF or (
            self.structure.kind is tuple
            and list(self.structure.parts) == single
            and len(single) > 1
        )

    def __call__(self, leaves: Sequence[Any]) -> Any:
        found = self.run(*(x for x in leaves if is_numeric(x)))
        if found is NotImplemented:
            found = self.run(*map(in_order, (x for x in leaves if is_numeric(x))))
        if self.is_flat:
            return found
        return unflatten(self.structure, found if self.structure.size > 1 else [found])


def in_order(x: Any) -> Any:
    """An array as compiled code reads it: in C order, of the machine's own byte order."""
    if isinstance(x, np.ndarray):
        return np.array(x, dtype=np.dtype(x.dtype.type), order="C", copy=True)
    return x


def result_kind(y: Any) -> Kind:
    return kind_of_leaf(y)


def own_results(program: Program) -> Program:
    """Every result in a buffer of its own: no argument, constant, view or other result."""
    from .lower import Lowering

    low = Lowering()
    low.builder.count = max((v.number for v in program.values), default=0)
    seen: set[int] = set()
    outputs = []
    for k, y in enumerate(program.outputs):
        if y.size and (id(y) in seen or y.op in ("input", "constant", "view")):
            places = ((0, _order(y.shape)),)
            params = {"places": places, "covered": True, "result": k}
            y = low.builder.make("place", (y,), params, y.shape, y.dtype, y.weak)
        seen.add(id(y))
        outputs.append(y)
    return Program(program.name, program.inputs, outputs)


def _order(shape: tuple[int, ...]) -> tuple[int, ...]:
    from .views import contiguous

    return contiguous(shape)


class Jit:
    """A function that compiles itself; see :func:`jit`."""

    def __init__(self, f: Callable[..., Any]) -> None:
        functools.update_wrapper(self, f, updated=())
        self._f = f
        self._versions: dict[Any, Version] = {}
        self._fast: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._fast is not None and not kwargs:
            found = self._fast(*args)
            if found is not NotImplemented:
                return found
        return self._general(args, kwargs)

    def _general(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        leaves, structure = flatten(args)
        if any(isinstance(x, Traced) for x in leaves):
            return self._f(
                *args, **kwargs
            )  # inside another transform: its operations are the program
        key = (structure, tuple(sorted(kwargs.items())), tuple(map(signature, leaves)))
        version = self._versions.get(key)
        if version is None:
            f = functools.partial(self._f, **kwargs) if kwargs else self._f
            f = functools.wraps(self._f)(f) if kwargs else f
            version = self._versions[key] = Version(f, args, leaves)
            plain = not kwargs and all(p == LEAF for p in structure.parts)
            if plain and version.is_flat and all(map(is_numeric, leaves)):
                self._fast = version.run
        return version(leaves)

    def __repr__(self) -> str:
        return f"<jit of {name_of(self._f)}>"


def signature(x: Any) -> Any:
    if is_numeric(x):
        return kind_of_leaf(x)
    return x


def jit(f: Callable[..., Any]) -> Jit:
    """`f`, compiled once for each set of shapes and types.

    >>> import numpy as np, autodiff as ad
    >>> from autodiff.jit.api import jit
    >>> slope = jit(ad.grad(lambda x: np.sum(np.sin(x))))
    >>> slope(np.zeros(3))
    array([1., 1., 1.])
    """
    return Jit(f)


__all__ = ["Jit", "jit", "rebuilt"]
