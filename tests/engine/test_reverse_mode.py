"""Reverse mode: long chains, wide fans, threads, exceptions and memory."""

import gc
import sys
import threading
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autodiff as ad


@pytest.fixture
def no_garbage_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# -- size ------------------------------------------------------------------------------------------
def long_chain(x):
    for _ in range(50_000):
        x = np.sin(x) + 0.1
    return x


def test_a_chain_of_100_000_operations():
    assert 0 <= ad.grad(long_chain)(0.5) < 1e-300
    expected = ad.jvp(lambda x: 1.00001 * x, (1.0,), (1.0,))[1] ** 100_000

    def growing(x):
        for _ in range(100_000):
            x = x * 1.00001
        return x

    assert ad.grad(growing)(1.0) == pytest.approx(expected, rel=1e-9)


def test_a_long_chain_is_freed_without_recursion():
    """Dropping the last handle of an unswept tape must not recurse 100 000 levels deep."""
    y, pullback = ad.vjp(long_chain, 0.5)
    assert 0 <= pullback(1.0)[0] < 1e-300
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        del y, pullback
    finally:
        sys.setrecursionlimit(limit)


def test_second_order_through_a_long_chain():
    def f(x):
        for _ in range(2_000):
            x = np.sin(x)
        return x

    second = ad.grad(ad.grad(f))(0.5)
    h = 1e-5
    slope = ad.grad(f)
    assert second == pytest.approx((slope(0.5 + h) - slope(0.5 - h)) / (2 * h), rel=1e-6)


def test_a_fan_out_of_10_000():
    """One value used 10 000 times: its cotangents add up."""

    def f(x):
        y = np.sin(x)
        return sum(y * k for k in range(10_000))

    assert ad.grad(f)(0.5) == pytest.approx(np.cos(0.5) * 49_995_000, rel=1e-12)
    stacked = ad.grad(lambda x: np.sum(np.stack([x] * 10_000)))(np.ones(2))
    assert stacked.tolist() == [10_000.0, 10_000.0]


def test_a_diamond_of_shared_values_is_swept_once_each():
    """Thirty doublings: a sweep that walked every path would take 2^30 steps."""

    def f(x):
        for _ in range(30):
            x = x + x
        return x

    assert ad.grad(f)(1.0) == 2.0**30


# -- threads and exceptions ------------------------------------------------------------------------
def test_eight_threads_nest_gradients_at_once():
    start = threading.Barrier(8)

    def cube(x):
        return x**3

    def work(k):
        start.wait()
        found = []
        for _ in range(50):
            x = 1.0 + k
            slope = ad.grad(lambda x: x * ad.grad(lambda y: x * cube(y))(x))  # x * x * 3 x^2
            found.append((slope(x), ad.jvp(ad.grad(cube), (x,), (1.0,))[1]))
        return set(found)

    with ThreadPoolExecutor(8) as pool:
        for k, found in enumerate(pool.map(work, range(8))):
            assert found == {(12 * (1.0 + k) ** 3, 6 * (1.0 + k))}


class StoppedError(Exception):
    pass


def test_an_exception_in_the_middle_of_a_sweep():
    """The engine has no state to clean up: an exception anywhere leaves later results right."""
    from autodiff.rules.kinds import Elementwise

    armed = []

    def partial(a):
        if armed:
            raise StoppedError
        return np.cos(a)

    fragile = Elementwise("fragile", np.sin, partial)

    def f(x):
        return fragile(np.exp(x)) * x

    pullback = ad.vjp(f, 0.5)[1]
    before = pullback(1.0)
    armed.append(True)
    for attempt in (lambda: pullback(1.0), lambda: ad.grad(f)(0.5), lambda: ad.hessian(f)(0.5)):
        with pytest.raises(StoppedError):
            attempt()
    armed.clear()
    assert pullback(1.0) == before
    assert ad.grad(f)(0.5) == before[0]


# -- memory ----------------------------------------------------------------------------------------
def loss(p):
    hidden = np.tanh(p["x"] @ p["W"])
    return np.mean(np.where(hidden > 0, hidden, hidden**2)) + np.max(hidden)


def everything(p):
    ad.grad(loss)(p)
    ad.jvp(loss, (p,), (p,))
    ad.vjp(loss, p)[1](1.0)
    ad.grad(lambda p: np.sum(ad.grad(loss)(p)["W"] ** 2))(p)


def test_many_gradients_leave_no_growth(no_garbage_collector):
    p = {"x": np.ones((4, 3)), "W": np.linspace(-1, 1, 6).reshape(3, 2)}
    tracemalloc.start()
    for _ in range(100):  # Python's own free lists fill up first
        everything(p)
    objects, before = len(gc.get_objects()), tracemalloc.get_traced_memory()[0]
    for _ in range(100):
        everything(p)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(gc.get_objects()) - objects < 50
    assert after - before < 40_000  # 100 bytes each; a tape has several thousand


def test_a_finished_sweep_frees_its_tape(no_garbage_collector):
    born = []

    def f(x):
        y = np.sin(x)
        born.append(weakref.ref(y.value))
        z = y * y
        born.append(weakref.ref(z.value))
        return np.sum(z)

    ad.grad(f)(np.ones(3))
    assert [ref() for ref in born] == [None, None]
    _, pullback = ad.vjp(f, np.ones(3))
    assert born[2]() is not None  # the pullback of y * y needs y
    assert born[3]() is None  # but nothing needs z
    del pullback
    assert born[2]() is None


def test_the_sweep_frees_as_it_goes(no_garbage_collector):
    """What a pullback remembers is dropped once it has been used."""
    x = np.ones(100_000)

    def f(x):
        for _ in range(20):
            x = np.sin(x)
        return np.sum(x)

    ad.grad(f)(x)
    tracemalloc.start()
    ad.grad(f)(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 27 * x.nbytes  # 20 remembered, and a handful at work


def test_a_dropped_branch_is_freed_at_once(no_garbage_collector):
    def f(x):
        y = np.exp(x)
        seen = weakref.ref(y.value)
        del y
        assert seen() is None
        return np.sum(x)

    ad.grad(f)(np.ones(3))


def test_an_exception_does_not_keep_the_tape(no_garbage_collector):
    born = []

    def f(x):
        y = np.sin(x)
        born.append(weakref.ref(y.value))
        raise StoppedError

    with pytest.raises(StoppedError) as caught:
        ad.grad(f)(np.ones(3))
    del caught
    gc.collect()  # the traceback and its frame are a cycle of Python's own making
    assert born[0]() is None
