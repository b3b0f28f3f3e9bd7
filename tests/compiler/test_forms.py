"""Compiled or not, a program gives the same: over every form, in values and gradients, in LLVM and
in NumPy, to the last bits that another order of adding changes.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from forms import Form, all_forms

import autodiff as ad
from autodiff.containers import flatten

# How closely compiled results agree, relative to the largest entry: by size of the dtype in bytes.
TOLERANCE = {2: 3e-2, 4: 2e-5, 8: 1e-12, 16: 1e-12}
SINGLE = ("f4", "float32", "dtype")  # what computes in float32 inside

FORMS = [form for form in all_forms() if not form.refused]
WRITES = ("x[0] = v, the argument", "f4 *= f8")  # to an argument, which `jit` never does


def weighted(form: Form) -> Any:
    """One number that every entry of the result moves."""

    def total(*args: Any) -> Any:
        leaves, _ = flatten(form.f(*args))
        terms = []
        for k, y in enumerate(leaves):
            y = y if isinstance(y, ad.Tensor) else np.asarray(y)
            weights = np.cos(np.arange(y.size) + k).reshape(y.shape)
            terms.append(np.sum(np.real(y) * weights))
        return sum(terms, 0.0)

    return total


def agree(compiled: Any, plain: Any, name: str) -> None:
    (found, s), (expected, t) = flatten(compiled), flatten(plain)
    assert s == t
    for x, y in zip(found, expected, strict=True):
        x, y = np.asarray(x), np.asarray(y)
        assert (x.dtype, x.shape) == (y.dtype, y.shape)
        if y.dtype.kind not in "fc":
            assert np.array_equal(x, y)
            continue
        size = y.dtype.itemsize // (2 if y.dtype.kind == "c" else 1)
        tolerance = TOLERANCE[4 if size == 8 and any(s in name for s in SINGLE) else size]
        scale = 1 + np.max(np.abs(y), initial=0, where=np.isfinite(y))
        np.testing.assert_allclose(x, y, rtol=10 * tolerance, atol=tolerance * scale)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
@pytest.mark.parametrize("backend", ["llvm", "numpy"])
def test_value_and_gradient(form: Form, backend: str) -> None:
    if form.name in WRITES:
        pytest.skip("writes to its argument")
    args = form.primals
    f = ad.value_and_grad(weighted(form), argnums=tuple(range(len(args))))
    expected = f(*copy.deepcopy(args))
    compiled = ad.jit(f, backend=backend)
    try:
        found = compiled(*copy.deepcopy(args))
    except ad.NotDifferentiableError as refusal:
        assert "jit" in str(refusal) or "tracked" in str(refusal)
        return
    agree(found, expected, form.name)
    agree(compiled(*copy.deepcopy(args)), expected, form.name)  # buffers are used again
