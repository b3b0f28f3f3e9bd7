"""`autodiff doctor`: what this machine has, what is missing, and the line that fixes it."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import __version__
from ..base.openblas import (
    VECTOR_BITS,
    loaded_openblas,
    openblas_function,
    openblas_text,
    vector_bits,
)

# The packages that matter, and what each optional one is for.
PACKAGES = {
    "numpy": "",
    "graphviz": "",
    "pygraphviz": "pictures",
    "llvmlite": "compiled derivatives",
    "scipy": "special functions, and functions of matrices",
    "scikit-learn": "estimators of nn",
    "matplotlib": "plots",
    "tqdm": "progress bars",
}

WANTED = {"pygraphviz": "'pygraphviz>=2'"}  # older ones bring no Graphviz

WIDEST_KERNEL = {256: "Haswell", 512: "SkylakeX"}
INSTRUCTIONS = {256: "AVX2", 512: "AVX-512"}


class Blas(NamedTuple):
    """The library behind ``a @ b``; kernel and threads are known for OpenBLAS only."""

    name: str
    kernel: str = ""
    threads: int = 0


def version_of(package: str) -> str:
    """The installed version, or ``""``; read from its metadata, without importing it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def versions() -> Iterator[tuple[str, str]]:
    yield "autodiff", f"{__version__} in {Path(__file__).parents[1]}"
    yield "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    for package, purpose in PACKAGES.items():
        why = f" ({purpose})" if purpose else ""
        missing = f"not installed{why}: pip install {WANTED.get(package, package)}"
        yield package, version_of(package) or missing


def renderer() -> str:
    """What turns the DOT text of a picture into SVG."""
    program = shutil.which("dot")
    if program:
        return f"the dot program, {program}"
    if version_of("pygraphviz"):
        return f"Graphviz inside the pygraphviz {version_of('pygraphviz')} wheel"
    return "nothing: pip install 'pygraphviz>=2' brings Graphviz along"


# -- BLAS --------------------------------------------------------------------------------------
def find_blas() -> Blas:
    """What NumPy multiplies matrices with."""
    path = loaded_openblas()
    if path is None:
        built_with: Any = np.show_config(mode="dicts")
        return Blas(built_with["Build Dependencies"]["blas"]["name"])
    config = openblas_text(path, "get_config")
    threads = openblas_function(ctypes.CDLL(str(path)), "get_num_threads")
    return Blas(
        " ".join(config.split()[:2]) or "OpenBLAS",
        openblas_text(path, "get_corename"),
        threads() if threads else 0,
    )


def advice(kernel: str, cpu_bits: int) -> str:
    """Whether OpenBLAS has a wider kernel for this CPU than the one it chose."""
    kernel_bits = VECTOR_BITS.get(kernel.lower())
    if not kernel or kernel_bits is None or not cpu_bits:
        return "no faster kernel is known for this CPU"
    if kernel_bits >= cpu_bits:
        return f"the kernel uses the widest vectors of this CPU ({INSTRUCTIONS[cpu_bits]})"
    return (
        f"this CPU has {INSTRUCTIONS[cpu_bits]}, the kernel uses {kernel_bits}-bit vectors; "
        f"OPENBLAS_CORETYPE={WIDEST_KERNEL[cpu_bits]} in the environment may be faster: "
        "`autodiff doctor --measure` times both"
    )


def processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# -- measuring ---------------------------------------------------------------------------------
TIMED_PRODUCT = """
import time, numpy as np
from autodiff.command.doctor import find_blas
a = np.ones((1000, 1000))
a @ a
best, end = 9e9, time.perf_counter() + 1
while time.perf_counter() < end:
    start = time.perf_counter()
    a @ a
    best = min(best, time.perf_counter() - start)
print(find_blas().kernel, 2 / best)
"""


def measured(core: str) -> tuple[str, float]:
    """The kernel that OpenBLAS takes when asked for `core`, and its GFlop/s, in a new process."""
    environment = os.environ | ({"OPENBLAS_CORETYPE": core} if core else {})
    here = str(Path(__file__).parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-c", TIMED_PRODUCT],
        env=environment, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    kernel, speed = done.stdout.split()
    return kernel, float(speed)


def measurements(cpu_bits: int) -> Iterator[str]:
    """The product of two 1000 x 1000 matrices of doubles with each kernel that fits this CPU."""
    now, speed_now = measured("")
    yield f"{now:<12} {speed_now:6.1f} GFlop/s, the kernel in use"
    others = {now: speed_now}
    for bits, core in WIDEST_KERNEL.items():
        if bits <= cpu_bits and core.lower() != now.lower():
            kernel, speed = measured(core)
            if kernel not in others:
                others[kernel] = speed
                yield f"{kernel:<12} {speed:6.1f} GFlop/s with OPENBLAS_CORETYPE={core}"
    best = max(others, key=lambda kernel: others[kernel])
    if others[best] > 1.05 * speed_now:  # less than that is noise
        yield f"faster here: put OPENBLAS_CORETYPE={best} into the environment before Python starts"
    else:
        yield "no other kernel is faster here"


def blas_lines(measure: bool) -> Iterator[str]:
    blas = find_blas()
    cpu_bits = vector_bits()
    yield f"{blas.name}, kernel {blas.kernel}" if blas.kernel else blas.name
    if blas.threads:
        yield f"{blas.threads} threads on {processors()} processors"
    chosen = os.environ.get("OPENBLAS_CORETYPE")
    if chosen:
        yield f"OPENBLAS_CORETYPE={chosen} is set"
    if not measure:
        yield advice(blas.kernel, cpu_bits)
    elif blas.kernel:
        yield from measurements(cpu_bits)
    else:
        yield "only the kernels of OpenBLAS can be chosen and measured"


def report(measure: bool = False) -> str:
    """The whole examination as text; with `measure`, matrix products are timed (a few seconds)."""

    def section(title: str, lines: Sequence[str]) -> str:
        return "\n".join([title, *(f"  {line}" for line in lines)])

    return "\n\n".join(
        [
            section("versions", [f"{name:<13} {version}" for name, version in versions()]),
            section("pictures", [f"drawn by {renderer()}"]),
            section("matrix products", list(blas_lines(measure))),
        ]
    )


__all__ = ["report"]
