"""The errors of the engine: what was wrong, where in the user's code, and the cure."""

from __future__ import annotations

import linecache
import os
import sys
from functools import cache
from pathlib import Path
from types import FrameType, TracebackType

import numpy as np

_NUMPY = str(Path(np.__file__).parent) + os.sep
_SCIPY = str(Path(np.__file__).parent.parent / "scipy") + os.sep  # beside NumPy, if it is there
_INSTALLED = str(Path(np.__file__).parent.parent) + os.sep
_HERE = str(Path(__file__).parent) + os.sep
_NN = str(Path(__file__).parent.parent / "nn") + os.sep  # the layer on top, in the same project


class AutodiffError(Exception):
    """Base of every error this package raises on purpose."""


class NotDifferentiableError(AutodiffError, TypeError):
    """The request has no derivative the engine can vouch for: refused rather than guessed. What the
    message says to do instead is in `cure`, where it is known by itself."""

    cure: str = ""


class ShapeError(AutodiffError, ValueError):
    """Shapes, dtypes or structures that do not fit together."""


class ConvergenceError(AutodiffError, ArithmeticError):
    """A solver returned what does not satisfy its equation; the message says by how much."""


class NonFiniteError(AutodiffError, FloatingPointError):
    """An inf or a nan arose inside `raise_on_nonfinite`. `finding` is what `diagnose` would report:
    `kind`, `name`, `operation`, `line`, `value`, `cause` and `cure`."""

    def __init__(self, finding: object) -> None:
        super().__init__(str(finding))
        self.finding = finding


class MissingExtraError(AutodiffError, ImportError):
    """An optional dependency is needed; the message carries the ``pip install`` line."""


def user_frame() -> FrameType | None:
    """The innermost stack frame outside this package and NumPy, and outside of what is installed
    beside NumPy if there is one: where the user's code called us."""
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


@cache
def is_users_file(name: str) -> bool:
    return not name.startswith((_HERE, _NN, _NUMPY, _SCIPY)) and not name.endswith(COMPILED)


def is_installed(frame: FrameType) -> bool:
    """Whether a frame runs what is installed beside NumPy: a library that calls us, most likely."""
    return frame.f_code.co_filename.startswith(_INSTALLED)


def is_ours(frame: FrameType) -> bool:
    """Whether a frame runs the code of this package."""
    return frame.f_code.co_filename.startswith(_HERE)


def passed_users(error: BaseException) -> TracebackType | None:
    """Where in the user's code, innermost, an error came through on its way to whoever handles it;
    `None` if it did not."""
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
    return f"{where}: {line}" if line else where


def refuse(what: str, cure: str) -> NotDifferentiableError:
    """The error for a request that is refused by name: ``raise refuse("float(x)", "use ...")``."""
    error = NotDifferentiableError(f"{what}{location()}; {cure}")
    error.cure = cure
    return error
