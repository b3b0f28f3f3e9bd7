"""Pages that are written from the engine's own answers have not drifted, and every page is listed."""

from __future__ import annotations

import re

import pytest
from write_docs import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_the_engine_answers(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run `make docs`"


def test_every_decision_is_listed_under_its_title() -> None:
    pages = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    titles = [page.read_text(encoding="utf-8").partition("\n")[0] for page in pages]
    listed = [
        f"- [{page.name[:3]}]({page.name}) {title.removeprefix(f'# {page.name[:3]}. ')}"
        for page, title in zip(pages, titles, strict=True)
    ]
    readme = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^- .*", readme, re.MULTILINE) == listed
