"""SciPy's solvers take the sparse derivatives as they are."""

import numpy as np
import pytest

import autodiff as ad

optimize = pytest.importorskip("scipy.optimize")
integrate = pytest.importorskip("scipy.integrate")
linalg = pytest.importorskip("scipy.sparse.linalg")
N = 50


def broyden(x):
    padded = np.pad(x, 1)
    return (3 - 2 * x) * x - padded[:-2] - 2 * padded[2:] + 1


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def test_least_squares():
    slopes = ad.jacobian(broyden, sparse=True)
    found = optimize.least_squares(broyden, -np.ones(N), jac=slopes)
    assert found.cost < 1e-15
    assert slopes.sweeps == 3
    pattern = ad.sparsity(broyden, np.ones(N)).tocsr()
    found = optimize.least_squares(broyden, -np.ones(N), jac_sparsity=pattern)
    assert found.cost < 1e-12


def test_newton_by_sparse_factors():
    slopes, x = ad.jit(ad.jacobian(broyden, sparse=True)), -np.ones(N)
    for _ in range(8):
        x = x - linalg.spsolve(slopes(x).tocsc(), broyden(x))
    assert np.max(np.abs(broyden(x))) < 1e-12


def test_trust_constr_with_a_sparse_hessian():
    found = optimize.minimize(
        rosenbrock,
        np.zeros(10),
        jac=ad.grad(rosenbrock),
        hess=ad.hessian(rosenbrock, sparse=True),
        method="trust-constr",
    )
    np.testing.assert_allclose(found.x, 1.0, atol=1e-4)


@pytest.mark.parametrize("given", ["jac", "jac_sparsity"])
def test_solve_ivp(given):
    def heat(t, u):
        padded = np.pad(u, 1)
        return 100.0 * (padded[2:] - 2 * u + padded[:-2]) - u**3

    u = np.sin(np.linspace(0, np.pi, N))
    how = {
        "jac": ad.jacobian(heat, 1, sparse=True),
        "jac_sparsity": ad.sparsity(heat, 0.0, u, argnums=1).tocsr(),
    }[given]
    found = integrate.solve_ivp(heat, (0, 0.1), u, method="BDF", **{given: how})
    dense = integrate.solve_ivp(heat, (0, 0.1), u, method="BDF", jac=ad.jacobian(heat, 1))
    assert found.success
    np.testing.assert_allclose(found.y[:, -1], dense.y[:, -1], rtol=1e-2)
