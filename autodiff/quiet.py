"""NumPy's warnings, off where a derivative is computed: inf and nan are answers there.

``np.errstate`` costs more than the arithmetic on a few numbers that it surrounds. What it does is
to set a context variable to what it makes anew each time; here both are found once:

    before = ERRORS.set(IGNORED)        ten times as fast as `with np.errstate(all="ignore"):`
    try:
        y_dot = ...
    finally:
        ERRORS.reset(before)
"""

from __future__ import annotations

from contextvars import Context, ContextVar, copy_context
from typing import Any

import numpy as np


def found() -> tuple[ContextVar[Any], Any]:
    """The variable that np.errstate sets, and what it sets it to: seen from the outside."""
    with np.errstate(all="ignore"):
        ((variable, setting),) = copy_context().items()
    return variable, setting


ERRORS, IGNORED = Context().run(found)  # in an empty context, so that no other variable is there


class quiet:  # noqa: N801 - read as a statement, like np.errstate
    """``with quiet():`` around a whole sweep."""

    __slots__ = ("before",)

    def __enter__(self) -> None:
        self.before = ERRORS.set(IGNORED)

    def __exit__(self, *_: Any) -> None:
        ERRORS.reset(self.before)
