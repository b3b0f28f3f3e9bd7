"""What the figures were measured on: processor, operating system, BLAS kernel, versions."""

from __future__ import annotations

import ctypes
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np


def processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def blas() -> str:
    """The BLAS of NumPy and the kernel that it chose for this processor."""
    from autodiff.base.openblas import loaded_openblas, openblas_function

    path = loaded_openblas()
    if path is None:
        return "not OpenBLAS"
    library = ctypes.CDLL(str(path))
    words = []
    for name in ("get_config", "get_corename"):
        function = openblas_function(library, name)
        if function is not None:
            function.restype = ctypes.c_char_p
            words.append(function().decode())
    config, kernel = [*words, "", ""][:2]
    return f"{' '.join(config.split()[:2])}, kernel {kernel}"


def pin() -> int | None:
    """Keeps this process, and those it starts, on one core; its number."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def described(core: int | None) -> dict[str, Any]:
    return {
        "processor": processor(),
        "core": core,
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": blas(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }
