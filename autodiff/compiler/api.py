"""`jit`: a function compiled once for each set of shapes and types that it is called with."""

from __future__ import annotations

import functools
import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from types import MethodType
from typing import Any

import numpy as np

from ..arguments import check_function, name_of
from ..containers import LEAF, Structure, flatten
from ..errors import AutodiffError, MissingExtraError
from ..primitive import Traced
from ..tracing import is_numeric, traced
from .leaves import Kind, kind_of_leaf
from .nests import Opener, opener, rebuilder
from .program import Program, Value
from .static import Places, check_fixed, shown_to

BACKENDS = ("llvm", "numpy")
MANY_SINGLE = 5_000  # operations on single numbers that the report wonders about
ONE_AT_A_TIME = threading.RLock()  # LLVM keeps what it compiles in one place for all threads


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Without the garbage collector: a program of many instructions has no cycles to find, and a
    third of its first call would go into looking for some again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class WatchedFromOutsideError(Exception):
    """The function uses a variable outside it that another transform is watching."""


class Version:
    """One compiled program, and how to put its results back together."""

    def __init__(
        self, f: Callable[..., Any], args: tuple[Any, ...], leaves: Sequence[Any], backend: str
    ) -> None:
        from . import indexing, products, scans, systems  # noqa: F401 - they enter their rules
        from .lower import program_of

        graph = traced(f, args, abstract=True)
        operands = [x for node in graph.operations for x in node.inputs]
        if any(isinstance(x, Traced) for x in (*operands, *graph.outputs)):
            raise WatchedFromOutsideError
        self.structure: Structure = graph.out_structure
        self.program = program_of(graph, reciprocals=backend == "llvm")
        self.program.verify()
        self.is_too_long = False
        self.backend = backend
        self.numeric = [k for k, x in enumerate(leaves) if is_numeric(x)]
        self.inputs = [kind_of_leaf(leaves[k]) for k in self.numeric]
        self.outputs = [kind_of_leaf(getattr(y, "value", y)) for y in graph.outputs]
        self.made: Any = self.compiled()
        self.run = self.made.run
        self.rebuild = rebuilder(self.structure)

    def compiled(self) -> Any:
        if self.backend == "llvm":
            from .compiled import Compiled
            from .loops import TooLongError

            try:
                return Compiled(self.program, self.inputs, self.outputs)
            except TooLongError:
                self.is_too_long, self.backend = True, "numpy"
        return self.in_numpy()

    def in_numpy(self) -> Any:
        from .numpy_source import InNumpy

        return InNumpy(self.program, self.inputs, self.outputs)

    @functools.cached_property
    def source(self) -> str:
        """The program as a function of NumPy calls."""
        made = self.made if self.backend == "numpy" else self.in_numpy()
        return str(made.source)

    def __call__(self, leaves: Sequence[Any]) -> Any:
        given = [leaves[k] for k in self.numeric]
        found = self.run(*given)
        if found is NotImplemented:
            found = self.run(*map(in_order, given))
            assert found is not NotImplemented
        return found if self.rebuild is None else self.rebuild(found)


def in_order(x: Any) -> Any:
    """An array as compiled code reads it: in C order, of the machine's own byte order."""
    if isinstance(x, np.ndarray):
        return np.array(x, dtype=np.dtype(x.dtype.type), order="C", copy=True)
    return x


class Jit:
    """A function that compiles itself; see :func:`jit`."""

    def __init__(self, f: Callable[..., Any], backend: str, static: Places | None = None) -> None:
        functools.update_wrapper(self, f, updated=())
        self._f, self._backend, self._static = f, backend, static
        if static is not None:
            self._f = shown_to(f)
        self._versions: dict[Any, Version] = {}
        # Of the latest version: the native function, what puts its results together, and what takes
        # its arguments apart (`None` if they are its leaves).
        self._fast: tuple[Any, Any, Opener | None] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        fast = self._fast
        if fast is not None and not kwargs:
            run, rebuild, opened = fast
            leaves: Any = args
            if opened is not None and not opened(args, leaves := []):
                return self._general(args, kwargs)
            found = run(*leaves)
            if found is not NotImplemented:
                return found if rebuild is None else rebuild(found)
        return self._general(args, kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """As a method: bound to its object, as functions are."""
        return self if instance is None else MethodType(self, instance)

    def _general(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._static is not None:
            args, kwargs = self._static.hide(args, kwargs)
        leaves, structure = flatten((args, kwargs))
        if any(isinstance(x, Traced) for x in leaves):
            return self._f(*args, **kwargs)  # another transform looks on: it sees the operations
        try:
            version = self._version(structure, leaves, args, kwargs)
        except WatchedFromOutsideError:
            return self._f(*args, **kwargs)
        return version(leaves)

    def _version(self, structure: Structure, leaves: Any, args: Any, kwargs: Any) -> Version:
        key = (structure, tuple(map(signature, leaves)))
        try:
            found = self._versions.get(key)
        except TypeError as error:
            raise AutodiffError(
                f"jit: {name_of(self._f)} got an argument that is neither numbers nor hashable "
                f"({error}); make it a global of the function, or an array"
            ) from None
        if found is None:
            for x in leaves:
                check_fixed(x, self._f)
            with ONE_AT_A_TIME, nothing_collected():
                found = self._versions.get(key)
                if found is None:
                    found = Version(spread(self._f), (args, kwargs), leaves, self._backend)
                    self._versions[key] = found
            if not kwargs and len(found.numeric) == len(leaves):
                self._fast = self._shortcut(found, structure.parts[0])
        return found

    @staticmethod
    def _shortcut(version: Version, args: Structure) -> tuple[Any, Any, Opener | None] | None:
        if all(part == LEAF for part in args.parts):
            return version.run, version.rebuild, None
        found = opener(args)
        return None if found is None else (version.run, version.rebuild, found)

    @property
    def source(self) -> str:
        """The latest version as one function of NumPy calls, which computes the same."""
        return self._latest("source").source

    @property
    def program(self) -> Program:
        """The instructions of the latest version; ``str`` prints them."""
        return self._latest("program").program

    def report(self) -> str:
        """Which back end runs the latest version, in how many steps, and what it left to NumPy."""
        version = self._latest("report()")
        return report_of(version, name_of(self._f))

    def _latest(self, what: str) -> Version:
        if not self._versions:
            raise AutodiffError(
                f"jit: {what} of {name_of(self._f)} is there once it has been called: shapes and "
                "types are those of the arguments"
            )
        return next(reversed(self._versions.values()))

    def __repr__(self) -> str:
        return f"<jit of {name_of(self._f)}: {len(self._versions)} versions>"


def report_of(version: Version, name: str) -> str:
    instructions = [v for v in version.program.values if v.op not in ("input", "constant", "view")]
    lines = [f"jit of {name}: {len(instructions)} instructions"]
    single = sum(v.op == "map" and not v.shape for v in instructions)
    if single > MANY_SINGLE:
        lines.append(
            f"{single} of them on single numbers: where np.array is given tracked numbers it keeps "
            "them one by one, and np.stack makes one array of them"
        )
    if version.backend == "numpy":
        many = ": a line without repeats, too long for LLVM" if version.is_too_long else ""
        return "\n".join([*lines, f"back end: NumPy, one call an instruction{many}"])
    steps, gaps = version.made.schedule.steps, version.made.gaps
    lines.append(
        f"back end: LLVM, {len(steps) - len(gaps)} native steps, "
        f"{version.made.memory.size} bytes of workspace"
    )
    for step in gaps:
        (v,) = step.values
        lines.append(f"left to NumPy: v{v.number} = {v.function or v.op}, {reason(v)}")
    return "\n".join(lines)


def reason(v: Value) -> str:
    if v.op in ("call", "part"):
        return "a row without code of its own"
    types = sorted({str(x.dtype) for x in (v, *v.inputs)})
    return f"for which there is no code in {', '.join(types)}"


def spread(f: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(f)
    def of_nest(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return f(*args, **kwargs)

    return of_nest


def signature(x: Any) -> Kind | tuple[type, Any]:
    """What a version is compiled for: the kind of a number or an array, any other leaf itself."""
    return kind_of_leaf(x) if is_numeric(x) else (type(x), x)


def jit(
    f: Callable[..., Any] | None = None,
    *,
    backend: str | None = None,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
) -> Any:
    """`f`, compiled once for each set of shapes and types: traced, simplified, fused into loops
    and made machine code.

    Arguments and results may be numbers, arrays and nests of them, as for every transform; any
    other argument (a string, a function) is part of the program, and so is what `static_argnums`
    or `static_argnames` names: a number of rounds, say. `f` may be any composition of the
    transforms: ``jit(grad(f))``, ``jit(hessian(f))``, a whole training step. Results agree with
    plain evaluation up to rounding. Arguments are never written to.

    `backend` is "llvm" (needs the extra ``jit``), "numpy", or by default the former where it is
    installed. ``.source`` is the program as a function of NumPy calls, ``.program`` its
    instructions, ``.report()`` says what has no code of its own.

    What Python does with values (``if x > 0``, ``float(x)``, ``x[x > 0]``) is refused by name: it
    would hold for one value only. Inside another transform ``jit(f)`` is `f`.

    >>> import numpy as np, autodiff as ad
    >>> slope = ad.jit(ad.grad(lambda x: np.sum(np.sin(x))))
    >>> slope(np.zeros(3))
    array([1., 1., 1.])
    """
    if backend is not None and backend not in BACKENDS:
        raise AutodiffError(f'jit: backend={backend!r} is neither "llvm" nor "numpy"')
    there = find_spec("llvmlite") is not None
    if backend == "llvm" and not there:
        raise MissingExtraError("jit: the LLVM back end needs llvmlite: pip install llvmlite")
    chosen = backend or ("llvm" if there else "numpy")
    if f is None:
        return partial(
            jit, backend=chosen, static_argnums=static_argnums, static_argnames=static_argnames
        )
    check_function(f, "jit")
    is_static = static_argnums != () or static_argnames != ()
    return Jit(f, chosen, Places(f, static_argnums, static_argnames) if is_static else None)
