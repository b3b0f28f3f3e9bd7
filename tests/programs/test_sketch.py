"""A trace that does not compute its values gives the program of one that does."""

import subprocess
import sys

import numpy as np
import pytest
from compiler.test_forms import FORMS, check_value_and_gradient
from forms import Form, each

import autodiff as ad
from autodiff import linalg
from autodiff.compiler.version import Version
from autodiff.programs import sketch


@pytest.mark.share(20)
@pytest.mark.filterwarnings("ignore")
@each([form for form in FORMS if any(np.ndim(x) for x in form.args)])
def test_forms(form: Form, monkeypatch) -> None:
    monkeypatch.setattr(sketch, "LARGE", 1)
    check_value_and_gradient(form, "numpy")


@pytest.fixture
def computed(monkeypatch):
    """How often each row was computed."""
    counts = {}
    evaluate = sketch.Sketch.__call__

    def counted(self, row, values, tracked, params):
        before = len(self.known)
        y = evaluate(self, row, values, tracked, params)
        counts[row.name] = counts.get(row.name, 0) + len(self.known) - before
        return y

    monkeypatch.setattr(sketch.Sketch, "__call__", counted)
    return counts


X = np.linspace(0.1, 1, 10_000)


def test_an_operation_is_computed_once_for_each_kind_of_operands(computed):
    def f(x):
        for _ in range(20):
            x = np.sin(x) * 1.01
        return np.sum(x)

    compiled = ad.jit(ad.grad(f))
    np.testing.assert_allclose(compiled(X), ad.grad(f)(X), rtol=1e-12)
    assert computed["sin"] == computed["cos"] == 1


def test_results_that_are_numbers_are_known_as_well(computed, monkeypatch):
    traces = []
    monkeypatch.setattr(Version, "trace", counting(traces, Version.trace))
    ad.jit(lambda x: np.sum(x) * np.sum(x * 2) + np.max(x) * np.max(x * 3))(X)
    assert computed["sum"] == computed["max"] == 1
    assert len(traces) == 1


def counting(calls, f):
    def counted(*args):
        calls.append(f)
        return f(*args)

    return counted


def test_what_factors_a_matrix_needs_its_entries():
    a = np.exp(-np.abs(np.subtract.outer(X[:80], X[:80])))

    def f(s):
        k = s * a + s * np.eye(80) + s * a  # the last product is known by its kind
        return np.sum(np.log(np.diag(np.linalg.cholesky(k)))) + np.sum(linalg.sqrtm(k))

    np.testing.assert_allclose(ad.jit(ad.grad(f))(2.0), ad.grad(f)(2.0), rtol=1e-10)


def test_a_function_of_the_users_sees_its_values():
    seen = []

    @ad.custom_rule
    def double(x):
        seen.append(float(x))
        return 2 * x

    double.defjvp(lambda primals, y, tangents: 2 * tangents[0])

    def f(x):
        return double(np.sum(np.sin(x) * np.sin(x + 1)))

    compiled = ad.jit(ad.grad(f), pure=True)
    np.testing.assert_allclose(compiled(X), ad.grad(f)(X), rtol=1e-12)
    assert len(set(seen)) <= 2  # in two orders of adding
    assert min(seen) > 1


def test_what_is_printed_is_the_value(capsys):
    def f(x):
        y = np.sin(x) + np.sin(x + 1) * np.sin(x + 2)
        print(y[:2])  # noqa: T201
        return y

    ad.jit(f)(X)
    assert "0.869132" in capsys.readouterr().out


def test_errors_are_those_of_the_values():
    def f(x):
        ad.require(np.all(x * 2 * 2 < 1), ValueError("too large"))
        return x * 2 * 2 * 2

    with pytest.raises(ValueError, match="too large"):
        ad.jit(f)(X)
    ad.jit(f)(X / 10)


def test_an_error_of_the_values_that_the_function_catches_is_refused():
    a = np.eye(80) + 1

    def f(s):
        k = s * a + s * a
        k = k + s * a
        try:
            factor = np.linalg.cholesky(k)
        except Exception:  # noqa: BLE001 - what is caught here has to be the user's error
            return np.sum(k) * 0 - 1
        return np.sum(np.log(np.diag(factor)))

    np.testing.assert_allclose(ad.jit(f)(2.0), f(2.0), rtol=1e-12)
    with pytest.raises(ad.NotDifferentiableError, match="catches LinAlgError"):
        ad.jit(f)(-2.0)


LONG = """
import resource
import numpy as np
import autodiff as ad

def f(x):
    for _ in range(100):
        x = np.sin(x) * 1.01
    return np.sum(x)

ad.jit(f)(np.ones(3))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
ad.jit(f)(np.ones(2**20))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak)
"""


def test_a_long_program_does_not_keep_its_values():
    """200 results of 8 MB each; in a process of its own, for the peak of another would hide it."""
    done = subprocess.run(
        [sys.executable, "-c", LONG], capture_output=True, text=True, check=True, timeout=300
    )
    assert int(done.stdout) < 200 * 1024
