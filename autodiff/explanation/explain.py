"""Both modes of differentiation, shown step by step as a person would do them by hand.

`explain` traces the program, runs both sweeps over it, and keeps for every step its rule in symbols
and its number. An :class:`Explanation` prints as tables, and writes itself as LaTeX, SVG and HTML.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import numpy as np

from ..base.errors import MissingExtraError, NotDifferentiableError
from ..base.files import write_text
from ..base.trees import flatten, unflatten
from ..engine.arguments import check_function, differentiable, name_of
from ..programs.names import leaf_names
from ..programs.tracing import is_numeric, traced
from .both_sweeps import BothModes
from .tables import tables


class Explanation(BothModes):
    """What `explain` found: `forward` and `reverse` are lists of :class:`Step`, in the order in
    which a person computes them; `graph` is the program.

    ``str()`` gives the tables; `latex`, `svg`, `html` and `dot` give the other forms as text, and
    write them where a path is given.
    """

    def __str__(self) -> str:
        return tables(self)

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
        """One self-contained page with the picture and the tables."""
        from .html import page

        return write_text(page(self), path)

    def _repr_svg_(self) -> str | None:
        try:
            return self.svg()
        except MissingExtraError:  # a notebook then shows the tables
            return None

    def _repr_html_(self) -> str:
        from .html import body

        return body(self)


def explain(f: Callable[..., Any], *args: Any) -> Explanation:
    """Show how ``f(*args)`` is differentiated, step by step, in both modes.

    Every number and array in the arguments is an input, in nests of any depth; integers count as
    floats, anything else is held as it is. With up to four numbers as inputs there is a forward
    sweep for each; else one along the direction in which every entry moves at rate 1. There is a
    reverse sweep for each of up to four results, seeded with ones.

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
    leaves, structure = flatten(args)
    names = leaf_names(f, [flatten(a)[1] for a in args])
    inside = [
        x if is_held(x) else differentiable(x, f"{name} of {name_of(f)}")
        for x, name in zip(leaves, names, strict=True)
    ]
    graph = traced(f, unflatten(structure, inside), abstract=False, checks=False)
    explanation = Explanation(graph)
    if not explanation.inputs:
        raise NotDifferentiableError(
            f"explain: {graph.name} has no number and no array among its arguments; "
            "pass what to differentiate in: explain(f, 0.1)"
        )
    return explanation


def is_held(x: Any) -> bool:
    """Whether an argument is part of the program: a boolean, or neither a number nor an array."""
    if isinstance(x, np.ndarray):
        return x.dtype.kind == "b"
    return isinstance(x, (bool, np.bool_)) or not is_numeric(x)
