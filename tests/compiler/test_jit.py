"""`jit` as people use it: nests, types, threads, mistakes; on both back ends."""

from __future__ import annotations

import gc
import re
import sys
import threading
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.compiler import jit

BOTH = pytest.mark.parametrize("backend", ["llvm", "numpy"])


def emblem(x: Any) -> Any:
    e = np.exp(x)
    return np.exp(e + e**2) + np.sin(e + e**2)


@BOTH
def test_a_float_gives_floats(backend: str) -> None:
    value, slope = ad.jit(ad.value_and_grad(emblem), backend=backend)(0.1)
    expected = ad.value_and_grad(emblem)(0.1)
    assert value == pytest.approx(expected[0], rel=1e-14)
    assert slope == pytest.approx(expected[1], rel=1e-14)
    assert type(value) is type(expected[0])


@BOTH
@pytest.mark.parametrize("x", [2.0, np.float64(2), np.float32(2), np.array(2.0), 3, True])
def test_results_have_the_type_of_plain_evaluation(backend: str, x: Any) -> None:
    def f(x: Any) -> Any:
        return x * 2, x + 0.5, -(x * 1.5), np.sin(x)

    for found, expected in zip(ad.jit(f, backend=backend)(x), f(x), strict=True):
        assert type(found) is type(expected)
        assert np.asarray(found).dtype == np.asarray(expected).dtype
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@BOTH
def test_python_numbers_stay_weak(backend: str) -> None:
    step = ad.jit(lambda w, rate: w - rate * w, backend=backend)
    assert step(np.ones(3, np.float32), 0.1).dtype == np.float32
    assert step(np.ones(3, np.float32), np.float64(0.1)).dtype == np.float64


@BOTH
def test_nests_in_and_out(backend: str) -> None:
    def step(model: Any, x: Any, rate: float) -> Any:
        def loss(m: Any) -> Any:
            return np.sum((x @ m["W"] + m["b"]) ** 2)

        value, slope = ad.value_and_grad(loss)(model)
        return {"loss": value, "model": {k: model[k] - rate * slope[k] for k in model}}

    model = {"W": np.ones((3, 2)), "b": np.zeros(2)}
    x = np.arange(6.0).reshape(2, 3)
    found = ad.jit(step, backend=backend)(model, x, rate=0.1)
    expected = step(model, x, 0.1)
    assert found["loss"] == pytest.approx(expected["loss"])
    np.testing.assert_allclose(found["model"]["W"], expected["model"]["W"])
    np.testing.assert_allclose(found["model"]["b"], expected["model"]["b"])


@BOTH
def test_one_version_for_each_shape_and_type(backend: str) -> None:
    f = ad.jit(lambda x: np.sum(x * x), backend=backend)
    for x in (np.ones(3), np.ones(4), np.ones(3, np.float32), 2.0, np.ones(3)):
        assert f(x) == np.sum(np.asarray(x) ** 2)
    shown = {"llvm": "LLVM", "numpy": "NumPy"}[backend]
    assert repr(f).endswith(f": 4 versions, {shown}>")


@BOTH
def test_other_arguments_are_part_of_the_program(backend: str) -> None:
    f = ad.jit(
        lambda x, how, twice=False: getattr(np, how)(x) * (2 if twice else 1), backend=backend
    )
    assert f(np.ones(2), "sum") == 2
    assert f(np.ones(2), "sum", twice=True) == 4
    assert f(np.ones(2), "prod") == 1


@BOTH
def test_any_layout_and_byte_order(backend: str) -> None:
    f = ad.jit(lambda a, b: a @ b + np.sin(a[0, 0]), backend=backend)
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(4, 3)
    expected = a @ b.T + np.sin(a[0, 0])
    for x in (a, np.asfortranarray(a), a[:, ::-1][:, ::-1], a.astype(">f8")):
        np.testing.assert_allclose(f(x, b.T), expected)
    unaligned = np.frombuffer(b"x" + a.tobytes(), np.uint8)[1:].view(np.float64).reshape(2, 3)
    np.testing.assert_allclose(f(unaligned, b.T), expected)


@BOTH
def test_results_belong_to_the_caller(backend: str) -> None:
    table = np.arange(3.0)
    f = ad.jit(lambda x: (x, x, x[::-1], np.zeros_like(x) + table, table * 1.0), backend=backend)
    x = np.ones(3)
    first = f(x)
    for y in first:
        y[...] = 7.0
    assert x.tolist() == [1, 1, 1]
    assert table.tolist() == [0, 1, 2]
    second = f(x)
    assert [y.tolist() for y in second] == [[1, 1, 1]] * 3 + [[0, 1, 2]] * 2
    assert all(y.tolist() == [7, 7, 7] for y in first)


@BOTH
def test_arguments_are_not_written_to(backend: str) -> None:
    def f(x: Any) -> Any:
        y = x * 2
        y[0] = 5.0
        x[1] = 0.0
        return y + x

    x = np.ones(3)
    assert ad.jit(f, backend=backend, pure=True)(x).tolist() == [6, 2, 3]
    with pytest.raises(ad.AutodiffError, match="changes its argument in place"):
        ad.jit(f, backend=backend)(x)
    assert x.tolist() == [1, 1, 1]


@BOTH
@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: x * float(x[0]), "float(x)"),
        (lambda x: np.sum(x[x > 0]), "x[mask]"),
        (lambda x: x[np.nonzero(x)], "np.nonzero"),
        (lambda x: x[: int(x[0])], "int(x)"),
        (lambda x: np.unique(x), "np.unique"),
    ],
)
def test_what_python_does_with_values_is_refused(backend: str, f: Any, what: str) -> None:
    with pytest.raises(ad.NotDifferentiableError) as error:
        ad.jit(f, backend=backend)(np.ones(3))
    assert what in str(error.value)
    assert "test_jit.py" in str(error.value)  # the line


@BOTH
def test_an_index_out_of_bounds_raises(backend: str) -> None:
    f = ad.jit(lambda x, i: np.sum(x[i] ** 2), backend=backend)
    x = np.arange(4.0)
    assert f(x, np.array([0, -1])) == 9
    with pytest.raises(IndexError, match="out of bounds"):
        f(x, np.array([0, 4]))
    with pytest.raises(IndexError, match="out of bounds"):
        f(x, np.array([-5, 0]))
    slope = ad.jit(ad.grad(lambda x, i: np.sum(x[i] ** 2)), backend=backend)
    assert slope(x, np.array([3, 3])).tolist() == [0, 0, 0, 12]


@BOTH
def test_threads_share_a_function(backend: str) -> None:
    def f(x: Any) -> Any:
        return np.sum(np.tanh(x @ x.T) ** 2, axis=0) + np.max(x, axis=1)

    compiled = ad.jit(f, backend=backend)
    inputs = [np.random.default_rng(k).normal(size=(40, 40)) for k in range(8)]
    expected = [f(x) for x in inputs]
    wrong: list[int] = []

    def work(k: int) -> None:
        right = [np.allclose(compiled(inputs[k]), expected[k]) for _ in range(50)]
        wrong.extend([k] * right.count(False))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []


@BOTH
def test_calls_leave_nothing_behind(backend: str) -> None:
    f = ad.jit(lambda x, y: (x * y, np.sum(x), 2.0 * y), backend=backend)
    x = np.ones(5)
    f(x, 1.5)
    watched = (x, np.dtype(np.float64), np.float64, np.ndarray)
    gc.collect()
    before = [sys.getrefcount(o) for o in watched]
    for _ in range(1000):
        f(x, 1.5)
    assert all(abs(sys.getrefcount(o) - n) < 20 for o, n in zip(watched, before, strict=True))


@BOTH
def test_inside_other_transforms(backend: str) -> None:
    f = ad.jit(lambda x: np.sum(np.sin(x) ** 2), backend=backend)
    x = np.array([0.3, 1.2])
    np.testing.assert_allclose(ad.grad(f)(x), np.sin(2 * x))
    np.testing.assert_allclose(ad.hessian(f)(x), np.diag(2 * np.cos(2 * x)))
    np.testing.assert_allclose(ad.vmap(f)(np.stack([x, x])), [f(x)] * 2)
    np.testing.assert_allclose(ad.jit(ad.grad(f), backend=backend)(x), np.sin(2 * x))


@BOTH
def test_a_closure_that_a_transform_watches(backend: str) -> None:
    def loss(w: Any) -> Any:
        inner = ad.jit(lambda x: x * w**2, backend=backend)
        return np.sum(inner(np.array([1.0, 2.0])))

    assert ad.grad(loss)(3.0) == 18.0
    assert ad.jit(ad.grad(loss), backend=backend)(3.0) == 18.0


@BOTH
def test_closures_are_inputs_or_by_promise_constants(backend: str) -> None:
    c = np.arange(3.0)
    f = ad.jit(lambda x: x * c, backend=backend)
    g = ad.jit(lambda x: x * c, backend=backend, pure=True)
    assert f(np.ones(3)).tolist() == g(np.ones(3)).tolist() == [0, 1, 2]
    c[0] = 5.0
    assert f(np.ones(3)).tolist() == [5, 1, 2]
    assert g(np.ones(3)).tolist() == [0, 1, 2]


@BOTH
def test_special_values(backend: str) -> None:
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 5e-324, 1.7e308, -3.0])

    def f(x: Any) -> Any:
        return (
            *(x * 1, x - 0.0, x + 0.0, x * -1, x / 3.0, x / np.array([5e-324])),
            *(np.maximum(x, 0.0), np.where(x > 0, x, -0.0), np.max(x), np.sum(x[3:5]), np.abs(x)),
        )

    with np.errstate(all="ignore"):
        for found, expected in zip(ad.jit(f, backend=backend)(x), f(x), strict=True):
            np.testing.assert_array_equal(found, expected)
            zero = np.asarray(expected) == 0
            assert (np.signbit(found)[zero] == np.signbit(expected)[zero]).all()


@BOTH
def test_long_sums_of_float32_lose_nothing(backend: str) -> None:
    """One running sum would stand still at 2^24; many partial sums, of one block each, do not."""
    x = np.ones(2**24 + 12345, np.float32)
    assert ad.jit(lambda x: np.sum(x), backend=backend)(x) == 2**24 + 12344  # the nearest float32
    columns = np.ones((2**10, 3), np.float32)
    assert ad.jit(lambda x: np.sum(x, axis=0), backend=backend)(columns).tolist() == [1024] * 3


@BOTH
def test_strong_zeros(backend: str) -> None:
    slope = ad.jit(ad.grad(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0))), backend=backend)
    assert slope(np.array([0.0, 4.0])).tolist() == [0, 0.25]


@BOTH
def test_a_program_with_gaps_inside_other_transforms(backend: str) -> None:
    f = ad.jit(lambda a: np.sum(np.linalg.inv(a)), backend=backend)
    a = np.array([[2.0, 0.5], [0.5, 1.0]])
    f(a)
    np.testing.assert_allclose(ad.grad(f)(a), ad.grad(lambda a: np.sum(np.linalg.inv(a)))(a))
    with pytest.raises(TypeError):
        f()
    np.testing.assert_allclose(f(a.astype(np.float32)), f(a), rtol=1e-6)
    np.testing.assert_allclose(f(a[:1, :1]), 0.5)


def test_what_llvm_lacks_numpy_computes() -> None:
    def f(a: Any) -> Any:
        return np.linalg.eigvalsh(a) + np.sort(a, axis=0)

    compiled = ad.jit(f, backend="llvm")
    a = np.eye(3) + 0.1
    np.testing.assert_allclose(compiled(a), f(a))
    report = compiled.report()
    assert re.search(r"first call: tracing .* s, lowering .* s, compiling .* s\n", report)
    assert "left to NumPy" in report
    assert "eigvalsh" in report
    assert "sort" in report


def test_a_program_is_shown() -> None:
    f = ad.jit(ad.grad(lambda x: np.sum(np.tanh(x) ** 2)))
    with pytest.raises(ad.AutodiffError, match="does not exist before the first call"):
        f.source
    f(np.ones(3))
    assert str(f.program) == (
        "program <lambda>(v1: float64[3])\n"
        "    v2: float64[3] = tanh(v1)\n"
        "    v5: float64[3] = multiply(v2, 2.0)\n"
        "    v6: float64[3] = sech_squared(v1)\n"
        "    v7: float64[3] = multiply(v5, v6)\n"
        "    return v7"
    )
    assert f.source == (
        "def compiled(buffers, x0):\n"
        "    b0, = buffers\n"
        "    v2 = np.tanh(x0, out=b0)\n"
        "    v5 = np.multiply(v2, np.float64(2.0), out=b0)\n"
        "    v6 = sech_squared(x0)\n"
        "    v7 = np.multiply(v5, v6)\n"
        "    return v7\n"
    )


def test_mistakes_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ad.AutodiffError, match=r"neither .llvm. nor .numpy."):
        ad.jit(emblem, backend="cuda")
    with pytest.raises(ad.AutodiffError, match="neither numeric nor hashable"):
        ad.jit(lambda x, s: x, pure=True)(1.0, {1, 2})
    monkeypatch.setattr(jit, "find_spec", lambda name: None)
    with pytest.raises(ad.MissingExtraError, match="pip install"):
        ad.jit(emblem, backend="llvm")
    assert ad.jit(emblem)(0.1) == pytest.approx(emblem(0.1))  # NumPy takes over


def test_as_a_decorator() -> None:
    @ad.jit
    def f(x: Any) -> Any:
        """Doubles."""
        return 2 * x

    @ad.jit(backend="numpy")
    def g(x: Any) -> Any:
        return 3 * x

    assert (f(2.0), g(2.0)) == (4.0, 6.0)
    assert f.__doc__ == "Doubles."


def test_a_line_that_is_too_long_runs_in_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    loops = pytest.importorskip("autodiff.compiler.llvm.loops")
    monkeypatch.setattr(loops, "LONGEST", 20)

    def f(x: Any) -> Any:
        for _ in range(50):
            x = x + np.sin(x)
        return x

    compiled = ad.jit(f, backend="llvm")
    assert compiled(0.3) == pytest.approx(f(0.3))
    assert "too long for LLVM" in compiled.report()
