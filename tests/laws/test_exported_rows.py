"""Every row in a file of its own: what it computes there, without autodiff, is what it computes
here, and so is its gradient. As traced to the bit, as compiled to 1e-12."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from exported import loaded
from hypothesis import strategies as st
from laws.statements import constant
from strategies import ROWS, cases, tried

from autodiff import AutodiffError, jit, trace, vjp
from autodiff.base.trees import flatten
from autodiff.primitives.implicit import Implicit

ROUNDING = 1e-12  # of the largest entry


@pytest.mark.share(20)
@tried([row for row in ROWS if not isinstance(row, Implicit)])
def test_exported_is_plain(row, data):
    mode = data.draw(st.sampled_from(("smooth", "ties", "complex")))
    with tempfile.TemporaryDirectory() as folder:
        check_exported(row, data, Path(folder), mode)


def check_exported(row, data, folder, mode="smooth"):
    case = data.draw(cases(row, mode))

    def value(*x):
        return flatten(case(*x))[0]

    def gradient(*x):
        y, pullback = vjp(case, *x)
        return list(pullback(constant(y, 0.5)))

    with np.errstate(all="ignore"):
        for f in [value] if row.flat or not case.inputs else [value, gradient]:
            try:
                expected = f(*case.inputs)
            except (AutodiffError, TypeError):
                return  # not of complex numbers
            graph = trace(f, *case.inputs)
            graph.export(folder / "traced.py")
            traced = loaded(folder / "traced.py")(*case.inputs)
            for found, y, again in zip(traced, expected, graph(*case.inputs), strict=True):
                close(found, y, f"{f.__name__} as traced")
                assert bits(found) == bits(again), f.__name__
            try:
                jit(f, backend="numpy", pure=True).export(folder / "compiled.py", *case.inputs)
            except AutodiffError as error:
                if "export" in str(error):
                    raise
                continue  # what depends on values is refused by jit
            compiled = loaded(folder / "compiled.py")(*case.inputs)
            for found, y in zip(compiled, expected, strict=True):
                close(found, y, f"{f.__name__} as compiled")


def bits(x):
    """The entries as text, which tells the sign of a zero, and not that of a nan."""
    return repr(np.asarray(x).tolist()).replace("-nan", "nan")


def close(found, expected, what):
    assert type(found) is type(expected), f"{what}: {type(found)}, {type(expected)}"
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype, what
    assert found.shape == expected.shape, what
    if expected.dtype.kind not in "fc":
        assert np.array_equal(found, expected), what
        return
    finite = np.isfinite(expected)
    assert np.array_equal(finite, np.isfinite(found)), what
    size = np.max(np.abs(expected[finite]), initial=0)
    assert np.all(np.abs(found[finite] - expected[finite]) <= ROUNDING * size), what
