"""What keeps the programs of this folder: which are compiled, and which may be refused.

A program builds a function of one array, and `change(k)`, which is called after its k-th call. It
is built twice, once to be run plainly and once to be compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Program = tuple[Callable[[Any], Any], Callable[[int], None]]
VALUES: list[Callable[[], Program]] = []
REFUSED: list[Callable[[], Program]] = []


def value(build: Callable[[], Program]) -> Callable[[], Program]:
    VALUES.append(build)
    return build


def refused(build: Callable[[], Program]) -> Callable[[], Program]:
    REFUSED.append(build)
    return build
