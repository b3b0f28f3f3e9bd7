"""Compiled or not, a program gives the same, in values and gradients, to the last bits that another
order of adding changes. In NumPy over a third of the forms, and by night over every form, which
tries each rule of the lowering, since both back ends begin with it; in LLVM over a form of each
function.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from forms import Form, agree, all_forms, each, least_bytes, one_of_each_function

import autodiff as ad
from autodiff.base.trees import flatten

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


@pytest.mark.share(3)
@pytest.mark.filterwarnings("ignore")
@each(FORMS)
def test_in_numpy(form: Form) -> None:
    check_value_and_gradient(form, "numpy")


@pytest.mark.share(6)
@pytest.mark.filterwarnings("ignore")
@each(one_of_each_function(FORMS))
def test_in_llvm(form: Form) -> None:
    check_value_and_gradient(form, "llvm")


def check_value_and_gradient(form: Form, backend: str) -> None:
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
    agree(found, expected, form.name, least_bytes(form))
    agree(
        compiled(*copy.deepcopy(args)), expected, form.name, least_bytes(form)
    )  # buffers are used again
