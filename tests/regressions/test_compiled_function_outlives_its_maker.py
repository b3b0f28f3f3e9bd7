"""A compiled function that is held while its `jit` is dropped kept a pointer to freed memory: the
next garbage collection, or the next call, could end the process."""

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, gc
import numpy as np, autodiff as ad

class Junk(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in "abcd"]

x = np.linspace(0.1, 1.0, 5)
f = ad.jit(lambda x: np.sum(np.sin(x) * x))
expected = f(x)
(version,) = f._versions.values()
run = version.run
f._versions.clear()
f._pair[0] = None
del f, version
gc.collect()
junk = [Junk(*[2**64 - 1] * 4) for _ in range(50_000)]
gc.collect()
assert run(x) == expected
print("alive")
"""


def test_a_compiled_function_holds_what_it_needs():
    pytest.importorskip("llvmlite")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.stdout == "alive\n", done.stderr
