"""Every public name with its signature, as it was agreed: a change or a removal shows in the diff.

`python tests/test_names_public.py` writes tests/golden/public_names.txt again.
"""

import difflib
import importlib
import inspect
import re
import sys
from functools import partial
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import autodiff  # noqa: E402 - after the path
import nn  # noqa: E402

PAGE = ROOT / "tests" / "golden" / "public_names.txt"
MODULES = [
    *("autodiff", "autodiff.extend", "autodiff.linalg", "autodiff.special", "autodiff.stats"),
    "autodiff.tree",
    *("nn", "nn.datasets", "nn.estimators", "nn.functional", "nn.initialisers", "nn.losses"),
    *("nn.modules", "nn.optim", "nn.plots", "nn.schedules", "nn.training"),
]


def signature(function):
    """As in the source: types without quotes, an object that is a default by its name."""
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(function)))
    return re.sub(r"<(?:function |class )?'?[\w.]*?(\w+)'?(?: object)?(?: at 0x\w+)?>", r"\1", text)


def lines_of(name, value):
    """One line for a function; for a class, one for it and one for each public member."""
    if inspect.isclass(value):
        bases = ", ".join(base.__name__ for base in value.__bases__)
        constructor = inspect.isfunction(value.__init__) or issubclass(value, tuple)
        yield f"class {name}({bases})" + (signature(value) if constructor else "")
        for key in filter(partial(is_its_own, value), sorted(dir(value))):
            member = inspect.getattr_static(value, key)
            member = getattr(member, "__func__", member)
            yield f"    .{key}" + (signature(member) if inspect.isfunction(member) else "")
    elif inspect.ismodule(value):
        yield f"module {name}"
    else:
        yield name + (signature(value) if callable(value) else "")


def is_its_own(cls, key):
    """Is it a public member, but for what it has from a public base and, in a `Tensor`, NumPy?"""
    owner = next(c for c in cls.__mro__ if key in vars(c))
    package = importlib.import_module(owner.__module__.split(".")[0])
    if package not in (autodiff, nn) or (key[0] == "_" and key != "__call__"):
        return False
    if cls is autodiff.Tensor and (hasattr(np.ndarray, key) or hasattr(np, key)):
        return False
    return owner is cls or owner.__name__ not in package.__all__


def page():
    lines = []
    for path in MODULES:
        module = importlib.import_module(path)
        lines += ["", path, "=" * len(path)]
        for name in sorted(module.__all__):
            lines += lines_of(name, getattr(module, name))
    return "\n".join(lines[1:]) + "\n"


def test_the_public_names_are_those_that_were_agreed():
    agreed, found = PAGE.read_text(encoding="utf-8"), page()
    changes = difflib.unified_diff(agreed.splitlines(), found.splitlines(), "agreed", "found", n=0)
    assert found == agreed, "\n".join(changes)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
