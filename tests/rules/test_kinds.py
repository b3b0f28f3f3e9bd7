"""The six kinds of row: what each derives from its one cell, and the structural derivatives."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.rules.conforming import aval_of, cast, unbroadcast
from autodiff.rules.kinds import Bilinear, Choice, Elementwise, Flat, Linear, Special
from autodiff.rules.primitive import MINUS_ONE, ONE, TABLE, ZERO, register, structural

X = np.array([0.5, -1.0, 2.0])


def agrees(row, *args, **params):
    """Both modes of a row that is not in the table, against finite differences."""
    return ad.check(lambda *a: row(*a, **params), *args).raise_if_failed()


# -- structural derivatives ------------------------------------------------------------------------
def test_structural_numbers_cost_nothing():
    assert ZERO + X is X
    assert X + ZERO is X
    assert ONE * X is X
    assert X * ONE is X
    assert ZERO * X is ZERO
    assert X * ZERO is ZERO
    assert (X * MINUS_ONE).tolist() == (-X).tolist()
    assert ONE + ZERO is ONE
    assert ONE * MINUS_ONE is MINUS_ONE
    assert -MINUS_ONE is ONE
    assert (ONE + ONE).factor == 2
    assert structural(0) is ZERO
    assert repr(ONE + ONE) == "2"


def test_zero_swallows_infinity():
    """A structural zero is not a number: it does not turn inf into nan."""
    assert ZERO * np.inf is ZERO
    assert ZERO * np.array([np.nan]) is ZERO


# -- one cell, both modes ------------------------------------------------------------------------
def test_elementwise():
    row = Elementwise(
        "gauss", lambda a, b: np.exp(-a * a) * b, lambda a, y: -2 * a * y, lambda a: np.exp(-a * a)
    )
    agrees(row, X, 2.0)
    agrees(row, X, X[:, None])


def test_elementwise_remembers_what_its_partials_name():
    row = Elementwise("row", np.add, ONE, lambda a, y: a + y)
    assert row.saves == ((), (0, -1))


def test_elementwise_with_parameters():
    row = Elementwise("scale", lambda a, *, k: k * a, lambda *, k: k)
    agrees(row, X, k=3.0)


def test_linear():
    row = Linear(
        "half", lambda a: a[..., ::2], lambda y_bar, a: _spread(y_bar, a), batch="trailing"
    )
    agrees(row, X)


def _spread(y_bar, a):
    out = np.zeros_like(y_bar, shape=a.shape)
    out[..., ::2] = y_bar
    return out


def test_bilinear():
    row = Bilinear(
        "scaled", lambda a, b: a * b, lambda y_bar, a, b: y_bar * b, lambda y_bar, a, b: y_bar * a
    )
    agrees(row, X, 2.0)
    agrees(lambda a: row(a, a), X)


def test_choice():
    row = Choice(
        "larger",
        np.maximum,
        lambda a, b, y: a > b,
        lambda s, a_dot, b_dot: np.where(s, a_dot, b_dot),
        lambda y_bar, s, a: np.where(s, y_bar, 0),
        lambda y_bar, s, b: np.where(s, 0, y_bar),
        batch="elementwise",
    )
    agrees(row, X, np.zeros(3))


@pytest.mark.parametrize("given", ["forward", "backward", "both"])
def test_special_derives_what_is_missing_by_transposing(given):
    """An outer product with itself, given by its JVP, by its VJP, or by both."""
    rules = {
        "forward": lambda tangents, primals, y: (
            tangents[0][..., :, None] * primals[0][..., None, :]
            + primals[0][..., :, None] * tangents[0][..., None, :]
        ),
        "backward": lambda y_bar, primals, y: [
            ((y_bar + np.swapaxes(y_bar, -1, -2)) @ primals[0][..., None])[..., 0]
        ],
    }
    chosen = rules if given == "both" else {given: rules[given]}
    row = Special(
        "square_outer", lambda a: a[..., :, None] * a[..., None, :], **chosen, batch="trailing"
    )
    agrees(row, X)
    np.testing.assert_allclose(ad.jacfwd(row)(X), ad.jacrev(row)(X), rtol=1e-12)


@pytest.mark.parametrize("given", ["forward", "backward", "both"])
def test_several_outputs(given):
    """sin and cos at once; each is picked from the tuple, and what is not used costs nothing."""
    rules = {
        "forward": lambda tangents, primals, y: (y[1] * tangents[0], -y[0] * tangents[0]),
        "backward": lambda y_bar, primals, y: [y_bar[0] * y[1] - y_bar[1] * y[0]],
    }
    chosen = rules if given == "both" else {given: rules[given]}
    row = Special("sincos", lambda a: (np.sin(a), np.cos(a)), **chosen, batch="trailing")
    row.multiple = True
    agrees(row, X)
    agrees(lambda a: row(a)[0], X)
    agrees(lambda a: row(a)[1] * a, X)
    sine, cosine = row(X)
    np.testing.assert_array_equal(sine, np.sin(X))
    np.testing.assert_allclose(ad.vmap(lambda a: row(a)[1])(X), cosine)


def test_flat():
    row = Flat("steps", np.floor, batch="elementwise")
    assert ad.grad(lambda x: x * row(x))(2.5) == 2.0
    assert ad.jvp(row, (2.5,), (1.0,)) == (2.0, 0.0)


# -- broadcasting and dtypes -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("large", "small"),
    [
        ((2, 3), (3,)),
        ((2, 3), (1, 3)),
        ((2, 3), ()),
        ((2, 0), (1, 1)),
        ((0, 3), (3,)),
        ((4,), (4,)),
    ],
)
def test_unbroadcast_is_the_transpose_of_broadcasting(large, small):
    rng = np.random.default_rng(0)
    g, x = rng.normal(size=large), rng.normal(size=small)
    back = unbroadcast(g, small)
    assert back.shape == small
    assert np.sum(g * np.broadcast_to(x, large)) == pytest.approx(np.sum(back * x))


def test_cast_takes_the_real_part():
    assert cast(np.array([1 + 2j]), np.dtype(np.float32)).tolist() == [1.0]
    assert cast(1 + 2j, None) == 1.0
    assert cast(np.float32(1.0), np.dtype(np.float64)).dtype == np.float64


def test_a_python_number_is_weak():
    assert aval_of(1.0) == ((), None)
    assert aval_of(np.float32(1.0)) == ((), np.dtype(np.float32))
    g = ad.grad(lambda x: np.sum(2.0 * x + 1))(np.ones(2, np.float32))
    assert g.dtype == np.float32


# -- the table -------------------------------------------------------------------------------------
def test_a_name_is_taken_only_once():
    with pytest.raises(ValueError, match="already has a row named 'sin'"):
        register(Flat("sin", np.sin))
    assert TABLE["sin"].kind == "elementwise"


def test_structural_partials_are_types():
    """The numbers 0.0 and 1.0 as partials would multiply; ZERO and ONE do not."""
    for row in TABLE.values():
        if isinstance(row, Elementwise):
            assert not any(isinstance(p, (int, float, complex, np.ndarray)) for p in row.partials)
