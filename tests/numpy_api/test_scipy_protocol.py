"""SciPy's special functions by NumPy's protocol: right, or refused by name, each one of them."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.fft
import scipy.special as sp

import autodiff as ad
from autodiff.numpy_api.scipy_special import NAMESAKES

UFUNCS = sorted(name for name in sp.__all__ if isinstance(getattr(sp, name), np.ufunc))
PYTHON = sorted(
    name
    for name in set(sp.__all__)
    - {*UFUNCS, "geterr", "seterr", "ellip_normal"}  # the last one prints
    if not isinstance(getattr(sp, name), type)
)
X = object()  # stands for the tracked argument


def test_scipy_is_found_when_it_arrives() -> None:
    program = """
import sys, autodiff as ad
assert "scipy" not in sys.modules
import scipy.special as sp
from autodiff.rules.primitive import TABLE
row = TABLE["scipy.special.erf"]
assert row.value is not sp.erf
ad.grad(sp.erf)(0.5)
assert row.value is sp.erf, "the row's value is the very ufunc that was called"
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("name", UFUNCS)
def test_every_ufunc_is_differentiated_or_refused_by_name(name: str) -> None:
    """In each argument alone: never a derivative of zero where it is unknown, no other error."""
    ufunc = getattr(sp, name)
    for place in range(ufunc.nin):
        args = [0.3 + 0.21 * k for k in range(ufunc.nin)]
        if "ld->d" in ufunc.types[0] and place > 0:  # these take whole numbers alone
            args[:-1] = [2] * (ufunc.nin - 1)

        def f(x: Any, args: Any = args, place: int = place) -> Any:
            y = quietly(ufunc, *args[:place], x, *args[place + 1 :])
            return np.stack(y) if ufunc.nout > 1 else y

        try:
            slope = ad.jvp(f, (args[place],), (1.0,))[1]
        except ad.NotDifferentiableError as refusal:
            assert ufunc.__name__ in str(refusal)
            continue
        np.testing.assert_allclose(slope, central(f, args[place]), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", PYTHON)
def test_no_python_function_gives_a_wrong_derivative(name: str) -> None:
    """They turn tracked values into object arrays: that works, is refused, or fails in SciPy."""
    function = getattr(sp, name)
    for args in ((X,), (2, X), (X, 2), (2, 3, X), (1, 1, 2, X)):

        def f(x: Any, args: Any = args) -> Any:
            y = quietly(function, *(x if a is X else a for a in args))
            if isinstance(y, np.poly1d):
                raise TypeError("a polynomial, which is a function itself")
            return y[0] if isinstance(y, tuple) else y

        try:
            difference = central(f, 1.3)
            slope = ad.jvp(f, (1.3,), (1.0,))[1]
        except (TypeError, ValueError, RuntimeError, AttributeError, IndexError):
            continue  # not how it is called, or not with a tracked value
        if np.all(np.isfinite(difference)):
            np.testing.assert_allclose(slope, difference, rtol=1e-6, atol=1e-8)


def quietly(function: Any, *args: Any) -> Any:
    """A call with arguments that SciPy may warn of."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return function(*args)


def central(f: Any, x: float, h: float = 1e-4) -> Any:
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)


def test_namesakes_of_refused_functions_exist() -> None:
    for name in NAMESAKES:
        assert callable(getattr(ad.special, name))
        assert not isinstance(getattr(sp, name), np.ufunc)


def test_scipys_fourier_transforms_are_refused() -> None:
    for function in (scipy.fft.fft, scipy.fft.irfft, scipy.fft.dct):
        with pytest.raises(
            ad.NotDifferentiableError, match=r"a function of scipy.fft .* use np.fft"
        ):
            ad.vjp(function, np.ones(3))


def test_asarray_elsewhere_is_an_object_array_of_tracked_scalars() -> None:
    """What works on object arrays goes on working."""
    x = np.array([0.5, 1.5])
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(np.asarray(x) ** 2))(x), 2 * x)
    np.testing.assert_array_equal(ad.grad(lambda x: np.dot(np.array([x[0], x[1]]), x))(x), 2 * x)


# -- conventions -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: sp.xlogy(x, 2.0), 0.0, np.log(2.0)),
        (lambda x: sp.xlogy(0.0, x), 0.0, 0.0),
        (lambda x: sp.xlog1py(0.0, x), -1.0, 0.0),
        (sp.entr, 0.0, np.inf),
        (sp.entr, -1.0, np.nan),
        (lambda x: sp.rel_entr(x, 2.0), 0.0, -np.inf),
        (lambda x: sp.rel_entr(0.0, x), 0.0, 0.0),
        (lambda x: sp.rel_entr(-1.0, x), 2.0, np.nan),
        (lambda x: sp.kl_div(0.0, x), 0.0, 1.0),
        (lambda x: sp.kl_div(x, 2.0), 2.0, 0.0),
        (lambda x: sp.huber(1.0, x), 1.0, 1.0),
        (lambda x: sp.huber(x, 1.0), 1.0, 0.0),
        (lambda x: sp.huber(-1.0, x), 1.0, np.nan),
        (lambda x: sp.pseudo_huber(1.0, x), 0.0, 0.0),
        (lambda x: sp.pseudo_huber(x, 0.0), 0.0, 0.0),
        (lambda x: sp.pseudo_huber(1.0, x), 1e200, 1.0),
        (sp.j0, 0.0, 0.0),
        (sp.j1, 0.0, 0.5),
        (lambda x: sp.jv(1, x), 0.0, 0.5),
        (lambda x: sp.jv(2, x), 0.0, 0.0),
        (lambda x: sp.iv(1, x), 0.0, 0.5),
        (sp.i0e, 0.0, 0.0),
        (sp.i1e, 0.0, 0.5),
        (sp.spence, 1.0, -1.0),
        (sp.exprel, 0.0, 0.5),
        (lambda x: sp.boxcox(2.0, x), 0.0, np.log(2.0) ** 2 / 2),
        (lambda x: sp.boxcox(0.0, x), 2.0, 0.25),
        (lambda x: sp.inv_boxcox(2.0, x), 0.0, -2 * np.exp(2.0)),
        (lambda x: sp.gammainc(1.0, x), 0.0, 1.0),
        (lambda x: sp.gammainc(2.0, x), 0.0, 0.0),
        (lambda x: sp.gammainc(2.0, x), np.inf, 0.0),
        (lambda x: sp.betainc(1.0, 2.0, x), 0.0, 2.0),
        (lambda x: sp.betainc(2.0, 1.0, x), 1.0, 2.0),
        (sp.erf, np.inf, 0.0),
        (sp.expit, 1e3, 0.0),
        (sp.expit, -np.inf, 0.0),
        (sp.log_expit, -np.inf, 1.0),
        (sp.log_ndtr, -1e10, 1e10),
        (sp.log_ndtr, np.inf, 0.0),
        (sp.logit, 0.0, np.inf),
        (sp.cbrt, 0.0, np.inf),
    ],
)  # fmt: skip
def test_at_the_ends_of_domains(f: Any, x: float, expected: float) -> None:
    for found in (ad.grad(f)(x), ad.jvp(f, (x,), (1.0,))[1]):
        np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_what_is_refused_says_so() -> None:
    with pytest.raises(
        ad.NotDifferentiableError,
        match=r"scipy.special.jv: the derivative in its order is not known",
    ):
        ad.grad(lambda v: sp.jv(v, 1.0))(2.0)
    with pytest.raises(
        ad.NotDifferentiableError, match=r"exp\(-\|Re z\|\) has no complex derivative"
    ):
        ad.vjp(lambda z: sp.ive(1, z), 1 + 2j)[1](1.0 + 0j)
    assert ad.grad(lambda v: sp.jv(ad.stop_gradient(v), v))(2.0) == pytest.approx(sp.jvp(2, 2.0))


def test_an_order_may_differ_from_example_to_example() -> None:
    orders, x = np.arange(3), np.array([0.5, 1.5, 2.5])
    slopes = ad.vmap(ad.grad(lambda x, v: sp.jv(v, x)))(x, orders)
    np.testing.assert_allclose(slopes, sp.jvp(orders, x), rtol=1e-14)


def test_rules_are_printed() -> None:
    shown = str(ad.explain(lambda x: sp.jv(1, x), 0.5))
    assert "(jv(0, x) - jv(2, x))/2" in shown
