"""What pytest needs before it collects: the package, and the two ways to run a share of the tests.

`@pytest.mark.share(10)` on a test of many cases runs one case of ten, by the hash of its name
(`make quick` one of forty); the nightly run (HYPOTHESIS_PROFILE=nightly) takes them all, and so
does one that asks for tests by name, with -k or [case]. `--sample=3/12` runs the third of twelve
shares of all tests, and every regression. Both choose the same tests every time.

Each test finds the random generators of its module as the import left them, so that its numbers
do not depend on the tests before it, of which another process or another share may run some.

The package is imported first, whole, as users import it: pytest collects its modules one by one.
"""

from __future__ import annotations

import os
import zlib
from typing import Any

import pytest

# Before NumPy loads it: the tests' matrices are small, and its threads would wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import autodiff  # noqa: F401

PROFILE = os.environ.get("HYPOTHESIS_PROFILE")
NIGHTLY = PROFILE == "nightly"
FEWER = 4 if PROFILE == "quick" else 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--sample",
        default="1/1",
        metavar="K/N",
        help="the K-th of N shares of the tests, the same every time, beside all regressions",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "share(n): run one of n cases, and all of them by night")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    share, shares = map(int, config.getoption("--sample").split("/"))
    whole = NIGHTLY or config.option.keyword or any("[" in name for name in config.args)
    chosen: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        number = zlib.crc32(item.nodeid.encode())
        mark = None if whole else item.get_closest_marker("share")
        of_its_test = mark is None or number % (mark.args[0] * FEWER) == 0
        of_all = number // 1000 % shares == share % shares or "/regressions/" in item.nodeid
        chosen[of_its_test and of_all].append(item)
    items[:] = chosen[True]
    config.hook.pytest_deselected(items=chosen[False])


STARTS: dict[str, list[tuple[np.random.Generator, Any]]] = {}


def pytest_runtest_setup(item: pytest.Item) -> None:
    module = getattr(item, "module", None)
    name = getattr(module, "__name__", "")
    if name not in STARTS:
        known = vars(module).values() if module else ()
        generators = [g for g in known if isinstance(g, np.random.Generator)]
        STARTS[name] = [(g, g.bit_generator.state) for g in generators]
    for generator, state in STARTS[name]:
        generator.bit_generator.state = state
