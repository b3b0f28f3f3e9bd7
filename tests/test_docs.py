"""Pages that are written from the engine's answers have not drifted; every decision is listed."""

from __future__ import annotations

import re

import numpy as np
import pytest
from write_docs import DOCS, PAGES


@pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.4.0", reason="NumPy 2.4 has forms that 2.3 has not"
)
@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_the_engine_answers(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run `make docs`"


def test_every_decision_is_listed_under_its_title() -> None:
    """The list may say more than the title."""
    readme = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- .*", readme, re.MULTILINE)
    pages = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    for page, line in zip(pages, listed, strict=True):
        number, _, title = page.read_text(encoding="utf-8").partition("\n")[0].partition(". ")
        assert number == f"# {page.name[:3]}", f"{page.name} begins with `# {page.name[:3]}. Title`"
        assert line.startswith(f"- [{page.name[:3]}]({page.name}) {title}")
