"""Rows whose value is SciPy's own ufunc, found by name. Importing autodiff does not import SciPy.

A tracked value that meets `scipy.special.erf` is offered that ufunc by NumPy's protocol. The row of
that name *adopts* it: from then on it is the row's value, so that the value is bit for bit SciPy's.
A derivative that needs another function of SciPy writes `special.erfc`, which is looked up at its
first call: by then SciPy is loaded, because one of its ufuncs has arrived.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from ...base.errors import MissingExtraError, refuse
from ...rules.conforming import align_all, aval_of, conform_cotangent, conform_tangent, full
from ...rules.kinds import Elementwise, Flat
from ...rules.primitive import ZERO, Primitive, Pullback, register

HOMES = ("scipy.special", "scipy.special._ufuncs")  # zeta's and lambertw's ufuncs are in the second


class SciPyFunction:
    """A function of scipy.special by its name."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.found()(*args, **kwargs)

    def found(self) -> Any:
        try:
            homes = [importlib.import_module(home) for home in HOMES]
        except ImportError:
            raise MissingExtraError(f"{self.__name__} needs SciPy: pip install scipy") from None
        for home in homes:
            function = getattr(home, self.__name__, None)
            if callable(function):  # _lambertw is a module in the one and a ufunc in the other
                return function
        raise AttributeError(f"scipy.special has no function named {self.__name__}")

    @property
    def types(self) -> Any:
        """The dtypes that the ufunc has loops for."""
        return self.found().types


class Special:
    """`special.erf` is SciPy's function, found at its first use."""

    def __getattr__(self, name: str) -> Any:
        found = SciPyFunction(name).found()
        setattr(self, name, found)
        return found


special = Special()
BORROWED: dict[str, Primitive] = {}


def adopted(ufunc: Any) -> Primitive | None:
    """The row that answers a ufunc of scipy.special, bound to it; `None` for any other."""
    name = ufunc.__name__
    row = BORROWED.get(name)
    if row is None or not is_scipys(ufunc):
        return None
    row.value = row.numpy = ufunc
    return row


def is_scipys(function: Any) -> bool:
    name = getattr(function, "__name__", "")
    return any(getattr(sys.modules.get(home), name, None) is function for home in HOMES)


class Guarded:
    """A string in place of a partial names an argument in which the derivative is not known: the
    row refuses to be differentiated in it."""

    name: str
    partials: tuple[Any, ...]

    def check_known(self, tracked: Iterable[int]) -> None:
        for i in tracked:
            if isinstance(self.partials[i], str):
                raise refuse(
                    f"{self.name}: the derivative in {self.partials[i]} is not known",
                    "differentiate in the other arguments alone: leave this one out of argnums, or "
                    "pass it through autodiff.stop_gradient",
                )


class Borrowed(Guarded, Elementwise):
    """A ufunc of scipy.special with its partials."""

    @staticmethod
    def _saves(partial: Any) -> tuple[int, ...]:
        return () if isinstance(partial, str) else Elementwise._saves(partial)

    def jvp(self, y: Any, primals: Sequence[Any], tangents: Sequence[Any], params: Any) -> Any:
        self.check_known(i for i, t in enumerate(tangents) if t is not ZERO)
        return super().jvp(y, primals, tangents, params)

    def vjp(self, y: Any, primals: Sequence[Any], wanted: Sequence[int], params: Any) -> Pullback:
        self.check_known(wanted)
        return super().vjp(y, primals, wanted, params)


class BorrowedSeveral(Guarded, Primitive):
    """A ufunc with several results. A partial is called with all arguments and all results, and
    gives the slope of each result."""

    kind = "special"
    multiple = True
    entries = "entry"

    def __init__(self, name: str, value: Any, *partials: Any, **row: Any) -> None:
        super().__init__(name, value, **row)
        self.partials = partials

    def jvp(self, y: Any, primals: Sequence[Any], tangents: Sequence[Any], params: Any) -> Any:
        moving = [i for i, t in enumerate(tangents) if t is not ZERO]
        self.check_known(moving)
        y_dot: list[Any] = [ZERO] * len(y)
        for i in moving:
            slopes = self.partials[i](*primals, *y)
            y_dot = [dot + slope * tangents[i] for dot, slope in zip(y_dot, slopes, strict=True)]
        return tuple(map(conform_tangent, y_dot, y))

    def vjp(self, y: Any, primals: Sequence[Any], wanted: Sequence[int], params: Any) -> Pullback:
        self.check_known(wanted)

        def pullback(y_bar: Any) -> list[Any]:
            bars = []
            for i in wanted:
                slopes, bar = self.partials[i](*primals, *y), ZERO
                for part_bar, part, slope in zip(y_bar, y, slopes, strict=True):
                    if part_bar is not ZERO:
                        bar = bar + full(part_bar, aval_of(part)) * slope
                bars.append(conform_cotangent(bar, aval_of(primals[i])))
            return bars

        return pullback

    def batched(self, size: int, args: Sequence[Any], flags: Sequence[bool], params: Any) -> Any:
        return self(*align_all(args, flags))


def borrowed(ufunc: str, *partials: Any, name: str = "", **row: Any) -> Any:
    """The row of a ufunc of scipy.special; `name` is what people call it, where that differs."""
    name = name or ufunc
    slots = ", ".join(f"{{{letter}}}" for letter in "abcdef"[: len(partials)])
    row = {"text": f"{name}({slots})", **row}
    made = register(Borrowed(f"scipy.special.{name}", SciPyFunction(ufunc), *partials, **row))
    BORROWED[ufunc] = made
    return made


def borrowed_several(ufunc: str, *partials: Any, **row: Any) -> Any:
    """The row of a ufunc of scipy.special with several results."""
    slots = ", ".join(f"{{{letter}}}" for letter in "abcdef"[: len(partials)])
    row = {"text": f"{ufunc}({slots})", **row}
    made = register(
        BorrowedSeveral(f"scipy.special.{ufunc}", SciPyFunction(ufunc), *partials, **row)
    )
    BORROWED[ufunc] = made
    return made


def borrowed_flat(ufunc: str) -> Any:
    """The row of a ufunc of scipy.special that is constant between its jumps."""
    made = register(
        Flat(
            f"scipy.special.{ufunc}",
            SciPyFunction(ufunc),
            text=f"{ufunc}({{a}})",
            batch="elementwise",
        )
    )
    BORROWED[ufunc] = made
    return made


__all__ = ["Borrowed", "adopted", "borrowed", "borrowed_flat", "borrowed_several", "special"]
