"""Both sweeps over a traced program, step by step: the engine's numbers, the rules in symbols.

    forward   df1/dx, df2/dx, ..., dy/dx      in the order of the program
    reverse   dy/df5, dy/df4, ..., dy/dx      in the opposite order

The numbers are the engine's own: it runs the graph on dual numbers, and on a tape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..arrays.tensor import Tensor
from ..engine.arguments import finished
from ..engine.forward_mode import Dual, tangent_of
from ..engine.graph import TraceNode
from ..engine.reverse_mode import TapeNode, sweep
from ..engine.strong_zeros import value_of
from ..programs.text import TEXT, Style, Text
from ..programs.tracing import Graph
from ..rules.kinds import pick
from ..rules.primitive import ONE, ZERO, new_level, payload
from .symbolic_rules import Derivative, Symbols, Term, joined, pulled, pushed

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
        seed: Any = None,
    ) -> None:
        self.node = node
        self.name = node.name or ""
        self.expression = expression
        self.derivative = derivative
        self.value = unboxed(value)
        self.primal = unboxed(node.value)
        self.terms = terms
        self.seed = seed  # where the sweep starts: what its derivative is there, before any term

    @property
    def rule(self) -> str:
        return self.written(TEXT).loose

    def written(
        self, style: Style, decisions: dict[str, bool] | None = None, whole: bool = False
    ) -> Text:
        """The rule in a style: text or LaTeX; with `whole`, as it is for any numbers."""
        texts = [term.written(style, decisions, whole) for term in ends(self.terms)]
        if len(self.terms) > TERMS:
            texts.insert(TERMS // 2, style.omitted(len(self.terms) - TERMS))
        if self.seed is not None:
            texts.insert(0, seed_text(self.seed, style))
        return joined(texts)

    @property
    def remark(self) -> str:
        remarks = [self.adding] if self.adding else []
        decisions: dict[str, bool] = {}
        self.written(TEXT, decisions)
        remarks += [f"{text} is {str(holds).lower()}" for text, holds in decisions.items()]
        remarks += marks(self.value)
        return "; ".join(remarks)

    @property
    def adding(self) -> str:
        """Which operations use the value, if there are several."""
        consumers = list(dict.fromkeys(term.through for term in self.terms))
        several = len(consumers) > 1 and self.terms[0].backward
        return feeds(self.name, consumers) if several else ""

    def __repr__(self) -> str:
        return f"<Step {self.derivative} = {self.rule}>"


def ends(terms: Sequence[Term]) -> Sequence[Term]:
    """All terms, or the first and the last where there are too many to read."""
    return terms if len(terms) <= TERMS else [*terms[: TERMS // 2], *terms[-TERMS // 2 :]]


def unboxed(x: Any) -> Any:
    """An array without axes, which np.where gives, as the number in it."""
    return x[()] if isinstance(x, np.ndarray) and x.ndim == 0 else x


def marks(x: Any) -> list[str]:
    """What a value holds that a person should notice: entries that are nan or infinite."""
    x = np.asarray(payload(x))
    if x.dtype.kind not in "fc" or np.all(np.isfinite(x)):
        return []
    found = {"nan": np.isnan(x), "inf": np.isinf(x)}
    counts = {word: int(np.sum(where)) for word, where in found.items() if np.any(where)}
    if not x.ndim:
        return [f"{word}!" for word in counts]
    return [f"{n} of {x.size} entries {word}!" for word, n in counts.items()]


def seed_text(seed: Any, style: Style) -> Text:
    """A seed of ones as ``ones(3)``, any other by its entries."""
    if np.all(payload(seed) == 1):
        return style.repeated(style.constant(1), np.shape(payload(seed)))
    return style.constant(seed)


def feeds(name: str, consumers: Sequence[TraceNode]) -> str:
    if len(consumers) > FEEDS:
        return f"{name} feeds {len(consumers)} operations: their contributions add"
    names = [node.name or "?" for node in consumers]
    return f"{name} feeds {', '.join(names[:-1])} and {names[-1]}: their contributions add"


class Steps(Sequence[Step]):
    """The steps of a sweep, each made when it is looked at: of a long program few are."""

    def __init__(self, nodes: Sequence[TraceNode], make: Callable[[TraceNode], Step]) -> None:
        self.nodes, self.make = nodes, make

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, k: Any) -> Any:
        return (
            list(map(self.make, self.nodes[k]))
            if isinstance(k, slice)
            else self.make(self.nodes[k])
        )


class Sweep:
    """One run of a mode over a graph: what it differentiates, its seed in words, and its steps.

    `numbers` holds the derivative of, or with respect to, every value that the sweep touched;
    `ends` are the inputs that a forward sweep starts from, or the outputs of a reverse sweep, and
    `seeds` the derivative of each there: ones, if not given.
    """

    def __init__(
        self,
        graph: Graph,
        active: set[TraceNode],
        ends: Sequence[TraceNode],
        label: str,
        seed: str,
        seeds: Mapping[TraceNode, Any] | None = None,
    ) -> None:
        self.graph = graph
        self.active = active
        self.ends = ends
        self.label = label
        self.seed = seed
        self.plain = seeds is None
        self.seeds = {n: all_ones(n.value) for n in ends} if seeds is None else dict(seeds)
        self.numbers = self.run()

    def run(self) -> dict[TraceNode, Any]:
        raise NotImplementedError  # pragma: no cover - both modes define it

    def derivative(self, node: TraceNode) -> Derivative:
        """The name of a derivative of this sweep."""
        raise NotImplementedError  # pragma: no cover - both modes define it

    def step(self, node: TraceNode, terms: Sequence[Term], seed: Any = None) -> Step:
        value = self.numbers.get(node)
        if value is None:
            value = finished(ZERO, node.value)
        text = self.graph.expression(node).loose
        return Step(node, text, self.derivative(node), value, terms, seed)


class ForwardSweep(Sweep):
    """The derivative along the direction `seeds`; at rate one in each entry of `ends`, else."""

    def run(self) -> dict[TraceNode, Any]:
        return push_numbers(self.graph, self.ends, self.seeds.__getitem__)

    def derivative(self, node: TraceNode) -> Derivative:
        return Derivative(node.name, self.label)

    @cached_property
    def steps(self) -> Steps:
        """From the input on: one step for every value that moves."""
        results = {y for y in self.graph.outputs if isinstance(y, TraceNode)}
        shown = [
            node
            for node in self.graph.operations
            if node in self.active
            and not (node.primitive is not None and node.primitive.multiple)
            and (node in self.numbers or node in results)
        ]
        return Steps(shown, self.step_of)

    def step_of(self, node: TraceNode) -> Step:
        made = node.inputs[0] if node.primitive is pick else node
        moving = dict.fromkeys(x for x in nodes_in(made) if x in self.numbers)
        if not moving:
            return self.step(node, [])
        root = self.rule(made, Symbols(self.graph))
        if node is not made:
            root = root[node.params["index"]]
        carried = [(self.derivative(x), x) for x in moving]
        return self.step(node, [Term(root, made, carried, node.value, False)])

    def rule(self, node: TraceNode, symbols: Symbols, only: TraceNode | None = None) -> Any:
        """What the table's rule makes of the tangents; of that of `only`, if it is given."""
        tangents = [
            symbols.leaf(self.derivative(x), self.numbers[x])
            if isinstance(x, TraceNode) and x in self.numbers and only in (None, x)
            else ZERO
            for x in node.inputs
        ]
        return pushed(node, tangents, symbols)


class ReverseSweep(Sweep):
    """The derivative of the sum of all entries of `ends`, each times its seed, by every value."""

    def run(self) -> dict[TraceNode, Any]:
        if self.plain:
            return pull_numbers(self.graph, self.active, self.ends)
        return pull_numbers(self.graph, self.active, self.ends, self.seeds.__getitem__)

    def derivative(self, node: TraceNode) -> Derivative:
        return Derivative(self.label, node.name)

    @cached_property
    def steps(self) -> Steps:
        """From the output back: one step for every value that the result depends on, and one for
        every input, in the order of the arguments."""
        made = [
            n for n in reversed(self.graph.shown()) if n in self.numbers and not self.is_seed(n)
        ]
        inputs = [n for n in self.graph.inputs if n in self.numbers or n in self.active]
        return Steps([*made, *inputs], self.step_of)

    def step_of(self, node: TraceNode) -> Step:
        return self.step(node, self.terms(node), self.seeds.get(node))

    @cached_property
    def users(self) -> dict[TraceNode, list[TraceNode]]:
        """For every value the operations that use it, from the output back."""
        found: dict[TraceNode, list[TraceNode]] = {}
        for node in reversed(self.graph.operations):
            if node in self.active and node.primitive is not pick:
                for x in dict.fromkeys(nodes_in(node)):
                    found.setdefault(x, []).append(node)
        return found

    def terms(self, x: TraceNode, symbols_for: Callable[[Graph], Symbols] = Symbols) -> list[Term]:
        """What each operation that uses a value sends back to it, in the order of the rule."""
        if x not in self.active:
            return []
        terms = []
        for node in self.users.get(x, ()):
            symbols = symbols_for(self.graph)
            cotangent = self.cotangent(node, symbols)
            if cotangent is ZERO:
                continue
            places = [i for i, operand in enumerate(node.inputs) if operand is x]
            terms += [
                Term(root, node, [(self.derivative(node), x)], x.value, True)
                for root in pulled(node, places, cotangent, symbols)
                if root is not ZERO
            ]
        return sorted(terms, key=lambda term: (not term.plain, term.through.order))

    def cotangent(self, node: TraceNode, symbols: Symbols) -> Any:
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
        if not self.is_seed(node):
            return symbols.leaf(self.derivative(node), self.numbers[node])
        shape = np.shape(payload(node.value))
        alike = all(np.shape(payload(x.value)) == shape for x in nodes_in(node) if x in self.active)
        if shape == () or (alike and node.primitive and node.primitive.kind == "elementwise"):
            return ONE
        return symbols.leaf(TEXT.repeated(TEXT.constant(1), shape).loose, self.numbers[node])

    def is_seed(self, node: TraceNode) -> bool:
        """Whether the derivative is the seed and nothing else: dy/dy = 1 goes without saying."""
        return self.plain and len(self.ends) == 1 and node is self.ends[0] and not self.terms(node)


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
    graph: Graph,
    directions: Sequence[TraceNode],
    seed: Callable[[TraceNode], Any] | None = None,
) -> dict[TraceNode, Any]:
    """The tangent of every value that moves, by the engine's forward mode; each of `directions`
    moves along ``seed(it)``, or ones."""
    level = new_level()
    values: dict[TraceNode, Any] = {n: n.value for n in graph.inputs}
    for n in directions:
        values[n] = Tensor(n.value, Dual(level, all_ones(n.value) if seed is None else seed(n)))
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
    seed: Callable[[TraceNode], Any] = lambda y: ONE,
) -> dict[TraceNode, Any]:
    """The cotangent of every value that the outputs depend on, by the engine's reverse mode; that
    of an output starts at ``seed(it)``."""
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
    seeds = [seed(y) for y in ends]
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
