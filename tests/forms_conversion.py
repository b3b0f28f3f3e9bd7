"""Forms of conversion: np.array of tracked values, Python's functions, methods, attributes."""

from __future__ import annotations

import copy

import numpy as np
from forms import Form

s = 0.7  # a Python number
x = np.array([0.6, -1.3, 2.2, 1.4])
y = np.array([1.7, 0.4, -0.8, -2.1])
m = np.array([[0.3, -1.1, 2.5], [1.9, 0.8, -0.4]])
q = np.array([[0.9, -0.2, 1.1], [0.5, 1.6, -0.7], [-1.2, 0.4, 2.1]])
rows, columns = np.array([[0], [1]]), np.array([[2, 0, 2]])


def largest(x):
    best = x[0]
    for v in x:
        if v > best:
            best = v * v
    return best


def plain_target(x):
    y = np.zeros(2)
    y[0] = x[0]
    return y


FORMS = [
    Form("np.array([x[0], x[1]**2])", lambda x: np.array([x[0], x[1] ** 2]), x),
    Form("np.array(nested lists)", lambda x: np.array([[x[0], x[1]], [1.0, x[2]]]), x),
    Form("np.array(rows)", lambda x, y: np.array([x, y * 2]), x, y),
    Form("np.array(m)", lambda m: np.array(m) * 2, m),
    Form("np.asarray(x)", lambda x: np.asarray(x) ** 2, x),
    Form("np.asarray(number)", lambda s: np.asarray(s) * 2, s),
    Form(
        "np.array(list) @ v",
        lambda x: np.array([[x[0], x[1]], [x[2], x[3]]]) @ np.array([1.0, 2.0]),
        x,
    ),
    Form("np.array(list) @ x", lambda x: np.array([[x[0], 1.0], [x[2], x[3]]]) @ x[:2], x),
    Form("np.sin(np.array(list))", lambda x: np.sin(np.array([x[0], x[1] * 2])), x),
    Form("np.exp(list)", lambda x: np.exp([x[0], x[1]]), x),
    Form("np.sum(list)", lambda x: np.sum([x[0], x[1] ** 2]), x),
    Form("np.prod(np.array(list))", lambda x: np.prod(np.array([x[0], x[1] ** 2])), x),
    Form("np.max(list)", lambda x: np.max([x[0], x[1] ** 2]), x),
    Form("np.dot(list, v)", lambda x: np.dot([x[0], x[1]], [1.0, 2.0]), x),
    Form("np.dot(list, x)", lambda x: np.dot([x[0], x[1]], x[:2]), x),
    Form("np.array(list) * x", lambda x: np.array([x[1], x[0]]) * x[:2], x),
    Form("np.array(list)[0]", lambda x: np.array([x[1], x[0]])[0] * 2, x),
    Form(
        "np.array(list).T.reshape", lambda x: np.array([[x[1], x[0]], [1.0, x[2]]]).T.reshape(4), x
    ),
    Form(
        "np.array(list).sum(axis=0)", lambda x: np.array([[x[1], x[0]], [1.0, x[2]]]).sum(axis=0), x
    ),
    Form(
        "np.concatenate(np.array(list), x)",
        lambda x: np.concatenate((np.array([x[0], x[1] ** 2]), x)),
        x,
    ),
    Form(
        "np.where(c, np.array(list), x)",
        lambda x: np.where(x[:2] > 0, np.array([x[1], x[0]]), x[:2]),
        x,
    ),
    Form("np.stack of np.array(list)", lambda x: np.stack([np.array([x[0], 1.0]), x[:2]]), x),
    Form(
        "np.linalg.inv(np.array(list))",
        lambda x: np.linalg.inv(np.array([[x[0], x[1]], [x[2], 1.0]])),
        x,
        refused="np.block",
    ),
    Form("np.array(dtype=float)", lambda x: np.array([x[0]], dtype=float), x, refused="float(x)"),
    Form(
        "np.array(list).astype(float)",
        lambda x: np.array([x[0]]).astype(float),
        x,
        refused="astype(float)",
    ),
    Form("np.mean(list)", lambda x: np.mean([x[0], x[1]]), x),
    Form("float(x)", lambda x: float(x[0]), x, refused="float(x)"),
    Form("complex(x)", lambda x: complex(x[0]), x, refused="complex(x)"),
    Form("plain[0] = x", plain_target, x, refused="y[0] = ..."),
    Form("x.item()", lambda x: x[0].item(), x, refused="x.item()"),
    Form("x.tolist()", lambda x: x.tolist(), x, refused="x.tolist()"),
    Form("x.tobytes()", lambda x: x.tobytes(), x, refused="x.tobytes()"),
    Form("x.view(int)", lambda x: x.view(int), x, refused="x.view"),
    Form("np.copyto(plain)", lambda x: np.copyto(np.zeros(4), x), x, refused="np.copyto"),
    Form("np.put(plain)", lambda x: np.put(np.zeros(4), [0], x[0]), x, refused="np.put"),
    Form("x += into a plain array", lambda x: np.zeros(4).__iadd__(x), x, refused="out"),
    Form("np.save(x)", lambda x: np.save("/nowhere", x), x, refused="np.save"),
    Form("sum(x) ** 2", lambda x: sum(x) ** 2, x),
    Form("sum(list, start)", lambda x: sum([x[0], x[1] * 2], 1.0), x),
    Form("max(x), min(x)", lambda x: max(x) * min(x[0], x[1], 3.0), x),
    Form("sorted(x)", lambda x: sorted(x)[1] * 2 + sorted(x, key=lambda v: -v)[2] ** 2, x),
    Form("if v > best", largest, x),
    Form("while x < 10", lambda s: s * 2 if 0 < s < 1 else s, s),
    Form(
        "reversed(x), enumerate(x)", lambda x: sum(i * v * v for i, v in enumerate(reversed(x))), x
    ),
    Form("zip(x, y)", lambda x, y: sum(a * b for a, b in zip(x, y, strict=True)), x, y),
    Form("list(x)", lambda x: np.stack(list(x)[1:]), x),
    Form("dict and set of floats", lambda x: {"a": x[0] * x[1], "b": [x, 2.0]}, x),
    Form("len(x), x.shape", lambda x: x / len(x) * x.shape[0] + x.size * x.ndim, x),
    Form("abs(x)", lambda x: abs(x), x),
    Form("round(x[0], 1)", lambda x: round(x[0], 1) * x, x),
    Form("round(x[0])", lambda x: round(x[0]) * x, x),
    Form("int(x[2])", lambda x: x * int(x[2]), x),
    Form("divmod(x, 2)", lambda x: divmod(x, 0.8), x),
    Form("divmod(2, x)", lambda x: divmod(3.1, x), x),
    Form("pow(x, 3)", lambda x: pow(x, 3), x),
    Form("2 ** x", lambda x: 2**x, x),
    Form("x // 0.5, x % 0.5", lambda x: x // 0.5 * x + x % 0.8, x),
    Form("-x, +x", lambda x: -x * +x, x),
    Form("9 in x", lambda x: x * (9.0 in x) + x, x),
    Form("copy.copy(x)", lambda x: copy.copy(x) * x, x),
    Form("copy.deepcopy(x)", lambda x: copy.deepcopy([x])[0] * x, x),
    Form("format", lambda x: x * len(f"{x[0]:.3f}"), x),
    Form(
        "np.shape, np.ndim, np.size", lambda m: m * np.shape(m)[0] * np.ndim(m) * np.size(m, 1), m
    ),
    Form("np.result_type(x)", lambda x: x.astype(np.result_type(x, np.float32)), x),
    Form("np.isrealobj(x)", lambda x: x * np.isrealobj(x) + np.iscomplexobj(x), x),
    Form("np.array_equal(x, y)", lambda x: x * np.array_equal(x, x) + np.allclose(x, x), x),
    Form("np.ndenumerate(m)", lambda m: sum((i + j) * v * v for (i, j), v in np.ndenumerate(m)), m),
    Form("x.real, x.imag", lambda x: x.real * x + x.imag, x),
    Form("x.clip(0, 1)", lambda x: x.clip(0, 1) * x, x),
    Form("x.round(1)", lambda x: x.round(1) * x, x),
    Form("x.sum().mean()", lambda m: m.sum(axis=0).mean() * m.max(), m),
    Form("x.std(), x.var()", lambda m: m.std(axis=1) * m.var(ddof=1), m),
    Form(
        "x.prod(), x.cumsum()", lambda m: m.cumsum(axis=1) * m.prod() + m.cumprod().reshape(2, 3), m
    ),
    Form("x.min(), x.argmax()", lambda m: m.min(axis=0) * m.argmax(axis=0), m),
    Form("x.any(), x.all()", lambda m: m * m.any() * (m > -9).all(), m),
    Form("x.dot(y)", lambda m, x: m.dot(x[:3]), m, x),
    Form("x.choose(choices)", lambda q: q[0].astype(int).choose([q[1], q[2]], mode="clip"), q),
    Form("x.searchsorted(v)", lambda x: x * np.sort(x).searchsorted(1.0), x),
    Form("x.nonzero()", lambda x: x[x.nonzero()], x),
    Form("x.argsort()", lambda x: x[x.argsort()], x),
    Form("x.argpartition(1)", lambda x: x[x.argpartition(1)][:1], x),
    Form("x.conj()", lambda x: x.conj() * x.conjugate(), x),
    Form("x.view()", lambda x: x.view() * 2, x),
    Form("x.nbytes, x.itemsize", lambda x: x * (x.nbytes // x.itemsize), x),
]
