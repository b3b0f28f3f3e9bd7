"""Forms of arrays made to be like a tracked one: np.zeros(3, like=x)."""

from __future__ import annotations

import numpy as np
from forms import Form

s = 0.7  # a Python number
x = np.array([0.6, -1.3, 2.2, 1.4])
m = np.array([[0.3, -1.1, 2.5], [1.9, 0.8, -0.4]])
z = np.array([0.4 - 0.3j, 1.1 + 0.9j])
f4 = x.astype(np.float32)


def filled(x):
    y = np.zeros((2, 4), like=x)
    y[0], y[1, 1:] = x**2, x[0]
    return y


def power(x):
    """The power of a qubit turned by x, in the complex matrices of a textbook."""
    c, d = np.cos(x[0] / 2), np.sin(x[0] / 2)
    turn = np.array([[c, -1j * d], [-1j * d, c]], like=x)
    phase = np.array([[np.exp(-1j * x[1]), 0], [0, np.exp(1j * x[1])]], like=x)
    return np.abs((turn @ phase @ turn)[0]) ** 2


FORMS = [
    Form("np.zeros(like=x)", filled, x),
    Form("np.ones(like=x)", lambda x: np.ones(4, like=x) * x, x),
    Form("np.empty(like=x)", lambda x: np.multiply(x, 2, out=np.empty(4, like=x)), x),
    Form("np.full(like=x)", lambda x: np.full((2, 2), x[1], like=x), x),
    Form("np.full(2.0, like=x)", lambda x: np.full(4, 2.0, like=x) * x, x),
    Form("np.eye(like=x)", lambda m: np.eye(2, like=m) @ m, m),
    Form("np.identity(like=x)", lambda m: np.identity(2, like=m) @ m, m),
    Form("np.tri(like=x)", lambda m: np.tri(2, like=m) @ m, m),
    Form("np.arange(like=x)", lambda x: np.arange(4.0, like=x) ** x, np.abs(x)),
    Form("np.arange(x, like=x)", lambda x: np.arange(x[0], like=x) * x, x, refused="np.arange"),
    Form("np.array([...], like=x)", lambda x: np.array([x[0], [1.0, 2][1], x[1]], like=x), x),
    Form("np.array(lists, like=x)", lambda x: np.array([[x[0], 1], [2, x[3]]], like=x), x),
    Form("np.array(rows, like=x)", lambda m: np.array([m[0], m[1] * 2, m[0]], like=m), m),
    Form("np.array(dtype, like=x)", lambda x: np.array([x[0], 1], dtype=np.float32, like=x), x),
    Form("np.array(ndmin, like=x)", lambda x: np.array([x[0], 1], ndmin=2, like=x), x),
    Form("np.array(number, like=x)", lambda x, s: np.array(s, like=x) * x, x, s),
    Form("np.array(x, like=x)", lambda x: np.array(x, like=x) * x, x),
    Form("np.array(objects, like=x)", lambda x: np.array(np.array([x[0], 1]), like=x) * x[:2], x),
    Form("np.array(complex, like=x)", power, x),
    Form("np.array(complex z, like=x)", lambda z: np.array([z[0], 1, z[1] ** 2], like=z), z),
    Form("np.array(f4, like=x)", lambda f: np.array([f[0], f[1] * f[2]], like=f), f4),
    Form("np.asarray(plain, like=x)", lambda x: np.asarray(m, like=x)[:, 0] * x[:2], x),
    Form("np.asarray([...], like=x)", lambda x: np.asarray([x[0], x[1] ** 2], like=x), x),
    Form("np.ascontiguousarray(like=x)", lambda x: np.ascontiguousarray(x[0], like=x) * x, x),
]
