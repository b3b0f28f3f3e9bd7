"""SciPy's solvers in Python were differentiated along their steps: with 0 where they compare alone,
as golden sections do, or stop at once."""

import numpy as np
import pytest
from regressions.test_raw_errors_of_solvers import TRANSFORMS
from scipy import optimize

import autodiff as ad


def bowl(p):
    return lambda t: np.sum(np.cosh(t - p))


SOLVERS = {
    "minimize_scalar": lambda p: optimize.minimize_scalar(lambda t: (t - p) ** 2).x,
    "bracketed": lambda p: optimize.minimize_scalar(bowl(p), bracket=(0, 1, 5)).x,
    "golden": lambda p: optimize.minimize_scalar(bowl(p), bracket=(0, 1, 5), method="golden").x,
    "bounded": lambda p: optimize.minimize_scalar(bowl(p), bounds=(0, 5)).x,
    "its value": lambda p: optimize.minimize_scalar(bowl(p)).fun,
    "brent": lambda p: optimize.brent(bowl(p)),
    "golden section": lambda p: optimize.golden(bowl(p)),
    "fminbound": lambda p: optimize.fminbound(bowl(p), 0, 5),
    "bracket": lambda p: optimize.bracket(bowl(p))[0],
    "a tracked bound": lambda p: optimize.fminbound(bowl(2), 0, p),
    "a tracked bracket": lambda p: optimize.minimize_scalar(bowl(2), bracket=(0, p)).x,
    "Powell": lambda p: optimize.minimize(bowl(p), np.zeros(1), method="Powell").x[0],
    "Nelder-Mead": lambda p: optimize.minimize(bowl(p), np.zeros(1), method="Nelder-Mead").x[0],
    "a constraint": lambda p: optimize.minimize(
        bowl(9), [0.0], constraints={"type": "ineq", "fun": lambda t: p - t[0]}
    ).x[0],
    "line_search": lambda p: optimize.line_search(
        bowl(p), lambda t: 2 * (t - p), np.zeros(1), np.ones(1)
    )[0],
    "newton from the root": lambda p: optimize.newton(lambda t: t - p, 1.0),
    "newton of arrays": lambda p: optimize.newton(lambda t: t - p, np.zeros(2))[0],
    "secant": lambda p: optimize.root_scalar(lambda t: t - p, x0=0.0, x1=2.0).root,
    "toms748": lambda p: optimize.toms748(lambda t: t**3 - p, 0, 5),
    "df-sane": lambda p: optimize.root(lambda t: t - p, np.zeros(1), method="df-sane").x[0],
    "fixed_point": lambda p: optimize.fixed_point(lambda t: np.cos(t) * p / 3, np.array([0.5]))[0],
    "least_squares": lambda p: optimize.least_squares(lambda t: t - p, np.zeros(1)).x[0],
    "fsolve": lambda p: optimize.fsolve(lambda t: t - p, np.zeros(1))[0],
    "curve_fit": lambda p: optimize.curve_fit(
        lambda x, a: a * x, np.arange(3.0), np.arange(3.0) * p
    )[0][0],
    "linprog": lambda p: optimize.linprog([1.0], A_ub=[[-1.0]], b_ub=[-p]).x[0],
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", SOLVERS)
def test_refused_by_name(name, transform):
    with pytest.raises(ad.NotDifferentiableError, match=r"wrap the solver|custom_rule|vmap|jit"):
        TRANSFORMS[transform](SOLVERS[name])(1.0)


@pytest.mark.parametrize("name", ["minimize_scalar", "golden", "newton from the root", "secant"])
def test_the_cure_is_named(name):
    with pytest.raises(ad.NotDifferentiableError, match=r"optimize\..*decides by.*autodiff.argmin"):
        ad.grad(SOLVERS[name])(1.0)


def test_the_cure_works():
    def lowest(p):
        return ad.argmin(
            lambda t, p: np.cosh(t - p), solver=lambda g, t: optimize.minimize_scalar(g).x
        )(0.0, p)

    assert abs(ad.grad(lowest)(1.0) - 1) < 1e-9
    slope = ad.grad(lambda p: optimize.minimize_scalar(bowl(ad.stop_gradient(p))).x * p)(1.0)
    assert abs(slope - 1) < 1e-6


def test_a_solver_of_plain_numbers_runs_inside_of_a_transform():
    slope = ad.grad(lambda p: optimize.minimize_scalar(bowl(2)).x * p)(1.0)
    assert abs(slope - 2) < 1e-6
    slope = ad.grad(lambda p: optimize.newton(np.sin, 3.0, fprime=ad.grad(np.sin)) * p)(1.0)
    assert abs(slope - np.pi) < 1e-9
