"""primitive, defvjp, defjvp and their relatives."""

import math

import numpy as np
import pytest

import autodiff as ad
from autodiff.compat import autograd
from autodiff.compat.autograd import extend, tracer
from autodiff.compat.autograd.extend import MissingRuleError, defjvp, defvjp, primitive
from autodiff.compat.autograd.numpy.numpy_vjps import unbroadcast_f

X = np.array([0.5, 1.0, 2.0])


def scaled():
    """x y s, with s a keyword."""
    return primitive(lambda x, y, s=1.0: x * y * s)


def test_a_rule_for_each_argument():
    p = scaled()
    defvjp(
        p,
        lambda ans, x, y, s=1.0: lambda g: g * y * s,
        lambda ans, x, y, s=1.0: lambda g: g * x * s,
    )
    assert autograd.grad(p)(2.0, 3.0, s=5.0) == 15.0
    assert autograd.grad(p, [0, 1])(2.0, 3.0) == (3.0, 2.0)
    assert autograd.grad(autograd.grad(p), 1)(2.0, 3.0) == 1.0
    assert autograd.hessian_vector_product(p, [0, 1])(2.0, 3.0, (1.0, 10.0)) == (10.0, 1.0)
    with pytest.raises(MissingRuleError, match="JVP"):  # as in autograd
        autograd.make_jvp(p)(2.0, 3.0)(1.0)


def test_a_rule_is_asked_only_for_what_is_differentiated():
    p, asked = scaled(), []
    defvjp(
        p,
        lambda ans, x, y: lambda g: asked.append(0) or g * y,
        lambda ans, x, y: lambda g: asked.append(1) or g * x,
    )
    autograd.grad(p, 1)(2.0, 3.0)
    autograd.grad(lambda y: autograd.grad(p)(2.0, 3.0) * y)(1.0)
    assert asked == [1, 0]


def test_argnums_and_none():
    p = scaled()
    defvjp(p, None, argnums=[1])
    assert autograd.grad(p, 1)(2.0, 3.0) == 0.0
    with pytest.raises(MissingRuleError, match=r"VJP of .* wrt argnum 0 not defined"):
        autograd.grad(p)(2.0, 3.0)
    with pytest.raises(NotImplementedError):  # autograd's
        autograd.grad(p, [0, 1])(2.0, 3.0)


def test_without_a_rule_a_primitive_is_refused():
    with pytest.raises(ad.NotDifferentiableError, match=r"has no rule|not defined"):
        autograd.grad(scaled())(2.0, 3.0)
    assert scaled()(2.0, 3.0) == 6.0


def test_forward_rules():
    p = scaled()
    defjvp(p, "same", lambda g, ans, x, y: g * x)
    assert autograd.make_jvp(p, [0, 1])(2.0, 3.0)((1.0, 10.0)) == (6.0, 23.0)
    with pytest.raises(MissingRuleError, match="VJP"):
        autograd.grad(p)(2.0, 3.0)
    defjvp(p, None, argnums=[0])
    assert autograd.make_jvp(p)(2.0, 3.0)(1.0)[1] == 0.0
    with pytest.raises(MissingRuleError, match=r"JVP of .* wrt argnum 1 not defined"):
        autograd.make_jvp(p, 1)(2.0, 3.0)(1.0)


def test_def_linear():
    p = scaled()
    extend.def_linear(p)
    assert autograd.make_jvp(p, [0, 1])(2.0, 3.0)((1.0, 10.0)) == (6.0, 23.0)
    with pytest.raises(MissingRuleError, match="VJP"):
        autograd.grad(p)(2.0, 3.0)


def test_rules_for_all_arguments_at_once():
    total = primitive(lambda *parts: sum(parts))
    extend.defvjp_argnums(
        total, lambda argnums, ans, args, kwargs: lambda g: [g * k for k in argnums]
    )
    assert autograd.grad(total, [2, 1])(1.0, 1.0, 1.0) == (2.0, 1.0)
    extend.defvjp_argnum(total, lambda k, ans, args, kwargs: lambda g: g * (k + 1))
    assert autograd.grad(total, [2, 1])(1.0, 1.0, 1.0) == (3.0, 2.0)
    extend.defjvp_argnums(total, lambda argnums, gs, ans, args, kwargs: sum(gs))
    assert autograd.make_jvp(total, [0, 1])(1.0, 1.0)((1.0, 2.0))[1] == 3.0
    extend.defjvp_argnum(total, lambda k, g, ans, args, kwargs: g * k)
    assert autograd.make_jvp(total, [0, 1])(1.0, 1.0)((1.0, 2.0))[1] == 2.0


def test_a_rule_may_cut_its_own_derivative():
    """getval(g) in a rule: reverse mode is as the rule says, and no mode is derived from it."""
    slope = primitive(lambda x: 3 * x**2)
    defvjp(slope, lambda ans, x: lambda g: tracer.getval(g) * 6 * tracer.getval(x))
    cube = primitive(lambda x: x**3)
    defvjp(cube, lambda ans, x: lambda g: g * slope(x))
    assert autograd.hessian(cube)(2.0) == 12.0
    assert autograd.make_hvp(cube)(2.0)[0](1.0) == 12.0
    assert autograd.hessian_vector_product(cube)(2.0, 1.0) == 12.0
    with pytest.raises(MissingRuleError, match="JVP"):
        ad.hessian(cube)(2.0)


def test_other_arguments_are_passed_as_they_are():
    p = primitive(lambda x, how, n: how(x) * n)
    defvjp(p, lambda ans, x, how, n: lambda g: g * np.cos(x) * n)
    assert autograd.grad(p)(0.0, math.sin, 3) == 3.0


def test_results_and_arguments_in_nests():
    p = primitive(lambda x: (np.sum(x), 2 * x))
    defvjp(p, lambda ans, x: lambda g: g[0] + 2 * g[1])
    np.testing.assert_allclose(
        autograd.grad(lambda x: p(x)[0] + np.sum(p(x)[1]))(X), np.full(3, 3.0)
    )
    defjvp(p, lambda g, ans, x: (np.sum(g), 2 * g))
    np.testing.assert_allclose(autograd.make_jvp(p)(X)(X)[1][1], 2 * X)


def test_a_complex_cotangent_of_a_real_argument_is_its_real_part():
    p = primitive(lambda x: x * (1 + 2j))
    defvjp(p, lambda ans, x: lambda g: g * (1 + 2j))
    slope = autograd.grad(lambda x: np.sum(np.abs(p(x)) ** 2))(X)
    assert slope.dtype == float
    np.testing.assert_allclose(slope, 10 * X)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_a_number_may_be_an_array_of_one_entry(shape):
    p = primitive(lambda x: 3 * x)
    defvjp(p, lambda ans, x: lambda g: np.reshape(3 * g, shape))
    assert autograd.grad(p)(2.0) == 3.0
    zero = primitive(np.sum)
    defvjp(zero, lambda ans, x: lambda g: 0.0)
    np.testing.assert_array_equal(autograd.grad(zero)(X), 0 * X)


def test_a_cotangent_of_another_shape_is_refused():
    p = primitive(lambda x, y: x * y)
    defvjp(p, lambda ans, x, y: lambda g: g * y)
    with pytest.raises(ad.ShapeError, match="sum over the axes"):
        autograd.grad(lambda x: np.sum(p(x, X)))(2.0)
    defvjp(p, lambda ans, x, y: unbroadcast_f(x, lambda g: g * y))
    assert autograd.grad(lambda x: np.sum(p(x, X)))(2.0) == np.sum(X)
    column = autograd.grad(lambda x: np.sum(p(x, X)))(np.ones((2, 1)))
    np.testing.assert_array_equal(column, np.full((2, 1), np.sum(X)))


def test_a_transposed_cotangent_is_refused():
    p = primitive(lambda x: np.sum(x))
    defvjp(p, lambda ans, x: lambda g: g * np.ones(x.shape[::-1]))
    with pytest.raises(ad.ShapeError, match=r"\(3, 2\)"):
        autograd.grad(p)(np.ones((2, 3)))
    pull, _ = autograd.make_vjp(lambda x: 2 * x)(np.ones((2, 3)))
    with pytest.raises(ad.ShapeError, match=r"\(3, 2\)"):
        pull(np.ones((3, 2)))
    with pytest.raises(ad.ShapeError, match="structure"):
        pull([np.ones((2, 3))])


def test_tracked_numbers_in_an_array_of_objects_are_opened():
    p = primitive(np.prod)
    defvjp(p, lambda ans, x: lambda g: g * ans / x)
    assert autograd.grad(lambda x: p(np.array([x, 2 * x])))(3.0) == 12.0


def test_all_transforms_of_the_engine_work():
    p = primitive(lambda x: np.array([math.erf(v) for v in x]))
    defvjp(p, lambda ans, x: lambda g: g * 2 / np.sqrt(np.pi) * np.exp(-(x**2)))
    defjvp(p, lambda g, ans, x: g * 2 / np.sqrt(np.pi) * np.exp(-(x**2)))
    assert ad.check(p, X).ok
    rows = ad.vmap(lambda x: ad.grad(lambda x: np.sum(p(x)))(x), fallback="loop")(np.stack([X, -X]))
    np.testing.assert_allclose(rows[0], rows[1])
    slope = ad.jit(ad.grad(lambda x: np.sum(p(x) ** 2)))
    np.testing.assert_allclose(slope(X), ad.grad(lambda x: np.sum(p(x) ** 2))(X))


def test_notrace_primitive_has_a_derivative_of_zero():
    sign = extend.notrace_primitive(np.sign)
    assert autograd.grad(lambda x: x * sign(x))(-2.0) == -1.0


def test_rules_for_what_is_not_a_primitive_are_not_used():
    """autograd differentiates a plain function itself, too, whatever rule it was given."""
    for own in (np.exp, np.where, lambda x: x**2):
        for define in (defvjp, defjvp):
            with pytest.warns(UserWarning, match=r"is not used.*primitive"):
                define(own, lambda *ans: lambda g: 0 * g)
    assert autograd.grad(np.exp)(0.0) == 1.0


def test_a_tracked_keyword_is_refused():
    p = scaled()
    defvjp(p, lambda ans, x, y, s=1.0: lambda g: g * y * s)
    with pytest.raises(ad.NotDifferentiableError, match="by position"):
        autograd.grad(lambda x: p(x, 2.0, s=x))(3.0)


def test_vspace():
    space = extend.vspace({"a": X, "b": 1j})
    assert (space.size, space.iscomplex) == (4, True)
    assert len(list(space.standard_basis())) == 5
    assert space == extend.vspace({"a": -X, "b": 2j}) != extend.vspace(X)
    assert space.inner_prod(space.ones(), space.ones()) == 4.0
    plain = extend.vspace(X)
    assert (plain.shape, plain.ndim, plain.dtype) == ((3,), 1, float)
    np.testing.assert_array_equal(plain.add(plain.ones(), plain.scalar_mul(X, 2.0)), 1 + 2 * X)
    assert plain.randn().shape == plain.zeros().shape == plain.covector(X).shape
