"""SciPy's solvers in C went on after a refusal, and ended in SystemError and other raw errors;
masked arrays and np.angle of arrays of objects ended in raw errors of their own."""

import numpy as np
import pytest
from scipy import integrate, optimize

import autodiff as ad

X, MASK = np.array([0.5, 1.5, 2.5]), [False, True, False]


def cubic(p):
    return lambda t: t**3 - p


SOLVERS = {
    "brentq": lambda p: optimize.brentq(cubic(p), 0, 5),
    "brentq, linear": lambda p: optimize.brentq(lambda t: t - p, -5, 5),
    "brentq, nested": lambda p: optimize.brentq(lambda t: ad.grad(lambda s: s**3)(t) - p, 0, 5),
    "brenth": lambda p: optimize.brenth(cubic(p), 0, 5),
    "ridder": lambda p: optimize.ridder(cubic(p), 0, 5),
    "bisect": lambda p: optimize.bisect(cubic(p), 0, 5),
    "toms748": lambda p: optimize.toms748(cubic(p), 0, 5),
    "root_scalar": lambda p: optimize.root_scalar(cubic(p), bracket=(0, 5)).root,
    "a tracked end": lambda p: optimize.brentq(lambda t: t - 1, -p, 5),
    "root": lambda p: optimize.root(cubic(p), [1.0]).x[0],
    "fixed_point": lambda p: optimize.fixed_point(lambda t: np.cos(t * p), 1.0),
    "quad": lambda p: integrate.quad(lambda t: t * p, 0, 1)[0],
    "odeint": lambda p: integrate.odeint(lambda y, t: -p * y, [1.0], [0, 1])[-1, 0],
}
TRANSFORMS = {
    "grad": ad.grad,
    "twice": lambda f: ad.grad(ad.grad(f)),
    "jvp": lambda f: lambda p: ad.jvp(f, (p,), (1.0,)),
    "vmap": lambda f: lambda p: ad.vmap(f)(np.array([p, p])),
    "jit": ad.jit,
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", SOLVERS)
def test_solver(name, transform):
    cure = "autodiff.root|sum over fixed nodes|vmap|jit"
    with pytest.raises(ad.NotDifferentiableError, match=cure):
        TRANSFORMS[transform](SOLVERS[name])(1.0)


def test_another_error_stays_as_it_is():
    def f(p):
        with pytest.raises(ad.NotDifferentiableError):
            float(p)
        return optimize.brentq(lambda t: t + 10, 0, 1) * p

    with pytest.raises(ValueError, match="different signs"):
        ad.grad(f)(1.0)


def masked(x):
    return np.ma.array(x, mask=MASK)


REFUSED = {
    "angle": lambda x: np.angle(np.asarray(x)),
    "angle of a list": lambda x: np.angle([x[0], x[1]]),
    "cov": lambda x: np.cov(np.asarray(x)),
    "ma.max": lambda x: masked(x).max(),
    "ma.min": lambda x: masked(x).min(),
    "ma, np.max": lambda x: np.max(masked(x)),
    "ma.median": lambda x: np.ma.median(masked(x)),
    "ma.std": lambda x: masked(x).std(),
    "ma of a product": lambda x: masked(x) * 2,
}
RIGHT = {
    "sum": (lambda x: masked(x).sum(), [1, 0, 1]),
    "mean": (lambda x: masked(x).mean(), [0.5, 0, 0.5]),
    "prod": (lambda x: masked(x).prod(), [2.5, 0, 0.5]),
    "filled": (lambda x: masked(x).filled(0.0).sum(), [1, 0, 1]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_arrays_of_objects(name):
    with pytest.raises(ad.NotDifferentiableError, match=r"np\.where|np\.stack|NumPy's functions"):
        ad.jacobian(REFUSED[name])(X)


@pytest.mark.parametrize("name", RIGHT)
def test_masked_arrays_that_work(name):
    f, slope = RIGHT[name]
    np.testing.assert_allclose(ad.grad(f)(X), slope)
