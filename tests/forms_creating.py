"""Forms of creating arrays from tracked ones, and of polynomials."""

from __future__ import annotations

import numpy as np
from forms import Form

s = 0.7  # a Python number
x = np.array([0.6, -1.3, 2.2, 1.4])
y = np.array([1.7, 0.4, -0.8, -2.1])
m = np.array([[0.3, -1.1, 2.5], [1.9, 0.8, -0.4]])
q = np.array([[0.9, -0.2, 1.1], [0.5, 1.6, -0.7], [-1.2, 0.4, 2.1]])
t = np.arange(24.0).reshape(2, 3, 4) * 0.37 % 1.9 - 0.6
one = np.array([[[0.4], [1.2]]])  # (1, 2, 1)
f4 = x.astype(np.float32)


CREATING = [
    Form("np.zeros_like(x)", lambda x: np.zeros_like(x) + x, x),
    Form("np.ones_like(x)", lambda m: np.ones_like(m[0]) * m, m),
    Form("np.full_like(x, s)", lambda x, s: np.full_like(x, s), x, s),
    Form("np.full_like(plain, s)", lambda s: np.full_like(x, 2.0) * s, s),
    Form("np.empty_like(x)", lambda x: np.multiply(x, 2, out=np.empty_like(x)), x),
    Form(
        "np.zeros_like(dtype, shape)", lambda x: np.zeros_like(x, np.float32, shape=(2, 1)) + x, x
    ),
    Form("np.copy(x)", lambda x: np.copy(x) * x, x),
    Form("x.copy()", lambda x: x.copy() * x, x),
    Form("x.astype(f4)", lambda x: x.astype(np.float32), x),
    Form("x.astype(f8)", lambda f: f.astype(np.float64) ** 2, f4),
    Form("x.astype(int)", lambda x: x.astype(int) * x, x),
    Form("x.astype(bool)", lambda x: x.astype(bool) * x, x),
    Form("x.astype(same, copy=False)", lambda x: x.astype(x.dtype, copy=False) * 2, x),
    Form("np.astype(x)", lambda x: np.astype(x, np.float32), x),
    Form("np.linspace(a, b)", lambda a, b: np.linspace(a, b, 5), s, 2.4),
    Form("np.linspace(endpoint)", lambda a, b: np.linspace(a, b, 5, endpoint=False), s, 2.4),
    Form("np.linspace(retstep)", lambda a, b: np.linspace(a, b, 5, retstep=True), s, 2.4),
    Form("np.linspace(arrays)", lambda x, y: np.linspace(x, y, 3), x, y),
    Form("np.linspace(axis)", lambda x, y: np.linspace(x, y, 3, axis=-1), x, y),
    Form("np.linspace(one)", lambda a: np.linspace(a, 3, 1), s),
    Form("np.linspace(none)", lambda a: np.linspace(a, 3, 0), s),
    Form("np.linspace(dtype)", lambda a: np.linspace(a, 3.0, 4, dtype=np.float32), s),
    Form("np.linspace(int dtype)", lambda a: np.linspace(a, 9, 4, dtype=int) * a, s),
    Form("np.linspace(f4)", lambda f: np.linspace(f[0], f[1], 4), f4),
    Form("np.linspace(equal ends)", lambda a: np.linspace(a, a, 3), s),
    Form("np.logspace(a, b)", lambda a, b: np.logspace(a, b, 4), s, 1.4),
    Form("np.logspace(base)", lambda a, c: np.logspace(a, 2, 3, base=c), s, 2.5),
    Form(
        "np.logspace(bases)",
        lambda a, b: np.logspace(a, 2, 3, base=b, axis=-1),
        s,
        np.array([2.0, 3.5]),
    ),
    Form("np.geomspace(a, b)", lambda a, b: np.geomspace(a, b, 4), s, 8.0),
    Form("np.geomspace(negative)", lambda a: np.geomspace(-a, -9.0, 4), s),
    Form("np.geomspace(arrays)", lambda a: np.geomspace(a, 5.0, 3, axis=1), np.array([0.4, 1.2])),
    Form("np.geomspace(endpoint)", lambda a, b: np.geomspace(a, b, 3, endpoint=False), s, 8.0),
    Form("np.meshgrid(x, y)", lambda x, y: np.meshgrid(x, y)[0] * np.meshgrid(x, y)[1], x, y),
    Form("np.meshgrid(ij)", lambda x, y: np.meshgrid(x, y[:3], indexing="ij"), x, y),
    Form("np.meshgrid(sparse)", lambda x, y: np.meshgrid(x, y[:3], sparse=True), x, y),
    Form("np.meshgrid(three)", lambda x: np.meshgrid(x[:2], np.arange(3.0), x[2:]), x),
    Form("np.vander(x)", np.vander, x),
    Form("np.vander(N, increasing)", lambda x: np.vander(x, 3, increasing=True), x),
    Form("np.vander(N=0)", lambda x: np.vander(x, 0), x),
    Form("np.tril(q)", np.tril, q),
    Form("np.tril(k)", lambda t: np.tril(t, -1), t),
    Form("np.triu(q)", np.triu, q),
    Form("np.triu(k, vector)", lambda x: np.triu(x, 1), x),
    Form("np.diag(x)", np.diag, x),
    Form("np.diag(x, k)", lambda x: np.diag(x, -2), x),
    Form("np.diag(m, k)", lambda m: np.diag(m, 1), m),
    Form("np.diagflat(m)", lambda m: np.diagflat(m, 1), m),
    Form("np.diagonal(t)", np.diagonal, t),
    Form("np.diagonal(offset, axes)", lambda t: np.diagonal(t, 1, axis1=2, axis2=0), t),
    Form("np.diagonal(outside)", lambda m: np.diagonal(m, 7), m),
    Form("x.diagonal()", lambda q: q.diagonal(-1), q),
    Form("np.trace(q)", np.trace, q),
    Form("np.trace(offset, axes)", lambda t: np.trace(t, 1, 1, 2), t),
    Form("np.trace(dtype)", lambda q: np.trace(q, dtype=np.float32), q),
    Form("x.trace()", lambda q: q.trace(), q),
]

POLYNOMIALS = [
    Form("np.polyval(p, x)", np.polyval, x, y),
    Form("np.polyval(plain p)", lambda x: np.polyval([1.0, -2.0, 0.5], x), x),
    Form("np.polyval(a number)", np.polyval, x, s),
    Form("np.polyval(f4)", lambda p: np.polyval(p, 0.5), f4),
    Form(
        "np.polynomial.polynomial.polyval(x)",
        lambda x: np.polynomial.polynomial.polyval(x, [1.0, 2.0, 3.0]),
        x,
    ),
    Form("np.polyadd(p, q)", lambda x, y: np.polyadd(x, y[:2]), x, y),
    Form("np.polysub(p, q)", lambda x, y: np.polysub(x[:2], y), x, y),
    Form("np.polymul(p, q)", lambda x, y: np.polymul(x, y[:3]), x, y),
    Form("np.polydiv(p, q)", lambda x, y: np.polydiv(x, y[:2]), x, y),
    Form("np.polyder(p)", np.polyder, x),
    Form("np.polyder(m=2)", lambda x: np.polyder(x, 2), x),
    Form("np.polyint(p)", np.polyint, x),
    Form("np.polyint(m=2, k)", lambda x, s: np.polyint(x, 2, [s, 1.0]), x, s),
    Form("np.poly(zeros)", np.poly, x),
    Form("np.poly1d(p)(x)", lambda p, x: np.poly1d(p)(x), x, y),
    Form("np.polyfit(x, y)", lambda u, y: np.polyfit(u, y, 2), np.sort(x), y),
    Form("np.polyfit(w)", lambda u, y: np.polyfit(u, y, 1, w=[1.0, 2.0, 0.5, 1.5]), x, y),
    Form("np.polyfit(cov)", lambda u, y: np.polyfit(u, y, 1, cov=True), x, y),
    Form("np.polyfit(two columns)", lambda u, m: np.polyfit(u, m, 1), x[:3], q),
    Form("np.roots(p)", np.roots, x, refused="np.roots"),
]

FORMS = [*CREATING, *POLYNOMIALS]
