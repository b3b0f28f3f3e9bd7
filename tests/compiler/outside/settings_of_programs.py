"""A module whose variables a program reads."""

from __future__ import annotations

from typing import Any

RATE: Any = 1.0
WEIGHT: Any = None


def scaled(x: Any) -> Any:
    return RATE * x
