"""Wrong rules are named at once, by what they returned and should have; or `check` finds them."""

import math

import numpy as np
import pytest

import autodiff as ad
from autodiff import custom_rule

B = np.array([1.0, -2.0, 0.5])


class TestContradictions:
    """`check` compares the jvp given, the vjp given and finite differences."""

    def test_a_wrong_rule(self):
        for wrong in (
            custom_rule(np.sin, jvp=lambda p, y, t: np.sin(p[0]) * t[0]),
            custom_rule(np.sin, vjp=lambda p, y, g: (1.01 * np.cos(p[0]) * g,)),
        ):
            report = ad.check(wrong, B)
            assert {c.law for c in report.failures} >= {
                "forward = finite difference",
                "reverse = finite difference",
            }

    def test_rules_that_contradict_each_other(self):
        right = lambda p, y, t: np.cos(p[0]) * t[0]  # noqa: E731
        f = custom_rule(np.sin, jvp=right, vjp=lambda p, y, g: (1.01 * np.cos(p[0]) * g,))
        laws = {c.law for c in ad.check(f, B, order=1).failures}
        assert laws == {"<g, J t> = <J^T g, t>", "reverse = finite difference"}

    def test_a_rule_that_is_wrong_at_the_second_order_only(self):
        f = custom_rule(np.sin, vjp=lambda p, y, g: (ad.stop_gradient(np.cos(p[0])) * g,))
        assert ad.check(f, B, order=1).ok
        assert not ad.check(f, B).ok


def identity(**rules):
    return custom_rule(lambda x: x, **rules)


two = custom_rule(lambda x, y: x * y, vjp=lambda p, y, g: (g * p[1],))
W = {"w": np.ones((2, 3))}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: ad.grad(two)(1.0, 2.0),
            ad.ShapeError,
            "its vjp rule must return a tuple with one cotangent for each of 2 arguments",
        ),
        (
            lambda: ad.grad(identity(vjp=lambda p, y, g: g))(1.0),
            ad.ShapeError,
            r"one cotangent for each of 1 argument \(None for zero\), as primals is a tuple",
        ),
        (
            lambda: ad.grad(lambda x: np.sum(identity(vjp=lambda p, y, g: (g[:2],))(x)))(B),
            ad.ShapeError,
            r"its vjp rule returned has shape \(2,\), but argument 0 has shape \(3,\); .*sum over",
        ),
        (
            lambda: ad.grad(
                lambda p: np.sum(
                    custom_rule(
                        lambda p: p["w"] * 2, vjp=lambda p, y, g: ({"w": np.ones((3, 2))},)
                    )(p)
                )
            )(W),
            ad.ShapeError,
            r"has shape \(3, 2\), but argument 0\['w'\] has shape \(2, 3\)",
        ),
        (
            lambda: ad.grad(
                lambda p: np.sum(
                    custom_rule(lambda p: p["w"] * 2, vjp=lambda p, y, g: ({"v": g},))(p)
                )
            )(W),
            ad.ShapeError,
            r"for argument 0 has structure {'v': \*}, expected {'w': \*}",
        ),
        (
            lambda: ad.jvp(identity(jvp=lambda p, y, t: (y, t[0])), (B,), (B,)),
            ad.ShapeError,
            r"has structure \(\*, \*\), expected \*; the rule returns the tangent alone",
        ),
        (
            lambda: ad.jvp(identity(jvp=lambda p, y, t: np.sum(t[0])), (B,), (B,)),
            ad.ShapeError,
            r"its jvp rule returned has shape \(\), but the output has shape \(3,\)",
        ),
        (
            lambda: ad.jvp(identity(jvp=lambda p, y, t: 1j * t[0]), (B,), (B,)),
            ad.ShapeError,
            "its jvp rule returned is complex, but the output is real",
        ),
        (
            lambda: ad.grad(identity(vjp=lambda p, y, g: ("text",)))(1.0),
            ad.ShapeError,
            "is 'text', not a number or an array like argument 0",
        ),
        (
            lambda: ad.grad(lambda x: np.sum(identity(vjp=lambda p, y, g: (g > 0,))(x)))(B),
            ad.ShapeError,
            "has dtype bool, but argument 0 has dtype float64",
        ),
        (
            lambda: ad.grad(identity())(1.0),
            ad.NotDifferentiableError,
            r"has no rule yet.*give it one: custom_rule\(f, jvp=\.\.\.\)",
        ),
        (
            lambda: identity(jvp=lambda primals, tangents: tangents),
            TypeError,
            r"takes \(primals, output, tangents\), not \(primals, tangents\); .*custom_jvp",
        ),
        (lambda: identity(vjp=lambda g: g), TypeError, r"not \(g\)"),
        (lambda: identity(vjp=3), TypeError, "vjp=3 is not a function"),
        (lambda: custom_rule(3), TypeError, "3 is not a function"),
        (lambda: custom_rule(np.sin, static_argnums="x"), TypeError, "static_argnums='x'"),
        (
            lambda: custom_rule(np.sin, static_argnums=2)(1.0),
            ad.ShapeError,
            "static_argnums names argument 2, but it was called with 1 positional",
        ),
        (
            lambda: ad.grad(lambda x: two(1.0, y=x))(1.0),
            ad.NotDifferentiableError,
            "the keyword argument 'y' is being differentiated.*pass it by position",
        ),
        (
            lambda: ad.grad(custom_rule(lambda x, n: x * n, static_argnums=1), 1)(1.0, 2.0),
            ad.NotDifferentiableError,
            "argument 1, which is static, is being differentiated",
        ),
        (
            lambda: ad.grad(custom_rule(lambda x: "done", vjp=lambda p, y, g: (g,)))(1.0),
            ad.ShapeError,
            "returned 'done', which holds no number",
        ),
    ],
)
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_rule_that_is_not_numpy_has_one_order_and_says_so():
    def jvp(primals, output, tangents):
        return math.cos(primals[0]) * tangents[0]

    f = custom_rule(math.sin, jvp=jvp)
    assert ad.grad(f)(0.5) == math.cos(0.5)
    assert ad.check(f, 0.5, order=1).ok
    with pytest.raises(ad.NotDifferentiableError) as caught:
        ad.grad(ad.grad(f))(0.5)
    assert "in the jvp rule of custom_rule sin" in caught.value.__notes__[0]
    text = str(ad.explain(lambda x: f(x) * 2, 0.5))
    assert "dv1/d(x) . dx/dx" in text
    assert "both modes agree" in text


class TestClosures:
    """A tracked value that comes in by another way than the arguments is refused by its name."""

    def body(self, w):
        return custom_rule(lambda x: x * w, vjp=lambda p, y, g: (g,))

    def test_of_the_body(self):
        message = r"its body uses 'w', which is being differentiated.*pass it as an argument"
        for call in (
            lambda: ad.grad(lambda w: self.body(w)(2.0))(3.0),
            lambda: ad.grad(lambda w: self.body(w)(w))(3.0),
            lambda: ad.grad(lambda w: ad.grad(self.body(w))(2.0))(3.0),
            lambda: ad.jvp(lambda w: self.body(w)(2.0), (3.0,), (1.0,)),
            lambda: ad.trace(lambda w: self.body(w)(2.0), 3.0),
            lambda: ad.vmap(lambda w: self.body(w)(2.0))(B),
            lambda: self.body(ad.tensor(1.0))(2.0),
        ):
            with pytest.raises(ad.NotDifferentiableError, match=message):
                call()

    def test_in_an_array_of_objects(self):
        def f(w):
            return custom_rule(lambda x: np.array([w, x]), vjp=lambda p, y, g: (g[1],))(2.0)

        with pytest.raises(ad.NotDifferentiableError, match="its body uses 'w'"):
            ad.jacobian(f)(3.0)

    def test_of_a_rule(self):
        def reverse(w):
            return ad.grad(lambda x: w * identity(vjp=lambda p, y, g: (g * w,))(x))

        def forward(w):
            return identity(jvp=lambda p, y, t: w * t[0])(w)

        with pytest.raises(ad.NotDifferentiableError, match="its vjp rule uses 'w'"):
            ad.grad(lambda w: identity(vjp=lambda p, y, g: (g * w,))(w))(3.0)
        with pytest.raises(ad.NotDifferentiableError, match="its jvp rule uses 'w'"):
            ad.jvp(forward, (3.0,), (1.0,))
        # What an outer transform is tracking is a constant of the inner derivative: d(w^2)/dw.
        assert ad.grad(reverse(3.0))(1.0) == 0.0
        assert ad.grad(lambda w: reverse(w)(1.0))(3.0) == 6.0

    def test_a_global(self):
        body = lambda x: x * w  # noqa: E731, F821
        body = type(body)(body.__code__, {"w": ad.tensor(2.0)})  # with other globals
        with pytest.raises(ad.NotDifferentiableError, match="its body uses 'w'"):
            custom_rule(body, vjp=lambda p, y, g: (g,))(1.0)
