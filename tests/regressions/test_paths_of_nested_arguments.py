"""Errors named a part of an argument ``argument 0]['W']``, or ``argument 0 of f['W']``."""

import pytest

import autodiff as ad


@pytest.mark.parametrize(
    "differentiate",
    [
        lambda f, p: ad.grad(f)(p),
        lambda f, p: ad.jvp(f, (p,), (p,)),
        lambda f, p: ad.vjp(f, p),
        lambda f, p: ad.jacfwd(f)(p),
        lambda f, p: ad.jacrev(f)(p),
    ],
)
def test_the_path_is_what_a_person_would_write(differentiate):
    def loss(p):
        return p["W"][0]

    with pytest.raises(
        ad.NotDifferentiableError, match=r"^argument 0\['W'\]\[0\] of loss is a str"
    ):
        differentiate(loss, {"W": ["text"]})
