"""Compiled: & and | of integers had no code and raised KeyError, comparisons of two Python integers
made objects, and an unsigned array was compared with a negative number cast to its own type."""

import numpy as np
import pytest

import autodiff as ad

Y, Z = np.array([3, 5, 6]), np.array([1, 2, 3])
PROGRAMS = {
    "and": lambda y, z: y & z,
    "or": lambda y, z: y | z,
    "xor": lambda y, z: y ^ 1,
    "invert": lambda y, z: ~y,
    "mixed": lambda y, z: (y > 4) & 1,
    "of numbers": lambda y, z: (y > 4) | (z == 2),
    "below": lambda y, z: y > -1,
    "beyond": lambda y, z: (y != 300) & (y > -1),
    "chosen": lambda y, z: np.where(y > -3, y, 0),
}


@pytest.mark.share(3)
@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint8, np.uint64])
@pytest.mark.parametrize("z", [Z, 2], ids=["array", "number"])
def test_jit_is_numpy(program, dtype, z, backend):
    pytest.importorskip("llvmlite")
    f, y = PROGRAMS[program], Y.astype(dtype)
    z = z if isinstance(z, int) else z.astype(dtype)
    found, expected = ad.jit(f, backend=backend)(y, z), f(y, z)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
