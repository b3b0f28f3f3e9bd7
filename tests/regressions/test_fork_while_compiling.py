"""A process forked while another thread compiled inherited the compiler's lock, and nobody to let
go of it: its own first compilation never began."""

import os
import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
    import os, signal, sys, threading, time, warnings
    import numpy as np
    import autodiff as ad

    warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
    x = np.linspace(0.1, 1.0, 8)
    inside = threading.Event()

    def long(x):
        inside.set()
        for k in range(400):
            x = np.sin(x) * np.cos(x + k) + 1 / (1 + x**2)
        return np.sum(x)

    def child():
        signal.alarm(60)  # ends a child that hangs
        slope = ad.jit(ad.grad(lambda x: np.sum(np.tanh(x) ** 2)), backend=sys.argv[1])(x)
        np.testing.assert_allclose(slope, 2 * np.tanh(x) * (1 - np.tanh(x) ** 2))

    compiling = threading.Thread(target=lambda: ad.jit(ad.grad(long), backend=sys.argv[1])(x))
    compiling.start()
    inside.wait()
    for _ in range(3):
        pid = os.fork()
        if not pid:
            status = 1
            try:
                child()
                status = 0
            finally:
                os._exit(status)
        assert os.waitpid(pid, 0)[1] == 0
        time.sleep(0.05)
    compiling.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.parametrize("backend", ["llvm", "numpy"])
def test_the_child_compiles(backend):
    pytest.importorskip("llvmlite")
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), backend]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
