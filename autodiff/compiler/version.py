"""A version: one compiled program, and how its arguments come in and its results go out."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import is_
from time import perf_counter
from typing import Any

import numpy as np

from ..base.errors import MissingExtraError
from ..base.trees import Structure, flatten, unflatten
from ..engine.graph import TraceLevel, TraceNode, ancestors
from ..programs.closed import OBSERVE
from ..programs.sketch import Sketch
from ..programs.tracing import is_numeric, traced
from ..rules.primitive import Traced
from .argument_trees import rebuilder
from .checked import Checked
from .decisions import Decisions, OtherPath, Path, check_path
from .frames import Place
from .ir.leaves import Kind, kind_of_leaf
from .outside.copying import Copy
from .outside.draws import Draws
from .outside.effects import changing
from .outside.guards import World
from .outside.kinds import WatchedFromOutsideError
from .outside.places import GONE
from .whiles import UnfoldableError, Whiles


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Without the garbage collector: a large program has no cycles to find, and looking for them
    would take a third of its first call."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class ShapedByError(Exception):
    """The program depends on what stands at these `paths` outside: constants of it, not inputs."""

    def __init__(self, paths: set[str]) -> None:
        self.paths = paths


class Version:
    """One compiled program, and how to put its results back together."""

    def __init__(
        self,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        leaves: Sequence[Any],
        backend: str,
        world: World | None,
        beginning: Path = (),
    ) -> None:
        from .lowering.whole import program_of

        arrays = [] if world is None else world.arrays()
        self.beginning = beginning
        self.unfoldable: set[Place] = set()
        began = perf_counter()
        graph = self.graph_of(f, args, leaves, arrays, world)
        traced_at = perf_counter()
        operands = [x for node in graph.operations for x in node.inputs]
        if any(isinstance(x, Traced) for x in (*operands, *graph.outputs)):
            raise WatchedFromOutsideError
        self.path: Path = tuple(self.noted)
        check_path(graph, self.path, self.draws.draws)
        self.paths: list[Version] = [self]  # of the same types, that used last at the end
        self.structure: Structure = graph.out_structure
        self.program = program_of(graph, reciprocals=backend == "llvm")
        self.program.verify()
        self.is_too_long = False
        self.backend = backend
        self.numeric = [k for k, x in enumerate(leaves) if is_numeric(x)]
        drawn = [node.value for node in self.draws.nodes]
        self.draws.nodes = []
        self.inputs = [
            kind_of_leaf(x) for x in (*(leaves[k] for k in self.numeric), *arrays, *drawn)
        ]
        self.outputs = [
            kind_of_leaf(y.value if isinstance(y, TraceNode) else y) for y in graph.outputs
        ]
        decides, more = bool(self.path), len(self.program.outputs) - len(self.outputs)
        checked = more > decides
        self.outputs += [kind_of_leaf(np.True_)] * checked + [kind_of_leaf(np.int64(0))] * decides
        lowered_at = perf_counter()
        self.made: Any = self.compiled()
        self.seconds = {  # of the first call
            "tracing": traced_at - began,
            "lowering": lowered_at - traced_at,
            "compiling": perf_counter() - lowered_at,
        }
        run = self.made.run
        self.run = Checked(run, graph, self.path, checked) if more else run
        self.rebuild = rebuilder(self.structure)

    def graph_of(self, f: Any, args: Any, leaves: Sequence[Any], arrays: Any, world: Any) -> Any:
        """The graph, from the values where the sizes and types of large arrays are not enough."""
        while True:
            try:
                graph = self.graph_with(f, args, leaves, arrays, world)
                self.whiles.settle(graph)
                return graph
            except UnfoldableError as error:
                self.unfoldable.add(error.place)

    def graph_with(self, f: Any, args: Any, leaves: Sequence[Any], arrays: Any, world: Any) -> Any:
        sketch = Sketch()
        try:
            graph = self.trace(f, args, leaves, arrays, world, sketch)
            if not sketch.failed:
                return graph
        except UnfoldableError:
            raise
        except Exception:
            if not sketch.used:
                raise
        return self.trace(f, args, leaves, arrays, world, None)

    def trace(
        self,
        f: Any,
        args: Any,
        originals: Sequence[Any],
        arrays: list[Any],
        world: World | None,
        sketch: Sketch | None,
    ) -> Any:
        self.draws = Draws()

        def begin(level: TraceLevel) -> Sequence[TraceNode]:
            level.evaluate = sketch
            self.whiles = Whiles(self.unfoldable)
            level.decide = decisions = Decisions(level, self.beginning, self.whiles)
            self.noted = decisions.path
            return () if world is None else self.draws.begin(level)

        if world is None:
            try:
                return traced(spread(f), args, abstract=True, begin=begin)
            except Exception:
                self.whiles.check()
                raise
        given: list[Any] = []  # the tracked values that stand for `arrays`

        @functools.wraps(f)
        def of_nest(args: Any, kwargs: Any, outside: list[Any]) -> Any:
            leaves, structure = flatten((args, kwargs))
            handles = [(x, x.node) for x in leaves if isinstance(x, Traced)]
            given.extend(outside)
            self.draws.level.outside.update(x.node for x in outside)
            one: dict[int, Any] = {}  # arrays that are one object stay one
            if world.walk.compares:
                pairs = zip(originals, leaves, strict=True)
                leaves = [
                    one.setdefault(id(x), t) if x.__class__ is np.ndarray else t for x, t in pairs
                ]
            copy = Copy(world, outside, self.draws, one)
            inside = [x if isinstance(x, Traced) else copy.of(x) for x in leaves]
            args, kwargs = unflatten(structure, inside)
            try:
                result = copy.of(f)(*args, **kwargs)
                copy.check()
            finally:
                copy.put_back()
            now, other = flatten((args, kwargs))
            same = other == structure and all(map(is_, now, inside))
            if not same or any(x.node is not node for x, node in handles):
                raise changing("its argument in place")
            return result

        before = OBSERVE.set(self.draws.note_settings)
        try:
            return traced(of_nest, (*args, arrays), abstract=True, begin=begin)
        except Exception:
            self.whiles.check()
            shaping = self.shaping(given, world)
            if shaping:
                raise ShapedByError(shaping) from None
            raise
        finally:
            OBSERVE.reset(before)
            self.draws.level = None  # which knows the arrays of this call

    def shaping(self, given: list[Any], world: World) -> set[str]:
        """The paths of the inputs from outside, and nothing else, that a value was made of which
        the program wanted to look at."""
        nodes = {t.node: path for t, (_, _, path) in zip(given, world.walk.inputs, strict=False)}
        found: set[str] = set()
        for asked in self.draws.level.asked:
            inputs = [n for n in ancestors([asked]) if n.primitive is None]
            if not all(n in nodes for n in inputs):
                return set()
            found |= {nodes[n] for n in inputs}  # type: ignore[index]
        return found

    def compiled(self) -> Any:
        if self.backend == "llvm":
            try:
                from .llvm.build import Compiled
                from .llvm.loops import TooLongError
            except (ImportError, OSError, RuntimeError) as error:
                raise MissingExtraError(
                    f"jit: llvmlite is installed, but cannot be imported ({error}); install it "
                    'again, pip install --force-reinstall llvmlite, or use backend="numpy"'
                ) from error
            try:
                return Compiled(self.program, self.inputs, self.outputs)
            except TooLongError:
                self.is_too_long, self.backend = True, "numpy"
        return self.in_numpy()

    def in_numpy(self) -> Any:
        from .numpy_source.running import InNumpy

        return InNumpy(self.program, self.inputs, self.outputs)

    @functools.cached_property
    def source(self) -> str:
        """The program as a function of NumPy calls."""
        made = self.made if self.backend == "numpy" else self.in_numpy()
        return str(made.source)

    def __call__(self, leaves: Sequence[Any], world: World | None = None) -> Any:
        given = [leaves[k] for k in self.numeric]
        try:
            given += [] if world is None else world.arrays()
        except GONE:
            return NotImplemented
        if world is not None:
            given += self.draws.again([x for x, _, _ in world.walk.generators])
        run = self.run.attempt if isinstance(self.run, Checked) else self.run
        found = run(*given)
        if found is NotImplemented:
            found = run(*map(in_order, given, self.inputs))
        if found is NotImplemented or found.__class__ is OtherPath:
            return found
        return found if self.rebuild is None else self.rebuild(found)


def spread(f: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(f)
    def of_nest(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return f(*args, **kwargs)

    return of_nest


def in_order(x: Any, kind: Kind) -> Any:
    """An array as compiled code reads it: in C order, of the machine's own byte order."""
    if not isinstance(x, np.ndarray):
        return x
    x = np.asarray(x)  # of a memory map
    flags, dtype = x.flags, x.dtype
    if flags.c_contiguous and flags.aligned and dtype.isnative and dtype.num == kind.dtype.num:
        return x
    copy = np.empty(x.shape, kind.dtype)  # np.array keeps an equal dtype of another type number
    copy[...] = x
    return copy
