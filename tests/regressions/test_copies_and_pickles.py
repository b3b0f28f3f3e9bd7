"""Compiled functions could not be copied or pickled once they had been called, and what transforms
return not at all. A copy is made as the first was; in a fresh process it compiles again."""

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import picklable
import pytest

import autodiff as ad

NAMES = sorted(picklable.MAKERS)


@pytest.mark.parametrize("name", NAMES)
def test_after_a_call(name):
    f = picklable.MAKERS[name]()
    expected = picklable.answer(f)
    picklable.same(picklable.answer(pickle.loads(pickle.dumps(f))), expected)
    picklable.same(picklable.answer(copy.deepcopy(f)), expected)
    picklable.same(picklable.answer(copy.copy(f)), expected)


CHILD = """
import pickle, sys
sys.path.insert(0, sys.argv[1])
for name, f, expected in pickle.load(sys.stdin.buffer):
    import picklable, numpy as np
    picklable.same(picklable.answer(f), expected)
    print(name)
"""


def in_a_fresh_process(data, child=CHILD):
    command = [sys.executable, "-c", child, str(Path(picklable.__file__).parent)]
    done = subprocess.run(command, input=data, capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().split("\n")[:-1]


def test_in_a_fresh_process():
    made = {name: make() for name, make in picklable.MAKERS.items()}
    found = [(name, f, picklable.answer(f)) for name, f in made.items()]
    assert sorted(in_a_fresh_process(pickle.dumps(found))) == NAMES


def test_cloudpickle_takes_along_what_a_script_defines():
    cloudpickle = pytest.importorskip("cloudpickle")
    scope = {"ad": ad, "np": np, "__name__": "__main__"}
    exec(  # noqa: S102 - a script, as its process sees it
        "@ad.jit\n"
        "def f(x):\n    return np.sum(np.sin(x) * k)\n"
        "k = 3.0\n"
        "g = ad.grad(lambda x: f(x) ** 2)\n"
        "@ad.value_and_grad\n"
        "def h(x):\n    return np.sum(x**2)\n",
        scope,
    )
    fs = [scope[name] for name in "fgh"]
    expected = [f(picklable.X) for f in fs]
    child = CHILD.replace("name, f, expected in", "f, expected in").replace(
        "print(name)", "print()"
    )
    assert (
        len(in_a_fresh_process(cloudpickle.dumps(list(zip(fs, expected, strict=True))), child)) == 3
    )


def test_in_a_worker_of_joblib():
    joblib = pytest.importorskip("joblib")
    weights = np.array([1.0, 2.0, 3.0])
    slope = ad.jit(ad.grad(lambda x: np.sum(np.sin(weights * x))))
    expected = slope(picklable.X)
    tasks = [joblib.delayed(slope)(picklable.X) for _ in range(2)]
    for found in joblib.Parallel(n_jobs=2)(tasks):
        picklable.same(found, expected)


def test_a_copied_module_is_compiled_for_its_own_weights():
    net = picklable.Net()
    net.compiled(picklable.X)
    twin = copy.deepcopy(net)
    assert twin.compiled.__wrapped__.__self__ is twin
    assert twin.w is not net.w


def test_what_is_made_is_called_and_bound_as_functions_are():
    class Loss:
        rate = 2.0

        def value(self, x):
            return self.rate * x**2

        slope = ad.grad(value, argnums=1)

    assert Loss().slope(3.0) == 12.0
    assert ad.grad(picklable.loss).__name__ == "loss"
    assert ad.grad(picklable.loss).__doc__ is picklable.loss.__doc__
