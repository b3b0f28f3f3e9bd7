"""SciPy's solvers take our derivatives as they are: minimize, least_squares, solve_ivp, root.

A derivative is a function of the arrays that SciPy hands over, and returns arrays. What SciPy
itself computes by compiled code, scipy.linalg, is refused with the cure.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.optimize
import scipy.sparse.linalg

import autodiff as ad

rng = np.random.default_rng(3)


# -- minimize --------------------------------------------------------------------------------------
def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


START = np.array([1.3, 0.7, 0.8, 1.9, 1.2])


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "SLSQP", "CG", "TNC"])
def test_minimize_with_the_gradient(method):
    found = scipy.optimize.minimize(
        rosenbrock, START, jac=ad.grad(rosenbrock), method=method, tol=1e-9
    )
    assert np.allclose(found.x, 1, atol=1e-3)


@pytest.mark.parametrize("method", ["Newton-CG", "trust-ncg", "trust-krylov", "trust-constr"])
def test_minimize_with_hessian_times_vector(method):
    found = scipy.optimize.minimize(
        rosenbrock,
        START,
        jac=ad.grad(rosenbrock),
        hessp=lambda x, v: ad.hvp(rosenbrock, x, v),
        method=method,
        tol=1e-9,
    )
    assert found.success
    assert np.allclose(found.x, 1, atol=1e-6)


@pytest.mark.parametrize("method", ["dogleg", "trust-exact"])
def test_minimize_with_the_hessian(method):
    near = 0.9 + 0.1 * START  # dogleg wants a positive definite Hessian from the start
    derivatives = {"jac": ad.grad(rosenbrock), "hess": ad.hessian(rosenbrock)}
    found = scipy.optimize.minimize(rosenbrock, near, method=method, tol=1e-10, **derivatives)
    assert np.allclose(found.x, 1, atol=1e-8)


def test_minimize_with_value_and_gradient_in_one():
    found = scipy.optimize.minimize(ad.value_and_grad(rosenbrock), START, jac=True, tol=1e-9)
    by_differences = scipy.optimize.minimize(rosenbrock, START, tol=1e-9)
    assert np.allclose(found.x, 1, atol=1e-5)
    assert found.nfev < by_differences.nfev / 3
    assert np.max(np.abs(found.x - 1)) < np.max(np.abs(by_differences.x - 1))


def test_minimize_with_extra_arguments_and_a_nonlinear_constraint():
    """The point of the circle |x| = 2 where a x is largest."""

    def circle(x):
        return np.sum(x**2)

    def objective(x, a):
        return -np.dot(a, x)

    a = np.array([3.0, 4.0])
    found = scipy.optimize.minimize(
        objective,
        np.array([1.0, 0.5]),
        args=(a,),
        jac=ad.grad(objective),
        method="SLSQP",
        constraints={"type": "eq", "fun": lambda x: circle(x) - 4, "jac": ad.grad(circle)},
    )
    assert np.allclose(found.x, 2 * a / 5, atol=1e-6)


def test_likelihood_of_a_normal_distribution():
    """The covariance, by its Cholesky factor, that makes the data most likely is the sample's."""
    data = rng.normal(size=(50, 2)) @ np.array([[1.0, 0.4], [0.0, 0.5]])
    rows, cols = np.tril_indices(2)

    def negative_log_likelihood(parameters):
        factor = np.zeros_like(parameters, shape=(2, 2))
        factor[rows, cols] = parameters
        whitened = np.linalg.solve(factor, data.T)
        return 0.5 * np.sum(whitened**2) + len(data) * np.linalg.slogdet(factor)[1]

    start = np.array([1.0, 0.0, 1.0])
    gradient = ad.grad(negative_log_likelihood)
    found = scipy.optimize.minimize(negative_log_likelihood, start, jac=gradient, tol=1e-8)
    factor = np.zeros((2, 2))
    factor[rows, cols] = found.x
    assert np.allclose(factor @ factor.T, data.T @ data / len(data), atol=1e-5)


# -- least squares, roots --------------------------------------------------------------------------
TIMES = np.linspace(0, 3, 20)
TRUE = np.array([2.5, 1.3, 0.5])


def decay(p):
    return p[0] * np.exp(-p[1] * TIMES) + p[2]


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares_with_the_jacobian(method):
    def residuals(p):
        return decay(p) - decay(TRUE)

    found = scipy.optimize.least_squares(
        residuals, np.ones(3), jac=ad.jacobian(residuals), method=method, xtol=1e-12
    )
    assert np.allclose(found.x, TRUE, atol=1e-8)


def test_curve_fit_with_the_jacobian():
    def model(t, a, b, c):
        return a * np.exp(-b * t) + c

    def jacobian(t, *p):
        return np.stack(ad.jacobian(model, (1, 2, 3))(t, *p), axis=-1)

    found, _ = scipy.optimize.curve_fit(model, TIMES, decay(TRUE), p0=np.ones(3), jac=jacobian)
    assert np.allclose(found, TRUE, atol=1e-8)


@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_root_with_the_jacobian(method):
    def equations(x):
        return np.stack([x[0] + 0.5 * (x[0] - x[1]) ** 3 - 1.0, 0.5 * (x[1] - x[0]) ** 3 + x[1]])

    found = scipy.optimize.root(equations, np.zeros(2), jac=ad.jacobian(equations), method=method)
    assert np.allclose(equations(found.x), 0, atol=1e-9)


def test_newton_with_two_derivatives():
    def f(x):
        return x**3 - 2 * x - 5

    found = scipy.optimize.newton(f, 2.0, fprime=ad.grad(f), fprime2=ad.grad(ad.grad(f)))
    assert np.isclose(found, 2.0945514815423265)


# -- differential equations ------------------------------------------------------------------------
def van_der_pol(t, y, stiffness=50.0):
    return np.stack([y[1], stiffness * (1 - y[0] ** 2) * y[1] - y[0]])


@pytest.mark.parametrize("method", ["Radau", "BDF", "LSODA"])
def test_solve_ivp_with_the_jacobian(method):
    solve = partial(
        scipy.integrate.solve_ivp,
        van_der_pol,
        (0, 40),
        [2.0, 0.0],
        method=method,
        rtol=1e-7,
        atol=1e-9,
    )
    found, by_differences = solve(jac=ad.jacobian(van_der_pol, 1)), solve()
    assert found.success
    assert np.allclose(found.y[:, -1], by_differences.y[:, -1], atol=1e-4)
    assert found.nfev <= by_differences.nfev


# -- linear operators ------------------------------------------------------------------------------
def test_a_jacobian_as_a_linear_operator():
    """Gauss-Newton without a matrix: J v by forward mode, J^T g by reverse mode."""
    p = np.array([2.0, 1.0, 0.3])
    _, pullback = ad.vjp(decay, p)
    operator = scipy.sparse.linalg.LinearOperator(
        (TIMES.size, 3),
        matvec=lambda v: ad.jvp(decay, (p,), (v,))[1],
        rmatvec=lambda g: pullback(g)[0],
        dtype=float,
    )
    b = decay(TRUE) - decay(p)
    step = scipy.sparse.linalg.lsqr(operator, b, atol=1e-14, btol=1e-14)[0]
    assert np.allclose(step, np.linalg.lstsq(ad.jacobian(decay)(p), b)[0])


# -- scipy.linalg ----------------------------------------------------------------------------------
A, B = np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0])
COMPILED = {
    "expm": scipy.linalg.expm,
    "logm": scipy.linalg.logm,
    "inv": scipy.linalg.inv,
    "det": scipy.linalg.det,
    "svd": scipy.linalg.svd,
    "eigh": scipy.linalg.eigh,
    "lu_factor": scipy.linalg.lu_factor,
    "cholesky": scipy.linalg.cholesky,
    "solve": lambda a: scipy.linalg.solve(A, a[0]),
    "solve_triangular": lambda a: scipy.linalg.solve_triangular(a, B),
    "cho_solve": lambda a: scipy.linalg.cho_solve((np.linalg.cholesky(a), True), B),
}


@pytest.mark.parametrize("name", COMPILED)
def test_scipy_linalg_is_refused_with_the_cure(name):
    f = COMPILED[name]
    for derivative in (
        lambda: ad.vjp(f, A),
        lambda: ad.jvp(f, (A,), (A,)),
        lambda: f(ad.tensor(A)),
    ):
        with pytest.raises(ad.NotDifferentiableError) as caught:
            derivative()
        assert f"scipy.linalg.{name} " in str(caught.value)
        home = "autodiff" if hasattr(ad.linalg, name) else "np"
        assert f"; use {home}.linalg.{name}, or give it a derivative" in str(caught.value)


@pytest.mark.filterwarnings("ignore:.*dtype=object:DeprecationWarning")  # from SciPy 1.18 on
def test_what_scipy_linalg_does_in_python_is_tracked():
    placed = ad.jacobian(lambda x: scipy.linalg.toeplitz(x) @ x)(B)
    assert np.allclose(placed, [[2 * B[0], 2 * B[1]], [2 * B[1], 2 * B[0]]])
    assert np.allclose(ad.grad(scipy.linalg.norm)(B), B / np.linalg.norm(B))
