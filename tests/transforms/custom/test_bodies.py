"""What a custom function may be made of, which arguments it takes, what it may not change."""

import ctypes
import ctypes.util
import gc
import math
import weakref

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize

import autodiff as ad
from autodiff import custom_rule

A = np.array([[3.0, 1.0, 0.5], [1.0, 2.0, -0.5], [0.0, 0.25, 4.0]])
B = np.array([1.0, -2.0, 0.5])


class TestWhatTheEngineDoesNotKnow:
    def test_the_math_module(self):
        erf = custom_rule(
            math.erf, jvp=lambda x, y, t: 2 / np.sqrt(np.pi) * np.exp(-(x[0] ** 2)) * t[0]
        )
        assert ad.check(erf, 0.5).ok
        assert erf(0.5) == math.erf(0.5)

    def test_a_function_in_c(self):
        library = ctypes.CDLL(ctypes.util.find_library("m"))
        library.cbrt.restype, library.cbrt.argtypes = ctypes.c_double, [ctypes.c_double]
        cbrt = custom_rule(lambda x: library.cbrt(x), vjp=lambda x, y, g: (g / (3 * y**2),))
        assert ad.grad(cbrt)(8.0) == 1 / 12
        assert ad.check(cbrt, 0.7).ok

    def test_a_solver_of_scipys(self):
        """x^3 + a x = b, by the implicit function theorem."""

        @custom_rule
        def root(a, b):
            return scipy.optimize.brentq(lambda x: x**3 + a * x - b, -10.0, 10.0, xtol=1e-15)

        @root.defjvp
        def root_jvp(primals, x, tangents):
            (a, _), (a_dot, b_dot) = primals, tangents
            return (b_dot - x * a_dot) / (3 * x**2 + a)

        assert ad.check(root, 2.0, 1.5).ok
        assert ad.hessian(root)(2.0, 1.5) == pytest.approx(
            ad.grad(ad.grad(root))(2.0, 1.5), rel=1e-12
        )

    def test_what_an_error_suggests(self):
        """``give it one with autodiff.custom_rule``: the function itself, as it is."""
        with pytest.raises(ad.NotDifferentiableError, match=r"autodiff\.custom_rule"):
            ad.grad(lambda a: np.trace(scipy.linalg.expm(a)))(A)
        expm = custom_rule(
            scipy.linalg.expm,
            vjp=lambda primals, y, g: (scipy.linalg.expm_frechet(primals[0].T, g)[1],),
        )
        np.testing.assert_allclose(
            ad.grad(lambda a: np.trace(expm(a)))(A), scipy.linalg.expm(A).T, rtol=1e-10
        )
        with pytest.raises(ad.NotDifferentiableError, match=r"autodiff\.custom_rule"):
            ad.grad(lambda x: np.nextafter(x, 9.0))(0.5)
        nextafter = custom_rule(np.nextafter, jvp=lambda p, y, t: t[0])
        assert ad.check(lambda x: nextafter(x, 9.0), B).ok
        with pytest.raises(ad.NotDifferentiableError, match=r"autodiff\.custom_rule"):
            ad.jacobian(np.roots)(B)

        def roots_jvp(primals, output, tangents):
            slope = np.polyval(np.polyder(primals[0]), output)
            return -np.polyval(tangents[0], output) / slope

        assert ad.check(custom_rule(np.roots, jvp=roots_jvp), np.array([1.0, -3.0, 1.0])).ok

    def test_a_rule_of_scipys_runs_for_one_example_at_a_time(self):
        """In the sweeps of a Jacobian, and under ``vmap(..., fallback="loop")``."""
        expm = custom_rule(
            scipy.linalg.expm,
            vjp=lambda primals, y, g: (scipy.linalg.expm_frechet(primals[0].T, g)[1],),
        )
        block = ad.jacrev(expm)(A / 4)
        for i, j in ((0, 1), (2, 2)):
            direction = np.zeros((3, 3))
            direction[i, j] = 1.0
            expected = scipy.linalg.expm_frechet(A / 4, direction)[1]
            np.testing.assert_allclose(block[:, :, i, j], expected, atol=1e-14)
        stack = np.stack([A / 4, A / 5, A.T / 3])
        slopes = ad.vmap(ad.grad(lambda a: np.sum(expm(a) * A)), fallback="loop")(stack)
        alone = [ad.grad(lambda a: np.sum(expm(a) * A))(a) for a in stack]
        np.testing.assert_allclose(slopes, alone, rtol=1e-14)
        with pytest.raises(ad.NotDifferentiableError, match='fallback="loop"'):
            ad.vmap(ad.grad(lambda a: np.sum(expm(a) * A)))(stack)

    def test_a_body_in_a_loop_with_a_rule_forwards(self):
        erf = custom_rule(
            math.erf, jvp=lambda x, y, t: 2 / math.sqrt(math.pi) * math.exp(-(x[0] ** 2)) * t[0]
        )
        slope = ad.vmap(lambda x: ad.jvp(erf, (x,), (2.0,)), fallback="loop")(B)
        alone = [ad.jvp(erf, (x,), (2.0,)) for x in B]
        np.testing.assert_allclose(np.transpose(slope), alone, rtol=1e-15)

    def test_the_body_sees_plain_arrays(self):
        seen = []

        def body(x, n):
            seen.append((type(x), type(n)))
            return x * n

        f = custom_rule(body, vjp=lambda p, y, g: (g * p[1], np.sum(g * p[0])))
        ad.hessian(lambda x: np.sum(f(x, 2.0) ** 2))(B)
        ad.grad(lambda x: ad.jvp(lambda z: np.sum(f(z, 3.0)), (x,), (x,))[1])(B)
        ad.trace(f, B, 1.0)
        assert set(seen) == {(np.ndarray, float)}

    def test_errors_of_the_body_arrive_unchanged(self):
        class DivergedError(ValueError):
            pass

        for error in (
            ValueError("no bracket"),
            DivergedError("at step 3"),
            TypeError("odd"),
            KeyError(1),
        ):

            def body(x, error=error):
                raise error

            f = custom_rule(body, vjp=lambda p, y, g: (g,))
            for call in (
                lambda f=f: f(1.0),
                lambda f=f: ad.grad(f)(1.0),
                lambda f=f: ad.grad(ad.grad(lambda x: f(x) * 2))(1.0),
                lambda f=f: ad.trace(lambda x: 1 + f(x), 1.0),
            ):
                with pytest.raises(type(error)) as caught:
                    call()
                assert caught.value is error
            assert ad.grad(np.sin)(0.0) == 1.0


class TestStatic:
    def test_keywords_reach_the_rules(self):
        def power(x, *, n=2):
            return x**n

        def power_vjp(primals, output, cotangent, *, n=2):
            return (cotangent * n * primals[0] ** (n - 1),)

        f = custom_rule(power, vjp=power_vjp)
        assert ad.grad(lambda x: f(x, n=3))(2.0) == 12.0
        assert ad.grad(f)(2.0) == 4.0
        assert str(ad.trace(lambda x: f(x, n=5), 2.0)).splitlines()[1].split("#")[0].strip() == (
            "y = power(x, n=5)"
        )

    def test_static_arguments_stay_in_place(self):
        def repeat(g, x, n):
            for _ in range(n):
                x = g(x)
            return x

        def repeat_jvp(primals, output, tangents):
            (g, x, n), (g_dot, x_dot, n_dot) = primals, tangents
            assert g_dot is None
            assert n_dot is None
            for _ in range(n):
                x, x_dot = ad.jvp(g, (x,), (x_dot,))
            return x_dot

        f = custom_rule(repeat, jvp=repeat_jvp, static_argnums=(0, -1))
        expected = ad.grad(lambda x: np.sin(np.sin(np.sin(x))))(0.5)
        assert ad.grad(lambda x: f(np.sin, x, 3))(0.5) == pytest.approx(expected, rel=1e-15)
        assert ad.grad(f, 1)(np.sin, 0.5, 3) == pytest.approx(expected, rel=1e-15)
        assert "y = repeat(sin, x, 3)" in str(ad.trace(lambda x: f(np.sin, x, 3), 0.5))

    def test_what_holds_no_number_is_static_by_itself(self):
        f = custom_rule(
            lambda x, kind: x**2 if kind == "square" else x,
            vjp=lambda p, y, g: (g * 2 * p[0] if p[1] == "square" else g, None),
        )
        assert ad.grad(f)(3.0, "square") == 6.0
        assert ad.grad(f)(3.0, None) == 1.0

    def test_a_method(self):
        class Layer:
            def __init__(self, scale):
                self.scale = scale

            @custom_rule
            def __call__(self, x):
                return self.scale * math.floor(x)

            @__call__.defvjp
            def straight_through(primals, output, cotangent):  # noqa: N805
                return None, cotangent * primals[0].scale

        layer = Layer(3.0)
        assert layer(2.5) == 6.0
        assert ad.grad(lambda x: layer(x) ** 2)(2.5) == 36.0

    def test_decorators(self):
        @custom_rule(jvp=lambda primals, y, tangents: 7.0 * tangents[0])
        def f(x):
            """What f says of itself."""
            return x

        assert f.__name__ == "f"
        assert f.__doc__ == "What f says of itself."
        assert repr(f) == "<custom_rule f: jvp>"
        assert ad.grad(f)(1.0) == 7.0


def identity(**rules):
    return custom_rule(lambda x: x, **rules)


class TestNothingIsChangedBehindTheEngine:
    def test_the_body_cannot_write_into_its_argument(self):
        def doubled(x):
            x *= 2
            return x

        f = custom_rule(doubled, vjp=lambda p, y, g: (2 * g,))
        with pytest.raises(ad.NotDifferentiableError, match=r"writes into its argument.*x\.copy"):
            ad.grad(lambda x: np.sum(f(x)))(B.copy())

    def test_nor_can_a_rule(self):
        def vjp(primals, output, cotangent):
            cotangent *= 2
            return (cotangent,)

        f = identity(vjp=vjp)
        with pytest.raises(ValueError, match="read-only"):
            ad.grad(lambda x: np.sum(f(x) * x))(B)

    def test_a_result_that_is_the_argument(self):
        f = identity(vjp=lambda p, y, g: (3 * g,))
        x = B.copy()
        y, pullback = ad.vjp(f, x)
        y[0] = 5.0
        assert x.tolist() == B.tolist()
        assert pullback(np.ones(3))[0].tolist() == [3.0, 3.0, 3.0]

    def test_no_cycles(self):
        f = custom_rule(lambda x, y: x * y, vjp=lambda p, y, g: (g * p[1], g * p[0]))
        gc.collect()
        gc.disable()
        try:
            for run in (
                lambda x: ad.grad(lambda a: np.sum(f(a, a)))(x),
                lambda x: ad.jvp(lambda a: f(a, a), (x,), (x,)),
                lambda x: ad.vmap(ad.grad(lambda a: f(a, a)))(x),
                lambda x: ad.hessian(lambda a: np.sum(f(a, a)))(x),
            ):
                x = np.ones(3)
                alive = weakref.ref(x)
                run(x)
                del x
                assert alive() is None
        finally:
            gc.enable()
