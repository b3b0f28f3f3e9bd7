"""An empty array of indices under jit of a derivative ended in an assertion: a view of nothing
shares no memory with what it is a view of."""

import numpy as np
import pytest

import autodiff as ad

NONE = np.zeros(0, int)
MATRIX = np.arange(1.0, 7.0).reshape(2, 3)
CASES = {
    "vector": (lambda x: np.sum((x + np.sum(x[NONE])) ** 2), np.ones(3)),
    "rows": (lambda x: np.sum(x[NONE]) + np.sum(x**2), MATRIX),
    "columns": (lambda x: np.sum(x[:, NONE]) + np.sum(x**2), MATRIX),
    "both": (lambda x: np.sum(x[NONE, NONE]) + np.sum(x**2), MATRIX),
    "two axes of none": (lambda x: np.sum(x[np.zeros((0, 2), int)]) + np.sum(x**2), MATRIX),
    "apart": (lambda x: np.sum(x[NONE, :, NONE]) + np.sum(x**2), np.ones((2, 3, 4))),
    "mask": (lambda x: np.sum(x[np.zeros(3, bool)] ** 2) + np.sum(x**2), np.ones(3)),
    "take": (lambda x: np.sum(np.take(x, NONE) ** 2) + np.sum(x**2), np.ones(3)),
    "product": (lambda x: np.sum((x[:, NONE] @ np.ones((0, 4))) ** 2 + x[:, :1]), MATRIX),
    "sorted": (lambda x: np.sum(np.sort(np.cumsum(x[NONE]))) + np.sum(x**2), np.ones(3)),
    "norms": (lambda x: np.sum(np.linalg.norm(x[NONE], axis=0)) + np.sum(x**2), MATRIX),
    "again": (lambda x: np.sum(x[NONE][NONE] ** 2) + np.sum(x**2), np.ones(3)),
    "slice": (lambda x: np.sum(x[3:] ** 2) + np.sum(x[1:1, None]) + np.sum(x**2), np.ones(3)),
    "joined": (lambda x: np.sum(np.concatenate([x[NONE], x]) ** 2), np.ones(3)),
}


@pytest.mark.share(3)
@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("transform", [ad.grad, ad.hessian])
@pytest.mark.parametrize("case", CASES)
def test_as_plain(case, transform, backend):
    pytest.importorskip("llvmlite")
    f, x = CASES[case]
    found, plain = ad.jit(transform(f), backend=backend)(x), transform(f)(x)
    np.testing.assert_allclose(found, plain)
    assert np.shape(found) == np.shape(plain)
