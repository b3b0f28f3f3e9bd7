"""Loading a saved program: a file is untrusted, and checked before it is used.

Names, counts, shapes, dtypes and sizes are checked without running the program. What is found only
when the program runs raises one clear error then.
"""

from __future__ import annotations

import inspect
import io
import json
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..base.above import above
from ..base.errors import AutodiffError, of_check
from ..base.shapes import shape_of, size_of
from ..engine.graph import TraceLevel, TraceNode
from ..primitives.special.borrowed import SciPyFunction
from ..rules.primitive import TABLE, Primitive, new_level
from .encoding import DamagedError, Json, Reader, dtype, fields, index, listed, only_item, text
from .saving import FORMAT, PROGRAM, VERSION
from .tracing import Graph

LARGEST = 2**62  # entries of an array

# What reading a file with a few wrong bytes may raise, besides our own.
DAMAGE = (
    *(DamagedError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError),
    *(RuntimeError, MemoryError, OverflowError, NotImplementedError, ImportError, OSError),
    *(zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError),
)
# What a row may raise that is called with parameters that make no sense.
MISUSE = (TypeError, ValueError, IndexError, KeyError, AttributeError, MemoryError, OverflowError)


def load(path: Any, names: Mapping[str, Callable[..., Any]] | None = None) -> Graph:
    """The program that ``trace(f, x).save(path)`` wrote: a :class:`Graph`, which runs and
    differentiates again.

    `names` gives the user's functions and classes that the program refers to, by name. A file that
    is damaged, or not a saved program, raises `AutodiffError`, which says what is wrong.

    >>> import tempfile, autodiff as ad
    >>> cube_root = ad.root(lambda x, a: x**3 - a, solver=lambda g, x0: 2.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ad.trace(lambda a: cube_root(1.0, a), 8.0).save(f"{folder}/f.npz")
    ...     f = ad.load(f"{folder}/f.npz", names={"<lambda>": lambda g, x0: 2.0})
    >>> round(float(ad.grad(f)(8.0)), 12)
    0.083333333333
    """
    path = Path(path)
    with path.open("rb"):  # not there, or may not be read: Python's own errors
        pass
    try:
        return ProgramReader(*contents(path), names or {}).whole()
    except DAMAGE as error:
        reason = (
            f"{error}" if isinstance(error, DamagedError) else f"it is damaged ({error!s:.200})"
        )
        raise AutodiffError(f"{path} cannot be loaded as a program: {reason}") from error


def contents(path: Path) -> tuple[Json, list[Any]]:
    """What program.json says, and the arrays."""
    size = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        arrays = [f"{k}.npy" for k in range(len(names) - 1)]
        if sorted(names) != sorted([PROGRAM, *arrays]):
            raise DamagedError("it is not an archive of a program")
        for member in members:  # stored as they are, so that none is larger than the file
            if member.compress_type != zipfile.ZIP_STORED or member.file_size > size:
                raise DamagedError(f"its file {member.filename} is compressed")
        program = json.loads(archive.read(PROGRAM))
        return program, [array_of(archive.read(name), name) for name in arrays]


def array_of(data: bytes, name: str) -> Any:
    """An array in NumPy's format, whose header must match its bytes."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise DamagedError(f"its file {name} has format version {version}")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else read_header_2
    shape, column_major, kind = read(stream)
    kind = dtype(kind.str if not kind.hasobject and kind.names is None else "|O")
    content = stream.read()
    if kind.itemsize * size_of(checked_shape(list(shape))) != len(content):
        raise DamagedError(f"its file {name} has {len(content)} bytes for shape {shape} of {kind}")
    array = np.frombuffer(content, kind).reshape(shape, order="F" if column_major else "C")
    return array.copy(order="K")


read_header_2 = np.lib.format.read_array_header_2_0


def checked_shape(j: Json) -> tuple[int, ...]:
    shape = listed(j)
    if len(shape) > 64 or not all(type(k) is int and k >= 0 for k in shape):
        raise DamagedError(f"{j!r:.60} is not a shape")
    if size_of(tuple(shape)) > LARGEST:
        raise DamagedError(f"an array of shape {j!r:.60}")
    return tuple(shape)


class Loaded(Graph):
    """A program from a file: invalid parameters of its rows, and wrong shapes of its results, are
    found when it runs."""

    def run(self, values: dict[TraceNode, Any]) -> None:
        for node in self.operations:
            operands = [values[x] if isinstance(x, TraceNode) else x for x in node.inputs]
            try:
                y = node.primitive(*operands, **node.params)  # type: ignore[misc]
            except (AutodiffError, np.linalg.LinAlgError):
                raise
            except MISUSE as error:
                if of_check(error) or above("rule_takes")(node.primitive) is not None:  # the user's
                    raise
                raise self.failed(node, f"{type(error).__name__}: {error}") from error
            if node.value is not None and forms(y) != forms(node.value):
                raise self.failed(
                    node, f"its result has shape {forms(y)}, but the file says {forms(node.value)}"
                )
            values[node] = y

    def __str__(self) -> str:
        try:
            return super().__str__()
        except MISUSE as error:
            raise AutodiffError(
                f"the loaded program {self.name} cannot be shown: one of its operations has "
                f"invalid parameters ({error!s:.80})"
            ) from error

    def failed(self, node: TraceNode, reason: str) -> AutodiffError:
        assert node.primitive is not None
        return AutodiffError(
            f"the loaded program {self.name} cannot run: {node.name}, an operation "
            f"{node.primitive.name}: {reason}"
        )


def forms(y: Any) -> Any:
    return [shape_of(part) for part in y] if isinstance(y, tuple) else shape_of(y)


def check_call(primitive: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> None:
    """Refuse a number of operands, or names of parameters, that the row does not take."""
    value = primitive.value
    if isinstance(value, SciPyFunction):
        value = value.found()
    taken = value.nin if isinstance(value, np.ufunc) else above("rule_takes")(primitive)
    if taken is not None:
        if params or len(operands) != taken:
            given = f"not {len(operands)} and {', '.join(params) or 'no parameters'}"
            raise DamagedError(f"{primitive.name} takes {taken} operands, {given}")
        return
    try:
        inspect.signature(value).bind(*operands, **params)
    except TypeError as error:
        raise DamagedError(f"{primitive.name} does not take these arguments: {error}") from None
    except ValueError:  # a builtin tells nothing of its arguments
        pass


class ProgramReader(Reader):
    """Reads graphs, their rows, and what the rows of implicit differentiation hold."""

    def __init__(self, file: Json, arrays: Sequence[Any], given: Mapping[str, Any]) -> None:
        super().__init__(arrays, given)
        self.file = file

    def whole(self) -> Graph:
        if not isinstance(self.file, dict) or self.file.get("format") != FORMAT:
            raise DamagedError("it is not an archive of a program")
        if self.file.get("version") != VERSION:
            raise DamagedError(
                f"it has format version {self.file.get('version')!r:.20}, but this release of "
                f"autodiff reads version {VERSION}"
            )
        _, _, program = fields(self.file, "format", "version", "program")
        graph = self.program(program)
        # Only a program inside another may leave these open.
        if not hasattr(graph, "in_structure") or any(
            node.value is None or isinstance(node.value, tuple) for node in graph.inputs
        ):
            raise DamagedError("it does not say what its arguments are")
        return graph

    def program(self, j: Json) -> Graph:
        name, inputs, structure, held, operations, outputs, results, constants = fields(
            j,
            *("name", "inputs", "structure", "held", "operations", "outputs", "results"),
            "constants",
        )
        level = TraceLevel(new_level())
        nodes: list[TraceNode] = []
        for entry in listed(inputs):
            label, form = listed(entry, 2)
            node = TraceNode(level, None, (), {}, self.form(form))
            node.name = None if label is None else text(label)
            nodes.append(node)
        leaves = list(nodes)
        for k, operation in enumerate(listed(operations)):
            try:
                nodes.append(self.operation(operation, nodes, level))
            except DamagedError as error:
                raise DamagedError(f"operation {k}: {error}") from None
        results = self.structure(results)
        found = [self.operand(y, nodes) for y in listed(outputs)]
        if results.size != len(found):
            raise DamagedError(f"{len(found)} results for a structure of {results.size}")
        checks = [x for x in nodes if x.primitive is not None and x.primitive.checks]
        graph = Loaded(text(name), leaves, found, results, checks)
        graph.held = [self.operand(x, leaves) for x in listed(held)]
        if structure is not None:
            graph.in_structure = self.structure(structure)
            if graph.in_structure.size != len(graph.held):
                raise DamagedError("the arguments do not fit their structure")
        if [x for x in graph.held if isinstance(x, TraceNode)] != leaves:
            raise DamagedError("the inputs do not match the numbers among the arguments")
        for entry in listed(constants):
            k, label = listed(entry, 2)
            graph.constants[id(self.array(k))] = text(label)
        return graph

    def operation(self, j: Json, nodes: Sequence[TraceNode], level: TraceLevel) -> TraceNode:
        """A node, made of nodes that stand before it: a file cannot express a cycle."""
        name, line, row, inputs, parameters, form = fields(
            j, "name", "line", "row", "inputs", "parameters", "result"
        )
        primitive = self.row(row)
        operands = [self.operand(x, nodes) for x in listed(inputs)]
        if not isinstance(parameters, dict) or not all(map(str.isidentifier, parameters)):
            raise DamagedError(f"{parameters!r:.60} where parameters should be")
        params = {key: self.value(x) for key, x in parameters.items()}
        check_call(primitive, operands, params)
        node = TraceNode(level, primitive, operands, params, self.form(form))
        node.name = None if name is None else text(name)
        node.line = text(line)
        return node

    def operand(self, j: Json, nodes: Sequence[TraceNode]) -> Any:
        if isinstance(j, dict) and set(j) == {"node"}:
            return nodes[index(j["node"], len(nodes), "earlier node")]
        return self.value(j)

    def row(self, j: Json) -> Primitive:
        if isinstance(j, str):
            if j not in TABLE:
                raise DamagedError(f"{j!r:.60} is not a row of the table of this release")
            return TABLE[j]
        return above("rule_again")(j, self)

    def value(self, j: Json) -> Any:
        if isinstance(j, dict) and len(j) == 1:
            tag, content = only_item(j)
            if tag == "program":
                return self.program(content)
            if tag == "structure":
                return self.structure(content)
            made = above("held_again")(tag)
            if made is not None:
                return made(*(self.value(part) for part in listed(content)))
        return super().value(j)

    def form(self, j: Json) -> Any:
        """A stand-in with the shape and dtype of a value: one entry, seen many times."""
        if j is None:
            return None
        if isinstance(j, dict):
            (parts,) = fields(j, "several")
            return tuple(self.form(part) for part in listed(parts))
        shape, kind = listed(j, 2)
        numbers = {"float": 0.0, "int": 0, "complex": 0j, "bool": False}
        if kind in numbers:
            return numbers[kind]
        return np.broadcast_to(np.zeros((), dtype(kind)), checked_shape(shape))
