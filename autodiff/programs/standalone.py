"""A written program: a module of one function, which needs NumPy, and SciPy where it says so."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ..base.errors import AutodiffError
from ..base.files import written
from ..base.npz import pack
from ..base.printable import printable
from ..base.trees import Structure
from .engine_source import MOST_ENTRIES, EngineSource
from .entry import Argument, nest
from .literals import UnwritableError, quoted

WIDTH = 100
HEAD = "Arguments are checked; each must be what stands here."
COMMENT = 60  # the column at which comments stand at most


class Line(NamedTuple):
    """A line of the program, and what is said of it."""

    text: str
    comment: str = ""


class Standalone:
    """What is written; its function is called as the file is. Whoever writes a program adds
    `lines`, and says what comes out."""

    def __init__(
        self,
        path: Any,
        arguments: Sequence[Argument],
        keywords: Sequence[Argument],
        taken: Iterable[str],
    ) -> None:
        self.path = Path(path)
        if self.path.suffix != ".py":
            raise AutodiffError(f'export: {str(path)!r} does not end in ".py", as modules do')
        self.source = EngineSource()
        self.name = self.source.fresh(self.path.stem)
        self.arguments, self.keywords = list(arguments), list(keywords)
        self.lines: list[Line] = []
        self.result = "None"
        # The variables of the function are all named before anything else in the file is.
        for argument in (*self.arguments, *self.keywords):
            argument.name = self.source.fresh(argument.name)
        self.taken = [self.source.fresh(name) for name in taken]

    def returns(self, structure: Structure, texts: Sequence[str]) -> None:
        self.result = nest(structure, iter(texts), "the result", self.source.named_tuple)

    def text(self, about: str, decorator: str = "") -> str:
        given = [a.name for a in self.arguments]
        given += ["*", *(a.name for a in self.keywords)] if self.keywords else []
        body = commented(self.lines)
        body.append(f"return {self.result}")
        told = [a.told() for a in (*self.arguments, *self.keywords)]
        doc = quoted("\n".join([HEAD, *([""] if told else []), *map(shortened, told)]))
        inside = "\n".join([doc, *(piece for line in body for piece in folded(line))])
        head = f"{decorator}def {self.name}({', '.join(given)}):"
        function = f"{head}\n{textwrap.indent(inside, '    ')}"
        constants, definitions = self.needed("\n".join(body))
        constants = [line for text in constants for line in folded(text)]
        top = [
            quoted(self.module_doc(about)),
            "\n".join(self.imports("\n".join([function, *constants, *definitions]))),
            "\n".join([*constants, *self.stored()]),
        ]
        parts = ["\n\n".join(filter(None, top)), function, *map(str.strip, definitions)]
        return "\n\n\n".join(parts) + "\n"

    def needed(self, body: str) -> tuple[list[str], list[str]]:
        """The constants and definitions that something refers to."""
        named = {text: name_in(text) for text in (*self.source.constants, *self.source.definitions)}
        kept, words = set[str](), {*re.findall(r"\w+", body)}
        while new := {text for text, name in named.items() if name in words} - kept:
            kept |= new
            words |= {word for text in new for word in re.findall(r"\w+", text)}
        constants = [text for text in self.source.constants if text in kept]
        return constants, [text for text in self.source.definitions if text in kept]

    def module_doc(self, about: str) -> str:
        needs = "NumPy alone"
        if self.source.scipys:
            needs = f"NumPy and SciPy ({', '.join(sorted(self.source.scipys))})"
        told = f"{about} It needs {needs}."
        if self.source.stored:
            told += f" Arrays of more than {MOST_ENTRIES} entries are read from {self.npz.name}."
        return "\n".join([*textwrap.wrap(printable(told), WIDTH - 4)])

    @property
    def npz(self) -> Path:
        return self.path.with_suffix(".npz")

    def imports(self, text: str) -> list[str]:
        """Those that the text refers to, Python's own first."""
        modules = [x for x in sorted(self.source.modules) if re.search(rf"\b{x}\b", text)]
        lines = [f"import {x}" for x in modules if not x.startswith("scipy")]
        lines += ["from pathlib import Path"] if self.source.stored else []
        others = [f"import {x}" for x in modules if x.startswith("scipy")]
        return [*lines, *([""] if lines else []), "import numpy as np", *others]

    def stored(self) -> Iterator[str]:
        if self.source.stored:
            yield (
                f"with np.load(Path(__file__).with_name({self.npz.name!r}), allow_pickle=False) "
                "as arrays:"
            )
            yield from (f"    {name} = arrays[{name!r}]" for name in self.source.stored)

    def write(self, text: str) -> None:
        """Both files, or none."""
        ast.parse(text)
        paths = [self.path, *([self.npz] if self.source.stored else [])]
        with written(*paths) as files:
            files[0].write(text.encode())
            if self.source.stored:
                pack(files[1], self.source.stored)


def name_in(text: str) -> str:
    """What a constant or a definition is called."""
    found = re.search(r"^(?:def )?(\w+)(?: = |\()", text, re.MULTILINE)
    assert found is not None
    return found[1]


def argument_names(f: Callable[..., Any], count: int) -> list[str]:
    """What a function calls the first of its arguments."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "x")
    return [*names, *(f"{rest}{k}" for k in range(len(names), count))][:count]


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Name the operation with a value that cannot be written."""
    try:
        yield
    except UnwritableError as error:
        raise AutodiffError(f"export: {what}: {error}") from None


def commented(lines: Sequence[Line]) -> list[str]:
    width = min(max((len(x.text) for x in lines if x.comment), default=0), COMMENT)
    texts = [f"{x.text:{width}}  # {x.comment}" if x.comment else x.text for x in lines]
    return [t if len(t) <= WIDTH - 4 else x.text for t, x in zip(texts, lines, strict=True)]


def shortened(text: str) -> str:
    return text if len(text) <= WIDTH - 4 else text[: WIDTH - 8] + " ..."


def folded(text: str) -> list[str]:
    """A long line in several, broken at spaces between brackets."""
    if len(text) <= WIDTH - 4 or '"' in text or "'" in text or "\n" in text or "#" in text:
        return text.split("\n")
    start, equals, rest = text.partition(" = ")
    if not equals or rest.count("(") < 1:
        return [text]
    wrapped = textwrap.wrap(rest, WIDTH - 8, break_long_words=False, break_on_hyphens=False)
    return [f"{start} = (", *(f"    {line}" for line in wrapped), ")"]
