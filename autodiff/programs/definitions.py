"""The text of a function of the engine's own: found in its file, and changed place by place.

So it keeps its form and its comments.
"""

from __future__ import annotations

import ast
import dis
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from ..base.bounded import cached
from ..base.errors import AutodiffError

Edit = tuple[int, int, bytes]  # from, to, and what stands there instead
CALLED = "()"  # in place of attributes: the name is called with one word, which follows
Resolver = Callable[[str, list[str]], tuple[str, int] | None]
FOR_TOOLS = re.compile(r" *# (type|noqa)[:\b].*$", re.MULTILINE)


class Found(NamedTuple):
    """A function, or a lambda, in the text of its file."""

    node: Any
    text: str


@cached(512)
def found(f: FunctionType) -> Found:
    """Where a function is defined. Several lambdas of a line are told apart by their columns."""
    text, tree = module(f.__code__.co_filename, f)
    code, candidates = f.__code__, []
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name, decorator_list=above) if name == code.co_name:
                first = above[0].lineno if above else node.lineno
            case ast.Lambda() if code.co_name == "<lambda>":
                first = node.lineno
            case _:
                continue
        if first == code.co_firstlineno:
            candidates.append(node)
    if not candidates:
        raise AutodiffError(
            f"export: the source of {f.__qualname__} is not where it was loaded from"
        )
    return Found(max(candidates, key=lambda node: belongs(node, code)), text)


def belongs(node: Any, code: CodeType) -> tuple[int, int]:
    """How well a definition fits: how many instructions lie in it, and how small it is."""
    start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    places = [p for p in code.co_positions() if None not in p]
    inside = sum(start < (p[0], p[2]) and (p[1], p[3]) <= end for p in places)  # type: ignore[operator]
    return inside, (start[0] - end[0]) * 1000 + start[1] - end[1]


@cached(64)
def read(file: str, module: Any) -> tuple[str, ast.Module]:
    text = inspect.getsource(module)
    return text, ast.parse(text)


def module(file: str, f: FunctionType) -> tuple[str, ast.Module]:
    try:
        return read(file, inspect.getmodule(f.__code__))
    except (OSError, TypeError) as error:
        raise AutodiffError(
            f"export: the source of autodiff is needed, but {f.__qualname__} has none ({error}); "
            "install autodiff with its .py files"
        ) from None


@cached(512)
def global_names(f: FunctionType) -> set[str]:
    """What a function, and what is defined inside it, looks up in its module."""
    todo, names = [f.__code__], set[str]()
    while todo:
        code = todo.pop()
        names |= {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
        todo += [x for x in code.co_consts if isinstance(x, CodeType)]
    return names


def rewritten(source: Found, name: str) -> str:
    """The definition under another name, without decorators and types."""
    node = source.node
    if isinstance(node, ast.Lambda):
        body = textwrap.dedent(ast.get_source_segment(source.text, node.body, padded=True) or "")
        if "\n" in body:
            body = "(\n" + textwrap.indent(body.strip(), " " * 8) + "\n    )"
        return f"def {name}({ast.unparse(node.args)}):\n    return {body.strip()}\n"
    lines = source.text.splitlines()[node.lineno - 1 : node.end_lineno]
    text = FOR_TOOLS.sub("", textwrap.dedent("\n".join(lines)))
    tree = ast.parse(text)
    edits = [edit for part in ast.walk(tree) for edit in untyped(part, Places(text))]
    start = text.index(node.name)
    edits.append((start, start + len(node.name), name.encode()))
    return edited(text, edits) + "\n"


class Places:
    """Bytes of a text by line and column, as the nodes of its tree count them."""

    def __init__(self, text: str) -> None:
        self.data = text.encode()
        self.lines = [0]
        for line in self.data.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))

    def start(self, node: Any) -> int:
        return self.lines[node.lineno - 1] + int(node.col_offset)

    def end(self, node: Any) -> int:
        return self.lines[node.end_lineno - 1] + int(node.end_col_offset)


def untyped(node: ast.AST, at: Places) -> Iterator[Edit]:
    match node:
        case ast.arg(annotation=ast.expr() as kind):
            yield at.start(node) + len(node.arg.encode()), at.end(kind), b""
        case ast.FunctionDef(returns=ast.expr() as kind):
            yield at.data.rindex(b" ->", 0, at.start(kind)), at.end(kind), b""
        case ast.AnnAssign(target=target, annotation=kind):
            yield at.end(target), at.end(kind), b""


def edited(text: str, edits: list[Edit]) -> str:
    data = text.encode()
    for start, end, new in sorted(edits, reverse=True):
        data = data[:start] + new + data[end:]
    return data.decode()


def renamed(text: str, resolve: Resolver) -> str:
    """A text in which names, with as many attributes as `resolve` takes, are what it says."""
    at = Places(text)
    edits: list[Edit] = []
    todo: list[ast.AST] = [ast.parse(text)]
    while todo:
        node = todo.pop()
        match node:
            case ast.Call(
                func=ast.Name(id=name), args=[ast.Name(id=word) | ast.Constant(value=word)]
            ):
                known = resolve(name, [CALLED, str(word)])
                if known is not None:
                    edits.append((at.start(node), at.end(node), known[0].encode()))
                    continue
        chain: list[Any] = [node]
        while isinstance(chain[0], ast.Attribute):
            chain.insert(0, chain[0].value)
        base = chain[0]
        if isinstance(node, ast.JoinedStr):  # before Python 3.12 nobody knows where its parts stand
            changed = Resolving(resolve)
            new = ast.unparse(changed.visit(node))
            if changed.count:
                edits.append((at.start(node), at.end(node), new.encode()))
        elif isinstance(base, ast.Name):
            if isinstance(base.ctx, ast.Load):
                known = resolve(base.id, [part.attr for part in chain[1:]])
                if known is not None:
                    edits.append((at.start(base), at.end(chain[known[1]]), known[0].encode()))
        else:
            todo += ast.iter_child_nodes(node)
    return edited(text, edits)


class Resolving(ast.NodeTransformer):
    """The same in a tree, for names without attributes."""

    def __init__(self, resolve: Resolver) -> None:
        self.resolve, self.count = resolve, 0

    def visit_Name(self, node: ast.Name) -> ast.expr:
        known = self.resolve(node.id, [])
        if known is None or known[0] == node.id:
            return node
        self.count += 1
        return ast.parse(known[0], mode="eval").body

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        """Without what is a text already, or none."""
        self.generic_visit(node)
        parts: list[ast.expr] = []
        for part in node.values:
            match part:
                case ast.FormattedValue(value=ast.Constant(value=str() as text)):
                    part = ast.Constant(text)
                case ast.FormattedValue(value=ast.Call(func=ast.Name(id="str"), args=[])):
                    continue
            parts.append(part)
        node.values = parts
        return node


def inlined(source: Found, operands: Any, params: dict[str, str]) -> tuple[str, Any] | None:
    """The expression of a lambda, and what its arguments are; `None` for what is not so simple."""
    node = source.node
    if not isinstance(node, ast.Lambda) or node.args.kwarg:
        return None
    if any(isinstance(x, (ast.Lambda, ast.comprehension)) for x in ast.walk(node.body)):
        return None
    names = [x.arg for x in (*node.args.posonlyargs, *node.args.args)]
    rest = operands[len(names) :]
    if len(names) > len(operands) or (rest and not node.args.vararg):
        return None
    if {x.arg for x in node.args.kwonlyargs} != set(params):
        return None
    given = dict(zip(names, operands, strict=False)) | params
    if node.args.vararg:
        given[node.args.vararg.arg] = ", ".join(rest) + ("," if len(rest) == 1 else "")
    body = ast.get_source_segment(source.text, node.body) or ""
    return f"({body})", {name: f"({text})" for name, text in given.items()}
