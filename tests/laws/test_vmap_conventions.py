"""The derivatives agreed where engines disagree hold for one example of a batch as they do alone:
strong zeros, ties and kinks know their own example only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conventions import CONVENTIONS, Case

import autodiff as ad

CASES = [pytest.param(c, id=c.text) for group in CONVENTIONS for c in group.cases]


def total(f: Any) -> Any:
    return lambda x: np.sum(f(x))


def ordinary(case: Case) -> Any:
    """A point beside the case's, at which nothing special happens, as far as `f` knows."""
    return np.asarray(case.x) + np.linspace(0.3, 0.4, np.size(case.x)).reshape(np.shape(case.x))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the values themselves may be inf or nan
@pytest.mark.parametrize("mode", ["vmap of grad", "vmap of jacfwd", "grad of vmap", "jvp of vmap"])
@pytest.mark.parametrize("case", CASES)
def test_in_a_batch_beside_an_ordinary_point(case: Case, mode: str) -> None:
    f, x = total(case.f), np.stack([case.x, ordinary(case), case.x])
    if mode == "vmap of grad":
        found = ad.vmap(ad.grad(f))(x)
    elif mode == "vmap of jacfwd":
        found = ad.vmap(ad.jacfwd(f))(x)
    elif mode == "grad of vmap":
        found = ad.grad(total(ad.vmap(f)))(x)
    else:  # one direction at a time, in all examples at once
        units = np.eye(np.size(case.x)).reshape(-1, *np.shape(case.x))
        slopes = [ad.jvp(ad.vmap(f), (x,), (np.stack([u] * 3),))[1] for u in units]
        directional = np.stack(slopes, axis=-1).reshape(x.shape)
        expected = [ad.jvp(f, (case.x,), (u[()],))[1] for u in units]
        expected = np.reshape(np.stack(expected), np.shape(case.x))
        for k in (0, 2):
            np.testing.assert_allclose(directional[k], expected, rtol=1e-12, atol=0)
        return
    for k in (0, 2):
        np.testing.assert_allclose(found[k], case.expected, rtol=1e-12, atol=0)
    np.testing.assert_allclose(found[1], ad.grad(f)(ordinary(case)), rtol=1e-10, atol=1e-14)
