"""Write docs/conventions.md and docs/coverage.md from the engine's own answers: `make docs`.

Tests call the same functions and fail when a page has drifted.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from conventions import CONVENTIONS  # noqa: E402 - after the path

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
        "The rule: ties share evenly; otherwise the minimal-norm subgradient if one exists; where",
        "smooth pieces meet, the common limit; where no finite derivative exists, the IEEE value;",
        "an untaken branch contributes exactly zero; forward and reverse mode always agree. Named",
        "exceptions: leaky_relu and elu follow their definition `z if z >= 0`; clip keeps its bound.",
        "",
        "`make docs` writes this page from the engine's answers; a test fails when it drifts.",
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
    return "\n".join(lines) + "\n"


def main() -> None:
    (DOCS / "conventions.md").write_text(conventions_page())


if __name__ == "__main__":
    main()
