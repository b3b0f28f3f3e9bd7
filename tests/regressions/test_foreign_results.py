"""A result in the array of another library, which held tracked values, had derivative 0."""

import numpy as np
import pytest

import autodiff as ad

X, C = np.array([1.0, 2.0, 3.0]), np.arange(3.0)


class Boxed:
    """What matters of a foreign array: NumPy's protocols, a shape and a dtype."""

    def __init__(self, a):
        self.a, self.shape, self.dtype = a, np.shape(a), np.dtype(float)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.a)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return Boxed(getattr(ufunc, method)(*map(inside, inputs), **options))

    def __array_function__(self, function, types, args, options):
        return Boxed(function(*map(inside, args), **options))

    def __mul__(self, other):
        return np.multiply(self, other)


def inside(x):
    return x.a if isinstance(x, Boxed) else x


def of_xarray(x):
    return pytest.importorskip("xarray").DataArray(x)


def of_dask(x):
    return pytest.importorskip("dask.array").asarray(x)


def of_pandas(x):
    return pytest.importorskip("pandas").Series(x)


def of_objects(x):
    return np.array([*x, None])[:-1]


def entries(*things):
    """An array of objects of these, which NumPy would rather take apart."""
    made = np.empty(len(things), object)
    for k, thing in enumerate(things):
        made[k] = thing
    return made


FOREIGN = [Boxed, of_xarray, of_dask, of_pandas]
PROGRAMS = {
    "foreign on the left": lambda box, w: box(C) * w,
    "foreign on the right": lambda box, w: w * box(C),
    "a function of NumPy's": lambda box, w: np.sum(box(C) * np.sin(w)),
    "a tracked array inside": lambda box, w: box(w),
}


def plain(name, w):
    return {
        "a function of NumPy's": np.sum(C * np.sin(w)),
        "a tracked array inside": w,
    }.get(name, C * w)


@pytest.mark.share(3)
@pytest.mark.parametrize("box", FOREIGN)
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize(
    "transform",
    [ad.jacrev, ad.jacfwd, ad.jit(pure=True), ad.vmap, lambda f: ad.jacfwd(ad.jacrev(f))],
    ids=["jacrev", "jacfwd", "jit", "vmap", "second"],
)
def test_results(box, name, transform):
    x = np.stack([X, 2 * X]) if transform is ad.vmap else X
    found = transform(lambda w: PROGRAMS[name](box, w))(x)
    np.testing.assert_allclose(found, transform(lambda w: plain(name, w))(x), rtol=1e-15)


@pytest.mark.parametrize("name", ["xarray", "dask.array", "pandas"])
def test_what_cannot_be_watched_under_jit_is_refused_by_the_name_of_its_package(name):
    package = pytest.importorskip(name)
    make = {"pandas": "Series", "xarray": "DataArray"}.get(name, "asarray")
    box = getattr(package, make)(C)
    for f in (lambda w: box * w, lambda w: getattr(package, make)(C) * w):
        with pytest.raises(ad.AutodiffError, match=f"a part of {name.partition('.')[0]}"):
            ad.jit(f)(X)


@pytest.mark.parametrize("box", [*FOREIGN, of_objects])
def test_what_transforms_are_given(box):
    def total(w):
        return ad.grad(lambda v: np.sum(v**3))(box(w)).sum()

    np.testing.assert_allclose(ad.grad(total)(X), 6 * X)
    cut = ad.grad(lambda w: np.sum(ad.stop_gradient(box(w)) * w))
    np.testing.assert_allclose(cut(X), X)
    again = ad.grad(lambda w: np.sum(ad.checkpoint(lambda v: box(v * v))(w)))
    np.testing.assert_allclose(again(X), 2 * X)
    _, aux = ad.grad(lambda w: (np.sum(w), box(w)), has_aux=True)(X)
    np.testing.assert_array_equal(aux, X)
    assert aux.dtype == float
    _, pullback = ad.vjp(np.sin, X)
    np.testing.assert_allclose(ad.grad(lambda w: np.sum(pullback(box(w))[0]))(X), np.cos(X))


@pytest.mark.parametrize("box", [Boxed, of_xarray, of_dask])
def test_entries_of_an_array_of_objects(box):
    found = ad.jacobian(lambda w: entries(*map(box, w * w)))(X)
    np.testing.assert_array_equal(found, np.diag(2 * X))


def test_an_array_of_arrays_is_refused():
    for c in (1.0, C[:2]):
        with pytest.raises(ad.NotDifferentiableError, match=r"np\.stack"):
            ad.jacobian(lambda w, c=c: entries(w, C) * c)(X)


@pytest.mark.parametrize("box", FOREIGN)
def test_arguments_are_refused(box):
    with pytest.raises(ad.NotDifferentiableError, match=r"np\.asarray"):
        ad.grad(np.sum)(box(X))


class Closed(Boxed):
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("on another device")


class Silent:
    shape, dtype = (3,), np.dtype(float)


class Units(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return NotImplemented


@pytest.mark.parametrize("other", [Closed(C), Silent(), C.view(Units)])
def test_what_does_not_open_is_refused_by_name(other):
    name = type(other).__name__
    with pytest.raises(ad.NotDifferentiableError, match=name):
        ad.grad(lambda w: np.sum(w * other))(X)
    if not isinstance(other, np.ndarray):  # of these the numbers are constants
        with pytest.raises(ad.NotDifferentiableError, match=name):
            ad.jacobian(lambda w: other)(X)
