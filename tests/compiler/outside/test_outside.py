"""What a compiled function reads beside its arguments may change; what it draws is drawn anew."""

# ruff: noqa: PLW0603, NPY002 - what is tested

from __future__ import annotations

import datetime as dt
import decimal
import gzip
import random
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import autodiff as ad
import nn

jit = ad.jit
X = np.array([0.3, -1.2, 2.1])
RATE = 2.0


@pytest.fixture(params=["llvm", "numpy"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "llvm":
        pytest.importorskip("llvmlite")
    return str(request.param)


# -- random numbers --------------------------------------------------------------------------------
class Noisy:
    def __init__(self) -> None:
        self.rng = np.random.default_rng(4)

    def loss(self, p: Any) -> Any:
        return p * self.rng.normal(size=3) + self.rng.integers(10) * self.rng.random()


def of_a_generator() -> Any:
    r = np.random.default_rng(0)
    return lambda p: p + r.standard_normal()


def of_numpy() -> Any:
    np.random.seed(7)
    return lambda p: p * np.random.standard_normal() + np.random.uniform(0, 2, size=3)


def of_python() -> Any:
    random.seed(7)
    return lambda p: p + random.random() * random.gauss(0.0, 1.0)


def of_names_of_their_own() -> Any:
    from random import uniform

    random.seed(8)
    np.random.seed(8)
    normal = np.random.normal
    return lambda p: p + uniform(1, 2) * normal()


def of_an_old_state() -> Any:
    state = np.random.RandomState(3)
    own = random.Random(3)
    return lambda p: p * state.randn(3) + own.choice([1.0, 2.0, 3.0])


def of_a_gradient() -> Any:
    r = np.random.default_rng(1)
    return ad.grad(lambda p: np.sum(p**2 * r.uniform(size=3)))


def of_dropout() -> Any:
    net = nn.Sequential(
        nn.Dense(3, 4, np.random.default_rng(0)), nn.Dropout(0.5, np.random.default_rng(1))
    )
    return lambda p: net(p[None])


@pytest.mark.parametrize(
    "build",
    [
        *(of_a_generator, of_numpy, of_python, of_names_of_their_own, of_an_old_state),
        *(of_a_gradient, of_dropout, lambda: Noisy().loss),
    ],
)
def test_three_calls_draw_what_three_plain_calls_draw(build: Any, backend: str) -> None:
    plain = build()
    expected = [plain(X) for _ in range(3)]
    f = jit(build(), backend=backend)
    for y in expected:
        np.testing.assert_allclose(f(X), y, rtol=1e-12)


def test_a_generator_as_an_argument_goes_on(backend: str) -> None:
    f = jit(lambda rng, x: x + rng.normal(), backend=backend)
    rng, other = np.random.default_rng(0), np.random.default_rng(0)
    assert [f(rng, 1.0), f(rng, 1.0)] == [1.0 + other.normal(), 1.0 + other.normal()]
    assert rng.random() == other.random()


def draws_by_a_method() -> Any:
    class Model:
        def __call__(self, x: Any) -> Any:
            return x + np.random.normal()

    return lambda x: Model()(x)


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: x * time.time(), "time.time.*clock"),
        (lambda x: x * dt.datetime.now().year, "now.*clock"),
        (lambda x: x * uuid.uuid4().int, "uuid4"),
        (lambda x: x * len(input()), "input"),
        (lambda x: x * len(open("a").read()), "open"),  # noqa: SIM115, PTH123
        (lambda x: x * np.load("a.npy"), "np.load.*files"),
        (lambda x: x * len(gzip.open("a.gz").read()), "gzip.open.*files"),  # noqa: SIM115
        (lambda x: x * decimal.getcontext().prec, "getcontext.*settings"),
        (lambda x: x + np.random.default_rng().normal(), "without a seed"),
        (lambda x: np.random.seed(0) or x, "seed.*state of a generator"),
        (lambda x: x + np.random.normal(x), "cannot be drawn before"),
        (draws_by_a_method(), "draws random numbers in a way"),
    ],
)
def test_what_asks_the_world_is_refused(f: Any, what: str, backend: str) -> None:
    state = np.random.get_state()[1].tolist()
    with pytest.raises(ad.AutodiffError, match=what):
        jit(f, backend=backend)(X)
    if "in a way" not in what:
        assert np.random.get_state()[1].tolist() == state


def test_a_generator_with_a_seed_is_made_inside(backend: str) -> None:
    f = jit(lambda x: x + np.random.default_rng(5).normal(size=3), backend=backend)
    for _ in range(2):
        np.testing.assert_array_equal(f(X), X + np.random.default_rng(5).normal(size=3))


# -- arrays and models -----------------------------------------------------------------------------
def test_the_dtype_of_what_lies_outside_is_its_own(backend: str) -> None:
    a = np.ones(3)

    def f(x: Any) -> Any:
        return x * np.asarray(a).sum() if np.asarray(a).dtype.kind == "f" else x

    compiled = jit(f, backend=backend)
    for _ in range(3):
        assert compiled(1.0) == f(1.0)
        a += 1.0


TABLE = np.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(TABLE[np.argsort(x)] * x),
        lambda x: TABLE[np.argmin(x)] @ x,
        lambda x: np.sum(TABLE[:, np.argsort(x)] * x),
    ],
)
def test_an_array_from_outside_has_tracked_indices(f: Any, backend: str) -> None:
    np.testing.assert_allclose(jit(f, backend=backend)(X), f(X), rtol=1e-14)


def test_arrays_are_inputs_and_one_version_is_enough(backend: str) -> None:
    m = np.ones(3)
    table = {"w": [np.ones(3)]}

    def f(x: Any) -> Any:
        return np.sum(x * m * table["w"][0])

    k = jit(f, backend=backend)
    for change in (
        lambda: table["w"][0].__setitem__(slice(None), 0),
        lambda: table["w"].__setitem__(0, np.arange(3.0)),
        lambda: table.__setitem__("w", [np.full(3, 2.0)]),
    ):
        assert k(X) == pytest.approx(f(X))
        change()
        m += 1.0
    m = np.arange(3.0)
    assert k(X) == pytest.approx(f(X))
    assert "1 version," in repr(k)
    m = np.float32(3.0)
    assert k(X) == pytest.approx(f(X))


class Net(nn.Module):
    def __init__(self, w: Any = 2.0) -> None:
        self.w = w
        self.inner = nn.Dense(3, 1, np.random.default_rng(0))
        self.scale = np.full(3, 0.5)

    def forward(self, x: Any) -> Any:
        return np.sum(self.inner(x * self.w)) * self.scale[1]


def squared(f: Any, x: Any) -> Any:
    return f(x) ** 2


class Objective:
    def __init__(self) -> None:
        self.rate, self.target = 1.0, np.ones(3)

    def loss(self, x: Any) -> Any:
        return np.sum((x - self.target) ** 2) * self.rate

    __call__ = loss

    @jit
    def compiled(self, x: Any) -> Any:
        return self.loss(x)


def changes_of(n: Any) -> list[Callable[[], None]]:
    def weights() -> None:
        n.inner.weight[:] *= -3.0

    def bound_anew() -> None:
        n.w = 10 * n.w
        n.inner.weight = n.inner.weight + 1.0
        n.inner = nn.Dense(3, 1, np.random.default_rng(5))

    def loaded() -> None:
        n.load_state_dict({k: v + 0.5 for k, v in n.state_dict().items()})

    return [weights, bound_anew, loaded]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda n: partial(jit(lambda m, x: m(x) ** 2), n),
        lambda n: partial(squared, jit(n)),
        lambda n: partial(squared, jit(n.forward)),
        lambda n: jit(lambda x: n(x) ** 2),
    ],
)
@pytest.mark.parametrize("w", [2.0, np.full(3, 2.0)])
def test_a_module_is_what_it_is_now(wrap: Any, w: Any) -> None:
    n = Net(w)
    f = wrap(n)
    np.testing.assert_allclose(f(X), n(X) ** 2)
    for change in changes_of(n):
        change()
        np.testing.assert_allclose(f(X), n(X) ** 2)


def test_a_module_after_training() -> None:
    model = nn.Sequential(nn.Dense(3, 2, np.random.default_rng(0)), np.tanh)
    f = jit(model)
    x, y = np.random.default_rng(1).normal(size=(2, 20, 3))
    f(x)
    nn.fit(model, nn.losses.mse, x, y[:, :2], optimizer=nn.optim.SGD(0.1), epochs=2)
    np.testing.assert_allclose(f(x), model(x), rtol=1e-12)


def test_methods(backend: str) -> None:
    o = Objective()
    slope, bound, called = (jit(f, backend=backend) for f in (ad.grad(o.loss), o.loss, o))
    for k in range(4):
        np.testing.assert_allclose(slope(X), ad.grad(o.loss)(X))
        for f in (bound, called, o.compiled):
            assert f(X) == pytest.approx(o.loss(X))
        o.rate = 5.0 + k
        o.target = o.target * 2
    assert "2 versions," in repr(bound)  # the rate, which changed, is an input of the second


def test_a_global_number(backend: str) -> None:
    global RATE
    f = jit(lambda x: x * RATE, backend=backend)
    for RATE in (2.0, 3.0, 4.0, 5.0, -0.0):
        assert f(1.0) == RATE
    assert "2 versions," in repr(f)
    RATE = 2.0


def test_versions_are_few(backend: str) -> None:
    state = {"n": 0}
    f = jit(lambda x: np.sum(x) * np.zeros(state["n"]).size, backend="numpy")
    for n in range(40):
        state["n"] = n
        assert f(X) == pytest.approx(np.sum(X) * n)
    assert "32 versions" in repr(f)


def test_a_jit_in_a_jit_and_a_custom_rule() -> None:
    w = np.ones(3)
    scale = [2.0]

    @ad.custom_rule
    def rule(x: Any) -> Any:
        return x * scale[0]

    rule.defvjp(lambda primals, y, c: (c * scale[0],))
    inner = jit(lambda x: np.sum(rule(x) * w))
    outer = jit(ad.grad(inner))
    for _ in range(3):
        np.testing.assert_allclose(outer(X), scale[0] * w)
        scale[0] += 1.0
        w *= 2.0


def test_a_number_is_asked_for(backend: str) -> None:
    """It changes, and is what a shape, a branch and an index need: a version for each."""
    s = {"n": 1}
    f = jit(lambda x: np.sum(x[: s["n"]]) if s["n"] < 3 else np.sum(x) * 2, backend=backend)
    for n in (1, 2, 3, 2, 1):
        s["n"] = n
        assert f(X) == pytest.approx(np.sum(X[:n]) if n < 3 else np.sum(X) * 2)


TABLE = np.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize(
    "f",
    [
        lambda x, k: np.sum(TABLE[k] * x),
        lambda x, k: TABLE[np.argmin(x)] @ x,
        lambda x, k: np.sum(TABLE[k, k - 1]),
        lambda x, k: np.sum(np.sqrt(TABLE[k][0])),
    ],
)
def test_a_table_outside_is_read_at_a_tracked_index(f: Any, backend: str) -> None:
    k = np.array([1, 2, 1])
    np.testing.assert_allclose(jit(f, backend=backend)(X, k), f(X, k))


def test_an_error_of_the_users_teaches_nothing() -> None:
    m = np.ones(3)
    f = jit(lambda x: np.sum(x * m), backend="numpy")
    with pytest.raises(ValueError, match="shape"):
        f(np.ones(2))
    for _ in range(3):
        assert f(X) == pytest.approx(np.sum(X * m))
        m += 1.0
    assert "1 version," in repr(f)  # m is an input, and no constant


def test_words_are_told_apart_by_what_they_say(backend: str) -> None:
    f = jit(lambda x, how: getattr(np, how)(x), backend=backend)
    for _ in range(20):
        for letters in ("sum", "max", "min"):  # a new string each time, at the same place perhaps
            assert f(X, "".join(list(letters))) == getattr(np, letters)(X)
    assert "3 versions" in repr(f)
