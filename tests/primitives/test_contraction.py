"""einsum as matrix products gives what NumPy gives; large transposes are made of them."""

import string

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autodiff as ad
from autodiff.primitives import contraction, products


@st.composite
def einsums(draw):
    """Subscripts of one to four operands, with letters that repeat, and operands that fit."""
    letters = string.ascii_letters[:5]
    sizes = {c: draw(st.integers(0, 3)) for c in letters}
    terms = draw(st.lists(st.text(st.sampled_from(letters), max_size=4), min_size=1, max_size=4))
    there = sorted(set("".join(terms)))
    output = "".join(draw(st.permutations(there)))[: draw(st.integers(0, len(there)))]
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    operands = [rng.normal(size=[sizes[c] for c in term]) for term in terms]
    return ",".join(terms) + "->" + output, operands


@given(einsums())
def test_the_same_as_numpys(case):
    subscripts, operands = case
    found = contraction.einsum_by_products(subscripts, *operands)
    expected = np.einsum(subscripts, *operands)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@given(einsums())
def test_gradients_are_those_of_numpys_loop(case):
    subscripts, operands = case
    places = tuple(range(len(operands)))
    slope = ad.grad(lambda *x: np.sum(np.sin(np.einsum(subscripts, *x))), places)
    expected = slope(*operands)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "LARGE", 0)
        for found, plain in zip(slope(*operands), expected, strict=True):
            np.testing.assert_allclose(found, plain, rtol=1e-12, atol=1e-12)


def test_sides_of_one_are_broadcast():
    a, b = np.ones((1, 4)), np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(
        contraction.einsum_by_products("ij,ij->j", a, b), np.einsum("ij,ij->j", a, b)
    )


def test_the_value_keeps_its_bits():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 60, 60))
    value, _ = ad.value_and_grad(lambda a: np.sum(np.einsum("ij,jk->ik", a, b)))(a)
    assert value == np.sum(np.einsum("ij,jk->ik", a, b))
