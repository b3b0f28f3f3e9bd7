"""What is asked of an explanation: constants, directions, seeds, Jacobians, rows taken apart."""

import numpy as np
import pytest

import autodiff as ad
import nn

Z = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0], [2.0, 2.0, 1.0]])
LABELS = np.array([0, 1, 2])
softmax = ad.special.softmax


def values(steps):
    return {str(s.derivative): s.value for s in steps}


def test_integers_stay_constant_integers():
    e = ad.explain(nn.losses.cross_entropy, Z, LABELS)
    expected = ad.grad(nn.losses.cross_entropy)(Z, LABELS)
    np.testing.assert_array_equal(e.reverse[-1].value, expected)
    assert "labels = [0, 1, 2] (constant)" in str(e)
    row = ad.explain(lambda W, i: np.sum(W[i] ** 2), Z, 1)
    np.testing.assert_array_equal(row.reverse[-1].value, [[0, 0, 0], [0, 2, 0], [0, 0, 0]])

    def power(x, n):
        for _ in range(n):
            x = x * x
        return x

    by_position, by_name = ad.explain(power, 1.1, 3), ad.explain(power, 1.1, n=3)
    assert by_position.reverse[-1].value == by_name.reverse[-1].value == ad.grad(power)(1.1, 3)
    assert ad.explain(np.square, 3).reverse[-1].value == 6.0  # nothing else to differentiate in


def test_argnums_choose_and_the_rest_is_constant():
    e = ad.explain(lambda a, b: a * b, 2.0, np.array(3.0), argnums=1)
    assert values(e.reverse) == {"dy/db": 2.0}
    assert "a = 2 (constant)" in str(e)
    given = np.array([1.0, 2.0])

    def writes(a, b):
        b[0] = 5.0
        return np.sum(a * b)

    assert ad.explain(writes, 2.0, given, argnums=0).reverse[-1].value == 7.0
    assert list(given) == [1.0, 2.0]
    with pytest.raises(ad.NotDifferentiableError, match="argnums=5"):
        ad.explain(np.sin, 1.0, argnums=5)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (softmax, np.array([1.0, 2.0, 3.0])),
        (lambda x: np.stack([x, x**2, np.sin(x)]), 0.5),
        (lambda x: x[::2] * 2, np.arange(8.0)),
        (lambda x: np.stack([np.sum(x), np.floor(x[0])]), np.arange(3.0)),
    ],
)
def test_a_small_vector_has_its_jacobian_both_ways(f, x):
    e = ad.explain(f, x)
    expected = ad.jacobian(f)(x).reshape(len(f(x)), -1)
    np.testing.assert_allclose(e.jacobian, expected, rtol=1e-13, atol=1e-15)
    assert len(e.forward_sweeps) == np.size(x)
    assert len(e.reverse_sweeps) == len(f(x))
    e.columns = []  # now row by row
    np.testing.assert_allclose(e.jacobian, expected, rtol=1e-13, atol=1e-15)
    assert all(a.holds for a in e.agreements)
    assert f"row by row by {len(f(x))} reverse sweeps" in str(e)


def test_softmax_reads_as_agreed():
    lines = str(ad.explain(softmax, np.array([1.0, 2.0, 3.0]))).splitlines()
    k = next(k for k, line in enumerate(lines) if "Jacobian" in line)
    assert lines[k : k + 4] == [
        "  Jacobian of y by x, filled column by column by 3 forward sweeps, or row by row by 3"
        " reverse sweeps",
        "           d/d(x[0])  d/d(x[1])  d/d(x[2])",
        "  d(y[0])  0.0819251  -0.022033  -0.059892",
        "  d(y[1])  -0.022033   0.184836  -0.162803",
    ]


def test_a_direction_and_a_seed_make_one_sweep_each():
    x, along, seed = np.array([1.0, 2.0, 3.0]), [1.0, 0.0, -1.0], np.array([0.0, 2.0, 1.0])
    e = ad.explain(softmax, x, direction=along, seed=seed)
    (forward,), (reverse,) = e.forward_sweeps, e.reverse_sweeps
    expected = ad.jvp(softmax, (x,), (np.array(along),))[1]
    np.testing.assert_array_equal(forward.steps[-1].value, expected)
    np.testing.assert_array_equal(reverse.steps[-1].value, ad.vjp(softmax, x)[1](seed)[0])
    assert e.agreements[0].holds
    pair = ad.explain(lambda a, b: a * b, 2.0, 3.0, direction=(1.0, 10.0))
    assert pair.forward[-1].value == 23.0
    with pytest.raises(ad.ShapeError, match=r"direction has 1 part, but what moves has 2: a, b"):
        ad.explain(lambda a, b: a * b, 2.0, 3.0, direction=(1.0,))
    with pytest.raises(ad.ShapeError, match=r"seed for y has shape \(2,\)"):
        ad.explain(softmax, x, seed=np.ones(2))


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (nn.losses.cross_entropy, (Z, LABELS)),
        (lambda z: np.sum(softmax(z, axis=0) ** 2), (Z,)),
        (lambda z: np.sum(ad.special.log_softmax(z, axis=-1) ** 2), (Z,)),
        (lambda z: np.sum(ad.special.logsumexp(z, axis=1)), (Z,)),
        (lambda z: np.sum(ad.special.logsumexp(z, axis=1, keepdims=True) ** 2), (Z,)),
        (lambda z: np.sum(ad.special.sigmoid(z) * ad.special.softplus(z)), (Z,)),
        (lambda z: np.sum(np.logaddexp(z, 1.0)), (Z,)),
    ],
)
def test_a_row_taken_apart_has_the_same_derivative(f, args):
    whole, apart = ad.explain(f, *args), ad.explain(f, *args, detail="open")
    assert len(apart.graph.operations) > len(whole.graph.operations)
    np.testing.assert_allclose(apart.graph(*args), f(*args), rtol=1e-14)
    np.testing.assert_allclose(apart.reverse[-1].value, whole.reverse[-1].value, rtol=1e-12)
    assert not any(" . " in step.rule for step in apart.reverse)  # no step is left as a Jacobian


def test_names_stay_those_of_the_user_in_a_row_taken_apart():
    def f(z):
        p = softmax(z)
        loss = -np.log(p[0])
        return loss

    names = [n.name for n in ad.explain(f, np.array([1.0, 2.0]), detail="open").graph.shown()]
    assert {"p", "loss"} <= set(names)
    with pytest.raises(ValueError, match="detail='all' is neither"):
        ad.explain(f, np.ones(2), detail="all")


def test_what_is_not_finite_and_what_is_off_is_marked():
    assert ad.explain(np.sqrt, 0.0).reverse[-1].remark == "inf!"
    with np.errstate(all="ignore"):
        e = ad.explain(lambda x: np.sum(np.log(x)), np.array([0.0, -1.0, 1.0]))
    assert "1 of 3 entries nan!; 1 of 3 entries inf!" in str(e)
    relu = ad.explain(lambda x: np.sum(np.maximum(x, 0.0)), np.array([[-1.0, 2.0], [-3.0, -1.0]]))
    assert "1 of 2 units off" in str(relu)


def test_ten_rounds_are_folded():
    def f(x):
        for _ in range(10):
            x = x + 0.1 * np.sin(x)
        return x

    text = str(ad.explain(f, 0.5))
    assert text.count("... 8 more rounds of 3 lines ...") == 2
    assert "more rounds" not in str(ad.explain(f, 0.5, fold=False))


def test_layers_are_named_and_folded():
    class Rings(nn.Module):
        def __init__(self, rng):
            self.inner = nn.Dense(3, 3, rng=rng)

        def forward(self, x):
            return np.sin(np.tanh(np.exp(np.cos(self.inner(x)))))

    rng = np.random.default_rng(0)
    model = nn.Sequential(Rings(rng), Rings(rng), nn.Dense(3, 1, rng=rng))
    weights = dict(model.named_parameters())

    def f(weights):
        return np.sum(nn.functional_call(model, weights, {}, Z)[0])

    text = str(ad.explain(f, weights))
    for name in ("Dense_1", "Dense_2", "Dense_3", "Rings_1: 3 lines", "Rings_2: 3 lines"):
        assert name in text
    assert text.count("Rings_1: 3 lines") == 3
    assert "Rings_1: 3" not in str(ad.explain(f, weights, fold=False))


def test_long_names_stay_apart_in_a_picture():
    from autodiff.explanation.pictures import brief_name

    names = [f"params['encoder']['layer{k}']['weight']" for k in (1, 2)]
    assert brief_name(names[0]) != brief_name(names[1])


def test_text_fits_the_terminal():
    from autodiff.explanation.tables import fitted

    text = str(ad.explain(softmax, np.array([1.0, 2.0, 3.0])))
    assert max(map(len, fitted(text, 60).splitlines())) <= 60
    assert fitted(text, 60).split() == text.split()
