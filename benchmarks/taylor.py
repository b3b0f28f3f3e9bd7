"""The cost of order K: Taylor mode against forward mode, nested forward mode, and JAX's jet.

    python benchmarks/taylor.py [--json FILE] [--rounds N] [--sizes N ...]

All derivatives up to order K of exp(sin(x) tanh(x) / (1 + x^2)) along a direction, for arrays of
several sizes. Contestants run in turn, round after round, on one core; the table gives medians, and
ratios to one first derivative by `jvp`, taken round by round. Nested forward mode stops at order 5,
where it is past comparing. JAX is left out where it is not installed; it runs eagerly, as we do.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
if hasattr(os, "sched_setaffinity"):  # before JAX counts the cores
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402 - after the thread counts
from rounds import Contestants, measure  # noqa: E402

import autodiff as ad  # noqa: E402

ORDERS = (1, 2, 3, 5, 10, 20)
NESTED = 5


def composed(np: Any, x: Any) -> Any:
    return np.exp(np.sin(x) * np.tanh(x) / (1 + x * x))


def slope(f: Callable[[Any], Any], direction: Any) -> Callable[[Any], Any]:
    return lambda x: ad.jvp(f, (x,), (direction,))[1]


def contestants(size: int) -> Contestants:
    x = np.linspace(0.2, 1.5, size)
    t = np.ones(size)

    def f(x: Any) -> Any:
        return composed(np, x)

    runs: Contestants = {"jvp": lambda: ad.jvp(f, (x,), (t,))}
    for order in ORDERS:
        runs[f"taylor {order}"] = lambda k=order: ad.taylor(f, x, t, k)  # type: ignore[misc]
    nested = f
    for order in range(1, NESTED + 1):
        nested = slope(nested, t)
        if order in ORDERS:
            runs[f"nested {order}"] = lambda g=nested: g(x)  # type: ignore[misc]
    runs |= with_jax(x, t)
    return runs


def with_jax(x: Any, t: Any) -> Contestants:
    try:
        import jax
        from jax.experimental.jet import jet
    except ImportError:
        return {}
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    a, d = jnp.asarray(x), jnp.asarray(t)

    def f(x: Any) -> Any:
        return composed(jnp, x)

    runs: Contestants = {}
    for order in ORDERS:
        series = [d] + [jnp.zeros_like(d)] * (order - 1)

        def run(series: Any = series) -> Any:
            return jax.block_until_ready(jet(f, (a,), (series,)))

        try:
            run()
        except (NotImplementedError, TypeError, AttributeError) as error:
            print(f"  JAX's jet does not run: {str(error)[:80]}")
            return {}
        runs[f"JAX jet {order}"] = run
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 1000, 100_000])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    report = {}
    for size in options.sizes:
        print(f"\n{size} entries")
        times = measure(contestants(size), options.rounds)
        rows = {}
        for who, series in times.items():
            ratios = [b / a for a, b in zip(times["jvp"], series, strict=True)]
            rows[who] = {
                "median_ms": 1e3 * statistics.median(series),
                "ratio_to_jvp": statistics.median(ratios),
            }
            print(
                f"  {who:12s} {rows[who]['median_ms']:9.3f} ms   "
                f"{rows[who]['ratio_to_jvp']:7.1f} x jvp"
            )
        report[size] = rows
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
