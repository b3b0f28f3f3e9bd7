"""HIPS autograd's names and conventions, on this engine: for programs that were written for it.

    import autodiff.compat.autograd as autograd        a program of your own
    autodiff.compat.autograd.install()                 packages that import autograd, from here on
    python -m autodiff.compat.autograd -m pytest       a program, or a suite of tests, run so

Written from the documentation of autograd 1.9; docs/differences-from-autograd.md says what differs.
"""

from . import builtins, core, differential_operators, extend, numpy, tracer, wrap_util
from .builtins import dict, isinstance, list, tuple, type
from .differential_operators import *  # noqa: F403 - its __all__
from .extend import primitive
from .installing import install, uninstall

__all__ = ["builtins", "core", "dict", "extend", "install", "isinstance", "list", "numpy"]
__all__ += ["primitive", "tracer", "tuple", "type", "uninstall", "wrap_util"]
__all__ += differential_operators.__all__
