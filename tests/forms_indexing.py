"""Forms of indexing and choosing."""

from __future__ import annotations

import numpy as np
from forms import Form

s = 0.7  # a Python number
x = np.array([0.6, -1.3, 2.2, 1.4])
y = np.array([1.7, 0.4, -0.8, -2.1])
m = np.array([[0.3, -1.1, 2.5], [1.9, 0.8, -0.4]])
q = np.array([[0.9, -0.2, 1.1], [0.5, 1.6, -0.7], [-1.2, 0.4, 2.1]])
t = np.arange(24.0).reshape(2, 3, 4) * 0.37 % 1.9 - 0.6
f4 = x.astype(np.float32)
empty = np.zeros((0, 3))
i2 = np.array([1, 0])
i3 = np.array([2, 0, 2])
rows, columns = np.array([[0], [1]]), np.array([[2, 0, 2]])
even = np.array([True, False, True, False])
mask = np.array([[True, False, True], [False, True, True]])

PICKING = [
    Form("x[1]", lambda x: x[1] * x[-1], x),
    Form("x[np.int64]", lambda x: x[np.int64(2)], x),
    Form("x[1:3]", lambda x: x[1:3], x),
    Form("x[::-2]", lambda x: x[::-2], x),
    Form("x[-3:-1]", lambda x: x[-3:-1], x),
    Form("x[5:]", lambda x: x[5:], x),
    Form("m[0]", lambda m: m[0], m),
    Form("m[0][1]", lambda m: m[0][1], m),
    Form("m[0, 1]", lambda m: m[0, 1], m),
    Form("m[:, 1]", lambda m: m[:, 1], m),
    Form("m[1, ::2]", lambda m: m[1, ::2], m),
    Form("t[..., 1]", lambda t: t[..., 1], t),
    Form("t[1, ..., ::-1]", lambda t: t[1, ..., ::-1], t),
    Form("t[:, None, 2:, ..., None]", lambda t: t[:, None, 2:, ..., None], t),
    Form("x[...]", lambda x: x[...] * 2, x),
    Form("x[()]", lambda x: x[()] * 2, x),
    Form("0-d[()]", lambda a: a[()] * 2, np.array(0.7)),
    Form("x[[2, 0]]", lambda x: x[[2, 0]], x),
    Form("x[array], repeated", lambda x: x[np.array([1, 1, 3, 1])], x),
    Form("x[2-d array]", lambda x: x[np.array([[0, 3], [3, 2]])], x),
    Form("x[negative array]", lambda x: x[np.array([-1, -4])], x),
    Form("x[range(2)]", lambda x: x[range(2)], x),
    Form("x[[]]", lambda x: x[[]], x),
    Form("m[array]", lambda m: m[i2], m),
    Form("m[array, array]", lambda m: m[i2, i2], m),
    Form("m[rows, columns]", lambda m: m[rows, columns], m),
    Form("m[:, array]", lambda m: m[:, i3], m),
    Form("t[0, :, array]", lambda t: t[0, :, i3], t),
    Form("t[array, :, array]", lambda t: t[i2, :, i2], t),
    Form("t[:, array, 1]", lambda t: t[:, i3, 1], t),
    Form("t[array, None, :, 1]", lambda t: t[i2, None, :, 1], t),
    Form("t[..., array, array]", lambda t: t[..., i3, i3], t),
    Form("t[1:, array]", lambda t: t[1:, i3], t),
    Form("x[mask]", lambda x: x[even], x),
    Form("x[x > 0]", lambda x: x[x > 0], x),
    Form("x[list of bools]", lambda x: x[[True, False, True, True]], x),
    Form("m[2-d mask]", lambda m: m[mask], m),
    Form("m[m > 0].sum()", lambda m: m[m > 0].sum(), m),
    Form("m[:, mask]", lambda m: m[:, mask[0]], m),
    Form("m[mask, array]", lambda m: m[np.array([True, True]), i2], m),
    Form("t[mask over two axes]", lambda t: t[mask], t),
    Form("t[:, mask over two axes]", lambda t: t[:, np.ones((3, 4), bool)], t),
    Form("x[True]", lambda x: x[True], x),
    Form("x[np.False_]", lambda x: x[np.False_], x),
    Form("x[nothing true]", lambda x: x[np.zeros(4, bool)], x),
    Form("m[np.ix_]", lambda m: m[np.ix_([1, 0], [2, 0, 2])], m),
    Form("x[np.argmax(x)]", lambda x: x[np.argmax(x)], x),
    Form("x[x.argmin()]", lambda x: x[x.argmin()] ** 2, x),
    Form("x[np.argsort(x)] * v", lambda x: x[np.argsort(x)] * np.arange(4), x),
    Form("m[arange, argmax]", lambda m: m[np.arange(2), np.argmax(m, axis=1)], m),
    Form("m[:, argsort of a row]", lambda m: m[:, np.argsort(m[0])], m),
    Form("t[1, argmax, ::2]", lambda t: t[1, np.argmax(t[1, :, 0]), ::2], t),
    Form("m[argmax, :][mask]", lambda m: m[np.argmax(m[:, 1]), np.array([True, False, True])], m),
    Form("x[np.nonzero(x > 0)]", lambda x: x[np.nonzero(x > 0)], x),
    Form("x[np.where(x > 0)[0]]", lambda x: x[np.where(x > 0)[0]], x),
    Form("x[np.flatnonzero(x < 0)]", lambda x: x[np.flatnonzero(x < 0)], x),
    Form("m[tuple(np.argwhere)]", lambda m: m[tuple(np.argwhere(m > 1)[0])], m),
    Form("m[unravel_index(argmax)]", lambda m: m[np.unravel_index(np.argmax(m), m.shape)], m),
    Form(
        "m.ravel()[ravel_multi_index]",
        lambda m: m.ravel()[np.ravel_multi_index((1, 2), m.shape)],
        m,
    ),
    Form("m[np.tril_indices_from(q)]", lambda q: q[np.tril_indices_from(q)], q),
    Form("m[np.diag_indices_from(q)]", lambda q: q[np.diag_indices_from(q)], q),
    Form("x.flat[2]", lambda m: m.flat[2] * m.flat[-1], m),
    Form("x.flat[::2]", lambda m: m.flat[::2], m),
    Form("sum(x.flat)", lambda m: sum(v * v for v in m.flat), m),
    Form("x[float array]", lambda x: x[x], x, refused="an index of dtype float64"),
    Form("empty[:, 1]", lambda e: e[:, 1], empty),
    Form("f4[array]", lambda f: f[[1, 1, 0]], f4),
]

CHOOSING = [
    Form("np.take(x)", lambda x: np.take(x, [0, 2, 2]), x),
    Form("np.take(axis)", lambda m: np.take(m, i3, axis=1), m),
    Form("np.take(flat)", lambda m: np.take(m, [[5, 0], [1, 1]]), m),
    Form("np.take(number)", lambda m: np.take(m, 1, axis=-1), m),
    Form("np.take(wrap)", lambda x: np.take(x, [5, -6], mode="wrap"), x),
    Form("np.take(clip)", lambda x: np.take(x, [9, -6], mode="clip"), x),
    Form("np.take(out)", lambda x: np.take(x, [1, 1], out=np.zeros_like(x[:2])), x),
    Form("x.take([1, 3])", lambda x: x.take([1, 3]), x),
    Form("np.take_along_axis(argsort)", lambda m: np.take_along_axis(m, np.argsort(m, 1), 1), m),
    Form(
        "np.take_along_axis(axis=0)", lambda m: np.take_along_axis(m, np.array([[1, 0, 0]]), 0), m
    ),
    Form("np.take_along_axis(None)", lambda m: np.take_along_axis(m, np.array([5, 5]), None), m),
    Form(
        "np.take_along_axis(broadcast)",
        lambda m: np.take_along_axis(m[:1], np.array([[0, 2], [1, 1]]), 1),
        m,
    ),
    Form("np.compress(x)", lambda x: np.compress(even, x), x),
    Form("np.compress(axis)", lambda m: np.compress([True, False, True], m, axis=1), m),
    Form("np.compress(short condition)", lambda x: np.compress([False, True], x), x),
    Form("x.compress(condition)", lambda x: x.compress(x > 0), x),
    Form("np.extract(x)", lambda m: np.extract(m > 0, m), m),
    Form("np.where(c, x, y)", lambda x, y: np.where(even, x, y), x, y),
    Form("np.where(x > y)", lambda x, y: np.where(x > y, x * y, y), x, y),
    Form("np.where(broadcast)", lambda m, s: np.where(m > 0, m, s), m, s),
    Form("np.where(tracked condition)", lambda x, y: np.where(x, x, y), x, y),
    Form("np.where(untaken sqrt)", lambda x: np.where(x > 0, np.sqrt(x), x), x),
    Form("np.choose(list)", lambda x, y: np.choose([0, 1, 1, 0], [x, y]), x, y),
    Form("np.choose(array)", lambda q: np.choose([2, 0, 1], q), q),
    Form("np.choose(broadcast)", lambda x, s: np.choose([[0], [1]], [x, s]), x, s),
    Form("np.choose(wrap)", lambda x, y: np.choose([0, -1, 2, 3], [x, y], mode="wrap"), x, y),
    Form("np.choose(argmax)", lambda q: np.choose(np.argmax(q, axis=0), q), q),
    Form("np.select(x)", lambda x: np.select([x > 1, x > 0], [x**2, x**3], -x), x),
    Form("np.select(default)", lambda x: np.select([x > 1], [x**2]), x),
    Form("np.select(numbers)", lambda x: np.select([x > 1, x < 0], [1.0, x]), x),
    Form(
        "np.piecewise(x)",
        lambda x: np.piecewise(x, [x < 0, x >= 0], [np.negative, lambda v: v**2]),
        x,
    ),
    Form("np.piecewise(otherwise)", lambda x: np.piecewise(x, [x > 1], [0.5, lambda v: v**3]), x),
    Form(
        "np.piecewise(arguments)",
        lambda x, s: np.piecewise(x, [x > 0], [lambda v, c: c * v, 1.0], s),
        x,
        s,
    ),
    Form("np.piecewise(one condition)", lambda x: np.piecewise(x, x > 0, [lambda v: v**2]), x),
]


FORMS = [*PICKING, *CHOOSING]
