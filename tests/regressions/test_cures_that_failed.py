"""Cures that did not run when they were followed, and errors that blamed the wrong thing."""

import re

import numpy as np
import pytest

import autodiff as ad
from autodiff import diagnose


def the(report, kind):
    (finding,) = [found for found in report.findings if found.kind == kind]
    return finding


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: ad.grad(np.add, argnums=5)(1.0, 2.0),
            "add was called with arguments 0 to 1",
        ),
        (
            lambda: ad.grad(np.sin)(None),
            "argument 0 of sin is None, not a number or an array; pass one, or leave it out",
        ),
        (
            lambda: ad.vjp(np.sin, None),
            "argument 0 of sin is None, not a number or an array; pass one",
        ),
        (
            lambda: ad.jit(np.sin, backend="numpy")(None),
            "None is not a number or an array, which this function does not accept",
        ),
        (
            lambda: ad.tensor("abc"),
            "tensor(value) is a str ('abc'), not a number or an array; pass one",
        ),
        (
            lambda: ad.explain("x*log(x)", 1.0),
            "explain: 'x*log(x)' is a string, not a function; pass lambda x: ..., or use the "
            "command line: autodiff explain 'x*log(x)' x=1",
        ),
    ],
)
def test_what_was_wrong_is_named(call, said):
    with pytest.raises(ad.NotDifferentiableError, match=re.escape(said)):
        call()


def test_a_tensor_has_no_argnums():
    for value in ("abc", True, None, np.array(["a"]), np.array([True])):
        with pytest.raises(ad.NotDifferentiableError) as caught:
            ad.tensor(value)
        assert "argnums" not in str(caught.value)


def test_item_of_a_scalar():
    with pytest.raises(ad.NotDifferentiableError, match=r"write x\.reshape\(\(\)\)"):
        ad.grad(lambda x: x.item())(2.0)
    assert ad.grad(lambda x: x.reshape(()) ** 2)(2.0) == 4.0
    assert ad.grad(lambda x: x.reshape(()) ** 2)(np.array([2.0])) == [4.0]


def test_an_operand_without_a_name_is_called_the_argument():
    with (
        ad.raise_on_nonfinite(),
        np.errstate(divide="ignore"),
        pytest.raises(ad.NonFiniteError, match="log of 0: its argument = 0"),
    ):
        ad.grad(lambda x: np.log(x[0] * x[1]))(np.zeros(2))


def test_a_norm_at_zero_is_a_convention():
    finding = the(diagnose(np.linalg.norm, np.zeros(3)), "kink")
    assert finding.cause == "norm has no derivative there; 0 is the convention"
    assert "np.sqrt(np.sum(x**2) + eps**2)" in finding.cure


@pytest.mark.parametrize("x", [0.0, np.array([0.0, 1.0])])
def test_a_branch_that_where_leaves_out_is_not_a_finding(x):
    report = diagnose(lambda x: np.where(x > 0, np.sqrt(x), 0.0), x)
    assert [found.kind for found in report.findings] == ["kink"]
    both = diagnose(lambda x: np.where(x > 0, np.sqrt(x), np.sqrt(x)), 0.0)
    assert "non-finite tangent and adjoint" in [found.kind for found in both.findings]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_cure_of_a_logarithm_runs(dtype):
    cure = diagnose(np.log, np.zeros(2, dtype)).findings[0].cure
    least = float(cure.partition("np.log(np.maximum(x, ")[2].partition(")")[0])
    y, slopes = ad.jvp(lambda x: np.log(np.maximum(x, least)), (np.zeros(2, dtype),), (np.ones(2),))
    assert np.all(np.isfinite(y))
    assert np.all(slopes == 0)
