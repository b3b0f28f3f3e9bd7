"""The errors of the engine: what was wrong, where in the user's code, and the cure."""

from __future__ import annotations

import linecache
import os
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from types import FrameType, TracebackType

import numpy as np

from .bounded import cached
from .printable import printable

_NUMPY = str(Path(np.__file__).parent) + os.sep
_SCIPY = str(Path(np.__file__).parent.parent / "scipy") + os.sep  # beside NumPy, if it is there
_INSTALLED = str(Path(np.__file__).parent.parent) + os.sep
_HERE = str(Path(__file__).parents[1]) + os.sep
_NN = str(Path(__file__).parents[2] / "nn") + os.sep  # the layer on top, in the same project


class AutodiffError(Exception):
    """Base of every error this package raises on purpose."""

    __module__ = "autodiff"  # where users find it, and what a traceback says


class NotDifferentiableError(AutodiffError, TypeError):
    """The request has no derivative the engine can vouch for: refused rather than guessed. `cure`
    is what to do instead, where the message has it apart from the rest."""

    __module__ = "autodiff"  # where users find it, and what a traceback says

    cure: str = ""
    _level: float = 0  # of the transform that refuses, where that is known


class ShapeError(AutodiffError, ValueError):
    """Shapes, dtypes or structures that do not fit together."""

    __module__ = "autodiff"  # where users find it, and what a traceback says


class ConvergenceError(AutodiffError, ArithmeticError):
    """A solver's result does not satisfy its equation; the message says by how much."""

    __module__ = "autodiff"  # where users find it, and what a traceback says


class NonFiniteError(AutodiffError, FloatingPointError):
    """An inf or a nan arose inside `raise_on_nonfinite`. `finding` is what `diagnose` would report:
    `kind`, `name`, `operation`, `line`, `value`, `cause` and `cure`."""

    __module__ = "autodiff"  # where users find it, and what a traceback says

    def __init__(self, finding: object) -> None:
        super().__init__(str(finding))
        self.finding = finding


class MissingExtraError(AutodiffError, ImportError):
    """An optional dependency is needed; the message carries the ``pip install`` line."""

    __module__ = "autodiff"  # where users find it, and what a traceback says


def counted(n: int, one: str, many: str = "") -> str:
    """``1 entry`` or ``2 entries``."""
    return f"{n} {one if n == 1 else many or f'{one}s'}"


def user_frame() -> FrameType | None:
    """Where the user's code called us: the innermost stack frame outside this package and NumPy,
    and, if there is one, outside the packages installed beside NumPy."""
    frame: FrameType | None = sys._getframe(1)
    found = None
    while frame is not None:
        if is_users(frame):
            if not is_installed(frame):
                return frame
            found = found or frame
        frame = frame.f_back
    return found


# What Cython compiled, under names that do not say where it is.
COMPILED = (".pyx", ".pxd", "<stringsource>")


def is_users(frame: FrameType) -> bool:
    """Whether a frame runs the user's code: neither this project's nor NumPy's nor SciPy's."""
    return is_users_file(frame.f_code.co_filename)


@cached(4096)  # every cell of a notebook is a file
def is_users_file(name: str) -> bool:
    return not name.startswith((_HERE, _NN, _NUMPY, _SCIPY)) and not name.endswith(COMPILED)


def is_installed(frame: FrameType) -> bool:
    """Whether a frame runs code that is installed beside NumPy: most likely a library that calls
    us."""
    return frame.f_code.co_filename.startswith(_INSTALLED)


def is_ours(frame: FrameType) -> bool:
    """Whether a frame runs the code of this package."""
    return frame.f_code.co_filename.startswith(_HERE)


def passed_users(error: BaseException) -> TracebackType | None:
    """The innermost place in the user's code that an error passed through; `None` if it passed
    none."""
    found, traceback = None, error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        if is_users(frame) and (found is None or not is_installed(frame)):
            found = traceback
        traceback = traceback.tb_next
    return found


def location(raised: TracebackType | None = None) -> str:
    """``" (file.py:12: y = x @ w)"`` for the user's current line, or the one an error came from; or
    ``""`` where there is none."""
    frame = raised.tb_frame if raised else user_frame()
    if frame is None:
        return ""
    return f" ({line_of(frame, raised.tb_lineno if raised else frame.f_lineno)})"


def line_of(frame: FrameType, number: int) -> str:
    """``file.py:12: y = x @ w``, for the line of that number."""
    code = frame.f_code
    line = linecache.getline(code.co_filename, number, frame.f_globals).strip()
    where = f"{Path(code.co_filename).name}:{number}"
    return printable(f"{where}: {line}" if line else where)


def of_check(error: BaseException) -> bool:
    """Did a check of `require` raise it? Then what it says is the user's own."""
    return "_of_check" in vars(error)


def refuse(what: str, cure: str) -> NotDifferentiableError:
    """The error for a request that is refused by name, with the user's line and the cure.

    >>> from autodiff import extend
    >>> error = extend.refuse("a sum of strings", "pass numbers")
    >>> type(error).__name__, error.cure
    ('NotDifferentiableError', 'pass numbers')
    """
    error = NotDifferentiableError(f"{what}{location()}; {cure}")
    error.cure = cure
    pending = REFUSALS.pending
    if pending is not None:
        if len(pending) > MOST_PENDING:
            pending[:] = filter(is_caught, pending)
        pending.append(error)
    return error


class Refusals(threading.local):
    """What this thread has raised while a transform runs a function of the user's, and the function
    must not catch: refusals, and while `jit` traces, errors that depend on data. `None` outside."""

    pending: list[Exception] | None = None
    level: float = 0  # the nodes of this function's transform are older


REFUSALS = Refusals()
MOST_PENDING = 100  # from which on those that the engine caught itself are dropped


def is_caught(error: BaseException) -> bool:
    """Did the user's own code catch it? Its traceback begins where an error was caught."""
    traceback = error.__traceback__
    if traceback is None:
        return False
    return is_users(traceback.tb_frame) and not is_installed(traceback.tb_frame)


def check_not_caught(pending: Iterable[Exception]) -> None:
    """Raise what the user's code has caught, and gone on: it took a branch that it does not take in
    a plain call, or in each one."""
    for error in filter(is_caught, pending):
        if isinstance(error, AutodiffError):
            error.add_note("The function caught this error, and would go on with another result.")
            raise error
        raise refuse(
            f"the function catches {type(error).__name__} ({error}), which depends on data, while "
            "jit traces one program for all data",
            "leave this function out of jit, or decide by np.where",
        ) from error
