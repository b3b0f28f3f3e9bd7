"""Both sweeps over a traced program, step by step: the engine's numbers, the rules in symbols.

    forward   df1/dx, df2/dx, ..., dy/dx      in the order of the program
    reverse   dy/df5, dy/df4, ..., dy/dx      in the opposite order

The numbers are the engine's own: it runs the graph on dual numbers, and on a tape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from .arguments import finished
from .chain import Derivative, Symbols, Term, joined, pulled, pushed
from .forward import Dual, tangent_of
from .graph import TraceNode
from .kinds import pick
from .primitive import ONE, ZERO, new_level, payload
from .reverse import TapeNode, sweep
from .selection import value_of
from .tensor import Tensor
from .text import TEXT, Style, Text
from .tracing import Graph

FEEDS = 4  # operations that a remark names
TERMS = 8  # of a sum that are written out


class Step:
    """One line of a sweep.

    `name` and `expression` are those of a value of the program and `primal` is that value;
    `derivative` names its derivative (``dy/df3``), `rule` is the chain rule in symbols, `value`
    the derivative in numbers, `remark` what is worth noticing.
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
        self.value = unboxed(value)
        self.primal = unboxed(node.value)
        self.terms = terms
        self.seeded = seeded  # an output of the sweep: its derivative starts at one

    @property
    def rule(self) -> str:
        return self.written(TEXT).loose

    def written(self, style: Style, decisions: dict[str, bool] | None = None) -> Text:
        """The rule in a style: text or LaTeX."""
        texts = [term.written(style, decisions) for term in ends(self.terms)]
        if len(self.terms) > TERMS:
            texts.insert(TERMS // 2, style.omitted(len(self.terms) - TERMS))
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
        remarks += [f"{text} is {str(holds).lower()}" for text, holds in decisions.items()]
        return "; ".join(remarks)

    def __repr__(self) -> str:
        return f"<Step {self.derivative} = {self.rule}>"


def ends(terms: Sequence[Term]) -> Sequence[Term]:
    """All terms, or the first and the last where there are too many to read."""
    return terms if len(terms) <= TERMS else [*terms[: TERMS // 2], *terms[-TERMS // 2 :]]


def unboxed(x: Any) -> Any:
    """An array without axes, which np.where gives, as the number in it."""
    return x[()] if isinstance(x, np.ndarray) and x.ndim == 0 else x


def feeds(name: str, consumers: Sequence[TraceNode]) -> str:
    if len(consumers) > FEEDS:
        return f"{name} feeds {len(consumers)} operations: their contributions add"
    names = [node.name or "?" for node in consumers]
    return f"{name} feeds {', '.join(names[:-1])} and {names[-1]}: their contributions add"


class Sweep:
    """One run of a mode over a graph: what it differentiates, its seed in words, and its steps.

    `numbers` holds the derivative of, or with respect to, every value that the sweep touched;
    `ends` are the inputs that a forward sweep starts from, or the outputs of a reverse sweep.
    """

    def __init__(
        self, graph: Graph, active: set[TraceNode], ends: Sequence[TraceNode], label: str, seed: str
    ) -> None:
        self.graph = graph
        self.active = active
        self.ends = ends
        self.label = label
        self.seed = seed
        self.numbers = self.run()

    def run(self) -> dict[TraceNode, Any]:
        raise NotImplementedError  # pragma: no cover - both modes define it

    def derivative(self, node: TraceNode) -> Derivative:
        """The name of a derivative of this sweep."""
        raise NotImplementedError  # pragma: no cover - both modes define it

    def step(self, node: TraceNode, terms: Sequence[Term], seeded: bool = False) -> Step:
        value = self.numbers.get(node)
        if value is None:
            value = finished(ZERO, node.value)
        text = self.graph.expression(node).loose
        return Step(node, text, self.derivative(node), value, terms, seeded)


class ForwardSweep(Sweep):
    """The derivative along the direction in which each entry of `ends` moves at rate one."""

    def run(self) -> dict[TraceNode, Any]:
        return push_numbers(self.graph, self.ends)

    def derivative(self, node: TraceNode) -> Derivative:
        return Derivative(node.name, self.label)

    @cached_property
    def steps(self) -> list[Step]:
        """From the input on: one step for every value that moves."""
        found = []
        parts: dict[TraceNode, Any] = {}  # of a row with several results, what its rule made
        for node in self.graph.operations:
            made = node.inputs[0] if node.primitive is pick else node
            moving = dict.fromkeys(x for x in nodes_in(made) if x in self.numbers)
            carried = [(self.derivative(x), x) for x in moving]
            if node not in self.active or not (carried or node in self.graph.outputs):
                continue
            if not carried:
                found.append(self.step(node, []))
                continue
            if node is made:
                root = self.rule(node)
                if node.primitive is not None and node.primitive.multiple:
                    parts[node] = root
                    continue
            else:
                root = parts[made][node.params["index"]]
            if node in self.numbers or node in self.graph.outputs:
                found.append(self.step(node, [Term(root, made, carried, node.value, False)]))
        return found

    def rule(self, node: TraceNode) -> Any:
        symbols = Symbols(self.graph)
        tangents = [
            symbols.leaf(self.derivative(x), self.numbers[x])
            if isinstance(x, TraceNode) and x in self.numbers
            else ZERO
            for x in node.inputs
        ]
        return pushed(node, tangents, symbols)


class ReverseSweep(Sweep):
    """The derivative of the sum of all entries of `ends` with respect to every value."""

    def run(self) -> dict[TraceNode, Any]:
        return pull_numbers(self.graph, self.active, self.ends)

    def derivative(self, node: TraceNode) -> Derivative:
        return Derivative(self.label, node.name)

    @cached_property
    def steps(self) -> list[Step]:
        """From the output back: one step for every value that the result depends on, and one for
        every input, in the order of the arguments."""
        terms = self.terms()
        found = []
        for node in (*reversed(self.graph.shown()), *self.graph.inputs):
            arrived = terms.get(node, [])
            if node not in self.numbers and not (node in self.active and node.primitive is None):
                continue
            if self.is_seed(node, terms) and node.primitive is not None:
                continue  # dy/dy = 1 goes without saying
            arrived = sorted(arrived, key=lambda term: (not term.plain, term.through.order))
            found.append(self.step(node, arrived, node in self.ends))
        return found

    def terms(self) -> dict[TraceNode, list[Term]]:
        """For every value, what each operation that uses it sends back to it."""
        terms: dict[TraceNode, list[Term]] = {}
        for node in reversed(self.graph.operations):
            if node not in self.active or node.primitive is pick:
                continue
            symbols = Symbols(self.graph)
            cotangent = self.cotangent(node, terms, symbols)
            if cotangent is ZERO:
                continue
            operands = [(i, x) for i, x in enumerate(node.inputs) if isinstance(x, TraceNode)]
            wanted = [(i, x) for i, x in operands if x in self.active]
            roots = pulled(node, [i for i, _ in wanted], cotangent, symbols)
            for (_, x), root in zip(wanted, roots, strict=True):
                if root is not ZERO:
                    term = Term(root, node, [(self.derivative(node), x)], x.value, True)
                    terms.setdefault(x, []).append(term)
        return terms

    def cotangent(self, node: TraceNode, terms: Any, symbols: Symbols) -> Any:
        """What the rule of `node` is given: a leaf with the name of its cotangent, or the seed."""
        if node.primitive is not None and node.primitive.multiple:
            parts: list[Any] = [ZERO] * len(node.value)
            for part in self.graph.parts(node):
                if part in self.numbers:
                    leaf = symbols.leaf(self.derivative(part), self.numbers[part])
                    parts[part.params["index"]] = leaf
            return ZERO if all(p is ZERO for p in parts) else tuple(parts)
        if node not in self.numbers:
            return ZERO
        if not self.is_seed(node, terms):
            return symbols.leaf(self.derivative(node), self.numbers[node])
        shape = np.shape(payload(node.value))
        alike = all(np.shape(payload(x.value)) == shape for x in nodes_in(node) if x in self.active)
        if shape == () or (alike and node.primitive and node.primitive.kind == "elementwise"):
            return ONE
        return symbols.leaf(TEXT.repeated(TEXT.constant(1), shape).loose, self.numbers[node])

    def is_seed(self, node: TraceNode, terms: dict[TraceNode, list[Term]]) -> bool:
        """Whether the derivative is the seed and nothing else."""
        return node in self.ends and node not in terms and len(self.ends) == 1


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
    return np.asarray(payload(x)).dtype.kind in "fc"


# -- the engine's numbers ------------------------------------------------------------------------
def all_ones(x: Any) -> Any:
    return np.ones_like(payload(x))[()]


def push_numbers(
    graph: Graph, directions: Sequence[TraceNode], seed: Callable[[Any], Any] = all_ones
) -> dict[TraceNode, Any]:
    """The tangent of every value that moves, by the engine's forward mode; each of `directions`
    moves along ``seed(its value)``."""
    level = new_level()
    values: dict[TraceNode, Any] = {n: n.value for n in graph.inputs}
    for n in directions:
        values[n] = Tensor(n.value, Dual(level, seed(n.value)))
    with np.errstate(all="ignore"):
        graph.run(values)
    found = {}
    for node, y in values.items():
        if not isinstance(y, tuple):
            tangent = tangent_of(y, level)[1]
            if tangent is not ZERO:
                found[node] = finished(tangent, node.value)
    return found


def pull_numbers(
    graph: Graph,
    active: set[TraceNode],
    outputs: Sequence[TraceNode],
    seed: Callable[[Any], Any] = lambda y: ONE,
) -> dict[TraceNode, Any]:
    """The cotangent of every value that the outputs depend on, by the engine's reverse mode; that
    of an output starts at ``seed(its value)``."""
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
    ends = [y for y in outputs if y in tracked]
    seeds = [seed(y.value) for y in ends]
    with np.errstate(all="ignore"):
        bars = sweep([tracked[y] for y in ends], seeds, list(leaves.values()), keep=False)
    found |= {n: bar for n, bar in zip(leaves, bars, strict=True) if bar is not ZERO}
    return {n: finished(value_of(bar), n.value) for n, bar in found.items()}


def noting(pullback: Any, node: TraceNode, found: dict[TraceNode, Any]) -> Any:
    """The pullback, which also notes the cotangent that it is given: it is complete by then."""

    def noted(y_bar: Any) -> Any:
        found[node] = y_bar
        return pullback(y_bar)

    return noted


# -- do they agree? ------------------------------------------------------------------------------
class Agreement:
    """<y_bar, J x_dot> from forward mode against <J^T y_bar, x_dot> from reverse mode."""

    def __init__(self, forward: Sweep, reverse: Sweep) -> None:
        self.derivative = Derivative(reverse.label, forward.label)
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
        # What is complex has a pairing by real parts alone, unless the program is holomorphic.
        self.real_parts = np.iscomplexobj(self.forward) or np.iscomplexobj(self.reverse)
        self.forward, self.reverse = np.real(self.forward), np.real(self.reverse)
        precise = [np.asarray(payload(v)).dtype for v in forward.numbers.values()]
        self.epsilon = max((float(np.finfo(d).eps) for d in precise if d.kind in "fc"), default=0.0)

    @property
    def name(self) -> str:
        return f"the real part of {self.derivative}" if self.real_parts else self.derivative

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
    with np.errstate(all="ignore"):  # inf - inf is nan, which is said in words
        for part in parts:
            found = found + np.sum(payload(part))
    return found
