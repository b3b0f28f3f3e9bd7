"""`jit`: a function compiled once for each set of shapes and types that it is called with."""

from __future__ import annotations

import functools
import operator
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from types import MethodType
from typing import Any

import numpy as np

from ..arrays.dispatch import known_number
from ..base.errors import AutodiffError, MissingExtraError, counted
from ..base.forking import held_while_forking
from ..base.made import ByName
from ..base.shapes import PYTHON_SCALARS
from ..base.trees import LEAF, Structure, exactly, flatten, unflatten
from ..engine.arguments import check_function, name_of
from ..programs.tracing import is_numeric
from ..rules.primitive import Traced
from .argument_trees import Opener, opener
from .decisions import MOST_PATHS, OtherPath, Path, PlainError
from .export import export, last_call, takes_nothing
from .ir.program import Program
from .outside.guards import World
from .outside.kinds import WatchedFromOutsideError, Wrapper
from .outside.library import OutsideError, UndrawableError
from .outside.worlds import Outside
from .report import SHOWN, report_of
from .static_arguments import Places, check_fixed, kind_or_type, shown_to, signature
from .version import ShapedByError, Version, nothing_collected

# The shortcut of a call: the native function, what puts its results together, and what takes its
# arguments apart (`None` if they are its leaves).
Fast = tuple[Any, Any, Opener | None]
MOST_VERSIONS = 32  # of one function; one more, and that not used for longest is forgotten
TRIES = 10  # of a call during which another thread changes what it reads
# Of the versions of any function, from the one not used for longest.
ORDER = held_while_forking(threading.Lock())
# LLVM keeps what it compiles in one place for all threads.
ONE_AT_A_TIME = held_while_forking(threading.RLock(), first=True)


USUAL = {*PYTHON_SCALARS, np.ndarray, np.float64}  # classes of leaves that are taken as they are


class Jit(Wrapper, ByName, functools.partial):  # type: ignore[type-arg]
    """A function that compiles itself; see :func:`jit`.

    As a `partial` of `_first` alone it is called at the speed of C: by native code, where a version
    takes the arguments as they are and returns what the program returns (`_pair`), else `_call`."""

    def __new__(cls, f: Callable[..., Any], *_: Any) -> Jit:
        return super().__new__(cls, f)

    def __init__(
        self, f: Callable[..., Any], backend: str, static: Places | None = None, pure: bool = False
    ) -> None:
        functools.update_wrapper(self, f, updated=())
        self._f, self._backend, self._static = f, backend, static
        if static is not None:
            self._f = shown_to(f)
        self._outside = None if pure else Outside(self._f)
        self._versions: OrderedDict[Any, Version | PlainError] = OrderedDict()
        self._fast: Fast | None = None
        self._fast_for: tuple[Version, World | None] | None = None
        # By a proxy: with a cycle, only the garbage collector would free what LLVM has made.
        self._pair: list[Any] = [None, MethodType(Jit._call, weakref.proxy(self))]
        self._calls(self._pair[1])

    def _calls(self, function: Callable[..., Any]) -> None:
        partial.__setstate__(self, (function, (), {}, self.__dict__))  # type: ignore[attr-defined]

    def _call(self, *args: Any, **kwargs: Any) -> Any:
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

    def recipe(self) -> tuple[Any, tuple[Any, ...]]:
        f = self.__wrapped__  # type: ignore[attr-defined]
        return Jit, (f, self._backend, self._static, self._outside is None)

    def _general(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        args, kwargs, leaves, structure = self._taken(args, kwargs)
        if any(isinstance(x, Traced) for x in leaves):
            return self._f(*args, **kwargs)  # another transform looks on: it sees the operations
        for _ in range(TRIES):
            try:
                version, world = self._version(structure, leaves, args, kwargs)
                found = version(leaves, world)
                while found.__class__ is OtherPath:
                    start = found.beginning
                    version, world = self._along(
                        start, version, structure, leaves, args, kwargs, world
                    )
                    found = version(leaves, world)
            except (WatchedFromOutsideError, PlainError):
                return self._f(*args, **kwargs)
            if found is not NotImplemented:
                return found
        raise AutodiffError(
            "jit: a random number, or something outside, is of another type or shape than before; "
            "draw numbers of one type and size, and let one thread alone change what another reads"
        )

    def _taken(self, args: Any, kwargs: Any) -> tuple[Any, Any, list[Any], Structure]:
        """The arguments of a call, the static ones hidden; their leaves; and their structure."""
        if self._static is not None:
            args, kwargs = self._static.hide(args, kwargs)
        leaves, structure = flatten((args, kwargs))
        if not all(x.__class__ in USUAL for x in leaves):
            plain = [known_number(x) if is_numeric(x) else x for x in leaves]
            if any(map(operator.is_not, plain, leaves)):
                leaves, (args, kwargs) = plain, unflatten(structure, plain)
        return args, kwargs, leaves, structure

    def _version(
        self, structure: Structure, leaves: Any, args: Any, kwargs: Any
    ) -> tuple[Version, World | None]:
        world = None if self._outside is None else self._outside.now(leaves, structure)
        kinds = self._kinds(structure, leaves, world)
        try:
            found = self._versions.get((*kinds, world and world.key))
        except TypeError as error:
            raise AutodiffError(
                f"jit: {name_of(self._f)} got an argument that is neither numeric nor hashable "
                f"({error}); make it a global of the function, or an array"
            ) from None
        if isinstance(found, PlainError):
            raise PlainError(str(found))
        is_new = found is None
        if found is None:
            for x in leaves if world is None else ():
                check_fixed(x, self._f)
            with ONE_AT_A_TIME, nothing_collected():
                found = self._versions.get((*kinds, world and world.key))
                if found is None:
                    try:
                        found, world = self._compiled((args, kwargs), leaves, structure, world)
                    except PlainError as error:
                        self._keep((*kinds, world and world.key), error.with_traceback(None))
                        raise
        assert isinstance(found, Version)
        self._keep((*kinds, world and world.key), found)
        if is_new or (world is not None and (not self._fast_for or self._fast_for[1] is not world)):
            self._use(found, kwargs, structure, world)
        return found, world

    def _kinds(self, structure: Structure, leaves: Any, world: World | None) -> tuple[Any, ...]:
        kind = signature if world is None else kind_or_type
        return structure, exactly(structure), tuple(map(kind, leaves))

    def _use(self, found: Version, kwargs: Any, structure: Structure, world: World | None) -> None:
        """Lead calls like this one to a version by the shortcut, if it can be had."""
        simple = not kwargs and len(found.numeric) == structure.size and not found.draws.draws
        if simple and all(kind.strides is None for kind in found.inputs):
            self._lead_to(found, structure.parts[0], world)
            self._fast_for = found, world

    def _compiled(
        self, args: Any, leaves: Any, structure: Structure, world: World | None, start: Path = ()
    ) -> tuple[Version, World | None]:
        """A new version, for a world in which those values are constants that shape the program."""
        outside = self._outside
        if outside is None or world is None:
            return Version(self._f, args, leaves, self._backend, None, start), None
        while True:
            try:
                version = Version(self._f, args, leaves, self._backend, world, start)
            except ShapedByError as error:
                world = outside.now(leaves, structure, error.paths)
            except (WatchedFromOutsideError, PlainError):
                raise
            except Exception as error:
                if isinstance(error, OutsideError) and not isinstance(error, UndrawableError):
                    raise
                fewer = outside.with_fewer_inputs(world, leaves, structure)
                if fewer is None:
                    outside.forget()
                    raise
                world = fewer
            else:
                outside.settle(world)
                return version, world

    def _along(
        self,
        start: Path,
        version: Version,
        structure: Structure,
        leaves: Any,
        args: Any,
        kwargs: Any,
        world: World | None,
    ) -> tuple[Version, World | None]:
        """The version for the same types whose path begins like this."""
        with ONE_AT_A_TIME, nothing_collected():
            paths = version.paths
            found = next((v for v in paths if v.path[: len(start)] == start), None)
            if found is None:
                if len(paths) == MOST_PATHS:
                    raise PlainError(f"{MOST_PATHS} other paths are compiled already")
                found, now = self._compiled((args, kwargs), leaves, structure, world, start)
                if now is world:
                    found.paths = [*paths, found]
                    for v in paths:
                        v.paths = found.paths
                world = now
                self._use(found, kwargs, structure, world)
            self._keep((*self._kinds(structure, leaves, world), world and world.key), found)
        return found, world

    def _keep(self, key: Any, version: Version | PlainError) -> None:
        """Keep this as the latest version; beyond the limit the least recently used is dropped.
        Calls that take the shortcut are not counted, so the version that it leads to stays."""
        with ORDER:
            self._versions[key] = version
            self._versions.move_to_end(key)
            if len(self._versions) > MOST_VERSIONS:
                kept = self._fast_for[0] if self._fast_for else None
                del self._versions[next(k for k, v in self._versions.items() if v is not kept)]

    def _lead_to(self, version: Version, args: Structure, world: World | None) -> None:
        """Let calls like this one take the shortest way to a version."""
        are_leaves = all(part == LEAF for part in args.parts)
        found = None if are_leaves else opener(args)
        self._pair[0] = self._fast = None
        run = version.run if world is None else world.comparing(version.run)
        if version.backend == "llvm":
            from .llvm.guarded import guarded, table_of

            with ONE_AT_A_TIME:
                table = table_of(world, run)
                if are_leaves and version.rebuild is None:
                    self._pair[0] = table
                    if self.func is self._pair[1]:
                        self._calls(guarded(self._pair))
                elif are_leaves or found is not None:
                    self._fast = guarded([table, None]), version.rebuild, found
        elif are_leaves or found is not None:
            run = run if world is None else world.guarded(run)
            self._fast = run, version.rebuild, found

    @property
    def source(self) -> str:
        """The latest version as one function of NumPy calls, which computes the same."""
        return self._latest("source").source

    @property
    def program(self) -> Program:
        """The instructions of the latest version; ``str`` prints them."""
        return self._latest("program").program

    def report(self) -> str:
        """Which back end runs the latest version, in how many steps, where the time of its first
        call went, what it left to NumPy, and how many paths are compiled; or why none is."""
        return report_of(self._last("report()"), name_of(self._f))

    def export(self, path: Any, *args: Any, **kwargs: Any) -> None:
        """Write the program as a Python module that runs without autodiff: `path` ends in ``.py``.

        The program is the version for `args` and `kwargs`; without them, the one used last. Its
        function has the name of the file, and checks the structure, types and shapes of its
        arguments: TypeError or ValueError names the argument. What `f` reads outside its arguments
        becomes constants, as it is now; orders "K" and "A" are those of the arrays it was traced
        with. The module needs NumPy, and SciPy where a row's value is
        SciPy's; its docstring says which. Arrays of more than 1000 entries are stored beside it, in
        ``.npz``. A custom rule, a solver, a random number and a container of a class of yours raise
        `AutodiffError`, and leave no file.

        >>> import numpy as np, pathlib, tempfile, autodiff as ad
        >>> slope = ad.jit(ad.grad(lambda x: x * np.sin(x)))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     slope.export(f"{folder}/slope.py", 0.5)
        ...     "import autodiff" in pathlib.Path(folder, "slope.py").read_text()
        False
        """
        if args or kwargs or takes_nothing(self._f):
            args, kwargs, leaves, structure = self._taken(args, kwargs)
            version, world = self._version(structure, leaves, args, kwargs)
        else:
            version = self._latest("export without arguments")
            latest = last_call([*self._versions][-1], self._outside, name_of(self._f))
            structure, leaves, world = latest
        export(self._f, version, world, structure, leaves, path)

    def _latest(self, what: str) -> Version:
        found = self._last(what)
        if isinstance(found, PlainError):
            raise AutodiffError(f"jit: {what} of {name_of(self._f)} does not exist: {found}")
        return found

    def _last(self, what: str) -> Version | PlainError:
        if not self._versions:
            raise AutodiffError(
                f"jit: {what} of {name_of(self._f)} does not exist before the first call, which "
                "decides shapes and types; call the function first"
            )
        return next(reversed(self._versions.values()))

    def __repr__(self) -> str:
        versions = counted(len(self._versions), "version")
        last = self._last("repr") if self._versions else self
        backend = getattr(last, "backend", self._backend)
        return f"<jit of {name_of(self._f)}: {versions}, {SHOWN[backend]}>"


def jit(
    f: Callable[..., Any] | None = None,
    *,
    backend: str | None = None,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    pure: bool = False,
) -> Any:
    """`f`, compiled once for each set of shapes and types: traced, simplified, fused into loops and
    translated to machine code.

    Arguments and results may be numbers, arrays and nests of them, as for every transform; any
    other argument (a string, a function) is part of the program, and so is what `static_argnums` or
    `static_argnames` names, such as a number of rounds. `f` may be any composition of the
    transforms: ``jit(grad(f))``, ``jit(hessian(f))``, a whole training step. Results agree with
    plain evaluation up to rounding. Arguments are never written to.

    A compiled call equals the plain call, or raises. What `f` reads outside its arguments (globals,
    what it closes over) may change. Arrays and random numbers from outside are inputs of the
    program. Everything else (a number, a function, `self`, a model) is compared at each call, which
    takes some 0.02 us (benchmarks/outside.py), more for large models; a change selects or compiles
    another version. Clocks, files and iterators are refused by name, and so is what `f` writes
    outside itself, an argument changed in place included. `print` runs only while `f` is traced.

    With `pure=True` the caller promises that what `f` reads outside its arguments never changes: it
    is taken as it was at the first call, and not looked at again.

    `backend` is "llvm" (needs the extra ``jit``), "numpy"; by default "llvm" where it is installed.
    For the version used last, ``.source`` is the program as a function of NumPy calls, ``.program``
    its instructions, and ``.report()`` says what has no native code. A function keeps the 32
    versions used last.

    Where ``if``, ``while`` or ``assert`` decides by values, each path has a version, of which 32
    are compiled; a call along any other path is the plain call. What else Python does with values
    (``float(x)``, ``x[x > 0]``) is refused by name: it would hold for one value only. Inside
    another transform ``jit(f)`` is `f`.

    >>> import numpy as np, autodiff as ad
    >>> slope = ad.jit(ad.grad(lambda x: np.sum(np.sin(x))))
    >>> slope(np.zeros(3))
    array([1., 1., 1.])
    >>> rate = 0.1
    >>> step = ad.jit(lambda x: x - rate * x)
    >>> step(1.0)
    0.9
    >>> rate = 0.5
    >>> step(1.0)
    0.5
    """
    if backend is not None and backend not in SHOWN:
        raise AutodiffError(f'jit: backend={backend!r} is neither "llvm" nor "numpy"')
    there = find_spec("llvmlite") is not None
    if backend == "llvm" and not there:
        raise MissingExtraError("jit: the LLVM back end needs llvmlite: pip install llvmlite")
    chosen = backend or ("llvm" if there else "numpy")
    if f is None:
        return partial(
            jit,
            backend=chosen,
            static_argnums=static_argnums,
            static_argnames=static_argnames,
            pure=pure,
        )
    check_function(f, "jit")
    is_static = static_argnums != () or static_argnames != ()
    return Jit(f, chosen, Places(f, static_argnums, static_argnames) if is_static else None, pure)
