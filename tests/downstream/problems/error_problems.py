"""Five problems with pyerrors: how errors of Monte Carlo data spread through functions and fits."""

import autograd.numpy as anp
import numpy as np
import pyerrors as pe

RNG = np.random.default_rng(1)


def observable(mean, name="ensemble"):
    return pe.Obs([mean + 0.1 * RNG.standard_normal(500)], [name])


def show(name, *observables):
    for o in observables:
        o.gamma_method(S=0)
    print(name, *(f"{o.value:.12e} {o.dvalue:.12e}" for o in observables))


a, b = observable(1.3), observable(0.4)
show("functions", np.exp(a) * np.sin(b), np.log(a / b) ** 2, np.arctan(b) - np.tanh(a))
show("derived", pe.derived_observable(lambda x: anp.sum(anp.sqrt(x**2 + 1.0)), [a, b]))

matrix = np.array([[observable(2.0), observable(0.3)], [observable(0.3), observable(1.5)]])
symmetric = (matrix + matrix.T) / 2
show(
    "matrices", *pe.linalg.inv(matrix).ravel(), pe.linalg.det(matrix), *pe.linalg.eigh(symmetric)[0]
)

x = np.arange(1, 11)
y = [observable(2.0 * np.exp(-0.3 * t), f"t{t}") for t in x]
for o in y:
    o.gamma_method(S=0)
fit = pe.fits.least_squares(x, y, lambda p, x: p[1] * anp.exp(-p[0] * x), silent=True)
show("fit", *fit.fit_parameters)
root = pe.roots.find_root(a, lambda x, d: anp.exp(-(x**2)) - d / 3)
show(
    "root and integral",
    root,
    pe.integrate.quad(lambda p, x: p[0] * anp.cos(p[1] * x), [a, b], 0.0, 1.0)[0],
)
