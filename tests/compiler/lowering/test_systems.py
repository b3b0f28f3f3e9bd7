"""Linear systems compile to LAPACK: the results of NumPy, factored once, errors by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.compiler.ir.program import Program

la = np.linalg
rng = np.random.default_rng(0)
BACKENDS = ("llvm", "numpy")

CASES = {
    "matrix": lambda a, b: la.solve(a[0], b[0]),
    "vector": lambda a, b: la.solve(a[0], b[0, :, 0]),
    "transposed": lambda a, b: la.solve(a[0].T, b[0]),
    "reversed": lambda a, b: la.solve(a[0, ::-1], b[0, ::-1]),
    "stacks": lambda a, b: la.solve(a, b),
    "one matrix, a stack": lambda a, b: la.solve(a[0], b),
    "a stack, one matrix": lambda a, b: la.solve(a, b[0]),
    "a stack, one vector": lambda a, b: la.solve(a, b[0, :, 0]),
    "broadcast": lambda a, b: la.solve(a[:, None], b[None, :2]),
    "inv": lambda a, b: la.inv(a),
    "inv of a transpose": lambda a, b: la.inv(a[0].T),
    "det": lambda a, b: la.det(a),
    "slogdet": lambda a, b: tuple(la.slogdet(a)),
    "slogdet, one": lambda a, b: tuple(la.slogdet(a[0, ::-1])),
    "cholesky": lambda a, b: la.cholesky(spd(a)),
    "upper": lambda a, b: la.cholesky(spd(a[0]), upper=True),
    "with cholesky": lambda a, b: la.solve(la.cholesky(spd(a)), b),
    "with its transpose": lambda a, b: la.solve(la.cholesky(spd(a[0])).T, b[0]),
    "with upper": lambda a, b: la.solve(la.cholesky(spd(a[0]), upper=True), b[0]),
    "gradient of solve": lambda a, b: ad.grad(lambda a, b: np.sum(la.solve(a, b) ** 2), (0, 1))(
        a, b
    ),
    "gradient of slogdet": lambda a, b: ad.grad(lambda a: np.sum(la.slogdet(a)[1]))(a),
    "gradient of cholesky": lambda a, b: ad.grad(lambda a: np.sum(np.sin(la.cholesky(spd(a)))))(a),
    "jacobian": lambda a, b: ad.jacobian(lambda a: la.solve(a, b[0]))(a[0]),
    "vmap": lambda a, b: ad.vmap(la.solve)(a, b),
}


def spd(a: Any) -> Any:
    """Symmetric and positive definite."""
    return a @ np.swapaxes(a, -1, -2) + np.eye(a.shape[-1], dtype=a.dtype)


def same(found: Any, expected: Any, tolerance: float) -> None:
    for y, e in zip(*(x if isinstance(x, tuple) else (x,) for x in (found, expected)), strict=True):
        assert np.shape(y) == np.shape(e)
        assert np.asarray(y).dtype == np.asarray(e).dtype
        np.testing.assert_allclose(y, e, rtol=tolerance, atol=tolerance * np.abs(e).max())


@pytest.mark.share(3)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("case", CASES)
def test_compiled_systems_are_those_of_numpy(case: str, dtype: Any, backend: str) -> None:
    f = CASES[case]
    for n in (1, 20):
        a = (rng.normal(size=(3, n, n)) / np.sqrt(n) + 2 * np.eye(n)).astype(dtype)
        b = rng.normal(size=(3, n, 2)).astype(dtype)
        compiled = ad.jit(f, backend=backend)
        same(compiled(a, b), f(a, b), 1e-12 if dtype is np.float64 else 2e-4)
        assert "left to NumPy" not in compiled.report()


def test_whole_numbers_are_solved_in_doubles() -> None:
    a, b = np.array([[2, 1], [1, 3]]), np.array([1, 2], np.float32)
    for f in (lambda a, b: la.solve(a, b), lambda a, b: la.inv(a), lambda a, b: la.det(a)):
        same(ad.jit(f, backend="llvm")(a, b), f(a, b), 1e-15)


def likelihood(s: Any, x: Any) -> Any:
    return -0.5 * x @ la.solve(s, x) - 0.5 * la.slogdet(s)[1]


def count(program: Program, op: str) -> int:
    return sum(v.op == op for v in program.values)


def test_a_likelihood_and_its_gradient_factor_once() -> None:
    s, x = spd(rng.normal(size=(6, 6))), rng.normal(size=6)
    f = ad.jit(ad.value_and_grad(likelihood), backend="llvm")
    same(f(s, x), ad.value_and_grad(likelihood)(s, x), 1e-12)
    assert count(f.program, "factors") == 1


def test_systems_with_a_cholesky_factor_are_substitutions() -> None:
    def with_factor(s: Any, x: Any) -> Any:
        factor = la.cholesky(s)
        z = la.solve(factor, x)
        return -0.5 * z @ z - np.sum(np.log(np.diag(factor)))

    s, x = spd(rng.normal(size=(6, 6))), rng.normal(size=6)
    f = ad.jit(ad.value_and_grad(with_factor), backend="llvm")
    same(f(s, x), ad.value_and_grad(with_factor)(s, x), 1e-12)
    assert count(f.program, "factors") == 0
    assert count(f.program, "substitution") == 4


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("f", [la.slogdet, la.det])
def test_determinants_at_the_edge(f: Any, backend: str) -> None:
    with np.errstate(invalid="ignore"):
        for a in (np.zeros((3, 3)), np.full((2, 2), np.nan), -np.eye(3)):
            compiled = ad.jit(lambda a: tuple(f(a)) if f is la.slogdet else f(a), backend=backend)
            same(compiled(a), f(a), 0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_failures_are_named(backend: str) -> None:
    good, singular = np.eye(2), np.ones((2, 2))
    for f, bad, says in (
        (lambda a: la.solve(a, a), singular, "np.linalg.solve: Singular matrix"),
        (lambda a: la.solve(a, np.argsort(a) + 0.0), singular, "np.linalg.solve: Singular matrix"),
        (lambda a: la.inv(a), singular, "np.linalg.inv: Singular matrix"),
        (la.cholesky, -good, "np.linalg.cholesky: Matrix is not positive definite"),
    ):
        compiled = ad.jit(f, backend=backend)
        compiled(good)
        with pytest.raises(la.LinAlgError, match=says):
            compiled(bad)
        compiled(good)
