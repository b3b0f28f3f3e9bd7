"""The pages that are written from the engine's own answers have not drifted."""

from __future__ import annotations

import pytest
from write_docs import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_the_engine_answers(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run `make docs`"
