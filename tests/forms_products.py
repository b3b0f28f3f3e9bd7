"""Forms of products: dot, matmul, einsum, tensordot, inner, outer, kron, cross and kin."""

from __future__ import annotations

import numpy as np
from forms import Form

s = 0.7  # a Python number
x = np.array([0.6, -1.3, 2.2])
y = np.array([1.7, 0.4, -0.8])
w = np.array([0.2, -1.1])
m = np.array([[0.3, -1.1, 2.5], [1.9, 0.8, -0.4]])
n = np.array([[1.3, 0.1], [-0.9, 1.8], [2.4, -0.5]])
q = np.array([[0.9, -0.2, 1.1], [0.5, 1.6, -0.7], [-1.2, 0.4, 2.1]])
t = np.arange(24.0).reshape(2, 3, 4) * 0.37 % 1.9 - 0.6
u = np.arange(24.0).reshape(2, 4, 3) * 0.53 % 1.7 - 0.8
f4 = x.astype(np.float32)
z = np.array([1.0 + 0.5j, -0.7 + 1.2j, 0.4 - 0.9j])
empty = np.zeros((0, 3))

MATMUL = [
    Form("m @ n", lambda m, n: m @ n, m, n),
    Form("m @ x", lambda m, x: m @ x, m, x),
    Form("w @ m", lambda w, m: w @ m, w, m),
    Form("x @ y", lambda x, y: x @ y, x, y),
    Form("t @ u", lambda t, u: t @ u, t, u),
    Form("t @ matrix", lambda t, a: t @ a, t, u[0]),
    Form("m @ stack", lambda m, t: m @ t, m, t),
    Form("t @ vector", lambda t, v: t @ v, t, t[0, 0]),
    Form("x @ stack", lambda x, t: x @ t, x, t),
    Form("a @ b, broadcast", lambda a, b: a[:, None] @ b[None], t, u),
    Form("constant @ x", lambda x: np.ones((2, 3)) @ x, x),
    Form("x @ constant", lambda x: x @ np.ones((3, 2)), x),
    Form("m @ m.T", lambda m: m @ m.T, m),
    Form("m.T @ m @ x", lambda m, x: m.T @ m @ x, m, x),
    Form("empty @ x", lambda e, x: e @ x, empty, x),
    Form("empty.T @ empty", lambda e: e.T @ e, empty),
    Form("np.matmul(m, n)", np.matmul, m, n),
    Form("np.matmul(out)", lambda m, n: np.matmul(m, n, out=np.zeros_like(m[:, :2])), m, n),
    Form(
        "np.matmul(dtype)",
        lambda m, n: np.matmul(m, n, dtype=np.float32, casting="same_kind"),
        m,
        n,
    ),
    Form(
        "np.matmul(axes)",
        lambda t, u: np.matmul(t, u, axes=[(0, 1), (1, 0), (0, 1)]),
        t,
        t * t,
    ),
    Form(
        "np.matmul(axes, transposed)",
        lambda m, n: np.matmul(m, n, axes=[(1, 0), (1, 0), (1, 0)]),
        m,
        n,
    ),
    Form("np.matmul(f4)", lambda f, x: np.matmul(f, x), f4, x),
    Form(
        "np.matmul(axes of a vector)",
        lambda m, x: np.matmul(m, x, axes=[(0, 1), (0,), (0,)]),
        m,
        x,
        refused="np.matmul: axes",
    ),
    Form("np.linalg.matmul(m, n)", np.linalg.matmul, m, n),
    Form("np.vecdot(x, y)", np.vecdot, x, y),
    Form("np.vecdot(broadcast)", lambda m, x: np.vecdot(m, x), m, x),
    Form("np.vecdot(axis)", lambda t, u: np.vecdot(t, u, axis=1), t, t * t),
    Form("np.vecdot(keepdims)", lambda m, x: np.vecdot(m, x, keepdims=True), m, x),
    Form("np.vecdot(axes)", lambda m, w: np.vecdot(m, w, axes=[0, 0]), m, w),
    Form("np.vecdot(complex)", lambda z: np.vecdot(z, z * z), z),
    Form("np.matvec(m, x)", np.matvec, m, x),
    Form("np.matvec(stack)", lambda t, v: np.matvec(t, v), t, t[:, 0]),
    Form("np.matvec(axes)", lambda t, w: np.matvec(t, w, axes=[(2, 0), (0,), (0,)]), t, w),
    Form("np.vecmat(w, m)", np.vecmat, w, m),
    Form("np.vecmat(stack)", lambda a, t: np.vecmat(a, t), t[:, :, 0], t),
    Form("np.vecmat(complex)", lambda z, q: np.vecmat(z, q), z, q),
]

DOT = [
    Form("np.dot(x, y)", np.dot, x, y),
    Form("np.dot(m, x)", np.dot, m, x),
    Form("np.dot(m, n)", np.dot, m, n),
    Form("np.dot(s, x)", np.dot, s, x),
    Form("np.dot(m, s)", np.dot, m, s),
    Form("np.dot(t, x)", lambda t, v: np.dot(t, v), t, t[0, 0]),
    Form("np.dot(t, u)", lambda t, u: np.dot(t, u), t, u),
    Form("np.dot(x, t)", lambda x, t: np.dot(x, t), x, t),
    Form("np.dot(out)", lambda m, n: np.dot(m, n, out=np.zeros_like(m[:, :2])), m, n),
    Form("m.dot(n)", lambda m, n: m.dot(n), m, n),
    Form("x.dot(x)", lambda x: x.dot(x), x),
    Form("np.dot(f4, x)", np.dot, f4, x),
    Form("np.vdot(x, y)", np.vdot, x, y),
    Form("np.vdot(m, n)", lambda m, n: np.vdot(m, n.T), m, n),
    Form("np.vdot(complex)", lambda z: np.vdot(z, z * z), z),
    Form("np.inner(x, y)", np.inner, x, y),
    Form("np.inner(m, x)", np.inner, m, x),
    Form("np.inner(m, q)", np.inner, m, q),
    Form("np.inner(t, stack)", lambda t, u: np.inner(t, u), t, u.reshape(2, 3, 4)),
    Form("np.inner(s, x)", np.inner, s, x),
    Form("np.inner(x, t)", lambda v, t: np.inner(v, t), t[0, 0], t),
    Form("np.outer(x, w)", np.outer, x, w),
    Form("np.outer(m, x)", np.outer, m, x),
    Form("np.outer(s, x)", np.outer, s, x),
    Form("np.outer(out)", lambda x, w: np.outer(x, w, out=np.zeros_like(x, shape=(3, 2))), x, w),
    Form("np.outer(x, constant)", lambda x: np.outer(x, [1.0, 2.0]), x),
    Form("np.tensordot(t, u)", lambda t, u: np.tensordot(t, u, 1), t, u[0]),
    Form(
        "np.tensordot(axes=2)",
        lambda t, a: np.tensordot(t, a),
        t,
        u[:, :, 0].reshape(4, 2)[[0, 1, 2]].repeat(2, 1),
    ),
    Form("np.tensordot(axes=0)", lambda x, w: np.tensordot(x, w, 0), x, w),
    Form("np.tensordot(lists)", lambda t, u: np.tensordot(t, u, axes=([1, 2], [2, 1])), t, u),
    Form("np.tensordot(negative axes)", lambda t, u: np.tensordot(t, u, axes=([-1], [-2])), t, u),
    Form("np.tensordot(pair)", lambda t, m: np.tensordot(t, m, (1, 1)), t, m),
    Form("np.kron(x, w)", np.kron, x, w),
    Form("np.kron(m, n)", np.kron, m, n),
    Form("np.kron(x, m)", np.kron, x, m),
    Form("np.kron(s, m)", np.kron, s, m),
    Form("np.kron(t, m)", np.kron, t, m),
]


CROSS = [
    Form("np.cross(x, y)", np.cross, x, y),
    Form("np.cross(m, x)", np.cross, m, x),
    Form("np.cross(m, m)", lambda m: np.cross(m, m[::-1] * m), m),
    Form("np.cross(axis=0)", lambda n: np.cross(n, n * n, axis=0), n),
    Form(
        "np.cross(axisa, axisb, axisc)",
        lambda n, m: np.cross(n, m, axisa=0, axisb=1, axisc=0),
        n,
        m,
    ),
    Form("np.cross(x, constant)", lambda x: np.cross(x, [0.0, 0.0, 1.0]), x),
]

EINSUM = [
    Form("np.einsum('ij,jk->ik')", lambda m, n: np.einsum("ij,jk->ik", m, n), m, n),
    Form("np.einsum('ij,jk')", lambda m, n: np.einsum("ij,jk", m, n), m, n),
    Form("np.einsum('ji')", lambda m: np.einsum("ji", m), m),
    Form("np.einsum('ij->')", lambda m: np.einsum("ij->", m), m),
    Form("np.einsum('ij->j')", lambda m: np.einsum("ij->j", m), m),
    Form("np.einsum('ii')", lambda q: np.einsum("ii", q), q),
    Form("np.einsum('ii->i')", lambda q: np.einsum("ii->i", q), q),
    Form("np.einsum('iij->j')", lambda q: np.einsum("iij->j", q[:, :, None] * q), q),
    Form("np.einsum('i,i')", lambda x, y: np.einsum("i,i", x, y), x, y),
    Form("np.einsum('i,j->ij')", lambda x, w: np.einsum("i,j->ij", x, w), x, w),
    Form("np.einsum('i,i->i')", lambda x, y: np.einsum("i,i->i", x, y), x, y),
    Form("np.einsum(',i->i')", lambda s, x: np.einsum(",i->i", s, x), s, x),
    Form("np.einsum('ijk,ikl->ijl')", lambda t, u: np.einsum("ijk,ikl->ijl", t, u), t, u),
    Form("np.einsum('ij,ij,ij')", lambda m: np.einsum("ij,ij,ij", m, m + 1, m * m), m),
    Form("np.einsum('i,ij,j')", lambda x, q, y: np.einsum("i,ij,j", x, q, y), x, q, y),
    Form(
        "np.einsum(four operands)",
        lambda x, q, y, w: np.einsum("i,ij,j,k->k", x, q, y, w),
        x,
        q,
        y,
        w,
    ),
    Form("np.einsum('ii,i')", lambda q, x: np.einsum("ii,i", q, x), q, x),
    Form("np.einsum('ii,jj->ij')", lambda q: np.einsum("ii,jj->ij", q, q * q), q),
    Form("np.einsum('...j,j')", lambda t, v: np.einsum("...j,j", t, v), t, t[0, 0]),
    Form("np.einsum('...i->...')", lambda t: np.einsum("...i->...", t), t),
    Form(
        "np.einsum('...ij,...jk->...ik')", lambda t, u: np.einsum("...ij,...jk->...ik", t, u), t, u
    ),
    Form("np.einsum('i...->...')", lambda t: np.einsum("i...->...", t), t),
    Form("np.einsum('...,...')", lambda t, u: np.einsum("...,...", t, u[..., :1]), t, t * t),
    Form("np.einsum(broadcast ellipsis)", lambda t, a: np.einsum("...j,...j->...", t, a), t, t[0]),
    Form("np.einsum(size one)", lambda t, a: np.einsum("ijk,ijk->k", t, a[:, :1]), t, t * t),
    Form(
        "np.einsum(size one in a diagonal)",
        lambda a, x: np.einsum("ii,i->i", a, x),
        np.array([[0.7]]),
        x,
    ),
    Form("np.einsum(spaces)", lambda m, n: np.einsum("i j, j k -> i k", m, n), m, n),
    Form("np.einsum(upper case)", lambda m, n: np.einsum("Ab,bC->CA", m, n), m, n),
    Form("np.einsum(unused sum)", lambda x, w: np.einsum("i,j->i", x, w), x, w),
    Form("np.einsum(sublists)", lambda m, n: np.einsum(m, [0, 1], n, [1, 2], [0, 2]), m, n),
    Form("np.einsum(sublists, implicit)", lambda m, n: np.einsum(m, [0, 1], n, [1, 2]), m, n),
    Form("np.einsum(sublists, ellipsis)", lambda t: np.einsum(t, [..., 0], [0, ...]), t),
    Form(
        "np.einsum(optimize)", lambda x, q, y: np.einsum("i,ij,j", x, q, y, optimize=True), x, q, y
    ),
    Form(
        "np.einsum(optimize='optimal')",
        lambda m, n, x: np.einsum("ij,jk,lj,l->ik", m, n, m, x[:2], optimize="optimal"),
        m,
        n,
        x,
    ),
    Form(
        "np.einsum(einsum_path)",
        lambda m, n: np.einsum("ij,jk", m, n, optimize=np.einsum_path("ij,jk", m, n)[0]),
        m,
        n,
    ),
    Form(
        "np.einsum(out)", lambda m, n: np.einsum("ij,jk", m, n, out=np.zeros_like(m[:, :2])), m, n
    ),
    Form("np.einsum(dtype)", lambda f, y: np.einsum("i,i->i", f, f, dtype=np.float64) * y, f4, y),
    Form("np.einsum(constant)", lambda m: np.einsum("ij,jk->ik", m, np.ones((3, 2))), m),
    Form("np.einsum(complex)", lambda z, q: np.einsum("i,ij->j", z, q), z, q),
    Form("np.einsum(f4)", lambda f: np.einsum("i,i", f, f), f4),
    Form("np.einsum(empty)", lambda e, x: np.einsum("ij,j->i", e, x), empty, x),
    Form("np.einsum(same operand)", lambda q: np.einsum("ij,ji->", q, q), q),
]

FORMS = [*MATMUL, *DOT, *CROSS, *EINSUM]
