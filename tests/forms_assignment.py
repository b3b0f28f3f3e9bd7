"""Forms of assignment: by every kind of key, in place, through views, by NumPy's functions."""

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
i2 = np.array([1, 0])
i3 = np.array([2, 0, 2])
mask = np.array([[True, False, True], [False, True, True]])


def filled(x):
    y = np.zeros_like(x)
    for i in range(len(x)):
        y[i] = x[i] ** 2 + (y[i - 1] if i else 0)
    return y


def by_slices(x):
    y = x.copy()
    y[1:] = x[:-1] * 2
    y[::2] += x[0]
    return y


def in_two_axes(m):
    y = np.zeros_like(m, shape=(3, 4))
    y[1:, 1:] = m
    y[0] = 1.0
    y[:, 0] = m[0, 0] ** 2
    y[..., 3] *= 3
    return y


def by_arrays(x):
    y = x * 1.0
    y[[0, 2]] = x[[1, 3]] * x[0]
    y[np.array([1, 3])] -= 1.5
    return y


def repeated_places(x):
    y = np.zeros_like(x)
    y[[1, 1, 2]] = x[:3]  # the last write wins
    y[[0, 0]] += x[3]  # once, not twice
    return y


def by_mask(x):
    y = x**2
    y[y > 2] = 2.0
    y[x < 0] = x[0]
    return y


def by_mask_values(m):
    y = m * 1.0
    y[m > 0] = m[m > 0] ** 2
    y[mask] += 1
    return y


def separated(t):
    y = t * 1.0
    y[i2, :, [0, 1]] = t[0, 0, :3]
    y[1, :, i3] *= t[0, :, :3]
    return y


def by_argmax(m):
    y = m * 1.0
    y[np.arange(2), np.argmax(m, axis=1)] = m[:, 0] ** 2
    y[np.argmin(m[:, 0])] = 2 * m[0]
    return y


def through_a_slice(m):
    y = m * 2
    row = y[0]
    row[1] = m[1, 1] ** 2
    y[1][0] = m[0, 2]
    y[:, 2][1] = 7.0
    return y


def a_slice_follows(m):
    y = m * 2
    row = y[0]
    y[0, 1] = m[1, 2] ** 2
    return row * row


def through_views(q):
    y = q * 1.0
    y.T[0] = q[1] ** 2
    y.reshape(-1)[4] = q[0, 0]
    y.ravel()[8] = q[0, 1]
    y.flat[1] = 3.0
    np.fliplr(y)[2, 0] = q[1, 1] * 2
    np.swapaxes(y, 0, 1)[1, 2] *= q[2, 0]
    return y


def rows_in_place(m):
    y = m**2 + 1
    for row in y:
        row /= row.sum()
    return y


def parts_in_place(x):
    y = x * 1.0
    left, right = np.split(y, 2)
    left *= right
    right += 1
    return y


def a_copy_stays(m):
    y = m * 1.0
    row = y[0].copy()
    picked = y[[0]]
    y[0] = 0
    row[1] = 5.0
    return row * m[1] + picked[0]


def aliases(x):
    y = x * 2
    z = y
    y += 1
    y *= x
    return z


def numbers_are_bound_anew(x):
    total = x[0]
    start = total
    for v in x:
        total += v * v
    return total * start


def powers_in_place(x):
    y = x**2 + 1
    y **= 2
    y -= 0.5
    y /= x
    y %= 3
    return y


def products_in_place(q):
    y = q * 1.0
    y @= q
    return y


def into_the_argument(x):
    x[0] = x[1] * 2
    x += 1
    return x * x


def narrower_in_place(f, x):
    f *= x
    return f


def by_out(x):
    y = np.zeros_like(x)
    np.exp(x, out=y)
    np.add(y, x, out=y[...])
    np.multiply(y[:2], 3.0, out=y[2:])
    return y


def by_where(x):
    y = x * 1.0
    np.sqrt(x, out=y, where=x > 0)
    return y


def put(x):
    y = x * 1.0
    np.put(y, [0, 2], x[1:3] ** 2)
    np.put(y, [-1], [5.0])
    y.put([5], x[0], mode="wrap")
    return y


def place(m):
    y = m * 1.0
    np.place(y, m > 0, m[1, :2] ** 2)
    return y


def putmask(m):
    y = m * 1.0
    np.putmask(y, m > 0, m * m)
    np.putmask(y, mask, [m[0, 0], 2.0])
    return y


def copyto(m, s):
    y = np.zeros_like(m)
    np.copyto(y, m[0])
    np.copyto(y, s, where=m > 0)
    return y


def fill_diagonal(q, x):
    y = q * 1.0
    np.fill_diagonal(y, x[:3] ** 2)
    z = np.zeros_like(q, shape=(5, 2))
    np.fill_diagonal(z, x[0], wrap=True)
    return y, z


def put_along_axis(m):
    y = m * 1.0
    np.put_along_axis(y, np.argmax(m, axis=1)[:, None], m[:, :1] ** 2, axis=1)
    np.put_along_axis(y, np.array([0]), 9.0, axis=None)
    return y


def sorted_in_place(m):
    y = m * 1.0
    y.sort()
    y.sort(axis=0)
    return y


def filled_at_once(x):
    y = np.empty_like(x)
    y.fill(x[1])
    y.flat = x * y
    return y


def recurrence(x):
    u = np.zeros_like(x, shape=(5, 4))
    u[0] = x
    for k in range(1, 5):
        u[k, 1:-1] = u[k - 1, 1:-1] + 0.1 * (u[k - 1, 2:] - 2 * u[k - 1, 1:-1] + u[k - 1, :-2])
        u[k, 0], u[k, -1] = u[k, 1], u[k, -2]
    return u


def swapped(x):
    y = x * 1.0
    y[0], y[1] = y[1], y[0]
    y[[2, 3]] = y[[3, 2]]
    return y * np.arange(4)


def eliminated(q):
    a = q + 3 * np.eye(3)
    for k in range(2):
        for i in range(k + 1, 3):
            a[i, k:] -= a[i, k] / a[k, k] * a[k, k:]
    return a


FORMS = [
    Form("y[i] = v", filled, x),
    Form("y[1:] = v", by_slices, x),
    Form("y[1:, 1:] = v", in_two_axes, m),
    Form("y[[0, 2]] = v", by_arrays, x),
    Form("y[[1, 1]] = v", repeated_places, x),
    Form("y[y > 2] = v", by_mask, x),
    Form("y[mask] = values", by_mask_values, m),
    Form("y[array, :, array] = v", separated, t),
    Form("y[arange, argmax] = v", by_argmax, m),
    Form("y[0][1] = v", through_a_slice, m),
    Form("row = y[0]; y[0, 1] = v", a_slice_follows, m),
    Form("y.T[0] = v", through_views, q),
    Form("for row in y: row /= v", rows_in_place, m),
    Form("np.split(y); left *= right", parts_in_place, x),
    Form("row = y[0].copy()", a_copy_stays, m),
    Form("z = y; y += 1", aliases, x),
    Form("total += v", numbers_are_bound_anew, x),
    Form("y **= 2", powers_in_place, x),
    Form("y @= a", products_in_place, q),
    Form("x[0] = v, the argument", into_the_argument, x),
    Form("f4 *= f8", narrower_in_place, f4, x),
    Form("out=y[2:]", by_out, x),
    Form("out=y, where=", by_where, x),
    Form("np.put(y)", put, x),
    Form("np.place(y)", place, m),
    Form("np.putmask(y)", putmask, m),
    Form("np.copyto(y)", copyto, m, s),
    Form("np.fill_diagonal(y)", fill_diagonal, q, x),
    Form("np.put_along_axis(y)", put_along_axis, m),
    Form("y.sort()", sorted_in_place, m),
    Form("y.fill(v); y.flat = v", filled_at_once, x),
    Form("u[k, 1:-1] = u[k - 1, 1:-1] + v", recurrence, x),
    Form("y[0], y[1] = y[1], y[0]", swapped, x),
    Form("a[i, k:] -= v", eliminated, q),
]
