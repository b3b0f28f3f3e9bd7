"""A row's value in a file that runs without autodiff: by following the source of its definition.

A function of NumPy's or SciPy's becomes an import. A function of the engine's own is copied, and so
is, in turn, what it names: other functions, other rows, constants. What a function closes over is
filled in. A short table has stand-ins for what plain numbers do not need. Anything else is refused.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from ..base import errors, selecting, shapes
from ..base.printable import printable
from ..base.shapes import Shape
from ..primitives.gathering import filled
from ..primitives.implicit import Implicit
from ..primitives.indexing import HOLE
from ..primitives.linalg.scipy import scipy_linalg
from ..primitives.special.borrowed import HOMES, SciPyFunction, Special
from ..rules.primitive import TABLE, Primitive
from .definitions import CALLED, found, global_names, inlined, renamed, rewritten
from .literals import UnwritableError, array, identifier, literal, unwritable_loop
from .neat import neat
from .text import from_the_front

MOST_ENTRIES = 1000  # of an array that stands in the file; a larger one is stored beside it
STANDARD = ("math", "operator", "functools", "contextlib", "contextvars", "importlib", "types")
TAKEN = {*dir(builtins), *STANDARD, "np", "numpy", "scipy", "Path", "collections", "HOLE", "filled"}


# -- stand-ins -------------------------------------------------------------------------------------
def refuse(what: str, cure: str) -> TypeError:
    return TypeError(f"{what}: {cure}")


# What the engine uses, and what does the same to plain numbers: an expression, or a function that
# is copied in its place.
STAND_INS: tuple[tuple[Any, Any], ...] = (
    (selecting.where, "np.where"),
    (shapes.shape_of, "np.shape"),
    (shapes.ndim_of, "np.ndim"),
    (errors.location, "str"),  # where in the user's code: here nobody knows
    (errors.refuse, refuse),
    (HOLE, "HOLE"),  # both are gone when `neat` is through
    (filled, "filled"),
)
BY_TEXT = {"np.add.reduce": "np.sum"}  # as people write them
BY_IDENTITY = {id(x): y for x, y in STAND_INS}
# Decorators of the engine's that give plain numbers back as they came.
WITHOUT_EFFECT = {"named.<locals>.call", "with_splitting.<locals>.call"}


class EngineSource:
    """Gives out the text of values and rows, and collects what these texts need in their file:
    `modules`, `constants` and `definitions`, and the arrays `stored` beside it."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.used = {*TAKEN, *taken}
        self.modules: set[str] = set()
        self.constants: list[str] = []
        self.definitions: list[str] = []
        self.stored: dict[str, Any] = {}
        self.scipys: set[str] = set()  # which functions of SciPy's
        self.texts: dict[int, str] = {}
        self.arrays: list[tuple[Any, str]] = []
        self.held: list[Any] = []  # so that an id is not used again

    def fresh(self, wanted: str) -> str:
        """A name that nothing in the file has."""
        name, k = identifier(wanted), 1
        while name in self.used:
            k += 1
            name = f"{identifier(wanted)}_{k}"
        self.used.add(name)
        return name

    # -- rows ----------------------------------------------------------------------------------
    def call(
        self,
        row: Primitive,
        operands: Sequence[str],
        params: dict[str, Any],
        shapes: Sequence[Shape] = (),
        of_python: bool = False,
    ) -> str:
        """The value of a row as an expression of its operands, names or literals of these shapes;
        `of_python` if all of them are Python's numbers."""
        self.check_ours(row, params)
        if not is_ours(row.value):
            params = told(params, shapes, row.value)
        written = {key: self.value(x, key) for key, x in params.items()}
        if row.operator and not (of_python and row.value.__class__ is FunctionType):
            return neat(row.operator.format(*operands, **written))
        value: Any = row.value.found() if isinstance(row.value, SciPyFunction) else row.value
        if is_ours(value) and id(value) not in BY_IDENTITY and value.__closure__ is None:
            simple = inlined(found(value), operands, written)
            if simple is not None:
                return neat(self.within(value, *simple))
        name = self.text_of(value, row.name.rpartition(".")[2])
        given = [*operands, *(f"{key}={text}" for key, text in written.items())]
        return neat(f"{name}({', '.join(given)})")

    def check_ours(self, row: Primitive, params: dict[str, Any]) -> None:
        if isinstance(row, Implicit):
            (held,) = params.values()
            raise UnwritableError(
                f"{printable(repr(held))[:60]} is found by a solver, which needs autodiff to run",
                "solve it outside, and export a function of the solution",
            )
        if row.outlined:
            raise unwritable_loop(row.title(params))
        if TABLE.get(row.name) is not row and not isinstance(row.value, np.ufunc):
            raise UnwritableError(
                f"{row.name} is a rule of your own, and not in autodiff's table",
                "write its function with NumPy's, without the rule",
            )

    # -- values --------------------------------------------------------------------------------
    def value(self, x: Any, wanted: str = "constant") -> str:
        """A constant or a parameter: as a literal, or by the name that it gets in the file."""
        if id(x) in self.texts:
            return self.texts[id(x)]
        if isinstance(x, np.ndarray):
            return self.array(x, wanted)
        try:
            return literal(x)
        except UnwritableError:
            pass
        if isinstance(x, tuple):
            parts = [self.value(part, wanted) for part in x]
            return "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"
        if isinstance(x, Exception):
            return self.exception(x)
        matrix = getattr(x, "matrix", None)
        if matrix is not None:
            return self.sparse(x, matrix)
        return self.text_of(x, wanted)

    def array(self, x: Any, wanted: str) -> str:
        if x.dtype.kind not in "biufc":
            raise UnwritableError(f"an array of type {x.dtype} cannot be written")
        is_stored = x.size > MOST_ENTRIES
        turned = next((name for y, name in self.arrays if is_transposed(x, y)), None)
        if turned is not None:
            return f"{turned}.T"
        text = "" if is_stored else array(x)
        if not is_stored and not x.ndim:
            return text
        name = self.known(x, self.fresh(wanted))
        self.arrays.append((x, name))
        if is_stored:
            self.stored[name] = x
        else:
            self.constants.append(f"{name} = {text}")
        return name

    def exception(self, x: Exception) -> str:
        return f"{self.text_of(type(x), '')}({', '.join(self.value(a) for a in x.args)})"

    def sparse(self, x: Any, matrix: Any) -> str:
        """A sparse matrix of SciPy's, from its three arrays."""
        kind = self.text_of(type(matrix), "")
        parts = ", ".join(self.value(part, "part") for part in x.parts)
        self.modules.add("types")
        name = self.known(x, self.fresh("matrix"))
        made = f"{kind}(({parts}), shape={literal(tuple(map(int, matrix.shape)))})"
        self.constants.append(f"{name} = types.SimpleNamespace(matrix={made})")
        return name

    def named_tuple(self, cls: Any) -> str:
        """The name of a class of named tuples like this one."""
        if id(cls) not in self.texts:
            self.modules.add("collections")
            name = self.known(cls, self.fresh(cls.__name__))
            fields = literal(list(map(str, cls._fields)))
            made = f"collections.namedtuple({literal(str(cls.__name__))}, {fields})"
            self.constants.append(f"{name} = {made}")
        return self.texts[id(cls)]

    def known(self, x: Any, text: str) -> str:
        self.held.append(x)
        self.texts[id(x)] = text
        return text

    # -- what the engine's source names --------------------------------------------------------
    def text_of(self, x: Any, wanted: str) -> str:
        """An expression for what a name of the engine's source stands for."""
        if id(x) in self.texts:
            return self.texts[id(x)]
        stand_in = BY_IDENTITY.get(id(x))
        if isinstance(stand_in, str):
            return stand_in
        if stand_in is not None:
            return self.defined(x, stand_in, wanted)
        if isinstance(x, Primitive):
            self.check_ours(x, {})
            value = x.value.found() if isinstance(x.value, SciPyFunction) else x.value
            return self.known(x, self.text_of(value, x.name.rpartition(".")[2]))
        place = self.place(x)
        if place is not None:
            return place
        if isinstance(x, type) and issubclass(x, Exception):
            if x.__module__.partition(".")[0] != "autodiff":
                raise UnwritableError(
                    f"{x.__name__} is an error of your own",
                    "raise one of Python's, such as ValueError",
                )
            return next(c.__name__ for c in x.__mro__ if c.__module__ == "builtins")
        inner = getattr(x, "__wrapped__", None)
        if isinstance(x, FunctionType) and is_ours(x):
            if x.__code__.co_qualname in WITHOUT_EFFECT:
                cells = zip(x.__code__.co_freevars, x.__closure__ or (), strict=True)
                return self.text_of(dict(cells)["function"].cell_contents, wanted)
            return self.defined(x, x, wanted)
        if isinstance(inner, FunctionType) and is_ours(inner):  # by a decorator of Python's
            return self.defined(x, inner, wanted, x)
        return self.named_constant(x, wanted)

    def named_constant(self, x: Any, wanted: str) -> str:
        if isinstance(x, ContextVar):
            self.modules.add("contextvars")
            text = f"contextvars.ContextVar({x.name!r}, default=None)"
        elif type(x) in (tuple, frozenset, dict):
            text = self.nest(x)
        else:
            text = literal(x)
        if isinstance(x, (int, float, str, type(None))) and not wanted.isupper():
            return text  # what a function closes over
        self.constants.append(f"{(name := self.fresh(wanted))} = {text}")
        return self.known(x, name)

    def nest(self, x: Any) -> str:
        if type(x) is dict:
            pairs = [f"{self.part(k)}: {self.part(v)}" for k, v in x.items()]
            return "{" + ", ".join(pairs) + "}"
        parts = [self.part(v) for v in x]
        if type(x) is frozenset:
            return "frozenset((" + ", ".join(sorted(parts)) + ",))"
        return "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"

    def part(self, x: Any) -> str:
        try:
            return literal(x)
        except UnwritableError:
            return self.text_of(x, "part")

    def place(self, x: Any) -> str | None:
        """``np.exp``: where a module, or something in one, is found that is not the engine's."""
        if isinstance(x, ModuleType):
            return self.module(x.__name__)
        owner = getattr(x, "__self__", None)
        if isinstance(owner, np.ufunc):
            text = f"{self.place(owner)}.{x.__name__}"
            return BY_TEXT.get(text, text)
        if getattr(x, "__objclass__", None) is np.ufunc:
            return f"np.ufunc.{x.__name__}"
        if isinstance(x, np.ufunc):
            homes = ("numpy", *(h for h in HOMES if h in sys.modules))
            places = [(home, x.__name__) for home in homes]
        elif isinstance(x, (type, FunctionType, BuiltinFunctionType)) or hasattr(x, "__qualname__"):
            home = str(getattr(x, "__module__", "") or "").replace("_operator", "operator")
            places = [(home, x.__qualname__)]
            if home.startswith("scipy.sparse."):
                places.insert(0, ("scipy.sparse", x.__name__))
        else:
            return None
        for home, name in places:
            if getattr(sys.modules.get(home), name, None) is x:
                if home == "builtins":
                    return name
                module = self.module(home)
                if module is not None:
                    if home.startswith("scipy"):
                        self.scipys.add(
                            f"{home}.{name}".replace("._ufuncs._", ".").replace("._ufuncs", "")
                        )
                    return f"{module}.{name}"
        return None

    def module(self, name: str) -> str | None:
        root = name.partition(".")[0]
        if root == "numpy":
            return "np" + name.removeprefix("numpy")
        if root == "scipy" or name in STANDARD:
            self.modules.add(name)
            return name
        return None

    # -- functions -----------------------------------------------------------------------------
    def defined(self, x: Any, f: FunctionType, wanted: str, decorated: Any = None) -> str:
        """The name of a function that is copied into the file; `x` is what the engine calls."""
        name = self.known(x, self.fresh(wanted or f.__name__))
        source = found(f)
        decorator = ""
        if decorated is not None and isinstance(decorated, FunctionType):
            self.modules.add("contextlib")
            decorator = "@contextlib.contextmanager\n"
        self.definitions.append(decorator + self.within(f, rewritten(source, name)))
        return name

    def within(self, f: FunctionType, text: str, operands: dict[str, str] | None = None) -> str:
        """A copied text in which every name of the engine's means what it meant there."""
        names: dict[str, Any] = {k: f.__globals__[k] for k in global_names(f) if k in f.__globals__}
        cells = zip(f.__code__.co_freevars, f.__closure__ or (), strict=True)
        names |= {name: cell.cell_contents for name, cell in cells}

        def resolve(name: str, attributes: list[str]) -> tuple[str, int] | None:
            if attributes[:1] == [CALLED]:
                function = names.get(attributes[1], attributes[1])
                is_scipys = names.get(name) is scipy_linalg
                return (self.of_scipy_linalg(function), 0) if is_scipys else None
            if operands and name in operands:
                return operands[name], 0
            if name not in names:
                return None
            x, k = names[name], 0
            while k < len(attributes) and (isinstance(x, Special) or is_our_module(x)):
                x, k = getattr(x, attributes[k]), k + 1
            wanted = attributes[k - 1] if k else name
            return self.text_of(x, "" if isinstance(x, FunctionType) else wanted), k

        return renamed(text, resolve)

    def of_scipy_linalg(self, name: str) -> str:
        """The module, for its function `name`."""
        self.modules.add("scipy.linalg")
        self.scipys.add(f"scipy.linalg.{name}")
        return "scipy.linalg"


def is_ours(f: Any) -> bool:
    home = str(f.__globals__.get("__name__", "")) if isinstance(f, FunctionType) else ""
    return home.startswith("autodiff.")


def is_our_module(x: Any) -> bool:
    return isinstance(x, ModuleType) and x.__name__.startswith("autodiff.")


def is_transposed(x: Any, y: Any) -> bool:
    """Are these the same numbers in memory, with their axes in the opposite order?"""
    if x.ndim < 2 or x.dtype != y.dtype or x.shape != y.shape[::-1]:
        return False
    same = x.__array_interface__["data"] == y.__array_interface__["data"]
    return bool(same and x.strides == y.strides[::-1])


def told(params: dict[str, Any], shapes: Sequence[Shape], function: Any) -> dict[str, Any]:
    """The parameters of a function of NumPy's as people write them: without what is so anyway."""
    params = {key: x for key, x in from_the_front(params, shapes).items() if x is not None}
    axis, ndim = params.get("axis"), len(shapes[0]) if shapes else 0
    if params.get("keepdims") is False:
        del params["keepdims"]
        if isinstance(axis, tuple) and len(axis) == 1:
            params["axis"] = axis[0]
        owner = getattr(function, "__self__", None)
        first = isinstance(owner, np.ufunc) and owner is not np.add  # their default is axis 0
        if isinstance(axis, tuple) and len(axis) == ndim > 0 and not first:
            del params["axis"]
    return params
