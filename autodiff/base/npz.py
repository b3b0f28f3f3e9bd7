"""Arrays on disk as .npz: never pickled, checked when read, and never seen half-written."""

from __future__ import annotations

import math
import struct
import sys
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .files import written


def write_npz(path: Any, arrays: Mapping[str, Any]) -> None:
    """Write arrays by name to the file `path`, all of them or nothing, without compression.

    >>> import tempfile, numpy as np
    >>> from autodiff import extend
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     extend.write_npz(f"{folder}/a.npz", {"layer/weight": np.ones(2)})
    ...     extend.read_npz(f"{folder}/a.npz")
    {'layer/weight': array([1., 1.])}
    """
    with written(path) as (file,):
        pack(file, arrays)


def pack(file: BinaryIO, arrays: Mapping[str, Any]) -> None:
    """The same into an open file."""
    # Not np.savez: it takes the names as keywords, one of which is `file`.
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


# The errors seen when a file with a few wrong bytes is read, and those of a false size.
DAMAGED = (
    *(ValueError, KeyError, EOFError, OSError, RuntimeError, MemoryError, OverflowError),
    *(zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError),
)


def read_npz(path: Any, at_most: int | None = None) -> dict[str, Any]:
    """The arrays of an .npz file by name. Nothing in it is unpickled.

    A small compressed file may hold arrays that fill the memory, so arrays of more than `at_most`
    bytes together (by default, the size of the file) are refused before they are read. Raises
    ValueError for these, for a damaged file and for one that is not an .npz file, and
    FileNotFoundError for a missing file.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError(f"{path} is not an .npz file, or it is truncated")
        room = file.seek(0, 2) if at_most is None else at_most
        file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as archive:
                size = sum(member.file_size for member in archive.zip.infolist())
                if size <= room:
                    for member in archive.zip.infolist():
                        check_length(archive.zip, member)
                    arrays = {name: archive[name] for name in archive.files}
                    for name, array in arrays.items():
                        check_sound(name, array)
                    return arrays
        except DAMAGED as error:
            raise ValueError(f"{path} is a damaged .npz file: {error!s:.200}") from error
    raise ValueError(f"{path} holds {size:,} bytes of arrays, more than the {room:,} allowed")


def check_length(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Refuse an array whose header promises more than the file holds: NumPy makes room for all."""
    if not member.filename.endswith(".npy"):
        return  # which check_sound refuses
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0}
        shape, _, dtype = read.get(version, np.lib.format.read_array_header_2_0)(file)
    if math.prod(shape) * dtype.itemsize > member.file_size:
        raise ValueError(f"{member.filename} promises an array of {shape} and ends before it")


def check_sound(name: str, array: Any) -> None:
    """Refuse what NumPy reads silently: bytes that are not an array, codes that are not text."""
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name} in it is not an array")
    if array.dtype.kind == "U" and array.size:
        codes = np.frombuffer(
            array.tobytes(), np.dtype(np.uint32).newbyteorder(array.dtype.byteorder)
        )
        if codes.size and codes.max() > sys.maxunicode:
            raise ValueError(f"{name} in it is not text")
