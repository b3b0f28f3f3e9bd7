"""Whatever is raised inside of a user's function, at whatever depth, the next answer is right."""

import gc
import itertools
import random
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
from autodiff.engine.fused import operation

X = np.linspace(-1.0, 1.0, 7)


class StopHere(KeyboardInterrupt):
    pass


class Bomb:
    """Goes off at the k-th of the places that a program passes."""

    def __init__(self, error):
        self.error, self.left = error, None

    def __call__(self):
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise self.error


def dangerous(bomb):
    """A program that passes a bomb at every depth: inside functions, rules and second runs."""

    @ad.custom_rule
    def rule(x):
        bomb()
        return np.sin(x)

    @rule.defvjp
    def backwards(primals, y, y_bar):
        bomb()
        return (y_bar * np.cos(primals[0]),)

    def inner(t):
        bomb()
        return np.sum(rule(t) * t)

    @ad.checkpoint
    def block(x):
        bomb()
        y = x * 1.0
        bomb()
        y[0] = np.sum(rule(x))
        return y

    def program(x):
        bomb()
        y = block(x) * ad.grad(inner)(x)
        bomb()
        return np.sum(y) + ad.jvp(inner, (x,), (x,))[1] + np.sum(ad.vmap(rule)(y))

    return program


RUNS = {
    "grad": lambda f: ad.grad(f)(X),
    "jvp": lambda f: ad.jvp(f, (X,), (X,))[1],
    "vmap": lambda f: ad.vmap(ad.grad(f))(X[None]),
    "jacrev": lambda f: ad.jacrev(f)(X),
    "hvp": lambda f: ad.hvp(f, X, X),
    "linearize": lambda f: ad.linearize(f, X)[1](X),
    "trace": lambda f: ad.grad(ad.trace(f, X))(X),
    "object": lambda f: backward(f),
}


def backward(f):
    x = ad.tensor(X)
    f(x).backward()
    return x.grad


PACKAGE = str(Path(ad.__file__).parent)


def interrupted(call, line):
    """`call`, interrupted before the given line of the package's that it comes to; how many it has
    come to. A timer would be no help: it may go off in a callback of the garbage collector, out of
    which Python raises nothing."""
    passed = 0

    def trace(frame, event, _):
        nonlocal passed
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            if passed == line:
                raise StopHere
            passed += 1
        return trace

    before = sys.gettrace()
    gc.disable()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
        gc.enable()
    return passed


class TestFaults:
    @pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
    @pytest.mark.parametrize(
        "error", [StopHere(), ValueError("theirs"), SystemExit(3), GeneratorExit(), MemoryError()]
    )
    def test_an_error_at_every_depth(self, run, error):
        bomb = Bomb(error)
        program = dangerous(bomb)
        answer, state = run(program).tolist(), np.geterr()
        for k in itertools.count():
            bomb.left = k
            try:
                run(program)
            except type(error) as caught:
                assert caught is error
            else:
                break
            bomb.left = None
            assert np.geterr() == state
            assert run(program).tolist() == answer
        assert k >= 8

    def test_an_interrupt_at_any_moment(self, monkeypatch):
        """What a person does who presses Ctrl-C."""
        # Tables that other tests have not filled: a full one drops what is then made again.
        monkeypatch.setattr(operation, "ROWS", {})
        monkeypatch.setattr(operation, "MET", {})
        program = dangerous(Bomb(None))

        def run_all():
            return [run(program).tolist() for run in RUNS.values()]

        expected, state = run_all(), np.geterr()
        for _ in range(20):  # until all functions are written, so that every run has as many lines
            run_all()
        lines = interrupted(run_all, None)
        assert lines > 10_000
        for k in random.Random(0).sample(range(lines), 30):
            with pytest.raises(StopHere):
                interrupted(run_all, k)
            # np.errstate itself may be interrupted between entering and being left.
            np.seterr(**state)
            assert ad.grad(program)(X).tolist() == expected[0]
        assert run_all() == expected

    def test_what_failed_is_freed(self):
        """With the garbage collector off: nothing outlives the exception."""
        gc.collect()
        gc.disable()
        try:
            for run in RUNS.values():
                x = np.ones(7)
                alive = weakref.ref(x)
                bomb = Bomb(StopHere())
                bomb.left = 5
                with pytest.raises(StopHere):
                    run(lambda t, x=x, bomb=bomb: dangerous(bomb)(t * x))
                bomb.error = None
                del x, bomb
                assert alive() is None
        finally:
            gc.enable()

    def test_an_interrupted_sweep_adds_nothing(self):
        bomb = Bomb(StopHere())
        program = dangerous(bomb)
        x = ad.tensor(X)
        y = program(x)
        bomb.left = 1
        with pytest.raises(StopHere):
            y.backward()
        bomb.left = None
        assert x.grad is None
        with pytest.raises(ad.AutodiffError, match="freed by an earlier reverse sweep"):
            y.backward()
        program(x).backward()
        assert x.grad.tolist() == backward(program).tolist()
