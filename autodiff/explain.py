"""Both modes of differentiation, shown step by step as a person would do them by hand.

`explain` traces the program, runs both sweeps over it, and keeps for every step its rule in symbols
and its number. An :class:`Explanation` prints as tables, and writes itself as LaTeX, SVG and HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from .arguments import differentiable, name_of
from .chain import Derivative
from .containers import flatten, unflatten
from .errors import MissingExtraError, NotDifferentiableError
from .files import write_text
from .graph import TraceNode
from .names import leaf_names, unique
from .numpy_api.arguments import payload
from .sweeps import Agreement, ForwardSweep, ReverseSweep, Step, active_nodes
from .tables import tables
from .tracing import Graph, is_numeric, trace

SWEEPS = 4  # up to this many inputs, or outputs, get a sweep of their own


class Explanation:
    """What `explain` found: `forward` and `reverse` are lists of :class:`Step`, in the order in
    which a person computes them; `graph` is the program.

    ``str()`` gives the tables; `latex`, `svg`, `html` and `dot` give the other forms as text, and
    write them where a path is given.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.active = active_nodes(graph)
        self.inputs = [n for n in graph.inputs if n in self.active]
        results = dict.fromkeys(y for y in graph.outputs if isinstance(y, TraceNode))
        self.outputs = [y for y in results if y in self.active]

    @cached_property
    def forward_sweeps(self) -> list[ForwardSweep]:
        """One sweep per input where these are a few numbers, else one along a stated direction."""
        if len(self.inputs) <= SWEEPS and all(shape(x) == () for x in self.inputs):
            return [self._forward([x], str(x.name), f"seed: {own(x)} = 1") for x in self.inputs]
        under = self.fresh("t")
        names = [str(x.name) for x in self.inputs]
        if len(names) > SWEEPS:
            names[SWEEPS - 1 :] = [f"{len(names) - SWEEPS + 1} more inputs"]
        moving = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
        first = Derivative(self.inputs[0].name, under)
        seed = f"seed: every entry of {moving} moves at rate 1: {first} is all ones"
        return [self._forward(self.inputs, under, seed + (", and so on" if len(names) > 1 else ""))]

    def _forward(self, directions: Sequence[TraceNode], under: str, seed: str) -> ForwardSweep:
        return ForwardSweep(self.graph, self.active, directions, under, seed)

    @cached_property
    def reverse_sweeps(self) -> list[ReverseSweep]:
        """One sweep per output where these are few, else one for the sum of all of them."""
        if len(self.outputs) > SWEEPS:
            over = self.fresh("s")
            seed = f"seed: {over} is the sum of all entries of all {len(self.outputs)} results"
            return [self._reverse(self.outputs, over, seed)]
        return [self._reverse([y], str(y.name), seed_of(y)) for y in self.outputs]

    def _reverse(self, outputs: Sequence[TraceNode], over: str, seed: str) -> ReverseSweep:
        return ReverseSweep(self.graph, self.active, outputs, over, seed)

    def fresh(self, name: str) -> str:
        """`name`, or `name` with a number if the program has a variable of that name."""
        taken = [str(n.name) for n in self.graph.nodes]
        return unique([name], taken)[0]

    @property
    def forward(self) -> list[Step]:
        return [step for sweep in self.forward_sweeps for step in sweep.steps]

    @property
    def reverse(self) -> list[Step]:
        return [step for sweep in self.reverse_sweeps for step in sweep.steps]

    @cached_property
    def agreements(self) -> list[Agreement]:
        """For each input and output, or direction and sum, both modes' number for the same thing."""
        return [Agreement(f, r) for r in self.reverse_sweeps for f in self.forward_sweeps]

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
        from .draw import explanation_dot

        return write_text(explanation_dot(self), path)

    def svg(self, path: Any = None) -> str:
        """The picture: value, tangent and adjoint on each node, the local derivative on each edge.

        Raises MissingExtraError where neither the `dot` program nor pygraphviz is installed.
        """
        from .draw import render

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
    leaves, structure = flatten(args)
    names = leaf_names(f, [flatten(a)[1] for a in args])
    inside = [
        differentiable(x, f"{name} of {name_of(f)}") if is_numeric(x) and not is_boolean(x) else x
        for x, name in zip(leaves, names, strict=True)
    ]
    graph = trace(f, *unflatten(structure, inside))
    explanation = Explanation(graph)
    if not explanation.inputs:
        raise NotDifferentiableError(
            f"explain: {graph.name} was given no number and no array to differentiate in; "
            "pass them as arguments: explain(f, 0.1)"
        )
    return explanation


def own(x: TraceNode) -> str:
    return Derivative(x.name, x.name)


def seed_of(y: TraceNode) -> str:
    if not shape(y):
        return f"seed: {own(y)} = 1"
    return f"seed: ones of shape {shape(y)}, so what is differentiated is sum({y.name})"


def is_boolean(x: Any) -> bool:
    return getattr(getattr(x, "dtype", None), "kind", "") == "b"


def shape(node: TraceNode) -> Sequence[int]:
    return np.shape(payload(node.value))
