"""For packages built on top of autodiff: what they need besides the transforms, in one place.

`nn` uses only these and other public names. They are as stable as the rest.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from .base.errors import MissingExtraError, refuse
from .base.files import written
from .base.module_names import names_of
from .base.npz import read_npz, write_npz
from .programs.tracing import Graph, traced
from .rules.primitive import is_compiled

__all__ = [
    "is_compiled",
    "optional",
    "program_of",
    "read_npz",
    "refuse",
    "write_npz",
    "written",
]
__getattr__, __dir__ = names_of(__name__, __all__)


def optional(module: str, what: str, package: str) -> Any:
    """The module of that name; without it `MissingExtraError`, which begins with `what`.

    >>> from autodiff import extend
    >>> extend.optional("json", "the notebook needs", "json").dumps([1])
    '[1]'
    >>> extend.optional("no_such_module", "the plot needs", "no-such-package")
    Traceback (most recent call last):
        ...
    autodiff.MissingExtraError: the plot needs no-such-package: pip install no-such-package
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise MissingExtraError(f"{what} {package}: pip install {package}") from None


def program_of(f: Callable[..., Any], *args: Any) -> Graph:
    """The operations of `f` on all arguments of these shapes and dtypes: a :class:`autodiff.Graph`
    that runs on others without calling `f`, and holds only the arrays that are constants of `f`.

    :func:`autodiff.trace` records what `f` does with these very values; here an `f` that looks at
    them (``if x > 0``) is refused with a `NotDifferentiableError`.

    >>> import numpy as np
    >>> from autodiff import extend
    >>> program = extend.program_of(lambda x: np.sum(x * x), np.zeros(2))
    >>> program(np.array([3.0, 4.0]))
    np.float64(25.0)
    """
    program = traced(f, args, abstract=True)
    for node in program.operations:
        node.value = None
    return program
