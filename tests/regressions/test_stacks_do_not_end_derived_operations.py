"""An operation that was first met under vmap was tried on the whole stack, whose shape no other
operand had: it counted as one that cannot be derived, in every later program."""

import numpy as np

import autodiff as ad
from autodiff.derived import ROWS, Derived
from autodiff.primitive import TABLE


def everything(derived: Derived) -> list[Derived]:
    return [derived, *(d for child in derived.children.values() for d in everything(child))]


def test_what_vmap_met_first_is_derived_later():
    rows = {TABLE["sin"]: "sin", TABLE["multiply"]: "multiply"}
    for row in rows:
        ROWS.pop(row, None)
    x = np.linspace(0.1, 2.4, 24).reshape(2, 3, 4)
    f = ad.grad(lambda x: np.sum(np.sin(x) * x))
    found = ad.vmap(ad.jacrev(f))(x)
    assert found.shape == (2, 3, 4, 3, 4)
    ad.grad(lambda x: np.sum(f(x)))(x)
    assert not any(d.hopeless for row in rows for d in everything(ROWS[row]))
