"""Transforms in many threads and tasks at once, interrupted anywhere, suspended anywhere: there is
no state outside of the values themselves, so the next answer is right."""

import asyncio
import contextvars
import itertools
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autodiff as ad
from autodiff.rules.primitive import payload

X = np.linspace(-1.0, 1.0, 7)
W = np.random.default_rng(0).normal(size=(7, 7))


@pytest.fixture(autouse=True)
def often():
    """Threads take turns after every few instructions."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@ad.custom_rule
def softly(x):
    return np.tanh(x)


@softly.defvjp
def softly_vjp(primals, y, y_bar):
    return (y_bar * (1 - y**2),)


def loss(x):
    """A bit of everything: assignment, views, choices, checkpoints, custom rules, a transform."""
    y = np.zeros_like(x)
    y[1:] = softly(W @ x)[:-1]
    y[::2] += x[::2]
    z = ad.checkpoint(lambda y: np.where(y > 0, np.sqrt(np.abs(y)), y * x))(y)
    return np.sum(z * np.max(x)) + ad.grad(lambda t: np.sum(np.sin(t * x)))(0.3)


ANSWERS = {
    "grad": lambda: ad.grad(loss)(X),
    "jvp": lambda: ad.jvp(loss, (X,), (X,))[1],
    "hessian": lambda: ad.hessian(loss)(X),
    "jacrev": lambda: ad.jacrev(loss)(X),
    "vmap": lambda: ad.vmap(ad.grad(loss))(np.stack([X, 2 * X])),
    "linearize": lambda: ad.linearize(loss, X)[1](X),
    "trace": lambda: str(ad.trace(loss, X)),
    "explain": lambda: str(ad.explain(lambda x: np.sum(softly(x) * x), X)),
    "check": lambda: str(ad.check(lambda x: np.sum(softly(x) * x), X, directions=1)),
}


def answers():
    return {k: v.tolist() if isinstance(v := f(), np.ndarray) else v for k, f in ANSWERS.items()}


@pytest.fixture(scope="module")
def expected():
    return answers()


def in_threads(f, count):
    """What `f` returns, run in `count` threads that start together."""
    barrier = threading.Barrier(count)

    def run(k):
        barrier.wait()
        return f(k)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


class TestThreads:
    def test_everything_at_once(self, expected):
        assert in_threads(lambda _: answers(), 6) == [expected] * 6

    def test_one_pullback_for_all(self, expected):
        _, pullback = ad.vjp(loss, X)
        _, f_dot = ad.linearize(loss, X)
        graph = ad.trace(loss, X)
        for f, like in (
            (lambda _: pullback(1.0)[0].tolist(), expected["grad"]),
            (lambda _: f_dot(X).tolist(), expected["linearize"]),
            (lambda _: ad.grad(graph)(X).tolist(), expected["grad"]),
        ):
            assert in_threads(f, 8) == [like] * 8

    def test_gradients_of_a_shared_leaf_add_up(self):
        """NumPy lets other threads run while it adds large arrays."""
        x = ad.tensor(np.ones(200_000))

        def work(_):
            for _ in range(10):
                np.sum(x * 2).backward()

        in_threads(work, 8)
        assert x.grad[[0, -1]].tolist() == [160.0, 160.0]

    def test_a_pool_inside_a_function(self):
        def terms(x, i):
            return np.sin(x[i]) * np.sum(x) + ad.grad(lambda t: t**2 * x[i])(x[0])

        def pooled(x):
            with ThreadPoolExecutor(4) as pool:
                return sum(pool.map(lambda i: terms(x, i), range(7)))

        def plainly(x):
            return sum(terms(x, i) for i in range(7))

        for outer in (ad.grad, ad.jacfwd, ad.hessian):
            np.testing.assert_allclose(outer(pooled)(X), outer(plainly)(X), rtol=1e-12, atol=1e-14)

    def test_views_of_a_shared_handle(self):
        base = ad.tensor(np.zeros(4)) * 1.0
        views = in_threads(lambda k: base[k % 4 :], 8)
        base[...] = ad.tensor(np.ones(4))
        assert all(np.all(v.value == 1.0) for v in views)

    def test_a_first_use_of_scipys_functions(self):
        special = pytest.importorskip("scipy.special")
        names = ("erf", "gammaln", "expit", "j0", "xlogy", "logit", "ndtr", "digamma")

        def work(k):
            f = getattr(special, names[k])
            call = (lambda x: f(2.0, x)) if f.nin == 2 else f
            return float(ad.grad(lambda x: call(x) + special.i0(x))(0.4))

        assert in_threads(work, 8) == [work(k) for k in range(8)]


class TestTasks:
    def test_tasks_that_take_turns(self, expected):
        async def with_tensors(scale):
            x = ad.tensor(X * scale)
            await asyncio.sleep(0)
            y = np.sin(x) * x
            await asyncio.sleep(0)
            total = np.sum(y) + ad.grad(loss)(X)[0]
            await asyncio.sleep(0)
            total.backward()
            return x.grad

        async def with_transforms():
            await asyncio.sleep(0)
            return await asyncio.to_thread(lambda: ad.grad(loss)(X).tolist())

        async def everything():
            scales = [1.0, 2.0, 3.0, 4.0]
            return await asyncio.gather(
                *map(with_tensors, scales), *(with_transforms() for _ in scales)
            )

        found = asyncio.run(everything())
        for k, gradient in enumerate(found[:4]):
            x = X * (k + 1)
            np.testing.assert_allclose(gradient, np.sin(x) + x * np.cos(x), rtol=1e-15)
        assert found[4:] == [expected["grad"]] * 4

    def test_a_context_of_its_own(self, expected):
        """NumPy's error state belongs to a context; ours does not leak out of a transform."""

        def inside():
            with np.errstate(all="raise"):
                found = ad.grad(loss)(X)
                assert np.geterr()["divide"] == "raise"
            return found.tolist()

        before = np.geterr()
        assert contextvars.copy_context().run(inside) == expected["grad"]
        assert np.geterr() == before

    def test_a_coroutine_is_not_a_number(self):
        async def f(x):
            return x

        coroutines = []

        def started(x):
            coroutines.append(f(x))
            return coroutines[-1]

        with pytest.raises(ad.NotDifferentiableError, match="returned <coroutine object"):
            ad.grad(started)(1.0)
        coroutines[0].close()


class TestGenerators:
    def test_inside_a_function(self):
        def powers(x):
            for k in range(4):
                yield x**k

        assert ad.grad(lambda x: sum(powers(x)))(2.0) == 17.0
        assert ad.grad(lambda x: sum(a * b for a, b in itertools.pairwise(powers(x))))(2.0) == 93.0

    def test_transforms_that_take_turns(self):
        """Two generators, each in the midst of a gradient of its own at every step."""

        def descent(start, rate):
            x = start
            while True:
                x = x - rate * ad.grad(loss)(x)
                yield x

        together = zip(descent(X, 0.1), descent(X, 0.2), strict=False)
        together = list(itertools.islice(together, 4))
        for k, rate in enumerate((0.1, 0.2)):
            alone = list(itertools.islice(descent(X, rate), 4))
            assert [pair[k].tolist() for pair in together] == [x.tolist() for x in alone]

    def test_one_that_crosses_transforms(self):
        """Suspended inside one gradient, resumed inside another and in another thread: what it
        holds of the first is a constant of the second."""

        def running_product():
            product = 1.0
            while True:
                factor = yield product
                product = product * factor

        generator = running_product()
        next(generator)
        assert ad.grad(generator.send)(3.0) == 1.0
        assert payload(ad.grad(lambda x: generator.send(x) * x)(5.0)) == 30.0
        with ThreadPoolExecutor(1) as pool:
            third = pool.submit(ad.grad(lambda x: generator.send(x) * x), 2.0).result()
        assert payload(third) == 60.0
        assert ad.grad(np.sin)(0.0) == 1.0

    def test_closed_inside_a_transform(self):
        closed = []

        def pieces(x):
            try:
                yield np.sin(x)
                yield np.cos(x)
            finally:
                closed.append(True)

        def first(x):
            for piece in pieces(x):
                return piece
            return None

        assert ad.grad(first)(0.0) == 1.0
        assert closed == [True]

    def test_a_generator_is_not_a_number(self):
        def f(x):
            yield x

        with pytest.raises(ad.NotDifferentiableError, match="returned <generator object"):
            ad.grad(f)(1.0)
