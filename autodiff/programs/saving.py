"""Traced programs on disk: one file, written whole or not at all.

The file is a NumPy .npz archive: program.json says what the program does, 0.npy, 1.npy, ... are its
constants. Nothing in it is pickled, compressed, or code: an operation is the name of a row of the
table with its parameters. A function of the user (a rule of `custom_rule`, the solver of `root`) is
stored as a name, and passed again when the program is loaded.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..base.above import above
from ..base.errors import AutodiffError
from ..base.files import written
from ..base.shapes import shape_of
from ..base.trees import Structure
from ..engine.graph import TraceNode
from ..rules.primitive import TABLE, Primitive
from .encoding import Json, Writer
from .tracing import Graph

FORMAT, VERSION = "autodiff program", 1
PROGRAM = "program.json"


# -- writing ---------------------------------------------------------------------------------------
def save(graph: Graph, path: Any) -> None:
    """What ``graph.save(path)`` does, see there."""
    writer = ProgramWriter()
    program = json.dumps({"format": FORMAT, "version": VERSION, "program": writer.program(graph)})
    with written(path) as (file,), zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(PROGRAM, program)
        for k, array in enumerate(writer.arrays):
            with archive.open(f"{k}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


class ProgramWriter(Writer):
    """Writes graphs, their rows, and what the rows of implicit differentiation hold."""

    def program(self, graph: Graph) -> Json:
        nodes = {node: k for k, node in enumerate(graph.nodes)}
        held = getattr(graph, "held", None) or graph.inputs
        structure = getattr(graph, "in_structure", None)
        return {
            "name": graph.name,
            "inputs": [[x.name, self.form(x.value)] for x in graph.inputs],
            "structure": None if structure is None else self.structure(structure),
            "held": [self.operand(x, nodes, "an argument") for x in held],
            "operations": [self.operation(node, nodes) for node in graph.operations],
            "outputs": [self.operand(y, nodes, "a result") for y in graph.outputs],
            "results": self.structure(graph.out_structure),
            "constants": [
                [self.places[k], name] for k, name in graph.constants.items() if k in self.places
            ],
        }

    def operation(self, node: Any, nodes: Mapping[Any, int]) -> Json:
        what = f"{node.primitive.name} ({node.line or 'in a traced program'})"
        return {
            "name": node.name,
            "line": node.line,
            "row": self.row(node.primitive, what),
            "inputs": [self.operand(x, nodes, f"an operand of {what}") for x in node.inputs],
            "parameters": {
                key: self.value(x, f"{key}= of {what}") for key, x in node.params.items()
            },
            "result": self.form(node.value),
        }

    def operand(self, x: Any, nodes: Mapping[Any, int], what: str) -> Json:
        return {"node": nodes[x]} if isinstance(x, TraceNode) else self.value(x, what)

    def row(self, primitive: Primitive, what: str) -> Json:
        if TABLE.get(primitive.name) is primitive:
            return primitive.name
        form = above("rule_form")(primitive, self, what)
        if form is not None:
            return form
        raise AutodiffError(f"save: {what} is not a row of the table and cannot be saved")

    def value(self, x: Any, what: str) -> Json:
        held = above("held_form")(x)
        if held is not None:
            tag, parts = held
            return {tag: [self.value(part, what) for part in parts]}
        if isinstance(x, Graph):
            return {"program": self.program(x)}
        if isinstance(x, Structure):
            return {"structure": self.structure(x)}
        return super().value(x, what)

    def form(self, value: Any) -> Json:
        """Shape and dtype of a value; a Python number has its class for a dtype."""
        if value is None:
            return None
        if isinstance(value, tuple):
            return {"several": [self.form(part) for part in value]}
        is_array = hasattr(value, "dtype")
        return [
            list(shape_of(value)),
            value.dtype.str if is_array else type(value).__name__,
        ]
