"""HIPS autograd's names and conventions, on this engine: for programs that were written for it.

    import autodiff.compat.autograd as autograd        a program of your own
    autodiff.compat.autograd.install()                 packages that import autograd, from here on
    python -m autodiff.compat.autograd -m pytest       a program, or a suite of tests, run so

Written from the documentation of autograd 1.9; docs/differences-from-autograd.md says what differs.
"""

from . import builtins, core, extend, numpy, tracer, wrap_util
from .builtins import dict, isinstance, list, tuple, type
from .differential_operators import (
    checkpoint,
    deriv,
    elementwise_grad,
    grad,
    grad_and_aux,
    grad_named,
    hessian,
    hessian_tensor_product,
    hessian_vector_product,
    holomorphic_grad,
    jacobian,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_jvp_reversemode,
    make_vjp,
    multigrad_dict,
    tensor_jacobian_product,
    value_and_grad,
    vector_jacobian_product,
)
from .extend import primitive
from .installing import install, uninstall

__all__ = [
    "builtins",
    "checkpoint",
    "core",
    "deriv",
    "dict",
    "elementwise_grad",
    "extend",
    "grad",
    "grad_and_aux",
    "grad_named",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "install",
    "isinstance",
    "jacobian",
    "list",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_jvp_reversemode",
    "make_vjp",
    "multigrad_dict",
    "numpy",
    "primitive",
    "tensor_jacobian_product",
    "tracer",
    "tuple",
    "type",
    "uninstall",
    "value_and_grad",
    "vector_jacobian_product",
    "wrap_util",
]
