"""What beginners write by mistake is refused, with what was wrong and what to write instead."""

import functools
import math

import numpy as np
import pytest

import autodiff as ad

X = np.array([1.0, 2.0, 3.0])


def no_return(x):
    np.sum(x)


def percent(x):
    return x * len("%.3f" % x)  # noqa: UP031 - the old way asks for float(x)


def draw(x):
    rng = np.random.default_rng(0)
    return rng.normal(x)


REFUSED = {
    "grad(f(x))": (lambda: ad.grad(np.sin(1.0)), "is not a function; pass the function itself"),
    "jvp(f(x))": (lambda: ad.jvp(3.0, (1.0,), (1.0,)), "3.0 is not a function"),
    "vjp(f(x))": (lambda: ad.vjp(3.0, 1.0), "3.0 is not a function"),
    "trace(f(x))": (lambda: ad.trace(3.0, 1.0), "3.0 is not a function"),
    "vmap(f(x))": (lambda: ad.vmap(X), "is not a function"),
    "jit(f(x))": (lambda: ad.jit(3.0), "jit: 3.0 is not a function; pass the function itself"),
    "check(f(x))": (lambda: ad.check(3.0, 1.0), "check: 3.0 is not a function"),
    "hessian(f(x))": (lambda: ad.hessian(3.0), "hessian: 3.0 is not a function"),
    "grad(f, x)": (lambda: ad.grad(np.sin, 3.0), "argnums=3.0 must be an int * grad(f)(x)"),
    "jacobian(f, x)": (lambda: ad.jacobian(np.sin, X), "jacobian: argnums=array * jacobian(f)(x)"),
    "None": (lambda: ad.grad(np.sin)(None), "argument 0 of sin is None"),
    "a masked array": (
        lambda: ad.grad(np.sum)(np.ma.masked_less(X, 2)),
        "argument 0 of sum is a MaskedArray; use np.asarray",
    ),
    "no return": (lambda: ad.grad(no_return)(X), "no_return returned None: is a `return` missing"),
    "two results": (
        lambda: ad.grad(lambda x: (x, x))(1.0),
        "returned (*, *), 2 results; use * has_aux=True",
    ),
    "%": (lambda: ad.grad(percent)(1.0), '"%.3f" % x * use an f-string'),
    "rng.normal": (lambda: ad.grad(draw)(1.0), "rng.normal(x) * mean + scale * rng.normal()"),
    "np.random": (
        lambda: ad.grad(lambda x: np.random.normal(x))(1.0),  # noqa: NPY002
        "np.random.normal(x) * mean + scale * rng.normal()",
    ),
    "lru_cache": (
        lambda: ad.grad(functools.lru_cache(lambda x: x**2))(2.0),
        "unhashable type: 'Tensor': a tracked value cannot be a key * lru_cache * use a name",
    ),
    "a set": (lambda: ad.grad(lambda x: len({x}) * x)(2.0), "a tracked value cannot be a key"),
    "np.zeros(x)": (
        lambda: ad.grad(lambda x: np.zeros(x))(2.0),
        "a tracked value in a shape (test_user_calls.py: * static_argnums",
    ),
    "np.take under vmap": (
        lambda: ad.vmap(lambda i: np.take(X, i))(np.array([0, 1])),
        "np.take(X, i): int(x) differs * np.asarray(table, like=x)",
    ),
    "tensor of tracked values": (
        lambda: ad.tensor([ad.tensor(1.0), 2.0]),
        "x is tracked already; join with np.stack",
    ),
    "np.nditer": (
        lambda: ad.grad(lambda x: sum(np.nditer(x)))(X),
        "np.nditer(x): * NumPy makes an array of objects of a tracked value here"
        " * use NumPy's functions",
    ),
    "a shape": (
        lambda: ad.grad(lambda x: np.sum(x.reshape(-1, 2)))(X),
        "size 3 into shape (-1, 2) (test_user_calls.py:",
    ),
    "math.sqrt": (
        lambda: ad.grad(lambda x: math.sqrt(sum(v**2 for v in x)))(X),
        "math.sqrt(sum(v**2 for v in x)) * np.sqrt, not math.sqrt",
    ),
}


def said(error, message):
    """Whether the parts of `message`, between lone stars, are in the error in their order."""
    text, at = str(error.value), 0
    for part in message.split(" * "):
        assert part in text[at:], text
        at = text.index(part, at) + len(part)


@pytest.mark.parametrize("mistake", REFUSED)
def test_the_message_says_what_and_how_else(mistake):
    call, message = REFUSED[mistake]
    with pytest.raises(ad.AutodiffError) as caught:
        call()
    said(caught, message)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ad.taylor(np.sin, 1.0, 1.0, 1.5), "taylor: order=1.5 must be a whole number"),
        (lambda: ad.check(np.sin, 1.0, directions=1.5), "check: directions=1.5 must be a whole"),
        (lambda: ad.checkpoint_chain([np.sin], 0.5), "checkpoint_chain: segments=0.5 must be a"),
        (lambda: ad.checkpoint_chain(np.sin), "<ufunc 'sin'> is not a list"),
        (lambda: ad.checkpoint_chain([]), "the list is empty"),
        (lambda: ad.explain(np.sin, 1.0).svg("/"), "Is a directory: '/'"),
    ],
)
def test_an_unfit_argument_is_named(call, message):
    with pytest.raises((TypeError, ValueError, OSError)) as caught:
        call()
    assert message in str(caught.value)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_matrix_is_refused():
    """Its products are of another kind."""
    with pytest.raises(ad.NotDifferentiableError) as caught:
        ad.grad(np.sum)(np.matrix([[1.0, 2.0]]))
    said(caught, "argument 0 of sum is a matrix; use np.asarray")


HABITS = {"numpy": "stop_gradient", "detach": "stop_gradient", "pow": "x**n", "zero_grad": "x.grad"}


@pytest.mark.parametrize("name", HABITS)
def test_habits_from_elsewhere_are_named(name):
    with pytest.raises(AttributeError, match=name) as caught:
        ad.grad(lambda x: getattr(x, name))(1.0)
    said(caught, HABITS[name])


def test_scipys_functions_are_refused_at_the_users_line(capfd):
    """Whatever they do inside, and with the transforms that stand for them."""
    optimize = pytest.importorskip("scipy.optimize")
    stats = pytest.importorskip("scipy.stats")

    def minimum(a):
        return optimize.minimize(lambda w: np.sum((w - a) ** 2), np.zeros(1)).x[0]

    def density(x):
        return stats.norm.pdf(x)

    with pytest.raises(ad.NotDifferentiableError) as caught:
        ad.grad(minimum)(1.0)
    said(caught, "optimize.minimize(lambda w * test_user_calls.py * autodiff.argmin")
    with pytest.raises(ad.NotDifferentiableError) as caught:
        ad.grad(lambda a: optimize.fsolve(lambda w: w - a, 0.0)[0])(1.0)
    said(caught, "optimize.fsolve(lambda w: w - a, 0.0) * test_user_calls.py * autodiff.root")
    assert "would drop its derivative" in capfd.readouterr().err  # MINPACK prints what was raised
    with pytest.raises(ad.NotDifferentiableError) as caught:
        ad.grad(density)(1.0)
    said(caught, "stats.norm.pdf(x) * test_user_calls.py * autodiff.stats.norm")


def test_what_plots_is_refused_at_the_users_line(monkeypatch):
    """Code that is installed beside NumPy is not the user's."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    plt = pytest.importorskip("matplotlib.pyplot")

    def plotted(x):
        plt.plot(x)
        return np.sum(x)

    with pytest.raises(ad.NotDifferentiableError) as caught:
        ad.grad(plotted)(X)
    plt.close("all")
    said(caught, "plt.plot(x) * test_user_calls.py * autodiff.stop_gradient(x)")


@pytest.mark.parametrize("name", ["no_grad", "egrad", "hessian_vector_product"])
def test_names_of_other_engines(name):
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'; "):
        getattr(ad, name)
    assert not hasattr(ad, "nothing_of_the_kind")
