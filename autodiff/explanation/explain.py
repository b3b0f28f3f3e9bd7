"""Both modes of differentiation, shown step by step as a person would do them by hand.

`explain` traces the program, runs both sweeps over it, and keeps for every step its rule in symbols
and its number. An :class:`Explanation` prints as tables, and writes itself as LaTeX, SVG and HTML.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import PurePath
from shutil import get_terminal_size
from typing import Any

import numpy as np

from ..base.errors import (
    AutodiffError,
    MissingExtraError,
    NotDifferentiableError,
    ShapeError,
    counted,
)
from ..base.files import write_text
from ..base.trees import flatten, unflatten
from ..engine.arguments import (
    check_function,
    check_like,
    check_request,
    chosen,
    differentiable,
    name_of,
)
from ..engine.graph import TraceNode
from ..programs.names import leaf_names
from ..programs.tracing import is_numeric, traced
from ..rules.primitive import payload
from .both_sweeps import BothModes
from .opening import opened
from .tables import fitted, tables


class Explanation(BothModes):
    """What `explain` found: `forward` and `reverse` are lists of :class:`Step`, in the order in
    which a person computes them; `graph` is the program.

    ``str()`` gives the tables; `latex`, `svg`, `html` and `dot` give the other forms as text, and
    write them where a path is given.
    """

    _retrace: Callable[[], Any] | None = None  # traces the function for all values at once
    _fixed = ""

    def __str__(self) -> str:
        text = tables(self)
        on_screen = sys.stdout is not None and sys.stdout.isatty()
        return fitted(text, get_terminal_size().columns) if on_screen else text

    def __repr__(self) -> str:
        return (
            f"<Explanation of {self.graph.name}: {len(self.forward)} forward and "
            f"{len(self.reverse)} reverse steps; print it, or call .svg(), .html(), .latex()>"
        )

    def latex(self, path: Any = None) -> str:
        """The program and both sweeps as LaTeX, for a document that uses ``amsmath``."""
        from .latex import fragment

        return write_text(fragment(self), path)

    def dot(self, path: Any = None) -> str:
        """The picture in Graphviz's language."""
        from .graphviz_text import dot_source
        from .pictures import picture_of_both_modes

        return write_text(dot_source(picture_of_both_modes(self)), path)

    def svg(self, path: Any = None) -> str:
        """The picture: value, tangent and adjoint on each node, the local derivative on each edge.

        Raises MissingExtraError where neither the `dot` program nor pygraphviz is installed.
        """
        from .graphviz_text import render

        if path is not None and (form := PurePath(path).suffix) not in ("", ".svg"):
            raise ValueError(
                f"svg({str(path)!r}) writes SVG, not {form[1:]}: name the file .svg; for another "
                f"format write dot('f.dot') and run `dot -T{form[1:]} f.dot -o f{form}`"
            )
        return write_text(render(self.dot()), path)

    def html(self, path: Any = None) -> str:
        """One self-contained page that walks both sweeps: step by step in time, with the picture,
        the tables, the rules and the source lines linked, and inputs to edit."""
        from .page import page

        return write_text(page(self, self._why_fixed()), path)

    def _why_fixed(self) -> str:
        """Why the program is that of these inputs alone, if it is: it looks at a value."""
        if self._retrace is not None:
            self._fixed, again, self._retrace = "", self._retrace, None
            try:
                again()
            except AutodiffError as error:
                self._fixed = f"the program depends on the numbers: {error}"
        return self._fixed

    def __getstate__(self) -> dict[str, Any]:
        self._why_fixed()  # of a copy the function is not known
        return self.__dict__

    def _repr_svg_(self) -> str | None:
        try:
            return self.svg()
        except MissingExtraError:  # a notebook then shows the tables
            return None

    def _repr_html_(self) -> str:
        from .html import body

        return body(self)


def explain(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] | None = None,
    direction: Any = None,
    seed: Any = None,
    detail: str = "rows",
    fold: bool = True,
    **kwargs: Any,
) -> Explanation:
    """Show how ``f(*args)`` is differentiated, step by step, in both modes.

    Every float or complex array in the arguments is an input, in nests of any depth; if there is
    none, integers count as floats. `argnums` picks arguments instead. Anything else is constant: it
    stays what it is, as do `kwargs`, which go to `f`.

    With up to four numbers as inputs there is a forward sweep for each; else one along the
    direction in which every entry moves at rate 1. There is a reverse sweep for each of up to four
    results, seeded with ones. A vector of two to eight results gets a reverse sweep for each entry,
    and up to eight entries of the inputs a forward sweep each: so the Jacobian is filled, row by
    row or column by column. `direction` (like the one argument that is differentiated in, or a
    tuple of such) is the tangent of a single forward sweep instead, `seed` (like the result) the
    cotangent of a single reverse sweep.

    ``detail="open"`` takes rows like softmax or cross-entropy apart into steps. Rounds of a loop
    that repeat the same lines are folded in tables, unless ``fold=False``.

    >>> import numpy as np, autodiff as ad
    >>> print(ad.explain(lambda x: np.sin(x) ** 2, 0.5))
    y = <lambda>(x) at x = 0.5
    <BLANKLINE>
      program      value
      v1 = sin(x)  0.479426
      y  = v1^2    0.229849
    <BLANKLINE>
      forward mode: d(.)/dx, from the input on (seed: dx/dx = 1)
      dv1/dx = cos(x) * dx/dx  0.877583
      dy/dx  = 2*v1 * dv1/dx   0.841471
    <BLANKLINE>
      reverse mode: dy/d(.), from the output back (seed: dy/dy = 1)
      dy/dv1 = 2 * v1           0.958851
      dy/dx  = dy/dv1 * cos(x)  0.841471
    <BLANKLINE>
      both modes agree: dy/dx = 0.841471 by forward, 0.841471 by reverse
      forward costs one sweep per input, reverse one per output
    """
    check_function(f, "explain")
    if detail not in ("rows", "open"):
        raise ValueError(f"explain: detail={detail!r} is neither 'rows' nor 'open'")
    leaves, structure = flatten(args)
    names = leaf_names(f, [flatten(a)[1] for a in args])
    wanted = wanted_leaves(f, args, leaves, argnums)
    inside = [
        differentiable(x, f"{name} of {name_of(f)}") if want else copied(x)
        for x, name, want in zip(leaves, names, wanted, strict=True)
    ]
    graph = traced(
        f,
        unflatten(structure, inside),
        abstract=False,
        checks=False,
        wanted=wanted,
        kwargs=kwargs,
    )
    for x, name, want in zip(inside, names, wanted, strict=True):
        if not want and isinstance(x, np.ndarray) and x.ndim:
            graph.constants.setdefault(id(x), name)
    if detail == "open":
        graph = opened(graph)
    explanation = Explanation(graph, fold=fold)
    explanation._retrace = lambda: traced(
        f, unflatten(structure, inside), abstract=True, wanted=wanted, kwargs=kwargs
    )
    explanation.held = [
        (name, x)
        for x, name, want in zip(inside, names, wanted, strict=True)
        if not want and is_numeric(x)
    ]
    if explanation.inputs and direction is not None:
        explanation.direction = paired(explanation.inputs, direction, "direction", "what moves")
    if explanation.outputs and seed is not None:
        explanation.seed = paired(explanation.outputs, seed, "seed", "the result")
    if not explanation.inputs:
        raise NotDifferentiableError(
            f"explain: {graph.name} has no number and no array among its arguments; "
            "pass what to differentiate in: explain(f, 0.1)"
        )
    return explanation


def wanted_leaves(
    f: Callable[..., Any], args: Sequence[Any], leaves: Sequence[Any], argnums: Any
) -> list[bool]:
    """Which leaves are differentiated in: as in `check`, and what is no array of numbers is refused
    by name."""
    numbers = [not is_held(x) for x in leaves]
    if argnums is not None:
        check_request("explain", f, argnums)
        selected = chosen(argnums, args, f)
        picked = [k in selected for k, arg in enumerate(args) for _ in flatten(arg)[0]]
        return [n and p for n, p in zip(numbers, picked, strict=True)]
    floats = [n and kind_of(x) not in "iu" for n, x in zip(numbers, leaves, strict=True)]
    return floats if any(floats) else numbers


def kind_of(x: Any) -> str:
    return str(np.result_type(x).kind) if is_numeric(x) else "O"


def copied(x: Any) -> Any:
    """A constant that `f` may write into."""
    return np.array(x) if x.__class__ is np.ndarray else x


def paired(nodes: Sequence[TraceNode], given: Any, what: str, of: str) -> dict[TraceNode, Any]:
    """A direction or a seed, entry by entry for the values that it belongs to."""
    alone = len(nodes) == 1 and not isinstance(given, (tuple, dict))
    leaves = [given] if alone else flatten(given)[0]
    if len(leaves) != len(nodes):
        names = ", ".join(str(n.name) for n in nodes)
        raise ShapeError(
            f"explain: {what} has {counted(len(leaves), 'part')}, but {of} has {len(nodes)}: "
            f"{names}; pass one for each, in a tuple"
        )
    found = {}
    for node, x in zip(nodes, leaves, strict=True):
        x = np.asarray(x) if isinstance(x, (list, int)) else x
        x = check_like(x, node.value, f"explain: {what} for {node.name}", str(node.name))
        found[node] = np.asarray(x, np.asarray(payload(node.value)).dtype)[()]
    return found


def is_held(x: Any) -> bool:
    """Whether an argument is part of the program: a boolean, or neither a number nor an array."""
    if isinstance(x, np.ndarray):
        return x.dtype.kind == "b"
    return isinstance(x, (bool, np.bool_)) or not is_numeric(x)
