"""The BLAS that NumPy has loaded: where it is, and the functions in it."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

# OpenBLAS names its kernels after the processor they were written for; what sets them apart here is
# the width of the vectors they multiply with. Source: OpenBLAS, TargetList.txt and dynamic.c.
VECTOR_BITS = {
    **dict.fromkeys(("prescott", "core2", "penryn", "dunnington", "atom", "nehalem"), 128),
    **dict.fromkeys(("opteron", "opteron_sse3", "barcelona", "bobcat", "nano", "katmai"), 128),
    **dict.fromkeys(("sandybridge", "bulldozer", "piledriver", "steamroller", "excavator"), 256),
    **dict.fromkeys(("haswell", "zen"), 256),
    **dict.fromkeys(("skylakex", "cooperlake", "sapphirerapids"), 512),
}


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


@cache
def cblas(name: str) -> tuple[int, int] | None:
    """The address of a CBLAS function, and how many bits its integers have."""
    return address(
        (f"scipy_cblas_{name}64_", f"cblas_{name}64_"), (f"scipy_cblas_{name}", f"cblas_{name}")
    )


@cache
def lapack(name: str) -> tuple[int, int] | None:
    """The address of a function of LAPACK, and how many bits its integers have."""
    return address((f"scipy_{name}_64_", f"{name}_64_"), (f"scipy_{name}_", f"{name}_"))


def address(long: Sequence[str], short: Sequence[str]) -> tuple[int, int] | None:
    """Where a function is that takes integers of 64 bits, or of 32, under one of these names."""
    path = loaded_openblas()
    if path is None:
        return None
    library = ctypes.CDLL(str(path))
    for spelled, bits in [*((s, 64) for s in long), *((s, 32) for s in short)]:
        function = getattr(library, spelled, None)
        if function is not None:
            found = ctypes.cast(function, ctypes.c_void_p).value
            return (found, bits) if found else None
    return None


@cache
def has_lapack() -> bool:
    """Has this process a LAPACK, and a triangular BLAS, that can be called?"""
    names = [letter + name for letter in "sd" for name in ("getrf", "getrs", "potrf")]
    return all(map(lapack, names)) and all(cblas(f"{letter}trsm") for letter in "sd")


def openblas_text(path: Path, name: str) -> str:
    """What OpenBLAS says of itself: ``get_config``, or ``get_corename``, the kernel in use."""
    function = openblas_function(ctypes.CDLL(str(path)), name)  # a second handle on it
    if function is None:
        return ""
    function.restype = ctypes.c_char_p
    return str(function().decode())


def vector_bits() -> int:
    """The widest vectors this CPU has, as NumPy found at its start; 0 where it is not an x86."""
    config: Any = np.show_config(mode="dicts")
    simd = config["SIMD Extensions"]
    found = {*simd.get("baseline", ()), *simd.get("found", ())}
    if found & {"X86_V4", "AVX512_SKX"}:  # NumPy 2.4 names levels, earlier ones features
        return 512
    return 256 if found & {"X86_V3", "AVX2"} else 0


def has_narrow_kernel(path: Path) -> bool:
    """Does OpenBLAS multiply with narrower vectors than this CPU has?"""
    return VECTOR_BITS.get(openblas_text(path, "get_corename").lower(), 1024) < vector_bits()
