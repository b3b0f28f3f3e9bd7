"""A compiled program written as a module that runs alone."""

import gc

import numpy as np
import pytest
from exported import loaded

import autodiff as ad

X = np.array([0.5, -1.0, 2.0])
W = np.arange(9.0).reshape(3, 3)
scale = 2.0


def loss(params, x):
    return np.sum(np.tanh(W @ x + params["b"]) ** 2) * scale


def test_last_call_is_exported(tmp_path):
    slope = ad.jit(ad.grad(loss))
    expected = slope({"b": X}, X)
    slope.export(tmp_path / "slope.py")
    found = loaded(tmp_path / "slope.py")({"b": X}, X)
    assert np.allclose(found["b"], expected["b"], rtol=1e-12, atol=0)
    text = (tmp_path / "slope.py").read_text(encoding="utf-8")
    assert "W = np.array" in text
    assert "W @ x" in text


def test_arguments_say_which_version(tmp_path):
    f = ad.jit(lambda x, *, power: x**power, static_argnames="power")
    f.export(tmp_path / "cube.py", X, power=3)
    cube = loaded(tmp_path / "cube.py")
    assert np.allclose(cube(X, power=3), X**3, rtol=1e-12, atol=0)
    with pytest.raises(TypeError, match="power must be 3, which is part of this program"):
        cube(X, power=2)
    with pytest.raises(ValueError, match=r"x must be float64\[3\], not float64\[2\]"):
        cube(X[:2], power=3)
    f(X[:2], power=2)
    f.export(tmp_path / "square.py")
    assert np.allclose(loaded(tmp_path / "square.py")(X[:2], power=2), X[:2] ** 2, rtol=1e-12)


def test_nothing_was_called(tmp_path):
    with pytest.raises(ad.AutodiffError, match="before the first call"):
        ad.jit(loss).export(tmp_path / "f.py")
    ad.jit(lambda: np.exp(1.0)).export(tmp_path / "e.py")
    assert loaded(tmp_path / "e.py")() == np.exp(1.0)


def test_what_has_changed_since_is_refused(tmp_path):
    table = {"rate": 0.5}
    f = ad.jit(lambda x: x * table["rate"])
    f(X)
    table["rate"] = "other"
    with pytest.raises(ad.AutodiffError, match="has changed since its last call"):
        f.export(tmp_path / "f.py")


def test_numbers_and_arrays_from_outside_are_as_they_are_now(tmp_path):
    large = np.ones(2000)
    f = ad.jit(lambda x: x + large)
    f(1.0)
    large[:] = 7
    f.export(tmp_path / "f.py")
    large[:] = 1
    gc.collect()
    assert np.array_equal(loaded(tmp_path / "f.py")(1.0), np.full(2000, 8.0))


def test_a_number_from_outside_is_a_number(tmp_path):
    rate = -0.5
    f = ad.jit(lambda x: x - rate * x**rate)
    f(2.0)
    rate = -0.25
    f.export(tmp_path / "f.py", 2.0)
    assert loaded(tmp_path / "f.py")(2.0) == pytest.approx(2.0 + 0.25 * 2.0**-0.25, rel=1e-12)


def test_random_numbers_are_refused_by_name(tmp_path):
    rng = np.random.default_rng(0)
    with pytest.raises(ad.AutodiffError, match=r"draws random numbers \(normal\)"):
        ad.jit(lambda x: x + rng.normal(size=3)).export(tmp_path / "f.py", X)
    assert not list(tmp_path.iterdir())


def test_rules_and_solvers_are_refused_by_name(tmp_path):
    @ad.custom_rule(vjp=lambda primals, output, cotangent: [cotangent])
    def users_own(x):
        return np.array([float(v) // 1 for v in x])

    root = ad.root(lambda x, a: x**3 - a, solver=lambda g, x0: 2.0)
    with pytest.raises(ad.AutodiffError, match=r"custom_rule.users_own is a rule of your own"):
        ad.jit(lambda x: users_own(x)).export(tmp_path / "f.py", X)
    with pytest.raises(ad.AutodiffError, match="is found by a solver"):
        ad.jit(lambda a: root(1.0, a)).export(tmp_path / "f.py", 8.0)
    assert not list(tmp_path.iterdir())


def test_checks_of_data_come_in_their_order(tmp_path):
    def f(x, k):
        ad.require(k < 3, IndexError("label {} is not below 3"), k)
        ad.require(x > 0, ValueError("x must be above 0, not {}"), x)
        return W[k] * np.log(x)

    ad.jit(f).export(tmp_path / "f.py", 1.0, np.int64(0))
    g = loaded(tmp_path / "f.py")
    assert np.allclose(g(2.0, np.int64(2)), f(2.0, np.int64(2)), rtol=1e-12, atol=0)
    with pytest.raises(IndexError, match="label 5 is not below 3"):
        g(-1.0, np.int64(5))
    with pytest.raises(ValueError, match=r"x must be above 0, not -1\.0"):
        g(-1.0, np.int64(1))


@pytest.mark.parametrize("number", [complex(-0.0, 1.0), complex(2.0, -0.0)])
def test_complex_constants_keep_the_sign_of_their_zeros(number, tmp_path):
    f = ad.jit(lambda z: np.multiply(z, np.complex128(number)), backend="numpy")
    z = np.array([complex(1.0, 0.0), complex(-2.0, -0.0)])
    f.export(tmp_path / "f.py", z)
    expected = repr((z * number).tolist())
    assert repr(f(z).tolist()) == expected
    assert repr(loaded(tmp_path / "f.py")(z).tolist()) == expected


def lstm(params, h, c, x):
    z = np.concatenate((h, x)) @ params["W"] + params["b"]
    i, f, o, g = np.split(z, 4)
    c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
    return np.tanh(c) / (1 + np.exp(-o)), c


def test_it_reads_as_a_person_would_write_it(tmp_path):
    """Operators, names, no buffers, and no product with a stack of one."""
    params = {"W": np.ones((5, 12)), "b": np.zeros(12)}
    ad.jit(lstm).export(tmp_path / "step.py", params, X, X, X[:2])
    text = (tmp_path / "step.py").read_text(encoding="utf-8")
    assert "v1 = np.concatenate((h, x))" in text
    assert "v2 = params_b + v1 @ params_W" in text
    for awkward in ("out=", "reshape", "buffers", "np.multiply", "strided"):
        assert awkward not in text
    found = loaded(tmp_path / "step.py")(params, X, X, X[:2])
    for y, expected in zip(found, lstm(params, X, X, X[:2]), strict=True):
        assert np.allclose(y, expected, rtol=1e-12, atol=0)


def hilbert(n):
    return 1 / (1 + np.add.outer(np.arange(n), np.arange(n)))


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (ad.hessian(lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)), X),
        (ad.grad(lambda x: np.linalg.slogdet(hilbert(3) + np.outer(x, x))[1]), X),
        (ad.grad(lambda x: np.sum(np.linalg.solve(hilbert(3), x) ** 2)), X),
        (ad.vmap(ad.grad(lambda x: np.exp(np.sin(x)) * x**2)), X),
        (lambda x: np.cumsum(x)[np.argsort(x)], X),
        (ad.grad(lambda x: np.sum(np.fft.fft(x).real ** 2)), X),
        (ad.jacrev(lambda x: np.convolve(x, X)), X),
        (ad.grad(lambda x: x**3 / (1 + x)), 0.5),
        (ad.grad(lambda x: np.max(x) * np.sum(np.where(x > 0, x, 0))), X.astype(np.float32)),
    ],
)
@pytest.mark.parametrize("backend", [None, "numpy"])
def test_programs_are_what_plain_code_computes(f, x, backend, tmp_path):
    if backend is None:
        pytest.importorskip("llvmlite")
    ad.jit(f, backend=backend).export(tmp_path / "f.py", x)
    found, expected = loaded(tmp_path / "f.py")(x), f(x)
    assert type(found) is type(expected)
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    tolerance = 1e-5 if np.asarray(x).dtype == np.float32 else 1e-11
    assert np.allclose(found, expected, rtol=tolerance, atol=tolerance)
