"""The tangent of a derived operation forgot which of its zeros are strong: a Hessian of few numbers
had nan in the whole row and column of an infinite second derivative."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad


def f(x: Any) -> Any:
    return np.sum((x[1:] - x[:-1] * np.sqrt(x[:-1])) ** 2)


@pytest.mark.parametrize("n", [8, 70])
@pytest.mark.parametrize("mode", [ad.jacfwd, ad.jacrev])
def test_nan_stays_where_it_arises(n: int, mode: Any) -> None:
    x = np.ones(n)
    x[3] = 0.0
    with np.errstate(all="ignore"):
        hessian = mode(ad.grad(f))(x)
    wrong = {tuple(map(int, place)) for place in np.argwhere(~np.isfinite(hessian))}
    assert wrong <= {(3, 3), (3, 4), (4, 3)}
