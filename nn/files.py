"""Arrays on disk as .npz: never pickled, checked when read, and never seen half-written."""

from __future__ import annotations

import os
import shutil
import struct
import threading
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np


@contextmanager
def staged(path: Any) -> Iterator[Path]:
    """A name beside `path` to write to, renamed to `path` if all goes well and removed if not."""
    target = Path(path).resolve()  # through a link, which stays one
    if target.is_dir():
        raise IsADirectoryError(f"{path} is a directory, not a file")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no directory {target.parent}")
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(f"{path} may not be written")
    mine = f"{os.getpid()}-{threading.get_ident()}"
    beside = target.parent / f".{target.name[:80]}.{mine}.part"
    try:
        yield beside
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def write_npz(path: Any, arrays: Mapping[str, Any]) -> None:
    """Write arrays by name to the file `path`, all of them or nothing."""
    # Not np.savez: it takes the names as keywords, one of which is `file`.
    with staged(path) as beside, zipfile.ZipFile(beside, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


# What reading a file with a few wrong bytes has been seen to raise, and what a false size may.
DAMAGED = (
    *(ValueError, KeyError, EOFError, OSError, RuntimeError, MemoryError, OverflowError),
    *(zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError),
)


def read_npz(path: Any, room: int | None = None) -> dict[str, Any]:
    """The arrays of an .npz file by name; a file that is not one, or is damaged, is refused.

    A compressed file may say in little what fills a memory: where `room` is given, and the arrays
    take more bytes than that, they are refused before they are read.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError(f"{path} is not an .npz file, or it is truncated")
        file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as archive:
                size = sum(member.file_size for member in archive.zip.infolist())
                if room is None or size <= room:
                    return {name: archive[name] for name in archive.files}
        except DAMAGED as error:
            raise ValueError(f"{path} is a damaged .npz file: {error!s:.200}") from error
    raise ValueError(f"{path} holds {size:,} bytes of arrays, where no more than {room:,} fit")
