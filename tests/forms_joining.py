"""Forms of joining, splitting, repeating, inserting and padding."""

from __future__ import annotations

import numpy as np
from forms import Form

s = 0.7  # a Python number
x = np.array([0.6, -1.3, 2.2, 1.4])
y = np.array([1.7, 0.4, -0.8, -2.1])
m = np.array([[0.3, -1.1, 2.5], [1.9, 0.8, -0.4]])
n = np.array([[1.3, 0.1, -0.5], [-0.9, 1.8, 2.4]])
q = np.array([[0.9, -0.2, 1.1], [0.5, 1.6, -0.7], [-1.2, 0.4, 2.1]])
t = np.arange(24.0).reshape(2, 3, 4) * 0.37 % 1.9 - 0.6
one = np.array([[[0.4], [1.2]]])  # (1, 2, 1)
f4 = x.astype(np.float32)
empty = np.zeros((0, 3))
even = np.array([True, False, True, False])


def first_times_rest(first, *rest):
    return first * sum(rest)


JOINING = [
    Form("np.concatenate(x, y)", lambda x, y: np.concatenate((x, y)), x, y),
    Form("np.concatenate(axis=1)", lambda m, n: np.concatenate([m, n * 2], axis=1), m, n),
    Form("np.concatenate(axis=None)", lambda m, x: np.concatenate((m, x), axis=None), m, x),
    Form("np.concatenate(a constant)", lambda x: np.concatenate((x, np.ones(2), x[1:])), x),
    Form("np.concatenate(a list)", lambda x: np.concatenate((x, [x[0] ** 2, 1.0])), x),
    Form("np.concatenate(an array)", lambda t: np.concatenate(t, axis=1), t),
    Form("np.concatenate(dtype)", lambda x: np.concatenate((x, x), dtype=np.float32), x),
    Form("np.concatenate(mixed dtypes)", lambda f, x: np.concatenate((f, x)), f4, x),
    Form(
        "np.concatenate(out)",
        lambda x, y: np.concatenate((x, y), out=np.zeros_like(x, shape=8)),
        x,
        y,
    ),
    Form("np.concatenate(with empty)", lambda m, e: np.concatenate((e, m)), m, empty),
    Form("np.concat(x, y)", lambda x, y: np.concat((x, y)), x, y),
    Form("np.stack(x, y)", lambda x, y: np.stack((x, y)), x, y),
    Form("np.stack(axis=-1)", lambda x, y: np.stack([x, y, x * y], axis=-1), x, y),
    Form("np.stack(scalars)", lambda x: np.stack([x[0], x[1] ** 2, 3.0]), x),
    Form("np.stack(dtype)", lambda x, y: np.stack((x, y), dtype=np.float32), x, y),
    Form("np.vstack(x, y)", lambda x, y: np.vstack((x, y)), x, y),
    Form("np.vstack(m, row)", lambda m, n: np.vstack((m, n[0])), m, n),
    Form("np.hstack(x, y)", lambda x, y: np.hstack((x, y)), x, y),
    Form("np.hstack(m, n)", lambda m, n: np.hstack((m, n)), m, n),
    Form("np.hstack(scalars)", lambda x: np.hstack([x[0], x[2] * x[1], x]), x),
    Form("np.dstack(m, n)", lambda m, n: np.dstack((m, n)), m, n),
    Form("np.column_stack(x, y)", lambda x, y: np.column_stack((x, y)), x, y),
    Form("np.column_stack(m, column)", lambda m: np.column_stack((m, m[:, 0] ** 2)), m),
    Form("np.block(row)", lambda x, y: np.block([x, y]), x, y),
    Form("np.block(matrix)", lambda m, n: np.block([[m, n], [n, m]]), m, n),
    Form(
        "np.block(with constants)",
        lambda q: np.block([[q, np.zeros((3, 1))], [np.ones((1, 4))]]),
        q,
    ),
    Form("np.block(scalars)", lambda a, b: np.block([[a, b], [-b, a]]), s, 1.3),
    Form("np.block(no list)", lambda m: np.block(m) * 2, m),
    Form("np.append(x, y)", np.append, x, y),
    Form("np.append(axis)", lambda m, n: np.append(m, n, axis=0), m, n),
    Form("np.append(a number)", lambda m, s: np.append(m, s), m, s),
]

SPLITTING = [
    Form("np.split(x, 2)", lambda x: np.split(x, 2)[0] * np.split(x, 2)[1], x),
    Form("np.split(indices)", lambda x: [part.sum() for part in np.split(x, [1, 3])], x),
    Form("np.split(axis)", lambda t: np.split(t, 2, axis=2), t),
    Form("np.array_split(uneven)", lambda x: [p.prod() for p in np.array_split(x, 3)], x),
    Form("np.array_split(too many)", lambda x: np.array_split(x, 6), x),
    Form("np.hsplit(m)", lambda m: np.hsplit(m, 3)[1], m),
    Form("np.hsplit(x)", lambda x: np.hsplit(x, 2), x),
    Form("np.vsplit(m)", lambda m: np.vsplit(m, 2), m),
    Form("np.dsplit(t)", lambda t: np.dsplit(t, [1, 3]), t),
    Form("np.unstack(m)", lambda m: np.unstack(m)[0] * np.unstack(m)[1], m),
    Form("np.unstack(axis)", lambda t: np.unstack(t, axis=-1), t),
    Form("a, b = x", lambda m: np.multiply(*m), m),
    Form("first, *rest", lambda x: first_times_rest(*x), x),
]

EDITING = [
    Form("np.tile(x, 2)", lambda x: np.tile(x, 2), x),
    Form("np.tile(m, (2, 1))", lambda m: np.tile(m, (2, 1)), m),
    Form("np.tile(more axes)", lambda x: np.tile(x, (3, 1, 2)), x),
    Form("np.tile(fewer reps)", lambda t: np.tile(t, 2), t),
    Form("np.tile(0)", lambda x: np.tile(x, 0), x),
    Form("np.tile(number)", lambda s: np.tile(s, 3), s),
    Form("np.repeat(x, 2)", lambda x: np.repeat(x, 2), x),
    Form("np.repeat(counts)", lambda x: np.repeat(x, [1, 0, 3, 2]), x),
    Form("np.repeat(axis)", lambda m: np.repeat(m, 2, axis=0), m),
    Form("np.repeat(counts, axis)", lambda m: np.repeat(m, np.array([2, 0, 1]), axis=1), m),
    Form("np.repeat(flat)", lambda m: np.repeat(m, 2), m),
    Form("np.repeat(number)", lambda s: np.repeat(s, 3), s),
    Form("x.repeat(3)", lambda x: x.repeat(3), x),
    Form("np.resize(larger)", lambda x: np.resize(x, (2, 5)), x),
    Form("np.resize(smaller)", lambda m: np.resize(m, 4), m),
    Form("x.resize()", lambda x: x.copy().resize(2), x, refused="resize"),
    Form("np.delete(one)", lambda x: np.delete(x, 1), x),
    Form("np.delete(several)", lambda x: np.delete(x, [0, 2]), x),
    Form("np.delete(slice, axis)", lambda t: np.delete(t, slice(None, None, 2), axis=-1), t),
    Form("np.delete(mask)", lambda x: np.delete(x, even), x),
    Form("np.delete(flat)", lambda m: np.delete(m, -1), m),
    Form("np.insert(x)", lambda x, s: np.insert(x, 1, s), x, s),
    Form("np.insert(several)", lambda x, y: np.insert(x, [0, 2, 2], y[:3]), x, y),
    Form("np.insert(at the end)", lambda x: np.insert(x, 4, x[0] ** 2), x),
    Form("np.insert(negative)", lambda x, y: np.insert(x, -1, y), x, y),
    Form("np.insert(axis)", lambda m, n: np.insert(m, 1, n[0], axis=0), m, n),
    Form("np.insert(column)", lambda m, n: np.insert(m, [1], n[:, :1], axis=1), m, n),
    Form("np.insert(columns)", lambda m, n: np.insert(m, [0, 3], n[:, :2], axis=1), m, n),
    Form("np.insert(constant)", lambda x: np.insert(x, 2, 1.5), x),
    Form("np.insert(slice)", lambda x, s: np.insert(x, slice(1, 3), s), x, s),
    Form("np.trim_zeros(x)", lambda x: np.trim_zeros(np.concatenate(([0.0], x, [0.0, 0.0]))), x),
    Form("np.trim_zeros(front)", lambda x: np.trim_zeros(np.pad(x, 2), "f"), x),
    Form("np.apply_along_axis(scalar)", lambda m: np.apply_along_axis(lambda r: r @ r, 1, m), m),
    Form("np.apply_along_axis(vector)", lambda t: np.apply_along_axis(np.cumsum, 0, t), t),
    Form(
        "np.apply_along_axis(matrix)",
        lambda m: np.apply_along_axis(lambda r: np.outer(r, r), 0, m),
        m,
    ),
    Form(
        "np.apply_along_axis(list)",
        lambda m: np.apply_along_axis(lambda r: [r[0], r[1] * r[2]], 1, m),
        m,
    ),
    Form("np.apply_over_axes(sum)", lambda t: np.apply_over_axes(np.sum, t * t, [0, 2]), t),
    Form("np.vectorize(f)", lambda x: np.vectorize(lambda v: v * v if v > 0 else -v)(x), x),
]

PADDING = [
    Form("np.pad(constant)", lambda x: np.pad(x, 2), x),
    Form("np.pad(2-d)", lambda m: np.pad(m, ((1, 0), (2, 3))), m),
    Form("np.pad(pair)", lambda m: np.pad(m, (1, 2)), m),
    *(  # which NumPy takes since 2.4
        [Form("np.pad(dict)", lambda m: np.pad(m, {-1: (1, 2)}), m)]
        if np.lib.NumpyVersion(np.__version__) >= "2.4.0"
        else []
    ),
    Form("np.pad(constant_values)", lambda x: np.pad(x, 1, constant_values=3.0), x),
    Form(
        "np.pad(tracked constant_values)", lambda x, s: np.pad(x, (1, 2), constant_values=s), x, s
    ),
    Form(
        "np.pad(a constant per side)",
        lambda m, a, b: np.pad(m, 1, constant_values=((a, b), (b, 1.0))),
        m,
        s,
        1.1,
    ),
    Form("np.pad(empty array)", lambda e: np.pad(e, 1), empty),
    Form("np.pad(f4)", lambda x: np.pad(x, 1, constant_values=0.1), f4),
    Form("np.pad(edge)", lambda m: np.pad(m, 2, mode="edge"), m),
    Form("np.pad(wrap)", lambda m: np.pad(m, ((1, 2), (4, 3)), mode="wrap"), m),
    Form("np.pad(reflect)", lambda x: np.pad(x, 2, mode="reflect"), x),
    Form("np.pad(reflect, far)", lambda x: np.pad(x, (7, 11), mode="reflect"), x),
    Form("np.pad(reflect odd)", lambda x: np.pad(x, 2, mode="reflect", reflect_type="odd"), x),
    Form(
        "np.pad(reflect odd, far)",
        lambda x: np.pad(x, (8, 10), mode="reflect", reflect_type="odd"),
        x,
    ),
    Form(
        "np.pad(reflect odd, single)",
        lambda x: np.pad(x[:1], 2, mode="reflect", reflect_type="odd"),
        x,
    ),
    Form("np.pad(symmetric)", lambda m: np.pad(m, ((0, 2), (4, 1)), mode="symmetric"), m),
    Form(
        "np.pad(symmetric odd)",
        lambda x: np.pad(x, (3, 9), mode="symmetric", reflect_type="odd"),
        x,
    ),
    Form(
        "np.pad(symmetric odd, 2-d)",
        lambda m: np.pad(m, 2, mode="symmetric", reflect_type="odd"),
        m,
    ),
    Form("np.pad(linear_ramp)", lambda x: np.pad(x, (3, 2), mode="linear_ramp"), x),
    Form(
        "np.pad(linear_ramp, end_values)",
        lambda x, s: np.pad(x, (3, 2), "linear_ramp", end_values=(s, 5.0)),
        x,
        s,
    ),
    Form(
        "np.pad(linear_ramp, 2-d)",
        lambda m: np.pad(m, 2, "linear_ramp", end_values=((1, 2), (3, 4.5))),
        m,
    ),
    Form("np.pad(linear_ramp, f4)", lambda x: np.pad(x, 2, "linear_ramp", end_values=0.3), f4),
    Form("np.pad(maximum)", lambda m: np.pad(m, 1, mode="maximum"), m),
    Form("np.pad(maximum, stat_length)", lambda x: np.pad(x, 1, "maximum", stat_length=2), x),
    Form("np.pad(minimum)", lambda m: np.pad(m, ((1, 0), (0, 2)), mode="minimum"), m),
    Form("np.pad(mean)", lambda m: np.pad(m, 1, mode="mean"), m),
    Form("np.pad(mean, stat_length)", lambda x: np.pad(x, (1, 2), "mean", stat_length=(3, 2)), x),
    Form("np.pad(median)", lambda x: np.pad(x, 2, mode="median"), x),
    Form("np.pad(median, stat_length)", lambda m: np.pad(m, 1, "median", stat_length=2), m),
    Form("np.pad(empty)", lambda x: np.pad(x, 1, mode="empty"), x, refused="np.pad: mode='empty'"),
    Form(
        "np.pad(function)", lambda x: np.pad(x, 1, mode=lambda *a: None), x, refused="np.pad: mode"
    ),
]

FORMS = [*JOINING, *SPLITTING, *EDITING, *PADDING]
