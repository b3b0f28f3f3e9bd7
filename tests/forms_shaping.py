"""Forms of shaping: new shapes, axes in another order, entries in another order."""

from __future__ import annotations

import numpy as np
from forms import Form

s = 0.7  # a Python number
d0 = np.array(0.7)
x = np.array([0.6, -1.3, 2.2, 1.4])
m = np.array([[0.3, -1.1, 2.5], [1.9, 0.8, -0.4]])
n = np.array([[1.3, 0.1, -0.5], [-0.9, 1.8, 2.4]])
q = np.array([[0.9, -0.2, 1.1], [0.5, 1.6, -0.7], [-1.2, 0.4, 2.1]])
t = np.arange(24.0).reshape(2, 3, 4) * 0.37 % 1.9 - 0.6
one = np.array([[[0.4], [1.2]]])  # (1, 2, 1)
empty = np.zeros((0, 3))


RESHAPING = [
    Form("np.reshape(x, (2, 2))", lambda x: np.reshape(x, (2, 2)), x),
    Form("np.reshape(-1)", lambda m: np.reshape(m, -1), m),
    Form("np.reshape(order=F)", lambda m: np.reshape(m, (3, 2), order="F"), m),
    Form("np.reshape(order=A)", lambda m: np.reshape(m, (3, 2), order="A"), m),
    Form("np.reshape(order=A of transposed)", lambda m: np.reshape(m.T, 6, order="A"), m),
    Form("np.reshape(copy)", lambda m: np.reshape(m, (3, 2), copy=True), m),
    Form("np.reshape(copy=False)", lambda m: np.reshape(m, 6, copy=False), m, refused="copy"),
    Form("np.reshape(empty)", lambda e: np.reshape(e, (3, 0, 2)), empty),
    Form("np.reshape(0-d)", lambda a: np.reshape(a, (1, 1)), d0),
    Form("np.reshape(number)", lambda s: np.reshape(s, (1,)), s),
    Form("x.reshape(2, -1)", lambda x: x.reshape(2, -1) * 2.0, x),
    Form("x.reshape((2, 2), order)", lambda x: x.reshape((2, 2), order="F"), x),
    Form("x.reshape([4, 1])", lambda x: x.reshape([4, 1]), x),
    Form("np.ravel(m)", np.ravel, m),
    Form("np.ravel(order=F)", lambda m: np.ravel(m, order="F"), m),
    Form("np.ravel(order=K of transposed)", lambda m: np.ravel(m.T, order="K"), m),
    Form("x.ravel()", lambda m: m.ravel() ** 2, m),
    Form("x.flatten()", lambda m: m.flatten() ** 2, m),
    Form("x.flatten(F)", lambda m: m.flatten("F"), m),
    Form("np.expand_dims(axis=0)", lambda x: np.expand_dims(x, 0), x),
    Form("np.expand_dims(axes)", lambda m: np.expand_dims(m, (0, -1)), m),
    Form("np.squeeze(one)", np.squeeze, one),
    Form("np.squeeze(axis)", lambda a: np.squeeze(a, axis=-1), one),
    Form("np.squeeze(axes)", lambda a: np.squeeze(a, axis=(0, 2)), one),
    Form("x.squeeze(0)", lambda a: a.squeeze(0), one),
    Form("np.atleast_1d(s)", np.atleast_1d, s),
    Form("np.atleast_2d(x)", np.atleast_2d, x),
    Form("np.atleast_3d(x)", np.atleast_3d, x),
    Form("np.atleast_3d(m)", np.atleast_3d, m),
    Form("np.atleast_2d(several)", lambda x, s: np.atleast_2d(x, s), x, s),
    Form("x[None]", lambda x: x[None, :, None], x),
]

AXES = [
    Form("np.transpose(m)", np.transpose, m),
    Form("np.transpose(axes)", lambda t: np.transpose(t, (2, 0, 1)), t),
    Form("np.transpose(negative axes)", lambda t: np.transpose(t, (-1, 0, -2)), t),
    Form("np.permute_dims(t)", lambda t: np.permute_dims(t, (1, 2, 0)), t),
    Form("np.matrix_transpose(t)", np.matrix_transpose, t),
    Form("x.T", lambda m: m.T, m),
    Form("x.mT", lambda t: t.mT, t),
    Form("x.transpose()", lambda t: t.transpose(), t),
    Form("x.transpose(1, 2, 0)", lambda t: t.transpose(1, 2, 0), t),
    Form("x.transpose((1, 0, 2))", lambda t: t.transpose((1, 0, 2)), t),
    Form("x.transpose(None)", lambda t: t.transpose(None), t),
    Form("np.swapaxes(t)", lambda t: np.swapaxes(t, 0, -1), t),
    Form("x.swapaxes(0, 1)", lambda t: t.swapaxes(0, 1), t),
    Form("np.moveaxis(t)", lambda t: np.moveaxis(t, 0, -1), t),
    Form("np.moveaxis(several)", lambda t: np.moveaxis(t, [0, 1], [-1, 0]), t),
    Form("np.rollaxis(t)", lambda t: np.rollaxis(t, 2), t),
    Form("np.rollaxis(start)", lambda t: np.rollaxis(t, 0, 3), t),
    Form("np.broadcast_to(x)", lambda x: np.broadcast_to(x, (3, 4)), x),
    Form("np.broadcast_to(0-d, n)", lambda a: np.broadcast_to(a, 3), d0),
    Form("np.broadcast_to(one)", lambda a: np.broadcast_to(a, (3, 2, 4)), one),
    Form("np.broadcast_to(to nothing)", lambda x: np.broadcast_to(x[:1], (0, 1)), x),
    Form("np.broadcast_arrays(m, x)", lambda m, c: np.broadcast_arrays(m, c)[1] * m, m, m[0]),
    Form("np.broadcast_arrays(numbers)", lambda s, x: np.broadcast_arrays(s, x)[0], s, x),
]

ORDER = [
    Form("np.flip(x)", np.flip, x),
    Form("np.flip(axis)", lambda t: np.flip(t, (0, 2)), t),
    Form("np.fliplr(m)", np.fliplr, m),
    Form("np.flipud(m)", np.flipud, m),
    Form("np.rot90(m)", np.rot90, m),
    Form("np.rot90(k=2)", lambda m: np.rot90(m, 2), m),
    Form("np.rot90(k=3)", lambda m: np.rot90(m, 3), m),
    Form("np.rot90(k=-1, axes)", lambda t: np.rot90(t, -1, axes=(1, 2)), t),
    Form("np.rot90(k=4)", lambda m: np.rot90(m, 4), m),
    Form("np.roll(x)", lambda x: np.roll(x, 1), x),
    Form("np.roll(m, flat)", lambda m: np.roll(m, 2), m),
    Form("np.roll(axis)", lambda m: np.roll(m, -1, axis=1), m),
    Form("np.roll(axes)", lambda t: np.roll(t, (1, -2), axis=(0, 2)), t),
    Form("np.roll(one shift, axes)", lambda t: np.roll(t, 1, axis=(0, 1)), t),
    Form("np.roll(same axis twice)", lambda x: np.roll(x, (1, 2), axis=(0, 0)), x),
    Form("np.roll(beyond)", lambda x: np.roll(x, 9), x),
    Form("np.roll(empty)", lambda e: np.roll(e, 1, axis=1), empty),
    Form(
        "np.lib.stride_tricks.sliding_window_view(x)",
        lambda x: np.lib.stride_tricks.sliding_window_view(x, 2),
        x,
    ),
    Form(
        "np.lib.stride_tricks.sliding_window_view(2-d)",
        lambda q: np.lib.stride_tricks.sliding_window_view(q, (2, 2)),
        q,
    ),
    Form(
        "np.lib.stride_tricks.sliding_window_view(axis)",
        lambda t: np.lib.stride_tricks.sliding_window_view(t, 3, axis=-1).mean(-1),
        t,
    ),
    Form(
        "np.lib.stride_tricks.sliding_window_view(axis twice)",
        lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(0, 0)),
        x,
    ),
    Form(
        "np.lib.stride_tricks.sliding_window_view(writeable)",
        lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, writeable=True),
        x,
        refused="sliding_window_view: writeable",
    ),
]

FORMS = [*RESHAPING, *AXES, *ORDER]
