"""Compiled code knew a dtype by the one descriptor that NumPy makes itself, and refused the equal
ones that pickle, joblib, `np.dtype(..., copy=True)` and programs in NumPy source make."""

import copy
import ctypes
import io
import pickle

import numpy as np
import pytest

import autodiff as ad
from autodiff.compiler.jit import Jit

BACKENDS = ["llvm", "numpy"]


def saved(x):
    file = io.BytesIO()
    np.save(file, x)
    file.seek(0)
    return np.load(file)


def matlab(x):
    scipy_io = pytest.importorskip("scipy.io")
    file = io.BytesIO()
    scipy_io.savemat(file, {"x": x})
    file.seek(0)
    return scipy_io.loadmat(file)["x"].ravel()


SOURCES = {
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "deepcopy": copy.deepcopy,
    "bytes": lambda x: np.frombuffer(bytearray(x.tobytes()), x.dtype.str),
    "ctypes": lambda x: np.ctypeslib.as_array((ctypes.c_double * 3)(*x)).astype(x.dtype),
    "copied dtype": lambda x: x.astype(np.dtype(x.dtype, copy=True)),
    "metadata": lambda x: x.astype(np.dtype(x.dtype, metadata={"unit": "m"})),
    "our own result": lambda x: ad.jit(np.negative, backend="numpy")(
        pickle.loads(pickle.dumps(-x))
    ),
    "npy": saved,
    "matlab": matlab,
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float16])
@pytest.mark.parametrize("source", SOURCES)
def test_as_plain_and_by_the_direct_call(source, dtype, backend):
    pytest.importorskip("llvmlite")
    x = SOURCES[source](np.array([1, 2, 3], dtype))

    def f(x):
        return x * 2, np.sum(x), x > 1

    compiled: Jit = ad.jit(f, backend=backend)
    for found, plain in zip(compiled(x), f(x), strict=True):
        np.testing.assert_array_equal(found, plain)
        assert found.dtype == plain.dtype
    compiled._general = None  # type: ignore[method-assign, assignment]  # the long way
    compiled(x)


@pytest.mark.parametrize("backend", BACKENDS)
def test_another_byte_order_and_another_number_of_the_same_type(backend):
    pytest.importorskip("llvmlite")
    double = ad.jit(lambda x: x * 2, backend=backend)
    for x in (np.arange(3), np.arange(3).astype(">i8"), np.arange(3, dtype=np.longlong)):
        np.testing.assert_array_equal(double(x), [0, 2, 4])


def test_derivatives_with_such_data_do_not_write_new_functions():
    """Nested duals are written out for a form of the operands; an equal dtype is the same form."""
    from autodiff.engine.fused import nested_duals

    written = []
    source = nested_duals.Source.function

    def counted(self, *args):
        written.append(args)
        return source(self, *args)

    second = ad.jacfwd(ad.jacfwd(np.tanh))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nested_duals.Source, "function", counted)
        for k in range(3):
            x = pickle.loads(pickle.dumps(np.array([0.1, 0.2])))
            second(x)
            if k == 0:
                written.clear()
    assert not written


def test_training_reaches_llvm():
    pytest.importorskip("llvmlite")
    import training_runs

    from nn.training import tiers

    X, y = (pickle.loads(pickle.dumps(a)) for a in training_runs.blobs(40))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiers, "AUTO", ((2, "numpy"), (5, "llvm")))
        _, history = training_runs.trained(training_runs.network(), X, y, epochs=6)
    assert history.steps == "compiled (numpy, llvm)"
