"""Conversion: what becomes an object of NumPy's or Python's own stays right, or is refused."""

import math
import pickle

import numpy as np
import pytest

import autodiff as ad

X = np.array([0.6, -1.3, 2.2, 1.4])
MODES = pytest.mark.parametrize("jacobian", [ad.jacfwd, ad.jacrev], ids=["forward", "reverse"])


def refused(f, *parts, x=X):
    """`f` is refused in both modes, and the message says every part."""
    for derivative in (lambda: ad.jvp(f, (x,), (x,)), lambda: ad.vjp(f, x)):
        with pytest.raises(ad.NotDifferentiableError) as caught:
            derivative()
        for part in parts:
            assert part in str(caught.value)


@MODES
def test_an_object_array_is_gathered_at_the_end(jacobian):
    found = jacobian(lambda x: np.array([[x[0], x[1] ** 2], [1.0, x[0] * x[2]]]))(X)
    assert found.dtype == float
    assert found.shape == (2, 2, 4)
    np.testing.assert_allclose(found[1, 1], [2.2, 0, 0.6, 0])


@MODES
def test_an_object_array_beside_a_tensor_is_gathered(jacobian):
    def f(x):
        return np.array([x[1], x[0]]) * x[:2] + np.concatenate((np.array([x[2]]), [x[3]]))

    np.testing.assert_allclose(jacobian(f)(X), [[-1.3, 0.6, 1, 0], [-1.3, 0.6, 0, 1]])


def test_an_object_array_inside_vmap_is_gathered():
    found = ad.vmap(lambda x: np.array([x[0], x[1] ** 2]))(np.stack((X, 2 * X)))
    np.testing.assert_allclose(found, [[0.6, 1.69], [1.2, 6.76]])


def test_an_object_array_of_a_second_order_function():
    hessian = ad.hessian(lambda x: np.sum(np.array([x[0] ** 3, x[0] * x[1]]) ** 2))(X[:2])
    np.testing.assert_allclose(hessian, ad.hessian(lambda x: x[0] ** 6 + (x[0] * x[1]) ** 2)(X[:2]))


@pytest.mark.parametrize("function", [np.linalg.inv, np.linalg.det, np.linalg.eigvalsh, np.fft.fft])
def test_what_does_not_work_on_objects_is_refused_with_the_cure(function):
    refused(lambda x: function(np.array([[x[0], 1.0], [1.0, x[1]]])), "np.stack", "np.block")


@pytest.mark.parametrize(
    "f",
    [
        lambda x: float(x[0]),
        lambda x: math.sin(x[0]),
        lambda x: np.float64(x[0]),
        lambda x: np.array([x[0]], dtype=float),
        lambda x: np.array([x[0]]).astype(float),
        lambda x: np.fromiter(x, float),
        lambda x: np.arange(x[0], 3.0),
        lambda x: np.zeros(4).__setitem__(0, x[0]),
        lambda x: np.zeros(4).__setitem__(slice(None), x),
        lambda x: np.random.default_rng(0).normal(x[0]),
    ],
)
def test_a_number_of_numpys_or_pythons_own_would_drop_the_derivative(f):
    refused(f, "float(x)", "np.sin, not math.sin")


@MODES
def test_np_full_makes_an_array_of_objects(jacobian):
    np.testing.assert_array_equal(jacobian(lambda x: np.full(3, x[0]))(X)[:, 0], 1)


def test_complex_values_do_not_become_objects():
    """NumPy takes the imaginary part of an array of objects for 0."""
    refused(lambda x: np.array([x[0] * 1j]).imag, "np.stack")
    refused(lambda x: np.asarray(x + 1j).imag, "np.stack")
    refused(lambda x: complex(x[0]), "complex(x)")


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_arrays_of_their_own_mind_are_refused():
    """A product with np.matrix is a matrix product, and a masked array leaves entries out."""
    masked, matrix = np.ma.masked_less(X, 0), np.matrix(np.ones((4, 4)))
    refused(lambda x: matrix * x, "matrix", "np.asarray")
    refused(lambda x: np.add(x, matrix), "matrix", "np.asarray")
    refused(lambda x: np.add(x, masked), "MaskedArray", "np.asarray")
    refused(lambda x: masked * x)


def test_a_plain_array_cannot_be_added_to_in_place():
    def f(x):
        total = np.zeros(4)
        total += x
        return total

    refused(f, "np.add: out", "np.zeros_like(x)")


@pytest.mark.parametrize(
    "write",
    [
        lambda a, x: np.copyto(a, x),
        lambda a, x: np.put(a, [0], x[0]),
        lambda a, x: np.putmask(a, a == 0, x),
        lambda a, x: np.put_along_axis(a, np.array([0]), x[:1], 0),
        lambda a, x: np.sin(x, out=a),
        lambda a, x: np.sum(x, out=np.zeros(())),
        lambda a, x: np.concatenate((x[:2], x[:2]), out=a),
    ],
)
def test_a_plain_array_cannot_hold_a_tracked_value(write):
    refused(lambda x: write(np.zeros(4), x) or x, "np.", "plain array")


def test_printing_and_pickling_and_saving(tmp_path):
    seen = []

    def f(x):
        seen.extend((repr(x), str(x), f"{x[0]:.2f}", np.array2string(x), np.array_repr(x[:1])))
        return np.sum(x)

    ad.grad(f)(X)
    assert seen[0] == seen[1] == "Tensor([ 0.6, -1.3,  2.2,  1.4])"
    assert seen[2:] == ["0.60", "[ 0.6 -1.3  2.2  1.4]", "array([0.6])"]
    refused(pickle.dumps, "stop_gradient")
    refused(lambda x: np.save(tmp_path / "x.npy", x), "np.save")
    refused(lambda x: np.savetxt(tmp_path / "x.txt", x), "np.savetxt")


def test_as_strided_of_a_tensor_is_never_silent():
    with pytest.raises((TypeError, ValueError, AttributeError)):
        ad.grad(lambda x: np.sum(np.lib.stride_tricks.as_strided(x, (2, 2), x.strides * 2)))(X)


def test_python_takes_the_branch_that_it_sees():
    assert ad.grad(lambda x: max(x[0], x[2]) * 2)(X).tolist() == [0, 0, 2, 0]
    assert ad.grad(lambda x: sorted(x)[1])(X).tolist() == [1, 0, 0, 0]
    assert ad.grad(lambda x: x[0] if x[0] > 1 else -x[0])(X).tolist() == [-1, 0, 0, 0]


def test_what_truncates_is_flat():
    def f(x):
        return (
            x[2] * int(x[2]) * round(x[2]) * math.floor(x[2]) * math.ceil(x[2]) * math.trunc(x[2])
        )

    assert ad.grad(f)(X)[2] == 2 * 2 * 2 * 3 * 2
    assert ad.grad(lambda x: round(x[2], 1) * x[2])(X)[2] == 2.2


def test_questions_that_differ_from_example_to_example_are_refused():
    for f in (
        lambda x: x if x > 1 else -x,
        lambda x: x * int(x),
        lambda x: x * round(x),
        lambda x: x * math.floor(x),
        lambda x: x * len(f"{x:.2f}"),
        lambda x: x * X[int(x)],
    ):
        with pytest.raises(ad.NotDifferentiableError, match="example to example"):
            ad.vmap(f)(X)


def test_vectorize_is_right():
    f = np.vectorize(lambda v, w: v * w if v > 0 else w**2)
    np.testing.assert_allclose(
        ad.grad(lambda x: f(x, 2 * x).sum())(X), np.where(X > 0, 4 * X, 8 * X)
    )


def test_iteration_and_unpacking():
    (a, b), *rest = [ad.grad(lambda x: x[0] * x[1])(X[:2]), 1]
    assert (a, b) == (-1.3, 0.6)
    assert rest == [1]
    with pytest.raises(TypeError, match="iteration over a tracked scalar"):
        ad.grad(lambda x: sum(x))(2.0)
    with pytest.raises(TypeError, match="len"):
        ad.grad(lambda x: len(x))(2.0)
