"""`make demo`: the exp/sin chain explained in both modes: tables, a picture and a page."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from autodiff import explain

AT = 0.1
NEXT = """
Open {page} in a browser: step through both sweeps with the arrow keys, click
a box for its rule, type another x. Then try a function of your own:

  .venv/bin/autodiff explain "x*log(x)" x=2 --html out/mine.html --open
  .venv/bin/python      and there:  import autodiff as ad; print(ad.grad(lambda x: x**3)(2.0))
"""


def f(x: Any) -> Any:
    f1 = np.exp(x)
    f2 = f1**2
    f3 = f1 + f2
    f4 = np.exp(f3)
    f5 = np.sin(f3)
    y = f4 + f5
    return y


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", type=Path, help="write the picture alone, to this file")
    picture = parser.parse_args().picture
    explanation = explain(f, AT)
    if picture is not None:
        explanation.svg(picture)
        print(f"wrote {picture}")
        return
    out = Path("out")
    out.mkdir(exist_ok=True)
    print(explanation)
    explanation.svg(out / "exp_sin.svg")
    explanation.html(out / "exp_sin.html")
    print()
    for name, what in {"exp_sin.svg": "the picture", "exp_sin.html": "the page"}.items():
        print(f"{what:<12} {(out / name).resolve()}")
    print(NEXT.format(page=(out / "exp_sin.html").resolve().as_uri()))


if __name__ == "__main__":
    main()
