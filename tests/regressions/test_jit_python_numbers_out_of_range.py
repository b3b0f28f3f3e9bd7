"""Under jit, Python's integers wrapped around in narrow types, or had no type at all: NumPy gives
the value, or an OverflowError."""

import operator

import numpy as np
import pytest

import autodiff as ad

BACKENDS = ["llvm", "numpy"]
NUMBERS = [1000, -1000, -1, 2**40, 2**63, 2**70, -(2**70)]
DTYPES = ["i1", "u1", "i4", "u8", "f4"]
FUNCTIONS = {
    "add": operator.add,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
    "less": operator.lt,
    "greater equal": operator.ge,
    "equal": operator.eq,
    "reflected": lambda x, c: c - x,
    "maximum": np.maximum,
    "arctan2": np.arctan2,
    "clip": lambda x, c: np.clip(x, -c, c),
    "clip above": lambda x, c: np.clip(x, None, c),
    "where": lambda x, c: np.where(x > 1, x, c),
    "full_like": np.full_like,
    "pad": lambda x, c: np.pad(x, 1, constant_values=c),
    "max": lambda x, c: np.max(x, initial=c),
}


def outcome(f, *args):
    with np.errstate(all="ignore"):
        try:
            return f(*args)
        except (OverflowError, ValueError) as error:
            return type(error)


def agree(found, plain):
    if isinstance(plain, type):
        assert isinstance(found, type)
        assert issubclass(found, plain)
        return
    np.testing.assert_allclose(found, plain, rtol=1e-6)
    assert np.asarray(found).dtype == np.asarray(plain).dtype


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_constants(name, dtype):
    f, x = FUNCTIONS[name], np.arange(4, dtype=dtype)
    for c in NUMBERS:
        found = outcome(ad.jit(lambda x, c=c: f(x, c), backend="numpy"), x)
        agree(found, outcome(f, x, c))


@pytest.mark.parametrize("name", ["clip", "less", "power", "pad", "where"])
def test_constants_with_llvm(name):
    pytest.importorskip("llvmlite")
    f = FUNCTIONS[name]
    for dtype in ("i1", "i4"):
        x = np.arange(4, dtype=dtype)
        for c in (1000, 2**70):
            agree(outcome(ad.jit(lambda x, c=c: f(x, c), backend="llvm"), x), outcome(f, x, c))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["i1", "i4", "u8"])
@pytest.mark.parametrize("f", [operator.mul, np.maximum, operator.lt], ids=["*", "max", "<"])
def test_arguments(f, dtype, backend):
    """The program was compiled for a number that fits."""
    pytest.importorskip("llvmlite")
    x, compiled = np.arange(4, dtype=dtype), ad.jit(f, backend=backend)
    for c in (2, -1, 1000, 2**40):
        agree(outcome(compiled, x, c), outcome(f, x, c))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("f", "n"),
    [
        (lambda n: n * n, 2**40),
        (lambda n: n + n, 2**62),
        (lambda n: -n, -(2**63)),
        (lambda n: n**3, 2**30),
        (lambda n: (n - 1) * (n + 1) * 1.5, 2**40),
        (lambda n: n * 1.5, 2**70),
    ],
)
def test_integers_of_python_have_no_end(f, n, backend):
    """The value, or in machine code an OverflowError. An argument beyond 64 bits is a part of the
    program."""
    pytest.importorskip("llvmlite")
    compiled = ad.jit(f, backend=backend)
    assert compiled(3) == f(3)
    if backend == "numpy" or n >= 2**63:
        assert compiled(n) == f(n)
    else:
        with pytest.raises(OverflowError):
            compiled(n)
