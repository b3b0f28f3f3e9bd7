"""The programs that explanations, pictures, goldens and saved files are tried on."""

import numpy as np


def chain(x):
    """Problem A: y = exp(e + e^2) + sin(e + e^2) with e = exp(x)."""
    f1 = np.exp(x)
    f2 = f1**2
    f3 = f1 + f2
    f4 = np.exp(f3)
    f5 = np.sin(f3)
    y = f4 + f5
    return y


def network(x, W):
    """Problem B: a small network by hand."""
    h = W @ x
    r = np.maximum(h, 0)
    r1, r2, r3 = r
    s1 = np.maximum(r2, r3)
    e1 = np.exp(r1)
    e2 = np.exp(s1)
    y1 = e1 / (e1 + e2)
    y2 = e2 / (e1 + e2)
    z = y1 + y2
    return z


NETWORK = np.array([1.0, -2.0]), np.array([[6.0, 2.0], [4.0, 7.0], [5.0, 1.0]])

X = np.linspace(-1.0, 1.0, 24).reshape(8, 3)
T = np.where(np.arange(8) % 2, 1.0, -1.0)


def logistic(params):
    """The loss of a logistic regression with labels of either sign."""
    z = X @ params["w"] + params["b"]
    margin = T * z
    return np.mean(np.logaddexp(0, -margin)) + 0.01 * np.sum(params["w"] ** 2)


PARAMS = {"w": np.array([0.5, -1.0, 0.25]), "b": 0.1}


def loop(x):
    """2 001 operations."""
    for _ in range(667):
        x = x * 1.0001 + np.sin(x)
    return x


# A program whose arguments are nests, with a constant of its own, an assignment and a choice.
WEIGHTS = np.linspace(-1.0, 1.0, 6).reshape(3, 2)
SCALED = {"scale": 1.5, "b": np.array([0.1, -0.2])}
SAMPLES = np.arange(12.0).reshape(4, 3) / 7


def nested(params, x):
    h = np.tanh(x @ WEIGHTS * params["scale"] + params["b"])
    h[0] = h[1] * 2.0
    return np.sum(np.where(h > 0, np.sqrt(np.abs(h)), h[:, ::-1])), {"h": (h, None)}


def scalar_loss(params, x):
    return nested(params, x)[0]


def random_program(seed):
    """Twelve operations, each on values made before."""
    rng = np.random.default_rng(seed)
    one = [np.sin, np.tanh, np.exp, np.arctan, np.square, np.cos]
    two = [np.add, np.multiply, np.subtract, np.maximum, np.hypot]
    plan = [(rng.integers(2), rng.integers(6), rng.integers(5), rng.random(2)) for _ in range(12)]

    def f(x, y):
        values = [x, y]
        for unary, i, j, (p, q) in plan:
            a, b = values[int(p * len(values))], values[int(q * len(values))]
            values.append(np.tanh(one[i](a)) if unary else two[j](a, b) / 2)
        return sum(values)

    return f
