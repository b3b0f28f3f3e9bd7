"""``python -m autodiff.compat.autograd program.py ...``, or ``-m module ...``: run it with
`install`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from .installing import install

USAGE = """python -m autodiff.compat.autograd program.py [arguments]
python -m autodiff.compat.autograd -m module [arguments]"""


def main() -> None:
    _, *given = sys.argv
    as_module = given[:1] == ["-m"]
    given = given[as_module:]
    if not given or given[0].startswith("-"):
        sys.exit(USAGE)
    install()
    sys.argv = given
    if as_module:
        runpy.run_module(given[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(given[0]).resolve().parent)
        runpy.run_path(given[0], run_name="__main__")


if __name__ == "__main__":
    main()
