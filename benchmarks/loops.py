"""First calls and steady times of recurrences of a million rounds, by each of the loops.

python benchmarks/loops.py
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

import autodiff as ad

ROUNDS = 1_000_000
XS = np.linspace(0.0, 1.0, ROUNDS)


def by_scan(x: float, a: float) -> Any:
    return ad.scan(lambda x, _: (np.sin(x) * a + 0.1, None), x, length=ROUNDS)[0]


def over_xs(x: float, a: float) -> Any:
    last, ys = ad.scan(lambda x, b: (np.sin(x) * a + b, x), x, XS)
    return last + np.sum(ys)


def by_fori_loop(x: float, a: float) -> Any:
    return ad.fori_loop(0, ROUNDS, lambda i, x: np.sin(x) * a + 0.1, x)


def by_while_loop(x: float, a: float) -> Any:
    def step(state: Any) -> Any:
        i, x = state
        return i + 1, np.sin(x) * a + 0.1

    return ad.while_loop(lambda state: state[0] < ROUNDS, step, (0, x))[1]


def seconds(call: Callable[..., Any]) -> float:
    began = perf_counter()
    call(0.5, 0.9)
    return perf_counter() - began


def main() -> None:
    print(f"{ROUNDS} rounds of x -> sin(x) * a + b, compiled: first call, steady")
    ad.jit(lambda x, a: x * a)(0.5, 0.9)  # imports LLVM
    for f in (by_scan, over_xs, by_fori_loop, by_while_loop):
        for what, made in (("value", f), ("value and gradient", ad.value_and_grad(f, (0, 1)))):
            compiled = ad.jit(made)
            first = seconds(compiled)
            steady = median(seconds(compiled) for _ in range(7))
            print(f"{f.__name__:14} {what:19} {first:6.3f} s {1e3 * steady:7.1f} ms")


if __name__ == "__main__":
    main()
