"""Programs of assignment that plain and tracked arrays run alike, and what must agree of them."""

import numpy as np

import autodiff as ad

X = 2 * np.sin(np.arange(1.0, 13.0)).reshape(3, 4)
V = np.cos(np.arange(12.0)).reshape(3, 4)


def agree(f, *args):
    """Value to the bit, forward mode against a central difference, reverse against forward."""
    args = args or (X,)
    tangents = tuple(np.resize(V, a.shape) for a in args)
    plain = f(*(a.copy() for a in args))
    y, y_dot = ad.jvp(f, args, tangents)
    np.testing.assert_array_equal(y, plain)
    y, pullback = ad.vjp(f, *args)
    np.testing.assert_array_equal(y, plain)
    h = 1e-6
    ends = [f(*(a + t * h * d for a, d in zip(args, tangents, strict=True))) for t in (1, -1)]
    atol = 1e-6 * np.max(np.abs(plain), initial=1.0)
    np.testing.assert_allclose(y_dot, (ends[0] - ends[1]) / (2 * h), rtol=1e-5, atol=atol)
    y_bar = np.resize(np.sin(np.arange(7.0)), np.shape(y))
    inner = sum(np.sum(g * d) for g, d in zip(pullback(y_bar), tangents, strict=True))
    np.testing.assert_allclose(np.sum(y_bar * y_dot), inner, rtol=1e-10, atol=1e-10)


class Program:
    """A program of views, copies and writes, chosen by a seed and by shapes alone, so that plain
    and tracked arrays run the same one."""

    def __init__(self, seed, steps):
        self.seed, self.steps = seed, steps

    def __call__(self, x):
        rng = np.random.default_rng(self.seed)
        handles = [x * 1.0]
        for _ in range(self.steps):
            a = handles[rng.integers(len(handles))]
            kind = rng.choice(("view", "copy", "write", "write", "in place"))
            if kind == "view":
                handles.append(self.view(rng, a))
            elif kind == "copy":
                handles.append(self.copy(rng, a))
            elif kind == "write":
                self.write(rng, a, handles[rng.integers(len(handles))])
            else:
                self.in_place(rng, a)
        parts = [np.ravel(h) * (0.1 + k) for k, h in enumerate(handles)]
        return np.concatenate(parts)

    def key(self, rng, shape, advanced):
        parts = []
        for n in shape[: rng.integers(0, len(shape) + 1)]:
            kind = rng.choice(["slice", "step", "integer", "new"] + ["array", "mask"] * advanced)
            if kind == "new":
                parts.append(None)
            if kind == "integer" and n:
                parts.append(int(rng.integers(-n, n)))
            elif kind == "array" and n:
                parts.append(rng.integers(-n, n, 2))
            elif kind == "mask" and n >= 2:
                parts.append(np.arange(n) < 2)
            elif kind == "step":
                parts.append(slice(None, None, int(rng.choice((-1, 2)))))
            else:
                parts.append(slice(int(rng.integers(0, 2)), None))
        return (*parts, Ellipsis)

    def view(self, rng, a):
        kind = rng.choice(("key", "T", "reshape", "ravel", "swap", "flip", "expand", "split"))
        if kind == "T":
            return a.T
        if kind == "reshape":
            return a.reshape(-1)
        if kind == "ravel":
            return np.ravel(a)
        if kind == "swap" and a.ndim > 1:
            return np.swapaxes(a, 0, -1)
        if kind == "flip":
            return np.flip(a)
        if kind == "expand" and a.ndim < 4:
            return np.expand_dims(a, 0)
        if kind == "split" and a.ndim:
            return np.array_split(a, 2)[int(rng.integers(2))]
        return a[self.key(rng, a.shape, advanced=False)]

    def copy(self, rng, a):
        kind = rng.choice(("copy", "key", "flatten", "sin", "stack"))
        if kind == "copy":
            return a.copy()
        if kind == "key":
            return a[self.key(rng, a.shape, advanced=True)]
        if kind == "flatten":
            return a.flatten()
        if kind == "sin":
            return np.sin(a)
        return np.stack((a, a * 2))

    def write(self, rng, a, b):
        value = np.sum(b) * 0.01 + 1 if rng.random() < 0.5 else float(rng.normal())
        key = self.key(rng, a.shape, advanced=True)
        if rng.random() < 0.3:
            a[key] += value
        elif rng.random() < 0.3 and a.size:
            a.flat[rng.integers(0, a.size, 2)] = value
        elif rng.random() < 0.3:
            a[key] = a[key][..., ::-1] if a[key].ndim else value
        else:
            a[key] = value

    def in_place(self, rng, a):
        factor = float(rng.choice((0.5, -1.0, 1.25)))
        kind = rng.choice(("add", "mul", "sub", "mask", "copyto"))
        if kind == "add":
            a += factor
        elif kind == "mul":
            a *= factor
        elif kind == "sub":
            a -= a * 0.25
        elif kind == "mask":
            a[a > 1] = factor
        else:
            np.copyto(a, a * factor, where=a > 0)
