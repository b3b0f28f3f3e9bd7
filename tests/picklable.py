"""What `test_copies_and_pickles.py` pickles: a process that unpickles it imports this module."""

import numpy as np

import autodiff as ad
import nn


def loss(x):
    return np.sum(np.sin(x) * x)


def curve(x):
    return np.sin(x) * x


def squares(x, a):
    return x**2 - a


@ad.jit
def decorated(x):
    return np.cos(x) * 2


@ad.grad
def slope(x):
    return np.sum(x**3)


@ad.custom_rule
def softly(x):
    return np.tanh(x)


@softly.defvjp
def softly_vjp(primals, y, y_bar):
    return (y_bar * (1 - y**2),)


def plain_softly(x):
    return np.tanh(x)


def softly_jvp(primals, tangents):
    y = np.tanh(*primals)
    return y, (1 - y**2) * tangents[0]


undecorated = ad.custom_rule(plain_softly, vjp=softly_vjp)
as_jax = ad.custom_jvp(plain_softly)
as_jax.defjvp(softly_jvp)


class Net(nn.Module):
    """With compiled attributes that hold the module itself."""

    def __init__(self):
        self.w = np.array([1.0, 2.0, 3.0])
        self.compiled = ad.jit(self.forward)
        self.slope = ad.grad(self.total)

    def forward(self, x):
        return np.sin(self.w * x)

    def total(self, x):
        return np.sum(self.forward(x))


X = np.array([0.1, 0.2, 0.3])
BACKEND = "numpy"
MAKERS = {
    "jit": lambda: ad.jit(loss),
    "jit with static arguments": lambda: ad.jit(curve, backend=BACKEND, static_argnames=()),
    "decorated": lambda: decorated,
    "jit of grad": lambda: ad.jit(ad.grad(loss)),
    "grad": lambda: ad.grad(loss),
    "grad decorated": lambda: slope,
    "nested": lambda: ad.grad(ad.grad(np.tanh)),
    "value_and_grad": lambda: ad.value_and_grad(loss, argnums=0),
    "elementwise_grad": lambda: ad.elementwise_grad(curve),
    "jacobian": lambda: ad.jacobian(curve),
    "jacfwd": lambda: ad.jacfwd(curve),
    "jacrev": lambda: ad.jacrev(f=curve),
    "hessian": lambda: ad.hessian(loss),
    "vmap": lambda: ad.vmap(np.sin, in_axes=0),
    "vmap of grad": lambda: ad.vmap(ad.grad(np.sin)),
    "checkpoint": lambda: ad.checkpoint(curve),
    "checkpoint_chain": lambda: ad.checkpoint_chain([curve, np.sin, curve]),
    "linearize": lambda: ad.linearize(curve, X)[1],
    "pullback": lambda: ad.vjp(curve, X)[1],
    "custom_rule": lambda: softly,
    "custom_rule by hand": lambda: undecorated,
    "custom_jvp": lambda: as_jax,
    "gradient of a rule": lambda: ad.elementwise_grad(undecorated),
    "gradient of a jax rule": lambda: ad.elementwise_grad(as_jax),
    "root": lambda: Started(ad.root(squares)),
    "module": lambda: Net(),
    "compiled attribute": lambda: Net().compiled,
    "gradient attribute": lambda: Net().slope,
}


class Started:
    """A solver with its first arguments."""

    def __init__(self, solve):
        self.solve = solve

    def __call__(self, x):
        return self.solve(np.ones(3), x)


def answer(f):
    """What `f` says of X."""
    if f.__class__.__name__ == "Made" and f.__name__ == "tanh":
        return f(0.3)
    return f(X)


def flat(x):
    return np.concatenate([np.ravel(part) for part in (x if isinstance(x, tuple) else (x,))])


def same(found, expected):
    np.testing.assert_allclose(flat(found), flat(expected), rtol=1e-13)
