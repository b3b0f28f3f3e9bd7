"""What the page shows, as data: the program, both sweeps step by step, and how they are computed.

Every number of a step is a slot of one program (`page_program`): values by the program's own
operations, derivatives by the rules of the table, traced on these values.
"""

from __future__ import annotations

from copy import copy
from typing import Any, TypeVar

import numpy as np

from ..engine.arguments import finished
from ..engine.graph import TraceLevel, TraceNode
from ..programs.text import TEXT
from ..programs.tracing import Graph
from ..rules.primitive import ONE, ZERO, new_level, payload
from .both_sweeps import BothModes, entries
from .folding import lines_of
from .latex import LATEX
from .mathml import mathml
from .page_program import Program, number
from .pictures import is_entrywise, source_of
from .steps import ForwardSweep, ReverseSweep, Step, nodes_in
from .symbolic_rules import OPAQUE, Derivative, Symbols, Term, pulled, term_text
from .tables import closing, title

S = TypeVar("S", ForwardSweep, ReverseSweep)
LONGEST = 400  # operations of a program that is computed in the page
CELLS = 9  # entries of an input that may be edited


class Leaves(Symbols):
    """Leaves that know their slots. Rules that look at a number are refused: they would be the rule
    at this number alone."""

    def __init__(self, graph: Graph, data: PageData) -> None:
        super().__init__(graph)
        self.level = TraceLevel(new_level(), abstract=True)
        self.data = data

    def leaf(self, name: str, value: Any) -> Any:
        found = super().leaf(name, value)
        known = self.data.derivatives.get(name) if isinstance(name, Derivative) else None
        self.data.program.known[found.node] = (
            self.data.program.slot(value) if known is None else known
        )
        return found

    def named(self, node: TraceNode) -> Any:
        found = super().leaf(node.name or "", node.value)
        self.data.program.known[found.node] = self.data.slot_of(node)
        return found

    def operands(self, node: TraceNode) -> list[Any]:
        found = super().operands(node)
        return [
            self.named(x) if isinstance(x, TraceNode) and x in self.data.values else y
            for x, y in zip(node.inputs, found, strict=True)
        ]

    def result(self, node: TraceNode) -> Any:
        return self.named(node) if node in self.data.values else super().result(node)


class PageData:
    """All of it, for JSON: see `found`."""

    def __init__(self, both: BothModes, reason: str) -> None:
        self.both, self.graph = both, both.graph
        self.program = Program()
        self.derivatives: dict[str, int] = {}
        self.values: dict[TraceNode, int] = {}
        shown = self.graph.shown()
        self.long = len(self.graph.operations) > LONGEST
        places = lines_of(shown, both.fold, self.graph.layers)
        self.kept = [shown[k] for k in places if isinstance(k, int)] if self.long else shown
        if reason:
            self.program.lack(reason)
        if self.long:
            self.program.lack(f"{len(self.graph.operations)} operations (at most {LONGEST})")
        for node in self.graph.inputs:
            self.values[node] = self.program.known[node] = self.program.slot(node.value)
        for node in self.kept if self.long else self.graph.operations:
            made = self.program.slot(node.value) if self.long else self.program.operation(node)
            if not isinstance(node.value, tuple):
                self.values[node] = self.program.known[node] = made
        self.nodes = [*self.graph.inputs, *self.kept]
        self.number = {node: k for k, node in enumerate(self.nodes)}
        self.edges = [
            (x, node)
            for node in self.kept
            for x in dict.fromkeys(nodes_in(source_of(node)))
            if x in self.number
        ]
        self.local = {edge: self.local_derivative(*edge) for edge in self.edges}
        forward = both.forward_sweeps if both.outputs else []
        self.sweeps = [self.forward(self.for_any(s)) for s in forward]
        self.sweeps += [self.reverse(self.for_any(s)) for s in both.reverse_sweeps]
        self.folds, self.fold_of = self.folded(places, shown)

    def slot_of(self, node: TraceNode) -> int:
        return self.values[node]

    def folded(self, places: list[int | str], shown: list[TraceNode]) -> Any:
        """The texts for what is folded, and which fold a node is in."""
        folds = [x.strip(". ") for x in places if isinstance(x, str)]
        fold_of, fold, before = {}, -1, -1
        for x in places:
            if isinstance(x, str):
                fold += 1
                continue
            for k in range(before + 1, x):
                fold_of[shown[k]] = fold
            before = x
        return folds, fold_of

    @property
    def editable(self) -> bool:
        return not self.program.lacking

    def found(self) -> dict[str, Any]:
        both, graph = self.both, self.graph
        heading, values = title(both)
        self.program.too_large()
        parts, around = self.left_out() if self.long else ([], [])
        outputs = {y for y in graph.outputs if isinstance(y, TraceNode)}
        return {
            "name": graph.name,
            "title": heading.removesuffix(" at"),
            "at": values.strip(),
            "closing": closing(both).strip(),
            "constants": [[name, TEXT.constant(x).loose] for name, x in both.held],
            "why": "; ".join(self.program.lacking),
            "nodes": [self.node(node, node in outputs) for node in self.nodes] + parts,
            "edges": [self.edge(*edge) for edge in self.edges] + around,
            "folds": self.folds,
            "sweeps": self.sweeps,
            "inputs": [self.number[x] for x in both.inputs if np.size(payload(x.value)) <= CELLS],
            "outputs": [self.number[y] for y in both.outputs if y in self.number],
            "jacobian": self.jacobian(),
            **self.program.data(self.editable),
        }

    def node(self, node: TraceNode, result: bool) -> dict[str, Any]:
        made = node.primitive is not None
        return {
            "n": node.name,
            "e": self.graph.expression(node).loose if made else "",
            "m": mathml(f"{LATEX.name(node.name or '').loose} = "
                        + self.graph.expression(node, LATEX).loose) if made else None,
            "v": self.values[node],
            "k": "output" if result else "operation" if made else "input",
            "line": node.line,
            "fold": self.fold_of.get(node, -1),
        }  # fmt: skip

    def left_out(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """A box for each part of a long program that does not travel, and the edges around it."""
        first = len(self.nodes)
        boxes = [
            {"n": "…", "e": text, "m": None, "v": -1, "k": "folded", "line": "", "fold": -1}
            for text in self.folds
        ]
        ends = self.number | {node: first + fold for node, fold in self.fold_of.items()}
        pairs = {
            (ends[x], ends[node])
            for node in self.graph.shown()
            for x in nodes_in(source_of(node))
            if x in ends and node in ends and not (x in self.number and node in self.number)
        }
        return boxes, [{"a": a, "b": b, "on": True} for a, b in sorted(pairs) if a != b]

    def edge(self, x: TraceNode, node: TraceNode) -> dict[str, Any]:
        local = self.local[x, node]
        moving = {x, node} <= self.both.active
        return {"a": self.number[x], "b": self.number[node], "on": moving} | (local or {})

    def local_derivative(self, x: TraceNode, node: TraceNode) -> dict[str, Any] | None:
        """Symbol and slot of d node / d x, where the row works entry by entry."""
        same = np.shape(payload(x.value)) == np.shape(payload(node.value))
        if not {x, node} <= self.both.active or not is_entrywise(node) or not same:
            return None
        given = ONE if node.primitive and node.primitive.kind == "elementwise" else None
        symbols = Leaves(self.graph, self)
        if given is None:
            given = symbols.leaf("1", np.ones_like(payload(node.value))[()])
        places = [i for i, operand in enumerate(node.inputs) if operand is x]
        roots = [r for r in pulled(node, places, given, symbols) if r is not ZERO]
        texts = [term_text(r, (), TEXT, whole=True) for r in roots]
        if not roots or any(r is OPAQUE for r in roots) or any(t is None for t in texts):
            return None
        parts = [self.program.result(r, np.shape(payload(x.value))) for r in roots]
        text = " + ".join(t.loose for t in texts if t is not None)
        return {"d": self.program.total(parts), "t": text}

    def for_any(self, sweep: S) -> S:
        """A sweep with a step for all that may move: what is a zero by the numbers alone, behind a
        choice that fell the other way, is a step of the page too."""
        if self.long:
            return sweep
        forward = isinstance(sweep, ForwardSweep)
        reached = set(sweep.ends)
        for node in self.graph.operations if forward else reversed(self.graph.operations):
            if forward and any(x in reached for x in nodes_in(node)):
                reached.add(node)
            elif not forward and node in reached:
                reached.update(nodes_in(node))
        found = copy(sweep)
        found.__dict__.pop("steps", None)
        zeros = {
            n: finished(ZERO, n.value)
            for n in reached & self.both.active
            if not isinstance(n.value, tuple)
        }
        found.numbers = zeros | sweep.numbers
        return found

    # -- the sweeps ----------------------------------------------------------------------------
    def contribution(self, term: Term, like: Any, carried: int | None) -> dict[str, Any]:
        shape = np.shape(payload(like))
        if term.root is OPAQUE:
            self.program.lack(f"the rule of {term.through.primitive.name}")  # type: ignore[union-attr]
            slot = None
        else:
            slot = self.program.result(term.root, shape)
        return {"t": term.written(TEXT, whole=True).loose, "s": slot, "in": carried}

    def step(self, step: Step, slot: int, terms: list[dict[str, Any]]) -> dict[str, Any]:
        rule = f"{LATEX.leaf(step.derivative).loose} = {step.written(LATEX, whole=True).loose}"
        return {
            "n": self.number[step.node],
            "d": str(step.derivative),
            "r": step.written(TEXT, whole=True).loose,
            "m": mathml(rule),
            "note": step.adding,
            "s": slot,
            "terms": terms,
        }

    def sum_of(self, parts: list[int | None], value: Any) -> int:
        """A derivative as the sum of what arrived; of a long program as the engine found it."""
        if self.long or not parts or any(p is None for p in parts):
            return self.program.slot(value)
        return self.program.total([p for p in parts if p is not None])

    def forward(self, sweep: ForwardSweep) -> dict[str, Any]:
        self.derivatives = {}
        seeds = {x: self.program.slot(seed) for x, seed in sweep.seeds.items()}
        for x, slot in seeds.items():
            self.derivatives[sweep.derivative(x)] = slot
        steps = []
        for node in sweep.steps.nodes:
            if node not in self.number:
                continue
            step = sweep.step_of(node)
            made = source_of(node)
            terms = []
            for x in dict.fromkeys(n for n in nodes_in(made) if n in sweep.numbers):
                root = sweep.rule(made, Leaves(self.graph, self), only=x)
                if made is not node and root is not OPAQUE:
                    root = root[node.params["index"]]
                term = Term(root, made, [(sweep.derivative(x), x)], node.value, False)
                carried = self.derivatives.get(sweep.derivative(x))
                found = self.contribution(term, node.value, carried)
                terms.append(found | {"from": self.number.get(x, -1)})
            slot = self.sum_of([t["s"] for t in terms], step.value)
            self.derivatives[step.derivative] = slot
            steps.append(self.step(step, slot, terms))
        return self.sweep("forward", sweep, steps, seeds)

    def reverse(self, sweep: ReverseSweep) -> dict[str, Any]:
        self.derivatives = {}
        seeds = {y: self.program.slot(seed) for y, seed in sweep.seeds.items()}
        alone = next((y for y in sweep.ends if sweep.is_seed(y)), None)
        if alone is not None:
            self.derivatives[sweep.derivative(alone)] = seeds[alone]
        steps = []
        for node in sweep.steps.nodes:
            if node not in self.number:
                continue
            step = sweep.step_of(node)
            terms = []
            if len(sweep.users.get(node, ())) <= LONGEST:
                for term in sweep.terms(node, lambda graph: Leaves(graph, self)):
                    carried = self.derivatives.get(sweep.derivative(term.through))
                    found = self.contribution(term, node.value, carried)
                    terms.append(found | {"from": self.consumer(term.through)})
            parts = [t["s"] for t in terms]
            if node in seeds:
                parts.insert(0, seeds[node])
            slot = self.sum_of(parts, step.value)
            self.derivatives[step.derivative] = slot
            steps.append(self.step(step, slot, terms))
        return self.sweep("reverse", sweep, steps, seeds)

    def consumer(self, node: TraceNode) -> int:
        if node in self.number:
            return self.number[node]
        return next((self.number[p] for p in self.graph.parts(node) if p in self.number), -1)

    def sweep(self, mode: str, sweep: Any, steps: Any, seeds: dict[TraceNode, int]) -> Any:
        free = self.both.direction is not None if mode == "forward" else self.both.seed is not None
        scalars = all(np.ndim(payload(x.value)) == 0 for x in seeds)
        whole = mode == "forward" and sweep.plain and not scalars
        return {
            "mode": mode,
            "label": sweep.label,
            "seed": sweep.seed.removeprefix("seed: "),
            "free": free or whole,  # whether the seed is an input of the page too
            "seeds": [
                [self.number[x], slot, str(sweep.derivative(x))]
                for x, slot in seeds.items()
                if x in self.number
            ],
            "steps": steps,
        }

    def jacobian(self) -> Any:
        both = self.both
        if both.jacobian is None:
            return None
        return {
            "rows": [label for label, _, _ in both.rows],
            "columns": [label for label, _, _ in entries(both.inputs)],
            "ways": ["forward", "reverse"] if both.columns else ["reverse"],
            "y": self.number.get(both.outputs[0], -1),
            "x": [self.number[x] for x in both.inputs],
            "cells": [[number(float(v)) for v in row] for row in both.jacobian],
        }
