"""`install`: programs that import autograd get these modules. `uninstall` undoes it."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Self

from ...base.errors import AutodiffError

HERE = __name__.rpartition(".")[0]
MODULES = [  # by autograd's names; a module comes after its package
    *("builtins", "core", "differential_operators", "extend", "misc", "misc.flatten"),
    *("misc.optimizers", "numpy", "numpy.fft", "numpy.linalg", "numpy.numpy_boxes"),
    *("numpy.numpy_vjps", "numpy.random", "scipy", "scipy.integrate", "scipy.linalg"),
    *("scipy.signal", "scipy.special", "scipy.stats", "test_util", "tracer", "wrap_util"),
]


class InstallError(AutodiffError, ImportError):
    """The real autograd was imported first: its functions would not know this engine's values."""


class Installed:
    """What `install` returns: leaving a ``with`` block undoes that call of `install`."""

    def __init__(self, changed: bool) -> None:
        self.changed = changed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        if self.changed:
            uninstall()


def install() -> Installed:
    """Let ``import autograd``, in any module that is imported from here on, find this package.

    Raises `InstallError` where the real autograd is already imported. As a context manager it is
    undone at the end; a package that was imported inside keeps what it got. A second call does
    nothing.

    >>> import autodiff.compat.autograd
    >>> with autodiff.compat.autograd.install():
    ...     from autograd import grad
    >>> grad(lambda x: x**2)(3.0)
    6.0
    """
    before = sys.modules.get("autograd")
    if before is sys.modules[HERE]:
        return Installed(False)
    loaded = sorted(name for name in sys.modules if is_autograd(name))
    if loaded:
        where = getattr(sys.modules[loaded[0]], "__file__", None) or "another package"
        raise InstallError(
            f"autograd is already imported, from {where}; call autodiff.compat.autograd.install() "
            "before anything imports it, or run: python -m autodiff.compat.autograd program.py"
        )
    sys.modules["autograd"] = sys.modules[HERE]
    for name in MODULES:
        sys.modules[f"autograd.{name}"] = import_module(f"{HERE}.{name}")
    return Installed(True)


def uninstall() -> None:
    """Let ``import autograd`` find what it would without `install`."""
    if sys.modules.get("autograd") is sys.modules[HERE]:
        for name in [name for name in sys.modules if is_autograd(name)]:
            del sys.modules[name]


def is_autograd(name: str) -> bool:
    return name == "autograd" or name.startswith("autograd.")
