"""Automatic differentiation of plain NumPy that you can see and trust."""

from . import linalg, numpy_api, special  # noqa: F401 - the first fills the dispatch tables
from .check import check
from .checkpoint import checkpoint, checkpoint_chain
from .compiler.api import jit
from .containers import register_container
from .custom import custom_rule
from .custom_jax import custom_jvp, custom_vjp
from .diagnose import Diagnosis, diagnose
from .errors import (
    AutodiffError,
    ConvergenceError,
    MissingExtraError,
    NonFiniteError,
    NotDifferentiableError,
    ShapeError,
)
from .explain import Explanation, explain
from .guard import raise_on_nonfinite
from .implicit import argmin, fixed_point, linear_solve, root
from .jacobians import hessian, hvp, jacfwd, jacobian, jacrev
from .linearize import linearize
from .loading import load
from .objects import tensor
from .taylor import taylor
from .tensor import Tensor
from .tracing import Graph, trace
from .transforms import elementwise_grad, grad, jvp, stop_gradient, value_and_grad, vjp
from .vmap import vmap

__version__ = "0.1.0"

_INSTEAD = {  # of what people look for who come from another engine
    "custom_gradient": "use autodiff.custom_rule",
    "egrad": "use autodiff.elementwise_grad",
    "hessian_vector_product": "use autodiff.hvp(f, x, v)",
    "lax": "Python's own if, for and while are differentiated",
    "make_hvp": "use autodiff.hvp(f, x, v)",
    "nn": "it is a package of its own: import nn",
    "no_autodiff": "autodiff.stop_gradient(x) is x as a constant",
    "no_grad": "autodiff.stop_gradient(x) is x as a constant",
    "numpy": "import numpy as np: what is differentiated is plain NumPy",
    "remat": "use autodiff.checkpoint",
}


def __getattr__(name: str) -> object:
    cure = f"; {_INSTEAD[name]}" if name in _INSTEAD else ""
    raise AttributeError(f"module 'autodiff' has no attribute {name!r}{cure}")


__all__ = [
    "AutodiffError",
    "ConvergenceError",
    "Diagnosis",
    "Explanation",
    "Graph",
    "MissingExtraError",
    "NonFiniteError",
    "NotDifferentiableError",
    "ShapeError",
    "Tensor",
    "argmin",
    "check",
    "checkpoint",
    "checkpoint_chain",
    "custom_jvp",
    "custom_rule",
    "custom_vjp",
    "diagnose",
    "elementwise_grad",
    "explain",
    "fixed_point",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jit",
    "jvp",
    "linear_solve",
    "linearize",
    "load",
    "raise_on_nonfinite",
    "register_container",
    "root",
    "stop_gradient",
    "taylor",
    "tensor",
    "trace",
    "value_and_grad",
    "vjp",
    "vmap",
]
