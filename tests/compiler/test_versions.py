"""A compiled function keeps few versions, and what it forgets or leaves behind is freed."""

import ctypes
import gc
import linecache
import subprocess
import sys
import weakref
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.compiler import jit


def halves(x: Any) -> Any:
    return np.sum(np.sin(x)) / 2


@pytest.fixture(params=["numpy", "llvm"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "llvm":
        pytest.importorskip("llvmlite")
    return str(request.param)


def test_versions_are_few_and_a_forgotten_one_is_compiled_again() -> None:
    compiled = ad.jit(halves, backend="numpy")
    for n in range(1, 61):
        compiled(np.ones(n))
    assert len(compiled._versions) == jit.MOST_VERSIONS == 32
    gone = np.linspace(0.0, 1.0, 3)
    assert compiled(gone) == pytest.approx(halves(gone), rel=1e-14)
    assert len(compiled._versions) == 32


def test_the_version_not_used_for_longest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "MOST_VERSIONS", 3)
    compiled = ad.jit(halves, backend="numpy")

    def sizes() -> list[int]:
        return [v.inputs[0].shape[0] for v in compiled._versions.values()]

    for n in (1, 2, 3):
        compiled(np.ones(n))
    compiled(np.ones(1))
    assert sizes() == [2, 3, 1]
    compiled(np.ones(3))  # by the shortcut, which leads to the version compiled last
    compiled(np.ones(4))
    assert sizes() == [3, 1, 4]
    compiled(np.ones(2))
    assert sizes() == [1, 4, 2]


def test_the_shortcut_never_leads_to_a_forgotten_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "MOST_VERSIONS", 2)
    compiled = ad.jit(lambda x, k=None: np.sum(x), backend="numpy")
    compiled(np.ones(3))  # the shortcut takes this one; arguments by name never set it
    for n in (1, 2, 4):
        compiled(np.ones(n), k=1.0)
    assert len(compiled._versions) == 2
    assert compiled._fast_for is not None
    assert compiled._fast_for[0] in compiled._versions.values()


def test_a_dropped_function_leaves_nothing(backend: str) -> None:
    dropped = []
    for k in range(3):
        compiled = ad.jit(lambda x, k=k: np.sum(np.sort(x)[::-1] * np.exp(k * x)), backend=backend)
        compiled(np.ones(50))
        (version,) = compiled._versions.values()
        dropped.append(weakref.ref(version.made))
        del compiled, version
    gc.collect()
    assert [ref() for ref in dropped] == [None] * 3


def test_a_workspace_is_freed_with_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was left behind by every version, so that a program that compiles again and again grew."""
    pytest.importorskip("llvmlite")
    from autodiff.compiler.llvm.entry import C

    freed = []
    free = C.PyMem_RawFree

    def noted(place: ctypes.c_void_p) -> None:
        freed.append(place.value)
        free(place)

    compiled = ad.jit(lambda x: np.cumsum(x)[::-1] @ np.cumsum(np.exp(x)), backend="llvm")
    x = np.linspace(0.0, 1.0, 1000)
    assert compiled(x) == pytest.approx(float(np.cumsum(x)[::-1] @ np.cumsum(np.exp(x))))
    assert compiled._latest("").made.memory.size
    monkeypatch.setattr(C, "PyMem_RawFree", noted)  # code that is made calls it by its address
    del compiled
    gc.collect()
    assert len(freed) == 1
    assert freed[0]


MODULES = """
import resource
from autodiff.compiler.llvm.build import Module, new_module

def made(count):
    for _ in range(count):
        Module("define i32 @f() {\\n ret i32 0\\n}")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kB

new_module()
before = made(50)
print(made(200) - before)
"""


def test_what_llvm_optimises_with_is_made_once() -> None:
    """It is not freed: each of 200 tiny modules left 48 kB behind, a usual one a megabyte."""
    pytest.importorskip("llvmlite")
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-c", MODULES], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 2_000


def test_the_text_of_a_dropped_function_is_forgotten() -> None:
    """Tracebacks show lines of compiled text; they were kept for ever."""

    def texts() -> int:
        return sum(name.startswith("<autodiff.jit") for name in linecache.cache)

    gc.collect()
    before = texts()
    compiled = ad.jit(halves, backend="numpy")
    compiled(np.ones(3))
    assert texts() == before + 1
    del compiled
    gc.collect()
    assert texts() == before
