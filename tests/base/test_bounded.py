"""The caches of the package stay bounded, however many programs are run."""

import functools
import importlib
import inspect
import pkgutil
import threading
from collections.abc import MutableMapping, MutableSequence, MutableSet
from weakref import WeakKeyDictionary

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.base import bounded
from autodiff.base.bounded import Bounded, cached, caches

# What grows with the programs and is not a `Bounded` table, and what bounds it.
GROWING = {
    "autodiff.base.bounded.TABLES": "weak: the tables of the operations that are remembered",
    "autodiff.compiler.ir.maps.UFUNCS": "the functions of SciPy in SPECIAL",
    "autodiff.arrays.dispatch.UFUNCS": "the rows in BORROWED",
}
# Never forgets, but its keys are names that stand in the code.
BY_NAME = {"autodiff.base.openblas.cblas", "autodiff.base.openblas.lapack"}


def modules():
    for package in (ad, nn):
        yield package
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


MODULES = list(modules())


def containers():
    """Every container and every remembering function that a module or a class of it holds."""
    for module in MODULES:
        classes = [c for c in vars(module).values() if inspect.isclass(c)]
        for holder in (module, *(c for c in classes if c.__module__ == module.__name__)):
            for name, value in vars(holder).items():
                if name.startswith("__"):
                    continue
                path = f"{holder.__module__}." if holder is not module else ""
                path += f"{holder.__name__}.{name}"
                if hasattr(value, "cache_info"):
                    yield f"{value.__module__}.{value.__name__}", value
                elif isinstance(value, (MutableMapping, MutableSequence, MutableSet)):
                    yield path, value


def size_of(container):
    if hasattr(container, "cache_info"):
        return container.cache_info().currsize
    return len(container)


def product(x):
    return np.sum(ad.jvp(lambda x: x * x, (x,), (x,))[1])


def run(count):
    """Programs that have nothing in common, each often enough to be written as one function."""
    rng = np.random.default_rng(0)
    for n in range(count):
        k, x = float(rng.random()), np.float64(1.5)
        x_array = np.linspace(1.0, 2.0, n + 1)

        def power(x, k=k):
            return x**k

        def slope(x, power=power):
            return ad.jvp(power, (x,), (x * 0 + 1,))[1]

        for _ in range(20):
            assert slope(x) == pytest.approx(k * x ** (k - 1))
            assert ad.grad(slope)(x) == pytest.approx(k * (k - 1) * x ** (k - 2))
        np.testing.assert_allclose(slope(x_array), k * x_array ** (k - 1))
        np.testing.assert_allclose(ad.grad(product)(x_array), 4 * x_array)
        ad.grad(lambda x: np.sum(np.linalg.norm(x, k + 1)))(x_array)  # noqa: B023
        if n % 4 == 0:
            ad.jit(lambda x: np.sum(np.sin(x) * x[::-1]))(x_array)
        ad.trace(ad.grad(lambda x: np.sum(np.sin(x) * 2)), x_array)
        ad.vmap(ad.grad(lambda x: x * x))(x_array)


@pytest.fixture
def small(monkeypatch):
    """Every table made as if it were nearly full."""
    for table in list(bounded.TABLES):
        monkeypatch.setattr(table, "limit", 8)
        for key in list(table)[8:]:
            del table[key]
    make, limits = Bounded.__init__, WeakKeyDictionary()

    def made(self, name, limit):
        make(self, name, 8)
        limits[self] = limit

    monkeypatch.setattr(Bounded, "__init__", made)
    yield
    for table, limit in limits.items():  # which outlive the test
        table.limit = limit


@pytest.mark.usefixtures("small")
def test_no_table_grows_past_its_limit():
    run(20)
    over = {name: used for name, used in caches().items() if used.largest > used.limit}
    assert not over
    full = [name for name, used in caches().items() if used.limit == 8 and used.largest >= 4]
    assert {"rows with derivatives", "parameters that were met", "plans of an operation"} <= {*full}


def test_everything_that_grows_has_a_bound():
    run(2)
    before = {name: size_of(c) for name, c in containers()}
    run(6)
    grown = {name for name, c in containers() if size_of(c) > before[name]}
    known = {f"{f.__module__}.{f.__name__}" for f in bounded.FUNCTIONS}
    known |= {name for name, c in containers() if isinstance(c, Bounded)}
    assert grown - known <= GROWING.keys()


def test_what_is_remembered_without_a_bound_has_no_arguments():
    endless = {
        name
        for name, f in containers()
        if hasattr(f, "cache_info")
        and f.cache_info().maxsize is None
        and inspect.signature(f).parameters
    }
    assert endless == BY_NAME


def test_every_cache_of_the_engine_is_seen():
    remembering = {
        name: f
        for name, f in containers()
        if isinstance(f, functools._lru_cache_wrapper) and f.cache_info().maxsize is not None
    }
    unseen = {name for name in remembering if name.startswith("autodiff.")} - caches().keys()
    assert not unseen


def test_a_table_keeps_what_is_newest():
    table = Bounded("of a test", 10)
    for k in range(1000):
        table[k] = -k
        assert len(table) <= 10
        assert table.get(k) == -k
    table[999] = 0  # known: nothing leaves
    assert len(table) == caches()["of a test"].largest
    assert set(table) <= set(range(990, 1000))


def test_threads_share_a_table():
    table = Bounded("of threads", 50)

    def fill(start):
        for k in range(3000):
            table[start + k] = k
            assert table.get(start + k, k) == k

    threads = [threading.Thread(target=fill, args=(10_000 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(table) <= 50 + len(threads)


def test_a_function_forgets_what_is_old():
    calls = []

    @cached(2)
    def double(x):
        calls.append(x)
        return 2 * x

    try:
        assert [double(x) for x in (1, 2, 1, 3, 1, 2)] == [2, 4, 2, 6, 2, 4]
        assert calls == [1, 2, 3, 2]
    finally:
        bounded.FUNCTIONS.remove(double)
