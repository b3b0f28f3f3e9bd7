"""How a written file takes its arguments: which names they have, and what they must be.

`check` and `leaves` are copied into the file, so that they stand on NumPy alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..base.shapes import PYTHON_SCALARS
from ..base.trees import LEAF, NOTHING, Structure, paths
from .engine_source import EngineSource
from .literals import UnwritableError, literal


# -- copied into the file --------------------------------------------------------------------------
def check(x: Any, name: str, kind: str) -> None:
    """Raise unless `x` is of this kind: float64[3, 2] is an array with its shape, np.float64 a
    number of NumPy's, float one of Python's."""
    found = type(x).__name__
    if type(x) is np.ndarray:
        found = f"{x.dtype}{list(x.shape)}"
    elif isinstance(x, np.generic):
        found = f"np.{x.dtype}"
    if found != kind:
        same_type = "[" in found and found.partition("[")[0] == kind.partition("[")[0]
        raise (ValueError if same_type else TypeError)(f"{name} must be {kind}, not {found}")


def leaves(x: Any, name: str, form: Any) -> list[Any]:
    """The arrays and numbers of an argument, in order. `form` is a nest like it, of kinds; what
    stands in it as the one entry of a set is part of the program, and must be that."""
    if isinstance(form, str):
        check(x, name, form)
        return [x]
    if isinstance(form, dict):
        if not isinstance(x, dict) or x.keys() != form.keys():
            raise TypeError(f"{name} must be a dict with the keys {list(form)}")
        parts = [(x[key], f"{name}[{key!r}]", form[key]) for key in form]
    elif isinstance(form, (list, tuple)):
        if not isinstance(x, type(form)) or len(x) != len(form):
            raise TypeError(f"{name} must be a {type(form).__name__} of {len(form)}")
        parts = [(part, f"{name}[{k}]", form[k]) for k, part in enumerate(x)]
    else:
        (only,) = form or [None]
        if type(x) is not type(only) or repr(x) != repr(only):
            raise TypeError(f"{name} must be {only!r}, which is part of this program")
        parts = []
    return [leaf for part in parts for leaf in leaves(*part)]


# -- what is written of them -----------------------------------------------------------------------
def kind_of(x: Any) -> str:
    """What `check` is to find of an argument like this one, or of what `Kind` says of one."""
    cls = getattr(x, "cls", type(x))
    if cls in PYTHON_SCALARS:
        return str(cls.__name__)
    if issubclass(cls, np.generic):
        return f"np.{x.dtype}"
    return f"{x.dtype}{list(x.shape)}"


class Argument:
    """One argument: its name, its nest, and the names of the variables in it."""

    def __init__(self, name: str, structure: Structure, held: Sequence[Any]) -> None:
        self.name, self.structure, self.held = name, structure, list(held)

    @property
    def is_leaf(self) -> bool:
        """Is it one array or number, and not a part of the program?"""
        return self.structure == LEAF and not isinstance(self.held[0], Fixed)

    def variables(self) -> list[str]:
        """What its leaves are called that are not part of the program."""
        names = zip(paths(self.structure, self.name), self.held, strict=True)
        return [name for name, x in names if not isinstance(x, Fixed)]

    def form(self) -> str:
        """The nest, with what each leaf must be."""
        return nest(self.structure, iter([form_of_leaf(x) for x in self.held]), self.name)

    def told(self) -> str:
        """The same for a reader."""
        texts = [form_of_leaf(x) if isinstance(x, Fixed) else kind_of(x) for x in self.held]
        return f"{self.name}: {nest(self.structure, iter(texts), self.name)}"

    def lines(self, variables: Sequence[str], source: EngineSource) -> list[str]:
        """What takes the argument apart."""
        if self.is_leaf:
            return [
                f"{source.text_of(check, '')}({self.name}, {literal(self.name)}, {self.form()})"
            ]
        name = source.text_of(leaves, "")
        taken = f"{name}({self.name}, {literal(self.name)}, {self.form()})"
        if not variables:
            return [taken]
        return [f"{', '.join(variables)}{',' if len(variables) == 1 else ''} = {taken}"]


class Fixed:
    """A leaf that is part of the program."""

    def __init__(self, value: Any) -> None:
        self.value = value


def form_of_leaf(x: Any) -> str:
    if not isinstance(x, Fixed):
        return literal(kind_of(x))
    try:
        return f"{{{literal(x.value)}}}"
    except UnwritableError:
        raise UnwritableError(
            f"a {type(x.value).__name__} among the arguments, which is part of the program",
            "close over it instead",
        ) from None


def nest(s: Structure, texts: Any, what: str, named: Callable[[Any], str] | None = None) -> str:
    """A nest of lists, tuples and dicts, with the next of `texts` at each leaf. `named` is asked
    what a class of named tuples is called; without it they are written as tuples."""
    if s == LEAF:
        return str(next(texts))
    if s == NOTHING:
        return "None"
    parts = [nest(part, texts, what, named) for part in s.parts]
    if s.kind is dict or (s.kind is OrderedDict and named is None):
        return (
            "{" + ", ".join(f"{literal(k)}: {v}" for k, v in zip(s.keys, parts, strict=True)) + "}"
        )
    if s.kind is list:
        return f"[{', '.join(parts)}]"
    if s.kind is tuple or (issubclass(s.kind, tuple) and s.keys):
        written = "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"
        return written if s.kind is tuple or named is None else named(s.kind) + written
    raise UnwritableError(
        f"{what} is a {s.kind.__name__}, which the file does not know",
        "use dicts, lists and tuples",
    )
