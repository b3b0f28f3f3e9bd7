"""The transforms: what they return, in which structure, and how they nest."""

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest

import autodiff as ad

X = np.array([0.5, -1.0, 2.0])
W = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


# -- grad and value_and_grad ---------------------------------------------------------------------
def test_gradient_of_a_number_is_a_number():
    g = ad.grad(lambda x: np.exp(2 * x))(0.0)
    assert isinstance(g, float)
    assert g == 2.0


def test_gradient_of_an_array_has_its_shape_and_is_writable():
    g = ad.grad(np.sum)(W)
    assert g.shape == W.shape
    g[0, 0] = 7.0  # not a view of ones that are all the same one
    assert g[0, 1] == 1.0


def test_value_and_grad():
    value, g = ad.value_and_grad(lambda x: np.sum(x**2))(X)
    assert value == np.sum(X**2)
    assert g.tolist() == (2 * X).tolist()


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [(0, 10.0), (1, 2.0), (-1, 2.0), ((0, 1), (10.0, 2.0)), ((1,), (2.0,)), ([1, 0], (2.0, 10.0))],
)
def test_argnums(argnums, expected):
    assert ad.grad(lambda a, b: 2 * a * b, argnums)(1.0, 5.0) == expected


def test_keyword_arguments_pass_through():
    assert ad.grad(lambda x, *, scale: scale * x)(1.0, scale=3.0) == 3.0


def test_integers_differentiate_as_floats():
    assert ad.grad(lambda x: x**2)(3) == 6.0
    g = ad.grad(lambda x: np.sum(x**2))(np.array([1, 2]))
    assert g.dtype == np.float64
    assert g.tolist() == [2.0, 4.0]


def test_aux():
    f = lambda x: (x**2, {"x": x, "note": "kept"})  # noqa: E731
    (value, aux), g = ad.value_and_grad(f, has_aux=True)(3.0)
    assert (value, g) == (9.0, 6.0)
    assert aux == {"x": 3.0, "note": "kept"}
    assert isinstance(aux["x"], float)  # released, not tracked
    assert ad.grad(f, has_aux=True)(3.0) == (6.0, aux)


def test_an_argument_that_is_not_used_has_gradient_zero():
    g = ad.grad(lambda a, b: a * 2.0, (0, 1))(1.0, X)
    assert g[0] == 2.0
    assert g[1].tolist() == [0.0, 0.0, 0.0]
    assert ad.grad(lambda a: 3.0)(1.0) == 0.0


def test_gradient_keeps_name_and_docstring():
    def loss(x):
        """Squared."""
        return x**2

    assert ad.grad(loss).__name__ == "loss"
    assert ad.grad(loss).__doc__ == "Squared."


# -- nests ---------------------------------------------------------------------------------------
class Pair(NamedTuple):
    a: float
    b: float


@dataclasses.dataclass
class State:
    mean: np.ndarray
    scale: float


def test_gradients_mirror_nests():
    def loss(p):
        return np.sum(p["W"] @ X) * p["more"][0] + p["more"][1].a + p["state"].scale ** 2

    p = {"W": W, "more": [2.0, Pair(1.0, 2.0)], "state": State(X, 3.0), "none": None}
    g = ad.grad(loss)(p)
    assert g["W"].tolist() == (2 * np.ones((2, 1)) * X).tolist()
    assert g["more"] == [np.sum(W @ X), Pair(1.0, 0.0)]
    assert isinstance(g["state"], State)
    assert g["state"].scale == 6.0
    assert g["state"].mean.tolist() == [0.0, 0.0, 0.0]
    assert g["none"] is None


def test_nests_as_results():
    y, pullback = ad.vjp(lambda x: {"twice": 2 * x, "rest": (x**2,)}, 3.0)
    assert y == {"twice": 6.0, "rest": (9.0,)}
    assert pullback({"twice": 1.0, "rest": (10.0,)}) == (62.0,)
    y, y_dot = ad.jvp(lambda x: [x, (x**2, None)], (3.0,), (1.0,))
    assert (y, y_dot) == ([3.0, (9.0, None)], [1.0, (6.0, None)])


# -- jvp, vjp ------------------------------------------------------------------------------------
def test_pullback_may_be_called_again():
    _, pullback = ad.vjp(lambda x: np.sin(x) * x, 0.5)
    assert pullback(1.0) == pullback(1.0)
    assert pullback(2.0)[0] == 2 * pullback(1.0)[0]


def test_aux_of_jvp_and_vjp():
    f = lambda x: (x**2, x + 1)  # noqa: E731
    assert ad.jvp(f, (3.0,), (1.0,), has_aux=True) == (9.0, 6.0, 4.0)
    value, pullback, aux = ad.vjp(f, 3.0, has_aux=True)
    assert (value, pullback(1.0), aux) == (9.0, (6.0,), 4.0)


def test_jvp_of_a_constant_is_zero():
    assert ad.jvp(lambda x: 3.0, (1.0,), (1.0,)) == (3.0, 0.0)
    y_dot = ad.jvp(lambda x: np.ones(2), (1.0,), (1.0,))[1]
    assert y_dot.tolist() == [0.0, 0.0]


# -- Jacobians and Hessians ----------------------------------------------------------------------
@pytest.mark.parametrize("transform", [ad.jacobian, ad.jacfwd, ad.jacrev])
def test_jacobian_has_the_results_shape_then_the_inputs(transform):
    assert transform(lambda x: W @ x)(X).tolist() == W.tolist()
    assert transform(lambda m: m @ X)(W).shape == (2, 2, 3)
    assert transform(lambda x: np.sum(x))(X).shape == (3,)
    assert transform(lambda t: t * W)(2.0).tolist() == W.tolist()
    assert transform(lambda t: t**2)(3.0) == 6.0
    assert transform(lambda x: x[:0])(X).shape == (0, 3)
    assert transform(lambda x: np.ones(2))(X).tolist() == np.zeros((2, 3)).tolist()


@pytest.mark.parametrize("transform", [ad.jacobian, ad.jacfwd, ad.jacrev])
def test_jacobian_of_nests(transform):
    j = transform(lambda p, q: {"sum": p["a"] + q, "product": p["a"] * q}, (0, 1))({"a": X}, 2.0)
    assert set(j) == {"sum", "product"}
    by_p, by_q = j["product"]
    assert by_p["a"].tolist() == (2.0 * np.eye(3)).tolist()
    assert by_q.tolist() == X.tolist()


@pytest.mark.parametrize("transform", [ad.jacfwd, ad.jacrev])
def test_jacobians_run_the_function_once(transform):
    calls = []

    def f(x):
        calls.append(1)
        return np.tanh(W @ x)

    transform(f)(X)
    assert len(calls) == 1


def test_jacobian_has_aux():
    j, aux = ad.jacobian(lambda x: (x**2, np.sum(x)), has_aux=True)(X)
    assert j.tolist() == np.diag(2 * X).tolist()
    assert aux == np.sum(X)


def test_hessian_and_products_with_it():
    f = lambda x: np.sum(x**3) + x[0] * x[1]  # noqa: E731
    expected = np.diag(6 * X)
    expected[0, 1] = expected[1, 0] = 1.0
    np.testing.assert_allclose(ad.hessian(f)(X), expected, rtol=1e-15)
    v = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(ad.hvp(f, X, v), expected @ v, rtol=1e-15)
    for outer in (ad.jacfwd, ad.jacrev):
        np.testing.assert_allclose(outer(ad.grad(f))(X), expected, rtol=1e-15)
    np.testing.assert_allclose(ad.jacrev(ad.jacfwd(f))(X), expected, rtol=1e-15)


def test_hessian_of_a_nest_is_a_nest_of_nests():
    h = ad.hessian(lambda p: p["a"] ** 2 * p["b"])({"a": 3.0, "b": 5.0})
    assert h == {"a": {"a": 10.0, "b": 6.0}, "b": {"a": 6.0, "b": 0.0}}


def test_hessian_of_an_array_has_one_for_each_entry():
    def f(x):
        return x**3 * x[0]

    x = np.array([0.3, -1.2, 2.1])
    expected = np.stack([ad.hessian(lambda x, k=k: f(x)[k])(x) for k in range(3)])
    np.testing.assert_allclose(ad.hessian(f)(x), expected, rtol=1e-15)
    nest, aux = ad.hessian(lambda x: ({"y": f(x)}, "aux"), has_aux=True)(x)
    np.testing.assert_array_equal(nest["y"], ad.hessian(f)(x))
    assert aux == "aux"


def test_hessian_of_a_holomorphic_function():
    z = np.array([1 + 2j, 3 - 1j])
    h = ad.hessian(lambda z: z[0] ** 2 * z[1], holomorphic=True)(z)
    np.testing.assert_allclose(h, [[2 * z[1], 2 * z[0]], [2 * z[0], 0]], rtol=1e-15)
    with pytest.raises(ad.NotDifferentiableError, match="holomorphic"):
        ad.hessian(lambda z: z[0] ** 2 * z[1])(z)


def test_elementwise_grad_in_several_arrays():
    def f(x, y):
        return x * y["a"] ** 2

    by_x, by_y = ad.elementwise_grad(f, (0, 1))(W, {"a": 2 * W})
    np.testing.assert_allclose(by_x, 4 * W**2)
    np.testing.assert_allclose(by_y["a"], 4 * W**2)
    with pytest.raises(ad.ShapeError, match=r"shape \(\) to"):
        ad.elementwise_grad(f, (0, 1))(2.0, {"a": W})
    with pytest.raises(ad.ShapeError, match="not one array"):
        ad.elementwise_grad(lambda x: (x, x))(W)


def test_elementwise_grad():
    np.testing.assert_allclose(ad.elementwise_grad(np.tanh)(W), 1 - np.tanh(W) ** 2)
    with pytest.raises(ad.ShapeError, match="does not work entry by entry"):
        ad.elementwise_grad(np.sum)(W)


def test_stop_gradient():
    assert ad.grad(lambda x: x * ad.stop_gradient(x))(3.0) == 3.0
    tree = ad.stop_gradient({"a": [1.0, X]})
    assert tree["a"][0] == 1.0
    assert tree["a"][1].tolist() == X.tolist()


# -- nesting -------------------------------------------------------------------------------------
def test_perturbation_confusion():
    """d/dx (x * d/dy (x + y)) is 1; a system that confuses the two levels says 2."""
    for inner in (ad.grad, lambda f: lambda y: ad.jvp(f, (y,), (1.0,))[1]):
        for outer in (ad.grad, lambda f: lambda x: ad.jvp(f, (x,), (1.0,))[1]):
            assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1.0  # noqa: B023


def test_derivatives_of_a_monomial_to_the_sixth_order():
    f, x = (lambda x: x**5), 2.0
    expected = [32.0, 80.0, 160.0, 240.0, 240.0, 120.0, 0.0]
    reverse, forward = f, f
    for value in expected:
        assert reverse(x) == value
        assert forward(x) == value
        reverse = ad.grad(reverse)
        forward = ad.jacfwd(forward)


def test_closures_over_outer_variables_at_three_levels():
    def f(x):
        def g(y):
            def h(z):
                return x * y * z**2

            return y * ad.grad(h)(y)  # 2 x y^3

        return x * ad.grad(g)(x)  # 6 x^4

    assert ad.grad(f)(2.0) == 24 * 2.0**3


@pytest.mark.parametrize("run", [lambda f: ad.grad(f)(3.0), lambda f: ad.jvp(f, (3.0,), (1.0,))])
def test_a_tensor_that_outlives_its_transform_is_an_outer_variable_to_the_next(run):
    leaked = []

    def f(x):
        leaked.append(x)
        return x**2

    run(f)
    (x,) = leaked
    assert ad.grad(lambda y: ad.stop_gradient(x) * y)(2.0) == 3.0
    slope = ad.grad(lambda y: x * y**2)(2.0)  # tracked by the transform that has gone
    assert slope.value == 12.0


# -- Python itself ---------------------------------------------------------------------------------
def up_and_down(x):
    for _ in range(5):
        x = x / 2 if x > 1.0 else 3 * x + 0.1
    return x


def newton_root(a):
    x = a
    while abs(x * x - a) > 1e-12:
        x = (x + a / x) / 2
    return x


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def comprehension(x):
    return sum([np.sin(k * x) for k in range(1, 4)]) + sum(k * x for k in range(3))


def generator(x):
    def terms():
        term = x
        while True:
            yield term
            term = term * x / 2

    return sum(t for t, _ in zip(terms(), range(4), strict=False))


def unpacking(x):
    a, b = np.stack([x, 2 * x])
    first, *rest = [a, b, x]
    return first * rest[0] + max(a, b) + min(a, b)


def exception_inside(x):
    try:
        raise ValueError(x)
    except ValueError as error:
        return error.args[0] ** 2


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (up_and_down, 0.7, 9 / 8),  # up to 2.2, down to 0.55, up to 1.75, down
        (newton_root, 2.0, 0.5 / np.sqrt(2.0)),
        (lambda x: power(x, 4), 1.5, 4 * 1.5**3),
        (comprehension, 0.3, np.cos(0.3) + 2 * np.cos(0.6) + 3 * np.cos(0.9) + 3),
        (generator, 0.5, 1 + 0.5 + 3 * 0.25 / 4 + 4 * 0.125 / 8),
        (unpacking, 1.5, 4 * 1.5 + 3),
        (exception_inside, 3.0, 6.0),
    ],
)
def test_control_flow_just_works(f, x, expected):
    assert ad.grad(f)(x) == pytest.approx(expected, rel=1e-8)
    assert ad.jvp(f, (x,), (1.0,))[1] == pytest.approx(expected, rel=1e-8)
