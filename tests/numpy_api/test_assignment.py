"""Assignment follows NumPy: what a handle shows after any program of views, copies and writes."""

import copy
import gc
import weakref

import numpy as np
import pytest
from assigning import Program, X, agree
from hypothesis import given, strategies as st

import autodiff as ad
from autodiff.arrays.tensor import Tensor
from autodiff.engine.forward_mode import Dual
from autodiff.rules.primitive import ZERO, new_level

PROGRAMS = st.builds(Program, seed=st.integers(0, 2**32 - 1), steps=st.integers(1, 12))


# -- random programs -------------------------------------------------------------------------------
@given(PROGRAMS)
def test_random_programs_of_views_and_writes(program):
    agree(program)


@given(PROGRAMS)
def test_batched_programs_are_the_loop(program):
    stack = np.stack((X, X * 1.1 - 0.05))
    y = ad.vmap(program)(stack)
    np.testing.assert_allclose(y, np.stack([program(x) for x in stack]), rtol=1e-12, atol=1e-12)
    rows = ad.jacrev(program)(X)
    np.testing.assert_allclose(ad.jacfwd(program)(X), rows, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ad.vmap(ad.jacrev(program))(stack)[0], rows, rtol=1e-9, atol=1e-9)


# -- values and handles ----------------------------------------------------------------------------
def test_the_callers_array_never_changes():
    def f(x):
        x[0] = 5.0
        x += 1
        x.sort()
        x.fill(2.0)
        return np.sum(x)

    x = np.array([3.0, 1.0, 2.0])
    assert ad.grad(f)(x).tolist() == [0, 0, 0]
    assert x.tolist() == [3, 1, 2]


def test_a_chained_index_writes_through():
    def f(x):
        y = np.zeros_like(x, shape=(2, 3, 4))
        y[1][2][0] = x[0, 0] ** 2
        y[0, 1][::2] = x[1, :2]
        return y * 2

    agree(f)


def test_views_of_views_follow_a_write_to_the_base():
    def f(x):
        y = x * 1.0
        column = y.T[1]
        tail = column[1:]
        y[2, 1] = x[0, 0] ** 2
        tail[0] *= 3
        return np.concatenate((tail, column, y[1]))

    agree(f)


def test_overlapping_views_read_before_they_write():
    def f(x):
        y = x.reshape(-1) * 1.0
        y[1:] = y[:-1]
        y[:-1] += y[1:]
        return y

    agree(f)


def test_numbers_are_values_and_zero_axis_arrays_are_not():
    def f(x):
        number, array = x[0, 0], x[0, 1, ...]
        number += 1
        array += 1
        return x * number

    agree(f)


def test_an_index_array_takes_a_copy():
    def f(x):
        y = x * 1.0
        picked, chosen = y[[0, 1]], y[y > 0]
        y[...] = 0
        picked[0] = 1.0
        return picked * np.sum(chosen)

    agree(f)


def test_a_slice_that_was_read_is_not_what_was_written_later():
    """What an operation has already used stays as it was."""

    def f(x):
        y = x * 1.0
        row = y[0]
        z = row * row
        row[...] = 0
        return z + row

    agree(f)


@pytest.mark.parametrize("view", [np.diag, np.diagonal, lambda y: np.broadcast_to(y[0], (2, 4))])
def test_what_numpy_makes_read_only_is_refused(view):
    def f(x):
        view(x * 1.0)[0] = 1.0
        return np.sum(x)

    with pytest.raises(ValueError, match="read-only"):
        f(X)
    with pytest.raises(ValueError, match="read-only"):
        ad.grad(f)(X)


def test_a_read_only_view_follows_its_base():
    def f(x):
        y = x * 1.0
        d = np.diagonal(y)
        y[1, 1] = x[0, 0] ** 2
        return d * d

    agree(f)


def test_real_and_imaginary_parts_are_not_assigned_into():
    def f(x):
        z = x + 1j
        z.real[0] = 2.0
        return np.sum(np.abs(z))

    with pytest.raises(ad.NotDifferentiableError, match=r"x\.real"):
        ad.grad(f)(X)


# -- in place --------------------------------------------------------------------------------------
def test_in_place_keeps_dtype_and_shape():
    def f(a, b):
        a *= b
        return a

    single, double = X.astype(np.float32), X
    assert ad.jvp(f, (single, double), (single, double))[0].dtype == np.float32
    with pytest.raises(ValueError, match="shape"):
        ad.jvp(f, (X[0], X), (X[0], X))


def test_in_place_follows_numpys_casting_rule():
    def f(x):
        count = np.zeros_like(x, dtype=int)
        count += 1
        assert count.dtype == int
        count += x
        return count

    with pytest.raises(TypeError, match="cast"):
        f(X)
    with pytest.raises(TypeError, match="cast"):
        ad.jacrev(f)(X)


def test_integers_take_truncated_values_whose_derivative_is_zero():
    def f(x):
        y = np.zeros_like(x, dtype=int)
        y[0] = x[0]
        return y * x

    agree(f)


def test_a_complex_value_into_a_real_array_is_refused():
    def f(x):
        y = x * 1.0
        y[0] = x[0] * 1j
        return y

    with pytest.raises(ad.NotDifferentiableError, match=r"np\.real"):
        ad.jacfwd(f)(X)


def test_the_last_write_wins_as_in_numpy():
    def f(x):
        y = np.zeros_like(x)
        y[[0, 1, 0]] = x[[0, 1, 2]]
        y[[0, 0]] += x[1]
        return y

    agree(f)


def test_add_at_adds_every_time():
    def f(x):
        y = np.zeros_like(x)
        np.add.at(y, [0, 0, 2], x)
        return y * y

    agree(f)


def test_augmented_assignment_to_a_number_binds_it_anew():
    def f(x):
        a = b = np.sum(x)
        a += 1
        return a * b

    assert ad.grad(f)(np.ones(2)).tolist() == [5, 5]


@pytest.mark.parametrize("wrong", [(9,), (0, 9), ([0, 9],)], ids=str)
def test_an_index_out_of_bounds_raises_as_in_numpy(wrong):
    def f(x):
        y = x * 1.0
        y[wrong] = 1.0
        return np.sum(y)

    with pytest.raises(IndexError):
        ad.grad(f)(X)


def test_a_value_that_does_not_fit_raises_as_in_numpy():
    def f(x):
        y = x * 1.0
        y[0] = np.ones(3)
        return np.sum(y)

    with pytest.raises(ValueError, match="broadcast"):
        ad.grad(f)(X)


def test_a_number_cannot_be_assigned_into():
    def f(x):
        x[()] = 1.0
        return x

    with pytest.raises(TypeError, match="item assignment"):
        ad.grad(f)(np.float64(2.0))


# -- transforms ------------------------------------------------------------------------------------
def test_an_outer_handle_does_not_change_what_an_inner_transform_saved():
    def f(x):
        pullback = ad.vjp(lambda z: z**3, x)[1]
        x[0] = 5.0
        return np.sum(pullback(np.ones(2))[0])

    assert ad.grad(f)(np.array([1.0, 2.0])).tolist() == [6, 12]


def test_an_operand_of_an_outer_transform_is_saved_as_it_was():
    def f(x):
        def g(z):
            y = x * z
            x[0] = 7.0
            return np.sum(y)

        return np.sum(ad.grad(g)(np.ones(2)) * np.array([1.0, 10.0]))

    value, gradient = ad.value_and_grad(f)(np.array([1.0, 2.0]))
    assert value == 21
    assert gradient.tolist() == [1, 10]


@pytest.mark.parametrize("transform", [ad.grad, ad.jacfwd], ids=["reverse", "forward"])
def test_a_value_must_not_leave_the_transform_that_tracks_it(transform):
    def f(x):
        y = np.zeros_like(x)

        def g(z):
            y[0] = z[0] * 2
            return np.sum(z)

        ad.grad(g)(x)
        return np.sum(y * x)

    with pytest.raises(ad.NotDifferentiableError, match="inner transform"):
        transform(f)(np.ones(3))


def test_assignment_into_a_leaf_is_refused_and_into_a_copy_is_not():
    x = ad.tensor(np.ones(3))
    with pytest.raises(ad.NotDifferentiableError, match="copy"):
        x[0] = 2.0
    with pytest.raises(ad.NotDifferentiableError, match="copy"):
        x += 1
    y = x.copy()
    y[0] = x[1] ** 2
    y.sum().backward()
    assert x.grad.tolist() == [0, 3, 1]


def test_forward_mode_can_assign_into_what_it_made_of_constants():
    def f(x):
        y = np.zeros_like(x) + 1.0
        y[0][1:] = x[1, 1:] ** 2
        return y

    agree(f)


def test_a_constant_handle_carries_no_tangent():
    level = new_level()
    y = Tensor(np.zeros(3), Dual(level, ZERO))
    y[1:] = 2.0
    assert y.node.tangent is ZERO
    assert y.value.tolist() == [0, 2, 2]


def test_vmap_assigns_at_an_index_of_every_example():
    def f(x):
        y = np.zeros_like(x)
        y[np.argmax(x)] = x[0] ** 2
        y[x < 0] = 9.0
        y[[np.argmin(x), 0]] += 1.0
        return y

    np.testing.assert_array_equal(ad.vmap(f)(X), np.stack([f(row) for row in X]))
    found = ad.jacfwd(ad.vmap(f))(X)
    for k, row in enumerate(X):
        np.testing.assert_allclose(found[k, :, k], ad.jacrev(f)(row))
        np.testing.assert_allclose(ad.vmap(ad.jacrev(f))(X)[k], ad.jacrev(f)(row))


def test_the_last_write_wins_in_every_example():
    def f(x):
        i = np.argmax(x)
        y = x * 1.0
        y[np.stack([i, i * 0, i])] = np.stack([x[0], x[1] * 2, x[2] ** 2])
        return y

    np.testing.assert_array_equal(ad.vmap(f)(X), np.stack([f(row) for row in X]))
    found = ad.vmap(ad.jacrev(f))(X)
    np.testing.assert_allclose(found, np.stack([ad.jacrev(f)(row) for row in X]))
    np.testing.assert_allclose(ad.vmap(ad.jacfwd(f))(X), found)


# -- links -----------------------------------------------------------------------------------------
def test_views_leave_no_reference_cycles():
    gc.collect()
    gc.disable()
    try:
        alive = []

        def f(x):
            y = x * 1.0
            row = y[0]
            y.T[1][0] = 2.0
            row += 1
            alive.extend(weakref.ref(h) for h in (y, row))
            return np.sum(y)

        ad.grad(f)(X)
        assert [r() for r in alive] == [None, None]
    finally:
        gc.enable()


def test_a_base_forgets_the_views_that_are_gone():
    def f(x):
        y = x * 1.0
        for k in range(100):
            y[k % 3][0] = k
        assert len(y._views) == 0
        return np.sum(y)

    ad.grad(f)(X)


def test_a_chain_of_views_may_be_long():
    def f(x):
        y = x * 1.0
        for _ in range(5_000):
            y = y[...]
        y[0] = 3.0
        return np.sum(y * x)

    np.testing.assert_array_equal(ad.grad(f)(X)[0], [3.0] * 4)


def test_copies_are_handles_of_their_own():
    def f(x):
        y = x * 1.0
        a, b, c = copy.copy(y), copy.deepcopy(y), y.copy()
        y[0] = 0
        a[1] = 1
        return a + b * c

    agree(f)
