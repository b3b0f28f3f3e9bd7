"""The eager tier against hand-written NumPy and the peers that are installed, in one run.

    python benchmarks/eager.py [--json FILE] [--rounds N]

Every workload is run by each contestant in turn, round after round, on one core, so that a machine
whose speed drifts slows them all; the table gives medians, and ratios taken round by round. Peers
(PyTorch, HIPS autograd, MyGrad) that are not installed are left out, and named.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import statistics
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402 - after the thread counts
from rounds import Contestants, measure  # noqa: E402

import autodiff as ad  # noqa: E402

LARGE = np.random.default_rng(0).normal(size=10**6)


def optional(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def chain(sin: Any, x: Any) -> Any:
    for _ in range(500):
        x = x * 1.0001 + sin(x)
    return x


def scalar_chain() -> Contestants:
    """500 rounds of x = x * 1.0001 + sin(x) on a Python float, with gradient."""
    runs: Contestants = {"autodiff": lambda: ad.grad(lambda x: chain(np.sin, x))(0.5)}
    if torch := optional("torch"):
        torch.set_num_threads(1)

        def run_torch() -> Any:
            x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
            chain(torch.sin, x).backward()
            return x.grad

        runs["PyTorch"] = run_torch
    if autograd := optional("autograd"):
        anp = importlib.import_module("autograd.numpy")
        runs["HIPS autograd"] = lambda: autograd.grad(lambda x: chain(anp.sin, x))(0.5)
    if mygrad := optional("mygrad"):

        def run_mygrad() -> Any:
            x = mygrad.tensor(0.5)
            chain(mygrad.sin, x).backward()
            return x.grad

        runs["MyGrad"] = run_mygrad
    return runs


def smooth(np: Any, x: Any) -> Any:
    return np.sum(np.tanh(x) * np.exp(-(x**2)) + np.sin(x))


def by_hand(x: Any) -> Any:
    t, e = np.tanh(x), np.exp(-(x**2))
    value = np.sum(t * e + np.sin(x))
    return value, (1 - t * t) * e + t * e * (-2 * x) + np.cos(x)


def large_array() -> Contestants:
    """Value and gradient of sum(tanh x * exp(-x^2) + sin x) over 10^6 doubles."""
    differentiated = ad.value_and_grad(lambda x: smooth(np, x))
    runs: Contestants = {
        "autodiff": lambda: differentiated(LARGE),
        "NumPy by hand": lambda: by_hand(LARGE),
    }
    if torch := optional("torch"):
        torch.set_num_threads(1)

        def run_torch() -> Any:
            x = torch.tensor(LARGE, requires_grad=True)
            smooth(torch, x).backward()
            return x.grad

        runs["PyTorch"] = run_torch
    if autograd := optional("autograd"):
        anp = importlib.import_module("autograd.numpy")
        hips = autograd.value_and_grad(lambda x: smooth(anp, x))
        runs["HIPS autograd"] = lambda: hips(LARGE)
    return runs


def choices() -> Contestants:
    """Gradient of a function that chooses between branches over 10^6 doubles, with strong zeros
    and with the plain zeros that other engines use (wrong where a branch is infinite)."""
    from autodiff.engine import reverse_mode

    select_back = reverse_mode.select_back
    f = ad.grad(lambda x: np.sum(np.where(x > 0, np.sqrt(np.abs(x)) * np.tanh(x), np.exp(x) * x)))

    def plain() -> Any:
        reverse_mode.select_back = lambda pullback, *_: pullback  # type: ignore[assignment]
        try:
            return f(LARGE)
        finally:
            reverse_mode.select_back = select_back

    return {"autodiff": lambda: f(LARGE), "plain zeros": plain}


def relu_network() -> Contestants:
    """Gradient of a relu network, 512 x 784 -> 256 -> 10 in float32, strong or plain zeros."""
    from autodiff.engine import reverse_mode

    rng = np.random.default_rng(0)
    x, w1, w2 = (rng.normal(size=s).astype(np.float32) for s in ((512, 784), (784, 256), (256, 10)))
    select_back = reverse_mode.select_back
    f = ad.grad(lambda a, b: np.sum(np.tanh(np.maximum(x @ a, 0) @ b)), (0, 1))

    def plain() -> Any:
        reverse_mode.select_back = lambda pullback, *_: pullback  # type: ignore[assignment]
        try:
            return f(w1, w2)
        finally:
            reverse_mode.select_back = select_back

    return {"autodiff": lambda: f(w1, w2), "plain zeros": plain}


WORKLOADS = {f.__name__: f for f in (scalar_chain, large_array, choices, relu_network)}


def peak_memory(run: Callable[[], Any]) -> int:
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", choices=sorted(WORKLOADS), action="append")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    missing = [p for p in ("torch", "autograd", "mygrad") if optional(p) is None]
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, "
        f"one core of {platform.machine()}"
    )
    if missing:
        print("not installed, left out:", ", ".join(missing))
    report = {}
    for name in options.only or WORKLOADS:
        runs = WORKLOADS[name]()
        times = measure(runs, options.rounds)
        print(f"\n{name}: {WORKLOADS[name].__doc__}")
        rows = {}
        for who, series in times.items():
            ratios = [b / a for a, b in zip(times["autodiff"], series, strict=True)]
            rows[who] = {
                "median_ms": 1e3 * statistics.median(series),
                "ratio_to_autodiff": statistics.median(ratios),
                "peak_bytes": peak_memory(runs[who]),
            }
            print(
                f"  {who:15s} {rows[who]['median_ms']:9.3f} ms   "
                f"{rows[who]['ratio_to_autodiff']:6.2f} x autodiff   "
                f"peak {rows[who]['peak_bytes'] / 1e6:8.2f} MB of Python-visible memory"
            )
        report[name] = rows
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
