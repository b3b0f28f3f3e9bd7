"""Five problems with autograd-gamma: derivatives of incomplete gamma and beta functions."""

import autograd.numpy as np
import autograd_gamma as ag
from autograd import elementwise_grad, grad, hessian, jacobian
from autograd.scipy.special import gammaln
from scipy.optimize import minimize

T = np.random.default_rng(0).gamma(3.0, 2.0, size=2000)
SEEN = T < 9.0
TIMES = np.minimum(T, 9.0)


def gamma_loss(log_params):
    """A gamma distribution, of which long times are only known to be long."""
    shape, scale = np.exp(log_params)
    x = TIMES / scale
    density = (shape - 1) * np.log(x) - x - gammaln(shape) - np.log(scale)
    return -np.mean(np.where(SEEN, density, ag.gammainccln(shape, x)))


def show(name, *values):
    print(name, *(f"{v:.12e}" for value in values for v in np.ravel(value)))


start = np.zeros(2)
show("gradient", gamma_loss(start), grad(gamma_loss)(start))
fit = minimize(gamma_loss, start, jac=grad(gamma_loss), method="BFGS", options={"gtol": 1e-4})
show("fit", np.round(fit.x, 4))
x = np.linspace(0.1, 5.0, 50)
show(
    "slopes",
    np.sum(elementwise_grad(ag.gammainc, 1)(2.0 + 0 * x, x)),
    elementwise_grad(ag.gammaincc, 0)(2.0 + 0 * x[:3], x[:3]),
)
show(
    "second",
    hessian(lambda p: np.sum(ag.gammaincln(p[0] * np.ones(3), p[1] * x[:3])))(np.array([2.0, 1.5]))[
        1, 1
    ],
)
show(
    "beta",
    jacobian(lambda x: ag.betainc(2.0, 3.0, x))(np.array([0.2, 0.7])),
    grad(lambda a: ag.betaincinv(a, 3.0, 0.4))(2.0),
)
