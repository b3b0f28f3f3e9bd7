"""SciPy's special functions: first and second derivatives against mpmath over each domain.

The derivatives are mpmath's own, of mpmath's own function, to 50 digits. What is allowed is 1e-12,
relative; where a point lies so close to a zero of the derivative that one rounding of the argument
moves it by more, that much.
"""

# ruff: noqa: E501 - one entry of the table a line
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np
import pytest
import scipy.special as sp

import autodiff as ad

RELATIVE = 1e-12
EPS = float(np.finfo(float).eps)

ALL = (-1e3, -30.0, -8.0, -2.5, -1.0, -0.3, -1e-5, 1e-8, 0.2, 0.7, 1.6, 4.0, 11.0, 37.0, 700.0, 1e5)
MIDDLE = (-25.0, -7.0, -2.5, -1.0, -0.3, -1e-5, 1e-8, 0.2, 0.7, 1.6, 4.0, 11.0, 25.0)
POSITIVE = (1e-12, 1e-4, 0.03, 0.5, 0.99, 1.7, 3.2, 8.0, 20.0, 45.0, 300.0, 1e4)
BESSEL = (1e-6, 0.01, 0.6, 1.7, 3.1, 7.5, 14.0, 33.0, 120.0, 1e3)
UNIT = (1e-30, 1e-8, 0.01, 0.3, 0.51, 0.9, 0.999, 1 - 1e-9)
SYMMETRIC = (-1 + 1e-9, -0.9, -0.3, -1e-8, 1e-20, 0.01, 0.5, 0.999)


class Entry(NamedTuple):
    """`f` of SciPy and `exact` of mpmath, functions of one number, and where to compare them."""

    name: str
    f: Callable[[Any], Any]
    exact: Callable[[Any], Any]
    points: tuple[float, ...]
    orders: int = 2  # of derivatives that are known


class Bessel:
    """exp(scale |x|) C_v(x), whose derivatives follow from C_v' = (left C_(v-1) + right C_(v+1)) / 2.
    mpmath is slow where v is an integer, so v is off by what cannot be seen in 17 digits."""

    def __init__(self, function: Any, left: int, right: int, v: float, scale: int = 0) -> None:
        self.function, self.left, self.right, self.scale = function, left, right, scale
        with mp.workdps(60):
            self.v = v + mp.mpf(10) ** -32

    def unscaled(self, x: Any, n: int) -> Any:
        return (
            sum(
                mp.binomial(n, k)
                * (self.left ** (n - k) * self.right**k * self.function(self.v - n + 2 * k, x))
                for k in range(n + 1)
            )
            / mp.mpf(2) ** n
        )

    def derivative(self, x: Any, n: int) -> Any:
        rate = self.scale * mp.sign(x)
        terms = (mp.binomial(n, k) * rate ** (n - k) * self.unscaled(x, k) for k in range(n + 1))
        return mp.exp(rate * x) * sum(terms)


def bessel_j(v: float) -> Bessel:
    return Bessel(mp.besselj, 1, -1, v)


def bessel_y(v: float) -> Bessel:
    return Bessel(mp.bessely, 1, -1, v)


def bessel_i(v: float, scale: int = 0) -> Bessel:
    return Bessel(mp.besseli, 1, 1, v, scale)


def bessel_k(v: float, scale: int = 0) -> Bessel:
    return Bessel(mp.besselk, -1, -1, v, scale)


# Functions are given up to a constant, as what is small where they are nearly constant.
def erf_tail(x: Any) -> Any:
    return -mp.erfc(x) if x > 0 else mp.erfc(-x)


def normal(x: Any) -> Any:
    return erf_tail(x / mp.sqrt(2)) / 2


def log_normal(x: Any) -> Any:
    tail = mp.erfc(abs(x) / mp.sqrt(2)) / 2
    return mp.log1p(-tail) if x > 0 else mp.log(tail)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def log_beta(a: Any, b: Any) -> Any:
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def lower_gamma(a: Any, x: Any) -> Any:
    if x > a:
        return -mp.gammainc(a, x, mp.inf, regularized=True)
    return mp.gammainc(a, 0, x, regularized=True)


def beta_ratio(a: Any, b: Any, x: Any) -> Any:
    return mp.betainc(a, b, 0, x, regularized=True)


def inverse(f: Any, of: Any) -> Any:
    """The inverse function, by Newton's method from SciPy's value."""

    def g(y: Any) -> Any:
        return mp.findroot(lambda x: f(x) - y, mp.mpf(float(of(float(y)))))

    return g


def inverse_of_log(log_f: Any, of: Any) -> Any:
    return lambda y: inverse(log_f, lambda log_y: of(np.exp(log_y)))(mp.log(y))


def degrees(f: Any) -> Any:
    return lambda x: f(x * mp.pi / 180)


third = mp.mpf(1) / 3

TABLE = [
    # logistic
    Entry("expit", sp.expit, sigmoid, ALL),
    Entry("log_expit", sp.log_expit, lambda x: -mp.log1p(mp.exp(-x)), ALL),
    Entry("logit", sp.logit, lambda x: mp.log(x / (1 - x)), UNIT),
    *(  # new in SciPy 1.17
        Entry("softplus", f, lambda x: mp.log1p(mp.exp(x)), (-30.0, -1.0, 0.2, 3.0))
        for f in [getattr(sp, "softplus", None)]
        if f
    ),
    # error functions
    Entry("erf", sp.erf, erf_tail, MIDDLE),
    Entry("erfc", sp.erfc, lambda x: -erf_tail(x), MIDDLE),
    Entry("erfi", sp.erfi, mp.erfi, MIDDLE),
    Entry("erfcx", sp.erfcx, lambda x: mp.exp(x * x) * mp.erfc(x), (*MIDDLE, 1.4, 1.5, 100.0, 1e4)),
    Entry("dawsn", sp.dawsn, lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x), (*MIDDLE, 0.92, 200.0)),
    Entry("erfinv", sp.erfinv, mp.erfinv, SYMMETRIC),
    Entry("erfcinv", sp.erfcinv, inverse_of_log(lambda x: mp.log(mp.erfc(x)), sp.erfcinv), (1e-30, 1e-5, 0.3, 0.9, 1.2, 1.999)),
    Entry("ndtr", sp.ndtr, normal, MIDDLE),
    Entry("log_ndtr", sp.log_ndtr, log_normal, (-1e4, -300.0, *MIDDLE, 4.9, 5.1, 35.0)),
    Entry("ndtri", sp.ndtri, inverse_of_log(log_normal, sp.ndtri), UNIT),
    Entry("ndtri_exp", sp.ndtri_exp, inverse(log_normal, sp.ndtri_exp), (-1e4, -50.0, -2.0, -0.6, -1e-3)),
    # gamma, beta, zeta
    Entry("gamma", sp.gamma, mp.gamma, (-20.5, -3.99, -1.5, -0.3, 1e-5, 0.3, 1.0, 1.46, 3.0, 20.5, 170.5)),
    Entry("gammaln", sp.gammaln, lambda x: mp.log(abs(mp.gamma(x))), (-20.5, -1.5, *POSITIVE, 1e8)),
    Entry("loggamma", sp.loggamma, mp.loggamma, POSITIVE),
    Entry("psi", sp.psi, mp.digamma, (-20.5, -1.5, -0.3, *POSITIVE)),
    Entry("digamma", sp.digamma, mp.digamma, POSITIVE),
    Entry("polygamma(2, x)", lambda x: ad.special.polygamma(2, x), lambda x: mp.psi(2, x), (-1.5, *POSITIVE)),
    Entry("beta(x, 2.5)", lambda x: sp.beta(x, 2.5), lambda x: mp.beta(x, 2.5), POSITIVE[:-2]),
    Entry("beta(0.3, x)", lambda x: sp.beta(0.3, x), lambda x: mp.beta(mp.mpf(0.3), x), POSITIVE[:-2]),
    Entry("betaln(x, 2.5)", lambda x: sp.betaln(x, 2.5), lambda x: log_beta(x, 2.5), (*POSITIVE, 1e7)),
    Entry("betaln(40, x)", lambda x: sp.betaln(40.0, x), lambda x: log_beta(40, x), (*POSITIVE, 1e7)),
    Entry("gammainc(0.5, x)", lambda x: sp.gammainc(0.5, x), lambda x: lower_gamma(mp.mpf(0.5), x), POSITIVE[1:10]),
    Entry("gammainc(3, x)", lambda x: sp.gammainc(3.0, x), lambda x: lower_gamma(3, x), POSITIVE[1:10]),
    Entry("gammainc(1000, x)", lambda x: sp.gammainc(1e3, x), lambda x: lower_gamma(1000, x), (700.0, 980.0, 1030.0, 1600.0)),
    Entry("gammaincc(3, x)", lambda x: sp.gammaincc(3.0, x), lambda x: -lower_gamma(3, x), POSITIVE[1:10]),
    Entry("gammaincinv(3, p)", lambda x: sp.gammaincinv(3.0, x), inverse(lambda x: mp.gammainc(3, 0, x, regularized=True), lambda p: sp.gammaincinv(3.0, p)), (0.01, 0.3, 0.9)),
    Entry("gammainccinv(3, p)", lambda x: sp.gammainccinv(3.0, x), inverse(lambda x: mp.gammainc(3, x, mp.inf, regularized=True), lambda p: sp.gammainccinv(3.0, p)), (0.01, 0.3, 0.9)),
    Entry("betainc(2, 3.5, x)", lambda x: sp.betainc(2.0, 3.5, x), lambda x: beta_ratio(2, 3.5, x), UNIT[1:-1]),
    Entry("betainc(0.5, 0.5, x)", lambda x: sp.betainc(0.5, 0.5, x), lambda x: beta_ratio(0.5, 0.5, x), UNIT[1:-1]),
    Entry("betainc(900, 300, x)", lambda x: sp.betainc(900.0, 300.0, x), lambda x: beta_ratio(900, 300, x), (0.6, 0.74, 0.77, 0.85)),
    Entry("betaincc(2, 3.5, x)", lambda x: sp.betaincc(2.0, 3.5, x), lambda x: -beta_ratio(2, 3.5, x), UNIT[1:-1]),
    Entry("betaincinv(2, 3.5, p)", lambda x: sp.betaincinv(2.0, 3.5, x), inverse(lambda x: beta_ratio(2, 3.5, x), lambda p: sp.betaincinv(2.0, 3.5, p)), (0.01, 0.3, 0.9)),
    Entry("zeta(3, x)", lambda x: sp.zeta(3.0, x), lambda x: mp.zeta(3, x), POSITIVE),
    Entry("zeta(1.5, x)", lambda x: sp.zeta(1.5, x), lambda x: mp.zeta(1.5, x), POSITIVE),
    # entropies and losses
    Entry("xlogy(x, 3)", lambda x: sp.xlogy(x, 3.0), lambda x: x * mp.log(3), MIDDLE),
    Entry("xlogy(3, x)", lambda x: sp.xlogy(3.0, x), lambda x: 3 * mp.log(x), POSITIVE),
    Entry("xlogy(x, x)", lambda x: sp.xlogy(x, x), lambda x: x * mp.log(x), POSITIVE),
    Entry("xlog1py(x, x)", lambda x: sp.xlog1py(x, x), lambda x: x * mp.log1p(x), POSITIVE),
    Entry("entr", sp.entr, lambda x: -x * mp.log(x), POSITIVE),
    Entry("rel_entr(x, 2)", lambda x: sp.rel_entr(x, 2.0), lambda x: x * mp.log(x / 2), POSITIVE),
    Entry("rel_entr(2, x)", lambda x: sp.rel_entr(2.0, x), lambda x: 2 * mp.log(2 / x), POSITIVE),
    Entry("kl_div(x, 2)", lambda x: sp.kl_div(x, 2.0), lambda x: x * mp.log(x / 2) - x + 2, (*POSITIVE, 2 + 1e-9)),
    Entry("kl_div(2, x)", lambda x: sp.kl_div(2.0, x), lambda x: 2 * mp.log(2 / x) - 2 + x, (*POSITIVE, 2 + 1e-9)),
    Entry("huber(1.5, x)", lambda x: sp.huber(1.5, x), lambda x: x * x / 2 if abs(x) < 1.5 else 1.5 * (abs(x) - 0.75), MIDDLE),
    Entry("huber(x, 1.5)", lambda x: sp.huber(x, 1.5), lambda x: mp.mpf(1.125) if x > 1.5 else x * (1.5 - x / 2), (0.2, 1.4, 3.0)),
    Entry("pseudo_huber(1.5, x)", lambda x: sp.pseudo_huber(1.5, x), lambda x: 1.5 * (mp.sqrt(1.5**2 + x * x) - 1.5), ALL),
    Entry("pseudo_huber(x, 1.5)", lambda x: sp.pseudo_huber(x, 1.5), lambda x: x * (mp.sqrt(x * x + 1.5**2) - x), POSITIVE),
    # powers
    Entry("cbrt", sp.cbrt, lambda x: mp.sign(x) * abs(x) ** third, (-8.0, -1e-6, 1e-9, 0.3, 5.0, 1e9)),
    Entry("exp2", sp.exp2, lambda x: mp.mpf(2) ** x, MIDDLE),
    Entry("exp10", sp.exp10, lambda x: mp.mpf(10) ** x, MIDDLE),
    Entry("expm1", sp.expm1, mp.expm1, MIDDLE),
    Entry("log1p", sp.log1p, mp.log1p, (-1 + 1e-9, -0.5, 1e-9, 3.0, 1e9)),
    Entry("cosm1", sp.cosm1, lambda x: mp.cos(x) - 1, MIDDLE),
    Entry("powm1(x, 1.5)", lambda x: sp.powm1(x, 1.5), lambda x: x**1.5 - 1, POSITIVE),
    Entry("powm1(1.5, x)", lambda x: sp.powm1(1.5, x), lambda x: mp.mpf(1.5) ** x - 1, MIDDLE),
    Entry("sindg", sp.sindg, degrees(mp.sin), (-200.0, -1e-3, 31.0, 179.0, 1e4)),
    Entry("cosdg", sp.cosdg, degrees(mp.cos), (-200.0, -1e-3, 31.0, 179.0, 1e4)),
    Entry("tandg", sp.tandg, degrees(mp.tan), (-200.0, -1e-3, 31.0, 89.0)),
    Entry("cotdg", sp.cotdg, degrees(mp.cot), (-200.0, -1e-3, 31.0, 179.0)),
    Entry("exprel", sp.exprel, lambda x: mp.expm1(x) / x, ALL[:-1]),
    Entry("boxcox(x, 0.3)", lambda x: sp.boxcox(x, 0.3), lambda x: (x ** mp.mpf(0.3) - 1) / mp.mpf(0.3), POSITIVE),
    Entry("boxcox(3, x)", lambda x: sp.boxcox(3.0, x), lambda x: (mp.mpf(3) ** x - 1) / x, MIDDLE),
    Entry("boxcox(0.2, x)", lambda x: sp.boxcox(0.2, x), lambda x: (mp.mpf(0.2) ** x - 1) / x, MIDDLE),
    Entry("boxcox1p(x, 0.3)", lambda x: sp.boxcox1p(x, 0.3), lambda x: ((1 + x) ** mp.mpf(0.3) - 1) / mp.mpf(0.3), POSITIVE),
    Entry("boxcox1p(0.2, x)", lambda x: sp.boxcox1p(0.2, x), lambda x: ((1 + mp.mpf(0.2)) ** x - 1) / x, MIDDLE),
    Entry("inv_boxcox(x, 0.3)", lambda x: sp.inv_boxcox(x, 0.3), lambda x: (1 + x * mp.mpf(0.3)) ** (1 / mp.mpf(0.3)), (-3.0, -1e-6, 0.4, 9.0)),
    Entry("inv_boxcox(0.8, x)", lambda x: sp.inv_boxcox(0.8, x), lambda x: (1 + x * mp.mpf(0.8)) ** (1 / x), (-1.0, -1e-6, 1e-9, 0.4, 9.0, 13.0, 1e10)),
    Entry("inv_boxcox1p(0.8, x)", lambda x: sp.inv_boxcox1p(0.8, x), lambda x: (1 + x * mp.mpf(0.8)) ** (1 / x) - 1, (-1.0, 1e-9, 0.4, 9.0)),
    Entry("spence", sp.spence, lambda x: mp.re(mp.polylog(2, 1 - x)), (1e-9, 0.1, 0.49, 0.51, 0.999, 1 + 1e-7, 1.4, 1.6, 30.0, 1e5)),
    Entry("lambertw", lambda x: np.real(sp.lambertw(x)), lambda x: mp.re(mp.lambertw(x)), (-0.3, 1e-9, 0.5, 30.0)),
    # hypergeometric
    Entry("hyp0f1(1.5, x)", lambda x: sp.hyp0f1(1.5, x), lambda x: mp.hyp0f1(1.5, x), (-5.0, 0.3, 20.0)),
    Entry("hyp1f1(0.7, 2.2, x)", lambda x: sp.hyp1f1(0.7, 2.2, x), lambda x: mp.hyp1f1(mp.mpf(0.7), mp.mpf(2.2), x), (-300.0, *MIDDLE)),
    Entry("hyp2f1(0.7, 1.1, 2.2, x)", lambda x: sp.hyp2f1(0.7, 1.1, 2.2, x), lambda x: mp.hyp2f1(mp.mpf(0.7), mp.mpf(1.1), mp.mpf(2.2), x), (-30.0, -0.5, 1e-8, 0.3, 0.95)),
    Entry("expi", sp.expi, mp.ei, POSITIVE[:-2]),
    Entry("exp1", sp.exp1, mp.e1, POSITIVE[:-1]),
    Entry("expn(0, x)", lambda x: sp.expn(0, x), lambda x: mp.expint(0, x), POSITIVE[1:-1]),
    Entry("expn(2, x)", lambda x: sp.expn(2, x), lambda x: mp.expint(2, x), (0.03, 0.99, 8.0)),
    # Bessel functions
    Entry("j0", sp.j0, bessel_j(0), BESSEL),
    Entry("j1", sp.j1, bessel_j(1), BESSEL),
    Entry("jv(0, x)", lambda x: sp.jv(0, x), bessel_j(0), BESSEL),
    Entry("jv(2.5, x)", lambda x: sp.jv(2.5, x), bessel_j(2.5), BESSEL),
    Entry("jn(3, x)", lambda x: sp.jn(3, x), bessel_j(3), (*BESSEL, -2.0)),
    Entry("y0", sp.y0, bessel_y(0), BESSEL),
    Entry("y1", sp.y1, bessel_y(1), BESSEL),
    Entry("yv(2.5, x)", lambda x: sp.yv(2.5, x), bessel_y(2.5), BESSEL),
    Entry("yn(3, x)", lambda x: sp.yn(3, x), bessel_y(3), BESSEL),
    Entry("i0", sp.i0, bessel_i(0), (*BESSEL[:-1], -2.0)),
    Entry("i1", sp.i1, bessel_i(1), (*BESSEL[:-1], -2.0)),
    Entry("iv(2.5, x)", lambda x: sp.iv(2.5, x), bessel_i(2.5), BESSEL[:-1]),
    Entry("k0", sp.k0, bessel_k(0), BESSEL[:-1]),
    Entry("k1", sp.k1, bessel_k(1), BESSEL[:-1]),
    Entry("kv(2.5, x)", lambda x: sp.kv(2.5, x), bessel_k(2.5), BESSEL[:-1]),
    Entry("kn(3, x)", lambda x: sp.kn(3, x), bessel_k(3), BESSEL[:-1]),
    Entry("i0e", sp.i0e, bessel_i(0, -1), (*BESSEL, 1e5, -2.0, -50.0)),
    Entry("i1e", sp.i1e, bessel_i(1, -1), (*BESSEL, 1e5, -2.0, -50.0)),
    Entry("ive(2.5, x)", lambda x: sp.ive(2.5, x), bessel_i(2.5, -1), (*BESSEL, 1e5)),
    Entry("ive(12, x)", lambda x: sp.ive(12, x), bessel_i(12, -1), (*BESSEL[2:], 1e5, -50.0)),
    Entry("k0e", sp.k0e, bessel_k(0, 1), (*BESSEL, 1e5)),
    Entry("k1e", sp.k1e, bessel_k(1, 1), (*BESSEL, 1e5)),
    Entry("kve(2.5, x)", lambda x: sp.kve(2.5, x), bessel_k(2.5, 1), (*BESSEL, 1e5)),
    Entry("kve(12, x)", lambda x: sp.kve(12, x), bessel_k(12, 1), (*BESSEL[2:], 1e5)),
]  # fmt: skip


def exact_derivative(f: Any, x: float, n: int) -> Any:
    """By mpmath's difference quotient with a step that is small beside x."""
    with mp.workdps(60):
        if isinstance(f, Bessel):
            return f.derivative(mp.mpf(x), n)
        return mp.diff(lambda t: f(x * (1 + t)), mp.mpf(0), n) / mp.mpf(x) ** n


def derivatives(f: Any, x: float, orders: int) -> list[float]:
    """The first and the second derivative, the second by reverse over forward mode."""
    with np.errstate(all="ignore"):
        first = ad.grad(f)(x)
        assert ad.jvp(f, (x,), (1.0,))[1] == pytest.approx(first, rel=1e-14, abs=1e-320)
        found = [first]
        if orders == 2:
            found.append(ad.grad(lambda x: ad.jvp(f, (x,), (1.0,))[1])(x))
    return [float(d) for d in found]


def compare(entry: Entry) -> None:
    for x in entry.points:
        exact = [exact_derivative(entry.exact, x, n) for n in (1, 2, 3)]
        for n, found in enumerate(derivatives(entry.f, x, entry.orders)):
            rounding = 2 * EPS * abs(x * exact[n + 1])
            zero = 1e-30 * max(abs(exact[0]), 1e-270)  # what mpmath makes of a derivative that is 0
            allowed = max(RELATIVE * abs(exact[n]), rounding, zero)
            off = float(abs(found - exact[n]) / allowed)
            assert off <= 1, f"derivative {n + 1} at {x}: {found}, exact {mp.nstr(exact[n], 17)}"


@pytest.mark.share(4)
@pytest.mark.parametrize("entry", TABLE, ids=[entry.name for entry in TABLE])
def test_derivatives_are_mpmaths(entry: Entry) -> None:
    compare(entry)
