"""Writing a file so that nobody ever sees half of it: under another name first, then renamed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def write_text(text: str, path: Any) -> str:
    """Write `text` to `path`, if there is one, and return it."""
    if path is None:
        return text
    import tempfile

    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return text
