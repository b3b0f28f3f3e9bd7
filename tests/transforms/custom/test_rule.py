"""A rule that the user gives is a row like any other: both modes, every order, every transform."""

import re

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from laws.test_programs import SEEDS, programs

import autodiff as ad
from autodiff import custom_rule

A = np.array([[3.0, 1.0, 0.5], [1.0, 2.0, -0.5], [0.0, 0.25, 4.0]])
B = np.array([1.0, -2.0, 0.5])


def solve_jvp(primals, output, tangents):
    (a, _), (a_dot, b_dot) = primals, tangents
    return np.linalg.solve(a, b_dot - a_dot @ output)


def solve_vjp(primals, output, cotangent):
    a, _ = primals
    b_bar = np.linalg.solve(a.T, cotangent)
    return -np.outer(b_bar, output), b_bar


def solve(a, b):
    """A value that the engine knows nothing of: it is computed in lists of Python floats."""
    rows = [[float(x) for x in row] + [float(y)] for row, y in zip(a, b, strict=True)]
    for k, row in enumerate(rows):
        for other in rows[k + 1 :]:
            factor = other[k] / row[k]
            other[:] = [x - factor * y for x, y in zip(other, row, strict=True)]
    found = [0.0] * len(rows)
    for k in range(len(rows) - 1, -1, -1):
        rest = sum(rows[k][j] * found[j] for j in range(k + 1, len(rows)))
        found[k] = (rows[k][-1] - rest) / rows[k][k]
    return np.array(found)


GIVEN = {
    "forwards": custom_rule(solve, jvp=solve_jvp),
    "backwards": custom_rule(solve, vjp=solve_vjp),
    "both ways": custom_rule(solve, solve_jvp, solve_vjp),
}


@pytest.fixture(params=GIVEN.values(), ids=GIVEN)
def rule(request):
    return request.param


class TestOneRuleIsEnough:
    """Whichever rule is given, everything equals what the engine knows of np.linalg.solve."""

    def test_value(self, rule):
        assert rule(A, B).tolist() == solve(A, B).tolist()
        assert ad.vjp(rule, A, B)[0].tolist() == solve(A, B).tolist()

    def test_check(self, rule):
        assert ad.check(rule, A, B).ok

    @pytest.mark.parametrize("outer", [ad.grad, ad.jacfwd, ad.jacrev, ad.hessian])
    def test_transforms(self, rule, outer):
        def loss(f):
            return lambda a, b: np.sum(f(a, b) ** 3)

        found, expected = outer(loss(rule))(A, B), outer(loss(np.linalg.solve))(A, B)
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)

    def test_jacobians_of_the_rule_alone(self, rule):
        expected = ad.jacrev(np.linalg.solve, (0, 1))(A, B)
        for jacobian in (ad.jacfwd, ad.jacrev):
            for found, block in zip(jacobian(rule, (0, 1))(A, B), expected, strict=True):
                np.testing.assert_allclose(found, block, rtol=1e-12, atol=1e-14)

    def test_every_nesting(self, rule):
        def along(f):
            return lambda t: np.sum(f(A + t * np.eye(3), B) ** 2)

        def forwards(g):
            return lambda t: ad.jvp(g, (t,), (1.0,))[1]

        expected = ad.taylor(along(np.linalg.solve), 0.1, 1.0, 3)[3] * 6
        for first in (ad.grad, forwards):
            for second in (ad.grad, forwards):
                for third in (ad.grad, forwards):
                    found = first(second(third(along(rule))))(0.1)
                    np.testing.assert_allclose(found, expected, rtol=1e-10)

    def test_linearize_and_trace(self, rule):
        _, f_dot = ad.linearize(rule, A, B)
        expected = ad.jvp(np.linalg.solve, (A, B), (A, B))[1]
        np.testing.assert_allclose(f_dot(A, B), expected, atol=1e-14)
        graph = ad.trace(rule, A, B)
        assert [n.primitive.name for n in graph.operations] == ["custom_rule.solve"]
        assert graph(A, 2 * B).tolist() == solve(A, 2 * B).tolist()
        np.testing.assert_allclose(
            ad.jacrev(graph, 1)(A, B), ad.jacrev(np.linalg.solve, 1)(A, B), atol=1e-14
        )

    def test_the_object_face(self, rule):
        a, b = ad.tensor(A), ad.tensor(B)
        np.sum(rule(a, b)).backward()
        expected = ad.grad(lambda a, b: np.sum(np.linalg.solve(a, b)), (0, 1))(A, B)
        np.testing.assert_allclose(a.grad, expected[0], atol=1e-14)
        np.testing.assert_allclose(b.grad, expected[1], atol=1e-14)

    def test_a_batch_one_by_one(self, rule):
        stack = np.stack([B, 2 * B, B**2])
        mapped = ad.vmap(rule, (None, 0), fallback="loop")
        assert mapped(A, stack).tolist() == [solve(A, b).tolist() for b in stack]
        found = ad.grad(lambda a: np.sum(mapped(a, stack) ** 2))(A)
        one_by_one = ad.grad(lambda a: sum(np.sum(rule(a, b) ** 2) for b in stack))(A)
        np.testing.assert_allclose(found, one_by_one, atol=1e-13)

    def test_a_batch_at_once_is_refused_where_the_body_cannot(self, rule):
        with pytest.raises(ad.NotDifferentiableError, match=r'solve cannot run .*fallback="loop"'):
            ad.vmap(rule, (None, 0))(A, np.stack([B, B]))


def wave(params, x):
    return {"wave": np.sin(params["k"] @ x), "steps": 3, "note": "done"}


def wave_vjp(primals, output, cotangent):
    params, x = primals
    s_bar = cotangent["wave"] * np.cos(params["k"] @ x)
    return {"k": np.outer(s_bar, x), "unused": None}, params["k"].T @ s_bar


def wave_jvp(primals, output, tangents):
    (params, x), (params_dot, x_dot) = primals, tangents
    rate = params_dot["k"] @ x + params["k"] @ x_dot
    return {"wave": np.cos(params["k"] @ x) * rate, "steps": None, "note": None}


WAVES = [
    custom_rule(wave, jvp=wave_jvp),
    custom_rule(wave, vjp=wave_vjp),
    custom_rule(wave, jvp=wave_jvp, vjp=wave_vjp),
]
PARAMS = {"k": A[:2], "unused": 0.5}
XS = np.stack([B, 2 * B, B**2, 1 / B])


@pytest.mark.parametrize("f", WAVES)
class TestNestsAndBatches:
    def test_value(self, f):
        def both(p):
            y = f(p, B)
            return (y["wave"], y["steps"]), y["note"]

        (y, steps), _, note = ad.vjp(both, PARAMS, has_aux=True)
        assert (y.tolist(), steps, note) == tuple(
            x.tolist() if isinstance(x, np.ndarray) else x for x in wave(PARAMS, B).values()
        )
        assert f(PARAMS, B)["note"] == "done"

    def test_check(self, f):
        assert ad.check(lambda p, x: f(p, x)["wave"], PARAMS, B).ok

    def test_structure_of_the_gradient(self, f):
        g, x_bar = ad.grad(lambda p, x: np.sum(f(p, x)["wave"]), (0, 1))(PARAMS, B)
        s_bar = np.cos(A[:2] @ B)
        np.testing.assert_allclose(g["k"], np.outer(s_bar, B), rtol=1e-15)
        np.testing.assert_allclose(x_bar, A[:2].T @ s_bar, rtol=1e-15)
        assert g["unused"] == 0.0

    def test_a_batch_is_the_loop(self, f):
        mapped = ad.vmap(lambda p, x: f(p, x)["wave"], (None, 0))
        assert mapped(PARAMS, XS).tolist() == [wave(PARAMS, x)["wave"].tolist() for x in XS]
        assert ad.vmap(lambda x: f(PARAMS, x)["steps"])(XS).tolist() == [3, 3, 3, 3]

    def test_batches_of_gradients_and_gradients_of_batches(self, f):
        def loss(p, x):
            return np.sum(f(p, x)["wave"] ** 2)

        plain = [
            ad.grad(lambda p, x: np.sum(np.sin(p["k"] @ x) ** 2), (0, 1))(PARAMS, x) for x in XS
        ]
        each = ad.vmap(ad.grad(loss, (0, 1)), (None, 0))(PARAMS, XS)
        np.testing.assert_allclose(each[0]["k"], [g["k"] for g, _ in plain], atol=1e-13)
        np.testing.assert_allclose(each[1], [x_bar for _, x_bar in plain], atol=1e-13)
        total = ad.grad(lambda p, xs: np.sum(ad.vmap(loss, (None, 0))(p, xs)), (0, 1))(PARAMS, XS)
        np.testing.assert_allclose(total[0]["k"], sum(g["k"] for g, _ in plain), atol=1e-13)
        np.testing.assert_allclose(total[1], [x_bar for _, x_bar in plain], atol=1e-13)

    def test_second_order_through_a_batch(self, f):
        def loss(g):
            return lambda k: np.sum(ad.vmap(lambda x: g({"k": k, "unused": 0.0}, x))(XS) ** 2)

        found = ad.hessian(loss(lambda p, x: f(p, x)["wave"]))(A[:2])
        expected = ad.hessian(loss(lambda p, x: np.sin(p["k"] @ x)))(A[:2])
        np.testing.assert_allclose(found, expected, atol=1e-12)

    def test_batches_of_batches(self, f):
        grid = XS.reshape(2, 2, 3)

        def loss(k):
            inner = ad.vmap(lambda x: f({"k": k, "unused": 0.0}, x)["wave"])
            return np.sum(ad.vmap(inner)(grid))

        expected = ad.grad(lambda k: np.sum(np.sin(grid @ k.T)))(A[:2])
        np.testing.assert_allclose(ad.grad(loss)(A[:2]), expected, atol=1e-13)
        np.testing.assert_allclose(ad.jvp(loss, (A[:2],), (A[:2],))[1], np.sum(expected * A[:2]))


class TestDtypesAndZeros:
    def test_float32_stays(self):
        scale = np.array([1.5, 2.5, 3.5])  # float64: the gradient takes its input's dtype
        f = custom_rule(lambda x: x * 2, vjp=lambda p, y, g: (g * scale,))
        g = ad.grad(lambda x: np.sum(f(x)))(B.astype(np.float32))
        assert g.dtype == np.float32
        assert g.tolist() == [1.5, 2.5, 3.5]
        stack = np.stack([B, B]).astype(np.float32)
        assert ad.grad(lambda x: np.sum(ad.vmap(f)(x)))(stack).dtype == np.float32

    def test_complex(self):
        f = custom_rule(lambda z: np.exp(1j * z), jvp=lambda p, y, t: 1j * y * t[0])
        assert ad.check(f, 0.3 + 0.2j).ok
        assert ad.check(lambda x: np.abs(f(x)) + np.real(f(x)), 0.3).ok

    def test_integers_beside(self):
        f = custom_rule(
            lambda x, n: x**n, vjp=lambda p, y, g: (g * p[1] * p[0] ** (p[1] - 1), None)
        )
        assert ad.grad(f)(2.0, 3) == 12.0
        index = np.array([0, 2])
        pick = custom_rule(lambda x, k: x[k], jvp=lambda p, y, t: t[0][p[1]])
        assert ad.grad(lambda x: np.sum(pick(x, index)))(B).tolist() == [1.0, 0.0, 1.0]

    def test_an_integer_result(self):
        f = custom_rule(
            lambda x: (int(np.argmax(x)), np.max(x)),
            vjp=lambda p, y, g: (g[1] * (np.arange(3) == y[0]),),
        )

        def loss(x):
            k, top = f(x)
            return top * x[k] + k

        np.testing.assert_allclose(ad.grad(loss)(B), [2.0, 0.0, 0.0])
        np.testing.assert_allclose(ad.jvp(loss, (B,), (np.ones(3),))[1], 2.0)

    def test_none_is_zero(self):
        f = custom_rule(lambda x, y: x * y, vjp=lambda p, y, g: (None, g * p[0]))
        assert ad.grad(f, (0, 1))(2.0, 3.0) == (0.0, 2.0)
        assert ad.jvp(f, (2.0, 3.0), (1.0, 0.0))[1] == 0.0

    def test_an_untaken_branch_contributes_nothing(self):
        safe = custom_rule(np.log, vjp=lambda p, y, g: (g / p[0],))
        x = np.array([0.0, 2.0])
        with np.errstate(all="ignore"):
            g = ad.grad(lambda x: np.sum(np.where(x > 1, safe(x), 0.0)))(x)
        assert g.tolist() == [0.0, 0.5]


class TestPictures:
    def test_one_node_with_its_derivative_in_the_tables(self):
        cube = custom_rule(lambda x: x**3, vjp=lambda p, y, g: (g * 3 * p[0] ** 2,))
        cube.__name__ = "cube"
        cube.f.__name__ = "cube"
        explanation = ad.explain(lambda x: cube(np.sin(x)), 0.5)
        text = str(explanation)
        assert re.search(r"y += cube\(v1\)", text)
        assert re.search(r"dy/dv1 += 3 \* v1\^2 ", text)
        assert "both modes agree" in text
        assert "cube" in explanation.dot()

    def test_a_name_of_the_tables_own(self):
        """A custom `where` is not the row `where`, though it prints so."""

        def where(c, x):
            return np.where(c > 0, x, 0.0)

        f = custom_rule(where, vjp=lambda p, y, g: (None, g * (p[0] > 0)))
        graph = ad.trace(f, B, B)
        assert "y = where(c, x)" in str(graph)
        assert [n.primitive.name for n in graph.operations] == ["custom_rule.where"]
        assert ad.grad(lambda x: np.sum(f(B, x)))(B).tolist() == [1.0, 0.0, 1.0]

    def test_a_tape(self):
        f = custom_rule(lambda x: x**2, vjp=lambda p, y, g: (2 * p[0] * g,))
        x = ad.tensor(3.0, name="x")
        assert "<svg" in (f(x) * x)._repr_svg_()


def with_rules(program, jvp, vjp):
    """The program as a function that the engine cannot look into, with what it knows as rules."""
    argnums = tuple(range(len(program.inputs)))

    def push(primals, output, tangents):
        return ad.jvp(program, primals, tangents)[1]

    def pull(primals, output, cotangent):
        return tuple(cotangent * bar for bar in ad.grad(program, argnums)(*primals))

    return custom_rule(program, jvp=push if jvp else None, vjp=pull if vjp else None)


@settings(max_examples=max(1, settings.default.max_examples // 20))
@given(programs(), st.sampled_from([(True, False), (False, True), (True, True)]), SEEDS)
def test_derived_rules_equal_given_ones(program, given_rules, seed):
    """A law over random programs, to the second order in all four nestings."""
    value = program(*program.inputs)
    assume(np.isrealobj(value) and np.isfinite(value))
    f, inputs = with_rules(program, *given_rules), program.inputs
    assert f(*inputs) == value
    rng = np.random.default_rng(seed)
    one, two = (tuple(rng.normal(size=np.shape(x)) for x in inputs) for _ in range(2))

    def forward(g, t):
        return lambda *xs: ad.jvp(g, xs, t)[1]

    def reverse(g, t):
        argnums = tuple(range(len(inputs)))
        return lambda *xs: sum(
            np.sum(bar * d) for bar, d in zip(ad.grad(g, argnums)(*xs), t, strict=True)
        )

    for first in (forward, reverse):
        close(first(f, one)(*inputs), forward(program, one)(*inputs))
        for second in (forward, reverse):
            expected = forward(forward(program, one), two)(*inputs)
            close(second(first(f, one), two)(*inputs), expected)
    stacks = [np.stack([x, np.tanh(x)]) for x in inputs]
    for derivative in (forward, reverse):
        slopes = ad.vmap(derivative(f, one), fallback="loop")(*stacks)
        for k in range(2):
            close(slopes[k], derivative(program, one)(*(s[k] for s in stacks)))


def close(found, expected):
    scale = np.max(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8 * scale)
