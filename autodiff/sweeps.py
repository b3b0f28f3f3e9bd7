"""Both sweeps over a traced program, step by step: the engine's numbers, the rules in symbols.

    forward   df1/dx, df2/dx, ..., dy/dx      in the order of the program
    reverse   dy/df5, dy/df4, ..., dy/dx      in the opposite order

The numbers are the engine's own: it runs the graph on dual numbers, and on a tape.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .arguments import finished
from .chain import Derivative, Symbols, Term, joined, pulled, pushed
from .forward import Dual, tangent_of
from .graph import TraceNode
from .kinds import pick
from .numpy_api.arguments import payload
from .primitive import ONE, ZERO, new_level
from .reverse import TapeNode, sweep
from .selection import value_of
from .tensor import Tensor
from .text import TEXT, Style, Text
from .trace import Graph

FEEDS = 4  # operations that a remark names


class Step:
    """One line of a sweep.

    `name` and `expression` are those of a value of the program and `primal` is that value;
    `derivative` names its derivative (``dy/df3``), `rule` is the chain rule in symbols, `value` the
    derivative in numbers, `remark` what is worth noticing.
    """

    def __init__(
        self,
        node: TraceNode,
        expression: str,
        derivative: Derivative,
        value: Any,
        terms: Sequence[Term],
        seeded: bool = False,
    ) -> None:
        self.node = node
        self.name = node.name or ""
        self.expression = expression
        self.derivative = derivative
        self.value = value
        self.primal = node.value
        self.terms = terms
        self.seeded = seeded  # an output of the sweep: its derivative starts at one

    @property
    def rule(self) -> str:
        return self.written(TEXT).loose

    def written(self, style: Style, decisions: dict[str, bool] | None = None) -> Text:
        """The rule in a style: text or LaTeX."""
        texts = [term.written(style, decisions) for term in self.terms]
        if self.seeded:
            texts.insert(0, style.repeated(style.constant(1), np.shape(payload(self.primal))))
        return joined(texts)

    @property
    def remark(self) -> str:
        remarks = []
        consumers = list(dict.fromkeys(term.through for term in self.terms))
        if len(consumers) > 1 and self.terms[0].backward:
            remarks.append(feeds(self.name, consumers))
        decisions: dict[str, bool] = {}
        self.written(TEXT, decisions)
        remarks += [f"{condition} is {str(holds).lower()}" for condition, holds in decisions.items()]
        return "; ".join(remarks)

    def __repr__(self) -> str:
        return f"<Step {self.derivative} = {self.rule}>"


def feeds(name: str, consumers: Sequence[TraceNode]) -> str:
    if len(consumers) > FEEDS:
        return f"{name} feeds {len(consumers)} operations: their contributions add"
    names = [node.name or "?" for node in consumers]
    return f"{name} feeds {', '.join(names[:-1])} and {names[-1]}: their contributions add"


class Sweep:
    """One run of a mode: what it differentiates, what it says of its seed, and its steps.

    `numbers` holds the derivative of, or with respect to, every value that the sweep touched.
    """

    def __init__(self, label: str, seed: str, ends: Sequence[TraceNode]) -> None:
        self.label = label
        self.seed = seed
        self.ends = ends  # the inputs that it starts from, or the outputs
        self.numbers: dict[TraceNode, Any] = {}
        self.steps: list[Step] = []


def active_nodes(graph: Graph) -> set[TraceNode]:
    """The values that carry a derivative: real or complex inputs, and what follows from them."""
    active = {n for n in graph.inputs if is_continuous(n.value)}
    for node in graph.operations:
        assert node.primitive is not None
        if not node.primitive.flat and any(x in active for x in nodes_in(node)):
            active.add(node)
    return active


def nodes_in(node: TraceNode) -> list[TraceNode]:
    return [x for x in node.inputs if isinstance(x, TraceNode)]


def is_continuous(x: Any) -> bool:
    x = payload(x)
    return isinstance(x, (float, complex)) or getattr(getattr(x, "dtype", None), "kind", "") in (
        "f",
        "c",
    )


# -- forward -------------------------------------------------------------------------------------
def forward_sweep(
    graph: Graph, active: set[TraceNode], directions: Sequence[TraceNode], under: str, seed: str
) -> Sweep:
    """The derivative along a direction in which each entry of `directions` moves at rate one."""
    found = Sweep(under, seed, directions)
    found.numbers = push_numbers(graph, directions)
    whole: dict[TraceNode, Any] = {}  # of a row with several results, the parts of its tangent
    for node in graph.operations:
        if node not in active:
            continue
        if node.primitive is pick:
            (source,) = node.inputs
            if source in whole and node in found.numbers:
                root = whole[source][node.params["index"]]
                term = Term(root, source, carried_by(source, found, under), node.value, False)
                found.steps.append(step(graph, found, node, Derivative(node.name, under), [term]))
            continue
        carried = carried_by(node, found, under)
        if not carried:
            continue
        symbols = Symbols(graph)
        tangents = [
            symbols.leaf(Derivative(x.name, under), found.numbers[x])
            if isinstance(x, TraceNode) and x in found.numbers
            else ZERO
            for x in node.inputs
        ]
        root = pushed(node, tangents, symbols)
        if node.primitive is not None and node.primitive.multiple:
            whole[node] = root
        elif node in found.numbers:
            term = Term(root, node, carried, node.value, False)
            found.steps.append(step(graph, found, node, Derivative(node.name, under), [term]))
    return found


def carried_by(node: TraceNode, found: Sweep, under: str) -> list[tuple[Derivative, TraceNode]]:
    moving = dict.fromkeys(x for x in nodes_in(node) if x in found.numbers)
    return [(Derivative(x.name, under), x) for x in moving]


def push_numbers(graph: Graph, directions: Sequence[TraceNode]) -> dict[TraceNode, Any]:
    """The tangent of every value that moves, by the engine's forward mode."""
    level = new_level()
    values: dict[TraceNode, Any] = {n: n.value for n in graph.inputs}
    for n in directions:
        values[n] = Tensor(n.value, Dual(level, np.ones_like(payload(n.value))[()]))
    with np.errstate(all="ignore"):
        graph.run(values)
    found = {}
    for node, y in values.items():
        if not isinstance(y, tuple):
            tangent = tangent_of(y, level)[1]
            if tangent is not ZERO:
                found[node] = finished(tangent, node.value)
    return found


# -- reverse -------------------------------------------------------------------------------------
def reverse_sweep(
    graph: Graph, active: set[TraceNode], outputs: Sequence[TraceNode], over: str, seed: str
) -> Sweep:
    """The derivative of the sum of all entries of `outputs` with respect to every value."""
    found = Sweep(over, seed, outputs)
    found.numbers = pull_numbers(graph, active, outputs)
    terms: dict[TraceNode, list[Term]] = {}
    for node in reversed(graph.operations):
        if node not in active or node.primitive is pick:
            continue
        wanted = [i for i, x in enumerate(node.inputs) if isinstance(x, TraceNode) and x in active]
        symbols = Symbols(graph)
        cotangent = cotangent_leaf(graph, node, found, over, symbols, terms)
        if cotangent is ZERO:
            continue
        carried = Derivative(over, node.name)
        for i, root in zip(wanted, pulled(node, wanted, cotangent, symbols), strict=True):
            if root is not ZERO:
                x = node.inputs[i]
                terms.setdefault(x, []).append(Term(root, node, [(carried, x)], x.value, True))
    for node in (*reversed(graph.shown()), *graph.inputs):
        seeded = node in outputs
        arrived = terms.get(node, [])
        if seeded and not arrived and node.primitive is not None and len(outputs) == 1:
            continue  # dy/dy = 1: the seed
        if node in found.numbers or (node in active and node.primitive is None):
            arrived = sorted(arrived, key=lambda t: (not t.plain, t.through.order))
            found.steps.append(
                step(graph, found, node, Derivative(over, node.name), arrived, seeded)
            )
    return found


def cotangent_leaf(
    graph: Graph,
    node: TraceNode,
    found: Sweep,
    over: str,
    symbols: Symbols,
    terms: dict[TraceNode, list[Term]],
) -> Any:
    """What the rule of `node` is given: a leaf with the name of its cotangent, or the seed."""
    if node.primitive is not None and node.primitive.multiple:
        parts = [ZERO] * len(node.value)
        for part in graph.parts(node):
            if part in found.numbers:
                name = Derivative(over, part.name)
                parts[part.params["index"]] = symbols.leaf(name, found.numbers[part])
        return ZERO if all(p is ZERO for p in parts) else tuple(parts)
    if node not in found.numbers:
        return ZERO
    if node in found.ends and node not in terms and len(found.ends) == 1:
        return ONE
    return symbols.leaf(Derivative(over, node.name), found.numbers[node])


def pull_numbers(
    graph: Graph, active: set[TraceNode], outputs: Sequence[TraceNode]
) -> dict[TraceNode, Any]:
    """The cotangent of every value that the outputs depend on, by the engine's reverse mode."""
    level = new_level()
    values: dict[TraceNode, Any] = {n: n.value for n in graph.inputs}
    leaves = {n: TapeNode(level) for n in graph.inputs if n in active}
    values |= {n: Tensor(n.value, leaf) for n, leaf in leaves.items()}
    with np.errstate(all="ignore"):
        graph.run(values)
    found: dict[TraceNode, Any] = {}
    tracked = {
        n: y.node for n, y in values.items() if isinstance(y, Tensor) and y.node.level == level
    }
    for node, taped in tracked.items():
        if taped.pullback is not None:
            taped.pullback = noting(taped.pullback, node, found)
    seeds = [(tracked[y], ONE) for y in outputs if y in tracked]
    with np.errstate(all="ignore"):
        bars = sweep(seeds, list(leaves.values()), keep=False)
    found |= {n: bar for n, bar in zip(leaves, bars, strict=True) if bar is not ZERO}
    return {n: finished(value_of(bar), n.value) for n, bar in found.items()}


def noting(pullback: Any, node: TraceNode, found: dict[TraceNode, Any]) -> Any:
    """The pullback, which also notes the cotangent that it is given: it is complete by then."""

    def noted(y_bar: Any) -> Any:
        found[node] = y_bar
        return pullback(y_bar)

    return noted


def step(
    graph: Graph,
    found: Sweep,
    node: TraceNode,
    derivative: Derivative,
    terms: Sequence[Term],
    seeded: bool = False,
) -> Step:
    value = found.numbers.get(node)
    if value is None:
        value = finished(ZERO, node.value)
    return Step(node, graph.expression(node).loose, derivative, value, terms, seeded)


# -- do they agree? ------------------------------------------------------------------------------
class Agreement:
    """<y_bar, J x_dot> from forward mode against <J^T y_bar, x_dot> from reverse mode."""

    def __init__(self, forward: Sweep, reverse: Sweep) -> None:
        self.name = Derivative(reverse.label, forward.label)
        self.forward = total(forward.numbers[y] for y in reverse.ends if y in forward.numbers)
        self.reverse = total(reverse.numbers[x] for x in forward.ends if x in reverse.numbers)
        both = [n for n in forward.numbers if n in reverse.numbers]
        # Terms may cancel, so rounding is measured against the largest sum of products on the way.
        with np.errstate(all="ignore"):
            sizes = [
                float(np.sum(np.abs(payload(forward.numbers[n]) * payload(reverse.numbers[n]))))
                for n in both
            ]
        self.scale = max((s for s in sizes if np.isfinite(s)), default=0.0)
        precise = [np.asarray(payload(v)).dtype for v in forward.numbers.values()]
        self.epsilon = max((float(np.finfo(d).eps) for d in precise if d.kind in "fc"), default=0.0)

    @property
    def error(self) -> float:
        """The relative difference; nan where a derivative is not finite."""
        difference = abs(self.forward - self.reverse)
        return float(difference / self.scale) if self.scale else float(difference)

    @property
    def holds(self) -> bool | None:
        """Whether they agree to rounding; `None` where a nan or inf leaves nothing to compare."""
        if not np.isfinite(self.forward) or not np.isfinite(self.reverse):
            return None
        return self.error <= 1000 * self.epsilon


def total(parts: Iterable[Any]) -> Any:
    """The sum of all entries: an inner product with ones."""
    found: Any = 0.0
    for part in parts:
        found = found + np.sum(payload(part))
    return found
