"""Custom rules in JAX's spelling, by the examples of its documentation."""

import math

import numpy as np
import pytest

import autodiff as ad

B = np.array([1.0, -2.0, 0.5])


class TestJaxSpelling:
    """The examples of JAX's own documentation, with the values that JAX gives."""

    def test_custom_jvp(self):
        @ad.custom_jvp
        def f(x, y):
            return np.sin(x) * y

        @f.defjvp
        def f_jvp(primals, tangents):
            x, y = primals
            x_dot, y_dot = tangents
            return f(x, y), np.cos(x) * x_dot * y + np.sin(x) * y_dot

        y, y_dot = ad.jvp(f, (2.0, 3.0), (1.0, 0.0))
        assert (round(y, 6), round(y_dot, 6)) == (2.727892, -1.248441)
        assert ad.grad(f)(2.0, 3.0) == pytest.approx(3 * math.cos(2.0), rel=1e-15)
        assert ad.grad(f)(2.0, y=3.0) == pytest.approx(3 * math.cos(2.0), rel=1e-15)
        assert ad.check(f, 2.0, 3.0).ok

    def test_defjvps(self):
        f = ad.custom_jvp(lambda x, y: x**2 * y)
        f.defjvps(lambda t, y, x, z: 2 * x * z * t, lambda t, y, x, z: x**2 * t)
        assert ad.grad(f, (0, 1))(3.0, 2.0) == (12.0, 9.0)
        f.defjvps(None, lambda t, y, x, z: x**2 * t)
        assert ad.grad(f, (0, 1))(3.0, 2.0) == (0.0, 9.0)

    def test_custom_vjp(self):
        f = ad.custom_vjp(lambda x, y: np.sin(x) * y)
        f.defvjp(
            lambda x, y: (f(x, y), (np.cos(x), np.sin(x), y)),
            lambda residuals, g: (residuals[0] * g * residuals[2], residuals[1] * g),
        )
        assert ad.check(f, 0.5, 3.0).ok
        assert ad.vmap(ad.grad(f))(B, B).shape == (3,)

    def test_clipping_a_gradient(self):
        @ad.custom_vjp
        def clip_gradient(lo, hi, x):
            return x

        clip_gradient.defvjp(
            lambda lo, hi, x: (x, (lo, hi)),
            lambda res, g: (None, None, np.clip(g, res[0], res[1])),
        )
        found = ad.vmap(ad.grad(lambda x: np.sin(clip_gradient(-0.75, 0.75, x))))(
            np.linspace(0, 10, 7)
        )
        np.testing.assert_allclose(found, np.clip(np.cos(np.linspace(0, 10, 7)), -0.75, 0.75))

    def test_nondiff_argnums(self):
        app = ad.custom_jvp(lambda f, x: f(x), nondiff_argnums=(0,))
        app.defjvp(lambda f, primals, tangents: (f(primals[0]), 2.0 * tangents[0]))
        assert ad.grad(lambda x: app(lambda z: z**3, x))(3.0) == 2.0
        back = ad.custom_vjp(lambda f, x: f(x), nondiff_argnums=0)
        back.defvjp(lambda f, x: (f(x), x), lambda f, x, g: (5 * g,))
        assert ad.grad(lambda x: back(lambda z: z**2, x))(4.0) == 5.0

    def test_a_fixed_point(self):
        """By iterating the transposed equation in the rule: another custom function."""

        def fixed_point(f, a, x_guess):
            x_before, x = x_guess, f(a, x_guess)
            while abs(ad.stop_gradient(x_before - x)) > 1e-12:
                x_before, x = x, f(a, x)
            return x

        fixed_point = ad.custom_vjp(fixed_point, nondiff_argnums=(0,))

        def bwd(f, residuals, x_bar):
            a, x = residuals
            _, vjp_a = ad.vjp(lambda a: f(a, x), a)
            _, vjp_x = ad.vjp(lambda x: f(a, x), x)
            w = fixed_point(lambda packed, w: packed + vjp_x(w)[0], x_bar, x_bar)
            return (*vjp_a(w), 0.0 * x)

        def fwd(f, a, x_init):
            x = fixed_point(f, a, x_init)
            return x, (a, x)

        fixed_point.defvjp(fwd, bwd)

        def newton_sqrt(a):
            return fixed_point(lambda a, x: 0.5 * (x + a / x), a, a)

        assert ad.grad(newton_sqrt)(2.0) == pytest.approx(0.5 / math.sqrt(2.0), rel=1e-9)

    @pytest.mark.parametrize(
        ("define", "message"),
        [
            (lambda f: f.defjvp(lambda p, t: t[0]), r"must return the pair \(output, output tang"),
            (
                lambda f: f.defjvp(lambda p, t: ((1.0, 2.0), t[0])),
                "the output that the rule of cus",
            ),
            (lambda f: f.defjvps(None, None), "defjvps has 2 rules for 1 argument"),
        ],
    )
    def test_mistakes(self, define, message):
        f = ad.custom_jvp(lambda x: x * 2)
        define(f)
        with pytest.raises(ad.ShapeError, match=message):
            ad.jvp(f, (1.0,), (1.0,))

    def test_mistakes_backwards(self):
        f = ad.custom_vjp(lambda x: x * 2)
        with pytest.raises(ad.NotDifferentiableError, match="has no rule yet"):
            ad.grad(f)(1.0)
        f.defvjp(lambda x: (f(x), None), lambda residuals, g: g)
        with pytest.raises(ad.ShapeError, match="bwd must return a tuple"):
            ad.grad(f)(1.0)
        with pytest.raises(TypeError, match="custom_vjp has no defjvp"):
            f.defjvp(None)
        with pytest.raises(TypeError, match="custom_jvp has no defvjp"):
            ad.custom_jvp(np.sin).defvjp(None)
        with pytest.raises(TypeError, match="cannot be used with nondiff_argnums"):
            ad.custom_jvp(np.sin, nondiff_argnums=0).defjvps(None)
