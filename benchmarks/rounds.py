"""Contestants timed in turn: all of them once, then all again, so that drift slows them alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

Contestants = dict[str, Callable[[], Any]]


def measure(runs: Contestants, rounds: int) -> dict[str, list[float]]:
    """Seconds of each round, by contestant; a first run of each is not counted."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return times
