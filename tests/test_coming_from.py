"""Each line of docs/coming-from.md gives what it says, and so do autograd's, behind `compat`."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from autodiff.base.trees import flatten, unflatten
from autodiff.compat import autograd
from autodiff.compat.autograd.extend import defvjp
from autodiff.compat.autograd.test_util import check_grads

PAGE = (Path(__file__).parent.parent / "docs" / "coming-from.md").read_text(encoding="utf-8")
SETUP = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
THEIRS = {
    **{name: getattr(autograd, name) for name in autograd.__all__},
    "check_grads": check_grads,
    "defvjp": defvjp,
    "getval": autograd.tracer.getval,
}


def rows():
    engine = ""
    for line in PAGE.splitlines():
        engine = line[3:] if line.startswith("## ") else engine
        if line.startswith("| `"):
            theirs, here, gives = (cell.strip() for cell in line.strip("|").split(" | "))
            yield (
                engine,
                *(cell.replace("`<br>`", "\n").strip("`") for cell in (theirs, here, gives)),
            )


def shown(value):
    """Arrays and numbers as NumPy prints them, in whatever nest they stand."""
    if isinstance(value, (str, bool)) or value is None:
        return str(value)
    leaves, structure = flatten(value)
    texts = [Text(re.sub(r"\s+", " ", brief(leaf))) for leaf in leaves]
    return str(unflatten(structure, texts))


def brief(leaf):
    text = np.array2string(np.asarray(leaf), precision=6, separator=" ")
    return re.sub(r"(?<=[\[ ]) +", "", re.sub(r"\n", "", text))


class Text(str):
    __slots__ = ()
    __repr__ = str.__str__


def run(code, names):
    """The value of the last line of `code`."""
    *before, last = ast.parse(code).body
    exec(compile(ast.Module(before, []), "coming-from", "exec"), names)  # noqa: S102 - the page's own
    return eval(compile(ast.Expression(last.value), "coming-from", "eval"), names)  # noqa: S307


def names(**more):
    found = {}
    exec(SETUP, found)  # noqa: S102 - the page's own
    return found | more


@pytest.mark.parametrize(("engine", "theirs", "here", "gives"), list(rows()))
def test_the_line_gives_what_it_says(engine, theirs, here, gives):
    assert shown(run(here, names())) == gives
    if engine == "autograd":
        special = pytest.importorskip("autodiff.compat.autograd.scipy.special")
        extra = {"logsumexp": special.logsumexp} if "logsumexp" in theirs else {}
        assert shown(run(theirs, names(**THEIRS, **extra))) == gives


def test_every_engine_has_a_table():
    assert {engine for engine, *_ in rows()} == {"autograd", "JAX", "PyTorch", "MyGrad"}
