"""The command line: explain an expression, or examine the machine.

    autodiff explain "exp(x)*sin(x)" x=0.1 --svg out.svg
    autodiff doctor

A mistake is answered with one line on stderr and exit code 2; nothing is left half-written.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np

from .. import __version__
from ..base.errors import AutodiffError
from ..base.files import write_all
from .expression import CONSTANTS, Expression, ExpressionError, assignments, callables

MISTAKE = 2
FORMATS = {
    "svg": "the picture",
    "html": "a page to step through both sweeps",
    "latex": "the tables",
}


class CommandError(AutodiffError):
    """A mistake in the command itself."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{message}; see {self.prog} --help")


# -- the commands ------------------------------------------------------------------------------
def explain_command(arguments: argparse.Namespace) -> str:
    """Both sweeps of an expression as tables, and as files where asked for."""
    from ..explanation.explain import explain

    values = assignments(arguments.values)
    f = Expression(arguments.expression, list(values))
    if not values:
        raise ExpressionError(f"{f.source} has no variable to differentiate in")
    paths = {form: path for form in FORMATS if (path := getattr(arguments, form)) is not None}
    if arguments.open and "html" not in paths:
        raise CommandError("--open shows the page of --html FILE: name the file")
    check_distinct(paths.values())
    with np.errstate(all="ignore"):  # inf and nan are answers, and the tables show them
        explanation = explain(f, *map(np.float64, values.values()))
        tables = str(explanation)
        texts = {path: getattr(explanation, form)() for form, path in paths.items()}
    try:
        write_all(texts)
    except OSError as error:
        where = ", ".join(texts) if error.filename is None else error.filename
        raise CommandError(f"cannot write {where}: {error.strerror or error}") from None
    if arguments.open:
        show(paths["html"])
    return "\n".join([tables, *(f"wrote {path}" for path in paths.values())])


def show(path: str) -> None:
    """Open a page in the user's browser."""
    import webbrowser

    if not webbrowser.open(Path(path).resolve().as_uri()):
        raise CommandError(f"no browser was found to open {path}: open it yourself")


def check_distinct(paths: Iterable[str]) -> None:
    seen: set[str] = set()
    for path in paths:
        if os.path.realpath(path) in seen:
            raise CommandError(f"two files cannot both be {path}")
        seen.add(os.path.realpath(path))


def doctor_command(arguments: argparse.Namespace) -> str:
    """Versions, what draws pictures, and which BLAS multiplies matrices."""
    from .doctor import report

    try:
        return report(measure=arguments.measure)
    except subprocess.SubprocessError as error:
        raise CommandError(f"the measurement failed: {error}") from None


# -- arguments ---------------------------------------------------------------------------------
def parsers() -> tuple[Parser, dict[str, Parser]]:
    """The parser of the whole, and that of each command."""
    whole = Parser(prog="autodiff", description="Derivatives that you can see and check by hand.")
    whole.add_argument("--version", action="version", version=f"autodiff {__version__}")
    commands = whole.add_subparsers(metavar="COMMAND", required=True)
    listed = textwrap.fill(f"functions: {', '.join(callables())}", 80, break_on_hyphens=False)
    explain = commands.add_parser(
        "explain",
        help="both sweeps of an expression, step by step",
        description="Differentiate an expression in both modes and show every step.",
        epilog=f"operators: + - * / % **    constants: {', '.join(CONSTANTS)}\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    explain.add_argument("expression", metavar="EXPR", help="such as 'exp(x)*sin(x)'")
    explain.add_argument("values", metavar="NAME=VALUE", nargs="*", help="such as x=0.1 or x=pi/4")
    for form, what in FORMATS.items():
        explain.add_argument(f"--{form}", metavar="FILE", help=f"write {what}")
    explain.add_argument("--open", action="store_true", help="open that page in a browser")
    explain.set_defaults(run=explain_command)
    doctor = commands.add_parser(
        "doctor", help="what is installed, what draws, which BLAS", allow_abbrev=False
    )
    doctor.add_argument("--measure", action="store_true", help="time the BLAS kernels of this CPU")
    doctor.set_defaults(run=doctor_command)
    return whole, {"explain": explain, "doctor": doctor}


def parse(argv: Sequence[str]) -> argparse.Namespace:
    whole, commands = parsers()
    if argv and argv[0] in commands:
        # Options may stand anywhere between the values, which subparsers do not allow.
        return commands[argv[0]].parse_intermixed_args(shielded(argv[1:]))
    return whole.parse_args(argv)


def shielded(argv: Sequence[str]) -> list[str]:
    """Behind a blank, an expression that begins with a minus is no option to argparse."""
    options = {f"--{form}" for form in FORMATS}
    before = ["", *argv]
    return [
        f" {text}" if re.match(r"-(?!h$|-[A-Za-z]|-?$)", text) and previous not in options else text
        for previous, text in zip(before, argv, strict=False)
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0, or 2 for a mistake, told in one line."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that knows no Greek shows a ?
        sys.stdout.reconfigure(errors="replace")
    try:
        arguments = parse(sys.argv[1:] if argv is None else argv)
        print(arguments.run(arguments), flush=True)
    except AutodiffError as error:
        print(f"autodiff: {' '.join(str(error).split())}", file=sys.stderr)
        return MISTAKE
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


__all__ = ["main"]
