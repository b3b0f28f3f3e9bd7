"""The families of scipy.special against mpmath, as tests/test_special.py has the single functions:
elliptic integrals, functions of several results, distributions and orthogonal polynomials."""

# ruff: noqa: E501 - one entry of the table a line
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import scipy.special as sp
from mpmath import mpf
from test_special import (
    Bessel,
    Entry,
    bessel_j,
    bessel_y,
    beta_ratio,
    compare,
    inverse,
    inverse_of_log,
    log_normal,
    lower_gamma,
)

import autodiff as ad

BOTH_SIDES = (-9.0, -3.3, -1.2, -0.4, -1e-3, 1e-4, 0.3, 1.1, 2.7, 6.0, 14.0)
RIGHT = (1e-3, 0.05, 0.4, 1.3, 3.1, 7.7, 18.0)
INSIDE = (-0.9, -0.3, 0.2, 0.77)
PARAMETER = (-1e10, -50.0, -1.0, -1e-6, 1e-9, 0.3, 0.8, 0.999, 1 - 1e-12)
MODERATE = (-50.0, -1.0, -1e-6, 1e-9, 0.3, 0.8, 0.999)
PROBABILITY = (0.01, 0.3, 0.9)


def part(name: str, k: int, *before: Any) -> Callable[[Any], Any]:
    """One result of a function of several."""
    function = getattr(sp, name)
    return lambda x: function(*before, x)[k]


def after(name: str, *before: Any) -> Callable[[Any], Any]:
    """A function of its last argument."""
    function = getattr(sp, name)
    return lambda x: function(*before, x)


# -- in mpmath -------------------------------------------------------------------------------------
def amplitude(u: Any, m: Any) -> Any:
    start = mpf(float(sp.ellipj(float(u), float(m))[3]))
    return mp.findroot(lambda phi: mp.ellipf(phi, m) - u, start)


def wofz(z: Any) -> Any:
    return mp.exp(-z * z) * mp.erfc(-1j * z)


def voigt(x: Any, sigma: Any, gamma: Any) -> Any:
    """The real part by the mean of z and its mirror image, which mpmath can differentiate."""
    width = sigma * mp.sqrt(2)
    z, mirrored = (x + mp.j * gamma) / width, (-x + mp.j * gamma) / width
    return (wofz(z) + wofz(mirrored)) / 2 / (sigma * mp.sqrt(2 * mp.pi))


def student(v: Any) -> Callable[[Any], Any]:
    """By an incomplete beta function of the tail, up to a constant."""

    def f(t: Any) -> Any:
        tail = mp.betainc(v / 2, mpf(1) / 2, 0, v / (v + t * t), regularized=True) / 2
        return 1 - tail if t > 0 else tail

    return f


def fisher(m: Any, n: Any) -> Callable[[Any], Any]:
    return lambda x: beta_ratio(m / 2, n / 2, m * x / (m * x + n))


def upper_gamma(a: Any, x: Any) -> Any:
    return mp.gammainc(a, x, mp.inf, regularized=True)


def owens(h: Any, a: Any) -> Any:
    integral = mp.quad(lambda x: mp.exp(-h * h * (1 + x * x) / 2) / (1 + x * x), [0, a])
    return integral / (2 * mp.pi)


class Kelvin(Bessel):
    """ker(x) or kei(x), a `part` of K_0(x e^(i pi/4)); mpmath's own are slow."""

    def __init__(self, part: Callable[[Any], Any]) -> None:
        super().__init__(mp.besselk, -1, -1, 0)
        self.part = part

    def derivative(self, x: Any, n: int) -> Any:
        turn = mp.expjpi(mpf(1) / 4)
        return self.part(turn**n * self.unscaled(turn * x, n))


def kolmogorov(x: Any) -> Any:
    if x > 1.5:
        return -2 * mp.fsum((-1) ** k * mp.exp(-2 * k * k * x * x) for k in range(1, 20))
    terms = (mp.exp(-(((2 * k - 1) * mp.pi) ** 2) / (8 * x * x)) for k in range(1, 30))
    return -mp.sqrt(2 * mp.pi) / x * mp.fsum(terms)


ELLIPTIC = [
    Entry("ellipk", sp.ellipk, mp.ellipk, PARAMETER),
    Entry("ellipe", sp.ellipe, mp.ellipe, PARAMETER),
    Entry("ellipkm1", sp.ellipkm1, lambda p: mp.ellipk(1 - p), (1e-30, 1e-12, 1e-3, 0.3, 0.9, 1.7, 12.0, 1e6)),
    Entry("ellipkinc(x, 0.6)", lambda x: sp.ellipkinc(x, 0.6), lambda x: mp.ellipf(x, mpf(0.6)), (-20.0, -0.4, 1e-3, 0.7, 1.5, 4.4)),
    Entry("ellipkinc(0.8, m)", after("ellipkinc", 0.8), lambda m: mp.ellipf(mpf(0.8), m), (*MODERATE, 1.0), orders=1),
    Entry("ellipkinc(4.1, m)", after("ellipkinc", 4.1), lambda m: mp.ellipf(mpf(4.1), m), MODERATE, orders=1),
    Entry("ellipeinc(x, 0.6)", lambda x: sp.ellipeinc(x, 0.6), lambda x: mp.ellipe(x, mpf(0.6)), (-20.0, -0.4, 1e-3, 0.7, 1.5, 4.4)),
    Entry("ellipeinc(0.8, m)", after("ellipeinc", 0.8), lambda m: mp.ellipe(mpf(0.8), m), MODERATE, orders=1),
    *(Entry(f"ellipj(x, 0.6): {name}", lambda x, k=k: sp.ellipj(x, 0.6)[k], lambda x, name=name: mp.ellipfun(name, x, m=mpf(0.6)), (-2.3, -0.4, 0.7, 4.4)) for k, name in enumerate(("sn", "cn", "dn"))),
    Entry("ellipj(0.9, m): sn", part("ellipj", 0, 0.9), lambda m: mp.sin(amplitude(mpf(0.9), m)), (0.01, 0.3, 0.8), orders=1),
    Entry("ellipj(0.9, m): dn", part("ellipj", 2, 0.9), lambda m: mp.sqrt(1 - m * mp.sin(amplitude(mpf(0.9), m)) ** 2), (0.01, 0.8), orders=1),
    Entry("ellipj(0.9, m): ph", part("ellipj", 3, 0.9), lambda m: amplitude(mpf(0.9), m), (0.01, 0.3, 0.8), orders=1),
    Entry("agm(x, 2)", lambda x: sp.agm(x, 2.0), lambda x: mp.agm(x, 2), (1e-6, 0.1, 1.0, 1.999, 2.5, 40.0, 1e4, 1e200)),
    Entry("agm(2, x)", after("agm", 2.0), lambda x: mp.agm(x, 2), (1e-6, 1.0, 1.999, 40.0)),
]  # fmt: skip

INTEGRALS = [
    Entry("sici: Si", part("sici", 0), mp.si, (*BOTH_SIDES, 0.99, 1.01, 1e6)),
    Entry("sici: Ci", part("sici", 1), mp.ci, (*RIGHT, 1e6)),
    Entry("shichi: Shi", part("shichi", 0), mp.shi, (*BOTH_SIDES, 600.0)),
    Entry("shichi: Chi", part("shichi", 1), mp.chi, (*RIGHT, 600.0)),
    Entry("fresnel: S", part("fresnel", 0), mp.fresnels, (*BOTH_SIDES, 1e4)),
    Entry("fresnel: C", part("fresnel", 1), mp.fresnelc, BOTH_SIDES),
    Entry("airy: Ai", part("airy", 0), mp.airyai, (*BOTH_SIDES, -100.0, 50.0)),
    Entry("airy: Bi", part("airy", 2), mp.airybi, (*BOTH_SIDES, -100.0, 50.0)),
    Entry("airy: Ai'", part("airy", 1), lambda x: mp.airyai(x, derivative=1), BOTH_SIDES),
    Entry("airy: Bi'", part("airy", 3), lambda x: mp.airybi(x, derivative=1), BOTH_SIDES),
    Entry("itj0y0: J", part("itj0y0", 0), lambda x: mp.quad(lambda t: mp.besselj(0, t), [0, x]), (0.05, 3.1)),
    Entry("itstruve0", sp.itstruve0, lambda x: mp.quad(lambda t: mp.struveh(0, t), [0, x]), (0.05, 1.3)),
    Entry("itmodstruve0", sp.itmodstruve0, lambda x: mp.quad(lambda t: mp.struvel(0, t), [0, x]), (0.05, 1.3)),
    Entry("pbdv(1.5, x)", part("pbdv", 0, 1.5), lambda x: mp.pcfd(1.5, x), (0.3, 1.0, 2.5, 5.0)),
    Entry("pbwa(1.5, x)", part("pbwa", 0, 1.5), lambda x: mp.pcfw(1.5, x), (0.3, 2.5)),
    *(Entry(name, getattr(sp, name), lambda x, name=name: getattr(mp, name)(0, x), RIGHT) for name in ("ber", "bei")),
    *(Entry(name, getattr(sp, name), Kelvin(part), (1e-3, 0.4, 1.99, 2.0, 7.7, 9.9, 200.0)) for name, part in (("ker", mp.re), ("kei", mp.im))),
    Entry("struve(0, x)", after("struve", 0), lambda x: mp.struveh(0, x), (*RIGHT, 4.9, 5.1, 500.0)),
    Entry("struve(1.5, x)", after("struve", 1.5), lambda x: mp.struveh(1.5, x), (*RIGHT, 4.9, 5.1, 500.0)),
    Entry("modstruve(1, x)", after("modstruve", 1), lambda x: mp.struvel(1, x), (*RIGHT, 4.9, 5.1, 300.0)),
    Entry("jve(1.5, x)", after("jve", 1.5), bessel_j(1.5), RIGHT),
    Entry("yve(1.5, x)", after("yve", 1.5), bessel_y(1.5), RIGHT),
    Entry("wofz: real part", lambda x: np.real(sp.wofz(x)), lambda x: mp.exp(-x * x), (-3.0, -0.4, 1e-3, 0.7, 2.2, 5.0)),
    Entry("wofz: imaginary part", lambda x: np.imag(sp.wofz(x)), lambda x: mp.exp(-x * x) * mp.erfi(x), (-30.0, -0.4, 1e-3, 0.7, 2.2, 6.4, 6.6, 40.0, 1e3, 1e8)),
    Entry("voigt_profile(x, 0.7, 0.4)", lambda x: sp.voigt_profile(x, 0.7, 0.4), lambda x: voigt(x, mpf(0.7), mpf(0.4)), (-20.0, -1.0, 1e-3, 0.6, 2.0, 4.0, 6.6, 1e3)),
    Entry("voigt_profile(x, 0.7, 1e-4)", lambda x: sp.voigt_profile(x, 0.7, 1e-4), lambda x: voigt(x, mpf(0.7), mpf(1e-4)), (-3.0, 1e-3, 2.0)),
    Entry("voigt_profile(0.9, s, 0.4)", lambda s: sp.voigt_profile(0.9, s, 0.4), lambda s: voigt(mpf(0.9), s, mpf(0.4)), (0.02, 0.5, 3.0, 50.0)),
    Entry("voigt_profile(0.9, 0.7, g)", after("voigt_profile", 0.9, 0.7), lambda g: voigt(mpf(0.9), mpf(0.7), g), (1e-3, 0.5, 3.0, 50.0)),
]  # fmt: skip

DISTRIBUTIONS = [
    Entry("chdtr(3, x)", after("chdtr", 3.0), lambda x: lower_gamma(mpf(1.5), x / 2), RIGHT),
    Entry("chdtri(3, p)", after("chdtri", 3.0), inverse(lambda x: upper_gamma(1.5, x / 2), after("chdtri", 3.0)), PROBABILITY),
    Entry("stdtr(5, t)", after("stdtr", 5.0), student(mpf(5)), BOTH_SIDES),
    Entry("stdtr(0.7, t)", after("stdtr", 0.7), student(mpf(0.7)), BOTH_SIDES),
    Entry("stdtr(1e6, t)", after("stdtr", 1e6), student(mpf(10) ** 6), (-3.0, 0.2, 2.0)),
    Entry("stdtrit(5, p)", after("stdtrit", 5.0), inverse(student(mpf(5)), after("stdtrit", 5.0)), PROBABILITY),
    Entry("fdtr(3, 7, x)", after("fdtr", 3.0, 7.0), fisher(mpf(3), mpf(7)), RIGHT),
    Entry("fdtri(3, 7, p)", after("fdtri", 3.0, 7.0), inverse(fisher(mpf(3), mpf(7)), after("fdtri", 3.0, 7.0)), PROBABILITY),
    Entry("gdtr(a, 2.5, 1.3)", lambda a: sp.gdtr(a, 2.5, 1.3), lambda a: lower_gamma(2.5, a * 1.3), RIGHT),
    Entry("gdtr(1.2, 2.5, x)", after("gdtr", 1.2, 2.5), lambda x: lower_gamma(2.5, mpf(1.2) * x), RIGHT),
    Entry("gdtrix(1.2, 2.5, p)", after("gdtrix", 1.2, 2.5), inverse(lambda x: mp.gammainc(2.5, 0, mpf(1.2) * x, regularized=True), after("gdtrix", 1.2, 2.5)), PROBABILITY),
    Entry("bdtr(2, 7, p)", after("bdtr", 2, 7), lambda p: beta_ratio(5, 3, 1 - p), PROBABILITY),
    Entry("bdtri(2, 7, y)", after("bdtri", 2, 7), inverse(lambda p: beta_ratio(5, 3, 1 - p), after("bdtri", 2, 7)), PROBABILITY),
    Entry("nbdtr(2, 7, p)", after("nbdtr", 2, 7), lambda p: beta_ratio(7, 3, p), PROBABILITY),
    Entry("nbdtri(2, 7, y)", after("nbdtri", 2, 7), inverse(lambda p: beta_ratio(7, 3, p), after("nbdtri", 2, 7)), PROBABILITY),
    Entry("pdtr(2, m)", after("pdtr", 2), lambda m: upper_gamma(3, m), RIGHT),
    Entry("pdtri(2, y)", after("pdtri", 2), inverse(lambda m: upper_gamma(3, m), after("pdtri", 2)), PROBABILITY),
    Entry("nrdtrimn(p, 1.4, 0.8)", lambda p: sp.nrdtrimn(p, 1.4, 0.8), lambda p: mpf(0.8) - mpf(1.4) * inverse_of_log(log_normal, sp.ndtri)(p), PROBABILITY),
    Entry("nrdtrisd(0.3, p, 0.8)", lambda p: sp.nrdtrisd(0.3, p, 0.8), lambda p: (mpf(0.8) - mpf(0.3)) / inverse_of_log(log_normal, sp.ndtri)(p), (0.6, 0.9)),
    Entry("owens_t(h, 0.7)", lambda h: sp.owens_t(h, 0.7), lambda h: owens(h, mpf(0.7)), (-1.2, 1e-4, 1.1)),
    Entry("owens_t(1.3, a)", after("owens_t", 1.3), lambda a: owens(mpf(1.3), a), (-1.2, 1e-4, 1.1)),
    Entry("kolmogorov", sp.kolmogorov, kolmogorov, (0.05, 0.1, 0.3, 0.8, 0.999, 1.001, 1.4, 1.6, 10.0)),
    Entry("kolmogi", sp.kolmogi, inverse(lambda x: 1 + kolmogorov(x) if x <= 1.5 else kolmogorov(x), sp.kolmogi), PROBABILITY),
]  # fmt: skip

GAMMA = [
    Entry("poch(a, 2.3)", lambda a: sp.poch(a, 2.3), lambda a: mp.rf(a, mpf(2.3)), (0.03, 0.5, 1.7, 8.0, 300.0)),
    Entry("poch(1.7, m)", after("poch", 1.7), lambda m: mp.rf(mpf(1.7), m), (1e-4, 0.5, 1.7, 20.0)),
    Entry("binom(n, 2)", lambda n: sp.binom(n, 2.0), lambda n: mp.binomial(n, 2), (2.5, 4.0, 9.3, 1e3)),
    Entry("binom(9, k)", after("binom", 9.0), lambda k: mp.binomial(9, k), (0.2, 3.0, 4.4, 4.6, 8.0)),
    Entry("rgamma", sp.rgamma, mp.rgamma, (-20.5, -3.0, -2.999, -1.0, -0.3, 1e-5, 0.3, 0.49, 0.51, 1.0, 3.0, 20.5, 100.0)),
    Entry("zeta(x)", sp.zeta, mp.zeta, (-30.3, -7.3, -4.0, -2.0, -0.51, -0.49, -1e-8, 1e-8, 0.5, 0.99, 1.001, 1.5, 5.0, 20.0, 45.0)),
    Entry("zetac", sp.zetac, lambda x: mp.zeta(x) - 1, (-3.3, 0.3, 2.0, 30.0)),
    Entry("zeta(x, 2.5)", lambda x: sp.zeta(x, 2.5), lambda x: mp.zeta(x, mpf(2.5)), (1.001, 1.5, 5.0, 60.0)),
    Entry("zeta(x, 0.01)", lambda x: sp.zeta(x, 0.01), lambda x: mp.zeta(x, mpf(0.01)), (1.5, 2.0, 5.0)),
    Entry("zeta(x, 1e10)", lambda x: sp.zeta(x, 1e10), lambda x: mp.zeta(x, mpf(1e10)), (1.001, 2.0, 20.0)),
    Entry("wrightomega", sp.wrightomega, lambda x: mp.lambertw(mp.exp(x)), (-30.0, -2.0, 0.3, 4.0, 300.0, 1e5)),
]  # fmt: skip

OF_DEGREE = {
    "eval_legendre": lambda n, x: mp.legendre(n, x),
    "eval_chebyt": lambda n, x: mp.chebyt(n, x),
    "eval_chebyu": lambda n, x: mp.chebyu(n, x) if n >= -1 else -mp.chebyu(-2 - n, x),
    "eval_chebyc": lambda n, x: 2 * mp.chebyt(n, x / 2),
    "eval_chebys": lambda n, x: mp.chebyu(n, x / 2) if n >= -1 else -mp.chebyu(-2 - n, x / 2),
    "eval_sh_legendre": lambda n, x: mp.legendre(n, 2 * x - 1),
    "eval_sh_chebyt": lambda n, x: mp.chebyt(n, 2 * x - 1),
    "eval_sh_chebyu": lambda n, x: mp.chebyu(n, 2 * x - 1) if n >= -1 else -mp.chebyu(-2 - n, 2 * x - 1),
    "eval_laguerre": lambda n, x: mp.laguerre(n, 0, x),
    "eval_hermite": lambda n, x: mp.hermite(n, x),
    "eval_hermitenorm": lambda n, x: mp.hermite(n, x / mp.sqrt(2)) / mp.sqrt(2) ** n,
}  # fmt: skip
NOT_NEGATIVE = {"eval_laguerre", "eval_hermite", "eval_hermitenorm"}


def polynomial(name: str, n: int) -> Entry:
    return Entry(f"{name}({n}, x)", after(name, n), lambda x: OF_DEGREE[name](n, x), INSIDE)


POLYNOMIALS = [
    *(polynomial(name, n) for name in OF_DEGREE for n in (5, 40)),
    *(polynomial(name, -3) for name in OF_DEGREE if name not in NOT_NEGATIVE),
    Entry("eval_legendre(3.3, x)", after("eval_legendre", 3.3), lambda x: mp.re(mp.legendre(mpf(3.3), x)), (*INSIDE[1:], 1.5)),
    Entry("eval_gegenbauer(4, 0.7, x)", after("eval_gegenbauer", 4, 0.7), lambda x: mp.gegenbauer(4, mpf(0.7), x), INSIDE),
    Entry("eval_jacobi(4, 0.7, 1.2, x)", after("eval_jacobi", 4, 0.7, 1.2), lambda x: mp.jacobi(4, mpf(0.7), mpf(1.2), x), INSIDE),
    Entry("eval_genlaguerre(4, 0.7, x)", after("eval_genlaguerre", 4, 0.7), lambda x: mp.laguerre(4, mpf(0.7), x), (0.2, 0.77, 4.0)),
]  # fmt: skip

TABLE = [*ELLIPTIC, *INTEGRALS, *DISTRIBUTIONS, *GAMMA, *POLYNOMIALS]


@pytest.mark.share(6)
@pytest.mark.parametrize("entry", TABLE, ids=[entry.name for entry in TABLE])
def test_derivatives_are_mpmaths(entry: Entry) -> None:
    compare(entry)


@pytest.mark.parametrize("z", [0.5 + 14.1j, -2 + 10j, 2 - 25j, -3 + 29j])
def test_zeta_of_complex_numbers(z: complex) -> None:
    slope = ad.vjp(sp.zeta, z)[1](1 + 0j)[0]
    assert slope == pytest.approx(complex(mp.zeta(z, 1, 1)), rel=1e-12)


def test_what_no_formula_reaches_is_nan() -> None:
    """Zeta far from the real line; whole negative degrees where SciPy's families disagree."""
    assert np.isnan(ad.vjp(sp.zeta, 0.5 + 40j)[1](1 + 0j)[0])
    assert np.isnan(ad.grad(lambda x: sp.eval_laguerre(-3, x))(0.5))


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: sp.sici(x)[0], 0.0, 1.0),
        (lambda x: sp.shichi(x)[0], 0.0, 1.0),
        (lambda x: sp.struve(0, x), 0.0, 2 / np.pi),
        (lambda x: sp.struve(1, x), 0.0, 0.0),
        (sp.beip, 0.0, 0.5),
        (sp.kolmogorov, 1e-200, 0.0),
        (sp.rgamma, -2.0, 2.0),
        (lambda x: sp.eval_chebyt(0, x), 0.3, 0.0),
        (lambda m: sp.ellipkinc(0.0, m), 1.0, 0.0),
        (lambda x: sp.agm(x, 2.0), 2.0, 0.5),
        (lambda x: sp.bdtr(7, 7, x), 0.3, 0.0),
    ],
)
def test_at_the_ends_of_domains(f: Any, x: float, expected: float) -> None:
    for found in (ad.grad(f)(x), ad.jvp(f, (x,), (1.0,))[1]):
        np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-300)


def test_several_results_at_once() -> None:
    """Both sweeps through all four of Airy's results, in stacks and compiled."""

    def f(x: Any) -> Any:
        a, a1, b, b1 = sp.airy(x)
        return a * b1 - a1 * b + x * x  # Wronski's determinant is constant

    x = np.array([-3.0, 0.5, 2.0])
    for found in (
        ad.vmap(ad.grad(f))(x),
        ad.jit(ad.vmap(ad.grad(f)))(x),
        ad.jvp(f, (x,), (np.ones(3),))[1],
    ):
        np.testing.assert_allclose(found, 2 * x, rtol=1e-12)
