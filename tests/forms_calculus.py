"""Forms of discrete calculus and signals."""

from __future__ import annotations

from typing import Any

import numpy as np
from forms import Form

NAN, INF = np.nan, np.inf

s = 0.7  # a Python number
x = np.array([0.6, -1.3, 2.2, 1.4])
y = np.array([1.7, 0.4, -0.8, -2.1])
p = np.array([0.5, 1.2, 2.4, 0.8])  # positive
w = np.array([0.2, 1.5, 0.7, 1.1])  # weights
u = np.array([0.1, 0.9, 1.6, 2.8])  # increasing
m = np.array([[0.3, -1.1, 2.5], [1.9, 0.8, -0.4]])
n = np.array([[NAN, -1.1, 2.5], [1.9, NAN, -0.4], [0.7, NAN, 1.3]])
t = np.arange(24.0).reshape(2, 3, 4) * 0.37 % 1.9 - 0.6
f4 = x.astype(np.float32)
z = np.array([1.0 + 0.5j, -0.7 + 1.2j, 0.4 - 0.9j])
even = np.array([True, False, True, False])

CALCULUS = [
    Form("np.diff(x)", np.diff, x),
    Form("np.diff(n=2)", lambda x: np.diff(x, 2), x),
    Form("np.diff(n=0)", lambda x: np.diff(x, 0) ** 2, x),
    Form("np.diff(axis=0)", lambda m: np.diff(m, axis=0), m),
    Form("np.diff(prepend)", lambda x, s: np.diff(x, prepend=s), x, s),
    Form("np.diff(prepend, append)", lambda m, y: np.diff(m, prepend=0, append=y), m, m[:, :2]),
    Form("np.diff(append, n=2)", lambda m: np.diff(m, 2, axis=0, append=m**2), m),
    Form("np.ediff1d(m)", np.ediff1d, m),
    Form("np.ediff1d(ends)", lambda x, s: np.ediff1d(x, to_end=[1.0, 2.0], to_begin=s), x, s),
    Form("np.gradient(x)", np.gradient, x),
    Form("np.gradient(h)", np.gradient, x, 0.3),
    Form("np.gradient(edge_order=2)", lambda x, h: np.gradient(x, h, edge_order=2), x, 0.3),
    Form("np.gradient(m)", np.gradient, m),
    Form("np.gradient(axis)", lambda m: np.gradient(m, axis=1), m),
    Form("np.gradient(axes reversed)", lambda m: np.gradient(m, 0.5, 2.0, axis=(1, 0)), m),
    Form("np.gradient(places)", np.gradient, x, u),
    Form("np.gradient(places, 2)", lambda x, u: np.gradient(x, u, edge_order=2), x, u),
    Form("np.gradient(even places)", np.gradient, x, np.array([0.0, 0.5, 1.0, 1.5])),
    Form("np.gradient(plain even places)", lambda x: np.gradient(x, [0.0, 0.5, 1.0, 1.5]), x),
    Form("np.gradient(mixed)", lambda m, u: np.gradient(m, 0.4, u), m, u[:3]),
    Form("np.gradient(f4)", np.gradient, f4),
    Form("np.trapezoid(x)", np.trapezoid, x),
    Form("np.trapezoid(dx)", lambda x, h: np.trapezoid(x, dx=h), x, 0.3),
    Form("np.trapezoid(x, u)", np.trapezoid, x, u),
    Form("np.trapezoid(axis)", lambda m: np.trapezoid(m, axis=0), m),
    Form("np.trapezoid(x, axis)", lambda t, u: np.trapezoid(t, u, axis=1), t, u[:3]),
    Form("np.trapezoid(x like y)", lambda m, a: np.trapezoid(m, a), m, m**3),
    Form("np.unwrap(p)", np.unwrap, np.array([0.1, 3.0, 6.5, 0.4, -5.0])),
    Form("np.unwrap(period)", lambda p, T: np.unwrap(p, period=T), np.array([0.1, 2.8, 5.5]), 4.0),
    Form("np.unwrap(discont, axis)", lambda m: np.unwrap(m * 3, 4.0, axis=0), m),
    Form("np.unwrap(f4)", np.unwrap, np.array([0.1, 3.0, 6.5], np.float32)),
]

SIGNALS = [
    Form("np.interp(x, xp, fp)", np.interp, p, u, y),
    Form("np.interp(s)", lambda s: np.interp(s, u, y), s),
    Form("np.interp(matrix)", lambda m: np.interp(m, u, y), m),
    Form("np.interp(left, right)", np.interp, np.array([-1.0, 0.5, 5.0]), u, y, 0.3, 0.9),
    Form("np.interp(period)", lambda x, f: np.interp(x, u, f, period=2.5), x, y),
    Form("np.interp(tracked period)", lambda x, u, T: np.interp(x, u, y, period=T), x, u, 3.1),
    Form("np.interp(f4)", lambda x: np.interp(x, u, y), f4),
    Form("np.interp(one knot)", np.interp, x, u[:1], y[:1]),
    Form("np.interp(complex)", lambda x, f: np.interp(x, u[:3], f), p, z),
    *(
        Form(f"np.convolve({mode}, {k}, {j})", lambda a, b, o=mode: np.convolve(a, b, o), a, b)
        for mode in ("full", "same", "valid")
        for k, j, a, b in ((4, 3, x, m[0]), (3, 4, m[0], y), (4, 2, x, w[:2]))
    ),
    *(
        Form(f"np.correlate({mode}, {k}, {j})", lambda a, b, o=mode: np.correlate(a, b, o), a, b)
        for mode in ("full", "same", "valid")
        for k, j, a, b in ((4, 3, x, m[0]), (2, 3, y[:2], m[1]), (4, 4, x, y))
    ),
    Form("np.convolve(x, x)", lambda x: np.convolve(x, x), x),
    Form("np.convolve(s)", np.convolve, x, 1.5),
    Form("np.convolve(f4)", np.convolve, f4, f4[:2]),
    Form("np.convolve(f4, f8)", np.convolve, f4, y[:2]),
    Form("np.convolve(complex)", np.convolve, z, z[:2]),
    Form("np.correlate(complex)", np.correlate, z, z[:2]),
    Form("np.correlate(x, x, full)", lambda x: np.correlate(x, x, "full"), x),
    Form("moving average", lambda x: np.convolve(x, np.ones(3) / 3, "valid"), x),
]

FORMS: list[Any] = [*CALCULUS, *SIGNALS]
