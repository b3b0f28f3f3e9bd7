"""What a public module says of its names: all to `dir`, and the nearest one for a typo."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def no_name(module: str, name: str, names: Iterable[str], cure: str = "") -> AttributeError:
    """Python adds its own suggestion to a traceback only, and not for a name like `grda`."""
    from difflib import get_close_matches

    if not cure and name[:1] != "_" and (close := get_close_matches(name, names, n=1)):
        cure = f"did you mean {close[0]!r}?"
    cure = f"; {cure}" if cure else ""
    return AttributeError(f"module {module!r} has no attribute {name!r}{cure}", name=name)


def names_of(module: str, names: list[str], other: str = "") -> tuple[Any, Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a module with these names; `other` is the module whose
    functions of any other name can be used as they are."""

    def missing(name: str) -> Any:
        cure = ""
        if other and name[:1] != "_" and find_spec(other.partition(".")[0]):
            cure = f"use {other}.{name}" if hasattr(import_module(other), name) else ""
        raise no_name(module, name, names, cure)

    return missing, lambda: sorted(names)
