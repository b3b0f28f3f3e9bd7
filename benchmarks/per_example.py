"""Per-example gradients of a small network: one batched sweep against a loop, and against JAX.

    python benchmarks/per_example.py [--json FILE] [--rounds N] [--examples N]

The gradient of a cross-entropy in every weight of a 32-64-10 network, for each of 1 000 examples:
``vmap(grad(loss), (None, 0, 0))``. Contestants run in turn, round after round, on one core; the
table gives medians, and ratios taken round by round. JAX, in double precision too, is left out
where it is not installed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import sys
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

SIZES = (32, 64, 10)


def network(size: int) -> tuple[Any, Any, Any]:
    """Weights, examples, and labels as one-hot rows."""
    rng = np.random.default_rng(0)
    weights = [
        (rng.normal(size=(n, m)) / np.sqrt(n), np.zeros(m)) for n, m in itertools.pairwise(SIZES)
    ]
    labels = np.eye(SIZES[-1])[rng.integers(SIZES[-1], size=size)]
    return weights, rng.normal(size=(size, SIZES[0])), labels


def loss(np: Any, weights: Any, x: Any, label: Any) -> Any:
    """The cross-entropy of one example."""
    (w1, b1), (w2, b2) = weights
    z = np.tanh(x @ w1 + b1) @ w2 + b2
    z = z - np.max(z)
    return np.log(np.sum(np.exp(z))) - np.sum(label * z)


def contestants(size: int) -> Contestants:
    weights, x, labels = network(size)
    gradient = ad.grad(lambda w, x, label: loss(np, w, x, label))
    batched = ad.vmap(gradient, (None, 0, 0))

    def one_by_one() -> Any:
        return [gradient(weights, a, b) for a, b in zip(x, labels, strict=True)]

    runs: Contestants = {
        "autodiff vmap(grad)": lambda: batched(weights, x, labels),
        "autodiff, a loop": one_by_one,
    }
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        print("JAX is not installed: left out")
        return runs
    jax.config.update("jax_enable_x64", True)
    theirs = jax.vmap(jax.grad(lambda w, x, label: loss(jnp, w, x, label)), (None, 0, 0))
    compiled = jax.jit(theirs)
    on_device = jax.tree.map(jnp.asarray, (weights, x, labels))
    runs["JAX vmap(grad)"] = lambda: jax.block_until_ready(theirs(*on_device))
    runs["JAX jit(vmap(grad))"] = lambda: jax.block_until_ready(compiled(*on_device))
    for ours, other in zip(
        jax.tree.leaves(batched(weights, x, labels)),
        jax.tree.leaves(compiled(*on_device)),
        strict=True,
    ):
        np.testing.assert_allclose(ours, other, rtol=1e-9, atol=1e-12)
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    times = measure(contestants(options.examples), options.rounds)
    ours = times["autodiff vmap(grad)"]
    report = {}
    for who, series in times.items():
        ratio = statistics.median(b / a for a, b in zip(ours, series, strict=True))
        report[who] = {"median_ms": 1e3 * statistics.median(series), "ratio_to_vmap": ratio}
        print(f"{who:20s} {report[who]['median_ms']:9.2f} ms   {ratio:7.2f} x vmap(grad)")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
