"""One workload: first calls, the comparison of results, and the rounds of timing."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from process import Process
from workloads import Workload

Figures = dict[str, dict[str, Any]]  # by contestant


def loaded(path: Path) -> list[np.ndarray[Any, Any]]:
    with np.load(path) as file:
        return [file[f"arr_{i}"] for i in range(len(file.files))]


def difference(found: Any, expected: Any) -> float:
    """The largest error of any result, relative to the largest entry of it."""
    if len(found) != len(expected):
        return float("inf")
    worst = 0.0
    for y, e in zip(found, expected, strict=True):
        if y.shape != e.shape:
            return float("inf")
        scale = float(np.max(np.abs(e), initial=0)) or 1.0
        error = float(np.max(np.abs(y - e), initial=0)) / scale
        worst = max(worst, float("inf") if np.isnan(error) else error)
    return worst


def prepared(work: Workload, processes: list[Process]) -> Figures:
    """Everyone's first call, and how far the results are from those of the first in line."""
    found: Figures = {}
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for p in processes:
            path = Path(folder) / f"{len(found)}.npz"
            found[p.name] = p.ask(do="prepare", workload=work.name, results=str(path))
            if "first" in found[p.name]:
                results[p.name] = loaded(path)
    judge = next((name for name in ("NumPy by hand", "eager", *results) if name in results), None)
    for name, result in results.items():
        error = difference(result, results[judge])
        if error <= work.tolerance:
            found[name]["error"] = error
        else:
            found[name]["wrong"] = f"differs from {judge} by {error:.1e}"
    return found


def timed(work: Workload, processes: list[Process], rounds: int, seconds: float) -> Figures:
    """With the median over all rounds of each part: the whole, and the value alone."""
    found = prepared(work, processes)
    running = [p for p in processes if "first" in found[p.name] and "wrong" not in found[p.name]]
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for p in running:
            for part in found[p.name]["parts"]:
                answer = p.ask(do="run", part=part, seconds=seconds)
                times.setdefault((p.name, part), []).extend(answer.get("times", []))
    for (name, part), series in times.items():
        if series:
            found[name][part] = statistics.median(series)
            found[name][f"{part} range"] = [min(series), max(series)]
    return found
