"""Names of values, read from the user's own code while it is being traced.

When an operation is recorded, the instruction that follows the call in the user's frame says which
variable the result is about to be assigned to. The user names nothing, nothing is hooked into the
interpreter, and only tracing pays for it.

    f3 = f1 + f2        BINARY_OP (+)      <- being executed: the sum is recorded here
                        STORE_FAST f3      <- so its name is f3
"""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Callable, Iterable, Sequence
from types import CodeType, FrameType
from typing import Any

import numpy as np

from ..base.bounded import cached
from ..base.errors import is_users, line_of
from ..base.trees import Structure, paths
from ..engine.graph import GraphNode, TraceNode
from ..rules.kinds import pick
from ..rules.primitive import Traced

RETURN = "return"
IGNORED = frozenset(("CACHE", "NOP", "EXTENDED_ARG"))
STORES = frozenset(("STORE_FAST", "STORE_NAME", "STORE_GLOBAL", "STORE_DEREF"))
DOUBLE_STORES = frozenset(("STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST"))
VARIABLES = frozenset(("FAST", "FAST_BORROW", "FAST_CHECK", "NAME", "GLOBAL", "DEREF"))
Target = str | tuple[str | None, ...] | None


@cached(512)
def targets(code: CodeType) -> dict[int, Target]:
    """For each offset into `code`, where the result of its instruction goes: a name, a tuple of
    names that it is unpacked into, or `RETURN`."""
    return decode([i for i in dis.get_instructions(code) if i.opname not in IGNORED])


def decode(instructions: Sequence[Any]) -> dict[int, Target]:
    found: dict[int, Target] = {}
    for k, instruction in enumerate(instructions[:-1]):
        target = destination(instructions[k + 1 : k + 32], instruction.opname)
        if instruction.opname == "STORE_SUBSCR":
            target = owner(instructions[max(k - 2, 0) : k])
        if target is not None:  # a frame that waits for a call stands on that call's inline cache
            reach = range(instruction.offset, instructions[k + 1].offset, 2)
            found.update(dict.fromkeys(reach, target))
    return found


def destination(rest: Sequence[Any], doing: str) -> Target:
    """Where the value goes that the instruction `doing` leaves on the stack."""
    if doing == "PRECALL":  # Python 3.11: a builtin is called here, and CALL is skipped
        rest = rest[1:]
    if doing == "UNPACK_SEQUENCE":  # a, b = x: the entries of x are taken one by one
        return stored(rest)
    if rest and rest[0].opname == "COPY" and rest[0].arg == 1:  # (a := ...) and a = b = ...
        rest = rest[1:]
    if not rest:
        return None
    if rest[0].opname == "UNPACK_SEQUENCE":
        return stored(rest[1:], rest[0].arg)
    if rest[0].opname == "RETURN_VALUE":
        return RETURN
    names = stored(rest, 1)
    return names[0] if names and names[0] else place(rest)


def stored(rest: Sequence[Any], count: int | None = None) -> tuple[str | None, ...]:
    """The variables of a run of store instructions."""
    names: list[str | None] = []
    for instruction in rest:
        if count is not None and len(names) >= count:
            break
        if instruction.opname in STORES:
            names.append(str(instruction.argval))
        elif instruction.opname in DOUBLE_STORES:  # Python 3.13: two instructions in one
            both = instruction.opname == "STORE_FAST_STORE_FAST"
            names += instruction.argval if both else instruction.argval[:1]
            if not both:
                break
        else:
            break
    return tuple(names[:count])


def place(rest: Sequence[Any]) -> str | None:
    """``self.h = ...`` and ``cache['h'] = ...``."""
    if len(rest) < 2 or not rest[0].opname.startswith("LOAD_") or rest[0].arg is None:
        return None
    owner = rest[0].argval
    if rest[1].opname == "STORE_ATTR":
        return f"{owner}.{rest[1].argval}"
    constants = ("LOAD_CONST", "LOAD_SMALL_INT")
    if len(rest) > 2 and rest[1].opname in constants and rest[2].opname == "STORE_SUBSCR":
        return f"{owner}[{rest[1].argval!r}]"
    return None


def owner(before: Sequence[Any]) -> str | None:
    """``y[0] = ...``, while it is being executed, makes a new `y`."""
    if not before or not before[-1].opname.startswith("LOAD_"):
        return None
    if isinstance(before[-1].argval, tuple) and before[-1].opname != "LOAD_CONST":
        return str(before[-1].argval[0])  # Python 3.13: array and index in one instruction
    variable = before[0].opname.partition("_")[2]
    return str(before[0].argval) if variable in VARIABLES else None


class Names:
    """Watches one trace and remembers, for each node, the variable it went to and its line.

    Frames are held only while the function runs: `finish` lets go of them.
    """

    def __init__(self) -> None:
        self.found: dict[TraceNode, str] = {}
        self.borrowed: set[TraceNode] = set()  # named in a helper, or where its result went
        self.constants: dict[int, str] = {}
        self.boundary: FrameType | None = None
        self.root: FrameType | None = None  # the frame of the traced function itself
        self.lines: dict[tuple[CodeType, int], str] = {}  # texts of lines, by their place
        self.layers: dict[TraceNode, str] = {}  # Dense_1: the module whose `forward` made a node
        self.numbered: dict[int, tuple[Any, str]] = {}  # every module that was seen, by identity
        self.module: Any = None  # that of the last frames walked through
        self.last: tuple[Any, Any] = (None, None)  # the call below the user's frame, and its node

    def start(self, boundary: FrameType) -> None:
        self.boundary = boundary

    def observe(self, node: TraceNode) -> None:
        frame, call = self.user_frame()
        if frame is None:
            return
        if self.module is not None:
            self.layers[node] = self.layer_of(self.module)
        place = (frame.f_code, frame.f_lineno)
        if place not in self.lines:
            self.lines[place] = line_of(frame, frame.f_lineno)
        node.line = self.lines[place]
        self.name_constants(node.inputs, frame)
        previous_call, previous = self.last
        if call is not None and call is previous_call and node.primitive is not pick:
            self.found.pop(previous, None)  # one call, many rows: the name is the last one's
        self.last = call, node
        name, own = self.assigned(node, frame)
        if name is not None:
            self.found[node] = name
            if not own:
                self.borrowed.add(node)

    def user_frame(self) -> tuple[FrameType | None, FrameType | None]:
        """The innermost frame of the user's code inside the trace, and the call it is making."""
        frame: FrameType | None = sys._getframe(2)
        below = self.module = None
        while frame is not None and frame is not self.boundary:
            if self.module is None and frame.f_code.co_name == "forward":
                self.module = frame.f_locals.get("self")
            if is_users(frame):
                if self.root is None:
                    self.root = outermost(frame, self.boundary)
                return frame, below
            frame, below = frame.f_back, frame
        return None, None

    def layer_of(self, module: Any) -> str:
        """``Dense_1``: the class of a module, and which of this class it is."""
        if id(module) not in self.numbered:
            kind = type(module).__name__
            count = sum(type(other).__name__ == kind for other, _ in self.numbered.values())
            self.numbered[id(module)] = module, f"{kind}_{count + 1}"
        return self.numbered[id(module)][1]

    def assigned(self, node: GraphNode, frame: FrameType | None) -> tuple[str | None, bool]:
        """The variable that the result goes to, through any number of returns, and whether it is
        one of the traced function's own."""
        hops = 0
        while frame is not None and is_users(frame):
            target = targets(frame.f_code).get(frame.f_lasti)
            if target is RETURN:
                if frame is self.root:
                    return None, False
                frame, hops = frame.f_back, hops + 1
                continue
            if target is None:
                return None, False
            name = target if isinstance(target, str) else entry(target, node)
            if name is not None and isinstance(target, str) and node.primitive is pick:
                name = f"{name}[{node.params['index']}]"
            return name, frame is self.root
        return None, False

    def name_constants(self, inputs: Iterable[Any], frame: FrameType) -> None:
        """An array that the program did not compute is called what the user calls it."""
        for x in inputs:
            if isinstance(x, np.ndarray) and x.ndim and id(x) not in self.constants:
                for scope in (frame.f_locals, frame.f_globals):
                    name = next((k for k, v in scope.items() if v is x), None)
                    if name is not None:
                        self.constants[id(x)] = name
                        break

    def finish(self) -> None:
        """Names that only the finished function knows: ``z = layer(x)`` is `z`, whatever the
        helper called it. Then let go of every frame."""
        root, self.root = self.root, None
        self.boundary, self.last, self.module = None, (None, None), None
        self.numbered.clear()
        if root is not None:
            for name, value in list(root.f_locals.items()):
                node = value.node if isinstance(value, Traced) else None
                if not isinstance(node, TraceNode) or node.primitive is None:
                    continue
                if node not in self.found or node in self.borrowed:
                    self.found[node] = name
                    self.borrowed.discard(node)
        self.borrowed.clear()


def outermost(frame: FrameType, boundary: FrameType | None) -> FrameType:
    """The user's frame that is nearest to the trace: the traced function's own."""
    found = frame
    at: FrameType | None = frame
    while at is not None and at is not boundary:
        if is_users(at):
            found = at
        at = at.f_back
    return found


def entry(names: tuple[str | None, ...], node: GraphNode) -> str | None:
    """Which of several unpacked names belongs to this node."""
    if node.primitive is None:
        return None
    index = node.params.get("index") if node.primitive is pick else None
    if index is None and node.primitive.name == "index":
        key = node.params["key"]
        index = key[0] if len(key) == 1 and isinstance(key[0], int) else None
    if index is None or not -len(names) <= index < len(names):
        return None
    return names[index]


def variables(nodes: set[Any]) -> dict[Any, str]:
    """The variables, in the frames of whoever is calling, that hold a tensor of one of `nodes`."""
    found: dict[Any, str] = {}
    frame: FrameType | None = sys._getframe(1)
    scopes: list[Any] = []
    while frame is not None:
        if is_users(frame):
            scopes += [frame.f_locals, frame.f_globals]
        frame = frame.f_back
    for scope in scopes:
        for name, value in list(scope.items()):
            node = value.node if isinstance(value, Traced) else None
            if node in nodes and not name.startswith("_"):  # a notebook's _ and _1 are not names
                found.setdefault(node, name)
    return found


def leaf_names(f: Callable[..., Any], structures: Sequence[Structure]) -> list[str]:
    """What a person would call each leaf of the arguments: ``x``, ``params['W']``, ``rest[0]``."""
    roots: list[str] = []
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # a ufunc, say, tells nothing of its arguments
        parameters = []
    for p in parameters:
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            roots.append(p.name)
        elif p.kind is p.VAR_POSITIONAL:
            roots += [f"{p.name}[{k}]" for k in range(len(structures) - len(roots))]
    if len(roots) < len(structures):
        given = len(structures)
        roots = ["x"] if given == 1 else [f"x{k + 1}" for k in range(given)]
    return [name for root, s in zip(roots, structures, strict=False) for name in paths(s, root)]


def free(letters: str, taken: Iterable[str | None]) -> str:
    """The first letter that is not a name yet; if all are, the first."""
    used = set(taken)
    return next((letter for letter in letters if letter not in used), letters[0])


def unique(wanted: Sequence[str | None], taken: Iterable[str]) -> list[str]:
    """Names without repetition: a second `h` becomes `h_2`, what has no name `v1`, `v2`, ..."""
    used = set(taken)
    reserved = used.union(name for name in wanted if name)
    times: dict[str, int] = {}
    names, unnamed = [], 0
    for name in wanted:
        if name is None:
            unnamed += 1
            while f"v{unnamed}" in reserved:
                unnamed += 1
            names.append(f"v{unnamed}")
            continue
        k, fresh = times.get(name, 1), name
        while fresh in used or (k > 1 and fresh in reserved):
            k += 1
            fresh = f"{name}_{k}"
        times[name] = k
        used.add(fresh)
        names.append(fresh)
    return names
