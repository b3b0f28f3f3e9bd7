"""Values as text of Python from which they come back to the bit: numbers, parameters, small arrays.

What is written is read again as code. So a name is one that Python takes for a name, a text stands
in quotes as `repr` sets them, and a value of any other class than those below is refused.
"""

from __future__ import annotations

import keyword
import math
import re
import textwrap
import unicodedata
from typing import Any

import numpy as np

LONGEST_NAME = 60
LINE, WIDTH = 72, 92  # characters of an array in one line, and of each line of several
DEFAULT_TYPES = frozenset(map(np.dtype, (float, int, complex, bool)))  # np.array finds them itself


class UnwritableError(Exception):
    """Something cannot be written, and what to do instead; whoever writes says where it stands."""

    def __init__(self, what: str, cure: str = "export the parts around it") -> None:
        super().__init__(f"{what}; {cure}")


def unwritable_loop(name: str) -> UnwritableError:
    cure = "write it as a Python loop, so that the program holds each round"
    return UnwritableError(f"{name} holds a program of its own", cure)


def literal(x: Any) -> str:
    """A number, a string, or a nest of them.

    >>> import numpy as np
    >>> literal((1.5, slice(None, 2), np.float32(0.1))), literal(complex(-0.0, 1))
    ('(1.5, slice(None, 2, None), np.float32(0.10000000149011612))', 'complex(-0.0, 1.0)')
    """
    kind = type(x)
    if x is Ellipsis:
        return "..."
    if kind is str:
        return repr(x) if set("'\"\\") & {*repr(x)[1:-1]} else f'"{repr(x)[1:-1]}"'
    if x is None or kind in (bool, int):
        return repr(x)
    if kind is float:
        return (
            repr(x)
            if math.isfinite(x)
            else repr(x).replace("nan", "np.nan").replace("inf", "np.inf")
        )
    if kind is complex:  # of -0.0 + 1j the sign of the zero would be lost
        return f"complex({literal(x.real)}, {literal(x.imag)})"
    if isinstance(x, np.generic):
        return scalar(x)
    if isinstance(x, np.dtype) and x.kind in "biufc":
        return f"np.dtype({x.str!r})"
    if kind is tuple:
        return "(" + ", ".join(map(literal, x)) + ("," if len(x) == 1 else "") + ")"
    if kind is list:
        return "[" + ", ".join(map(literal, x)) + "]"
    if kind is dict:
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in x.items()) + "}"
    if kind is slice:
        return f"slice({literal(x.start)}, {literal(x.stop)}, {literal(x.step)})"
    raise UnwritableError(f"a {kind.__name__} cannot be written")


def scalar(x: Any) -> str:
    """A number of NumPy's, of the same type."""
    if x.dtype.kind == "b":
        return f"np.{bool(x)}_"
    if x.dtype.char == "g":
        return f'np.longdouble("{x!s}")'
    if x.dtype.char == "G":
        return f"np.array([{scalar(x.real)}, {scalar(x.imag)}]).view(np.clongdouble)[0]"
    if x.dtype.kind not in "iufc":
        raise UnwritableError(f"a number of type {x.dtype} cannot be written")
    return f"np.{x.dtype.name}({literal(x.item())})"


def array(x: np.ndarray[Any, Any]) -> str:
    """A small array, in its order in memory where that is one of the two usual ones."""
    if x.dtype.kind not in "biufc":
        raise UnwritableError(f"an array of {x.dtype} cannot be written")
    dtype = f", dtype={literal(x.dtype.name if x.dtype.isnative else x.dtype.str)}"
    if not x.size:
        return f"np.zeros({literal(x.shape)}{dtype})"
    first = x.flat[:1]
    if (
        x.size > 1
        and x.tobytes() == np.full(x.shape, first, x.dtype).tobytes()
        and x.dtype.isnative
    ):
        if x.dtype.kind == "f" and not first[0] and not np.signbit(first[0]):
            return f"np.zeros({literal(x.shape)}{'' if x.dtype == float else dtype})"
        number = literal(x.item(0) if x.dtype in DEFAULT_TYPES else first[0])
        return f"np.full({literal(x.shape)}, {number})"
    known = x.dtype.isnative and x.dtype in DEFAULT_TYPES
    order = "" if x.flags.c_contiguous or not x.flags.f_contiguous else ', order="F"'
    return f"np.array({rows(entries(x))}{'' if known else dtype}{order})"


def rows(nest: Any) -> str:
    """A nest of numbers, in lines if it is long."""
    text = literal(nest)
    if len(text) <= LINE or not isinstance(nest, list):
        return text
    if not isinstance(nest[0], list):
        nest = [text[1:-1]]
    lines = [textwrap.wrap(x if isinstance(x, str) else literal(x), WIDTH) for x in nest]
    return "[\n" + "".join(f"    {line}\n" for x in lines for line in [*x[:-1], f"{x[-1]},"]) + "]"


def entries(x: np.ndarray[Any, Any]) -> Any:
    """The entries in lists; those of long doubles stay numbers of NumPy's."""
    if x.dtype.char not in "gG":
        return x.tolist()
    return x[()] if not x.ndim else [entries(part) for part in x]


def identifier(text: str) -> str:
    """A name for a variable that is as much like `text` as Python allows.

    >>> identifier("params['W']"), identifier("lambda"), identifier("2 x")
    ('params_W', 'lambda_', 'x')
    """
    name = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", text)).rstrip("_")
    name = re.sub(r"^[_\d]+(?=[^_\d])", "", name)[:LONGEST_NAME]
    if not name.isidentifier():
        return "v"
    return f"{name}_" if keyword.iskeyword(name) else name


def quoted(text: str, indent: str = "") -> str:
    """A docstring of this text, whatever stands in it."""
    inside = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    inside = inside.encode("utf-8", "backslashreplace").decode()
    inside = "".join(c if c == "\n" or c.isprintable() else ascii(c)[1:-1] for c in inside)
    lines = inside.split("\n")
    inside = "\n".join([lines[0], *(f"{indent}{line}".rstrip() for line in lines[1:])])
    ending = f"\n{indent}" if len(lines) > 1 else ""
    if not ending and inside.endswith('"'):
        inside = inside[:-1] + '\\"'
    return f'"""{inside}{ending}"""'
