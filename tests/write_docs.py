"""Write docs/conventions.md and docs/coverage.md from the engine's own answers: `make docs`.

Tests call the same functions, and fail when a page differs from what they return.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from conventions import CONVENTIONS  # noqa: E402 - after the path
from forms import Form  # noqa: E402

import autodiff as ad  # noqa: E402

DOCS = Path(__file__).parent.parent / "docs"


def shown(derivative: object) -> str:
    return np.array2string(
        np.asarray(derivative), precision=4, suppress_small=False, separator=", "
    ).replace("\n", "")


def conventions_page() -> str:
    """A table of every point at which engines disagree, with the derivative in both modes."""
    lines = [
        "# Derivatives at the points where engines disagree",
        "",
        "Ties share evenly. At other kinks the derivative is the subgradient of least norm, if",
        "there is one. Where smooth pieces meet it is their common limit, and where there is no",
        "finite derivative it is the IEEE value. An untaken branch contributes exactly zero.",
        "Forward and reverse mode always agree. The exceptions are leaky_relu and elu, which",
        "follow `z if z >= 0`, and clip, whose slope is 1 at its bounds.",
        "",
        "`make docs` writes this page from the engine's answers; a test fails if it differs.",
        "",
        "| function and point | reverse mode | forward mode |",
        "|---|---|---|",
    ]
    with np.errstate(all="ignore"):
        for group in CONVENTIONS:
            lines.append(f"| **{group.point}** | | |")
            for case in group.cases:
                f = lambda x, case=case: np.sum(case.f(x))  # noqa: E731
                reverse = shown(ad.grad(f)(case.x))
                forward = shown(ad.jacfwd(f)(case.x))
                lines.append(f"| {case.text} | {reverse} | {forward} |".replace("|x|", "abs x"))
    return "\n".join(lines + complex_lines() + dtype_lines()) + "\n"


def complex_lines() -> list[str]:
    """The convention for complex arguments, on examples."""
    z = 3.0 + 4.0j
    examples = {
        "f(z) = abs z": np.abs,
        "f(z) = Re z": np.real,
        "f(z) = Im z": np.imag,
        "f(z) = Re z^2": lambda z: np.real(z**2),
    }
    lines = [
        "",
        "## Complex numbers",
        "",
        "For a real-valued f of z = x + iy, `grad` returns df/dx - i df/dy, as JAX and HIPS",
        "autograd do; the gradient of a real input is real. With `holomorphic=True` it is the",
        "complex derivative.",
        "",
        "| function | gradient at 3 + 4i |",
        "|---|---|",
        *(f"| {text} | {shown(ad.grad(f)(z))} |" for text, f in examples.items()),
    ]
    derivative = shown(ad.grad(lambda z: z**2, holomorphic=True)(z))
    return [*lines, f"| f(z) = z^2, holomorphic | {derivative} |"]


def dtype_lines() -> list[str]:
    """The dtype of a gradient is that of its input, whatever it meets on the way."""
    inputs = {
        **{f"`{np.dtype(t)}`": np.ones(2, t) for t in (np.float16, np.float32, np.float64)},
        "`longdouble`": np.ones(2, np.longdouble),
        "`int64`": np.ones(2, np.int64),
        "`complex64`": np.ones(2, np.complex64),
    }
    rows = []
    for name, x in inputs.items():
        gradient = ad.grad(lambda x: np.real(np.sum(x * np.array([2.0, 3.0]))))(x)
        dtype = "longdouble" if gradient.dtype == np.longdouble else gradient.dtype
        rows.append(f"| {name} | `{dtype}` |")
    return [
        "",
        "## dtypes",
        "",
        "The gradient of sum(x * c), where c is an array of `float64`. Python numbers are weak, as",
        "in NumPy 2: beside an array they take its dtype.",
        "",
        "| input | gradient |",
        "|---|---|",
        *rows,
    ]


def answer(form: Form) -> str:
    """What the engine says to one form: a derivative, or a refusal by name."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ad.jvp(form.f, form.primals, tuple(map(np.ones_like, form.primals)))
    except ad.NotDifferentiableError:
        return "refused"
    return "right, first order" if form.order == 1 else "right"


def coverage_page() -> str:
    """Every form of NumPy and SciPy code that the tests check, and the engine's answer to it."""
    tables, right, refused = [], 0, 0
    for path in sorted(Path(__file__).parent.glob("forms_*.py")):
        forms = importlib.import_module(path.stem).FORMS
        answers = [answer(form) for form in forms]
        refused += answers.count("refused")
        right += len(answers) - answers.count("refused")
        title = path.stem.removeprefix("forms_").replace("_", " ").capitalize()
        tables += ["", f"## {title}", "", "| form | answer |", "|---|---|"]
        for form, said in zip(forms, answers, strict=True):
            name = form.name.replace("|", "\\|")
            tables.append(f"| `{name}` | {said} |")
    head = [
        "# What is covered",
        "",
        f"{right + refused} forms of everyday NumPy and SciPy code. Of these {right} are right in",
        f"both modes, and to second order unless the table says otherwise; {refused} are refused",
        "by name; none is wrong. `tests/numpy_api/test_forms.py` checks each against a finite",
        "difference of sixth order.",
        "",
        "`make docs` writes this page from the engine's answers; a test fails if it differs.",
    ]
    return "\n".join(head + tables) + "\n"


PAGES = {"conventions.md": conventions_page, "coverage.md": coverage_page}


def main() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())


if __name__ == "__main__":
    main()
