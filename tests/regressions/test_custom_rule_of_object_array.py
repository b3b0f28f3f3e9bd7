"""An array of objects that holds tracked numbers is an argument of a custom rule like any other: it
was passed to the function as it was, and refused as a value from outside."""

import numpy as np
import pytest

import autodiff as ad


def test_tracked_numbers_in_an_array_of_objects_are_an_argument():
    product = ad.custom_rule(np.prod, vjp=lambda primals, y, g: (g * y / primals[0],))
    assert ad.grad(lambda x: product(np.array([x, 2 * x])))(3.0) == 12.0


def test_as_a_keyword_they_are_refused():
    scaled = ad.custom_rule(
        lambda x, *, by: x * np.sum(by), vjp=lambda primals, y, g, *, by: (g * by,)
    )
    with pytest.raises(ad.NotDifferentiableError, match="keyword argument 'by'"):
        ad.grad(lambda x: scaled(2.0, by=np.array([x, x])))(3.0)
