"""Whether a derived operation chooses was known from its second use on: the first third derivative
of logaddexp in a process was wrong, and the second right."""

import subprocess
import sys

PROGRAM = """
import numpy as np, autodiff as ad
x, v = np.array([0.7, -1.1]), np.array([0.4, 0.9])
f = lambda x: np.logaddexp(x[0], x[1] * 2) * x[0]
along = lambda g: lambda x: ad.jvp(g, (x,), (v,))[1]
first = ad.grad(along(along(f)))(x)
again = ad.grad(along(along(f)))(x)
forward = ad.jacfwd(along(along(f)))(x)
np.testing.assert_allclose(first, forward, rtol=1e-12)
np.testing.assert_allclose(again, forward, rtol=1e-12)
"""


def test_the_first_and_the_second_time():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
