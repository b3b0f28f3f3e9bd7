"""A checkpoint changes memory and nothing else: values and gradients have the same bits."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from laws import statements as laws
from laws.test_programs import SEEDS, programs

import autodiff as ad
from autodiff import checkpoint, checkpoint_chain

X = np.array([0.5, -1.0, 2.0])
W = np.array([[1.0, 0.5, -0.5], [0.25, 2.0, 0.0], [0.5, -0.25, 1.5]])


def in_parts(program, sizes, wrap):
    """The program with its steps in parts, each of them a function of all variables so far."""

    def run(*inputs):
        variables, first = list(inputs), 0
        for size in sizes:

            def part(*known, steps=program.steps[first : first + size]):
                found = list(known)
                for step in steps:
                    found.append(step.run(found))
                return tuple(found)

            variables = list(wrap(part)(*variables))
            first += size
        for step in program.steps[first:]:
            variables.append(step.run(variables))
        return sum(np.sum(np.tanh(v)) for v in variables)

    return run


def twice(f):
    return checkpoint(lambda *args, **options: checkpoint(f)(*args, **options))


SOME = settings(max_examples=max(1, settings.default.max_examples // 2))


@SOME
@given(programs(), st.lists(st.integers(1, 3), max_size=4), st.sampled_from((checkpoint, twice)))
def test_the_same_bits(program, sizes, wrap):
    inputs, argnums = program.inputs, tuple(range(len(program.inputs)))
    assume(np.isrealobj(program(*inputs)))
    plain = ad.value_and_grad(program, argnums)(*inputs)
    kept = ad.value_and_grad(in_parts(program, sizes, wrap), argnums)(*inputs)
    laws.same_bits(kept[0], plain[0], "value")
    for a, b in zip(kept[1], plain[1], strict=True):
        laws.same_bits(a, b, "gradient")
    ones = laws.constant(inputs, 1.0)
    parts = in_parts(program, sizes, wrap)
    for a, b in zip(ad.jvp(parts, inputs, ones), ad.jvp(program, inputs, ones), strict=True):
        laws.same_bits(a, b, "forward mode")

    def hessian_product(f):
        return ad.jvp(lambda *xs: ad.grad(f, argnums)(*xs), inputs, ones)[1]

    for a, b in zip(hessian_product(parts), hessian_product(program), strict=True):
        laws.same_bits(a, b, "forward over reverse")


@settings(max_examples=max(1, settings.default.max_examples // 5))
@given(programs(), SEEDS)
def test_every_nesting(program, seed):
    assume(np.isrealobj(program(*program.inputs)))
    parts = in_parts(program, (2, 2), checkpoint)
    laws.second_order_in_all_four_nestings(
        program._replace(steps=(type(program.steps[0])("all, in parts", lambda v: parts(*v)),)),
        np.random.default_rng(seed),
    )


def network(wrap):
    """Results that are arguments, results twice, and variables from outside."""

    def loss(w, x):
        hidden, same, doubled = wrap(lambda x: (np.tanh(w @ x), x, x * 2))(x)
        out = wrap(lambda a, b, *, scale: [a * b + scale * np.sin(same) * np.sum(w), a])
        y, again = out(hidden, doubled, scale=hidden[0])
        return np.sum(y * hidden) + np.sum(x * y) + np.sum(again * same)

    return loss


def plainly(f):
    return f


BOTH = ad.grad(network(plainly), (0, 1))(W, X)


@pytest.mark.parametrize("wrap", [checkpoint, twice])
class TestClosuresAndResults:
    def test_gradient(self, wrap):
        for a, b in zip(ad.grad(network(wrap), (0, 1))(W, X), BOTH, strict=True):
            assert a.tolist() == b.tolist()

    def test_check(self, wrap):
        assert ad.check(network(wrap), W, X).ok

    def test_the_object_face(self, wrap):
        w, x = ad.tensor(W), ad.tensor(X)
        network(wrap)(w, x).backward()
        assert w.grad.tolist() == BOTH[0].tolist()
        assert x.grad.tolist() == BOTH[1].tolist()

    def test_a_picture_shows_what_is_inside(self, wrap):
        x = ad.tensor(0.5, name="x")
        y = wrap(lambda x: np.exp(np.sin(x)))(x)
        assert "sin" in y._repr_svg_()
        y.backward()
        assert x.grad == pytest.approx(np.exp(np.sin(0.5)) * np.cos(0.5), rel=1e-15)

    def test_an_inner_transform_closes_over_an_outer_variable(self, wrap):
        def outer(f):
            return ad.grad(
                lambda w: np.sum(ad.grad(lambda x: np.sum(f(lambda x: (w @ x) ** 3)(x)))(X))
            )

        np.testing.assert_allclose(outer(wrap)(W), outer(plainly)(W), rtol=1e-15)

    def test_batches(self, wrap):
        xs = np.stack([X, 2 * X, X**2])
        each = ad.vmap(ad.grad(lambda x: network(wrap)(W, x)))(xs)
        assert each.tolist() == ad.vmap(ad.grad(lambda x: network(plainly)(W, x)))(xs).tolist()

        def total(f):
            return lambda w: np.sum(ad.vmap(lambda x: network(f)(w, x))(xs))

        assert ad.grad(total(wrap))(W).tolist() == ad.grad(total(plainly))(W).tolist()

    def test_jacobians_and_pullbacks_that_run_often(self, wrap):
        f = wrap(lambda x: np.sin(W @ x))
        expected = np.cos(W @ X)[:, None] * W
        for jacobian in (ad.jacrev, ad.jacfwd):
            np.testing.assert_allclose(jacobian(f)(X), expected, rtol=1e-14)
        _, pullback = ad.vjp(f, X)
        rows = [pullback(row)[0].tolist() for row in np.eye(3)]
        assert rows == [pullback(row)[0].tolist() for row in np.eye(3)]

    def test_reverse_over_forward(self, wrap):
        def slope(f):
            return lambda x: ad.jvp(lambda x: network(f)(W, x), (x,), (np.ones(3),))[1]

        assert ad.grad(slope(wrap))(X).tolist() == ad.grad(slope(plainly))(X).tolist()

    def test_untaken_branches_contribute_nothing(self, wrap):
        def loss(x):
            y = wrap(lambda x: np.log(x))(x)
            return np.sum(np.where(x > 0, y, 0.0))

        with np.errstate(all="ignore"):
            assert ad.grad(loss)(np.array([0.0, 2.0])).tolist() == [0.0, 0.5]

    def test_arrays_of_objects(self, wrap):
        f = wrap(lambda x: np.array([x[0] * x[1], x[2] ** 2]))
        assert ad.grad(lambda x: np.sum(f(x)))(X).tolist() == [-1.0, 0.5, 4.0]

    def test_what_leaks_keeps_its_derivative(self, wrap):
        def loss(x):
            seen = []

            def f(x):
                y = np.sin(x)
                seen.append(y)
                return y * 2

            return np.sum(wrap(f)(x)) + np.sum(seen[0] * x)

        expected = 2 * np.cos(X) + np.cos(X) * X + np.sin(X)
        np.testing.assert_allclose(ad.grad(loss)(X), expected, rtol=1e-15)

    def test_assignment_inside_and_outside(self, wrap):
        def loss(x):
            y = x * 1.0

            def f(y):
                y[0] = np.sin(y[1])
                return y * y

            z = wrap(f)(y)
            y[1] = 0.0
            z[2] = 5.0
            return np.sum(z) + np.sum(y)

        def by_hand(x):
            s = np.sin(x[1])
            return s * s + x[1] ** 2 + 5.0 + s + x[2]

        assert ad.grad(loss)(X).tolist() == pytest.approx(ad.grad(by_hand)(X).tolist(), rel=1e-15)


class TestVariablesThatMoveOn:
    """The second run finds the variables of the function as they were before the first."""

    def test_a_loop(self):
        def loss(wrap):
            def f(x):
                for k in range(4):
                    w = np.full(3, k + 1.0)
                    x = wrap(lambda x: np.sin(x * k) * w)(x)  # noqa: B023
                return np.sum(x)

            return f

        assert ad.grad(loss(checkpoint))(X).tolist() == ad.grad(loss(plainly))(X).tolist()

    def test_a_tracked_variable_that_is_assigned_into(self):
        def loss(wrap):
            def f(x):
                w = x * 2.0
                y = wrap(lambda x: x * w)(x)
                w[0] = 100.0
                return np.sum(y) + np.sum(w)

            return f

        assert ad.grad(loss(checkpoint))(X).tolist() == ad.grad(loss(plainly))(X).tolist()

    def test_a_counter(self):
        def loss(x):
            count = 0

            def f(x):
                nonlocal count
                count += 1
                return x * count

            y = checkpoint(f)(x) + checkpoint(f)(x)
            assert count == 2
            return np.sum(y)

        assert ad.grad(loss)(X).tolist() == [3.0, 3.0, 3.0]

    def test_a_function_that_names_itself(self):
        def loss(x):
            @checkpoint
            def power(x, n):
                return x if n == 1 else x * power(x, n - 1)

            return power(x, 4)

        assert ad.grad(loss)(2.0) == 32.0

    @pytest.mark.parametrize("what", ["random", "changed", "fewer", "untracked"])
    def test_another_result_is_refused(self, what):
        rng, constant, calls = np.random.default_rng(0), np.ones(3), []

        def f(x):
            calls.append(what)
            if what == "random":
                return x * rng.normal(size=3)
            if what == "changed":
                return x * constant
            if len(calls) == 1:
                return [x * 2, x * 3]
            return [x * 2] if what == "fewer" else [x * 2, X * 3]

        def loss(x):
            y = checkpoint(f)(x)
            constant[0] = 5.0
            return np.sum(y[0]) if isinstance(y, list) else np.sum(y)

        with pytest.raises(
            ad.AutodiffError, match="f returned a different result when the reverse sweep"
        ):
            ad.grad(loss)(X)

    def test_a_generator_seeded_inside(self):
        f = checkpoint(lambda x: x * np.random.default_rng(3).normal(size=3))
        expected = np.random.default_rng(3).normal(size=3)
        assert ad.grad(lambda x: np.sum(f(x)))(X).tolist() == expected.tolist()


def test_an_error_in_the_second_run():
    calls = []

    def f(x):
        calls.append(None)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return np.sin(x)

    with pytest.raises(KeyboardInterrupt):
        ad.grad(checkpoint(f))(0.5)
    assert ad.grad(checkpoint(f))(0.0) == 1.0


def test_constants_and_tensors_made_inside():
    f = checkpoint(lambda x: (np.zeros_like(x), x * 2))
    assert ad.grad(lambda x: np.sum(f(x)[0] * x + f(x)[1]))(X).tolist() == [2.0, 2.0, 2.0]

    def makes_a_tensor(x):
        return x * ad.tensor(2.0)

    with pytest.raises(ad.NotDifferentiableError, match="a tensor made inside a checkpoint"):
        checkpoint(makes_a_tensor)(ad.tensor(3.0))


def test_what_is_not_a_function_is_refused():
    with pytest.raises(TypeError, match=r"checkpoint\(f\)\(x\): .*0\.84.* is not a function"):
        checkpoint(np.sin(1.0))
    with pytest.raises(TypeError, match="3 is not a function"):
        checkpoint_chain([np.sin, 3])


def test_it_is_still_the_function():
    @checkpoint
    def f(x, *, power=2):
        """What f says of itself."""
        return x**power

    assert (f.__name__, f.__doc__) == ("f", "What f says of itself.")
    assert f(3.0) == 9.0
    assert ad.grad(lambda x: f(x, power=3))(2.0) == 12.0
    assert str(ad.trace(f, 2.0)) == str(ad.trace(f.__wrapped__, 2.0))


def deep(x, w):
    return x + 0.1 * np.tanh(x * w) * np.cos(x)


class TestChains:
    blocks = tuple(lambda x, w=w: deep(x, w) for w in np.linspace(0.5, 1.5, 36))

    @pytest.mark.parametrize("segments", [None, 1, 2, 5, 36])
    def test_the_same_bits(self, segments):
        chain = checkpoint_chain(self.blocks, segments)
        x = X
        for block in self.blocks:
            x = block(x)
        assert chain(X).tolist() == x.tolist()
        plain = ad.grad(lambda x: np.sum(checkpoint_chain(self.blocks, 1)(x)))(X)
        assert ad.grad(lambda x: np.sum(chain(x)))(X).tolist() == plain.tolist()

    def test_a_chain_of_nests(self):
        def step(state):
            return {"x": state["x"] + 0.1 * state["v"], "v": state["v"] - 0.1 * np.sin(state["x"])}

        def energy(chain):
            return lambda s: np.sum(chain(s)["x"] ** 2)

        start = {"x": X, "v": 0 * X}
        found = ad.grad(energy(checkpoint_chain([step] * 50)))(start)
        plain = ad.grad(energy(checkpoint_chain([step] * 50, 1)))(start)
        assert {k: v.tolist() for k, v in found.items()} == {
            k: v.tolist() for k, v in plain.items()
        }

    @pytest.mark.parametrize("segments", [0, 37, -1])
    def test_segments_that_do_not_fit(self, segments):
        with pytest.raises(ValueError, match=f"segments={segments} for 36 blocks"):
            checkpoint_chain(self.blocks, segments)

    def test_memory_grows_as_the_root(self):
        """Arrays kept: of 4 n without checkpoints, about 5 sqrt(n) with them."""
        x = np.linspace(-1, 1, 20_000)
        peaks = {n: peak(checkpoint_chain([self.blocks[0]] * n), x) / x.nbytes for n in (16, 64)}
        plain = peak(checkpoint_chain([self.blocks[0]] * 64, 1), x) / x.nbytes
        assert plain > 4 * 64
        assert peaks[64] < plain / 4
        assert peaks[64] < 2.5 * peaks[16]

    def test_nothing_is_kept_after_the_sweep(self):
        gc.collect()
        gc.disable()
        try:
            x = np.ones(3)
            alive = weakref.ref(x)
            ad.grad(lambda x: np.sum(checkpoint_chain(self.blocks)(x)))(x)
            ad.grad(lambda x: np.sum(twice(lambda y: y * x)(x)))(x)
            ad.vjp(twice(np.sin), x)
            del x
            assert alive() is None
        finally:
            gc.enable()


def peak(chain, x):
    """The most memory in use while a gradient is computed."""
    gradient = ad.grad(lambda x: np.sum(chain(x)))
    gradient(x[:1])
    tracemalloc.start()
    try:
        gradient(x)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
