"""Automatic differentiation of plain NumPy that you can see and trust."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import linalg, numpy_api, special, tree  # noqa: F401 - the second fills the dispatch tables
from .arrays.tensor import Tensor
from .base.containers import register_container
from .base.errors import (
    AutodiffError,
    ConvergenceError,
    MissingExtraError,
    NonFiniteError,
    NotDifferentiableError,
    ShapeError,
)
from .base.memory import keep_freed_memory as _keep_freed_memory
from .base.module_names import no_name as _no_name
from .primitives.require import require
from .programs.tracing import Graph, trace
from .transforms.backward import tensor
from .transforms.checkpoint import checkpoint, checkpoint_chain
from .transforms.custom.jax_spelling import custom_jvp, custom_vjp
from .transforms.custom.rule import custom_rule
from .transforms.gradients import elementwise_grad, grad, jvp, stop_gradient, value_and_grad, vjp
from .transforms.jacobians import hessian, hvp, jacfwd, jacobian, jacrev
from .transforms.linearize import linearize
from .transforms.loops.cond import cond
from .transforms.loops.scan import fori_loop, scan
from .transforms.loops.while_loop import while_loop
from .transforms.taylor import taylor
from .transforms.vmap import vmap

if TYPE_CHECKING:  # loaded when they are first asked for, by _LATER
    from . import extend, implicit, sparse, stats  # noqa: F401 - public submodules
    from .checking.check import check
    from .checking.diagnose import Diagnosis, diagnose
    from .checking.raise_on_nonfinite import raise_on_nonfinite
    from .compiler.jit import jit
    from .explanation.explain import Explanation, explain
    from .implicit import argmin, fixed_point, linear_solve, root
    from .programs.loading import load
    from .sparse.jacobian import SparseJacobian, sparse_jacobian
    from .sparse.pattern import Pattern
    from .sparse.sparsity import hessian_sparsity, sparsity

__version__ = "0.2.0"

_keep_freed_memory()

_INSTEAD = {  # of what people look for who come from another engine
    "custom_gradient": "use autodiff.custom_rule",
    "derivative": "use autodiff.grad",
    "egrad": "use autodiff.elementwise_grad",
    "gradient": "use autodiff.grad",
    "hessian_vector_product": "use autodiff.hvp(f, x, v)",
    "lax": "use autodiff.scan, fori_loop, while_loop and cond; Python's own if, for and while too",
    "make_hvp": "use autodiff.hvp(f, x, v)",
    "nn": "it is a package of its own: import nn",
    "no_autodiff": "autodiff.stop_gradient(x) is x as a constant",
    "no_grad": "autodiff.stop_gradient(x) is x as a constant",
    "remat": "use autodiff.checkpoint",
}


_LATER = {  # what most programs never ask for, and where it is
    "Diagnosis": ".checking.diagnose",
    "Explanation": ".explanation.explain",
    "Pattern": ".sparse.pattern",
    "SparseJacobian": ".sparse.jacobian",
    "argmin": ".implicit",
    "check": ".checking.check",
    "diagnose": ".checking.diagnose",
    "explain": ".explanation.explain",
    "extend": ".extend",
    "fixed_point": ".implicit",
    "hessian_sparsity": ".sparse.sparsity",
    "implicit": ".implicit",
    "jit": ".compiler.jit",
    "linear_solve": ".implicit",
    "load": ".programs.loading",
    "numpy": ".numpy",
    "raise_on_nonfinite": ".checking.raise_on_nonfinite",
    "root": ".implicit",
    "sparse": ".sparse",
    "sparse_jacobian": ".sparse.jacobian",
    "sparsity": ".sparse.sparsity",
    "stats": ".stats",
}
_MODULES = ["extend", "implicit", "linalg", "numpy", "sparse", "special", "stats", "tree"]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        module = importlib.import_module(_LATER[name], __name__)
        globals()[name] = found = module if name in _MODULES else getattr(module, name)
        return found
    raise _no_name("autodiff", name, __dir__(), _INSTEAD.get(name, ""))


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES, *(name for name in globals() if name.startswith("__"))])


__all__ = [
    "AutodiffError",
    "ConvergenceError",
    "Diagnosis",
    "Explanation",
    "Graph",
    "MissingExtraError",
    "NonFiniteError",
    "NotDifferentiableError",
    "Pattern",
    "ShapeError",
    "SparseJacobian",
    "Tensor",
    "argmin",
    "check",
    "checkpoint",
    "checkpoint_chain",
    "cond",
    "custom_jvp",
    "custom_rule",
    "custom_vjp",
    "diagnose",
    "elementwise_grad",
    "explain",
    "fixed_point",
    "fori_loop",
    "grad",
    "hessian",
    "hessian_sparsity",
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
    "require",
    "root",
    "scan",
    "sparse_jacobian",
    "sparsity",
    "stop_gradient",
    "taylor",
    "tensor",
    "trace",
    "value_and_grad",
    "vjp",
    "vmap",
    "while_loop",
]
