"""The continuous families in mpmath: log density, lower and upper tail of the standard variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath as mp
from mpmath import mpf


class Exact(NamedTuple):
    shapes: tuple[tuple[float, ...], ...]
    logpdf: Callable[..., Any]
    lower: Callable[..., Any]
    upper: Callable[..., Any]


def normal(z: Any) -> Any:
    return mp.erfc(-z / mp.sqrt(2)) / 2


def log_normal_density(z: Any) -> Any:
    return -z * z / 2 - mp.log(2 * mp.pi) / 2


def beta_part(a: Any, b: Any, x: Any, y: Any) -> Any:
    """The incomplete beta function at x = 1 - y, by a series that converges everywhere."""
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_part(b, a, y, x)
    log = a * mp.log(x) + b * mp.log(y) + mp.loggamma(a + b) - mp.loggamma(a + 1) - mp.loggamma(b)
    term = total = mpf(1)
    n = 0
    while abs(term) > abs(total) * mp.eps:
        term *= (a + b + n) / (a + 1 + n) * x
        total += term
        n += 1
    return mp.exp(log) * total


def gamma_parts(a: Any, z: Any) -> tuple[Any, Any]:
    return (
        mp.gammainc(a, 0, z, regularized=True),
        mp.gammainc(a, z, mp.inf, regularized=True),
    )


def log_gamma_density(z: Any, a: Any) -> Any:
    return (a - 1) * mp.log(z) - z - mp.loggamma(a)


def log_beta_density(z: Any, a: Any, b: Any) -> Any:
    norm = mp.loggamma(a + b) - mp.loggamma(a) - mp.loggamma(b)
    return (a - 1) * mp.log(z) + (b - 1) * mp.log1p(-z) + norm


def log_student(z: Any, v: Any) -> Any:
    norm = mp.loggamma((v + 1) / 2) - mp.loggamma(v / 2) - mp.log(v * mp.pi) / 2
    return norm - (v + 1) / 2 * mp.log1p(z * z / v)


def student_lower(z: Any, v: Any) -> Any:
    tail = beta_part(v / 2, mpf(1) / 2, v / (v + z * z), z * z / (v + z * z)) / 2
    return tail if z < 0 else 1 - tail


def log_f_density(z: Any, m: Any, n: Any) -> Any:
    w = m * z / (m * z + n)
    return log_beta_density(w, m / 2, n / 2) + mp.log(w) + mp.log1p(-w) - mp.log(z)


def f_lower(z: Any, m: Any, n: Any) -> Any:
    return beta_part(m / 2, n / 2, m * z / (m * z + n), n / (m * z + n))


def f_upper(z: Any, m: Any, n: Any) -> Any:
    return beta_part(n / 2, m / 2, n / (m * z + n), m * z / (m * z + n))


def stretched(z: Any, c: Any) -> Any:
    return mp.log1p(c * z) / c if c else z


def skewnorm_density(z: Any, a: Any) -> Any:
    return mp.log(2) + log_normal_density(z) + mp.log(normal(a * z))


def skewnorm_part(z: Any, a: Any, sign: int) -> Any:
    width = 1 / mp.sqrt(1 + a * a) if a * sign < 0 else mpf(1)
    width = min(width, 1 / max(1, abs(z)) if z * sign > 0 else width)
    pieces = [
        mpf(0),
        *sorted(
            [
                z,
                z + sign * width / 3,
                *(z + sign * width * k for k in (1, 3, 6, 10, 15, 25, 50, 100)),
            ]
        ),
    ]
    far = z + sign * 60
    points = sorted({p for p in pieces if (p - z) * sign >= 0 and (far - p) * sign > 0} | {z, far})
    return mp.quad(lambda t: mp.exp(skewnorm_density(t, a)), points)


def vonmises_density(z: Any, k: Any) -> Any:
    return k * mp.cos(z) - mp.log(2 * mp.pi * mp.besseli(0, k))


def vonmises_lower(z: Any, k: Any) -> Any:
    if z > 0:
        return 1 - vonmises_lower(-z, k)
    points = [
        -mp.pi,
        *sorted(x for x in (z - w / mp.sqrt(1 + k) for w in (8, 4, 2, 1)) if x > -mp.pi),
        z,
    ]
    return mp.quad(lambda t: mp.exp(vonmises_density(t, k)), points)


def invgauss_density(z: Any, mu: Any) -> Any:
    return -mp.log(2 * mp.pi) / 2 - 1.5 * mp.log(z) - ((z - mu) / mu) ** 2 / (2 * z)


def invgauss_lower(z: Any, mu: Any) -> Any:
    root = mp.sqrt(z)
    return normal((z / mu - 1) / root) + mp.exp(2 / mu) * normal(-(z / mu + 1) / root)


def invgauss_upper(z: Any, mu: Any) -> Any:
    root = mp.sqrt(z)
    return normal((1 - z / mu) / root) - mp.exp(2 / mu) * normal(-(z / mu + 1) / root)


def mirrored(exact: Exact) -> Exact:
    return Exact(
        exact.shapes,
        lambda z, *s: exact.logpdf(-z, *s),
        lambda z, *s: exact.upper(-z, *s),
        lambda z, *s: exact.lower(-z, *s),
    )


ALONE: tuple[tuple[float, ...], ...] = ((),)
EXACT = {
    "norm": Exact(ALONE, log_normal_density, normal, lambda z: normal(-z)),
    "expon": Exact(ALONE, lambda z: -z, lambda z: -mp.expm1(-z), lambda z: mp.exp(-z)),
    "laplace": Exact(
        ALONE,
        lambda z: -abs(z) - mp.log(2),
        lambda z: mp.exp(z) / 2 if z < 0 else 1 - mp.exp(-z) / 2,
        lambda z: mp.exp(-z) / 2 if z > 0 else 1 - mp.exp(z) / 2,
    ),
    "logistic": Exact(
        ALONE,
        lambda z: -z - 2 * mp.log1p(mp.exp(-z)),
        lambda z: 1 / (1 + mp.exp(-z)),
        lambda z: 1 / (1 + mp.exp(z)),
    ),
    "cauchy": Exact(
        ALONE,
        lambda z: -mp.log(mp.pi) - mp.log1p(z * z),
        lambda z: mp.atan2(1, -z) / mp.pi,
        lambda z: mp.atan2(1, z) / mp.pi,
    ),
    "gumbel_r": Exact(
        ALONE,
        lambda z: -z - mp.exp(-z),
        lambda z: mp.exp(-mp.exp(-z)),
        lambda z: -mp.expm1(-mp.exp(-z)),
    ),
    "uniform": Exact(ALONE, lambda z: mpf(0), lambda z: z, lambda z: 1 - z),
    "rayleigh": Exact(
        ALONE,
        lambda z: mp.log(z) - z * z / 2,
        lambda z: -mp.expm1(-z * z / 2),
        lambda z: mp.exp(-z * z / 2),
    ),
    "lognorm": Exact(
        ((0.1,), (0.9,), (4.0,)),
        lambda z, s: log_normal_density(mp.log(z) / s) - mp.log(z) - mp.log(s),
        lambda z, s: normal(mp.log(z) / s),
        lambda z, s: normal(-mp.log(z) / s),
    ),
    "weibull_min": Exact(
        ((0.3,), (1.0,), (7.5,)),
        lambda z, c: mp.log(c) + (c - 1) * mp.log(z) - z**c,
        lambda z, c: -mp.expm1(-(z**c)),
        lambda z, c: mp.exp(-(z**c)),
    ),
    "pareto": Exact(
        ((0.4,), (2.5,), (60.0,)),
        lambda z, b: mp.log(b) - (b + 1) * mp.log(z),
        lambda z, b: -mp.expm1(-b * mp.log(z)),
        lambda z, b: z**-b,
    ),
    "genpareto": Exact(
        ((-0.4,), (0.0,), (1e-9,), (0.7,)),
        lambda z, c: -stretched(z, c) - mp.log1p(c * z),
        lambda z, c: -mp.expm1(-stretched(z, c)),
        lambda z, c: mp.exp(-stretched(z, c)),
    ),
    "genextreme": Exact(
        ((-0.4,), (0.0,), (1e-9,), (0.7,)),
        lambda z, c: -stretched(z, -c) - mp.exp(-stretched(z, -c)) - mp.log1p(-c * z),
        lambda z, c: mp.exp(-mp.exp(-stretched(z, -c))),
        lambda z, c: -mp.expm1(-mp.exp(-stretched(z, -c))),
    ),
    "gamma": Exact(
        ((1e-2,), (0.7,), (5.0,), (3000.0,)),
        log_gamma_density,
        lambda z, a: gamma_parts(a, z)[0],
        lambda z, a: gamma_parts(a, z)[1],
    ),
    "chi2": Exact(
        ((0.5,), (3.0,), (200.0,)),
        lambda z, v: log_gamma_density(z / 2, v / 2) - mp.log(2),
        lambda z, v: gamma_parts(v / 2, z / 2)[0],
        lambda z, v: gamma_parts(v / 2, z / 2)[1],
    ),
    "invgamma": Exact(
        ((0.7,), (5.0,), (300.0,)),
        lambda z, a: log_gamma_density(1 / z, a) - 2 * mp.log(z),
        lambda z, a: gamma_parts(a, 1 / z)[1],
        lambda z, a: gamma_parts(a, 1 / z)[0],
    ),
    "beta": Exact(
        ((0.3, 0.7), (2.0, 5.5), (900.0, 300.0), (0.01, 40.0)),
        log_beta_density,
        lambda z, a, b: beta_part(a, b, z, 1 - z),
        lambda z, a, b: beta_part(b, a, 1 - z, z),
    ),
    "f": Exact(((0.8, 3.0), (5.0, 7.0), (40.0, 900.0)), log_f_density, f_lower, f_upper),
    "t": Exact(
        ((0.3,), (3.0,), (50.0,), (700.0,)),
        log_student,
        student_lower,
        lambda z, v: student_lower(-z, v),
    ),
    "truncnorm": Exact(
        ((-1.0, 2.0), (3.0, 5.0), (-9.0, -8.0), (20.0, 21.0)),
        lambda z, a, b: log_normal_density(z) - mp.log(normal(b) - normal(a)),
        lambda z, a, b: (normal(z) - normal(a)) / (normal(b) - normal(a)),
        lambda z, a, b: (normal(b) - normal(z)) / (normal(b) - normal(a)),
    ),
    "skewnorm": Exact(
        ((0.0,), (2.0,), (-7.0,), (60.0,)),
        skewnorm_density,
        lambda z, a: skewnorm_part(z, a, -1),
        lambda z, a: skewnorm_part(z, a, 1),
    ),
    "vonmises": Exact(
        ((0.2,), (4.0,), (300.0,)),
        vonmises_density,
        vonmises_lower,
        lambda z, k: vonmises_lower(-z, k),
    ),
    "invgauss": Exact(((0.2,), (1.0,), (12.0,)), invgauss_density, invgauss_lower, invgauss_upper),
}
EXACT["gumbel_l"] = mirrored(EXACT["gumbel_r"])
EXACT["weibull_max"] = mirrored(EXACT["weibull_min"])
