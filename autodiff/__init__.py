"""Automatic differentiation of plain NumPy that you can see and trust."""

from . import numpy_api
from .tensor import Tensor
from .transforms import *
from .transforms import grad, value_and_grad, jvp, vjp, jacobian, jacfwd, jacrev, hessian, hvp, elementwise_grad, stop_gradient
from .batch import vmap
