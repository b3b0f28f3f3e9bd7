"""Writing files so that nobody ever sees half of one: under another name first, then renamed."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

STREAMS = {"/dev/stdout": lambda: sys.stdout, "/dev/stderr": lambda: sys.stderr}


def write_text(text: str, path: Any) -> str:
    """Write `text` to `path`, if there is one, and return it."""
    if path is not None:
        write_all({path: text})
    return text


def write_all(texts: Mapping[Any, str | bytes]) -> None:
    """Write every text, or what is no text, to its path, all of them or none."""
    staged: list[tuple[Path, Path]] = []
    try:
        for path, text in texts.items():
            try:
                stage(text, path, staged)
            except OSError as error:
                if error.errno is not None:
                    error.filename = str(path)  # the user's name, not that of the file beside it
                raise
        for beside, target in staged:
            beside.replace(target)
    finally:
        for beside, _ in staged:
            beside.unlink(missing_ok=True)


def stage(text: str | bytes, path: Any, staged: list[tuple[Path, Path]]) -> None:
    """Write `text` beside its target, and note both names."""
    target = Path(path).resolve()  # through a link, which stays one
    data = text.encode() if isinstance(text, str) else text
    if str(path) in STREAMS:  # which may be a pipe, or a file that others write into too
        stream = STREAMS[str(path)]()
        stream.write(data.decode())
        stream.flush()
        return
    if target.exists() and not target.is_file() and not target.is_dir():
        target.write_bytes(data)  # /dev/stdout, a pipe: not to be replaced
        return
    check_writable(target)
    beside = target.parent / f".{target.name[:80]}.{os.getpid()}-{len(staged)}.part"
    # Not tempfile.mkstemp, whose files nobody else may read.
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    staged.append((beside, target))
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    if target.exists():
        shutil.copymode(target, beside)


def check_writable(target: Path) -> None:
    """Renaming would put a file in the place of one that may not be written."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
