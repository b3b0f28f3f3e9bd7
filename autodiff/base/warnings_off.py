"""NumPy's warnings, off where a derivative is computed: inf and nan are answers there.

``np.errstate`` costs more than the arithmetic on a few numbers that it surrounds. It sets a context
variable to a value that it makes anew each time; here both are found once:

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


class Settings:
    """np.errstate with the interface of a context variable, for a NumPy that does not use one."""

    def get(self, default: Any = None) -> Any:
        return IGNORED if set(np.geterr().values()) == {"ignore"} else default

    def set(self, _: Any) -> Any:
        before = np.errstate(all="ignore")
        before.__enter__()
        return before

    def reset(self, before: Any) -> None:
        before.__exit__(None, None, None)


def found() -> tuple[ContextVar[Any] | Settings, Any]:
    """The variable that np.errstate sets, and what it sets it to: seen from outside, and tried."""
    with np.errstate(all="ignore"):
        seen = list(copy_context().items())
    if len(seen) == 1:
        variable, setting = seen[0]
        before = variable.set(setting)
        works = set(np.geterr().values()) == {"ignore"}
        variable.reset(before)
        if works:
            return variable, setting
    return Settings(), object()


ERRORS, IGNORED = Context().run(found)  # in an empty context, so that no other variable is there


class quiet:  # noqa: N801 - read as a statement, like np.errstate
    """``with quiet():`` around a whole sweep."""

    __slots__ = ("before",)

    def __enter__(self) -> None:
        self.before = ERRORS.set(IGNORED)

    def __exit__(self, *_: Any) -> None:
        ERRORS.reset(self.before)
