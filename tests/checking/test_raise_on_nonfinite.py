"""`raise_on_nonfinite`: stops at the spot, says where, and costs nothing when not asked for."""

import asyncio
import threading

import numpy as np
import pytest

import autodiff as ad
from autodiff import NonFiniteError, raise_on_nonfinite
from autodiff.engine.fused.backward import TAPE, FusedTapeNode
from autodiff.engine.fused.forward import DUAL, FusedDual


def length(x):
    s = np.sum(x**2)
    r = np.sqrt(s)
    return 3.0 * r


def fails(f, *args):
    with raise_on_nonfinite(), pytest.raises(NonFiniteError) as caught:
        f(*args)
    return caught.value.finding


# -- values, tangents, adjoints --------------------------------------------------------------------
def test_a_value():
    def f(x):
        shifted = x - 1.0
        y = np.log(shifted)
        return np.sum(y)

    with np.errstate(all="ignore"):
        for run in (
            ad.grad(f),
            ad.value_and_grad(f),
            lambda x: ad.jvp(f, (x,), (x,)),
            ad.jacobian(f),
        ):
            finding = fails(run, np.array([1.0, 2.0]))
            assert finding.kind == "non-finite value"
            assert finding.operation == "log(shifted)"
            assert finding.line.endswith("y = np.log(shifted)")
            assert "log: (2,) -> (2,)" in finding.value
            assert finding.cause == "log of 0: shifted = 0 in one entry, at [0]"
            assert "above 0" in finding.cure


def test_the_error_is_raised_in_the_users_line():
    passed = []

    def f(x):
        y = np.exp(x)
        passed.append("exp")
        return y

    with raise_on_nonfinite(), np.errstate(all="ignore"), pytest.raises(FloatingPointError):
        ad.grad(f)(1000.0)
    assert not passed


def test_an_adjoint():
    finding = fails(ad.grad(length), np.zeros(3))
    assert finding.kind == "non-finite adjoint"
    assert (finding.name, finding.operation) == ("r", "sqrt(s)")
    assert finding.line == "test_raise_on_nonfinite.py:17: r = np.sqrt(s)"
    assert finding.value == "sqrt: () -> (); the adjoint of s is inf"
    assert finding.cause == "the derivative of sqrt is not finite at s = 0"
    assert "np.linalg.norm" in finding.cure


def test_a_tangent():
    finding = fails(lambda: ad.jvp(length, (np.zeros(3),), (np.ones(3),)))
    assert finding.kind == "non-finite tangent"
    assert (finding.name, finding.operation) == ("r", "sqrt(s)")
    assert finding.value == "sqrt: () -> (); the tangent of r is nan"
    assert "np.sqrt(s)" in finding.line


def test_the_message_has_it_all():
    with raise_on_nonfinite(), pytest.raises(NonFiniteError) as caught:
        ad.grad(length)(np.zeros(3))
    for part in (
        "r = sqrt(s)",
        "test_raise_on_nonfinite.py:17",
        "() -> ()",
        "s = 0",
        "np.linalg.norm",
    ):
        assert part in str(caught.value)


def test_tensors_are_watched_wherever_they_were_made():
    x = ad.tensor(0.0, name="x")
    y = np.sqrt(x)
    with raise_on_nonfinite():
        z = np.sqrt(x)
        with pytest.raises(NonFiniteError, match="adjoint of x"):
            z.backward()
        with np.errstate(all="ignore"), pytest.raises(NonFiniteError, match="log of 0"):
            np.log(x)
    y.backward()
    assert x.grad == np.inf


def test_higher_orders():
    finding = fails(ad.grad(ad.grad(lambda x: x**1.5)), 0.0)
    assert finding.kind == "non-finite adjoint"
    finding = fails(lambda: ad.hvp(length, np.zeros(2), np.ones(2)))
    assert "sqrt" in finding.operation


def test_rows_with_several_results():
    def f(a):
        w, _ = np.linalg.eigh(a)
        return np.sqrt(w[0])

    assert fails(ad.grad(f), np.diag([0.0, 1.0])).operation.startswith("sqrt")


def test_under_vmap():
    assert "sqrt" in fails(ad.vmap(ad.grad(np.sqrt)), np.array([1.0, 0.0])).operation


# -- what does not stop it -------------------------------------------------------------------------
def test_a_program_without_trouble_is_left_alone():
    x = np.array([0.3, 0.5])
    plain = ad.value_and_grad(length)(x)
    with raise_on_nonfinite():
        watched = ad.value_and_grad(length)(x)
        assert ad.jvp(length, (x,), (x,))[1] == pytest.approx(plain[0])
        np.testing.assert_allclose(ad.hessian(length)(x), ad.hessian(length)(x))
    assert plain[0] == watched[0]
    assert plain[1].tobytes() == watched[1].tobytes()


def test_infinite_constants_and_arguments_are_meant():
    mask = np.array([True, False])

    def f(x):
        return ad.special.logsumexp(np.where(mask, x, -np.inf))

    with raise_on_nonfinite():
        assert ad.grad(f)(np.ones(2)).tolist() == [1.0, 0.0]
        assert np.isinf(ad.value_and_grad(lambda x: x * 2)(np.inf)[0])


def test_a_branch_that_was_not_taken_sends_nothing():
    with raise_on_nonfinite():
        g = ad.grad(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0)))(np.array([0.0, 4.0]))
    assert g.tolist() == [0.0, 0.25]


# -- on and off ------------------------------------------------------------------------------------
def test_outside_nothing_is_watched():
    assert np.isnan(ad.grad(length)(np.zeros(3))).all()
    with raise_on_nonfinite():
        pass
    assert np.isnan(ad.grad(length)(np.zeros(3))).all()
    assert (TAPE.get(), DUAL.get()) == (FusedTapeNode, FusedDual)


def test_an_error_leaves_it_off():
    with pytest.raises(ZeroDivisionError), raise_on_nonfinite():
        1 / 0
    fails(ad.grad(length), np.zeros(3))
    assert (TAPE.get(), DUAL.get()) == (FusedTapeNode, FusedDual)


def test_nested_and_as_a_decorator():
    with raise_on_nonfinite():
        with raise_on_nonfinite():
            pass
        with pytest.raises(NonFiniteError):
            ad.grad(length)(np.zeros(3))
    guarded = raise_on_nonfinite()(ad.grad(length))
    for _ in range(2):
        with pytest.raises(NonFiniteError):
            guarded(np.zeros(3))


def test_other_threads_are_not_watched():
    found = []
    with raise_on_nonfinite():
        thread = threading.Thread(target=lambda: found.append(ad.grad(length)(np.zeros(3))))
        thread.start()
        thread.join()
    assert np.isnan(found[0]).all()


def test_other_tasks_are_not_watched():
    async def watched(ready, go):
        with raise_on_nonfinite():
            ready.set()
            await go.wait()
            with pytest.raises(NonFiniteError):
                ad.grad(length)(np.zeros(3))

    async def free(ready, go):
        await ready.wait()
        g = ad.grad(length)(np.zeros(3))
        go.set()
        return g

    async def both():
        ready, go = asyncio.Event(), asyncio.Event()
        _, g = await asyncio.gather(watched(ready, go), free(ready, go))
        return g

    assert np.isnan(asyncio.run(both())).all()
