"""A compiled program as a module of its own: what `jit(f).export` writes.

The checks of data come first, operation by operation as they were traced, so that the first one
that fails raises what plain code would; then the program, which no longer has to ask.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ..base.errors import refuse
from ..base.trees import Structure
from ..engine.arguments import name_of
from ..programs.entry import Argument, Fixed
from ..programs.export import Writer
from ..programs.standalone import Line, Standalone, argument_names, refusing
from ..programs.tracing import Graph
from .checked import Checked
from .ir.program import Program
from .numpy_source.readable import Readable
from .numpy_source.running import finished
from .outside.guards import World
from .outside.worlds import Outside
from .static_arguments import Static
from .version import Version


def export(
    f: Callable[..., Any],
    version: Version,
    world: World | None,
    structure: Structure,
    leaves: Sequence[Any],
    path: Any,
) -> None:
    """Write a version. The leaves of its arguments are numbers, kinds, or parts of the program."""
    if version.draws.draws:
        raise refuse(
            f"export: {name_of(f)} draws random numbers ({version.draws.draws[0].method}), and a "
            "file has no generator of yours",
            "pass the numbers as an argument, drawn before",
        )
    checks = checks_of(version)
    arguments, keywords = arguments_of(f, version, structure, leaves)
    operations = checks.operations if checks else []
    given = [a for a in (*arguments, *keywords) if a.is_leaf]
    inside = [a for a in (*arguments, *keywords) if not a.is_leaf]
    names = [name for a in inside for name in a.variables()]
    file = Standalone(path, arguments, keywords, [*names, *(n.name or "v" for n in operations)])
    taken = iter(file.taken)
    inputs = []
    for argument in (*file.arguments, *file.keywords):
        own = [argument.name] if argument in given else [next(taken) for _ in argument.variables()]
        with refusing(f"the argument {argument.name}"):
            file.lines += map(Line, argument.lines(own, file.source))
        inputs += own
    if world is not None:
        arrays = zip(world.arrays(), world.walk.inputs, strict=True)
        with refusing("what the function reads"):
            found = [file.source.value(x, path) for x, (_, _, path) in arrays]
        inputs += [text if text.isidentifier() else f"({text})" for text in found]
    if checks is not None:
        known = dict(zip((*checks.inputs, *operations), (*inputs, *taken), strict=True))
        file.lines += Writer(file.source, known, {}).lines(checks)
    results = version.program.outputs[: len(version.outputs) - (checks is not None)]
    program = Program(version.program.name, version.program.inputs, results)
    writer = Readable(program, file.source, inputs)
    file.lines += writer.written
    texts = [
        writer.finished(finished(v, writer.operand(v), kind))
        for v, kind in zip(results, version.outputs, strict=False)
    ]
    with refusing("the result"):
        file.returns(version.structure, texts)
    about = f"{name_of(f)} for one set of shapes and types, as autodiff compiled it."
    file.write(file.text(about, '@np.errstate(all="ignore")\n'))


def checks_of(version: Version) -> Graph | None:
    """The part of the trace that checks data."""
    if not isinstance(version.run, Checked):
        return None
    graph = version.run.graph
    checks = [n for n in graph.operations if n.primitive is not None and n.primitive.checks]
    return Graph(graph.name, graph.inputs, [], graph.out_structure, checks)


def arguments_of(
    f: Callable[..., Any], version: Version, structure: Structure, leaves: Sequence[Any]
) -> tuple[list[Argument], list[Argument]]:
    """The arguments of a call by position and by name."""
    kinds = iter(version.inputs)
    held = [next(kinds) if k in version.numeric else Fixed(opened(x)) for k, x in enumerate(leaves)]
    by_position, by_name = structure.parts
    names = [*argument_names(f, len(by_position.parts)), *by_name.keys]
    found = []
    for name, part in zip(names, (*by_position.parts, *by_name.parts), strict=True):
        found.append(Argument(name, part, held[: part.size]))
        held = held[part.size :]
    count = len(by_position.parts)
    return found[:count], found[count:]


def opened(x: Any) -> Any:
    return x.value if isinstance(x, Static) else x


def last_call(
    used: Any, outside: Outside | None, name: str
) -> tuple[Structure, list[Any], World | None]:
    """Of the version used last: the structure and the leaves of its arguments, each a kind or a
    part of the program; and what the function reads, if that is as it was."""
    structure, _, kinds, key = used
    leaves = [x[1] if x.__class__ is tuple else x for x in kinds]
    if outside is None:
        return structure, leaves, None
    world = next((w for w in outside.worlds.values() if w.key is key), None)
    if world is None or not world.holds() or any(isinstance(x, type) for x in leaves):
        raise refuse(
            f"jit: what {name} reads has changed since its last call, or it was given an object",
            "pass the arguments: export(path, *args)",
        )
    return structure, leaves, world


def takes_nothing(f: Callable[..., Any]) -> bool:
    """Can a function be called without arguments?"""
    try:
        inspect.signature(f).bind()
    except (TypeError, ValueError):
        return False
    return True
