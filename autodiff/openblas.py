"""The BLAS that NumPy has loaded: where it is, and the functions in it."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np


def loaded_openblas() -> Path | None:
    """The OpenBLAS that NumPy has loaded into this process."""
    maps = Path("/proc/self/maps")
    if maps.exists():  # Linux lists every file a process has mapped
        fields = (line.split(maxsplit=5) for line in maps.read_text().splitlines())
        found = {Path(f[5]) for f in fields if len(f) == 6 and "openblas" in f[5].lower()}
    else:  # the wheels for Windows and macOS carry it beside, or inside, the package
        package = Path(np.__file__).parent
        found = {
            path
            for folder in (package.parent / "numpy.libs", package / ".dylibs")
            for path in folder.glob("*openblas*")
        }
    # SciPy may have brought an OpenBLAS of its own; NumPy's is the one that multiplies.
    candidates = sorted((p for p in found if p.exists()), key=lambda p: "numpy" not in str(p))
    return candidates[0] if candidates else None


def openblas_function(library: ctypes.CDLL, name: str) -> Any:
    """A function of OpenBLAS, under whichever name this build gives it."""
    for prefix in ("scipy_", ""):
        for suffix in ("64_", "", "_64", "64"):
            function = getattr(library, f"{prefix}openblas_{name}{suffix}", None)
            if function is not None:
                return function
    return None
