"""Times the compiled elementary functions against NumPy's: nanoseconds an element, on one core.

    python tools/time_vector_math.py [NAME ...]

Both read and write 32 768 numbers that stay in the cache, in turn; the least of many runs counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from kernels import kernel  # noqa: E402 - after the path

from autodiff.compiler.llvm.vector_math import EXPANSIONS  # noqa: E402
from autodiff.rules.primitive import TABLE  # noqa: E402

SIZE = 32_768
UNARY = (
    "exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh "
    "arcsinh arctanh cbrt sqrt sigmoid softplus scipy.special.erf scipy.special.erfc"
)
BINARY = "power hypot arctan2 logaddexp"


def least(run: Callable[[], Any], other: Callable[[], Any]) -> tuple[float, float]:
    best = [float("inf")] * 2
    for _ in range(25):
        for i, f in enumerate((run, other)):
            start = time.perf_counter()
            f()
            best[i] = min(best[i], time.perf_counter() - start)
    return best[0], best[1]


def main() -> None:
    rng = np.random.default_rng(0)
    print(f"{'':22} {'float64':>8} {'NumPy':>8}   {'float32':>8} {'NumPy':>8}")
    for name in sys.argv[1:] or (*UNARY.split(), *BINARY.split()):
        row = f"{name:22}"
        for dtype, width in (("float64", 8), ("float32", 16)):
            count = 2 if name in BINARY.split() else 1
            arrays = [rng.uniform(0.01, 0.99, SIZE).astype(dtype) for _ in range(count)]
            ours, value = kernel(EXPANSIONS[name], dtype, width, count), TABLE[name].value
            a, b = least(partial(ours, *arrays), partial(value, *arrays))
            row += f" {1e9 * a / SIZE:8.2f} {1e9 * b / SIZE:8.2f}  "
        print(row)


if __name__ == "__main__":
    main()
