"""Values as JSON and back: parameters of rows, constants, and the structure of nests.

JSON's own values stand for themselves; everything else is an object with one key, which says what
it is: {"slice": [0, null, 2]}, {"dtype": "<f8"}. Arrays stand in a list of their own, and JSON
holds their numbers. The user's functions and classes are never stored: only their names are, and
the user passes them again when loading.
"""

from __future__ import annotations

import builtins
import math
import operator
import re
import struct
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from ..base import errors
from ..base.errors import AutodiffError
from ..base.printable import printable
from ..base.trees import LEAF, NOTHING, Leaf, Nothing, Structure, structure_of
from ..primitives.indexing import HOLE
from ..primitives.sparse import Held
from ..primitives.special.borrowed import SciPyFunction, is_scipys
from ..rules.primitive import Traced

Json = Any
CONTAINERS = {"tuple": tuple, "list": list, "dict": dict, "OrderedDict": OrderedDict}
NUMBERS = "biufc"
EXCEPTIONS: dict[str, type[Exception]] = {  # Python's own, ours, and NumPy's one
    x.__name__: x
    for x in (*vars(builtins).values(), *vars(errors).values(), np.linalg.LinAlgError)
    if isinstance(x, type) and issubclass(x, Exception)
}
DTYPE = re.compile("[<>|=][a-zA-Z][0-9]{0,9}")
DEEPEST = 100  # containers in one another: readers of JSON go no deeper than Python's stack


class DamagedError(Exception):
    """The contents of a file are invalid; the reader of the file adds its name."""


# -- writing ---------------------------------------------------------------------------------------
class Writer:
    """Turns values into JSON, and collects the arrays among them."""

    def __init__(self) -> None:
        self.arrays: list[Any] = []
        self.places: dict[int, int] = {}
        self.given: dict[str, Any] = {}  # functions and classes of the user's, by name

    def value(self, x: Any, what: str) -> Json:
        """`x` as JSON; `what` names it in the error if it cannot be written."""
        if x is None or isinstance(x, (bool, str)):
            return x
        if isinstance(x, np.generic) and x.dtype.kind in NUMBERS:  # a float64 is a float as well
            return {"scalar": self.array(np.asarray(x))}
        if isinstance(x, int):
            return x
        if isinstance(x, float):
            return x if math.isfinite(x) else {"float": struct.pack(">d", x).hex()}
        if isinstance(x, complex):
            return {"complex": [self.value(x.real, what), self.value(x.imag, what)]}
        if type(x) is np.ndarray and x.dtype.kind in NUMBERS:
            return {"array": self.array(x)}
        if x is Ellipsis or x is HOLE:
            return {"symbol": "..." if x is Ellipsis else "hole"}
        if type(x) in (tuple, list):
            return {type(x).__name__: [self.value(item, what) for item in x]}
        if type(x) is dict:
            return {"dict": [[self.value(k, what), self.value(v, what)] for k, v in x.items()]}
        if EXCEPTIONS.get(type(x).__name__) is type(x):
            return {"error": [type(x).__name__, self.value(x.args, what)]}
        if isinstance(x, slice):
            return {"slice": [self.value(end, what) for end in (x.start, x.stop, x.step)]}
        if isinstance(x, np.dtype):
            return {"dtype": x.str}
        if isinstance(x, np.ufunc) and (getattr(np, x.__name__, None) is x or is_scipys(x)):
            return {"ufunc": x.__name__}
        if isinstance(x, Held):
            places = [self.array(part) for part in x.parts]
            return {"sparse": [x.kind, list(map(int, x.matrix.shape)), places]}
        if isinstance(x, Traced):
            raise AutodiffError(
                f"save: {what} is a value that a transform is tracking; pass it in as an argument"
            )
        name = getattr(x, "__name__", None)
        if callable(x) and isinstance(name, str):
            return {"given": self.name(name, x)}
        raise AutodiffError(f"save: {what} is of type {type(x).__name__}, which cannot be saved")

    def array(self, x: Any) -> int:
        """The number of an array; one that occurs twice is written once."""
        if id(x) not in self.places:
            self.places[id(x)] = len(self.arrays)
            self.arrays.append(x)
        return self.places[id(x)]

    def name(self, name: str, x: Any) -> str:
        """The name of a user's function or class, which the user passes again when loading."""
        if not same_function(self.given.setdefault(name, x), x):
            raise AutodiffError(
                f"save: two functions or classes in the program are called {name}, but load takes "
                "one for each name; give each its own name: f.__name__ = ..."
            )
        return name

    def structure(self, s: Structure) -> Json:
        """A leaf is "*", None is null, a container its class, keys, parts and data."""
        if s.kind is Leaf or s.kind is Nothing:
            return "*" if s.kind is Leaf else None
        if s.depth > DEEPEST:
            raise AutodiffError(
                f"containers nested {s.depth} deep cannot be saved, at most {DEEPEST} can; "
                "save a function of their leaves"
            )
        name = s.kind.__name__
        return [
            name if CONTAINERS.get(name) is s.kind else self.name(name, s.kind),
            [self.value(k, "a key of a dict") for k in s.keys],
            [self.structure(part) for part in s.parts],
            self.value(s.data, f"what a {s.kind.__name__} holds"),
        ]


def same_function(f: Any, g: Any) -> bool:
    """Is it one function, or the same lines run twice, over the same variables?"""
    if not isinstance(f, FunctionType) or not isinstance(g, FunctionType):
        return bool(f is g or f == g)
    return f.__code__ is g.__code__ and all(map(operator.is_, held_by(f), held_by(g)))


def held_by(f: FunctionType) -> list[Any]:
    """What a function brings along: its defaults, and the variables that it closes over."""
    defaults = [*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()]
    return [*defaults, *(cell.cell_contents for cell in f.__closure__ or ())]


# -- reading ---------------------------------------------------------------------------------------
class Reader:
    """Turns JSON back into values. `given` has the user's functions and classes by name."""

    def __init__(self, arrays: Sequence[Any], given: Mapping[str, Any]) -> None:
        self.arrays, self.given = arrays, given

    def value(self, j: Json) -> Any:
        if j is None or isinstance(j, (bool, str, int, float)):
            return j
        tag, content = only_item(j)
        if tag not in READERS:
            raise DamagedError(f"a value of the unknown kind {tag!r:.40}")
        return READERS[tag](self, content)

    def array(self, j: Json) -> Any:
        return self.arrays[index(j, len(self.arrays), "array")]

    def name(self, j: Json) -> Any:
        """What the user passes for a name."""
        if not isinstance(j, str) or j not in self.given:
            raise DamagedError(
                f"it uses {j!r:.60}, a function or class that is not in the file; pass it: "
                f"load(path, names={{{j!r:.60}: ...}})"
            )
        return self.given[j]

    def structure(self, j: Json) -> Structure:
        if j == "*" or j is None:
            return LEAF if j else NOTHING
        kind, keys, parts, data = listed(j, 4)
        cls = CONTAINERS[kind] if kind in CONTAINERS else self.name(kind)
        if not isinstance(cls, type):
            raise DamagedError(f"{kind!r:.60} is not a class")
        names = tuple(self.value(k) for k in listed(keys))
        found = [self.structure(part) for part in listed(parts)]
        one_each = len(names) == len(set(names)) == len(found)
        if not one_each and (names or issubclass(cls, dict)):
            raise DamagedError(f"a {kind:.60} with {len(found)} parts and {len(names)} keys")
        return structure_of(cls, names, found, self.value(data))


def only_item(j: Json) -> tuple[str, Json]:
    if not isinstance(j, dict) or len(j) != 1:
        raise DamagedError(f"{j!r:.60} where a value should be")
    return next(iter(j.items()))


def listed(j: Json, count: int | None = None) -> list[Any]:
    if not isinstance(j, list) or (count is not None and len(j) != count):
        raise DamagedError(f"{j!r:.60} where a list {f'of {count} ' if count else ''}should be")
    return j


def fields(j: Json, *names: str) -> list[Any]:
    """The entries of an object that has exactly these."""
    if not isinstance(j, dict) or set(j) != set(names):
        raise DamagedError(f"{j!r:.60} where an object with {', '.join(names)} should be")
    return [j[name] for name in names]


def index(j: Json, size: int, what: str) -> int:
    if type(j) is not int or not 0 <= j < size:
        raise DamagedError(f"it has no {what} number {j!r:.20}")
    return j


def text(j: Json) -> str:
    if not isinstance(j, str):
        raise DamagedError(f"{j!r:.60} where a string should be")
    return printable(j)


def dtype(j: Json) -> np.dtype[Any]:
    """A dtype of numbers, as `dtype.str` writes it: NumPy itself reads much more as one."""
    if not DTYPE.fullmatch(text(j)):
        raise DamagedError(f"{j!r:.60} is not a dtype")
    try:
        found = np.dtype(j)
    except TypeError:
        raise DamagedError(f"{j!r:.60} is not a dtype") from None
    if found.kind not in NUMBERS:
        raise DamagedError(f"an array of dtype {found}")
    return found


def _float(reader: Reader, j: Json) -> float:
    return float(struct.unpack(">d", bytes.fromhex(text(j)))[0])


def _complex(reader: Reader, j: Json) -> complex:
    real, imag = (reader.value(part) for part in listed(j, 2))
    return complex(real, imag)


def _symbol(reader: Reader, j: Json) -> Any:
    if j not in ("...", "hole"):
        raise DamagedError(f"the unknown symbol {j!r:.40}")
    return Ellipsis if j == "..." else HOLE


def _dict(reader: Reader, j: Json) -> dict[Any, Any]:
    pairs = [listed(pair, 2) for pair in listed(j)]
    return {reader.value(k): reader.value(v) for k, v in pairs}


def _error(reader: Reader, j: Json) -> Exception:
    name, args = listed(j, 2)
    if text(name) not in EXCEPTIONS:
        raise DamagedError(f"{name!r:.60} is not an exception of Python's or autodiff's")
    return EXCEPTIONS[name](*reader.value(args))


def _ufunc(reader: Reader, j: Json) -> Any:
    function = getattr(np, text(j), None)
    if function is None and j.isidentifier():
        function = SciPyFunction(j).found()
    if not isinstance(function, np.ufunc):
        raise DamagedError(f"{j!r:.60} is not a ufunc")
    return function


def _sparse(reader: Reader, j: Json) -> Held:
    kind, shape, places = listed(j, 3)
    sides = tuple(index(n, sys.maxsize, "side of a matrix") for n in listed(shape, 2))
    parts = tuple(reader.array(place) for place in listed(places, 3))
    try:
        return Held.of_parts(text(kind), sides, parts)
    except (ValueError, TypeError, IndexError) as error:
        raise DamagedError(f"a sparse matrix: {error}") from None


READERS: dict[str, Callable[[Reader, Json], Any]] = {
    "float": _float,
    "complex": _complex,
    "symbol": _symbol,
    "dict": _dict,
    "error": _error,
    "ufunc": _ufunc,
    "sparse": _sparse,
    "array": lambda reader, j: reader.array(j),
    "scalar": lambda reader, j: reader.array(j).reshape(())[()],
    "tuple": lambda reader, j: tuple(reader.value(item) for item in listed(j)),
    "list": lambda reader, j: [reader.value(item) for item in listed(j)],
    "slice": lambda reader, j: slice(*(reader.value(end) for end in listed(j, 3))),
    "dtype": lambda reader, j: dtype(j),
    "given": lambda reader, j: reader.name(j),
}
