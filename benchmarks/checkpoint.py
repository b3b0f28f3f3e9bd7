"""What a checkpoint saves in memory and costs in time: a chain of layers, kept and recomputed.

    python benchmarks/checkpoint.py [--layers N] [--rounds N] [--json FILE]

Each policy computes the same gradient, bit for bit, in turn, round after round, on one core. Peaks
are those of tracemalloc, which sees NumPy's arrays, from the start of a gradient to its end; times
are medians, and ratios are taken round by round against the plain gradient.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402 - after the thread counts

import autodiff as ad  # noqa: E402

WIDTH, BATCH = 64, 512


def policies(layers: int) -> dict[str, Callable[[], Any]]:
    """The gradient of a deep network in its input, under each policy."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(layers, WIDTH, WIDTH)) / np.sqrt(WIDTH)
    x = rng.normal(size=(BATCH, WIDTH))

    def layer(w: Any) -> Callable[[Any], Any]:
        return lambda h: h + 0.1 * np.tanh(h @ w) * np.cos(h)

    blocks = [layer(w) for w in weights]

    def gradient(chain: Callable[[Any], Any]) -> Callable[[], Any]:
        return lambda: ad.grad(lambda x: np.sum(chain(x)))(x)

    return {
        "plain": gradient(ad.checkpoint_chain(blocks, 1)),
        "sqrt(n) segments": gradient(ad.checkpoint_chain(blocks)),
        "every layer": gradient(ad.checkpoint_chain(blocks, layers)),
        "everything at once": gradient(ad.checkpoint(ad.checkpoint_chain(blocks, 1))),
    }


def peak(run: Callable[[], Any]) -> int:
    tracemalloc.start()
    run()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def seconds(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def measure(layers: int, rounds: int) -> list[dict[str, Any]]:
    runs = policies(layers)
    expected = runs["plain"]()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(seconds(run))
    table = []
    plain = peak(runs["plain"])
    for name, run in runs.items():
        ratios = [t / p for t, p in zip(times[name], times["plain"], strict=True)]
        table.append(
            {
                "policy": name,
                "peak_mb": peak(run) / 1e6,
                "memory_ratio": peak(run) / plain,
                "milliseconds": 1e3 * statistics.median(times[name]),
                "time_ratio": statistics.median(ratios),
                "same_bits": bool(np.array_equal(run(), expected)),
            }
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--layers", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    table = measure(options.layers, options.rounds)
    print(f"{options.layers} layers of {WIDTH} units, {BATCH} examples, float64")
    print(f"{'policy':20}{'peak MB':>10}{'of plain':>10}{'ms':>10}{'of plain':>10}  same bits")
    for row in table:
        print(
            f"{row['policy']:20}{row['peak_mb']:10.1f}{row['memory_ratio']:10.2f}"
            f"{row['milliseconds']:10.1f}{row['time_ratio']:10.2f}  {row['same_bits']}"
        )
    if options.json:
        options.json.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
