"""Batched dot numbered its einsum axes 98 and 99, beyond the 52 that einsum has letters for."""

import numpy as np
import pytest

import autodiff as ad


@pytest.mark.parametrize(
    ("left", "right"),
    [((3,), (3,)), ((2, 3), (3,)), ((2, 3), (4, 3, 2)), ((3,), (3, 2)), ((), (3,))],
)
@pytest.mark.parametrize("in_axes", [(0, 0), (0, None), (None, 0)])
def test_dot_under_vmap(left, right, in_axes):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(5, *left)), rng.normal(size=(5, *right))
    a, b = a if in_axes[0] == 0 else a[0], b if in_axes[1] == 0 else b[0]
    found = ad.vmap(np.dot, in_axes=in_axes)(a, b)
    each = [
        np.dot(*(x[k] if f == 0 else x for x, f in zip((a, b), in_axes, strict=True)))
        for k in range(5)
    ]
    np.testing.assert_allclose(found, np.stack(each), rtol=1e-12)
