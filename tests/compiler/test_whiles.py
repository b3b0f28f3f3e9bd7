"""A Python `while` under jit: one loop of the program where that is right; always the answer."""

import numpy as np
import pytest
from compiler.test_decisions import BOTH, TRANSFORMS, newton

import autodiff as ad


@BOTH
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_newton_is_one_loop_for_every_start(transform, backend):
    plain = TRANSFORMS[transform](newton)
    compiled = ad.jit(plain, backend=backend)
    for a in np.random.default_rng(0).uniform(2, 1e4, 20):
        np.testing.assert_allclose(compiled(a), plain(a), rtol=1e-8, atol=1e-12)
    assert "1 path of at most 32" in compiled.report()
    assert "1 while as a loop of the program" in compiled.report()


def test_a_value_with_two_names_in_every_round_is_carried_once():
    rng = np.random.default_rng(3)
    compiled = ad.jit(ad.grad(conjugate_gradients))
    for _ in range(6):
        A, b = spd(rng)
        np.testing.assert_allclose(
            compiled(A, b), ad.grad(conjugate_gradients)(A, b), rtol=1e-6, atol=1e-9
        )
    assert "while_loop" in str(compiled.program) or "scan" in str(compiled.program)


def secant(a, b):
    f_a, f_b = np.cos(a) - a, np.cos(b) - b
    while abs(f_b) > 1e-12:
        a, b = b, b - f_b * (b - a) / (f_b - f_a)
        f_a, f_b = f_b, np.cos(b) - b
    return b


def counted(x):
    n = 0
    while np.sum(x) < 10:
        n, x = n + 1, x * 1.5
    return x * n


def kept(x):
    steps = []
    while np.max(x) < 3:
        steps.append(x)
        x = x + 0.5
    return np.sum(np.stack([x, *steps]))


def doubled_until(x):
    while not x > 8:
        x = x * 2
    return x


def with_break(x):
    for _ in range(6):
        while x < 5:
            x = x + 1
            if x > 2:
                break
    return x


def from_iterator(x):
    factors = iter([1.5, 2.0, 3.0, 4.0])
    while x < 10:
        x = x * next(factors, 5.0)
    return x


def shared(x):
    y = x
    while abs(x) < 4:
        x = x + y
    return x * y


def nested_rounds(x):
    total = 0.0 * x
    while total < 20:
        step = x
        while step < 5:
            step = step * 2
        total = total + step
    return total


def in_place(x):
    y = x * 1.0
    while np.sum(y) < 10:
        y[0] += 1.0
        y *= 1.1
    return y


def by_hand(x):
    state = {"x": x, "old": 0.0 * x}
    while np.abs(state["x"] - state["old"]) > 1e-10:
        state["old"], state["x"] = state["x"], np.cos(state["x"])
    return state["x"]


def mixed(x):
    y = 0.1
    while y * np.sum(x) < 10:
        y = y * 3 + x[0] * 0
    return y * x


def conjugate_gradients(A, b):
    x = np.zeros_like(b)
    r = b - A @ x
    p, rs = r, r @ r
    while rs > 1e-20:
        step = rs / (p @ A @ p)
        x, r = x + step * p, r - step * (A @ p)
        new = r @ r
        p, rs = r + new / rs * p, new
    return np.sum(x**2)


def no_longer_shared(x):
    y = z = x + 1
    n = 0.0 * x
    while n < 4:
        old = y
        y = y * 1.5
        z = y if z is old else z + 1
        n = n + 1
    return y * z


def spd(rng):
    m = rng.normal(size=(3, 3))
    return m @ m.T + np.eye(3), rng.normal(size=3)


LOOPS = [
    (conjugate_gradients, spd),
    (no_longer_shared, lambda rng: (rng.uniform(0.5, 2),)),
    (secant, lambda rng: tuple(rng.uniform(0, 1.5, 2))),
    (counted, lambda rng: (rng.uniform(0.1, 2, 3),)),
    (kept, lambda rng: (rng.uniform(0, 3, 2),)),
    (doubled_until, lambda rng: (rng.uniform(0.1, 9),)),
    (with_break, lambda rng: (rng.uniform(-3, 5),)),
    (from_iterator, lambda rng: (rng.uniform(0.5, 12),)),
    (shared, lambda rng: (rng.uniform(0.4, 5),)),
    (nested_rounds, lambda rng: (rng.uniform(0.5, 6),)),
    (in_place, lambda rng: (rng.uniform(0.1, 2, 3),)),
    (by_hand, lambda rng: (rng.uniform(0.1, 2),)),
    (mixed, lambda rng: (rng.uniform(0.1, 2, 3).astype(np.float32),)),
    (mixed, lambda rng: (rng.uniform(0.1, 2, 3),)),
]


@BOTH
@pytest.mark.parametrize("transform", ["value", "forward", "reverse"])
@pytest.mark.parametrize(("f", "arguments"), LOOPS)
def test_any_while_gives_the_plain_answer(f, arguments, transform, backend):
    if transform == "reverse":

        def total(*args):
            return np.sum(f(*args))

        plain = ad.value_and_grad(total)
    else:
        plain = TRANSFORMS[transform](f)
    rng = np.random.default_rng(1)
    compiled = ad.jit(plain, backend=backend)
    for _ in range(10):
        args = arguments(rng)
        pair = (ad.tree.flatten(g(*args))[0] for g in (compiled, plain))
        for found, expected in zip(*pair, strict=True):
            tolerance = 1e-5 if np.result_type(expected) == np.float32 else 1e-8
            np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
            assert np.result_type(found) == np.result_type(expected)
