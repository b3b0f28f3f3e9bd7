"""What generated forms found: results of another type than NumPy's, arguments that NumPy takes and
that were refused or crashed, and refusals whose cure did not fit."""

import numpy as np
import pytest

import autodiff as ad

X = np.array([0.6, -1.3, 2.2, 1.4])
M = np.array([[0.3, -1.1, 2.5], [1.9, 0.8, -0.4]])
EMPTY = np.zeros((0, 3))

NUMBERS = {
    "np.median": np.median,
    "np.nanmedian": np.nanmedian,
    "np.quantile": lambda x: np.quantile(x, 0.3),
    "np.nanvar": np.nanvar,
    "np.mean(dtype=int)": lambda x: np.mean(x, dtype=int),
    "np.std(dtype=int)": lambda x: np.std(x, dtype=int),
    "np.nan_to_num": lambda x: np.nan_to_num(np.sum(x)),
    "np.median(keepdims)": lambda x: np.median(np.sum(x), keepdims=True),
    "np.nanvar(keepdims)": lambda x: np.nanvar(x, keepdims=True),
}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("x", [X, M.astype(np.float32)], ids=str)
def test_a_result_without_axes_is_a_number_where_numpy_gives_one(name, x):
    f = NUMBERS[name]
    for y in (ad.jvp(f, (x,), (np.ones_like(x),))[0], ad.vjp(f, x)[0]):
        assert type(y) is type(f(x))
        assert y == f(x)
        assert y.dtype == f(x).dtype


def test_several_results_without_axes_are_numbers():
    for f in (np.unstack, lambda x: np.average(x, weights=x + 2, returned=True)):
        assert [type(y) for y in ad.vjp(f, X)[0]] == [type(y) for y in f(X)]
        assert np.array_equal(ad.vjp(f, X)[0], f(X))


REDUCTIONS = (
    *(np.sum, np.prod, np.max, np.min, np.ptp, np.nansum, np.nanmax, np.cumsum, np.cumprod),
    *(np.any, np.all, np.argmax, np.argmin, np.count_nonzero, np.argsort, np.logical_and.reduce),
)


@pytest.mark.parametrize("f", REDUCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("axis", [0, -1])
def test_a_number_has_one_axis_for_reductions(f, axis):
    for x in (np.float64(0.3), np.array(0.3)):
        y = ad.jvp(lambda x: f(x, axis=axis), (x,), (np.ones_like(x),))[0]
        assert np.array_equal(y, f(x, axis=axis))
        assert np.shape(y) == np.shape(f(x, axis=axis))
    assert ad.grad(lambda x: x * np.sum(f(x, axis=axis)))(0.3) in (0.0, 0.3, 0.6, 1.0)


def test_argmax_takes_one_axis():
    for f in (np.argmax, np.nanargmin):
        with pytest.raises((TypeError, ValueError), match="not an integer"):
            ad.grad(lambda m, f=f: m[0, f(m, axis=(0, 1))[0]])(M)


def test_dtypes_of_a_complex_number():
    with pytest.warns(np.exceptions.ComplexWarning):
        y, dy = ad.jvp(lambda z: np.sum(z, dtype=np.float32), (0.3 - 0.6j,), (1j,))
    assert (y, dy, y.dtype) == (np.float32(0.3), 0, np.float32)


def test_nanquantile_of_nothing():
    assert np.isnan(ad.vjp(lambda x: np.nanquantile(x, 0.3), EMPTY)[0])


def test_dot_with_a_number_under_vmap():
    x = M.astype(np.float32)
    assert ad.vmap(lambda row: np.dot(row, 2.0))(x).dtype == np.dot(x[0], 2.0).dtype == float


def test_piecewise_of_a_number():
    f = lambda s: np.piecewise(s, [s < 0], [0.0, lambda t: t * t])  # noqa: E731
    assert ad.value_and_grad(f)(3.0) == (9.0, 6.0)
    assert ad.grad(f)(-3.0) == 0.0


def test_clip_of_a_number_between_bounds_of_two_dtypes_compiled():
    f = lambda x: np.clip(x, np.float32(-0.3), np.float64(0.9))  # noqa: E731
    for x in (0.3, 0.1 - 0.6j):
        assert ad.jit(f)(x) == f(x)


def test_a_number_broadcast_for_a_function_left_to_numpy():
    f = lambda z: np.fft.fft(np.broadcast_to(z, (2, 3)))  # noqa: E731
    assert np.allclose(ad.jit(f)(0.3 - 0.6j), f(0.3 - 0.6j))
    g = lambda z: np.broadcast_to(z, (2,)) * 1.0  # noqa: E731
    assert np.array_equal(ad.jit(g)(0.3 - 0.6j), g(0.3 - 0.6j))


@pytest.mark.parametrize("order", ["A", "K"])
def test_jit_knows_no_memory_order(order):
    """It compiled the order of the first argument, for every later one."""
    f = ad.jit(lambda m: np.ravel(m, order=order))
    with pytest.raises(ad.NotDifferentiableError, match=f"np.ravel: order='{order}'.*\"C\" or"):
        f(np.asfortranarray(M))
    assert np.array_equal(ad.jit(lambda x: np.ravel(x, order=order))(X), X)
    assert np.array_equal(
        ad.vjp(lambda m: np.ravel(m, order=order), np.asfortranarray(M))[0],
        np.ravel(np.asfortranarray(M), order=order),
    )


def test_lexsort_under_vmap_and_jit():
    f = lambda x: x[np.lexsort((x, np.round(x)))] ** 2  # noqa: E731
    stack = np.stack([X, -X])
    assert np.array_equal(ad.vmap(f)(stack), [f(X), f(-X)])
    assert np.array_equal(ad.jit(f)(X), f(X))
    assert np.array_equal(ad.jit(lambda m: m[:, np.lexsort(m)])(M), M[:, np.lexsort(M)])


def test_parts_of_complex_arrays_are_assigned_to():
    def f(z):
        z = np.copy(z)
        z.imag = 0.0
        return np.sum(z)

    with pytest.raises(ad.NotDifferentiableError, match=r"x\.real or x\.imag.*1j"):
        ad.vjp(f, X + 1j)

    def g(x):
        y = np.copy(x)
        y.real = 2 * x
        return y

    assert np.array_equal(ad.vjp(g, X)[0], 2 * X)


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_matrices_and_masked_arrays_of_tracked_values():
    masked = np.ma.array([1.0, 2.0, 3.0, 4.0], mask=[0, 1, 0, 0])
    for f, kind in ((lambda x: masked * x, "MaskedArray"), (np.asmatrix, "matrix")):
        with pytest.raises(ad.NotDifferentiableError, match=f"a {kind} of tracked values"):
            ad.vjp(f, X)


def test_frompyfunc_names_vectorize():
    with pytest.raises(ad.NotDifferentiableError, match=r"np\.vectorize\(f\)"):
        ad.grad(lambda x: np.sum(np.frompyfunc(lambda t: t * t, 1, 1)(x)))(X)
    assert np.allclose(ad.grad(lambda x: np.sum(np.vectorize(lambda t: t * t)(x)))(X), 2 * X)


BINS = np.array([-2.0, 0.0, 1.0, 3.0])
ONES = np.ones_like(X)


def counted(x):
    y = np.zeros_like(x, shape=5)
    np.add.at(y, np.floor(np.abs(x)).astype(int), x)
    return y


# What jit and vmap refuse, a part of the cure that the message names, and that cure.
CURES = {
    "x[mask]": (lambda x: np.sum(x[x > 0]), "np.where(mask, x, 0)"),
    "np.extract": (lambda x: np.sum(np.extract(x > 0, x)), "np.where(mask, x, 0)"),
    "np.nonzero": (lambda x: np.sum(x[np.nonzero(x > 0)]), "np.where(mask, x, 0)"),
    "np.piecewise": (
        lambda x: np.sum(np.piecewise(x, [x > 0], [lambda t: t, 0.0])),
        "np.where(condition, f(x), g(x))",
    ),
    "np.bincount": (
        lambda x: np.bincount(np.floor(np.abs(x)).astype(int), x, 5),
        "np.add.at(y, x, weights)",
    ),
    "np.histogram": (lambda x: x * np.histogram(x, BINS)[0][0], "np.digitize(a, bins)[:, None]"),
    "np.isin": (lambda x: x * np.isin(x, [0.6]), "np.any(a[..., None] == np.ravel(b), axis=-1)"),
    "np.allclose": (lambda x: x * np.allclose(x, ONES), "np.all(np.isclose(a, b))"),
}
CURED = {
    "np.bincount": counted,
    "np.histogram": lambda x: (
        x * np.sum(np.digitize(x, BINS)[:, None] == np.arange(1, len(BINS)), axis=0)[0]
    ),
    "np.isin": lambda x: x * np.any(x[..., None] == np.ravel([0.6]), axis=-1),
    "np.allclose": lambda x: x * np.all(np.isclose(x, ONES)),
}


@pytest.mark.parametrize("name", CURES)
def test_refusals_under_jit_and_vmap_name_a_cure_that_works(name):
    f, said = CURES[name]
    calls = [lambda: ad.vmap(f)(np.stack([X, X]))]
    if name == "np.allclose":  # a decision
        assert np.allclose(ad.jit(f)(X), f(X))
    else:
        calls.append(lambda: ad.jit(f)(X))
    for call in calls:
        with pytest.raises(ad.NotDifferentiableError) as caught:
            call()
        assert name in str(caught.value)
        assert said in str(caught.value)
    cured = CURED.get(name, lambda x: np.sum(np.where(x > 0, x, 0)))
    assert np.allclose(ad.jit(cured)(X), f(X))
    assert np.allclose(ad.vmap(cured)(np.stack([X, X])), [f(X)] * 2)
    assert np.allclose(ad.jit(ad.jacobian(cured))(X), ad.jacobian(f)(X))


@pytest.mark.parametrize("f", [np.linalg.det, np.linalg.inv, lambda a: np.linalg.slogdet(a)[1]])
def test_matrices_without_entries_compiled(f):
    a = np.zeros((0, 0))
    assert np.array_equal(ad.jit(f)(a), f(a))
    assert ad.jit(ad.grad(lambda a: np.sum(f(a))))(a).shape == (0, 0)


@pytest.mark.parametrize("f", [np.linalg.eigvals, lambda a: np.linalg.eig(a)[1]])
def test_eigenvalues_of_a_matrix_without_entries(f):
    a = np.zeros((0, 0))
    y, dy = ad.jvp(f, (a,), (a,))
    assert y.shape == dy.shape == f(a).shape
    assert ad.grad(lambda a: np.sum(np.abs(f(a))))(a).shape == (0, 0)
