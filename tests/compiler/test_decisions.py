"""`if`, `while` and `assert` on values under jit: each path has a version, with Python's answer."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.compiler import decisions

BOTH = pytest.mark.parametrize("backend", ["llvm", "numpy"])


def either(x):
    return x**2 if x > 0 else -x


def largest(x, y):
    return max(x, y) * min(x, y) ** 2


def early(x):
    for k in range(5):
        if np.sum(x) > 10:
            return np.sum(x) * k
        x = x * 2
    return np.max(x)


def newton(a):
    x = a
    while abs(x * x - a) > 1e-9:
        x = (x + a / x) / 2
    return x


def bisected(a):
    low, high = 0.0 * a, a + 1
    for _ in range(40):
        middle = (low + high) / 2
        if middle * middle > a:
            high = middle
        else:
            low = middle
    return (low + high) / 2 + 0 * a


def line_search(x):
    def f(x):
        return np.sum(x**4 - x)

    slope = 4 * x**3 - 1
    step = 1.0
    while f(x - step * slope) > f(x) - 0.3 * step * np.sum(slope**2):
        step = step / 2
    return f(x - step * slope)


def adaptive(y):
    t, h = 0.0, 0.5
    while t < 2:
        whole = y + h * np.sin(y + h / 2 * np.sin(y))
        half = y + h / 2 * np.sin(y + h / 4 * np.sin(y))
        twice = half + h / 2 * np.sin(half + h / 4 * np.sin(half))
        if np.max(np.abs(whole - twice)) < 1e-3:
            t, y = t + h, twice
            h = min(1.5 * h, 2 - t) if t < 2 else h
        else:
            h = h / 2
    return np.sum(y**2)


def determinant(a):
    rows, product = [a[k] for k in range(len(a))], 1.0
    for k in range(len(rows)):
        p = max(range(k, len(rows)), key=lambda i: abs(rows[i][k]))
        if p != k:
            rows[k], rows[p], product = rows[p], rows[k], -product
        for i in range(k + 1, len(rows)):
            rows[i] = rows[i] - rows[i][k] / rows[k][k] * rows[k]
        product = product * rows[k][k]
    return product


PROGRAMS = [
    (either, lambda rng: (rng.normal(),)),
    (largest, lambda rng: (rng.normal(), rng.normal())),
    (early, lambda rng: (rng.uniform(0, 3, 4),)),
    (newton, lambda rng: (rng.uniform(0.1, 50),)),
    (bisected, lambda rng: (rng.uniform(0.1, 5),)),
    (line_search, lambda rng: (rng.normal(size=3),)),
    (adaptive, lambda rng: (rng.normal(size=2),)),
    (determinant, lambda rng: (rng.normal(size=(3, 3)),)),
]
TRANSFORMS = {
    "value": lambda f: f,
    "reverse": ad.value_and_grad,
    "forward": ad.jacfwd,
    "second": lambda f: ad.jacfwd(ad.grad(f)),
}


@BOTH
@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize(("f", "arguments"), PROGRAMS)
def test_any_start_gives_the_plain_answer(f, arguments, transform, backend):
    rng = np.random.default_rng(len(f.__name__))
    plain = TRANSFORMS[transform](f)
    compiled = ad.jit(plain, backend=backend)
    for _ in range(8 if f in (bisected, adaptive) else 20):
        args = arguments(rng)
        pair = (ad.tree.flatten(g(*args))[0] for g in (compiled, plain))
        for found, expected in zip(*pair, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9)
            assert type(found) is type(expected) or transform != "value"
    assert "path" in compiled.report()


@BOTH
def test_a_path_is_compiled_once(backend):
    traced = []

    def f(x):
        traced.append("")
        return np.sin(x) if x > 0 else np.cos(x)

    compiled = ad.jit(f, backend=backend, pure=True)
    for x in (1.0, 2.0, -1.0, 3.0, -2.0, 1.0):
        assert compiled(x) == pytest.approx(np.sin(x) if x > 0 else np.cos(x))
    assert len(traced) == 2
    assert "2 paths of at most 32; this one takes 1 decision by values" in compiled.report()


def test_beyond_the_bound_the_call_is_the_plain_one(monkeypatch):
    monkeypatch.setattr("autodiff.compiler.jit.MOST_PATHS", 3)
    monkeypatch.setattr("autodiff.compiler.report.MOST_PATHS", 3)

    def rounds(x):
        n = 0
        while x > 1:
            x, n = x / 2, n + 1
        return n * x

    compiled = ad.jit(rounds)
    for start in range(1, 2000, 71):
        assert compiled(float(start)) == rounds(float(start))
    assert "any other path is not compiled" in compiled.report()


def test_a_path_of_too_many_decisions_is_called_as_it_is(monkeypatch):
    monkeypatch.setattr(decisions, "MOST_DECISIONS", 10)

    def f(x):
        n = 0
        while x < 100:
            x, n = x + 1, n + 1
        return n + x

    compiled = ad.jit(f)
    assert compiled(0.5) == f(0.5)
    assert compiled(99.5) == f(99.5)
    assert "called as it is, since it decides by values more than 10 times" in compiled.report()
    with pytest.raises(ad.AutodiffError, match="source of f does not exist"):
        _ = compiled.source


@BOTH
def test_errors_are_those_of_the_path_that_is_taken(backend):
    def f(x):
        if not np.all(x > 0):
            raise AssertionError("not positive")
        if x[0] > 5:
            raise ValueError("too large")
        ad.require(x[1] < 3, OverflowError("second"))
        return np.log(x) if x[1] > 1 else np.linalg.inv(np.outer(x, x) + np.diag(x - 0.5))

    compiled = ad.jit(f, backend=backend)
    for x, error in (
        ([1.0, 2.0], None),
        ([1.0, 4.0], OverflowError),
        ([-1.0, 4.0], AssertionError),
        ([6.0, 4.0], ValueError),
        ([1.0, 0.7], None),
        ([1.0, 2.5], None),
    ):
        given = np.array(x)
        if error is None:
            np.testing.assert_allclose(compiled(given), f(given), rtol=1e-12)
            continue
        for function in (f, compiled):
            with pytest.raises(error):
                function(given)


def test_what_another_path_would_do_is_not_done():
    def f(x):
        if x > 0:
            return ad.while_loop(lambda v: v < 100, lambda v: v * (1 + x), x)
        return -x

    compiled = ad.jit(f)
    assert compiled(2.0) == f(2.0)
    assert compiled(-2.0) == 2.0  # the loop would not end
    assert "might not end" in compiled.report()

    def g(a, b):
        return np.sum(np.linalg.cholesky(a)) if b > 0 else b

    compiled = ad.jit(g)
    assert compiled(np.eye(2), 1.0) == 2
    assert compiled(-np.eye(2), -1.0) == -1  # which has no Cholesky factor


def test_arguments_and_what_is_read_outside_may_decide():
    scale = np.array(2.0)

    def f(x, n):
        if np.any(x > scale) and n:
            return np.sum(x) * n
        return np.max(x)

    compiled = ad.jit(f)
    for value in (2.0, 5.0, 0.0):
        scale[...] = value
        for n in (0, 3):
            assert compiled(np.array([1.0, 3.0]), n) == f(np.array([1.0, 3.0]), n)


def test_random_numbers_beside_decisions_are_drawn_once():
    def f(x, rng):
        return x + rng.normal() if x > 0 else x

    compiled, own, other = ad.jit(f), np.random.default_rng(0), np.random.default_rng(0)
    for x in (1.0, -1.0, 2.0):
        assert compiled(x, own) == f(x, other)
    assert own.bit_generator.state == other.bit_generator.state
    assert "draws random numbers (normal) and decides by values" in compiled.report()


def test_arrays_of_several_values_are_not_true_or_false():
    with pytest.raises(ValueError, match="ambiguous"):
        ad.jit(lambda x: x if x > 0 else -x)(np.ones(2))


@BOTH
def test_large_arrays_decide_too(backend):
    def f(x):
        y = np.sin(x) * 2
        return np.sum(y) if np.allclose(y, 0) or np.mean(y) > 0.1 else np.sum(y**2)

    compiled = ad.jit(ad.value_and_grad(f), backend=backend)
    for x in (np.zeros(10_000), np.full(10_000, 0.5), np.full(10_000, -0.5)):
        for found, expected in zip(compiled(x), ad.value_and_grad(f)(x), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-10)
