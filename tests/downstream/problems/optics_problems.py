"""Five problems with ceviche: gradients of simulated light in what it goes through."""

import autograd.numpy as npa
import ceviche
import numpy as np
from autograd import grad
from ceviche import fdfd_ez, fdfd_hz, jacobian

N, DL, OMEGA = 50, 5e-8, 2 * np.pi * 200e12
RNG = np.random.default_rng(2)
EPS = 1.0 + RNG.random((N, N))
SOURCE = np.zeros((N, N))
SOURCE[15, 20:30] = 1.0
PROBE = np.zeros((N, N))
PROBE[35, 20:30] = 1.0


def show(name, *values):
    print(name, *(f"{v:.12e}" for value in values for v in np.ravel(value)))


def power(kind):
    """The light at the probe, of a simulation in two dimensions."""

    def f(eps):
        fields = kind(OMEGA, DL, npa.reshape(eps, (N, N)), [8, 8]).solve(SOURCE)
        return npa.sum(npa.abs(fields[2] * PROBE) ** 2) * 1e4

    return f


def show_gradient(name, f, at):
    slope = grad(f)(at)
    show(name, f(at), np.sum(slope), np.max(np.abs(slope)), slope.ravel()[1234])


show_gradient("transverse electric", power(fdfd_ez), EPS)
show_gradient("transverse magnetic", power(fdfd_hz), EPS)


def strength(t):
    """A circle of glass whose index grows with t."""
    x, y = np.meshgrid(np.linspace(-1, 1, N), np.linspace(-1, 1, N))
    return power(fdfd_ez)(1.0 + t[0] * npa.exp(-(x**2 + y**2) / (0.1 + t[1] ** 2)))


show("forward", jacobian(strength, mode="forward")(np.array([2.0, 0.3])))
show("reverse", jacobian(strength, mode="reverse")(np.array([2.0, 0.3])))


def late(c):
    """The field of a pulse in time, after 60 steps."""
    world = ceviche.fdtd(1.0 + c * EPS[:, :, None] * npa.ones((1, 1, 1)), DL, [8, 8, 0])
    for step in range(60):
        fields = world.forward(Jz=SOURCE[:, :, None] * np.exp(-((step - 20) ** 2) / 50))
    return npa.sum(fields["Ez"] ** 2) * 1e3


show("pulse", late(1.0), grad(late)(1.0))
