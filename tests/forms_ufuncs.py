"""Forms of ufuncs, their keywords and methods, and of functions that act entry by entry."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from forms import Form

s = 0.7  # a Python number
x = np.array([0.6, -1.3, 2.2])
y = np.array([1.7, 0.4, -0.8])
p = np.array([0.5, 1.2, 2.4])  # positive
q = np.array([0.3, -0.8, 0.1])  # in (-1, 1)
m = np.array([[0.3, -1.1, 2.5], [1.9, 0.8, -0.4]])
column = np.array([[0.9], [-1.6]])
f4 = x.astype(np.float32)
f2 = x.astype(np.float16)
g = x.astype(np.longdouble)
big = np.array([900.0, -900.0, 1.0])
mask = np.array([True, False, True])
empty = np.zeros((0, 3))


def written(ufunc: Any, **kwargs: Any) -> Any:
    """The ufunc with out= of zeros, the rest as given."""
    return lambda *args: ufunc(*args, out=np.zeros_like(args[0]), **kwargs)


def quiet_fix(x: Any) -> Any:
    """np.fix, which NumPy 2.5 deprecates."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.fix(x)


quiet_fix.__name__ = "fix"

ONE = [
    *(
        Form(f"np.{ufunc.__name__}(x)", ufunc, a)
        for ufuncs, a in (
            ((np.negative, np.positive, np.absolute, np.fabs, np.square, np.cbrt), x),
            ((np.sqrt, np.reciprocal, np.log, np.log2, np.log10, np.log1p), p),
            ((np.exp, np.exp2, np.expm1, np.sin, np.cos, np.tan, np.sinh, np.cosh, np.tanh), x),
            ((np.arctan, np.arcsinh, np.deg2rad, np.rad2deg, np.degrees, np.radians), x),
            ((np.arcsin, np.arccos, np.arctanh), q),
            ((np.arccosh,), p + 1),
            ((np.conjugate, np.sinc, np.i0, np.modf, np.frexp), x),
        )
        for ufunc in ufuncs
    ),
    *(
        Form(f"x * np.{flat.__name__}(x)", lambda x, f=flat: x * f(x), x)
        for flat in (
            *(np.floor, np.ceil, np.trunc, np.rint, quiet_fix, np.round, np.sign, np.signbit),
            *(np.isfinite, np.isinf, np.isnan, np.logical_not, np.spacing, np.isposinf),
            *(np.isneginf, np.isreal, np.iscomplex),
        )
    ),
    Form("np.sin(s)", np.sin, s),
    Form("np.exp(0-d)", np.exp, np.array(0.7)),
    Form("np.tanh(f4)", np.tanh, f4),
    Form("np.tanh(f2)", np.tanh, f2),
    Form("np.tanh(longdouble)", np.tanh, g),
    Form("np.sqrt(int)", np.sqrt, np.array([1, 4, 6])),
    Form("np.sin(empty)", np.sin, empty),
    Form("np.sinc(near 0)", np.sinc, np.array([0.0, 1e-8, 1e-3, 0.2, 5.5])),
    Form("np.i0(near 0)", np.i0, np.array([0.0, -1e-6, 0.3, 7.99, 26.0])),
    Form("np.sinc(s)", np.sinc, s),
    Form("np.round(decimals)", lambda x: x * np.round(x, 1), x + 0.02),
    Form("np.around(x)", lambda x: x * np.around(x), x),
    Form("np.modf(int part)", lambda x: np.modf(x)[1] * x, x),
    Form("np.real_if_close(x)", lambda x: np.real_if_close(x) ** 2, x),
    Form("np.nextafter(x, y)", np.nextafter, x, y, refused=True),
]

TWO = [
    *(
        Form(f"np.{ufunc.__name__}(x, y)", ufunc, a, b)
        for ufuncs, a, b in (
            ((np.add, np.subtract, np.multiply, np.divide, np.hypot, np.arctan2), x, y),
            ((np.logaddexp, np.logaddexp2, np.maximum, np.minimum, np.fmax, np.fmin), x, y),
            ((np.remainder, np.fmod, np.copysign, np.divmod), x, y),
            ((np.power, np.float_power), p, y),
        )
        for ufunc in ufuncs
    ),
    *(
        Form(f"x * np.{flat.__name__}(x, y)", lambda x, y, f=flat: x * f(x, y), x, y)
        for flat in (
            *(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal),
            *(np.logical_and, np.logical_or, np.logical_xor, np.floor_divide, np.isclose),
        )
    ),
    Form("np.heaviside(x, h)", lambda h: np.heaviside([0.6, 0.0, -2.2], h), s),
    Form("np.heaviside(x)", lambda x: x * np.heaviside(x, 0.5), x),
    Form("np.ldexp(x, n)", lambda x: np.ldexp(x, [3, -2, 0]), x),
    Form("np.ldexp(m, broadcast)", lambda x: np.ldexp(x, [[3], [1]]), x),
    Form("np.ldexp(frexp)", lambda x: np.ldexp(*np.frexp(x)) ** 2, x),
    Form("np.add(x, 2)", lambda x: np.add(x, 2), x),
    Form("np.add(row, column)", np.add, x, column),
    Form("np.divide(column, row)", np.divide, column, x),
    Form("np.multiply(m, s)", np.multiply, m, s),
    Form("np.multiply(f4, f8)", np.multiply, f4, y),
    Form("np.multiply(f4, python)", lambda x: np.multiply(x, 1.1), f4),
    Form("np.add(f2, f4)", np.add, f2, f4),
    Form("np.power(x, 2)", lambda x: np.power(x, 2), x),
    Form("np.power(2, x)", lambda x: np.power(2.0, x), x),
    Form("np.power(x, 0)", lambda x: np.power(x, 0.0), x),
    Form("np.power(0, 2)", lambda x: np.power(x, [2.0, 0.0, 1.0]), np.zeros(3)),
    Form("np.power(0, y)", lambda y: np.power([0.0, 1.5], y), np.array([2.0, 0.0])),
    Form("x ** -1.5", lambda p: p**-1.5, p),
    Form("x ** y, broadcast", lambda a, b: a**b, p, column),
    Form("np.float_power(f4)", np.float_power, np.abs(f4), f4),
    Form("np.float_power(f4, 2)", lambda x: np.float_power(x, 2), f4),
    Form("np.logaddexp(far apart)", np.logaddexp, big, -big),
    Form("np.logaddexp(one -inf)", lambda x: np.logaddexp(x, -np.inf), x),
    Form("np.hypot(huge)", lambda x, y: np.hypot(x * 1e200, y * 1e200) / 1e200, x, y),
    Form("np.arctan2(f4)", np.arctan2, f4, f4[::-1].copy()),
    Form("divmod(x, y)", lambda x, y: divmod(x, y)[1], x, y),
    Form("x % 1", lambda x: x % 1.0, x),
    Form("x @ float_power", lambda x, y: np.float_power(np.abs(x), y) @ x, x, y),
    Form("np.maximum(x, 0)", lambda x: np.maximum(x, 0), x),
    Form("np.minimum(m, row)", np.minimum, m, y),
    Form("np.clip(x, -1, 1)", lambda x: np.clip(x, -1, 1), x),
    Form("np.clip(tracked bounds)", np.clip, x, np.array([0.0, -1.0, 0.0]), 1.5),
    Form("np.clip(None, high)", lambda x, h: np.clip(x, None, h), x, s),
    Form("np.clip(low, None)", lambda x, h: np.clip(x, h, None), x, s),
    Form("np.clip(min=)", lambda x: np.clip(x, min=-0.5), x),
    Form("np.clip(min=, max=)", lambda m, h: np.clip(m, min=-0.5, max=h), m, column + 2),
    Form("np.clip(neither)", lambda x: np.clip(x, None, None), x),
    Form("np.clip(out)", lambda x: np.clip(x, 0, 1, out=np.zeros_like(x)), x),
    Form("np.clip(f4)", lambda x: np.clip(x, -1, 1), f4),
    Form(
        "np.clip(dtype)", lambda x: np.clip(x, 0, 1, dtype=np.float32), x, refused="np.clip: dtype"
    ),
]

KEYWORDS = [
    Form("np.exp(out)", written(np.exp), x),
    Form("np.add(out)", written(np.add), x, y),
    Form("np.add(larger out)", lambda x, m: np.add(x, 2, out=np.zeros_like(m)) * m, x, m),
    Form("np.sqrt(where, out)", written(np.sqrt, where=mask), np.array([0.5, -1.0, 2.4])),
    Form("np.log(where at 0)", written(np.log, where=mask), np.array([0.5, 0.0, 2.4])),
    Form(
        "np.divide(where, by 0)",
        lambda a, b: np.divide(a, b, out=np.zeros_like(a), where=mask),
        x,
        np.array([0.5, 0.0, 2.4]),
    ),
    Form("np.add(where, tracked out)", lambda x, y: np.add(x, 1, out=y * 2, where=mask), x, y),
    Form("np.exp(where)", lambda x: np.exp(x, where=mask), x, refused="np.exp: where="),
    Form("np.exp(plain out)", lambda x: np.exp(x, out=np.zeros(3)), x, refused="np.exp: out"),
    Form("np.isnan(plain out)", lambda x: x * np.isnan(x, out=np.zeros(3, bool)), x),
    Form("np.exp(dtype=f4)", lambda x: np.exp(x, dtype=np.float32), x),
    Form("np.exp(f4, dtype=f8)", lambda x: np.exp(x, dtype=np.float64), f4),
    Form("np.add(f4, f4, dtype=f8)", lambda x, y: np.add(x, y, dtype="f8"), f4, f4),
    Form("np.multiply(signature)", lambda x, y: np.multiply(x, y, signature="ff->f"), x, y),
    Form("np.add(casting)", lambda x, y: np.add(x, y, casting="safe"), x, y),
    Form("np.add(dtype=int)", lambda x: x * np.add(x, x, dtype=int, casting="unsafe"), x),
    Form("np.less(dtype=bool)", lambda x: x * np.less(x, 1, dtype=bool), x),
    Form("np.floor(dtype=f4)", lambda x: x * np.floor(x, dtype=np.float32), x),
    Form("np.sin(order=F)", lambda m: np.sin(m, order="F"), m, refused="np.sin: order"),
    Form("np.sin(subok)", lambda m: np.sin(m, subok=False), m),
    Form("np.modf(out)", lambda x: np.modf(x, out=(np.zeros_like(x), None))[0] * x, x),
    Form("x += y", lambda x, y: np.add(z := x * 1, y, out=z), x, y),
]

METHODS = [
    *(
        Form(f"np.{ufunc.__name__}.outer(x, y)", ufunc.outer, p, y)
        for ufunc in (np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.hypot)
    ),
    Form("np.multiply.outer(m, x)", np.multiply.outer, m, x),
    Form("np.subtract.outer(x, x)", lambda x: np.subtract.outer(x, x), x),
    Form("np.add.outer(s, x)", np.add.outer, s, x),
    Form("np.add.outer(out)", lambda x, m: np.add.outer(x[1:], x, out=np.zeros_like(m)), x, m),
    Form("np.less.outer(x, y)", lambda x, y: np.where(np.less.outer(x, y), x, y), x, y),
    *(
        Form(f"np.{ufunc.__name__}.reduce(m, axis=1)", lambda m, u=ufunc: u.reduce(m, axis=1), m)
        for ufunc in (np.subtract, np.divide, np.logaddexp, np.logaddexp2, np.hypot, np.fmod)
    ),
    Form("np.float_power.reduce(p)", np.float_power.reduce, p + 0.3),
    Form("np.arctan2.reduce(x)", np.arctan2.reduce, x, refused=True),
    Form("np.power.accumulate(p)", np.power.accumulate, p, refused=True),
    Form("np.remainder.reduce(x)", np.remainder.reduce, np.array([9.3, 4.1, 1.5])),
    Form("np.logaddexp.reduce(axis=None)", lambda m: np.logaddexp.reduce(m, axis=None), m),
    Form("np.logaddexp.reduce(axes)", lambda m: np.logaddexp.reduce(m, axis=(0, 1)), m),
    Form("np.logaddexp.reduce(keepdims)", lambda m: np.logaddexp.reduce(m, 1, keepdims=True), m),
    Form("np.logaddexp.reduce(where)", lambda m: np.logaddexp.reduce(m, 1, where=mask), m),
    Form("np.logaddexp.reduce(initial)", lambda m, s: np.logaddexp.reduce(m, initial=s), m, s),
    Form("np.logaddexp.reduce(some -inf)", np.logaddexp.reduce, np.array([0.3, -np.inf, 1.2])),
    Form("np.logaddexp.reduce(huge)", np.logaddexp.reduce, big),
    Form("np.hypot.reduce(axes, keepdims)", lambda m: np.hypot.reduce(m, (0, 1), keepdims=True), m),
    Form("np.hypot.reduce(where)", lambda m: np.hypot.reduce(m, axis=1, where=mask), m),
    Form("np.hypot.reduce(one)", np.hypot.reduce, x[1:2]),
    Form("np.subtract.reduce(initial)", lambda m, s: np.subtract.reduce(m, initial=s), m, s),
    Form(
        "np.divide.reduce(where, initial)",
        lambda m: np.divide.reduce(m, axis=1, initial=2.0, where=mask, keepdims=True),
        m,
    ),
    Form("np.subtract.reduce(dtype)", lambda x: np.subtract.reduce(x, dtype=np.float64), f4),
    Form("np.add.reduce(initial, where)", lambda m: np.add.reduce(m, 1, initial=2, where=mask), m),
    Form("np.maximum.reduce(initial)", lambda m: np.maximum.reduce(m, axis=1, initial=2), m),
    Form("np.logical_and.reduce(x)", lambda m: m[0] * np.logical_and.reduce(m > -2), m),
    Form("np.logical_or.reduce(m)", lambda m: m[:, 0] * np.logical_or.reduce(m, axis=1), m),
    *(
        Form(f"np.{ufunc.__name__}.accumulate(m)", ufunc.accumulate, m)
        for ufunc in (np.subtract, np.divide, np.logaddexp, np.hypot)
    ),
    Form("np.logaddexp.accumulate(axis=1)", lambda m: np.logaddexp.accumulate(m, axis=1), m),
    Form("np.logical_and.accumulate(x)", lambda x: x * np.logical_and.accumulate(x), x),
    *(
        Form(f"np.{ufunc.__name__}.reduceat(x)", lambda x, u=ufunc: u.reduceat(x, [0, 2, 1]), x)
        for ufunc in (np.add, np.multiply, np.maximum, np.subtract, np.hypot, np.logaddexp)
    ),
    Form("np.add.reduceat(axis=1)", lambda m: np.add.reduceat(m, [0, 1, 0], axis=1), m),
    Form("np.maximum.reduceat(axis=1)", lambda m: np.maximum.reduceat(m, [0, 2], axis=1), m),
    Form("np.logical_or.reduceat(x)", lambda x: x[:2] * np.logical_or.reduceat(x > 1, [0, 1]), x),
]


def scattered(ufunc: Any, key: Any) -> Any:
    def at(x: Any, *values: Any) -> Any:
        out = x * 1.0
        ufunc.at(out, key, *values)
        return out

    return at


AT = [
    Form("np.add.at(repeated)", scattered(np.add, [0, 2, 0]), x, y),
    Form("np.add.at(from zeros)", lambda y: scattered(np.add, [1, 0, 1])(0 * y, y * y), y),
    Form("np.subtract.at(repeated)", scattered(np.subtract, [2, 2, 2]), x, y),
    Form("np.add.at(scalar)", scattered(np.add, [0, 1, 0]), x, s),
    Form("np.add.at(2-d)", scattered(np.add, ([0, 1, 0], [2, 2, 2])), m, x),
    Form("np.add.at(slice)", scattered(np.add, (slice(None), 1)), m, y[:2]),
    Form("np.add.at(mask)", scattered(np.add, mask), x, y[:2]),
    Form("np.multiply.at(x)", scattered(np.multiply, [2, 0]), x, y[:2]),
    Form("np.negative.at(x)", scattered(np.negative, [1]), x),
    Form("np.multiply.at(repeated)", scattered(np.multiply, [0, 0]), x, s, refused=True),
    Form(
        "np.add.at(plain array)",
        lambda y: np.add.at(np.zeros(3), [0, 1, 1], y),
        y,
        refused="np.add.at",
    ),
]

FORMS: list[Any] = [*ONE, *TWO, *KEYWORDS, *METHODS, *AT]
