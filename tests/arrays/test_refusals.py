"""Conversion: what becomes an object of NumPy's or Python's own stays right, or is refused."""

import math
import pickle
import re

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


KEEP = "keep x as it is, use NumPy's functions (np.sin, not math.sin)"
DROPPING = {
    "float(x[0])": (lambda x: float(x[0]), KEEP),
    "math.sin(x[0])": (lambda x: math.sin(x[0]), "np.sin, not math.sin"),
    "math.fabs(x[0])": (lambda x: math.fabs(x[0]), "np.abs, not math.fabs"),
    "math.lgamma(x[0])": (lambda x: math.lgamma(x[0]), "scipy.special.gammaln, not math.lgamma"),
    "np.float64(x[0])": (lambda x: np.float64(x[0]), "x.astype(...)"),
    "np.array(x[0], float)": (lambda x: np.array(x[0], float), "x.astype(...)"),
    "np.array([x[0]], dtype=float)": (
        lambda x: np.array([x[0]], dtype=float),
        "leave the dtype out, or write np.stack([x[0]])",
    ),
    "np.array([[x[0], 1.0], [2.0, x[1]]], dtype=float)": (
        lambda x: np.array([[x[0], 1.0], [2.0, x[1]]], dtype=float),
        "write np.block([[x[0], 1.0], [2.0, x[1]]])",
    ),
    "np.array([x[0]]).astype(float)": (lambda x: np.array([x[0]]).astype(float), KEEP),
    "np.fromiter(x, float)": (lambda x: np.fromiter(x, float), KEEP),
    "PLAIN[1:3] = ..., assignment into a plain array": (
        lambda x: write(x[:2]),
        "np.zeros_like(x, shape=(4,)) with a tracked x",
    ),
    "np.zeros(4).__setitem__(0, x[0])": (lambda x: np.zeros(4).__setitem__(0, x[0]), KEEP),
    "default_rng(0).normal(x[0])": (lambda x: np.random.default_rng(0).normal(x[0]), KEEP),
    "assignment into a plain array (`a[0] = x`)": (math.exp, "start from np.zeros_like(x)"),
}
PLAIN = np.zeros(4)


def write(x):
    PLAIN[1:3] = x


@pytest.mark.parametrize("what", DROPPING)
def test_a_number_of_numpys_or_pythons_own_would_drop_the_derivative(what):
    """The error names what the user wrote, and what to write instead."""
    f, cure = DROPPING[what]
    x = 0.5 if f is math.exp else X
    refused(f, what, "would drop its derivative", cure, x=x)
    with pytest.raises(ad.NotDifferentiableError) as caught:
        ad.vmap(f)(np.stack((x, x)))
    for part in (what, "differs from example to example under vmap", cure):
        assert part in str(caught.value)


def test_a_range_with_a_tracked_end_would_drop_the_derivative():
    refused(lambda x: np.arange(x[0], 3.0), "np.arange(x[0], 3.0)", KEEP)


def of_a_list(function, *more):
    """`function` of a Python list of tracked numbers, and of the array that they make."""
    return (
        lambda x: x[0] * function([x[0], x[1] ** 2, 1.5], *more),
        lambda x: x[0] * function(np.stack([x[0], x[1] ** 2, 1.5]), *more),
    )


REDUCTIONS = (
    *(np.sum, np.prod, np.mean, np.var, np.std, np.median, np.average, np.max, np.min, np.ptp),
    *(np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmedian, np.nanmax, np.nanmin),
    *(np.linalg.norm, np.cumsum, np.diff, np.sort),
)


@pytest.mark.parametrize("function", REDUCTIONS, ids=lambda f: f.__name__)
def test_a_list_of_tracked_numbers_is_an_array(function):
    """NumPy's own code runs on an array of tracked numbers, and the derivative comes through."""
    listed, stacked = of_a_list(function)
    np.testing.assert_array_equal(listed(X), stacked(X))
    np.testing.assert_allclose(ad.jacfwd(listed)(X), ad.jacfwd(stacked)(X), rtol=1e-15)
    np.testing.assert_allclose(ad.jacrev(listed)(X), ad.jacrev(stacked)(X), rtol=1e-15)


@pytest.mark.parametrize("name", ["mean", "var", "std", "sum", "max", "cumsum"])
def test_the_methods_of_an_array_of_tracked_numbers(name):
    listed, stacked = of_a_list(
        lambda xs: getattr(np.array(xs) if type(xs) is list else xs, name)()
    )
    np.testing.assert_allclose(ad.jacobian(listed)(X), ad.jacobian(stacked)(X), rtol=1e-15)


def test_a_mean_of_a_list_batches_compiles_and_nests():
    listed, stacked = of_a_list(np.mean)
    batch = np.stack((X, 2 * X))
    np.testing.assert_array_equal(ad.vmap(listed)(batch), ad.vmap(stacked)(batch))
    np.testing.assert_allclose(ad.hessian(listed)(X), ad.hessian(stacked)(X), rtol=1e-15)
    assert ad.jit(ad.grad(listed))(X)[0] == ad.grad(stacked)(X)[0]


def of_names(x):
    pair = [x[0], x[1]]
    return np.isnan(pair)


def of_an_array(x):
    table = np.array([[x[0]], [x[1]]])
    return np.isnan(table)


ON_A_LIST = {
    "np.linalg.det(np.block([[x[0], 1.0], [1.0, x[1]]]))": lambda x: np.linalg.det(
        np.array([[x[0], 1.0], [1.0, x[1]]])
    ),
    "np.linalg.solve(np.block([[x[0], 1.0], [1.0, x[1]]]), [1.0, 2.0])": lambda x: np.linalg.solve(
        [[x[0], 1.0], [1.0, x[1]]], [1.0, 2.0]
    ),
    "np.interp(0.5, [0.0, 1.0], np.stack([x[0], x[1]]))": lambda x: np.interp(
        0.5, [0.0, 1.0], [x[0], x[1]]
    ),
    "np.tanh(np.stack([x[0], 1.0]))": lambda x: np.tanh([x[0], 1.0]),
    "np.isnan(np.stack(pair))": of_names,
    "np.isnan(np.block(table.tolist()))": of_an_array,
}


@pytest.mark.parametrize("cure", ON_A_LIST)
def test_what_takes_no_objects_is_refused_with_the_call_that_works(cure):
    f = ON_A_LIST[cure]
    refused(f, "np.array([...]) of tracked values is an array of objects", f"write {cure}")
    for call in (lambda: ad.vmap(f)(X[None]), lambda: ad.jit(f)(X), lambda: ad.trace(f, X)):
        with pytest.raises(ad.NotDifferentiableError, match=re.escape(f"write {cure}")):
            call()


@pytest.mark.parametrize("function", [np.max, np.sort, np.argmax, np.median])
def test_the_order_of_a_list_under_vmap_and_jit(function):
    def f(x):
        return function([x[0], x[1]])

    batch = np.stack((X, X[::-1]))
    with pytest.raises(ad.NotDifferentiableError) as caught:
        ad.vmap(f)(batch)
    assert "function([x[0], x[1]]) looks at the entries one by one" in str(caught.value)
    assert "write function(np.stack([x[0], x[1]]))" in str(caught.value)
    np.testing.assert_array_equal(ad.jit(f)(X), f(X))  # jit notes the decision


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


TABLE = np.arange(12.0).reshape(4, 3)
INDEXED = {
    "row": (lambda x, k: np.sum(TABLE[k] * x), "np.asarray(TABLE, like=k)[k]"),
    "number": (lambda x, k: TABLE[np.argmin(x)] @ x, "np.asarray(TABLE, like=x)[np.argmin(x)]"),
    "two": (lambda x, k: np.sum(TABLE[k, k - 1]), "np.asarray(TABLE, like=k)[k, k - 1]"),
    "slice": (lambda x, k: np.sum(TABLE[:, k] * x), "np.asarray(TABLE, like=k)[:, k]"),
    "mask": (lambda x, k: np.sum(TABLE[0][x > 1]), "np.where(x > 1, TABLE[0], 0)"),
    "nested": (lambda x, k: np.sum(np.sqrt(TABLE[k][0])), "np.asarray(TABLE, like=k)[k]"),
}


@pytest.mark.parametrize("program", INDEXED)
@pytest.mark.parametrize("transform", [ad.jit(pure=True), ad.vmap], ids=["jit", "vmap"])
def test_a_plain_array_at_a_tracked_index_is_refused_with_the_cure(program, transform):
    f, cure = INDEXED[program]
    x, k = X[:3], np.array([1, 2, 1])
    arguments = (x, k) if transform is not ad.vmap else (np.stack((x, x)), np.stack((k, k)))
    with pytest.raises(ad.NotDifferentiableError) as caught:
        transform(f)(*arguments)
    assert cure in str(caught.value)
    assert "test_refusals.py" in str(caught.value)


def test_a_plain_array_at_a_tracked_place_is_not_written_into():
    def ranks(x):
        places = np.zeros(3)
        order = np.argsort(x)
        places[order] = np.arange(3.0)
        return places

    with pytest.raises(ad.NotDifferentiableError, match=r"np\.zeros_like\(x, shape=\(3,\)\)"):
        ad.jit(ranks)(X[:3])


def test_a_mask_of_a_plain_array_becomes_where():
    def chosen(x):
        mask = x > 1
        return np.sum(TABLE[0][mask])

    with pytest.raises(ad.NotDifferentiableError, match=r"np\.where\(mask, TABLE\[0\], 0\)"):
        ad.vmap(chosen)(np.stack((X[:3], X[:3])))


def test_the_loop_of_vmap_takes_a_plain_array_at_a_batched_index():
    found = ad.vmap(lambda x: TABLE[np.argmin(x)], fallback="loop")(np.stack((X, -X)))
    np.testing.assert_array_equal(found, TABLE[[1, 2]])


def test_a_wrong_index_of_the_user_stays_as_it_is():
    with pytest.raises(IndexError, match="only integers"):
        ad.grad(lambda x: TABLE[1.5] * x)(1.0)


def test_a_plain_array_like_a_tracked_one_takes_a_tracked_index():
    def looked_up(x):
        table = np.asarray(TABLE, like=x)
        order = np.argsort(x)
        return table[order, order] @ x + table[:3, np.argmin(x)] @ table[order[0], :]

    stack = np.stack((X[:3], X[1:]))
    expected = [looked_up(x) for x in stack]
    np.testing.assert_allclose(ad.vmap(looked_up)(stack), expected)
    np.testing.assert_allclose(ad.jit(looked_up)(stack[1]), expected[1])
    np.testing.assert_allclose(ad.jit(ad.vmap(looked_up))(stack), expected)


class Series:
    """What matters of a Series of pandas: an array with labels, which takes itself for one."""

    __module__ = "pandas.core.series"
    dtype, shape = np.dtype(float), (4,)

    def __array__(self, dtype=None, copy=None):
        return np.array([2.0, 0.5, -1.0, 3.0], dtype)


def test_data_of_pandas_go_by_their_places():
    series, plain = Series(), np.asarray(Series())
    for f in (lambda x, c: x * c, lambda x, c: np.subtract(c, x), lambda x, c: np.dot(c, x)):
        np.testing.assert_array_equal(
            ad.jacobian(lambda x, f=f: f(x, series))(X), ad.jacobian(lambda x, f=f: f(x, plain))(X)
        )
    np.testing.assert_array_equal(ad.vmap(lambda v: 2 * v)(series), 2 * plain)
    with pytest.raises(
        ad.NotDifferentiableError, match=r"argument 0 of .* is a Series; use np\.asarray"
    ):
        ad.grad(lambda c: np.sum(c))(series)


def test_pandas_leaves_its_operators_to_a_tracked_value():
    pd = pytest.importorskip("pandas")
    series, table = pd.Series([2.0, 0.5, -1.0, 3.0]), pd.DataFrame(np.ones((2, 4)))
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(series * x))(X), series.to_numpy())
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum((series - x) ** 2))(0.0), -9.0)
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(table @ x))(X), np.full(4, 2.0))
